#include "runtime/thread_team.hpp"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace backpass {
namespace {

// Waiting begins with spinning, since a step of a small network takes microseconds, less than waking a thread
// that sleeps; it ends with sleep, so that an idle team uses no core.
// The worker of a core that two threads share has to be let in. A pause takes some 20 ns.
constexpr int BARRIER_SPINS = 4000, YIELD_AFTER = 256, YIELDS = 20, IDLE_SPINS = 5000;

void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

// Whether `ready` became true while spinning and yielding.
template <class Ready>
bool spin_until(Ready ready, int spins) {
    for (int i = 0; i < spins; ++i) {
        if (ready()) return true;
        if (i % YIELD_AFTER == YIELD_AFTER - 1) std::this_thread::yield();
        pause_briefly();
    }
    for (int i = 0; i < YIELDS; ++i) {
        if (ready()) return true;
        std::this_thread::yield();
    }
    return ready();
}

// A counter that only grows; threads wait until it has passed a value.
class Count {
public:
    unsigned now() const { return value_.load(std::memory_order_acquire); }

    void advance() {
        value_.fetch_add(1);
        if (sleepers_.load() == 0) return;
        {
            const std::lock_guard lock(mutex_);
        }
        wake_.notify_all();
    }

    void wait_past(unsigned seen, int spins) {
        if (spin_until([&] { return now() != seen; }, spins)) return;
        std::unique_lock lock(mutex_);
        sleepers_.fetch_add(1);
        wake_.wait(lock, [&] { return value_.load() != seen; });
        sleepers_.fetch_sub(1);
    }

private:
    alignas(64) std::atomic<unsigned> value_{0};
    alignas(64) std::atomic<int> sleepers_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
};

// Threads are created once and stay: in a prototype of this engine, threads that were created for each call
// stayed on one core (3.6 ms for a gradient instead of 1.8). One caller at a time has the team; another one
// works alone, which gives the same bits.
class ThreadTeam {
public:
    explicit ThreadTeam(pid_t process) : process_(process) {}

    pid_t process() const { return process_; }

    void run(int threads, const Work& work) {
        const std::unique_lock lease(lease_, std::try_to_lock);
        if (threads <= 1 || !lease.owns_lock()) return work(0, 1);
        while (static_cast<int>(workers_.size()) < threads - 1) add_worker();
        work_ = &work;
        threads_ = threads;
        const unsigned seen = done_.now();
        running_.store(static_cast<int>(workers_.size()), std::memory_order_release);
        call_.advance();
        work(0, threads);
        done_.wait_past(seen, IDLE_SPINS);
    }

private:
    void add_worker() {
        const int number = static_cast<int>(workers_.size()) + 1;
        const unsigned seen = call_.now();
        workers_.emplace_back([this, number, seen] { work_loop(number, seen); });
    }

    [[noreturn]] void work_loop(int number, unsigned seen) {
        for (;;) {
            call_.wait_past(seen, IDLE_SPINS);
            ++seen;
            if (number < threads_) (*work_)(number, threads_);
            if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.advance();
        }
    }

    // `work_` and `threads_` are published by `call_`, and stay as they are until all workers have counted
    // down.
    const pid_t process_;
    std::mutex lease_;
    std::vector<std::thread> workers_;
    Count call_, done_;
    std::atomic<int> running_{0};
    const Work* work_ = nullptr;
    int threads_ = 0;
};

// After a fork the child has none of the threads, so it gets a team of its own. The parent's object is
// never destroyed there: its locks may be held by threads that do not exist in the child.
ThreadTeam& team_of_this_process() {
    static std::atomic<ThreadTeam*> team{nullptr};
    ThreadTeam* here = team.load(std::memory_order_acquire);
    if (here != nullptr && here->process() == getpid()) return *here;
    auto* fresh = new ThreadTeam(getpid());
    if (team.compare_exchange_strong(here, fresh)) return *fresh;
    delete fresh;
    return *here;
}

}  // namespace

struct Barrier::State {
    explicit State(int n) : threads(n) {}
    const int threads;
    alignas(64) std::atomic<int> arrived{0};
    Count rounds;
};

Barrier::Barrier(int threads) : state_(std::make_unique<State>(threads)) {}
Barrier::~Barrier() = default;

void Barrier::wait() {
    if (state_->threads == 1) return;
    const unsigned round = state_->rounds.now();
    if (state_->arrived.fetch_add(1, std::memory_order_acq_rel) == state_->threads - 1) {
        state_->arrived.store(0, std::memory_order_relaxed);
        state_->rounds.advance();
    } else {
        state_->rounds.wait_past(round, BARRIER_SPINS);
    }
}

void run_on_team(int threads, const Work& work) {
    if (threads <= 1) return work(0, 1);
    team_of_this_process().run(threads, work);
}

}  // namespace backpass
