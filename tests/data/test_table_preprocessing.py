"""What a model knows of its table: how it was read, and how it becomes inputs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from backpass.data.encoding.fitted import fit_encoding
from backpass.data.knowing.kinds import Wishes
from backpass.data.knowing.know import know
from backpass.data.reading import ReadingOptions, raw_of
from backpass.data.table_preprocessing import TablePreprocessing
from backpass.data.target import Target
from backpass.errors import InvalidInput

RNG = np.random.default_rng(0)


def table(m=60):
    return pd.DataFrame(
        {
            "size": RNG.normal(size=m),
            "code": RNG.choice(["007", "7", "12"], m),
            "price": [f"${x:,.2f}" for x in RNG.uniform(10, 9000, m)],
            "day": pd.date_range("2024-01-01", periods=m).astype(str),
            "same": 3,
        }
    )


@pytest.fixture
def made():
    known = know(raw_of(table()), Wishes(ignore=("same",)))
    encoding = fit_encoding(known.columns, known.reading.kinds)
    target = Target("y", False, 2.0, 3.0)
    return TablePreprocessing(known.reading, encoding, target, ReadingOptions(sep=";", na=("?",)))


def test_it_comes_back_to_the_bit_from_arrays_and_json(made):
    arrays, metadata = made.to_arrays()
    again = TablePreprocessing.from_arrays(arrays, json.loads(json.dumps(metadata)))
    frame = table()
    np.testing.assert_array_equal(again.transform(frame), made.transform(frame))
    assert (again.reading, again.target, again.options) == (made.reading, made.target, made.options)
    assert again.outputs == made.outputs
    assert again.names == made.names == ("size", "code", "price", "day")
    assert again.ignored == ("same",)


@pytest.mark.parametrize("part", ["reading", "notes", "na", "target", "options", "encoding"])
def test_a_damaged_one_is_one_sentence(made, part):
    arrays, metadata = made.to_arrays()
    for wrong in (None, {"a": 1}, [["x"]], 7):
        if part == "target" and wrong is None:
            continue
        with pytest.raises(InvalidInput):
            TablePreprocessing.from_arrays(arrays, {**metadata, part: wrong}).transform(table())


def test_neither_the_order_of_columns_nor_others_change_a_bit(made):
    frame = table()
    X = made.transform(frame)
    np.testing.assert_array_equal(made.transform(frame[frame.columns[::-1]]), X)
    np.testing.assert_array_equal(made.transform(frame.to_dict("list")), X)
    np.testing.assert_array_equal(made.transform(frame.to_dict("records")), X)
    with pytest.warns(UserWarning, match="1 column new to the model: 'more'; not read"):
        np.testing.assert_array_equal(made.transform(frame.assign(more=1)), X)


def test_what_it_lacks_is_one_sentence(made):
    with pytest.raises(InvalidInput, match="lacks the columns 'code', 'day', which the model"):
        made.transform(table().drop(columns=["code", "day"]))
    with pytest.raises(InvalidInput, match="no rows"):
        made.transform(table()[:0])
    with pytest.raises(InvalidInput, match="'size', which the model learned from"):
        made.check_columns(["code", "price", "day"])


def test_cells_that_are_none_of_their_kind_are_told_and_gaps(made):
    frame = table().assign(price="many")
    with pytest.warns(UserWarning, match=r"'price' holds 60 cells that are no number, as 'many'"):
        X = made.encode(frame)[0]
    at = made.outputs.index("price")
    assert not X[:, at].any()
