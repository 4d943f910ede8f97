// One network's weights, packed once for many calls, and a block of rows through all of its layers. To the
// bits of ManyRows (engine/predict.hpp): every sum has the same terms in the same order, but for those that
// are zero behind rectified units.
#pragma once

#include "engine/answers/read_cells.hpp"
#include "engine/network_spec.hpp"
#include "engine/panel_layout.hpp"

namespace backpass {

constexpr int ANSWER_BLOCK = 64;  // rows: their z, their lists and a layer's weights are in the caches

// What a thread needs for a block of rows in networks up to some width. Rows of z that are listed have a
// panel more than units; and one row more is written where they are odd.
template <class T>
struct AnswerSpace {
    static constexpr int P = PANEL<T>;

    AnswerSpace(int widest, int outputs)
        : row(ptrdiff_t(panels_for<T>(widest)) * P),
          list(row + 2 * P),
          z(size_t(row + P) * (ANSWER_BLOCK + 1)),
          next(z.size()),
          lanes(size_t(row) * ANSWER_BLOCK),
          out(size_t(outputs) * ANSWER_BLOCK),
          units(list * ANSWER_BLOCK),
          counts(ANSWER_BLOCK) {}

    ptrdiff_t row, list;
    Buffer<T> z, next, lanes, out;
    std::vector<int32_t> units, counts;
    std::vector<ReadColumn<T>> columns;
    std::vector<CellColumn<T>> cells;
};

template <class T>
class PackedNetwork {
public:
    PackedNetwork(NetworkSpec net, const Kernels<T>& kernels, const T* theta,
                  const std::vector<FormColumn>& form)
        : net_(std::move(net)), kernels_(kernels), form_(form) {
        while (rectified_ < int(net_.hidden.size()) && net_.hidden[rectified_] == Activation::relu)
            ++rectified_;
        for (int l = 0; l < net_.weight_layers(); ++l) {
            biases_.emplace_back(width(l));
            std::copy_n(theta, units(l), biases_.back().data());
            theta += units(l);
            weights_.push_back(l == 0 ? first_layer(theta) : packed(l, theta));
            theta += size_t(net_.sizes[l]) * units(l);
        }
    }

    int outputs() const { return net_.outputs(); }
    int widest() const { return *std::max_element(net_.sizes.begin() + 1, net_.sizes.end()); }

    // a^(L) of n rows, (n, outputs), whose columns `space` holds.
    void run(AnswerSpace<T>& space, const T* ones, int n, T* out) const {
        run_first(space, ones, n);
        const int last = net_.weight_layers() - 1;
        for (int l = 1; l < last; ++l) {
            if (is_listed(l - 1)) {
                run_positive(space, l, n);
            } else {
                run_dense(space, l, n);
            }
            std::swap(space.z, space.next);
        }
        if (last > 0) activate(space, last - 1, n);
        run_last(space, last, n, out);
    }

private:
    static constexpr int P = PANEL<T>;

    // Layer l of weights leads to so many units.
    int units(int l) const { return net_.sizes[l + 1]; }
    int panels(int l) const { return panels_for<T>(units(l)); }
    ptrdiff_t width(int l) const { return ptrdiff_t(panels(l)) * P; }
    bool is_last(int l) const { return l + 1 == net_.weight_layers(); }

    // Whether the positive numbers of layer l's z are listed: as long as all before are.
    bool is_listed(int l) const { return l < rectified_; }

    // Where layer l's z lies: row by row, or in panels for the dense product.
    RowsOfPanels<T> rows(Buffer<T>& z, int l) const {
        if (is_listed(l)) return {z.data(), width(l) + P, P};
        return {z.data(), P, (ANSWER_BLOCK + 1) * ptrdiff_t(P)};
    }

    int sum_rows() const {
        int rows = 0;
        for (const FormColumn& y : form_) rows += y.kind == RawKind::bins ? y.inputs : 0;
        return rows;
    }

    // [input][width], and then the running sums of the codes' rows.
    Buffer<T> first_layer(const T* theta) const {
        const ptrdiff_t w = width(0);
        const int inputs = net_.inputs();
        Buffer<T> to(size_t(inputs + sum_rows()) * w);
        for (int k = 0; k < inputs; ++k)
            std::copy_n(theta + size_t(k) * units(0), units(0), to.data() + k * w);
        int sums = inputs;
        for (const FormColumn& y : form_) {
            if (y.kind != RawKind::bins) continue;
            kernels_.sums_from_below(to.data() + y.first_input * w, to.data() + sums * w, y.inputs, w);
            sums += y.inputs;
        }
        return to;
    }

    // In panels for the dense product, row by row for lists; of the last layer one stream for its tiles.
    Buffer<T> packed(int l, const T* theta) const {
        const int below = net_.sizes[l];
        if (is_last(l)) {
            Buffer<T> to(size_t(below) * units(l));
            kernels_.pack_lane_weights({theta, 1, units(l), units(l), below, to.data()});
            return to;
        }
        const bool listed = is_listed(l - 1);
        const ptrdiff_t row = listed ? width(l) : P, panel = listed ? P : ptrdiff_t(below) * P;
        Buffer<T> to(size_t(width(l - 1) + 1) * width(l));
        for (int k = 0; k < below; ++k) {
            for (int i = 0; i < units(l); ++i)
                to.data()[k * row + i / P * panel + i % P] = theta[size_t(k) * units(l) + i];
        }
        return to;
    }

    // z^(2).
    void run_first(AnswerSpace<T>& space, const T* ones, int n) const {
        const ptrdiff_t w = width(0);
        space.cells.clear();
        for (size_t c = 0; c < form_.size(); ++c) {
            const ReadColumn<T>& column = space.columns[c];
            space.cells.push_back(
                {column.values, column.places, weights_[0].data() + form_[c].first_input * w, w});
        }
        ptrdiff_t sums = net_.inputs();
        for (size_t c = 0; c < form_.size(); ++c) {
            if (form_[c].kind != RawKind::bins) continue;
            space.cells.push_back({ones, space.columns[c].places, weights_[0].data() + sums * w, w});
            sums += form_[c].inputs;
        }
        kernels_.cell_product({space.cells.data(), static_cast<int>(space.cells.size()), biases_[0].data(), n,
                               panels(0), rows(space.z, 0)});
    }

    // Of layer l's z in `z` the activation, in its place.
    void activate(AnswerSpace<T>& space, int l, int n) const {
        const auto forward = kernels_.forward[static_cast<int>(net_.hidden[l])];
        const RowsOfPanels<T> z = rows(space.z, l);
        if (is_listed(l)) return forward(z.first, nullptr, nullptr, size_t(n) * z.row);
        for (int j = 0; j < panels(l); ++j) forward(z.first + j * z.panel, nullptr, nullptr, size_t(n) * P);
    }

    // The next layer's z from z, into `next`.
    void run_positive(AnswerSpace<T>& space, int l, int n) const {
        const PositiveUnits<T> a{rows(space.z, l - 1), n,          panels(l - 1),
                                 space.units.data(),   space.list, space.counts.data()};
        kernels_.list_positive(a);
        kernels_.positive_product({a, weights_[l].data(), biases_[l].data(), panels(l), rows(space.next, l)});
    }

    void run_dense(AnswerSpace<T>& space, int l, int n) const {
        activate(space, l - 1, n);
        Product<T> p{};
        p.a = space.z.data();
        p.b = weights_[l].data();
        p.b_panel = ptrdiff_t(net_.sizes[l]) * P;
        p.c = space.next.data();
        p.a_panel = p.c_panel = rows(space.z, l).panel;
        p.bias = biases_[l].data();
        p.rows = n;
        p.depth = net_.sizes[l];
        p.panels = panels(l);
        kernels_.product(p);
    }

    // From a in `z`, or from z where there is no hidden layer, to a^(L): rows in lanes.
    void run_last(AnswerSpace<T>& space, int l, int n, T* out) const {
        const int groups = (n + P - 1) / P, units = net_.outputs(), depth = l > 0 ? net_.sizes[l] : units;
        const ptrdiff_t group = ptrdiff_t(panels_for<T>(depth)) * P * P;
        const RowsOfPanels<T> z = rows(space.z, std::max(0, l - 1));
        for (int g = 0; g < groups; ++g) {
            for (int j = 0; j < panels_for<T>(depth); ++j)
                kernels_.transpose(z.first + j * z.panel + g * P * z.row, z.row,
                                   space.lanes.data() + g * group + ptrdiff_t(j) * P * P, P);
        }
        if (l > 0) {
            LaneProduct<T> p{};
            p.a = weights_[l].data();
            p.b = space.lanes.data();
            p.b_panel = group;
            p.c = space.out.data();
            p.c_panel = ptrdiff_t(units) * P;
            p.bias = biases_[l].data();
            p.units = units;
            p.depth = depth;
            p.panels = groups;
            kernels_.lane_product(p);
        }
        for (int g = 0; g < groups; ++g) {
            T* lanes = l > 0 ? space.out.data() + g * ptrdiff_t(units) * P : space.lanes.data() + g * group;
            kernels_.output[static_cast<int>(net_.loss)](lanes, lanes, units);
            write_rows(lanes, std::min(P, n - g * P), out + ptrdiff_t(g) * P * units);
        }
    }

    void write_rows(const T* lanes, int n, T* out) const {
        const int units = net_.outputs();
        for (int q = 0; q < n; ++q) {
            for (int k = 0; k < units; ++k) out[q * ptrdiff_t(units) + k] = lanes[k * P + q];
        }
    }

    NetworkSpec net_;
    const Kernels<T>& kernels_;
    std::vector<FormColumn> form_;
    int rectified_ = 0;                        // hidden layers, of the first ones
    std::vector<Buffer<T>> weights_, biases_;  // by layer
};

}  // namespace backpass
