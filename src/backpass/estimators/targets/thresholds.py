"""From which probability on a row is told to be of one class of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import Array
from ...errors import SettingError

Label = bool | int | float | str


@dataclass(frozen=True)
class Threshold:
    """A row is told to be of a class, of two, from this probability of it on.

    Parameters
    ----------
    positive : label
        The class.
    value : float
        From 0 to 1.

    Examples
    --------
    >>> p = np.array([[0.8, 0.2], [0.6, 0.4]])
    >>> Threshold("yes", 0.3).decide(p, np.array(["no", "yes"])).tolist()
    ['no', 'yes']
    """

    positive: Label
    value: float

    def decide(self, p: Array, classes: np.ndarray) -> np.ndarray:
        """Tell each row's class.

        Parameters
        ----------
        p : ndarray of shape (m, 2)
            Probabilities of the classes.
        classes : ndarray of shape (2,)
            Their labels.

        Returns
        -------
        ndarray of shape (m,)
            Labels.

        Raises
        ------
        SettingError
            If there are not two classes.
        """
        if len(classes) != 2:
            raise SettingError(
                "threshold",
                f"{self.value:g}",
                f"it tells two classes apart, and there are {len(classes)}.",
            )
        k = classes.tolist().index(self.positive)
        return np.where(p[:, k] >= self.value, classes[k], classes[1 - k])
