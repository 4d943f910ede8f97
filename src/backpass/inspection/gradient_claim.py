"""An analytic gradient against a numeric one by entry, and which to believe where they differ.

The complex step is exact where J is analytic by pieces, but follows one piece only; differences see
both sides of a kink, but less sharply. Where the two contradict each other, J is not analytic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..differences import Function, Slopes, complex_step, complex_step_fits, differences
from ..errors import InvalidInput
from .gradient_check import GradientCheck

TOLERANCES = {"complex": 1e-12, "central": 1e-8}
SMALLEST_PART = 1e-6  # of a kink's jump, that an example may be
LOOKED_INTO = 8  # of the entries where the complex step differs, by differences at first
NO_COMPLEX = "The function takes no complex theta, which the complex step needs."


@dataclass(frozen=True, eq=False)
class Claim:
    """An analytic gradient that is to be compared with J's, at some entries of θ."""

    function: Function
    theta: np.ndarray
    where: np.ndarray
    analytic: np.ndarray
    rounding: np.ndarray
    tolerance: float | None

    def compared_with(self, numeric: Slopes, method: str) -> GradientCheck:
        """Make the verdict."""
        if np.isnan(numeric.value).any():
            raise InvalidInput("J has no numeric derivative at theta: it is not finite beside it.")
        tolerance = TOLERANCES[method] if self.tolerance is None else self.tolerance
        return GradientCheck(
            self.analytic,
            numeric.value,
            self.where,
            method,
            tolerance,
            error=self.rounding + numeric.error,
            low=numeric.low,
            high=numeric.high,
            set_aside=numeric.high > numeric.low,
        )

    def differing(self, exact: Slopes) -> np.ndarray:
        """Places of the entries where the complex step differs, worst first."""
        check = self.compared_with(exact, "complex")
        order = np.argsort(-check.relative_differences, kind="stable")
        return order[: int((check.relative_differences > check.tolerance).sum())]

    def differences_at(self, places: np.ndarray) -> Slopes:
        """What differences see at some of the entries."""
        return differences(self.function, self.theta, self.where[places])


def check_claim(claim: Claim, method: str) -> GradientCheck:
    """Judge by the method that was asked for, or by the one that can be trusted."""
    derivatives = None
    if method != "central":
        derivatives = complex_step(claim.function, claim.theta, claim.where)
    if method == "complex" and derivatives is None:
        raise InvalidInput(NO_COMPLEX)
    exact = None if derivatives is None else _exact(derivatives)
    if exact is not None and method == "auto":
        exact = _if_analytic(claim, exact)
    if exact is not None:
        return claim.compared_with(exact, "complex")
    return claim.compared_with(differences(claim.function, claim.theta, claim.where), "central")


def check_analytic_claim(claim: Claim) -> GradientCheck:
    """Judge by the complex step alone, for functions that are known to be analytic by pieces."""
    derivatives = complex_step(claim.function, claim.theta, claim.where)
    exact = _exact(np.zeros(len(claim.where)) if derivatives is None else derivatives)
    differing = claim.differing(exact)
    seen = claim.differences_at(differing[:LOOKED_INTO])
    if seen.kink.any():
        seen = claim.differences_at(differing)
    places = differing[: len(seen.value)]
    return claim.compared_with(_with_kinks(claim, exact, places, seen), "complex")


def _exact(derivatives: np.ndarray) -> Slopes:
    """What the complex step found: without an error of its own, on the smooth piece at θ."""
    none = np.zeros(len(derivatives))
    return Slopes(derivatives, none, derivatives, derivatives, none.astype(bool))


def _if_analytic(claim: Claim, exact: Slopes) -> Slopes | None:
    """The complex step's slopes, kinks set aside; None where J is not analytic.

    Where the gradients agree, a few directions will do. Where they differ, differences say at the
    entry itself which of the two is right, or that a kink lies there.
    """
    differing = claim.differing(exact)
    if not len(differing):
        fits = complex_step_fits(claim.function, claim.theta, claim.where, exact.value)
        return exact if fits else None
    seen = claim.differences_at(differing[:LOOKED_INTO])
    suspicious = seen.kink | _contradicted(exact, differing[:LOOKED_INTO], seen)
    if suspicious.any() and len(differing) > LOOKED_INTO:
        seen = claim.differences_at(differing)
    differing = differing[: len(seen.value)]
    if _contradicted(exact, differing, seen).any():
        return None
    return _with_kinks(claim, exact, differing, seen)


def _contradicted(exact: Slopes, places: np.ndarray, seen: Slopes) -> np.ndarray:
    """Where differences leave no room for the complex step's slope."""
    value = exact.value[places]
    room = 1e-6 * np.abs(value) + seen.error
    return (value < seen.low - room) | (value > seen.high + room)


def _with_kinks(claim: Claim, exact: Slopes, places: np.ndarray, seen: Slopes) -> Slopes:
    """Both sides' slopes at those of the places where a kink explains the difference.

    It does where an example, or several, count for the other side: that is a part of the slopes'
    jump. What differs by less than any such part is wrong.
    """
    low, high, error = exact.low.copy(), exact.high.copy(), exact.error.copy()
    apart = np.abs(claim.analytic - exact.value)[places]
    on = apart > SMALLEST_PART * (seen.high - seen.low)
    on &= seen.high > seen.low
    here = places[on]
    low[here] = np.minimum(seen.low[on], exact.value[here])
    high[here] = np.maximum(seen.high[on], exact.value[here])
    error[here] = seen.error[on]
    return Slopes(exact.value, error, low, high, high > low)
