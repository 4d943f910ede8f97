// Several networks' answers to the same raw rows of a table. Threads take stretches of rows, and bring each
// through one network after the other, whose weights stay in the caches meanwhile.
#pragma once

#include <atomic>

#include "engine/answers/packed_network.hpp"
#include "runtime/adaptive_threads.hpp"
#include "runtime/object_pool.hpp"
#include "runtime/thread_team.hpp"

namespace backpass {

constexpr int ANSWER_STRETCH = 1024;  // rows: a network's first layer is read anew for each

template <class T>
class JointAnswers {
public:
    JointAnswers(RawCells<T> cells, const Kernels<T>& kernels) : cells_(std::move(cells)), kernels_(kernels) {
        by_form_.resize(cells_.forms.size());
    }

    void add(NetworkSpec net, const T* theta, int form) {
        by_form_[form].push_back(static_cast<int>(networks_.size()));
        multiply_adds_ += static_cast<double>(net.parameters() - size_t(net.inputs()) * net.sizes[1]) +
                          static_cast<double>(cells_.forms[form].size()) * net.sizes[1];
        networks_.emplace_back(std::move(net), kernels_, theta, cells_.forms[form]);
    }

    // Into (networks, m, outputs).
    void run(const RawRows& rows, T* out, int threads) {
        threads = threads_for(multiply_adds_ * static_cast<double>(rows.m), threads);
        const int64_t each = (rows.m + threads - 1) / threads;
        const auto size = std::clamp<int64_t>((each + ANSWER_BLOCK - 1) / ANSWER_BLOCK * ANSWER_BLOCK,
                                              ANSWER_BLOCK, ANSWER_STRETCH);
        const int64_t stretches = (rows.m + size - 1) / size;
        std::vector<typename ObjectPool<Space>::Lease> spaces;  // before the team starts, as it may throw
        for (int t = 0; t < threads; ++t)
            spaces.push_back(spaces_.acquire([](const Space&) { return true; },
                                             [this] { return std::make_unique<Space>(*this); }));
        std::atomic<int64_t> next{0};
        run_on_team(threads, [&](int thread, int) {
            for (int64_t s = next.fetch_add(1); s < stretches; s = next.fetch_add(1))
                run_stretch(*spaces[thread], rows, s * size,
                            static_cast<int>(std::min(size, rows.m - s * size)), out);
        });
    }

private:
    struct Space {
        explicit Space(const JointAnswers& of)
            : read(of.cells_, of.kernels_, ANSWER_STRETCH, ANSWER_BLOCK),
              answer(of.widest(), of.networks_.front().outputs()) {}

        ReadCells<T> read;
        AnswerSpace<T> answer;
    };

    int widest() const {
        int units = 0;
        for (const PackedNetwork<T>& net : networks_) units = std::max(units, net.widest());
        return units;
    }

    void run_stretch(Space& space, const RawRows& rows, int64_t first, int n, T* out) const {
        space.read.read(rows, first, n);
        for (size_t f = 0; f < by_form_.size(); ++f) {
            for (int begin = 0; begin < n; begin += ANSWER_BLOCK) {
                const int block = std::min(ANSWER_BLOCK, n - begin);
                space.read.columns(cells_.forms[f], begin, block, space.answer.columns);
                for (int k : by_form_[f]) {
                    const PackedNetwork<T>& net = networks_[k];
                    net.run(space.answer, space.read.ones(), block,
                            out + (k * rows.m + first + begin) * net.outputs());
                }
            }
        }
    }

    RawCells<T> cells_;
    const Kernels<T>& kernels_;
    std::vector<PackedNetwork<T>> networks_;
    std::vector<std::vector<int>> by_form_;
    double multiply_adds_ = 0;
    ObjectPool<Space> spaces_;
};

}  // namespace backpass
