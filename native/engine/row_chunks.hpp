// All rows cut into chunks of whole blocks, by m alone: each chunk has sums of its own, which are added in
// the chunks' order, so that any number of threads gives the same bits.
#pragma once

#include <algorithm>
#include <cstdint>

namespace backpass {

class RowChunks {
public:
    static constexpr int BLOCK_ROWS = 128;

    explicit RowChunks(int64_t m)
        : m_(m), rows_(chunk_rows(m)), count_(static_cast<int>((m + rows_ - 1) / rows_)) {}

    int count() const { return count_; }

    struct Range {
        int64_t begin, end;
    };
    Range rows(int chunk) const { return {chunk * rows_, std::min(m_, (chunk + 1) * rows_)}; }

private:
    static constexpr int MIN_BLOCKS = 4, MAX_CHUNKS = 16;

    // The number of chunks is a power of two, which 2, 4 or 8 threads share evenly; a chunk has at least 4
    // blocks, since each one costs a Δ to clear and to add.
    static int64_t chunk_rows(int64_t m) {
        const int64_t blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
        int64_t chunks = 1;
        while (chunks < MAX_CHUNKS && blocks >= 2 * chunks * MIN_BLOCKS) chunks *= 2;
        return std::max<int64_t>(1, (blocks + chunks - 1) / chunks) * BLOCK_ROWS;
    }

    int64_t m_, rows_;
    int count_;
};

}  // namespace backpass
