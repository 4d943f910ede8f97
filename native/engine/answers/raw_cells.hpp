// How raw rows of a table, numbers with gaps and levels of categories, become the cells of several networks'
// first layers (engine/entries/table_rows.hpp). What several have in common is known once: a number's place
// among the breakpoints of all is searched once, and looked up for each.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/kernels.hpp"

namespace backpass {

// A column of numbers, and the breakpoints of all that read it.
struct SearchedColumn {
    int32_t column;
    std::vector<double> breakpoints;
    int halvings;
    int32_t of_gaps;
};

// What follows from a number's place: by what was found, the place among some of the breakpoints.
struct NumberPlaces {
    int searched;  // which of the searched columns
    std::vector<int32_t> places;
    double median, least, most;
};

struct ShapedNumber {
    NumberPlaces in;
    std::vector<Stretch> stretches;
};

struct BinnedNumber {
    NumberPlaces in;
    std::vector<Bin> bins;
};

// A number, or an indicator's place (-1: none), of each level of a category; the last one of an unknown
// level.
template <class V>
struct OfLevels {
    int32_t category;
    std::vector<V> values;

    const V& operator[](int32_t level) const { return level < 0 ? values.back() : values[level]; }
};

enum class RawKind { shape, bins, of_level, gap, nothing, indicator };

// A column of a first layer's cells: which of its kind it is, and where its inputs begin.
struct FormColumn {
    RawKind kind;
    int which, first_input, inputs;
};

template <class T>
struct RawCells {
    double largest, smallest;  // numbers further from zero count as the one, nearer ones as zero
    double least_share, beyond;
    std::vector<SearchedColumn> searched;
    std::vector<ShapedNumber> shapes;
    std::vector<BinnedNumber> bins;
    std::vector<OfLevels<T>> of_levels;
    std::vector<int32_t> gaps;
    std::vector<OfLevels<int32_t>> indicators;
    std::vector<std::vector<FormColumn>> forms;

    // Infinite breakpoints fill them up to a power of two less one.
    void add_searched(int32_t column, std::vector<double> breakpoints, int32_t of_gaps) {
        int halvings = 0;
        while ((size_t(1) << halvings) <= breakpoints.size()) ++halvings;
        breakpoints.resize((size_t(1) << halvings) - 1, std::numeric_limits<double>::infinity());
        searched.push_back({column, std::move(breakpoints), halvings, of_gaps});
    }
};

// Rows as they come: numbers (m, ·) and levels (m, ·).
struct RawRows {
    const double* numbers;
    const int32_t* levels;
    int numbers_per_row, levels_per_row;
    int64_t m;
};

}  // namespace backpass
