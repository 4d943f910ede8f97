// One pass over the data in mini-batches, the optimiser's step included. The whole epoch is one call: θ and
// the optimiser's arrays are packed into panels once, trained there, and unpacked at the end. A step has two
// barriers, after the rows and after the tiles of weights; a barrier takes some 100 ns with all cores free
// (80 to 120 measured), and 2 to 12 µs with another process on a core (see adaptive_threads.hpp).
#pragma once

#include <memory>

#include "engine/block_executor.hpp"
#include "engine/rules/orthogonal_layers.hpp"
#include "runtime/adaptive_threads.hpp"

namespace backpass {

// The optimiser's state and θ, in θ's order; `first` and `second` are null where the rule has none.
template <class T>
struct EpochArrays {
    T *theta, *first, *second;
};

struct EpochPlan {
    const int64_t* order;
    int64_t rows;  // of the order
    int64_t batch;
    const double* learning_rates;  // one for each step
    int64_t t;                     // steps taken before
    double lam, total_weight;
    DropoutSpec dropout;
    RuleSpec rule;
};

// Forward, backward and Δ each multiply and add once for every row and weight.
template <class T>
double multiply_adds_of_step(const NetworkSpec& net, const RowSource<T>& source, int64_t rows) {
    return 3.0 * static_cast<double>(rows) * multiply_adds_forward(net, source);
}

template <class T>
class EpochRunner {
public:
    EpochRunner(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source,
                RowDensity<T>& density, int threads, int64_t batch, bool masked)
        : net_(net),
          kernels_(kernels),
          source_(source),
          density_(density),
          layout_(net, first_layer_of(source)),
          weights_(layout_),
          threads_(threads),
          team_(threads_for(multiply_adds_of_step(net, source, batch), threads, MIN_STEP_PER_THREAD)),
          batch_(batch),
          masked_(masked),
          executor_(net, layout_, kernels, source, block_rows<T>(net, source, batch, 1024, 1 << 20), threads,
                    masked),
          squares_(std::max(1, executor_.strips())),
          adaptive_(team_),
          entry_layer_(make_entry_layer(net, kernels, source, team_)) {
        if (batch > executor_.capacity()) sums_ = Buffer<T>(layout_.size());
    }

    int threads() const { return threads_; }
    int64_t batch() const { return batch_; }
    bool masked() const { return masked_; }

    // Memory only for the arrays that the rule has; `read` fills it.
    void reserve(const EpochArrays<T>& arrays, const RuleSpec& rule) {
        if (arrays.first != nullptr && first_.size() == 0) first_ = Buffer<T>(layout_.size(), Fill::none);
        if (arrays.second != nullptr && second_.size() == 0) second_ = Buffer<T>(layout_.size(), Fill::none);
        if (!rule.any_whole()) {
            whole_ = nullptr;
        } else if (whole_ == nullptr || !whole_->fits(rule)) {
            whole_ = std::make_unique<OrthogonalLayers<T>>(net_, kernels_, layout_, rule, team_);
        }
    }

    // The mean J over the epoch; θ and the state are replaced.
    double run(EpochPlan plan, const EpochArrays<T>& arrays) {
        reserve(arrays, plan.rule);
        read(arrays);
        first_w_ = arrays.theta + net_.sizes[1];
        first_momentum_ = offset_or_null(arrays.first, static_cast<size_t>(net_.sizes[1]));
        if (density_.any()) partition(plan);
        if (entry_layer_ != nullptr) begin_first_layer(plan, arrays);
        double J = 0;
        const int64_t steps = steps_of(plan);
        for (int64_t step = 0; step < steps;) {
            const int64_t end = std::min(steps, step + adaptive_.steps());
            run_steps(plan, step, end, J);
            step = end;
        }
        if (entry_layer_ != nullptr) J += finish_first_layer(plan);
        write(arrays);
        return J;
    }

private:
    // One of the threads that share a batch.
    struct TeamMember {
        int thread, threads;
        Barrier& barrier;
        AdaptiveThreads& adaptive;
        bool timed = false;

        void wait() const {
            if (timed) {
                adaptive.wait(thread, [this] { barrier.wait(); });
            } else if (threads > 1) {
                barrier.wait();
            }
        }
    };

    // Rows that are mostly zeros pass as entries, which read the weights in panels.
    void partition(EpochPlan& plan) {
        const LayerOffsets& y = layout_.layers().front();
        partitioned_.partition(density_, plan.order, plan.rows, plan.batch, executor_.capacity());
        plan.order = partitioned_.order();
        executor_.reserve_for_zeros();
        weights_.first_layer = {weights_.panels.data() + y.weights, PANEL<T>, y.weights_panel,
                                y.output_panels * PANEL<T>, y.inputs};
    }

    // How many of a block's rows are gathered into panels: its first ones.
    int packed(int64_t step, int64_t done, int rows, const EpochPlan& plan) const {
        if (source_.has_entries()) return 0;
        if (!density_.any()) return rows;
        const int64_t blocks = (plan.batch + executor_.capacity() - 1) / executor_.capacity();
        return partitioned_.dense_of_block(step * blocks + done / executor_.capacity());
    }

    static int64_t steps_of(const EpochPlan& plan) { return (plan.rows + plan.batch - 1) / plan.batch; }

    void begin_first_layer(const EpochPlan& plan, const EpochArrays<T>& arrays) {
        std::vector<EpochStep<T>> steps;
        for (int64_t step = 0; step < steps_of(plan); ++step) {
            const int64_t rows = std::min(plan.batch, plan.rows - step * plan.batch);
            steps.push_back(
                {step_of(plan, step).weights, static_cast<double>(rows) / static_cast<double>(plan.rows)});
        }
        const size_t bias = net_.sizes[1];
        const RowNumbers all{plan.order, 0};
        const int64_t block = std::min<int64_t>(plan.batch, executor_.capacity());
        executor_.reserve(most_entries(source_, all, plan.rows, block));
        entry_layer_->reserve(most_entries(source_, all, plan.rows, plan.batch));
        weights_.first_layer = entry_layer_->read(first_w_);
        if (collects_first_delta()) return;
        entry_layer_->begin(
            {arrays.theta + bias, offset_or_null(arrays.first, bias), offset_or_null(arrays.second, bias)},
            std::move(steps), plan.rule);
    }

    // Whether the first layer's rows are entries, and its weights step as a whole.
    bool collects_first_delta() const { return whole_ != nullptr && whole_->is_first_in_theta(); }

    // The penalty's part of J, which the steps of the first layer have summed up.
    double finish_first_layer(const EpochPlan& plan) {
        if (collects_first_delta()) return 0;
        run_on_team(team_, [&](int thread, int threads) { entry_layer_->finish(thread, threads); });
        return plan.lam / (2 * plan.total_weight) * entry_layer_->penalty();
    }

    // Steps [begin, end) on as many threads as `adaptive_` allows. Their shares are added to the mean J one
    // by one, so that its bits do not depend on where an interval ends.
    void run_steps(const EpochPlan& plan, int64_t begin, int64_t end, double& J) {
        const int wanted = adaptive_.threads();
        Barrier barrier(wanted), alone(1);
        adaptive_.begin();
        run_on_team(wanted, [&](int thread, int threads) {
            TeamMember member{thread, threads, threads == wanted ? barrier : alone, adaptive_};
            for (int64_t step = begin; step < end; ++step) {
                member.timed = threads > 1 && AdaptiveThreads::is_timed(step - begin);
                const int64_t at = step * plan.batch, rows = std::min(plan.batch, plan.rows - at);
                const double batch_J = run_batch(plan, at, rows, step, member);
                if (thread == 0) J += batch_J * (static_cast<double>(rows) / static_cast<double>(plan.rows));
            }
        });
        adaptive_.end(end - begin);
    }

    void read(const EpochArrays<T>& arrays) {
        weights_.read(layout_, kernels_, arrays.theta);
        if (arrays.first != nullptr) layout_.pack(arrays.first, first_.data());
        if (arrays.second != nullptr) layout_.pack(arrays.second, second_.data());
    }

    void write(const EpochArrays<T>& arrays) const {
        layout_.unpack(weights_.panels.data(), arrays.theta);
        if (arrays.first != nullptr) layout_.unpack(first_.data(), arrays.first);
        if (arrays.second != nullptr) layout_.unpack(second_.data(), arrays.second);
    }

    // J of the batch, on thread 0.
    double run_batch(const EpochPlan& plan, int64_t at, int64_t rows, int64_t step,
                     const TeamMember& member) {
        const double scale = static_cast<double>(source_.m) / (static_cast<double>(rows) * plan.total_weight);
        const auto dropout_step = static_cast<uint32_t>(plan.t + step);
        UpdateTarget<T> target{
            weights_.panels.data(),  first_.data(),       second_.data(), weights_.transposed.data(),
            plan.rule.elementwise(), step_of(plan, step), squares(plan)};
        if (whole_ != nullptr) target.whole = whole_->of_step(plan.rule, decay(plan));
        double J = 0;
        const bool whole = rows <= executor_.capacity();
        for (int64_t done = 0; done < rows; done += executor_.capacity()) {
            const int n = static_cast<int>(std::min<int64_t>(executor_.capacity(), rows - done));
            const BlockRows<T> all{{plan.order, at + done},     0,     n,
                                   packed(step, done, n, plan), scale, dropout_step};
            executor_.gather(all, member.thread, member.threads);
            if (has_idle_steps()) catch_up(step, member);
            executor_.rows_pass(weights_, all, plan.dropout, member.thread, member.threads);
            member.wait();
            if (member.thread == 0) J += executor_.loss(n);
            const RowNumbers next{plan.order, at + done + n};
            const int next_rows = static_cast<int>(std::min<int64_t>(n, plan.rows - next.first));
            executor_.delta_pass(all, whole ? target : sums_target(), next, next_rows, member.thread,
                                 member.threads);
            if (entry_layer_ != nullptr) first_delta_pass(step, done == 0, done + n == rows, member);
            member.wait();
        }
        if (!whole) {
            if (member.thread == 0) apply_sums(target);
            member.wait();
        }
        if (whole_ != nullptr) step_whole_layers(plan, step, member);
        if (member.thread == 0 && plan.lam != 0) J += penalty(plan);
        return J;
    }

    // Δ^(1) of rows that are entries, and with the batch's last block the rule on it.
    void first_delta_pass(int64_t step, bool is_first_block, bool is_last_block, const TeamMember& member) {
        const int thread = member.thread, threads = member.threads;
        if (collects_first_delta()) {
            if (is_first_block) entry_layer_->clear(whole_->Delta(), thread, threads);
            executor_.find_inputs(*entry_layer_, thread, threads);
            executor_.add_delta(*entry_layer_, thread, threads);
            entry_layer_->move_to(whole_->Delta(), thread, threads);
            return;
        }
        executor_.add_delta(*entry_layer_, thread, threads);
        if (is_last_block) entry_layer_->update(static_cast<int>(step), thread, threads);
    }

    void step_whole_layers(const EpochPlan& plan, int64_t step, const TeamMember& member) {
        whole_->step(plan.rule, plan.learning_rates[step], decay(plan), weights_, first_w_, first_momentum_,
                     member.thread, member.threads, [&] { member.wait(); });
        if (!collects_first_delta()) return;
        entry_layer_->refresh(first_w_, member.thread, member.threads);
        member.wait();
    }

    bool has_idle_steps() const {
        return entry_layer_ != nullptr && !collects_first_delta() && entry_layer_->has_idle_steps();
    }

    // The columns of a block that no earlier block of the batch named, before the rows read their weights.
    void catch_up(int64_t step, const TeamMember& member) {
        member.wait();
        executor_.find_inputs(*entry_layer_, member.thread, member.threads);
        entry_layer_->catch_up(static_cast<int>(step), member.thread);
        member.wait();
    }

    LayerStep<T> step_of(const EpochPlan& plan, int64_t step) const {
        return layer_step<T>(plan.rule, plan.learning_rates[step], static_cast<double>(plan.t + step + 1),
                             decay(plan));
    }

    static double decay(const EpochPlan& plan) { return plan.lam / plan.total_weight; }

    double* squares(const EpochPlan& plan) { return plan.lam == 0 ? nullptr : squares_.data(); }

    double penalty(const EpochPlan& plan) const {
        double sum = 0;
        for (double strip : squares_) sum += strip;
        if (collects_first_delta()) sum += whole_->squares_of_first();
        return plan.lam / (2 * plan.total_weight) * sum;
    }

    UpdateTarget<T> sums_target() {
        return {sums_.data(), nullptr, nullptr, nullptr, Rule::sum, {}, nullptr};
    }

    // A batch too large for the workspace: its blocks are summed, and one thread applies the rule to the
    // sums.
    void apply_sums(const UpdateTarget<T>& target) {
        std::fill(squares_.begin(), squares_.end(), 0);
        for (size_t l = 0; l < layout_.layers().size(); ++l) {
            const LayerOffsets& y = layout_.layers()[l];
            const size_t n = y.bias - y.weights;
            if (target.squares != nullptr) squares_[0] += sum_of_squares(target.w + y.weights, n);
            if (target.whole.has(l)) {
                update(momentum_target(target), y.weights, n, target.whole.momentum);
            } else {
                update(target, y.weights, n, target.step.weights);
            }
            update(target, y.bias, size_t(y.output_panels) * PANEL<T>, target.step.biases);
        }
        layout_.transpose(weights_.panels.data(), weights_.transposed.data(), kernels_);
        sums_.clear();
    }

    static UpdateTarget<T> momentum_target(UpdateTarget<T> target) {
        target.rule = Rule::muon;
        target.second = target.whole.ahead;
        return target;
    }

    void update(const UpdateTarget<T>& target, size_t at, size_t n, const Step<T>& step) {
        kernels_.update[static_cast<int>(target.rule)](target.w + at, offset_or_null(target.first, at),
                                                       offset_or_null(target.second, at), sums_.data() + at,
                                                       n, step);
    }

    static double sum_of_squares(const T* w, size_t n) {
        double sum = 0;
        for (size_t i = 0; i < n; ++i) sum += static_cast<double>(w[i]) * w[i];
        return sum;
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    RowDensity<T>& density_;
    PartitionedOrder<T> partitioned_;
    PanelLayout<T> layout_;
    Weights<T> weights_;
    Buffer<T> first_, second_, sums_;
    int threads_, team_;  // allowed, and those that have work enough: they share the inputs too
    int64_t batch_;
    bool masked_;
    BlockExecutor<T> executor_;
    std::vector<double> squares_;
    std::unique_ptr<OrthogonalLayers<T>> whole_;        // where layers step as a whole
    T *first_w_ = nullptr, *first_momentum_ = nullptr;  // Θ^(1)ᵀ without its bias in θ, and its momentum
    AdaptiveThreads adaptive_;                          // kept from epoch to epoch: a busy core stays busy
    std::unique_ptr<EntryLayer<T>> entry_layer_;        // where rows are entries
};

}  // namespace backpass
