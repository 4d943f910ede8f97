// The kernels of every instruction set that this machine can run (or that qemu can) against plain loops
// in double precision: Σ cost and Δ for every activation and loss, in both layouts and number types;
// and exp, tanh and log against the C library's. Needs no Python, so it also runs cross-compiled.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "cached_lane_batch.hpp"
#include "engine/full_batch.hpp"
#include "engine/linear_batch.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/names.hpp"

using namespace backpass;

namespace {

using Numbers = std::vector<double>;

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

double g(Activation which, double z) {
    const double u = 2 * 0.7978845608028654 * (z + 0.044715 * z * z * z);
    switch (which) {
        case Activation::identity:
            return z;
        case Activation::logistic:
            return sigmoid(z);
        case Activation::tanh:
            return std::tanh(z);
        case Activation::relu:
            return z > 0 ? z : 0;
        case Activation::leaky_relu:
            return z > 0 ? z : 0.01 * z;
        case Activation::gelu:
            return z * sigmoid(u);
        case Activation::silu:
            return z * sigmoid(z);
        default:
            return std::log1p(std::exp(-std::fabs(z))) + (z > 0 ? z : 0);
    }
}

double cost(Loss loss, double parameter, const Numbers& z, const double* y) {
    double sum = 0, top = z[0], exps = 0;
    for (double zk : z) top = std::max(top, zk);
    for (double zk : z) exps += std::exp(zk - top);
    for (size_t k = 0; k < z.size(); ++k) {
        const double r = z[k] - y[k], size = std::fabs(r);
        switch (loss) {
            case Loss::log_loss:
                sum += (k == 0 ? top + std::log(exps) : 0) - y[k] * z[k];
                break;
            case Loss::binary_log_loss:
                sum += g(Activation::softplus, z[k]) - y[k] * z[k];
                break;
            case Loss::squared_error:
                sum += r * r / 2;
                break;
            case Loss::poisson:
                sum += std::exp(z[k]) - y[k] * z[k] + y[k] * std::log(y[k]) - y[k];
                break;
            case Loss::huber:
                sum += size > parameter ? parameter * (size - parameter / 2) : r * r / 2;
                break;
            case Loss::absolute_error:
                sum += size;
                break;
            case Loss::quantile:
                sum += r > 0 ? (1 - parameter) * r : -parameter * r;
                break;
            case Loss::own:
                break;
        }
    }
    return sum;
}

double total_cost(const NetworkSpec& net, const Numbers& theta, const Numbers& x, const Numbers& y, int m) {
    double total = 0;
    for (int i = 0; i < m; ++i) {
        Numbers a(x.begin() + i * net.inputs(), x.begin() + (i + 1) * net.inputs());
        const double* weights = theta.data();
        for (int l = 0; l < net.weight_layers(); ++l) {
            const int units = net.sizes[l + 1];
            Numbers z(weights, weights + units);
            for (size_t k = 0; k < a.size(); ++k) {
                for (int j = 0; j < units; ++j) z[j] += weights[(k + 1) * units + j] * a[k];
            }
            weights += (a.size() + 1) * units;
            if (l + 1 < net.weight_layers()) {
                for (double& zj : z) zj = g(net.hidden[l], zj);
            }
            a = z;
        }
        total += cost(net.loss, net.parameter, a, y.data() + i * net.outputs());
    }
    return total;
}

// Central differences in one direction: enough to see any wrong entry, and the same for every loss.
double slope(const NetworkSpec& net, Numbers theta, const Numbers& direction, const Numbers& x,
             const Numbers& y, int m) {
    const double h = 1e-6;
    Numbers up = theta, down = theta;
    for (size_t i = 0; i < theta.size(); ++i) {
        up[i] += h * direction[i];
        down[i] -= h * direction[i];
    }
    return (total_cost(net, up, x, y, m) - total_cost(net, down, x, y, m)) / (2 * h);
}

// The same examples as entries, zeros left out.
template <class T>
struct Entries {
    std::vector<T> values;
    std::vector<int32_t> columns, starts{0};

    Entries(const std::vector<T>& x, int m, int inputs) {
        for (int i = 0; i < m; ++i) {
            for (int k = 0; k < inputs; ++k) {
                if (x[size_t(i) * inputs + k] == 0) continue;
                values.push_back(x[size_t(i) * inputs + k]);
                columns.push_back(k);
            }
            starts.push_back(static_cast<int32_t>(values.size()));
        }
    }
    CsrMatrix<T> matrix() const { return {values.data(), columns.data(), starts.data(), nullptr, nullptr}; }
};

template <class T, class Batch, bool SPARSE = false>
double worst_error(const NetworkSpec& net, const Kernels<T>& kernels, std::mt19937& random) {
    constexpr int m = 37;
    std::uniform_real_distribution<double> draw(-0.5, 0.5);
    const auto numbers = [&](size_t n, double shift) {
        Numbers v(n);
        for (double& each : v) each = static_cast<float>(draw(random) + shift);
        return v;
    };
    const Numbers theta = numbers(net.parameters(), 0);
    Numbers x = numbers(size_t(m) * net.inputs(), 0);
    for (double& each : x) each = SPARSE && each > -0.2 ? 0 : each;
    const Numbers y = numbers(size_t(m) * net.outputs(), 0.6), direction = numbers(net.parameters(), 0);
    const std::vector<T> theta_(theta.begin(), theta.end()), x_(x.begin(), x.end()), y_(y.begin(), y.end()),
        w(m, 1);
    RowSource<T> source;
    const Entries<T> entries(x_, m, net.inputs());
    if (SPARSE) {
        source.csr = entries.matrix();
    } else {
        source.x = x_.data();
    }
    source.y = y_.data();
    source.w = w.data();
    source.m = m;
    source.inputs = net.inputs();
    source.outputs = net.outputs();
    std::vector<T> Delta(theta.size());
    const double total = Batch(net, kernels, source, 2).sums(theta_.data(), Delta.data());
    const double truth = total_cost(net, theta, x, y, m), along = slope(net, theta, direction, x, y, m);
    double ours = 0;
    for (size_t i = 0; i < theta.size(); ++i) ours += static_cast<double>(Delta[i]) * direction[i];
    return std::max(std::fabs(total - truth) / (1 + std::fabs(truth)),
                    std::fabs(ours - along) / (1 + std::fabs(along)));
}

template <class T>
int check_networks(const Kernels<T>& kernels, double tolerance) {
    std::mt19937 random(1);
    int wrong = 0;
    for (const auto& hidden : ACTIVATION_NAMES) {
        for (const auto& loss : LOSS_NAMES) {
            const NetworkSpec net{{19, 23, 17, 3}, {2, hidden.which}, loss.which, 0.7, {}};
            wrong += worst_error<T, CachedLaneBatch<T>>(net, kernels, random) > tolerance;
            wrong += worst_error<T, FullBatch<T>>(net, kernels, random) > tolerance;
            wrong += worst_error<T, FullBatch<T>, true>(net, kernels, random) > tolerance;
        }
    }
    return wrong;
}

template <class T>
int check_linear(const Kernels<T>& kernels, double tolerance) {
    std::mt19937 random(3);
    int wrong = 0;
    for (int inputs = PANEL<T>; inputs <= 70; ++inputs) {
        for (const auto& loss : LOSS_NAMES) {
            const NetworkSpec net{{inputs, 1}, {}, loss.which, 0.7, {}};
            wrong += worst_error<T, LinearBatch<T>>(net, kernels, random) > tolerance;
        }
    }
    return wrong;
}

template <class T>
double ulps(T ours, long double truth) {
    const T nearest = static_cast<T>(truth);
    const T ulp = std::nextafter(std::fabs(nearest), std::numeric_limits<T>::infinity()) - std::fabs(nearest);
    return static_cast<double>(std::fabs(static_cast<long double>(ours) - truth) / ulp);
}

template <class T>
double worst_ulps(const Kernels<T>& kernels) {
    std::mt19937 random(2);
    std::uniform_real_distribution<double> draw(-20, 20);
    double worst = 0;
    for (int i = 0; i < 20000; ++i) {
        const T x = static_cast<T>(draw(random)), positive = std::fabs(x);
        T y;
        kernels.exp(&x, &y, 1);
        worst = std::max(worst, ulps(y, std::exp(static_cast<long double>(x))));
        kernels.tanh(&x, &y, 1);
        worst = std::max(worst, ulps(y, std::tanh(static_cast<long double>(x))));
        kernels.log(&positive, &y, 1);
        worst = std::max(worst, ulps(y, std::log(static_cast<long double>(positive))));
    }
    return worst;
}

}  // namespace

int main() {
    int failures = 0;
    for (const std::string& name : runnable_instruction_sets()) {
        const KernelSet& kernels = kernel_set(name);
        const int single = check_networks<float>(kernels.f32, 2e-5) + check_linear<float>(kernels.f32, 2e-5),
                  twofold =
                      check_networks<double>(kernels.f64, 1e-7) + check_linear<double>(kernels.f64, 1e-7);
        const double u32 = worst_ulps<float>(kernels.f32), u64 = worst_ulps<double>(kernels.f64);
        std::printf(
            "%s: %d wrong networks in single precision, %d in double; exp, tanh, log within %.2f and %.2f "
            "ulp\n",
            name.c_str(), single, twofold, u32, u64);
        failures += single + twofold + (u32 > 2) + (u64 > 2);
    }
    return failures == 0 ? 0 : 1;
}
