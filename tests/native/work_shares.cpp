// How a block's rows are shared by threads: every row once, in whole groups of P, evenly.
#include <algorithm>
#include <cstdio>

#include "engine/block_executor.hpp"

using namespace backpass;

namespace {

template <class T>
int wrong_shares(int rows, int threads) {
    constexpr int P = PANEL<T>;
    const int groups = (rows + P - 1) / P, largest = (groups + threads - 1) / threads;
    int wrong = first_row_of<T>(rows, 0, threads) != 0;
    wrong += first_row_of<T>(rows, threads, threads) != rows;
    for (int thread = 0; thread < threads; ++thread) {
        const int begin = first_row_of<T>(rows, thread, threads);
        const int end = first_row_of<T>(rows, thread + 1, threads);
        wrong += begin % P != 0 && begin != rows;
        wrong += end < begin || end - begin > largest * P;
    }
    return wrong;
}

}  // namespace

int main() {
    int wrong = 0;
    for (int rows = 1; rows <= 200; ++rows) {
        for (int threads = 1; threads <= 9; ++threads) {
            wrong += wrong_shares<float>(rows, threads) + wrong_shares<double>(rows, threads);
        }
    }
    std::printf("%d wrong shares of rows\n", wrong);
    return wrong == 0 ? 0 : 1;
}
