// A block of rows through all layers and back by a team of threads: forward and backward each thread has some
// of the rows, for Δ some of the weights' tiles. Every sum so has one owner and a fixed order: any number of
// threads gives the same bits, and no thread adds up what others computed. Between the two halves, and after
// the second, the caller puts a barrier.
#pragma once

#include <vector>

#include "engine/delta_pass.hpp"
#include "engine/row_pass.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

// Where a thread's rows begin: at whole groups of P, spread evenly.
template <class T>
int first_row_of(int rows, int thread, int threads) {
    constexpr int P = PANEL<T>;
    const int groups = (rows + P - 1) / P;
    return std::min(rows, groups * thread / threads * P);
}

template <class T>
class BlockExecutor {
public:
    BlockExecutor(const NetworkSpec& net, const PanelLayout<T>& layout, const Kernels<T>& kernels,
                  const RowSource<T>& source, int rows, int threads, bool masked)
        : source_(source), deltas_(layout, kernels), workspace_(net, kernels, rows, masked) {
        for (int t = 0; t < threads; ++t) passes_.emplace_back(net, layout, kernels, source);
    }

    int capacity() const { return workspace_.capacity(); }
    int strips() const { return deltas_.strips(); }

    void rows_pass(const Weights<T>& weights, const RowNumbers& numbers, int rows, double scale,
                   const DropoutSpec& dropout, uint32_t step, int thread, int threads) {
        const int begin = first_row_of<T>(rows, thread, threads),
                  end = first_row_of<T>(rows, thread + 1, threads);
        passes_[thread].run(weights, workspace_, {numbers, begin, end, scale, step}, dropout);
    }

    // Prefetches, of dense X, the rows that this thread will gather next.
    void delta_pass(int rows, const UpdateTarget<T>& target, const RowNumbers& next, int next_rows,
                    int thread, int threads) {
        RowPrefetch<T> prefetch{source_.rows(next), first_row_of<T>(next_rows, thread, threads),
                                first_row_of<T>(next_rows, thread + 1, threads), 0, 0};
        deltas_.run(workspace_, rows, target, source_.sparse() ? nullptr : &prefetch, thread, threads);
    }

    // Σ over the block's rows, in their order.
    double loss(int rows) {
        double sum = 0;
        for (int r = 0; r < rows; ++r) sum += workspace_.losses()[r];
        return sum;
    }

private:
    const RowSource<T>& source_;
    DeltaPass<T> deltas_;
    Workspace<T> workspace_;
    std::vector<RowPass<T>> passes_;
};

// a and δ of a block stay in the outer caches.
constexpr size_t WORKSPACE_BYTES = size_t(6) << 20;

// Rows of a block: as many as the workspace may hold, whatever m is. The number of threads plays no part in
// it, since the order of the sums, and with it the bits, would depend on it.
template <class T>
int block_rows(const NetworkSpec& net, int64_t wanted, int least, int most) {
    const auto fit = static_cast<int64_t>(WORKSPACE_BYTES / Workspace<T>::bytes_per_row(net));
    const int64_t rows = std::clamp<int64_t>(fit, least, most);
    return static_cast<int>(std::max<int64_t>(1, std::min(rows, wanted)));
}

}  // namespace backpass
