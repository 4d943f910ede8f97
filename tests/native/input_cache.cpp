// Which evaluation of a problem writes the transposed copy of X, and which ones read it.
#include <cstdio>
#include <initializer_list>

#include "engine/transposed_input_cache.hpp"

using namespace backpass;

namespace {

using Cache = TransposedInputCache<float>;
using Role = Cache::Role;

int wrong_roles(Cache& cache, std::initializer_list<Role> expected) {
    int wrong = 0;
    for (const Role role : expected) wrong += cache.begin() != role;
    return wrong;
}

// The second evaluation writes; others do without the copy until it is complete, and then read it.
int check_that_one_writes() {
    Cache cache(40, 3, true);
    int wrong = wrong_roles(cache, {Role::none, Role::write, Role::none, Role::none});
    cache.written();
    return wrong + wrong_roles(cache, {Role::read, Role::read, Role::read});
}

int check_that_a_forbidden_copy_is_never_written() {
    Cache cache(40, 3, false);
    return wrong_roles(cache, {Role::none, Role::none, Role::none, Role::none});
}

// [row / P][input][P]: groups of P rows follow each other.
int check_places_of_rows() {
    constexpr int P = PANEL<float>;
    Cache cache(40, 3, true);
    int wrong = wrong_roles(cache, {Role::none, Role::write});
    for (const int group : {1, 2}) wrong += cache.rows_from(group * P) - cache.rows_from(0) != group * 3 * P;
    return wrong;
}

}  // namespace

int main() {
    const int wrong =
        check_that_one_writes() + check_that_a_forbidden_copy_is_never_written() + check_places_of_rows();
    std::printf("%d wrong roles or places of the input cache\n", wrong);
    return wrong == 0 ? 0 : 1;
}
