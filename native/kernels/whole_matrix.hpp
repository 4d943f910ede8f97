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

// One panel's momentum from its weights and Δ; what the step goes by, ahead of it.
template <class T>
ALWAYS_INLINE void momentum_of_panel(const T* w, const T* Delta, T* momentum, T* ahead, const Step<T>& step) {
    using V = Native<T>;
    for (int q = 0; q < PANEL<T>; q += LANES<T>) {
        V none{}, arrays[2] = {load<V>(momentum + q), V{}};
        MuonMomentum::step(none, arrays, gradient_at<V>(w + q, Delta + q, step.decay), step);
        store(momentum + q, arrays[0]);
        store(ahead + q, arrays[1]);
    }
}

// Of rows of weights in θ; the panel of a row's last units may be a part of one.
template <class T>
void momentum_of_rows(const MomentumRows<T>& rows) {
    constexpr int P = PANEL<T>;
    const int whole = rows.units / P, rest = rows.units % P;
    for (int r = rows.begin; r < rows.end; ++r) {
        ptrdiff_t at = ptrdiff_t(r) * rows.units;
        T* ahead = rows.ahead + ptrdiff_t(r) * P;
        for (int j = 0; j < whole; ++j, at += P, ahead += rows.ahead_panel)
            momentum_of_panel(rows.w + at, rows.Delta + at, rows.momentum + at, ahead, rows.step);
        if (rest == 0) continue;
        alignas(PANEL_BYTES) T w[P] = {}, Delta[P] = {}, momentum[P] = {};
        for (int q = 0; q < rest; ++q)
            w[q] = rows.w[at + q], Delta[q] = rows.Delta[at + q], momentum[q] = rows.momentum[at + q];
        momentum_of_panel(w, Delta, momentum, ahead, rows.step);
        for (int q = 0; q < rest; ++q) rows.momentum[at + q] = momentum[q];
    }
}

}  // namespace backpass::BACKPASS_ISA
