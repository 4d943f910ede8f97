// Lines asked for from memory while a tile computes: a few at a time, since only so many may be under
// way, and one too many keeps the processor waiting.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// Steps between two looks ahead.
constexpr int STEPS = 4;

// Lines that will be wanted soon: so many are asked for at every look, while any are left.
template <class T>
struct LookAhead {
    const T* next = nullptr;
    ptrdiff_t step = 0;
    int lines = 0, left = 0;

    ALWAYS_INLINE void look() {
        for (int i = 0; i < lines && left > 0; ++i, --left) {
            __builtin_prefetch(next, 0, 3);
            next += step;
        }
    }
};

}  // namespace backpass::BACKPASS_ISA
