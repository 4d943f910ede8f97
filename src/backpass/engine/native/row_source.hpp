// The examples as the caller's own arrays: X dense or CSR, Y, w. Rows are gathered into panels.
#pragma once

#include <algorithm>

#include "kernels.hpp"

namespace backpass {

template <class T>
struct RowSource {
    const T* x = nullptr;  // dense: row-major (m, inputs)
    ptrdiff_t x_stride = 0;
    const T* values = nullptr;  // CSR: values, columns and the rows' starts
    const int32_t* columns = nullptr;
    const int64_t* starts = nullptr;
    const T* y = nullptr;  // row-major (m, outputs)
    const T* w = nullptr;
    int64_t m = 0;
    int inputs = 0, outputs = 0;

    bool sparse() const { return values != nullptr; }

    // `to` is the row's place in the first panel.
    void gather_x(int64_t row, T* to, ptrdiff_t panel) const {
        if (sparse()) {
            gather_sparse(row, to, panel);
        } else {
            gather_dense(x + row * x_stride, to, panel);
        }
    }

private:
    static constexpr int P = PANEL<T>;

    void gather_dense(const T* from, T* to, ptrdiff_t panel) const {
        int k = 0;
        for (; k + P <= inputs; k += P, to += panel) std::copy_n(from + k, P, to);
        std::copy_n(from + k, inputs - k, to);
    }

    void gather_sparse(int64_t row, T* to, ptrdiff_t panel) const {
        for (int k = 0; k < inputs; k += P) std::fill_n(to + k / P * panel, P, T(0));
        for (int64_t i = starts[row]; i < starts[row + 1]; ++i) {
            to[columns[i] / P * panel + columns[i] % P] += values[i];
        }
    }
};

// Which rows a block holds: consecutive ones, or those an order names.
struct RowNumbers {
    const int64_t* order;  // null: consecutive
    int64_t first;

    int64_t operator[](int i) const { return order == nullptr ? first + i : order[first + i]; }
};

}  // namespace backpass
