// A block of rows through all layers and back by a team: rows are split for the way forward and
// back, weight tiles for Δ. Every sum has a fixed order, so any number of threads gives the same bits.
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

    // The rows that this thread will gather next are asked for from memory on the way.
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

constexpr size_t WORKSPACE_BYTES = size_t(6) << 20;

// Rows of a block: what the workspace may take, whatever m is; never a question of threads.
template <class T>
int block_rows(const NetworkSpec& net, int64_t wanted, int least, int most) {
    const auto fit = static_cast<int64_t>(WORKSPACE_BYTES / Workspace<T>::bytes_per_row(net));
    const int64_t rows = std::clamp<int64_t>(fit, least, most);
    return static_cast<int>(std::max<int64_t>(1, std::min(rows, wanted)));
}

}  // namespace backpass
