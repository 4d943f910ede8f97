// Σ w cost and Δ over all rows, block by block.
#pragma once

#include "block_machine.hpp"
#include "patience.hpp"

namespace backpass {

template <class T>
class FullBatch {
public:
    FullBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : kernels_(kernels),
          source_(source),
          layout_(net),
          weights_(layout_),
          sums_(layout_.size()),
          threads_(threads_for(3.0 * static_cast<double>(source.m) * static_cast<double>(net.parameters()),
                               threads)),
          machine_(net, layout_, kernels, source, block_rows<T>(net, source.m, 128, 1024), threads_, false) {}

    // Returns Σ w cost and writes Δ in θ's order.
    double sums(const T* theta, T* Delta) {
        weights_.read(layout_, kernels_, theta);
        sums_.clear();
        Target<T> target{sums_.data(), nullptr, nullptr, nullptr, Rule::sum, {}, nullptr};
        double total = 0;
        Barrier barrier(threads_), alone(1);
        run_on_team(threads_, [&](int thread, int threads) {
            Barrier& together = threads == threads_ ? barrier : alone;
            for (int64_t first = 0; first < source_.m; first += machine_.capacity()) {
                const int rows = static_cast<int>(std::min<int64_t>(machine_.capacity(), source_.m - first));
                machine_.rows_pass(weights_, {nullptr, first}, rows, 1.0, {}, 0, thread, threads);
                together.wait();
                if (thread == 0) total += machine_.loss(rows);
                machine_.delta_pass(rows, target, {nullptr, 0}, 0, thread, threads);
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
    BlockMachine<T> machine_;
};

}  // namespace backpass
