"""Text files of any dialect: their cells are the ones that were written."""

from __future__ import annotations

import csv
import io
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Numbers
from backpass.data.reading import ReadingOptions
from backpass.data.reading.text_files import separated
from backpass.data.reading.text_files.separated import read_separated
from backpass.errors import InvalidInput

pytest.importorskip("pyarrow")
clevercsv = pytest.importorskip("clevercsv")

NAMES = ["weight", "colour", "zip", "note"]
COLOURS = ["red", "deep blue", "green; dark", "a|b", "it's"]
NOTES = ["fine", "good, cheap", 'a "word"', "two\nlines", ""]
ROWS = [
    [f"{i * 1.25 + 0.375}", COLOURS[i % 5], f"{i % 7:05d}", NOTES[(i * i) % 5]] for i in range(60)
]


def written(rows, sep=",", end="\n", **how):
    file = io.StringIO()
    csv.writer(file, delimiter=sep, lineterminator=end, **how).writerows(rows)
    return file.getvalue().encode()


def read(data, columns=None, tabs=False, **options):
    return read_separated(data, ReadingOptions(**options), columns, tabs)


def cells(table):
    return {
        name: column.values.tolist() if isinstance(column, Numbers) else column.cells()
        for name, column in table.columns.items()
    }


TRUTH = {
    "weight": [float(row[0]) for row in ROWS],
    "colour": [row[1] for row in ROWS],
    "zip": [row[2] for row in ROWS],
    "note": [row[3] or None for row in ROWS],
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_separates_its_cells(sep, quoting, end):
    table = read(written([NAMES, *ROWS], sep, end, quoting=quoting))
    assert cells(table) == TRUTH
    assert table.header
    assert any("separate" in note for note in table.notes) == (sep != ",")


@pytest.mark.parametrize("sep", [";", "\t", "|", " ", ":", "~", "^"])
def test_other_separators(sep):
    rows = [["a", "b", "c"]] + [[f"{i / 8}", f"{i}", "xyz"[i % 3]] for i in range(40)]
    found = cells(read(written(rows, sep)))
    assert found == {
        "a": [i / 8 for i in range(40)],
        "b": list(range(40)),
        "c": ["xyz"[i % 3] for i in range(40)],
    }


def test_runs_of_blanks_are_one_separator():
    lines = ["  x    y  name"] + [f"{i:6.2f} {i * i:7d}  n{i % 2}" for i in range(30)]
    table = read("\n".join(lines).encode())
    assert cells(table)["x"] == [float(i) for i in range(30)]
    assert cells(table)["name"] == [f"n{i % 2}" for i in range(30)]


def test_blanks_and_a_tabulator_between_columns_of_one_width():
    lines = [f'18.{i}   8   307.{i}\t"a car {i % 3}"' for i in range(30)]
    table = read("\n".join(lines).encode())
    assert cells(table)["3"] == [float(f"307.{i}") for i in range(30)]
    assert cells(table)["4"] == [f"a car {i % 3}" for i in range(30)]


def test_titles_in_lines_as_wide_as_the_table():
    rows = "".join(f"{i},{i / 4},{i / 8}\n" for i in range(20))
    table = read(f"station,north,\nheight,35,\n\nday,rain,sun\n{rows}".encode())
    assert [*table.columns] == ["day", "rain", "sun"]
    assert table.rows == 20
    assert "passed over: 3" in table.notes[0]


def test_a_lone_mark_of_inches_is_no_quotation():
    assert cells(read(b'a,b\n1,5" pipe\n2,x\n3,y\n'))["b"] == ['5" pipe', "x", "y"]


def test_blanks_before_a_quotation_mark():
    data = "name, age, k\n" + "".join(f'"Smith, {i}", {i}, "a, b"\n' for i in range(20))
    table = read(data.encode())
    assert cells(table) == {
        "name": [f"Smith, {i}" for i in range(20)],
        "age": list(range(20)),
        "k": ["a, b"] * 20,
    }


@pytest.mark.parametrize("sep", [";", "\t", "|", ","])
def test_blanks_in_cells_do_not_separate_them(sep):
    days = [f"Mon Mar {day:02d} 10:{day:02d}:00 2021" for day in range(1, 29)]
    rows = [["time stamp of the day", "x", "y"], *([day, "0.5", "1.25"] for day in days)]
    table = read(written(rows, sep))
    assert [*table.columns] == rows[0]
    assert table.columns[rows[0][0]].cells() == days


def test_decimal_commas_between_blanks():
    rows = [[f"{i},5", f"{i * i},25", f"{i % 7},125"] for i in range(30)]
    table = read(written([list("abc"), *rows], " "))
    assert [*table.columns] == list("abc")
    assert table.columns["b"].values.tolist() == [i * i + 0.25 for i in range(30)]


def test_one_column():
    assert cells(read(b"x\n1\n\n3\n")) == {"x": [1, pytest.approx(np.nan, nan_ok=True), 3]}
    sentences = ["it was a good day", "no", "never again in my life"] * 9
    assert cells(read(("said\n" + "\n".join(sentences)).encode())) == {"said": sentences}


@pytest.mark.parametrize("sep", [";", "\t"])
def test_decimal_commas(sep):
    lines = [f"{i},5{sep}{i}.250,75{sep}{i}" for i in range(1, 30)]
    table = read("\n".join([sep.join(["a", "b", "c"]), *lines]).encode())
    assert cells(table) == {
        "a": [i + 0.5 for i in range(1, 30)],
        "b": [i * 1000 + 250.75 for i in range(1, 30)],
        "c": list(range(1, 30)),
    }
    assert table.decimal == ","
    assert any("decimal" in note for note in table.notes)


def test_commas_that_may_mark_thousands_stay_as_written():
    table = read(b"a;b\n3,504;x\n12,250;y\n1,250,000;x\n")
    assert cells(table)["a"] == ["3,504", "12,250", "1,250,000"]
    assert table.decimal == "."
    assert cells(read(b"a;b\n3,504;x\n12,250;y\n", thousands=","))["a"] == [3504, 12250]
    assert cells(read(b"a;b\n3,504;x\n12,250;y\n", decimal=","))["a"] == [3.504, 12.25]


# --- over the rows ---------------------------------------------------------------------------

BODY = "".join(f"{i / 4},{'abc'[i % 3]}\n" for i in range(30))
FOUND = {"x": [i / 4 for i in range(30)], "k": ["abc"[i % 3] for i in range(30)]}


@pytest.mark.parametrize(
    ("top", "note"),
    [
        ("x,k\n", None),
        ("# one\n# two\n#\nx,k\n", "3 lines"),
        ("% measured\nx,k\n", "1 line"),
        ("\n\nx,k\n", None),
        ("Report of a year\n\nx,k\n", "over: 2"),
        ("maker,me,of\nyear\n\nx,k\n", "over: 3"),
        ("x,k\nm/s,-\n", "units"),
        ("x,k\n[m/s],[]\n", "units"),
        ("# made by hand\n# x,k\n", "last comment names"),
        ("#x,k\n", "last comment names"),
        ("sep=,\nx,k\n", None),
        ("\ufeffx,k\n", None),
    ],
)
def test_what_stands_over_the_rows(top, note):
    table = read((top + BODY).encode())
    assert cells(table) == FOUND
    assert (not table.notes) if note is None else any(note in said for said in table.notes)


WIDE = "".join(f"{i / 4},{i * i},{'abc'[i % 3]}\n" for i in range(30))


@pytest.mark.parametrize(
    ("top", "note"),
    [
        ("x,y,k\ncm,g,name\n", "units (cm, g, name)"),
        ("x,y,k\nfloat,int,str\n", "units (float, int, str)"),
        ("x,y,k\nmm,µg,n/a\n", "units"),
        ("size,size,\nx,y,k\n", "over: 1"),
        ("size,,group\nx,y,k\n", "over: 1"),
    ],
)
def test_rows_of_types_and_of_groups_are_no_data(top, note):
    table = read((top + WIDE).encode())
    assert {**cells(table)} == {**FOUND, "y": [i * i for i in range(30)]}
    assert any(note in said for said in table.notes)


@pytest.mark.parametrize("row", ["cm,7,name", "unknown,unknown,name", "cm,g,a"])
def test_a_row_under_the_names_with_data_is_data(row):
    assert read(f"x,y,k\n{row}\n{WIDE}".encode()).rows == 31


def test_a_row_of_words_under_the_names_is_data_where_others_have_such_words():
    table = read(b"x,k\nunknown,a\n" + BODY.encode())
    assert table.rows == 31
    assert table.columns["x"].cells()[0] == "unknown"


@pytest.mark.parametrize("trailing", ["", ","])
def test_a_first_row_of_data_is_no_header(trailing):
    table = read(BODY.replace("\n", f"{trailing}\n").encode())
    assert cells(table) == {"1": FOUND["x"], "2": FOUND["k"]}
    assert not table.header
    assert "called by their numbers" in " ".join(table.notes)


@pytest.mark.parametrize(
    ("header", "truth"),
    [
        ("0,1,2", True),
        ("1,2,3", True),
        ("place,1990,1991", True),
        ("place,0,1", True),
        ("5.25,1.25,2.5", False),
        ("1,2.5,3", False),
        ("?,NA,2.5", False),
        ("", True),
    ],
)
def test_names_that_are_numbers(header, truth):
    body = "".join(f"{i}.5,{i}.25,{i + 1}.5\n" for i in range(20))
    if header.startswith("place"):
        body = "".join(f"town{i % 4},{i}.25,{i + 1}\n" for i in range(20))
    assert read(f"{header or 'a,b,c'}\n{body}".encode()).header is truth


def test_a_table_of_words_alone():
    rows = list(itertools.product("abc", "xy", "pq")) * 2
    text = "\n".join(map(",".join, rows))
    assert not read(text.encode()).header
    assert read(f"first,second,third\n{text}".encode()).header


def test_said_options_overrule():
    data = b"junk line; no table\na;b\n# off\n1;?\n2;5\n"
    table = read(data, skip_rows=1, sep=";", comment="#", na=("?",))
    assert cells(table)["a"] == [1, 2]
    np.testing.assert_array_equal(table.columns["b"].values, [np.nan, 5])
    assert [*read(b"a,b\n1,2\n", names=("p", "q")).columns] == ["p", "q"]
    assert cells(read(b"a,b\n1,2\n", header=False)) == {"1": ["a", "1"], "2": ["b", "2"]}
    assert cells(read(b"1,2\n3,4\n", header=True)) == {"1": [3], "2": [4]}
    assert cells(read("a§b\n1§2\n".encode(), sep="§")) == {"a": [1], "b": [2]}
    assert cells(read(b"a||b\n1||2\n", sep="||")) == {"a": [1], "b": [2]}
    assert cells(read(b"a\tb\n1\t2\n", sep="\\t")) == {"a": [1], "b": [2]}


def test_some_columns_are_read_and_no_others():
    assert cells(read(b"a,b,c\n1,2,3\n", columns=["c", "a", "z"])) == {"a": [1], "c": [3]}


# --- names -----------------------------------------------------------------------------------


def test_names_that_occur_twice_or_not_at_all():
    table = read(b"grip,grip,,grip.1,grip\n1,2,3,4,5\n6,7,8,9,10\n")
    assert [*table.columns] == ["grip", "grip.2", "3", "grip.1", "grip.3"]
    assert "grip.2" in table.notes[0]
    assert "'3'" in table.notes[1]


@pytest.mark.parametrize("header", ["a,b,", "a,b"])
def test_a_column_without_name_and_cells_is_left_out(header):
    table = read(f"{header}\n1,x,\n2.5,y,\n4,x,\n".encode())
    assert cells(table) == {"a": [1, 2.5, 4], "b": ["x", "y", "x"]}
    assert "left out" in table.notes[0]


# --- what cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a,b\n1,2\n3\n4,5\n6,7\n", ["line 3", "1 cell", "2"]),
        (b"a,b\n1,2\n3,4,5\n4,5\n6,7\n", ["line 3", "3 cells"]),
        (b"# c\n\na,b\n1,2\n1,2\n3,4,5\n6,7\n", ["line 6", "3 cells"]),
        (b'a,b\n1,"x\ny"\n1,2\n3,4,5\n6,7\n', ["line 5", "3 cells"]),
        (b"a,b,c,d\n1,2\n3,4\n5,6\n7,8\n", ["line 1", "4 columns", "2 cells"]),
        (b"a,b\n1,2,3\n4,5,6\n", ["more cells"]),
        (b'a,b\n1,"x\n2,y\n3,z\n', ["line 2", "never closed"]),
        (b'a,b\n1,x\n2,y\n3,"z\n', ["line 4", "never closed"]),
        (b"a,b\n", ["no row"]),
        (b"\n\n\n", ["no row"]),
        (b"# only\n# comments\n", ["no row"]),
        (b"a,b\0c\n1,2\n", ["zero bytes"]),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(data, words):
    with pytest.raises(InvalidInput) as caught:
        read(data)
    said = str(caught.value)
    assert all(word in said.lower() for word in words), said
    assert "\n" not in said


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ("a", "")])
def test_names_that_do_not_fit(names):
    with pytest.raises(InvalidInput, match="names"):
        read(b"a,b\n1,2\n", names=names)


def test_a_ragged_row_far_down_is_found(monkeypatch):
    monkeypatch.setattr(separated, "BLOCKS", (1 << 10, 1 << 20))
    lines = ["a,b"] + [f"{i},{i}" for i in range(5000)]
    lines[4321] += ",7"
    with pytest.raises(InvalidInput, match="Line 4322 has 3 cells"):
        read("\n".join(lines).encode())


def test_a_cell_longer_than_a_block(monkeypatch):
    monkeypatch.setattr(separated, "BLOCKS", (1 << 10, 1 << 14, 1 << 20))
    long = "word " * 20_000
    table = read(f"a,b\n1,x\n2,{long}\n3,y\n".encode())
    assert table.columns["b"].cells() == ["x", long.strip(), "y"]


# --- whatever is written ---------------------------------------------------------------------

CELL = st.text(st.sampled_from("abxyz ,;|\"'\n\t-.0123"), max_size=8)
TABLES = st.integers(2, 4).flatmap(
    lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=12)
)


@given(TABLES, st.sampled_from(",;\t|"))
def test_any_cells_come_back(rows, sep):
    names = [f"c{i}" for i in range(len(rows[0]))]
    table = read(written([names, *rows], sep, quoting=csv.QUOTE_ALL), sep=sep, header=True)
    for name, column in zip(names, zip(*rows)):
        found = table.columns[name]
        filled = [cell.strip() or None for cell in column]
        if isinstance(found, Numbers):
            truth = [np.nan if cell is None else float(cell) for cell in filled]
            np.testing.assert_array_equal(found.values, truth)
        elif table.decimal == ".":
            assert found.cells() == filled


@pytest.mark.parametrize(
    ("names", "rest"),
    [
        ('"length" "kind"', '"{i}" {x} "k{k}"'),  # R's write.table
        ("  length kind", "{i}  {x} k{k}"),  # a data frame as pandas prints it
        ("length,kind", "r{i},{x},k{k}"),
    ],
)
def test_names_of_rows_have_no_name(names, rest):
    rows = [rest.format(i=i + 1, x=i * 1.5, k=i % 3) for i in range(20)]
    table = read("\n".join([names, *rows]).encode())
    assert list(table.columns) == ["1", "length", "kind"]
    assert table.columns["length"].values.tolist() == [i * 1.5 for i in range(20)]
    assert any("without a name is called '1'" in note for note in table.notes)


@pytest.mark.parametrize(
    ("between", "under"),
    [
        ("", "Source: the lab\n"),
        ("", "(40 rows)"),
        ("", '\n"* in grams, of 2024"\nmean of three\n'),
        ("# a new sensor, calibrated\n", ""),
        ("// none\n// at all\n", "\x1a"),
    ],
)
def test_lines_that_are_no_rows_are_passed_over(between, under):
    rows = [f"{i},{i * 1.5},k{i % 3}\n" for i in range(40)]
    text = "".join(["i,x,kind\n", *rows[:20], between, *rows[20:]]) + under
    table = read(text.encode())
    assert table.columns["i"].values.tolist() == [*range(40)]
    assert table.columns["kind"].cells() == [f"k{i % 3}" for i in range(40)]
    passed = between.count("\n") + len(under.strip("\n\x1a").splitlines())
    assert any(f"no rows were passed over: {passed}." in note for note in table.notes)


@pytest.mark.parametrize("quoted", [False, True])
def test_remarks_under_a_long_table_are_found_by_its_end(monkeypatch, quoted):
    note = '"two\nlines, of text"' if quoted else "one"
    rows = [f"{i},{i * 1.5},{note}\n" for i in range(400)]
    data = "".join(["i,x,note\n", *rows, "\nSource: the lab\n"]).encode()
    for end in range(200, 240):  # somewhere in a row, or in a cell of two lines
        monkeypatch.setattr(separated, "REMARKS", end)
        table = read(data)
        assert table.columns["i"].values.tolist() == [*range(400)]
        assert any("passed over: 1." in note for note in table.notes)


@pytest.mark.parametrize(
    "text",
    [
        "n,x,kind\n" + "alba,1.5,2\n" * 9 + "alb",  # cut off
        "n,x,kind\n" + "17,1.5,2\n" * 9 + "17",
        "n,x,kind\n" + "17,1.5,2\n" * 4 + "Source: the lab\n" + "17,1.5,2\n" * 4,
        "n,x,kind\n" + "17,1.5,2\n" * 9 + "17,2,3,4\n",
        "x,kind\n" + "17,1.5,2\n" * 9,  # names of rows would differ
        "x,kind\n" + "".join(f"{i * 2.5},1.5,{i}\n" for i in range(9)),
    ],
)
def test_a_line_that_may_be_a_row_is_not_passed_over(text):
    with pytest.raises(InvalidInput, match=r"cell|names"):
        read(text.encode())


def test_the_detector_sees_no_long_words(monkeypatch):
    samples = []
    sniff = clevercsv.Sniffer.sniff

    def noted(self, sample, **options):
        samples.append(sample)
        return sniff(self, sample, **options)

    monkeypatch.setattr(clevercsv.Sniffer, "sniff", noted)
    table = read("".join(f"{i};{'x' * 5000};{i}.5\n" for i in range(5)).encode())
    assert list(table.columns) == ["1", "2", "3"]
    assert max(map(len, re.split(r"\W", samples[0]))) == 64
