// A LaneBatch with the input cache that a problem would keep for it.
#pragma once

#include "engine/lane_batch.hpp"

namespace backpass {

// Sums as a problem's third evaluation computes them, from the cached rows.
template <class T>
class CachedLaneBatch {
public:
    CachedLaneBatch(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source,
                    int threads)
        : cache_(source.m, source.inputs, true), batch_(net, kernels, source, cache_, threads) {}

    double sums(const T* theta, T* Delta) {
        batch_.sums(theta, Delta);
        batch_.sums(theta, Delta);
        return batch_.sums(theta, Delta);
    }

private:
    TransposedInputCache<T> cache_;
    LaneBatch<T> batch_;
};

}  // namespace backpass
