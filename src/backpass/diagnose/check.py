"""``check_backprop``: calls a function on probes, and names what explains its answers."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict, Unpack

from ..errors import InvalidInput
from ..losses import Loss, find_loss
from .answers import Failure, Function, Returned, one_line
from .conclude import Concluded, conclude
from .diagnosis import GRADES, Diagnosis, Mistake
from .forms.candidates import forms_of, kinds_of
from .forms.composed import composed
from .forms.form import Form
from .forms.grammar import said_plans
from .forms.plans import Plan, plans
from .forms.settings import with_settings
from .forms.trying import Trial, Tried, fixed_sizes, trials
from .identify.meant import Meant
from .own_sizes import held_sizes
from .probes import Hidden, Probe, families, of_sizes, redrawn
from .subject.subject import LocalSubject, Subject

Adapter = Callable[..., Returned]


class Options(TypedDict, total=False):
    """What ``check_backprop`` may be told beside the function and its sizes."""

    forward: Function | None
    cost: Function | None
    gradient: Function | None
    form: str | None
    hidden: Hidden | None
    loss: str | Loss | None
    adapter: Adapter | None
    strict: bool


class OptionsAndSizes(Options, total=False):
    """And the sizes."""

    sizes: Sequence[int] | None


def check_backprop(
    function: Function | Sequence[Function] | None = None,
    sizes: Sequence[int] | None = None,
    *,
    forward: Function | None = None,
    cost: Function | None = None,
    gradient: Function | None = None,
    form: str | None = None,
    hidden: Hidden | None = None,
    loss: str | Loss | None = None,
    adapter: Adapter | None = None,
    strict: bool = False,
) -> Diagnosis:
    """Name the mistakes in somebody's cost or backpropagation function.

    How the function is called, and where its answers are, is recognised from names and by trying;
    then which J it computes; then whether D is the derivative of that J, and if not, which formula
    is wrong. A convention is never a mistake. The function is called as a black box on a few small
    problems, and its answers are compared with those of a catalogue of mistakes, alone and
    together. A mistake is only named when it reproduces every number that came back, on a problem
    held out from the search as well.

    Parameters
    ----------
    function : callable, class, instance, or a sequence of callables
        A function of X, y, and weights in any of the usual ways: ``(theta, sizes, X, Y, lam)``,
        the notes' ``(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, λ)``,
        ``(X, y, W1, b1, W2, b2, reg)``, ``(params, X, y)`` with a dictionary or a list, a training
        step with a rate, and others; a class, or an instance, with such methods. It returns J, the
        gradient, or both, in any of the usual ways. Cost and gradient, or forward, cost and
        gradient, may be a sequence.
    sizes : sequence of int, optional
        Every problem then has as many layers as this. As many as the names tell where not given,
        else three, and four as well when the function is right for three and can take more.
    forward, cost, gradient : callable, optional
        In place of function, where it is in parts; what they do not know is handed on from one to
        the next.
    form : str, optional
        How the function is called and what comes back, where that is not told from its names:
        ``"loss, {dW1, db1, dW2, db2} = f(X, y, W1, b1, W2, b2, reg)"``. What the diagnosis says
        after "Called as" is such a form.
    hidden : str, Activation, or a sequence of one per hidden layer, optional
        The hidden layers' activation that the function is meant to have; told from J, or from the
        gradient, where not given.
    loss : str or Loss, optional
        The loss that it is meant to have; told as well where not given.
    adapter : callable, optional
        ``(function, theta, sizes, X, Y, lam)`` -> what the function returned, for functions with
        other arguments.
    strict : bool
        Whether J must be the notes', so that other conventions are mistakes.

    Returns
    -------
    Diagnosis
        ``.ok``, ``.mistakes``, ``.conventions``, ``.hints``; it prints as text, in rich and in
        notebooks.

    Raises
    ------
    InvalidInput
        If ``function`` cannot be called at all, or ``form`` has a word that there is not.

    References
    ----------
    The course notes, "V Backpropagation algorithm": the formulas of J and D that are right here,
    up to convention.

    Examples
    --------
    >>> import numpy as np
    >>> def loss_and_grads(X, y, W1, b1, W2, b2):
    ...     h = np.tanh(X @ W1 + b1)
    ...     d = h @ W2 + b2 - y
    ...     dh = d @ W2.T * (1 - h)  # the square of h is missing
    ...     return 0.5 * (d**2).sum(), X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)
    >>> diagnosis = check_backprop(loss_and_grads)
    >>> diagnosis.mistakes[0].what
    '1 − a instead of g′(z): the square of 1 − a² is missing'
    >>> [convention.what for convention in diagnosis.conventions][:2]
    ['the loss is the squared error', "the hidden layers' activation is tanh"]
    """
    entries, kinds = _entries(function, forward, cost, gradient)
    if adapter is not None:
        entries = {"function": _adapted(next(iter(entries.values())), adapter)}
    parts = {name: part for name, f in entries.items() if (part := composed(f)) is not None}
    entries |= {name: part.function for name, part in parts.items()}
    found = check_subject(LocalSubject(entries), kinds, sizes, hidden, loss, strict, form)
    around = [Mistake("the call", part.what, part.formula) for part in parts.values()]
    return replace(found, conventions=(*around, *found.conventions))


def check_subject(
    subject: Subject,
    kinds: Sequence[str] = (),
    sizes: Sequence[int] | None = None,
    hidden: Hidden | None = None,
    loss: str | Loss | None = None,
    strict: bool = False,
    form: str | None = None,
) -> Diagnosis:
    """``check_backprop`` of code that may run elsewhere.

    Parameters
    ----------
    subject : Subject
        The code.
    kinds : sequence of str
        What each of several functions is: "forward", "cost" or "gradient".
    sizes, hidden, loss, strict, form
        As for ``check_backprop``.

    Returns
    -------
    Diagnosis
        As that of ``check_backprop``.
    """
    meant = Meant(hidden, None if loss is None else find_loss(loss), strict)
    return concluded(subject, kinds, sizes, meant, form=form).diagnosis


def concluded(
    subject: Subject,
    kinds: Sequence[str],
    sizes: Sequence[int] | None,
    meant: Meant,
    seed: int = 0,
    form: str | None = None,
) -> Concluded:
    """A diagnosis together with the answers that it is of.

    Parameters
    ----------
    subject, kinds, sizes
        As for ``check_subject``.
    meant : Meant
        What is known of J beforehand.
    seed : int
        Of the problems' numbers.
    form : str, optional
        As for ``check_backprop``.

    Returns
    -------
    Concluded
    """
    parts = subject.parts
    told = with_settings(plans(parts, kinds), parts) if form is None else said_plans(form, parts)
    everything = list(told)
    n_layers = len(sizes) if sizes is not None else _layers_of(meant.hidden, everything)
    main, others = _by_depth(everything, n_layers if sizes is None else None)
    found = _check(subject, main, n_layers, sizes, meant, seed)
    if others and not found.diagnosis.returned:
        found = _check(subject, others, others[0].n_layers, sizes, meant, seed)
    if sizes is None and isinstance(meant.hidden, str | None) and _is_of_another_depth(found):
        of_depths = (_check(subject, main, n, None, meant, seed) for n in OTHER_DEPTHS)
        found = next((each for each in of_depths if each.diagnosis.returned), found)
    if sizes is None and found.diagnosis.ok and isinstance(meant.hidden, str | None):
        return _of_any_depth(subject, found, n_layers + 1, meant, seed)
    return found


def _of_any_depth(
    subject: Subject, found: Concluded, n_layers: int, meant: Meant, seed: int
) -> Concluded:
    """What is found with a layer more where that is a mistake and sizes tell how many there are."""
    if found.seen is None or not found.seen.caller.form.any_depth:
        return found
    for drawn in families(n_layers, None, *meant.drawn):
        probes = tuple(redrawn(probe, seed) for probe in drawn)
        for trial in trials(subject, [found.seen.caller.form], probes, meant).trials:
            deeper = conclude([trial.caller], probes, None, meant)
            wrong = deeper.diagnosis.explanations or deeper.diagnosis.unexplained
            return deeper if wrong else found
    return found


def _entries(
    function: Function | Sequence[Function] | None, *parts: Function | None
) -> tuple[dict[str, Function], tuple[str, ...]]:
    """The functions by their names, and what each is where that was said."""
    named = [(k, f) for k, f in zip(("forward", "cost", "gradient"), parts) if f is not None]
    if function is not None and named:
        raise InvalidInput("check_backprop needs one function, or forward, cost and gradient.")
    given = list(function) if isinstance(function, list | tuple) else [function]
    listed: list[Any] = [f for _, f in named] or given
    for each in listed:
        if not callable(each) and not hasattr(each, "__dict__"):
            raise InvalidInput(f"check_backprop needs a function, not {type(each).__name__}.")
    names = [getattr(each, "__name__", type(each).__name__) for each in listed]
    if len(set(names)) < len(names):
        names = [f"{name} {i}" for i, name in enumerate(names, start=1)]
    return dict(zip(names, listed)), tuple(kind for kind, _ in named)


def _adapted(function: Function, adapter: Adapter) -> Function:
    return lambda theta, sizes, X, Y, lam: adapter(function, theta, sizes, X, Y, lam)


def _layers_of(hidden: Hidden | None, everything: Sequence[Plan]) -> int:
    """As many layers as are told by the activations, by matrices as arguments, or by keys."""
    if isinstance(hidden, Sequence) and not isinstance(hidden, str):
        return len(hidden) + 2
    return next((n for plan in everything if (n := plan.n_layers) > 2), 3)


def _by_depth(everything: Sequence[Plan], n_layers: int | None) -> tuple[list[Plan], list[Plan]]:
    """The plans that fit so many layers, and those that say themselves that there are others."""
    if n_layers is None:
        return list(everything), []
    own = [plan for plan in everything if plan.n_layers not in (0, n_layers)]
    others = [plan for plan in own if plan.n_layers == own[0].n_layers]
    return [plan for plan in everything if plan not in own], others


OTHER_DEPTHS = (4, 2, 5)  # layers, where nothing tells how many there are


def _is_of_another_depth(found: Concluded) -> bool:
    """Whether a function may have failed because it wants more matrices, or fewer."""
    texts = map(str, found.diagnosis.failures if not found.diagnosis.returned else ())
    return any("values to unpack" in text or "IndexError" in text for text in texts)


def _check(
    subject: Subject,
    everything: Sequence[Plan],
    n_layers: int,
    sizes: Sequence[int] | None,
    meant: Meant,
    seed: int,
) -> Concluded:
    """Find the form, and explain what comes back in it."""
    if not everything:
        return Concluded(Diagnosis(failures=(_not_understood(subject),)))
    best: tuple[Sequence[Trial], tuple[Probe, ...]] | None = None
    earlier: Failure | None = None
    stuck: dict[str, list[Tried]] = {}  # what the forms ran into, by kinds of problems
    tried = Tried((), None)
    for drawn, general, kind in _sets_of_probes(subject, everything, n_layers, sizes, meant):
        probes = tuple(redrawn(probe, seed) for probe in drawn)
        if best is not None and not general and sizes is None:
            break  # some numbers came back: sizes that are special are no better
        earlier_ones = stuck.setdefault(kind, [])
        if _is_the_same_twice(earlier_ones):
            continue
        same = earlier_ones[-1].same if earlier_ones else None
        tried = _tried(subject, everything, probes, meant, replace(tried, same=same))
        found = tried.trials
        if found and (best is None or found[0].complete):
            best = found, probes
        if found and found[0].complete:
            earlier = _forgiven(earlier, general)
            break
        earlier = earlier or (None if found else tried.failure)
        earlier_ones.append(tried)
    if best is None:
        return Concluded(Diagnosis(failures=(earlier or _not_understood(subject),)))
    callers = [trial.caller for trial in best[0] if trial.complete] or [best[0][0].caller]
    concluded = conclude(callers[:MOST_FORMS], best[1], earlier, meant)
    if sizes is not None or meant.strict or not _may_gain(concluded.diagnosis):
        return concluded
    alone = _of_one_output(subject, everything, n_layers, meant, seed)
    if alone is None or _unlikely(alone.diagnosis) > (False, 1):
        return concluded  # several mistakes of a function for one output are no simpler answer
    return min((concluded, alone), key=lambda each: _unlikely(each.diagnosis))


def _of_one_output(
    subject: Subject, everything: Sequence[Plan], n_layers: int, meant: Meant, seed: int
) -> Concluded | None:
    """What a function is for one sigmoid output, as many are meant for one.

    Then a mean over all the numbers of Y is one over the examples, and db a single number.
    """
    drawn = next(families(n_layers, (*[3] * (n_layers - 1), 1), *meant.drawn))
    probes = tuple(redrawn(probe, seed) for probe in drawn)
    forms = [form for plan in everything for form in forms_of(plan) if _may_be_for_one(form)]
    for trial in trials(subject, forms, probes, meant).trials[:1]:
        found = conclude([trial.caller], probes, None, meant)
        if found.seen is None or found.seen.probes[0].net.loss.name != "binary_log_loss":
            return None
        row = Mistake("the call", "for one output", "K = 1")
        conventions = (*found.diagnosis.conventions, row)
        return replace(found, diagnosis=replace(found.diagnosis, conventions=conventions))
    return None


def _unlikely(diagnosis: Diagnosis) -> tuple[bool, int]:
    """What orders diagnoses: nothing unexplained first, then few mistakes and failures."""
    failures = sum(failure.fatal for failure in diagnosis.failures)
    return bool(diagnosis.unexplained), failures + len((*diagnosis.explanations, ())[0])


def _may_gain(diagnosis: Diagnosis) -> bool:
    """Whether one output may make it simpler: not where D follows from J, nor for one mistake."""
    if diagnosis.derivative:
        return False
    texts = [text for m in diagnosis.mistakes for text in (m.what, m.formula, m.wrong)]
    return _unlikely(diagnosis) > (False, 1) or any("K" in text for text in texts)


def _may_be_for_one(form: Form) -> bool:
    """Whether nothing speaks of several outputs: no sizes, no classes beyond 0 and 1."""
    of_two = form.layout.y in ("one-hot", "labels 0 … K − 1")
    return of_two and not any(
        a.role in ("sizes", "size out") for c in form.calls for a in c.arguments
    )


MOST_FORMS = 3  # that are explained


def _tried(
    subject: Subject,
    everything: Sequence[Plan],
    probes: tuple[Probe, ...],
    meant: Meant,
    before: Tried,
) -> Tried:
    """The forms that give numbers, with arrays or with tensors, as the code may want them."""
    by_kind: list[Tried] = []
    for kind in kinds_of(subject.parts):
        forms: Iterator[Form] = (form for plan in everything for form in forms_of(plan, kind))
        if meant.strict:
            forms = filter(_is_strict, forms)
        by_kind.append(trials(subject, forms, probes, meant, before))
        if any(trial.complete for trial in by_kind[-1].trials):
            break
    found = [trial for tried in by_kind for trial in tried.trials]
    found.sort(key=lambda trial: trial.score, reverse=True)
    errors = {form: error for tried in by_kind for form, error in tried.errors.items()}
    same = None if found else by_kind[0].same
    return replace(by_kind[0], trials=tuple(found), same=same, errors=errors)


def _is_the_same_twice(earlier: Sequence[Tried]) -> bool:
    """Whether every form ran into the same error at one line, whatever the sizes."""
    last = [tried.same for tried in earlier[-2:]]
    return len(last) == 2 and last[0] is not None and last[0] == last[1]


def _is_strict(form: Form) -> bool:
    return form.is_the_notes or form.bias_apart


def _sets_of_probes(
    subject: Subject,
    everything: Sequence[Plan],
    n_layers: int,
    sizes: Sequence[int] | None,
    meant: Meant,
) -> Iterator[tuple[tuple[Probe, ...], bool, str]]:
    """Sets of problems, whether a right function must be able to solve them, and their kind.

    It need not where it may be for sizes alone that were given, or that its module names, or for
    one output.
    """
    hidden, loss = meant.drawn
    if sizes is None:
        first = next(families(n_layers, None, hidden, loss))
        for own in held_sizes(subject, everything, first[0]):
            yield of_sizes(own, hidden, loss), True, "own sizes"
    for probes in families(n_layers, sizes, hidden, loss):
        general = sizes is None or any(p.net.sizes != tuple(sizes) for p in probes)
        yield probes, general, "any" if general else "asked sizes"
    if sizes is None:
        for probes in families(n_layers, (*[3] * (n_layers - 1), 1), hidden, loss):
            yield probes, False, "one output"
        for fixed in fixed_sizes(subject, n_layers):
            yield of_sizes(fixed, hidden, loss), False, "named sizes"


def _forgiven(failure: Failure | None, general: bool) -> Failure | None:
    """A failure on earlier problems does not count where the function may be for these alone."""
    if failure is None or general:
        return failure
    return replace(failure, fatal=False)


def _not_understood(subject: Subject) -> Failure:
    part = subject.parts[0]
    count = len(part.parameters)
    return Failure(
        f"The function takes {count} positional parameters, and which of them is what cannot be "
        "told from their names.",
        'Say it with form="J, D = f(theta, sizes, X, Y, lam)", or with names such as these.',
    )


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
        ``FILE.py:FUNCTION``, or several, ``FILE.py:forward,cost,gradient``.
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
    parts = [part.strip() for part in function.split(",")]
    for part in parts:
        if not hasattr(module, part):
            raise InvalidInput(f"{name} has no function {part!r}.")
    found = [getattr(module, part) for part in parts]
    return check_backprop(found if len(found) > 1 else found[0], **options)


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
