"""What a path means, and what is packed in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile

import numpy as np
import pytest

from backpass.data.reading import ReadingOptions, read_raw, sources, unpacking
from backpass.data.reading.sources import REFUSED, open_source
from backpass.errors import InvalidInput

pytest.importorskip("pyarrow")
pytest.importorskip("clevercsv")
TEXT = "weight,kind\n" + "".join(f"{i / 4},{'ab'[i % 2]}\n" for i in range(40))
DATA = TEXT.encode()


def zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            name = name.replace("__", "/").replace("_", ".").replace("macosx", "__MACOSX")
            archive.writestr(name, data)
    return file.getvalue()


PACKED = {
    "t.csv": lambda: DATA,
    "t.csv.gz": lambda: gzip.compress(DATA),
    "t.csv.bz2": lambda: bz2.compress(DATA),
    "t.csv.xz": lambda: lzma.compress(DATA),
    "t.csv.zst": lambda: zstd(DATA),
    "t.zip": lambda: zipped(t_csv=DATA),
    "deep.zip": lambda: zipped(t_csv_gz=gzip.compress(DATA), readme_md=b"# words"),
    "mac.zip": lambda: zipped(folder__t_csv=DATA, macosx__t_csv=b"\0"),
    "t.gz": lambda: gzip.compress(DATA),
    "T.CSV": lambda: DATA,
    "t.unknown": lambda: DATA,
    "noending": lambda: gzip.compress(DATA),
}


def check(table):
    np.testing.assert_array_equal(table.columns["weight"].values, np.arange(40) / 4)
    assert table.columns["kind"].cells() == ["a", "b"] * 20


@pytest.mark.parametrize("name", PACKED)
def test_a_table_is_read_however_it_is_packed(name, tmp_path):
    (tmp_path / name).write_bytes(PACKED[name]())
    table = read_raw(tmp_path / name)
    check(table)
    assert table.source.startswith(str(tmp_path / name))


@pytest.mark.parametrize("name", PACKED)
def test_standard_input_is_told_by_its_first_bytes(name, monkeypatch):
    if name.endswith(".zip") and name != "t.zip":
        return
    stream = io.TextIOWrapper(io.BytesIO(PACKED[name]()))
    monkeypatch.setattr(sys, "stdin", stream)
    table = read_raw("-")
    check(table)
    assert table.source.startswith("standard input")


def test_a_part_stands_after_two_colons(tmp_path):
    path = tmp_path / "two.zip"
    path.write_bytes(zipped(train_csv=DATA, test_csv=b"a\n1\n"))
    check(read_raw(f"{path}::train.csv"))
    check(read_raw(path, ReadingOptions(table="train.csv")))
    with pytest.raises(InvalidInput, match=r"2 tables, 'train.csv' and 'test.csv'; say which"):
        read_raw(path)
    with pytest.raises(InvalidInput, match=r"no file 'x.csv'; it has 'train.csv'"):
        read_raw(f"{path}::x.csv")


def test_texts_beside_a_table_are_no_tables(tmp_path):
    path = tmp_path / "one.zip"
    path.write_bytes(zipped(licence_txt=b"Do as you like.\n", train_csv=DATA))
    check(read_raw(path))
    path.write_bytes(zipped(a_txt=DATA, b_txt=DATA))
    with pytest.raises(InvalidInput, match="2 tables"):
        read_raw(path)


def test_two_colons_may_be_a_files_own(tmp_path):
    path = tmp_path / "a::b.csv"
    path.write_bytes(DATA)
    check(read_raw(path))


@pytest.mark.parametrize("ending", REFUSED)
def test_other_formats_are_named_with_what_to_do(ending, tmp_path):
    path = tmp_path / f"t{ending}"
    path.write_bytes(b"some bytes")
    with pytest.raises(InvalidInput) as caught:
        read_raw(path)
    what, advice = REFUSED[ending]
    said = str(caught.value)
    assert str(path) in said
    assert what in said
    assert advice in said
    assert said.count("\n") == 0


WRONG = [
    ("https://a.example/t.csv", None, "is an address"),
    ("s3://bucket/t.csv", None, "is an address"),
    ("nothing.csv", None, "There is no file"),
    ("empty.csv", b"", "not a single byte"),
    ("empty.csv.gz", gzip.compress(b""), "not a single byte"),
    ("none.zip", zipped(), "without a table"),
    ("two.unknown", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old workbook"),
    ("damaged.gz", gzip.compress(DATA)[:40], "cannot be read"),
    ("damaged.zip", zipped(t_csv=DATA)[:90], "cannot be read"),
    ("page.csv", b"\n<!DOCTYPE html>\n<p>not found, sorry", "is a web page"),
    ("numbers.csv", bytes(range(256)) * 9, "zero bytes"),
]


@pytest.mark.parametrize(("name", "data", "words"), WRONG, ids=[name for name, *_ in WRONG])
def test_what_is_wrong_is_said_with_the_files_name(name, data, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=words) as caught:
        read_raw(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.json", "t.csv", "t.txt", "t"])
def test_json_is_told_by_its_first_bytes(name, tmp_path):
    (tmp_path / name).write_bytes(b'{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n')
    assert read_raw(tmp_path / name).columns["a"].values.tolist() == [1, 3]


def test_a_folder_is_one_of_parquet_files(tmp_path):
    with pytest.raises(InvalidInput, match=r"without a \.parquet file"):
        read_raw(tmp_path)


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_packed_file_that_is_cut_off_is_no_shorter_table(ending, tmp_path):
    data = PACKED[f"t.csv{ending}"]()
    path = tmp_path / f"t.csv{ending}"
    path.write_bytes(data[:-5])
    with pytest.raises(InvalidInput, match=r"cannot be read|cut off"):
        read_raw(path)
    path.write_bytes(data + PACKED[f"t.csv{ending}"]())
    assert read_raw(path).rows == 80  # both parts, the second one's names left out


def test_an_archive_in_an_archive_in_an_archive_ends(tmp_path):
    data = DATA
    for _ in range(6):
        data = gzip.compress(data)
    (tmp_path / ("t.csv" + ".gz" * 6)).write_bytes(data)
    with pytest.raises(InvalidInput, match="packed more than 3 times"):
        read_raw(tmp_path / ("t.csv" + ".gz" * 6))


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", lambda data: gzip.compress(data, 9)),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstd),
        (".zip", lambda data: zipped(t_csv=data)),
    ],
)
def test_a_small_file_that_would_fill_the_memory_is_refused(ending, pack, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 1 << 20)
    path = tmp_path / f"t.csv{ending}"
    path.write_bytes(pack(b"1,2\n" * (1 << 21)))
    with pytest.raises(InvalidInput, match="unpacks to more than") as caught:
        read_raw(path)
    assert str(path) in str(caught.value)


def test_an_unpacked_table_leaves_room_in_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "SMALL", 1 << 10)
    monkeypatch.setattr(unpacking, "CHUNK", 1 << 10)
    monkeypatch.setattr(unpacking, "has_room_for", lambda n_bytes: n_bytes < 1 << 13)
    noise = np.random.default_rng(0).random((400, 2)).astype(str)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress("\n".join(map(",".join, noise)).encode()))
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        read_raw(tmp_path / "t.csv.gz")


def test_a_file_with_a_password_is_named(tmp_path):
    data = bytearray(zipped(t_csv=DATA))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the archive's directory
    (tmp_path / "t.zip").write_bytes(data)
    with pytest.raises(InvalidInput, match=r"'t.csv' in it has a password"):
        read_raw(tmp_path / "t.zip")


def test_a_plain_file_is_mapped_and_not_copied(tmp_path):
    (tmp_path / "t.csv").write_bytes(DATA)
    source = open_source(tmp_path / "t.csv")
    assert isinstance(source.data, memoryview)
    assert type(source.data.obj) is sources.mmap.mmap
    assert source.path == tmp_path / "t.csv"
