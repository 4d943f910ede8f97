"""Puts every probe to a function and turns its answers into what the search explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from .answers import CallResult, Failed, Failure
from .probes import Probe, degenerate
from .response import Response

DOUBLE, SINGLE = 1e-9, 1e-4  # relative tolerance for functions in float64 and in float32
NUDGE = 1e-9  # relative; far above double precision's last digit, below single precision's
BENT = 1e-12  # relative; what is left of two such nudges in double precision is far below


class Called(Protocol):
    """What can be called with a probe and λ, and says of itself whether it takes λ."""

    @property
    def form(self) -> Any:
        """How the function is called."""
        ...

    @property
    def subject(self) -> Any:
        """Whose code it is."""
        ...

    @property
    def names(self) -> Any:
        """What the gradients are called that come back."""
        ...

    @property
    def takes_lam(self) -> bool:
        """Whether λ changes anything."""
        ...

    @property
    def takes_objects(self) -> bool:
        """Whether it can be handed anything, not plain numbers alone."""
        ...

    @property
    def name(self) -> str:
        """The call in words."""
        ...

    def __call__(self, probe: Probe, lam: float, y: Any = None) -> CallResult:
        """What the function answers."""
        ...

    def again(self, probe: Probe, lam: float) -> CallResult:
        """What it answers the second time."""
        ...


@dataclass(frozen=True)
class Observation:
    """What a function did on a set of probes."""

    caller: Called
    probes: tuple[Probe, ...]
    J: Response | None
    D: Response | None
    failures: tuple[Failure, ...] = field(default=())
    J_is_not_finite: bool = False

    @property
    def responses(self) -> list[Response]:
        """J and the gradient, as far as they came back."""
        return [response for response in (self.J, self.D) if response is not None]

    def under(self, of: Callable[[Probe], Probe]) -> Observation:
        """The same answers to the same problems, with another J meant."""
        J, D = (None if r is None else r.under(of) for r in (self.J, self.D))
        return replace(self, probes=tuple(map(of, self.probes)), J=J, D=D)


def observe(caller: Called, probes: tuple[Probe, ...]) -> Observation:
    """Call the function on every probe with two λ; raise Failed where no number comes back."""
    answers = [answers_of(caller, probe) for probe in probes]
    first = answers[0][0]
    failures: list[Failure] = [*first.failures, *_purity(caller, probes[0], first)]
    J = respond("J", probes, answers, failures) if first.J is not None else None
    D = respond("D", probes, answers, failures) if first.D is not None else None
    lost = first.J is not None and J is None
    J, D = _with_witnesses(caller, J), _with_witnesses(caller, D)
    return Observation(caller, probes, J, D, tuple(failures), lost)


def answers_of(caller: Called, probe: Probe) -> list[CallResult]:
    """What comes back with each of the two λ."""
    if not caller.takes_lam:
        return [caller(probe, 0.0)] * 2
    return [caller(probe, lam) for lam in probe.lams]


def is_single(caller: Called, probe: Probe) -> bool:
    """Whether a function rounds to single precision inside, whatever it returns.

    A nudge by a billionth, and one twice as large, move what is computed in double precision by a
    billionth and by two of them; in single precision they move nothing, or by a last digit.
    """
    lam = probe.lams[0] if caller.takes_lam else 0.0
    rng = np.random.default_rng(2)
    for name in ("theta", "X"):
        values = getattr(probe, name)
        nudge = NUDGE * values * rng.uniform(0.5, 1.0, values.shape)
        moved = [replace(probe, **{name: values + times * nudge}) for times in (0, 1, 2)]
        try:
            zero, one, two = (_numbers(caller(each, lam)) for each in moved)
        except Failed:
            return False
        bent, size = abs(two - 2 * one + zero).max(initial=0.0), abs(zero).max(initial=0.0)
        if bent > BENT * size or (size and not (one - zero).any() and not (two - zero).any()):
            return True
    return False


def _numbers(answer: CallResult) -> np.ndarray:
    """J alone, or the gradient where there is none."""
    if answer.J is not None:
        return np.array([answer.J])
    return np.array([]) if answer.D is None else np.nan_to_num(answer.D)


def respond(
    which: str, probes: Sequence[Probe], answers: list[list[CallResult]], failures: list[Failure]
) -> Response | None:
    """The parts without and with λ, by probe; None with a failure where they are no numbers."""
    values = []
    for probe, (low, high) in zip(probes, answers):
        pair = [np.atleast_1d(_value(which, answer)) for answer in (low, high)]
        if which == "J" and not np.isfinite(pair).all():
            failures.append(_not_finite(which, pair))
            return None
        slope = (pair[1] - pair[0]) / (probe.lams[1] - probe.lams[0])
        values.append(np.concatenate([pair[0] - probe.lams[0] * slope, slope]))
    if which == "D":
        failures.extend(_wrong_lengths(probes, values))
    tolerance = SINGLE if answers[0][0].single else DOUBLE
    return Response(which, tuple(probes), tuple(values), tolerance)


def _with_witnesses(caller: Called, response: Response | None) -> Response | None:
    """Add the degenerate probes, as far as the function gives numbers for them."""
    if response is None:
        return None
    seen = []
    for probe in degenerate(response.probes[0]):
        try:
            only = respond(response.which, [probe], [answers_of(caller, probe)], [])
        except Failed:
            continue
        if only is not None:
            seen.append((probe, only.values[0]))
    return replace(response, witnesses=tuple(seen))


def _value(which: str, answer: CallResult) -> np.ndarray:
    value = answer.J if which == "J" else answer.D
    if value is None:
        raise Failed(Failure(f"The function returns {which} on some calls only."))
    return np.asarray(value)


def _not_finite(which: str, pair: list[np.ndarray]) -> Failure:
    number = next(float(x) for v in pair for x in np.ravel(v) if not np.isfinite(x))
    name = "J" if which == "J" else "The gradient"
    why = "All the numbers that went in are ordinary ones."
    if which == "J":
        why += (
            " A logarithm of something that is not positive gives this: is every h(x) between 0 "
            "and 1, or are brackets missing in the sigmoid?"
        )
    return Failure(f"{name} is {number}.", why)


def _wrong_lengths(probes: Sequence[Probe], values: list[np.ndarray]) -> list[Failure]:
    net, size = probes[0].net, values[0].size // 2
    if size == net.n_parameters:
        return []
    return [
        Failure(
            f"The gradient has {size} numbers, but θ has {net.n_parameters}:",
            f"{net.why_so_long()}.{_length_reason(probes[0], size)}",
        )
    ]


def _length_reason(probe: Probe, size: int) -> str:
    net = probe.net
    for l, (rows, columns) in enumerate(net.shapes, start=1):
        if size == net.n_parameters + columns and l < net.L - 1:
            return f" It is s_{l} + 1 = {columns} too long: δ^({l + 1}) has kept its bias unit."
        if size == rows * columns:
            return f" It is as long as D^({l}) alone."
    if size == net.n_parameters - sum(rows for rows, _ in net.shapes):
        return " The bias columns are missing."
    return ""


def _purity(caller: Called, probe: Probe, first: CallResult) -> list[Failure]:
    """Whether a second call with the same arguments says the same."""
    lam = probe.lams[0] if caller.takes_lam else 0.0
    again = caller.again(probe, lam)
    if _close(first.J, again.J, 1e-9) and _close(first.D, again.D, 1e-9):
        return []
    if first.D is not None and again.D is not None and _close(first.J, again.J, 1e-9):
        later = [caller.again(probe, lam) for _ in range(2)]
        if _is_multiple(again.D - first.D, first.D) or _grows_evenly(again, *later):
            return [ACCUMULATED]
    return [Failure("Two calls with the same arguments return different numbers.")]


def _grows_evenly(first: CallResult, second: CallResult, third: CallResult) -> bool:
    """Whether each call adds the same to what the one before it returned."""
    if first.D is None or second.D is None or third.D is None:
        return False
    return _close(third.D - second.D, second.D - first.D, 1e-9)


ACCUMULATED = Failure(
    "Accumulators not reset: a second call with the same arguments adds to Δ of the first.",
    "Set Δ to zero inside the function.",
    where="gradient, Δ",
    formula="Δ^(l) := 0 at the start of every call",
)


def _is_multiple(more: np.ndarray, first: np.ndarray) -> bool:
    """Whether what came on top is once, or several times, what came first."""
    known = np.isfinite(first)
    times = round(float(more[known] @ first[known]) / float(first[known] @ first[known] or 1.0))
    return times > 0 and _close(more, times * first, 1e-9)


def _close(a: object, b: object, relative: float = 1e-7) -> bool:
    if a is None or b is None:
        return a is b
    size = float(np.nan_to_num(abs(np.asarray(a))).max(initial=1e-3))
    same = np.allclose(np.asarray(a), np.asarray(b), rtol=0, atol=relative * size, equal_nan=True)
    return bool(same)


def data_frames(caller: Called, probe: Probe) -> Failure | None:
    """How the function fails when y is a pandas DataFrame; None where it does not."""
    if not caller.takes_objects:
        return None
    try:
        import pandas as pd
    except ImportError:
        return None
    lam = probe.lams[0] if caller.takes_lam else 0.0
    try:
        expected = caller(probe, lam, probe.Y)
    except Failed:
        return None
    try:
        answer = caller(probe, lam, pd.DataFrame(probe.Y))
    except Failed as failed:
        return Failure(f"With y as a pandas DataFrame: {_reason(failed)}", _ADVICE, False)
    if _close(expected.J, answer.J) and _close(expected.D, answer.D):
        return None
    what = "With y as a pandas DataFrame the function returns other numbers."
    return Failure(what, _ADVICE, False)


_ADVICE = (
    "A DataFrame is indexed by its labels, so d[:, 1:] is no slice of columns, and sums of it are "
    "taken by column: convert at the door, with y = np.asarray(y, dtype=float)."
)


def _reason(failed: Failed) -> str:
    words = failed.failure.what
    start = "The function raises "
    return f"{words[len(start) :].rstrip('.')} is raised." if words.startswith(start) else words
