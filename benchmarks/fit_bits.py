"""The bits of a dozen fits: whoever rearranges the house sees here that nothing else has changed.

``python benchmarks/fit_bits.py --write before.json`` on the old commit, then
``python benchmarks/fit_bits.py --check before.json`` on the new one, on the same machine: bits
depend on the processor's instruction set and on the BLAS, so they are not committed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits, load_iris

import backpass as bp

Fit = Callable[[], Any]


def digits(dtype: Any = np.float64) -> tuple[Any, Any]:
    """Return 600 digits, scaled to [0, 1]."""
    X, y = load_digits(return_X_y=True)
    return (X[:600] / 16).astype(dtype), y[:600]


def diabetes() -> tuple[Any, Any]:
    """Return inputs and targets of one number, scaled."""
    X, y = load_diabetes(return_X_y=True)
    return X * 20, (y - y.mean()) / y.std()


def species() -> tuple[Any, Any]:
    """Return iris with its names as text labels."""
    iris = load_iris()
    return iris.data, iris.target_names[iris.target]


def adam() -> Any:
    return bp.MLPClassifier((32,), max_iter=8, random_state=1).fit(*digits())


def single_precision() -> Any:
    clf = bp.MLPClassifier((24, 16), "tanh", max_iter=6, random_state=2, weight_decay=0.01)
    return clf.fit(*digits(np.float32))


def nesterov_stopped_early() -> Any:
    clf = bp.MLPClassifier((20,), "gelu", solver="sgd", learning_rate="adaptive", random_state=3)
    clf.set_params(early_stopping=True, learning_rate_init=0.1, max_iter=30)
    return clf.fit(*digits())


def dropout_and_weights() -> Any:
    X, y = digits()
    clf = bp.MLPClassifier((30, 20), dropout=(0.2, 0.1), class_weight="balanced", random_state=4)
    weights = np.random.default_rng(0).exponential(size=len(y))
    return clf.set_params(max_iter=6, learning_rate="cosine").fit(X, y, weights)


def sparse_rows() -> Any:
    X, y = digits()
    clf = bp.MLPClassifier((16,), loss="binary_log_loss", max_iter=6, random_state=5)
    return clf.fit(sparse.csr_matrix(X), y)


def several_starts() -> Any:
    return bp.MLPClassifier((8,), n_init=3, max_iter=10, random_state=6).fit(*species())


def on_and_on() -> Any:
    X, y = species()
    clf = bp.MLPClassifier((8,), max_iter=5, warm_start=True, random_state=7, tol=0).fit(X, y)
    return clf.fit(X, y).partial_fit(X[::2], y[::2])


def lbfgs() -> Any:
    clf = bp.MLPClassifier((8,), "tanh", solver="lbfgs", alpha=0.1, random_state=8, max_iter=60)
    return clf.fit(*species())


def newton_with_huber() -> Any:
    reg = bp.MLPRegressor(
        hidden_layer_sizes=(6,),
        activation="softplus",
        solver="newton",
        loss=bp.huber(1.0),
        random_state=9,
    )
    return reg.set_params(max_iter=15, alpha=0.5).fit(*diabetes())


def conjugate_gradients() -> Any:
    X, y = diabetes()
    reg = bp.MLPRegressor(
        hidden_layer_sizes=(7,), activation="tanh", solver="cg", max_iter=40, random_state=10
    )
    return reg.fit(X, np.column_stack([y, y**2]))


def gradient_descent_on_blocks() -> Any:
    X, y = diabetes()
    reg = bp.MLPRegressor(
        hidden_layer_sizes=(9,),
        activation="silu",
        solver="sgd",
        loss="absolute_error",
        random_state=11,
    )
    reg.set_params(max_iter=5, learning_rate="invscaling")
    return reg.fit(bp.ArrayBlocks(X, y, rows=100))


def validated_one_cycle() -> Any:
    X, y = diabetes()
    reg = bp.MLPRegressor(
        hidden_layer_sizes=(12,),
        activation="leaky_relu",
        learning_rate="one_cycle",
        random_state=12,
    )
    reg.set_params(max_iter=8, init="he", batch_size=32)
    return reg.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])


FITS: tuple[Fit, ...] = (
    adam,
    single_precision,
    nesterov_stopped_early,
    dropout_and_weights,
    sparse_rows,
    several_starts,
    on_and_on,
    lbfgs,
    newton_with_huber,
    conjugate_gradients,
    gradient_descent_on_blocks,
    validated_one_cycle,
)


def bits(model: Any) -> str:
    """Hash θ, the curves and a prediction."""
    curves = [model.loss_curve_, model.validation_scores_ or [], model.validation_loss_curve_ or []]
    X = np.linspace(-1, 1, 5 * model.n_features_in_).reshape(5, -1).astype(model.theta_.dtype)
    parts = [model.theta_, *map(np.asarray, curves), np.asarray(model.predict(X), dtype="U32")]
    whole = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return hashlib.sha256(whole).hexdigest()[:16]


def all_bits() -> Iterator[tuple[str, str]]:
    """Fit and hash, one after another."""
    for fit in FITS:
        yield fit.__name__, bits(fit())


def main() -> int:
    """Print the hashes, and write or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="a file to write the hashes to")
    parser.add_argument("--check", type=Path, help="a file of hashes to compare with")
    asked = parser.parse_args()
    found = dict(all_bits())
    expected = json.loads(asked.check.read_text()) if asked.check else found
    for name, value in found.items():
        print(value, name, "" if expected.get(name) == value else f"was {expected.get(name)}")
    if asked.write:
        asked.write.write_text(json.dumps(found, indent=1) + "\n")
    return int(found != expected)


if __name__ == "__main__":
    sys.exit(main())
