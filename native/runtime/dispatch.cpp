#include "runtime/dispatch.hpp"

#include <map>
#include <stdexcept>

namespace backpass {

#if defined(BACKPASS_ONE_SET)
#define QUOTED(name) #name
#define NAME_OF(set) QUOTED(set)
namespace BACKPASS_ONE_SET {
void fill_kernels(Kernels<float>&, Kernels<double>&);
}
#elif defined(__x86_64__)
namespace v2 {
void fill_kernels(Kernels<float>&, Kernels<double>&);
}
namespace v3 {
void fill_kernels(Kernels<float>&, Kernels<double>&);
}
namespace v4 {
void fill_kernels(Kernels<float>&, Kernels<double>&);
}
#elif defined(__aarch64__)
namespace neon {
void fill_kernels(Kernels<float>&, Kernels<double>&);
}
#endif

namespace {

using Fill = void (*)(Kernels<float>&, Kernels<double>&);

struct Candidate {
    const char* name;
    bool runnable;
    Fill fill;
};

std::vector<Candidate> candidates() {
#if defined(BACKPASS_ONE_SET)
    return {{NAME_OF(BACKPASS_ONE_SET), true, BACKPASS_ONE_SET::fill_kernels}};
#elif defined(__x86_64__)
    const bool v2_here = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool v3_here = v2_here && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4_here = v3_here && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512vl");
    return {{"v4", v4_here, v4::fill_kernels},
            {"v3", v3_here, v3::fill_kernels},
            {"v2", v2_here, v2::fill_kernels}};
#elif defined(__aarch64__)
    return {{"neon", true, neon::fill_kernels}};
#else
    return {};
#endif
}

std::map<std::string, KernelSet> fill_all() {
    std::map<std::string, KernelSet> sets;
    for (const Candidate& c : candidates()) {
        if (c.runnable) c.fill(sets[c.name].f32, sets[c.name].f64);
    }
    return sets;
}

}  // namespace

std::vector<std::string> runnable_instruction_sets() {
    std::vector<std::string> names;
    for (const Candidate& c : candidates()) {
        if (c.runnable) names.emplace_back(c.name);
    }
    return names;
}

const KernelSet& kernel_set(const std::string& name) {
    static const std::map<std::string, KernelSet> sets = fill_all();
    const auto found = sets.find(name);
    if (found == sets.end())
        throw std::invalid_argument("This processor cannot run the kernels named " + name + ".");
    return found->second;
}

}  // namespace backpass
