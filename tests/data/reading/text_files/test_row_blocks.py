"""Text read block by block: the same columns as all at once, whatever block changes a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Numbers, RawColumn
from backpass.data.reading import ReadingOptions
from backpass.data.reading.text_files import separated
from backpass.data.reading.text_files.row_blocks import cut
from backpass.data.reading.text_files.separated import read_separated
from backpass.errors import InvalidInput

pytest.importorskip("pyarrow")
pytest.importorskip("clevercsv")

ROWS = 200
PLAIN = [f"{i * 0.25 - 9}" for i in range(ROWS)]
WHOLE = [f"{i - 50}" for i in range(ROWS)]


def late(cells: list[str], *cells_at: tuple[int, str]) -> list[str]:
    """Some cells in place of others."""
    return [dict(cells_at).get(row, cell) for row, cell in enumerate(cells)]


COLUMNS = {
    "plain": PLAIN,
    "whole": WHOLE,
    "words": [f"w{i % 7}" for i in range(ROWS)],
    "whole, then a gap": late(WHOLE, (150, "")),
    "whole, then not": late(WHOLE, (150, "0.5")),
    "an exponent first": late(WHOLE, (0, "1e2")),
    "a word at last": late(PLAIN, (199, "many")),
    "a word at first": late(PLAIN, (0, "?")),
    "a code at last": late(WHOLE, (199, "007")),
    "no number at last": late(PLAIN, (199, "inf")),
    "a block of gaps": ["" if 60 <= i < 150 else cell for i, cell in enumerate(WHOLE)],
    "gaps, then words": ["" if i < 120 else f"w{i % 3}" for i in range(ROWS)],
    "gaps": [""] * ROWS,
    "labels": [f"12345678901234567{i:03d}" for i in range(ROWS)],
    "a label at last": late(WHOLE, (199, "1234567890123456789")),
    "large, then not whole": late(WHOLE, (10, "1234567890123456"), (199, "0.5")),
    "blanks": [f" {i} " for i in range(ROWS)],
    "17 digits": [repr(x) for x in np.random.default_rng(0).normal(size=ROWS).tolist()],
    "thousands": [f"{i + 1}_{i:03d}" for i in range(ROWS)],
    "commas": [f"{i},5" for i in range(ROWS)],
}


def text(names: list[str], sep: str = ";", end: str = "\n") -> bytes:
    lines = [sep.join(names), *(sep.join(cells) for cells in zip(*(COLUMNS[n] for n in names)))]
    return (end.join(lines) + end).encode()


def cells(column: RawColumn) -> tuple[object, ...]:
    if isinstance(column, Numbers):
        return column.values.dtype, column.values.tobytes()
    return column.vocabulary, column.codes.tobytes()  # type: ignore[union-attr]


def both(data: bytes, monkeypatch, **options):
    """The columns by blocks and at once, and how many blocks there were."""
    blocks: list[int] = []
    original = separated.columns_of_blocks

    def counted(parts, *others):
        blocks.append(len(parts))
        return original(parts, *others)

    monkeypatch.setattr(separated, "columns_of_blocks", counted)
    found = []
    for size in (256, len(data)):
        monkeypatch.setattr(separated, "BLOCK", size)
        table = read_separated(data, ReadingOptions(**options))
        columns = {name: cells(column) for name, column in table.columns.items()}
        found.append((columns, table.rows, table.notes, table.decimal))
    return (*found, blocks)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"], ids=["unix", "dos", "empty lines"])
@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "commas"])
def test_a_column_is_the_same_by_blocks_as_at_once(name, end, monkeypatch):
    in_blocks, at_once, blocks = both(text(["plain", name, "words"], end=end), monkeypatch)
    assert in_blocks == at_once
    assert len(blocks) == 1
    assert blocks[0] > 4


@pytest.mark.parametrize(
    "options", [{"texts": ("whole", "blanks")}, {"na": ("?", "w3")}, {"thousands": "_"}]
)
def test_options_say_the_same_of_blocks(options, monkeypatch):
    names = [name for name in COLUMNS if name != "commas"]
    in_blocks, at_once, blocks = both(text(names), monkeypatch, sep=";", **options)
    assert in_blocks == at_once
    assert len(blocks) == 1


def test_decimal_commas_are_seen_before_or_after_the_blocks(monkeypatch):
    first, at_once, blocks = both(text(["commas", "plain"]), monkeypatch)
    assert first == at_once
    assert first[3] == ","
    assert not blocks
    late_commas = ["w"] * 80 + COLUMNS["commas"][80:]
    monkeypatch.setitem(COLUMNS, "late", late_commas)
    first, at_once, blocks = both(text(["late", "whole"]), monkeypatch)
    assert first == at_once
    assert len(blocks) == 1


@pytest.mark.parametrize("quoted", ['a "word"', "two\nlines"])
def test_where_a_quotation_mark_is_no_end_of_line_is_trusted(quoted, monkeypatch):
    mark = '"' + quoted.replace('"', '""') + '"'
    data = text(["plain", "words"]).replace(b"w3", mark.encode(), 1)
    in_blocks, at_once, blocks = both(data, monkeypatch)
    assert in_blocks == at_once
    assert not blocks
    assert in_blocks[1] == ROWS


def test_a_ragged_row_in_a_late_block_is_named_by_its_line(monkeypatch):
    data = text(["plain", "words"]).replace(b"\n38.5;", b"\n38.5;1;")
    monkeypatch.setattr(separated, "BLOCK", 256)
    with pytest.raises(InvalidInput, match=r"^Line 192 has 3 cells, but most lines have 2;"):
        read_separated(data, ReadingOptions())


@given(st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"-"))), st.integers(1, 20))
def test_blocks_are_whole_lines_and_all_of_them(lines, size):
    data = b"\n".join(lines)
    blocks = [bytes(block) for block in cut(memoryview(data), size)]
    assert b"".join(blocks) == data
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert all(len(block) >= size for block in blocks[:-1])
    assert all(b"\n" not in block[size - 1 : -1] for block in blocks)
