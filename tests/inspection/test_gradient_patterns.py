"""What is said of a gradient that is wrong: against damage done on purpose."""

import numpy as np
import pytest

from backpass.inspection.gradient_patterns import Part, patterns

RNG = np.random.default_rng(5)
THETA = {"W1": RNG.normal(size=(3, 4)), "b1": RNG.normal(size=3), "W2": RNG.normal(size=(3, 4)),
         "b2": RNG.normal(size=1), "V": RNG.normal(size=(3, 3))}  # fmt: skip
RIGHT = {name: RNG.normal(size=array.shape) for name, array in THETA.items()}


def said(order="C", **damaged):
    """The sentences on a gradient of which some arrays are others."""
    starts = np.cumsum([0, *(array.size for array in THETA.values())])
    parts = [Part(name, a, int(s), order) for (name, a), s in zip(THETA.items(), starts)]
    numeric = np.concatenate([each.ravel(order=order) for each in RIGHT.values()])
    came = np.concatenate([np.ravel(each, order=order) for each in (RIGHT | damaged).values()])
    return patterns(parts, came, numeric, came != numeric, np.zeros(len(came)))


def changed(name, where, value):
    array = RIGHT[name].copy()
    array[where] = value(array[where])
    return {name: array}


def double(x):
    return 2 * x


ONE_ARRAY = {
    "W1 is twice what it should be throughout.": changed("W1", ..., double),
    "W2 is half of what it should be throughout.": changed("W2", ..., lambda x: x / 2),
    "b1 is what it should be with the other sign throughout.": changed("b1", ..., np.negative),
    "W1 is 0.142857 times what it should be throughout.": changed("W1", ..., lambda x: x / 7),
    "b1 is zero.": changed("b1", ..., lambda x: 0 * x),
    "b2 is 0.": changed("b2", ..., lambda x: 0 * x),
    "b2 is wrong.": changed("b2", ..., lambda x: x + 1),
    "V is transposed.": changed("V", ..., np.transpose),
    "W1 has its rows in reversed order.": changed("W1", ..., lambda x: x[::-1]),
    "W1 is wrong in column 3 alone, which is twice what it should be throughout.": changed(
        "W1", (slice(None), 3), double
    ),
    "W2 is wrong in row 1 alone.": changed("W2", 1, lambda x: x + 1),
    "W1 is wrong in column 0 alone, which is zero.": changed(
        "W1", (slice(None), 0), lambda x: 0 * x
    ),
    "V is wrong in 2 of 9 entries: V[0, 1], V[2, 0].": changed(
        "V", ([0, 2], [1, 0]), lambda x: x + 1
    ),
    "W1 is wrong in all 12 entries.": changed("W1", ..., lambda x: x**2 + 3),
    "W1 has the gradient of W2.": {"W1": RIGHT["W2"]},
    "W2 came back itself, where its gradient should stand.": {"W2": THETA["W2"]},
    "W2 has 0.3 times W2 more than it should, as of a weight decay.": {
        "W2": RIGHT["W2"] + 0.3 * THETA["W2"]
    },
}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("sentence", ONE_ARRAY)
def test_damage_of_one_array(sentence, order):
    assert said(order, **ONE_ARRAY[sentence]) == (sentence,)


def test_an_array_that_came_with_its_sides_exchanged():
    assert said(W1=RIGHT["W1"].T) == ("W1 is transposed.",)


def test_decay_without_its_bias_column():
    array = RIGHT["W2"].copy()
    array[:, 1:] -= 0.25 * THETA["W2"][:, 1:]
    (sentence,) = said(W2=array)
    assert sentence == "W2 has 0.25 times W2 less than it should, as of a weight decay."


def test_damage_of_several_arrays():
    assert said(W1=RIGHT["W2"], W2=RIGHT["W1"]) == (
        "W1 and W2 are exchanged.",
        "W2 and W1 are exchanged.",
    )
    everything = {name: 3 * array for name, array in RIGHT.items() if name != "b2"}
    assert len(said(**everything)) == 4
    assert said(**{name: 0 * array for name, array in RIGHT.items() if name != "b2"}, b2=[0.0])


def test_all_arrays_damaged_alike_are_one_sentence():
    parts = [Part("W", np.ones((2, 2))), Part("b", np.ones(2), 4)]
    numeric = np.arange(1.0, 7.0)
    found = patterns(parts, -numeric, numeric, numeric > 0, 0 * numeric)
    assert found == ("Every array is what it should be with the other sign throughout.",)


def test_numeric_errors_are_no_pattern():
    parts, numeric = [Part("W", np.ones((2, 2)))], np.arange(1.0, 5.0)
    rough = 2 * numeric + [0, 0.02, 0, -0.02]
    wrong = np.ones(4, dtype=bool)
    assert patterns(parts, rough, numeric, wrong, np.full(4, 0.02))[0].startswith("W is twice")
    assert patterns(parts, rough, numeric, wrong, np.zeros(4)) == ("W is wrong in all 4 entries.",)
