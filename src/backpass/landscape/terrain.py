"""J as mountains: its heights over a plane through the space of θ."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import engine, old_names
from ..arrays import Array, as_vector
from ..errors import InvalidInput
from ..network import Network
from .picture import Picture, TrajectoryProjection
from .plane import Plane, given_plane, principal_plane, random_plane
from .valleys import HasCost, height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from plotly.graph_objects import Figure

    from .contours import LandscapeDisplay

__getattr__ = old_names("landscape.terrain")

Survey = Callable[[int, int], object]  # is told how much of how much is done

MARKED = "the network"
_MARGIN = 0.2  # of ground around the paths, as a share of their extent


@dataclass(frozen=True, eq=False)
class Landscape:
    """The heights J(center + α d₁ + β d₂) on a grid, and the ways down that cross it.

    Attributes
    ----------
    net : Network
        The network.
    plane : Plane
        Its ``center``, ``directions``, ``point(alpha, beta)``, ``coordinates`` and ``distances``.
    alpha, beta : ndarrays of shapes (k,), (k,)
        The grid's lines.
    J : ndarray of shape (k, k)
        Heights: ``J[i, j]`` belongs to ``beta[i]`` and ``alpha[j]``.
    walkers : tuple of TrajectoryProjection
        The paths, with their distance from the plane.
    shown : float
        The share of the paths' variance about the center that lies in the plane; 1 without paths.
    mark : TrajectoryProjection, optional
        The network that is marked: its foot in the plane, its height and its distance.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> axes = [[1.0, 0.0], [0.0, 1.0]]
    >>> land = bp.landscape(net, [[1.0]], [[2.0]], center=[0.0, 2.0], directions=axes, steps=3)
    >>> land.alpha.tolist(), land.J[1].tolist()
    ([-1.0, 0.0, 1.0], [0.5, 0.0, 0.5])
    """

    net: Network
    plane: Plane
    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    J: NDArray[np.float64]
    walkers: tuple[TrajectoryProjection, ...] = ()
    shown: float = 1.0
    mark: TrajectoryProjection | None = None

    @property
    def picture(self) -> Picture:
        """What its pictures show: the heights, the paths and the share of them that is seen."""
        return Picture(self.J, (self.alpha, self.beta), self.walkers, self.shown, self.mark)

    def plot(
        self, *, ax: Axes | None = None, fog: float | None = None, step: int | None = None
    ) -> LandscapeDisplay:
        """Draw contours.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.
        fog : float, optional
            How far a walker sees, as a share of the picture's width; everything where not given.
        step : int, optional
            How many steps the walkers have made; all where not given.

        Returns
        -------
        LandscapeDisplay

        Raises
        ------
        MissingExtra
            If matplotlib is not installed.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((1, 1), hidden=())
        >>> land = bp.landscape(
        ...     net, [[0.0], [1.0]], [[0.0], [1.0]], center=[0.0, 1.0], directions="random", steps=5
        ... )
        >>> land.plot(fog=0.2).ax_.get_xlabel()
        'α'
        """
        from .contours import LandscapeDisplay

        return LandscapeDisplay(self).plot(ax=ax, fog=fog, step=step)

    def surface(self, *, fog: float | None = None) -> Figure:
        """Make the 3-D picture, with a slider for the steps and a button for the fog.

        Parameters
        ----------
        fog : float, optional
            How far a walker sees, as a share of the picture's width; without it no button.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        MissingExtra
            If plotly is not installed.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((1, 1), hidden=())
        >>> land = bp.landscape(
        ...     net, [[0.0], [1.0]], [[0.0], [1.0]], center=[0.0, 1.0], directions="random", steps=5
        ... )
        >>> land.surface().data[0].z.shape
        (5, 5)
        """
        from .surface import surface_figure

        return surface_figure(self.picture, fog)

    def to_html(
        self,
        path: str | os.PathLike[str],
        *,
        fog: float | None = 0.15,
        title: str = "J as mountains",
    ) -> None:
        """Write the 3-D picture as one file that works offline.

        Parameters
        ----------
        path : path-like
            The file; replaced where it exists.
        fog : float, optional
            How far a walker sees.
        title : str
            The page's heading.

        Raises
        ------
        MissingExtra
            If plotly is not installed.

        Examples
        --------
        >>> import backpass as bp, pathlib, tempfile
        >>> net = bp.Network((1, 1), hidden=())
        >>> land = bp.landscape(
        ...     net, [[0.0], [1.0]], [[0.0], [1.0]], center=[0.0, 1.0], directions="random", steps=5
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = pathlib.Path(folder) / "mountains.html"
        ...     land.to_html(page)
        ...     "https://" in page.read_text(encoding="utf-8").split("<body>")[0]
        False
        """
        from .surface import write_page

        write_page(self.picture, path, fog=fog, title=title, about=str(self.net))


def landscape(
    net: Network,
    X: Array,
    Y: Array,
    lam: float = 0.0,
    *,
    center: ArrayLike | None = None,
    path: NDArray[np.float64] | Sequence[ArrayLike] | None = None,
    directions: str | ArrayLike | None = None,
    span: float | None = None,
    steps: int = 41,
    seed: int = 0,
    sample_weight: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    mark: ArrayLike | None = None,
    callback: Survey | None = None,
) -> Landscape:
    """Compute J around a point or along paths, over a plane.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    X, Y : array-likes of shapes (m, s_1), (m, s_L), X perhaps sparse
        The examples.
    lam : float
        λ.
    center : array of shape (n,), optional
        The point in the middle. Where not given, the last point of the path, or the mean of all
        points of several paths.
    path : array of shape (k, n), or a sequence of such, optional
        Ways down, drawn with their distance from the plane.
    directions : {"pca", "random"} or array of shape (2, n), optional
        The paths' principal components (the default with a path), two random directions,
        filter-normalised (the default without), or your own.
    span : float, optional
        How far the grid goes to each side, in units of the directions: as far as the paths go, and
        1 without a path, where not given.
    steps : int
        Lines of the grid, each way.
    seed : int
        Which random directions.
    sample_weight : array-like of shape (m,), optional
        w ≥ 0.
    names : sequence of str, optional
        What the paths are called.
    mark : array of shape (n,), optional
        A network that the pictures mark; without paths the center, where not given.
    callback : callable, optional
        Called as ``callback(done, total)`` after each line of the grid, for a progress bar.

    Returns
    -------
    Landscape
        Heights, paths and the plane; draws itself (``plot``, ``surface``, ``to_html``).

    Raises
    ------
    InvalidInput
        If there is neither center nor path, or the directions make no plane.

    References
    ----------
    H. Li, Z. Xu, G. Taylor, C. Studer and T. Goldstein, "Visualizing the loss landscape of neural
    nets", NeurIPS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> import backpass as bp
    >>> X, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [0.0], [1.0]])
    >>> net = bp.Network((1, 2, 1), hidden="tanh")
    >>> theta = bp.init_theta(net, seed=0)
    >>> land = bp.landscape(net, X, Y, lam=0.1, center=theta, steps=11)
    >>> J, _ = bp.cost_and_gradient(net, land.plane.point(land.alpha[3], land.beta[8]), X, Y, 0.1)
    >>> bool(land.J[8, 3] == J)
    True
    """
    problem = engine.prepare(net, X, Y, lam=lam, sample_weight=sample_weight)
    paths = _as_paths(net, path)
    plane = _lay_plane(net, _center(net, center, paths), paths, directions, seed)
    walkers = tuple(
        _project(problem, plane, p, name) for p, name in zip(paths, _names(paths, names))
    )
    marked = _project_mark(net, problem, plane, mark, paths)
    covered = (*walkers, marked) if walkers and marked else walkers
    alpha, beta = _grid(covered, span, steps)
    J = _survey(problem, plane, alpha, beta, callback)
    return Landscape(net, plane, alpha, beta, J, walkers, _share_shown(plane, paths), marked)


def _project_mark(
    net: Network,
    problem: HasCost,
    plane: Plane,
    mark: ArrayLike | None,
    paths: list[NDArray[np.float64]],
) -> TrajectoryProjection | None:
    """The network to mark, as a way of one point; none where there are ways and it is not said."""
    if mark is None:
        if paths:
            return None
        zero, J = np.zeros(1), np.array([height(problem, plane.center)])
        return TrajectoryProjection(zero, zero, J, zero, zero, MARKED)
    theta = np.asarray(as_vector(mark, "mark", net.n_parameters, net.why_so_long()), dtype=float)
    return _project(problem, plane, theta[None, :], MARKED)


def _survey(
    problem: HasCost,
    plane: Plane,
    alpha: NDArray[np.float64],
    beta: NDArray[np.float64],
    callback: Survey | None,
) -> NDArray[np.float64]:
    """Heights over the grid, (len(beta), len(alpha))."""
    lines: list[list[float]] = []
    for b in beta:
        lines.append([height(problem, plane.point(a, b)) for a in alpha])
        if callback is not None:
            callback(len(lines), len(beta))
    return np.array(lines)


def _as_paths(
    net: Network, path: NDArray[np.float64] | Sequence[ArrayLike] | None
) -> list[NDArray[np.float64]]:
    """A list of (k, n) arrays, from one or several."""
    if path is None:
        return []
    several = [path] if getattr(path, "ndim", 0) == 2 else list(path)
    paths = [np.asarray(one, dtype=float) for one in several]
    for one in paths:
        if one.ndim != 2 or one.shape[1] != net.n_parameters:
            raise InvalidInput(
                f"A path has shape {one.shape}, but it needs one row of {net.n_parameters} "
                "numbers for each of its points."
            )
    return paths


def _names(paths: list[NDArray[np.float64]], names: Sequence[str] | None) -> Sequence[str]:
    return [f"path {k}" for k in range(len(paths))] if names is None else names


def _center(
    net: Network, center: ArrayLike | None, paths: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    if center is not None:
        given = as_vector(center, "center", net.n_parameters, net.why_so_long())
        return np.array(given, dtype=float)
    if not paths:
        raise InvalidInput("A landscape needs a center or a path to be drawn around.")
    return paths[0][-1] if len(paths) == 1 else np.vstack(paths).mean(axis=0)


def _lay_plane(
    net: Network,
    center: NDArray[np.float64],
    paths: list[NDArray[np.float64]],
    directions: str | ArrayLike | None,
    seed: int,
) -> Plane:
    """Choose the plane by the kind of directions."""
    if directions is None:
        directions = "pca" if paths else "random"
    if not isinstance(directions, str):
        return given_plane(net, center, directions)
    if directions == "random":
        return random_plane(net, center, seed)
    if directions != "pca":
        raise InvalidInput(f"directions is 'pca', 'random' or two vectors, not {directions!r}.")
    if not paths:
        raise InvalidInput("The directions 'pca' are those of a path, and no path is given.")
    return principal_plane(center, np.vstack(paths))


def _project(
    problem: HasCost, plane: Plane, path: NDArray[np.float64], name: str
) -> TrajectoryProjection:
    """Where each point of a path stands in the plane, and how far it is from it."""
    alpha, beta = plane.coordinates(path).T
    distance = plane.distances(path)
    from_center = np.linalg.norm(path - plane.center, axis=1)
    hidden = np.divide(distance, from_center, out=np.zeros_like(distance), where=from_center > 0)
    J = np.array([height(problem, theta) for theta in path])
    return TrajectoryProjection(alpha, beta, J, distance, np.minimum(hidden, 1.0), name)


def _grid(
    trajectories: tuple[TrajectoryProjection, ...], span: float | None, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lines of the grid: around the center, or over all the ground that the walkers cover."""
    if steps < 2:
        raise InvalidInput(f"A grid has two lines or more each way, not {steps}.")
    if span is not None or not trajectories:
        line = np.linspace(-1.0, 1.0, steps) * (1.0 if span is None else span)
        return line, line.copy()
    alphas = np.concatenate([way.alpha for way in trajectories])
    betas = np.concatenate([way.beta for way in trajectories])
    return _line_over(alphas, betas, steps), _line_over(betas, alphas, steps)


def _line_over(
    values: NDArray[np.float64], others: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """Cover the values with a margin; never much narrower than the other direction."""
    extent = max(np.ptp(values), 0.25 * np.ptp(others), np.finfo(float).eps)
    middle, half = (values.min() + values.max()) / 2, extent * (0.5 + _MARGIN)
    return np.linspace(middle - half, middle + half, steps)


def _share_shown(plane: Plane, paths: list[NDArray[np.float64]]) -> float:
    if not paths:
        return 1.0
    points = np.vstack(paths)
    total = float(np.sum((points - plane.center) ** 2))
    return 1.0 - float(np.sum(plane.distances(points) ** 2)) / total if total else 1.0
