// The examples as the caller's own arrays: X dense or CSR, Y, w. Rows are gathered into panels.
#pragma once

#include <algorithm>

#include "kernels/kernels.hpp"

namespace backpass {

// Which rows a block holds: consecutive ones, or those an order names.
struct RowNumbers {
    const int64_t* order;  // null: consecutive
    int64_t first;

    int64_t operator[](int i) const { return order == nullptr ? first + i : order[first + i]; }
};

template <class T>
struct RowSource {
    const T* x = nullptr;       // dense: row-major (m, inputs), contiguous
    const T* values = nullptr;  // CSR: values, columns and the rows' starts
    const int32_t* columns = nullptr;
    const int64_t* starts = nullptr;
    const T* y = nullptr;  // row-major (m, outputs)
    const T* w = nullptr;
    int64_t m = 0;
    int inputs = 0, outputs = 0;

    bool sparse() const { return values != nullptr; }

    RowsOfX<T> rows(const RowNumbers& numbers) const {
        return {x, inputs, numbers.order, numbers.first, inputs};
    }

    // Rows [begin, end) of a block into its panels.
    void gather(const Kernels<T>& kernels, const RowNumbers& numbers, int begin, int end, T* to,
                ptrdiff_t panel) const {
        if (!sparse()) return kernels.gather_rows(rows(numbers), begin, end, to, panel);
        for (int r = begin; r < end; ++r) gather_sparse(numbers[r], to + ptrdiff_t(r) * P, panel);
    }

private:
    static constexpr int P = PANEL<T>;

    void gather_sparse(int64_t row, T* to, ptrdiff_t panel) const {
        for (int k = 0; k < inputs; k += P) std::fill_n(to + k / P * panel, P, T(0));
        for (int64_t i = starts[row]; i < starts[row + 1]; ++i) {
            to[columns[i] / P * panel + columns[i] % P] += values[i];
        }
    }
};

}  // namespace backpass
