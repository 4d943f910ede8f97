// From sums to the objective: J = (Σ w cost + λ/2 ΣΘ²) / W and D = (Δ + λΘ) / W, bias left out. The sums of
// J are in double precision, since they have as many terms as there are rows or weights.
#pragma once

#include "engine/network_spec.hpp"

namespace backpass {

// Returns J; Δ, in `D`, becomes D. Both in θ's order: for each layer its bias, then its weights.
template <class T>
double finish_objective(const NetworkSpec& net, const T* theta, T* D, double total, double lam, double W) {
    const T decay = static_cast<T>(lam), share = static_cast<T>(W);
    double squares = 0;
    for (int l = 0; l < net.weight_layers(); ++l) {
        const size_t biases = net.sizes[l + 1], weights = size_t(net.sizes[l]) * biases;
        for (size_t i = 0; i < biases; ++i) D[i] /= share;
        D += biases, theta += biases;
        for (size_t i = 0; i < weights; ++i) D[i] = (D[i] + decay * theta[i]) / share;
        if (lam != 0) {
            for (size_t i = 0; i < weights; ++i) squares += static_cast<double>(theta[i]) * theta[i];
        }
        D += weights, theta += weights;
    }
    return (total + lam * squares / 2) / W;
}

}  // namespace backpass
