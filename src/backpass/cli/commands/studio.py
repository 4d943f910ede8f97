"""``backpass studio``: the page where you watch your own network learn."""

from __future__ import annotations

import contextlib
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
import numpy as np

from ..command import Answer, Command, command_line, given_parameters, messages
from ..option_types import Real, Whole, member_option
from ..output import check_free
from ..progress import told_work
from ..sizes import Image, Sizes

if TYPE_CHECKING:
    from ...experiment.ready import PreparedTable
    from ...studio.answering.beside import Beside
    from ...studio.model import StudioModel
    from ...studio.page_state import PageState
    from ...studio.session_data import SessionData
    from ...studio.toys import ToySettings
    from ...training.checkpoints import Checkpoint
    from ..trained import LookedAt

MODEL_ENDING = ".backpass"
MOST_ROWS_OF_MEMBER = 1000


class NewNetwork(TypedDict):
    """What a new network is made with."""

    target: str | None
    image: tuple[int, int] | None
    hidden: tuple[int, ...]
    lam: float
    seed: int


OF_TOYS = ("hidden", "lam", "seed", "points", "noise")  # what a set of points is made with
OF_TABLES = ("rows", "target", "image", "member", "out", "checkpoint", "every")  # and what not
OF_SERVERS = ("out", "checkpoint", "port", "debugger", "no_browser")  # not of a page in a file


@click.command(cls=Command)
@click.argument("source", metavar="DATA|MODEL", default="digits")
@click.argument("rows", metavar="[DATA]", required=False)
@click.option("--target", metavar="COLUMN", help="The column to predict, of a table.")
@click.option(
    "--image", type=Image(), help="Rows of DATA are pictures, as 28x28, unrolled by rows."
)
@click.option("--hidden", type=Sizes(), default=(32,), help="Hidden layers of a new network.")
@click.option("--lambda", "lam", type=Real(0), default=1.0, help="Weight decay λ.")
@click.option("--seed", type=Whole(0, 2**32 - 1), default=0)
@click.option("--points", type=Whole(20, 500), default=300, help="Of a toy set: how many.")
@click.option("--noise", type=Real(0, 0.5), default=0.05, help="Of a toy set: its deviation.")
@click.option("--export", metavar="PAGE", help="Write the page as one offline file, and end.")
@click.option("--out", metavar="FILE", help="Where training in the page saves the model.")
@click.option("--checkpoint", metavar="FILE", help="Keep the run there, and go on from there.")
@click.option("--every", type=Whole(1), default=10, help="Epochs between checkpoints.")
@click.option("--port", type=Whole(0, 65535), default=0, help="0 takes a free one.")
@click.option("--debugger", is_flag=True, help="A tab in which pasted code is judged; it is run.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@member_option
def studio(
    source: str,
    rows: str | None,
    export: str | None,
    out: str | None,
    checkpoint: str | None,
    every: int,
    port: int,
    debugger: bool,
    no_browser: bool,
    force: bool,
    member: int | None,
    points: int,
    noise: float,
    **new: Unpack[NewNetwork],
) -> Answer:
    """Watch a network learn, step by step or live: a new one on DATA, or a trained MODEL.

    DATA is a table, a built-in set, or points in a plane for the playground: xor, moons, rings,
    spirals, blobs and surface.

    A MODEL is a file of `backpass train`, with the table of rows to look at after it; of an
    ensemble the page shows one member, and whatever is tried there is not kept. The page is served
    on this machine only, until Ctrl-C; --export writes it as one file instead.
    """
    for option, path in {"--export": export, "--out": out}.items():
        if path is not None:
            check_free(Path(path), force, option)
    toy = _toy(source)
    if toy is not None:
        return _play(toy, export, port, force, debugs=debugger, no_browser=no_browser)
    trained = source.endswith(MODEL_ENDING)
    _check_options(trained, rows, export)
    looked_at = _looked_at(source, rows, member, bool(out or checkpoint)) if trained else None
    with told_work(_reading(rows or source), messages()):
        model = (
            _new(source, **new) if looked_at is None else _trained(source, rows or "", looked_at)
        )
    model = replace(model, command=command_line())
    if export is not None:
        return _export(model.page_state(), Path(export), force)
    save: Callable[[np.ndarray], str] | None = None if out is None else model.saver(out)
    data = model.session_data(save, checkpoint, every)
    state = model.page_state()
    beside = model.beside(debugs=debugger)
    return _serve(state, data, port, beside=beside, no_browser=no_browser, out=out)


def _reading(source: str) -> str:
    """What takes long with a large table, and how large it is."""
    path = Path(source)
    size = f", {path.stat().st_size / 1e6:,.1f} MB" if path.is_file() else ""
    return f"Reading {source}{size}, and making numbers of its rows"


def _check_options(trained: bool, rows: str | None, export: str | None) -> None:
    """Refuse what would have no effect."""
    given = _given()
    new = [given[name] for name in NewNetwork.__annotations__ if name in given]
    if trained and new:
        raise click.UsageError(
            f"{', '.join(new)}: for a new network; a trained MODEL has its own layers, λ, weights, "
            "target and pictures"
        )
    if not trained and (rows is not None or "member" in given):
        raise click.UsageError(
            f"{'--member' if rows is None else rows}: only after a MODEL, a file of `backpass "
            f"train` that ends in {MODEL_ENDING}"
        )
    _check_export(given, export)


def _check_export(given: dict[str, str], export: str | None) -> None:
    """Refuse what a page that is written has no use for."""
    unused = [given[name] for name in OF_SERVERS if name in given]
    if export is not None:
        _refuse(unused, "--export writes the page and ends")


def _toy(source: str) -> ToySettings | None:
    """What a set of points is made with: what learns it well, but for what was asked for."""
    from ...studio.toys import GOOD

    params, given = click.get_current_context().params, _given()
    if source not in GOOD:
        _refuse([given[name] for name in ("points", "noise") if name in given],
                f"for points in a plane: {', '.join(GOOD)}")  # fmt: skip
        return None
    _refuse([given[name] for name in OF_TABLES if name in given],
            f"{source} is points in a plane; these are for a table or a model")  # fmt: skip
    asked = {name: params[name] for name in OF_TOYS if name in given}
    return replace(GOOD[source].settings, **asked)


def _refuse(options: list[str], why: str) -> None:
    """Refuse options that would have no effect."""
    if options:
        raise click.UsageError(f"{', '.join(options)}: {why}")


def _given() -> dict[str, str]:
    """What was given, by its parameter's name: an option as it is typed, an argument's value."""
    values = click.get_current_context().params
    is_option = {param: isinstance(param, click.Option) for param in given_parameters()}
    return {
        str(param.name): param.opts[0] if option else str(values[str(param.name)])
        for param, option in is_option.items()
    }


def _new(
    source: str,
    target: str | None,
    hidden: tuple[int, ...],
    lam: float,
    seed: int,
    image: tuple[int, int] | None = None,
) -> StudioModel:
    """Make a fresh network on a table, split and scaled as ``train`` does it."""
    from ...experiment.prepared import prepare
    from ...experiment.settings import Settings
    from ...experiment.training import build, check_room
    from ...initialise import init_theta
    from ...models.table_model import TableModel
    from ...studio.model import StudioModel
    from ..source import load_to_learn

    settings = Settings(hidden=hidden, activation="tanh", lam=lam, seed=seed, epochs=1)
    targets = () if target is None else (target,)
    table = load_to_learn(source, targets, image)
    data = prepare(table, settings)
    check_room(data, settings)
    estimator = build(data, settings)
    estimator.partial_fit(data.X["train"], data.y["train"], **_all_classes(data))
    estimator.theta_[:] = init_theta(estimator.net_, seed, "glorot")
    model = TableModel(estimator, data.preprocessing)
    return StudioModel(model, data.X, data.y, source, data.image, rows=data.rows, table=table)


def _all_classes(data: PreparedTable) -> dict[str, np.ndarray]:
    if not data.target.classes:
        return {}
    return {"classes": np.unique(np.concatenate(list(data.y.values())))}


def _looked_at(path: str, rows: str | None, member: int | None, trains: bool) -> LookedAt:
    """Load a model, unless what is asked for is nothing for it."""
    from ..trained import LookedAt

    looked_at = LookedAt.at(path, member)
    if rows is None:
        raise click.UsageError(f"Which rows? Name a table after the model {path}")
    if looked_at.model.ensemble is not None and trains:
        raise click.UsageError(
            "--out, --checkpoint: the page shows a member of an ensemble, and trains none of them"
        )
    return looked_at


def _trained(path: str, source: str, looked_at: LookedAt) -> StudioModel:
    """A model and the rows to look at."""
    from ...studio.model import StudioModel
    from ..source import load_known

    model = looked_at.model
    table = load_known(source, model)
    X, y = model.inputs(table), model.targets(table)
    if y is None:
        raise click.UsageError(f"{source} has no target column {model.target.name!r}")
    numbers = np.arange(X.shape[0])
    if model.ensemble is not None:  # whose members widen what they are given
        numbers = np.unique(np.linspace(0, X.shape[0] - 1, MOST_ROWS_OF_MEMBER).astype(int))
    held_out = len(numbers) // 5
    rows = {"train": numbers[held_out:], "validation": numbers[:held_out]}
    X_parts, y_parts = ({part: v[which] for part, which in rows.items()} for v in (X, y))
    image = model.preprocessing.image or table.image
    title = Path(path).name
    return StudioModel(
        model, X_parts, y_parts, title, image, looked_at.member, rows=rows, table=table
    )


def _play(
    toy: ToySettings,
    export: str | None,
    port: int,
    force: bool,
    *,
    debugs: bool,
    no_browser: bool,
) -> Answer:
    """Show a set of points, and a network that learns it."""
    from ...studio.answering.beside import Beside
    from ...studio.toys import page_state_of_toy, session_data_of_toy

    _check_export(_given(), export)
    state = page_state_of_toy(toy, command_line())
    if export is not None:
        return _export(state, Path(export), force)
    data = session_data_of_toy(toy)
    beside = Beside(debugs)
    return _serve(state, data, port, beside=beside, no_browser=no_browser, out=None)


def _export(page_state: PageState, path: Path, force: bool) -> Answer:
    """Write the offline page."""
    from ...storage.atomic import atomic_write
    from ...studio.page import bake

    page = bake(page_state).encode()
    atomic_write(path, page, force)
    values = {"page": str(path), "bytes": len(page), "network": str(page_state.net)}
    return Answer(values, lambda to: to.print(f"Page: {path} ({len(page) / 2**20:.1f} MB)"))


def _serve(
    page_state: PageState,
    data: SessionData,
    port: int,
    *,
    beside: Beside,
    no_browser: bool,
    out: str | None,
) -> Answer:
    """Serve the page until Ctrl-C."""
    from ...studio.app import listening, make_server, new_address

    address = new_address(port)
    server = make_server(page_state, data, address, beside)
    with listening(address) as door:
        messages().print(f"The studio: {address.url}\nCtrl-C ends it.", soft_wrap=True)
        if data.checkpoint is not None:
            _say_where_it_goes_on(data.checkpoint)
        if not no_browser:
            webbrowser.open(address.url)
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            server.run(sockets=[door])
    return Answer({"url": address.url, "model": out}, lambda to: to.print("The studio is closed."))


def _say_where_it_goes_on(checkpoint: Checkpoint) -> None:
    run = checkpoint.unfinished()
    if run is not None:
        messages().print(f"Training goes on after epoch {run['epoch']} of {checkpoint.path}.")
