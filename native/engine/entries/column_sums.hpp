// Δ of a sparse first layer over one batch: a row of sums for each column that the batch names, and nothing
// for the others. A thread owns a range of columns: its entries of every row are found by bisection, so each
// sum has one owner and the order of the rows, and any number of threads gives the same bits.
#pragma once

#include <numeric>
#include <vector>

#include "engine/entries/block_entries.hpp"
#include "engine/panel_layout.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

// The columns in groups of equal width, and the groups in shares of about equally many entries. What is
// summed over columns is summed by groups first, which do not depend on the number of threads.
class ColumnGroups {
public:
    template <class T>
    ColumnGroups(const CsrMatrix<T>& x, int64_t m, int columns)
        : columns_(columns), width_(std::max(1, (columns + GROUPS - 1) / GROUPS)) {
        before_.assign((columns + width_ - 1) / width_ + 1, 0);
        const int64_t first = x.start(0), n = x.start(m) - first, step = std::max<int64_t>(1, n / SAMPLE);
        for (int64_t i = 0; i < n; i += step) ++before_[of(x.column(first + i)) + 1];
        for (int64_t& each : before_) ++each;  // columns without entries are shared out too
        std::partial_sum(before_.begin(), before_.end(), before_.begin());
    }

    int count() const { return static_cast<int>(before_.size()) - 1; }
    int of(int32_t column) const { return column / width_; }

    // Where a thread's columns begin.
    int32_t first_column(int thread, int threads) const {
        if (thread == 0) return 0;
        if (thread == threads) return columns_;
        const int64_t wanted = before_.front() + (before_.back() - before_.front()) * thread / threads;
        const auto group = std::lower_bound(before_.begin(), before_.end(), wanted) - before_.begin();
        return static_cast<int32_t>(std::min<int64_t>(columns_, group * int64_t(width_)));
    }

private:
    static constexpr int GROUPS = 1024;
    static constexpr int64_t SAMPLE = 8192;

    int columns_, width_;
    std::vector<int64_t> before_;  // sampled entries before each group
};

template <class T>
class ColumnSums {
public:
    ColumnSums(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : kernels_(kernels),
          panels_(panels_for<T>(net.sizes[1])),
          groups_(source.csr, source.m, net.inputs()),
          slots_(net.inputs(), NONE),
          shares_(threads) {}

    const ColumnGroups& groups() const { return groups_; }

    // Memory for batches of so many entries, before a team of threads starts.
    void reserve(size_t entries) {
        const auto threads = static_cast<int>(shares_.size());
        for (int t = 0; t < threads; ++t) {
            const int32_t range = groups_.first_column(t + 1, threads) - groups_.first_column(t, threads);
            // Thread 0 may be alone.
            shares_[t].reserve(std::min(entries, t == 0 ? slots_.size() : size_t(range)), width());
        }
    }

    // Columns of the thread's range that were named since the last `clear`, in the order of the rows.
    const std::vector<int32_t>& columns(int thread) const { return shares_[thread].columns; }
    const T* sums(int thread) const { return shares_[thread].sums.data(); }

    // Gives every entry of the thread's range its slot.
    void find(BlockEntries<T>& entries, int thread, int threads) {
        Share& share = shares_[thread];
        const size_t known = share.columns.size();
        visit(entries, thread, threads, [&](int r, int from, int to) {
            const RowEntries<T> row = entries.row(r);
            int32_t* slots = entries.slots(r);
            for (int i = from; i < to; ++i) slots[i] = slot(row.columns[i], share);
        });
        // Sums of new slots start from zero.
        std::fill(share.sums.data() + known * width(), share.sums.data() + share.columns.size() * width(),
                  T(0));
    }

    // Adds Σ x δ over the rows; `delta` is δ^(2) in panels [unit / P][row][P].
    void add(BlockEntries<T>& entries, const T* delta, ptrdiff_t panel, int thread, int threads) {
        T* sums = shares_[thread].sums.data();
        visit(entries, thread, threads, [&](int r, int from, int to) {
            kernels_.sparse_delta({entries.row(r).values + from, entries.slots(r) + from, to - from,
                                   delta + ptrdiff_t(r) * P, panel, panels_, sums, ptrdiff_t(width()), P});
        });
    }

    void clear(int thread) {
        for (int32_t column : shares_[thread].columns) slots_[column] = NONE;
        shares_[thread].columns.clear();
    }

private:
    static constexpr int P = PANEL<T>;
    static constexpr int32_t NONE = -1;

    // One thread's columns and their sums, [slot][panels * P].
    struct alignas(64) Share {
        std::vector<int32_t> columns;
        Buffer<T> sums;

        void reserve(size_t slots, size_t width) {
            columns.reserve(slots);
            if (slots * width > sums.size()) sums = Buffer<T>(slots * width, Fill::none);
        }
    };

    size_t width() const { return size_t(panels_) * P; }

    int32_t slot(int32_t column, Share& share) {
        int32_t& slot = slots_[column];
        if (slot == NONE) {
            slot = static_cast<int32_t>(share.columns.size());
            share.columns.push_back(column);
        }
        return slot;
    }

    // Calls run(row, from, to) with the part of each row that lies in the thread's range.
    template <class Run>
    void visit(BlockEntries<T>& entries, int thread, int threads, Run run) const {
        const int32_t begin = groups_.first_column(thread, threads),
                      end = groups_.first_column(thread + 1, threads);
        for (int r = entries.begin(); r < entries.end(); ++r) {
            const RowEntries<T> row = entries.row(r);
            const int32_t* last = row.columns + row.n;
            const int32_t* from = thread == 0 ? row.columns : std::lower_bound(row.columns, last, begin);
            const int32_t* to = thread + 1 == threads ? last : std::lower_bound(from, last, end);
            run(r, static_cast<int>(from - row.columns), static_cast<int>(to - row.columns));
        }
    }

    const Kernels<T>& kernels_;
    int panels_;
    ColumnGroups groups_;
    std::vector<int32_t> slots_;  // by column
    std::vector<Share> shares_;
};

}  // namespace backpass
