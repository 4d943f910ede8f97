import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import backpass as bp
from backpass.arrays import ImageShape, as_inputs
from backpass.errors import InvalidInput
from sparse_rows import parts_of, untidy

NET = bp.Network((2, 3, 2), loss="log_loss")
THETA = bp.init_theta(NET)
X = np.array([[0.5, -1.0], [2.0, 0.25], [1.0, 1.0]])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    "Y_of_a_kind",
    [
        pd.DataFrame(Y), pd.get_dummies(pd.Series([0, 1, 0])), Y.astype(bool), Y.astype(np.uint8),
        Y.tolist(), Y.astype(object), np.asfortranarray(Y), Y.astype(np.float16),
        scipy.sparse.csr_array(Y),
    ],
    ids=["frame", "dummies", "bool", "uint8", "list", "object", "fortran", "float16", "csr"],
)  # fmt: skip
def test_targets_of_any_kind_give_the_same_cost(Y_of_a_kind):
    J, D = bp.cost_and_gradient(NET, THETA, X, Y, lam=1.0)
    other_J, other_D = bp.cost_and_gradient(NET, THETA, X, Y_of_a_kind, lam=1.0)
    assert isinstance(other_J, float)
    assert other_J == J
    np.testing.assert_array_equal(other_D, D)


def test_the_dtype_of_X_decides_the_arithmetic():
    assert bp.cost_and_gradient(NET, THETA, X.astype(np.float32), Y)[1].dtype == np.float32
    assert bp.cost_and_gradient(NET, THETA, X.astype(np.float16), Y)[1].dtype == np.float32
    assert bp.cost_and_gradient(NET, THETA.astype(np.float32), X, Y)[1].dtype == np.float64
    assert bp.cost_and_gradient(NET, THETA, X.astype(int), Y)[1].dtype == np.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X[:, :1]}, r"X has shape \(3, 1\), but the network has 2 input units"),
        ({"X": X[:0], "Y": Y[:0]}, "X has no rows"),
        ({"X": [["a", 1], ["b", 2], ["c", 3]]}, "X"),
        ({"Y": Y[:2]}, r"Y has shape \(2, 2\), but X has 3 rows"),
        ({"Y": [0, 1, 0]}, r"bp\.one_hot\(y\)"),
        ({"theta": THETA[1:]}, r"theta has shape \(16,\), but it needs \(17,\): 2-3-2 has"),
        ({"sample_weight": [1, 2]}, r"sample_weight has shape \(2,\), but it needs \(3,\)"),
        ({"sample_weight": [1, -2, 1]}, "sample_weight holds a negative number"),
        ({"sample_weight": [0, 0, 0]}, "sample_weight is zero for every row"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {"net": NET, "theta": THETA, "X": X, "Y": Y} | change
    with pytest.raises(InvalidInput, match=message):
        bp.cost_and_gradient(**arguments)


FORMATS = ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"]


@pytest.mark.parametrize("matrix", [scipy.sparse.coo_array, scipy.sparse.coo_matrix])
@pytest.mark.parametrize("form", FORMATS)
def test_sparse_inputs_of_any_format_become_csr(form, matrix):
    given = matrix(np.where(X > 0, X, 0)).asformat(form)
    inputs = as_inputs(given, 2)
    assert inputs.format == "csr"
    np.testing.assert_array_equal(inputs.toarray(), given.toarray())


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("f4", "f4"), ("f8", "f8"), ("c16", "c16"), ("i4", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_the_dtype_of_sparse_inputs(dtype, kept):
    given = scipy.sparse.csr_array((X > 0).astype(dtype))
    inputs = as_inputs(given, 2)
    assert inputs.dtype == np.dtype(kept)
    assert (inputs is given) == (dtype == kept)


@pytest.mark.parametrize("indices", [np.int32, np.int64])
def test_a_csr_matrix_of_floats_is_neither_copied_nor_changed(indices, rng):
    given = untidy(rng, (20, 9), indices=indices)
    before = parts_of(given)
    assert as_inputs(given, 9) is given
    for after, part in zip(parts_of(given), before):
        np.testing.assert_array_equal(after, part)
        assert after.dtype == part.dtype


def test_indices_and_starts_of_unlike_types_become_of_one(rng):
    given = untidy(rng, (20, 9))
    given.indptr = given.indptr.astype(np.int64)
    before = parts_of(given)
    inputs = as_inputs(given, 9)
    assert inputs.indices.dtype == inputs.indptr.dtype
    assert np.shares_memory(inputs.data, given.data)
    np.testing.assert_array_equal(inputs.toarray(), given.toarray())
    for after, part in zip(parts_of(given), before):
        np.testing.assert_array_equal(after, part)
        assert after.dtype == part.dtype


def test_sparse_inputs_of_another_shape_are_refused():
    one_row = scipy.sparse.coo_array(X[0])  # of one axis since SciPy 1.13
    wrong_ones = [scipy.sparse.csr_array(X[:, :1]), *([one_row] if one_row.ndim == 1 else [])]
    for wrong in wrong_ones:
        with pytest.raises(InvalidInput, match=r"the network has 2 input units"):
            as_inputs(wrong, 2)


def test_one_hot():
    np.testing.assert_array_equal(bp.one_hot([10, 1, 2]), [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(bp.one_hot([[2]], classes=range(3)), [[0, 0, 1]])
    with pytest.raises(InvalidInput, match=r"label .*5.* in row 1"):
        bp.one_hot([0, 5], classes=[0, 1])
    with pytest.raises(InvalidInput, match="one label per row"):
        bp.one_hot(np.eye(3))


@pytest.mark.parametrize(
    ("n_features", "least", "shape"),
    [(64, 64, (8, 8)), (64, 65, None), (63, 0, None), (0, 0, (0, 0)), (1, 0, (1, 1))],
)
def test_a_square_of_so_many_pixels_is_taken_for_a_picture(n_features, least, shape):
    image = ImageShape.guess(n_features, least=least, order="F")
    assert image == (None if shape is None else (*shape, "F"))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("m", [0, 1, 5])
def test_rows_are_pictures_as_numpy_unrolls_them(order, m):
    X = np.random.default_rng(0).normal(size=(m, 12))
    images = ImageShape(3, 4, order).images(X)
    assert images.shape == (m, 3, 4)
    for row, image in zip(X, images):
        np.testing.assert_array_equal(image, row.reshape((3, 4), order=order))
