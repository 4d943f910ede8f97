"""Tables from a folder, from scikit-learn and from a recorded answer of OpenML."""

from __future__ import annotations

import gzip
import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from backpass.bench.tabular import TableFacts, TableSource, in_folder, of_openml, of_scikit_learn
from backpass.errors import InvalidInput


def kept(folder, name="drawn", **columns):
    pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet", index=False)
    (source,) = in_folder(folder)
    return source


def test_the_columns_come_with_their_gaps_and_the_target_is_the_last(tmp_path):
    source = kept(
        tmp_path,
        word=["a", None, "b", "a"],
        number=[1.5, np.nan, 2.0, 3.0],
        whole=pd.array([1, None, 3, 4], dtype="Int64"),
        day=pd.to_datetime(["2024-01-01", "2024-01-03", None, "2024-01-01"]),
        truth=[True, False, True, True],
        price=[1.0, 2.5, 3.0, np.nan],
    )
    table = source.read()
    assert (source.name, table.classes, table.categories) == ("drawn", 0, [0])
    np.testing.assert_array_equal(table.y, [1, 2.5, 3])  # the row without a target is left out
    assert table.X["word"].isna().tolist() == [False, True, False]
    numbers = table.X.drop(columns="word").to_numpy()
    expected = [[1.5, 1, 0, 1], [np.nan, np.nan, 2, 0], [2, 3, np.nan, 1]]
    np.testing.assert_array_equal(numbers, expected)


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (["no", "yes", "no"], 2),
        ([7, 3, 7], 2),
        ([True, False, True], 2),
        ([7.0, 3.0, 7.0], 0),
        (list(range(20)), 20),
        (list(range(21)), 0),
    ],
)
def test_words_and_few_whole_numbers_are_classes(tmp_path, target, classes):
    table = kept(tmp_path, x=np.arange(len(target)), y=target).read()
    assert table.classes == classes
    if classes:
        assert sorted(set(table.y)) == list(range(classes))


def test_what_is_no_table_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="no Parquet file"):
        in_folder(tmp_path)
    with pytest.raises(InvalidInput, match="drawn has no column beside its target"):
        kept(tmp_path, y=[1, 2]).read()
    with pytest.raises(InvalidInput, match="fewer than two values"):
        kept(tmp_path, x=[1, 2], y=[1, 1]).read()


def test_scikit_learns_own_sets():
    sources = {source.name: source for source in of_scikit_learn()}
    assert [TableFacts.of(source).classes for source in sources.values()] == [3, 3, 2, 10, 0]
    assert TableFacts.of(sources["wine"]) == TableFacts("wine", 178, 13, 0, 3)
    np.testing.assert_array_equal(sources["wine"].read().y, load_wine().target)


# What OpenML answers about a set: its description, its columns, and the file. No such set exists.
ARFF = """@RELATION hand-made
@ATTRIBUTE length REAL
@ATTRIBUTE colour {red,green}
@ATTRIBUTE price INTEGER
@DATA
1.5,red,10
?,green,12
2.5,?,10
3.5,red,15
"""
COLUMNS = [("length", "numeric"), ("colour", "nominal"), ("price", "numeric")]
DESCRIPTION = {
    "data_set_description": {
        "id": "990001",
        "name": "hand-made",
        "description": "Four rods.",
        "version": "1",
        "format": "ARFF",
        "file_id": "990002",
        "status": "active",
        "md5_checksum": hashlib.md5(ARFF.encode()).hexdigest(),
        "default_target_attribute": "price",
        "url": "https://api.openml.org/data/v1/download/990002/hand-made.arff",
    }
}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """OpenML's answers in scikit-learn's cache, and no way to the network."""
    features = [
        {
            "index": str(place),
            "name": name,
            "data_type": kind,
            "is_target": str(name == "price").lower(),
            "is_ignore": "false",
            "is_row_identifier": "false",
            "number_of_missing_values": "0" if name == "price" else "1",
        }
        for place, (name, kind) in enumerate(COLUMNS)
    ]
    answers = {
        "api/v1/json/data/990001": json.dumps(DESCRIPTION),
        "api/v1/json/data/features/990001": json.dumps({"data_features": {"feature": features}}),
        "api/v1/json/data/qualities/990001": json.dumps({"data_qualities": {"quality": []}}),
        "data/v1/download/990002/hand-made.arff": ARFF,
        "data/v1/download/990002": ARFF,  # where scikit-learn before 1.7 looks
    }
    for path, text in answers.items():
        place = tmp_path / "openml" / "openml.org" / f"{path}.gz"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(gzip.compress(text.encode()))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))

    def no_network(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", no_network)


def test_a_set_of_openml(recorded):
    (source,) = of_openml([990001])
    assert source == TableSource("openml-990001", "openml", "990001")
    table = source.read()
    assert (table.classes, table.categories) == (0, [1])  # numeric, however few it has
    np.testing.assert_array_equal(table.y, [10, 12, 10, 15])
    np.testing.assert_array_equal(table.X["length"], [1.5, np.nan, 2.5, 3.5])
    assert table.X["colour"].isna().tolist() == [False, False, True, False]
