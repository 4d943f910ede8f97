// The update rules of solvers/first_order.py over contiguous numbers, simplest first. n is a multiple of P;
// w, g and the rule's arrays lie alike, so that every rule is one loop over whole vectors. What is constant
// over a step (bias corrections, shrinkage, λ / W) comes as a number.
//
// Weights whose inputs were zero in some steps catch up later (engine/entries/lazy_weights.hpp), with the
// same operations in registers: a step over many weights costs their way through memory, not its arithmetic.
#if defined(BACKPASS_LISTS)  // kernels/functions.hpp asks for the list alone

// name, its step on one vector
#define BACKPASS_RULES(X)  \
    X(gd, GradientDescent) \
    X(momentum, Momentum)  \
    X(nesterov, Nesterov)  \
    X(adam, Adam)          \
    X(adamw, Adam)         \
    X(muon, MuonMomentum)

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

// ARRAYS: how many arrays of its own the rule has. `step` moves the weights and the arrays by D.
struct GradientDescent {
    static constexpr int ARRAYS = 0;
    template <class V>
    ALWAYS_INLINE static void step(V& w, V (&)[2], V D, const Step<Element<V> >& step) {
        w -= step.learning_rate * D;
    }
};

struct Momentum {
    static constexpr int ARRAYS = 1;
    template <class V>
    ALWAYS_INLINE static void step(V& w, V (&arrays)[2], V D, const Step<Element<V> >& step) {
        const V v = step.momentum * arrays[0] - step.learning_rate * D;
        arrays[0] = v;
        w += v;
    }
};

struct Nesterov {
    static constexpr int ARRAYS = 1;
    template <class V>
    ALWAYS_INLINE static void step(V& w, V (&arrays)[2], V D, const Step<Element<V> >& step) {
        const V update = step.learning_rate * D;
        const V v = step.momentum * arrays[0] - update;
        arrays[0] = v;
        w = w + step.momentum * v - update;
    }
};

// √v. Where the processor estimates 1/√v, the estimate with Newton's steps is faster than its square root. Of
// v = 0 the estimate is infinite and v times it NaN, so the least normal number stands in for 0: its root,
// 1e-19 in single precision, vanishes beside ε.
template <class V>
ALWAYS_INLINE V root_of(V v) {
    if constexpr (NEWTON_STEPS<V> > 0) {
        return square_root_by_estimate(maximum(broadcast<V>(std::numeric_limits<Element<V> >::min()), v));
    } else {
        return square_root(v);
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
// products.
struct Adam {
    static constexpr int ARRAYS = 2;
    template <class V>
    ALWAYS_INLINE static void step(V& w, V (&moments)[2], V D, const Step<Element<V> >& step) {
        move_moments(moments, D, step);
        w = moved(w, moments[0], root_of(moments[1]), step);
    }

    template <class V>
    ALWAYS_INLINE static void move_moments(V (&moments)[2], V D, const Step<Element<V> >& step) {
        moments[0] += step.one_minus_beta_1 * (D - moments[0]);
        moments[1] += step.one_minus_beta_2 * (D * D - moments[1]);
    }

    template <class V>
    ALWAYS_INLINE static V moved(V w, V first, V root, const Step<Element<V> >& step) {
        return step.shrink * w - step.learning_rate * quotient(first, root + step.epsilon);
    }
};

// The number-wise part of a step of a whole matrix: the mean of the gradients, and in place of the second
// array what it will be after the next one, should that be as this one is. The weights wait for all of it.
struct MuonMomentum {
    static constexpr int ARRAYS = 2;
    template <class V>
    ALWAYS_INLINE static void step(V&, V (&arrays)[2], V D, const Step<Element<V> >& step) {
        const V part = step.one_minus_beta_1 * D;
        arrays[0] = step.momentum * arrays[0] + part;
        arrays[1] = step.momentum * arrays[0] + part;
    }
};

template <class Rule, class T>
ALWAYS_INLINE void load_arrays(Native<T> (&arrays)[2], const T* first, const T* second, size_t i) {
    if constexpr (Rule::ARRAYS > 0) arrays[0] = load<Native<T> >(first + i);
    if constexpr (Rule::ARRAYS > 1) arrays[1] = load<Native<T> >(second + i);
}

template <class Rule, class T>
ALWAYS_INLINE void store_arrays(const Native<T> (&arrays)[2], T* first, T* second, size_t i) {
    if constexpr (Rule::ARRAYS > 0) store(first + i, arrays[0]);
    if constexpr (Rule::ARRAYS > 1) store(second + i, arrays[1]);
}

// Three short loops, not one: each is a short chain of dependent operations, so that a core executes several
// rounds at once; over the chain of the whole update it cannot look that far ahead.
template <class T>
ALWAYS_INLINE void adam_chunk(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step,
                              T* roots) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        V moments[2];
        load_arrays<Adam>(moments, first, second, i);
        Adam::move_moments(moments, gradient_at<V>(w + i, g + i, step.decay), step);
        store_arrays<Adam>(moments, first, second, i);
        store(roots + i, moments[1]);
    }
    for (size_t i = 0; i < n; i += LANES<T>) store(roots + i, root_of(load<V>(roots + i)));
    for (size_t i = 0; i < n; i += LANES<T>) {
        store(w + i, Adam::moved(load<V>(w + i), load<V>(first + i), load<V>(roots + i), step));
    }
}

// In chunks of 32 vectors, whose roots stay in the first-level cache.
template <class T>
ALWAYS_INLINE void adam_in_chunks(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step) {
    constexpr size_t CHUNK = 32 * LANES<T>;
    alignas(PANEL_BYTES) T roots[CHUNK];
    for (size_t i = 0; i < n; i += CHUNK) {
        adam_chunk(w + i, first + i, second + i, g + i, n - i < CHUNK ? n - i : CHUNK, step, roots);
    }
}

template <class Rule, class T>
void update(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step) {
    using V = Native<T>;
    if constexpr (std::is_same_v<Rule, Adam>) return adam_in_chunks(w, first, second, g, n, step);
    for (size_t i = 0; i < n; i += LANES<T>) {
        V w_now = load<V>(w + i), arrays[2] = {};
        load_arrays<Rule>(arrays, first, second, i);
        Rule::step(w_now, arrays, gradient_at<V>(w + i, g + i, step.decay), step);
        store(w + i, w_now);
        store_arrays<Rule>(arrays, first, second, i);
    }
}

// The idle steps of `VECTORS` vectors from i on, side by side, so that none waits for the latency of its own
// last step.
template <class Rule, bool DECAYS, int VECTORS, class T>
ALWAYS_INLINE double catch_up_vectors(T* w, T* first, T* second, size_t i, const IdleSteps<T>& idle) {
    using V = Native<T>;
    V weights[VECTORS], arrays[VECTORS][2] = {}, squares{};
    bool moves = DECAYS;
    for (int v = 0; v < VECTORS; ++v) {
        weights[v] = load<V>(w + i + v * LANES<T>);
        load_arrays<Rule>(arrays[v], first, second, i + v * LANES<T>);
        moves = moves || any_non_zero(arrays[v][0]);
    }
    if (!moves) {
        for (int v = 0; v < VECTORS; ++v) {
            arrays[v][1] *= idle.all_of_second;
            store_arrays<Rule>(arrays[v], first, second, i + v * LANES<T>);
        }
        return 0;
    }
    for (int k = 0; k < idle.n; ++k) {
        const Step<T>& step = idle.steps[k].step;
        const T share = static_cast<T>(idle.steps[k].share);
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; ++v) {
            if constexpr (DECAYS) squares += share * (weights[v] * weights[v]);
            Rule::step(weights[v], arrays[v], DECAYS ? step.decay * weights[v] : V{}, step);
        }
    }
    for (int v = 0; v < VECTORS; ++v) {
        arrays[v][0] *= idle.rest_of_first;
        arrays[v][1] *= idle.rest_of_second;
        store(w + i + v * LANES<T>, weights[v]);
        store_arrays<Rule>(arrays[v], first, second, i + v * LANES<T>);
    }
    return DECAYS ? horizontal_sum(squares) : 0;
}

template <class Rule, bool DECAYS, class T>
double catch_up_row(T* w, T* first, T* second, size_t n, const IdleSteps<T>& idle) {
    double penalty = 0;
    size_t i = 0;
    for (; i + 4 * LANES<T> <= n; i += 4 * LANES<T>)
        penalty += catch_up_vectors<Rule, DECAYS, 4>(w, first, second, i, idle);
    for (; i < n; i += LANES<T>) penalty += catch_up_vectors<Rule, DECAYS, 1>(w, first, second, i, idle);
    return penalty;
}

template <class Rule, class T>
double catch_up(T* w, T* first, T* second, size_t n, const IdleSteps<T>& idle) {
    const bool decays = idle.n > 0 && (idle.steps[0].step.decay != 0 || idle.steps[0].step.shrink != 1);
    return (decays ? catch_up_row<Rule, true, T> : catch_up_row<Rule, false, T>)(w, first, second, n, idle);
}

}  // namespace backpass::BACKPASS_ISA

#endif
