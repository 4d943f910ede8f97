"""The course's programs read the weights that are written, and theirs are read."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

import backpass as bp
from backpass.errors import InvalidInput

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(8)
X = RNG.normal(size=(50, 6))
K = RNG.integers(0, 3, 50)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mat(tmp_path, dtype):
    model = bp.MLPClassifier((5, 4), max_iter=2, random_state=0).fit(X.astype(dtype), K)
    bp.to_mat(model, tmp_path / "weights.mat")
    file = loadmat(tmp_path / "weights.mat")
    assert [file[f"Theta{l}"].shape for l in (1, 2, 3)] == [(5, 7), (4, 6), (3, 5)]
    np.testing.assert_array_equal(file["Theta1"][:, 0], model.intercepts_[0])
    np.testing.assert_array_equal(file["Theta1"][:, 1:].T, model.coefs_[0])
    net, theta = bp.from_mat(tmp_path / "weights.mat", "relu", "log_loss")
    assert net == model.net_
    assert theta.dtype == dtype
    np.testing.assert_array_equal(theta, model.theta_)


def test_the_course_weights(shared_data, tmp_path):
    weights = shared_data("ex4weights.npz")
    savemat(tmp_path / "ex4weights.mat", weights)
    np.savez(tmp_path / "ex4weights.npz", **weights)
    data = shared_data("ex4data1.npz")
    for name in ("ex4weights.mat", "ex4weights.npz"):
        net, theta = bp.from_mat(tmp_path / name)
        J, _ = bp.cost_and_gradient(net, theta, data["X"], np.eye(10)[data["y"] - 1], lam=1.0)
        assert abs(J / 0.38376985909092381 - 1) <= 1e-12


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"W": np.ones((2, 3))}, "no matrix Theta1; it has W"),
        ({"Theta1": np.ones((2, 3)), "Theta2": np.ones((1, 5))}, "Theta2 has 5 columns"),
        ({"Theta1": np.ones((2, 1))}, "no matrix"),
        ({"Theta1": np.array([[1.0, np.nan]])}, "NaN"),
        ({"Theta1": {"a": 1}}, "no matrix"),
    ],
)
def test_bad_weights(tmp_path, arrays, part):
    savemat(tmp_path / "weights.mat", arrays)
    with pytest.raises(InvalidInput, match=part):
        bp.from_mat(tmp_path / "weights.mat")
    with pytest.raises(InvalidInput, match="There is no file"):
        bp.from_mat(tmp_path / "none.mat")
