// Networks that read raw rows of a table, on the kernels of every instruction set that this machine can run
// (or that qemu can), in both number types, against plain loops in double precision.
#include "engine/answers/joint_answers.hpp"

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "runtime/dispatch.hpp"

using namespace backpass;

namespace {

using Numbers = std::vector<double>;

constexpr int M = 150, BINS = 4, LEVELS = 3;
constexpr double LEAST_SHARE = 1e-7;

// One column of numbers, whose shares rise evenly from -1 to 1, in 4 bins of ½, with a flag for gaps; one
// category with an indicator, and a number of each level.
template <class T>
RawCells<T> table_cells() {
    RawCells<T> cells{1e150, 1e-150, LEAST_SHARE, 1, {}, {}, {}, {}, {}, {}, {}};
    cells.add_searched(0, {-0.5, 0, 0.5}, 4);
    const std::vector<int32_t> same(5, 0), bins{0, 1, 2, 3, 2};  // of a gap, which counts as ¼
    // Set part by part: GCC 12 takes the clearing up after half a nested list for a use of what was not set.
    cells.shapes.resize(1);
    cells.shapes[0].in = {0, same, 0.25, -1, 1};
    cells.shapes[0].stretches = {{-1, 0, 0.5}};
    cells.bins.resize(1);
    cells.bins[0].in = {0, bins, 0.25, -1.5, 1.5};
    cells.bins[0].bins = {{-1, 0.5}, {-0.5, 0.5}, {0, 0.5}, {0.5, 0.5}};
    cells.gaps.push_back(0);
    cells.of_levels.push_back({0, {T(0.5), T(-2), T(1), T(0.25)}});
    cells.indicators.push_back({0, {2, 0, 1, -1}});
    cells.forms.push_back({{RawKind::shape, 0, 0, 1},
                           {RawKind::bins, 0, 1, BINS},
                           {RawKind::of_level, 0, 5, 1},
                           {RawKind::gap, 0, 6, 1},
                           {RawKind::indicator, 0, 7, LEVELS}});
    return cells;
}

// The quantile by bisection of the distribution function, which has all its digits below the middle.
double normal_quantile(double share) {
    if (share > 0.5) return -normal_quantile(1 - share);
    double low = -9, high = 9;
    for (int i = 0; i < 80; ++i) {
        const double middle = (low + high) / 2;
        (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
    }
    return low;
}

Numbers inputs_of(double x, int level) {
    const bool gap = std::isnan(x);
    if (gap) x = 0.25;
    const double clipped = std::min(1.0, std::max(-1.0, x)), share = (clipped + 1) / 2;
    Numbers inputs{normal_quantile(std::min(1 - LEAST_SHARE, std::max(LEAST_SHARE, share)))};
    const int bin = x < -0.5 ? 0 : x < 0 ? 1 : x < 0.5 ? 2 : 3;
    for (int b = 0; b < BINS; ++b) inputs.push_back(b < bin ? 1 : 0);
    inputs[1 + bin] = std::min(2.0, std::max(-1.0, (x + 1 - 0.5 * bin) / 0.5));
    const double of_level[] = {0.5, -2, 1, 0.25};
    const int indicator[] = {2, 0, 1, -1}, at = level < 0 ? LEVELS : level;
    inputs.push_back(of_level[at]);
    inputs.push_back(gap);
    for (int k = 0; k < LEVELS; ++k) inputs.push_back(indicator[at] == k);
    return inputs;
}

Numbers answer(const NetworkSpec& net, const Numbers& theta, Numbers a) {
    const double* from = theta.data();
    for (int l = 0; l < net.weight_layers(); ++l) {
        const int in = net.sizes[l], out = net.sizes[l + 1];
        Numbers z(from, from + out);
        for (int k = 0; k < in; ++k) {
            for (int j = 0; j < out; ++j) z[j] += a[k] * from[out + k * out + j];
        }
        if (l + 1 < net.weight_layers()) {
            for (double& each : z)
                each = net.hidden[l] == Activation::relu ? std::max(0.0, each) : std::tanh(each);
        }
        from += (in + 1) * out;
        a = std::move(z);
    }
    return a;
}

template <class T>
int wrong_answers(const KernelSet& set, std::mt19937& random) {
    const std::vector<NetworkSpec> networks{
        {{10, 80, 40, 2}, {Activation::relu, Activation::relu}, Loss::squared_error, 0, {}},
        {{10, 17, 33, 2}, {Activation::tanh, Activation::relu}, Loss::squared_error, 0, {}},
        {{10, 2}, {}, Loss::squared_error, 0, {}}};
    std::normal_distribution<double> normal;
    JointAnswers<T> joint(table_cells<T>(), kernels_of<T>(set));
    std::vector<Numbers> thetas;
    for (const NetworkSpec& net : networks) {
        std::vector<T> theta(net.parameters());
        for (T& each : theta) each = static_cast<T>(0.3 * normal(random));
        thetas.emplace_back(theta.begin(), theta.end());
        joint.add(net, theta.data(), 0);
    }
    Numbers x(M);
    std::vector<int32_t> levels(M);
    for (int r = 0; r < M; ++r) {
        x[r] = r % 7 == 0 ? std::nan("") : r % 5 == 0 ? 0.5 * (r % 4 - 1) : normal(random);
        levels[r] = r % (LEVELS + 1) - 1;
    }
    std::vector<T> out(networks.size() * M * 2);
    joint.run({x.data(), levels.data(), 1, 1, M}, out.data(), 2);
    const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
    int wrong = 0;
    for (size_t n = 0; n < networks.size(); ++n) {
        for (int r = 0; r < M; ++r) {
            const Numbers expected = answer(networks[n], thetas[n], inputs_of(x[r], levels[r]));
            for (int k = 0; k < 2; ++k)
                wrong += !(std::fabs(out[(n * M + r) * 2 + k] - expected[k]) <= tolerance);
        }
    }
    return wrong;
}

}  // namespace

int main() {
    std::mt19937 random(0);
    int wrong = 0;
    for (const std::string& name : runnable_instruction_sets()) {
        const int here =
            wrong_answers<float>(kernel_set(name), random) + wrong_answers<double>(kernel_set(name), random);
        std::printf("%s: %d wrong answers to raw rows\n", name.c_str(), here);
        wrong += here;
    }
    return wrong == 0 ? 0 : 1;
}
