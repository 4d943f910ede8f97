"""Sums of which one summand is left: `=` where `+=` belongs.

Numbers that remember their parents in a set are visited in any order, so that which example's share
is the last one may differ from number to number, and from call to call. No recipe gives that; but
every number that came back is then some example's share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..family import RightPass, parts_of
from ..mistakes.entry import Entry
from ..response import Response
from .effects import family_of, right_value

MOST_PATHS = 64  # of δ through single units; more could agree by chance, and take long
ONE_EXAMPLE = "one example"
ONE_UNIT = "one example, through one unit"

_WHAT = "overwritten: `=` where `+=` belongs, so that each number keeps the share of one example"
_PARTS = ("bias", "weights")
_SQUARE = (1.0, 0.5)  # d · d, with `=` for both of its d, has half of its derivative
_SUM = "dW^(l) := dW^(l) + δ^(l+1) (a^(l))ᵀ, i = 1 … m"
_SUM_OF_UNITS = "δ_j^(l) := δ_j^(l) + Θ_kj^(l) δ_k^(l+1) g′(z_j^(l)), k = 1 … s_(l+1)"


def overwritten(response: Response) -> Entry | None:
    """The mistake by which every wrong weight's gradient is a single summand of the right sum."""
    net = response.probes[0].net
    if response.which != "D" or response.values[0].size != 2 * net.n_parameters:
        return None
    for square in _SQUARE:
        kept = [_kept(_Seen(response, l, square)) for l in range(1, net.L)]
        if None not in kept and any(kept):
            return _entry(ONE_UNIT in kept, square != 1)
    return None


def _entry(through_one_unit: bool, halved: bool) -> Entry:
    what, right = [_WHAT], [_SUM]
    if through_one_unit:
        what.append("each hidden δ that of one unit above it")
        right.append(_SUM_OF_UNITS)
    if halved:
        what.append("and d · d one of its two d")
    return Entry(", ".join(what), "all layers", "", "; ".join(right), ())


class _Seen(NamedTuple):
    """What came back for D^(l), to be compared with a multiple of what is right."""

    response: Response
    l: int
    times: float

    def agrees(self, part: str, half: int) -> bool:
        """Whether a part without or with λ is right on every probe."""
        key = (self.l, part, half)
        return all(
            self.response.agrees(self.times * right_value(probe, "D"), i, parts_of(probe.net)[key])
            for i, probe in enumerate(self.response.probes)
        )

    def is_share(self, part: str, kept: str) -> bool:
        """Whether every number of a part is some example's share."""
        return all(self._is_share(i, part, kept) for i in range(len(self.response.probes)))

    def _is_share(self, i: int, part: str, kept: str) -> bool:
        probe, l = self.response.probes[i], self.l
        right = family_of(probe).right_pass()
        deltas = _paths(right, l) if kept == ONE_UNIT else right.delta[l + 1][None]
        if len(deltas) > MOST_PATHS:
            return False
        inputs = np.ones((probe.m, 1)) if part == "bias" else right.a[l]
        shares = self.times * right.mean * np.einsum("pij,ik->pijk", deltas, inputs)
        positions = parts_of(probe.net)[l, part, 0]
        seen = self.response.values[i][positions].reshape(inputs.shape[1], -1).T
        return bool(self.response.close(shares, seen, i).any(axis=(0, 1)).all())


def _kept(seen: _Seen) -> str | None:
    """What D^(l) keeps of its sum: "" where it is right, None where it is something else."""
    if not all(seen.agrees(part, 1) for part in _PARTS):
        return None
    wrong = [part for part in _PARTS if not seen.agrees(part, 0)]
    if all(seen.is_share(part, ONE_EXAMPLE) for part in wrong):
        return ONE_EXAMPLE if wrong else ""
    # A bias may be summed over the examples, each through a unit of its own: too many to try.
    return ONE_UNIT if "weights" in wrong and seen.is_share("weights", ONE_UNIT) else None


def _paths(right: RightPass, l: int) -> np.ndarray:
    """δ^(l+1) through one unit of every layer above it, for each choice; (choices, m, s_(l+1))."""
    if l + 1 == max(right.delta):
        return right.delta[l + 1][None]
    above, Theta = _paths(right, l + 1), right.Thetas[l][:, 1:]
    way = above[..., None] * Theta * right.slopes[l + 1][:, None, :]  # (choices, m, units, s_(l+1))
    return np.moveaxis(way, 2, 1).reshape(-1, *way.shape[1:2], way.shape[3])
