"""``backpass landscape``: the mountains around a trained model, and drops from the helicopter."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
import numpy as np
from rich.console import Console

from ...extras import optional
from ...solvers.first_order import RULES
from ...solvers.registry import FULL_BATCH
from ..command import Answer, Command, Values, messages
from ..option_types import OneOf, Real, Whole, member_option
from ..output import check_free

if TYPE_CHECKING:
    from ...landscape import Drops, Landscape
    from ...models.table_network import TableNetwork
    from ..progress import StepsBar
    from ..trained import LookedAt

    Problem = tuple[TableNetwork, np.ndarray, np.ndarray, float]  # with X, Y and λ


class Walk(TypedDict):
    """How the drops find their way down."""

    solver: str
    learning_rate: float
    max_iter: int
    seed: int


SOLVERS = (*RULES, *FULL_BATCH)
POSITIVE = Real(0, min_open=True)


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option(
    "--drops",
    type=Whole(0),
    default=0,
    help="Walkers to drop at random, beside the one with equal weights; 0: none.",
)
@click.option("--solver", type=OneOf(SOLVERS), default="lbfgs", help="How they walk.")
@click.option("--learning-rate", type=POSITIVE, default=0.1, help="Of gd, momentum and the like.")
@click.option("--max-iter", type=Whole(1), default=100, help="A walker's steps at most.")
@click.option("--steps", type=Whole(2, 201), default=31, help="Lines of the grid.")
@click.option("--span", type=POSITIVE, default=1.0, help="Half a side, without drops.")
@click.option("--fog", type=POSITIVE, default=0.15, help="How far walkers see, of the width.")
@click.option("--rows", type=Whole(1), default=500, help="Rows of DATA at most.")
@click.option("--seed", type=Whole(0), default=0, help="Where they fall; which plane.")
@click.option("--out", metavar="PAGE", help="The page; its picture stands beside it, as .png.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@member_option
def landscape(
    model: str,
    data: str,
    out: str | None,
    force: bool,
    rows: int,
    drops: int,
    fog: float,
    steps: int,
    span: float,
    member: int | None,
    **walk: Unpack[Walk],
) -> Answer:
    """Draw J as mountains around MODEL on DATA: a page to turn in 3-D, and a picture.

    The page works offline. With --drops walkers go down from random places, and the valleys that
    they find are counted.
    """
    from ...storage.atomic import atomic_write
    from ..progress import StepsBar
    from ..trained import LookedAt

    page = Path(out) if out else Path(f"{Path(model).with_suffix('')}-mountains.html")
    picture = page.with_suffix(".png")
    for path in (page, picture):
        check_free(path, force)
    optional("plotly.graph_objects", "Drawing the mountains in 3-D")  # before they are surveyed
    trained, found = LookedAt.at(model, member), None
    problem = _problem(trained, data, rows)
    with StepsBar(messages()) as bar:
        if drops:
            found, land = _drop(problem, bar, drops, steps, **walk)
        else:
            land = _around(problem, bar, steps, span, walk["seed"])
    land.to_html(page, fog=fog, title=f"The mountains of {Path(model).name}")
    atomic_write(picture, _png(land), force)
    files = {"page": str(page), "picture": str(picture)}
    values = {**files, **_values(land, found), **trained.told}
    return Answer(values, lambda to: _show(to, files, land, found))


def _problem(trained: LookedAt, data: str, rows: int) -> Problem:
    """The network, and X and Y of at most so many rows, spread over the table."""
    from ..source import load_known

    model, network = trained.model, trained.network
    table = load_known(data, model)
    X, y = model.inputs(table), model.targets(table)
    if y is None:
        raise click.UsageError(
            f"{data} has no target column {model.target.name!r}, without which there is no J"
        )
    m = X.shape[0]
    kept = np.unique(np.linspace(0, m - 1, min(rows, m)).astype(int))
    Y = network.Y(model.Y(y[kept]))
    return network, np.asarray(network.X(X[kept]), dtype=np.float64), Y, model.lam


def _around(problem: Problem, bar: StepsBar, steps: int, span: float, seed: int) -> Landscape:
    """The mountains around the network, in two random directions."""
    from ...landscape import landscape as survey

    network, X, Y, lam = problem
    return survey(
        network.net,
        X,
        Y,
        lam,
        center=network.theta,
        directions="random",
        span=span,
        steps=steps,
        seed=seed,
        callback=partial(bar.update, "line"),
    )


def _drop(
    problem: Problem, bar: StepsBar, drops: int, steps: int, **walk: Unpack[Walk]
) -> tuple[Drops, Landscape]:
    """Walkers on the network's mountains, and the ground under their ways."""
    from ...landscape import drops as drop

    network, X, Y, lam = problem
    walking = partial(bar.update, "walker" if walk["solver"] in FULL_BATCH else "step")
    found = drop(network.net, X, Y, lam, n=drops, callback=walking, **walk)
    lines = partial(bar.update, "line")
    land = found.sorted_units().landscape(steps=steps, mark=network.theta, callback=lines)
    return found, land


def _png(land: Landscape) -> bytes:
    from matplotlib.figure import Figure

    buffer, figure = io.BytesIO(), land.plot().figure_
    assert isinstance(figure, Figure)  # one of its own, never a part of another
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _values(land: Landscape, found: Drops | None) -> Values:
    ground = {"lowest_on_the_grid": land.J.min(), "highest_on_the_grid": land.J.max()}
    if found is None:
        return ground
    walkers = [
        {
            "name": path.name,
            "J_start": path.J[0],
            "J_end": path.J[-1],
            "steps": len(path.J) - 1,
            "valley": label + 1,
            "hidden": walker.hidden[-1],
        }
        for path, label, walker in zip(found.paths, found.labels, land.walkers)
    ]
    return {**ground, "shown": land.shown, "valleys": len(found.valleys), "walkers": walkers}


def _show(to: Console, files: dict[str, str], land: Landscape, found: Drops | None) -> None:
    if found is not None:
        to.print(str(found), soft_wrap=True)
        to.print(f"The plane shows {100 * land.shown:.0f} % of the ways' spread.", soft_wrap=True)
    to.print(f"J on the grid: {land.J.min():.4g} to {land.J.max():.4g}", soft_wrap=True)
    to.print(f"Page: {files['page']}\nPicture: {files['picture']}", soft_wrap=True)
