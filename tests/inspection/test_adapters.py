"""Traces of other people's models, against their own predictions and torch's autograd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import neural_network

import backpass as bp
from backpass.errors import InvalidInput
from backpass.inspection.adapters import TORCH_ACTIVATIONS, as_network, trace_model


@pytest.fixture
def data(rng):
    X = rng.normal(size=(30, 4))
    return X, np.array(["a", "b", "c"])[rng.integers(0, 3, 30)], X @ rng.normal(size=(4, 2))


def theirs(kind, **settings):
    return kind(hidden_layer_sizes=(5, 3), solver="lbfgs", max_iter=15, random_state=0, **settings)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_scikit_learns_classifier(data, activation):
    X, labels, _ = data
    model = theirs(neural_network.MLPClassifier, activation=activation, alpha=0.3).fit(X, labels)
    t = trace_model(model, X, labels)
    np.testing.assert_allclose(t.a[4], model.predict_proba(X), rtol=1e-12)
    assert t.lam == 0.3
    np.testing.assert_allclose(t.J, model.loss_, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learns_regressor_and_two_classes(data):
    X, labels, numbers = data
    model = theirs(neural_network.MLPRegressor).fit(X, numbers)
    np.testing.assert_allclose(trace_model(model, X, numbers).a[4], model.predict(X), rtol=1e-12)
    two = theirs(neural_network.MLPClassifier).fit(X, labels == "a")
    t = trace_model(two, X, labels == "a")
    np.testing.assert_allclose(t.a[4][:, 0], two.predict_proba(X)[:, 1], rtol=1e-12)
    np.testing.assert_array_equal(t.Y[:, 0], labels == "a")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_our_estimators(data):
    X, labels, _ = data
    model = bp.MLPClassifier((4,), solver="lbfgs", max_iter=10, alpha=0.5).fit(X, labels)
    t = trace_model(model, X, labels)
    assert t.net is model.net_
    np.testing.assert_allclose(t.a[3], model.predict_proba(X), rtol=1e-12)


def test_the_courses_weights(shared_data):
    weights, digits = shared_data("ex4weights.npz"), shared_data("ex4data1.npz")
    t = trace_model([weights["Theta1"], weights["Theta2"]], digits["X"], digits["y"].ravel(), lam=1)
    np.testing.assert_allclose(t.J, 0.38376985909092381, rtol=1e-12)


def test_a_mat_file(tmp_path, rng):
    from scipy.io import savemat

    Thetas = [rng.normal(size=(3, 3)), rng.normal(size=(2, 4))]
    savemat(tmp_path / "weights.mat", {"Theta1": Thetas[0], "Theta2": Thetas[1]})
    X = rng.normal(size=(6, 2))
    t = trace_model(tmp_path / "weights.mat", X, [1, 2, 1, 2, 2, 1])
    np.testing.assert_array_equal(t.Thetas[2], Thetas[1])
    np.testing.assert_array_equal(t.Y.argmax(axis=1) + 1, [1, 2, 1, 2, 2, 1])


# --- torch -----------------------------------------------------------------------------------


def torch_model(torch, rng, activations, last):
    torch.manual_seed(int(rng.integers(1000)))
    nn, sizes = torch.nn, [4, *rng.integers(2, 6, len(activations)), 3]
    modules = []
    for k, name in enumerate(activations):
        modules.append(nn.Linear(int(sizes[k]), int(sizes[k + 1])))
        extra = {"approximate": "tanh"} if name == "GELU" else {}
        modules.append(getattr(nn, name)(**extra))
    modules.append(nn.Linear(int(sizes[-2]), 3))
    if last == "Softmax":
        modules.append(nn.Softmax(dim=1))
    elif last:
        modules.append(getattr(nn, last)())
    return nn.Sequential(*modules).double()


LOSSES = {
    "log_loss": ("", lambda nn: nn.CrossEntropyLoss()),
    "squared_error": ("", lambda nn: lambda a, Y: ((a - Y) ** 2).sum() / 2 / len(Y)),
    "binary_log_loss": ("Sigmoid", lambda nn: lambda a, Y: nn.BCELoss(reduction="sum")(a, Y)
                        / len(Y)),
}  # fmt: skip


@given(
    names=st.lists(st.sampled_from(sorted(TORCH_ACTIVATIONS)), min_size=0, max_size=3),
    loss=st.sampled_from(sorted(LOSSES)),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=25, deadline=None)
def test_torch_gives_the_same_gradient_by_autograd(names, loss, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    last, make_loss = LOSSES[loss]
    model = torch_model(torch, rng, names, last)
    X, Y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, 7)]
    value = make_loss(torch.nn)(model(torch.tensor(X)), torch.tensor(Y))
    value.backward()
    t = trace_model(model, X, Y, loss=loss)
    np.testing.assert_allclose(t.J, value.item(), rtol=1e-12)
    linear = [module for module in model if isinstance(module, torch.nn.Linear)]
    for l, module in enumerate(linear, start=1):
        np.testing.assert_allclose(t.D[l][:, 1:], module.weight.grad, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(t.D[l][:, 0], module.bias.grad, rtol=1e-11, atol=1e-12)


def test_torch_labels_count_from_zero(rng):
    torch = pytest.importorskip("torch")
    model = torch_model(torch, rng, ["ReLU"], "Softmax")
    t = trace_model(model, rng.normal(size=(3, 4)), [0, 1, 2])
    np.testing.assert_array_equal(t.Y, np.eye(3))
    assert t.net.loss.name == "log_loss"


def test_torch_models_that_cannot_be_traced(rng):
    nn = pytest.importorskip("torch").nn
    for model, words in (
        (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), "no counterpart"),
        (nn.Sequential(nn.Linear(2, 3)), "its loss must be said"),
        (nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.3), nn.Linear(3, 1)), "negative_slope"),
        (nn.Sequential(nn.ReLU(), nn.Linear(2, 3)), "before the first"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 1)), "single"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "No loss"),
        (nn.Sequential(nn.Flatten()), "no Linear"),
        (nn.Sequential(nn.Flatten(0), nn.Linear(2, 3)), "start_dim=1"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0)), "dim=1"),
        (nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=0)), "dim=1"),
        (nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), "BCELoss takes the mean"),
        (nn.Sequential(nn.Linear(2, 3, bias=False), nn.Softmax(1)), "no bias"),
        (nn.Sequential(nn.Dropout(0.1), nn.Linear(2, 3), nn.Softmax(1)), r"model.eval\(\)"),
        (nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1)), "approximate='tanh'"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softplus(2.0), nn.Linear(3, 1)), "beta=1"),
        (nn.Sequential(nn.Linear(2, 3), nn.ELU(), nn.Linear(3, 1)), "no counterpart"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(1)).half(), "float16"),
    ):
        with pytest.raises(InvalidInput, match=words):
            as_network(model)


@pytest.mark.parametrize("model", [3, object(), [], [np.ones(3)], neural_network.MLPClassifier()])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(InvalidInput):
        as_network(model)


def test_a_network_with_its_theta_is_returned_as_it_is():
    net = bp.Network((2, 1), ())
    theta = np.zeros(3)
    assert as_network((net, theta)) == (net, theta)


def test_torch_layers_that_are_used_twice_or_watched(rng):
    nn = pytest.importorskip("torch").nn
    square = nn.Linear(3, 3)
    with pytest.raises(InvalidInput, match="shares its weights"):
        as_network(nn.Sequential(square, nn.Tanh(), square, nn.Softmax(1)))
    tied = nn.Linear(3, 3)
    tied.weight = square.weight
    with pytest.raises(InvalidInput, match="shares its weights"):
        as_network(nn.Sequential(square, nn.Tanh(), tied, nn.Softmax(1)))
    square.register_forward_hook(lambda module, inputs, output: 2 * output)
    with pytest.raises(InvalidInput, match="has hooks"):
        as_network(nn.Sequential(square, nn.Softmax(1)))

    class Linear(nn.Linear):
        def forward(self, X):
            return 2 * super().forward(X)

    with pytest.raises(InvalidInput, match="no counterpart"):
        as_network(nn.Sequential(Linear(3, 3), nn.Softmax(1)))


def test_torch_dropout_that_sleeps_is_no_dropout(rng):
    nn = pytest.importorskip("torch").nn
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Softmax(-1)).eval()
    assert as_network(model)[0].sizes == (2, 3)


def test_a_softplus_that_torch_makes_linear_is_refused(rng):
    torch = pytest.importorskip("torch")
    model = torch_model(torch, rng, ["Softplus"], "Softmax")
    X = rng.normal(size=(3, 4))
    assert trace_model(model, X, [0, 1, 2]).net.hidden[0].name == "softplus"
    with pytest.raises(InvalidInput, match="linear beyond its threshold of 20"):
        trace_model(model, 1000 * X, [0, 1, 2])


# --- stand-ins, which need no torch --------------------------------------------------------------


class Tensor:
    dtype = "torch.float64"

    def __init__(self, values):
        self.values = np.asarray(values)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values


def stand_in(name, **settings):
    kind = type(name, (), {"__module__": "torch.nn.modules", "__repr__": lambda self: f"{name}()"})
    module = kind()
    vars(module).update(settings)
    return module


def sequence_of(*modules):
    kind = type(
        "Sequential", (), {"__module__": "torch.nn", "__iter__": lambda self: iter(modules)}
    )
    return kind()


def linear(rng, before, after):
    weight, bias = Tensor(rng.normal(size=(after, before))), Tensor(rng.normal(size=after))
    return stand_in("Linear", weight=weight, bias=bias, in_features=before, out_features=after)


def with_activation(rng, name, **settings):
    middle = stand_in(name, **settings)
    return sequence_of(linear(rng, 2, 3), middle, linear(rng, 3, 2), stand_in("Softmax", dim=1))


@pytest.mark.parametrize(
    ("name", "setting", "ours", "theirs"),
    [
        ("GELU", "approximate", "tanh", "none"),
        ("LeakyReLU", "negative_slope", 0.01, 0.2),
        ("Softplus", "beta", 1, 1.5),
    ],
)
def test_an_activation_with_another_setting_is_refused(rng, name, setting, ours, theirs):
    net, theta = as_network(with_activation(rng, name, **{setting: ours}))
    assert (net.sizes, net.hidden[0].name) == ((2, 3, 2), TORCH_ACTIVATIONS[name])
    assert theta.shape == (net.n_parameters,)
    with pytest.raises(InvalidInput, match=f"that has {setting}={ours!r}"):
        as_network(with_activation(rng, name, **{setting: theirs}))
