// A user's own functions on a block's panels: rows are copied out of them, computed, and copied back.
#pragma once

#include <vector>

#include "engine/block_rows.hpp"
#include "engine/network_spec.hpp"
#include "engine/workspace.hpp"

namespace backpass {

template <class T>
class OwnRows {
public:
    explicit OwnRows(const NetworkSpec& net) : net_(net) {}

    // a = g(z), dropout's mask on it; z is in a's place.
    void activate(Workspace<T>& ws, int l, int begin, int end) const {
        const int rows = end - begin, units = net_.sizes[l];
        read(ws, ws.a(l), begin, rows, units);
        own().activate(l, rows, units, in_.data(), out_.data());
        write(ws, ws.a(l), begin, rows, units);
        if (ws.mask(l) == nullptr) return;
        for (int j = 0; j < panels_for<T>(units); ++j) {
            const ptrdiff_t at = j * ws.panel() + ptrdiff_t(begin) * P;
            for (ptrdiff_t i = at; i < at + ptrdiff_t(rows) * P; ++i) ws.a(l)[i] *= ws.mask(l)[i];
        }
    }

    // g'(z) in the place of the z that is kept.
    void slope(Workspace<T>& ws, int l, int begin, int end) const {
        const int rows = end - begin, units = net_.sizes[l];
        read(ws, ws.keep(l), begin, rows, units);
        own().slope(l, rows, units, in_.data(), out_.data());
        write(ws, ws.keep(l), begin, rows, units);
    }

    // δ^(L) in the place of z^(L), and each row's loss; both times what the row counts.
    void take_loss(Workspace<T>& ws, const RowSource<T>& source, const BlockRows<T>& rows) const {
        const int last = net_.weight_layers(), n = rows.end - rows.begin, units = net_.outputs();
        read(ws, ws.delta(last), rows.begin, n, units);
        y_.resize(size_t(n) * units);
        values_.resize(n);
        for (int r = 0; r < n; ++r)
            std::copy_n(source.y + rows.numbers[rows.begin + r] * units, units,
                        y_.data() + r * ptrdiff_t(units));
        own().loss(n, units, in_.data(), y_.data(), values_.data(), out_.data());
        for (int r = 0; r < n; ++r) {
            const T counts = static_cast<T>(rows.scale * source.w[rows.numbers[rows.begin + r]]);
            ws.losses()[rows.begin + r] = counts * values_[r];
            for (int k = 0; k < units; ++k) out_[r * ptrdiff_t(units) + k] *= counts;
        }
        write(ws, ws.delta(last), rows.begin, n, units);
    }

    // z^(L), or a^(L), of a block's rows.
    void logits(Workspace<T>& ws, int rows, T* out) const {
        read(ws, ws.delta(net_.weight_layers()), 0, rows, net_.outputs());
        std::copy(in_.begin(), in_.end(), out);
    }
    void output(Workspace<T>& ws, int rows, T* out) const {
        read(ws, ws.delta(net_.weight_layers()), 0, rows, net_.outputs());
        own().output(rows, net_.outputs(), in_.data(), out);
    }

private:
    static constexpr int P = PANEL<T>;

    const OwnFunctions<T>& own() const { return own_of<T>(net_.own); }

    void read(const Workspace<T>& ws, const T* panels, int begin, int rows, int units) const {
        in_.resize(size_t(rows) * units);
        out_.resize(size_t(rows) * units);
        for (int r = 0; r < rows; ++r)
            for (int k = 0; k < units; ++k)
                in_[r * ptrdiff_t(units) + k] = panels[k / P * ws.panel() + ptrdiff_t(begin + r) * P + k % P];
    }

    // Numbers beyond the last unit stay what they are: zeros.
    void write(const Workspace<T>& ws, T* panels, int begin, int rows, int units) const {
        for (int r = 0; r < rows; ++r)
            for (int k = 0; k < units; ++k)
                panels[k / P * ws.panel() + ptrdiff_t(begin + r) * P + k % P] =
                    out_[r * ptrdiff_t(units) + k];
    }

    const NetworkSpec& net_;
    mutable std::vector<T> in_, out_, y_, values_;
};

}  // namespace backpass
