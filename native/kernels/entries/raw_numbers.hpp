// Numbers of a table's column as they come: their places among breakpoints, normal shapes, parts of bins.
//
// A place is found by halving, without a branch, for as many numbers side by side as hide each other's
// latency. Places and parts are computed in double precision, as they were for the training rows.
#pragma once

#include "kernels/math.hpp"

namespace backpass::BACKPASS_ISA {

// Numbers whose places are searched side by side.
constexpr int SEARCHED = 8;

ALWAYS_INLINE double moderate(double x, const PlacesOfNumbers& p) {
    x = x > p.largest ? p.largest : x < -p.largest ? -p.largest : x;
    return x < p.smallest && x > -p.smallest ? 0.0 : x;
}

// How many breakpoints are no greater; of a gap `of_gaps`.
inline void places_of_numbers(const PlacesOfNumbers& p) {
    for (int r = 0; r < p.rows; ++r) p.x[r] = moderate(p.numbers[r * p.stride], p);
    for (int r = 0; r < p.rows; r += SEARCHED) {
        double x[SEARCHED] = {};
        int64_t at[SEARCHED] = {};
        const int n = p.rows - r < SEARCHED ? p.rows - r : SEARCHED;
        for (int i = 0; i < n; ++i) x[i] = p.x[r + i];
        for (int64_t half = int64_t(1) << p.halvings >> 1; half > 0; half >>= 1) {
            for (int i = 0; i < SEARCHED; ++i) at[i] += p.breakpoints[at[i] + half - 1] <= x[i] ? half : 0;
        }
        for (int i = 0; i < n; ++i) p.places[r + i] = x[i] == x[i] ? static_cast<int32_t>(at[i]) : p.of_gaps;
    }
}

// The normal distribution's quantile of shares from e^-32 to 1 - e^-32, by the quotients of Cephes (Moshier,
// 1989): one about the middle, one in 1/√(-2 log share) in the tails. Both are computed, one is selected.
template <class V>
ALWAYS_INLINE V normal_quantile(V share) {
    static constexpr double middle_p[] = {-5.99633501014107895267e1, 9.80010754185999661536e1,
                                          -5.66762857469070293439e1, 1.39312609387279679503e1,
                                          -1.23916583867381258016e0};
    static constexpr double middle_q[] = {1.0,
                                          1.95448858338141759834e0,
                                          4.67627912898881538453e0,
                                          8.63602421390890590575e1,
                                          -2.25462687854119370527e2,
                                          2.00260212380060660359e2,
                                          -8.20372256168333339912e1,
                                          1.59056225126211695515e1,
                                          -1.18331621121330003142e0};
    static constexpr double tail_p[] = {
        4.05544892305962419923e0,   3.15251094599893866154e1,   5.71628192246421288162e1,
        4.40805073893200834700e1,   1.46849561928858024014e1,   2.18663306850790267539e0,
        -1.40256079171354495875e-1, -3.50424626827848203418e-2, -8.57456785154685413611e-4};
    static constexpr double tail_q[] = {1.0,
                                        1.57799883256466749731e1,
                                        4.53907635128879210584e1,
                                        4.13172038254672030440e1,
                                        1.50425385692907503408e1,
                                        2.50464946208309415979e0,
                                        -1.42182922854787788574e-1,
                                        -3.80806407691578277194e-2,
                                        -9.33259480895457427372e-4};
    constexpr double tail = 0.13533528323661269189, root_of_2_pi = 2.50662827463100050242;  // e^-2, √2π
    const V one = broadcast<V>(1.0), y = share - 0.5, y2 = y * y;
    const V outer = minimum(share, one - share), x = square_root(-2.0 * log(outer)), z = one / x;
    const auto is_middle = outer > broadcast<V>(tail);
    const V quotient = (is_middle ? y2 * polynomial(y2, middle_p) : z * polynomial(z, tail_p)) /
                       (is_middle ? polynomial(y2, middle_q) : polynomial(z, tail_q));
    const V middle = (y + y * quotient) * root_of_2_pi;
    return is_middle ? middle : copy_sign(x - log(x) * z - quotient, y);
}

// A number, or the median of a gap, no further out than the ends say.
ALWAYS_INLINE double within_ends(const PlacedNumbers& in, int r) {
    const double x = in.x[r] == in.x[r] ? in.x[r] : in.median;
    return x < in.least ? in.least : x > in.most ? in.most : x;
}

// The shares of many numbers first, one by one, so that no vector waits for numbers that were just stored.
template <class T>
void normal_shapes(const NormalShapes<T>& s) {
    using V = Native<double>;
    constexpr int MANY = 128;
    double share[MANY];
    const V least = broadcast<V>(s.least_share), most = 1.0 - least;
    for (int begin = 0; begin < s.in.rows; begin += MANY) {
        const int n = s.in.rows - begin < MANY ? s.in.rows - begin : MANY;
        for (int i = 0; i < n; ++i) {
            const Stretch& at = s.stretches[s.in.places[s.in.found[begin + i]]];
            share[i] = at.slope * (within_ends(s.in, begin + i) - at.from) + at.share;
        }
        for (int i = n; i % LANES<double> != 0; ++i) share[i] = 0.5;
        for (int i = 0; i < n; i += LANES<double>)
            store(share + i, normal_quantile(minimum(most, maximum(least, load<V>(share + i)))));
        for (int i = 0; i < n; ++i) s.to[begin + i] = static_cast<T>(share[i]);
    }
}

// Distances from the lower edges first, so that the divisions are of vectors.
template <class T>
void parts_of_bins(const PartsOfBins<T>& b) {
    constexpr int MANY = 128;
    double distance[MANY], width[MANY];
    const double least = -b.beyond, most = 1 + b.beyond;
    for (int begin = 0; begin < b.in.rows; begin += MANY) {
        const int n = b.in.rows - begin < MANY ? b.in.rows - begin : MANY;
        for (int i = 0; i < n; ++i) {
            const int32_t bin = b.in.places[b.in.found[begin + i]];
            b.bin[begin + i] = bin;
            distance[i] = within_ends(b.in, begin + i) - b.bins[bin].low;
            width[i] = b.bins[bin].width;
        }
        for (int i = 0; i < n; ++i) {
            const double t = distance[i] / width[i];
            b.t[begin + i] = static_cast<T>(t < least ? least : t > most ? most : t);
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
