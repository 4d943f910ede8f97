// Σ w cost and Δ over all rows for narrow networks: rows in lanes, no padding of units (kernels.hpp says what
// that gains). Forward, z and a of a layer are [row panel][unit][P]; for Δ the features have to be in lanes
// and the rows in order, so a is transposed once more, into panels.
//
// The rows are cut into chunks, by m alone; each chunk adds up its blocks in their order, and the chunks are
// added in theirs. Threads take whole chunks, so any number of them gives the same bits, and an evaluation
// has one barrier, not two for each block.
#pragma once

#include <atomic>
#include <numeric>
#include <vector>

#include "engine/network_spec.hpp"
#include "engine/panel_layout.hpp"
#include "engine/row_chunks.hpp"
#include "engine/row_source.hpp"
#include "engine/transposed_input_cache.hpp"
#include "runtime/adaptive_threads.hpp"
#include "runtime/buffer.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

struct LaneOffsets {
    int inputs, outputs, input_panels;
    size_t theta;       // bias first
    size_t packed;      // Θ without bias, in tiles of outputs for the way forward
    size_t transposed;  // and in tiles of inputs for the way back
    size_t sums;        // [input panel][output][P]
    size_t bias;        // [output][P]
};

template <class T>
class LaneLayout {
public:
    explicit LaneLayout(const NetworkSpec& net) {
        for (int l = 0; l < net.weight_layers(); ++l) {
            const int in = net.sizes[l], out = net.sizes[l + 1], panels = panels_for<T>(in);
            const size_t square = size_t(panels) * out * P;
            const size_t weights = size_t(in) * out;
            layers_.push_back(
                {in, out, panels, theta_size_, packed_size_, packed_size_ + weights, size_, size_ + square});
            theta_size_ += weights + out;
            packed_size_ += (l > 0 ? 2 : 1) * weights;  // nothing flows back to the inputs
            size_ += square + size_t(out) * P;
        }
    }

    const std::vector<LaneOffsets>& layers() const { return layers_; }
    size_t size() const { return size_; }
    size_t packed_size() const { return packed_size_; }

    void pack(const Kernels<T>& kernels, const T* theta, T* packed) const {
        for (size_t l = 0; l < layers_.size(); ++l) {
            const LaneOffsets& y = layers_[l];
            const T* weights = theta + y.theta + y.outputs;
            kernels.pack_lane_weights({weights, 1, y.outputs, y.outputs, y.inputs, packed + y.packed});
            if (l > 0) {
                kernels.pack_lane_weights(
                    {weights, y.outputs, 1, y.inputs, y.outputs, packed + y.transposed});
            }
        }
    }

    void unpack(const T* sums, T* Delta) const {
        for (const LaneOffsets& y : layers_) {
            T* to = Delta + y.theta;
            for (int j = 0; j < y.outputs; ++j) {
                T bias = 0;
                for (int q = 0; q < P; ++q) bias += sums[y.bias + size_t(j) * P + q];
                to[j] = bias;
            }
            for (int k = 0; k < y.inputs; ++k) {
                const T* from = sums + y.sums + size_t(k / P) * y.outputs * P + k % P;
                for (int j = 0; j < y.outputs; ++j) to[(k + size_t(1)) * y.outputs + j] = from[size_t(j) * P];
            }
        }
    }

private:
    static constexpr int P = PANEL<T>;
    std::vector<LaneOffsets> layers_;
    size_t size_ = 0, theta_size_ = 0, packed_size_ = 0;
};

// One thread's memory for one block of rows, and where the block's rows stand in lanes. A block's 128 rows,
// with their a and δ, mostly fit into the second-level cache.
template <class T>
class LaneBlock {
public:
    LaneBlock(const NetworkSpec& net, const LaneLayout<T>& layout, const Kernels<T>& kernels,
              const RowSource<T>& source, int rows)
        : net_(net), layout_(layout), kernels_(kernels), source_(source), row_panels_((rows + P - 1) / P) {
        const size_t lanes = size_t(row_panels_) * P;
        for (size_t l = 0; l < net.sizes.size(); ++l) {
            const bool hidden = l > 0 && l + 1 < net.sizes.size();
            const size_t n = size_t(panels_for<T>(net.sizes[l])) * P * lanes;
            lanes_.emplace_back(n);
            delta_.emplace_back(l > 0 ? n : 0);
            keep_.emplace_back(hidden && keeps_z(static_cast<int>(l)) ? n : 0);
            features_.emplace_back(l + 1 < net.sizes.size() ? n : 0);
        }
        y_ = Buffer<T>(size_t(net.outputs()) * P);
    }

    struct BlockInputs {
        int64_t first;
        T* lanes;  // in the input cache; null: in the block's own memory
        bool ready;
    };

    // Adds the block's Δ to `sums` and returns its Σ w cost.
    // `next_rows`: how many rows follow, and will be wanted next.
    double run(const T* theta, const T* packed, const BlockInputs& inputs, int rows, int next_rows, T* sums) {
        inputs_ = inputs;
        if (panels_in_place() < panels_for<T>(net_.inputs())) gather_rest(inputs.first, rows);
        if (!inputs.ready) transpose_inputs(inputs.first, rows);
        const int panels = (rows + P - 1) / P;
        forward(theta, packed, panels);
        const double loss = take_loss(inputs.first, rows);
        backward(packed, panels);
        accumulate(inputs.first, rows, next_rows, sums);
        return loss;
    }

private:
    static constexpr int P = PANEL<T>;

    bool keeps_z(int l) const { return kernels_.keeps_z[static_cast<int>(net_.hidden[l - 1])]; }
    ptrdiff_t lane_panel(int l) const { return ptrdiff_t(panels_for<T>(net_.sizes[l])) * P * P; }
    T* inputs() { return inputs_.lanes != nullptr ? inputs_.lanes : lanes_[0].data(); }
    ptrdiff_t input_panel() const { return ptrdiff_t(net_.inputs()) * P; }
    ptrdiff_t feature_panel() const { return ptrdiff_t(row_panels_) * P * P; }

    // Whole panels of a row are contiguous in X already and are used there, without a copy; only the last
    // inputs % P columns are gathered into panels.
    int panels_in_place() const { return net_.inputs() / P; }

    // X into lanes. Lanes beyond the last row hold stale numbers: their weight is 0.
    void transpose_inputs(int64_t first, int rows) {
        const int in_place = panels_in_place(), all = panels_for<T>(net_.inputs()), n = net_.inputs();
        for (int r = 0; r + P <= rows; r += P) {
            for (int k = 0; k < in_place; ++k) {
                transpose_tile(source_.x + (first + r) * n + ptrdiff_t(k) * P, n, r / P, k);
            }
        }
        if (rows % P != 0 && in_place > 0) transpose_last_rows(first, rows, in_place);
        for (int r = 0; r < rows; r += P) {
            for (int k = in_place; k < all; ++k) {
                transpose_tile(features_[0].data() + k * feature_panel() + ptrdiff_t(r) * P, P, r / P, k);
            }
        }
    }

    void transpose_tile(const T* from, ptrdiff_t stride, int row_panel, int feature_panel) {
        T* to = inputs() + row_panel * input_panel() + ptrdiff_t(feature_panel) * P * P;
        const int units = net_.inputs() - feature_panel * P;
        if (units >= P) return kernels_.transpose(from, stride, to, P);
        alignas(PANEL_BYTES) T square[P * P];
        kernels_.transpose(from, stride, square, P);
        std::copy_n(square, units * P, to);
    }

    // The columns that are not read in place, neither by the transpose nor by Δ.
    void gather_rest(int64_t first, int rows) {
        const int in_place = panels_in_place();
        T* to = features_[0].data() + in_place * feature_panel();
        RowsOfX<T> rest = source_.rows({nullptr, first});
        rest.x += in_place * P;
        rest.inputs -= in_place * P;
        kernels_.gather_rows(rest, 0, rows, to, feature_panel());
    }

    // A last group of fewer than P rows goes through a square of its own: X must not be read beyond its end.
    void transpose_last_rows(int64_t first, int rows, int in_place) {
        alignas(PANEL_BYTES) T square[P * P] = {};
        const int r = rows / P * P, n = net_.inputs();
        for (int k = 0; k < in_place; ++k) {
            for (int q = r; q < rows; ++q)
                std::copy_n(source_.x + (first + q) * n + k * P, P, square + (q - r) * P);
            transpose_tile(square, P, r / P, k);
        }
    }

    void forward(const T* theta, const T* packed, int panels) {
        const int last = net_.weight_layers();
        for (int l = 1; l <= last; ++l) {
            const LaneOffsets& y = layout_.layers()[l - 1];
            LaneProduct<T> p{};
            p.a = packed + y.packed;
            p.b = l > 1 ? lanes_[l - 1].data() : inputs();
            p.b_panel = l > 1 ? lane_panel(l - 1) : input_panel();
            p.c = lanes_[l].data();
            p.c_panel = lane_panel(l);
            p.bias = theta + y.theta;
            p.units = y.outputs;
            p.depth = y.inputs;
            p.panels = panels;
            p.prefetches = l == 1 && inputs_.ready;
            if (l < last) {
                p.forward = kernels_.forward[static_cast<int>(net_.hidden[l - 1])];
                p.keep = keeps_z(l) ? keep_[l].data() : nullptr;
            }
            kernels_.lane_product(p);
        }
    }

    // Σ w cost of the block in double precision; δ^(L) stays in lanes.
    double take_loss(int64_t first, int rows) {
        const int last = net_.weight_layers();
        double sum = 0;
        for (int r = 0; r < rows; r += P) {
            alignas(PANEL_BYTES) T w[P] = {}, value[P];
            const int n = std::min(P, rows - r);
            read_targets(first + r, n, w);
            const ptrdiff_t at = r / P * lane_panel(last);
            kernels_.loss[static_cast<int>(net_.loss)]({lanes_[last].data() + at, y_.data(), w,
                                                        delta_[last].data() + at, value, net_.outputs(),
                                                        static_cast<T>(net_.parameter)});
            for (int q = 0; q < n; ++q) sum += value[q];
        }
        return sum;
    }

    void read_targets(int64_t first, int n, T* w) {
        const int units = net_.outputs();
        std::copy_n(source_.w + first, n, w);
        const T* y = source_.y + first * units;
        for (int q = 0; q < n; ++q) {
            for (int k = 0; k < units; ++k) y_.data()[k * P + q] = y[q * ptrdiff_t(units) + k];
        }
    }

    void backward(const T* packed, int panels) {
        for (int l = net_.weight_layers() - 1; l >= 1; --l) {
            const LaneOffsets& y = layout_.layers()[l];
            LaneProduct<T> p{};
            p.a = packed + y.transposed;
            p.b = delta_[l + 1].data();
            p.b_panel = lane_panel(l + 1);
            p.c = delta_[l].data();
            p.c_panel = lane_panel(l);
            p.units = y.inputs;
            p.depth = y.outputs;
            p.panels = panels;
            p.backward = kernels_.backward[static_cast<int>(net_.hidden[l - 1])];
            p.keep = keeps_z(l) ? keep_[l].data() : lanes_[l].data();
            kernels_.lane_product(p);
        }
    }

    // Δ of all layers; on the way through X the next block's rows are prefetched.
    void accumulate(int64_t first, int rows, int next_rows, T* sums) {
        const int in_place = panels_in_place(), n = net_.inputs();
        const ptrdiff_t prefetch_offset = next_rows < rows ? 0 : ptrdiff_t(rows) * n;
        if (in_place > 0) add_delta(0, source_.x + first * n, n, P, 0, in_place, rows, prefetch_offset, sums);
        for (int l = 0; l < net_.weight_layers(); ++l) {
            if (l > 0) transpose_to_features(l, (rows + P - 1) / P);
            const int from = l > 0 ? 0 : in_place;
            add_delta(l, features_[l].data() + from * feature_panel(), P, feature_panel(), from,
                      panels_for<T>(net_.sizes[l]), rows, 0, sums);
            for (int r = 0; r < rows; r += P) {
                kernels_.lane_sums(delta_[l + 1].data() + r / P * lane_panel(l + 1), net_.sizes[l + 1],
                                   sums + layout_.layers()[l].bias);
            }
        }
    }

    // Feature panels [begin, end) of one layer.
    void add_delta(int l, const T* a, ptrdiff_t a_row, ptrdiff_t a_panel, int begin, int end, int rows,
                   ptrdiff_t prefetch_offset, T* sums) {
        const LaneOffsets& y = layout_.layers()[l];
        const ptrdiff_t sums_panel = ptrdiff_t(y.outputs) * P;
        kernels_.lane_delta({delta_[l + 1].data(), lane_panel(l + 1), a, a_row, a_panel,
                             sums + y.sums + begin * sums_panel, sums_panel, rows, y.outputs, end - begin,
                             prefetch_offset});
    }

    void transpose_to_features(int l, int panels) {
        for (int r = 0; r < panels; ++r) {
            for (int k = 0; k < panels_for<T>(net_.sizes[l]); ++k) {
                kernels_.transpose(lanes_[l].data() + r * lane_panel(l) + ptrdiff_t(k) * P * P, P,
                                   features_[l].data() + k * feature_panel() + ptrdiff_t(r) * P * P, P);
            }
        }
    }

    const NetworkSpec& net_;
    const LaneLayout<T>& layout_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    BlockInputs inputs_{};
    int row_panels_;
    std::vector<Buffer<T>> lanes_, delta_, keep_;  // [row panel][unit][P]
    std::vector<Buffer<T>> features_;              // [feature panel][row][P]
    Buffer<T> y_;
};

template <class T>
class LaneBatch {
public:
    LaneBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source,
              TransposedInputCache<T>& cache, int threads)
        : kernels_(kernels),
          source_(source),
          input_cache_(cache),
          layout_(net),
          chunks_(source.m),
          packed_(layout_.packed_size()),
          threads_(std::min(chunks_.count(), threads_for(3.0 * static_cast<double>(source.m) *
                                                             static_cast<double>(net.parameters()),
                                                         threads))) {
        for (int t = 0; t < threads_; ++t)
            blocks_.emplace_back(net, layout_, kernels, source, RowChunks::BLOCK_ROWS);
        for (int c = 0; c < chunks_.count(); ++c) sums_.emplace_back(layout_.size());
        losses_.resize(chunks_.count());
    }

    // All weights are read for every 128 rows: that is fast as long as they stay in the second-level cache.
    static bool suits(const NetworkSpec& net, const RowSource<T>& source) {
        return !net.own && !source.has_entries() && net.parameters() * sizeof(T) <= size_t(160) << 10;
    }

    double sums(const T* theta, T* Delta) {
        layout_.pack(kernels_, theta, packed_.data());
        const Role role = input_cache_.begin();
        std::atomic<int> next{0};
        Barrier barrier(threads_), alone(1);
        run_on_team(threads_, [&](int thread, int threads) {
            for (int c = next.fetch_add(1); c < chunks_.count(); c = next.fetch_add(1))
                run_chunk(theta, c, role, thread);
            (threads == threads_ ? barrier : alone).wait();
            add_chunks(layout_.size() * thread / threads, layout_.size() * (thread + 1) / threads);
        });
        if (role == Role::write) input_cache_.written();
        layout_.unpack(sums_[0].data(), Delta);
        return std::accumulate(losses_.begin(), losses_.end(), 0.0);
    }

private:
    using Role = typename TransposedInputCache<T>::Role;
    static constexpr int BLOCK_ROWS = RowChunks::BLOCK_ROWS;

    // Part of the sums, over the chunks in their order.
    void add_chunks(size_t begin, size_t end) {
        T* to = sums_[0].data();
        for (int c = 1; c < chunks_.count(); ++c) {
            const T* from = sums_[c].data();
            for (size_t i = begin; i < end; ++i) to[i] += from[i];
        }
    }

    void run_chunk(const T* theta, int c, Role role, int thread) {
        const auto [begin, end] = chunks_.rows(c);
        sums_[c].clear();
        losses_[c] = 0;
        for (int64_t first = begin; first < end; first += BLOCK_ROWS) {
            const int rows = static_cast<int>(std::min<int64_t>(BLOCK_ROWS, end - first));
            const int next = static_cast<int>(std::min<int64_t>(BLOCK_ROWS, source_.m - first - rows));
            T* lanes = role == Role::none ? nullptr : input_cache_.rows_from(first);
            losses_[c] += blocks_[thread].run(theta, packed_.data(), {first, lanes, role == Role::read}, rows,
                                              next, sums_[c].data());
        }
    }

    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    TransposedInputCache<T>& input_cache_;
    LaneLayout<T> layout_;
    RowChunks chunks_;
    Buffer<T> packed_;
    int threads_;
    std::vector<LaneBlock<T>> blocks_;
    std::vector<Buffer<T>> sums_;
    std::vector<double> losses_;
};

}  // namespace backpass
