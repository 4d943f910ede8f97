// Vec<T, N>: N numbers of type T in one register, on the compiler's vector extensions.
//
// Everything here lives in the namespace of one instruction set, so that no function compiled for a
// newer processor can be linked into the code of an older one. Operators (+, *, <, ?:) are the compiler's;
// intrinsics stand only where it does not find the instruction. Memory is read by memcpy: arrays of callers
// are aligned to their numbers only, and an unaligned load costs nothing where the address is aligned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/kernels.hpp"

#define ALWAYS_INLINE [[gnu::always_inline]] inline

namespace backpass::BACKPASS_ISA {

#if defined(__AVX512F__)
constexpr int VECTOR_BYTES = 64;
#elif defined(__AVX2__)
constexpr int VECTOR_BYTES = 32;
#else
constexpr int VECTOR_BYTES = 16;
#endif

template <class T, int N>
struct VecOf {
    typedef T type __attribute__((vector_size(N * sizeof(T))));
};
template <class T, int N>
using Vec = typename VecOf<T, N>::type;

template <class T>
constexpr int LANES = VECTOR_BYTES / static_cast<int>(sizeof(T));
template <class T>
constexpr int VECTORS_PER_PANEL = PANEL_BYTES / VECTOR_BYTES;
template <class T>
using Native = Vec<T, LANES<T>>;

template <class V>
using Element = std::remove_cv_t<std::remove_reference_t<decltype(std::declval<V&>()[0])>>;
template <class V>
constexpr int LANES_OF = static_cast<int>(sizeof(V) / sizeof(Element<V>));

template <class T>
struct IntOf;
template <>
struct IntOf<float> {
    using type = int32_t;
};
template <>
struct IntOf<double> {
    using type = int64_t;
};
template <class V>
using IntVec = Vec<typename IntOf<Element<V>>::type, LANES_OF<V>>;
// Bits are added and shifted without a sign: of a NaN they may well run over.
template <class V>
using BitVec = Vec<std::make_unsigned_t<typename IntOf<Element<V>>::type>, LANES_OF<V>>;

template <class V>
ALWAYS_INLINE V load(const Element<V>* from) {
    V v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

template <class V>
ALWAYS_INLINE void store(Element<V>* to, V v) {
    __builtin_memcpy(to, &v, sizeof v);
}

template <class V, size_t... I>
ALWAYS_INLINE V broadcast_lanes(Element<V> x, std::index_sequence<I...>) {
    return V{((void)I, x)...};
}

template <class V>
ALWAYS_INLINE V broadcast(Element<V> x) {
    return broadcast_lanes<V>(x, std::make_index_sequence<LANES_OF<V>>());
}

template <class To, class From>
ALWAYS_INLINE To bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}

// A NaN in the second argument comes through, as the processor's own instruction has it. (GCC does not
// see the instruction in the comparison for vectors of 64 and 32 bytes.)
template <class V>
ALWAYS_INLINE V minimum(V a, V b) {
#if defined(__AVX512F__)
    if constexpr (sizeof(V) == 64) {
        if constexpr (sizeof(Element<V>) == 4)
            return bits<V>(_mm512_maskz_min_ps(0xFFFF, bits<__m512>(a), bits<__m512>(b)));
        if constexpr (sizeof(Element<V>) == 8)
            return bits<V>(_mm512_maskz_min_pd(0xFF, bits<__m512d>(a), bits<__m512d>(b)));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(Element<V>) == 4) return bits<V>(_mm256_min_ps(bits<__m256>(a), bits<__m256>(b)));
    if constexpr (sizeof(Element<V>) == 8) return bits<V>(_mm256_min_pd(bits<__m256d>(a), bits<__m256d>(b)));
#endif
    return a < b ? a : b;
}

template <class V>
ALWAYS_INLINE V maximum(V a, V b) {
#if defined(__AVX512F__)
    if constexpr (sizeof(V) == 64) {
        if constexpr (sizeof(Element<V>) == 4)
            return bits<V>(_mm512_maskz_max_ps(0xFFFF, bits<__m512>(a), bits<__m512>(b)));
        if constexpr (sizeof(Element<V>) == 8)
            return bits<V>(_mm512_maskz_max_pd(0xFF, bits<__m512d>(a), bits<__m512d>(b)));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(Element<V>) == 4) return bits<V>(_mm256_max_ps(bits<__m256>(a), bits<__m256>(b)));
    if constexpr (sizeof(Element<V>) == 8) return bits<V>(_mm256_max_pd(bits<__m256d>(a), bits<__m256d>(b)));
#endif
    return a > b ? a : b;
}

// Makes the compiler load the vector into a register here.
template <class V>
ALWAYS_INLINE void keep_in_register(V& v) {
#if defined(__x86_64__)
    __asm__("" : "+v"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
}

// sum += x * y, in the register that holds the sum. Written as a product and a sum, GCC moves the result from
// register to register and over the stack, which costs up to a tenth of a kernel's speed: GCC 12 spills sums
// in 3 of the 50 kernels of AVX2 and 8 of the 167 of AVX-512. The assembly is not volatile and touches no
// memory, so the compiler still schedules it freely.
template <class V>
ALWAYS_INLINE void multiply_add(V& sum, V x, V y) {
#if defined(__AVX2__)
    if constexpr (sizeof(Element<V>) == 4) {
        __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
    } else {
        __asm__("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y));
    }
#elif defined(__aarch64__)
    if constexpr (sizeof(Element<V>) == 4) {
        __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(sum) : "w"(x), "w"(y));
    } else {
        __asm__("fmla %0.2d, %1.2d, %2.2d" : "+w"(sum) : "w"(x), "w"(y));
    }
#else
    sum += x * y;
    keep_in_register(sum);
#endif
}

// Hides the value of n from the optimizer.
ALWAYS_INLINE void make_opaque(int& n) { __asm__("" : "+r"(n)); }

// And of a pointer: numbers behind it are then read by their distances, not by an address each.
template <class T>
ALWAYS_INLINE void make_opaque(const T*& p) {
    __asm__("" : "+r"(p));
}

template <class V>
ALWAYS_INLINE V sign_bit() {
    return broadcast<V>(Element<V>(-0.0));
}

template <class V>
ALWAYS_INLINE V absolute(V x) {
    return bits<V>(bits<IntVec<V>>(x) & ~bits<IntVec<V>>(sign_bit<V>()));
}

template <class V>
ALWAYS_INLINE V copy_sign(V magnitude, V sign) {
    const auto mask = bits<IntVec<V>>(sign_bit<V>());
    return bits<V>((bits<IntVec<V>>(magnitude) & ~mask) | (bits<IntVec<V>>(sign) & mask));
}

// The masked forms of AVX-512's intrinsics: GCC warns of an uninitialised value inside of the plain ones.
template <class V>
ALWAYS_INLINE V square_root(V x) {
#if defined(__AVX512F__)
    if constexpr (sizeof(V) == 64 && std::is_same_v<Element<V>, float>) {
        return bits<V>(_mm512_maskz_sqrt_ps(0xFFFF, bits<__m512>(x)));
    } else if constexpr (sizeof(V) == 64) {
        return bits<V>(_mm512_maskz_sqrt_pd(0xFF, bits<__m512d>(x)));
    }
#elif defined(__AVX2__)
    if constexpr (std::is_same_v<Element<V>, float>) {
        return bits<V>(_mm256_sqrt_ps(bits<__m256>(x)));
    } else {
        return bits<V>(_mm256_sqrt_pd(bits<__m256d>(x)));
    }
#else
    V root{};
    for (int i = 0; i < LANES_OF<V>; ++i) {
        if constexpr (std::is_same_v<Element<V>, float>) {
            root[i] = __builtin_sqrtf(x[i]);
        } else {
            root[i] = __builtin_sqrt(x[i]);
        }
    }
    return root;
#endif
}

// Whether the processor has estimates of 1/x and 1/√x for this type, and how many Newton steps take
// them to full precision: 12 or 14 bits, doubled by each.
template <class V>
constexpr int NEWTON_STEPS =
#if defined(__AVX512F__)
    sizeof(Element<V>) == 4 ? 1 : 2;
#elif defined(__AVX2__)
    sizeof(Element<V>) == 4 ? 1 : 0;
#else
    0;
#endif

template <class V>
ALWAYS_INLINE V inverse_square_root_estimate(V x) {
#if defined(__AVX512F__)
    if constexpr (sizeof(Element<V>) == 4) {
        return bits<V>(_mm512_maskz_rsqrt14_ps(0xFFFF, bits<__m512>(x)));
    } else {
        return bits<V>(_mm512_maskz_rsqrt14_pd(0xFF, bits<__m512d>(x)));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(Element<V>) == 4) return bits<V>(_mm256_rsqrt_ps(bits<__m256>(x)));
#endif
    return Element<V>(1) / square_root(x);
}

template <class V>
ALWAYS_INLINE V reciprocal_estimate(V x) {
#if defined(__AVX512F__)
    if constexpr (sizeof(Element<V>) == 4) {
        return bits<V>(_mm512_maskz_rcp14_ps(0xFFFF, bits<__m512>(x)));
    } else {
        return bits<V>(_mm512_maskz_rcp14_pd(0xFF, bits<__m512d>(x)));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(Element<V>) == 4) return bits<V>(_mm256_rcp_ps(bits<__m256>(x)));
#endif
    return Element<V>(1) / x;
}

// √x from the estimate y of 1/√x: both root = x y and y are corrected by the error (1 - root * y) / 2,
// which needs no division and no constant beyond ½ (Goldschmidt's form of Newton's step).
template <class V>
ALWAYS_INLINE V square_root_by_estimate(V x) {
    V y = inverse_square_root_estimate(x), root = x * y;
#pragma GCC unroll 2
    for (int i = 0; i < NEWTON_STEPS<V>; ++i) {
        const V half_error = Element<V>(0.5) - Element<V>(0.5) * root * y;
        y += y * half_error;
        root += root * half_error;
    }
    return root;
}

// 1/x: y (2 - x y) squares the relative error of y.
template <class V>
ALWAYS_INLINE V reciprocal(V x) {
    V y = reciprocal_estimate(x);
#pragma GCC unroll 2
    for (int i = 0; i < NEWTON_STEPS<V>; ++i) y = y * (Element<V>(2) - x * y);
    return y;
}

template <class V>
ALWAYS_INLINE bool any_non_zero(V v) {
    const auto is = v != V{};
    Element<IntVec<V>> any = 0;
    for (int i = 0; i < LANES_OF<V>; ++i) any |= is[i];
    return any != 0;
}

// By halves: the order of the sum is fixed by the number of lanes.
template <class V>
ALWAYS_INLINE Element<V> horizontal_sum(V v) {
    Element<V> lanes[LANES_OF<V>];
    store(lanes, v);
    for (int width = LANES_OF<V> / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    }
    return lanes[0];
}

// ΣΘ² for the penalty in J; n is a multiple of the lanes.
template <class T>
double sum_of_squares(const T* w, size_t n) {
    using V = Native<T>;
    V sum{};
    for (size_t i = 0; i < n; i += LANES<T>) {
        const V x = load<V>(w + i);
        sum += x * x;
    }
    return horizontal_sum(sum);
}

}  // namespace backpass::BACKPASS_ISA
