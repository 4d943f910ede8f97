// What a step of a whole matrix needs beside products and transposes (engine/rules/orthogonaliser.hpp): loops
// over its numbers, in panels, n a multiple of P, or where they lie in θ.
#pragma once

#include "kernels/updates.hpp"

namespace backpass::BACKPASS_ISA {

// Σ x² in double precision, so that it neither overflows nor vanishes where x is of single precision.
template <class T>
double sum_of_squares_in_double(const T* x, size_t n) {
    constexpr int P = PANEL<T>;
    double sums[P] = {};
    for (size_t i = 0; i < n; i += P) {
        for (int q = 0; q < P; ++q) sums[q] += static_cast<double>(x[i + q]) * x[i + q];
    }
    double sum = 0;
    for (double each : sums) sum += each;
    return sum;
}

template <class T>
void scale(T* x, size_t n, T by) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(x + i, by * load<V>(x + i));
}

// sum = b x + c y
template <class T>
void weighted_sum(const T* x, T b, const T* y, T c, T* sum, size_t n) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(sum + i, b * load<V>(x + i) + c * load<V>(y + i));
}

// w = kept w - length x
template <class T>
void decayed_step(T* w, const T* x, size_t n, T kept, T length) {
    using V = Native<T>;
    for (size_t i = 0; i < n; i += LANES<T>) store(w + i, kept * load<V>(w + i) - length * load<V>(x + i));
}

// The same for one square [row][P] of x and rows of w where they lie in θ.
template <class T>
void decayed_step_of_rows(const RowsOfSquare<T>& rows, const T* x, T kept, T length) {
    constexpr int P = PANEL<T>;
    for (int r = 0; r < rows.n; ++r) {
        T* w = rows.w + r * rows.stride;
        if (rows.units == P) {
            decayed_step(w, x + r * P, P, kept, length);
        } else {
            for (int q = 0; q < rows.units; ++q) w[q] = kept * w[q] - length * x[r * P + q];
        }
    }
}

// The momentum of one row of weights in θ, from its Δ; what the step goes by, ahead of it, goes into panels.
template <class T>
void momentum_of_rows(const MomentumRows<T>& rows) {
    using V = Native<T>;
    constexpr int P = PANEL<T>;
    for (int r = rows.begin; r < rows.end; ++r) {
        for (int j = 0; j < rows.units; j += P) {
            const ptrdiff_t at = ptrdiff_t(r) * rows.units + j;
            const int n = rows.units - j < P ? rows.units - j : P;
            alignas(PANEL_BYTES) T own[3][P] = {};  // w, Δ, the momentum
            const T* from[3] = {rows.w + at, rows.Delta + at, rows.momentum + at};
            for (int k = 0; k < 3; ++k) {
                for (int q = 0; q < n; ++q) own[k][q] = from[k][q];
            }
            T* ahead = rows.ahead + j / P * rows.ahead_panel + ptrdiff_t(r) * P;
            for (int q = 0; q < P; q += LANES<T>) {
                V w = load<V>(own[0] + q), arrays[2] = {load<V>(own[2] + q), V{}};
                MuonMomentum::step(w, arrays, gradient_at<V>(own[0] + q, own[1] + q, rows.step.decay),
                                   rows.step);
                store(own[2] + q, arrays[0]);
                store(ahead + q, arrays[1]);
            }
            for (int q = 0; q < n; ++q) rows.momentum[at + q] = own[2][q];
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
