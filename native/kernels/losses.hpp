// Losses from the logits, value beside δ, for P rows at a time with the rows in the lanes: z, y and δ are
// [unit][P], w and the values [P]. So sums over units, which softmax needs, are vector operations, and no
// number has to move between lanes. Lanes beyond the last row have weight 0, and their δ is 0 with it.
#if defined(BACKPASS_LISTS)  // kernels/functions.hpp asks for the list alone

// name, cost and δ, output activation
#define BACKPASS_LOSSES(X)                                                            \
    X(log_loss, log_loss<T>, softmax_rows<T>)                                         \
    X(binary_log_loss, binary_log_loss<T>, (output_rows<Logistic, T>))                \
    X(squared_error, (sum_over_units<SquaredError, T>), (output_rows<Identity, T>))   \
    X(poisson, (sum_over_units<Poisson, T>), (output_rows<Exponential, T>))           \
    X(huber, (sum_over_units<Huber, T>), (output_rows<Identity, T>))                  \
    X(absolute_error, (sum_over_units<AbsoluteError, T>), (output_rows<Identity, T>)) \
    X(quantile, (sum_over_units<Quantile, T>), (output_rows<Identity, T>))

#elif !defined(BACKPASS_LOSSES_HPP)
#define BACKPASS_LOSSES_HPP

#include "kernels/math.hpp"

namespace backpass::BACKPASS_ISA {

// A loss that is a sum over units: `term` returns one unit's δ and adds its value.
struct SquaredError {
    template <class V>
    ALWAYS_INLINE static V term(V z, V y, Element<V>, V& value) {
        const V r = z - y;
        value += Element<V>(0.5) * r * r;
        return r;
    }
};

// e^z - y z + (y log y - y): the last part makes the loss 0 at its minimum; it is 0 for y = 0.
struct Poisson {
    template <class V>
    ALWAYS_INLINE static V term(V z, V y, Element<V>, V& value) {
        const V rate = exp(z);
        const V log_y = log(y > V{} ? y : broadcast<V>(Element<V>(1)));
        value += rate - y * z + (y * log_y - y);
        return rate - y;
    }
};

// δ is r, cut off at ± the threshold.
struct Huber {
    template <class V>
    ALWAYS_INLINE static V term(V z, V y, Element<V> threshold, V& value) {
        const V r = z - y, size = absolute(r), limit = broadcast<V>(threshold);
        const V linear = threshold * (size - threshold / 2);
        value += size > limit ? linear : Element<V>(0.5) * r * r;
        return minimum(limit, maximum(-limit, r));
    }
};

// The slope of a loss with a kink at r = 0, where it is 0 by convention; a NaN stays one.
template <class V>
ALWAYS_INLINE V step_at_zero(V r, Element<V> below, Element<V> above) {
    const V side = r > V{} ? broadcast<V>(above) : broadcast<V>(below);
    return r == V{} ? V{} : (r == r ? side : r);
}

struct AbsoluteError {
    template <class V>
    ALWAYS_INLINE static V term(V z, V y, Element<V>, V& value) {
        const V r = z - y;
        value += absolute(r);
        return step_at_zero(r, Element<V>(-1), Element<V>(1));
    }
};

struct Quantile {
    template <class V>
    ALWAYS_INLINE static V term(V z, V y, Element<V> q, V& value) {
        const V r = z - y;
        value += r > V{} ? (Element<V>(1) - q) * r : -q * r;
        return step_at_zero(r, -q, Element<V>(1) - q);
    }
};

template <class L, class T>
void sum_over_units(const LossRows<T>& at) {
    using V = Native<T>;
    constexpr int P = PANEL<T>;
    for (int lane = 0; lane < P; lane += LANES<T>) {
        const V w = load<V>(at.w + lane);
        V value{};
        for (int k = 0; k < at.units; ++k) {
            const V z = load<V>(at.z + k * P + lane), y = load<V>(at.y + k * P + lane);
            store(at.delta + k * P + lane, w * L::term(z, y, at.parameter, value));
        }
        store(at.value + lane, w * value);
    }
}

// Σ max(z, 0) - z y + log(1 + e^(-|z|)) over units. One logarithm serves 64 units: log Π(1 + e). What is
// accumulated is Π(1 + e) - 1, so that an e below 1's last digit is not lost, and log_plus_one is taken of
// it. δ = h - y shares e with the value.
template <class T>
void binary_log_loss(const LossRows<T>& at) {
    using V = Native<T>;
    constexpr int P = PANEL<T>, FACTORS_PER_LOG = 64;  // 2^64 is far from overflow
    const V one = broadcast<V>(T(1));
    for (int lane = 0; lane < P; lane += LANES<T>) {
        const V w = load<V>(at.w + lane);
        V value{}, product{};
        for (int k = 0; k < at.units; ++k) {
            const V z = load<V>(at.z + k * P + lane), y = load<V>(at.y + k * P + lane);
            const V e = exp(-absolute(z)), h = (z < V{} ? e : one) / (one + e);
            value += maximum(V{}, z) - z * y;
            product = product * e + (product + e);
            store(at.delta + k * P + lane, w * (h - y));
            if (k % FACTORS_PER_LOG == FACTORS_PER_LOG - 1) {
                value += log_plus_one(product);
                product = V{};
            }
        }
        store(at.value + lane, w * (value + log_plus_one(product)));
    }
}

// max z over units for each row; subtracted from z, it keeps every e^z at most 1.
template <class V>
ALWAYS_INLINE V largest(const Element<V>* z, int units) {
    constexpr int P = PANEL<Element<V> >;
    V top = load<V>(z);
    for (int k = 1; k < units; ++k) top = maximum(top, load<V>(z + k * P));
    return top;
}

// log Σ e^(z - top) - Σ y (z - top) + top (1 - Σ y), right for targets that do not sum to 1, too. δ's memory
// holds the exponentials between the two loops, and one division per row replaces one per unit.
template <class T>
void log_loss(const LossRows<T>& at) {
    using V = Native<T>;
    constexpr int P = PANEL<T>;
    const V one = broadcast<V>(T(1));
    for (int lane = 0; lane < P; lane += LANES<T>) {
        const V w = load<V>(at.w + lane), top = largest<V>(at.z + lane, at.units);
        V sum{}, linear{}, y_sum{};
        for (int k = 0; k < at.units; ++k) {
            const V below = load<V>(at.z + k * P + lane) - top, e = exp(below);
            const V y = load<V>(at.y + k * P + lane);
            store(at.delta + k * P + lane, e);
            sum += e;
            linear += y * below;
            y_sum += y;
        }
        const V inverse = one / sum;
        for (int k = 0; k < at.units; ++k) {
            const V e = load<V>(at.delta + k * P + lane), y = load<V>(at.y + k * P + lane);
            store(at.delta + k * P + lane, w * (e * inverse - y));
        }
        store(at.value + lane, w * (log(sum) - linear + top * (one - y_sum)));
    }
}

// The output activation h, P rows in lanes.
template <class T>
void softmax_rows(const T* z, T* a, int units) {
    using V = Native<T>;
    constexpr int P = PANEL<T>;
    for (int lane = 0; lane < P; lane += LANES<T>) {
        const V top = largest<V>(z + lane, units);
        V sum{};
        for (int k = 0; k < units; ++k) {
            const V e = exp(load<V>(z + k * P + lane) - top);
            store(a + k * P + lane, e);
            sum += e;
        }
        const V inverse = broadcast<V>(T(1)) / sum;
        for (int k = 0; k < units; ++k) store(a + k * P + lane, load<V>(a + k * P + lane) * inverse);
    }
}

struct Exponential {
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return exp(z);
    }
};

template <class G, class T>
void output_rows(const T* z, T* a, int units) {
    using V = Native<T>;
    for (int i = 0; i < units * PANEL<T>; i += LANES<T>) store(a + i, G::g(load<V>(z + i)));
}

}  // namespace backpass::BACKPASS_ISA

#endif
