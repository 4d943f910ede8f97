// One row straight from θ, where packing the weights would cost more than the product: z = bias + x Θᵀ with
// Θᵀ (inputs, outputs) as it lies in θ, contiguous in the outputs. Each weight is read once, so that
// memory limits this kernel; 8 vectors of outputs are 8 independent sums in registers, none of which waits
// for the latency of its last multiply-add.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// `VECTORS` vectors of outputs, all inputs.
template <class T, int VECTORS>
[[gnu::noinline]] void single_row_columns(const SingleRow<T>& row, int column) {
    using V = Native<T>;
    const T* theta = row.theta + column;
    V acc[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) acc[v] = load<V>(theta + v * LANES<T>);
    for (int k = 0; k < row.inputs; ++k) {
        theta += row.outputs;
        const V x = broadcast<V>(row.x[k]);
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v) acc[v] += x * load<V>(theta + v * LANES<T>);
    }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; ++v) store(row.z + column + v * LANES<T>, acc[v]);
}

// Outputs that do not fill a vector: whole vectors are read, into the next input's weights, except where they
// would pass θ's end; those last inputs are added one number at a time. Even and odd inputs have sums of
// their own, since one sum would wait for the latency of each multiply-add.
template <class T>
[[gnu::noinline]] void single_row_rest(const SingleRow<T>& row, int column) {
    using V = Native<T>;
    const int width = row.outputs - column;
    const T* theta = row.theta + column;
    const int whole = row.inputs - (LANES<T> - width + row.outputs - 1) / row.outputs;
    V even{}, odd{};
    int k = -1;  // row -1 is the bias
    for (; k + 1 < whole; k += 2) {
        even += (k < 0 ? T(1) : row.x[k]) * load<V>(theta + ptrdiff_t(k + 1) * row.outputs);
        odd += row.x[k + 1] * load<V>(theta + ptrdiff_t(k + 2) * row.outputs);
    }
    const V acc = even + odd;
    T z[LANES<T>];
    store(z, acc);
    for (; k < row.inputs; ++k) {
        const T x = k < 0 ? T(1) : row.x[k];
        for (int j = 0; j < width; ++j) z[j] += x * theta[ptrdiff_t(k + 1) * row.outputs + j];
    }
    for (int j = 0; j < width; ++j) row.z[column + j] = z[j];
}

template <class T>
void single_row(const SingleRow<T>& row) {
    int column = 0;
    for (; column + 8 * LANES<T> <= row.outputs; column += 8 * LANES<T>)
        single_row_columns<T, 8>(row, column);
    for (; column + 4 * LANES<T> <= row.outputs; column += 4 * LANES<T>)
        single_row_columns<T, 4>(row, column);
    for (; column + LANES<T> <= row.outputs; column += LANES<T>) single_row_columns<T, 1>(row, column);
    if (column < row.outputs) single_row_rest(row, column);
}

}  // namespace backpass::BACKPASS_ISA
