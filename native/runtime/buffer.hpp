// Memory in whole cache lines, and in large pages (2 MB) where it is large: a weight matrix of several MB
// touches a thousand small pages, each of which needs an entry of the TLB. One panel more than
// asked for is allocated, so that a kernel may read a whole vector at the last number.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "kernels/kernels.hpp"

namespace backpass {

// p + by, or null where p is null: an array that does not exist has no parts.
template <class T>
T* offset_or_null(T* p, size_t by) {
    return p == nullptr ? nullptr : p + by;
}

enum class Fill { zeros, none };

template <class T>
class Buffer {
public:
    Buffer() = default;

    explicit Buffer(size_t n, Fill fill = Fill::zeros) : size_(n) {
        const size_t wanted = n * sizeof(T) + PANEL_BYTES;
        const size_t unit = wanted < LARGE_PAGE / 4 ? PANEL_BYTES : LARGE_PAGE;
        const size_t bytes = (wanted + unit - 1) / unit * unit;
        memory_ = Memory(static_cast<T*>(::operator new(bytes, std::align_val_t(unit))), Free{unit});
#ifdef __linux__
        if (unit == LARGE_PAGE) madvise(memory_.get(), bytes, MADV_HUGEPAGE);
#endif
        if (fill == Fill::zeros) std::memset(static_cast<void*>(memory_.get()), 0, bytes);
    }

    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }
    size_t size() const { return size_; }
    void clear() { std::memset(static_cast<void*>(data()), 0, size_ * sizeof(T)); }

private:
    static constexpr size_t LARGE_PAGE = size_t(2) << 20;

    struct Free {
        size_t alignment = PANEL_BYTES;
        void operator()(T* p) const { ::operator delete(p, std::align_val_t(alignment)); }
    };
    using Memory = std::unique_ptr<T, Free>;

    Memory memory_;
    size_t size_ = 0;
};

}  // namespace backpass
