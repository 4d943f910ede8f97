// Cache lines prefetched while a tile computes: a few at a time, since a core has a fixed number of
// outstanding misses, and a prefetch beyond it stalls the tile's own loads.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// Steps of a tile's loop that are unrolled; each group of them issues one prefetch.
constexpr int UNROLL = 4;

// `lines` cache lines are requested by each `issue`, while any of `left` remain.
template <class T>
struct Prefetch {
    const T* next = nullptr;
    ptrdiff_t step = 0;
    int lines = 0, left = 0;

    ALWAYS_INLINE void issue() {
        for (int i = 0; i < lines && left > 0; ++i, --left) {
            __builtin_prefetch(next, 0, 3);
            next += step;
        }
    }
};

}  // namespace backpass::BACKPASS_ISA
