// A layer behind rectified units, most of which are zero: of 80 units of members for tables 10 to 45 % are
// not. Each row's positive ones are listed, and only those are multiplied: the sums are those of the dense
// product without the terms that are zero.
//
// Two rows pass together, their lists filled up with a unit that is none to the same length: their sums do
// not wait for each other, and one loop's end is predicted wrongly instead of two.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

constexpr int PAIR = 2;

// Panels whose sums of two rows are in registers.
#if defined(__AVX512F__)
constexpr int POSITIVE_PANELS = 8;
#elif defined(__AVX2__) || defined(__aarch64__)
constexpr int POSITIVE_PANELS = 3;
#else
constexpr int POSITIVE_PANELS = 1;
#endif

// The units of a panel whose numbers are above zero, or none (NaN); returns how many.
template <class T>
ALWAYS_INLINE int compress_positive(const T* z, int unit, int32_t* units) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        const __mmask16 kept = _mm512_cmp_ps_mask(_mm512_loadu_ps(z), _mm512_setzero_ps(), _CMP_NLE_UQ);
        const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        const __m512i own = _mm512_add_epi32(first, _mm512_set1_epi32(unit));
        _mm512_storeu_si512(units, _mm512_maskz_compress_epi32(kept, own));
        return __builtin_popcount(kept);
    }
#endif
    int count = 0;
    for (int i = 0; i < PANEL<T>; ++i) {
        units[count] = unit + i;
        count += !(z[i] <= 0);
    }
    return count;
}

template <class T>
ALWAYS_INLINE int list_row(const PositiveUnits<T>& p, int row) {
    T* z = p.z.first + row * p.z.row;
    int count = 0;
    for (int j = 0; j < p.panels; ++j)
        count += compress_positive(z + j * PANEL<T>, j * PANEL<T>, p.units + row * p.list + count);
    z[p.panels * PANEL<T>] = 0;
    return count;
}

// With a unit that is none; a whole panel at once, as most need.
template <class T>
ALWAYS_INLINE void fill_up(const PositiveUnits<T>& p, int row, int begin, int end) {
    int32_t* units = p.units + row * p.list;
    do {
        for (int i = 0; i < PANEL<T>; ++i) units[begin + i] = p.panels * PANEL<T>;
        begin += PANEL<T>;
    } while (begin < end);
}

// Lists of all rows, and of one more that is empty where they are odd.
template <class T>
void list_positive(const PositiveUnits<T>& p) {
    for (int r = 0; r < p.rows; r += PAIR) {
        const int first = list_row(p, r), second = r + 1 < p.rows ? list_row(p, r + 1) : 0;
        const int longer = first > second ? first : second;
        fill_up(p, r, first, longer);
        fill_up(p, r + 1, second, longer);
        p.counts[r / PAIR] = longer;
    }
    if (p.rows % PAIR != 0) p.z.first[p.rows * p.z.row + p.panels * PANEL<T>] = 0;
}

template <class T, int PANELS>
struct PositiveTile {
    using V = Native<T>;
    static constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>;

    // Whole panels of z from `panel` on.
    [[gnu::noinline]] static void run(const PositiveProduct<T>& p, int panel) {
        const PositiveUnits<T>& a = p.a;
        const ptrdiff_t column = ptrdiff_t(panel) * PANEL<T>, width = ptrdiff_t(p.panels) * PANEL<T>;
        const T* weights = p.weights + column;
        for (int r = 0; r < a.rows; r += PAIR) {
            const T* below = a.z.first + r * a.z.row;
            const int32_t* units = a.units + r * a.list;
            V acc[PAIR][VECTORS];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) acc[0][v] = acc[1][v] = load<V>(p.bias + column + v * LANES<T>);
            for (int i = 0, n = a.counts[r / PAIR]; i < n; ++i) {
#pragma GCC unroll 2
                for (int k = 0; k < PAIR; ++k) {
                    const ptrdiff_t unit = units[k * a.list + i];
                    const V x = broadcast<V>(below[k * a.z.row + unit]);
                    const T* from = weights + unit * width;
                    make_opaque(from);
#pragma GCC unroll 8
                    for (int v = 0; v < VECTORS; ++v) acc[k][v] += x * load<V>(from + v * LANES<T>);
                }
            }
            T* z = p.z.first + panel * p.z.panel + r * p.z.row;
#pragma GCC unroll 2
            for (int k = 0; k < PAIR; ++k) {
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; ++v)
                    store(z + k * p.z.row + v / VECTORS_PER_PANEL<T> * p.z.panel +
                              v % VECTORS_PER_PANEL<T> * LANES<T>,
                          acc[k][v]);
            }
        }
    }
};

template <class T, size_t... I>
auto positive_tile(int panels, std::index_sequence<I...>) {
    static constexpr decltype(&PositiveTile<T, 1>::run) sizes[] = {
        &PositiveTile<T, static_cast<int>(I) + 1>::run...};
    return sizes[panels - 1];
}

// All panels in groups of nearly equal width.
template <class T>
void positive_product(const PositiveProduct<T>& p) {
    const int groups = (p.panels + POSITIVE_PANELS - 1) / POSITIVE_PANELS;
    for (int g = 0; g < groups; ++g) {
        const int begin = p.panels * g / groups, end = p.panels * (g + 1) / groups;
        positive_tile<T>(end - begin, std::make_index_sequence<POSITIVE_PANELS>())(p, begin);
    }
}

}  // namespace backpass::BACKPASS_ISA
