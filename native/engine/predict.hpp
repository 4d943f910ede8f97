// z^(L) or a^(L) for rows of X: blocks for many rows, straight from θ for a few. Packing the weights into
// panels reads and writes all of them, which is as much work as the products of a few rows.
#pragma once

#include <atomic>
#include <numeric>

#include "engine/block_executor.hpp"
#include "engine/row_pass.hpp"
#include "runtime/adaptive_threads.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

constexpr int FEW_ROWS = 4, PREDICT_BLOCK = 128;

// One row at a time through all layers; its memory is two rows of the widest layer.
template <class T>
class FewRows {
public:
    FewRows(const NetworkSpec& net, const Kernels<T>& kernels) : net_(net), kernels_(kernels) {
        size_t widest = 0;
        for (int units : net.sizes) widest = std::max(widest, size_t(panels_for<T>(units)) * P);
        now_ = Buffer<T>(widest);
        next_ = Buffer<T>(widest);
        lanes_ = Buffer<T>(size_t(net.outputs()) * P);
    }

    void run(const T* theta, const T* x, T* out, bool output_activation) {
        const T* a = x;
        const int last = net_.weight_layers();
        for (int l = 0; l < last; ++l) {
            const int in = net_.sizes[l], units = net_.sizes[l + 1];
            kernels_.single_row({a, theta, next_.data(), in, units});
            theta += (in + size_t(1)) * units;
            if (l + 1 < last) {
                kernels_.forward[static_cast<int>(net_.hidden[l])](next_.data(), nullptr, nullptr,
                                                                   size_t(panels_for<T>(units)) * P);
            }
            std::swap(now_, next_);
            a = now_.data();
        }
        if (output_activation) return finish(out);
        std::copy_n(a, net_.outputs(), out);
    }

private:
    static constexpr int P = PANEL<T>;

    void finish(T* out) {
        const int units = net_.outputs();
        for (int k = 0; k < units; ++k) std::fill_n(lanes_.data() + k * P, P, now_.data()[k]);
        kernels_.output[static_cast<int>(net_.loss)](lanes_.data(), lanes_.data(), units);
        for (int k = 0; k < units; ++k) out[k] = lanes_.data()[k * P];
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    Buffer<T> now_, next_, lanes_;
};

// Blocks of 128 rows, which threads take one after another; each thread has a workspace for one block.
template <class T>
class ManyRows {
public:
    ManyRows(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : net_(net),
          kernels_(kernels),
          source_(source),
          layout_(net, first_layer_of(source)),
          weights_(layout_),
          block_rows_(block_rows<T>(net, source, source.m, PREDICT_BLOCK, PREDICT_BLOCK)),
          threads_(threads_for(multiply_adds_forward(net, source) * static_cast<double>(source.m), threads)),
          entry_layer_(make_entry_layer(net, kernels, source, 1)) {
        const size_t entries =
            source.has_entries() ? most_entries(source, {nullptr, 0}, source.m, block_rows_) : 0;
        for (int t = 0; t < threads_; ++t) {
            workspaces_.emplace_back(net, kernels, source.packed_inputs(), block_rows_, false);
            passes_.emplace_back(net, layout_, kernels, source);
            passes_.back().reserve(block_rows_, entries);
            lanes_.emplace_back(size_t(panels_for<T>(net.outputs())) * P * P);
        }
    }

    void run(const T* theta, T* out, bool output_activation) {
        each_block(theta, [&](int64_t first, int rows, int thread) {
            run_block(first, rows, thread, out, output_activation);
        });
    }

    // Writes z^(L) and returns Σ w cost, added up over the blocks in their order.
    double logits_and_cost(const T* theta, T* out) {
        std::vector<double> costs((source_.m + block_rows_ - 1) / block_rows_);
        each_block(theta, [&](int64_t first, int rows, int thread) {
            run_block(first, rows, thread, out, false);
            Workspace<T>& ws = workspaces_[thread];
            passes_[thread].take_loss(ws, {{nullptr, first}, 0, rows, packed(rows), 1.0, 0});
            costs[first / block_rows_] =
                std::accumulate(ws.losses().begin(), ws.losses().begin() + rows, 0.0);
        });
        return std::accumulate(costs.begin(), costs.end(), 0.0);
    }

private:
    static constexpr int P = PANEL<T>;

    // Calls visit(first row, rows, thread) for every block.
    template <class Visit>
    void each_block(const T* theta, Visit visit) {
        weights_.read_forward(layout_, theta);
        if (entry_layer_ != nullptr) weights_.first_layer = entry_layer_->read(theta + net_.sizes[1]);
        const int64_t size = block_rows_, blocks = (source_.m + size - 1) / size;
        std::atomic<int64_t> next{0};
        run_on_team(threads_, [&](int thread, int) {
            for (int64_t b = next.fetch_add(1); b < blocks; b = next.fetch_add(1)) {
                const int64_t first = b * size;
                visit(first, static_cast<int>(std::min(size, source_.m - first)), thread);
            }
        });
    }

    int packed(int rows) const { return source_.has_entries() ? 0 : rows; }

    void run_block(int64_t first, int rows, int thread, T* out, bool output_activation) {
        Workspace<T>& ws = workspaces_[thread];
        passes_[thread].gather(ws, {{nullptr, first}, 0, rows, packed(rows), 1.0, 0});
        passes_[thread].forward(weights_, ws, 0, rows);
        if (net_.loss == Loss::own)
            return write_own(ws, rows, out + first * net_.outputs(), output_activation);
        for (int r = 0; r < rows; r += P) {
            const int n = std::min(P, rows - r);
            read_lanes(ws.delta(net_.weight_layers()) + ptrdiff_t(r) * P, ws.panel(), thread,
                       output_activation);
            write_rows(lanes_[thread].data(), n, out + (first + r) * net_.outputs());
        }
    }

    void write_own(Workspace<T>& ws, int rows, T* out, bool output_activation) const {
        OwnRows<T> own(net_);
        if (output_activation) {
            own.output(ws, rows, out);
        } else {
            own.logits(ws, rows, out);
        }
    }

    void read_lanes(const T* panels, ptrdiff_t panel, int thread, bool output_activation) {
        T* lanes = lanes_[thread].data();
        for (int j = 0; j < panels_for<T>(net_.outputs()); ++j) {
            kernels_.transpose(panels + j * panel, P, lanes + j * P * P, P);
        }
        if (output_activation) kernels_.output[static_cast<int>(net_.loss)](lanes, lanes, net_.outputs());
    }

    void write_rows(const T* lanes, int n, T* out) const {
        const int units = net_.outputs();
        for (int q = 0; q < n; ++q) {
            for (int k = 0; k < units; ++k) out[q * ptrdiff_t(units) + k] = lanes[k * P + q];
        }
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    PanelLayout<T> layout_;
    Weights<T> weights_;
    int block_rows_, threads_;
    std::vector<Workspace<T>> workspaces_;
    std::vector<RowPass<T>> passes_;
    std::vector<Buffer<T>> lanes_;
    std::unique_ptr<EntryLayer<T>> entry_layer_;  // where rows are entries
};

}  // namespace backpass
