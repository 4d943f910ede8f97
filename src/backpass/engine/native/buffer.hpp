// Memory in whole cache lines, zero at the start.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "kernels.hpp"

namespace backpass {

template <class T>
class Buffer {
public:
    Buffer() = default;

    explicit Buffer(size_t n) : size_(n) {
        const size_t bytes = (n * sizeof(T) + 2 * PANEL_BYTES - 1) / PANEL_BYTES * PANEL_BYTES;
        memory_.reset(static_cast<T*>(::operator new(bytes, std::align_val_t(PANEL_BYTES))));
        std::memset(static_cast<void*>(memory_.get()), 0, bytes);
    }

    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }
    size_t size() const { return size_; }
    void clear() { std::memset(static_cast<void*>(data()), 0, size_ * sizeof(T)); }

private:
    struct Free {
        void operator()(T* p) const { ::operator delete(p, std::align_val_t(PANEL_BYTES)); }
    };
    std::unique_ptr<T, Free> memory_;
    size_t size_ = 0;
};

}  // namespace backpass
