// Rows of X (m, inputs), row-major, copied into panels [input / P][row][P]. An order of rows drawn at random
// defeats the processor's own prefetching, so each row's lines are requested four rows before. Columns
// beyond the last input are not written: nothing reads them.
#pragma once

#include "kernels/prefetch.hpp"

namespace backpass::BACKPASS_ISA {

constexpr int PREFETCH_ROWS = 4;

template <class T>
ALWAYS_INLINE const T* row_of(const RowsOfX<T>& x, int r) {
    return x.x + (x.order == nullptr ? x.first + r : x.order[x.first + r]) * x.stride;
}

// One cache line; memcpy of a known length, written out as vectors.
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
        const T* later = row_of(x, r + PREFETCH_ROWS < end ? r + PREFETCH_ROWS : r);
        T* row = to + static_cast<ptrdiff_t>(r) * P;
        for (int k = 0; k < whole; ++k) {
            __builtin_prefetch(later + k * P);
            copy_panel(from + k * P, row + k * panel);
        }
        for (int k = 0; k < rest; ++k) row[whole * panel + k] = from[whole * P + k];
    }
}

// The next lines of the rows that the next batch will gather: of one row at most, over `steps` steps.
template <class T>
ALWAYS_INLINE Prefetch<T> prefetch_rows(RowPrefetch<T>* prefetch, int steps) {
    if (prefetch == nullptr || prefetch->row >= prefetch->end) return {};
    const int in_row = (prefetch->rows.inputs + PANEL<T> - 1) / PANEL<T>, left = in_row - prefetch->line;
    const int lines = prefetch->lines_per_tile < left ? prefetch->lines_per_tile : left;
    const T* next = row_of(prefetch->rows, prefetch->row) + prefetch->line * PANEL<T>;
    prefetch->line += lines;
    if (prefetch->line == in_row) {
        prefetch->line = 0;
        ++prefetch->row;
    }
    const int rounds = steps < UNROLL ? 1 : steps / UNROLL;
    return {next, PANEL<T>, (lines + rounds - 1) / rounds, lines};
}

}  // namespace backpass::BACKPASS_ISA
