// One thread's rows of a block: gathered, forward, loss, and back to the first hidden layer. Rows do not
// depend on each other here, so threads need no barrier until Δ. Panels are [feature / P][row][P] with the
// block's rows; the loss alone wants rows in lanes, P rows at a time.
#pragma once

#include <vector>

#include "engine/entries/block_entries.hpp"
#include "engine/network_spec.hpp"
#include "engine/own/own_rows.hpp"
#include "engine/row_source.hpp"
#include "engine/weights.hpp"
#include "engine/workspace.hpp"

namespace backpass {

struct DropoutSpec {
    std::vector<double> rates;  // by hidden layer; empty: none
    uint64_t seed = 0;
};

template <class T>
class RowPass {
public:
    RowPass(const NetworkSpec& net, const PanelLayout<T>& layout, const Kernels<T>& kernels,
            const RowSource<T>& source)
        : net_(net), layout_(layout), kernels_(kernels), source_(source), own_(net) {
        const size_t n = size_t(panels_for<T>(net.outputs())) * P * P;
        z_ = Buffer<T>(n);
        y_ = Buffer<T>(n);
        delta_ = Buffer<T>(n);
    }

    // The rows that `gather` has gathered.
    void run(const Weights<T>& weights, Workspace<T>& ws, const BlockRows<T>& rows,
             const DropoutSpec& dropout) {
        if (rows.begin == rows.end) return;
        draw_masks(ws, rows, dropout);
        forward(weights, ws, rows.begin, rows.end);
        take_loss(ws, rows);
        backward(weights, ws, rows.begin, rows.end);
    }

    // Memory for the entries of sparse rows.
    void reserve(int rows, size_t entries) {
        entries_.reserve(rows, entries);
        part_begins_.reserve(rows);
    }

    void gather(Workspace<T>& ws, const BlockRows<T>& rows) {
        const int packed = std::clamp(rows.packed, rows.begin, rows.end);
        source_.gather(kernels_, rows.numbers, rows.begin, packed, ws.a(0), ws.panel());
        entries_.read(kernels_, source_, rows.numbers, packed, rows.end);
    }

    BlockEntries<T>& entries() { return entries_; }

    // z^(L) is left where δ^(L) will be.
    void forward(const Weights<T>& weights, Workspace<T>& ws, int begin, int end) const {
        const int last = net_.weight_layers();
        for (int l = 1; l < last; ++l) {
            Product<T> p = pre_activation(weights, ws, l, begin, end);
            p.forward = kernels_.forward[static_cast<int>(net_.hidden[l - 1])];
            p.keep = offset_or_null(ws.keep_or_null(l), ptrdiff_t(begin) * P);
            p.mask = is_own(l) ? nullptr : offset_or_null(ws.mask(l), ptrdiff_t(begin) * P);
            multiply(weights, p, l);
            if (is_own(l)) own_.activate(ws, l, begin, end);
        }
        pre_activations(weights, ws, last, begin, end);
    }

    bool is_own(int l) const { return net_.hidden[l - 1] == Activation::own; }

    // z of layer l alone, without the activation.
    void pre_activations(const Weights<T>& weights, Workspace<T>& ws, int l, int begin, int end) const {
        multiply(weights, pre_activation(weights, ws, l, begin, end), l);
    }

    void backward(const Weights<T>& weights, Workspace<T>& ws, int begin, int end) const {
        for (int l = net_.weight_layers() - 1; l >= 1; --l) {
            const LayerOffsets& y = layout_.layers()[l];
            const ptrdiff_t at = ptrdiff_t(begin) * P;
            if (is_own(l)) own_.slope(ws, l, begin, end);
            Product<T> p{};
            p.a = ws.delta(l + 1) + at;
            p.b = weights.transposed.data() + y.transposed;
            p.b_panel = y.transposed_panel;
            p.c = ws.delta(l) + at;
            p.a_panel = p.c_panel = ws.panel();
            p.rows = end - begin;
            p.depth = y.outputs;
            p.panels = y.input_panels;
            p.backward = kernels_.backward[static_cast<int>(net_.hidden[l - 1])];
            p.keep = ws.keep(l) + at;
            p.mask = offset_or_null(ws.mask(l), at);
            kernels_.product(p);
        }
    }

    // δ^(L) in the place of z^(L), and each row's loss; both times the row's weight and `scale`.
    void take_loss(Workspace<T>& ws, const BlockRows<T>& rows) {
        if (net_.loss == Loss::own) return own_.take_loss(ws, source_, rows);
        for (int r = rows.begin; r < rows.end; r += P) {
            alignas(PANEL_BYTES) T w[P] = {}, value[P];
            const int n = std::min(P, rows.end - r);
            read_targets(rows, r, n, w);
            transpose_to_lanes(ws.delta(net_.weight_layers()) + ptrdiff_t(r) * P, ws.panel(), z_.data());
            kernels_.loss[static_cast<int>(net_.loss)]({z_.data(), y_.data(), w, delta_.data(), value,
                                                        net_.outputs(), static_cast<T>(net_.parameter)});
            transpose_from_lanes(ws.delta(net_.weight_layers()) + ptrdiff_t(r) * P, ws.panel());
            std::copy_n(value, n, ws.losses().data() + r);
        }
    }

private:
    static constexpr int P = PANEL<T>, L1_BYTES = 32 << 10;

    Product<T> pre_activation(const Weights<T>& weights, Workspace<T>& ws, int l, int begin, int end) const {
        const LayerOffsets& y = layout_.layers()[l - 1];
        const ptrdiff_t at = ptrdiff_t(begin) * P;
        Product<T> p{};
        p.a = ws.a(l - 1) + at;
        p.b = weights.panels.data() + y.weights;
        p.b_panel = y.weights_panel;
        p.c = (l < net_.weight_layers() ? ws.a(l) : ws.delta(l)) + at;
        p.a_panel = p.c_panel = ws.panel();
        p.bias = weights.panels.data() + y.bias;
        p.rows = end - begin;
        p.depth = y.inputs;
        p.panels = y.output_panels;
        return p;
    }

    // Of layer 1 the rows that are entries come last.
    void multiply(const Weights<T>& weights, Product<T> p, int l) const {
        const int entries = l > 1 ? 0 : entries_.end() - entries_.begin();
        p.rows -= entries;
        if (p.rows > 0) kernels_.product(p);
        if (entries > 0) multiply_entries(weights, p, entries);
    }

    void multiply_entries(const Weights<T>& weights, const Product<T>& p, int rows) const {
        const ptrdiff_t at = ptrdiff_t(p.rows) * P;
        // Inputs whose weights are packed are taken so many at once as stay in the first-level cache while
        // all rows pass; from memory, a row of weights is read once, and few rows share it.
        const int inputs = source_.has_entries() ? net_.inputs() : L1_BYTES / (p.panels * PANEL_BYTES) + 1;
        part_begins_.assign(rows, 0);
        for (int end = inputs, begin = 0; begin < net_.inputs(); begin = end, end += inputs)
            multiply_inputs(weights, p, begin == 0, end);
        if (p.forward == nullptr) return;
        for (int j = 0; j < p.panels; ++j)
            p.forward(p.c + at + j * p.c_panel, offset_or_null(p.keep, at + j * p.c_panel),
                      offset_or_null(p.mask, at + j * p.c_panel), static_cast<size_t>(rows) * P);
    }

    // The entries of inputs before `end` that have not been multiplied yet.
    void multiply_inputs(const Weights<T>& weights, const Product<T>& p, bool first, int end) const {
        const ptrdiff_t at = ptrdiff_t(p.rows) * P;
        SparseProduct<T> sparse{{}, weights.first_layer, p.bias, P, p.c + at, p.c_panel};
        for (int r = entries_.begin(); r < entries_.end(); ++r, sparse.z += P) {
            const RowEntries<T> row = entries_.row(r);
            int& begin = part_begins_[r - entries_.begin()];
            int to = begin;
            if (end >= net_.inputs()) to = row.n;
            while (to < row.n && row.columns[to] < end) ++to;
            if (to == begin && !first) continue;
            sparse.row = {row.values + begin, row.columns + begin, to - begin, row.ahead - begin};
            if (!first) sparse.start = sparse.z, sparse.start_panel = p.c_panel;
            kernels_.sparse_product(sparse);
            begin = to;
        }
    }

    // Rows are known to dropout by their number in the data, so that the order does not change their masks.
    void draw_masks(Workspace<T>& ws, const BlockRows<T>& rows, const DropoutSpec& dropout) const {
        for (size_t h = 0; h < dropout.rates.size(); ++h) {
            const int layer = static_cast<int>(h) + 1;
            const double rate = dropout.rates[h];
            for (int r = rows.begin; r < rows.end; ++r) {
                kernels_.mask_row({ws.mask(layer) + ptrdiff_t(r) * P, ws.panel(), net_.sizes[layer],
                                   threshold(rate), static_cast<T>(1 / (1 - rate)), dropout.seed,
                                   static_cast<uint32_t>(rows.numbers[r]), rows.step,
                                   static_cast<uint32_t>(layer + 1)});
            }
        }
    }

    // Ties to even, as Python's round has it.
    static uint64_t threshold(double rate) {
        return static_cast<uint64_t>(__builtin_nearbyint(rate * 4294967296.0));
    }

    void read_targets(const BlockRows<T>& rows, int r, int n, T* w) {
        const int units = net_.outputs();
        for (int q = 0; q < n; ++q) {
            const int64_t row = rows.numbers[r + q];
            w[q] = static_cast<T>(rows.scale * source_.w[row]);
            const T* y = source_.y + row * units;
            for (int k = 0; k < units; ++k) y_.data()[k * P + q] = y[k];
        }
    }

    void transpose_to_lanes(const T* panels, ptrdiff_t panel, T* lanes) const {
        for (int j = 0; j < panels_for<T>(net_.outputs()); ++j) {
            kernels_.transpose(panels + j * panel, P, lanes + j * P * P, P);
        }
    }

    void transpose_from_lanes(T* panels, ptrdiff_t panel) const {
        for (int j = 0; j < panels_for<T>(net_.outputs()); ++j) {
            kernels_.transpose(delta_.data() + j * P * P, P, panels + j * panel, P);
        }
    }

    const NetworkSpec& net_;
    const PanelLayout<T>& layout_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    Buffer<T> z_, y_, delta_;               // P rows in lanes
    mutable std::vector<int> part_begins_;  // by row: entries that were multiplied
    BlockEntries<T> entries_;               // of this thread's rows, where they are sparse
    OwnRows<T> own_;
};

}  // namespace backpass
