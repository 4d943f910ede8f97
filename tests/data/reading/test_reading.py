"""One table has the same cells in every format that can hold them."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backpass.data.raw import Numbers, Texts
from backpass.data.reading import ReadingOptions, raw_of, read_raw

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("openpyxl")
pytest.importorskip("clevercsv")
pytest.importorskip("zstandard")
CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "tables"

# A first letter, so that no text is a number; no blanks around, since they are no part of a cell.
WORDS = st.from_regex(r"[a-zé][a-z0-9 ;,|'\"\n.é]{0,8}[a-z]", fullmatch=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.lists(
    st.tuples(
        FINITE.map(lambda x: x + 0.0),  # a workbook has no negative zero
        st.none() | FINITE.map(lambda x: x + 0.0),
        st.integers(-(10**14), 10**14),
        st.none() | WORDS,
        st.dates().map(str),
    ),
    min_size=2,
    max_size=8,
)
NAMES = ["number", "gaps", "whole", "text", "day"]


def write_csv(path, rows, sep=",", mark="."):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=sep, lineterminator="\n")
        out.writerow(NAMES)
        for row in rows:
            cells = ["" if cell is None else str(cell) for cell in row]
            decimals = [cell.replace(".", mark) for cell in cells[:2]]
            out.writerow([*decimals, *cells[2:]])


def write_sqlite(path, rows):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(NAMES)})")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()


def write_zip(path, rows):
    write_csv(path.with_suffix(".csv"), rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path.with_suffix(".csv"), "t.csv")


def lines(rows):
    return "\n".join(json.dumps(dict(zip(NAMES, row))) for row in rows)


def frame(rows):
    return pd.DataFrame({name: list(cells) for name, cells in zip(NAMES, zip(*rows))})


WRITERS = {
    "t.csv": write_csv,
    "semicolons.csv": lambda path, rows: write_csv(path, rows, ";", ","),
    "t.tsv": lambda path, rows: write_csv(path, rows, "\t"),
    "t.parquet": lambda path, rows: frame(rows).to_parquet(path),
    "t.feather": lambda path, rows: frame(rows).to_feather(path),
    "t.xlsx": lambda path, rows: frame(rows).to_excel(path, index=False),
    "t.jsonl": lambda path, rows: path.write_text(lines(rows)),
    "t.json": lambda path, rows: path.write_text(f"[{lines(rows)}]".replace("}\n", "},\n")),
    "t.db": write_sqlite,
    "t.zip": write_zip,
    "t.csv.zst": lambda path, rows: frame(rows).to_csv(path, index=False),
}


def as_workbooks_have_it(number):
    """openpyxl writes 16 digits, so that large numbers look like long whole ones."""
    if number is None or abs(number) >= 1e15:
        return number and 0.5
    return float(f"{number:.15g}")


def check(table, rows):
    truth = dict(zip(NAMES, zip(*rows)))
    assert [*table.columns] == NAMES
    assert table.rows == len(rows)
    for name in ("number", "gaps", "whole"):
        column = table.columns[name]
        cells = np.array([np.nan if cell is None else cell for cell in truth[name]], float)
        if isinstance(column, Texts):  # not a number in any row
            assert np.isnan(cells).all()
            assert column.gaps.all()
        else:
            np.testing.assert_array_equal(column.values, cells)
    for name in ("text", "day"):
        assert table.columns[name].cells() == list(truth[name])


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_every_format_has_the_same_cells(tmp_path, name, rows):
    path = tmp_path / name
    path.unlink(missing_ok=True)
    if name == "t.xlsx":
        rows = [(*map(as_workbooks_have_it, row[:2]), *row[2:]) for row in rows]
    WRITERS[name](path, rows)
    decimal = "," if name == "semicolons.csv" else None
    check(read_raw(path, ReadingOptions(decimal=decimal)), rows)


@given(ROWS)
def test_what_python_holds_has_the_same_cells(rows):
    check(raw_of(dict(zip(NAMES, zip(*rows)))), rows)
    check(raw_of([dict(zip(NAMES, row)) for row in rows]), rows)


def test_a_folder_of_parquet_files(tmp_path):
    for number in range(3):
        pd.DataFrame({"a": [number, number + 0.5]}).to_parquet(tmp_path / f"{number}.parquet")
    table = read_raw(tmp_path, columns=["a"])
    assert table.columns["a"].values.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]


def test_a_stream_of_arrow(tmp_path):
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    with pa.ipc.new_stream(str(tmp_path / "t.arrow"), table.schema) as stream:
        stream.write_table(table)
    read = read_raw(tmp_path / "t.arrow")
    assert read.columns["a"].values.tolist() == [1, 2]
    assert read.columns["b"].cells() == ["x", None]


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_what_pandas_says_of_categories_and_its_index_holds(tmp_path, ending):
    made = pd.DataFrame({"plot": pd.Categorical([3, 7, 3]), "x": [1.0, 2.0, 3.0]})
    if ending == "parquet":
        made.index = ["p", "q", "r"]
    getattr(made, f"to_{ending}")(tmp_path / f"t.{ending}")
    table = read_raw(tmp_path / f"t.{ending}")
    assert [*table.columns] == ["plot", "x"]
    assert table.columns["plot"].categories
    assert table.columns["plot"].cells() == ["3", "7", "3"]


# --- the files of people ---------------------------------------------------------------------

EXPECTED = json.loads((CASES / "expected.json").read_text("utf-8")) if CASES.exists() else {}
HEADERLESS = ("seeds.data", "headerless.csv")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_handed_tables(name):
    facts = EXPECTED[name]
    table = read_raw(CASES / name)
    targets = facts["target"] if isinstance(facts["target"], list) else [facts["target"]]
    assert {*table.columns} == {*facts["columns"], *targets} | ({"5"} & {*table.columns})
    assert table.rows == facts["rows"]
    assert table.header == (name not in HEADERLESS)
    if "labels" in facts:
        column = table.columns[targets[0]]
        if isinstance(column, Numbers):
            assert sorted(map(str, np.unique(column.values))) == facts["labels"]
        else:
            assert sorted({*column.cells()} - {None}) == facts["labels"]
