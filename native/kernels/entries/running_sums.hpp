// The running sums over a code's rows of Θᵀ, forward, and over the Δ of those sums, back (table_layer.hpp).
// One vector of units at a time keeps its sum in a register while all rows pass.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// sums[k] = rows[0] + … + rows[k - 1] for k from 0 to n - 1; width a multiple of the lanes.
template <class T>
void sums_from_below(const T* rows, T* sums, int n, ptrdiff_t width) {
    using V = Native<T>;
    for (ptrdiff_t j = 0; j < width; j += LANES<T>) {
        V sum{};
        for (int k = 0; k < n; ++k) {
            store(sums + k * width + j, sum);
            sum += load<V>(rows + k * width + j);
        }
    }
}

// D[k] += above[k + 1] + … + above[n - 1], from the last row down; `above` becomes zero.
template <class T>
void add_sums_from_above(T* D, T* above, int n, ptrdiff_t width) {
    using V = Native<T>;
    for (ptrdiff_t j = 0; j < width; j += LANES<T>) {
        V sum{};
        for (int k = n - 1; k >= 0; --k) {
            T *to = D + k * width + j, *from = above + k * width + j;
            store(to, load<V>(to) + sum);
            sum += load<V>(from);
            store(from, V{});
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
