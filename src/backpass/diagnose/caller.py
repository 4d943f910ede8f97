"""Calls somebody's function, in whichever signature, and reads what comes back."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import old_names
from .probes import Probe

__getattr__ = old_names("diagnose.caller")

Returned = Any  # by somebody's function: nothing is known of it
Function = Callable[..., Returned]
Targets = ArrayLike  # Y, or labels: (m, K), (m,) or (m, 1), as the function wants them


@dataclass(frozen=True)
class CallResult:
    """What a function returned: J, the gradient in θ's order, or both."""

    J: float | None
    D: np.ndarray | None
    single: bool = False  # whether it was computed in float32


@dataclass(frozen=True)
class Failure:
    """Something that went wrong before any formula could be looked at.

    Parameters
    ----------
    what : str
        What went wrong.
    why : str
        A reason, or what to do about it.
    fatal : bool
        Whether the function is wrong for that alone.

    Examples
    --------
    >>> print(Failure("The function returns None.", "Is its `return` missing?"))
    The function returns None. Is its `return` missing?
    """

    what: str
    why: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.what} {self.why}".strip()


class Failed(Exception):
    """Carries a Failure out of a call."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class Form:
    """One way to put a problem to a function: (probe, Y as it wants it, λ) -> arguments."""

    name: str
    arguments: Callable[[Probe, Targets, float], tuple[object, ...]]
    takes_lam: bool = True


def _thetas(probe: Probe) -> list[np.ndarray]:
    return [Theta.copy() for Theta in probe.net.roll(probe.theta)]


def _notes(p: Probe, Y: Targets, lam: float) -> tuple[object, ...]:
    return (p.theta.copy(), *p.net.sizes, p.X.copy(), Y, lam)


NOTES = Form("(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, λ)", _notes)
NOTES_WITHOUT = Form(
    "(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y)",
    lambda p, Y, lam: _notes(p, Y, lam)[:-1],
    takes_lam=False,
)
FLAT = Form(
    "(theta, sizes, X, Y, lam)", lambda p, Y, lam: (p.theta.copy(), p.net.sizes, p.X.copy(), Y, lam)
)
FLAT_WITHOUT = Form(
    "(theta, sizes, X, Y)",
    lambda p, Y, lam: (p.theta.copy(), p.net.sizes, p.X.copy(), Y),
    takes_lam=False,
)
LISTS = Form("(Thetas, X, Y, lam)", lambda p, Y, lam: (_thetas(p), p.X.copy(), Y, lam))
LISTS_AND_SIZES = Form(
    "(Thetas, sizes, X, Y, lam)",
    lambda p, Y, lam: (_thetas(p), p.net.sizes, p.X.copy(), Y, lam),
)
LISTS_WITHOUT = Form(
    "(Thetas, X, Y)", lambda p, Y, lam: (_thetas(p), p.X.copy(), Y), takes_lam=False
)
SEPARATE = Form("(Theta1, Theta2, X, y, λ)", lambda p, Y, lam: (*_thetas(p), p.X.copy(), Y, lam))


def forms_of(function: Function) -> list[Form]:
    """The ways in which this function may want to be called, the likeliest first."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [NOTES, FLAT, LISTS]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return [NOTES, FLAT, LISTS]
    return _forms_by_count(needed, len(positional), positional)


def _forms_by_count(needed: int, most: int, positional: Sequence[inspect.Parameter]) -> list[Form]:
    if needed in (6, 7) and most >= 7:
        return [NOTES]
    if needed <= 6 and most == 6 and needed == 6:
        return [NOTES_WITHOUT]
    if needed in (4, 5) and most >= 5:
        names = [p.name.lower() for p in positional]
        separate = needed == 5 and names[1].rstrip("_0123456789") == names[0].rstrip("_0123456789")
        return [SEPARATE, FLAT] if separate else [FLAT, LISTS_AND_SIZES, LISTS]
    if needed in (3, 4) and most >= 4:
        second = positional[1].name.lower()
        sized = "size" in second or "layer" in second or second in ("s", "dims", "shape")
        return [FLAT_WITHOUT] if sized else [LISTS, FLAT_WITHOUT]
    if needed == 3:
        return [LISTS_WITHOUT]
    raise Failed(
        Failure(
            f"The function takes {most} positional parameters.",
            f"It needs {FLAT.name}, the notes' {NOTES.name}, or {LISTS.name}; wrap any other "
            "function in a lambda with one of these signatures.",
        )
    )


# How y may be wanted, in words, and what it then is.
TARGETS: dict[str, Callable[[Probe], np.ndarray]] = {
    "one-hot": lambda p: p.Y.copy(),
    "labels 1 … K": lambda p: p.labels.copy(),
    "labels 1 … K as a column": lambda p: p.labels.copy()[:, None],
    "labels 0 … K − 1": lambda p: p.labels - (p.Y.shape[1] > 1),
}


@dataclass(frozen=True)
class Caller:
    """A function together with the form and the targets it is called with."""

    function: Function
    form: Form
    targets: str = "one-hot"

    def __call__(self, probe: Probe, lam: float) -> CallResult:
        """Put the probe to the function; raise Failed with a reason where that goes wrong."""
        return read(self.raw(probe, TARGETS[self.targets](probe), lam), probe)

    def suits(self, probe: Probe) -> bool:
        """Whether y seems to be wanted in this form.

        Code that wants labels compares them or indexes with them, so that it can't tell y + ¼ from
        y + ½, or fails; code that wants one-hot targets calculates with them, and can.
        """
        plain, low, high = (self._shifted(probe, shift) for shift in (0.0, 0.25, 0.5))
        wants_labels = self.targets.startswith("labels")
        if plain is None:
            return False
        if low is None or high is None:
            return wants_labels
        same = np.array_equal(low, high, equal_nan=True)
        return same == wants_labels

    def _shifted(self, probe: Probe, shift: float) -> np.ndarray | None:
        """All the numbers that come back for y + shift; None where it fails."""
        Y = TARGETS[self.targets](probe)
        try:
            answer = read(self.raw(probe, Y + shift if shift else Y, probe.lams[0]), probe)
        except Failed:
            return None
        return np.array(
            [*np.atleast_1d(answer.J or 0.0), *np.ravel([] if answer.D is None else answer.D)]
        )

    def raw(self, probe: Probe, Y: Targets, lam: float) -> Returned:
        """Return whatever the function returns; its printing and its warnings are swallowed."""
        arguments = self.form.arguments(probe, Y, lam)
        swallow = io.StringIO()
        try:
            with (
                contextlib.redirect_stdout(swallow),
                warnings.catch_warnings(),
                np.errstate(all="ignore"),
            ):
                warnings.simplefilter("ignore")
                return self.function(*arguments)
        except Exception as error:
            raise Failed(_raised(error, probe)) from error
        except SystemExit as error:
            raise Failed(Failure(f"The function ends the program: {error!r}.")) from error


def one_line(error: BaseException) -> str:
    """An exception as `Name: message`, on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _raised(error: Exception, probe: Probe) -> Failure:
    message = one_line(error).rstrip(".")
    return Failure(f"The function raises {message}.", _decoded(str(error), probe))


def _decoded(message: str, probe: Probe) -> str:
    """Say what the numbers of a shape mean: probes have a different number for each thing."""
    meanings: dict[int, str] = {probe.m: "m, the examples"}
    for l, s in enumerate(probe.net.sizes, start=1):
        meanings.setdefault(s, f"s_{l}, the units of layer {l}")
    for l, s in enumerate(probe.net.sizes[:-1], start=1):
        meanings.setdefault(s + 1, f"s_{l} + 1, layer {l} with its bias unit")
    numbers = dict.fromkeys(int(n) for n in re.findall(r"\d+", message))
    known = [f"{n} is {meanings[n]}" for n in numbers if n in meanings]
    if len(known) < 2:
        return ""
    return f"In this probe ({'-'.join(map(str, probe.net.sizes))}, m = {probe.m}) " + (
        "; ".join(known) + "."
    )


# --- reading what came back --------------------------------------------------------------------


def read(result: Returned, probe: Probe) -> CallResult:
    """Turn a return value into a CallResult; raise Failed with a reason where it is none."""
    if result is None:
        raise Failed(Failure("The function returns None.", "Is its `return` missing?"))
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, tuple | list):
        return _read_sequence(list(result), probe)
    if _is_scalar(result):
        return _as_result(result, None, probe)
    return _as_result(None, result, probe)


def _read_sequence(items: list[Returned], probe: Probe) -> CallResult:
    if not items:
        raise Failed(Failure("The function returns an empty sequence."))
    if _is_scalar(items[0]) and (len(items) == 1 or not _is_scalar(items[1])):
        return _read_after_J(items, probe)
    if len(items) >= 2 and _is_scalar(items[1]) and not _is_scalar(items[0]):
        return _as_result(items[1], _flat(items[0], probe), probe)
    if len(items) == probe.net.L - 1 and all(np.ndim(item) == 2 for item in items):
        return _as_result(None, _flat(items, probe), probe)
    if len(items) == 2 and not _is_scalar(items[1]):
        raise Failed(_not_a_number(items[0], probe))
    return _as_result(None, items, probe)


def _read_after_J(items: list[Returned], probe: Probe) -> CallResult:
    if len(items) == 1:
        return _as_result(items[0], None, probe)
    if len(items) == probe.net.L and probe.net.L > 2:
        return _as_result(items[0], _flat(items[1:], probe), probe)
    return _as_result(items[0], _flat(items[1], probe), probe)


def _flat(value: Returned, probe: Probe) -> Returned:
    """The gradient as one vector, from a vector or from a list with one D for each Θ."""
    if not isinstance(value, list | tuple | dict):
        return value
    blocks = list(value.values() if isinstance(value, dict) else value)
    if len(blocks) != probe.net.L - 1 or any(np.ndim(block) != 2 for block in blocks):
        return value
    return np.concatenate([_numbers(block, "D").ravel(order="F") for block in blocks])


def _is_scalar(value: Returned) -> bool:
    if isinstance(value, list | tuple | dict):
        return False
    return np.ndim(value) == 0 or np.shape(value) in ((1,), (1, 1))


def _not_a_number(J: Returned, probe: Probe) -> Failure:
    shape = np.shape(J)
    reason = f"J has the shape {shape} and is a {type(J).__name__}, but it must be one number"
    if shape[:1] == (probe.m,):
        return Failure(reason + ":", "the sum over the m examples is missing.")
    if shape == (probe.net.sizes[-1],):
        return Failure(reason + ":", "the sum over the K classes is missing.")
    return Failure(reason + ".")


def _as_result(J: Returned, D: Returned, probe: Probe) -> CallResult:
    single = any(getattr(v, "dtype", None) == np.float32 for v in (J, D))
    if J is not None:
        J = float(_numbers(J, "J").reshape(()))
    if D is not None:
        D = _numbers(D, "The gradient")
        if D.ndim > 1 and max(D.shape) != D.size:
            raise Failed(
                Failure(f"The gradient has the shape {D.shape};", "it must be one long vector.")
            )
        D = D.ravel()
    return CallResult(J, D, single)


def _numbers(value: Returned, name: str) -> np.ndarray:
    """An array of real float64 numbers."""
    try:
        array = np.asarray(value)
        if array.dtype == object or array.dtype.kind in "USb":
            array = array.astype(np.float64)
        if array.dtype.kind == "c":
            raise TypeError("it is complex")
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise Failed(
            Failure(f"{name} is a {type(value).__name__} that is no array of numbers:", f"{error}.")
        ) from error
