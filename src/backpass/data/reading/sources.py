"""What a path means: the bytes of a table, and the format that they are in.

The ending says how a file is read; where it is none that is known, or the table comes from
standard input, its first bytes do. A part of a file stands after two colons: ``shop.db::orders``.
"""

from __future__ import annotations

import mmap
import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InvalidInput
from ..parsing import error_context
from .unpacking import OPENERS, unpacked, unzipped

ENDINGS = {
    ".csv": "text",
    ".txt": "text",
    ".data": "text",
    ".dat": "text",
    ".tsv": "tabs",
    ".tab": "tabs",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
}
SIGNS = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"FEA1": "arrow",
    b"SQLite format 3\0": "sqlite",
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\0": ".xz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": "zip",
}
_SAVE = "save it as .csv or .xlsx with the program that wrote it"
_PANDAS = "read it with pandas.{} and save it with to_parquet"
REFUSED = {
    ".xls": ("an old workbook", "save it as .xlsx or .csv"),
    ".xlsb": ("a binary workbook", "save it as .xlsx or .csv"),
    ".ods": ("an OpenDocument table", "save it as .xlsx or .csv"),
    ".numbers": ("a table of Numbers", "save it as .xlsx or .csv"),
    ".dta": ("a table of Stata", _PANDAS.format("read_stata")),
    ".sav": ("a table of SPSS", _PANDAS.format("read_spss")),
    ".sas7bdat": ("a table of SAS", _PANDAS.format("read_sas")),
    ".xpt": ("a table of SAS", _PANDAS.format("read_sas")),
    ".orc": ("an ORC file", _PANDAS.format("read_orc")),
    ".h5": ("an HDF5 file", _PANDAS.format("read_hdf")),
    ".hdf5": ("an HDF5 file", _PANDAS.format("read_hdf")),
    ".arff": ("a table of Weka", "read it with scipy.io.arff.loadarff and save it as .csv"),
    ".rds": ("an object of R", "save it in R with write.csv"),
    ".rda": ("objects of R", "save the table in R with write.csv"),
    ".rdata": ("objects of R", "save the table in R with write.csv"),
    ".pkl": ("a pickle, which may run any code", "save its table with to_parquet"),
    ".pickle": ("a pickle, which may run any code", "save its table with to_parquet"),
    ".xml": ("an XML file", _SAVE),
    ".html": ("a web page", _SAVE),
    ".pdf": ("a PDF document", _SAVE),
    ".doc": ("a text document", _SAVE),
    ".docx": ("a text document", _SAVE),
    ".7z": ("an archive that is not read", "unpack it, or pack it as .zip"),
    ".rar": ("an archive that is not read", "unpack it, or pack it as .zip"),
    ".tar": ("an archive that is not read", "unpack it, or pack it as .zip"),
    ".tgz": ("an archive that is not read", "unpack it, or pack it as .zip"),
    ".tar.gz": ("an archive that is not read", "unpack it, or pack it as .zip"),
}
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HTML = (b"<!doctype html", b"<html")
HTML_LONGEST = 20
DEEPEST = 3  # a packed file in an archive
HEAD = 1 << 12


@dataclass(frozen=True, eq=False)
class Source:
    """A table's bytes, or its folder, and their format.

    Parameters
    ----------
    name : str
        As a message names it.
    format : {"text", "tabs", "json", "parquet", "arrow", "excel", "sqlite"}
        How it is read.
    data : bytes-like
        The whole table; a file's is mapped, and read as far as it is looked at.
    path : Path or None
        A file that is not packed, or a folder of Parquet files, which has no bytes.
    part : str or None
        Which table or sheet, where the path says it.
    """

    name: str
    format: str
    data: bytes | memoryview = b""
    path: Path | None = None
    part: str | None = None


def open_source(source: str | os.PathLike[str], part: str | None = None) -> Source:
    """Find a table by its path.

    Parameters
    ----------
    source : str or path
        A file, ``archive.zip::train.csv``, ``shop.db::orders``, a folder of Parquet files, or ``-``
        for standard input.
    part : str, optional
        Which file of an archive or table of a data base, if the path does not say it.

    Raises
    ------
    InvalidInput
        If there is no such file, or nothing reads it.
    """
    name = os.fspath(source)
    if name == "-":
        return _sniffed("standard input", sys.stdin.buffer.read(), part)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
        raise InvalidInput(f"{name} is an address; save the table as a file first.")
    path, inner = _split(name)
    _refuse(path)
    if path.is_dir():
        return _folder(path)
    data = _mapped(path)
    found = _of_bytes(str(path), str(path), data, inner or part)
    return replace(found, path=path) if found.data is data else found


def _split(name: str) -> tuple[Path, str | None]:
    """A path and the part that is named after two colons."""
    outer, colons, inner = name.partition("::")
    if os.path.exists(name) or not colons:
        inner = ""
    path = Path(outer if inner else name)
    if not os.path.exists(path):
        raise InvalidInput(f"There is no file {path}.")
    return path, inner or None


def _refuse(path: Path) -> None:
    """Say what is to be done with a file of a format that is known and not read."""
    for ending, (what, advice) in REFUSED.items():
        if path.name.lower().endswith(ending):
            raise InvalidInput(f"{path} is {what}, which backpass does not read; {advice}.")


def _folder(path: Path) -> Source:
    if not any(path.glob("**/*.parquet")):
        raise InvalidInput(f"{path} is a folder without a .parquet file.")
    return Source(str(path), "parquet", path=path)


def _mapped(path: Path) -> memoryview:
    """A file's bytes, read where they are looked at."""
    if path.is_file() and path.stat().st_size:
        with open(path, "rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    data = path.read_bytes()  # a pipe, a device
    if not data:
        raise InvalidInput(f"{path} is empty: it has not a single byte.")
    return memoryview(data)


def _of_bytes(
    name: str, file: str, data: bytes | memoryview, part: str | None, deep: int = 0
) -> Source:
    """Unpack what is packed, and tell the format by the ending or by the first bytes."""
    ending = os.path.splitext(file.lower())[1]
    if deep > DEEPEST:
        raise InvalidInput(f"{name} is packed more than {DEEPEST} times; unpack it first.")
    if ending in OPENERS:
        return _unpacked(name, file[: -len(ending)], data, ending, part, deep)
    if ending == ".zip":
        return _of_archive(name, data, part, deep)
    if ending in ENDINGS and len(data) and ENDINGS[ending] not in ("text", "json"):
        return Source(name, ENDINGS[ending], data, part=part)
    found = _sniffed(name, data, part, deep)
    return replace(found, format="json") if ENDINGS.get(ending) == "json" else found


def _unpacked(
    name: str, file: str, data: bytes | memoryview, packing: str, part: str | None, deep: int
) -> Source:
    with error_context(name):
        content = unpacked(data, packing)
    return _of_bytes(name, file, content, part, deep + 1)


def _of_archive(name: str, data: bytes | memoryview, part: str | None, deep: int) -> Source:
    with error_context(name):
        member, content = unzipped(data, part)
    if not content:
        raise InvalidInput(f"{name}::{member} is empty: it has not a single byte.")
    inner = _of_bytes(f"{name}::{member}", member, content, None, deep + 1)
    return replace(inner, part=None)


def _sniffed(name: str, data: bytes | memoryview, part: str | None, deep: int = 0) -> Source:
    """Tell a format by its first bytes."""
    head = bytes(data[:HEAD])
    if not head:
        raise InvalidInput(f"{name} is empty: it has not a single byte.")
    sign = next((kind for sign, kind in SIGNS.items() if head.startswith(sign)), None)
    if sign is not None and sign in OPENERS:
        return _unpacked(name, "", data, sign, part, deep)
    if sign == "zip":
        if b"[Content_Types].xml" in head or b"xl/" in head:
            return Source(name, "excel", data, part=part)
        return _of_archive(name, data, part, deep)
    if sign is not None:
        return Source(name, sign, data, part=part)
    if head.startswith(OLD_WORKBOOK):
        raise InvalidInput(f"{name} is an old workbook; save it as .xlsx or .csv.")
    if head.lstrip()[:HTML_LONGEST].lower().startswith(HTML):
        raise InvalidInput(f"{name} is a web page and no table; save the table itself.")
    return Source(name, "json" if _is_json(head) else "text", data, part=part)


def _is_json(head: bytes) -> bool:
    """Whether a text begins as an object, or as a list of objects."""
    return bool(re.match(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*[\"}]", head))
