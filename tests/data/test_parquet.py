"""Parquet files come a slice at a time; a damaged one is one sentence, whatever is damaged."""

import random

import numpy as np
import pytest

import backpass as bp
from backpass.data.parquet import ParquetRows
from backpass.errors import BackpassError, InvalidInput

pandas = pytest.importorskip("pandas")
arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def path(tmp_path):
    """Numbers, text, categories, and a target, in three row groups."""
    words = [["u", "v", "wü"][i % 3] for i in range(20)]
    frame = pandas.DataFrame({"a": np.arange(20.0), "s": words, "k": words, "y": np.arange(20) % 2})
    frame.astype({"k": "category"}).to_parquet(tmp_path / "t.parquet", row_group_size=7)
    return tmp_path / "t.parquet"


def read_all(path):
    """By each of the doors."""
    blocks = bp.ParquetBlocks(path, "y", columns=["a"])
    found = [block.X for group in range(len(blocks.groups)) for block in blocks.read(group)]
    rows = ParquetRows(path)
    for group, size in enumerate(rows.sizes):
        assert [len(frame) for frame in rows.frames(group, (size,), rows.names)] == [size]
    return np.concatenate(found)


def test_slices(path):
    rows = ParquetRows(path)
    assert rows.names == ["a", "s", "k", "y"]
    assert rows.sizes == [7, 7, 6]
    slices = [table.column("a").to_pylist() for table in rows.tables(1, (3, 4), ["a"])]
    assert slices == [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0, 13.0]]
    np.testing.assert_array_equal(read_all(path)[:, 0], np.arange(20.0))


def said(read, path):
    """The package's error in words; empty where the damage does not matter."""
    try:
        read(path)
    except BackpassError as error:
        return str(error)
    return ""


def test_damaged_bytes_are_one_sentence(path):
    whole, draw = path.read_bytes(), random.Random(0)
    sentences = []
    for _ in range(250):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 8])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data[: draw.choice([len(data)] * 9 + [draw.randrange(len(data))])])
        doors = (read_all, lambda path: bp.read_table(path, "y"))
        sentences += [said(read, path) for read in doors]
    assert sum(map(bool, sentences)) > 100
    assert not any("\n" in sentence for sentence in sentences)


def test_text_that_is_none(path, tmp_path):
    """What a damaged page of text holds is found where the file is read, not where it is used."""
    letters = arrow.array([b"\xff\xfe", b"ok"], arrow.binary()).view(arrow.string())
    table = arrow.table({"s": letters, "y": [0, 1]})
    parquet.write_table(table, tmp_path / "t.parquet", use_dictionary=False)
    with pytest.raises(InvalidInput, match="cannot be read"):
        bp.read_table(tmp_path / "t.parquet", "y")
    rows = ParquetRows(tmp_path / "t.parquet")
    with pytest.raises(InvalidInput, match="cannot be read"):
        list(rows.tables(0, (2,), ["s"]))


def test_pandas_notes_that_are_damaged(tmp_path):
    table = arrow.table({"a": [1.0], "y": [0]}).replace_schema_metadata({b"pandas": b"{no JSON"})
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InvalidInput, match="cannot be read"):
        bp.ParquetBlocks(tmp_path / "t.parquet", "y")


@pytest.mark.parametrize("claimed", [-5, 2**31 + 1, 2**62])
def test_a_number_of_rows_that_cannot_be(path, claimed, monkeypatch):
    """Blocks of so many rows would not fit into memory as a list of their sizes."""

    class Claims:
        def __init__(self, opened):
            self.schema_arrow, self.num_row_groups, self.metadata = opened.schema_arrow, 1, self

        def row_group(self, _):
            return self

        num_rows = claimed

    real = ParquetRows._open
    monkeypatch.setattr(ParquetRows, "_open", lambda self, file: Claims(real(self, file)))
    with pytest.raises(InvalidInput, match="impossible number of rows"):
        ParquetRows(path)


def test_fewer_rows_than_the_file_says(path):
    rows = ParquetRows(path)
    with pytest.raises(InvalidInput, match="has fewer rows than its file says"):
        list(rows.tables(0, (5, 5), ["a"]))
