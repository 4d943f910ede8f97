// Objects that are kept between calls with the memory they own; each concurrent call has one of its own.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace backpass {

template <class Object>
class ObjectPool {
    struct Return {
        ObjectPool* pool;
        void operator()(Object* object) const { pool->put_back(object); }
    };

public:
    using Lease = std::unique_ptr<Object, Return>;

    // An idle object that fits, or a new one; idle ones that do not fit are deleted.
    template <class Fits, class Make>
    Lease acquire(Fits fits, Make make) {
        const std::lock_guard lock(mutex_);
        while (!idle_.empty()) {
            std::unique_ptr<Object> object = std::move(idle_.back());
            idle_.pop_back();
            if (fits(*object)) return Lease(object.release(), Return{this});
        }
        return Lease(make().release(), Return{this});
    }

private:
    void put_back(Object* object) {
        const std::lock_guard lock(mutex_);
        idle_.emplace_back(object);
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Object>> idle_;
};

}  // namespace backpass
