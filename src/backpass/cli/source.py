"""Where a command's rows come from: a built-in data set's name, or a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.cells import quoted
from ..data.datasets import NAMED, load_named
from ..data.memory import available, has_room_for
from ..data.parquet import ConvertedRows, ParquetRows
from ..data.reading import ReadingOptions
from ..data.reading.large import is_read_in_blocks
from ..data.table_preprocessing import TablePreprocessing
from ..data.tables import AS_FOUND_OUT, Table, read_table
from ..errors import InvalidInput
from .command import messages
from .option_types import suggestion

if TYPE_CHECKING:
    from ..models.table_model import TableModel

MOST_NAMES = 1000  # of a folder, that are looked through for the one that was meant
COPIES = 2  # of the table, that are in memory while it is made ready


def load_to_learn(
    source: str,
    target: tuple[str, ...] = (),
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
        if classes is not None:
            kinds |= dict.fromkeys(target, "category" if classes else "number")
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
    if target not in ((), (table.target,)):
        raise InvalidInput(
            f"The built-in set {source!r} has the target {table.target!r}, not "
            f"{quoted(target)}; leave --target out."
        )
    return table if image in (None, table.image_shape) else replace(table, image_shape=image)


@dataclass(frozen=True)
class HowToRead:
    """What the user said of a file and of its columns."""

    options: ReadingOptions = AS_FOUND_OUT
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    date_format: str = ""


def as_written(
    how: HowToRead,
    target: tuple[str, ...],
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
) -> ReadingOptions:
    """The options of the reading, by which the cells of categories stay as they are written."""
    texts = [*categorical, *(name for name, kind in how.kinds.items() if kind == "category")]
    if classes:
        texts += target
    return replace(how.options, texts=(*how.options.texts, *texts))


def load_known(source: str, model: TableModel, texts: Collection[str] = ()) -> Table:
    """Load what a model reads of a built-in set or a file, as it was read for the training.

    ``texts`` are columns that it does not read, whose cells stay as they are written.
    """
    if source in NAMED:
        return load_named(source)
    _check_exists(source)
    return model.read(source, texts)


def too_large(source: str, options: ReadingOptions = AS_FOUND_OUT) -> ParquetRows | None:
    """Return the rows of a table that would not fit well into memory, and say so."""
    if source in NAMED:
        return None
    _check_exists(source)
    path = Path(source)
    if _is_parquet(path):
        rows = ParquetRows(source)
        if has_room_for(COPIES * rows.decoded_bytes):
            return None
        _say_streamed(source, rows.decoded_bytes)
        return rows
    if not path.is_file():
        return None
    size = path.stat().st_size
    if not is_read_in_blocks(path):
        _refuse_too_large(path, size)
    elif size and not has_room_for(COPIES * size):
        _say_streamed(source, size)
        return ConvertedRows(path, options)
    return None


def options_of(model: TableModel) -> ReadingOptions:
    """Return what was said of the file that a model was trained on."""
    known = model.preprocessing
    return known.options if isinstance(known, TablePreprocessing) else AS_FOUND_OUT


def _say_streamed(source: str, n_bytes: int) -> None:
    messages().print(
        f"{source} would take about {n_bytes / (1 << 30):.1f} GiB in memory, so it is streamed: "
        "read block by block.",
        soft_wrap=True,
    )


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


def _refuse_too_large(path: Path, size: int) -> None:
    """Raise where even the bytes of a file that is read whole do not fit."""
    room = available()
    if room is not None and size > room:
        raise InvalidInput(
            f"{path} is larger than the memory that is free; only Parquet files, text and JSON "
            "lines are read block by block, so make it one of these first."
        )
