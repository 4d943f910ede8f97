// Several polynomials of a matrix X, one after another, as one n x n matrix R on its short side. Each maps X
// to X Q with Q = a I + b A + c A² of A = XᵀX; all of them are polynomials of the first A and commute, so
// that
//
//     A := Q A Q,   R := Q R
//
// take the place of XᵀX and X Q, and the long side is multiplied twice in all.
//
// In double precision: small singular values grow by up to 43, and what single precision rounds of A in one
// polynomial's step grows with them in the next ones'. It left errors of 5e-5, and 1e-2 after five of
// Jordan's polynomials, where the products with X itself left 3e-6 and 1e-5, as
// these do.
#pragma once

#include <utility>
#include <vector>

#include "engine/rules/symmetric_products.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

class CombinedPolynomials {
public:
    CombinedPolynomials(const Kernels<double>& kernels, int n) : products_(kernels, n) {
        for (Buffer<double>& each : matrices_) each = Buffer<double>(products_.size());
    }

    // Rows [begin, end) of A, of numbers of another type and its own panels.
    template <class T>
    void read(const T* A, int begin, int end) {
        copy(A, PANEL<T>, begin, end, matrices_[0].data(), PANEL<double>);
    }

    // And of R, once it is there.
    template <class T>
    void write(T* to, int begin, int end) const {
        copy(result_, PANEL<double>, begin, end, to, PANEL<T>);
    }

    template <class Wait>
    void run(const std::vector<Polynomial>& polynomials, const Share& mine, Wait wait) {
        double *A = matrices_[0].data(), *R = matrices_[1].data(), *Q = matrices_[2].data(),
               *scratch = matrices_[3].data(), *next = matrices_[4].data();
        for (size_t k = 0; k < polynomials.size(); ++k) {
            const bool is_first = k == 0, is_last = k + 1 == polynomials.size();
            double* to = is_first ? R : Q;
            products_.polynomial(polynomials[k], A, scratch, to, mine);
            wait();
            if (!is_last) products_.multiply(A, to, scratch, mine);
            if (!is_first) products_.multiply(Q, R, next, mine);
            wait();
            if (!is_last) products_.multiply(scratch, to, A, mine);
            if (!is_first) std::swap(R, next);
            if (!is_last) wait();
        }
        if (mine.thread == 0) result_ = R;
        wait();
    }

private:
    // Number by number: the panels of the two are of unlike widths.
    template <class From, class To>
    void copy(const From* from, int from_width, int begin, int end, To* to, int to_width) const {
        const int n = products_.n();
        const ptrdiff_t from_rows = ptrdiff_t(n + from_width - 1) / from_width * from_width,
                        to_rows = ptrdiff_t(n + to_width - 1) / to_width * to_width;
        const int piece = std::min(from_width, to_width);
        for (int j = 0; j < n; j += piece) {
            const From* source = from + j / from_width * from_rows * from_width + j % from_width;
            To* target = to + j / to_width * to_rows * to_width + j % to_width;
            for (int i = begin; i < end; ++i) {
                for (int q = 0; q < piece; ++q)
                    target[ptrdiff_t(i) * to_width + q] =
                        static_cast<To>(source[ptrdiff_t(i) * from_width + q]);
            }
        }
    }

    SymmetricProducts<double> products_;
    std::array<Buffer<double>, 5> matrices_;
    const double* result_ = nullptr;
};

}  // namespace backpass
