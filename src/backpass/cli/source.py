"""Where a command's rows come from: a built-in data set's name, or a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.datasets import NAMED, load_named
from ..data.memory import available, has_room_for
from ..data.parquet import ParquetRows
from ..data.reading import ReadingOptions
from ..data.tables import AS_FOUND_OUT, Table, read_table
from ..errors import InvalidInput
from .command import messages
from .option_types import suggestion

if TYPE_CHECKING:
    from ..estimators.table_model import TableModel

MOST_NAMES = 1000  # of a folder, that are looked through for the one that was meant
COPIES = 2  # of the table, that are in memory while it is made ready


def load_to_learn(
    source: str,
    target: str | None,
    image: tuple[int, int] | None = None,
    *,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
    how: HowToRead | None = None,
) -> Table:
    """Load a built-in set by its name, or read a file; a target chooses a column of a file."""
    how = how or HowToRead()
    if source not in NAMED:
        _check_exists(source)
        kinds = {**dict.fromkeys(categorical, "category"), **how.kinds}
        if classes is not None and target is not None:
            kinds[target] = "category" if classes else "number"
        return read_table(
            source,
            target,
            ignore=ignore,
            image_shape=image,
            kinds=kinds,
            date_format=how.date_format,
            options=how.options,
        )
    table = load_named(source)
    if target not in (None, table.target):
        raise InvalidInput(
            f"The built-in set {source!r} has the target {table.target!r}, not {target!r}; "
            "leave --target out."
        )
    return table if image in (None, table.image_shape) else replace(table, image_shape=image)


@dataclass(frozen=True)
class HowToRead:
    """What the user said of a file and of its columns."""

    options: ReadingOptions = AS_FOUND_OUT
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    date_format: str = ""


def load_known(source: str, model: TableModel, texts: Collection[str] = ()) -> Table:
    """Load what a model reads of a built-in set or a file, as it was read for the training.

    ``texts`` are columns that it does not read, whose cells stay as they are written.
    """
    if source in NAMED:
        return load_named(source)
    _check_exists(source)
    return model.read(source, texts)


def too_large(source: str) -> ParquetRows | None:
    """Return the rows of a Parquet table that would not fit well into memory, and say so."""
    if source in NAMED:
        return None
    _check_exists(source)
    if not _is_parquet(Path(source)):
        if Path(source).is_file():
            _refuse_too_large(Path(source))
        return None
    rows = ParquetRows(source)
    if has_room_for(COPIES * rows.decoded_bytes):
        return None
    size = rows.decoded_bytes / (1 << 30)
    messages().print(
        f"{source} would take about {size:.1f} GiB in memory, so it is streamed: read block by "
        "block.",
        soft_wrap=True,
    )
    return rows


def _is_parquet(path: Path) -> bool:
    """Whether a source is a Parquet file, or a folder of them."""
    return path.is_dir() or path.name.lower().endswith((".parquet", ".pq"))


def _check_exists(source: str) -> None:
    """Raise where there is no such file; the set or the file beside it that was meant is named."""
    path = Path(source.split("::")[0])
    if source == "-" or path.exists():
        return
    beside = [str(path.parent / name.name) for name in islice(path.parent.glob("*"), MOST_NAMES)]
    meant = suggestion(source, [*NAMED, *beside]) or "."
    raise InvalidInput(f"There is no file {source}{meant}")


def _refuse_too_large(path: Path) -> None:
    """Raise where even the bytes of a file that is read whole do not fit."""
    room = available()
    if room is not None and path.stat().st_size > room:
        raise InvalidInput(
            f"{path} is larger than the memory that is free; only Parquet files are read block by "
            "block, so make it one first (pyarrow.csv.open_csv reads a large CSV file in batches)."
        )
