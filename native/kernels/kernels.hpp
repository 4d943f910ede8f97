// The plain-array interface between the engine and its kernels: one table of functions for each
// instruction set and number type. The engine itself is compiled for the baseline only.
//
// Number types: T is float or double, in every array of one call; sums over rows of losses are double.
//
// Panels: a matrix (rows, features) is stored as [feature / P][row][P] with P features in 64 bytes (16
// floats, 8 doubles): one cache line, which is one AVX-512 register, two of AVX2 and four of SSE or NEON.
// So every stream that a kernel reads is contiguous, and kernels of panels need no code for a last partial
// vector. Features beyond the last one are zeros in weights and in δ; in activations they are never read.
//
// Lanes: the same matrix as [row / P][unit][P], P rows side by side and no padding units. Padding is what
// narrow layers lose in panels: for 400-25-10 in single precision 25 and 10 units fill 2 panels and 1, 35
// of 48 columns. In a prototype of this engine lanes raised J and D of that network from 63 % of the
// processor's peak to 76 to 81 % (AVX2, 5000 rows).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/functions.hpp"

namespace backpass {

using std::ptrdiff_t;
using std::size_t;

constexpr int PANEL_BYTES = 64;
template <class T>
constexpr int PANEL = PANEL_BYTES / static_cast<int>(sizeof(T));

// z -> a in place, n a multiple of P; `keep` (may be null) receives what g' needs: a, or z where
// `keeps_z`; `mask` (may be null) is dropout's, 0 or 1/(1 - p) for each number.
template <class T>
using ForwardEpilogue = void (*)(T* c, T* keep, const T* mask, size_t n);
// c *= g'(keep) [* mask], in place.
template <class T>
using BackwardEpilogue = void (*)(T* c, const T* keep, const T* mask, size_t n);

// C[rows] = start + A[rows] * B: z = aΘᵀ + bias forward, δΘ backward.
template <class T>
struct Product {
    const T* a;         // [depth / P][row][P], at the first row wanted
    ptrdiff_t a_panel;  // elements from one panel of A to the next
    const T* b;         // [panel][depth][P]
    ptrdiff_t b_panel;
    T* c;  // [panel][row][P], at the first row wanted
    ptrdiff_t c_panel;
    const T* bias;  // null: start from zero
    int rows, depth, panels;
    ForwardEpilogue<T> forward;    // null: none
    BackwardEpilogue<T> backward;  // null: none
    T* keep;                       // panels as C's, or null
    const T* mask;                 // panels as C's, or null
};

// What an update rule needs of one step; `decay` multiplies the old weights into the gradient.
template <class T>
struct Step {
    T learning_rate, momentum, beta_1, beta_2, one_minus_beta_1, one_minus_beta_2, epsilon, shrink, decay;
};

// The rule applied to n numbers: weights w, gradient g, and the rule's own two arrays.
template <class T>
using Update = void (*)(T* w, T* first, T* second, const T* g, size_t n, const Step<T>& step);

// Dense rows of X, row-major: consecutive ones, or those an order names.
template <class T>
struct RowsOfX {
    const T* x;
    ptrdiff_t stride;
    const int64_t* order;  // null: consecutive
    int64_t first;
    int inputs;
};

// How far the rows of the next batch, [row, end), have been prefetched.
template <class T>
struct RowPrefetch {
    RowsOfX<T> rows;
    int row, end, line, lines_per_tile;
};

// Δ = Σ δ aᵀ over the rows, tile by tile, each passed to the rule while it is in cache.
template <class T>
struct DeltaTiles {
    const T* a;  // [input panel][row][P]
    ptrdiff_t a_panel;
    const T* delta;  // [output panel][row][P]
    ptrdiff_t delta_panel;
    int rows, inputs, begin, end;  // input panels [begin, end)
    int output_panels;
    T *w, *first, *second;  // [output panel][input][P]; `first`, `second` may be null
    ptrdiff_t w_panel;
    T* transposed;  // [input panel][output][P], or null
    ptrdiff_t transposed_panel;
    double* squares;  // ΣΘ² before the step, one for each input panel; or null
    Update<T> update;
    Step<T> step;
    RowPrefetch<T>* prefetch;  // or null
    bool far;                  // the weights and the rule's arrays are not in the second-level cache
    const T* more;  // Δ of other rows, [output panel][input][P] as w: added to these rows'; or null
};

// Entries of one row of a sparse X: its values beside their columns, ascending, each column once.
template <class T>
struct RowEntries {
    const T* values;
    const int32_t* columns;
    int n, ahead;  // entries, and those of the rows behind it that follow in memory
};

// Θᵀ of a first layer for rows that are entries: one row of units for each input. `whole` says of how many of
// the first inputs a whole panel may be read beyond the last unit: later rows end where θ does.
template <class T>
struct EntryWeights {
    const T* weights;
    ptrdiff_t row, panel;  // elements from one input to the next, and from one panel of units
    int units, whole;
};

// z = start + x Θᵀ of one row, or of a part of its entries.
template <class T>
struct SparseProduct {
    RowEntries<T> row;
    EntryWeights<T> theta;
    const T* start;  // the bias, padded to whole panels, or the z of the entries before
    ptrdiff_t start_panel;
    T* z;  // panel 0's P numbers of this row; those beyond the last unit become 0
    ptrdiff_t panel;
};

// sums[slot] += x δ for the entries of one row: one padded row of sums for each input that is named.
template <class T>
struct SparseDelta {
    const T* values;
    const int32_t* slots;
    int n;
    const T* delta;  // panel 0's P numbers of this row
    ptrdiff_t panel;
    int panels;
    T* sums;
    ptrdiff_t sums_row, sums_panel;  // elements from one slot to the next, and from one panel
};

// sums[column] = Σ x δ over the column's entries: a column's values beside the rows that they are in.
template <class T>
struct ColumnDelta {
    const int32_t* starts;  // of each column, and the end
    const int32_t* rows;
    const T* values;
    int columns;
    const T* delta;  // [panel][row][P]
    ptrdiff_t delta_panel;
    int block_rows, panels;
    T* sums;  // [panel][column][P]
    ptrdiff_t sums_panel;
};

// One step, and what its penalty counts in the epoch's mean.
template <class T>
struct EpochStep {
    Step<T> step;
    double share;
};

// Steps in which some weights have no gradient but λΘ: n that move them, and more that only multiply the
// rule's arrays. Where the first array is zero already, all of them only multiply the second one.
template <class T>
struct IdleSteps {
    const EpochStep<T>* steps;
    int n;
    T rest_of_first, rest_of_second, all_of_second;
};

// The steps that n numbers have missed; returns Σ over them of their share of the penalty, Σ share ΣΘ².
template <class T>
using CatchUp = double (*)(T* w, T* first, T* second, size_t n, const IdleSteps<T>& idle);

// Rows of Θᵀ where they lie in θ, and in the rule's arrays. A row's own numbers alone are written: the next
// row may be another thread's.
template <class T>
struct WeightRows {
    T *w, *first, *second;  // `first`, `second` may be null
    int units;
    const int32_t* columns;  // which rows
    int n;
};

// Rows of Θᵀ where they lie in θ, each its own numbers of one panel of units.
template <class T>
struct RowsOfSquare {
    T* w;
    ptrdiff_t stride;
    int units, n;  // of a row, at most P; rows
};

// Rows [begin, end) of Θᵀ where they lie in θ, Δ and the momentum of a whole matrix as they lie there.
template <class T>
struct MomentumRows {
    const T *w, *Delta;
    T* momentum;
    T* ahead;  // [panel][row][P]
    ptrdiff_t ahead_panel;
    int units, begin, end;
    Step<T> step;
};

// One group of P rows, rows in lanes: [unit][P].
template <class T>
struct LossRows {
    const T* z;
    const T* y;
    const T* w;  // weight of each row
    T* delta;    // δ^(L), times the row's weight
    T* value;    // the loss of each row, times its weight
    int units;
    T parameter;
};

// Weights for tiles of units: [tile][depth][units of the tile], one stream for each tile.
template <class T>
struct LaneWeights {
    const T* from;  // unit i, step k: from[i * unit_step + k * depth_step]
    ptrdiff_t unit_step, depth_step;
    int units, depth;
    T* to;
};

// Rows in lanes: a matrix (rows, units) is stored as [row / P][unit][P], without padding units.
// C = start + A * B for some panels of rows.
template <class T>
struct LaneProduct {
    const T* a;  // LaneWeights' `to`
    const T* b;  // [panel][depth][P]
    ptrdiff_t b_panel;
    T* c;  // [panel][unit][P]
    ptrdiff_t c_panel;
    const T* bias;  // one for each unit; null: start from zero
    int units, depth, panels;
    bool prefetches;             // whether b's panels come from memory and the following ones are needed next
    ForwardEpilogue<T> forward;  // null: none
    BackwardEpilogue<T> backward;  // null: none
    T* keep;                       // panels as C's, or null
};

// Δ += Σ δ aᵀ with δ's rows in lanes and a's features in panels: Δ is [feature / P][unit][P].
template <class T>
struct LaneDelta {
    const T* delta;  // [row panel][unit][P]
    ptrdiff_t delta_panel;
    const T* a;  // row r, feature panel j: a[r * a_row + j * a_panel]
    ptrdiff_t a_row, a_panel;
    T* sums;
    ptrdiff_t sums_panel;
    int rows, units, panels;
    ptrdiff_t prefetch_offset;  // from each number of a to one that is needed next; 0: none
};

// One row (or few) straight from θ: z = bias + x Θᵀ, Θᵀ of shape (inputs, outputs) in rows.
template <class T>
struct SingleRow {
    const T* x;
    const T* theta;  // bias first
    T* z;            // padded to whole panels
    int inputs, outputs;
};

// Numbers of one column of a table, from row to row `stride` apart, among ascending breakpoints.
struct PlacesOfNumbers {
    const double* numbers;
    ptrdiff_t stride;
    int rows;
    double largest, smallest;   // numbers further from zero count as the one, nearer ones as zero
    const double* breakpoints;  // 2^halvings - 1 of them, the last ones infinite
    int halvings;
    int32_t of_gaps;
    double* x;  // receives the numbers, NaN for a gap
    int32_t* places;
};

// Numbers whose places among breakpoints are found, and those among some of them.
struct PlacedNumbers {
    const double* x;
    const int32_t* found;
    int rows;
    const int32_t* places;       // by what was found
    double median, least, most;  // what stands for a gap, and the ends
};

// Of a column in normal shape: what part of the rows is below a number, share + slope (x - from).
struct Stretch {
    double from, share, slope;
};

template <class T>
struct NormalShapes {
    PlacedNumbers in;
    const Stretch* stretches;
    double least_share;
    T* to;
};

struct Bin {
    double low, width;
};

// How far in their bins numbers are: at most `beyond` outside of the outer ones.
template <class T>
struct PartsOfBins {
    PlacedNumbers in;
    const Bin* bins;
    double beyond;
    T* t;
    int32_t* bin;
};

// A column of cells: of each row a value, and which row of Θᵀ it meets from `weights` on.
template <class T>
struct CellColumn {
    const T* values;
    const int32_t* places;  // null: all meet the first
    const T* weights;
    ptrdiff_t row;  // elements from one row of Θᵀ to the next
};

// Rows of which each has panels somewhere: those of one row behind each other, or those of all rows.
template <class T>
struct RowsOfPanels {
    T* first;
    ptrdiff_t row, panel;  // elements from one row to the next, and from one panel
};

// z = bias + x Θᵀ of rows that are columns of cells.
template <class T>
struct CellProduct {
    const CellColumn<T>* columns;
    int n;
    const T* bias;  // padded to whole panels
    int rows, panels;
    RowsOfPanels<T> z;
};

// The units of each row of z whose numbers are above zero. Rows 2i and 2i + 1 have counts[i] of them each,
// the last ones `panels` * P, behind all units, where z becomes zero; lists have room for 2P more than there
// are units, and for an even number of rows.
template <class T>
struct PositiveUnits {
    RowsOfPanels<T> z;  // whose panels follow each other
    int rows, panels;
    int32_t* units;
    ptrdiff_t list;  // elements from one list to the next
    int32_t* counts;
};

// z = bias + a Θᵀ of such rows, and of one more where they are odd.
template <class T>
struct PositiveProduct {
    PositiveUnits<T> a;
    const T* weights;  // Θᵀ, [unit below, and one that is none][panels * P]
    const T* bias;     // padded to whole panels
    int panels;
    RowsOfPanels<T> z;
};

// Up to P rows of X, contiguous, and Θ of the one unit; `last_weights` are those of the panel that ends with
// the row, 0 where the panel before has them.
template <class T>
struct LinearRows {
    const T* x;
    int rows, inputs;
    T bias;
    const T *weights, *last_weights;
};

// Philox4x32-10 masks for one row: unit j is kept, with 1/(1 - p), where its word is >= threshold.
template <class T>
struct MaskRow {
    T* mask;  // panel 0's P numbers of this row
    ptrdiff_t panel;
    int units;
    uint64_t threshold;
    T scale;
    uint64_t seed;
    uint32_t row, step, layer;
};

template <class T>
struct Kernels {
    void (*product)(const Product<T>&);
    void (*gather_rows)(const RowsOfX<T>& x, int begin, int end, T* to, ptrdiff_t panel);
    int (*count_non_zeros)(const T* x, int n, int most);                  // and no further than beyond `most`
    int (*compress_row)(const T* x, int n, T* values, int32_t* columns);  // both have room for n + P
    void (*delta_tiles)(const DeltaTiles<T>&);
    void (*pack_lane_weights)(const LaneWeights<T>&);
    void (*lane_product)(const LaneProduct<T>&);
    void (*lane_delta)(const LaneDelta<T>&);
    void (*lane_sums)(const T* delta, int units, T* sums);  // sums[unit][P] += delta[unit][P]
    void (*sparse_product)(const SparseProduct<T>&);
    void (*sparse_delta)(const SparseDelta<T>&);
    void (*column_delta)(const ColumnDelta<T>&);
    void (*update_rows)(const WeightRows<T>&, const T* sums, Update<T>, const Step<T>&, double* squares);
    void (*catch_up_rows)(const WeightRows<T>&, CatchUp<T>, const IdleSteps<T>* idle, double* penalties);
    void (*sums_from_below)(const T* rows, T* sums, int n, ptrdiff_t width);
    void (*add_sums_from_above)(T* D, T* above, int n, ptrdiff_t width);
    void (*column_sums)(const T* panel, int rows, T* sums);
    void (*single_row)(const SingleRow<T>&);
    void (*linear_product)(const LinearRows<T>&, T* z);  // of P rows; z of those that are none is the bias
    void (*linear_delta)(const LinearRows<T>&, const T* delta, T* sums, T* last_sums);  // sums += Σ δ x
    void (*places_of_numbers)(const PlacesOfNumbers&);
    void (*normal_shapes)(const NormalShapes<T>&);
    void (*parts_of_bins)(const PartsOfBins<T>&);
    void (*cell_product)(const CellProduct<T>&);
    void (*list_positive)(const PositiveUnits<T>&);
    void (*positive_product)(const PositiveProduct<T>&);
    void (*mask_row)(const MaskRow<T>&);
    void (*transpose)(const T* from, ptrdiff_t from_stride, T* to, ptrdiff_t to_stride);  // P x P
    double (*sum_of_squares)(const T* x, size_t n);
    void (*scale)(T* x, size_t n, T by);
    void (*weighted_sum)(const T* x, T b, const T* y, T c, T* sum, size_t n);  // b x + c y
    void (*decayed_step)(T* w, const T* x, size_t n, T kept, T length);        // w = kept w - length x
    void (*decayed_step_of_rows)(const RowsOfSquare<T>&, const T* x, T kept, T length);  // x: [row][P]
    void (*momentum_of_rows)(const MomentumRows<T>&);
    double (*multiply_adds)(long rounds, T* result);
    const Kernels<double>* in_double;  // the same set's
    void (*exp)(const T* x, T* y, size_t n);
    void (*log)(const T* x, T* y, size_t n);
    void (*tanh)(const T* x, T* y, size_t n);
    ForwardEpilogue<T> forward[ACTIVATIONS];
    BackwardEpilogue<T> backward[ACTIVATIONS];
    bool keeps_z[ACTIVATIONS];  // whether g' is computed from z rather than from a
    void (*loss[LOSSES])(const LossRows<T>&);
    void (*output[LOSSES])(const T* z, T* a, int units);  // P rows in lanes
    Update<T> update[RULES];
    CatchUp<T> catch_up[RULES];  // null for `sum`
};

}  // namespace backpass
