// The weights and Δ of a first layer whose rows are entries, not panels: CSR rows (lazy_weights.hpp), or
// cells of a table (table_layer.hpp). Its weights stay in θ, and in the rule's arrays, as the caller has
// them.
//
// Every method but `reserve`, `read`, `begin` and `penalty` is called by each thread of a team for its share
// of the inputs, between barriers.
#pragma once

#include <vector>

#include "engine/entries/block_entries.hpp"
#include "engine/rules/rule_spec.hpp"

namespace backpass {

// Θ^(1)ᵀ without its bias where it lies in θ, and the same of the rule's arrays.
template <class T>
struct FirstLayerArrays {
    T *w, *first, *second;
};

template <class T>
class EntryLayer {
public:
    virtual ~EntryLayer() = default;

    // Memory for batches of so many entries.
    virtual void reserve(size_t entries) = 0;

    // Θ^(1)ᵀ as the rows read it; the pointer is to Θ^(1)ᵀ in θ.
    virtual EntryWeights<T> read(const T* theta) = 0;

    // The same again, after a step of the whole matrix.
    virtual void refresh(const T* theta, int thread, int threads) = 0;

    // Which inputs one thread's rows of a block name.
    virtual void find(BlockEntries<T>& entries, int thread, int threads) = 0;

    // Adds Σ x δ over them; `delta` is δ^(2) in panels [unit / P][row][P].
    virtual void add(BlockEntries<T>& entries, const T* delta, ptrdiff_t panel, int thread, int threads) = 0;

    // Sets Δ^(1) to zero, and adds to it what was summed.
    virtual void clear(T* Delta, int thread, int threads) const = 0;
    virtual void move_to(T* Delta, int thread, int threads) = 0;

    // An epoch on the given arrays; its steps one after another; and its end.
    virtual void begin(const FirstLayerArrays<T>& arrays, std::vector<EpochStep<T>> steps,
                       const RuleSpec& rule) = 0;
    virtual bool has_idle_steps() const = 0;          // to be done before rows read the weights
    virtual void catch_up(int step, int thread) = 0;  // of the inputs found
    virtual void update(int step, int thread, int threads) = 0;
    virtual void finish(int thread, int threads) = 0;

    // Σ over the epoch's steps of their share of ΣΘ² before each.
    virtual double penalty() const = 0;
};

}  // namespace backpass
