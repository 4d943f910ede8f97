// Dropout's masks by Philox4x32-10 (Salmon et al., 2011), number for number those of engine/dropout.py. The
// counter is (unit / 4, row, step, layer): a mask depends on nothing else, so that any number of threads and
// any order of rows draw the same one. Each block of four words serves four units.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

constexpr int DRAWS = 16;  // counters worked on together, four units each

struct PhiloxWords {
    uint32_t c[4][DRAWS];
};

// Ten rounds; the loop over counters is the inner one, which the compiler turns into vectors.
inline void philox(PhiloxWords& words, uint64_t seed) {
    auto k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < DRAWS; ++i) {
            const uint64_t p0 = uint64_t(0xD2511F53) * words.c[0][i];
            const uint64_t p1 = uint64_t(0xCD9E8D57) * words.c[2][i];
            words.c[0][i] = static_cast<uint32_t>(p1 >> 32) ^ words.c[1][i] ^ k0;
            words.c[1][i] = static_cast<uint32_t>(p1);
            words.c[2][i] = static_cast<uint32_t>(p0 >> 32) ^ words.c[3][i] ^ k1;
            words.c[3][i] = static_cast<uint32_t>(p0);
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

template <class T>
void mask_row(const MaskRow<T>& row) {
    constexpr int P = PANEL<T>;
    for (int start = 0; start < row.units; start += 4 * DRAWS) {
        PhiloxWords words;
        for (int i = 0; i < DRAWS; ++i) {
            words.c[0][i] = static_cast<uint32_t>(start / 4 + i);
            words.c[1][i] = row.row;
            words.c[2][i] = row.step;
            words.c[3][i] = row.layer;
        }
        philox(words, row.seed);
        const int units = row.units - start < 4 * DRAWS ? row.units - start : 4 * DRAWS;
        for (int u = 0; u < units; ++u) {
            const int unit = start + u;
            const bool kept = words.c[u % 4][u / 4] >= row.threshold;
            row.mask[unit / P * row.panel + unit % P] = kept ? row.scale : T(0);
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
