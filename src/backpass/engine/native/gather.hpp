// Rows of X into panels, each row asked for from memory before it is needed.
#pragma once

#include "vec.hpp"

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

// Asks for the next lines of the rows that the next batch will gather.
template <class T>
ALWAYS_INLINE void look_ahead(RowsAhead<T>* ahead) {
    if (ahead == nullptr) return;
    for (int i = 0; i < ahead->lines_at_once && ahead->row < ahead->end; ++i) {
        __builtin_prefetch(row_of(ahead->rows, ahead->row) + ahead->line * PANEL<T>, 0, 2);
        if (++ahead->line * PANEL<T> >= ahead->rows.inputs) {
            ahead->line = 0;
            ++ahead->row;
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
