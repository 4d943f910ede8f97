// Σ w cost and Δ over all rows of a network too wide for lanes (lane_batch.hpp), or over those of one batch,
// block by block. Each block's Δ is summed from zero in registers and added to the total once: one running
// sum over all rows loses more to rounding (1.9e-6 against 3e-7 in single precision, measured in a prototype
// of this engine).
#pragma once

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
          layout_(net),
          weights_(layout_),
          sums_(layout_.size()),
          threads_(threads_for(3.0 * static_cast<double>(max_rows) * static_cast<double>(net.parameters()),
                               threads)),
          max_rows_(max_rows),
          masked_(masked),
          executor_(net, layout_, kernels, source, block_rows<T>(net, max_rows, 128, 1024), threads_,
                    masked) {}

    bool fits(int64_t rows, bool masked) const { return rows == max_rows_ && masked == masked_; }

    double sums(const T* theta, T* Delta) {
        return sums(theta, Delta, {{nullptr, 0}, source_.m, 1.0, {}, 0});
    }

    // Returns Σ w cost and writes Δ in θ's order.
    double sums(const T* theta, T* Delta, const SummedRows& summed) {
        weights_.read(layout_, kernels_, theta);
        sums_.clear();
        UpdateTarget<T> target{sums_.data(), nullptr, nullptr, nullptr, Rule::sum, {}, nullptr};
        double total = 0;
        Barrier barrier(threads_), alone(1);
        run_on_team(threads_, [&](int thread, int threads) {
            Barrier& together = threads == threads_ ? barrier : alone;
            for (int64_t done = 0; done < summed.rows; done += executor_.capacity()) {
                const int rows =
                    static_cast<int>(std::min<int64_t>(executor_.capacity(), summed.rows - done));
                const RowNumbers numbers{summed.numbers.order, summed.numbers.first + done};
                executor_.rows_pass(weights_, numbers, rows, summed.scale, summed.dropout, summed.step,
                                    thread, threads);
                together.wait();
                if (thread == 0) total += executor_.loss(rows);
                executor_.delta_pass(rows, target, {nullptr, 0}, 0, thread, threads);
                together.wait();
            }
        });
        layout_.unpack(sums_.data(), Delta);
        return total;
    }

private:
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    PanelLayout<T> layout_;
    Weights<T> weights_;
    Buffer<T> sums_;
    int threads_;
    int64_t max_rows_;
    bool masked_;
    BlockExecutor<T> executor_;
};

}  // namespace backpass
