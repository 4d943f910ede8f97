// Every activation, loss and rule that Python may ask for, by its name, and what computes it: the enums,
// their sizes, the names and each instruction set's table are made of these lists.
#pragma once

// name, the struct in activations.hpp
#define BACKPASS_ACTIVATIONS(X) \
    X(identity, Identity)       \
    X(logistic, Logistic)       \
    X(tanh, Tanh)               \
    X(relu, Relu)               \
    X(leaky_relu, LeakyRelu)    \
    X(gelu, Gelu)               \
    X(silu, Silu)               \
    X(softplus, Softplus)

// name, the cost and δ in losses.hpp, the output activation there
#define BACKPASS_LOSSES(X)                                                            \
    X(log_loss, log_loss<T>, softmax_rows<T>)                                         \
    X(binary_log_loss, binary_log_loss<T>, (output_rows<Logistic, T>))                \
    X(squared_error, (sum_over_units<SquaredError, T>), (output_rows<Identity, T>))   \
    X(poisson, (sum_over_units<Poisson, T>), (output_rows<Exponential, T>))           \
    X(huber, (sum_over_units<Huber, T>), (output_rows<Identity, T>))                  \
    X(absolute_error, (sum_over_units<AbsoluteError, T>), (output_rows<Identity, T>)) \
    X(quantile, (sum_over_units<Quantile, T>), (output_rows<Identity, T>))

// name, the function in updates.hpp
#define BACKPASS_RULES(X)      \
    X(gd, gradient_descent<T>) \
    X(momentum, momentum<T>)   \
    X(nesterov, nesterov<T>)   \
    X(adam, adam<T>)

namespace backpass {

#define BACKPASS_NAME(name, ...) name,
enum class Activation { BACKPASS_ACTIVATIONS(BACKPASS_NAME) };
enum class Loss { BACKPASS_LOSSES(BACKPASS_NAME) };
enum class Rule { BACKPASS_RULES(BACKPASS_NAME) sum };  // `sum` is internal: nobody asks for it by name
#undef BACKPASS_NAME

#define BACKPASS_ONE(...) +1
constexpr int ACTIVATIONS = BACKPASS_ACTIVATIONS(BACKPASS_ONE);
constexpr int LOSSES = BACKPASS_LOSSES(BACKPASS_ONE);
constexpr int RULES = BACKPASS_RULES(BACKPASS_ONE) + 1;
#undef BACKPASS_ONE

}  // namespace backpass
