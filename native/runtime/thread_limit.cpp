#include "runtime/thread_limit.hpp"

#include <atomic>

namespace {

std::atomic<int>& limit() {
    static std::atomic<int> threads{1};  // native.py sets it when it is imported
    return threads;
}

}  // namespace

int backpass_get_num_threads() { return limit().load(); }

void backpass_set_num_threads(int threads) { limit().store(threads < 1 ? 1 : threads); }
