// What computes the functions that the core does not know, a user's own: they are called for a block of rows
// at a time, on rows in their order [row][unit], between the products and not inside of them.
#pragma once

#include <memory>

namespace backpass {

template <class T>
class OwnFunctions {
public:
    virtual ~OwnFunctions() = default;

    // g(z), or g'(z), of hidden layer l (from 1 on), into `out`; all are (rows, units).
    virtual void activate(int l, int rows, int units, const T* z, T* out) const = 0;
    virtual void slope(int l, int rows, int units, const T* z, T* out) const = 0;

    // Each row's loss and δ^(L).
    virtual void loss(int rows, int units, const T* z, const T* y, T* value, T* delta) const = 0;
    // a^(L).
    virtual void output(int rows, int units, const T* z, T* a) const = 0;
};

// In either precision; both are null where the core knows all of a network's functions.
struct OwnOfBoth {
    std::shared_ptr<const OwnFunctions<float>> f32;
    std::shared_ptr<const OwnFunctions<double>> f64;

    explicit operator bool() const { return f32 != nullptr; }
};

template <class T>
const OwnFunctions<T>& own_of(const OwnOfBoth& both);
template <>
inline const OwnFunctions<float>& own_of(const OwnOfBoth& both) {
    return *both.f32;
}
template <>
inline const OwnFunctions<double>& own_of(const OwnOfBoth& both) {
    return *both.f64;
}

}  // namespace backpass
