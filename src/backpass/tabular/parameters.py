"""The tabular estimators' parameters, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, TypeVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ..estimators.declared import Declared, declared, entries, parameter
from ..estimators.parameters import ClassWeight
from .watch import MembersProgress

CategoricalFeatures = Sequence[int] | Sequence[bool] | Sequence[str] | np.ndarray | None
Validation = float | int | Iterable[Any] | None  # a share, folds, or what parts the rows
Callback = Callable[[MembersProgress], object]
Callbacks = Callback | Sequence[Callback] | None

T = TypeVar("T", bound=Declared)

ATTRIBUTES = """
    members_ : list of FittedMember
        The networks in their order, each with its settings, ``net_``, ``theta_``, curves, score on
        the rows that choose, and share.
    weights_ : ndarray of shape (members,)
        How much each counts; they add up to 1.
    repeat_params_ : dict
        Parameters with which a fit without a time limit comes to the same bits; none where the
        time ended before the first member was over.
    validation_score_ : float
        Minus the metric on the rows that chose: better than on any others.
    reading_ : TableReading
        How each column was read, and why.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of str
        Their names, where X has such."""

_POSITIVE = Interval(Real, 0, None, closed="neither")
_COUNT = Interval(Integral, 1, None, closed="left")


@declared
class TabularParameters(Declared):
    """What both estimators are asked for."""

    n_members: int | None = parameter(
        default=None,
        kind="int, optional",
        about="""
        Networks that are trained; 24 of few rows and 16 of many where neither this nor a time limit
        is given. Member j is the same whatever their number.
        """,
        allowed=[_COUNT, None],
    )
    time_limit: float | None = parameter(
        default=None,
        kind="float, optional",
        about="""
        Seconds that ``fit`` may take: as many members are trained as fit into them, up to
        ``n_members`` where that is given. The last have as many epochs as the time will hold;
        ``repeat_params_`` gives the same bits without a limit.
        """,
        allowed=[_POSITIVE, None],
    )
    metric: str | None = parameter(
        default=None,
        kind="str, optional",
        about="""
        What epochs and members are chosen by, on rows that no member learns from: log loss or
        squared error where not given, else a metric's name, as "auc", "accuracy" or "mean_error".
        """,
        allowed=[str, None],
    )
    validation: Validation = parameter(
        default=None,
        kind="float, int, splitter or iterable, optional",
        about="""
        The rows that choose: a part of the rows, a number of folds, one of scikit-learn's
        splitters, or pairs of arrays (rows to learn from, rows to choose by). By default 15 % of
        the rows, drawn anew for every four members; ``groups`` are never parted.
        """,
        allowed=[
            Interval(Real, 0, 1, closed="neither"),
            Interval(Integral, 2, None, closed="left"),
            "cv_object",
            None,
        ],
    )
    categorical_features: CategoricalFeatures = parameter(
        default=None,
        kind="array-like of int, bool or str, optional",
        about="""
        Columns that are categories whatever they hold: by place, by a mask, or by name. A data
        frame's columns of categories and text are found without it.
        """,
        allowed=["array-like", None],
    )
    kinds: Mapping[str, str] | None = parameter(
        default=None,
        kind="mapping from str to str, optional",
        about="""
        What columns are: "number", "category", "date", "text", or "ignored"; ``reading_`` says what
        the others were taken for.
        """,
        allowed=[dict, None],
    )
    member: Mapping[str, object] | None = parameter(
        default=None,
        kind="dict, optional",
        about="""
        What every member is asked for instead of what is drawn: ``hidden`` (units of each layer),
        ``activation``, ``bins``, ``learning_rate``, ``matrix_rate``, ``weight_decay``, ``dropout``,
        ``batch_size``, ``max_epochs``, ``patience``. ``max_epochs`` may be a list with a number for
        each member, or of such lists, one for each parting, whose members share it; where it is
        given, the time does not change it.
        """,
        allowed=[dict, None],
    )
    random_state: int | np.random.RandomState | None = parameter(
        default=None,
        kind="int, RandomState instance or None",
        about="Where members and the rows that choose are drawn from.",
        allowed=["random_state"],
    )
    n_threads: int | None = parameter(
        default=None,
        kind="int, optional",
        about="""
        Members that are trained at the same time at most, and never more than there are
        processors; the result has the same bits with any number.
        """,
        allowed=[_COUNT, None],
    )
    checkpoint: str | os.PathLike[str] | None = parameter(
        default=None,
        kind="path, optional",
        about="""
        A folder that the members' states are written to; a ``fit`` that was broken off goes on
        from there, to the same bits.
        """,
        allowed=[str, os.PathLike, None],
    )
    on_cluster: bool = parameter(
        default=False,
        kind="bool",
        about="""
        Whether the workers of the Dask cluster on which Dask computes just now (of the last
        ``distributed.Client``) train the members, to the same bits.
        """,
        allowed=["boolean"],
    )
    callbacks: Callbacks = parameter(
        default=None,
        kind="callable or list of callables, optional",
        about="""
        Called with a ``MembersProgress`` after every epoch of every member; one that returns
        something true stops the fit, and the members that are there answer.
        """,
        allowed=[list, tuple, callable, None],
    )
    verbose: bool | int = parameter(
        default=False,
        kind="bool or int",
        about="Whether to print a line after every member.",
        allowed=["verbose"],
    )


@declared
class WeightOfClasses(Declared):
    """A classifier's parameters beyond the shared ones."""

    class_weight: ClassWeight | Sequence[ClassWeight] = parameter(
        default=None,
        kind='dict, "balanced", None, or a list with one of these for each target',
        about="Weights of the classes, multiplied with ``sample_weight``.",
        allowed=[dict, list, StrOptions({"balanced"}), None],
    )


@declared
class TargetOfNumbers(Declared):
    """A regressor's parameters beyond the shared ones."""

    target: Literal["auto", "log", "none"] = parameter(
        default="auto",
        kind='{"auto", "log", "none"}',
        about="""
        Whether members learn the target's logarithm. Of a target that is above 0 and skewed to the
        right, the rows that choose decide it by a trial of two members.
        """,
        allowed=[StrOptions({"auto", "log", "none"})],
    )


@declared
class TabularClassifierParameters(WeightOfClasses, TabularParameters):
    """All of a classifier's."""


@declared
class TabularRegressorParameters(TargetOfNumbers, TabularParameters):
    """All of a regressor's."""


def documented(cls: type[T]) -> type[T]:
    """Put the parameters and the shared attributes into an estimator's docstring."""
    text = (cls.__doc__ or "").replace("{PARAMETERS}", entries(cls))
    cls.__doc__ = text.replace("{ATTRIBUTES}", ATTRIBUTES.strip())
    return cls
