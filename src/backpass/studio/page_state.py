"""What the page is given: a network, its numbers, and the examples to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from ..arrays import ArrayLike, ImageShape, as_csr, one_hot
from ..errors import InvalidInput
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..inspection.decay import trained_weight
from ..models.table_network import TableNetwork
from ..network import Network
from .captions import Captions

MOST_ROWS = 200
PAGE_PARAMETERS = 300_000


@dataclass(frozen=True, eq=False)
class PageState:
    """A network with its θ, and the rows that the page walks through.

    Attributes
    ----------
    net, theta, lam
        The network, its parameters (n,) in float64, and λ.
    X, Y : ndarrays of shapes (m, s_1), (m, s_L), float64
        The rows, as the network takes them.
    classes : list or None
        The label of each output; None for numbers.
    image : ImageShape or None
        Of the inputs, where they are an image.
    title : str
        What the page calls it.
    W : float or None
        What the rows of the training weigh together, by which λ is divided; these rows where None.
    captions : Captions
        What rows, inputs and outputs are called, and their units.
    ensemble : mapping or None
        The members among which the network is one, and the rows' answers of each.
    controls : sequence of mappings
        Columns of the table whose cells can be changed.
    toy : mapping or None
        What it is made with, where it is of points in a plane: the playground's settings.
    """

    net: Network
    theta: np.ndarray
    lam: float
    X: np.ndarray
    Y: np.ndarray
    classes: list[object] | None = None
    image: ImageShape | None = None
    title: str = "a network"
    W: float | None = None
    captions: Captions = field(default_factory=Captions)
    ensemble: Mapping[str, object] | None = None
    controls: Sequence[Mapping[str, object]] = ()
    toy: Mapping[str, object] | None = None

    def at(self, theta: np.ndarray) -> PageState:
        """The same page_state with other parameters."""
        return replace(self, theta=np.asarray(theta, dtype=np.float64))

    def as_json(
        self, *, live: bool, plotly: bool, served: Mapping[str, object] | None = None
    ) -> str:
        """The page_state as the page reads it: plain numbers, full precision."""
        net = self.net
        content = {
            "net": {
                "sizes": net.sizes,
                "hidden": [g.name for g in net.hidden],
                "loss": net.loss.name,
                "parameter": net.loss.parameter,
                "output": net.loss.output,
                "canonical": net.loss.canonical,
            },
            "theta": self.theta.tolist(),
            "lam": self.lam,
            "W": self.W or len(self.X),
            "X": self.X.tolist(),
            "Y": self.Y.tolist(),
            "classes": self.classes,
            "image": self.image and self.image.shape,
            "image_order": self.image.order if self.image else "C",
            "range": [self.X.min(axis=0).tolist(), self.X.max(axis=0).tolist()],
            "title": self.title,
            "captions": asdict(self.captions) | {"rows": self._row_numbers},
            "ensemble": self.ensemble,
            "controls": list(self.controls),
            "toy": self.toy,
            "live": live,
            "plotly": plotly,
            "served": dict(served or {}),
        }
        return json.dumps(content, default=_plain, allow_nan=False)

    @property
    def _row_numbers(self) -> list[int]:
        """The rows' numbers in their table; in their order where it is not known."""
        return self.captions.rows or list(range(len(self.X)))


def page_state_of(
    estimator: MLPClassifier | MLPRegressor,
    X: ArrayLike = None,
    y: ArrayLike = None,
    *,
    image: ImageShape | None = None,
    title: str | None = None,
) -> PageState:
    """Make the state of a fitted estimator and some rows; without rows, of made-up ones."""
    net: Network = estimator.net_
    _check_size(net)
    _check_known(net)
    made_up = X is None
    rows = _made_up_rows(net) if made_up else _shown(X).astype(np.float64)
    classes = _classes(estimator)
    labels = _shown(estimator.predict(rows) if y is None else y)
    return PageState(
        net,
        np.asarray(estimator.theta_, dtype=np.float64),
        float(estimator.alpha),
        rows,
        targets_of(net, labels, classes),
        classes,
        image or getattr(getattr(estimator, "preprocessing_", None), "image", None),
        (title or type(estimator).__name__) + (", with made-up rows" if made_up else ""),
        trained_weight(estimator),
        Captions(inputs=list(map(str, getattr(estimator, "feature_names_in_", ())))),
    )


def page_state_of_network(
    network: TableNetwork,
    X: np.ndarray,
    Y: np.ndarray,
    classes: list[object] | None,
    title: str,
) -> PageState:
    """Make the state of one network of an ensemble, with rows as it takes them; its λ is 0."""
    _check_size(network.net)
    _check_known(network.net)
    rows = _shown(X).astype(np.float64)
    return PageState(network.net, network.theta, 0.0, rows, _shown(Y), classes, None, title)


def _check_size(net: Network) -> None:
    if net.n_parameters > PAGE_PARAMETERS:
        raise InvalidInput(
            f"{net} has {net.n_parameters} parameters; the studio draws up to {PAGE_PARAMETERS}."
        )


def targets_of(net: Network, labels: ArrayLike, classes: list[object] | None) -> np.ndarray:
    """Turn labels or numbers into Y, (m, s_L); two classes may share one output."""
    labels = np.asarray(labels)
    if classes is None:
        return labels.astype(np.float64).reshape(len(labels), net.sizes[-1])
    if labels.ndim == 2 and labels.shape[1] == net.sizes[-1]:
        return labels.astype(np.float64)
    Y = one_hot(labels, classes)
    return Y[:, 1:] if net.sizes[-1] == 1 and Y.shape[1] == 2 else Y


def _check_known(net: Network) -> None:
    """The page knows the library's own functions only."""
    from ..activations import ACTIVATIONS
    from ..losses import LOSSES

    unknown = [g.name for g in net.hidden if g.name not in ACTIVATIONS]
    unknown += [] if net.loss.name in LOSSES else [net.loss.name]
    if unknown:
        raise InvalidInput(f"The studio's page cannot compute {unknown[0]!r}: it is user-made.")


def _classes(estimator: MLPClassifier | MLPRegressor) -> list[object] | None:
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list):
        raise InvalidInput(
            f"The studio's page shows the classes of one target, and this model predicts "
            f"{len(classes)} targets."
        )
    return None if classes is None else np.asarray(classes).tolist()


def _shown(value: ArrayLike) -> np.ndarray:
    """The first rows; the page draws every number of sparse ones, the zeros too."""
    if hasattr(value, "tocsr"):
        return as_csr(value)[:MOST_ROWS].toarray()
    return np.asarray(value)[:MOST_ROWS]


def _made_up_rows(net: Network) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, net.sizes[0]))


def _plain(value: object) -> object:
    """NumPy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) else str(value)
