// The first layer over cells that lie column by column: z = bias + Σ value · row of Θᵀ, the same sums in the
// same order as sparse_rows.hpp has them for each row. Some rows pass together, so that what is known of a
// column is read once for all of them, and no row waits for its own sums.
#pragma once

#include "kernels/entries/sparse_rows.hpp"

namespace backpass::BACKPASS_ISA {

// Sums that are in registers together.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int CELL_SUMS = 16;
#else
constexpr int CELL_SUMS = 8;
#endif

template <class T, int PANELS>
struct CellTile {
    using V = Native<T>;
    static constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>, SUMS = VECTORS < 4 ? 4 / VECTORS : 1;
    static constexpr int ROWS = CELL_SUMS / (VECTORS * SUMS) > 0 ? CELL_SUMS / (VECTORS * SUMS) : 1;

    // A row of Θᵀ that all cells meet is read once.
    template <int N>
    ALWAYS_INLINE static void add(V (&sums)[N][SUMS][VECTORS], int which, const CellColumn<T>& c, int row,
                                  ptrdiff_t column) {
        const T* weights = c.weights + column;
        if (c.places == nullptr) {
            V w[VECTORS];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) w[v] = load<V>(weights + v * LANES<T>);
#pragma GCC unroll 16
            for (int r = 0; r < N; ++r) {
                const V x = broadcast<V>(c.values[row + r]);
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; ++v) sums[r][which][v] += x * w[v];
            }
        } else {
#pragma GCC unroll 16
            for (int r = 0; r < N; ++r) {
                const T* from = weights + c.places[row + r] * c.row;
                const V x = broadcast<V>(c.values[row + r]);
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; ++v) sums[r][which][v] += x * load<V>(from + v * LANES<T>);
            }
        }
    }

    // Whole panels of z from `column` on, of N rows.
    template <int N>
    [[gnu::noinline]] static void run(const CellProduct<T>& p, int row, ptrdiff_t column) {
        V acc[N][SUMS][VECTORS] = {};
#pragma GCC unroll 8
        for (int r = 0; r < N; ++r) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) acc[r][0][v] = load<V>(p.bias + column + v * LANES<T>);
        }
        int i = 0;
        for (; i + SUMS <= p.n; i += SUMS) {
#pragma GCC unroll 8
            for (int k = 0; k < SUMS; ++k) add<N>(acc, k, p.columns[i + k], row, column);
        }
        for (; i < p.n; ++i) add<N>(acc, 0, p.columns[i], row, column);
        T* z = p.z.first + column / PANEL<T> * p.z.panel + row * p.z.row;
#pragma GCC unroll 8
        for (int r = 0; r < N; ++r) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) {
#pragma GCC unroll 8
                for (int k = 1; k < SUMS; ++k) acc[r][0][v] += acc[r][k][v];
                store(z + r * p.z.row + in_panels<T>(v, p.z.panel), acc[r][0][v]);
            }
        }
    }
};

template <class T>
void cell_product(const CellProduct<T>& p) {
    visit_panels<SPARSE_VECTORS / VECTORS_PER_PANEL<T>>(0, p.panels, [&](auto panels, int panel) {
        using Tile = CellTile<T, decltype(panels)::value>;
        const ptrdiff_t column = ptrdiff_t(panel) * PANEL<T>;
        int r = 0;
        for (; r + Tile::ROWS <= p.rows; r += Tile::ROWS) Tile::template run<Tile::ROWS>(p, r, column);
        for (; r < p.rows; ++r) Tile::template run<1>(p, r, column);
    });
}

}  // namespace backpass::BACKPASS_ISA
