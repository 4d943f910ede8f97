"""``check_backprop``: calls a function on probes, and names what explains its answers."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TypedDict, Unpack

from ..errors import InvalidInput
from ..losses import Loss, find_loss
from .caller import (
    TARGETS,
    Caller,
    Failed,
    Failure,
    Form,
    Function,
    Returned,
    forms_of,
    one_line,
)
from .diagnosis import GRADES, Diagnosis
from .localise import halves
from .observe import Observation, data_frames, observe
from .probes import Hidden, Probe, families, is_classification
from .verdict import Verdict, judge

Adapter = Callable[..., Returned]


class Options(TypedDict, total=False):
    """What ``check_backprop`` may be told beside the function and its sizes."""

    hidden: Hidden
    loss: str | Loss
    adapter: Adapter | None


class OptionsAndSizes(Options, total=False):
    """And the sizes."""

    sizes: Sequence[int] | None


def check_backprop(
    function: Function,
    sizes: Sequence[int] | None = None,
    *,
    hidden: Hidden = "logistic",
    loss: str | Loss = "binary_log_loss",
    adapter: Adapter | None = None,
) -> Diagnosis:
    """Name the mistakes in somebody's cost or backpropagation function.

    The function is called as a black box on a few small problems, and its answers are compared
    with those of a catalogue of mistakes, alone and together. A mistake is only named when it
    reproduces every number that came back, on a problem held out from the search as well.

    Parameters
    ----------
    function : callable
        ``(theta, sizes, X, Y, lam)``, the notes' ``(nn_params, input_layer_size,
        hidden_layer_size, num_labels, X, y, λ)``, or ``(Thetas, X, Y, lam)`` with a list of Θ.
        Further parameters with defaults are left alone. It returns J, the gradient, or both; the
        gradient as one vector or as a list with one D for each Θ.
    sizes : sequence of int, optional
        Every problem then has as many layers as this. Three layers where not given, and four as
        well when the function is right for three and can take more.
    hidden : str, Activation, or a sequence of one per hidden layer
        The hidden layers' activation that the function is meant to have.
    loss : str or Loss
        The loss that it is meant to have.
    adapter : callable, optional
        ``(function, theta, sizes, X, Y, lam)`` -> what the function returned, for functions with
        other arguments.

    Returns
    -------
    Diagnosis
        ``.ok``, ``.mistakes``, ``.conventions``, ``.hints``; it prints as text, in rich and in
        notebooks.

    Raises
    ------
    InvalidInput
        If ``function`` cannot be called at all.

    References
    ----------
    The course notes, "V Backpropagation algorithm": the formulas of J and D that are right here.

    Examples
    --------
    >>> import numpy as np
    >>> import backpass as bp
    >>> def slip(theta, sizes, X, Y, lam):
    ...     net = bp.Network(sizes)
    ...     return bp.cost_and_gradient(net, theta, X, Y, lam=1.0)
    >>> diagnosis = check_backprop(slip)
    >>> diagnosis.mistakes[0].what
    'λ fixed at 1'
    """
    if not callable(function):
        raise InvalidInput(f"check_backprop needs a function, not {type(function).__name__}.")
    function = function if adapter is None else _adapted(function, adapter)
    loss = find_loss(loss)
    n_layers = len(sizes) if sizes is not None else _layers_of(hidden)
    diagnosis = _check(function, n_layers, sizes, hidden, loss)
    if (
        sizes is None
        and diagnosis.ok
        and isinstance(hidden, str)
        and "sizes" in diagnosis.signature
    ):
        deeper = _check(function, n_layers + 1, None, hidden, loss)
        return deeper if deeper.explanations or deeper.unexplained else diagnosis
    return diagnosis


def _adapted(function: Function, adapter: Adapter) -> Function:
    return lambda theta, sizes, X, Y, lam: adapter(function, theta, sizes, X, Y, lam)


def _layers_of(hidden: Hidden) -> int:
    return len(hidden) + 2 if isinstance(hidden, Sequence) and not isinstance(hidden, str) else 3


def _check(
    function: Function,
    n_layers: int,
    sizes: Sequence[int] | None,
    hidden: Hidden,
    loss: Loss,
) -> Diagnosis:
    """Observe in every form that works, and keep the best explained."""
    try:
        forms = forms_of(function)
    except Failed as failed:
        return Diagnosis(failures=(failed.failure,))
    seen, failure = _first_observation(function, forms, n_layers, sizes, hidden, loss)
    if seen is None:
        return Diagnosis(failures=(failure,) if failure else ())
    verdict = judge(seen, 1)
    if verdict.unexplained:
        verdict = judge(seen, 3)
    return _diagnosis(verdict, seen, failure)


def _first_observation(
    function: Function,
    forms: list[Form],
    n_layers: int,
    sizes: Sequence[int] | None,
    hidden: Hidden,
    loss: Loss,
) -> tuple[Observation | None, Failure | None]:
    """The first way to call the function that gives numbers, and how easier probes failed."""
    earlier: Failure | None = None
    for probes in families(n_layers, sizes, hidden, loss):
        failure = None
        for caller in _callers(function, forms, probes[0], loss):
            try:
                return observe(caller, probes), _forgiven(earlier, probes, sizes)
            except Failed as failed:
                failure = failure or failed.failure
        earlier = earlier or failure
    return None, earlier


def _forgiven(
    failure: Failure | None, probes: tuple[Probe, ...], sizes: Sequence[int] | None
) -> Failure | None:
    """A failure on other probes does not count where the function may be for these sizes alone."""
    alone = sizes is not None and all(probe.net.sizes == tuple(sizes) for probe in probes)
    return replace(failure, fatal=False) if failure is not None and alone else failure


def _callers(function: Function, forms: list[Form], probe: Probe, loss: Loss) -> list[Caller]:
    """Ways to call the function: those first that want y in the form in which they get it."""
    wants = list(TARGETS) if is_classification(loss) else ["one-hot"]
    callers = [Caller(function, form, y) for form, y in itertools.product(forms, wants)]
    return sorted(callers, key=lambda caller: not caller.suits(probe))


def _diagnosis(verdict: Verdict, seen: Observation, failure: Failure | None) -> Diagnosis:
    failures = list(seen.failures)
    if failure is not None:
        failures.insert(0, failure)
    frames = _frames(verdict, seen) if not failures else None
    if frames is not None:
        failures.append(frames)
    unexplained = list(halves(seen.responses, verdict.unexplained))
    return Diagnosis(
        explanations=verdict.explanations,
        conventions=verdict.conventions,
        failures=tuple(failures),
        unexplained=tuple(unexplained),
        returned=tuple("J" if one.which == "J" else "gradient" for one in seen.responses),
        signature=seen.caller.form.name,
        probes=tuple(f"{'-'.join(map(str, p.net.sizes))} (m = {p.m})" for p in seen.probes),
        cut_short=verdict.cut_short,
    )


def _frames(verdict: Verdict, seen: Observation) -> Failure | None:
    """How it fails with DataFrames; beside an unexplained result only where pandas is in use."""
    if verdict.unexplained and "pandas" not in sys.modules:
        return None  # importing it takes longer than the search
    return data_frames(seen.caller, seen.probes[0])


def assert_backprop(
    function: Function,
    sizes: Sequence[int] | None = None,
    *,
    hint: str = "formula",
    **options: Unpack[Options],
) -> None:
    """Fail a test unless a function is right: for courses that grade with pytest.

    Parameters
    ----------
    function : callable
        As for ``check_backprop``.
    sizes : sequence of int, optional
        As for ``check_backprop``.
    hint : {"where", "what", "formula"}
        How much the failing test gives away.
    **options
        Further options of ``check_backprop``.

    Raises
    ------
    AssertionError
        If the function is not right; the message is the hint.
    InvalidInput
        If there is no such grade of hint.

    Examples
    --------
    >>> import backpass as bp
    >>> def solution(theta, sizes, X, Y, lam):
    ...     return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)
    >>> assert_backprop(solution)
    """
    __tracebackhide__ = True
    if hint not in GRADES:
        raise InvalidInput(f"There is no hint {hint!r}; the grades are {', '.join(GRADES)}.")
    diagnosis = check_backprop(function, sizes, **options)
    if not diagnosis.ok:
        raise AssertionError(diagnosis.hints[GRADES.index(hint)])


def diagnose_file(target: str, **options: Unpack[OptionsAndSizes]) -> Diagnosis:
    """Check a function in a file: what ``backpass diagnose FILE.py:FUNCTION`` does.

    Parameters
    ----------
    target : str
        ``FILE.py:FUNCTION``.
    **options
        Options of ``check_backprop``.

    Returns
    -------
    Diagnosis
        The same as ``check_backprop(FUNCTION)``; where the file cannot be run, the reason.

    Raises
    ------
    InvalidInput
        If the file or the function is not there.

    Examples
    --------
    >>> diagnose_file("missing.py:backprop")
    Traceback (most recent call last):
    ...
    backpass.errors.InvalidInput: There is no file 'missing.py'.
    """
    name, _, function = target.rpartition(":")
    if not name or not function:
        raise InvalidInput(f"diagnose needs FILE.py:FUNCTION, not {target!r}.")
    path = Path(name)
    if not path.is_file():
        raise InvalidInput(f"There is no file {name!r}.")
    try:
        module = _run(path)
    except (Exception, SystemExit) as error:
        return Diagnosis(failures=(Failure(f"{name} cannot be run: {one_line(error)}."),))
    if not hasattr(module, function):
        raise InvalidInput(f"{name} has no function {function!r}.")
    return check_backprop(getattr(module, function), **options)


def _run(path: Path) -> ModuleType:
    """Import a file by its path, with its own folder to import from."""
    spec = importlib.util.spec_from_file_location(f"diagnosed_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module
