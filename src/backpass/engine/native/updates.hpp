// The update rules of solvers/first_order.py over contiguous numbers, simplest first.
#pragma once

#include <limits>

#include "vec.hpp"

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
        const V walk = step.learning_rate * gradient_at<V>(w + i, g + i, step.decay);
        const V v = step.momentum * load<V>(velocity + i) - walk;
        store(velocity + i, v);
        store(w + i, load<V>(w + i) + step.momentum * v - walk);
    }
}

// m / (√v + ε). Where the processor has estimates, they and Newton's steps are faster than its square
// root and division; the least normal number then stands for a v of zero, which ε hides.
template <class V>
ALWAYS_INLINE V adam_quotient(V m, V v, Element<V> epsilon) {
    if constexpr (NEWTON_STEPS<V> > 0) {
        const V least = broadcast<V>(std::numeric_limits<Element<V>>::min());
        return m * reciprocal(square_root_by_estimate(maximum(least, v)) + epsilon);
    } else {
        return m / (square_root(v) + epsilon);
    }
}

// `learning_rate` holds α with the moments' bias corrections, `shrink` 1 − α · weight decay. The moments
// are written as steps towards D and D²: one operation less than β m + (1 − β) D.
template <class T>
void adam(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V D = gradient_at<V>(w + i, g + i, step.decay);
        const V m_before = load<V>(first + i), v_before = load<V>(second + i);
        const V m = m_before + step.rest_1 * (D - m_before);
        const V v = v_before + step.rest_2 * (D * D - v_before);
        store(first + i, m);
        store(second + i, v);
        const V quotient = adam_quotient(m, v, step.epsilon);
        store(w + i, step.shrink * load<V>(w + i) - step.learning_rate * quotient);
    }
}

}  // namespace backpass::BACKPASS_ISA
