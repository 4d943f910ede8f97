// The register tile, and the product of rows with panels built from it.
//
// A tile holds ROWS rows of C by PANELS panels in registers; each step broadcasts one number of A for
// each row against the panels' vectors of B. A step so needs ROWS broadcasts and VECTORS loads for
// ROWS * VECTORS multiply-adds, and C is loaded and stored once for a whole cut of the depth.
//
// Each tile size is a function of its own, never inlined: with two loops in one function GCC spilled the
// accumulators silently, and the kernel became 2 to 3 times slower. scripts/guard_kernels looks for that
// in the built library.
#pragma once

#include "kernels/prefetch.hpp"

namespace backpass::BACKPASS_ISA {

// Sizes that fill the vector registers of each instruction set without spilling: the sums, the vectors of
// B, and one broadcast number of A (where a row has more vectors than the tile has rows: one vector of B
// and all numbers of A). AVX-512 holds 26 + 2 + 1, AVX2 12 + 2 + 1, NEON 20 + 4 + 1, SSE 8 + 1 + 2.
struct TileShape {
#if defined(__AVX512F__)
    static constexpr int rows = 13, panels = 2;  // 26 of 32 registers
#elif defined(__AVX2__)
    static constexpr int rows = 6, panels = 1;  // 12 of 16
#elif defined(__aarch64__)
    static constexpr int rows = 5, panels = 1;  // 20 of 32
#else
    static constexpr int rows = 2, panels = 1;  // 8 of 16
#endif
    // Steps whose panels of B stay in the first-level cache: 256 * 64 bytes are 16 KiB a panel.
    static constexpr int depth = 256;
};

// Where the numbers of A for a tile's rows stand: STEP from one to the next.
template <int STEP>
struct Strided {
    ALWAYS_INLINE constexpr ptrdiff_t operator()(int row) const { return ptrdiff_t(row) * STEP; }
};

template <class T, int ROWS, int PANELS>
struct Tile {
    using V = Native<T>;
    static constexpr int VECTORS = PANELS * VECTORS_PER_PANEL<T>;
    V acc[ROWS][VECTORS];

    static constexpr int panel_of(int vector) { return vector / VECTORS_PER_PANEL<T>; }
    static constexpr int lane_of(int vector) { return vector % VECTORS_PER_PANEL<T> * LANES<T>; }

    ALWAYS_INLINE void clear() {
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; ++i) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) acc[i][v] = V{};
        }
    }

    // The bias with units in lanes: the same vectors for each row.
    ALWAYS_INLINE void start_from(const T* row_of_panels) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; ++v) {
            const V start = load<V>(row_of_panels + panel_of(v) * PANEL<T> + lane_of(v));
#pragma GCC unroll 32
            for (int i = 0; i < ROWS; ++i) acc[i][v] = start;
        }
    }

    // The bias with rows in lanes: one number for each of the tile's units.
    ALWAYS_INLINE void start_each_row_from(const T* bias) {
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; ++i) {
            const V start = broadcast<V>(bias[i]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) acc[i][v] = start;
        }
    }

    // The sums of an earlier cut of the depth.
    ALWAYS_INLINE void read(const T* c, ptrdiff_t c_panel) {
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; ++i) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) {
                acc[i][v] = load<V>(c + panel_of(v) * c_panel + i * PANEL<T> + lane_of(v));
            }
        }
    }

    ALWAYS_INLINE void write(T* c, ptrdiff_t c_panel) const {
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; ++i) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) {
                store(c + panel_of(v) * c_panel + i * PANEL<T> + lane_of(v), acc[i][v]);
            }
        }
    }

    ALWAYS_INLINE void add_to(T* c, ptrdiff_t c_panel) const {
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; ++i) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) {
                T* to = c + panel_of(v) * c_panel + i * PANEL<T> + lane_of(v);
                store(to, load<V>(to) + acc[i][v]);
            }
        }
    }

    // acc[i] += a[at(i)] * b, n times; a and b move by their steps. Groups of UNROLL steps are written
    // out by the compiler, and `unroll 1` keeps it from unrolling the loop over the groups as well.
    template <class At>
    ALWAYS_INLINE void add(At at, const T* a, ptrdiff_t a_step, const T* b, ptrdiff_t b_step,
                           ptrdiff_t b_panel, int n) {
        Prefetch<T> none;
        add(at, a, a_step, b, b_step, b_panel, n, none);
    }

    template <class At>
    ALWAYS_INLINE void add(At at, const T* a, ptrdiff_t a_step, const T* b, ptrdiff_t b_step,
                           ptrdiff_t b_panel, int n, Prefetch<T>& prefetch) {
#pragma GCC unroll 1
        for (int rounds = n / UNROLL; rounds > 0; --rounds) {
            add_unrolled(at, a, a_step, b, b_step, b_panel);
            prefetch.issue();
            a += UNROLL * a_step;
            b += UNROLL * b_step;
        }
#pragma GCC unroll 1
        for (n %= UNROLL; n > 0; --n) {
            add_step(at, a, b, b_panel);
            a += a_step;
            b += b_step;
        }
    }

    // P steps, as many as a panel has features or rows. P is known, so the compiler would unroll all of
    // them and read the numbers of A of many steps at once; a count that it cannot see prevents that.
    template <class At>
    ALWAYS_INLINE void add_panel(At at, const T* a, ptrdiff_t a_step, const T* b, ptrdiff_t b_step,
                                 ptrdiff_t b_panel, Prefetch<T>& prefetch) {
        int rounds = PANEL<T> / UNROLL;
        make_opaque(rounds);
        do {
            add_unrolled(at, a, a_step, b, b_step, b_panel);
            prefetch.issue();
            a += UNROLL * a_step;
            b += UNROLL * b_step;
        } while (--rounds > 0);
    }

    template <class At>
    ALWAYS_INLINE void add_unrolled(At at, const T* a, ptrdiff_t a_step, const T* b, ptrdiff_t b_step,
                                    ptrdiff_t b_panel) {
#pragma GCC unroll 4
        for (int k = 0; k < UNROLL; ++k) {
            add_step(at, a + k * a_step, b + k * b_step, b_panel);
        }
    }

    // One step. Whichever is fewer stays in registers: b's vectors, or the numbers of a. (On SSE
    // and NEON a panel has four vectors, more than a low tile has rows.)
    template <class At>
    ALWAYS_INLINE void add_step(At at, const T* a, const T* b, ptrdiff_t b_panel) {
        if constexpr (VECTORS <= ROWS) {
            V row[VECTORS];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) row[v] = load<V>(b + panel_of(v) * b_panel + lane_of(v));
#pragma GCC unroll 32
            for (int i = 0; i < ROWS; ++i) {
                const V x = broadcast<V>(a[at(i)]);
#pragma GCC unroll 8
                for (int v = 0; v < VECTORS; ++v) multiply_add(acc[i][v], x, row[v]);
            }
        } else {
            V x[ROWS];
#pragma GCC unroll 8
            for (int i = 0; i < ROWS; ++i) x[i] = broadcast<V>(a[at(i)]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; ++v) {
                V row = load<V>(b + panel_of(v) * b_panel + lane_of(v));
                keep_in_register(row);
#pragma GCC unroll 8
                for (int i = 0; i < ROWS; ++i) multiply_add(acc[i][v], x[i], row);
            }
        }
    }
};

// One tile of C over part of the depth, which starts at a whole panel of A: C (rows, PANELS * P), A (rows,
// depth) in panels, B (depth, PANELS * P) in panels.
template <class T>
struct TileTask {
    const T* a;
    ptrdiff_t a_panel;
    const T* b;
    ptrdiff_t b_panel;
    T* c;
    ptrdiff_t c_panel;
    const T* bias;  // or null
    int depth;
    bool resume;  // whether C holds the sum so far
};

template <class T, int ROWS, int PANELS>
[[gnu::noinline]] void product_tile(const TileTask<T>& task) {
    constexpr int P = PANEL<T>;
    Tile<T, ROWS, PANELS> tile;
    if (task.resume) {
        tile.read(task.c, task.c_panel);
    } else if (task.bias != nullptr) {
        tile.start_from(task.bias);
    } else {
        tile.clear();
    }
    const T* a = task.a;
    const T* b = task.b;
    int left = task.depth;
    Prefetch<T> none;
    for (; left >= P; left -= P) {
        tile.add_panel(Strided<P>(), a, 1, b, P, task.b_panel, none);
        a += task.a_panel;
        b += P * P;
    }
    tile.add(Strided<P>(), a, 1, b, P, task.b_panel, left);
    tile.write(task.c, task.c_panel);
}

template <class T>
using TileFunction = void (*)(const TileTask<T>&);

template <class T, int PANELS, size_t... I>
TileFunction<T> choose_tile(int rows, std::index_sequence<I...>) {
    static constexpr TileFunction<T> sizes[] = {product_tile<T, static_cast<int>(I) + 1, PANELS>...};
    return sizes[rows - 1];
}

template <class T, int PANELS>
ALWAYS_INLINE TileFunction<T> tile_of(int rows) {
    return choose_tile<T, PANELS>(rows, std::make_index_sequence<TileShape::rows>());
}

// All rows of one group of panels, split into tiles of nearly equal height: 16 rows at most 13 high are
// two tiles of 8, not 13 and 3, since a low tile waits for the latency of its few sums. The two functions
// are looked up once, not for each tile.
template <class T, int PANELS>
void product_column(const Product<T>& p, TileTask<T> task) {
    constexpr int P = PANEL<T>;
    const int tiles = (p.rows + TileShape::rows - 1) / TileShape::rows;
    const int height = p.rows / tiles, taller = p.rows % tiles;
    const TileFunction<T> tall = tile_of<T, PANELS>(height + (taller > 0)), low = tile_of<T, PANELS>(height);
    for (int t = 0; t < tiles; ++t) {
        const int rows = height + (t < taller);
        (t < taller ? tall : low)(task);
        task.a += rows * P;
        task.c += rows * P;
    }
}

// The activation, or its derivative, over the finished panels of C while they are in the cache.
template <class T>
void apply_epilogues(const Product<T>& p, int panel, int panels) {
    const size_t n = static_cast<size_t>(p.rows) * PANEL<T>;
    for (int j = panel; j < panel + panels; ++j) {
        T* c = p.c + j * p.c_panel;
        T* keep = p.keep == nullptr ? nullptr : p.keep + j * p.c_panel;
        const T* mask = p.mask == nullptr ? nullptr : p.mask + j * p.c_panel;
        if (p.forward != nullptr) p.forward(c, keep, mask, n);
        if (p.backward != nullptr) p.backward(c, keep, mask, n);
    }
}

template <class T, int PANELS>
void product_panels(const Product<T>& p, int k, int depth, int j) {
    constexpr int P = PANEL<T>;
    const TileTask<T> task{p.a + k / P * p.a_panel,
                           p.a_panel,
                           p.b + j * p.b_panel + static_cast<ptrdiff_t>(k) * P,
                           p.b_panel,
                           p.c + j * p.c_panel,
                           p.c_panel,
                           p.bias == nullptr ? nullptr : p.bias + j * P,
                           depth,
                           k > 0};
    product_column<T, PANELS>(p, task);
    if (k + depth == p.depth) apply_epilogues(p, j, PANELS);
}

// C (rows, panels * P) = start + A (rows, depth) B (depth, panels * P). The depth is cut into equal parts
// of at most 256, at whole panels of A, so that B's panels stay in the first-level cache while all rows pass;
// from the second cut on, tiles begin with the sums in C.
template <class T>
void product(const Product<T>& p) {
    constexpr int P = PANEL<T>, MAX = TileShape::depth;
    const int cuts = (p.depth + MAX - 1) / MAX;
    const int step = ((p.depth + cuts - 1) / cuts + P - 1) / P * P;
    for (int k = 0; k < p.depth; k += step) {
        const int depth = k + step < p.depth ? step : p.depth - k;
        int j = 0;
        for (; j + TileShape::panels <= p.panels; j += TileShape::panels) {
            product_panels<T, TileShape::panels>(p, k, depth, j);
        }
        if constexpr (TileShape::panels > 1) {
            for (; j < p.panels; ++j) product_panels<T, 1>(p, k, depth, j);
        }
    }
}

}  // namespace backpass::BACKPASS_ISA
