// Rows of X into panels, each row asked for from memory before it is needed.
#pragma once

#include "kernels/prefetch.hpp"

namespace backpass::BACKPASS_ISA {

constexpr int ROWS_AHEAD = 4;

template <class T>
ALWAYS_INLINE const T* row_of(const RowsOfX<T>& x, int r) {
    return x.x + (x.order == nullptr ? x.first + r : x.order[x.first + r]) * x.stride;
}

template <class T>
ALWAYS_INLINE void copy_panel(const T* from, T* to) {
    using V = Native<T>;
#pragma GCC unroll 4
    for (int i = 0; i < PANEL<T>; i += LANES<T>) store(to + i, load<V>(from + i));
}

template <class T>
void gather_rows(const RowsOfX<T>& x, int begin, int end, T* to, ptrdiff_t panel) {
    constexpr int P = PANEL<T>;
    const int whole = x.inputs / P, rest = x.inputs % P;
    for (int r = begin; r < end; ++r) {
        const T* from = row_of(x, r);
        const T* ahead = row_of(x, r + ROWS_AHEAD < end ? r + ROWS_AHEAD : r);
        T* row = to + static_cast<ptrdiff_t>(r) * P;
        for (int k = 0; k < whole; ++k) {
            __builtin_prefetch(ahead + k * P);
            copy_panel(from + k * P, row + k * panel);
        }
        for (int k = 0; k < rest; ++k) row[whole * panel + k] = from[whole * P + k];
    }
}

// The next lines of the rows that the next batch will gather: one row's at most, over `steps` steps.
template <class T>
ALWAYS_INLINE LookAhead<T> look_at_rows(RowsAhead<T>* ahead, int steps) {
    if (ahead == nullptr || ahead->row >= ahead->end) return {};
    const int in_row = (ahead->rows.inputs + PANEL<T> - 1) / PANEL<T>, left = in_row - ahead->line;
    const int lines = ahead->lines_at_once < left ? ahead->lines_at_once : left;
    const T* next = row_of(ahead->rows, ahead->row) + ahead->line * PANEL<T>;
    ahead->line += lines;
    if (ahead->line == in_row) {
        ahead->line = 0;
        ++ahead->row;
    }
    const int looks = steps < STEPS ? 1 : steps / STEPS;
    return {next, PANEL<T>, (lines + looks - 1) / looks, lines};
}

}  // namespace backpass::BACKPASS_ISA
