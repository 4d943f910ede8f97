"""SQLite's data bases: read, and never written."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3

import numpy as np
import pytest

from backpass.data.reading import ReadingOptions, read_raw
from backpass.errors import InvalidInput

ROWS = [(1.5, "x", 1), (None, None, 0), (3.0, 'a "b"', 1)]


def made(path, *statements, journal="DELETE"):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute('CREATE TABLE "my table" (w REAL, "odd ""name""" TEXT, ok BOOLEAN)')
        connection.executemany('INSERT INTO "my table" VALUES (?, ?, ?)', ROWS)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def check(table):
    np.testing.assert_array_equal(table.columns["w"].values, [1.5, np.nan, 3])
    assert table.columns['odd "name"'].cells() == ["x", None, 'a "b"']
    assert table.columns["ok"].values.tolist() == [1, 0, 1]
    assert "truth values" in table.notes[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shop.db"


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_the_only_table(path, journal):
    before = made(path, journal=journal).read_bytes()
    check(read_raw(path))
    assert path.read_bytes() == before


def test_a_packed_one(path, tmp_path):
    (tmp_path / "shop.db.gz").write_bytes(gzip.compress(made(path, journal="WAL").read_bytes()))
    check(read_raw(tmp_path / "shop.db.gz"))


def test_a_named_table_or_view(path):
    made(path, "CREATE TABLE b (x)", "INSERT INTO b VALUES (7)", "CREATE VIEW v AS SELECT x FROM b")
    check(read_raw(f"{path}::my table"))
    assert read_raw(f"{path}::v").columns["x"].values.tolist() == [7]
    assert read_raw(path, ReadingOptions(table="b")).columns["x"].values.tolist() == [7]
    with pytest.raises(InvalidInput, match=r"2 tables, 'my table', 'b' and 'v'; say which"):
        read_raw(path)
    with pytest.raises(InvalidInput, match=r"no table 'c'"):
        read_raw(f"{path}::c")


def test_some_columns(path):
    assert [*read_raw(made(path), columns=["w", "z"]).columns] == ["w"]


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (['DELETE FROM "my table"'], "has no row"),
        (['DROP TABLE "my table"'], "without a table"),
    ],
)
def test_an_empty_one(path, statements, words):
    with pytest.raises(InvalidInput, match=words):
        read_raw(made(path, *statements))


def test_what_is_none(path):
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 8)
    with pytest.raises(InvalidInput, match=r"shop.db cannot be read"):
        read_raw(path)
