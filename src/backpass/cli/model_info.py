"""What a model file or a checkpoint tells about itself, for ``backpass info``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ..data.columns import Categorical, Numeric
from ..data.knowing.kinds import ColumnReading
from ..data.table_preprocessing import TablePreprocessing
from ..estimators.raw_tables import AnyPreprocessing
from ..estimators.targets.metrics import METRICS
from ..models.table_model import TableModel, Tabular
from ..storage.modelfile import Content, read_model, reading
from ..training.checkpoints import KIND
from .command import Json, Values, next_command
from .option_names import OPTIONS

if TYPE_CHECKING:
    import numpy as np

    from ..models.table_model import TableEstimator
    from ..tabular.base import FittedMember

MOST_CATEGORIES = 12  # of a column, in the terminal; --json has them all
MOST_COLUMNS = 40
MOST_SCORES = 6
SCORES = {"test_accuracy": "test accuracy", "test_r2": "test R²", "test_mean_error": "mean error"}


def described(path: str) -> Values:
    """Return what a file holds, as values for --json."""
    content = read_model(path)
    status = Path(path).stat()
    written = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")
    with reading(path):
        known = _checkpoint if content.metadata.get("kind") == KIND else _model
        values = known(content)
    return {"file": path, **values, "written": written, "file_bytes": status.st_size}


def show(to: Console, values: Values) -> None:
    """Print it: the facts, the columns, and what there is to say of the table."""
    table = RichTable(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in _facts(values):
        table.add_row(name, escape(value))
    to.print(table)
    if values.get("members"):
        to.print(leaderboard(values["members"]))
    if values.get("columns"):
        to.print(_columns_table(values["columns"]))
    for note in values.get("notes", ()):
        to.print(note, markup=False, soft_wrap=True)
    if values.get("target"):
        for command in ("predict", "score"):
            hint = next_command(command, values["file"], "FILE")
            to.print(hint, markup=False, soft_wrap=True)


def _checkpoint(content: Content) -> Values:
    """An unfinished training, or one that is over."""
    from ..storage.packing import Unpacker

    metadata = content.metadata
    state = Unpacker(content.arrays).unpack(metadata["state"])
    settings = {OPTIONS[k]: v for k, v in dict(metadata["identity"]).items() if k in OPTIONS}
    runs = [] if state is None else list(zip(state["states"], state["reasons"]))
    unfinished = [start["epoch"] for start, reason in runs if reason is None]
    return {
        "kind": KIND,
        "finished": bool(metadata["finished"]),
        "epoch": unfinished[0] if unfinished else None,
        "starts": len(runs) or None,
        "settings": settings,
    }


def _model(content: Content) -> Values:
    """A trained network, and the table that it was trained on."""
    from ..io.saving import from_content

    estimator = from_content(content)
    preprocessing: AnyPreprocessing | None = getattr(estimator, "preprocessing_", None)
    classes = getattr(estimator, "classes_", None)
    parameters = estimator.get_params(deep=False)
    about = dict(content.metadata.get("about") or {})
    return {
        **about,
        "kind": "model of classes" if classes is not None else "model of numbers",
        "version": content.metadata["backpass"],
        **_table(preprocessing, estimator, classes),
        "settings": {OPTIONS[k]: v for k, v in parameters.items() if k in OPTIONS},
        **_training(estimator, about),
        "threshold": _threshold(estimator),
        "kept": _kept(estimator),
    }


def _training(estimator: TableEstimator, about: Values) -> Values:
    """What was trained and how it ended; of an ensemble, the member with the largest share."""
    from ..training.stop import why_stopped

    if not isinstance(estimator, Tabular):
        return {
            "network": str(estimator.net_),
            "n_parameters": estimator.net_.n_parameters,
            "n_inputs": estimator.n_features_in_,
            "lambda": estimator.alpha,
            "epochs": getattr(estimator, "n_iter_", None),
            "stop_reason": why_stopped(estimator.stop_reason_),
            "J": about.get("J", getattr(estimator, "loss_", None)),
        }
    ensemble = estimator.ensemble_
    member = ensemble.members[int(ensemble.weights.argmax())]
    result = member.result
    return {
        "members": told(estimator.members_),
        "network": str(member.net),
        "n_parameters": member.net.n_parameters,
        "n_inputs": member.net.sizes[0],
        "lambda": 0.0,
        "epochs": result.epochs,
        "stop_reason": None if result.reason is None else why_stopped(result.reason),
        "J": about.get("J", result.J_curve[-1] if result.J_curve else None),
    }


def told(members: Sequence[FittedMember]) -> list[Values]:
    """Return what there is to know of each member."""
    return [
        {
            "number": number,
            "settings": asdict(member.settings),
            "network": str(member.net_),
            "epochs": len(member.loss_curve_),
            "score": member.validation_score_,
            "share": member.share,
        }
        for number, member in enumerate(members)
    ]


def _kept(estimator: TableEstimator) -> dict[str, int]:
    """Of how many rows the file keeps fingerprints, and errors."""
    from ..experiment.kept import held_out_errors, seen_rows

    model = TableModel.of(estimator)
    seen, errors = (None, None) if model is None else (seen_rows(model), held_out_errors(model))
    return {
        "fingerprints": 0 if seen is None else len(seen.words),
        "errors": 0 if errors is None else len(errors),
    }


def _threshold(estimator: TableEstimator) -> Values | None:
    """From which probability on a row is told to be of the rarer class, where that was chosen."""
    threshold = vars(estimator).get("threshold_")
    return None if threshold is None else {"class": threshold.positive, "from": threshold.value}


def _table(
    preprocessing: AnyPreprocessing | None, estimator: TableEstimator, classes: np.ndarray | None
) -> Values:
    """The target, and each column with its kind."""
    names = list(getattr(estimator, "feature_names_in_", ()))
    columns: list[Values] = [{"name": str(name), "kind": "input"} for name in names]
    known: Values = {}
    target = preprocessing.target if preprocessing else None
    if isinstance(preprocessing, TablePreprocessing):
        readings = [each for each in preprocessing.reading.columns if not each.task]
        columns = [_read_column(each, preprocessing) for each in readings]
        notes = list(preprocessing.reading.notes)
        known = {"reading": preprocessing.reading.to_json(), "notes": notes}
    elif preprocessing is not None:
        columns = [_column(column) for column in preprocessing.columns]
    return {
        "target": target.name if target else None,
        "classes": classes,
        "columns": columns,
        "ignored": list(preprocessing.ignored) if preprocessing else [],
        **known,
    }


def _read_column(reading: ColumnReading, preprocessing: TablePreprocessing) -> Values:
    """One column as it was read, and the inputs that it has a part in."""
    values = reading.to_json()
    name = values.pop("column")
    inputs = [each.name for each in preprocessing.encoding.inputs if name in each.columns]
    return {"name": name, **values, "inputs": inputs}


def _column(column: Numeric | Categorical) -> Values:
    """One column: its kind, and how it becomes a part of X."""
    if isinstance(column, Categorical):
        return {
            "name": column.name,
            "kind": "categories",
            "categories": list(column.categories),
            "gap_becomes": column.fill,
        }
    if column.factor == 0:
        return {"name": column.name, "kind": "constant", "value": column.centre}
    return {
        "name": column.name,
        "kind": "number",
        "centre": column.centre,
        "scale": 1 / column.factor,
        "gap_becomes": column.fill,
    }


def _facts(values: Values) -> list[tuple[str, str]]:
    """Name and value of what is known, in words."""
    classes = values.get("classes")
    rows = values.get("rows") or {}
    known = [
        ("file", f"{values['file']}: {values['kind']}, {_bytes(values['file_bytes'])}"),
        ("written", values["written"]),
        ("made by", _made_by(values)),
        ("trained on", _trained_on(values, rows)),
        ("rows parted", _parted(values.get("parting") or {})),
        ("target", values.get("target")),
        ("classes", None if classes is None else _few([str(label) for label in classes])),
        ("members", _members(values.get("members") or [])),
        ("network", values.get("network")),
        ("parameters", _number(values.get("n_parameters"), ",")),
        ("λ", _number(values.get("lambda"), "g")),
        *_scores(values),
        ("folds", _folds(values.get("cv"))),
        ("threshold", _of_threshold(values.get("threshold"))),
        ("J", _number(values.get("J"), ".6g")),
        ("epochs", _number(values.get("epochs"), ",")),
        ("stopped", values.get("stop_reason")),
        ("state", _state(values) if values["kind"] == KIND else None),
        ("settings", _settings(values["settings"])),
        ("keeps", _keeps(values.get("kept") or {})),
        ("not read", ", ".join(values.get("ignored", ()))),
    ]
    return [(name, value) for name, value in known if value]


def _made_by(values: Values) -> str | None:
    if "version" not in values:
        return None
    libraries = {"Python": values["python"]} if "python" in values else {}
    libraries |= values.get("libraries") or {}
    beside = ", ".join(f"{name} {version}" for name, version in libraries.items())
    return f"backpass {values['version']}{f' with {beside}' if beside else ''}"


def _bytes(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{n / 1e3:.1f} kB"


def _members(members: list[Values]) -> str:
    """How many there are, and how many of them answer."""
    counted = sum(each["share"] > 0 for each in members)
    return f"{len(members)}, of which {counted} count" if members else ""


def _parted(parting: Values) -> str:
    """How the rows were parted and weighed, as it was asked for."""
    names = {"rule": "--split", "test": "--test", "validation": "--validation"} | {
        "weights": "--weights"
    }
    return " ".join(f"{names[k]} {v}" for k, v in parting.items() if k in names and v is not None)


def _trained_on(values: Values, rows: dict[str, int]) -> str | None:
    counts = ", ".join(f"{n} {part}" for part, n in rows.items())
    source = values.get("source")
    return " ".join(filter(None, (source, f"({counts} rows)" if counts else ""))) or None


def _scores(values: Values) -> list[tuple[str, str]]:
    """Metrics of the test rows, the first one first, beside what is reached without a model."""
    if isinstance(values.get("targets"), dict):
        return [
            ("" if place else "score", f"{what} of {name}")
            for place, (name, what) in enumerate(_by_target(values["targets"]))
        ]
    baselines, headline = values.get("baselines") or {}, values.get("headline")
    names = [headline, *SCORES, *baselines]
    found = [n for n in dict.fromkeys(names) if n is not None and values.get(n) is not None]
    return [
        ("score" if place == 0 else "", _scored(name, values[name], baselines.get(name)))
        for place, name in enumerate(found[:MOST_SCORES])
    ]


def _by_target(targets: dict[str, Values]) -> Iterator[tuple[str, str]]:
    """The first scores of each of several targets."""
    for name, scores in targets.items():
        baselines = scores.get("baselines") or {}
        for metric in SCORES:
            if scores.get(metric) is not None:
                yield name, _scored(metric, scores[metric], baselines.get(metric))


def _scored(name: str, value: float, baseline: float | None) -> str:
    label = SCORES.get(name) or METRICS[name].label
    without = "" if baseline is None else f" ({baseline:.4g} without a model)"
    return f"{label} {value:.4g}{without}"


def _folds(folds: Values | None) -> str | None:
    """The mean and the spread of the first metric over the folds."""
    if not folds:
        return None
    name, mean = next(iter(folds["mean"].items()))
    label = (SCORES.get(name) or METRICS[name].label).removeprefix("test ")
    return f"{label} {mean:.4g} ± {folds['spread'][name]:.2g} in {len(folds['folds'])} folds"


def _of_threshold(threshold: Values | None) -> str | None:
    if threshold is None:
        return None
    return f"{threshold['class']} from a probability of {threshold['from']:.4g} on"


def _keeps(kept: dict[str, int]) -> str:
    what = {"fingerprints": "fingerprints of {} rows", "errors": "errors on {} rows held out"}
    return ", ".join(what[name].format(f"{n:,}") for name, n in kept.items() if n)


def _state(values: Values) -> str:
    if values["finished"]:
        return "the training is over; the next one begins anew"
    return f"unfinished, after epoch {values['epoch']}: the same command goes on from there"


def _settings(settings: Values) -> str:
    return ", ".join(f"{name} {_setting(value)}" for name, value in settings.items())


def _setting(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return "yes" if value is True else "no" if value is False else str(value)


def _number(value: float | None, how: str) -> str | None:
    return None if value is None else format(value, how)


def _few(names: list[str]) -> str:
    more = len(names) - MOST_CATEGORIES
    shown = ", ".join(names[:MOST_CATEGORIES])
    return f"{shown} and {more} more" if more > 0 else shown


def leaderboard(members: Sequence[Json]) -> RichTable:
    """One line a member, the largest share first."""
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    for heading in ("member", "share", "score", "epochs", "profile", "network"):
        table.add_column(heading, justify="left" if heading in ("profile", "network") else "right")
    for each in sorted(members, key=lambda each: (-each["share"], each["number"])):
        table.add_row(
            str(each["number"]),
            f"{each['share']:.1%}",
            f"{each['score']:.4f}",
            str(each["epochs"]),
            each["settings"]["profile"],
            each["network"],
        )
    return table


def _columns_table(columns: list[Values]) -> RichTable:
    """One line a column."""
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    for heading in ("column", "kind", "as the network sees it"):
        table.add_column(heading)
    for column in columns[:MOST_COLUMNS]:
        table.add_row(escape(column["name"]), column["kind"], escape(_seen(column)))
    if len(columns) > MOST_COLUMNS:
        table.add_row(f"and {len(columns) - MOST_COLUMNS} more")
    return table


def _seen(column: Values) -> str:
    """How a column becomes a part of X, in words."""
    if "reason" in column:
        inputs = _few([str(name) for name in column["inputs"]])
        return f"{column['reason']}; {f'as {inputs}' if inputs else 'not learned from'}"
    if column["kind"] == "categories":
        kept = _few(column["categories"])
        return f"one input each for {kept}; a gap becomes {column['gap_becomes']}"
    if column["kind"] == "number":
        centre, scale = column["centre"], column["scale"]
        return f"(x - {centre:.6g}) / {scale:.6g}; a gap becomes {column['gap_becomes']:.6g}"
    return "always 0" if column["kind"] == "constant" else "as it is"
