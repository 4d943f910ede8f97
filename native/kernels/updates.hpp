// The update rules of solvers/first_order.py over contiguous numbers, simplest first.
#pragma once

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

// The roots of v, in place. Where the processor has an estimate, it and Newton's steps are faster than its
// square root; the least normal number then stands for a v of zero, which ε hides.
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

template <class V>
ALWAYS_INLINE V quotient(V a, V b) {
    if constexpr (NEWTON_STEPS<V> > 0) return a * reciprocal(b);
    return a / b;
}

// `learning_rate` holds α with the moments' bias corrections, `shrink` 1 − α · weight decay. The moments
// are written as steps towards D and D²: one operation less than β m + (1 − β) D. Three short loops in
// place of one: a processor can look past a short chain of dependent operations, not past a long one.
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

template <class T>
void adam(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step) {
    constexpr size_t CHUNK = 32 * LANES<T>;
    alignas(PANEL_BYTES) T roots[CHUNK];
    for (size_t i = 0; i < n; i += CHUNK) {
        adam_chunk(w + i, first + i, second + i, g + i, n - i < CHUNK ? n - i : CHUNK, step, roots);
    }
}

}  // namespace backpass::BACKPASS_ISA
