// Many callers, each with a team of threads, over the same data: the predictions must have the same bits.
// Built with ThreadSanitizer by scripts/sanitize, where a race is an error too.
//   stress [ROUNDS]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "cached_lane_batch.hpp"
#include "engine/full_batch.hpp"
#include "engine/predict.hpp"
#include "engine/several_epochs.hpp"
#include "runtime/dispatch.hpp"

using namespace backpass;

namespace {

constexpr int ROWS = 1500, ENTRIES = 9, CODES = 40, CALLERS = 3;

enum class Inputs { dense, sparse, codes };

struct Problem {
    Problem(std::vector<int> sizes, Inputs inputs) : net{std::move(sizes), {}, Loss::log_loss, 0, {}} {
        net.hidden.assign(net.sizes.size() - 2, Activation::tanh);
        theta.resize(net.parameters());
        x.resize(size_t(ROWS) * net.inputs());
        y.assign(size_t(ROWS) * net.outputs(), 0);
        w.assign(ROWS, 1);
        for (size_t i = 0; i < theta.size(); ++i) theta[i] = 0.01f * static_cast<float>(i * 7919 % 41) - 0.2f;
        for (size_t i = 0; i < x.size(); ++i) x[i] = 0.01f * static_cast<float>(i * 104729 % 101);
        for (int r = 0; r < ROWS; ++r) {
            y[size_t(r) * net.outputs() + r % net.outputs()] = 1;
            order.push_back((r * 7) % ROWS);
        }
        if (inputs == Inputs::sparse) {
            for (int r = 0; r <= ROWS; ++r) starts.push_back(int64_t(r) * ENTRIES);
            for (int i = 0; i < ROWS * ENTRIES; ++i)
                columns.push_back((i % ENTRIES * net.inputs() + i / ENTRIES * 31 % net.inputs()) / ENTRIES);
            source.csr = {x.data(), nullptr, nullptr, columns.data(), starts.data()};
        } else if (inputs == Inputs::codes) {
            for (int c = 0; c < CODES; ++c) {
                const int bins = net.inputs() / CODES;
                columns_of_table.push_back({CellKind::code, c * bins, bins, c, c, c * bins});
            }
            for (int i = 0; i < ROWS * CODES; ++i) places.push_back(i * 31 % (net.inputs() / CODES));
            source.table = {
                columns_of_table.data(), CODES, x.data(), places.data(), CODES, CODES, net.inputs()};
        } else {
            source.x = x.data();
        }
        source.y = y.data();
        source.w = w.data();
        source.m = ROWS;
        source.inputs = net.inputs();
        source.outputs = net.outputs();
    }

    NetworkSpec net;
    std::vector<float> theta, x, y, w;
    std::vector<int64_t> order, columns, starts;
    std::vector<int32_t> places;
    std::vector<TableColumn> columns_of_table;
    RowSource<float> source;
};

template <class Batch>
std::vector<float> gradient(const Problem& p, const Kernels<float>& kernels, int threads) {
    std::vector<float> Delta(p.theta.size());
    Batch(p.net, kernels, p.source, threads).sums(p.theta.data(), Delta.data());
    return Delta;
}

// Of several networks: in parallel, and the remainder one after another.
std::vector<float> epochs(const Problem& p, const RuleSpec& rule, const Kernels<float>& kernels,
                          int threads) {
    constexpr int NETWORKS = 4;
    const size_t n = p.theta.size();
    std::vector<float> thetas, first(NETWORKS * n), second(NETWORKS * n);
    const std::vector<double> rates(5, 0.01);
    const DropoutSpec dropout{{0.3}, 5};
    for (int i = 0; i < NETWORKS; ++i) {
        for (float weight : p.theta) thetas.push_back(weight * static_cast<float>(i + 1));
    }
    std::vector<EpochTask<float>> tasks;
    for (int i = 0; i < NETWORKS; ++i) {
        const EpochPlan plan{p.order.data(), ROWS, 300, rates.data(), i, 0.1, ROWS, dropout, rule};
        tasks.push_back({plan, {thetas.data() + i * n, first.data() + i * n, second.data() + i * n}});
    }
    SeveralEpochs<float>(p.net, kernels, p.source, threads).run(tasks);
    return thetas;
}

RuleSpec momentum() {
    RuleSpec rule;
    rule.rule = Rule::momentum;
    rule.momentum = 0.9;
    return rule;
}

// Of every matrix but the last.
RuleSpec muon(const NetworkSpec& net) {
    RuleSpec rule;
    rule.rule = Rule::muon;
    rule.momentum = rule.beta_1 = 0.9;
    rule.beta_2 = 0.99;
    rule.epsilon = 1e-8;
    rule.lengths.assign(net.weight_layers(), 1);
    rule.lengths.back() = 0;
    rule.polynomials = {{3.9505, -6.3029, 2.6377}, {2.8769, -3.1427, 1.2046}};
    return rule;
}

std::vector<float> predictions(const Problem& p, const Kernels<float>& kernels, int threads) {
    std::vector<float> out(size_t(ROWS) * p.net.outputs());
    ManyRows<float>(p.net, kernels, p.source, threads).run(p.theta.data(), out.data(), true);
    return out;
}

std::vector<float> everything(const Problem& p, const Kernels<float>& kernels, int threads) {
    std::vector<float> all;
    const auto add = [&](const std::vector<float>& part) { all.insert(all.end(), part.begin(), part.end()); };
    if (!p.source.has_entries()) add(gradient<CachedLaneBatch<float>>(p, kernels, threads));
    add(epochs(p, momentum(), kernels, threads));
    add(epochs(p, muon(p.net), kernels, threads));
    add(predictions(p, kernels, threads));
    add(gradient<FullBatch<float>>(p, kernels, threads));
    return all;
}

int wrong_predictions(const Problem& p, int rounds) {
    const Kernels<float>& kernels = kernel_set(runnable_instruction_sets().back()).f32;
    const std::vector<float> truth = everything(p, kernels, 1);
    std::atomic<int> wrong{0};
    std::vector<std::thread> callers;
    for (int c = 0; c < CALLERS; ++c) {
        callers.emplace_back([&, c] {
            for (int round = 0; round < rounds; ++round) {
                const std::vector<float> ours = everything(p, kernels, 2 + (c + round) % 3);
                wrong += std::memcmp(ours.data(), truth.data(), truth.size() * sizeof(float)) != 0;
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    return wrong;
}

// A list of jobs: unlike networks on the same rows, one a thread, each with the bits that it has alone.
int wrong_jobs(const Problem& rows) {
    const Kernels<float>& kernels = kernel_set(runnable_instruction_sets().back()).f32;
    std::vector<Problem> jobs;
    std::vector<std::vector<float>> alone;
    for (const int width : {90, 70, 33, 64, 17, 8}) {
        Problem& job = jobs.emplace_back(rows);  // whose source stays that of `rows`
        job.net.sizes[1] = width;
        job.theta.assign(rows.theta.begin(), rows.theta.begin() + job.net.parameters());
        alone.push_back(everything(job, kernels, 1));
    }
    std::atomic<size_t> next{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> workers;
    for (int c = 0; c < CALLERS; ++c) {
        workers.emplace_back([&] {
            for (size_t i = next.fetch_add(1); i < jobs.size(); i = next.fetch_add(1)) {
                const std::vector<float> ours = everything(jobs[i], kernels, 1);
                wrong += std::memcmp(ours.data(), alone[i].data(), ours.size() * sizeof(float)) != 0;
            }
        });
    }
    for (std::thread& worker : workers) worker.join();
    return wrong;
}

}  // namespace

int main(int count, char** words) {
    const int rounds = count > 1 ? std::atoi(words[1]) : 6;
    const int wrong = wrong_predictions(Problem({90, 70, 10}, Inputs::dense), rounds) +
                      wrong_predictions(Problem({2000, 70, 10}, Inputs::sparse), rounds) +
                      wrong_predictions(Problem({2000, 70, 10}, Inputs::codes), rounds);
    const int wrong_alone = wrong_jobs(Problem({90, 90, 10}, Inputs::dense)) +
                            wrong_jobs(Problem({2000, 90, 10}, Inputs::sparse)) +
                            wrong_jobs(Problem({2000, 90, 10}, Inputs::codes));
    std::printf("%d callers, %d rounds each, %d wrong predictions, %d wrong jobs\n", CALLERS, rounds, wrong,
                wrong_alone);
    return wrong + wrong_alone == 0 ? 0 : 1;
}
