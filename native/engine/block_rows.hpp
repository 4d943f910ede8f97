// Rows [begin, end) of a block, and what each counts: its weight times `scale`.
#pragma once

#include <cstdint>

#include "engine/row_source.hpp"

namespace backpass {

template <class T>
struct BlockRows {
    RowNumbers numbers;
    int begin, end;
    int packed;  // the block's first rows, which are gathered into panels; the others are entries
    double scale;
    uint32_t step;  // for dropout
};

}  // namespace backpass
