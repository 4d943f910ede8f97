// Δ = Σ δ aᵀ by tiles of P inputs by one or two panels of outputs, summed over all rows in registers
// and handed to the update rule at once: a mini-batch's gradient never goes to memory.
#pragma once

#include "gather.hpp"
#include "product.hpp"
#include "transpose.hpp"

namespace backpass::BACKPASS_ISA {

// Inputs of a tile by function: as many as the registers hold, and a divisor of the panel.
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
};

template <class T>
struct DeltaSums {
    const T* a;
    const T* delta;
    ptrdiff_t delta_panel;
    int rows;
    T* tile;  // [panel][P][P]
    LookAhead<T> ahead;
};

template <class T, int INPUTS, int PANELS>
[[gnu::noinline]] void delta_sums(DeltaSums<T>& task, int first_input) {
    constexpr int P = PANEL<T>;
    Tile<T, INPUTS, PANELS> tile;
    tile.clear();
    tile.template add<1>(task.a + first_input, P, task.delta, P, task.delta_panel, task.rows, task.ahead);
    tile.write(task.tile + first_input * P, P * P);
}

// P inputs in groups whose sizes differ by at most one: 16 = 6 + 5 + 5.
template <class T, int PANELS, int FIRST = 0>
ALWAYS_INLINE void delta_square(DeltaSums<T>& task) {
    constexpr int P = PANEL<T>, MOST = DeltaShape::inputs * TileShape::panels / PANELS;
    constexpr int LEFT = P - FIRST, GROUPS = (LEFT + MOST - 1) / MOST;
    if constexpr (LEFT > 0) {
        constexpr int INPUTS = (LEFT + GROUPS - 1) / GROUPS;
        delta_sums<T, INPUTS, PANELS>(task, FIRST);
        delta_square<T, PANELS, FIRST + INPUTS>(task);
    }
}

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

template <class T>
void give_to_rule(const DeltaTiles<T>& d, const T* tile, int input_panel, int output_panel) {
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

template <class T, int PANELS>
void delta_panels(const DeltaTiles<T>& d, int input_panel, int output_panel) {
    constexpr int P = PANEL<T>;
    alignas(PANEL_BYTES) T tile[PANELS * P * P];
    DeltaSums<T> task{d.a + input_panel * d.a_panel,
                      d.delta + output_panel * d.delta_panel,
                      d.delta_panel,
                      d.rows,
                      tile,
                      look_at_rows(d.ahead, d.rows)};
    delta_square<T, PANELS>(task);
    for (int j = 0; j < PANELS; ++j) give_to_rule(d, tile + j * P * P, input_panel, output_panel + j);
}

// δ's panels that stay in the cache while the inputs pass by.
constexpr int OUTPUT_PANELS_AT_ONCE = 8;

template <class T>
void delta_tiles(const DeltaTiles<T>& d) {
    if (d.squares != nullptr) {
        for (int i = d.begin; i < d.end; ++i) d.squares[i] = 0;
    }
    for (int j0 = 0; j0 < d.output_panels; j0 += OUTPUT_PANELS_AT_ONCE) {
        const int left = d.output_panels - j0;
        const int j1 = j0 + (left < OUTPUT_PANELS_AT_ONCE ? left : OUTPUT_PANELS_AT_ONCE);
        for (int i = d.begin; i < d.end; ++i) {
            int j = j0;
            for (; j + TileShape::panels <= j1; j += TileShape::panels) {
                delta_panels<T, TileShape::panels>(d, i, j);
            }
            if constexpr (TileShape::panels > 1) {
                for (; j < j1; ++j) delta_panels<T, 1>(d, i, j);
            }
        }
    }
}

// Σ δ over the rows of one panel, in the rows' order.
template <class T>
void column_sums(const T* panel, int rows, T* sums) {
    Tile<T, 1, 1> tile;
    tile.clear();
    const T one = 1;
    tile.template add<0>(&one, 0, panel, PANEL<T>, 0, rows);
    tile.write(sums, 0);
}

}  // namespace backpass::BACKPASS_ISA
