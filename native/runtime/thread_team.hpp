// A persistent team of threads: between calls it spins for a short while, then sleeps.
#pragma once

#include <functional>
#include <memory>

namespace backpass {

// Threads that wait for each other: a short spin, a few yields, then sleep.
class Barrier {
public:
    explicit Barrier(int threads);
    ~Barrier();
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;
    void wait();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Calls work(0) … work(threads - 1) at the same time, work(0) on the caller's own thread. Where the
// team is already taken by another caller, the work is done by one thread: `threads` in the call to
// `work` says how many there are.
using Work = std::function<void(int thread, int threads)>;
void run_on_team(int threads, const Work& work);

}  // namespace backpass
