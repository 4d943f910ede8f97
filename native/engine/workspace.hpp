// The arrays of one block of rows, forward and backward, in panels [feature / P][row][P]: a and δ by layer,
// what the derivatives need beside a (z, or a before dropout's mask), masks, and each row's loss.
#pragma once

#include <vector>

#include "engine/panel_layout.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

template <class T>
class Workspace {
public:
    // `masked`: whether dropout's masks, and the activations before them, are kept. `packed_inputs`: the
    // columns of X that are gathered into panels, none of a sparse one.
    Workspace(const NetworkSpec& net, const Kernels<T>& kernels, int packed_inputs, int rows, bool masked)
        : capacity_((rows + P - 1) / P * P), panel_((capacity_ + 1) * ptrdiff_t(P)) {
        const int last = net.weight_layers();
        for (int l = 0; l <= last; ++l) {
            const size_t n = size_t(panels_for<T>(l == 0 ? packed_inputs : net.sizes[l])) * panel_;
            const bool hidden = l > 0 && l < last;
            const bool keeps_z = hidden && kernels.keeps_z[static_cast<int>(net.hidden[l - 1])];
            a_.emplace_back(l < last ? n : 0);
            delta_.emplace_back(l > 0 ? n : 0);
            keep_.emplace_back(hidden && (keeps_z || masked) ? n : 0);
            mask_.emplace_back(hidden && masked ? n : 0);
        }
        losses_.resize(capacity_);
    }

    int capacity() const { return capacity_; }
    ptrdiff_t panel() const { return panel_; }

    T* a(int layer) { return a_[layer].data(); }
    T* delta(int layer) { return delta_[layer].data(); }  // the last one holds z^(L) first
    T* keep_or_null(int layer) { return or_null(keep_[layer]); }
    T* keep(int layer) { return keep_[layer].size() > 0 ? keep_[layer].data() : a(layer); }
    T* mask(int layer) { return or_null(mask_[layer]); }
    std::vector<T>& losses() { return losses_; }

    static size_t bytes_per_row(const NetworkSpec& net, int packed_inputs) {
        size_t n = size_t(panels_for<T>(packed_inputs)) * P * 2;
        for (int l = 1; l <= net.weight_layers(); ++l) n += size_t(panels_for<T>(net.sizes[l])) * P * 2;
        return n * sizeof(T);
    }

private:
    static constexpr int P = PANEL<T>;

    static T* or_null(Buffer<T>& buffer) { return buffer.size() > 0 ? buffer.data() : nullptr; }

    int capacity_;
    ptrdiff_t panel_;  // one row more than the capacity: powers of two would share cache sets
    std::vector<Buffer<T>> a_, delta_, keep_, mask_;
    std::vector<T> losses_;
};

}  // namespace backpass
