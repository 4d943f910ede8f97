// One thread or the whole team, by the time that steps take. Where another process occupies a core, or two
// threads share one, the thread on it makes all others wait at every barrier: then one thread works alone for
// some steps, and the team is tried again. Results do not depend on it.
//
// With one of two cores taken by another process, an epoch of a prototype of this engine (784-128-10, batches
// of 128) took 2.1 times as long on two threads, and 1.4 times as long on one. A trial that loses time is
// followed by so many steps on one thread that trials take a twentieth of the time at most: where two threads
// stood on one core, trials of 16 steps every 512 took as long as those (6.3 µs a step instead of 3.4).
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace backpass {

// Multiply-adds that each thread of a call must have before another thread is worth waking.
constexpr double MIN_WORK_PER_THREAD = 1.5e6;
// And each thread of a step, between whose barriers the others spin: 64-32-10 on batches of 32, 76,000 a
// thread, takes 2.6 µs on two threads and 3.4 on one.
constexpr double MIN_STEP_PER_THREAD = 5e4;

inline int threads_for(double work, int allowed, double least = MIN_WORK_PER_THREAD) {
    return static_cast<int>(std::clamp(work / least, 1.0, static_cast<double>(allowed)));
}

class AdaptiveThreads {
public:
    using Clock = std::chrono::steady_clock;

    explicit AdaptiveThreads(int threads) : threads_(threads), waited_(threads) {}

    // Threads of the next interval, and its steps at most.
    int threads() const { return single_left_ > 0 ? 1 : threads_; }
    int64_t steps() const {
        if (single_left_ > 0) return single_left_;
        return state_ == State::waking ? WAKING : INTERVAL;
    }

    void begin() {
        for (Waited& each : waited_) each.time = Clock::duration::zero();
        started_ = Clock::now();
    }

    // Waits of a few steps are timed: reading the clock takes a fifth of what a barrier does.
    static bool is_timed(int64_t step) { return step % TIMED == TIMED - 1; }

    template <class Wait>
    void wait(int thread, Wait wait) {
        const auto from = Clock::now();
        wait();
        add(thread, TIMED * (Clock::now() - from));
    }

    void add(int thread, Clock::duration time) { waited_[thread].time += time; }

    void end(int64_t steps) { end(steps, std::chrono::duration<double>(Clock::now() - started_).count()); }

    // An interval of so many steps took so many seconds.
    void end(int64_t steps, double elapsed) {
        if (single_left_ > 0) {
            end_single(elapsed, steps);
        } else if (threads_ > 1) {
            end_team(elapsed, steps);
        }
    }

private:
    // Of an interval's time, of the thread that waits longest.
    static constexpr double MAX_WAIT_SHARE = 0.45;
    static constexpr int64_t INTERVAL = 16, WAKING = 4, TIMED = 4;
    static constexpr double PATIENCE = 20;

    // The threads of a team that sleep are woken before it is tried.
    enum class State { together, waking, tried };

    struct alignas(64) Waited {
        Clock::duration time{};
    };

    void end_single(double elapsed, int64_t steps) {
        single_time_ = elapsed / static_cast<double>(steps);
        single_left_ -= std::min(single_left_, steps);
        if (single_left_ == 0) state_ = State::waking;
    }

    void end_team(double elapsed, int64_t steps) {
        const double excess = elapsed - single_time_ * static_cast<double>(steps);
        lost_ += excess;
        if (state_ == State::waking) {
            state_ = State::tried;
            return;
        }
        const bool unknown = single_time_ == 0;
        const bool waited = state_ == State::tried || longest_wait() > MAX_WAIT_SHARE * elapsed;
        if (waited && excess > 0) {
            const double patience = unknown ? 0 : PATIENCE * lost_ / single_time_;
            single_left_ = std::max(INTERVAL, static_cast<int64_t>(std::ceil(patience)));
        } else {
            state_ = State::together;
        }
        lost_ = 0;
    }

    // The thread on an occupied core arrives last and does not wait: the others' waits show it.
    double longest_wait() const {
        Clock::duration longest{};
        for (const Waited& each : waited_) longest = std::max(longest, each.time);
        return std::chrono::duration<double>(longest).count();
    }

    int threads_;
    State state_ = State::together;
    int64_t single_left_ = 0;  // steps that one thread makes alone
    double single_time_ = 0;   // of a step, in seconds; 0: not known yet
    double lost_ = 0;          // by a trial, in seconds
    std::vector<Waited> waited_;
    Clock::time_point started_{};
};

}  // namespace backpass
