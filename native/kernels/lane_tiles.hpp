// The register tile with rows in the lanes, for narrow layers: no column is padded. A tile is some units
// by one or two panels of P rows; A are weights, packed [depth][units of the tile], so that a step reads
// them as one stream; B are the inputs of the layer in lanes, [depth][P].
#pragma once

#include "kernels/tile.hpp"

namespace backpass::BACKPASS_ISA {

// A function of its own for each height of a tile (see tile.hpp), chosen by number.
template <template <class, int, int> class Make, class T, int PANELS, size_t... I>
auto lane_tile_of(int units, std::index_sequence<I...>) {
    static constexpr decltype(&Make<T, 1, PANELS>::run) heights[] = {
        &Make<T, static_cast<int>(I) + 1, PANELS>::run...};
    return heights[units - 1];
}

template <template <class, int, int> class Make, class T, int PANELS, class Task>
ALWAYS_INLINE void run_lane_tile(const Task& task) {
    lane_tile_of<Make, T, PANELS>(task.units, std::make_index_sequence<TileShape::rows>())(task);
}

// One tile of C over part of the depth.
template <class T>
struct LaneTask {
    const T* a;  // [depth][units]
    const T* b;
    ptrdiff_t b_panel;
    T* c;
    ptrdiff_t c_panel;
    const T* bias;  // or null
    int units, depth;
    bool resume;  // whether C holds the sum so far
    Prefetch<T> prefetch;
};

// z = bias + Θ a, or δΘ without the bias; from the second cut of the depth on, C holds the sum so far.
template <class T, int UNITS, int PANELS>
struct LaneProductTile {
    [[gnu::noinline]] static void run(const LaneTask<T>& task) {
        Tile<T, UNITS, PANELS> tile;
        if (task.resume) {
            tile.read(task.c, task.c_panel);
        } else if (task.bias != nullptr) {
            tile.start_each_row_from(task.bias);
        } else {
            tile.clear();
        }
        Prefetch<T> prefetch = task.prefetch;
        tile.add(Strided<1>(), task.a, UNITS, task.b, PANEL<T>, task.b_panel, task.depth, prefetch);
        tile.write(task.c, task.c_panel);
    }
};

template <class T>
struct LaneDeltaTask {
    const LaneDelta<T>& sums;
    const T* delta;
    const T* a;
    T* to;
    int units;
    Prefetch<T> prefetch;
};

// Δ[unit][feature] += Σ over rows of δ[unit][row] a[row][feature]: features in lanes, δ's numbers broadcast.
// The block's sum begins at zero in registers and is added to Δ once: in single precision that left an error
// of 3e-7 over a full batch, where one running sum left 1.9e-6 (measured in a prototype of this engine).
template <class T, int UNITS, int PANELS>
struct LaneDeltaTile {
    [[gnu::noinline]] static void run(const LaneDeltaTask<T>& task) {
        constexpr int P = PANEL<T>;
        const LaneDelta<T>& d = task.sums;
        Prefetch<T> prefetch = task.prefetch;
        Tile<T, UNITS, PANELS> tile;
        tile.clear();
        const T* delta = task.delta;
        const T* a = task.a;
        int left = d.rows;
        for (; left >= P; left -= P) {
            tile.add_panel(Strided<P>(), delta, 1, a, d.a_row, d.a_panel, prefetch);
            delta += d.delta_panel;
            a += P * d.a_row;
        }
        tile.add(Strided<P>(), delta, 1, a, d.a_row, d.a_panel, left);
        tile.add_to(task.to, d.sums_panel);
    }
};

ALWAYS_INLINE int tiles_of_units(int units) { return (units + TileShape::rows - 1) / TileShape::rows; }

// Units in tiles of nearly equal height: 25 units are 13 + 12 on AVX-512, 5 * 5 on AVX2.
template <class Visit>
ALWAYS_INLINE void each_group_of_units(int units, Visit visit) {
    const int tiles = tiles_of_units(units);
    const int height = units / tiles, taller = units % tiles;
    int first = 0;
    for (int t = 0; t < tiles; ++t) {
        const int here = height + (t < taller);
        visit(first, here);
        first += here;
    }
}

// One tile's share of `lines` cache lines that all tiles of units prefetch together, a few at a time.
template <class T>
ALWAYS_INLINE Prefetch<T> share_of_prefetch(const T* next, ptrdiff_t step, int lines, int first, int units) {
    const int tiles = tiles_of_units(units);
    const int done = lines * first / units;
    return {next + done * step, step, (UNROLL + tiles - 1) / tiles, lines - done};
}

// Once an evaluation; both orders of Θ's numbers, by `unit_step` and `depth_step`, for forward and back.
template <class T>
void pack_lane_weights(const LaneWeights<T>& w) {
    T* to = w.to;
    each_group_of_units(w.units, [&](int first, int here) {
        for (int k = 0; k < w.depth; ++k) {
            const T* from = w.from + first * w.unit_step + k * w.depth_step;
            for (int i = 0; i < here; ++i) *to++ = from[i * w.unit_step];
        }
    });
}

// Steps [k, k + depth) for some panels of rows.
template <class T, int PANELS>
void lane_product_panels(const LaneProduct<T>& p, int k, int depth, int panel) {
    const T* b = p.b + panel * p.b_panel + static_cast<ptrdiff_t>(k) * PANEL<T>;
    each_group_of_units(p.units, [&](int first, int here) {
        Prefetch<T> prefetch{};
        if (p.prefetches)
            prefetch = share_of_prefetch(b + PANELS * p.b_panel, PANEL<T>, depth, first, p.units);
        run_lane_tile<LaneProductTile, T, PANELS>(
            LaneTask<T>{p.a + static_cast<ptrdiff_t>(first) * p.depth + static_cast<ptrdiff_t>(k) * here, b,
                        p.b_panel, p.c + panel * p.c_panel + first * PANEL<T>, p.c_panel,
                        p.bias == nullptr ? nullptr : p.bias + first, here, depth, k > 0, prefetch});
    });
    if (k + depth < p.depth) return;
    const size_t n = static_cast<size_t>(p.units) * PANEL<T>;
    for (int j = panel; j < panel + PANELS; ++j) {
        T* keep = p.keep == nullptr ? nullptr : p.keep + j * p.c_panel;
        if (p.forward != nullptr) p.forward(p.c + j * p.c_panel, keep, nullptr, n);
        if (p.backward != nullptr) p.backward(p.c + j * p.c_panel, keep, nullptr, n);
    }
}

// The depth is cut into equal parts of at most 256, so that the B of a group of panels (16 KiB a panel)
// stays in the first-level cache while all tiles of units pass over it.
template <class T>
void lane_product(const LaneProduct<T>& p) {
    constexpr int MAX = 256;
    const int cuts = (p.depth + MAX - 1) / MAX, step = (p.depth + cuts - 1) / cuts;
    for (int k = 0; k < p.depth; k += step) {
        const int depth = k + step < p.depth ? step : p.depth - k;
        int j = 0;
        for (; j + TileShape::panels <= p.panels; j += TileShape::panels) {
            lane_product_panels<T, TileShape::panels>(p, k, depth, j);
        }
        if constexpr (TileShape::panels > 1) {
            for (; j < p.panels; ++j) lane_product_panels<T, 1>(p, k, depth, j);
        }
    }
}

template <class T, int PANELS>
void lane_delta_panels(const LaneDelta<T>& d, int panel) {
    const T* a = d.a + panel * d.a_panel;
    each_group_of_units(d.units, [&](int first, int here) {
        Prefetch<T> prefetch{};
        if (d.prefetch_offset > 0)
            prefetch = share_of_prefetch(a + d.prefetch_offset, d.a_row, d.rows, first, d.units);
        run_lane_tile<LaneDeltaTile, T, PANELS>(
            LaneDeltaTask<T>{d, d.delta + first * PANEL<T>, a,
                             d.sums + panel * d.sums_panel + first * PANEL<T>, here, prefetch});
    });
}

// Groups of feature panels, each against all tiles of units.
template <class T>
void lane_delta(const LaneDelta<T>& d) {
    int j = 0;
    for (; j + TileShape::panels <= d.panels; j += TileShape::panels) {
        lane_delta_panels<T, TileShape::panels>(d, j);
    }
    if constexpr (TileShape::panels > 1) {
        for (; j < d.panels; ++j) lane_delta_panels<T, 1>(d, j);
    }
}

// The bias's Δ: rows stay in lanes here, and are added up once at the end (LaneLayout::unpack).
template <class T>
void lane_sums(const T* delta, int units, T* sums) {
    using V = Native<T>;
    for (int i = 0; i < units * PANEL<T>; i += LANES<T>)
        store(sums + i, load<V>(sums + i) + load<V>(delta + i));
}

}  // namespace backpass::BACKPASS_ISA
