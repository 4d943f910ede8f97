// The examples as the caller's own arrays: X dense or CSR, Y, w. Dense rows are gathered into panels, sparse
// ones stay entries.
#pragma once

#include <algorithm>

#include "engine/entries/table_rows.hpp"
#include "kernels/kernels.hpp"

namespace backpass {

// Which rows a block holds: consecutive ones, or those an order names.
struct RowNumbers {
    const int64_t* order;  // null: consecutive
    int64_t first;

    int64_t operator[](int i) const { return order == nullptr ? first + i : order[first + i]; }
};

// Compressed sparse rows as SciPy holds them, with 32-bit indices or with 64-bit ones. In each row the
// columns ascend and no column stands twice.
template <class T>
struct CsrMatrix {
    const T* values = nullptr;
    const int32_t *columns_32 = nullptr, *starts_32 = nullptr;
    const int64_t *columns_64 = nullptr, *starts_64 = nullptr;

    int64_t start(int64_t row) const { return starts_32 != nullptr ? starts_32[row] : starts_64[row]; }
    int32_t column(int64_t i) const {
        return columns_32 != nullptr ? columns_32[i] : static_cast<int32_t>(columns_64[i]);
    }

    // Columns of entries [begin, end).
    void copy_columns(int64_t begin, int64_t end, int32_t* to) const {
        if (columns_32 != nullptr) {
            std::copy(columns_32 + begin, columns_32 + end, to);
        } else {
            std::transform(columns_64 + begin, columns_64 + end, to,
                           [](int64_t column) { return static_cast<int32_t>(column); });
        }
    }
};

template <class T>
struct RowSource {
    const T* x = nullptr;  // dense: row-major (m, inputs), contiguous
    CsrMatrix<T> csr;      // or these
    Table<T> table;        // or these
    const T* y = nullptr;  // row-major (m, outputs)
    const T* w = nullptr;
    int64_t m = 0;
    int inputs = 0, outputs = 0;

    // Whether rows are entries (block_entries.hpp), not panels.
    bool has_entries() const { return x == nullptr; }
    bool is_table() const { return table.columns != nullptr; }

    // Columns that are gathered into panels.
    int packed_inputs() const { return has_entries() ? 0 : inputs; }

    // How many numbers of a row are multiplied, in the mean.
    double entries_per_row() const {
        if (!has_entries() || m == 0) return inputs;
        if (is_table()) return table.entries_per_row();
        return static_cast<double>(csr.start(m) - csr.start(0)) / static_cast<double>(m);
    }

    RowsOfX<T> rows(const RowNumbers& numbers) const {
        return {x, inputs, numbers.order, numbers.first, inputs};
    }

    // Dense rows [begin, end) of a block into its panels.
    void gather(const Kernels<T>& kernels, const RowNumbers& numbers, int begin, int end, T* to,
                ptrdiff_t panel) const {
        kernels.gather_rows(rows(numbers), begin, end, to, panel);
    }
};

}  // namespace backpass
