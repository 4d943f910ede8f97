// When a neighbour has taken a core, a team's slowest member keeps the others waiting: then one
// thread does the work for a while, and the team is tried again. Results do not depend on it.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace backpass {

// Work that a thread should have for each step, in multiply-adds, before another one is worth its
// hand-overs.
constexpr double LEAST_WORK = 1.5e6;

inline int threads_for(double work, int allowed) {
    return static_cast<int>(std::clamp(work / LEAST_WORK, 1.0, static_cast<double>(allowed)));
}

class Patience {
public:
    using Clock = std::chrono::steady_clock;

    explicit Patience(int threads) : threads_(threads), waited_(threads) {}

    // For how many threads the next stretch of work is, and of how many steps at most.
    int threads() const { return resting_ ? 1 : threads_; }
    int64_t steps() const { return resting_ ? rest_ : STRETCH; }
    int64_t stretches() const { return steps() / STRETCH; }

    void begin() {
        for (Waited& each : waited_) each.time = Clock::duration::zero();
        begun_ = Clock::now();
    }

    template <class Wait>
    void wait(int thread, Wait wait) {
        const auto from = Clock::now();
        wait();
        add(thread, Clock::now() - from);
    }

    void add(int thread, Clock::duration time) { waited_[thread].time += time; }

    void end() {
        if (resting_) {
            resting_ = false;
        } else if (threads_ > 1 && longest_wait() > SHARE * (Clock::now() - begun_)) {
            resting_ = true;
            rest_ = std::min(2 * rest_, LONGEST_REST);
        } else {
            rest_ = STRETCH;
        }
    }

private:
    static constexpr double SHARE = 0.45;  // of the time, spent in waiting by whoever waits longest
    static constexpr int64_t STRETCH = 16, LONGEST_REST = 512;

    struct alignas(64) Waited {
        Clock::duration time{};
    };

    // The thread on the taken core waits for nobody.
    Clock::duration longest_wait() const {
        Clock::duration longest{};
        for (const Waited& each : waited_) longest = std::max(longest, each.time);
        return longest;
    }

    int threads_;
    bool resting_ = false;
    int64_t rest_ = STRETCH;
    std::vector<Waited> waited_;
    Clock::time_point begun_{};
};

}  // namespace backpass
