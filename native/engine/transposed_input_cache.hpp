// X transposed into lanes once for all evaluations of a problem: [row / P][input][P].
//
// A single evaluation transposes its rows block by block, since a copy would cost more than it saves; the
// second one writes the copy, and the later ones read it.
#pragma once

#include <atomic>

#include "runtime/buffer.hpp"

namespace backpass {

template <class T>
class TransposedInputCache {
public:
    enum class Role { none, write, read };

    TransposedInputCache(int64_t rows, int inputs, bool allowed)
        : panel_(ptrdiff_t(inputs) * PANEL<T>), panels_((rows + PANEL<T> - 1) / PANEL<T>) {
        if (!allowed) stage_ = Stage::never;
    }

    // What an evaluation that begins now does; a writer says afterwards that it has written.
    Role begin() {
        Stage seen = stage_.load(std::memory_order_acquire);
        if (seen == Stage::unused) {
            stage_.compare_exchange_strong(seen, Stage::used);
        } else if (seen == Stage::used && stage_.compare_exchange_strong(seen, Stage::writing)) {
            lanes_ = Buffer<T>(size_t(panel_) * panels_, Fill::none);
            return Role::write;
        }
        return seen == Stage::written ? Role::read : Role::none;
    }

    void written() { stage_.store(Stage::written, std::memory_order_release); }

    T* rows_from(int64_t first) { return lanes_.data() + first / PANEL<T> * panel_; }

private:
    enum class Stage { unused, used, writing, written, never };

    std::atomic<Stage> stage_{Stage::unused};
    ptrdiff_t panel_;
    int64_t panels_;
    Buffer<T> lanes_;
};

}  // namespace backpass
