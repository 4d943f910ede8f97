// The optimiser's steps on a wide first layer, whose inputs are mostly zero. A step in which an input was
// zero in every row of the batch changes its weights by λΘ and by what is left in the moments alone, so such
// steps are put off until a batch names the column again, or the epoch ends, and are then done one after
// another in registers. They are the same operations in the same order as steps done at once; what is saved
// is the weights' way through memory: for Adam in single precision 24 bytes a weight and step.
//
// Without λ and weight decay, idle steps move the weights ever less: after `moving_steps` of them less than
// 2^-30 of the first one's change is left to come, so that the others only shrink the moments.
#pragma once

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/entries/column_sums.hpp"
#include "engine/entries/entry_layer.hpp"

namespace backpass {

// By how much an idle step shrinks the rule's arrays, and after how many it moves nothing any more.
struct IdleDecay {
    double first = 1, second = 1;
    int moving_steps = std::numeric_limits<int>::max();
};

inline IdleDecay idle_decay(const RuleSpec& rule, bool decays) {
    IdleDecay idle;
    double change = 0;  // of one step beside that of the step before
    if (rule.rule == Rule::momentum || rule.rule == Rule::nesterov) change = idle.first = rule.momentum;
    if (rule.has_moments()) {
        idle.first = rule.beta_1;
        idle.second = rule.beta_2;
        change = rule.beta_1 / std::sqrt(rule.beta_2);
    }
    if (decays || change >= 1) return idle;
    idle.moving_steps = change > 0 ? static_cast<int>(std::ceil(-30 * std::log(2.0) / std::log(change))) : 0;
    return idle;
}

template <class T>
class LazyWeights final : public EntryLayer<T> {
public:
    LazyWeights(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : kernels_(kernels),
          inputs_(net.inputs()),
          units_(net.sizes[1]),
          behind_(net.parameters() - size_t(units_)),
          sums_(net, kernels, source, threads),
          penalties_(sums_.groups().count()),
          scratch_(threads, Scratch(AT_ONCE)) {}

    void reserve(size_t entries) override { sums_.reserve(entries); }

    EntryWeights<T> read(const T* theta) override { return {theta, units_, PANEL<T>, units_, readable()}; }

    void find(BlockEntries<T>& entries, int thread, int threads) override {
        sums_.find(entries, thread, threads);
    }

    void add(BlockEntries<T>& entries, const T* delta, ptrdiff_t panel, int thread, int threads) override {
        sums_.add(entries, delta, panel, thread, threads);
    }

    void clear(T* Delta, int thread, int threads) const override {
        const auto begin = static_cast<size_t>(sums_.groups().first_column(thread, threads)),
                   end = static_cast<size_t>(sums_.groups().first_column(thread + 1, threads));
        std::fill(Delta + begin * units_, Delta + end * units_, T(0));
    }

    void move_to(T* Delta, int thread, int) override {
        const std::vector<int32_t>& columns = sums_.columns(thread);
        const auto n = static_cast<int>(columns.size());
        kernels_.update_rows({Delta, nullptr, nullptr, units_, columns.data(), n}, sums_.sums(thread),
                             kernels_.update[static_cast<int>(Rule::sum)], {}, nullptr);
        sums_.clear(thread);
    }

    void begin(const FirstLayerArrays<T>& arrays, std::vector<EpochStep<T>> steps,
               const RuleSpec& rule) override {
        arrays_ = arrays;
        steps_ = std::move(steps);
        rule_ = static_cast<int>(rule.elementwise());
        penalised_ = steps_.front().step.decay != 0;
        decay_ = idle_decay(rule, penalised_ || rule.weight_decay != 0);
        set_powers(decay_.first, powers_of_first_);
        set_powers(decay_.second, powers_of_second_);
        done_.assign(inputs_, 0);
        std::fill(penalties_.begin(), penalties_.end(), 0);
    }

    bool has_idle_steps() const override { return true; }

    void catch_up(int step, int thread) override {
        const std::vector<int32_t>& columns = sums_.columns(thread);
        int& ready = scratch_[thread].ready;
        catch_up(columns.data() + ready, static_cast<int>(columns.size()) - ready, step, scratch_[thread]);
        ready = static_cast<int>(columns.size());
    }

    void update(int step, int thread, int) override {
        const std::vector<int32_t>& columns = sums_.columns(thread);
        const EpochStep<T>& now = steps_[step];
        const ptrdiff_t width = ptrdiff_t(panels_for<T>(units_)) * PANEL<T>;
        const auto all = static_cast<int>(columns.size());
        for (int i = 0; i < all; i += AT_ONCE) {
            const int n = std::min(AT_ONCE, all - i);
            double* squares = penalised_ ? scratch_[thread].sums.data() : nullptr;
            kernels_.update_rows(rows(columns.data() + i, n), sums_.sums(thread) + i * width,
                                 kernels_.update[rule_], now.step, squares);
            record(columns.data() + i, n, step + 1, now.share, squares);
        }
        sums_.clear(thread);
        scratch_[thread].ready = 0;
    }

    void finish(int thread, int threads) override {
        Scratch& scratch = scratch_[thread];
        const int32_t end = sums_.groups().first_column(thread + 1, threads);
        for (int32_t c = sums_.groups().first_column(thread, threads); c < end; c += AT_ONCE) {
            const int n = std::min(AT_ONCE, end - c);
            std::iota(scratch.columns.begin(), scratch.columns.begin() + n, c);
            catch_up(scratch.columns.data(), n, static_cast<int>(steps_.size()), scratch);
        }
    }

    void refresh(const T*, int, int) override {}

    double penalty() const override { return std::accumulate(penalties_.begin(), penalties_.end(), 0.0); }

private:
    static constexpr int AT_ONCE = 1024;  // columns

    // One thread's numbers by column.
    struct alignas(64) Scratch {
        explicit Scratch(int n) : idle(n), sums(n), columns(n) {}
        std::vector<IdleSteps<T>> idle;
        std::vector<double> sums;
        std::vector<int32_t> columns;
        int ready = 0;  // columns of this batch that have caught up
    };

    // Of how many inputs a whole panel may be read where the last one's units end: θ ends where it ends.
    int readable() const {
        const auto panels = static_cast<size_t>(units_ / PANEL<T> + 1) * PANEL<T>;
        if (behind_ < panels) return 0;
        return static_cast<int>(std::min<size_t>((behind_ - panels) / units_ + 1, inputs_));
    }

    void set_powers(double base, std::vector<T>& powers) const {
        powers.resize(steps_.size() + 1);
        double power = 1;
        for (T& each : powers) {
            each = static_cast<T>(power);
            power *= base;
        }
    }

    WeightRows<T> rows(const int32_t* columns, int n) const {
        return {arrays_.w, arrays_.first, arrays_.second, units_, columns, n};
    }

    void catch_up(const int32_t* columns, int all, int now, Scratch& scratch) {
        for (int i = 0; i < all; i += AT_ONCE) {
            const int n = std::min(AT_ONCE, all - i);
            for (int k = 0; k < n; ++k) scratch.idle[k] = idle_steps(done_[columns[i + k]], now);
            double* penalties = penalised_ ? scratch.sums.data() : nullptr;
            kernels_.catch_up_rows(rows(columns + i, n), kernels_.catch_up[rule_], scratch.idle.data(),
                                   penalties);
            record(columns + i, n, now, 1, penalties);
        }
    }

    IdleSteps<T> idle_steps(int done, int now) const {
        const int n = std::min(now - done, decay_.moving_steps), rest = now - done - n;
        return {steps_.data() + done, n, powers_of_first_[rest], powers_of_second_[rest],
                powers_of_second_[now - done]};
    }

    void record(const int32_t* columns, int n, int now, double share, const double* penalties) {
        for (int k = 0; k < n; ++k) {
            done_[columns[k]] = now;
            if (penalties != nullptr) penalties_[sums_.groups().of(columns[k])] += share * penalties[k];
        }
    }

    const Kernels<T>& kernels_;
    int inputs_, units_;
    size_t behind_;  // numbers from Θ^(1)ᵀ to θ's end
    ColumnSums<T> sums_;
    FirstLayerArrays<T> arrays_{};
    std::vector<EpochStep<T>> steps_;
    int rule_ = 0;
    bool penalised_ = false;
    IdleDecay decay_;
    std::vector<T> powers_of_first_, powers_of_second_;
    std::vector<int32_t> done_;      // steps by column
    std::vector<double> penalties_;  // by group
    std::vector<Scratch> scratch_;
};

}  // namespace backpass
