"""The same blocks, bit for bit, from arrays, memory maps, CSR and Parquet."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from backpass.errors import InvalidInput
from backpass.streaming.blocks import (
    ArrayBlocks,
    Blocks,
    ParquetBlocks,
    computed_in,
    cut,
    n_rows,
)
from sparse_rows import parts_of, untidy

RNG = np.random.default_rng(11)
X = RNG.normal(size=(101, 5))
y = RNG.integers(0, 3, 101)
w = RNG.random(101)


def every(blocks):
    return [block for group in range(len(blocks.groups)) for block in blocks.read(group)]


def write_parquet(path, X, y, w, row_group_size=None):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    frame.assign(y=y, w=w).to_parquet(path, row_group_size=row_group_size)


@pytest.fixture
def folder(tmp_path):
    """Two files, the second of several row groups."""
    write_parquet(tmp_path / "part-0.parquet", X[:40], y[:40], w[:40])
    write_parquet(tmp_path / "part-1.parquet", X[40:], y[40:], w[40:], 25)
    return tmp_path


def same_blocks(a, b):
    assert [len(block.X) for block in a] == [len(block.X) for block in b]
    for ours, theirs in zip(a, b):
        assert type(ours.X) is type(theirs.X) is np.ndarray
        assert ours.X.dtype == theirs.X.dtype
        for part, other in zip(ours, theirs):
            np.testing.assert_array_equal(part, other)


def test_sources_agree(folder, tmp_path):
    parquet = ParquetBlocks(folder, "y", sample_weight="w", rows=15)
    sizes = [size for group in parquet.groups for size in group]
    assert sizes == [15, 15, 10, 15, 10, 15, 10, 11]
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = every(parquet)
    for source in (X, np.asfortranarray(X), mapped, scipy.sparse.csr_array(X), X[::-1][::-1]):
        same_blocks(every(ArrayBlocks(source, y, w, rows=sizes)), expected)


@given(st.integers(1, 120), st.integers(1, 50))
def test_blocks_are_the_rows_in_order(rows, size):
    blocks = ArrayBlocks(np.arange(rows * 2).reshape(rows, 2), np.arange(rows), rows=size)
    read = every(blocks)
    np.testing.assert_array_equal(np.concatenate([b.y for b in read]), np.arange(rows))
    assert n_rows(blocks) == rows
    assert [len(b.X) for b in read] == list(cut(rows, size))


@pytest.mark.parametrize(
    ("dtype", "computed"),
    [
        ("f4", "f4"),
        ("f2", "f4"),
        ("f8", "f8"),
        ("i4", "f8"),
        ("u1", "f8"),
        ("?", "f8"),
        (">f4", "f4"),
    ],
)
def test_dtypes(dtype, computed):
    source = (X > 0).astype(dtype)
    block = every(ArrayBlocks(source, y))[0]
    assert block.X.dtype == np.dtype(computed)
    np.testing.assert_array_equal(block.X, source.astype(computed))


def test_targets_alone(folder):
    parquet = ParquetBlocks(folder, "y", sample_weight="w", rows=15)
    read = [pair for group in range(len(parquet.groups)) for pair in parquet.read_targets(group)]
    np.testing.assert_array_equal(np.concatenate([pair[0] for pair in read]), y)
    np.testing.assert_array_equal(np.concatenate([pair[1] for pair in read]), w)


def test_columns_by_name(folder):
    parquet = ParquetBlocks(folder, "y", columns=["c3", "c0"])
    np.testing.assert_array_equal(every(parquet)[0].X, X[:40, [3, 0]])
    assert parquet.names == ("c3", "c0")
    assert every(parquet)[0].w is None


def test_protocol(folder):
    assert isinstance(ParquetBlocks(folder, "y"), Blocks)
    assert isinstance(ArrayBlocks(X, y), Blocks)


def test_text_targets(tmp_path):
    labels = np.array(["a", "b"], dtype=object)[y % 2]
    write_parquet(tmp_path / "t.parquet", X, labels, w)
    assert every(ParquetBlocks(tmp_path, "y", columns=["c0"]))[0].y.tolist() == labels.tolist()


def test_bad_parquet(folder, tmp_path):
    for build, part in [
        (lambda: ParquetBlocks(folder / "none", "y"), "There is no file"),
        (lambda: ParquetBlocks(folder, "target"), "no column 'target'"),
        (lambda: ParquetBlocks(folder, "y", columns=["c9"]), "no column 'c9'; did you mean 'c"),
        (lambda: ParquetBlocks(folder, "y", sample_weight="v"), "no column 'v'"),
    ]:
        with pytest.raises(InvalidInput, match=part):
            build()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"without a \.parquet file"):
        ParquetBlocks(tmp_path / "empty", "y")
    (folder / "part-2.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(InvalidInput, match=r"part-2.parquet cannot be read"):
        ParquetBlocks(folder, "y")


def test_parquet_of_other_columns_or_kinds(tmp_path):
    write_parquet(tmp_path / "t.parquet", X, y, np.array(["text"] * 101))
    with pytest.raises(InvalidInput, match=r"column 'w' holds .*string values"):
        ParquetBlocks(tmp_path, "y")
    write_parquet(tmp_path / "u.parquet", X[:, :3], y, w)
    with pytest.raises(InvalidInput, match=r"u.parquet has no column 'c3'"):
        ParquetBlocks(tmp_path, "y", columns=["c3"])


def test_values_that_are_not_finite(tmp_path):
    bad = X.copy()
    bad[45, 2] = bad[50, 1] = np.nan
    write_parquet(tmp_path / "t.parquet", bad, y, w)
    with pytest.raises(InvalidInput, match=r"2 NaN .* first in row 45, column 'c2'"):
        every(ParquetBlocks(tmp_path, "y", rows=20))
    with pytest.raises(InvalidInput, match="first in row 45, column 'x2'"):
        every(ArrayBlocks(bad, y, rows=20))
    huge = np.full((4, 2), 1e308)
    assert every(ArrayBlocks(huge, np.arange(4)))[0].X[0, 0] == 1e308  # its sum overflows


def test_missing_targets(tmp_path):
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame({"x": [1.0, 2.0], "y": [1.0, None]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InvalidInput, match="target 'y' is missing in 1 rows"):
        every(ParquetBlocks(tmp_path, "y"))


def test_bad_arrays():
    for build, part in [
        (lambda: ArrayBlocks(X[0], y), "needs rows and columns"),
        (lambda: ArrayBlocks(X[:0], y[:0]), "needs rows and columns"),
        (lambda: ArrayBlocks(X, y[:3]), "but y has 3"),
        (lambda: ArrayBlocks(X, y, w[:3]), "but sample_weight has 3"),
        (lambda: ArrayBlocks(X, y, rows=[50, 50]), "blocks have 100 rows"),
        (lambda: ArrayBlocks(scipy.sparse.csc_array(X), y), "must be CSR"),
    ]:
        with pytest.raises(InvalidInput, match=part):
            build()


# Sparse rows.


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_blocks_of_few_entries_stay_sparse(kind, dtype, rng):
    source = (10 * untidy(rng, (101, 40), filled=0.1, kind=kind)).astype(dtype)
    before = parts_of(source)
    read = every(ArrayBlocks(source, y, w, rows=30))
    assert [block.X.shape[0] for block in read] == [30, 30, 30, 11]
    assert all(block.X.format == "csr" for block in read)
    assert {block.X.dtype for block in read} == {np.dtype(computed_in(source.dtype))}
    np.testing.assert_array_equal(np.vstack([b.X.toarray() for b in read]), source.toarray())
    read[0].X.data[:] = 7  # a block is its own
    for after, part in zip(parts_of(source), before):
        np.testing.assert_array_equal(after, part)


def test_a_fuller_csr_matrix_comes_in_dense_blocks():
    source = scipy.sparse.csr_array(np.where(X > 0, X, 0))
    assert all(type(block.X) is np.ndarray for block in every(ArrayBlocks(source, y, rows=30)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_blocks_are_cut_by_their_entries(dtype):
    """About 2 MiB of values and indices, not of the cells that are zero."""
    words, width = 80, 2**18
    where = np.sort(np.arange(9000 * words) * 7919 % width)
    starts = np.arange(9001) * words
    source = scipy.sparse.csr_array(
        (np.ones(9000 * words, dtype), where, starts), shape=(9000, width)
    )
    rows = 2**21 // (2 * words * np.dtype(dtype).itemsize)
    blocks = ArrayBlocks(source, np.zeros(9000))
    assert blocks.groups[0] == (rows,)
    assert n_rows(blocks) == 9000


def test_sparse_blocks_that_are_not_finite():
    dense = np.zeros((20, 30))
    dense[[3, 13, 13, 17], [2, 4, 9, 0]] = 1.0, np.nan, np.inf, -1.0
    blocks = ArrayBlocks(scipy.sparse.csr_array(dense), np.zeros(20), rows=10)
    next(blocks.read(0))
    message = "X has 2 NaN or infinite numbers .* row 10 on, the first in row 13, column 'x4'"
    with pytest.raises(InvalidInput, match=message):
        next(blocks.read(1))
