// A block of rows through all layers and back by a team of threads: forward and backward each thread has some
// of the rows, for Δ some of the weights' tiles. Every sum so has one owner and a fixed order: any number of
// threads gives the same bits, and no thread adds up what others computed. Between the two halves, and after
// the second, the caller puts a barrier.
#pragma once

#include <vector>

#include "engine/delta_pass.hpp"
#include "engine/entries/column_entries.hpp"
#include "engine/entries/lazy_weights.hpp"
#include "engine/entries/table_layer.hpp"
#include "engine/row_density.hpp"
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
        : source_(source),
          layout_(layout),
          kernels_(kernels),
          deltas_(layout, kernels),
          workspace_(net, kernels, source.packed_inputs(), rows, masked) {
        for (int t = 0; t < threads; ++t) passes_.emplace_back(net, layout, kernels, source);
        columns_.resize(threads);
    }

    // Memory for sparse blocks of so many entries.
    void reserve(size_t entries) {
        for (RowPass<T>& pass : passes_) pass.reserve(workspace_.capacity(), entries);
    }

    int capacity() const { return workspace_.capacity(); }
    int strips() const { return deltas_.strips(); }

    // `all`: every row of the block; the thread's share of them is gathered, and passes.
    void gather(const BlockRows<T>& all, int thread, int threads) {
        passes_[thread].gather(workspace_, share(all, thread, threads));
    }

    void rows_pass(const Weights<T>& weights, const BlockRows<T>& all, const DropoutSpec& dropout, int thread,
                   int threads) {
        passes_[thread].run(weights, workspace_, share(all, thread, threads), dropout);
    }

    // The inputs that the block's rows name, which `threads` threads have gathered; then their Δ.
    void find_inputs(EntryLayer<T>& first, int thread, int threads) {
        for (int t = 0; t < threads; ++t) first.find(passes_[t].entries(), thread, threads);
    }

    void add_delta(EntryLayer<T>& first, int thread, int threads) {
        for (int t = 0; t < threads; ++t)
            first.add(passes_[t].entries(), workspace_.delta(1), workspace_.panel(), thread, threads);
    }

    // Memory for dense rows that pass as entries.
    void reserve_for_zeros() {
        const LayerOffsets& y = layout_.layers().front();
        const size_t entries = size_t(workspace_.capacity()) * most_entries_of_a_row(source_.inputs);
        reserve(entries + PANEL<T>);
        for (ColumnEntries<T>& each : columns_) each.reserve(y.input_panels * PANEL<T>, entries);
        if (more_.size() == 0) more_ = Buffer<T>(size_t(y.output_panels) * y.weights_panel);
    }

    // Prefetches, of dense X, the rows that this thread will gather next.
    void delta_pass(const BlockRows<T>& all, const UpdateTarget<T>& target, const RowNumbers& next,
                    int next_rows, int thread, int threads) {
        RowPrefetch<T> prefetch{source_.rows(next), first_row_of<T>(next_rows, thread, threads),
                                first_row_of<T>(next_rows, thread + 1, threads), 0, 0};
        const bool zeros = !source_.has_entries() && all.packed < all.end;
        if (zeros) add_rows_with_zeros(all.end, thread, threads);
        deltas_.run(workspace_, {all.packed, zeros ? more_.data() : nullptr}, all.end, target,
                    source_.has_entries() ? nullptr : &prefetch, thread, threads);
    }

    // Σ over the block's rows, in their order.
    double loss(int rows) {
        double sum = 0;
        for (int r = 0; r < rows; ++r) sum += workspace_.losses()[r];
        return sum;
    }

private:
    // Σ δ xᵀ over the block's dense rows that pass as entries, for the thread's inputs.
    void add_rows_with_zeros(int rows, int thread, int threads) {
        const LayerOffsets& y = layout_.layers().front();
        const auto strips = deltas_.first_layer(thread, threads);
        const int32_t begin = strips.begin * PANEL<T>, end = strips.end * PANEL<T>;
        ColumnEntries<T>& columns = columns_[thread];
        columns.begin(begin, end);
        for (int t = 0; t < threads; ++t) columns.count(passes_[t].entries());
        columns.begin_placing();
        for (int t = 0; t < threads; ++t) columns.place(passes_[t].entries());
        kernels_.column_delta({columns.starts(), columns.rows(), columns.values(), end - begin,
                               workspace_.delta(1), workspace_.panel(), rows, y.output_panels,
                               more_.data() + ptrdiff_t(begin) * PANEL<T>, y.weights_panel});
    }

    static BlockRows<T> share(BlockRows<T> rows, int thread, int threads) {
        const int all = rows.end;
        rows.begin = first_row_of<T>(all, thread, threads);
        rows.end = first_row_of<T>(all, thread + 1, threads);
        return rows;
    }

    const RowSource<T>& source_;
    const PanelLayout<T>& layout_;
    const Kernels<T>& kernels_;
    DeltaPass<T> deltas_;
    Workspace<T> workspace_;
    std::vector<RowPass<T>> passes_;
    std::vector<ColumnEntries<T>> columns_;  // by thread
    Buffer<T> more_;  // Δ^(1) of dense rows that pass as entries, as the weights in panels
};

// a and δ of a block stay in the outer caches.
constexpr size_t WORKSPACE_BYTES = size_t(6) << 20;

// Rows of a block: as many as the workspace may hold, whatever m is. The number of threads plays no part in
// it, since the order of the sums, and with it the bits, would depend on it. Sparse rows are as many as have
// about `BLOCK_ENTRIES` entries.
constexpr double BLOCK_ENTRIES = 1 << 18;

template <class T>
int block_rows(const NetworkSpec& net, const RowSource<T>& source, int64_t wanted, int least, int most) {
    const auto fit =
        static_cast<int64_t>(WORKSPACE_BYTES / Workspace<T>::bytes_per_row(net, source.packed_inputs()));
    int64_t rows = std::clamp<int64_t>(fit, least, most);
    if (source.has_entries())
        rows = std::min(rows, static_cast<int64_t>(BLOCK_ENTRIES / std::max(1.0, source.entries_per_row())));
    return static_cast<int>(std::max<int64_t>(1, std::min(rows, wanted)));
}

template <class T>
std::unique_ptr<EntryLayer<T>> make_entry_layer(const NetworkSpec& net, const Kernels<T>& kernels,
                                                const RowSource<T>& source, int threads) {
    if (!source.has_entries()) return nullptr;
    if (source.is_table()) return std::make_unique<TableLayer<T>>(net, kernels, source.table);
    return std::make_unique<LazyWeights<T>>(net, kernels, source, threads);
}

template <class T>
FirstLayer first_layer_of(const RowSource<T>& source) {
    return source.has_entries() ? FirstLayer::in_theta : FirstLayer::packed;
}

}  // namespace backpass
