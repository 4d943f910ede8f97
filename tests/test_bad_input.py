"""Bad input to the estimators: one clear line, or an answer that is right."""

import numpy as np
import pytest
import scipy.sparse

import backpass as bp
from backpass.streaming.blocks import ArrayBlocks

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X, K = RNG.normal(size=(40, 3)), np.arange(40) % 3
SOLVERS = ["adam", "lbfgs"]


def fit(X, y, w=None, solver="adam"):
    model = bp.MLPClassifier((4,), solver=solver, max_iter=5, random_state=0)
    return model.fit(X, y, w)


def one_line(match, *arguments, **options):
    with pytest.raises(ValueError, match=match) as caught:
        fit(*arguments, **options)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("solver", SOLVERS)
def test_weights(solver):
    one_line("negative", X, K, -np.ones(40), solver=solver)
    one_line("at least one non-zero|zero for every row", X, K, np.zeros(40), solver=solver)
    one_line("NaN", X, K, np.full(40, np.nan), solver=solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_constant_features(solver):
    constant = X.copy()
    constant[:, 1] = 7.0
    assert np.isfinite(fit(constant, K, solver=solver).predict_proba(constant)).all()


def test_half_precision_is_computed_in_single():
    ours, single = fit(X.astype("f2"), K), fit(X.astype("f2").astype("f4"), K)
    difference = np.abs(ours.theta_ - single.theta_).max()
    assert difference < 1e-5


def test_numbers_as_objects():
    np.testing.assert_array_equal(fit(X.astype(object), K).theta_, fit(X, K).theta_)
    mixed = X.astype(object)
    mixed[3, 1] = "word"
    one_line("could not convert|not a number", mixed, K)


@pytest.mark.parametrize("kind", ["csc", "coo", "csr", "lil", "dok", "bsr"])
def test_sparse_formats(kind):
    sparse = scipy.sparse.csr_array(X * (X > 0)).asformat(kind)
    dense = fit(X * (X > 0), K)
    assert np.abs(fit(sparse, K).theta_ - dense.theta_).max() < 1e-9


def test_nothing_to_learn_from():
    one_line("0 sample|no rows|minimum of 1", X[:0], K[:0])
    one_line("0 feature|no columns|minimum of 1", X[:, :0], K)


@pytest.mark.parametrize("solver", SOLVERS)
def test_huge_values(solver):
    """1e300 is a finite number, but its products are not: said, or survived with finite weights."""
    huge = X.copy()
    huge[5, 2] = 1e300
    try:
        model = fit(huge, K, solver=solver)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert np.isfinite(model.theta_).all()


def test_labels_of_mixed_types():
    mixed = np.array([1, "a", 2.5] * 13 + [1], dtype=object)
    one_line("mix|type|label", X, mixed)


def test_values_that_are_not_finite():
    for bad in (np.nan, np.inf):
        broken = X.copy()
        broken[2, 1] = bad
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            fit(broken, K)


@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("damage", ["indices", "indptr"])
def test_damaged_sparse_matrices(kind, damage):
    """SciPy holds numbers of rows and columns that do not exist without a look at them."""
    trained, sparse = fit(X, K), scipy.sparse.csr_array(X).asformat(kind)
    getattr(sparse, damage)[2] = 1000
    for use in (trained.predict, lambda X: fit(X, K)):
        with pytest.raises(ValueError, match=r"indices outside|indptr that does not fit"):
            use(sparse)


def one_bad_index(kind, index):
    """A sparse X, whole but for one stored index: "end" is the first that does not exist."""
    sparse = scipy.sparse.csr_array(X).asformat(kind)
    minor = sparse.shape[1] if kind == "csr" else sparse.shape[0]
    sparse.indices[-1] = minor if index == "end" else index
    return sparse


NET = bp.Network((3, 4, 3), loss="log_loss")
TAKES_SPARSE = {
    "fit": lambda X: fit(X, K),
    "fit, full batch": lambda X: fit(X, K, solver="lbfgs"),
    "fit, second order": lambda X: fit(X, K, solver="newton"),
    "partial_fit": lambda X: bp.MLPClassifier((4,)).partial_fit(X, K, classes=[0, 1, 2]),
    "X_val": lambda bad: bp.MLPClassifier((4,)).fit(X, K, X_val=bad, y_val=K),
    "predict": lambda bad: fit(X, K).predict(bad),
    "predict_proba": lambda bad: fit(X, K).predict_proba(bad),
    "score": lambda bad: fit(X, K).score(bad, K),
    "regressor": lambda bad: bp.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5).fit(bad, K),
    "cost_and_gradient": lambda bad: bp.cost_and_gradient(
        NET, bp.init_theta(NET), bad, np.eye(3)[K]
    ),
    "forward": lambda bad: bp.forward(NET, bp.init_theta(NET), bad),
    "trace": lambda bad: bp.trace(NET, bp.init_theta(NET), bad, np.eye(3)[K]),
    "minimize": lambda bad: bp.minimize(NET, bp.init_theta(NET), bad, np.eye(3)[K], max_iter=2),
}


@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("index", ["end", -1])
@pytest.mark.parametrize("call", TAKES_SPARSE)
def test_an_index_just_outside_of_a_sparse_matrix(call, index, kind):
    """The core would read beside the row; the first index outside is the one to look at."""
    with pytest.raises(ValueError, match="indices outside of 0 to"):
        TAKES_SPARSE[call](one_bad_index(kind, index))


@pytest.mark.parametrize("index", ["end", -1])
def test_an_index_just_outside_of_blocks(index):
    with pytest.raises(bp.errors.InvalidInput, match="indices outside of 0 to 2"):
        ArrayBlocks(one_bad_index("csr", index), K)


@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_the_last_column_and_row_of_a_sparse_matrix_exist(kind):
    sparse = scipy.sparse.csr_array(X).asformat(kind)
    largest = X.shape[1] - 1 if kind == "csr" else X.shape[0] - 1
    assert sparse.indices.max() == largest
    assert sparse.indices.min() == 0
    np.testing.assert_array_equal(fit(X, K).predict(sparse), fit(X, K).predict(X))
