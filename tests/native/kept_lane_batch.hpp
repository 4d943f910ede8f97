// One machine with the memory that a problem would keep for it.
#pragma once

#include "engine/lane_batch.hpp"

namespace backpass {

// The rows in lanes, as a problem's third evaluation reads them.
template <class T>
class KeptLaneBatch {
public:
    KeptLaneBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : kept_(source.m, source.inputs, true), batch_(net, kernels, source, kept_, threads) {}

    double sums(const T* theta, T* Delta) {
        batch_.sums(theta, Delta);
        batch_.sums(theta, Delta);
        return batch_.sums(theta, Delta);
    }

private:
    KeptLanes<T> kept_;
    LaneBatch<T> batch_;
};

}  // namespace backpass
