"""Damaged sources: a raw table or one sentence, never anything else, and never much memory."""

import bz2
import contextlib
import gzip
import lzma
import sqlite3
import warnings
import zipfile

import numpy as np
import pytest
from mutants import mutant

from backpass.data.raw import RawTable
from backpass.data.reading import read_raw
from backpass.errors import InvalidInput

pd = pytest.importorskip("pandas")
for module in ("pyarrow", "openpyxl", "clevercsv", "zstandard", "charset_normalizer"):
    pytest.importorskip(module)
SHORT, LONG = 120, 10_000
X, y = np.random.default_rng(0).normal(size=(20, 4)).round(3), np.arange(20) % 3
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(
    kind=pd.Series(["Köln", None, 'two\n"lines"', "x;y"] * 5, dtype=object),
    day=pd.date_range("2024-01-01", periods=20),
    ok=y == 1,
)
TEXT = FRAME.to_csv(index=False)


def sqlite(path):
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        FRAME.drop(columns="ok").to_sql("t", connection, index=False)


def zipped(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", TEXT)


FILES = {
    "t.csv": lambda path: path.write_text(TEXT, "utf-8"),
    "semicolons.csv": lambda path: FRAME.to_csv(path, sep=";", decimal=",", index=False),
    "latin.csv": lambda path: path.write_text(TEXT, "cp1252"),
    "utf16.csv": lambda path: path.write_text(TEXT, "utf-16"),
    "blanks.txt": lambda path: np.savetxt(path, X, header="a b c d"),
    "t.tsv": lambda path: FRAME.to_csv(path, sep="\t", index=False),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(TEXT.encode())),
    "t.csv.bz2": lambda path: path.write_bytes(bz2.compress(TEXT.encode())),
    "t.csv.xz": lambda path: path.write_bytes(lzma.compress(TEXT.encode())),
    "t.csv.zst": lambda path: FRAME.to_csv(path, index=False),
    "t.zip": zipped,
    "t.parquet": lambda path: FRAME.astype({"kind": "category"}).to_parquet(path),
    "t.feather": lambda path: FRAME.astype({"kind": "category"}).to_feather(path),
    "t.xlsx": lambda path: FRAME.to_excel(path, index=False),
    "t.jsonl": lambda path: FRAME.to_json(path, date_format="iso", orient="records", lines=True),
    "t.json": lambda path: FRAME.to_json(path, date_format="iso", orient="records"),
    "t.db": sqlite,
    "sniffed": lambda path: path.write_text(TEXT, "utf-8"),
}


def check(table):
    assert isinstance(table, RawTable)
    assert table.rows > 0
    assert {len(column) for column in table.columns.values()} <= {table.rows}
    assert all(table.columns)


def sentence_of(path):
    """What is said where there is no table."""
    try:
        check(read_raw(path))
    except InvalidInput as error:
        return str(error)
    return None


def no_mutant_does_harm(tmp_path, name, seeds):
    path = tmp_path / name
    FILES[name](path)
    data = path.read_bytes()
    check(read_raw(path))
    for seed in seeds:
        path.write_bytes(mutant(data, seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the parsers think of the damage
            said = sentence_of(path)
        assert said is None or ("\n" not in said and name in said)


@pytest.mark.parametrize("name", FILES)
def test_mutants(tmp_path, name):
    no_mutant_does_harm(tmp_path, name, range(SHORT))


@pytest.mark.night
@pytest.mark.parametrize("name", FILES)
def test_many_mutants(tmp_path, name):
    no_mutant_does_harm(tmp_path, name, range(SHORT, LONG))
