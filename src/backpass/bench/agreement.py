"""Whether candidates compute the same thing: held against the reference in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..engine import check_rows, reference
from ..solvers.first_order import GradientDescent
from .data import Data, make_data, members
from .process import CandidateFailed
from .workloads import TRAININGS, Workload

# Of the largest entry. float32 carries 7 digits, and a few steps go through a few thousand sums.
FIT_ACCURACY = 0.95
TOLERANCE = {"float32": 2e-4, "float64": 1e-9}


def expected(workload: Workload, dtype: str) -> np.ndarray:
    """Compute, by the reference in float64, what a run of ``workload.to_check()`` gives.

    For an epoch this is the way that θ went, so that a θ which hardly moves hides nothing.
    """
    if workload.kind in TRAININGS:
        return np.empty(0)
    data = _in_float64(make_data(workload, dtype, shuffled=False))
    return _of_named_columns(workload, data) if workload.nonzeros else _expected(workload, data)


def _expected(workload: Workload, data: Data) -> np.ndarray:
    """h(X), J and D, or the way of θ."""
    if workload.networks:
        return np.concatenate([_expected(*each) for each in members(workload, data)])
    if workload.kind == "predict":
        return reference.forward(workload.network, data.theta, data.X)
    problem = _problem(workload, data)
    if workload.kind == "gradient":
        J, D = problem.cost_and_gradient(data.theta)
        return np.concatenate([[J], D])
    rates = np.full(workload.steps, workload.learning_rate)
    rule = GradientDescent()
    epoch = problem.run_epoch(
        data.theta, rule.init(data.theta), rule, data.order, workload.batch_size, rates
    )
    return epoch.theta - data.theta


def _of_named_columns(workload: Workload, data: Data) -> np.ndarray:
    """The same from the columns alone that have an entry: without λ no other row of Θᵀ moves."""
    columns, units = np.unique(data.X.indices), workload.sizes[1]
    rows = np.concatenate([[0], 1 + columns])  # of Θᵀ^(1), the bias first
    first = (rows[:, None] * units + np.arange(units)).ravel()
    places = np.concatenate([first, np.arange((workload.sizes[0] + 1) * units, len(data.theta))])
    narrow = replace(workload, sizes=(len(columns), *workload.sizes[1:]), nonzeros=0)
    dense = replace(data, X=data.X[:, columns].toarray(), theta=data.theta[places])
    result = _expected(narrow, dense)
    if workload.kind != "epoch":
        return result
    way = np.zeros_like(data.theta)
    way[places] = result
    return way


def check(workload: Workload, dtype: str, result: np.ndarray, wanted: np.ndarray) -> None:
    """Raise CandidateFailed, with the worst entry's place, unless the numbers are the same."""
    if workload.kind in TRAININGS:
        _BY_QUALITY[workload.kind](workload, result)
        return
    if workload.kind in ("epoch", "jobs"):
        result = result - make_data(workload, dtype, shuffled=False).theta
    if result.shape != wanted.shape:
        raise CandidateFailed(f"computes {result.shape} numbers where {wanted.shape} are wanted")
    difference = np.abs(result - wanted)
    worst = int(np.argmax(difference))
    share = difference.flat[worst] / np.abs(wanted).max()
    if not share <= TOLERANCE[dtype]:
        raise CandidateFailed(
            f"computes something else: {_where(workload, worst)} is {result.flat[worst]:.6g}, "
            f"the reference has {wanted.flat[worst]:.6g}"
        )


def _check_race(workload: Workload, theta: np.ndarray) -> None:
    """Whether J is as low as the race says."""
    data = make_data(workload, "float64")
    J = _problem(workload, data).cost_and_gradient(theta.astype(np.float64))[0]
    if not J <= workload.target * (1 + TOLERANCE["float64"]):
        raise CandidateFailed(f"ends the race at J = {J:.6g}, not at {workload.target:.6g}")


def _check_fit(workload: Workload, labels: np.ndarray) -> None:
    """Whether the fit has learnt its rows."""
    right = float(np.mean(labels == make_data(workload, "float64").labels))
    if right < FIT_ACCURACY:
        raise CandidateFailed(f"has learnt only {right:.1%} of its rows")


_BY_QUALITY = {"race": _check_race, "lbfgs": _check_race, "fit": _check_fit}


def _problem(workload: Workload, data: Data) -> reference.ReferenceProblem:
    rows = check_rows(workload.network, data.X, data.Y)
    return reference.ReferenceProblem(workload.network, rows, workload.lam)


def _where(workload: Workload, index: int) -> str:
    """Name an entry of the compared numbers."""
    for k, member in enumerate(workload.members, start=1):
        if index < member.network.n_parameters:
            return f"in network {k} {_where(member, index)}"
        index -= member.network.n_parameters
    if workload.kind == "predict":
        row, unit = divmod(index, workload.sizes[-1])
        return f"h of row {row}, unit {unit},"
    if workload.kind == "gradient" and index == 0:
        return "J"
    what, index = ("D", index - 1) if workload.kind == "gradient" else ("the way of Θ", index)
    layer, row, column = workload.network.place(index)
    return f"{what}^({layer})[{row}, {column}]"


def _in_float64(data: Data) -> Data:
    wide = (array.astype(np.float64) for array in (data.X, data.Y, data.theta))
    X, Y, theta = wide
    return replace(data, X=X, Y=Y, theta=theta)
