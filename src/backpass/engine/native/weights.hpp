// One network's parameters in panels, for the way forward and the way back.
#pragma once

#include "buffer.hpp"
#include "panel_layout.hpp"

namespace backpass {

template <class T>
struct Weights {
    explicit Weights(const PanelLayout<T>& layout)
        : panels(layout.size()), transposed(layout.transposed_size()) {}

    void read(const PanelLayout<T>& layout, const Kernels<T>& kernels, const T* theta) {
        layout.pack(theta, panels.data());
        layout.transpose(panels.data(), transposed.data(), kernels);
    }

    Buffer<T> panels, transposed;
};

}  // namespace backpass
