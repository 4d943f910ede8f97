// Activations over contiguous numbers, g beside g': the epilogues of a product, run on its panels while
// they are in the cache. n is always a multiple of P.
//
// `g_prime` is a function of what the forward pass kept: a where g' follows from it, z where it does not
// (`from_z`). In the first case nothing is stored beside a, unless dropout's mask changes a.
#if defined(BACKPASS_LISTS)  // kernels/functions.hpp asks for the list alone

// name, struct
#define BACKPASS_ACTIVATIONS(X) \
    X(identity, Identity)       \
    X(logistic, Logistic)       \
    X(tanh, Tanh)               \
    X(relu, Relu)               \
    X(leaky_relu, LeakyRelu)    \
    X(gelu, Gelu)               \
    X(silu, Silu)               \
    X(softplus, Softplus)

#elif !defined(BACKPASS_ACTIVATIONS_HPP)
#define BACKPASS_ACTIVATIONS_HPP

#include "kernels/math.hpp"

namespace backpass::BACKPASS_ISA {

struct Identity {
    static constexpr bool from_z = false;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return z;
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V) {
        return broadcast<V>(Element<V>(1));
    }
};

struct Logistic {
    static constexpr bool from_z = false;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return sigmoid(z);
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V a) {
        return a * (Element<V>(1) - a);
    }
};

struct Tanh {
    static constexpr bool from_z = false;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return tanh(z);
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V a) {
        return Element<V>(1) - a * a;
    }
};

// A NaN in z comes through: `maximum` returns its second argument where the comparison fails.
struct Relu {
    static constexpr bool from_z = false;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return maximum(V{}, z);
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V a) {
        return a > V{} ? broadcast<V>(Element<V>(1)) : V{};
    }
};

// The slope below 0 is the reference's 0.01; g' has a's sign, which is z's.
struct LeakyRelu {
    static constexpr bool from_z = false;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return z > V{} ? z : Element<V>(0.01) * z;
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V a) {
        return a > V{} ? broadcast<V>(Element<V>(1)) : broadcast<V>(Element<V>(0.01));
    }
};

// z Φ(z) by tanh, z/2 (1 + tanh u), written with 1 + tanh u = 2 sigmoid(2u), u = √(2/π) (z + 0.044715 z³).
struct Gelu {
    static constexpr bool from_z = true;
    static constexpr double scale = 0.7978845608028654, cubic = 0.044715;
    template <class V>
    ALWAYS_INLINE static V inner(V z) {
        return Element<V>(2 * scale) * (z + Element<V>(cubic) * z * z * z);
    }
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return z * sigmoid(inner(z));
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V z) {
        const V s = sigmoid(inner(z)), one = broadcast<V>(Element<V>(1));
        const V inner_prime = Element<V>(2 * scale) * (one + Element<V>(3 * cubic) * z * z);
        return s + z * (s * (one - s)) * inner_prime;
    }
};

struct Silu {
    static constexpr bool from_z = true;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return z * sigmoid(z);
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V z) {
        const V s = sigmoid(z);
        return s + z * (s * (Element<V>(1) - s));
    }
};

// log(1 + e^z) = max(0, z) + log(1 + e^-|z|): no overflow, and exact to the last digits for z far below 0.
struct Softplus {
    static constexpr bool from_z = true;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return maximum(V{}, z) + log_plus_one(exp(-absolute(z)));
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V z) {
        return sigmoid(z);
    }
};

// A user's: z is kept, in whose place the engine puts g'(z) for the way back.
struct Own {
    static constexpr bool from_z = true;
    template <class V>
    ALWAYS_INLINE static V g(V z) {
        return z;
    }
    template <class V>
    ALWAYS_INLINE static V g_prime(V slope) {
        return slope;
    }
};

template <class G, class T>
void forward_plain(T* c, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(c + i, G::g(load<V>(c + i)));
}

template <class G, class T>
void forward_keeping(T* c, T* keep, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V z = load<V>(c + i), a = G::g(z);
        store(c + i, a);
        store(keep + i, G::from_z ? z : a);
    }
}

// Dropout: c *= mask.
template <class T>
void multiply(T* c, const T* mask, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(c + i, load<V>(c + i) * load<V>(mask + i));
}

template <class G, class T>
void forward_epilogue(T* c, T* keep, const T* mask, size_t n) {
    if (keep != nullptr) {
        forward_keeping<G>(c, keep, n);
    } else {
        forward_plain<G>(c, n);
    }
    if (mask != nullptr) multiply(c, mask, n);
}

// δ = (Θᵀδ') * g', with the mask once more: what dropout removed has no gradient.
template <class G, class T>
void backward_epilogue(T* c, const T* keep, const T* mask, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) {
        store(c + i, load<V>(c + i) * G::g_prime(load<V>(keep + i)));
    }
    if (mask != nullptr) multiply(c, mask, n);
}

}  // namespace backpass::BACKPASS_ISA

#endif
