"""What training rows say of their target alone, which every score is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from .scores import Constants, Scores, score_classes, score_numbers

Stored = Mapping[str, object]  # as JSON holds it


@dataclass(frozen=True, eq=False)
class Reference:
    """How often each class occurs among the training rows, or what is in the middle of numbers.

    Parameters
    ----------
    of : ndarray of shape (classes,) or Constants
        Rows of each class, in the order of the model's classes, or what they weigh; of numbers
        their mean and their median.

    Examples
    --------
    >>> reference = Reference(np.array([80, 20]))
    >>> again = Reference.from_json(reference.to_json())
    >>> classes = np.array(["no", "yes"])
    >>> again.scores(classes[[0, 0, 1]], classes[[0, 1, 1]], classes).baseline["recall"]
    0.0
    """

    of: np.ndarray | Constants

    def scores(
        self,
        truth: np.ndarray,
        predicted: np.ndarray,
        classes: np.ndarray | None,
        probabilities: np.ndarray | None = None,
        w: np.ndarray | None = None,
    ) -> Scores:
        """Score answers beside those that look at no input.

        Parameters
        ----------
        truth, predicted : ndarray of shape (m,)
            Labels, or numbers in the target's units.
        classes : ndarray of shape (n,) or None
            The labels that the model knows; None of numbers.
        probabilities : ndarray of shape (m, n) or None
            Of each class.
        w : ndarray of shape (m,) or None
            What rows weigh.

        Returns
        -------
        Scores
        """
        if isinstance(self.of, Constants):
            return score_numbers(truth, predicted, self.of, w)
        assert classes is not None
        return score_classes(truth, predicted, classes, self.of, probabilities, w)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON's types; ``from_json`` is the inverse, to the last bit."""
        of = self.of
        return asdict(of) if isinstance(of, Constants) else {"rows": of.tolist()}

    @classmethod
    def from_json(cls, stored: Stored) -> Reference:
        """Make it of what ``to_json`` gave."""
        if "rows" in stored:
            return cls(np.array(stored["rows"]))
        return cls(Constants(**stored))  # type: ignore[arg-type]
