// When one thread works instead of the team, for how long, and when the team comes back.
#include "runtime/adaptive_threads.hpp"

#include <cstdio>

using namespace backpass;

namespace {

int wrong = 0;

void expect(bool right, const char* what) {
    if (right) return;
    ++wrong;
    std::printf("wrong: %s\n", what);
}

// An interval in which a step takes so many seconds; the first thread waits so much of it.
int64_t interval(AdaptiveThreads& adaptive, double step_time, double wait_share) {
    const int64_t steps = adaptive.steps();
    const double elapsed = step_time * static_cast<double>(steps);
    adaptive.begin();
    adaptive.add(0, std::chrono::duration_cast<AdaptiveThreads::Clock::duration>(
                        std::chrono::duration<double>(wait_share * elapsed)));
    adaptive.end(steps, elapsed);
    return steps;
}

void a_team_that_waits_little_stays() {
    AdaptiveThreads adaptive(2);
    for (int i = 0; i < 9; ++i) interval(adaptive, 1e-6, .3);
    expect(adaptive.threads() == 2, "a team that waits little stays together");
}

void one_thread_stays_alone() {
    AdaptiveThreads adaptive(1);
    interval(adaptive, 1e-6, .9);
    expect(adaptive.threads() == 1 && adaptive.steps() == 16, "one thread has no team to come back to");
}

void a_team_that_waits_is_compared() {
    AdaptiveThreads adaptive(2);
    interval(adaptive, 9e-6, .9);
    expect(adaptive.threads() == 1 && adaptive.steps() == 16, "one thread makes an interval");
    interval(adaptive, 3e-6, 0);
    expect(adaptive.threads() == 2 && adaptive.steps() == 4, "the team is woken first");
    interval(adaptive, 90e-6, .9);
    expect(adaptive.threads() == 2 && adaptive.steps() == 16, "what waking takes does not count");
    interval(adaptive, 2e-6, .9);
    expect(adaptive.threads() == 2, "a team that waits and is faster stays");
    interval(adaptive, 2e-6, .9);
    expect(adaptive.threads() == 2, "and is not tried again as long as it is");
}

void trials_take_little_of_the_time() {
    AdaptiveThreads adaptive(2);
    interval(adaptive, 9e-6, .9);
    double lost = 0, all = 0;
    for (int i = 0; i < 30; ++i) {
        const bool alone = adaptive.threads() == 1;
        const double step_time = alone ? 3e-6 : 100e-6;
        const auto steps = static_cast<double>(interval(adaptive, step_time, alone ? 0 : .9));
        all += steps * step_time;
        lost += alone ? 0 : steps * (step_time - 3e-6);
    }
    expect(lost > 0 && lost < all / 15, "trials that fail take a twentieth of the time");
    while (adaptive.threads() == 1) interval(adaptive, 3e-6, 0);
    interval(adaptive, 2e-6, .1);
    interval(adaptive, 2e-6, .1);
    expect(adaptive.threads() == 2, "the team is back when the core is free again");
}

void few_steps_of_many_alone() {
    AdaptiveThreads adaptive(2);
    interval(adaptive, 9e-6, .9);
    adaptive.begin();
    adaptive.end(5, 15e-6);
    expect(adaptive.threads() == 1 && adaptive.steps() == 11, "the steps of a short epoch are counted");
}

}  // namespace

int main() {
    a_team_that_waits_little_stays();
    one_thread_stays_alone();
    a_team_that_waits_is_compared();
    trials_take_little_of_the_time();
    few_steps_of_many_alone();
    std::printf("%d wrong decisions about threads\n", wrong);
    return wrong == 0 ? 0 : 1;
}
