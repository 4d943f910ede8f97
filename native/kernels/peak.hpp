// Independent multiply-adds in registers: the most that this processor can do with these vectors. 12 chains,
// since a multiply-add has a latency of 4 to 5 cycles on 2 ports, so that 8 to 10 must be under way.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

constexpr int PEAK_CHAINS = 12;

// Runs `rounds` rounds and returns how many floating-point operations they were.
template <class T>
[[gnu::noinline]] double multiply_adds(long rounds, T* result) {
    using V = Native<T>;
    V acc[PEAK_CHAINS];
    const V x = broadcast<V>(result[0]), y = broadcast<V>(result[1]);
#pragma GCC unroll 12
    for (int i = 0; i < PEAK_CHAINS; ++i) acc[i] = x * T(i + 1);  // alike, they would be merged
    for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; ++i) acc[i] = acc[i] * x + y;
    }
    V sum{};
#pragma GCC unroll 12
    for (int i = 0; i < PEAK_CHAINS; ++i) sum += acc[i];
    result[0] = horizontal_sum(sum);
    return 2.0 * static_cast<double>(rounds) * PEAK_CHAINS * LANES<T>;
}

}  // namespace backpass::BACKPASS_ISA
