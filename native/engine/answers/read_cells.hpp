// Some rows of a table, read for all first layers: what they share of a stretch of rows, and of a block of it
// the columns of one first layer.
#pragma once

#include <algorithm>

#include "engine/answers/raw_cells.hpp"
#include "runtime/buffer.hpp"

namespace backpass {

// Values of one column of cells, and places of what has some.
template <class T>
struct ReadColumn {
    const T* values;
    const int32_t* places;
};

template <class T>
class ReadCells {
public:
    // Stretches of at most so many rows, and blocks.
    ReadCells(const RawCells<T>& cells, const Kernels<T>& kernels, int rows, int block)
        : cells_(cells),
          kernels_(kernels),
          rows_(rows),
          block_(block),
          x_(cells.searched.size() * rows),
          found_(cells.searched.size() * rows),
          shaped_(cells.shapes.size() * rows),
          of_levels_(cells.of_levels.size() * rows),
          gaps_(cells.gaps.size() * rows),
          known_(cells.indicators.size() * rows),
          places_(cells.indicators.size() * rows),
          ones_(block, T(1)),
          nothing_(block) {
        size_t most = 0;
        for (const auto& form : cells.forms) most = std::max(most, form.size());
        t_.resize(most * block);
        bins_.resize(most * block);
    }

    void read(const RawRows& rows, int64_t first, int n) {
        for (size_t s = 0; s < cells_.searched.size(); ++s) search(rows, first, n, s);
        for (size_t s = 0; s < cells_.shapes.size(); ++s) {
            const ShapedNumber& shape = cells_.shapes[s];
            kernels_.normal_shapes({placed(shape.in, 0, n), shape.stretches.data(), cells_.least_share,
                                    shaped_.data() + s * rows_});
        }
        for (size_t g = 0; g < cells_.gaps.size(); ++g) read_gaps(rows, first, n, g);
        const int32_t* levels = rows.levels + first * rows.levels_per_row;
        for (size_t k = 0; k < cells_.of_levels.size(); ++k) {
            const OfLevels<T>& of = cells_.of_levels[k];
            for (int r = 0; r < n; ++r)
                of_levels_[k * rows_ + r] = of[levels[r * ptrdiff_t(rows.levels_per_row) + of.category]];
        }
        for (size_t k = 0; k < cells_.indicators.size(); ++k) read_indicators(rows, levels, n, k);
    }

    // The columns of a form for rows [begin, begin + n) of the stretch; they stand until the next call.
    void columns(const std::vector<FormColumn>& form, int begin, int n, std::vector<ReadColumn<T>>& to) {
        to.clear();
        for (size_t c = 0; c < form.size(); ++c) to.push_back(column(form[c], c, begin, n));
    }

    const T* ones() const { return ones_.data(); }

private:
    void search(const RawRows& rows, int64_t first, int n, size_t s) {
        const SearchedColumn& of = cells_.searched[s];
        kernels_.places_of_numbers({rows.numbers + first * rows.numbers_per_row + of.column,
                                    rows.numbers_per_row, n, cells_.largest, cells_.smallest,
                                    of.breakpoints.data(), of.halvings, of.of_gaps, x_.data() + s * rows_,
                                    found_.data() + s * rows_});
    }

    PlacedNumbers placed(const NumberPlaces& in, int begin, int n) const {
        const size_t at = in.searched * size_t(rows_) + begin;
        return {x_.data() + at, found_.data() + at, n, in.places.data(), in.median, in.least, in.most};
    }

    void read_gaps(const RawRows& rows, int64_t first, int n, size_t g) {
        const double* from = rows.numbers + first * rows.numbers_per_row + cells_.gaps[g];
        for (int r = 0; r < n; ++r)
            gaps_[g * rows_ + r] = T(std::isnan(from[r * ptrdiff_t(rows.numbers_per_row)]));
    }

    void read_indicators(const RawRows& rows, const int32_t* levels, int n, size_t k) {
        const OfLevels<int32_t>& of = cells_.indicators[k];
        for (int r = 0; r < n; ++r) {
            const int32_t place = of[levels[r * ptrdiff_t(rows.levels_per_row) + of.category]];
            known_[k * rows_ + r] = T(place >= 0);
            places_[k * rows_ + r] = std::max(0, place);
        }
    }

    ReadColumn<T> column(const FormColumn& y, size_t c, int begin, int n) {
        const size_t at = size_t(y.which) * rows_ + begin;
        switch (y.kind) {
            case RawKind::shape:
                return {shaped_.data() + at, nullptr};
            case RawKind::bins:
                return part(cells_.bins[y.which], c, begin, n);
            case RawKind::of_level:
                return {of_levels_.data() + at, nullptr};
            case RawKind::gap:
                return {gaps_.data() + at, nullptr};
            case RawKind::indicator:
                return {known_.data() + at, places_.data() + at};
            default:
                return {nothing_.data(), nullptr};
        }
    }

    ReadColumn<T> part(const BinnedNumber& of, size_t c, int begin, int n) {
        T* t = t_.data() + c * block_;
        int32_t* bins = bins_.data() + c * block_;
        kernels_.parts_of_bins({placed(of.in, begin, n), of.bins.data(), cells_.beyond, t, bins});
        return {t, bins};
    }

    const RawCells<T>& cells_;
    const Kernels<T>& kernels_;
    int rows_, block_;
    std::vector<double> x_;  // [searched column][row]
    std::vector<int32_t> found_;
    std::vector<T> shaped_, of_levels_, gaps_, known_;  // [which][row]
    std::vector<int32_t> places_;
    std::vector<T> ones_, nothing_, t_;  // t and the bins: [column of the form][row of the block]
    std::vector<int32_t> bins_;
};

}  // namespace backpass
