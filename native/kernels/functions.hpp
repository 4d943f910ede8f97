// Every activation, loss and rule that Python may ask for by name. Each is listed beside its kernel; the
// enums, their sizes, the names and each instruction set's table are made of the lists.
#pragma once

#define BACKPASS_LISTS
#include "kernels/activations.hpp"
#include "kernels/losses.hpp"
#include "kernels/updates.hpp"
#undef BACKPASS_LISTS

namespace backpass {

#define BACKPASS_NAME(name, ...) name,
// `own` are a user's, which engine/own/own_functions.hpp computes; nobody asks for them by name.
enum class Activation { BACKPASS_ACTIVATIONS(BACKPASS_NAME) own };
enum class Loss { BACKPASS_LOSSES(BACKPASS_NAME) own };
enum class Rule { BACKPASS_RULES(BACKPASS_NAME) sum };  // `sum` is internal: nobody asks for it by name
#undef BACKPASS_NAME

#define BACKPASS_ONE(...) +1
constexpr int ACTIVATIONS = BACKPASS_ACTIVATIONS(BACKPASS_ONE) + 1;
constexpr int LOSSES = BACKPASS_LOSSES(BACKPASS_ONE) + 1;
constexpr int RULES = BACKPASS_RULES(BACKPASS_ONE) + 1;
#undef BACKPASS_ONE

}  // namespace backpass
