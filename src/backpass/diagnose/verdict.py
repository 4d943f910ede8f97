"""From the sets that explain J, and those that explain the gradient, to the smallest union."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from .diagnosis import Mistake
from .mistakes.entry import Entry
from .observe import Observation
from .probes import Probe
from .response import Response
from .search.atoms import Atoms
from .search.effects import spoils_J
from .search.overwritten import overwritten
from .search.search import Budget, confirmed, explanations

Keys = dict[tuple[str, str], Entry]


@dataclass(frozen=True)
class Verdict:
    """What is known after a search."""

    explanations: tuple[tuple[Mistake, ...], ...]
    conventions: tuple[Mistake, ...]
    unexplained: tuple[Response, ...]
    cut_short: bool = False


@dataclass(frozen=True)
class _Account:
    """One set of mistakes for J and one for the gradient; either may be absent."""

    of_J: Keys
    of_D: Keys

    @property
    def everything(self) -> Keys:
        return {**self.of_J, **self.of_D}

    def size(self, has_D: bool) -> tuple[int, int]:
        conventions = sum(self.is_convention(entry, has_D) for entry in self.everything.values())
        return len(self.everything) - conventions, conventions

    def is_convention(self, entry: Entry, has_D: bool) -> bool:
        """An order of θ is a convention only where J and the gradient both keep to it."""
        if entry.convention != "order":
            return entry.convention == "harmless"
        return entry.key in self.of_D and (self.of_J_is_absent or entry.key in self.of_J)

    of_J_is_absent: bool = False


def judge(seen: Observation, depth: int, budget: Budget | None = None) -> Verdict:
    """Search J and the gradient apart, and keep the accounts that need fewest mistakes."""
    budget = Budget() if budget is None else budget
    budget.was_short = False
    sets = _sets(seen, depth, budget)
    _exchange(seen, sets)
    unexplained = tuple(response for response in seen.responses if not sets[response.which])
    accounts = [
        _Account(_keys(J), _keys(D), "J" not in sets or not sets["J"])
        for J, D in _sides(seen, sets)
    ]
    has_D = bool(sets.get("D"))
    accounts = [a for a in accounts if not _order_in_J_alone(a)] or accounts
    least = min(account.size(has_D) for account in accounts)
    kept = [account for account in accounts if account.size(has_D) == least]
    short = budget.was_short and bool(unexplained)
    return Verdict(_mistakes(seen, kept, has_D), _conventions(kept[0], has_D), unexplained, short)


def judge_alone(seen: Observation) -> Verdict | None:
    """Explain a gradient that no recipe gives by what its numbers are: single summands."""
    entry = None if seen.D is None else overwritten(seen.D)
    if entry is None:
        return None
    account = _Account({}, {entry.key: entry})
    return Verdict(_mistakes(seen, [account], True), (), ())


def _sides(seen: Observation, sets: dict[str, list[Atoms]]) -> Iterable[tuple[Atoms, Atoms]]:
    """What may explain J beside what may explain the gradient."""
    of_D = sets.get("D") or [()]
    if seen.J_is_not_finite:
        return [(_spoilers(seen.probes[0], atoms), atoms) for atoms in of_D]
    return itertools.product(sets.get("J") or [()], of_D)


def _spoilers(probe: Probe, atoms: Atoms) -> Atoms:
    """Those of the gradient's mistakes that are why J is no number."""
    return tuple(atom for atom in atoms if spoils_J(probe, atom))


def _sets(seen: Observation, depth: int, budget: Budget) -> dict[str, list[Atoms]]:
    """Search each side; the second one, and the first once more, with what the other needed."""
    sets: dict[str, list[Atoms]] = {}
    for response in seen.responses:
        prior = [atoms for found in sets.values() for atoms in found if atoms]
        J_is_right = () in sets.get("J", ())
        sets[response.which] = explanations(response, depth, prior, J_is_right, budget)
    if seen.J is not None and depth > 1 and not sets["J"] and any(sets.get("D", ())):
        sets["J"] = explanations(seen.J, depth, sets["D"], budget=budget)
    return sets


def _keys(atoms: Atoms) -> Keys:
    return {atom.entry.key: atom.entry for atom in atoms}


def _order_in_J_alone(account: _Account) -> bool:
    """Whether J keeps an order "read and written" that the gradient does not."""
    return any(
        entry.convention == "order" and key not in account.of_D
        for key, entry in account.of_J.items()
    )


def _exchange(seen: Observation, sets: dict[str, list[Atoms]]) -> None:
    """Let each side also try what explains the other: a shared mistake then counts once."""
    if seen.J is None or seen.D is None:
        return
    for response, other in ((seen.J, "D"), (seen.D, "J")):
        found = sets[response.which]
        known = [frozenset(_keys(atoms)) for atoms in found]
        for atoms in {subset for whole in sets[other] for subset in _subsets(whole)}:
            keys = frozenset(_keys(atoms))
            if not any(less <= keys for less in known) and confirmed(response, atoms):
                found.append(atoms)


def _subsets(atoms: Atoms) -> Iterable[Atoms]:
    sizes = range(1, len(atoms) + 1)
    return itertools.chain.from_iterable(itertools.combinations(atoms, n) for n in sizes)


def _mistakes(
    seen: Observation, accounts: list[_Account], has_D: bool
) -> tuple[tuple[Mistake, ...], ...]:
    """Each account as rows, without its conventions and without what the signature lacks."""
    rows: dict[tuple[Mistake, ...], None] = {}
    for account in accounts:
        kept = [
            _mistake(account, entry)
            for entry in account.everything.values()
            if not account.is_convention(entry, has_D)
            and not (entry.what == "λ ignored" and not seen.caller.form.takes_lam)
        ]
        rows[tuple(kept)] = None
    return tuple(row for row in rows if row)


def _mistake(account: _Account, entry: Entry) -> Mistake:
    scopes = []
    if entry.key in account.of_J:
        scopes.append("J")
    if entry.key in account.of_D:
        scopes.append("gradient")
    where = " and ".join(scopes)
    if entry.place not in ("J", "D"):
        where += f", {entry.place}"
    return Mistake(where, entry.what, entry.right, entry.wrong)


def _conventions(account: _Account, has_D: bool) -> tuple[Mistake, ...]:
    return tuple(
        _mistake(account, entry)
        for entry in account.everything.values()
        if account.is_convention(entry, has_D)
    )
