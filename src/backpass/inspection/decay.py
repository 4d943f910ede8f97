"""The weight decay of some rows: λ/W is that of the training, whichever rows are looked at.

J of all training rows has the penalty (λ/2W) Σ Θ², with W = Σ w of those rows. Where only some of
them are traced, explained or checked, their own weight stands in W's place, and so λ is taken in
part.
"""

from __future__ import annotations

from typing import Protocol


class Decayed(Protocol):
    """A fitted estimator: its λ, and as far as it says it the weight of its training rows."""

    alpha: float


def trained_weight(estimator: object) -> float | None:
    """Return W of an estimator's training, Σ w of its rows; None where nothing tells it.

    Where an estimator does not keep it (scikit-learn's; one in a file of the first release), a
    mini-batch solver has counted the rows that it saw in all epochs: those of one epoch then stand
    for W, as if none had a weight.
    """
    W = getattr(estimator, "total_weight_", None)
    if W is not None:
        return float(W)
    rows, epochs = getattr(estimator, "t_", 0), len(getattr(estimator, "loss_curve_", None) or ())
    return float(rows // epochs) if epochs and rows and rows % epochs == 0 else None


def lam_of_rows(estimator: Decayed, W: float) -> float:
    """Return the λ with which rows that weigh W together have the training's λ/W.

    Where nothing tells the training's weight, these rows are taken for all of them.
    """
    trained = trained_weight(estimator)
    return float(estimator.alpha) * (1.0 if trained is None else W / trained)


def what_is_missing(estimator: object) -> str | None:
    """Say in a sentence what is not known of the training's weight; None where all is."""
    if getattr(estimator, "total_weight_", None) is not None:
        return None
    trained = trained_weight(estimator)
    if trained is None:
        return (
            "The model does not say how much its training rows weighed together, so λ is divided "
            "by the weight of these rows alone."
        )
    return (
        "The model does not say how much its training rows weighed together, so λ is divided by "
        f"their number, {trained:.0f}, as if none had a weight of its own."
    )
