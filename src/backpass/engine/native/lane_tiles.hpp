// The register tile with rows in the lanes: exact for narrow layers, whose units would fill a panel
// badly.
#pragma once

#include "gather.hpp"
#include "product.hpp"

namespace backpass::BACKPASS_ISA {

// A function of its own for each height of a tile, chosen by number.
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

template <class T, int UNITS, int PANELS>
struct LaneProductTile {
    [[gnu::noinline]] static void run(const LaneProduct<T>& task) {
        Tile<T, UNITS, PANELS> tile;
        if (task.bias != nullptr) {
            tile.start_each_row_from(task.bias);
        } else {
            tile.clear();
        }
        tile.template add<1>(task.a, task.a_step, task.b, PANEL<T>, task.b_panel, task.depth);
        tile.write(task.c, task.c_panel);
    }
};

template <class T, int UNITS, int PANELS>
struct LaneDeltaTile {
    [[gnu::noinline]] static void run(const LaneDelta<T>& task) {
        constexpr int P = PANEL<T>;
        Tile<T, UNITS, PANELS> tile;
        tile.clear();
        const T* delta = task.delta;
        const T* a = task.a;
        for (int left = task.rows; left > 0; left -= P) {
            look_ahead(task.ahead);
            tile.template add<P>(delta, 1, a, task.a_row, task.a_panel, left < P ? left : P);
            delta += task.delta_panel;
            a += P * task.a_row;
        }
        tile.add_to(task.sums, task.sums_panel);
    }
};

// Units in tiles of nearly equal height.
template <class Visit>
ALWAYS_INLINE void each_group_of_units(int units, Visit visit) {
    const int tiles = (units + TileShape::rows - 1) / TileShape::rows;
    const int height = units / tiles, taller = units % tiles;
    int first = 0;
    for (int t = 0; t < tiles; ++t) {
        const int here = height + (t < taller);
        visit(first, here);
        first += here;
    }
}

template <class T, int PANELS>
void lane_product_panels(const LaneProduct<T>& p, int panel) {
    each_group_of_units(p.units, [&](int first, int here) {
        LaneProduct<T> task = p;
        task.a = p.a + first;
        task.b = p.b + panel * p.b_panel;
        task.c = p.c + panel * p.c_panel + first * PANEL<T>;
        task.bias = p.bias == nullptr ? nullptr : p.bias + first;
        task.units = here;
        run_lane_tile<LaneProductTile, T, PANELS>(task);
    });
    const size_t n = static_cast<size_t>(p.units) * PANEL<T>;
    for (int j = panel; j < panel + PANELS; ++j) {
        T* keep = p.keep == nullptr ? nullptr : p.keep + j * p.c_panel;
        if (p.forward != nullptr) p.forward(p.c + j * p.c_panel, keep, nullptr, n);
        if (p.backward != nullptr) p.backward(p.c + j * p.c_panel, keep, nullptr, n);
    }
}

template <class T>
void lane_product(const LaneProduct<T>& p) {
    int j = 0;
    for (; j + TileShape::panels <= p.panels; j += TileShape::panels) {
        lane_product_panels<T, TileShape::panels>(p, j);
    }
    if constexpr (TileShape::panels > 1) {
        for (; j < p.panels; ++j) lane_product_panels<T, 1>(p, j);
    }
}

template <class T, int PANELS>
void lane_delta_panels(const LaneDelta<T>& d, int panel) {
    each_group_of_units(d.units, [&](int first, int here) {
        LaneDelta<T> task = d;
        task.delta = d.delta + first * PANEL<T>;
        task.a = d.a + panel * d.a_panel;
        task.sums = d.sums + panel * d.sums_panel + first * PANEL<T>;
        task.units = here;
        run_lane_tile<LaneDeltaTile, T, PANELS>(task);
    });
}

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

template <class T>
void lane_sums(const T* delta, int units, T* sums) {
    using V = Native<T>;
    for (int i = 0; i < units * PANEL<T>; i += LANES<T>)
        store(sums + i, load<V>(sums + i) + load<V>(delta + i));
}

}  // namespace backpass::BACKPASS_ISA
