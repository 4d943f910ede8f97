// Products of symmetric n x n matrices that commute, so that the products are symmetric too: panels are
// computed from the diagonal down, and what is above it is their mirror image. A matrix is in panels,
// [column panel][row][P], zeros beyond n.
//
// Threads share the panels, so that each number's sum has one owner and a fixed order.
#pragma once

#include <algorithm>

#include "engine/panel_layout.hpp"
#include "engine/rules/rule_spec.hpp"

namespace backpass {

// The items of a list that are one thread's.
struct Share {
    int thread, threads;

    template <class Visit>
    void each(int n, Visit visit) const {
        for (int i = thread; i < n; i += threads) visit(i);
    }
};

template <class T>
class SymmetricProducts {
public:
    static constexpr int P = PANEL<T>;
    static constexpr ptrdiff_t SQUARE = ptrdiff_t(P) * P;

    SymmetricProducts(const Kernels<T>& kernels, int n)
        : kernels_(kernels), n_(n), panels_(panels_for<T>(n)) {}

    int n() const { return n_; }
    int panels() const { return panels_; }
    ptrdiff_t panel() const { return panels_ * SQUARE; }  // numbers from one panel to the next
    size_t size() const { return size_t(panels_) * panel(); }

    // XᵀX: X has n columns in panels that are `x_panel` numbers apart, and so many rows.
    void gram(const T* X, ptrdiff_t x_panel, int rows, T* to, const Share& mine) const {
        mine.each(panels_, [&](int p) {
            for (int j = p; j < panels_; ++j) std::fill_n(to + j * panel() + p * SQUARE, SQUARE, T(0));
            for (int first = 0; first < rows; first += ROWS_AT_ONCE)
                add_gram(X + ptrdiff_t(first) * P, x_panel, std::min(ROWS_AT_ONCE, rows - first), to, p);
            for (int j = p + 1; j < panels_; ++j) mirror(to, j, p);
        });
    }

    void multiply(const T* A, const T* B, T* to, const Share& mine) const {
        each_group(mine, [&](int j, int count) {
            multiply_group(A, B, to, j, count);
            mirror_group(to, j, count);
        });
    }

    // Q = a I + b A + c A². Half of A² is left in `square`.
    void polynomial(const Polynomial& of, const T* A, T* square, T* Q, const Share& mine) const {
        each_group(mine, [&](int j, int count) {
            multiply_group(A, A, square, j, count);
            for (int p = j; p < j + count; ++p) {
                const ptrdiff_t at = p * panel() + j * SQUARE;
                kernels_.weighted_sum(A + at, static_cast<T>(of[1]), square + at, static_cast<T>(of[2]),
                                      Q + at, (panels_ - j) * SQUARE);
                for (int i = p * P; i < std::min((p + 1) * P, n_); ++i)
                    Q[p * panel() + ptrdiff_t(i) * P + i % P] += static_cast<T>(of[0]);
            }
            mirror_group(Q, j, count);
        });
    }

private:
    static constexpr int TOGETHER = 2;  // panels, as the widest register tile has
    // Of a long sum: 1024 products added one by one in single precision left ten times the error.
    static constexpr int ROWS_AT_ONCE = 256;

    // Rows of panel p, from the diagonal on.
    void add_gram(const T* X, ptrdiff_t x_panel, int rows, T* to, int p) const {
        DeltaTiles<T> d{};
        d.a = X;
        d.delta = X + p * x_panel;
        d.a_panel = d.delta_panel = x_panel;
        d.rows = rows;
        d.inputs = n_;
        d.begin = p;
        d.end = p + 1;
        d.output_panels = panels_ - p;
        d.w = to + p * panel();
        d.w_panel = panel();
        d.update = kernels_.update[static_cast<int>(Rule::sum)];
        kernels_.delta_tiles(d);
    }

    template <class Visit>
    void each_group(const Share& mine, Visit visit) const {
        mine.each((panels_ + TOGETHER - 1) / TOGETHER,
                  [&](int g) { visit(g * TOGETHER, std::min(TOGETHER, panels_ - g * TOGETHER)); });
    }

    // Panels [j, j + count) of A B, from the diagonal down.
    void multiply_group(const T* A, const T* B, T* to, int j, int count) const {
        Product<T> p{};
        p.a = A + j * SQUARE;
        p.b = B + j * panel();
        p.c = to + j * panel() + j * SQUARE;
        p.a_panel = p.b_panel = p.c_panel = panel();
        p.rows = n_ - j * P;
        p.depth = n_;
        p.panels = count;
        kernels_.product(p);
    }

    void mirror_group(T* A, int j, int count) const {
        for (int p = j; p < j + count; ++p) {
            for (int b = p + 1; b < panels_; ++b) mirror(A, p, b);
        }
    }

    // The square in column panel `from` and row panel `to`, to the other side of the diagonal.
    void mirror(T* A, int from, int to) const {
        kernels_.transpose(A + from * panel() + to * SQUARE, P, A + to * panel() + from * SQUARE, P);
    }

    const Kernels<T>& kernels_;
    int n_, panels_;
};

}  // namespace backpass
