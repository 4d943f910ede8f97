// The layers that step as whole matrices, by Muon: the delta pass leaves their weights alone and moves their
// momentum; from what that foretells, they then step one after another, by all threads together.
#pragma once

#include <memory>
#include <vector>

#include "engine/rules/orthogonaliser.hpp"
#include "engine/weights.hpp"

namespace backpass {

template <class T>
class OrthogonalLayers {
public:
    OrthogonalLayers(const NetworkSpec& net, const Kernels<T>& kernels, const PanelLayout<T>& layout,
                     const RuleSpec& rule, int threads)
        : net_(net), kernels_(kernels), layout_(layout), lengths_(rule.lengths), ahead_(layout.size()) {
        for (int l = 0; l < net.weight_layers(); ++l) {
            matrices_.push_back(nullptr);
            if (!rule.is_whole(l)) continue;
            matrices_[l] =
                std::make_unique<Orthogonaliser<T>>(kernels, net.sizes[l], net.sizes[l + 1], threads);
        }
        if (is_first_in_theta()) {
            first_ahead_ = Buffer<T>(size_t(panels_for<T>(net.sizes[1])) * first_panel());
            Delta_ = Buffer<T>(size_t(net.inputs()) * net.sizes[1]);
            squares_.resize(first_blocks());
        }
    }

    bool fits(const RuleSpec& rule) const { return rule.lengths == lengths_; }

    // For the delta pass, of the layers in panels.
    WholeLayers<T> of_step(const RuleSpec& rule, double decay) {
        return {&lengths_, momentum_step<T>(rule, decay), ahead_.data()};
    }

    // Whether the first layer is whole, and not in panels: its Δ is then collected in θ's order.
    bool is_first_in_theta() const { return matrices_[0] != nullptr && layout_.layers()[0].inputs == 0; }
    T* Delta() { return Delta_.data(); }

    // One step of all whole layers. `w` and `momentum` are those of a first layer in θ.
    template <class Wait>
    void step(const RuleSpec& rule, double rate, double decay, Weights<T>& weights, T* w, T* momentum,
              int thread, int threads, Wait wait) {
        if (is_first_in_theta()) {
            move_momentum(momentum_step<T>(rule, decay), w, momentum, decay != 0, thread, threads);
            wait();
        }
        for (size_t l = 0; l < matrices_.size(); ++l) {
            if (matrices_[l] == nullptr) continue;
            const double whole_rate = rate * rule.ratio;
            const auto kept = static_cast<T>(1 - whole_rate * rule.weight_decay);
            const auto length = static_cast<T>(whole_rate * lengths_[l]);
            const bool in_theta = l == 0 && is_first_in_theta();
            T* ahead = in_theta ? first_ahead_.data() : ahead_.data() + layout_.layers()[l].weights;
            matrices_[l]->run(ahead, rule.polynomials, Share{thread, threads}, wait,
                              [&](int j, int i, const T* square) {
                                  if (in_theta) return put_in_theta(w, j, i, square, kept, length);
                                  put_in_panels(weights, l, j, i, square, kept, length);
                              });
            wait();
        }
    }

    // ΣΘ² of a first layer in θ before its last step.
    double squares_of_first() const {
        double sum = 0;
        for (double each : squares_) sum += each;
        return sum;
    }

private:
    static constexpr int P = PANEL<T>;
    static constexpr ptrdiff_t SQUARE = ptrdiff_t(P) * P;

    int first_blocks() const { return panels_for<T>(net_.inputs()); }
    ptrdiff_t first_panel() const { return first_blocks() * SQUARE; }

    // The thread's blocks of P inputs.
    void move_momentum(const Step<T>& step, const T* w, T* momentum, bool penalised, int thread,
                       int threads) {
        const int units = net_.sizes[1];
        for (int b = thread; b < first_blocks(); b += threads) {
            const int begin = b * P, end = std::min(net_.inputs(), begin + P);
            if (penalised) squares_[b] = squares_of(w + size_t(begin) * units, size_t(end - begin) * units);
            kernels_.momentum_of_rows(
                {w, Delta_.data(), momentum, first_ahead_.data(), first_panel(), units, begin, end, step});
        }
    }

    static double squares_of(const T* w, size_t n) {
        double sum = 0;
        for (size_t i = 0; i < n; ++i) sum += static_cast<double>(w[i]) * w[i];
        return sum;
    }

    void put_in_panels(Weights<T>& weights, size_t l, int j, int i, const T* square, T kept, T length) const {
        const LayerOffsets& y = layout_.layers()[l];
        T* w = weights.panels.data() + y.weights + j * y.weights_panel + i * SQUARE;
        kernels_.decayed_step(w, square, SQUARE, kept, length);
        if (l == 0) return;
        kernels_.transpose(w, P,
                           weights.transposed.data() + y.transposed + i * y.transposed_panel + j * SQUARE, P);
    }

    void put_in_theta(T* w, int j, int i, const T* square, T kept, T length) const {
        const int units = net_.sizes[1];
        const RowsOfSquare<T> rows{w + ptrdiff_t(i) * P * units + ptrdiff_t(j) * P, units,
                                   std::min(P, units - j * P), std::min(P, net_.inputs() - i * P)};
        kernels_.decayed_step_of_rows(rows, square, kept, length);
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const PanelLayout<T>& layout_;
    std::vector<double> lengths_;
    std::vector<std::unique_ptr<Orthogonaliser<T>>> matrices_;  // by layer; null: steps number by number
    Buffer<T> ahead_;                                           // as the weights in panels
    Buffer<T> first_ahead_, Delta_;  // of a first layer in θ: in panels; in θ's order
    std::vector<double> squares_;
};

}  // namespace backpass
