"""Damaged tables: every reader gives a table or one sentence, never anything else."""

import contextlib
import gzip
import struct
import warnings

import numpy as np
import pytest
from mutants import mutant
from scipy.io import savemat

import backpass as bp
from backpass.errors import BackpassError

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
SHORT, LONG = 150, 10_000
X, y = np.random.default_rng(0).normal(size=(20, 4)).round(3), np.arange(20) % 3
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.array(["u", "v"])[y % 2], y=y)
IDX = bytes([0, 0, 8, 3]) + struct.pack(">3I", 20, 2, 2) + bytes(range(80))


def save_mat(path, **how):
    savemat(path, {"X": X, "y": y[:, None]}, **how)


FILES = {
    "t.csv": lambda path: FRAME.to_csv(path, index=False),
    "t.csv.gz": lambda path: FRAME.to_csv(path, index=False),
    "t.parquet": lambda path: FRAME.to_parquet(path),
    "t.npz": lambda path: np.savez(path, X=X, y=y),
    "t.npy": lambda path: np.save(path, X),
    "t.mat": save_mat,
    "packed.mat": lambda path: save_mat(path, do_compression=True),
    "old.mat": lambda path: save_mat(path, format="4"),
    "t.idx": lambda path: path.write_bytes(IDX),
    "t.idx.gz": lambda path: path.write_bytes(gzip.compress(IDX)),
}


def no_mutant_does_harm(tmp_path, name, seeds):
    path = tmp_path / name
    FILES[name](path)
    data = path.read_bytes()
    bp.read_table(path)
    for seed in seeds:
        path.write_bytes(mutant(data, seed))
        with contextlib.suppress(BackpassError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the parsers think of the damage
            table = bp.read_table(path)
            assert len(table.X) > 0


@pytest.mark.parametrize("name", FILES)
def test_mutants(tmp_path, name):
    no_mutant_does_harm(tmp_path, name, range(SHORT))


@pytest.mark.night
@pytest.mark.parametrize("name", FILES)
def test_many_mutants(tmp_path, name):
    no_mutant_does_harm(tmp_path, name, range(SHORT, LONG))
