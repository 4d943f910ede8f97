// One thread or the whole team, by how long threads wait for each other. Where another process occupies
// a core, the thread on it makes all others wait at every barrier: then one thread works alone for some
// steps, and the team is tried again. Results do not depend on it.
//
// With one of two cores taken by another process, an epoch of a prototype of this engine (784-128-10, batches
// of 128) took 2.1 times as long on two threads, and 1.4 times as long on one. The interval on one thread
// doubles each time that the team waits again, up to 512 steps, so that trying the team costs ever less.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace backpass {

// Multiply-adds of one step that each thread must have before another thread is worth its barriers.
constexpr double MIN_WORK_PER_THREAD = 1.5e6;

inline int threads_for(double work, int allowed) {
    return static_cast<int>(std::clamp(work / MIN_WORK_PER_THREAD, 1.0, static_cast<double>(allowed)));
}

class AdaptiveThreads {
public:
    using Clock = std::chrono::steady_clock;

    explicit AdaptiveThreads(int threads) : threads_(threads), waited_(threads) {}

    // Threads of the next interval, and its steps at most.
    int threads() const { return single_ ? 1 : threads_; }
    int64_t steps() const { return single_ ? single_steps_ : INTERVAL; }
    int64_t intervals() const { return steps() / INTERVAL; }

    void begin() {
        for (Waited& each : waited_) each.time = Clock::duration::zero();
        started_ = Clock::now();
    }

    template <class Wait>
    void wait(int thread, Wait wait) {
        const auto from = Clock::now();
        wait();
        add(thread, Clock::now() - from);
    }

    void add(int thread, Clock::duration time) { waited_[thread].time += time; }

    void end() {
        if (single_) {
            single_ = false;
        } else if (threads_ > 1 && longest_wait() > MAX_WAIT_SHARE * (Clock::now() - started_)) {
            single_ = true;
            single_steps_ = std::min(2 * single_steps_, MAX_SINGLE_STEPS);
        } else {
            single_steps_ = INTERVAL;
        }
    }

private:
    static constexpr double MAX_WAIT_SHARE = 0.45;  // of an interval's time, of the thread that waits longest
    static constexpr int64_t INTERVAL = 16, MAX_SINGLE_STEPS = 512;

    struct alignas(64) Waited {
        Clock::duration time{};
    };

    // The thread on an occupied core arrives last and does not wait: the others' waits show it.
    Clock::duration longest_wait() const {
        Clock::duration longest{};
        for (const Waited& each : waited_) longest = std::max(longest, each.time);
        return longest;
    }

    int threads_;
    bool single_ = false;
    int64_t single_steps_ = INTERVAL;
    std::vector<Waited> waited_;
    Clock::time_point started_{};
};

}  // namespace backpass
