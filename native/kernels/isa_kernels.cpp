// The kernels' table for one instruction set; compiled once for each, with BACKPASS_ISA its name.
#include "kernels/activations.hpp"
#include "kernels/delta_tiles.hpp"
#include "kernels/dropout_masks.hpp"
#include "kernels/entries/cell_rows.hpp"
#include "kernels/entries/positive_rows.hpp"
#include "kernels/entries/raw_numbers.hpp"
#include "kernels/entries/running_sums.hpp"
#include "kernels/entries/sparse_rows.hpp"
#include "kernels/entries/zeros.hpp"
#include "kernels/gather.hpp"
#include "kernels/lane_tiles.hpp"
#include "kernels/linear_rows.hpp"
#include "kernels/losses.hpp"
#include "kernels/peak.hpp"
#include "kernels/single_row.hpp"
#include "kernels/tile.hpp"
#include "kernels/transpose.hpp"
#include "kernels/updates.hpp"
#include "kernels/whole_matrix.hpp"

namespace backpass::BACKPASS_ISA {

struct Exp {
    template <class V>
    ALWAYS_INLINE static V g(V x) {
        return exp(x);
    }
};

struct Log {
    template <class V>
    ALWAYS_INLINE static V g(V x) {
        return log(x);
    }
};

// Any n, for the tests and the parts of the engine that are not in panels.
template <class G, class T>
void elementwise(const T* x, T* y, size_t n) {
    using V = Native<T>;
    size_t i = 0;
    for (; i + LANES<T> <= n; i += LANES<T>) store(y + i, G::g(load<V>(x + i)));
    if (i == n) return;
    T rest[LANES<T>] = {};
    for (size_t k = i; k < n; ++k) rest[k - i] = x[k];
    store(rest, G::g(load<V>(rest)));
    for (size_t k = i; k < n; ++k) y[k] = rest[k - i];
}

template <class G, class T>
void set_activation(Kernels<T>& kernels, Activation which) {
    const int i = static_cast<int>(which);
    kernels.forward[i] = forward_epilogue<G, T>;
    kernels.backward[i] = backward_epilogue<G, T>;
    kernels.keeps_z[i] = G::from_z;
}

template <class T>
void set_activations(Kernels<T>& k) {
#define BACKPASS_SET(name, G) set_activation<G>(k, Activation::name);
    BACKPASS_ACTIVATIONS(BACKPASS_SET)
#undef BACKPASS_SET
    set_activation<Own>(k, Activation::own);
}

template <class T>
void set_losses(Kernels<T>& k) {
#define BACKPASS_SET(name, value, h)              \
    k.loss[static_cast<int>(Loss::name)] = value; \
    k.output[static_cast<int>(Loss::name)] = h;
    BACKPASS_LOSSES(BACKPASS_SET)
#undef BACKPASS_SET
    k.loss[static_cast<int>(Loss::own)] = nullptr;
    k.output[static_cast<int>(Loss::own)] = nullptr;
}

template <class T>
void set_rules(Kernels<T>& k) {
#define BACKPASS_SET(name, R)                              \
    k.update[static_cast<int>(Rule::name)] = update<R, T>; \
    k.catch_up[static_cast<int>(Rule::name)] = catch_up<R, T>;
    BACKPASS_RULES(BACKPASS_SET)
#undef BACKPASS_SET
    k.update[static_cast<int>(Rule::sum)] = add_sum<T>;
    k.catch_up[static_cast<int>(Rule::sum)] = nullptr;
}

template <class T>
void fill(Kernels<T>& k) {
    k.product = product<T>;
    k.gather_rows = gather_rows<T>;
    k.count_non_zeros = count_non_zeros<T>;
    k.compress_row = compress_row<T>;
    k.delta_tiles = delta_tiles<T>;
    k.pack_lane_weights = pack_lane_weights<T>;
    k.lane_product = lane_product<T>;
    k.lane_delta = lane_delta<T>;
    k.lane_sums = lane_sums<T>;
    k.sparse_product = sparse_product<T>;
    k.sparse_delta = sparse_delta<T>;
    k.column_delta = column_delta<T>;
    k.update_rows = update_rows<T>;
    k.catch_up_rows = catch_up_rows<T>;
    k.sums_from_below = sums_from_below<T>;
    k.add_sums_from_above = add_sums_from_above<T>;
    k.column_sums = column_sums<T>;
    k.single_row = single_row<T>;
    k.linear_product = linear_product<T>;
    k.linear_delta = linear_delta<T>;
    k.places_of_numbers = places_of_numbers;
    k.normal_shapes = normal_shapes<T>;
    k.parts_of_bins = parts_of_bins<T>;
    k.cell_product = cell_product<T>;
    k.list_positive = list_positive<T>;
    k.positive_product = positive_product<T>;
    k.mask_row = mask_row<T>;
    k.transpose = transpose_square<T>;
    k.sum_of_squares = sum_of_squares_in_double<T>;
    k.scale = scale<T>;
    k.weighted_sum = weighted_sum<T>;
    k.decayed_step = decayed_step<T>;
    k.decayed_step_of_rows = decayed_step_of_rows<T>;
    k.momentum_of_rows = momentum_of_rows<T>;
    k.multiply_adds = multiply_adds<T>;
    k.exp = elementwise<Exp, T>;
    k.log = elementwise<Log, T>;
    k.tanh = elementwise<Tanh, T>;
    set_activations(k);
    set_losses(k);
    set_rules(k);
}

void fill_kernels(Kernels<float>& f32, Kernels<double>& f64) {
    fill(f32);
    fill(f64);
    f32.in_double = f64.in_double = &f64;
}

}  // namespace backpass::BACKPASS_ISA
