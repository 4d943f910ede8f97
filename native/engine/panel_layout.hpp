// Where θ's numbers lie in panels, and how they are packed and unpacked. Weights, Δ and the optimisers'
// arrays all have this layout, so an update rule walks over them as over one array.
//
// θ has for each layer its bias, then Θᵀ without it, (inputs, outputs) in row-major order. In panels the
// outputs are in lanes, as the product forward needs them; the product backward needs the inputs in lanes,
// hence the second, transposed copy.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/network_spec.hpp"

namespace backpass {

template <class T>
constexpr int panels_for(int features) {
    return (features + PANEL<T> - 1) / PANEL<T>;
}

// Whether the first layer's weights are packed, or stay in θ (entry_layer.hpp).
enum class FirstLayer { packed, in_theta };

struct LayerOffsets {
    int inputs;  // whose weights are packed; 0 where they stay in θ
    int outputs, input_panels, output_panels;
    size_t weights;     // [output panel][input_panels * P][P]
    size_t bias;        // [output_panels * P]
    size_t transposed;  // [input panel][output_panels * P][P], in a buffer of its own
    size_t theta;       // bias first, then one row of outputs for each input
    ptrdiff_t weights_panel, transposed_panel;
};

template <class T>
class PanelLayout {
public:
    PanelLayout(const NetworkSpec& net, FirstLayer first) {
        size_t theta = 0;
        for (int l = 0; l < net.weight_layers(); ++l) {
            const int in = l == 0 && first == FirstLayer::in_theta ? 0 : net.sizes[l], out = net.sizes[l + 1];
            const int ip = panels_for<T>(in), op = panels_for<T>(out);
            const size_t square = size_t(ip) * op * P * P;
            layers_.push_back({in, out, ip, op, size_, size_ + square, transposed_size_, theta,
                               ptrdiff_t(ip) * P * P, ptrdiff_t(op) * P * P});
            size_ += square + size_t(op) * P;
            transposed_size_ += l > 0 ? square : 0;  // nothing flows back to the inputs
            theta += (net.sizes[l] + size_t(1)) * out;
        }
    }

    const std::vector<LayerOffsets>& layers() const { return layers_; }
    size_t size() const { return size_; }
    size_t transposed_size() const { return transposed_size_; }

    // Every number of the panels is written, those beyond the last feature as zeros.
    void pack(const T* theta, T* panels) const {
        each_row([&](size_t at, size_t from, int n) {
            copy(theta + from, n, panels + at);
            std::fill_n(panels + at + n, P - n, T(0));
        });
        for (const LayerOffsets& y : layers_) {
            for (int j = 0; j < y.output_panels; ++j)
                std::fill_n(panels + y.weights + j * y.weights_panel + size_t(y.inputs) * P,
                            y.weights_panel - ptrdiff_t(y.inputs) * P, T(0));
        }
    }

    void unpack(const T* panels, T* theta) const {
        each_row([&](size_t at, size_t from, int n) { copy(panels + at, n, theta + from); });
    }

    void transpose(const T* panels, T* transposed, const Kernels<T>& kernels) const {
        for (size_t l = 1; l < layers_.size(); ++l) {
            const LayerOffsets& y = layers_[l];
            for (int i = 0; i < y.input_panels; ++i) {
                for (int j = 0; j < y.output_panels; ++j) {
                    const T* from = panels + y.weights + j * y.weights_panel + ptrdiff_t(i) * P * P;
                    T* to = transposed + y.transposed + i * y.transposed_panel + ptrdiff_t(j) * P * P;
                    kernels.transpose(from, P, to, P);
                }
            }
        }
    }

private:
    static constexpr int P = PANEL<T>;

    // A whole panel is one vector; std::copy_n would call memmove for it, which takes several times as long.
    static void copy(const T* from, int n, T* to) {
        if (n == P) {
            std::memcpy(to, from, PANEL_BYTES);
        } else {
            std::copy_n(from, n, to);
        }
    }

    // Calls visit(offset in panels, offset in θ, count) for every piece that is contiguous in both. The order
    // is θ's: in the panels' order, every piece of θ would be on another page.
    template <class Visit>
    void each_row(Visit visit) const {
        for (const LayerOffsets& y : layers_) {
            for (int k = -1; k < y.inputs; ++k) {  // row -1 is the bias
                const size_t to = k < 0 ? y.bias : y.weights + size_t(k) * P;
                const ptrdiff_t panel = k < 0 ? P : y.weights_panel;
                const size_t from = y.theta + (k + size_t(1)) * y.outputs;
                for (int j = 0; j < y.output_panels; ++j)
                    visit(to + j * panel, from + size_t(j) * P, std::min(P, y.outputs - j * P));
            }
        }
    }

    std::vector<LayerOffsets> layers_;
    size_t size_ = 0, transposed_size_ = 0;
};

}  // namespace backpass
