// The names by which Python asks for functions, rules and nothing else: a place in a list means nothing.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"

namespace backpass {

template <class Which>
struct Named {
    const char* name;
    Which which;
};

constexpr Named<Activation> ACTIVATION_NAMES[] = {
    {"identity", Activation::identity}, {"logistic", Activation::logistic},     {"tanh", Activation::tanh},
    {"relu", Activation::relu},         {"leaky_relu", Activation::leaky_relu}, {"gelu", Activation::gelu},
    {"silu", Activation::silu},         {"softplus", Activation::softplus},
};
constexpr Named<Loss> LOSS_NAMES[] = {
    {"log_loss", Loss::log_loss},
    {"binary_log_loss", Loss::binary_log_loss},
    {"squared_error", Loss::squared_error},
    {"poisson", Loss::poisson},
    {"huber", Loss::huber},
    {"absolute_error", Loss::absolute_error},
    {"quantile", Loss::quantile},
};
constexpr Named<Rule> RULE_NAMES[] = {
    {"gd", Rule::gd}, {"momentum", Rule::momentum}, {"nesterov", Rule::nesterov}, {"adam", Rule::adam}};

static_assert(std::size(ACTIVATION_NAMES) == ACTIVATIONS && std::size(LOSS_NAMES) == LOSSES &&
              std::size(RULE_NAMES) == RULES - 1);

template <class Which, size_t count>
std::vector<std::string> names_of(const Named<Which> (&known)[count]) {
    std::vector<std::string> names;
    for (const auto& each : known) names.emplace_back(each.name);
    return names;
}

// `kind` is what the error calls it.
template <class Which, size_t count>
Which find_named(const Named<Which> (&known)[count], const std::string& name, const char* kind) {
    std::string names;
    for (const auto& each : known) {
        if (name == each.name) return each.which;
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    throw std::invalid_argument("The core knows no " + std::string(kind) + " named '" + name +
                                "'; it knows " + names + ".");
}

}  // namespace backpass
