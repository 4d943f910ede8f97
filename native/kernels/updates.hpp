// The update rules of solvers/first_order.py over contiguous numbers, simplest first. n is a multiple of P;
// w, g and the rule's arrays lie alike, in panels, so that every rule is one loop over whole vectors. What is
// constant over a step (bias corrections, shrinkage, λ / W) comes as a number.
#if defined(BACKPASS_LISTS)  // kernels/functions.hpp asks for the list alone

// name, function
#define BACKPASS_RULES(X)      \
    X(gd, gradient_descent<T>) \
    X(momentum, momentum<T>)   \
    X(nesterov, nesterov<T>)   \
    X(adam, adam<T>)

#elif !defined(BACKPASS_UPDATES_HPP)
#define BACKPASS_UPDATES_HPP

#include <limits>

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

template <class V>
ALWAYS_INLINE V gradient_at(const Element<V>* w, const Element<V>* g, Element<V> decay) {
    return load<V>(g) + decay * load<V>(w);
}

// Not a step at all: w is Δ, and g is added.
template <class T>
void add_sum(T* w, T*, T*, const T* g, size_t n, const Step<T>&) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(w + i, load<V>(w + i) + load<V>(g + i));
}

template <class T>
void gradient_descent(T* w, T*, T*, const T* g, size_t n, const Step<T>& step) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        store(w + i, load<V>(w + i) - step.learning_rate * gradient_at<V>(w + i, g + i, step.decay));
    }
}

template <class T>
void momentum(T* w, T* velocity, T*, const T* g, size_t n, const Step<T>& step) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V D = gradient_at<V>(w + i, g + i, step.decay);
        const V v = step.momentum * load<V>(velocity + i) - step.learning_rate * D;
        store(velocity + i, v);
        store(w + i, load<V>(w + i) + v);
    }
}

template <class T>
void nesterov(T* w, T* velocity, T*, const T* g, size_t n, const Step<T>& step) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V update = step.learning_rate * gradient_at<V>(w + i, g + i, step.decay);
        const V v = step.momentum * load<V>(velocity + i) - update;
        store(velocity + i, v);
        store(w + i, load<V>(w + i) + step.momentum * v - update);
    }
}

// The square roots of v, in place. Where the processor estimates 1/√v, the estimate with Newton's steps is
// faster than its square root. Of v = 0 the estimate is infinite and v times it NaN, so the least normal
// number stands in for 0: its root, 1e-19 in single precision, vanishes beside ε.
template <class T>
ALWAYS_INLINE void take_roots(T* v, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        if constexpr (NEWTON_STEPS<V> > 0) {
            const V least = broadcast<V>(std::numeric_limits<T>::min());
            store(v + i, square_root_by_estimate(maximum(least, load<V>(v + i))));
        } else {
            store(v + i, square_root(load<V>(v + i)));
        }
    }
}

// a / b, to the last digit or two where reciprocals are estimated; Adam's steps need no more.
template <class V>
ALWAYS_INLINE V quotient(V a, V b) {
    if constexpr (NEWTON_STEPS<V> > 0) return a * reciprocal(b);
    return a / b;
}

// `learning_rate` holds α with the moments' bias corrections, `shrink` 1 − α · weight decay. The moments are
// moved towards D and D²: v + (1 − β)(D² − v) is two fused multiply-adds, β v + (1 − β) D² is one and two
// products. Three short loops, not one: each is a short chain of dependent operations, so that a core
// executes several rounds at once; over the chain of the whole update it cannot look that far ahead.
template <class T>
ALWAYS_INLINE void adam_chunk(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step,
                              T* roots) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V D = gradient_at<V>(w + i, g + i, step.decay);
        const V m = load<V>(first + i), v = load<V>(second + i),
                v_now = v + step.one_minus_beta_2 * (D * D - v);
        store(first + i, m + step.one_minus_beta_1 * (D - m));
        store(second + i, v_now);
        store(roots + i, v_now);
    }
    take_roots(roots, n);
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V update = quotient(load<V>(first + i), load<V>(roots + i) + step.epsilon);
        store(w + i, step.shrink * load<V>(w + i) - step.learning_rate * update);
    }
}

// In chunks of 32 vectors, whose roots stay in the first-level cache.
template <class T>
void adam(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step) {
    constexpr size_t CHUNK = 32 * LANES<T>;
    alignas(PANEL_BYTES) T roots[CHUNK];
    for (size_t i = 0; i < n; i += CHUNK) {
        adam_chunk(w + i, first + i, second + i, g + i, n - i < CHUNK ? n - i : CHUNK, step, roots);
    }
}

}  // namespace backpass::BACKPASS_ISA

#endif
