// A network's shape and functions, as numbers.
#pragma once

#include <vector>

#include "engine/own/own_functions.hpp"
#include "kernels/kernels.hpp"

namespace backpass {

struct NetworkSpec {
    std::vector<int> sizes;          // units by layer, inputs and outputs included
    std::vector<Activation> hidden;  // one for each hidden layer
    Loss loss{};
    double parameter = 0;  // Huber's threshold, or the quantile
    OwnOfBoth own;         // what computes the functions that are Activation::own or Loss::own

    int weight_layers() const { return static_cast<int>(sizes.size()) - 1; }
    int inputs() const { return sizes.front(); }
    int outputs() const { return sizes.back(); }

    size_t parameters() const {
        size_t n = 0;
        for (int l = 0; l < weight_layers(); ++l) n += (sizes[l] + size_t(1)) * sizes[l + 1];
        return n;
    }
};

// What a row costs forward; sparse rows meet few of the first layer's weights.
template <class Source>
double multiply_adds_forward(const NetworkSpec& net, const Source& source) {
    return static_cast<double>(net.parameters()) -
           (net.inputs() - source.entries_per_row()) * static_cast<double>(net.sizes[1]);
}

}  // namespace backpass
