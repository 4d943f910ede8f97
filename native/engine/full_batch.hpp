// Σ w cost and Δ over all rows of a network too wide for lanes (lane_batch.hpp), or over those of one batch,
// block by block. Each block's Δ is summed from zero in registers and added to the total once: one running
// sum over all rows loses more to rounding (1.9e-6 against 3e-7 in single precision, measured in a prototype
// of this engine).
#pragma once

#include <memory>

#include "engine/block_executor.hpp"
#include "runtime/adaptive_threads.hpp"

namespace backpass {

// Which rows are summed; each counts its weight times `scale`.
struct SummedRows {
    RowNumbers numbers;
    int64_t rows;
    double scale;
    DropoutSpec dropout;
    uint32_t step;  // for dropout
};

template <class T>
class FullBatch {
public:
    FullBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : FullBatch(net, kernels, source, threads, source.m, false) {}

    // For at most so many rows at once, with dropout's masks or without.
    FullBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads,
              int64_t max_rows, bool masked)
        : kernels_(kernels),
          source_(source),
          net_(net),
          layout_(net, first_layer_of(source)),
          weights_(layout_),
          sums_(layout_.size()),
          threads_(
              threads_for(3.0 * static_cast<double>(max_rows) * multiply_adds_forward(net, source), threads)),
          max_rows_(max_rows),
          masked_(masked),
          executor_(net, layout_, kernels, source, block_rows<T>(net, source, max_rows, 128, 1024), threads_,
                    masked),
          entry_layer_(make_entry_layer(net, kernels, source, threads_)) {}

    bool fits(int64_t rows, bool masked) const { return rows == max_rows_ && masked == masked_; }

    double sums(const T* theta, T* Delta) {
        return sums(theta, Delta, {{nullptr, 0}, source_.m, 1.0, {}, 0});
    }

    // Returns Σ w cost and writes Δ in θ's order.
    double sums(const T* theta, T* Delta, const SummedRows& summed) {
        weights_.read(layout_, kernels_, theta);
        sums_.clear();
        if (entry_layer_ != nullptr) read_first_layer(theta, summed);
        UpdateTarget<T> target{sums_.data(), nullptr, nullptr, nullptr, Rule::sum, {}, nullptr};
        double total = 0;
        Barrier barrier(threads_), alone(1);
        run_on_team(threads_, [&](int thread, int threads) {
            Barrier& together = threads == threads_ ? barrier : alone;
            if (entry_layer_ != nullptr) entry_layer_->clear(Delta + bias(), thread, threads);
            for (int64_t done = 0; done < summed.rows; done += executor_.capacity()) {
                const int rows =
                    static_cast<int>(std::min<int64_t>(executor_.capacity(), summed.rows - done));
                const BlockRows<T> all{{summed.numbers.order, summed.numbers.first + done},
                                       0,
                                       rows,
                                       source_.has_entries() ? 0 : rows,
                                       summed.scale,
                                       summed.step};
                executor_.gather(all, thread, threads);
                executor_.rows_pass(weights_, all, summed.dropout, thread, threads);
                together.wait();
                if (thread == 0) total += executor_.loss(rows);
                executor_.delta_pass(all, target, {nullptr, 0}, 0, thread, threads);
                if (entry_layer_ != nullptr) add_first_layer(Delta, thread, threads);
                together.wait();
            }
        });
        layout_.unpack(sums_.data(), Delta);
        return total;
    }

private:
    size_t bias() const { return static_cast<size_t>(net_.sizes[1]); }

    void read_first_layer(const T* theta, const SummedRows& summed) {
        const size_t entries =
            most_entries(source_, summed.numbers, summed.rows, int64_t(executor_.capacity()));
        executor_.reserve(entries);
        entry_layer_->reserve(entries);
        weights_.first_layer = entry_layer_->read(theta + bias());
    }

    void add_first_layer(T* Delta, int thread, int threads) {
        executor_.find_inputs(*entry_layer_, thread, threads);
        executor_.add_delta(*entry_layer_, thread, threads);
        entry_layer_->move_to(Delta + bias(), thread, threads);
    }

    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    const NetworkSpec& net_;
    PanelLayout<T> layout_;
    Weights<T> weights_;
    Buffer<T> sums_;
    int threads_;
    int64_t max_rows_;
    bool masked_;
    BlockExecutor<T> executor_;
    std::unique_ptr<EntryLayer<T>> entry_layer_;  // where rows are entries
};

}  // namespace backpass
