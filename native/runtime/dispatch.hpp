// Which kernels this processor can run, and the table of the best or of a named one.
#pragma once

#include <string>
#include <vector>

#include "kernels/kernels.hpp"

namespace backpass {

struct KernelSet {
    Kernels<float> f32;
    Kernels<double> f64;
};

// Names, best first.
std::vector<std::string> runnable_instruction_sets();
const KernelSet& kernel_set(const std::string& name);

template <class T>
const Kernels<T>& kernels_of(const KernelSet& set) {
    if constexpr (sizeof(T) == 4) {
        return set.f32;
    } else {
        return set.f64;
    }
}

}  // namespace backpass
