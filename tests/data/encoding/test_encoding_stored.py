"""Stored encodings: the same bits again; whatever is damaged ends in one sentence."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.encoding.fitted import Encoding, fit_encoding
from backpass.data.raw import Moments, Numbers, Texts
from backpass.errors import InvalidInput

DAYS = np.datetime64("2024-01-01", "us") + np.arange(12) * np.timedelta64(1, "D")
TABLE = {
    "n": Numbers(np.array([1.0, np.nan, 3.5, 1e300, -2, 0, 1, 2, 3, 4, 5, 6])),
    "c": Texts.of([*"aabbrs", None, *"aabbb"]),
    "start": Moments(DAYS),
    "stop": Moments(DAYS + np.arange(12) ** 2 * np.timedelta64(1, "m")),
    "t": Texts.of(["red sky", "red sea", None] * 4),
}
KINDS = {"n": "number", "c": "category", "start": "date", "stop": "date", "t": "text"}
ENCODING = fit_encoding(TABLE, KINDS)
ARRAYS, METADATA = ENCODING.to_arrays()


def test_json_and_arrays_hold_everything():
    again = Encoding.from_arrays(ARRAYS, json.loads(json.dumps(METADATA)))
    assert again.inputs == ENCODING.inputs
    assert (again.transform(TABLE) != ENCODING.transform(TABLE)).nnz == 0
    assert again.to_arrays()[1] == METADATA
    assert all(array.dtype.kind in "if" for array in ARRAYS.values())


def test_what_is_stored_stays_as_it_is():
    """Files of this version: a change of what they hold takes another version."""
    table = {"a": Numbers(np.array([1.0, 3.0, np.nan])), "c": Texts.of(["x", "y", "x"])}
    arrays, metadata = fit_encoding(table, {"a": "number", "c": "category"}).to_arrays()
    assert metadata == {
        "version": 1,
        "kinds": {"a": "number", "c": "category"},
        "features": [{"columns": ["a"], "part": None}],
        "gaps": ["a"],
        "levels": [{"column": "c", "texts": ["x"], "rare": ["y"], "missing": False}],
        "terms": [],
    }
    np.testing.assert_allclose(arrays["scales"], [[2.0, 1 / 1.349, 1.0, 3.0]])
    assert [*arrays] == ["scales"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("kinds", "n"), "date"),
        (("kinds", "c"), "text"),
        (("kinds", "t"), "category"),
        (("gaps",), ["c"]),
        (("gaps",), ["other"]),
        (("features",), METADATA["features"][1:]),
        (("levels", 0, "rare"), ["a"]),
        (("levels", 0, "texts"), ["a", "a"]),
        (("levels", 0, "missing"), "yes"),
        (("levels", 0, "rare"), ["r", 7]),
        (("gaps",), "nt"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(place, value):
    metadata = copy.deepcopy(METADATA)
    inner = metadata
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(InvalidInput, match="cannot be read"):
        Encoding.from_arrays(ARRAYS, metadata)


def test_a_later_version_is_refused_by_number():
    with pytest.raises(InvalidInput, match="its version is 2, and this one reads 1"):
        Encoding.from_arrays(ARRAYS, {**METADATA, "version": 2})


@pytest.mark.parametrize("key", [*METADATA, *ARRAYS])
def test_what_lacks_a_part_is_refused(key):
    arrays = {name: array for name, array in ARRAYS.items() if name != key}
    metadata = {name: value for name, value in METADATA.items() if name != key}
    with pytest.raises(InvalidInput, match=r"^The stored encoding .* cannot be read: .*[.]$"):
        Encoding.from_arrays(arrays, metadata)


def places(value, path=()):
    """Every place in a piece of JSON."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        yield from places(part, (*path, key))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    | st.sampled_from(["n", "c", "t", "start", "elapsed", "word", "number", "text"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
PLACES = [path for path in places(METADATA) if path]


@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_damaged_json_is_one_error_or_an_encoding_that_works(changes):
    metadata = copy.deepcopy(METADATA)
    for path, junk in changes:
        inner = metadata
        try:
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = junk
        except (TypeError, LookupError):
            continue
    check(ARRAYS, metadata)


@given(
    st.sampled_from([*ARRAYS]),
    st.sampled_from(["f8", "f4", "i4", "i8", "U1", "O", "?"]),
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from([0.0, 1.0, -1.0, np.nan, np.inf]),
)
def test_damaged_arrays_are_one_error_or_an_encoding_that_works(name, dtype, shape, value):
    with np.errstate(invalid="ignore"):
        array = np.full(shape, value).astype(dtype)
    check({**ARRAYS, name: array}, METADATA)


@given(st.sampled_from([*ARRAYS]), st.integers(0, 10**6), st.sampled_from([0.0, -1.0, np.nan, 7.0]))
def test_one_damaged_number_is_one_error_or_an_encoding_that_works(name, place, value):
    array = ARRAYS[name].copy()
    with np.errstate(invalid="ignore"):
        array.flat[place % array.size] = np.array(value).astype(array.dtype)
    check({**ARRAYS, name: array}, METADATA)


@pytest.mark.parametrize("metadata", [None, [], 3, "x", {}])
def test_what_is_no_metadata_is_refused(metadata):
    with pytest.raises(InvalidInput, match="cannot be read"):
        Encoding.from_arrays(ARRAYS, metadata)


def check(arrays, metadata):
    """It is refused in one sentence; or it transforms, or refuses a table in one sentence."""
    try:
        encoding = Encoding.from_arrays(arrays, metadata)
        X, _ = encoding.encode(TABLE)
    except InvalidInput:
        return
    assert X.shape == (12, len(encoding.outputs))
    encoding.to_arrays()
