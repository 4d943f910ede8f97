// One thread's rows of a block, gathered as entries: values beside their columns, row after row. Δ needs them
// again by columns, and there an entry is known by its slot, the place of its column among those of the block
// (column_sums.hpp).
#pragma once

#include <memory>
#include <vector>

#include "engine/row_source.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

template <class T>
class BlockEntries {
public:
    // Memory for so many rows and entries; before a team of threads starts, so that the caller gets
    // std::bad_alloc.
    void reserve(int rows, size_t entries) {
        starts_.reserve(size_t(rows) + 1);
        if (entries <= values_.size()) return;
        values_ = Buffer<T>(entries, Fill::none);
        columns_ = std::unique_ptr<int32_t[]>(new int32_t[entries]);
        slots_ = std::unique_ptr<int32_t[]>(new int32_t[entries]);
    }

    // Rows [begin, end) of a block.
    void read(const Kernels<T>& kernels, const RowSource<T>& source, const RowNumbers& numbers, int begin,
              int end) {
        begin_ = begin;
        starts_.assign(1, 0);
        if (source.is_table()) {
            read_table(source, numbers, begin, end);
        } else if (source.has_entries()) {
            read_csr(source.csr, numbers, begin, end);
        } else {
            read_dense(kernels, source, numbers, begin, end);
        }
    }

    int begin() const { return begin_; }
    int end() const { return begin_ + static_cast<int>(starts_.size()) - 1; }

    RowEntries<T> row(int r) const {
        const int64_t from = starts_[r - begin_], to = starts_[r - begin_ + 1];
        return {values_.data() + from, columns_.get() + from, static_cast<int>(to - from),
                static_cast<int>(starts_.back() - from)};
    }
    int32_t* slots(int r) { return slots_.get() + starts_[r - begin_]; }

private:
    void read_dense(const Kernels<T>& kernels, const RowSource<T>& source, const RowNumbers& numbers,
                    int begin, int end) {
        for (int r = begin; r < end; ++r) {
            const int64_t at = starts_.back();
            const T* row = source.x + numbers[r] * source.inputs;
            if (r + ROWS_AHEAD < end)
                prefetch(source.x + numbers[r + ROWS_AHEAD] * source.inputs, source.inputs);
            starts_.push_back(
                at + kernels.compress_row(row, source.inputs, values_.data() + at, columns_.get() + at));
        }
    }

    static constexpr int ROWS_AHEAD = 4;

    static void prefetch(const T* row, int n) {
        for (int i = 0; i < n; i += PANEL<T>) __builtin_prefetch(row + i);
    }

    void read_csr(const CsrMatrix<T>& x, const RowNumbers& numbers, int begin, int end) {
        for (int r = begin; r < end; ++r) {
            const int64_t from = x.start(numbers[r]), to = x.start(numbers[r] + 1);
            std::copy(x.values + from, x.values + to, values_.data() + starts_.back());
            x.copy_columns(from, to, columns_.get() + starts_.back());
            starts_.push_back(starts_.back() + to - from);
        }
    }

    void read_table(const RowSource<T>& source, const RowNumbers& numbers, int begin, int end) {
        const int entries = source.table.entries_per_row();
        for (int r = begin; r < end; ++r) {
            const int64_t at = starts_.back();
            source.table.read(numbers[r], source.inputs, values_.data() + at, columns_.get() + at);
            starts_.push_back(at + entries);
        }
    }

    int begin_ = 0;
    std::vector<int64_t> starts_{0};  // one more than rows
    Buffer<T> values_;
    std::unique_ptr<int32_t[]> columns_, slots_;
};

// The most entries that a block of so many rows has, of those that an order or a first row names.
template <class T>
size_t most_entries(const RowSource<T>& source, const RowNumbers& numbers, int64_t rows, int64_t block) {
    if (source.is_table()) return size_t(std::min(rows, block)) * source.table.entries_per_row();
    const CsrMatrix<T>& x = source.csr;
    int64_t most = 0, sum = 0;
    for (int64_t i = 0; i < rows; ++i) {
        if (i % block == 0) sum = 0;
        const int64_t row = numbers.order == nullptr ? numbers.first + i : numbers.order[numbers.first + i];
        sum += x.start(row + 1) - x.start(row);
        most = std::max(most, sum);
    }
    return static_cast<size_t>(most);
}

}  // namespace backpass
