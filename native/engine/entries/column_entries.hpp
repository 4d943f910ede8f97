// A block's entries by columns, of the columns that one thread owns: a counting sort, which leaves each
// column's entries in the order of the rows.
#pragma once

#include "engine/entries/block_entries.hpp"

namespace backpass {

template <class T>
class ColumnEntries {
public:
    // Memory for so many columns and entries, before a team of threads starts.
    void reserve(int columns, size_t entries) {
        starts_.reserve(columns + 2);
        if (entries <= values_.size()) return;
        values_ = Buffer<T>(entries, Fill::none);
        rows_ = std::unique_ptr<int32_t[]>(new int32_t[entries]);
    }

    // Columns [begin, end); then all rows are counted, and after that placed.
    void begin(int32_t begin, int32_t end) {
        begin_ = begin;
        end_ = end;
        starts_.assign(end - begin + 2, 0);
    }

    // Two places on: placing moves each start to the next column's.
    void count(const BlockEntries<T>& entries) {
        visit(entries, [&](int, int32_t column, T) { ++starts_[column - begin_ + 2]; });
    }

    void begin_placing() {
        for (size_t c = 2; c < starts_.size(); ++c) starts_[c] += starts_[c - 1];
    }

    void place(const BlockEntries<T>& entries) {
        visit(entries, [&](int row, int32_t column, T value) {
            const int32_t at = starts_[column - begin_ + 1]++;
            rows_[at] = row;
            values_.data()[at] = value;
        });
    }

    const int32_t* starts() const { return starts_.data(); }
    const int32_t* rows() const { return rows_.get(); }
    const T* values() const { return values_.data(); }

private:
    template <class Visit>
    void visit(const BlockEntries<T>& entries, Visit visit) const {
        for (int r = entries.begin(); r < entries.end(); ++r) {
            const RowEntries<T> row = entries.row(r);
            const int32_t* last = row.columns + row.n;
            for (const int32_t* at = std::lower_bound(row.columns, last, begin_); at < last && *at < end_;
                 ++at)
                visit(r, *at, row.values[at - row.columns]);
        }
    }

    int32_t begin_ = 0, end_ = 0;
    std::vector<int32_t> starts_;
    std::unique_ptr<int32_t[]> rows_;
    Buffer<T> values_;
};

}  // namespace backpass
