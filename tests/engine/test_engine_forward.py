"""The engine's entry for prediction: every kind of rows, by whichever engine fits."""

import numpy as np
import pytest
import scipy.sparse

from backpass import Network, engine, init_theta
from backpass.arrays import as_inputs
from backpass.engine import native
from backpass.engine.select import choose
from backpass.errors import InvalidInput
from sparse_rows import ONLY_LINUX, parts_of, told, untidy

NET = Network((40, 7, 4), "tanh", "log_loss")
THETA = init_theta(NET, 3, epsilon=0.5)


@pytest.mark.parametrize("name", ["native", "blocked", "reference"])
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_sparse_rows_are_answered_as_dense_ones(name, form, dtype, rng, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", name)
    X = (10 * untidy(rng, (600, 40))).astype(dtype).asformat(form)
    answer = engine.forward(NET, THETA, X)
    expected = engine.forward(NET, THETA, X.toarray())
    assert type(answer) is np.ndarray
    assert answer.dtype == expected.dtype == (np.float32 if dtype == np.float32 else np.float64)
    np.testing.assert_allclose(answer, expected, atol=100 * np.finfo(answer.dtype).eps)


@pytest.mark.parametrize("indices", [np.int32, np.int64])
def test_the_callers_matrix_stays_as_it_is(indices, rng):
    X = untidy(rng, (50, 40), indices=indices)
    before = parts_of(X)
    engine.forward(NET, THETA, X)
    for after, part in zip(parts_of(X), before):
        np.testing.assert_array_equal(after, part)
        assert after.dtype == part.dtype


def test_sparse_rows_of_another_width_are_refused(rng):
    with pytest.raises(InvalidInput, match="the network has 40 input units"):
        engine.forward(NET, THETA, scipy.sparse.csr_array((3, 39)))


def test_more_columns_than_the_core_counts_are_another_engine_s():
    """θ of such a network has 17 GB for each hidden unit, so that it is not made here."""
    for columns, name in ((2**31 - 1, "native"), (2**31, "blocked")):
        net = Network((columns, 1), hidden=(), loss="squared_error")
        X = scipy.sparse.csr_array(([1.0], ([0], [columns - 1])), shape=(2, columns))
        assert as_inputs(X, columns).shape == (2, columns)
        assert choose(net, X) == (name if native.instruction_sets() else "blocked")


@ONLY_LINUX
def test_wide_sparse_rows_are_never_dense():
    """2 MB of CSR would be 2.4 GB, and a block of 512 rows 400 MB."""
    few, more = told("""
from backpass import engine
X, y = text(3000, 100_000, 50)
net = bp.Network((100_000, 4, 2), loss="log_loss")
theta = bp.init_theta(net)
few = engine.forward(net, theta, X[:200])
allow(60)
many = engine.forward(net, theta, X)
tell([len(many), bool(np.allclose(few, many[:200]))])
""")
    assert few == 3000
    assert more
