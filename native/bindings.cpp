// The Python bindings. They check nothing that a user could get wrong: native.py has done that.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <optional>

#include "engine/answers/joint_answers.hpp"
#include "engine/full_batch.hpp"
#include "engine/intermediates.hpp"
#include "engine/lane_batch.hpp"
#include "engine/linear_batch.hpp"
#include "engine/objective.hpp"
#include "engine/predict.hpp"
#include "engine/several_epochs.hpp"
#include "engine/transposed_input_cache.hpp"
#include "own_callables.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/names.hpp"
#include "runtime/object_pool.hpp"
#include "runtime/thread_limit.hpp"

namespace nb = nanobind;

namespace backpass {
namespace {

template <class T>
using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

// SciPy's arrays, kept alive; the indices are of 32 bits or of 64.
template <class T>
class CsrArrays {
public:
    CsrArrays() = default;
    CsrArrays(In<T> values, In<int32_t> columns, In<int32_t> starts)
        : values_(std::move(values)), columns_32_(std::move(columns)), starts_32_(std::move(starts)) {}
    CsrArrays(In<T> values, In<int64_t> columns, In<int64_t> starts)
        : values_(std::move(values)), columns_64_(std::move(columns)), starts_64_(std::move(starts)) {}

    CsrMatrix<T> matrix() const {
        return {values_.data(), columns_32_.data(), starts_32_.data(), columns_64_.data(), starts_64_.data()};
    }
    int64_t rows() const { return static_cast<int64_t>(std::max(starts_32_.size(), starts_64_.size())) - 1; }

private:
    In<T> values_;
    In<int32_t> columns_32_, starts_32_;
    In<int64_t> columns_64_, starts_64_;
};

// A table's cells (engine/entries/table_rows.hpp), kept alive: numbers (m, ·), places (m, ·), and for each
// column its kind, first input, inputs, number, place and row of running sums.
template <class T>
class TableArrays {
public:
    TableArrays() = default;
    TableArrays(In<T> numbers, In<int32_t> places, const std::vector<std::vector<int32_t>>& columns)
        : numbers_(std::move(numbers)), places_(std::move(places)) {
        for (const std::vector<int32_t>& c : columns)
            columns_.push_back({static_cast<CellKind>(c[0]), c[1], c[2], c[3], c[4], c[5]});
    }

    Table<T> table() const {
        Table<T> table{columns_.data(),
                       static_cast<int>(columns_.size()),
                       numbers_.data(),
                       places_.data(),
                       static_cast<int>(numbers_.shape(1)),
                       static_cast<int>(places_.shape(1)),
                       0};
        for (const TableColumn& y : columns_) table.sum_rows += y.kind == CellKind::code ? y.inputs : 0;
        return table;
    }
    int64_t rows() const { return static_cast<int64_t>(numbers_.shape(0)); }

private:
    In<T> numbers_;
    In<int32_t> places_;
    std::vector<TableColumn> columns_;
};

struct PyNetwork {
    NetworkSpec spec;
    const KernelSet* kernels;
};

template <class Which, size_t count>
Which named_or_own(const Named<Which> (&known)[count], const std::string& name, const char* kind, bool own) {
    return own ? Which::own : find_named(known, name, kind);
}

PyNetwork make_network(std::vector<int> sizes, const std::vector<std::string>& hidden,
                       const std::string& loss, double parameter, const std::string& isa,
                       const std::vector<nb::tuple>& own_hidden, const nb::tuple& own_loss) {
    if (sizes.size() != hidden.size() + 2)
        throw std::invalid_argument("A network has two layers more than it has activations.");
    OwnCallables own;
    bool any = own_loss.size() > 0;
    NetworkSpec spec{std::move(sizes), {}, named_or_own(LOSS_NAMES, loss, "loss", any), parameter, {}};
    if (any) own.output = own_loss[0], own.value = own_loss[1], own.delta = own_loss[2];
    for (size_t l = 0; l < hidden.size(); ++l) {
        const bool is_own = l < own_hidden.size() && own_hidden[l].size() > 0;
        spec.hidden.push_back(named_or_own(ACTIVATION_NAMES, hidden[l], "activation", is_own));
        own.g.push_back(is_own ? nb::object(own_hidden[l][0]) : nb::none());
        own.g_prime.push_back(is_own ? nb::object(own_hidden[l][1]) : nb::none());
        any = any || is_own;
    }
    if (any) {
        const auto callables = std::make_shared<const OwnCallables>(std::move(own));
        spec.own = {std::make_shared<PyOwnFunctions<float>>(callables),
                    std::make_shared<PyOwnFunctions<double>>(callables)};
    }
    return {std::move(spec), &kernel_set(isa)};
}

// A user's functions are called by the thread that Python called.
int threads_of(const PyNetwork& net, int threads) { return net.spec.own ? 1 : threads; }

template <class T>
void forward(const PyNetwork& net, In<T> theta, In<T> x, Out<T> out, bool output_activation, int threads) {
    const nb::gil_scoped_release release;
    const Kernels<T>& kernels = kernels_of<T>(*net.kernels);
    const auto m = static_cast<int64_t>(x.shape(0));
    if (m <= FEW_ROWS && !net.spec.own) {
        FewRows<T> few(net.spec, kernels);
        for (int64_t i = 0; i < m; ++i) {
            few.run(theta.data(), x.data() + i * net.spec.inputs(), out.data() + i * net.spec.outputs(),
                    output_activation);
        }
        return;
    }
    RowSource<T> source;
    source.x = x.data();
    source.inputs = net.spec.inputs();
    source.outputs = net.spec.outputs();
    source.m = m;
    ManyRows<T>(net.spec, kernels, source, threads_of(net, threads))
        .run(theta.data(), out.data(), output_activation);
}

template <class T>
void forward_entries(const PyNetwork& net, RowSource<T> source, const In<T>& theta, Out<T>& out,
                     bool output_activation, int threads) {
    const nb::gil_scoped_release release;
    source.inputs = net.spec.inputs();
    source.outputs = net.spec.outputs();
    ManyRows<T>(net.spec, kernels_of<T>(*net.kernels), source, threads_of(net, threads))
        .run(theta.data(), out.data(), output_activation);
}

template <class T>
void forward_sparse(const PyNetwork& net, In<T> theta, const CsrArrays<T>& x, Out<T> out,
                    bool output_activation, int threads) {
    RowSource<T> source;
    source.csr = x.matrix();
    source.m = x.rows();
    forward_entries(net, source, theta, out, output_activation, threads);
}

template <class T>
void forward_table(const PyNetwork& net, In<T> theta, const TableArrays<T>& x, Out<T> out,
                   bool output_activation, int threads) {
    RowSource<T> source;
    source.table = x.table();
    source.m = x.rows();
    forward_entries(net, source, theta, out, output_activation, threads);
}

// A view of a Python buffer, released at the end of the scope.
class BorrowedBuffer {
public:
    explicit BorrowedBuffer(nb::handle array)
        : acquired_(PyObject_GetBuffer(array.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) == 0) {
        if (!acquired_) PyErr_Clear();
    }
    ~BorrowedBuffer() {
        if (acquired_) PyBuffer_Release(&view_);
    }
    BorrowedBuffer(const BorrowedBuffer&) = delete;
    BorrowedBuffer& operator=(const BorrowedBuffer&) = delete;

    bool is(char type, std::initializer_list<Py_ssize_t> shape) const {
        return acquired_ && view_.format[0] == type && view_.format[1] == 0 &&
               view_.ndim == static_cast<int>(shape.size()) &&
               std::equal(shape.begin(), shape.end(), view_.shape);
    }
    Py_ssize_t rows() const { return acquired_ && view_.ndim == 2 ? view_.shape[0] : 0; }
    void* data() const { return view_.buf; }

private:
    Py_buffer view_;
    bool acquired_;
};

template <class T>
void forward_few(const PyNetwork& net, const void* theta, const void* x, void* out, Py_ssize_t rows) {
    const nb::gil_scoped_release release;
    FewRows<T> few(net.spec, kernels_of<T>(*net.kernels));
    for (Py_ssize_t i = 0; i < rows; ++i) {
        few.run(static_cast<const T*>(theta), static_cast<const T*>(x) + i * net.spec.inputs(),
                static_cast<T*>(out) + i * net.spec.outputs(), true);
    }
}

// The shortest path for a few rows: true where `out` is written, since all arrays are contiguous and of
// the network's shapes and one number type; false where Python has to check or convert them.
bool quick_forward(const PyNetwork& net, nb::handle theta, nb::handle x, nb::handle out) {
    if (net.spec.own) return false;
    const char* isa = std::getenv("BACKPASS_ISA");
    if (isa != nullptr && &kernel_set(isa) != net.kernels) return false;
    if (std::getenv("BACKPASS_ENGINE") != nullptr) return false;
    const BorrowedBuffer theta_(theta), x_(x), out_(out);
    const Py_ssize_t rows = x_.rows(), n = static_cast<Py_ssize_t>(net.spec.parameters());
    if (rows < 1 || rows > FEW_ROWS) return false;
    for (const char type : {'f', 'd'}) {
        if (theta_.is(type, {n}) && x_.is(type, {rows, net.spec.inputs()}) &&
            out_.is(type, {rows, net.spec.outputs()})) {
            const auto run = type == 'f' ? forward_few<float> : forward_few<double>;
            run(net, theta_.data(), x_.data(), out_.data(), rows);
            return true;
        }
    }
    return false;
}

// One network's objective on one data set. It keeps the arrays that it was given alive.
template <class T>
class PyProblem {
public:
    PyProblem(const PyNetwork& net, In<T> y, In<T> w, int threads, bool cache_inputs)
        : net_(net),
          y_(std::move(y)),
          w_(std::move(w)),
          threads_(threads_of(net, threads)),
          input_cache_(static_cast<int64_t>(y_.shape(0)), net.spec.inputs(), cache_inputs),
          epochs_(net_.spec, kernels(), source_, threads_) {
        source_.y = y_.data();
        source_.w = w_.data();
        source_.m = static_cast<int64_t>(y_.shape(0));
        source_.inputs = net_.spec.inputs();
        source_.outputs = net_.spec.outputs();
    }

    void set_dense(In<T> x) {
        x_ = std::move(x);
        source_.x = x_.data();
        epochs_.forget_rows();
    }

    void set_sparse(const CsrArrays<T>& x) {
        csr_ = x;
        source_.csr = x.matrix();
    }

    void set_table(const TableArrays<T>& x) {
        table_ = x;
        source_.table = table_.table();
    }

    double cost_and_gradient(In<T> theta, Out<T> D, double lam, double total_weight) {
        const nb::gil_scoped_release release;
        const double total = sums(by_team_, threads_, theta.data(), D.data());
        return finish_objective(net_.spec, theta.data(), D.data(), total, lam, total_weight);
    }

    // J and D of a stack of θ, shape (k, n), one network a thread.
    std::vector<double> costs_and_gradients(In<T> thetas, Out<T> Ds, double lam, double total_weight) {
        const nb::gil_scoped_release release;
        const auto k = static_cast<int>(thetas.shape(0));
        const size_t n = thetas.shape(1);
        std::vector<double> costs(k);
        std::atomic<int> next{0};
        run_on_team(std::min(threads_, k), [&](int, int) {
            for (int i = next.fetch_add(1); i < k; i = next.fetch_add(1)) {
                const T* theta = thetas.data() + i * n;
                T* D = Ds.data() + i * n;
                const double total = sums(by_one_thread_, 1, theta, D);
                costs[i] = finish_objective(net_.spec, theta, D, total, lam, total_weight);
            }
        });
        return costs;
    }

    // J and D of the batch that `order` names, its sums counted m / |B| times.
    double batch_cost_and_gradient(In<T> theta, Out<T> D, In<int64_t> order, double lam, double total_weight,
                                   const std::vector<double>& dropout_rates, uint64_t dropout_seed,
                                   uint32_t dropout_step) {
        const nb::gil_scoped_release release;
        const auto rows = static_cast<int64_t>(order.size());
        const bool masked = !dropout_rates.empty();
        const auto executor = batches_.acquire(
            [=](const FullBatch<T>& idle) { return idle.fits(rows, masked); },
            [=] {
                return std::make_unique<FullBatch<T>>(net_.spec, kernels(), source_, threads_, rows, masked);
            });
        const double scale = static_cast<double>(source_.m) / static_cast<double>(rows);
        const double total = executor->sums(
            theta.data(), D.data(),
            {{order.data(), 0}, rows, scale, DropoutSpec{dropout_rates, dropout_seed}, dropout_step});
        return finish_objective(net_.spec, theta.data(), D.data(), total, lam, total_weight);
    }

    // z^(L), into the array given, and Σ w cost.
    double logits_and_cost(In<T> theta, Out<T> out) {
        const nb::gil_scoped_release release;
        const auto executor = predictors_.acquire(
            [](const ManyRows<T>&) { return true; },
            [this] { return std::make_unique<ManyRows<T>>(net_.spec, kernels(), source_, threads_); });
        return executor->logits_and_cost(theta.data(), out.data());
    }

    // z, a and δ by layer and Δ, into the arrays given.
    void intermediates(In<T> theta, const std::vector<Out<T>>& z, const std::vector<Out<T>>& a,
                       const std::vector<Out<T>>& delta, Out<T> Delta) {
        Intermediates<T> out{pointers(z), pointers(a), pointers(delta), Delta.data()};
        const nb::gil_scoped_release release;
        IntermediatesPass<T>(net_.spec, kernels(), source_).run(theta.data(), out);
    }

    // One epoch of each network; returns the mean J of each. `states` holds the rule's arrays, up to two
    // of them, each for every network.
    std::vector<double> run_epochs(const std::vector<Out<T>>& thetas,
                                   const std::vector<std::vector<Out<T>>>& states, const RuleSpec& rule,
                                   const std::vector<In<int64_t>>& orders, int64_t batch,
                                   const std::vector<In<double>>& learning_rates,
                                   const std::vector<int64_t>& ts, double lam, double total_weight,
                                   const std::vector<double>& dropout_rates, uint64_t dropout_seed) {
        const nb::gil_scoped_release release;
        const DropoutSpec dropout{dropout_rates, dropout_seed};
        std::vector<EpochTask<T>> tasks;
        for (size_t i = 0; i < thetas.size(); ++i) {
            const auto rows = static_cast<int64_t>(orders[i].size());
            T* first = states.size() > 0 ? states[0][i].data() : nullptr;
            T* second = states.size() > 1 ? states[1][i].data() : nullptr;
            tasks.push_back({{orders[i].data(), rows, batch, learning_rates[i].data(), ts[i], lam,
                              total_weight, dropout, rule},
                             {thetas[i].data(), first, second}});
        }
        return epochs_.run(tasks);
    }

private:
    const Kernels<T>& kernels() const { return kernels_of<T>(*net_.kernels); }

    static std::vector<T*> pointers(const std::vector<Out<T>>& arrays) {
        std::vector<T*> pointers;
        for (const Out<T>& array : arrays) pointers.push_back(array.data());
        return pointers;
    }

    // What computes Σ w cost and Δ over all rows, by the layout that suits the network.
    struct BatchPools {
        ObjectPool<LinearBatch<T>> linear;
        ObjectPool<LaneBatch<T>> lanes;
        ObjectPool<FullBatch<T>> panels;
    };

    template <class Batch, class Make>
    static double sums_by(ObjectPool<Batch>& pool, const T* theta, T* Delta, Make make) {
        return pool.acquire([](const Batch&) { return true; }, make)->sums(theta, Delta);
    }

    // Σ w cost; writes Δ.
    double sums(BatchPools& pools, int threads, const T* theta, T* Delta) {
        const NetworkSpec& net = net_.spec;
        if (LinearBatch<T>::suits(net, source_))
            return sums_by(pools.linear, theta, Delta, [&] {
                return std::make_unique<LinearBatch<T>>(net, kernels(), source_, threads);
            });
        if (LaneBatch<T>::suits(net, source_))
            return sums_by(pools.lanes, theta, Delta, [&] {
                return std::make_unique<LaneBatch<T>>(net, kernels(), source_, input_cache_, threads);
            });
        return sums_by(pools.panels, theta, Delta,
                       [&] { return std::make_unique<FullBatch<T>>(net, kernels(), source_, threads); });
    }

    PyNetwork net_;
    In<T> x_, y_, w_;
    CsrArrays<T> csr_;
    TableArrays<T> table_;
    RowSource<T> source_;
    int threads_;
    TransposedInputCache<T> input_cache_;
    BatchPools by_team_, by_one_thread_;
    ObjectPool<FullBatch<T>> batches_;
    SeveralEpochs<T> epochs_;
    ObjectPool<ManyRows<T>> predictors_;
};

// What several networks make of raw rows of a table; everything is copied.
using Cells = RawCells<float>;

template <class T>
std::vector<T> copied(const In<T>& array) {
    return {array.data(), array.data() + array.size()};
}

NumberPlaces number_places(int searched, const In<int32_t>& places, double median, double least,
                           double most) {
    return {searched, copied(places), median, least, most};
}

void add_shape(Cells& cells, int searched, const In<int32_t>& places, const In<double>& stretches,
               double median, double least) {
    ShapedNumber shape{
        number_places(searched, places, median, least, std::numeric_limits<double>::infinity()), {}};
    for (size_t i = 0; i < stretches.size(); i += 3)
        shape.stretches.push_back({stretches.data()[i], stretches.data()[i + 1], stretches.data()[i + 2]});
    cells.shapes.push_back(std::move(shape));
}

void add_bins(Cells& cells, int searched, const In<int32_t>& places, const In<double>& bins, double median,
              double least, double most) {
    BinnedNumber number{number_places(searched, places, median, least, most), {}};
    for (size_t i = 0; i < bins.size(); i += 2) number.bins.push_back({bins.data()[i], bins.data()[i + 1]});
    cells.bins.push_back(std::move(number));
}

void add_form(Cells& cells, const std::vector<std::vector<int>>& columns) {
    std::vector<FormColumn> form;
    for (const std::vector<int>& c : columns) form.push_back({static_cast<RawKind>(c[0]), c[1], c[2], c[3]});
    cells.forms.push_back(std::move(form));
}

class PyAnswers {
public:
    PyAnswers(const Cells& cells, const std::string& isa)
        : answers_(cells, kernels_of<float>(kernel_set(isa))) {}

    void add(const PyNetwork& net, In<float> theta, int form) { answers_.add(net.spec, theta.data(), form); }

    void run(In<double> numbers, In<int32_t> levels, Out<float> out, int threads) {
        const nb::gil_scoped_release release;
        answers_.run({numbers.data(), levels.data(), static_cast<int>(numbers.shape(1)),
                      static_cast<int>(levels.shape(1)), static_cast<int64_t>(numbers.shape(0))},
                     out.data(), threads);
    }

private:
    JointAnswers<float> answers_;
};

void bind_answers(nb::module_& m) {
    nb::class_<Cells>(m, "RawCells")
        .def(
            "__init__",
            [](Cells* at, double largest, double smallest, double least_share, double beyond) {
                new (at) Cells{largest, smallest, least_share, beyond, {}, {}, {}, {}, {}, {}, {}};
            },
            nb::arg("largest"), nb::arg("smallest"), nb::arg("least_share"), nb::arg("beyond"))
        .def("add_searched", [](Cells& cells, int column, const In<double>& breakpoints,
                                int of_gaps) { cells.add_searched(column, copied(breakpoints), of_gaps); })
        .def("add_shape", &add_shape)
        .def("add_bins", &add_bins)
        .def("add_of_level",
             [](Cells& cells, int category, const In<float>& values) {
                 cells.of_levels.push_back({category, copied(values)});
             })
        .def("add_gap", [](Cells& cells, int column) { cells.gaps.push_back(column); })
        .def("add_indicator",
             [](Cells& cells, int category, const In<int32_t>& places) {
                 cells.indicators.push_back({category, copied(places)});
             })
        .def("add_form", &add_form);
    nb::class_<PyAnswers>(m, "JointAnswers")
        .def(nb::init<const Cells&, const std::string&>())
        .def("add", &PyAnswers::add)
        .def("run", &PyAnswers::run);
}

// Floating-point operations of `rounds` rounds of multiply-adds, done by each of `threads` threads.
template <class T>
double multiply_adds(const std::string& isa, long rounds, int threads) {
    const nb::gil_scoped_release release;
    const Kernels<T>& kernels = kernels_of<T>(kernel_set(isa));
    std::vector<double> operations(threads);
    run_on_team(threads, [&](int thread, int) {
        T result[2] = {T(0.5), T(0.25)};
        operations[thread] = kernels.multiply_adds(rounds, result);
    });
    return std::accumulate(operations.begin(), operations.end(), 0.0);
}

template <class T>
void bind_number_type(nb::module_& m, const char* problem, const char* csr, const char* table) {
    nb::class_<TableArrays<T>>(m, table).def(
        nb::init<In<T>, In<int32_t>, const std::vector<std::vector<int32_t>>&>(), nb::arg().noconvert(),
        nb::arg().noconvert(), nb::arg());
    m.def("forward_table", &forward_table<T>, nb::arg(), nb::arg("theta").noconvert(), nb::arg("x"),
          nb::arg("out").noconvert(), nb::arg("output_activation"), nb::arg("threads"));
    nb::class_<CsrArrays<T>>(m, csr)
        .def(nb::init<In<T>, In<int32_t>, In<int32_t>>(), nb::arg().noconvert(), nb::arg().noconvert(),
             nb::arg().noconvert())
        .def(nb::init<In<T>, In<int64_t>, In<int64_t>>(), nb::arg().noconvert(), nb::arg().noconvert(),
             nb::arg().noconvert());
    m.def("forward_sparse", &forward_sparse<T>, nb::arg(), nb::arg("theta").noconvert(), nb::arg("x"),
          nb::arg("out").noconvert(), nb::arg("output_activation"), nb::arg("threads"));
    m.def("forward", &forward<T>, nb::arg().noconvert(), nb::arg("theta").noconvert(),
          nb::arg("x").noconvert(), nb::arg("out").noconvert(), nb::arg("output_activation"),
          nb::arg("threads"));
    nb::class_<PyProblem<T>>(m, problem)
        .def(nb::init<const PyNetwork&, In<T>, In<T>, int, bool>())
        .def("set_dense", &PyProblem<T>::set_dense)
        .def("set_sparse", &PyProblem<T>::set_sparse)
        .def("set_table", &PyProblem<T>::set_table)
        .def("cost_and_gradient", &PyProblem<T>::cost_and_gradient)
        .def("costs_and_gradients", &PyProblem<T>::costs_and_gradients)
        .def("batch_cost_and_gradient", &PyProblem<T>::batch_cost_and_gradient)
        .def("logits_and_cost", &PyProblem<T>::logits_and_cost)
        .def("intermediates", &PyProblem<T>::intermediates)
        .def("run_epochs", &PyProblem<T>::run_epochs);
    m.def(sizeof(T) == 4 ? "multiply_adds_32" : "multiply_adds_64", &multiply_adds<T>);
    m.def("elementwise", [](const std::string& name, const std::string& isa, In<T> x, Out<T> y) {
        const Kernels<T>& k = kernels_of<T>(kernel_set(isa));
        using Function = void (*)(const T*, T*, size_t);
        const Named<Function> known[] = {{"exp", k.exp}, {"log", k.log}, {"tanh", k.tanh}};
        if (y.size() < x.size()) throw std::invalid_argument("y is shorter than x.");
        find_named(known, name, "elementwise function")(x.data(), y.data(), x.size());
    });
}

}  // namespace
}  // namespace backpass

NB_MODULE(_native, m) {
    using namespace backpass;
    nb::set_leak_warnings(false);  // objects that are alive when the interpreter ends are not leaks
    m.def("get_num_threads", &backpass_get_num_threads);
    m.def("set_num_threads", &backpass_set_num_threads);
    m.def("instruction_sets", &runnable_instruction_sets);
    m.def("activations", [] { return names_of(ACTIVATION_NAMES); });
    m.def("losses", [] { return names_of(LOSS_NAMES); });
    m.def("rules", [] { return names_of(RULE_NAMES); });
    nb::class_<PyNetwork>(m, "Network")
        .def(
            "__init__",
            [](PyNetwork* at, std::vector<int> sizes, const std::vector<std::string>& hidden,
               const std::string& loss, double parameter, const std::string& isa,
               const std::vector<nb::tuple>& own_hidden, const nb::tuple& own_loss) {
                new (at) PyNetwork(
                    make_network(std::move(sizes), hidden, loss, parameter, isa, own_hidden, own_loss));
            },
            nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
            nb::arg("own_hidden") = std::vector<nb::tuple>(), nb::arg("own_loss") = nb::tuple())
        .def("quick_forward", &quick_forward);
    nb::class_<RuleSpec>(m, "Rule").def(
        "__init__",
        [](RuleSpec* at, const std::string& rule, double momentum, double beta_1, double beta_2,
           double epsilon, double weight_decay, std::vector<double> lengths, double ratio,
           const std::vector<std::vector<double>>& polynomials) {
            new (at) RuleSpec{find_named(RULE_NAMES, rule, "update rule"),
                              momentum,
                              beta_1,
                              beta_2,
                              epsilon,
                              weight_decay,
                              std::move(lengths),
                              ratio,
                              {}};
            for (const std::vector<double>& each : polynomials)
                at->polynomials.push_back({each[0], each[1], each[2]});
        },
        nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
        nb::arg("lengths") = std::vector<double>(), nb::arg("ratio") = 1.0,
        nb::arg("polynomials") = std::vector<std::vector<double>>());
    bind_answers(m);
    bind_number_type<float>(m, "Problem32", "Csr32", "Table32");
    bind_number_type<double>(m, "Problem64", "Csr64", "Table64");
}
