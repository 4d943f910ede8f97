// exp, tanh and log by polynomials, without branches: at most 2 ulp from the true value in both number
// types (tests/native/equals_plain_loops.cpp finds at most 1.43 in single and 1.18 in double precision).
//
// Range reductions are Cody and Waite's; log's series is fdlibm's (Sun Microsystems, 1993), exp's in
// single precision and tanh's are Cephes' (Moshier, 1989), exp's in double precision is Taylor's.
#pragma once

#include "kernels/vec.hpp"

namespace backpass::BACKPASS_ISA {

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
    static constexpr int mantissa_bits = 23, bias = 127;
    static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float exp_low = -104.0f, exp_high = 89.0f, tanh_high = 12.0f;
    static constexpr float log_ln2_high = 6.9313812256e-01f, log_ln2_low = 9.0580006145e-06f;
    static constexpr float least_normal = 1.17549435e-38f;
    static constexpr int subnormal_shift = 25;
    static constexpr int32_t sqrt_half = 0x3f3504f3;
    // e^r = 1 + r + r² q(r), highest power first
    static constexpr float exp_q[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                      4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    static constexpr float tanh_p[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                                       1.33314422036e-1f, -3.33332819422e-1f};
    // (e^(2r) - 1) / 2 = r + r² q(r): least maximum of the relative error for |r| <= log(2) / 4
    static constexpr float half_expm1_q[] = {4.462968763e-02f, 1.338683687e-01f, 3.333302215e-01f,
                                             6.666616638e-01f, 1.000000013e+00f};
    static constexpr float log_r[] = {0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f};
};

template <>
struct FloatFormat<double> {
    static constexpr int mantissa_bits = 52, bias = 1023;
    static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    static constexpr double exp_low = -746.0, exp_high = 710.0, tanh_high = 24.0;
    static constexpr double log_ln2_high = ln2_high, log_ln2_low = ln2_low;
    static constexpr double least_normal = 2.2250738585072014e-308;
    static constexpr int subnormal_shift = 54;
    static constexpr int64_t sqrt_half = 0x3fe6a09e667f3bcd;
    static constexpr double exp_q[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                       1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                       1.0 / 120,        1.0 / 24,        1.0 / 6,        1.0 / 2};
    static constexpr double tanh_p[] = {-9.64399179425052238628e-1, -9.92877231001918586564e1,
                                        -1.61468768441708447952e3};
    static constexpr double tanh_q[] = {1.0, 1.12811678491632931402e2, 2.23548839060100448583e3,
                                        4.84406305325125486048e3};
    static constexpr double log_r[] = {1.479819860511658591e-01, 1.531383769920937332e-01,
                                       1.818357216161805012e-01, 2.222219843214978396e-01,
                                       2.857142874366239149e-01, 3.999999999940941908e-01,
                                       6.666666666666735130e-01};
};

// Horner's scheme, highest power first.
template <class V, int N>
ALWAYS_INLINE V polynomial(V x, const Element<V> (&coefficients)[N]) {
    V p = broadcast<V>(coefficients[0]);
#pragma GCC unroll 16
    for (int i = 1; i < N; ++i) p = p * x + coefficients[i];
    return p;
}

// 2^n by its bits, for n within the exponents of normal numbers.
template <class V>
ALWAYS_INLINE V power_of_two(IntVec<V> exponent) {
    using F = FloatFormat<Element<V>>;
    return bits<V>((bits<BitVec<V>>(exponent) + F::bias) << F::mantissa_bits);
}

// p * 2^n in two factors: 2^n alone would overflow for the greatest results, and is no normal number for
// the least.
template <class V>
ALWAYS_INLINE V scale(V p, IntVec<V> n) {
    const IntVec<V> half = n >> 1;
    const BitVec<V> rest = bits<BitVec<V>>(n) - bits<BitVec<V>>(half);
    return p * power_of_two<V>(half) * power_of_two<V>(bits<IntVec<V>>(rest));
}

template <class V>
struct Reduced {
    IntVec<V> n;  // x = n log 2 + r, |r| <= log(2) / 2
    V r;
};

// Adding 1.5 * 2^23 (or 2^52) leaves x / log 2, rounded to a whole number, in the lowest bits of the sum: n
// comes from them without a conversion. log 2 is subtracted in two parts, the first with trailing zero bits,
// so that n times it is exact (Cody and Waite).
template <class V>
ALWAYS_INLINE Reduced<V> reduce(V x) {
    using F = FloatFormat<Element<V>>;
    const V magic = broadcast<V>(F::round_magic);
    const V shifted = x * Element<V>(1.4426950408889634) + magic;
    const V n = shifted - magic;
    return {bits<IntVec<V>>(bits<BitVec<V>>(shifted) - bits<BitVec<V>>(magic)),
            (x - n * F::ln2_high) - n * F::ln2_low};
}

// The limits lie where the result is 0 or infinite; a NaN passes through both of them.
template <class V>
ALWAYS_INLINE V exp(V x) {
    using F = FloatFormat<Element<V>>;
    x = minimum(broadcast<V>(F::exp_high), maximum(broadcast<V>(F::exp_low), x));
    const auto [n, r] = reduce(x);
    const V p = polynomial(r, F::exp_q) * (r * r) + r + Element<V>(1);
    return scale(p, n);
}

// e^x where neither x nor the result is near the ends of the range.
template <class V>
ALWAYS_INLINE V exp_moderate(V x) {
    using F = FloatFormat<Element<V>>;
    const auto [n, r] = reduce(x);
    return (polynomial(r, F::exp_q) * (r * r) + r + Element<V>(1)) * power_of_two<V>(n);
}

// tanh|x| = t / (t + 1) with t = (e^(2|x|) - 1) / 2, which keeps its digits near 0: one formula for all x,
// single precision only. The quotient q begins at the processor's estimate of 1/(t + 1) with one Newton step
// and is corrected by its remainder t - q - tq, in which t + 1, a rounded sum, does not occur.
template <class V>
ALWAYS_INLINE V tanh_by_estimate(V x) {
    using F = FloatFormat<Element<V>>;
    using E = Element<V>;
    const V magnitude = minimum(broadcast<V>(F::tanh_high), absolute(x)),
            magic = broadcast<V>(F::round_magic);
    const V shifted = magnitude * E(2 * 1.4426950408889634) + magic, n = shifted - magic;
    const V r = magnitude - n * E(0.34657359027997264);  // log(2) / 2: what n times its rounding is, t hides
    const V power =
        bits<V>((bits<BitVec<V>>(shifted) - bits<BitVec<V>>(magic) + F::bias) << F::mantissa_bits);
    const V t = power * (polynomial(r, F::half_expm1_q) * (r * r) + r) + (E(0.5) * power - E(0.5));
    const V inverse = reciprocal(t + E(1)), q = t * inverse;
    return copy_sign(q + ((t - q) - t * q) * inverse, x);
}

// tanh|x| = 1 - 2t / (1 + t) with t = e^(-2|x|), and below 5/8 Cephes' x + x³ R(x²). Both are computed and
// one is selected; in double precision R is a quotient too, so that the two share one division.
template <class V>
ALWAYS_INLINE V tanh_by_division(V x) {
    using F = FloatFormat<Element<V>>;
    const Element<V> one(1);
    const V magnitude = minimum(broadcast<V>(F::tanh_high), absolute(x)), x2 = magnitude * magnitude;
    const auto small = magnitude < broadcast<V>(Element<V>(0.625));
    const V t = exp_moderate(Element<V>(-2) * magnitude);
    if constexpr (std::is_same_v<Element<V>, float>) {
        const V near_zero = magnitude + magnitude * (x2 * polynomial(x2, F::tanh_p));
        return copy_sign(small ? near_zero : one - (t + t) / (one + t), x);
    } else {
        const V quotient = (small ? x2 * polynomial(x2, F::tanh_p) : -(t + t)) /
                           (small ? polynomial(x2, F::tanh_q) : one + t);
        const V scale = small ? magnitude : broadcast<V>(one);
        return copy_sign(scale + scale * quotient, x);
    }
}

template <class V>
ALWAYS_INLINE V tanh(V x) {
    if constexpr (std::is_same_v<Element<V>, float> && NEWTON_STEPS<V> > 0) return tanh_by_estimate(x);
    return tanh_by_division(x);
}

// log of a positive normal number x = 2^k (1 + f), √½ <= 1 + f < √2, by fdlibm's series in s = f / (2 + f).
// Adding 1.0 - √½ to the bits of x carries into the exponent exactly where 1 + f would reach √2.
// `exponent_shift` is what `log` has added to the exponent of a subnormal number.
template <class V>
ALWAYS_INLINE V log_of_normal(V x, V exponent_shift) {
    using F = FloatFormat<Element<V>>;
    using I = IntVec<V>;
    const V one = broadcast<V>(Element<V>(1)), magic = broadcast<V>(F::round_magic);
    using B = BitVec<V>;
    I ix = bits<I>(bits<B>(x) + (bits<B>(one) - F::sqrt_half));
    const I k = (ix >> F::mantissa_bits) - F::bias;
    constexpr auto mantissa = (typename IntOf<Element<V>>::type(1) << F::mantissa_bits) - 1;
    ix = (ix & mantissa) + F::sqrt_half;
    const V dk = (bits<V>(bits<B>(magic) + bits<B>(k)) - magic) - exponent_shift;
    const V f = bits<V>(ix) - one;
    const V s = f / (Element<V>(2) + f), s2 = s * s, half = Element<V>(0.5) * f * f;
    const V R = s2 * polynomial(s2, F::log_r);
    return dk * F::log_ln2_high - ((half - (s * (half + R) + dk * F::log_ln2_low)) - f);
}

// log 0 = -∞, log ∞ = ∞, log of a negative number or NaN is NaN; subnormal numbers are lifted to normal ones.
template <class V>
ALWAYS_INLINE V log(V x) {
    using F = FloatFormat<Element<V>>;
    using I = IntVec<V>;
    using T = Element<V>;
    const V zero{}, infinity = broadcast<V>(T(__builtin_inf()));
    const I subnormal = x < F::least_normal;
    const V lift = broadcast<V>(T(int64_t(1) << F::subnormal_shift));
    const V y =
        log_of_normal(subnormal ? x * lift : x, subnormal ? broadcast<V>(T(F::subnormal_shift)) : zero);
    const V at_edges = x == zero ? -infinity : (x > zero ? x : broadcast<V>(T(__builtin_nan(""))));
    return ((x > zero) & (x < infinity)) ? y : at_edges;
}

// log(1 + x) for x >= 0. u = 1 + x is rounded; to first order what it lost changes the logarithm by
// (x - (u - 1)) / u, so that a tiny x is returned with all its digits.
template <class V>
ALWAYS_INLINE V log_plus_one(V x) {
    const Element<V> one(1);
    const V u = one + x;
    const V correction = (x - (u - one)) / u;
    const V y = log_of_normal(u, V{}) + correction;
    return u < broadcast<V>(Element<V>(__builtin_inf())) ? y : u;
}

// 1 / (1 + e^-z) from e = e^-|z|, which never overflows: 1 / (1 + e) for z >= 0, e / (1 + e) below.
template <class V>
ALWAYS_INLINE V sigmoid(V z) {
    const V e = exp(-absolute(z)), one = broadcast<V>(Element<V>(1));
    return (z < V{} ? e : one) / (one + e);
}

}  // namespace backpass::BACKPASS_ISA
