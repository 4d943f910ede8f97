// One pass by the same kernels, with every intermediate kept: z, a, δ by layer, and Δ. It is for looking at a
// network, so it is written for clarity: one thread, and layers one after another instead of fused epilogues.
//
// δ is shown without the rows' weights and Δ with them, so the rows pass with weights of 1 and δ is
// multiplied by w between the two.
#pragma once

#include <vector>

#include "engine/block_executor.hpp"
#include "engine/delta_pass.hpp"
#include "engine/row_pass.hpp"

namespace backpass {

// Row-major (m, units) arrays by layer, from the first hidden layer to the output; Δ in θ's order.
template <class T>
struct Intermediates {
    std::vector<T*> z, a, delta;
    T* Delta;
};

template <class T>
class IntermediatesPass {
public:
    IntermediatesPass(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source)
        : net_(net),
          kernels_(kernels),
          w_(source.w),
          ones_(source.m, T(1)),
          source_(with_weights(source, ones_.data())),
          layout_(net, first_layer_of(source)),
          weights_(layout_),
          sums_(layout_.size()),
          block_rows_(block_rows<T>(net, source, source.m, BLOCK, BLOCK)),
          workspace_(net, kernels, source.packed_inputs(), block_rows_, false),
          rows_(net, layout_, kernels, source_),
          deltas_(layout_, kernels),
          entry_layer_(make_entry_layer(net, kernels, source, 1)) {
        if (entry_layer_ == nullptr) return;
        const size_t entries = most_entries(source_, {nullptr, 0}, source.m, block_rows_);
        entry_layer_->reserve(entries);
        rows_.reserve(block_rows_, entries);
    }

    void run(const T* theta, const Intermediates<T>& out) {
        weights_.read(layout_, kernels_, theta);
        if (entry_layer_ != nullptr) weights_.first_layer = entry_layer_->read(theta + net_.sizes[1]);
        std::fill_n(out.Delta, net_.parameters(), T(0));
        for (int64_t first = 0; first < source_.m; first += block_rows_) {
            run_block(first, static_cast<int>(std::min<int64_t>(block_rows_, source_.m - first)), out);
        }
        layout_.unpack(sums_.data(), out.Delta);
    }

private:
    static constexpr int P = PANEL<T>;
    static constexpr int BLOCK = 256;

    static RowSource<T> with_weights(RowSource<T> source, const T* w) {
        source.w = w;
        return source;
    }

    void run_block(int64_t first, int rows, const Intermediates<T>& out) {
        const BlockRows<T> block{{nullptr, first}, 0, rows, source_.has_entries() ? 0 : rows, 1.0, 0};
        rows_.gather(workspace_, block);
        for (int l = 1; l <= net_.weight_layers(); ++l) forward(l, first, rows, out);
        rows_.take_loss(workspace_, block);
        rows_.backward(weights_, workspace_, 0, rows);
        for (int l = 1; l <= net_.weight_layers(); ++l) {
            copy(workspace_.delta(l), net_.sizes[l], first, rows, out.delta[l - 1]);
            weigh(workspace_.delta(l), net_.sizes[l], first, rows);
        }
        deltas_.run(workspace_, rows, {sums_.data(), nullptr, nullptr, nullptr, Rule::sum, {}, nullptr},
                    nullptr, 0, 1);
        if (entry_layer_ == nullptr) return;
        entry_layer_->find(rows_.entries(), 0, 1);
        entry_layer_->add(rows_.entries(), workspace_.delta(1), workspace_.panel(), 0, 1);
        entry_layer_->move_to(out.Delta + net_.sizes[1], 0, 1);
    }

    void forward(int l, int64_t first, int rows, const Intermediates<T>& out) {
        const bool hidden = l < net_.weight_layers();
        T* panels = hidden ? workspace_.a(l) : workspace_.delta(l);
        rows_.pre_activations(weights_, workspace_, l, 0, rows);
        copy(panels, net_.sizes[l], first, rows, out.z[l - 1]);
        if (!hidden) return output_activations(first, rows, out.z[l - 1], out.a[l - 1]);
        for (int j = 0; j < panels_for<T>(net_.sizes[l]); ++j) {
            const ptrdiff_t at = j * workspace_.panel();
            T* keep = workspace_.keep_or_null(l) == nullptr ? nullptr : workspace_.keep_or_null(l) + at;
            kernels_.forward[static_cast<int>(net_.hidden[l - 1])](panels + at, keep, nullptr,
                                                                   size_t(rows) * P);
        }
        if (rows_.is_own(l)) OwnRows<T>(net_).activate(workspace_, l, 0, rows);
        copy(panels, net_.sizes[l], first, rows, out.a[l - 1]);
    }

    // a^(L); one row at a time, broadcast to all lanes.
    void output_activations(int64_t first, int rows, const T* z, T* a) const {
        const int units = net_.outputs();
        if (net_.loss == Loss::own)
            return own_of<T>(net_.own).output(rows, units, z + first * units, a + first * units);
        std::vector<T> lanes(size_t(units) * P);
        for (int64_t at = first * units; at < (first + rows) * units; at += units) {
            for (int k = 0; k < units; ++k) std::fill_n(lanes.data() + k * P, P, z[at + k]);
            kernels_.output[static_cast<int>(net_.loss)](lanes.data(), lanes.data(), units);
            for (int k = 0; k < units; ++k) a[at + k] = lanes[size_t(k) * P];
        }
    }

    void copy(const T* panels, int units, int64_t first, int rows, T* out) const {
        for (int r = 0; r < rows; ++r) {
            T* row = out + (first + r) * units;
            for (int k = 0; k < units; ++k)
                row[k] = panels[k / P * workspace_.panel() + ptrdiff_t(r) * P + k % P];
        }
    }

    void weigh(T* panels, int units, int64_t first, int rows) const {
        for (int j = 0; j < panels_for<T>(units); ++j) {
            for (int r = 0; r < rows; ++r) {
                T* row = panels + j * workspace_.panel() + ptrdiff_t(r) * P;
                for (int q = 0; q < P; ++q) row[q] *= w_[first + r];
            }
        }
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const T* w_;
    std::vector<T> ones_;
    RowSource<T> source_;
    PanelLayout<T> layout_;
    Weights<T> weights_;
    Buffer<T> sums_;
    int block_rows_;
    Workspace<T> workspace_;
    RowPass<T> rows_;
    DeltaPass<T> deltas_;
    std::unique_ptr<EntryLayer<T>> entry_layer_;  // where rows are entries
};

}  // namespace backpass
