// Δ = Σ δ aᵀ by tiles of P inputs by one or two panels of outputs, summed over all rows in registers
// and passed to the update rule at once: a mini-batch's gradient is never stored as a whole. The rule so
// reads and writes each weight once while the tile is in cache, and threads that own different tiles need
// no sum over threads: a step has two barriers, after the rows and after the tiles.
#pragma once

#include "kernels/gather.hpp"
#include "kernels/tile.hpp"
#include "kernels/transpose.hpp"

namespace backpass::BACKPASS_ISA {

// How many inputs a register tile may have, and how many panels of them are cut into tiles together: so
// many that no tile is too low to keep the multiply-add units busy. A panel of 8 doubles on AVX2 would be
// 4 + 4 of 6 rows; two panels are 6 + 5 + 5.
struct DeltaShape {
#if defined(__AVX512F__)
    static constexpr int inputs = 8;
#elif defined(__AVX2__)
    static constexpr int inputs = 6;
#elif defined(__aarch64__)
    static constexpr int inputs = 4;
#else
    static constexpr int inputs = 2;
#endif
    template <class T>
    static constexpr int input_panels = PANEL<T> % inputs == 0 || PANEL<T> > 2 * inputs ? 1 : 2;
};

// The rows of a and δ, both in panels [row][P], and the tile that is written, outside of registers.
template <class T>
struct DeltaSums {
    const T* a;
    ptrdiff_t a_panel;
    const T* delta;
    ptrdiff_t delta_panel;
    int rows;
    T* tile;  // [output panel][input][P]
    Prefetch<T> prefetch;
};

// Inputs from FIRST on, which may stand in two panels.
template <class T, int FIRST>
struct FromInput {
    ptrdiff_t a_panel;
    ALWAYS_INLINE ptrdiff_t operator()(int i) const {
        return (FIRST + i) / PANEL<T> * a_panel + (FIRST + i) % PANEL<T>;
    }
};

template <class T, int FIRST, int INPUTS, int ALL, int PANELS>
[[gnu::noinline]] void delta_sums(DeltaSums<T>& task) {
    constexpr int P = PANEL<T>;
    Tile<T, INPUTS, PANELS> tile;
    tile.clear();
    tile.add(FromInput<T, FIRST>{task.a_panel}, task.a, P, task.delta, P, task.delta_panel, task.rows,
             task.prefetch);
    tile.write(task.tile + FIRST * P, ALL * P);
}

// ALL inputs in groups whose sizes differ by at most one: 16 = 6 + 5 + 5. Where a tile has one panel of
// outputs, not two, it may have twice as many inputs.
template <class T, int ALL, int PANELS, int FIRST = 0>
ALWAYS_INLINE void delta_square(DeltaSums<T>& task) {
    constexpr int MAX = DeltaShape::inputs * TileShape::panels / PANELS;
    constexpr int LEFT = ALL - FIRST, GROUPS = (LEFT + MAX - 1) / MAX;
    if constexpr (LEFT > 0) {
        constexpr int INPUTS = (LEFT + GROUPS - 1) / GROUPS;
        delta_sums<T, FIRST, INPUTS, ALL, PANELS>(task);
        delta_square<T, ALL, PANELS, FIRST + INPUTS>(task);
    }
}

// One square of P x P weights: the penalty of the old ones, the rule, and the new ones transposed for the
// next way back. Rows beyond the last input hold no weights and are left out.
template <class T>
void apply_update(const DeltaTiles<T>& d, const T* tile, int input_panel, int output_panel) {
    constexpr int P = PANEL<T>;
    const int left = d.inputs - input_panel * P;
    const size_t n = static_cast<size_t>(left < P ? left : P) * P;
    const ptrdiff_t at = output_panel * d.w_panel + static_cast<ptrdiff_t>(input_panel) * P * P;
    T* first = d.first == nullptr ? nullptr : d.first + at;
    T* second = d.second == nullptr ? nullptr : d.second + at;
    if (d.squares != nullptr) d.squares[input_panel] += sum_of_squares(d.w + at, n);
    d.update(d.w + at, first, second, tile, n, d.step);
    if (d.transposed != nullptr) {
        T* to =
            d.transposed + input_panel * d.transposed_panel + static_cast<ptrdiff_t>(output_panel) * P * P;
        transpose_square(d.w + at, P, to, P);
    }
}

// The numbers that the rule will read and write after the tile's sums: requested before them, they arrive
// meanwhile.
template <class T>
void prefetch_weights(const DeltaTiles<T>& d, ptrdiff_t at, int n) {
    for (int i = 0; i < n; i += PANEL<T>) {
        __builtin_prefetch(d.w + at + i, 1, 3);
        if (d.first != nullptr) __builtin_prefetch(d.first + at + i, 1, 3);
        if (d.second != nullptr) __builtin_prefetch(d.second + at + i, 1, 3);
    }
}

template <class T>
ALWAYS_INLINE void add_to_tile(T* tile, const T* more, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(tile + i, load<V>(tile + i) + load<V>(more + i));
}

template <class T, int INPUT_PANELS, int PANELS>
void delta_panels(const DeltaTiles<T>& d, int input_panel, int output_panel) {
    constexpr int P = PANEL<T>;
    alignas(PANEL_BYTES) T tile[PANELS * INPUT_PANELS * P * P];
    DeltaSums<T> task{d.a + input_panel * d.a_panel,
                      d.a_panel,
                      d.delta + output_panel * d.delta_panel,
                      d.delta_panel,
                      d.rows,
                      tile,
                      prefetch_rows(d.prefetch, d.rows)};
    for (int j = 0; d.far && j < PANELS; ++j) {
        prefetch_weights(d, (output_panel + j) * d.w_panel + ptrdiff_t(input_panel) * P * P,
                         INPUT_PANELS * P * P);
    }
    delta_square<T, INPUT_PANELS * P, PANELS>(task);
    for (int j = 0; j < PANELS; ++j) {
        for (int i = 0; i < INPUT_PANELS; ++i) {
            T* square = tile + (j * INPUT_PANELS + i) * P * P;
            if (d.more != nullptr) {
                const ptrdiff_t at = (output_panel + j) * d.w_panel + ptrdiff_t(input_panel + i) * P * P;
                add_to_tile(square, d.more + at, P * P);
            }
            apply_update(d, square, input_panel + i, output_panel + j);
        }
    }
}

template <class T, int INPUT_PANELS>
void delta_strip(const DeltaTiles<T>& d, int input_panel, int begin, int end) {
    int j = begin;
    for (; j + TileShape::panels <= end; j += TileShape::panels) {
        delta_panels<T, INPUT_PANELS, TileShape::panels>(d, input_panel, j);
    }
    if constexpr (TileShape::panels > 1) {
        for (; j < end; ++j) delta_panels<T, INPUT_PANELS, 1>(d, input_panel, j);
    }
}

// δ's panels that stay in the second-level cache while all inputs pass: 8 panels of 64 bytes a row are 128
// KiB for 256 rows.
constexpr int OUTPUT_PANELS_AT_ONCE = 8;

template <class T>
void delta_tiles(const DeltaTiles<T>& d) {
    constexpr int TOGETHER = DeltaShape::input_panels<T>;
    if (d.squares != nullptr) {
        for (int i = d.begin; i < d.end; ++i) d.squares[i] = 0;
    }
    for (int j0 = 0; j0 < d.output_panels; j0 += OUTPUT_PANELS_AT_ONCE) {
        const int left = d.output_panels - j0;
        const int j1 = j0 + (left < OUTPUT_PANELS_AT_ONCE ? left : OUTPUT_PANELS_AT_ONCE);
        int i = d.begin;
        for (; i + TOGETHER <= d.end; i += TOGETHER) delta_strip<T, TOGETHER>(d, i, j0, j1);
        for (; i < d.end; ++i) delta_strip<T, 1>(d, i, j0, j1);
    }
}

// Σ δ over the rows of one panel, in the rows' order: a tile of one row whose A is 1 at every step.
template <class T>
void column_sums(const T* panel, int rows, T* sums) {
    Tile<T, 1, 1> tile;
    tile.clear();
    const T one = 1;
    tile.add(Strided<0>(), &one, 0, panel, PANEL<T>, 0, rows);
    tile.write(sums, 0);
}

}  // namespace backpass::BACKPASS_ISA
