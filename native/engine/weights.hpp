// One network's parameters in panels, for the way forward and the way back.
#pragma once

#include "engine/panel_layout.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

template <class T>
struct Weights {
    // Both are written whole by `read`: clearing them before would double what a single row costs.
    explicit Weights(const PanelLayout<T>& layout)
        : panels(layout.size(), Fill::none), transposed(layout.transposed_size(), Fill::none) {}

    void read(const PanelLayout<T>& layout, const Kernels<T>& kernels, const T* theta) {
        read_forward(layout, theta);
        layout.transpose(panels.data(), transposed.data(), kernels);
    }

    // For the way forward alone.
    void read_forward(const PanelLayout<T>& layout, const T* theta) { layout.pack(theta, panels.data()); }

    Buffer<T> panels, transposed;
    EntryWeights<T> first_layer{};  // of rows that are entries, which have none in panels
};

}  // namespace backpass
