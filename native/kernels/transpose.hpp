// Transposes of squares in registers: log2(N) rounds, each of which interleaves vector i with vector i + N/2.
// Each round moves one bit of a number's row into its lane, so that after all rounds rows and lanes have
// changed places. No number goes through memory between the loads and the stores.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

template <int N, int I>
constexpr int INTERLEAVED = (I % 2) * N + I / 2;

template <class V, int First, size_t... I>
ALWAYS_INLINE V interleave_from(V a, V b, std::index_sequence<I...>) {
    constexpr int N = LANES_OF<V>;
    return __builtin_shufflevector(a, b, INTERLEAVED<N, First + static_cast<int>(I)>...);
}

template <class V>
ALWAYS_INLINE V interleave_low(V a, V b) {
    return interleave_from<V, 0>(a, b, std::make_index_sequence<LANES_OF<V>>());
}

template <class V>
ALWAYS_INLINE V interleave_high(V a, V b) {
    return interleave_from<V, LANES_OF<V>>(a, b, std::make_index_sequence<LANES_OF<V>>());
}

template <class V>
ALWAYS_INLINE void transpose_registers(V (&rows)[LANES_OF<V>]) {
    constexpr int N = LANES_OF<V>;
#pragma GCC unroll 4
    for (int round = 1; round < N; round *= 2) {
        V next[N];
#pragma GCC unroll 16
        for (int i = 0; i < N / 2; ++i) {
            next[2 * i] = interleave_low(rows[i], rows[i + N / 2]);
            next[2 * i + 1] = interleave_high(rows[i], rows[i + N / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < N; ++i) rows[i] = next[i];
    }
}

// P x P numbers, in squares of N = LANES: `from` and `to` may have any stride, and do not overlap. One
// function that is called, not inlined: its code is long, and its callers need the registers.
template <class T>
[[gnu::noinline]] void transpose_square(const T* from, ptrdiff_t from_stride, T* to, ptrdiff_t to_stride) {
    using V = Native<T>;
    constexpr int N = LANES<T>, P = PANEL<T>;
    for (int i = 0; i < P; i += N) {
        for (int j = 0; j < P; j += N) {
            V rows[N];
#pragma GCC unroll 16
            for (int k = 0; k < N; ++k) rows[k] = load<V>(from + (i + k) * from_stride + j);
            transpose_registers(rows);
#pragma GCC unroll 16
            for (int k = 0; k < N; ++k) store(to + (j + k) * to_stride + i, rows[k]);
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
