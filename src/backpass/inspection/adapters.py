"""A trace of anyone's model: ours, scikit-learn's, PyTorch's, and the course's weights.

PyTorch is never imported here: whoever passes a model has imported it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..activations import Activation
from ..arrays import Array, one_hot
from ..errors import InvalidInput
from ..estimators.targets.labels import Labels
from ..io.mat import from_mat
from ..io.sklearn import from_sklearn
from ..losses import Loss, find_loss
from ..network import Network
from .decay import lam_of_rows
from .trace import Trace, trace

Model = Any  # whose classes are not imported here: of any library, and of any kind
Hidden = str | Activation | Sequence[str | Activation]

# torch.nn class -> our activation; those with settings are looked at more closely.
TORCH_ACTIVATIONS = {
    "Sigmoid": "logistic",
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Softplus": "softplus",
    "Identity": "identity",
}
TORCH_SETTINGS: dict[str, tuple[str, tuple[object, ...]]] = {  # and what it may be
    "LeakyReLU": ("negative_slope", (0.01,)),
    "GELU": ("approximate", ("tanh",)),
    "Softplus": ("beta", (1,)),
    "Softmax": ("dim", (1, -1, None)),
    "LogSoftmax": ("dim", (1, -1, None)),
    "Flatten": ("start_dim", (1, -1)),
}
SOFTPLUS_LINEAR = 20.0  # PyTorch's softplus is z from here on, which ours never is
# Last module -> the loss whose output activation it is.
TORCH_OUTPUTS = {"Sigmoid": "binary_log_loss", "Softmax": "log_loss", "LogSoftmax": "log_loss"}
TORCH_PASSIVE = ("Dropout", "Flatten")


def as_network(
    model: Model, *, hidden: Hidden | None = None, loss: str | Loss | None = None
) -> tuple[Network, Array]:
    """Turn another library's model into a network and its θ.

    Parameters
    ----------
    model : object
        A fitted estimator of this library or scikit-learn's MLPClassifier or MLPRegressor; a
        ``torch.nn.Sequential`` of Linear and activations; the path of a .mat or .npz file with
        Theta1, Theta2, …; a list of Θ; or (net, theta), which is returned as it is.
    hidden : str, Activation or sequence, optional
        The hidden activations, where the model does not say them: files and lists of Θ. The
        logistic function where not given.
    loss : str or Loss, optional
        The loss, where the model does not say it. For a file or a list ``binary_log_loss`` where
        not given; a torch model says it by its last module when that is Sigmoid or Softmax.

    Returns
    -------
    net : Network
        Sizes and functions.
    theta : array of shape (n,)
        All parameters, unrolled, in the model's own precision.

    Raises
    ------
    InvalidInput
        If the model is none of these, is not fitted, or holds something the library lacks.

    Notes
    -----
    ``squared_error`` is ½ Σ over the outputs, averaged over the examples; PyTorch's ``MSELoss``
    averages over outputs too and has no ½, so its gradient is 2/K times this one.
    ``binary_log_loss`` is the sum over the outputs, where PyTorch's ``BCELoss`` averages.
    A torch module that computes anything else than the library is refused: dropout in training
    mode, layers without bias or with shared weights, hooks, and settings that ours lacks.

    Examples
    --------
    >>> import numpy as np
    >>> net, theta = as_network([np.ones((3, 3)), np.ones((2, 4))])
    >>> net.sizes
    (2, 3, 2)
    """
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        return model[0], model[1]
    if isinstance(model, str | os.PathLike):
        return from_mat(model, hidden or "logistic", loss or "binary_log_loss")
    if isinstance(model, list | tuple):
        return _from_thetas(model, hidden or "logistic", loss or "binary_log_loss")
    if hasattr(model, "net_") and hasattr(model, "theta_"):
        return model.net_, model.theta_
    if type(model).__module__.startswith("sklearn."):
        ours = from_sklearn(model)
        return ours.net_, ours.theta_
    if _is_torch(model):
        return _from_torch(model, loss)
    raise InvalidInput(f"A {type(model).__name__} is no fitted model that can be traced.")


def trace_model(
    model: Model,
    X: Array,
    y: ArrayLike,
    *,
    lam: float | None = None,
    hidden: Hidden | None = None,
    loss: str | Loss | None = None,
) -> Trace:
    """Trace one pass of another library's model: every a, z, δ, Δ and D, and J.

    Parameters
    ----------
    model : object
        As for ``as_network``.
    X : array-like or sparse matrix of shape (m, s_1)
        Inputs, as the model's first layer gets them.
    y : array-like of shape (m,) or (m, s_L)
        Labels or numbers, as the model was fitted with, or Y itself. Labels count from 0 for
        torch, as its cross-entropy does, and from 1 for the course's weights.
    lam : float, optional
        λ; where not given that of which the rows have the training's λ/W, if the model has an
        ``alpha``, else 0. A model that does not tell how many rows it was trained on (one of
        scikit-learn's lbfgs) is taken to be trained on these.
    hidden, loss
        As for ``as_network``.

    Returns
    -------
    Trace
        As ``bp.trace`` returns.

    Raises
    ------
    InvalidInput
        As ``as_network`` and ``bp.trace``.

    Examples
    --------
    >>> import numpy as np, sklearn.neural_network
    >>> theirs = sklearn.neural_network.MLPRegressor(solver="lbfgs", random_state=0)
    >>> X, y = np.eye(3), np.array([1.0, 2.0, 3.0])
    >>> t = trace_model(theirs.fit(X, y), X, y)
    >>> bool(np.allclose(t.a[3][:, 0], theirs.predict(X)))
    True
    """
    net, theta = as_network(model, hidden=hidden, loss=loss)
    Y = _targets(model, net, np.asarray(y))
    if lam is None:
        lam = lam_of_rows(model, len(Y)) if hasattr(model, "alpha") else 0.0
    t = trace(net, theta, X, Y, lam=lam)
    if _is_torch(model):
        _check_softplus(t)
    return t


def _check_softplus(t: Trace) -> None:
    """Raise where PyTorch's softplus has become linear, and ours has not."""
    for l in range(2, t.net.L):
        if t.net.activation(l).name == "softplus" and t.z[l].max() > SOFTPLUS_LINEAR:
            raise InvalidInput(
                f"Softplus of layer {l} gets {t.z[l].max():.4g}: PyTorch's is linear beyond its "
                f"threshold of {SOFTPLUS_LINEAR:g}, the library's is not."
            )


def _targets(model: Model, net: Network, y: np.ndarray) -> np.ndarray:
    """Y of shape (m, s_L), from labels or numbers."""
    classes = getattr(model, "classes_", None)
    if isinstance(classes, list):
        return Labels(tuple(classes)).encode(y).astype(float)
    if classes is not None and y.ndim == 1:
        return Labels((classes,)).encode(y).astype(float)
    if y.ndim == 1 and net.sizes[-1] > 1:
        return _one_hot(model, net, y)
    return y


def _one_hot(model: Model, net: Network, y: np.ndarray) -> np.ndarray:
    """Labels of a model that does not know its classes."""
    first = 0 if _is_torch(model) else 1
    return one_hot(y, np.arange(first, first + net.sizes[-1]))


def _from_thetas(
    Thetas: Iterable[ArrayLike], hidden: Hidden, loss: str | Loss
) -> tuple[Network, Array]:
    matrices = [np.asarray(Theta) for Theta in Thetas]
    if not matrices or any(Theta.ndim != 2 for Theta in matrices):
        raise InvalidInput("A list of Θ must hold matrices of shape (s_{l+1}, s_l + 1).")
    net = Network((matrices[0].shape[1] - 1, *(len(T) for T in matrices)), hidden, loss)
    return net, net.unroll(matrices)


# --- torch ---------------------------------------------------------------------------------------


def _is_torch(model: Model) -> bool:
    return any(base.__module__.startswith("torch.nn") for base in type(model).__mro__)


def _from_torch(model: Model, loss: str | Loss | None) -> tuple[Network, Array]:
    """Read Linear layers and the activations between them."""
    layers: list[Model] = []
    after: list[list[str]] = []  # names of activations behind each Linear
    for module in _modules(model):
        _check_module(module)
        if type(module).__name__ == "Linear":
            _check_linear(module, layers)
            layers.append(module)
            after.append([])
        elif type(module).__name__ not in TORCH_PASSIVE:
            _add_activation(after, module)
    if not layers:
        raise InvalidInput("This torch model has no Linear layer.")
    hidden = [_hidden_name(names) for names in after[:-1]]
    sizes = (layers[0].in_features, *(layer.out_features for layer in layers))
    net = Network(sizes, hidden, _torch_loss(after[-1], loss, sizes[-1]))
    return net, np.concatenate([_torch_theta(layer).reshape(-1) for layer in layers])


def _modules(model: Model) -> Iterable[Model]:
    """The modules of a Sequential in their order, nested ones included."""
    if type(model).__name__ != "Sequential":
        return [model]
    return [inner for child in model for inner in _modules(child)]


def _check_module(module: Model) -> None:
    """Raise where a module computes something else than its name says, or than the library does."""
    name = type(module).__name__
    known = {"Linear", *TORCH_PASSIVE, *TORCH_ACTIVATIONS, *TORCH_OUTPUTS}
    if name not in known or not type(module).__module__.startswith("torch.nn"):
        raise InvalidInput(f"The torch module {module} has no counterpart in the library.")
    if name in TORCH_SETTINGS:
        setting, values = TORCH_SETTINGS[name]
        if getattr(module, setting) not in values:
            raise InvalidInput(f"{module} is not the library's: that has {setting}={values[0]!r}.")
    if name == "Dropout" and module.training and module.p > 0:
        raise InvalidInput(f"{module} draws in training mode: call model.eval() first.")
    if getattr(module, "_forward_hooks", None) or getattr(module, "_forward_pre_hooks", None):
        raise InvalidInput(f"{module} has hooks, which may change what it computes.")


def _check_linear(layer: Model, before: list[Model]) -> None:
    """Raise where a layer has no bias, or shares its weights: D would be another one's."""
    if layer.bias is None:
        raise InvalidInput(
            f"{layer} has no bias, but every unit of the library's networks has one: give it "
            "bias=True, and zeros in it."
        )
    if any(layer.weight is other.weight or layer.bias is other.bias for other in before):
        raise InvalidInput(f"{layer} shares its weights with an earlier layer.")
    if str(layer.weight.dtype) not in ("torch.float32", "torch.float64"):
        raise InvalidInput(
            f"{layer} has weights of {layer.weight.dtype}: call model.float() first."
        )


def _add_activation(after: list[list[str]], module: Model) -> None:
    name = type(module).__name__
    if not after:
        raise InvalidInput(f"{module} stands before the first Linear layer.")
    if name != "Identity":
        after[-1].append(name)


def _hidden_name(names: list[str]) -> str:
    """The activation behind a hidden Linear; none is the identity."""
    if len(names) > 1 or any(name not in TORCH_ACTIVATIONS for name in names):
        raise InvalidInput(f"{' and '.join(names)} behind a hidden layer is no single activation.")
    return TORCH_ACTIVATIONS[names[0]] if names else "identity"


def _torch_loss(last: list[str], loss: str | Loss | None, units: int) -> Loss:
    """The loss that was named, if it goes with the last module, or the one that module means."""
    if len(last) > 1:
        raise InvalidInput(f"{' and '.join(last)} behind the last layer is no single activation.")
    if last and last[0] not in TORCH_OUTPUTS:
        raise InvalidInput(f"No loss of the library has {last[0]} as its output activation.")
    means = TORCH_OUTPUTS[last[0]] if last else None
    if loss is None and means is None:
        raise InvalidInput(
            "The torch model ends with a Linear layer, so its loss must be said: "
            "loss='log_loss' for CrossEntropyLoss, 'binary_log_loss' for BCEWithLogitsLoss, summed "
            "over the outputs, "
            "'squared_error' for MSELoss."
        )
    if loss is None and means == "binary_log_loss" and units > 1:
        raise InvalidInput(
            f"The torch model ends with {units} Sigmoid units, over which BCELoss takes the mean, "
            "but binary_log_loss the sum: say loss='binary_log_loss' if the sum is meant."
        )
    found = find_loss(loss or means or "")
    if means is not None and found.output != find_loss(means).output:
        raise InvalidInput(f"The model ends with {last[0]}, but {found.name} has {found.output}.")
    return found


def _torch_theta(layer: Model) -> np.ndarray:
    """[b, Wᵀ] of a Linear layer, shape (s_l + 1, s_{l+1})."""
    weight, bias = (part.detach().cpu().numpy() for part in (layer.weight, layer.bias))
    return np.vstack([bias, weight.T]).astype(weight.dtype)
