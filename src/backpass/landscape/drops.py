"""Helicopter drops: many starting points, their ways down, and the valleys that they find."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult

from .. import engine
from ..arrays import Array, as_vector
from ..errors import InvalidInput
from ..initialise import init_theta
from ..network import Network
from ..solvers.first_order import RULES
from ..solvers.minimize import minimize_function
from .symmetry import (
    apply_moves,
    equal_units_dimension,
    find_moves,
    units_apart,
    with_equal_units,
)
from .terrain import Landscape, Survey, landscape
from .valleys import Valley, group_valleys


@dataclass(frozen=True, eq=False)
class Path:
    """One way down.

    Attributes
    ----------
    thetas : ndarray of shape (k, n)
        Where the walker stood, its start first.
    J : ndarray of shape (k,)
        How high it stood.
    name : str
        "equal weights", or "drop 1", "drop 2", … The first has rounding taken out, which would
        make its units drift apart.
    reason : str
        Why it stopped.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> path = bp.drops(net, [[1.0], [2.0]], [[1.0], [3.0]], n=1).paths[1]
    >>> path.name, bool(path.J[-1] < path.J[0])
    ('drop 1', True)
    """

    thetas: NDArray[np.float64]
    J: NDArray[np.float64]
    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Drops:
    """The ways down of all walkers, and the valleys that they found.

    Attributes
    ----------
    paths : tuple of Path
        The equal-weights start first, then the random drops.
    valleys : tuple of Valley
        The lowest first; ``members`` are indices of ``paths``.
    net : Network
        The network.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> found = bp.drops(net, [[1.0], [2.0]], [[1.0], [3.0]], n=2)
    >>> len(found.valleys), found.labels.tolist()
    (1, [0, 0, 0])
    """

    paths: tuple[Path, ...]
    valleys: tuple[Valley, ...]
    problem: engine.InMemoryProblem

    @property
    def net(self) -> Network:
        """The network."""
        return self.problem.net

    @property
    def labels(self) -> NDArray[np.intp]:
        """The number of each path's valley, from 0, the lowest."""
        labels = np.empty(len(self.paths), dtype=int)
        for number, valley in enumerate(self.valleys):
            labels[list(valley.members)] = number
        return labels

    @property
    def apart(self) -> NDArray[np.float64]:
        """By path: how far its units have drifted apart at its end; 0 where they are all equal."""
        return np.array([units_apart(self.net, path.thetas[-1]) for path in self.paths])

    def sorted_units(self) -> Drops:
        """Replace each path by its copy whose end lies nearest to the lowest one.

        Exchanging and turning units changes no height, and lets one plane show several paths that
        differ only in the order of their units.

        Returns
        -------
        Drops

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((2, 2, 1), hidden="tanh")
        >>> found = bp.drops(net, [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], 0.1, n=3)
        >>> moved = found.sorted_units()
        >>> bool(abs(moved.paths[3].J - found.paths[3].J).max() == 0)
        True
        """
        goal = self.valleys[0].theta
        nearest = tuple(
            replace(path, thetas=_moved_path(self.net, path, goal)) for path in self.paths
        )
        return replace(self, paths=nearest)

    def landscape(
        self,
        *,
        directions: str | ArrayLike = "pca",
        steps: int = 41,
        seed: int = 0,
        mark: ArrayLike | None = None,
        callback: Survey | None = None,
    ) -> Landscape:
        """Compute the mountains under the ways down.

        Parameters
        ----------
        directions : {"pca", "random"} or array of shape (2, n)
            As for ``bp.landscape``.
        steps : int
            Lines of the grid, each way.
        seed : int
            Which random directions.
        mark : array of shape (n,), optional
            A network that the pictures mark: its copy whose units lie nearest to the lowest end.
        callback : callable, optional
            Called as ``callback(done, total)`` after each line of the grid.

        Returns
        -------
        Landscape

        Raises
        ------
        InvalidInput
            If the directions make no plane.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((2, 2, 1), hidden="tanh")
        >>> found = bp.drops(net, [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], 0.1, n=3)
        >>> [walker.name for walker in found.landscape(steps=5).walkers]
        ['equal weights', 'drop 1', 'drop 2', 'drop 3']
        """
        rows = self.problem.rows
        return landscape(
            self.net,
            rows.X,
            rows.Y,
            self.problem.lam,
            path=[path.thetas for path in self.paths],
            directions=directions,
            steps=steps,
            seed=seed,
            sample_weight=rows.w if rows.weighted else None,
            names=[path.name for path in self.paths],
            mark=None if mark is None else self._nearest(mark),
            callback=callback,
        )

    def _nearest(self, theta: ArrayLike) -> NDArray[np.float64]:
        """The copy of a network that lies nearest to the lowest end."""
        net = self.net
        given = as_vector(theta, "mark", net.n_parameters, net.why_so_long())
        return apply_moves(self.net, given, find_moves(self.net, given, self.valleys[0].theta))

    def __str__(self) -> str:
        lines = [f"{'drop':<14}{'start J':>10}{'end J':>10}{'steps':>7}  valley"]
        for path, label in zip(self.paths, self.labels):
            steps = len(path.J) - 1
            numbers = f"{path.J[0]:>10.4g}{path.J[-1]:>10.4g}{steps:>7}"
            lines.append(f"{path.name:<14}{numbers}  {label + 1}")
        return "\n".join([*lines, self._about_equal_weights()])

    def _about_equal_weights(self) -> str:
        """Say what the equal-weights start cannot leave."""
        inside, all_of_them = equal_units_dimension(self.net), self.net.n_parameters
        return (
            f"The equal-weights start moves in {inside} of {all_of_them} dimensions only: the "
            f"weights of its hidden units differ by {self.apart[0]:.2g} at the end."
        )


class _EqualUnits:
    """A problem seen by the first walker, whose units are equal, rounding taken out.

    In exact arithmetic its gradient never leaves the part of the space where units are equal. The
    engine's sums round differently from unit to unit; left in, such specks grow, as this part is a
    ridge of the mountains, and after some dozens of steps it is rounding that breaks the symmetry.
    """

    def __init__(self, problem: engine.InMemoryProblem) -> None:
        self.net, self.rows, self.lam = problem.net, problem.rows, problem.lam
        self._problem = problem

    def cost_and_gradient(self, theta: NDArray[np.float64]) -> tuple[Array, Array]:
        """J, and its gradient within the part where units are equal."""
        J, D = self._problem.cost_and_gradient(with_equal_units(self.net, theta))
        return J, with_equal_units(self.net, D)

    def costs_and_gradients(
        self, thetas: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """J and D of all walkers, of which the first has equal units: one call of the engine."""
        first = with_equal_units(self.net, thetas[0])
        J, D = self._problem.costs_and_gradients([first, *thetas[1:]])
        D[0] = with_equal_units(self.net, D[0])
        return J, D


_Walkable: TypeAlias = _EqualUnits | engine.InMemoryProblem


def drops(
    net: Network,
    X: Array,
    Y: Array,
    lam: float = 0.0,
    *,
    n: int = 8,
    seed: int = 0,
    solver: str = "lbfgs",
    learning_rate: float = 0.1,
    max_iter: int = 100,
    method: str = "glorot",
    epsilon: float = 1.0,
    starts: ArrayLike | None = None,
    ridge: float = 0.01,
    sample_weight: ArrayLike | None = None,
    callback: Survey | None = None,
) -> Drops:
    """Drop walkers on the mountains and let them go down.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    X, Y : array-likes of shapes (m, s_1), (m, s_L), X perhaps sparse
        The examples.
    lam : float
        λ.
    n : int
        How many random drops; the start with all weights equal comes on top.
    seed : int
        Where they fall: the same seed, the same places and the same ways down. Drop k falls on the
        same place whatever n is.
    solver : {"gd", "momentum", "nesterov", "adam", "lbfgs", "cg", "newton"}
        How they walk, with full batches. First-order walkers take their steps together, as one
        stack, whose gradients are one call of the engine.
    learning_rate : float
        Of the first-order solvers.
    max_iter : int
        Steps at most.
    method, epsilon : str, float
        How the places are drawn, as for ``bp.init_theta``.
    starts : array of shape (k, n), optional
        Places of your own, in place of the random ones.
    ridge : float
        The highest ridge that does not separate two valleys, as a share of the walkers' mean
        descent.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0.
    callback : callable, optional
        Called as ``callback(done, total)`` after each walker that has arrived, or after each step
        of those that walk together, for a progress bar.

    Returns
    -------
    Drops
        Paths and valleys; prints as a table, and ``landscape()`` draws them.

    Raises
    ------
    InvalidInput
        If there is no such solver, or an argument has the wrong shape.

    References
    ----------
    The course notes, section "Continuity from IV Cost_function": the helicopter.

    Examples
    --------
    >>> import backpass as bp
    >>> X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
    >>> found = bp.drops(bp.Network((2, 2, 1), hidden="tanh"), X, Y, lam=0.01, n=4, seed=1)
    >>> len(found.paths), bool(found.apart[0] < 1e-12)
    (5, True)
    """
    problem = engine.prepare(net, X, Y, lam=lam, sample_weight=sample_weight)
    places = [_equal_start(net), *_places(net, n, seed, method, epsilon, starts)]
    names = ["equal weights", *(f"drop {k}" for k in range(1, len(places)))]
    walk = _walk_as_stack if solver in RULES else _walk_sequentially
    paths = walk(problem, places, names, solver, learning_rate, max_iter, callback)
    paths[0] = replace(
        paths[0], thetas=np.array([with_equal_units(net, theta) for theta in paths[0].thetas])
    )
    descent = float(np.mean([path.J[0] - path.J[-1] for path in paths]))
    valleys = group_valleys(problem, [path.thetas[-1] for path in paths], ridge * descent)
    return Drops(tuple(paths), tuple(valleys), problem)


def _equal_start(net: Network) -> NDArray[np.float64]:
    """All weights of a layer equal: half of Glorot's bound, so that no g saturates."""
    weights = [math.sqrt(6 / (rows + columns - 1)) / 2 for rows, columns in net.shapes]
    sizes = [rows * columns for rows, columns in net.shapes]
    return np.repeat(weights, sizes)


def _places(
    net: Network, n: int, seed: int, method: str, epsilon: float, starts: ArrayLike | None
) -> list[NDArray[np.float64]]:
    """The random places, each from a seed of its own, or the given ones."""
    if starts is None:
        seeds = np.random.SeedSequence(seed).spawn(n)
        return [init_theta(net, np.random.default_rng(s), method, epsilon) for s in seeds]
    given = np.asarray(starts, dtype=float)
    if given.ndim != 2 or given.shape[1] != net.n_parameters:
        raise InvalidInput(
            f"starts has shape {given.shape}, but it needs one row of {net.n_parameters} numbers "
            "for each place."
        )
    return list(given)


def _walk_sequentially(
    problem: engine.InMemoryProblem,
    places: Sequence[NDArray[np.float64]],
    names: Sequence[str],
    solver: str,
    learning_rate: float,
    max_iter: int,
    callback: Survey | None,
) -> list[Path]:
    """Walk down by a full-batch solver, which chooses its own steps."""
    problems: list[_Walkable] = [_EqualUnits(problem), *[problem] * (len(places) - 1)]
    paths: list[Path] = []
    for who in zip(problems, places, names):
        paths.append(_walk(*who, solver, max_iter))
        if callback is not None:
            callback(len(paths), len(places))
    return paths


def _walk(
    problem: _Walkable, start: NDArray[np.float64], name: str, solver: str, max_iter: int
) -> Path:
    thetas, heights = [start.copy()], [float(problem.cost_and_gradient(start)[0])]

    def note(point: OptimizeResult) -> None:
        thetas.append(np.array(point.x))
        heights.append(float(point.fun))

    result = minimize_function(
        problem.cost_and_gradient,
        start,
        solver=solver,
        max_iter=max_iter,
        callback=note,
        curvature=engine.ProblemCurvature(problem),
    )
    return Path(np.array(thetas), np.array(heights), name, result.message)


def _walk_as_stack(
    problem: engine.InMemoryProblem,
    places: Sequence[NDArray[np.float64]],
    names: Sequence[str],
    solver: str,
    learning_rate: float,
    max_iter: int,
    callback: Survey | None,
) -> list[Path]:
    """Walk all walkers down step by step: update rules are elementwise, so θ may be a stack."""
    rule, stack, walkers = RULES[solver], np.array(places), _EqualUnits(problem)
    state = rule.init(stack)
    thetas, heights = [stack], []
    with np.errstate(over="ignore", invalid="ignore"):  # a walker may run off; _finite_part cuts
        for step in range(1, max_iter + 1):
            J, D = walkers.costs_and_gradients(stack)
            heights.append(J)
            state, stack = rule.step(state, stack, D, learning_rate)
            thetas.append(stack)
            if callback is not None:
                callback(step, max_iter)
        heights.append(walkers.costs_and_gradients(stack)[0])
    trajectories = zip(np.swapaxes(thetas, 0, 1), np.transpose(heights), names)
    return [_finite_part(*trajectory) for trajectory in trajectories]


def _finite_part(thetas: NDArray[np.float64], J: NDArray[np.float64], name: str) -> Path:
    """Cut a trajectory where J stops being finite."""
    fine = np.isfinite(J) & np.isfinite(thetas).all(axis=1)
    if fine.all():
        return Path(thetas, J, name, "All steps are made.")
    end = int(np.argmin(fine))
    if end == 0:
        raise InvalidInput(f"J is not finite where the walker '{name}' is dropped.")
    reason = "J stopped being finite: the learning rate is too large for these slopes."
    return Path(thetas[:end], J[:end], name, reason)


def _moved_path(net: Network, path: Path, goal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move a whole path as its end has to move to lie nearest to the goal."""
    moves = find_moves(net, path.thetas[-1], goal)
    return np.array([apply_moves(net, theta, moves) for theta in path.thetas])
