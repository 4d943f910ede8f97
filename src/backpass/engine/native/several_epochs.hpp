// An epoch of several networks on the same rows. Each network's arithmetic is that of its epoch alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "epoch.hpp"
#include "spares.hpp"

namespace backpass {

// One network's epoch; all of a call have as many rows, and dropout or not.
template <class T>
struct EpochTask {
    EpochPlan plan;
    EpochArrays<T> arrays;
};

template <class T>
class SeveralEpochs {
public:
    using Tasks = std::vector<EpochTask<T>>;

    SeveralEpochs(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : net_(net), kernels_(kernels), source_(source), threads_(threads) {}

    // The mean J of each network on its way; its arrays are replaced.
    std::vector<double> run(const Tasks& tasks) {
        std::vector<double> J(tasks.size());
        const size_t aside = side_by_side(tasks);
        if (aside > 0) run_side_by_side(tasks, aside, J);
        if (aside < tasks.size()) run_in_turn(tasks, aside, J);
        return J;
    }

private:
    using Runners = Spares<EpochRunner<T>>;

    // Weights that are larger than this would push each other out of the cache side by side.
    static constexpr size_t LARGEST_ASIDE = size_t(4) << 20;

    // How many of the networks are trained side by side, one a thread; the rest is trained in turn by
    // the whole team. That is what is left after whole rounds, where a network has work enough for all.
    size_t side_by_side(const Tasks& tasks) const {
        const size_t k = tasks.size(), threads = static_cast<size_t>(threads_);
        if (k < 2 || threads < 2 || net_.parameters() * sizeof(T) > LARGEST_ASIDE) return 0;
        const EpochPlan& plan = tasks.front().plan;
        const double work = multiply_adds_of_step(net_, std::min(plan.batch, plan.rows));
        return threads_for(work, threads_) == threads_ ? k - k % threads : k;
    }

    // The machines are taken before the team begins: where memory is missing, the caller hears of it.
    void run_side_by_side(const Tasks& tasks, size_t count, std::vector<double>& J) {
        const size_t threads = std::min(count, static_cast<size_t>(threads_));
        std::vector<typename Runners::Lease> runners;
        while (runners.size() < threads) runners.push_back(take(runners_alone_, 1, tasks.front()));
        std::atomic<size_t> next{0};
        run_on_team(static_cast<int>(threads), [&](int thread, int) {
            for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1))
                J[i] = runners[thread]->run(tasks[i].plan, tasks[i].arrays);
        });
    }

    void run_in_turn(const Tasks& tasks, size_t first, std::vector<double>& J) {
        const auto runner = take(runners_, threads_, tasks.front());
        for (size_t i = first; i < tasks.size(); ++i) J[i] = runner->run(tasks[i].plan, tasks[i].arrays);
    }

    // A machine with room for such a task.
    typename Runners::Lease take(Runners& spares, int threads, const EpochTask<T>& task) {
        const int64_t most = std::min(task.plan.batch, task.plan.rows);
        const bool masked = !task.plan.dropout.rates.empty();
        auto runner = spares.take(
            [=](const EpochRunner<T>& spare) { return spare.batch() == most && spare.masked() == masked; },
            [=] { return std::make_unique<EpochRunner<T>>(net_, kernels_, source_, threads, most, masked); });
        runner->make_room(task.arrays);
        return runner;
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    int threads_;
    Runners runners_, runners_alone_;
};

}  // namespace backpass
