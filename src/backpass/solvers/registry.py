"""Every solver by its name: how it sees the rows, its parameters, and how it is made.

Those who offer solvers (the estimators, an experiment's settings, the command line) take names,
constraints and words from here, so a solver is one entry beside its own file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..arrays import Array, State
from ..errors import InvalidInput
from .adamw import AdamW
from .curvature import Curvature, Function
from .first_order import RULES, Adam, GradientDescent, Momentum, Nesterov, Rule
from .muon import Muon


class Solver(Protocol):
    """A full-batch solver: pure but for the arrays of states that it has left behind."""

    @property
    def name(self) -> str:
        """How the solver is called."""
        ...

    def init(self, fun: Function, theta: Array) -> State:
        """Evaluate the first point and make the state of iteration 0."""
        ...

    def step(self, fun: Function, state: State) -> State:
        """Make one iteration's state from the last one's."""
        ...


@dataclass(frozen=True)
class MiniBatch:
    """A solver that steps after every few rows, at learning rates that it is given.

    Parameters
    ----------
    name : str
        How it is asked for.
    about : str
        What it is, for a list of solvers.
    make : callable
        The parameters below, by name -> its update rule.
    parameters : tuple of str
        The estimators' parameters that are its own.
    all_rows : bool
        Whether a batch is all rows, unless one is asked for.
    own_rates : bool
        Whether it scales its steps itself, so that scikit-learn's schedules do not steer it.
    """

    name: str
    about: str
    make: Callable[..., Rule]
    parameters: tuple[str, ...] = ()
    all_rows: bool = False
    own_rates: bool = False


@dataclass(frozen=True)
class FullBatch:
    """A solver that sees J of all rows, and finds the length of each step itself.

    Parameters
    ----------
    name : str
        How it is asked for.
    about : str
        What it is, for a list of solvers.
    make : callable
        What the problem knows of its curvature, or None -> the solver.
    needs_curvature : bool
        Whether it cannot do without.
    """

    name: str
    about: str
    make: Callable[[Curvature | None], Solver]
    needs_curvature: bool = False


def _sgd(momentum: float, nesterovs_momentum: bool) -> Rule:
    if momentum == 0:
        return GradientDescent()
    return (Nesterov if nesterovs_momentum else Momentum)(momentum)


def _lbfgs(curvature: Curvature | None) -> Solver:
    from .lbfgs import LBFGS
    from .preconditioner import KroneckerFactors

    if curvature is None:
        return LBFGS()
    return LBFGS(preconditioner=KroneckerFactors.of(curvature), every=curvature.every)


def _cg(curvature: Curvature | None) -> Solver:
    from .conjugate_gradients import ConjugateGradients

    return ConjugateGradients()


def _newton(curvature: Curvature | None) -> Solver:
    from .newton import GaussNewton

    if curvature is None:
        raise InvalidInput(
            "The solver newton needs curvature=, the Gauss-Newton matrix of the problem."
        )
    return GaussNewton(curvature)


def _muon(
    beta_1: float, beta_2: float, epsilon: float, weight_decay: float, muon_ratio: float | None
) -> Rule:
    ratio = Muon.ratio if muon_ratio is None else muon_ratio
    return Muon(beta_1, beta_2, epsilon, weight_decay, ratio=ratio)


_MOMENTS = ("beta_1", "beta_2", "epsilon", "weight_decay")

_ALL = (
    MiniBatch(
        "adam",
        "Adam on mini-batches",
        Adam,
        _MOMENTS,
        own_rates=True,
    ),
    MiniBatch(
        "adamw",
        "Adam with decoupled weight decay",
        AdamW,
        _MOMENTS,
        own_rates=True,
    ),
    MiniBatch(
        "muon",
        "orthogonalised momentum for the hidden matrices, AdamW for the rest",
        _muon,
        (*_MOMENTS, "muon_ratio"),
        own_rates=True,
    ),
    MiniBatch(
        "sgd", "(Nesterov) momentum on mini-batches", _sgd, ("momentum", "nesterovs_momentum")
    ),
    MiniBatch("gd", "plain gradient descent", GradientDescent, all_rows=True),
    FullBatch("lbfgs", "limited-memory BFGS", _lbfgs),
    FullBatch("cg", "conjugate gradients", _cg),
    FullBatch("newton", "Levenberg and Marquardt's Gauss-Newton steps", _newton, True),
)
SOLVERS: dict[str, MiniBatch | FullBatch] = {each.name: each for each in _ALL}
MINI_BATCH = {each.name: each for each in _ALL if isinstance(each, MiniBatch)}
FULL_BATCH = {each.name: each for each in _ALL if isinstance(each, FullBatch)}
# Every update rule with its own settings, those too that look at whole matrices.
ALL_RULES: dict[str, Rule] = {**RULES, **{rule.name: rule for rule in (AdamW(), Muon())}}


def find_solver(which: str | Solver, curvature: Curvature | None = None) -> Solver:
    """Return the full-batch solver of that name, or the solver itself.

    Parameters
    ----------
    which : str or a solver object
        One of ``FULL_BATCH``, or a solver with settings of your own.
    curvature : Curvature, optional
        What the problem knows of its curvature.

    Returns
    -------
    Solver
        With ``init`` and ``step``.

    Raises
    ------
    InvalidInput
        If there is no full-batch solver of that name, or it needs a curvature that is not given.

    Examples
    --------
    >>> find_solver("cg")
    ConjugateGradients(c1=0.0001, c2=0.2)
    """
    if not isinstance(which, str):
        return which
    if which not in FULL_BATCH:
        known = ", ".join(FULL_BATCH)
        raise InvalidInput(f"There is no solver {which!r}; the library has {known}.")
    return FULL_BATCH[which].make(curvature)
