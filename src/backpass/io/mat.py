"""Weights as the course's .mat files have them: Theta1, Theta2, …, bias in column 0."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import savemat
from sklearn.utils.validation import check_is_fitted

from ..activations import Activation
from ..data.array_files.matlab import read_mat
from ..data.readers import parse, read_npz
from ..errors import InvalidInput
from ..losses import Loss
from ..models.table_model import Estimator
from ..network import Network
from ..storage.atomic import atomic_write


def to_mat(estimator: Estimator, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write the weights as the course's .mat file: Theta1, Theta2, …, bias in column 0.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Fitted.
    path : str or path
        The file.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    OutputExists
        If the file exists and ``force`` is not given.
    WriteError
        If the disk is full or the like; what was there before is left.

    Examples
    --------
    >>> import tempfile, numpy as np, backpass as bp
    >>> model = bp.MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs").fit(np.eye(3), [1, 2, 3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bp.to_mat(model, folder + "/weights.mat")
    ...     net, theta = bp.from_mat(folder + "/weights.mat", "relu", "squared_error")
    >>> net.sizes, bool((theta == model.theta_).all())
    ((3, 2, 1), True)
    """
    check_is_fitted(estimator, "theta_")
    Thetas = estimator.net_.roll(np.asarray(estimator.theta_))
    buffer = io.BytesIO()
    savemat(buffer, {f"Theta{l}": Theta for l, Theta in enumerate(Thetas, start=1)})
    atomic_write(path, buffer.getvalue(), force)


def from_mat(
    path: str | os.PathLike[str],
    hidden: str | Activation | Sequence[str | Activation] = "logistic",
    loss: str | Loss = "binary_log_loss",
) -> tuple[Network, np.ndarray]:
    """Read weights Theta1, Theta2, … from a .mat or .npz file.

    Parameters
    ----------
    path : str or path
        The file, as the course has it.
    hidden : str, Activation, or a list of them
        The activations of the hidden layers, which such a file does not name.
    loss : str or Loss
        And the loss.

    Returns
    -------
    net : Network
        Of the sizes that the matrices have.
    theta : ndarray of shape (n,)
        The matrices unrolled.

    Raises
    ------
    InvalidInput
        If the file has no such matrices, or their shapes do not make a network.

    Examples
    --------
    >>> import tempfile, backpass as bp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/weights.npz", Theta1=np.ones((2, 4)), Theta2=np.ones((1, 3)))
    ...     net, theta = bp.from_mat(folder + "/weights.npz", "tanh", "squared_error")
    >>> net.sizes, theta.shape
    ((3, 2, 1), (11,))
    """
    path = Path(path)
    if not os.path.exists(path):
        raise InvalidInput(f"There is no file {path}.")
    arrays = parse(path, read_npz if path.suffix == ".npz" else read_mat)
    Thetas: list[np.ndarray] = []
    while (name := f"Theta{len(Thetas) + 1}") in arrays:
        Thetas.append(_checked_matrix(path, name, arrays[name], Thetas))
    if not Thetas:
        raise InvalidInput(f"{path} has no matrix Theta1; it has {', '.join(arrays) or 'none'}.")
    sizes = (Thetas[0].shape[1] - 1, *(len(Theta) for Theta in Thetas))
    net = Network(sizes, hidden, loss)
    return net, net.unroll(Thetas)


def _checked_matrix(
    path: Path, name: str, Theta: np.ndarray, before: list[np.ndarray]
) -> np.ndarray:
    """A Θ of numbers whose columns fit the rows of the one before."""
    if Theta.ndim != 2 or Theta.dtype.kind not in "iuf" or Theta.shape[1] < 2:
        raise InvalidInput(f"{path}: {name} has the shape {Theta.shape} and is no matrix Θ.")
    if before and Theta.shape[1] != len(before[-1]) + 1:
        raise InvalidInput(
            f"{path}: {name} has {Theta.shape[1]} columns, but the layer before has "
            f"{len(before[-1])} units, so it needs {len(before[-1]) + 1}."
        )
    if not np.isfinite(Theta).all():
        raise InvalidInput(f"{path}: {name} holds NaN or infinite numbers.")
    return Theta if Theta.dtype.name in ("float32", "float64") else Theta.astype(np.float64)
