// An epoch of several networks on the same rows. Each network's arithmetic is that of its epoch alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "engine/epoch.hpp"
#include "runtime/spares.hpp"

namespace backpass {

// One network's epoch; all of a call have as many rows, and dropout or not.
template <class T>
struct EpochTask {
    EpochPlan plan;
    EpochArrays<T> arrays;
};

template <class T>
using EpochTasks = std::vector<EpochTask<T>>;

// One network a thread, with one machine a thread.
template <class T>
class SideBySide {
public:
    SideBySide(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads,
               int64_t batch, bool masked)
        : patience_(threads) {
        while (static_cast<int>(runners_.size()) < threads)
            runners_.push_back(std::make_unique<EpochRunner<T>>(net, kernels, source, 1, batch, masked));
    }

    int threads() const { return static_cast<int>(runners_.size()); }
    int64_t batch() const { return runners_.front()->batch(); }
    bool masked() const { return runners_.front()->masked(); }

    void make_room(const EpochArrays<T>& arrays) {
        for (auto& runner : runners_) runner->make_room(arrays);
    }

    // The first `count` tasks.
    void run(const EpochTasks<T>& tasks, size_t count, std::vector<double>& J) {
        std::vector<Took> took(count);
        std::atomic<size_t> next{0};
        patience_.begin();
        run_on_team(std::min(patience_.threads(), static_cast<int>(count)), [&](int thread, int) {
            for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
                const auto from = Patience::Clock::now();
                J[i] = runners_[thread]->run(tasks[i].plan, tasks[i].arrays);
                took[i] = {thread, Patience::Clock::now() - from};
            }
        });
        judge(took);
    }

private:
    struct Took {
        int thread = 0;
        Patience::Clock::duration time{};
    };

    // All tasks are the same work: what one takes longer than the shortest is a neighbour's doing.
    void judge(const std::vector<Took>& took) {
        const auto shorter = [](const Took& a, const Took& b) { return a.time < b.time; };
        const auto shortest = std::min_element(took.begin(), took.end(), shorter)->time;
        for (const Took& each : took) patience_.add(each.thread, each.time - shortest);
        if (++calls_ < patience_.stretches()) return;
        calls_ = 0;
        patience_.end();
    }

    std::vector<std::unique_ptr<EpochRunner<T>>> runners_;
    Patience patience_;
    int64_t calls_ = 0;  // since the team last began to work, or to rest
};

template <class T>
class SeveralEpochs {
public:
    using Tasks = EpochTasks<T>;

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

    void run_side_by_side(const Tasks& tasks, size_t count, std::vector<double>& J) {
        const int threads = std::min(threads_, static_cast<int>(count));
        take(sides_, threads, tasks.front())->run(tasks, count, J);
    }

    void run_in_turn(const Tasks& tasks, size_t first, std::vector<double>& J) {
        const auto runner = take(runners_, threads_, tasks.front());
        for (size_t i = first; i < tasks.size(); ++i) J[i] = runner->run(tasks[i].plan, tasks[i].arrays);
    }

    // Machines with room for such tasks, before the team begins: the caller hears of missing memory.
    template <class Machine>
    typename Spares<Machine>::Lease take(Spares<Machine>& spares, int threads, const EpochTask<T>& task) {
        const int64_t most = std::min(task.plan.batch, task.plan.rows);
        const bool masked = !task.plan.dropout.rates.empty();
        auto machine = spares.take(
            [=](const Machine& spare) {
                return spare.batch() == most && spare.masked() == masked && spare.threads() >= threads;
            },
            [=] { return std::make_unique<Machine>(net_, kernels_, source_, threads, most, masked); });
        machine->make_room(task.arrays);
        return machine;
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    int threads_;
    Spares<EpochRunner<T>> runners_;
    Spares<SideBySide<T>> sides_;
};

}  // namespace backpass
