// Which dense rows are mostly zeros, as pictures are: such rows pass the first layer as entries, by the
// kernels of sparse rows. The rule looks at the row alone, so that neither its neighbours nor a timing decide
// how it is computed. Entries cost what tiles cost where 29 in 100 numbers are not zero (measured: AVX-512,
// 784 inputs, 128 units); a quarter leaves a margin.
#pragma once

#include <mutex>
#include <vector>

#include "engine/row_source.hpp"
#include "runtime/adaptive_threads.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

// The most numbers other than zero of a row that passes as entries.
inline int most_entries_of_a_row(int inputs) { return inputs / 4; }

template <class T>
class RowDensity {
public:
    RowDensity(const Kernels<T>& kernels, const RowSource<T>& source) : kernels_(kernels), source_(source) {}

    // Looks at all rows, the first time that they are there.
    void look(int threads) {
        const std::lock_guard lock(mutex_);
        if (looked_) return;
        looked_ = true;
        if (source_.has_entries() || source_.inputs < FEWEST_INPUTS) return;
        std::vector<char> sparse(source_.m);
        const double numbers = static_cast<double>(source_.m) * source_.inputs;  // looked at as multiplied
        run_on_team(threads_for(numbers, threads), [&](int thread, int all) {
            const int most = most_entries_of_a_row(source_.inputs);
            for (int64_t r = source_.m * thread / all; r < source_.m * (thread + 1) / all; ++r) {
                const T* row = source_.x + r * source_.inputs;
                sparse[r] = kernels_.count_non_zeros(row, source_.inputs, most) <= most;
            }
        });
        if (std::find(sparse.begin(), sparse.end(), 1) != sparse.end()) sparse_ = std::move(sparse);
    }

    // Other rows are there.
    void forget() {
        const std::lock_guard lock(mutex_);
        looked_ = false;
        sparse_.clear();
    }

    // Whether any row passes as entries; then, whether this one does.
    bool any() const { return !sparse_.empty(); }
    bool sparse(int64_t row) const { return sparse_[row] != 0; }

private:
    static constexpr int FEWEST_INPUTS = 64;  // fewer are a few vectors: there is nothing to win

    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    std::mutex mutex_;
    bool looked_ = false;
    std::vector<char> sparse_;  // by row; empty where none is
};

// An epoch's order with the dense rows of each block before its sparse ones, both in their order.
template <class T>
class PartitionedOrder {
public:
    void partition(const RowDensity<T>& density, const int64_t* order, int64_t rows, int64_t batch,
                   int64_t block) {
        order_.clear();
        dense_.clear();
        for (int64_t at = 0; at < rows; at += batch) {
            const int64_t end = std::min(rows, at + batch);
            for (int64_t b = at; b < end; b += block)
                add(density, order + b, order + std::min(end, b + block));
        }
    }

    const int64_t* order() const { return order_.data(); }
    int dense_of_block(int64_t number) const { return dense_[number]; }

private:
    void add(const RowDensity<T>& density, const int64_t* begin, const int64_t* end) {
        const size_t before = order_.size();
        std::copy_if(begin, end, std::back_inserter(order_), [&](int64_t r) { return !density.sparse(r); });
        dense_.push_back(static_cast<int>(order_.size() - before));
        std::copy_if(begin, end, std::back_inserter(order_), [&](int64_t r) { return density.sparse(r); });
    }

    std::vector<int64_t> order_;
    std::vector<int> dense_;  // by block
};

}  // namespace backpass
