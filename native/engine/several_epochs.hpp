// An epoch of several networks on the same rows. Each network's arithmetic is that of its epoch alone. One
// network a thread needs no barrier at all, so it is the faster way for small networks; a large one is
// trained by the whole team.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "engine/epoch.hpp"
#include "runtime/object_pool.hpp"

namespace backpass {

// One network's epoch; all of a call have as many rows, and dropout or not.
template <class T>
struct EpochTask {
    EpochPlan plan;
    EpochArrays<T> arrays;
};

template <class T>
using EpochTasks = std::vector<EpochTask<T>>;

// One network a thread, each thread with a runner of its own.
template <class T>
class ParallelEpochs {
public:
    ParallelEpochs(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source,
                   RowDensity<T>& density, int threads, int64_t batch, bool masked)
        : adaptive_(threads) {
        while (static_cast<int>(runners_.size()) < threads)
            runners_.push_back(
                std::make_unique<EpochRunner<T>>(net, kernels, source, density, 1, batch, masked));
    }

    int threads() const { return static_cast<int>(runners_.size()); }
    int64_t batch() const { return runners_.front()->batch(); }
    bool masked() const { return runners_.front()->masked(); }

    void reserve(const EpochArrays<T>& arrays, const RuleSpec& rule) {
        for (auto& runner : runners_) runner->reserve(arrays, rule);
    }

    // The first `count` tasks.
    void run(const EpochTasks<T>& tasks, size_t count, std::vector<double>& J) {
        std::vector<TaskTime> times(count);
        std::atomic<size_t> next{0};
        adaptive_.begin();
        run_on_team(std::min(adaptive_.threads(), static_cast<int>(count)), [&](int thread, int) {
            for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
                const auto from = AdaptiveThreads::Clock::now();
                J[i] = runners_[thread]->run(tasks[i].plan, tasks[i].arrays);
                times[i] = {thread, AdaptiveThreads::Clock::now() - from};
            }
        });
        record_waits(times);
    }

private:
    struct TaskTime {
        int thread = 0;
        AdaptiveThreads::Clock::duration time{};
    };

    // All tasks are the same work: what one takes longer than the shortest is another process's load.
    void record_waits(const std::vector<TaskTime>& times) {
        const auto shorter = [](const TaskTime& a, const TaskTime& b) { return a.time < b.time; };
        const auto shortest = std::min_element(times.begin(), times.end(), shorter)->time;
        for (const TaskTime& each : times) adaptive_.add(each.thread, each.time - shortest);
        adaptive_.end(static_cast<int64_t>(times.size()));
    }

    std::vector<std::unique_ptr<EpochRunner<T>>> runners_;
    AdaptiveThreads adaptive_;
};

template <class T>
class SeveralEpochs {
public:
    using Tasks = EpochTasks<T>;

    SeveralEpochs(const NetworkSpec& net, const Kernels<T>& kernels, const RowSource<T>& source, int threads)
        : net_(net), kernels_(kernels), source_(source), density_(kernels, source), threads_(threads) {}

    // The mean J of each network over its epoch; its arrays are replaced.
    std::vector<double> run(const Tasks& tasks) {
        std::vector<double> J(tasks.size());
        const size_t parallel = parallel_count(tasks);
        if (parallel > 0) run_in_parallel(tasks, parallel, J);
        if (parallel < tasks.size()) run_in_sequence(tasks, parallel, J);
        return J;
    }

    // Other rows are in the arrays of `source`.
    void forget_rows() { density_.forget(); }

private:
    // Larger weights of several networks would evict each other from the cache.
    static constexpr size_t MAX_PARALLEL_BYTES = size_t(4) << 20;

    // How many of the networks are trained in parallel, one a thread. The rest is trained one after
    // another by the whole team: the remainder of whole rounds, where one network has enough work for all.
    size_t parallel_count(const Tasks& tasks) const {
        const size_t k = tasks.size(), threads = static_cast<size_t>(threads_);
        if (k < 2 || threads < 2 || net_.parameters() * sizeof(T) > MAX_PARALLEL_BYTES) return 0;
        const EpochPlan& plan = tasks.front().plan;
        const double work = multiply_adds_of_step(net_, source_, std::min(plan.batch, plan.rows));
        return threads_for(work, threads_, MIN_STEP_PER_THREAD) == threads_ ? k - k % threads : k;
    }

    void run_in_parallel(const Tasks& tasks, size_t count, std::vector<double>& J) {
        const int threads = std::min(threads_, static_cast<int>(count));
        acquire(parallel_, threads, tasks.front())->run(tasks, count, J);
    }

    void run_in_sequence(const Tasks& tasks, size_t first, std::vector<double>& J) {
        const auto runner = acquire(runners_, threads_, tasks.front());
        for (size_t i = first; i < tasks.size(); ++i) J[i] = runner->run(tasks[i].plan, tasks[i].arrays);
    }

    // Memory is allocated before the team starts, so that the caller gets std::bad_alloc.
    template <class Runner>
    typename ObjectPool<Runner>::Lease acquire(ObjectPool<Runner>& pool, int threads,
                                               const EpochTask<T>& task) {
        density_.look(threads_);
        const int64_t most = std::min(task.plan.batch, task.plan.rows);
        const bool masked = !task.plan.dropout.rates.empty();
        auto runner = pool.acquire(
            [=](const Runner& idle) {
                return idle.batch() == most && idle.masked() == masked && idle.threads() >= threads;
            },
            [=] {
                return std::make_unique<Runner>(net_, kernels_, source_, density_, threads, most, masked);
            });
        runner->reserve(task.arrays, task.plan.rule);
        return runner;
    }

    const NetworkSpec& net_;
    const Kernels<T>& kernels_;
    const RowSource<T>& source_;
    RowDensity<T> density_;
    int threads_;
    ObjectPool<EpochRunner<T>> runners_;
    ObjectPool<ParallelEpochs<T>> parallel_;
};

}  // namespace backpass
