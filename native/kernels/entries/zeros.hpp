// Zeros in dense rows: how many numbers of a row are none, and those that are none as entries.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

// The numbers of a row that are not zero; counted until there are more than `most`.
template <class T>
int count_non_zeros(const T* x, int n, int most) {
    constexpr int AT_ONCE = 64;
    int count = 0, i = 0;
    for (; i + AT_ONCE <= n && count <= most; i += AT_ONCE) {
        for (int k = 0; k < AT_ONCE; ++k) count += x[i + k] != 0;
    }
    for (; i < n && count <= most; ++i) count += x[i] != 0;
    return count;
}

// Values and columns of the numbers that are not zero; returns how many. Both have room for n + P.
template <class T>
int compress_row(const T* x, int n, T* values, int32_t* columns) {
    int count = 0, i = 0;
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        __m512i column = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        for (; i + 16 <= n; i += 16) {
            const __m512 v = _mm512_loadu_ps(x + i);
            const __mmask16 kept = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
            _mm512_storeu_ps(values + count, _mm512_maskz_compress_ps(kept, v));
            _mm512_storeu_si512(columns + count, _mm512_maskz_compress_epi32(kept, column));
            count += __builtin_popcount(kept);
            column = _mm512_add_epi32(column, _mm512_set1_epi32(16));
        }
    }
#endif
    // Without a branch, which would be mispredicted at every edge of a picture.
    for (; i < n; ++i) {
        values[count] = x[i];
        columns[count] = i;
        count += x[i] != 0;
    }
    return count;
}

}  // namespace backpass::BACKPASS_ISA
