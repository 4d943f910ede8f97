// Rows of a table whose columns are encoded by look-up: nothing of the codes is stored or multiplied but
// where a cell stands.
//
// A column of numbers is one input. A category of K levels is K inputs, of which the cell's is 1. A number in
// piecewise-linear codes of B bins is B inputs: 1 in the bins below the cell's, t in its own, 0 in those
// above (t = 0 at the bin's lower edge and 1 at the upper one; beyond the outer edges it runs on). So
//
//     Θᵀ code = Σ of the rows of Θᵀ below the bin + t · the bin's row,
//
// two rows for a cell, whatever B is, once the running sums of Θᵀ's rows stand beside it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace backpass {

enum class CellKind { number, level, code };

struct TableColumn {
    CellKind kind;
    int32_t first_input, inputs;
    int32_t number;  // which of a row's numbers: the value, or t; -1 of a level
    int32_t place;   // which of a row's places: the level (-1: none of them), or the bin; -1 of a number
    int32_t sums;    // where the column's running sums begin, in rows; -1 without
};

template <class T>
struct Table {
    const TableColumn* columns = nullptr;
    int n = 0;
    const T* numbers = nullptr;       // (m, numbers_per_row)
    const int32_t* places = nullptr;  // (m, places_per_row)
    int numbers_per_row = 0, places_per_row = 0;
    int sum_rows = 0;  // of all columns' running sums

    int entries_per_row() const {
        int entries = 0;
        for (int c = 0; c < n; ++c) entries += columns[c].kind == CellKind::code ? 2 : 1;
        return entries;
    }

    // A row's entries: one for each column in the columns' order, and then one for each code, of its running
    // sum; inputs + r is row r of the running sums. All rows have the same, so that an entry's column is
    // known by its place.
    void read(int64_t row, int inputs, T* values, int32_t* rows) const {
        const T* number = numbers + row * numbers_per_row;
        const int32_t* place = places + row * places_per_row;
        T* sum_values = values + n;
        int32_t* sum_rows_out = rows + n;
        for (int c = 0; c < n; ++c) {
            const TableColumn& y = columns[c];
            const int32_t at = y.place < 0 ? 0 : place[y.place];
            rows[c] = y.first_input + std::max(0, at);
            values[c] = y.kind == CellKind::level ? T(at >= 0) : number[y.number];
            if (y.kind != CellKind::code) continue;
            *sum_values++ = 1;
            *sum_rows_out++ = inputs + y.sums + at;
        }
    }
};

}  // namespace backpass
