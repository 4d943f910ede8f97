"""Sums over blocks are the sums over all rows, and the same bits from every source."""

import numpy as np
import pytest
import scipy.sparse

import backpass as bp
from backpass import Network, engine, init_theta
from backpass.errors import InvalidInput
from backpass.solvers.first_order import Adam, GradientDescent
from backpass.streaming.blocks import ArrayBlocks
from backpass.streaming.problem import StreamedProblem, all_targets
from sparse_rows import ONLY_LINUX, told, untidy

RNG = np.random.default_rng(3)
M = 230
X = RNG.normal(size=(M, 6))
K = RNG.integers(0, 3, M)
w = RNG.random(M) * (RNG.random(M) > 0.2)
net = Network((6, 7, 3), "tanh", "log_loss")
theta = init_theta(net, 1, "glorot")


def encode(y):
    return np.eye(3)[y]


def streamed(X=X, w=w, rows=32, **how):
    return StreamedProblem(net, ArrayBlocks(X, K, w, rows), encode, lam=0.3, **how)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 3e-6)])
@pytest.mark.parametrize("weights", [None, w])
def test_objective(dtype, tolerance, weights):
    ours = streamed(X.astype(dtype), weights).cost_and_gradient(theta.astype(dtype))
    theirs = engine.cost_and_gradient(net, theta, X, encode(K), 0.3, weights)
    assert ours[1].dtype == dtype
    assert abs(ours[0] / theirs[0] - 1) <= tolerance
    assert np.linalg.norm(ours[1] - theirs[1]) <= tolerance * np.linalg.norm(theirs[1])


def test_the_same_bits_from_every_source(tmp_path):
    np.save(tmp_path / "X.npy", X)
    J, D = streamed().cost_and_gradient(theta)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for source in (mapped, np.asfortranarray(X), scipy.sparse.csr_array(X)):
        other_J, other_D = streamed(source).cost_and_gradient(theta)
        assert other_J == J
        np.testing.assert_array_equal(other_D, D)


def test_a_block_without_weight_adds_nothing():
    weights = w.copy()
    weights[32:64] = 0
    ours = streamed(w=weights).cost_and_gradient(theta)
    theirs = engine.cost_and_gradient(net, theta, X, encode(K), 0.3, weights)
    assert np.linalg.norm(ours[1] - theirs[1]) <= 1e-14 * np.linalg.norm(theirs[1])


def test_an_unshuffled_epoch_is_the_engines_epoch():
    """With the rows as they come, windows change nothing but the rounding."""
    for batch_size in (10, 32, 64, 77, 500):
        steps = -(-M // min(batch_size, M))
        rates = np.linspace(0.1, 0.2, steps)
        problem = streamed(window=2)
        order = problem.draw_order(np.random.default_rng(0), shuffle=False)
        rule = Adam()
        ours = problem.run_epoch(theta, rule.init(theta), rule, order, min(batch_size, M), rates)
        whole = engine.prepare(net, X, encode(K), lam=0.3, sample_weight=w)
        theirs = whole.run_epoch(
            theta, rule.init(theta), rule, np.arange(M), min(batch_size, M), rates
        )
        assert np.linalg.norm(ours.theta - theirs.theta) <= 1e-12 * np.linalg.norm(theirs.theta)
        assert abs(ours.J / theirs.J - 1) <= 1e-12
        assert ours.state["t"] == theirs.state["t"] == steps


def test_a_shuffled_epoch_sees_every_row_once():
    """With a rate of 0, the mean J of an epoch over all batches is J."""
    problem = streamed(w=None, window=2)
    order = problem.draw_order(np.random.default_rng(0), shuffle=True)
    rule = GradientDescent()
    epoch = problem.run_epoch(theta, rule.init(theta), rule, order, 10, np.zeros(M // 10))
    assert abs(epoch.J / problem.cost_and_gradient(theta)[0] - 1) <= 1e-12


def test_epochs_are_drawn_from_the_seed():
    problem, rule = streamed(), Adam()

    def epoch(seed):
        order = problem.draw_order(np.random.default_rng(seed), shuffle=True)
        return problem.run_epoch(theta, rule.init(theta), rule, order, 16, np.full(15, 0.01)).theta

    np.testing.assert_array_equal(epoch(1), epoch(1))
    assert not np.array_equal(epoch(1), epoch(2))


SETTINGS = {"hidden_layer_sizes": (9,), "max_iter": 5, "random_state": 0, "alpha": 0.1}
QUIET = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@QUIET
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd", "sgd", "adam"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fit_has_the_same_bits_from_every_source(tmp_path, solver, dtype):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    Xd = X.astype(dtype)
    frame = pandas.DataFrame(Xd, columns=list("abcdef")).assign(kind=K)
    frame[:100].to_parquet(tmp_path / "part-0.parquet")
    frame[100:].to_parquet(tmp_path / "part-1.parquet", row_group_size=70)
    np.save(tmp_path / "X.npy", Xd)
    parquet = bp.ParquetBlocks(tmp_path, "kind", rows=30)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    fits = [
        bp.MLPClassifier(solver=solver, n_threads=threads, **SETTINGS).fit(source)
        for source, threads in [
            (parquet, 1),
            (parquet, 2),
            (bp.ArrayBlocks(Xd, K, rows=parquet.groups), 4),
            (bp.ArrayBlocks(mapped, K, rows=parquet.groups), 1),
            (bp.ArrayBlocks(np.asfortranarray(Xd), K, rows=parquet.groups), 2),
        ]
    ]
    for fit in fits:
        assert fit.theta_.dtype == dtype
        np.testing.assert_array_equal(fit.theta_, fits[0].theta_)
        assert fit.loss_curve_ == fits[0].loss_curve_
    assert fits[0].feature_names_in_.tolist() == list("abcdef")


@QUIET
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd"])
def test_full_batch_fits_are_those_of_memory(solver):
    ours = bp.MLPClassifier(solver=solver, **SETTINGS).fit(bp.ArrayBlocks(X, K, rows=31))
    theirs = bp.MLPClassifier(solver=solver, **SETTINGS).fit(X, K)
    assert np.linalg.norm(ours.theta_ - theirs.theta_) <= 1e-9 * np.linalg.norm(theirs.theta_)
    assert ours.classes_.tolist() == theirs.classes_.tolist()


@QUIET
def test_mini_batch_fits_learn():
    y = X[:, 0] * 2 - X[:, 1]
    model = bp.MLPRegressor(hidden_layer_sizes=(8,), max_iter=200, random_state=0, batch_size=20)
    model.fit(bp.ArrayBlocks(X, y, rows=25), X_val=X, y_val=y)
    assert model.score(X, y) > 0.9
    assert model.validation_scores_[-1] == pytest.approx(model.score(X, y))


@QUIET
def test_a_streamed_training_goes_on_from_its_checkpoint(tmp_path):
    class Crash(Exception):
        pass

    def crash(progress):
        if progress.epoch == 4:
            raise Crash

    blocks, path = bp.ArrayBlocks(X, K, w, rows=30), tmp_path / "run.checkpoint"
    whole = bp.MLPClassifier(**SETTINGS).fit(blocks)
    with pytest.raises(Crash):
        bp.MLPClassifier(**SETTINGS, checkpoint=path, callbacks=crash).fit(blocks)
    resumed = bp.MLPClassifier(**SETTINGS, checkpoint=path).fit(blocks)
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)


def test_what_blocks_do_not_do():
    blocks = bp.ArrayBlocks(X, K)
    for settings in ({"solver": "newton"}, {"class_weight": "balanced"}):
        with pytest.raises(InvalidInput, match="without class_weight"):
            bp.MLPClassifier(**settings).fit(blocks)
    with pytest.raises(InvalidInput, match="needs X_val and y_val"):
        bp.MLPClassifier(early_stopping=True).fit(blocks)


def test_targets():
    assert all_targets(ArrayBlocks(X, np.array(["b", "a"])[K % 2], rows=7)).tolist() == ["a", "b"]


def test_bad_weights():
    with pytest.raises(InvalidInput, match="negative"):
        streamed(w=-w)
    with pytest.raises(InvalidInput, match="nothing to learn"):
        streamed(w=0 * w)


# Sparse rows.


def sparse_and_dense(rng, rows=32, weights=w):
    """A streamed problem on CSR blocks, and one on the same blocks dense."""
    source = untidy(rng, (M, 6), filled=0.1)
    return [
        StreamedProblem(net, ArrayBlocks(form, K, weights, rows), encode, lam=0.3, window=2)
        for form in (source, source.toarray())
    ]


def test_sparse_blocks_have_the_sums_of_dense_ones(rng):
    ours, theirs = sparse_and_dense(rng)
    assert next(ours.blocks.read(0)).X.format == "csr"
    J, D = ours.cost_and_gradient(theta)
    expected_J, expected_D = theirs.cost_and_gradient(theta)
    assert pytest.approx(expected_J, rel=1e-13) == J
    assert np.linalg.norm(D - expected_D) <= 1e-13 * np.linalg.norm(expected_D)


@pytest.mark.parametrize("batch_size", [10, 77, 500])
def test_an_epoch_over_sparse_blocks_is_that_over_dense_ones(batch_size, rng):
    ours, theirs = sparse_and_dense(rng)
    order = ours.draw_order(np.random.default_rng(0), shuffle=True)
    rule, rates = GradientDescent(), np.full(-(-M // batch_size), 0.1)
    mine, other = (
        problem.run_epoch(theta, rule.init(theta), rule, order, batch_size, rates)
        for problem in (ours, theirs)
    )
    assert np.linalg.norm(mine.theta - other.theta) <= 1e-12 * np.linalg.norm(other.theta)
    assert mine.J == pytest.approx(other.J, rel=1e-12)


def test_a_few_rows_of_sparse_blocks(rng):
    ours, theirs = sparse_and_dense(rng)
    batch = rng.permutation(M)[:40]
    X_taken, Y_taken, w_taken = ours.rows.take(batch)
    expected = theirs.rows.take(batch)
    np.testing.assert_array_equal(X_taken.toarray(), expected[0])
    np.testing.assert_array_equal(Y_taken, expected[1])
    np.testing.assert_array_equal(w_taken, expected[2])


def test_blocks_of_which_some_are_dense(rng):
    """A block with many entries is dense; in a window it joins those that are not."""
    source = untidy(rng, (M, 6), filled=0.1).toarray()
    source[40:60] = rng.normal(size=(20, 6))
    sparse, dense = (
        StreamedProblem(net, ArrayBlocks(form, K, None, 20), encode, lam=0.3, window=2)
        for form in (scipy.sparse.csr_array(source), source)
    )
    forms = [hasattr(sparse.blocks.read(group).__next__().X, "tocsr") for group in range(4)]
    assert forms == [True, True, False, True]
    order, rule = sparse.draw_order(np.random.default_rng(0), shuffle=True), GradientDescent()
    mine, other = (
        problem.run_epoch(theta, rule.init(theta), rule, order, 16, np.full(15, 0.1))
        for problem in (sparse, dense)
    )
    assert np.linalg.norm(mine.theta - other.theta) <= 1e-12 * np.linalg.norm(other.theta)


@QUIET
@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd", "sgd"])
def test_fit_on_sparse_blocks(solver, rng):
    source = untidy(rng, (M, 6), filled=0.1)
    ours, theirs = (
        bp.MLPClassifier(solver=solver, **SETTINGS).fit(ArrayBlocks(form, K, w, rows=32))
        for form in (source, source.toarray())
    )
    np.testing.assert_allclose(ours.theta_, theirs.theta_, rtol=1e-9, atol=1e-10)


@ONLY_LINUX
@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
@pytest.mark.parametrize("engine_name", ["native", "blocked", "reference"])
def test_wide_sparse_blocks_are_never_dense(solver, engine_name):
    """2 MB of CSR would be 2.4 GB; θ has 3 MB."""
    lower = told(f"""
import os
os.environ["BACKPASS_ENGINE"] = {engine_name!r}
X, y = text(3000, 100_000, 50)
def fit(X, y):
    clf = bp.MLPClassifier((4,), solver={solver!r}, alpha=0.0, max_iter=2, random_state=0)
    return clf.fit(bp.ArrayBlocks(X, y, rows=500)).loss_curve_
fit(X[:100], y[:100])
allow(150)
curve = fit(X, y)
tell(curve[-1] < curve[0])
""")
    assert lower is True
