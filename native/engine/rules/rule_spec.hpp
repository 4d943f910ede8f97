// An update rule as it is asked for, and its numbers at one step.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/kernels.hpp"

namespace backpass {

using Polynomial = std::array<double, 3>;  // a, b, c of a s + b s³ + c s⁵

struct RuleSpec {
    Rule rule = Rule::gd;
    double momentum = 0, beta_1 = 0, beta_2 = 0, epsilon = 0, weight_decay = 0;

    // Of muon: by layer how far a step of the whole matrix goes beside the rate, 0 where each number steps
    // alone; the rate's ratio to that of those; and the polynomials by which singular values are pulled to 1.
    std::vector<double> lengths;
    double ratio = 1;
    std::vector<Polynomial> polynomials;

    bool is_whole(size_t l) const { return l < lengths.size() && lengths[l] > 0; }
    bool any_whole() const {
        return std::any_of(lengths.begin(), lengths.end(), [](double length) { return length > 0; });
    }

    // What steps the numbers that step alone.
    Rule elementwise() const { return rule == Rule::muon ? Rule::adamw : rule; }
    bool has_moments() const { return elementwise() == Rule::adam || elementwise() == Rule::adamw; }
    bool biases_decay() const { return elementwise() != Rule::adamw; }
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

// The step of a whole matrix's momentum, which is all that is done number by number.
template <class T>
Step<T> momentum_step(const RuleSpec& rule, double decay) {
    Step<T> step{};
    step.momentum = static_cast<T>(rule.momentum);
    step.one_minus_beta_1 = static_cast<T>(1 - rule.momentum);
    step.decay = static_cast<T>(decay);
    return step;
}

}  // namespace backpass
