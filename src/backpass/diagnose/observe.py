"""Puts every probe to a function and turns its answers into what the search explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .caller import Caller, CallResult, Failed, Failure, one_line, read
from .effects import right_value
from .probes import Probe, degenerate
from .response import Response

DOUBLE, SINGLE = 1e-9, 1e-4  # relative tolerance for functions in float64 and in float32


@dataclass(frozen=True)
class Observation:
    """What a function did on a set of probes."""

    caller: Caller
    probes: tuple[Probe, ...]
    J: Response | None
    D: Response | None
    failures: tuple[Failure, ...] = field(default=())
    J_is_not_finite: bool = False

    @property
    def responses(self) -> list[Response]:
        """J and the gradient, as far as they came back."""
        return [response for response in (self.J, self.D) if response is not None]


def observe(caller: Caller, probes: tuple[Probe, ...]) -> Observation:
    """Call the function on every probe with two λ; raise Failed where no number comes back."""
    answers = [_answers(caller, probe) for probe in probes]
    first = answers[0][0]
    if first.J is None and first.D is None:
        raise Failed(Failure("The function returns neither J nor a gradient."))
    failures: list[Failure] = [*_purity(caller, probes[0], first)]
    J = _response("J", probes, answers, failures) if first.J is not None else None
    D = _response("D", probes, answers, failures) if first.D is not None else None
    lost = first.J is not None and J is None
    J, D = _with_witnesses(caller, J), _with_witnesses(caller, D)
    return Observation(caller, probes, J, D, tuple(failures), lost)


def _answers(caller: Caller, probe: Probe) -> list[CallResult]:
    if not caller.form.takes_lam:
        return [caller(probe, 0.0)] * 2
    return [caller(probe, lam) for lam in probe.lams]


def _response(
    which: str, probes: Sequence[Probe], answers: list[list[CallResult]], failures: list[Failure]
) -> Response | None:
    """The parts without and with λ, by probe; None with a failure where they are no numbers."""
    values = []
    for probe, (low, high) in zip(probes, answers):
        pair = [np.atleast_1d(_value(which, answer)) for answer in (low, high)]
        if not all(np.isfinite(v).all() for v in pair):
            failures.append(_not_finite(which, pair))
            return None
        slope = (pair[1] - pair[0]) / (probe.lams[1] - probe.lams[0])
        values.append(np.concatenate([pair[0] - probe.lams[0] * slope, slope]))
    if which == "D":
        failures.extend(_wrong_lengths(probes, values))
    tolerance = SINGLE if answers[0][0].single else DOUBLE
    return Response(which, tuple(probes), tuple(values), tolerance)


def _with_witnesses(caller: Caller, response: Response | None) -> Response | None:
    """Add the degenerate probes, as far as the function gives numbers for them."""
    if response is None:
        return None
    seen = []
    for probe in degenerate(response.probes[0]):
        try:
            only = _response(response.which, [probe], [_answers(caller, probe)], [])
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


def _purity(caller: Caller, probe: Probe, first: CallResult) -> list[Failure]:
    """Whether a second call with the same arguments says the same."""
    lam = probe.lams[0] if caller.form.takes_lam else 0.0
    again = caller(probe, lam)
    if _equal(first.J, again.J) and _equal(first.D, again.D):
        return []
    if first.D is not None and again.D is not None and first.D.shape == again.D.shape:
        right = right_value(probe, "D")[: first.D.size]
        times = float((again.D - first.D) @ right) / float(right @ right)
        if round(times) and np.allclose(again.D - first.D, round(times) * right, atol=1e-9):
            return [
                Failure(
                    "Accumulators not reset: a second call with the same arguments adds to Δ "
                    "of the first.",
                    "Set Δ to zero inside the function.",
                )
            ]
    return [Failure("Two calls with the same arguments return different numbers.")]


def _equal(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True))


def data_frames(caller: Caller, probe: Probe) -> Failure | None:
    """How the function fails when y is a pandas DataFrame; None where it does not."""
    try:
        import pandas as pd
    except ImportError:
        return None
    lam = probe.lams[0]
    expected = caller(probe, lam)
    if caller.targets != "one-hot":
        return None
    try:
        answer = read(caller.raw(probe, pd.DataFrame(probe.Y), lam), probe)
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
    cause = failed.__cause__
    if cause is not None and failed.failure.what.startswith("The function raises"):
        return f"{one_line(cause).rstrip('.')} is raised."
    return failed.failure.what


def _close(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.allclose(np.asarray(a), np.asarray(b), rtol=1e-7, atol=1e-9, equal_nan=True))
