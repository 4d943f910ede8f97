"""J and the validation score by epoch, as far as training went."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from . import canvas
from .models import HasLossCurve, as_drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D


class TrainingDisplay:
    """J by epoch, and the validation score below it where there is one.

    Parameters
    ----------
    J : sequence of float
        J after each epoch (or each iteration of a full-batch solver).
    validation_scores : sequence of float, optional
        Accuracy or R² on held-out rows, after each epoch.
    validation_J : sequence of float, optional
        The loss on held-out rows, drawn dashed beside J.
    stop_reason : str, optional
        The sentence that says why training stopped; it becomes the title.
    score_name : str
        What the validation score is; beside its axis.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        What was drawn on.
    axes_ : list of Axes
        One for J, and one for the validation score where there is one.
    lines_ : list of Line2D
        The curves, as many as axes.

    Raises
    ------
    InvalidInput
        If J holds no finite number.
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> display = TrainingDisplay([0.9, 0.5, 0.3]).plot()
    >>> display.lines_[0].get_ydata().tolist()
    [0.9, 0.5, 0.3]
    """

    ax_: Axes
    figure_: Figure | SubFigure
    axes_: list[Axes]
    lines_: list[Line2D]

    def __init__(
        self,
        J: Sequence[float],
        validation_scores: Sequence[float] | None = None,
        validation_J: Sequence[float] | None = None,
        stop_reason: str | None = None,
        score_name: str = "validation score",
    ) -> None:
        self.J = as_drawable(J, "J")
        self.validation_scores = _given(validation_scores)
        self.validation_J = _given(validation_J)
        self.stop_reason = stop_reason
        self.score_name = score_name

    @classmethod
    def from_estimator(cls, estimator: HasLossCurve, *, ax: Axes | None = None) -> TrainingDisplay:
        """Draw the curves of a fitted estimator, ours or scikit-learn's.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            Fitted; its ``loss_curve_``, ``validation_scores_`` and ``validation_loss_curve_`` are
            drawn, as far as it has them.
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.

        Returns
        -------
        TrainingDisplay

        Raises
        ------
        InvalidInput
            If the estimator has no ``loss_curve_``.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> fitted = SimpleNamespace(loss_curve_=[2.0, 1.0])
        >>> TrainingDisplay.from_estimator(fitted).J.tolist()
        [2.0, 1.0]
        """
        if not hasattr(estimator, "loss_curve_"):
            raise InvalidInput(f"{type(estimator).__name__} has no loss_curve_: fit it first.")
        scores = getattr(estimator, "validation_scores_", None)
        losses = getattr(estimator, "validation_loss_curve_", None)
        reason = getattr(estimator, "stop_reason_", None)
        sentence = None if reason is None else str(getattr(reason, "value", reason))
        return cls(estimator.loss_curve_, scores, losses, sentence).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TrainingDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        TrainingDisplay
            Itself.

        Examples
        --------
        >>> len(TrainingDisplay([2.0, 1.0], [0.5, 0.75]).plot().axes_)
        2
        """
        curves = [("J", self.J, canvas.BLUE)]
        if self.validation_scores is not None:
            curves.append((self.score_name, self.validation_scores, canvas.VERMILION))
        self.ax_ = canvas.new_axes(6.4, 2.6 + 1.4 * len(curves)) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.axes_ = [self.ax_] if len(curves) == 1 else canvas.panels(self.ax_, [1.4, 1.0])
        self.lines_ = [_draw(panel, *curve) for panel, curve in zip(self.axes_, curves)]
        if self.validation_J is not None:
            _draw_beside(self.axes_[0], self.validation_J)
        _mark_best(self.axes_[-1], self.lines_[-1], self.validation_scores)
        self.axes_[-1].set_xlabel("epoch")
        if self.stop_reason:
            sentence = textwrap.fill(self.stop_reason, width=72)
            self.axes_[0].set_title(sentence, fontsize="medium")
        return self


def _given(values: Sequence[float] | None) -> NDArray[np.float64] | None:
    return None if values is None or len(values) == 0 else np.asarray(values, dtype=float)


def _draw_beside(ax: Axes, validation_J: NDArray[np.float64]) -> None:
    """The loss on held-out rows, in J's panel."""
    epochs = np.arange(1, len(validation_J) + 1)
    ax.plot(epochs, validation_J, color=canvas.GREEN, ls="--", label="loss on the validation set")
    canvas.legend(ax)


def _draw(ax: Axes, name: str, values: NDArray[np.float64], colour: str) -> Line2D:
    """One curve, its axis logarithmic where J falls by more than a factor of ten."""
    epochs = np.arange(1, len(values) + 1)
    marker = "." if len(values) < 40 else None
    (line,) = canvas.styled(ax).plot(epochs, values, color=colour, marker=marker, label=name)
    ax.set_ylabel(name)
    ax.locator_params(axis="x", integer=True, min_n_ticks=1)
    positive = values[np.isfinite(values)]
    if name == "J" and positive.min() > 0 and positive.max() > 10 * positive.min():
        ax.set_yscale("log")
    return line


def _mark_best(ax: Axes, line: Line2D, scores: NDArray[np.float64] | None) -> None:
    """A ring at the best validation score, which is what early stopping restores."""
    if scores is None or not np.isfinite(scores).any():
        return
    best = int(np.nanargmax(scores))
    words = f"best: {canvas.number(scores[best], 4)}, epoch {best + 1}"
    ring: canvas.Keywords = {"ms": 9, "mfc": "none", "color": line.get_color(), "label": words}
    (best_point,) = ax.plot(best + 1, scores[best], "o", **ring)
    canvas.legend(ax, handles=[best_point])  # where it covers no curve
