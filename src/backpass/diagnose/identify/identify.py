"""Loss, activations, means and λ of a function, by comparing its numbers with every known J."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...losses import Loss
from ..convention import Convention
from ..family import parts_of
from ..mistakes.factors import scale
from ..probes import Probe
from ..response import Response
from .known import Hidden, Known, Unit, converted, known, rarer

Array = np.ndarray
Factor = tuple[str, float]

MEANS: tuple[Factor, ...] = tuple(
    (mean, times) for times in (1.0, 2.0, 0.5) for mean in ("1/m", "1", "1/mK", "1/K")
)
LAMS = ("1/2m", "1/m", "1/2", "1", "1/2mK")
SLACK = 10.0  # times the tolerance, for factors, whose numbers are small differences


@dataclass(frozen=True)
class Reading:
    """One J that a function may mean, and how much of its answers agrees with it.

    Parameters
    ----------
    loss, hidden, convention
        What J is.
    J : bool
        Whether the cost agrees, without λ and with it.
    data : bool
        Whether the cost agrees without λ.
    agreeing, known : int
        How many parts of the gradient agree, and how many came back.
    alike : int
        How many are a known multiple of what is right, of either sign.
    """

    loss: Loss
    hidden: Hidden
    convention: Convention
    J: bool = False
    data: bool = False
    agreeing: int = 0
    known: int = 0
    alike: int = 0

    @property
    def right(self) -> bool:
        """Whether everything that came back agrees, as far as the first probes tell."""
        return self.J and self.agreeing == self.known

    @property
    def fits(self) -> bool:
        """Whether the cost, or all of the gradient, is that of this J."""
        return self.data or 0 < self.known == self.agreeing

    @property
    def score(self) -> tuple[float, ...]:
        """What orders readings: more agreement first."""
        return (self.right, 2 * self.data + self.J + self.agreeing, self.data, self.alike)

    def of(self, probe: Probe) -> Probe:
        """The same problem for this J."""
        return converted(probe, self.hidden, self.loss, self.convention)


def readings(
    J: Response | None,
    D: Response | None,
    base: Convention,
    loss: Loss | None = None,
    hidden: Hidden | None = None,
) -> list[Reading]:
    """Every J that the answers may be meant for, the most agreeing first.

    Parameters
    ----------
    J, D : Response or None
        What came back; two probes of different sizes at least.
    base : Convention
        What is known beforehand: whether there are bias units, and whether there is a λ.
    loss, hidden
        The loss and the activations, where they are known.
    """
    seen = J or D
    if seen is None:
        return []
    if D is not None and D.values[0].size != 2 * D.probes[0].net.n_parameters:
        D = None
    found: list[Reading] = []
    tables = [known(probe, base.bias, loss, hidden) for probe in seen.probes[:2]]
    everything = dict.fromkeys(range(len(tables[0].units)), MEANS[0])
    found = _of_tables(J, D, tables, base, everything)
    if not any(reading.fits for reading in found):
        tables = [rarer(probe, base.bias, loss, hidden) for probe in seen.probes[:2]]
        found += [reading for reading in _of_tables(J, D, tables, base, {}) if reading.fits]
    return sorted(found, key=lambda reading: reading.score, reverse=True)


def _of_tables(
    J: Response | None,
    D: Response | None,
    tables: Sequence[Known],
    base: Convention,
    at_least: dict[int, Factor],
) -> list[Reading]:
    """One reading or more of each unit that J or D speaks of; of these where J is none of them."""
    if not tables[0].units:
        return []
    of_J = {} if J is None else _factors_of_J(J, tables, alone=D is None)
    of_D, alike = ({}, {}) if D is None else _factors_of_D(D, tables)
    found: list[Reading] = []
    for decay in _decays(J, D, base):
        for factors in (of_J or {**at_least, **of_D}, of_D):
            found += _readings(J, D, tables, decay, factors, of_J)
    found = [replace(r, alike=alike.get((r.loss, r.hidden), 0)) for r in found]
    return list(dict.fromkeys(found))


def _readings(
    J: Response | None,
    D: Response | None,
    tables: Sequence[Known],
    decay: Convention,
    factors: dict[int, Factor],
    of_J: dict[int, Factor],
) -> Iterator[Reading]:
    """One reading a unit, with how much of the answers agrees."""
    grows = J is None or _grows(J, decay)
    lam = (0, 0) if D is None else _agreeing_with_lam(D, decay)
    for i, factor in factors.items():
        data = of_J.get(i) == factor
        if D is None and factor[0] == "1" and decay.lam_J in ("1/2m", "1/m"):
            data, factor = False, ("1/m", factor[1])  # the λ term says that a mean is meant
        agreeing, parts = (0, 0) if D is None else _agreeing(D, tables, i, factor)
        if J is not None and not data and of_J and agreeing < parts:
            continue  # it is what the gradient says, and even that does not hold
        loss, hidden = tables[0].units[i]
        convention = replace(decay, mean=factor[0], times=factor[1])
        whole = J is None or (data and grows)
        counts = (agreeing + lam[0], parts + lam[1])
        yield Reading(loss, hidden, convention, whole, data, *counts)


# --- factors ---------------------------------------------------------------------------------


def _is_usual(loss: Loss, factor: Factor) -> bool:
    """Whether a cost that comes without a gradient may have this factor."""
    return loss.name.startswith("squared") or factor in (("1/m", 1.0), ("1", 1.0))


def _factors_of_J(J: Response, tables: Sequence[Known], alone: bool) -> dict[int, Factor]:
    """What Σ cost(i) is multiplied with, by unit; only those whose cost it is."""
    found: dict[int, Factor] = {}
    for factor in MEANS:
        same = np.array([not alone or _is_usual(loss, factor) for loss, _ in tables[0].units])
        for i, table in enumerate(tables):
            near = abs(value_of(factor, J.probes[i]) * table.sums - J.values[i][0])
            same &= near <= J.tolerance * J.scale(i)
        for unit in np.flatnonzero(same):
            found.setdefault(int(unit), factor)
    return dict(sorted(found.items()))


def value_of(factor: Factor, probe: Probe) -> float:
    """A factor as a number."""
    return scale(factor[0], probe.m, probe.net.sizes) * factor[1]


def _factors_of_D(
    D: Response, tables: Sequence[Known]
) -> tuple[dict[int, Factor], dict[Unit, int]]:
    """What most parts of the gradient are multiplied with, by unit, and how many parts are."""
    named: dict[int, list[Factor]] = {}
    for key in (key for key in parts_of(D.probes[0].net) if key[2] == 0):
        ratios = [_ratios(D, table, i, key) for i, table in enumerate(tables)]
        for unit in np.flatnonzero(np.isfinite(ratios).all(axis=0)):
            factor = _named([abs(float(ratio[unit])) for ratio in ratios], D)
            if factor is not None:
                named.setdefault(int(unit), []).append(factor)
    units = tables[0].units
    return (
        {unit: max(factors, key=factors.count) for unit, factors in named.items()},
        {units[unit]: len(factors) for unit, factors in named.items()},
    )


def _ratios(D: Response, table: Known, i: int, key: tuple[int, str, int]) -> Array:
    """By unit, what a part is multiplied with; NaN where it is no multiple."""
    where = parts_of(D.probes[i].net)[key]
    seen, right = D.values[i][where], table.gradients[:, where]
    squares = (right * right).sum(axis=1)
    with np.errstate(all="ignore"):
        ratios = right @ seen / squares
        rest = abs(seen - ratios[:, None] * right).max(axis=1, initial=0.0)
    limit = SLACK * D.tolerance * max(float(abs(seen).max(initial=0.0)), 1e-3)
    return np.where((rest <= limit) & (squares > 0), ratios, np.nan)


def _named(ratios: Sequence[float], D: Response) -> Factor | None:
    for factor in MEANS:
        values = [value_of(factor, probe) for probe in D.probes[: len(ratios)]]
        if all(abs(r - v) <= SLACK * D.tolerance * abs(v) for r, v in zip(ratios, values)):
            return factor
    return None


# --- λ -----------------------------------------------------------------------------------------


def _decays(J: Response | None, D: Response | None, base: Convention) -> list[Convention]:
    """What λ may be multiplied with: as J says, as the gradient says, else as the notes say."""
    seen = J or D
    if base.lam_J == "0" or seen is None:
        return [base]
    penalties = list(_penalties(seen.probes[0].net.L, base))
    if D is None:  # nothing else says that the biases, or some weights alone, are meant
        penalties = [c for c in penalties if c.decayed is None and not c.bias_decayed]
    found = []
    if J is not None and J.values[0][1]:
        found += [c for c in penalties if _grows(J, c)][:1]
    if D is not None and _has_lam(D):
        counts = [_agreeing_with_lam(D, c) for c in penalties]
        best = max(range(len(counts)), key=lambda i: counts[i][0])
        agreeing, parts = counts[best]
        if agreeing == parts or (not found and agreeing >= parts - 1):
            found.append(penalties[best])
    return list(dict.fromkeys(found)) or [base]


def _has_lam(D: Response) -> bool:
    slopes = D.values[0][D.values[0].size // 2 :]
    return bool(np.nan_to_num(slopes).any())


def _penalties(n_layers: int, base: Convention) -> Iterator[Convention]:
    some = [None, *((l,) for l in range(1, n_layers) if n_layers > 2)]
    for bias, decayed, lam in itertools.product((False, True), some, LAMS):
        yield replace(base, lam_J=lam, decayed=decayed, bias_decayed=bias)


def _decayed(probe: Probe, convention: Convention) -> Array:
    """Θ in the order of θ, with zeros where it is not decayed."""
    kept = probe.theta.copy()
    for l, Theta in enumerate(probe.net.roll_unchecked(kept), start=1):
        if convention.decayed is not None and l not in convention.decayed:
            Theta[...] = 0.0
        if not convention.bias_decayed or not convention.bias:
            Theta[:, 0] = 0.0
    return kept


def _grows(J: Response, convention: Convention) -> bool:
    """Whether the part of J that grows with λ is this one."""
    for i, probe in enumerate(J.probes[:2]):
        kept = _decayed(probe, convention)
        right = scale(convention.lam_J, probe.m, probe.net.sizes) * float(kept @ kept)
        if abs(J.values[i][1] - right) > J.tolerance * J.scale(i):
            return False
    return True


# --- the parts of the gradient -----------------------------------------------------------------


def _agreeing(D: Response, tables: Sequence[Known], unit: int, factor: Factor) -> tuple[int, int]:
    """How many parts without λ agree, and how many came back."""
    rights = [value_of(factor, p) * t.gradients[unit] for p, t in zip(D.probes, tables)]
    return _counted(D, rights, 0)


def _agreeing_with_lam(D: Response, convention: Convention) -> tuple[int, int]:
    """How many parts that grow with λ agree, and how many came back."""
    rights = [
        2 * scale(convention.lam_J, p.m, p.net.sizes) * _decayed(p, convention)
        for p in D.probes[:2]
    ]
    return _counted(D, rights, 1)


def _counted(D: Response, rights: Sequence[Array], half: int) -> tuple[int, int]:
    agreeing = parts = 0
    for key in (key for key in parts_of(D.probes[0].net) if key[2] == 0):
        fits, came = True, False
        for i, right in enumerate(rights):
            where = parts_of(D.probes[i].net)[key]
            seen = D.values[i][where + half * right.size]
            fits &= bool(D.close(right[where], seen, i).all())
            came |= bool(np.isfinite(seen).any())
        parts += came
        agreeing += came and fits
    return agreeing, parts
