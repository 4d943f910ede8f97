// The first layer over a table's rows (table_rows.hpp): Θᵀ with the running sums of its codes' rows beside
// it, and Δ of both. The gradient of a running sum belongs to every row below it, so D of a code's inputs is
// one running sum from the top: a cell costs two rows forward, two back, and a batch one pass over Θ.
//
// A thread owns some columns: their inputs' rows, their running sums and their entries of every row, so that
// sums, rule and running sums need no barrier between them.
#pragma once

#include <numeric>
#include <vector>

#include "engine/entries/entry_layer.hpp"
#include "engine/panel_layout.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

template <class T>
class TableLayer final : public EntryLayer<T> {
public:
    TableLayer(const NetworkSpec& net, const Kernels<T>& kernels, const Table<T>& table)
        : kernels_(kernels),
          table_(table),
          inputs_(net.inputs()),
          units_(net.sizes[1]),
          width_(ptrdiff_t(panels_for<T>(units_)) * P),
          theta_(size_t(inputs_ + table.sum_rows) * width_),
          Delta_(size_t(inputs_ + table.sum_rows) * width_),
          rows_(inputs_),
          squares_(inputs_),
          penalties_(table.n) {
        std::iota(rows_.begin(), rows_.end(), 0);
        sum_entries_.assign(1, table.n);
        for (int c = 0; c < table.n; ++c)
            sum_entries_.push_back(sum_entries_.back() + (table.columns[c].kind == CellKind::code));
    }

    void reserve(size_t) override {}

    EntryWeights<T> read(const T* theta) override {
        for (int c = 0; c < table_.n; ++c) read_column(theta, table_.columns[c]);
        return {theta_.data(), width_, P, static_cast<int>(width_), inputs_};
    }

    void find(BlockEntries<T>&, int, int) override {}

    void add(BlockEntries<T>& entries, const T* delta, ptrdiff_t panel, int thread, int threads) override {
        const int begin = first_column(thread, threads), end = first_column(thread + 1, threads);
        for (int r = entries.begin(); r < entries.end(); ++r) {
            const T* row = delta + ptrdiff_t(r) * P;
            add_entries(entries.row(r), begin, end, row, panel);
            add_entries(entries.row(r), sum_entries_[begin], sum_entries_[end], row, panel);
        }
    }

    void clear(T* Delta, int thread, int threads) const override {
        each_column(thread, threads, [&](const TableColumn& y, int) {
            std::fill_n(Delta + size_t(y.first_input) * units_, size_t(y.inputs) * units_, T(0));
        });
    }

    void move_to(T* Delta, int thread, int threads) override {
        each_column(thread, threads, [&](const TableColumn& y, int) {
            apply(y, {Delta, nullptr, nullptr}, Rule::sum, {}, nullptr);
        });
    }

    void begin(const FirstLayerArrays<T>& arrays, std::vector<EpochStep<T>> steps,
               const RuleSpec& rule) override {
        arrays_ = arrays;
        steps_ = std::move(steps);
        rule_ = rule.elementwise();
        std::fill(penalties_.begin(), penalties_.end(), 0);
    }

    bool has_idle_steps() const override { return false; }
    void catch_up(int, int) override {}

    void update(int step, int thread, int threads) override {
        const EpochStep<T>& now = steps_[step];
        double* squares = now.step.decay == 0 ? nullptr : squares_.data();
        each_column(thread, threads, [&](const TableColumn& y, int c) {
            apply(y, arrays_, rule_, now.step, squares);
            read_column(arrays_.w, y);
            if (squares != nullptr) penalties_[c] += now.share * sum_of_squares(y);
        });
    }

    void finish(int, int) override {}

    void refresh(const T* theta, int thread, int threads) override {
        each_column(thread, threads, [&](const TableColumn& y, int) { read_column(theta, y); });
    }

    double penalty() const override { return std::accumulate(penalties_.begin(), penalties_.end(), 0.0); }

private:
    static constexpr int P = PANEL<T>;

    int first_column(int thread, int threads) const { return table_.n * thread / threads; }

    template <class Visit>
    void each_column(int thread, int threads, Visit visit) const {
        for (int c = first_column(thread, threads); c < first_column(thread + 1, threads); ++c)
            visit(table_.columns[c], c);
    }

    T* theta_row(int row) { return theta_.data() + row * width_; }
    T* Delta_row(int row) { return Delta_.data() + row * width_; }

    // A column's rows of Θᵀ, padded with zeros, and of its running sums: row b is the sum of those below bin
    // b.
    void read_column(const T* theta, const TableColumn& y) {
        for (int k = 0; k < y.inputs; ++k)
            std::copy_n(theta + size_t(y.first_input + k) * units_, units_, theta_row(y.first_input + k));
        if (y.kind == CellKind::code)
            kernels_.sums_from_below(theta_row(y.first_input), theta_row(inputs_ + y.sums), y.inputs, width_);
    }

    // Entries [begin, end) of one row; of a table they are known by their rows of Θᵀ and the running sums.
    void add_entries(const RowEntries<T>& row, int begin, int end, const T* delta, ptrdiff_t panel) {
        kernels_.sparse_delta({row.values + begin, row.columns + begin, end - begin, delta, panel,
                               static_cast<int>(width_ / P), Delta_.data(), width_, P});
    }

    // The rule on a column's rows, with its D; its sums begin again from zero.
    void apply(const TableColumn& y, const FirstLayerArrays<T>& arrays, Rule rule, const Step<T>& step,
               double* squares) {
        T* D = Delta_row(y.first_input);
        // D of a bin: its own t δ, and δ of every cell in a bin above it.
        if (y.kind == CellKind::code)
            kernels_.add_sums_from_above(D, Delta_row(inputs_ + y.sums), y.inputs, width_);
        kernels_.update_rows(
            {arrays.w, arrays.first, arrays.second, units_, rows_.data() + y.first_input, y.inputs}, D,
            kernels_.update[static_cast<int>(rule)], step, offset_or_null(squares, y.first_input));
        std::fill_n(D, y.inputs * width_, T(0));
    }

    double sum_of_squares(const TableColumn& y) const {
        return std::accumulate(squares_.begin() + y.first_input, squares_.begin() + y.first_input + y.inputs,
                               0.0);
    }

    const Kernels<T>& kernels_;
    Table<T> table_;
    int inputs_, units_;
    ptrdiff_t width_;                          // of a padded row of units
    Buffer<T> theta_, Delta_;                  // [input, then running sum][width]
    std::vector<int32_t> rows_;                // 0, 1, …
    std::vector<int> sum_entries_;             // before each column
    std::vector<double> squares_, penalties_;  // by input; by column
    FirstLayerArrays<T> arrays_{};
    std::vector<EpochStep<T>> steps_;
    Rule rule_{};
};

}  // namespace backpass
