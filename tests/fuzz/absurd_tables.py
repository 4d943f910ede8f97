"""Tables that are damaged, mislabelled, or put together without sense, each from its seed."""

from __future__ import annotations

import functools
import gzip
import io
import random
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from mutants import mutant
from scipy.io import savemat
from test_reading_mutants import FILES

MATRIX = np.arange(24.0).reshape(8, 3)
ENDINGS = (
    *("csv", "tsv", "txt", "dat", "json", "jsonl", "parquet", "feather", "xlsx", "db", "zip"),
    *("csv.gz", "csv.bz2", "csv.xz", "csv.zst", "mat", "npz", "npy", "idx", "arff", "xls", ""),
)
PLAIN_CELLS = """
0 1 2 -1 1.5 1,5 1.234,5 1,234.5 1e5 1e999 -0 007 inf nan NA ? - null #N/A yes no True red Köln
2024-02-29 2024-02-30 29.02.2024 01/02/2024 12:30 25:61 20240229 Mar-21 $1,250 (5) 3€ 12% 12kg
<10 10+ 1_000 １２ ٣ ½ ∞ a,b a;b {} [] [1] 🙂 " "" "a" a"b ' '1' \\ \\" \\N {"a":1} Total sum
x id date # % // sep=; m/s [kg] =1+1 ="5" e\u0301 111111111111111
9999999999999999 9999999999999999999
"""
BLANK_CELLS = (
    "",
    " ",
    "\t",
    "\u202f",
    "\u00a0",
    "\ufeff",
    "\u200b",
    "\u2028",
    "\x0b",
    "\x0c",
    "\x1c",
)
LONG_CELLS = ("9" * 400, "x" * 3000, "a b c d e", "- " * 9, "# of which", "12 kg", "3 €", "1 234,5")
CELLS = [*PLAIN_CELLS.split(), *BLANK_CELLS, *LONG_CELLS]
VALUES_OF_JSON = ("1", "2.5", "null", "true", "NaN", "1e999", '"a"', '"1"', '""', "9" * 30)
SEPARATORS = (*",;\t| :~^", ", ", " ; ", "||", "\x01", "  ", "")
LINE_ENDS = ("\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\r", "\u2028")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift_jis")


@functools.cache
def whole_file(name: str) -> bytes:
    """A file without damage."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        WHOLE[name](path)
        return path.read_bytes()


def _idx(path: Path) -> None:
    path.write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(6)]))


def _npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, MATRIX)


def _npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, X=MATRIX, y=np.arange(8) % 2)


def _mat(path: Path) -> None:
    with path.open("wb") as file:
        savemat(file, {"X": MATRIX, "y": np.arange(8) % 2})


WHOLE = {**FILES, "t.idx": _idx, "t.npy": _npy, "t.npz": _npz, "t.mat": _mat}


def absurd_file(seed: int, folder: Path) -> Path:
    """Write the file of a seed, and return its path."""
    draw = random.Random(seed)
    ending, data = draw.choice((_damaged, _damaged, _mislabelled, _text, _text, _noise, _json))(
        draw
    )
    path = folder / f"fuzz_{seed}{'.' if ending else ''}{ending}"
    path.write_bytes(data)
    return path


def _damaged(draw: random.Random) -> tuple[str, bytes]:
    """A whole file with some damage, once in a while packed again."""
    name = draw.choice([*WHOLE])
    data = whole_file(name)
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        data = mutant(data or b"\0", draw.randrange(1 << 30))
    ending = name.partition(".")[2]
    if draw.random() < 0.1:
        return f"{ending}.gz", gzip.compress(data)
    return ("zip", _zipped(name, data)) if draw.random() < 0.05 else (ending, data)


def _zipped(name: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


def _mislabelled(draw: random.Random) -> tuple[str, bytes]:
    """A whole file under another one's ending."""
    return draw.choice(ENDINGS), whole_file(draw.choice([*WHOLE]))


def _noise(draw: random.Random) -> tuple[str, bytes]:
    """Bytes without sense, behind the first ones of a file once in a while."""
    head = whole_file(draw.choice([*WHOLE]))[: draw.choice((0, 4, 16, 128))]
    return draw.choice(ENDINGS), head + draw.randbytes(draw.choice((0, 1, 3, 20, 500, 5000)))


def _text(draw: random.Random) -> tuple[str, bytes]:
    """Rows of cells without sense, more or less regular."""
    cells = draw.sample(CELLS, draw.randint(1, 12))
    width, sep, end = draw.randint(1, 6), draw.choice(SEPARATORS), draw.choice(LINE_ENDS)
    rows = [
        sep.join(
            draw.choice(cells) for _ in range(width if draw.random() < 0.98 else draw.randint(0, 9))
        )
        for _ in range(draw.choice((1, 2, 3, 5, 20, 60)))
    ]
    if draw.random() < 0.6:
        rows.insert(0, sep.join(draw.choice("abcxyz") for _ in range(width)))
    text = end.join(rows) + draw.choice(("", end))
    return draw.choice(ENDINGS[:6]), text.encode(draw.choice(ENCODINGS), errors="replace")


def _json(draw: random.Random) -> tuple[str, bytes]:
    """Values in values without sense."""

    def value(deep: int) -> str:
        made = draw.random()
        if deep > 3 or made < 0.5:
            return draw.choice(
                ("1", "2.5", "null", "true", "NaN", "1e999", '"a"', '"1"', '""', "9" * 30)
            )
        inner = [value(deep + 1) for _ in range(draw.randint(0, 4))]
        if made < 0.7:
            return f"[{', '.join(inner)}]"
        names = [draw.choice(('"a"', '"b"', '"0"', '"columns"', '"data"', '""')) for _ in inner]
        return f"{{{', '.join(f'{n}: {i}' for n, i in zip(names, inner))}}}"

    lines = [value(0) for _ in range(draw.choice((1, 1, 2, 8)))]
    if draw.random() < 0.3:
        lines = ["[" * 3000 + "]" * 3000] if draw.random() < 0.1 else [value(0)] * 9
    return draw.choice(("json", "jsonl", "txt")), "\n".join(lines).encode()
