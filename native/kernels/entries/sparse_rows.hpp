// Rows of X that are mostly zeros: forward reads the rows of Θᵀ that a row's entries name, Δ adds only to
// those. Θᵀ is read where it lies in θ, one row of units for each input, so that nothing of a wide first
// layer is packed, copied or made dense.
//
// Both kernels hold a group of a row's panels in registers (z forward, δ backward) while its entries pass.
// The rows of Θᵀ come from anywhere in memory, so each is requested some entries before.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// How many entries, and how many rows of weights to be updated, ahead. An epoch of texts in 2^18 columns is
// predicted in 8.5 ms where 8 are requested, 6.3 with 20, 5.8 with 40 (two cores, 64 units).
constexpr int ENTRIES_AHEAD = 40, ROWS_AHEAD = 8;
// Panels that a row's numbers fill are taken 8 vectors at a time, then 4, 2 and 1.
constexpr int SPARSE_VECTORS = 8;

// All cache lines of n numbers.
template <class T>
ALWAYS_INLINE void prefetch_row(const T* from, int n) {
    for (int i = 0; i < n; i += PANEL<T>) __builtin_prefetch(from + i);
}

// Where vector v of some panels lies.
template <class T>
ALWAYS_INLINE ptrdiff_t in_panels(int v, ptrdiff_t panel) {
    return v / VECTORS_PER_PANEL<T> * panel + v % VECTORS_PER_PANEL<T> * LANES<T>;
}

template <class T, int PANELS>
ALWAYS_INLINE void prefetch_panels(const T* from, ptrdiff_t panel) {
#pragma GCC unroll 8
    for (int j = 0; j < PANELS; ++j) __builtin_prefetch(from + j * panel);
    __builtin_prefetch(from + (PANELS - 1) * panel + PANEL<T> - 1);  // of rows that begin within a line
}

// `PANELS` whole panels of z from `column` on. Few vectors have more than one sum each, since a single one
// would wait for the latency of every multiply-add.
template <class T, int PANELS>
[[gnu::noinline]] void sparse_columns(const SparseProduct<T>& p, int column) {
    using V = Native<T>;
    constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>, SUMS = VECTORS < 4 ? 4 / VECTORS : 1;
    V acc[SUMS][VECTORS] = {};
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v)
        acc[0][v] = load<V>(p.start + column / PANEL<T> * p.start_panel + in_panels<T>(v, p.start_panel));
    const T* weights = p.theta.weights + column / PANEL<T> * p.theta.panel;
    const auto add = [&](V(&sums)[VECTORS], int i) {
        const T* from = weights + p.row.columns[i] * p.theta.row;
        const V x = broadcast<V>(p.row.values[i]);
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v) sums[v] += x * load<V>(from + in_panels<T>(v, p.theta.panel));
    };
    int i = 0;
    for (; i + SUMS <= p.row.n; i += SUMS) {
#pragma GCC unroll 4
        for (int k = 0; k < SUMS; ++k) {
            if (i + k + ENTRIES_AHEAD < p.row.ahead) {
                const int32_t later = p.row.columns[i + k + ENTRIES_AHEAD];
                prefetch_panels<T, PANELS>(weights + later * p.theta.row, p.theta.panel);
            }
            add(acc[k], i + k);
        }
    }
    for (; i < p.row.n; ++i) add(acc[0], i);
    T* z = p.z + column / PANEL<T> * p.panel;
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) {
#pragma GCC unroll 4
        for (int k = 1; k < SUMS; ++k) acc[0][v] += acc[k][v];
        store(z + in_panels<T>(v, p.panel), acc[0][v]);
    }
}

// Calls run<PANELS>(panel) for whole panels [begin, end), as many at once as SPARSE_VECTORS allows.
template <int PANELS, class Run>
ALWAYS_INLINE void visit_panels(int begin, int end, Run run) {
    for (; begin + PANELS <= end; begin += PANELS) run(std::integral_constant<int, PANELS>(), begin);
    if constexpr (PANELS > 1) visit_panels<PANELS / 2>(begin, end, run);
}

// A last panel that the units do not fill: whole panels are read, into the next input's weights, but for the
// inputs whose panel would pass θ's end.
template <class T>
[[gnu::noinline]] void sparse_rest(const SparseProduct<T>& p, int column) {
    using V = Native<T>;
    constexpr int VECTORS = VECTORS_PER_PANEL<T>;
    const int width = p.theta.units - column;
    V acc[VECTORS];
    const T* start = p.start + column / PANEL<T> * p.start_panel;
    for (int v = 0; v < VECTORS; ++v) acc[v] = load<V>(start + v * LANES<T>);
    int i = 0;
    const T* weights = p.theta.weights + column / PANEL<T> * p.theta.panel;
    for (; i < p.row.n && p.row.columns[i] < p.theta.whole; ++i) {
        const T* from = weights + p.row.columns[i] * p.theta.row;
        const V x = broadcast<V>(p.row.values[i]);
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v) multiply_add(acc[v], x, load<V>(from + v * LANES<T>));
    }
    alignas(PANEL_BYTES) T z[PANEL<T>];
    for (int v = 0; v < VECTORS; ++v) store(z + v * LANES<T>, acc[v]);
    for (; i < p.row.n; ++i) {
        const T* from = weights + p.row.columns[i] * p.theta.row;
        for (int j = 0; j < width; ++j) z[j] += p.row.values[i] * from[j];
    }
    T* to = p.z + column / PANEL<T> * p.panel;
    for (int j = 0; j < PANEL<T>; ++j) to[j] = j < width ? z[j] : T(0);
}

template <class T>
void sparse_product(const SparseProduct<T>& p) {
    constexpr int P = PANEL<T>;
    const int whole = p.theta.units / P;
    visit_panels<SPARSE_VECTORS / VECTORS_PER_PANEL<T>>(
        0, whole, [&](auto panels, int panel) { sparse_columns<T, decltype(panels)::value>(p, panel * P); });
    if (whole * P < p.theta.units) sparse_rest(p, whole * P);
}

template <class T, int PANELS>
[[gnu::noinline]] void sparse_delta_panels(const SparseDelta<T>& d, int panel) {
    using V = Native<T>;
    constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>;
    V delta[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) {
        delta[v] = load<V>(d.delta + panel * d.panel + in_panels<T>(v, d.panel));
    }
    for (int i = 0; i < d.n; ++i) {
        T* to = d.sums + d.slots[i] * d.sums_row + panel * d.sums_panel;
        const V x = broadcast<V>(d.values[i]);
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v) {
            T* at = to + in_panels<T>(v, d.sums_panel);
            store(at, load<V>(at) + x * delta[v]);
        }
    }
}

template <class T>
void sparse_delta(const SparseDelta<T>& d) {
    visit_panels<SPARSE_VECTORS / VECTORS_PER_PANEL<T>>(0, d.panels, [&](auto panels, int panel) {
        sparse_delta_panels<T, decltype(panels)::value>(d, panel);
    });
}

// Of each column the sums of some panels, in registers: δ is read, and each sum written once.
template <class T, int PANELS>
[[gnu::noinline]] void column_delta_panels(const ColumnDelta<T>& d, int panel) {
    using V = Native<T>;
    constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>;
    const T* delta = d.delta + panel * d.delta_panel;
    T* sums = d.sums + panel * d.sums_panel;
    for (int c = 0; c < d.columns; ++c) {
        V acc[VECTORS] = {};
        for (int32_t i = d.starts[c]; i < d.starts[c + 1]; ++i) {
            const T* from = delta + ptrdiff_t(d.rows[i]) * PANEL<T>;
            const V x = broadcast<V>(d.values[i]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v)
                multiply_add(acc[v], x, load<V>(from + in_panels<T>(v, d.delta_panel)));
        }
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v)
            store(sums + ptrdiff_t(c) * PANEL<T> + in_panels<T>(v, d.sums_panel), acc[v]);
    }
}

// So many panels of δ at once as stay in the first-level cache while all columns pass: four of 128 rows.
template <class T>
void column_delta(const ColumnDelta<T>& d) {
    constexpr int ALL = SPARSE_VECTORS / VECTORS_PER_PANEL<T>, HALF = ALL / 2;
    constexpr int FEW_ROWS = (32 << 10) / (HALF * PANEL_BYTES);
    const auto run = [&](auto panels, int panel) {
        column_delta_panels<T, decltype(panels)::value>(d, panel);
    };
    if (d.block_rows <= FEW_ROWS) {
        visit_panels<HALF>(0, d.panels, run);
    } else {
        visit_panels<ALL>(0, d.panels, run);
    }
}

// A row's numbers in whole panels where they lie, and the rest in a panel of its own: visit(w, first, second,
// offset in the row, numbers). The rest is written back number by number.
template <class T, class Visit>
ALWAYS_INLINE void visit_row(const WeightRows<T>& rows, ptrdiff_t at, Visit visit) {
    constexpr int P = PANEL<T>;
    const int whole = rows.units / P * P, rest = rows.units - whole;
    T* arrays[3] = {rows.w + at, rows.first == nullptr ? nullptr : rows.first + at,
                    rows.second == nullptr ? nullptr : rows.second + at};
    if (whole > 0) visit(arrays[0], arrays[1], arrays[2], 0, whole);
    if (rest == 0) return;
    alignas(PANEL_BYTES) T own[3][P] = {};
    for (int k = 0; k < 3; ++k) {
        for (int j = 0; j < rest && arrays[k] != nullptr; ++j) own[k][j] = arrays[k][whole + j];
    }
    visit(own[0], own[1], own[2], whole, P);
    for (int k = 0; k < 3; ++k) {
        for (int j = 0; j < rest && arrays[k] != nullptr; ++j) arrays[k][whole + j] = own[k][j];
    }
}

template <class T>
ALWAYS_INLINE void prefetch_weights(const WeightRows<T>& rows, int i) {
    if (i >= rows.n) return;
    const ptrdiff_t at = ptrdiff_t(rows.columns[i]) * rows.units;
    prefetch_row(rows.w + at, rows.units);
    if (rows.first != nullptr) prefetch_row(rows.first + at, rows.units);
    if (rows.second != nullptr) prefetch_row(rows.second + at, rows.units);
}

// The rule on each row, with row i of `sums` for its gradient; `squares` (may be null) receives ΣΘ² of each
// row before its step.
template <class T>
void update_rows(const WeightRows<T>& rows, const T* sums, Update<T> update, const Step<T>& step,
                 double* squares) {
    constexpr int P = PANEL<T>;
    const ptrdiff_t width = ptrdiff_t(rows.units + P - 1) / P * P;
    for (int i = 0; i < rows.n; ++i) {
        prefetch_weights(rows, i + ROWS_AHEAD);
        const T* g = sums + i * width;
        double before = 0;
        visit_row(rows, ptrdiff_t(rows.columns[i]) * rows.units,
                  [&](T* w, T* first, T* second, int from, int n) {
                      if (squares != nullptr) before += sum_of_squares(w, static_cast<size_t>(n));
                      update(w, first, second, g + from, static_cast<size_t>(n), step);
                  });
        if (squares != nullptr) squares[i] = before;
    }
}

// Row i's idle steps are idle[i]; `penalties` (may be null) receives what they count in the epoch's mean.
template <class T>
void catch_up_rows(const WeightRows<T>& rows, CatchUp<T> catch_up, const IdleSteps<T>* idle,
                   double* penalties) {
    for (int i = 0; i < rows.n; ++i) {
        prefetch_weights(rows, i + ROWS_AHEAD);
        double penalty = 0;
        if (idle[i].n > 0 || idle[i].rest_of_first != 1) {
            visit_row(rows, ptrdiff_t(rows.columns[i]) * rows.units,
                      [&](T* w, T* first, T* second, int, int n) {
                          penalty += catch_up(w, first, second, static_cast<size_t>(n), idle[i]);
                      });
        }
        if (penalties != nullptr) penalties[i] = penalty;
    }
}

}  // namespace backpass::BACKPASS_ISA
