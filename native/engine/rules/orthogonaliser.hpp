// A matrix whose singular values are pulled towards one by odd polynomials, its singular vectors left alone
// (solvers/muon.py). X has its short side in columns: a layer's Θᵀ, or its transpose.
//
// Threads share panels and blocks of rows, so that each number's sum has one owner and a fixed order; `wait`
// is a barrier between the phases.
#pragma once

#include <cmath>
#include <limits>

#include "engine/rules/combined_polynomials.hpp"

namespace backpass {

template <class T>
class Orthogonaliser {
public:
    Orthogonaliser(const Kernels<T>& kernels, int inputs, int units, int threads)
        : kernels_(kernels),
          is_tall_(inputs >= units),
          products_(kernels, std::min(inputs, units)),
          blocks_(panels_for<T>(std::max(inputs, units))),
          norms_(products_.panels()),
          A_(products_.size()),
          Q_(products_.size()) {
        if (!is_tall_) transposed_ = Buffer<T>(size());
        if (std::max(inputs, units) >= LEAST_RATIO * products_.n()) {
            combined_ = std::make_unique<CombinedPolynomials>(*kernels.in_double, products_.n());
        } else {
            square_ = Buffer<T>(products_.size());
            next_ = Buffer<T>(size());
        }
        for (int t = 0; t < threads; ++t)
            outs_.emplace_back(size_t(products_.panels()) * BLOCKS_AT_ONCE * SQUARE);
    }

    // `x`: [unit panel][input][P], zeros beyond the last unit and input; it is overwritten. Each square of
    // the result is given to put(unit panel, input panel, square [input][P]).
    template <class Wait, class Put>
    void run(T* x, const std::vector<Polynomial>& polynomials, const Share& mine, Wait wait, Put put) {
        T* X = is_tall_ ? x : transposed_.data();
        normalise(x, X, mine, wait);
        if (combined_ != nullptr) {
            combine(X, polynomials, mine, wait);
        } else {
            X = step_by_step(X, polynomials, mine, wait);
        }
        each_chunk(mine, [&](int first, int blocks) { put_rows(X, first, blocks, mine.thread, put); });
    }

private:
    static constexpr int P = PANEL<T>;
    static constexpr ptrdiff_t SQUARE = ptrdiff_t(P) * P;
    static constexpr int BLOCKS_AT_ONCE = 8;  // of P rows of the result: 64 KiB for 128 units
    // The long side over the short one, from where on the combined polynomials are less work. A polynomial
    // takes 1.6 products of X's size and .7 of the short side's, combined 2.8 of the short side's, and .7 and
    // 1.6 are taken once; those in double precision count twice for numbers of single precision.
    static constexpr double LEAST_RATIO = sizeof(T) == 4 ? 3.2 : 1.3;

    ptrdiff_t panel() const { return blocks_ * SQUARE; }  // of X
    size_t size() const { return size_t(products_.panels()) * panel(); }

    // X / ‖X‖, transposed where the layer has more units than inputs.
    template <class Wait>
    void normalise(const T* x, T* X, const Share& mine, Wait wait) {
        mine.each(products_.panels(), [&](int p) {
            if (!is_tall_) transpose_panel(x, p);
            norms_[p] = kernels_.sum_of_squares(X + p * panel(), panel());
        });
        wait();
        const T by = one_over_norm();
        mine.each(products_.panels(), [&](int p) { kernels_.scale(X + p * panel(), panel(), by); });
        wait();
    }

    void transpose_panel(const T* x, int p) {
        for (int b = 0; b < blocks_; ++b)
            kernels_.transpose(x + b * products_.panel() + p * SQUARE, P,
                               transposed_.data() + p * panel() + b * SQUARE, P);
    }

    // Zeros stay zeros, and so do numbers whose norm has no reciprocal.
    T one_over_norm() const {
        double sum = 0;
        for (double each : norms_) sum += each;
        const double norm = std::sqrt(sum);
        if (norm < std::numeric_limits<T>::min()) return 0;
        return static_cast<T>(1 / norm);
    }

    // Leaves in Q what X is still to be multiplied with.
    template <class Wait>
    void combine(const T* X, const std::vector<Polynomial>& polynomials, const Share& mine, Wait wait) {
        products_.gram(X, panel(), blocks_ * P, A_.data(), mine);
        wait();
        const int n = products_.n(), begin = n * mine.thread / mine.threads,
                  end = n * (mine.thread + 1) / mine.threads;
        combined_->read(A_.data(), begin, end);
        wait();
        combined_->run(polynomials, mine, wait);
        combined_->write(Q_.data(), begin, end);
        wait();
    }

    // All polynomials but the last one's product with X, which stands in Q; returns X.
    template <class Wait>
    T* step_by_step(T* X, const std::vector<Polynomial>& polynomials, const Share& mine, Wait wait) {
        T* next = next_.data();
        for (size_t k = 0; k < polynomials.size(); ++k) {
            if (k > 0) {
                each_chunk(mine, [&](int first, int blocks) {
                    multiply_rows(X, first, blocks, next + first * SQUARE, panel());
                });
                std::swap(X, next);
                wait();
            }
            products_.gram(X, panel(), blocks_ * P, A_.data(), mine);
            wait();
            products_.polynomial(polynomials[k], A_.data(), square_.data(), Q_.data(), mine);
            wait();
        }
        return X;
    }

    // Rows of X, some blocks at a time.
    template <class Visit>
    void each_chunk(const Share& mine, Visit visit) const {
        const int at_once = std::clamp((blocks_ + mine.threads - 1) / mine.threads, 1, BLOCKS_AT_ONCE);
        mine.each((blocks_ + at_once - 1) / at_once,
                  [&](int c) { visit(c * at_once, std::min(at_once, blocks_ - c * at_once)); });
    }

    // Blocks of rows of X Q.
    void multiply_rows(const T* X, int first, int blocks, T* to, ptrdiff_t to_panel) const {
        Product<T> p{};
        p.a = X + first * SQUARE;
        p.a_panel = panel();
        p.b = Q_.data();
        p.b_panel = products_.panel();
        p.c = to;
        p.c_panel = to_panel;
        p.rows = blocks * P;
        p.depth = products_.n();
        p.panels = products_.panels();
        kernels_.product(p);
    }

    template <class Put>
    void put_rows(const T* X, int first, int blocks, int thread, Put put) {
        T* out = outs_[thread].data();
        multiply_rows(X, first, blocks, out, blocks * SQUARE);
        for (int j = 0; j < products_.panels(); ++j) {
            for (int b = 0; b < blocks; ++b)
                put_square(out + (ptrdiff_t(j) * blocks + b) * SQUARE, j, first + b, put);
        }
    }

    template <class Put>
    void put_square(const T* square, int panel, int block, Put put) const {
        if (is_tall_) return put(panel, block, square);
        alignas(PANEL_BYTES) T transposed[SQUARE];
        kernels_.transpose(square, P, transposed, P);
        put(block, panel, transposed);
    }

    const Kernels<T>& kernels_;
    bool is_tall_;
    SymmetricProducts<T> products_;
    int blocks_;                 // of P rows of X
    std::vector<double> norms_;  // by panel, squared
    Buffer<T> A_, Q_, square_, transposed_, next_;
    std::unique_ptr<CombinedPolynomials> combined_;
    std::vector<Buffer<T>> outs_;  // by thread
};

}  // namespace backpass
