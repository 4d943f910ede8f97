// Machines that are kept between calls, with their memory: one for each call that is under way.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace backpass {

template <class Machine>
class Spares {
    struct GiveBack {
        Spares* home;
        void operator()(Machine* machine) const { home->give_back(machine); }
    };

public:
    using Lease = std::unique_ptr<Machine, GiveBack>;

    // A spare machine that fits, or a new one; those that do not fit are dropped.
    template <class Fits, class Make>
    Lease take(Fits fits, Make make) {
        const std::lock_guard lock(mutex_);
        while (!spares_.empty()) {
            std::unique_ptr<Machine> spare = std::move(spares_.back());
            spares_.pop_back();
            if (fits(*spare)) return Lease(spare.release(), GiveBack{this});
        }
        return Lease(make().release(), GiveBack{this});
    }

private:
    void give_back(Machine* machine) {
        const std::lock_guard lock(mutex_);
        spares_.emplace_back(machine);
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Machine>> spares_;
};

}  // namespace backpass
