// One layer and one unit: z = bias + xΘᵀ and Δ = Σ δ x, P rows of X at a time, where they lie. They are in
// the first-level cache on the way back, so that X comes from memory once. Columns are taken P at a time; the
// last ones stand in a panel of their own that ends where the row does, and that the panel before overlaps.
#pragma once

#include "kernels/transpose.hpp"
#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// Sums that are in registers together.
constexpr int REGISTER_SUMS = 8;

// Each row's numbers of one panel of columns times the weights.
template <class T, int ROWS>
ALWAYS_INLINE void dot_panel(Native<T> (&sums)[ROWS][VECTORS_PER_PANEL<T>], const T* x, ptrdiff_t row,
                             const T* weights) {
    using V = Native<T>;
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS_PER_PANEL<T>; ++v) {
        const V w = load<V>(weights + v * LANES<T>);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; ++r) multiply_add(sums[r][v], load<V>(x + r * row + v * LANES<T>), w);
    }
}

// x Θᵀ by the places in a panel: P sums for each row.
template <class T, int ROWS>
[[gnu::noinline]] void dot_rows(const LinearRows<T>& task, const T* x, T* to) {
    constexpr int P = PANEL<T>, VECTORS = VECTORS_PER_PANEL<T>;
    Native<T> sums[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; ++v) sums[r][v] = Native<T>{};
    int k = 0;
    for (; k + P <= task.inputs; k += P) dot_panel<T, ROWS>(sums, x + k, task.inputs, task.weights + k);
    if (k < task.inputs) dot_panel<T, ROWS>(sums, x + task.inputs - P, task.inputs, task.last_weights);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; ++v) store(to + r * P + v * LANES<T>, sums[r][v]);
}

template <class T>
void linear_product(const LinearRows<T>& task, T* z) {
    using V = Native<T>;
    constexpr int P = PANEL<T>, ROWS = REGISTER_SUMS / VECTORS_PER_PANEL<T>;
    alignas(PANEL_BYTES) T sums[P * P], turned[P * P];
    for (int i = task.rows * P; i < P * P; ++i) sums[i] = 0;
    int r = 0;
    for (; r + ROWS <= task.rows; r += ROWS)
        dot_rows<T, ROWS>(task, task.x + r * ptrdiff_t(task.inputs), sums + r * P);
    for (; r < task.rows; ++r) dot_rows<T, 1>(task, task.x + r * ptrdiff_t(task.inputs), sums + r * P);
    transpose_square(sums, P, turned, P);
    for (int v = 0; v < P; v += LANES<T>) {
        V sum = broadcast<V>(task.bias);
        for (int place = 0; place < P; ++place) sum += load<V>(turned + place * P + v);
        store(z + v, sum);
    }
}

// One panel of columns: sums += Σ δ x.
template <class T, int ROWS>
ALWAYS_INLINE void add_panel(const LinearRows<T>& task, const T* x, const T* delta, T* sums) {
    using V = Native<T>;
#pragma GCC unroll 4
    for (int v = 0; v < PANEL<T>; v += LANES<T>) {
        V sum = load<V>(sums + v);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; ++r)
            multiply_add(sum, load<V>(x + r * ptrdiff_t(task.inputs) + v), broadcast<V>(delta[r]));
        store(sums + v, sum);
    }
}

template <class T, int ROWS>
[[gnu::noinline]] void add_rows(const LinearRows<T>& task, int row, const T* delta, T* sums, T* last_sums) {
    constexpr int P = PANEL<T>;
    const T* x = task.x + row * ptrdiff_t(task.inputs);
    int k = 0;
    for (; k + P <= task.inputs; k += P) add_panel<T, ROWS>(task, x + k, delta + row, sums + k);
    if (k < task.inputs) add_panel<T, ROWS>(task, x + task.inputs - P, delta + row, last_sums);
}

template <class T>
void linear_delta(const LinearRows<T>& task, const T* delta, T* sums, T* last_sums) {
    int r = 0;
    for (; r + REGISTER_SUMS <= task.rows; r += REGISTER_SUMS)
        add_rows<T, REGISTER_SUMS>(task, r, delta, sums, last_sums);
    for (; r < task.rows; ++r) add_rows<T, 1>(task, r, delta, sums, last_sums);
}

}  // namespace backpass::BACKPASS_ISA
