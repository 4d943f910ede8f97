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

#define BACKPASS_NAMED(name, ...) {#name, Activation::name},
constexpr Named<Activation> ACTIVATION_NAMES[] = {BACKPASS_ACTIVATIONS(BACKPASS_NAMED)};
#undef BACKPASS_NAMED
#define BACKPASS_NAMED(name, ...) {#name, Loss::name},
constexpr Named<Loss> LOSS_NAMES[] = {BACKPASS_LOSSES(BACKPASS_NAMED)};
#undef BACKPASS_NAMED
#define BACKPASS_NAMED(name, ...) {#name, Rule::name},
constexpr Named<Rule> RULE_NAMES[] = {BACKPASS_RULES(BACKPASS_NAMED)};
#undef BACKPASS_NAMED

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
