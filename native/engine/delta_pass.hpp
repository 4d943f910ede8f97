// One thread's share of the weight tiles: Δ over a block's rows, passed to an update rule. Each weight has
// one thread that reads, updates and transposes it, so that the optimiser's step needs no lock and no second
// pass over the weights.
#pragma once

#include <vector>

#include "engine/rules/rule_spec.hpp"
#include "engine/weights.hpp"
#include "engine/workspace.hpp"

namespace backpass {

// Layers whose weights step as whole matrices, once all of Δ is there: here their momentum moves.
template <class T>
struct WholeLayers {
    const std::vector<double>* lengths = nullptr;  // of a step, by layer, 0 for the others; null: none
    Step<T> momentum{};
    T* ahead = nullptr;  // in panels: what the matrices step by

    bool has(size_t l) const { return lengths != nullptr && (*lengths)[l] > 0; }
};

// Where the rule writes: the weights and its arrays, or Δ alone.
template <class T>
struct UpdateTarget {
    T *w, *first, *second;  // in panels; `first`, `second` may be null
    T* transposed;          // kept in step with w; or null
    Rule rule;
    LayerStep<T> step;
    double* squares;  // ΣΘ² by strip, or null
    WholeLayers<T> whole{};
};

// A strip is one panel of inputs of one layer against all of its outputs. Its cost is its number of tiles; a
// thread takes the strips that begin within its share of all tiles of all layers.
template <class T>
class DeltaPass {
public:
    DeltaPass(const PanelLayout<T>& layout, const Kernels<T>& kernels) : layout_(layout), kernels_(kernels) {
        for (const LayerOffsets& y : layout.layers()) {
            first_strip_.push_back(strips_);
            strips_ += y.input_panels;
            cost_ += static_cast<long>(y.input_panels) * y.output_panels;
        }
    }

    int strips() const { return strips_; }

    // Input panels [begin, end) of the first layer, which are the thread's.
    struct Strips {
        int begin, end;
    };
    Strips first_layer(int thread, int threads) const {
        const LayerOffsets& y = layout_.layers().front();
        return {strips_before(first_cost(thread, threads), y),
                strips_before(first_cost(thread + 1, threads), y)};
    }

    void run(Workspace<T>& ws, int rows, const UpdateTarget<T>& target, RowPrefetch<T>* prefetch, int thread,
             int threads) const {
        run(ws, {rows, nullptr}, rows, target, prefetch, thread, threads);
    }

    // Of the first layer the first rows alone, and what was added up of the others.
    struct LayerRows {
        int rows;
        const T* more;
    };

    // `prefetch` (may be null) is spread over the thread's tiles.
    void run(Workspace<T>& ws, const LayerRows& first, int rows, const UpdateTarget<T>& target,
             RowPrefetch<T>* prefetch, int thread, int threads) const {
        const long from = first_cost(thread, threads), to = first_cost(thread + 1, threads);
        if (prefetch != nullptr && to > from) {
            const long lines = long(prefetch->end - prefetch->row) * panels_for<T>(prefetch->rows.inputs);
            prefetch->lines_per_tile = static_cast<int>(2 * lines / (to - from) + 1);  // tiles come in pairs
        }
        long passed = 0;
        for (size_t l = 0; l < layout_.layers().size(); ++l) {
            const LayerOffsets& y = layout_.layers()[l];
            const int begin = strips_before(from - passed, y), end = strips_before(to - passed, y);
            const LayerRows of_layer = l == 0 ? first : LayerRows{rows, nullptr};
            if (begin < end) run_strips(ws, of_layer, target, prefetch, static_cast<int>(l), begin, end);
            // A layer without strips, whose weights stay in θ, has its bias with the first thread.
            if (y.input_panels > 0 ? begin == 0 && end > 0 : thread == 0)
                run_bias(ws, rows, target, static_cast<int>(l));
            passed += static_cast<long>(y.input_panels) * y.output_panels;
        }
    }

private:
    static constexpr int P = PANEL<T>;
    // Of the weights alone. 784-1024-1024-10, 7 MB, gains 1 to 6 %; 784-128-10, .4 MB, loses 1 %.
    static constexpr size_t FAR_BYTES = size_t(1) << 20;

    static int strips_before(long cost, const LayerOffsets& y) {
        const long strips = (cost + y.output_panels - 1) / y.output_panels;
        return static_cast<int>(std::clamp<long>(strips, 0, y.input_panels));
    }

    long first_cost(int thread, int threads) const { return cost_ * thread / threads; }

    void run_strips(Workspace<T>& ws, const LayerRows& of_layer, const UpdateTarget<T>& target,
                    RowPrefetch<T>* prefetch, int l, int begin, int end) const {
        const LayerOffsets& y = layout_.layers()[l];
        DeltaTiles<T> d{};
        d.a = ws.a(l);
        d.delta = ws.delta(l + 1);
        d.a_panel = d.delta_panel = ws.panel();
        d.rows = of_layer.rows;
        d.more = of_layer.more;
        d.inputs = y.inputs;
        d.begin = begin;
        d.end = end;
        d.output_panels = y.output_panels;
        d.w = target.w + y.weights;
        d.first = offset_or_null(target.first, y.weights);
        d.second = offset_or_null(target.second, y.weights);
        d.w_panel = y.weights_panel;
        d.transposed = l > 0 ? offset_or_null(target.transposed, y.transposed) : nullptr;
        d.transposed_panel = y.transposed_panel;
        d.squares = target.squares == nullptr ? nullptr : target.squares + first_strip_[l];
        d.update = kernels_.update[static_cast<int>(target.rule)];
        d.step = target.step.weights;
        if (target.whole.has(l)) set_whole(d, target.whole, y);
        d.prefetch = prefetch;
        d.far = layout_.size() * sizeof(T) > FAR_BYTES;
        kernels_.delta_tiles(d);
    }

    void set_whole(DeltaTiles<T>& d, const WholeLayers<T>& whole, const LayerOffsets& y) const {
        d.second = whole.ahead + y.weights;
        d.transposed = nullptr;
        d.update = kernels_.update[static_cast<int>(Rule::muon)];
        d.step = whole.momentum;
    }

    void run_bias(Workspace<T>& ws, int rows, const UpdateTarget<T>& target, int l) const {
        const LayerOffsets& y = layout_.layers()[l];
        for (int j = 0; j < y.output_panels; ++j) {
            alignas(PANEL_BYTES) T sums[P];
            kernels_.column_sums(ws.delta(l + 1) + j * ws.panel(), rows, sums);
            const size_t at = y.bias + size_t(j) * P;
            kernels_.update[static_cast<int>(target.rule)](target.w + at, offset_or_null(target.first, at),
                                                           offset_or_null(target.second, at), sums, P,
                                                           target.step.biases);
        }
    }

    const PanelLayout<T>& layout_;
    const Kernels<T>& kernels_;
    std::vector<int> first_strip_;
    int strips_ = 0;
    long cost_ = 0;
};

}  // namespace backpass
