"""Parameters that are declared once: what scikit-learn, Python and a reader are shown of them."""

import dataclasses
import inspect
import pickle

import pytest
from counted import n_calls
from sklearn import neural_network
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

import backpass as bp
from backpass.estimators.declared import Declared, declared, entries, parameter


@declared
class Below(Declared):
    low: float = parameter(default=0.5, kind="float", about="Of the ends.", allowed=[float])
    high: float = parameter(default=1.5, kind="float", about="Of the ends.", allowed=[float])


@declared
class Above(Below):
    """One more, which comes first.

    Parameters
    ----------
    {PARAMETERS}
    """

    sizes: tuple[int, ...] = parameter(
        default=(3,),
        kind="tuple of int",
        about="""
        Of each,
        line by line.
        """,
        allowed=["array-like"],
        kw_only=False,
    )


class Told(Above):
    """A constructor of its own, which calls the one that was made."""

    def __init__(self, sizes=(4,), *, low=0.25, extra=None):
        super().__init__(sizes, low=low)
        self.extra = extra


def test_the_constructor_stores_and_nothing_else():
    sizes = [1, 2]
    made = Above(sizes, high=9.0)
    assert made.sizes is sizes
    assert vars(made) == {"sizes": sizes, "low": 0.5, "high": 9.0}
    with pytest.raises(TypeError, match="positional"):
        Above(sizes, 0.5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'middle'"):
        Above(middle=1.0)


def test_the_signature_is_a_real_one():
    assert str(inspect.signature(Above)).replace("'", "") == (
        "(sizes: tuple[int, ...] = (3,), *, low: float = 0.5, high: float = 1.5) -> None"
    )
    assert str(inspect.signature(Below)).replace("'", "") == (
        "(*, low: float = 0.5, high: float = 1.5) -> None"
    )
    assert Above.__init__.__qualname__ == "Above.__init__"
    assert Above.__init__.__module__ == __name__


def test_scikit_learn_finds_the_parameters_and_their_constraints():
    made = Above((5,), low=0.75)
    assert made.get_params() == {"sizes": (5,), "low": 0.75, "high": 1.5}
    assert clone(made.set_params(high=2.5)).get_params() == made.get_params()
    assert pickle.loads(pickle.dumps(made)).get_params() == made.get_params()
    with pytest.raises(InvalidParameterError, match="'low' parameter of Above must be an instance"):
        made.set_params(low="deep")._validate_params()


def test_what_is_not_given_is_no_attribute_of_the_class():
    """An estimator from a pickle without a parameter must not take on a default unseen."""
    assert not any(hasattr(Above, name) for name in ("sizes", "low", "high"))


def test_a_subclass_has_a_constructor_of_its_own():
    told = Told(low=0.125, extra="more")
    assert told.get_params() == {"sizes": (4,), "low": 0.125, "extra": "more"}
    assert told.high == 1.5
    assert clone(told).get_params() == told.get_params()


def test_the_entries_of_a_docstring_join_neighbours_that_say_the_same():
    assert entries(Above) == (
        "low, high : float\n        Of the ends.\n    sizes : tuple of int\n"
        "        Of each,\n        line by line."
    )


@pytest.mark.parametrize("kind", [bp.MLPClassifier, bp.MLPRegressor])
def test_every_parameter_of_the_estimators_is_documented_and_constrained(kind):
    names = list(inspect.signature(kind).parameters)
    assert set(kind._parameter_constraints) == set(names)
    text = inspect.cleandoc(kind.__doc__).partition("Attributes\n-------")[0]
    heads = [line for line in text.splitlines() if " : " in line and not line.startswith(" ")]
    assert ", ".join(line.partition(" : ")[0] for line in heads).split(", ") == names
    assert "{" not in "".join(text.split('{"'))


def test_an_estimator_is_no_dataclass():
    """Dask and others would look at its parameters alone, not at what it has learnt."""
    assert not dataclasses.is_dataclass(bp.MLPClassifier)
    assert not dataclasses.is_dataclass(Above)


def test_a_classifier_is_made_by_a_subclass_that_passes_all_on():
    class Mine(bp.MLPClassifier):
        def __init__(self, hidden_layer_sizes=(3,), **more):
            super().__init__(hidden_layer_sizes, **more)

    assert Mine(alpha=0.5).alpha == 0.5
    assert Mine().hidden_layer_sizes == (3,)
    with pytest.raises(TypeError, match="unexpected keyword argument 'depth'"):
        Mine(depth=2)


@pytest.mark.parametrize("kind", [bp.MLPClassifier, bp.MLPRegressor, Below, Above])
def test_the_signature_is_what_python_makes_of_the_constructor(kind):
    remembered = inspect.signature(kind.__init__)
    code = kind.__init__
    plain = type(code)(code.__code__, code.__globals__, code.__name__, code.__defaults__)
    plain.__kwdefaults__, plain.__annotations__ = code.__kwdefaults__, code.__annotations__
    assert remembered == inspect.signature(plain)
    assert list(inspect.signature(Told.__init__).parameters) == ["self", "sizes", "low", "extra"]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_a_clone_makes_fewer_calls_than_one_of_scikit_learn_s_with_fewer_parameters(name):
    ours, theirs = getattr(bp, name)(), getattr(neural_network, name)()
    assert len(ours.get_params()) > len(theirs.get_params())
    assert n_calls(lambda: clone(ours)) < n_calls(lambda: clone(theirs))
