"""Text and JSON lines larger than memory: read, known and answered as the same file in memory."""

import gc
import json

import numpy as np
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from backpass.data.parquet import ConvertedRows
from backpass.data.raw import Numbers
from backpass.data.reading import ReadingOptions, read_raw
from backpass.data.reading.raw_blocks import joined
from backpass.data.reading.text_files import large_text
from backpass.errors import InvalidInput

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("clevercsv")

ROWS = 2000


def cars(rows=ROWS):
    draw = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "km": draw.normal(90_000, 20_000, rows),
            "seats": draw.integers(2, 9, rows),
            "make": draw.choice(["Fiat", "Saab", "Opel"], rows),
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
            "note": [f"0{i % 7}" for i in range(rows)],
        }
    )
    frame["price"] = 20_000 - 0.1 * frame.km + 500 * frame.seats
    frame["late"] = [str(i) for i in range(rows - 1)] + ["ten"]
    frame.loc[::40, "km"] = np.nan
    frame["sold"] = frame["sold"].dt.strftime("%Y-%m-%d")
    return frame


WRITERS = {
    "cars.csv": lambda f, path: f.to_csv(path, index=False),
    "quoted.csv": lambda f, path: f.assign(make=f.make + '\n"AG"').to_csv(path, index=False),
    "comma.txt": lambda f, path: f.to_csv(path, index=False, sep=";", decimal=","),
    "cars.tsv": lambda f, path: f.to_csv(path, index=False, sep="\t"),
    "cars.jsonl": lambda f, path: f.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
}


@pytest.fixture(params=[*WRITERS])
def path(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    WRITERS[request.param](cars(), request.param)
    return tmp_path / request.param


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of a few rows each."""
    monkeypatch.setattr(large_text, "BLOCK", 1 << 13)
    monkeypatch.setattr("backpass.data.reading.json_lines.BLOCK", 1 << 13)


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr("backpass.cli.source.has_room_for", lambda n_bytes: False)
    monkeypatch.setattr("backpass.cli.blockwise.rows_of_block", lambda *_: 300)


def cells(column):
    return column.values.tolist() if isinstance(column, Numbers) else column.cells()


def raw_of_blocks(path, **options):
    rows = ConvertedRows(path, ReadingOptions(**options))
    assert len(rows.sizes) > 5
    return joined(
        [raw for g, n in enumerate(rows.sizes) for _, raw in rows.raw_tables(g, [n], rows.names)]
    )


def test_every_cell_is_that_of_the_file_in_memory(path):
    blocks, whole = raw_of_blocks(path), read_raw(path)
    assert [*blocks.columns] == [*whole.columns]
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(cells(blocks.columns[name]), cells(column), err_msg=name)
        assert type(blocks.columns[name]) is type(column)
    assert (blocks.rows, blocks.header, blocks.decimal) == (ROWS, whole.header, whole.decimal)
    assert {*whole.notes} == {*blocks.notes}


def test_words_and_columns_are_as_the_user_says(tmp_path):
    path = tmp_path / "cars.csv"
    cars().to_csv(path, index=False)
    options = {"texts": ("seats",), "na": ("Saab",)}
    blocks, whole = raw_of_blocks(path, **options), read_raw(path, ReadingOptions(**options))
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(cells(blocks.columns[name]), cells(column))
    assert None in blocks.columns["make"].cells()


def train(path):
    words = ["train", str(path), "--target", "price", "--hidden", "4", "--epochs", "3", "--json"]
    words += ["--ignore", "late", "--no-report", "--out", "m.backpass", "--force"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_it_is_trained_told_and_predicted_as_in_memory(path, monkeypatch, request):
    before, _ = train(path)
    request.getfixturevalue("small_memory")
    after, said = train(path)
    assert "so it is streamed" in said
    assert [(c["column"], c["kind"]) for c in after["reading"]] == [
        (c["column"], c["kind"]) for c in before["reading"]
    ]
    assert after["n_features"] == before["n_features"]
    assert sum(after[f"n_{part}"] for part in ("train", "validation", "test")) == ROWS
    streamed = CliRunner().invoke(main, ["predict", "m.backpass", str(path)])
    assert streamed.exit_code == 0, streamed.stderr
    monkeypatch.undo()
    monkeypatch.chdir(path.parent)
    whole = CliRunner().invoke(main, ["predict", "m.backpass", str(path)])
    assert streamed.stdout == whole.stdout
    assert bp.load("m.backpass").preprocessing_.reading.notes[-1].startswith("The table is larger")


def test_nothing_stays_beside_the_file(path):
    rows = ConvertedRows(path, ReadingOptions())
    assert len([*path.parent.iterdir()]) == 2
    del rows
    gc.collect()
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"a,b\n" + b"1,2\n" * 4000 + b"1,2,3\n", "Line 4002 has 3 cells, .* have 2;"),
        ("a.csv", "a,b\n1,Höhe\n2,x\n".encode("latin-1"), "It is no UTF-8"),
        ("a.csv", b"a b\n1 2\n3 4\n5 6\n7 8\n", "Blanks separate its cells"),
        ("a.csv", b"a,b\n" + b"1,2,3\n" * 99, "It has more cells in its rows than names"),
        ("a.csv", b"a,b\n", "It has names, but no row of data"),
        ("a.jsonl", b'{"a": 1}\n' * 3000 + b"{\n", "Line 3001 is no JSON"),
        ("a.json", b'[{"a": 1}, {"a": 2}]', "JSON larger than memory has to be an object a line"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, data, sentence):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=f"^{path}: {sentence}"):
        ConvertedRows(path, ReadingOptions())
    gc.collect()
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_without_names_asks_for_them(tmp_path, small_memory, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"1,2\n3,5\n" * 50)
    done = CliRunner().invoke(main, ["train", "a.csv", "--target", "1"])
    assert done.exit_code == 2
    assert "--no-header" in done.stderr
    more = ["--no-header", "--epochs", "1", "--hidden", "2", "--no-report"]
    assert CliRunner().invoke(main, ["train", "a.csv", "--target", "1", *more]).exit_code == 0


def test_a_record_may_lack_a_key_and_hold_a_list(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [{"a": i, "l": [i]} for i in range(900)] + [{"a": i, "late": True} for i in range(900)]
    path.write_text("\n".join(map(json.dumps, lines)))
    blocks = raw_of_blocks(path)
    assert [*blocks.columns] == ["a", "late"]
    assert blocks.columns["late"].gaps.sum() == 900
    assert "Column 'l' holds lists or fields; it is left out." in blocks.notes


def test_commas_at_the_end_of_lines_make_no_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b,\n" + b"1,x,\n" * 9000)
    blocks, whole = raw_of_blocks(path), read_raw(path)
    assert [*blocks.columns] == [*whole.columns] == ["a", "b"]
    assert {*whole.notes} == {*blocks.notes}
