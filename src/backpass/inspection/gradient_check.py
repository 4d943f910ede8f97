"""What a gradient check found: a value that says itself in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .gradient_patterns import Part, patterns


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """What a gradient check found.

    Attributes
    ----------
    analytic, numeric : ndarray of shape (k,)
        The two gradients, at ``indices``.
    indices : ndarray of shape (k,)
        Which entries of θ were checked.
    method : str
        ``"complex"`` or ``"central"``.
    tolerance : float
        Relative difference up to which the check passes.
    names : tuple of str or None
        A name for each entry of θ that was checked, such as ``Theta2[3, 0]``.
    error : ndarray of shape (k,) or None
        What rounding, and the step, may have done to each entry; nothing where not given.
    low, high : ndarray of shape (k,) or None
        The slopes of J on the two sides of a kink; the numeric gradient elsewhere.
    set_aside : ndarray of shape (k,), bool, or None
        Entries at which θ lies on a kink of J, where every slope between the two sides' is right.
    parts : tuple of Part
        θ's arrays by their names, where every entry was checked.

    Examples
    --------
    >>> import numpy as np
    >>> ours, theirs = np.array([1.0, 2.0]), np.array([1.0, 4.0])
    >>> check = GradientCheck(ours, theirs, np.arange(2), "central", tolerance=1e-8)
    >>> check.ok, check.relative_differences.round(3).tolist()
    (False, [0.0, 0.333])
    """

    analytic: np.ndarray
    numeric: np.ndarray
    indices: np.ndarray
    method: str
    tolerance: float
    names: tuple[str, ...] | None = None
    error: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    set_aside: np.ndarray | None = None
    parts: tuple[Part, ...] = ()

    @property
    def relative_differences(self) -> np.ndarray:
        """``|analytic − numeric| / (|analytic| + |numeric|)`` by entry, beyond what rounding does.

        On a kink the nearest slope between those of its two sides stands for the numeric one.
        """
        low = self.numeric if self.low is None else self.low
        high = self.numeric if self.high is None else self.high
        nearest = np.clip(self.analytic, low, high)
        with np.errstate(all="ignore"):
            beyond = np.abs(self.analytic - nearest)
            beyond = beyond if self.error is None else np.maximum(beyond - self.error, 0.0)
            relative = beyond / (np.abs(self.analytic) + np.abs(nearest))
        relative[beyond == 0] = 0.0
        return np.where(np.isnan(relative), 1.0, relative)

    @property
    def relative_difference(self) -> float:
        """The largest of the entries' relative differences; 0 where there is no entry."""
        return float(self.relative_differences.max(initial=0.0))

    @property
    def differing(self) -> np.ndarray:
        """Which of the entries differ by more than the tolerance."""
        return self.relative_differences > self.tolerance

    @property
    def ok(self) -> bool:
        """Whether the gradients agree to the tolerance, in every entry."""
        return self.relative_difference <= self.tolerance

    @property
    def kinks(self) -> int:
        """How many of the entries were set aside because θ lies on a kink of J."""
        return 0 if self.set_aside is None else int(self.set_aside.sum())

    @property
    def patterns(self) -> tuple[str, ...]:
        """Sentences on each array that differs: by a factor, in one column, transposed, …

        Examples
        --------
        >>> import backpass as bp, numpy as np
        >>> W = {"W1": np.ones((2, 3)), "b1": np.zeros(2)}
        >>> def doubled(W):
        ...     return (W["W1"] ** 2).sum() + W["b1"].sum(), {"W1": 4 * W["W1"], "b1": np.ones(2)}
        >>> bp.check_gradient(doubled, W).patterns
        ('W1 is twice what it should be throughout.',)
        """
        if self.ok or not self.parts:
            return ()
        low = self.numeric if self.low is None else self.low
        high = self.numeric if self.high is None else self.high
        wrong = self.differing
        error = np.zeros(wrong.shape) if self.error is None else self.error
        return patterns(self.parts, self.analytic, np.clip(self.analytic, low, high), wrong, error)

    def worst(self, count: int = 5) -> list[tuple[str, float, float]]:
        """List the entries that differ most, worst first.

        Parameters
        ----------
        count : int
            How many of them.

        Returns
        -------
        list of tuple
            (name, analytic, numeric) of each.

        Examples
        --------
        >>> import backpass as bp
        >>> bp.check_gradient(lambda x: ((x**2).sum(), x), [1.0, 2.0]).worst(1)
        [('theta[1]', 2.0, 4.0)]
        """
        by_size = -np.abs(self.analytic - self.numeric)
        order = np.lexsort((by_size, -self.relative_differences))[:count]
        return [
            (self._name(k), float(self.analytic[k]), float(self.numeric[k])) for k in order.tolist()
        ]

    def __str__(self) -> str:
        wrong = self.differing
        sentences = " ".join([self._sentence(), *self.patterns])
        lines = [sentences, *self._about_kinks(), *self._about_rounding()]
        if wrong.any():
            shown = self.worst(min(5, int(wrong.sum())))
            lines += [f"  {n}: analytic {a: .10g}, numeric {b: .10g}" for n, a, b in shown]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _sentence(self) -> str:
        wrong = int(self.differing.sum())
        entries = "entry" if len(self.indices) == 1 else "entries"
        verdict = f"DIFFERS in {wrong} of" if wrong else "agrees with the numeric one in all"
        return (
            f"The analytic gradient {verdict} {len(self.indices)} {entries}"
            f"{' from the numeric one' if wrong else ''} ({self._method_in_words()}): largest "
            f"relative difference {self.relative_difference:.3g}, tolerance {self.tolerance:.1g}."
        )

    def _about_kinks(self) -> list[str]:
        if not self.kinks:
            return []
        place = "1 of the entries" if self.kinks == 1 else f"{self.kinks} of the entries"
        return [
            f"At {place} theta lies on a kink of J: set aside, for every slope between those of "
            "its two sides is right there."
        ]

    def _about_rounding(self) -> list[str]:
        """Say it where rounding hides more than the tolerance."""
        if self.error is None or not len(self.indices):
            return []
        size = np.abs(self.analytic) + np.abs(self.numeric)
        blurred = self.error > np.maximum(self.tolerance, 1e-7) * size
        blurred &= (size > 0) & (self.relative_differences <= self.tolerance)
        if not blurred.any():
            return []
        seen = float(self.error[blurred].max())
        return [
            f"Rounding lets {int(blurred.sum())} of them be told less sharply, up to {seen:.1g} "
            "in size."
        ]

    def _name(self, k: int) -> str:
        return self.names[k] if self.names else f"theta[{self.indices[k]}]"

    def _method_in_words(self) -> str:
        return "complex step" if self.method == "complex" else "central differences"
