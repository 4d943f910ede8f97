"""Every format gives the same table; every bad file gets one sentence that says where."""

import contextlib
import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

import backpass as bp
from backpass.data.tables import check_trainable
from backpass.errors import BackpassError, InvalidInput

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

FRAME = {
    "age": [31.0, 0.1, None, 7.25],
    "weight": [1, 2, 3, 4],
    "colour": ["red", None, "blue", "red"],
    "kind": ["a", "b", "a", "b"],
}


@pytest.fixture
def frame():
    return pd.DataFrame(FRAME)


@pytest.fixture
def write(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def says(path, *parts, target=None):
    """The one sentence that reading this file ends with."""
    with pytest.raises(InvalidInput) as caught:
        check_trainable(bp.read_table(path, target))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    for part in parts:
        assert part in sentence
    return sentence


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("t.csv", lambda frame, path: frame.to_csv(path, index=False)),
        ("t.csv.gz", lambda frame, path: frame.to_csv(path, index=False)),
        ("t.tsv", lambda frame, path: frame.to_csv(path, index=False, sep="\t")),
        ("t.parquet", lambda frame, path: frame.to_parquet(path)),
    ],
)
def test_frames(frame, tmp_path, name, save):
    save(frame, tmp_path / name)
    table = bp.read_table(tmp_path / name, target="kind")
    assert table.names == ("age", "weight", "colour")
    assert table.X["age"].to_numpy() == pytest.approx([31.0, 0.1, np.nan, 7.25], nan_ok=True)
    assert table.X["weight"].dtype == np.float64
    assert table.X["colour"].tolist() == ["red", pytest.approx(np.nan, nan_ok=True), "blue", "red"]
    assert table.y.tolist() == ["a", "b", "a", "b"]
    check_trainable(table)


def test_parquet_folder(frame, tmp_path):
    (tmp_path / "parts").mkdir()
    frame[:2].to_parquet(tmp_path / "parts" / "0.parquet")
    frame[2:].to_parquet(tmp_path / "parts" / "1.parquet")
    assert bp.read_table(tmp_path / "parts", target="kind").y.tolist() == ["a", "b", "a", "b"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, unique=True))
def test_csv_keeps_the_last_bit(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text("x\n" + "\n".join(map(repr, numbers)) + "\n")
    assert bp.read_table(path, kinds={"x": "number"}).X["x"].tolist() == numbers


def test_numeric_types_of_parquet(tmp_path):
    columns = {
        "half": np.array([1, 2.5, 3, 4], np.float16),
        "single": np.array([1.5, 2, 4, 3], np.float32),
        "flag": [True, False, False, True],
        "small": pd.array([1, None, 5, 3], "Int8"),
        "label": pd.Categorical(["u", "v", "u", "u"]),
    }
    pd.DataFrame(columns).to_parquet(tmp_path / "t.parquet")
    X = bp.read_table(tmp_path / "t.parquet").X
    assert X["flag"].tolist() == ["True", "False", "False", "True"]
    assert X["half"].dtype == X["single"].dtype == np.float64
    assert np.isnan(X["small"][1])
    assert X["label"].tolist() == ["u", "v", "u", "u"]


def test_images_in_npz_and_npy(tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "t.npz", X=images, y=[0, 1])
    np.save(tmp_path / "t.npy", images)
    table = bp.read_table(tmp_path / "t.npz")
    assert table.X.shape == (2, 12)
    assert table.X.dtype == np.uint8
    assert (table.images() == images).all()
    assert table.y.tolist() == [0, 1]
    assert (bp.read_table(tmp_path / "t.npy").X == table.X).all()


def test_names_of_arrays_follow_from_the_target(tmp_path):
    X, y = np.zeros((2, 3)), np.array(["a", "b"])
    np.savez(tmp_path / "t.npz", X_train=X, y_train=y, Iris_X=X + 1, Iris_y=y, x=X + 2)
    assert bp.read_table(tmp_path / "t.npz", "y_train").X[0, 0] == 0
    assert bp.read_table(tmp_path / "t.npz", "Iris_y").X[0, 0] == 1
    assert bp.read_table(tmp_path / "t.npz").X[0, 0] == 2


@pytest.mark.parametrize("gz", ["", ".gz"])
@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte", "images.idx"])
def test_idx(tmp_path, name, gz):
    images = np.arange(24).reshape(2, 3, 4)
    write_idx(tmp_path / (name + gz), images)
    labels = name.replace("images", "labels").replace("idx3", "idx1")
    write_idx(tmp_path / labels, np.array([3, 4]))
    table = bp.read_table(tmp_path / (name + gz))
    assert (table.images() == images).all()
    assert table.y.tolist() == [3, 4]


def test_idx_of_big_endian_floats(tmp_path):
    numbers = np.array([[1.5, -2.0]], ">f8")
    header = bytes([0, 0, 0x0E, 2]) + struct.pack(">2I", 1, 2)
    (tmp_path / "x.idx").write_bytes(header + numbers.tobytes())
    assert bp.read_table(tmp_path / "x.idx").X.tolist() == [[1.5, -2.0]]


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


# --- bad input -------------------------------------------------------------------------------


def test_missing_file(tmp_path):
    says(tmp_path / "nothing.csv", "There is no file", "nothing.csv")


def test_what_is_not_read_is_refused_by_name(write):
    says(write("x", "table.sav"), "table.sav", "SPSS", "to_parquet")
    says(write("x", "table.xlsx"), "table.xlsx cannot be read")


def test_folder_without_parquet(tmp_path):
    says(tmp_path, "folder without a .parquet file")


@pytest.mark.parametrize("text", ["", "\n", "a,b\n"])
def test_empty_table(write, text):
    says(write(text), "table.csv", target="a")


def test_unknown_target_offers_the_closest(write):
    path = write("species,size\na,1\nb,2\n")
    says(path, "no column 'specie'", "did you mean 'species'?", target="specie")
    says(path, "no column 'zzz'", "the columns are 'species', 'size'", target="zzz")


def test_nothing_to_learn_from(write):
    says(write("a\n1\n2\n"), "No column is left to learn from", target="a")
    says(write("a,b\n1,7\n2,7\n"), "No column is left to learn from", "'b'", target="a")


def test_text_in_a_numeric_column(write):
    cells = [str(k % 9) for k in range(40)]
    cells[2] = "?x"
    path = write("a,b\n" + "".join(f"{k % 2},{cell}\n" for k, cell in enumerate(cells)))
    says(path, "'b'", "row 2", "'?x'", "--na", "--kind", target="a")
    assert bp.read_table(path, "a", categorical=["b"]).X["b"].tolist() == cells


def test_codes_that_are_mostly_text_are_categories(write):
    codes = ["A1", "B2", "7"] * 8
    path = write("a,b\n" + "".join(f"{k % 2},{code}\n" for k, code in enumerate(codes)))
    assert bp.read_table(path, "a").X["b"].tolist() == codes


def test_infinite_cell(write):
    cells = [str(k / 7) for k in range(40)]
    cells[1], cells[2] = "inf", "-inf"
    path = write("a,b\n" + "".join(f"{k % 2},{cell}\n" for k, cell in enumerate(cells)))
    says(path, "'b'", "infinite", "row 1", "--na", "--ignore", target="a")


def test_missing_targets(write):
    says(write("a,b\n1,x\n2,\n3,y\n4,\n"), "'b'", "missing in 2 rows", "row 1", target="b")
    says(write("a,b\n1,1\n2,\n3,2\n4,2\n"), "'b'", "missing in 1 rows", "row 1", target="b")


def test_one_class(write):
    says(write("a,b\n1,x\n2,x\n"), "'b' holds one class only ('x')", target="b")


def test_no_target(write):
    says(write("a,b\n1,x\n2,y\n1,x\n2,x\n"), "has no target", "'a', 'b'")


def test_a_column_without_values_is_left_out(write):
    table = bp.read_table(write("a,b,c\n1,,2\n2,,3\n1,,5\n"), "a")
    assert table.names == ("c",)
    assert (table.reading["b"].kind, table.reading["b"].gaps) == ("ignored", 3)


def test_ragged_rows(write):
    says(write("a,b\n1,2\n1,2,3\n"), "Line 3 has 3 cells", target="a")
    says(write("a,b\n1,2,3\n1,2,3\n"), "more cells", target="a")


def test_bytes_that_are_no_utf_8_are_said(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\nM\xfcnchen,1\nK\xf6ln,2\nK\xf6ln,1\nM\xfcnchen,2\n")
    table = bp.read_table(tmp_path / "t.csv", "b")
    assert set(table.X["a"]) == {"München", "Köln"}
    assert any("München" in note for note in table.reading.notes)


def test_dates_are_read_and_lists_left_out(tmp_path):
    days = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-02-01"])
    frame = pd.DataFrame({"when": days, "x": [[1], [2], [3]], "y": [1, 2, 1]})
    frame.to_parquet(tmp_path / "t.parquet")
    table = bp.read_table(tmp_path / "t.parquet", "y")
    assert table.X["when"].tolist() == days.tolist()
    assert (table.names, table.ignored) == (("when",), ("x",))
    assert "list" in table.reading["x"].reason


@pytest.mark.parametrize("name", ["t.npz", "t.npy", "t.mat", "t.parquet", "t.idx", "t.idx.gz"])
@pytest.mark.parametrize("data", [b"", b"PK", b"\x1f\x8b\x08", b"\x93NUMPY", b"nonsense" * 40])
def test_files_that_are_something_else(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    says(tmp_path / name, name)


@pytest.mark.parametrize("text", ["\n", "\n\n\n"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz"])
def test_a_table_without_a_letter_is_said_to_be_empty(tmp_path, text, ending):
    path = tmp_path / f"t.{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    says(path, "no row besides comments and empty lines", target="a")


@pytest.mark.parametrize("name", ["t.npz", "t.npy", "t.mat", "t.parquet", "t.idx", "t.idx.gz"])
def test_a_file_without_a_byte_is_said_to_be_empty(tmp_path, name):
    (tmp_path / name).touch()
    says(tmp_path / name, "is empty", target="a")


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "t.npy", np.array([{"a": 1}], dtype=object))
    says(tmp_path / "t.npy", "cannot be read")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_numbers_in_arrays(tmp_path, bad):
    X = np.ones((3, 2), np.float32)
    X[1, 1] = X[2, 0] = bad
    np.savez(tmp_path / "t.npz", X=X, y=[0, 1, 0])
    says(tmp_path / "t.npz", "X has 2 NaN or infinite numbers, first at row 1, column 1")
    savemat(tmp_path / "t.mat", {"X": np.ones((3, 2)), "y": [1.0, bad, 2.0]})
    says(tmp_path / "t.mat", "y has 1 NaN or infinite", "row 1")


def test_arrays_of_wrong_shape_or_kind(tmp_path):
    path = tmp_path / "t.npz"
    for arrays, part in [
        ({"Z": np.ones((2, 2))}, "no array 'X'; it has 'Z'"),
        ({"X": np.ones(2)}, "X has shape (2,)"),
        ({"X": np.ones((2, 2)), "y": np.ones(3)}, "X has 2 rows, but y has 3"),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, "no rows"),
        ({"X": np.ones((2, 0)), "y": np.ones(2)}, "no columns"),
        ({"X": np.array([["a", "b"]])}, "not a number's"),
        ({"X": np.ones((2, 2), complex)}, "not a number's"),
        ({"X": np.ones((2, 2)), "y": np.ones(2)}, "only one class"),
        ({"X": np.ones((2, 2))}, "has no target"),
    ]:
        np.savez(path, **arrays)
        says(path, part)
    says(path, "no array 'label'", target="label")


def test_mat_of_structs(tmp_path):
    savemat(tmp_path / "t.mat", {"X": {"field": 1.0}})
    says(tmp_path / "t.mat", "X has the dtype")


def test_idx_of_wrong_length(tmp_path):
    header = bytes([0, 0, 8, 2]) + struct.pack(">2I", 2, 2)
    for data, part in [
        (header + b"123", "ends after 3"),
        (header + b"12345", "has more"),
        (header[:7], "within its header"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "too short"),
    ]:
        (tmp_path / "t.idx").write_bytes(data)
        says(tmp_path / "t.idx", part)


@given(st.binary(max_size=200), st.sampled_from([".csv", ".npy", ".idx", ".mat", ".npz"]))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path_factory, data, ending):
    path = tmp_path_factory.mktemp("any") / f"t{ending}"
    path.write_bytes(data)
    with contextlib.suppress(BackpassError):
        bp.read_table(path)


def test_pictures_that_unpack_to_far_more_than_pictures_do_are_refused(tmp_path):
    path = tmp_path / "zeros.idx.gz"
    with gzip.open(path, "wb") as file:
        file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", 80, 1024, 1024))
        for _ in range(80):
            file.write(bytes(1 << 20))
    says(path, "unpacks to 80 MB", "unpack it first")
