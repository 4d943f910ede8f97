// A user's own functions as Python has them, called by the core (engine/own/own_functions.hpp).
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "engine/own/own_functions.hpp"

namespace backpass {

namespace nb = nanobind;

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;

// A user's functions: of each hidden layer g and g', of the loss its output, value and δ; nothing where the
// core knows them.
struct OwnCallables {
    std::vector<nb::object> g, g_prime;
    nb::object output, value, delta;
};

// Calls them with arrays of their own, which they may keep.
template <class T>
class PyOwnFunctions final : public OwnFunctions<T> {
public:
    explicit PyOwnFunctions(std::shared_ptr<const OwnCallables> callables)
        : callables_(std::move(callables)) {}

    void activate(int l, int rows, int units, const T* z, T* out) const override {
        call(callables_->g[l - 1], rows, units, {z}, size_t(rows) * units, out);
    }
    void slope(int l, int rows, int units, const T* z, T* out) const override {
        call(callables_->g_prime[l - 1], rows, units, {z}, size_t(rows) * units, out);
    }
    void loss(int rows, int units, const T* z, const T* y, T* value, T* delta) const override {
        call(callables_->value, rows, units, {z, y}, rows, value);
        call(callables_->delta, rows, units, {z, y}, size_t(rows) * units, delta);
    }
    void output(int rows, int units, const T* z, T* a) const override {
        call(callables_->output, rows, units, {z}, size_t(rows) * units, a);
    }

private:
    static nb::object copied(const T* from, size_t rows, size_t units) {
        auto memory = std::make_unique<T[]>(rows * units);
        std::copy_n(from, rows * units, memory.get());
        const nb::capsule owner(memory.get(), [](void* p) noexcept { delete[] static_cast<T*>(p); });
        return nb::cast(nb::ndarray<nb::numpy, T>(memory.release(), {rows, units}, owner));
    }

    static void call(const nb::object& function, int rows, int units, std::initializer_list<const T*> arrays,
                     size_t n, T* out) {
        const nb::gil_scoped_acquire acquire;
        nb::list arguments;
        for (const T* each : arrays) arguments.append(copied(each, rows, units));
        const auto answer = nb::cast<In<T>>(function(*nb::tuple(arguments)));
        if (answer.size() != n) throw std::length_error("A function of your own returns another shape.");
        std::copy_n(answer.data(), n, out);
    }

    std::shared_ptr<const OwnCallables> callables_;
};

}  // namespace backpass
