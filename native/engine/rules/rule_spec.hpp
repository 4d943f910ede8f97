// An update rule as it is asked for, and its numbers at one step.
#pragma once

#include <cmath>

#include "kernels/kernels.hpp"

namespace backpass {

struct RuleSpec {
    Rule rule = Rule::gd;
    double momentum = 0, beta_1 = 0, beta_2 = 0, epsilon = 0, weight_decay = 0;

    bool has_moments() const { return rule == Rule::adam || rule == Rule::adamw; }
    bool biases_decay() const { return rule != Rule::adamw; }
};

// One step of the rule on a layer's weights, and on its bias, which λ leaves alone.
template <class T>
struct LayerStep {
    Step<T> weights, biases;
};

// Computed in double precision: β^t and 1 - β would lose digits in T. `t` counts from 1; `decay` is λ / W.
template <class T>
LayerStep<T> layer_step(const RuleSpec& rule, double rate, double t, double decay) {
    const double corrected =
        rule.has_moments() ? rate * std::sqrt(1 - std::pow(rule.beta_2, t)) / (1 - std::pow(rule.beta_1, t))
                           : rate;
    const Step<T> weights{static_cast<T>(corrected),
                          static_cast<T>(rule.momentum),
                          static_cast<T>(rule.beta_1),
                          static_cast<T>(rule.beta_2),
                          static_cast<T>(1 - rule.beta_1),
                          static_cast<T>(1 - rule.beta_2),
                          static_cast<T>(rule.epsilon),
                          static_cast<T>(1 - rate * rule.weight_decay),
                          static_cast<T>(decay)};
    Step<T> biases = weights;
    biases.decay = 0;
    if (!rule.biases_decay()) biases.shrink = 1;
    return {weights, biases};
}

}  // namespace backpass
