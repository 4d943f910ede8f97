"""A table made ready for a training: split in three parts, and preprocessed as its rows say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import ceil

import numpy as np

from ..arrays import ImageShape
from ..data.cells import as_table, numbers_of, texts_of
from ..data.columns import Columns, fit_columns, known_range, warn_of_unknown
from ..data.preprocessing import Preprocessing
from ..data.tables import Table, check_trainable, columns_of, find_column
from ..data.target import Target, fit_target
from ..errors import InvalidInput, SettingError
from .known_prepared import prepare_known
from .ready import PreparedTable, check_loss
from .settings import Settings
from .splitting.seen import SeenRows, fingerprints
from .splitting.splits import MIN_ROWS, VALIDATION


def prepare(
    table: Table,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
) -> PreparedTable:
    """Split a table and fit its preprocessing on the rows that are not for the test.

    Parameters
    ----------
    table : Table
        With a target.
    settings : Settings
        Its ``test_size``, ``seed``, ``loss`` and ``dtype`` are read.
    ignore : tuple of str
        Columns not to learn from.
    categorical : tuple of str
        Columns of numbers that are categories.
    classes : bool or None
        Whether the target holds classes; None lets it decide.

    Returns
    -------
    PreparedTable

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    if table.known is not None:
        return prepare_known(table, settings, ignore, categorical, classes)
    _check_one_target(table)
    target = _target(table, settings, table.classes if classes is None else classes)
    y = target.encode(table.y)
    rows = _split(y, target, settings)
    columns = _columns(table, ignore)
    for name in categorical:
        if name != target.name:
            find_column(table.source, name, columns)
    image = _image_of(table, columns)
    learning = np.concatenate([rows["train"], rows["validation"]])
    known = _rows(columns, learning)
    fitted = _of_pixels(known) if image else fit_columns(known, categorical)
    preprocessing = Preprocessing(fitted, target, ignore, image=image)
    whole = preprocessing.encode(columns)[0].astype(settings.dtype)
    codes = {name: columns[name] for name in preprocessing.categorical}
    _warn_of_unseen(_rows(codes, learning), _rows(codes, rows["test"]))
    X = {part: whole[which] for part, which in rows.items()}
    parts = {part: y[which] for part, which in rows.items()}
    seen = SeenRows.of(fingerprints(preprocessing.cells(known)))
    return PreparedTable(preprocessing, X, parts, rows, table.source, seen=seen)


def _check_one_target(table: Table) -> None:
    check_trainable(table)
    if table.y is not None and table.y.ndim != 1:
        raise InvalidInput(
            f"{table.source}: the target {table.target!r} has {table.y.shape[1]} columns; one is "
            "predicted at a time."
        )


def _target(table: Table, settings: Settings, classes: bool | None) -> Target:
    """Fit the target; a loss that needs counts gets them unscaled."""
    target = fit_target(str(table.target), table.y, classes)
    check_loss(target, settings)
    return replace(target, centre=0.0, scale=1.0) if settings.loss == "poisson" else target


def _split(y: np.ndarray, target: Target, settings: Settings) -> dict[str, np.ndarray]:
    """Draw the rows for training, validation and test, each class in proportion where it can be."""
    if len(y) < MIN_ROWS:
        raise InvalidInput(
            f"The table has {len(y)} rows; to train and to test, it takes at least {MIN_ROWS}."
        )
    _check_test_size(y, target, settings.test_size)
    learn, test = _two_parts(np.arange(len(y)), y, target, settings.test_size, settings.seed)
    train, validation = _two_parts(learn, y[learn], target, VALIDATION, settings.seed)
    if target.classes:  # a class without a row to learn from has no score
        validation = validation[np.isin(y[validation], y[train])]
    return {"train": train, "validation": validation, "test": test}


def _check_test_size(y: np.ndarray, target: Target, fraction: float) -> None:
    """Raise where too few rows are left to learn from, or to test."""
    test = ceil(len(y) * fraction)
    needed = len(np.unique(y)) if target.classes and _can_stratify(y, fraction) else 2
    if len(y) * fraction < 2 or len(y) - test < needed:
        raise SettingError(
            "test_size",
            f"{fraction:g}",
            f"of {len(y)} rows, that is {test} to test and {len(y) - test} to learn from; it takes "
            f"at least 2 to test and {needed} to learn from.",
        )


def _two_parts(
    rows: np.ndarray, y: np.ndarray, target: Target, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows in two; none for the second where so small a part says nothing."""
    from sklearn.model_selection import train_test_split

    if len(rows) * fraction < 2:
        return rows, rows[:0]
    strata = y if target.classes and _can_stratify(y, fraction) else None
    first, second = train_test_split(rows, test_size=fraction, stratify=strata, random_state=seed)
    return np.asarray(first), np.asarray(second)


def _can_stratify(y: np.ndarray, fraction: float) -> bool:
    """Whether each class has a row for either part."""
    counts = np.unique(y, return_counts=True)[1]
    return counts.min() >= 2 and int(len(y) * fraction) >= len(counts)


def _columns(table: Table, ignore: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the inputs by name, those to be ignored left out."""
    columns = as_table(columns_of(table))
    unknown = [name for name in ignore if name not in columns and name not in table.ignored]
    if unknown:
        raise InvalidInput(f"{table.source} has no column {unknown[0]!r} to ignore.")
    return {name: cells for name, cells in columns.items() if name not in ignore}


def _rows(columns: dict[str, np.ndarray], which: np.ndarray) -> dict[str, np.ndarray]:
    return {name: cells[which] for name, cells in columns.items()}


def _warn_of_unseen(known: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> None:
    """Say which categories only the test's rows have."""
    counts = {name: Counter(filter(None, texts_of(cells))) for name, cells in test.items()}
    for name, texts in counts.items():
        for text in {*texts_of(known[name])} & {*texts}:
            del texts[text]
    warn_of_unknown({name: texts for name, texts in counts.items() if texts})


def _image_of(table: Table, columns: dict[str, np.ndarray]) -> ImageShape | None:
    """The pictures that the rows are; none where some of their pixels are left out."""
    image = table.image
    return image if image is not None and image.pixels == len(columns) else None


def _of_pixels(columns: dict[str, np.ndarray]) -> Columns:
    """Scale pixels by the range that all of them share: a pixel that is always dark stays 0."""
    numbers = [numbers_of(cells, name) for name, cells in columns.items()]
    low = min(float(np.fmin.reduce(pixel)) for pixel in numbers)
    high = max(float(np.fmax.reduce(pixel)) for pixel in numbers)
    return known_range(columns, low, high)
