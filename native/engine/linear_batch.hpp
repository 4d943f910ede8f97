// Σ w cost and Δ over all rows of a network of one layer and one unit: linear and logistic regression. It has
// so few multiply-adds that the way of X through memory is what takes time, once and as it lies there; both
// other layouts (lane_batch.hpp, full_batch.hpp) read a copy as well.
//
// Rows are cut into chunks as in lane_batch.hpp: any number of threads gives the same bits.
#pragma once

#include <numeric>
#include <vector>

#include "engine/network_spec.hpp"
#include "engine/row_chunks.hpp"
#include "engine/row_source.hpp"
#include "runtime/adaptive_threads.hpp"
#include "runtime/buffer.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

template <class T>
class LinearBatch {
public:
    LinearBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : net_(net),
          kernels_(kernels),
          source_(source),
          chunks_(source.m),
          threads_(std::min(chunks_.count(), threads_for(2.0 * static_cast<double>(source.m) * net.inputs(),
                                                         threads, MIN_WORK))),
          losses_(chunks_.count()) {
        for (int c = 0; c < chunks_.count(); ++c) sums_.emplace_back(size());
        for (int t = 0; t < threads_; ++t) blocks_.emplace_back(size());
    }

    static bool suits(const NetworkSpec& net, const RowSource<T>& source) {
        return !net.own && net.weight_layers() == 1 && net.outputs() == 1 && !source.has_entries() &&
               net.inputs() >= P;
    }

    double sums(const T* theta, T* Delta) {
        read_last_weights(theta + 1);
        // The same chunks each time, which a thread's own caches may still hold.
        run_on_team(threads_, [&](int thread, int threads) {
            const int end = chunks_.count() * (thread + 1) / threads;
            for (int c = chunks_.count() * thread / threads; c < end; ++c)
                run_chunk(theta, c, blocks_[thread].data());
        });
        std::fill_n(Delta, net_.inputs() + 1, T(0));
        for (const Buffer<T>& each : sums_)
            for (int i = 0; i <= net_.inputs(); ++i) Delta[i] += each.data()[i];
        return std::accumulate(losses_.begin(), losses_.end(), 0.0);
    }

private:
    static constexpr int P = PANEL<T>;
    // Multiply-adds of a thread, each of which waits for memory.
    static constexpr double MIN_WORK = 4e5;

    // Δ in θ's order, and then the sums of the last columns.
    size_t size() const { return size_t(net_.inputs()) + 1 + P; }
    int rest() const { return net_.inputs() % P; }

    // What the panel before has read already counts nothing.
    void read_last_weights(const T* weights) {
        std::fill_n(last_weights_, P, T(0));
        std::copy_n(weights + net_.inputs() - rest(), rest(), last_weights_ + P - rest());
    }

    void run_chunk(const T* theta, int c, T* block) {
        const auto rows = chunks_.rows(c);
        sums_[c].clear();
        losses_[c] = 0;
        for (int64_t first = rows.begin; first < rows.end; first += RowChunks::BLOCK_ROWS) {
            std::fill_n(block, size(), T(0));
            const int64_t end = std::min<int64_t>(rows.end, first + RowChunks::BLOCK_ROWS);
            for (int64_t row = first; row < end; row += P)
                losses_[c] += run_rows(theta, row, static_cast<int>(std::min<int64_t>(P, end - row)), block);
            T* last = block + net_.inputs() + 1;
            for (int i = 1; i <= rest(); ++i) block[net_.inputs() + 1 - i] += last[P - i];
            T* to = sums_[c].data();
            for (int i = 0; i <= net_.inputs(); ++i) to[i] += block[i];
        }
    }

    // Rows [first, first + n); their Σ w cost.
    double run_rows(const T* theta, int64_t first, int n, T* block) const {
        alignas(PANEL_BYTES) T z[P], y[P] = {}, w[P] = {}, delta[P], value[P];
        const LinearRows<T> rows{
            source_.x + first * net_.inputs(), n, net_.inputs(), theta[0], theta + 1, last_weights_};
        std::copy_n(source_.y + first, n, y);
        std::copy_n(source_.w + first, n, w);
        kernels_.linear_product(rows, z);
        kernels_.loss[static_cast<int>(net_.loss)](
            {z, y, w, delta, value, 1, static_cast<T>(net_.parameter)});
        kernels_.linear_delta(rows, delta, block + 1, block + net_.inputs() + 1);
        block[0] += std::accumulate(delta, delta + n, T(0));
        return std::accumulate(value, value + n, 0.0);
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    RowChunks chunks_;
    int threads_;
    T last_weights_[P];
    std::vector<Buffer<T>> sums_, blocks_;  // by chunk, by thread
    std::vector<double> losses_;
};

}  // namespace backpass
