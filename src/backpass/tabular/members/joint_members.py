"""Members of several packs answer rows together: encoded in one pass, a block of rows a thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from ... import engine
from ...data.encoding.table_rows import TableRows
from ...data.threads import in_threads
from ...data.threads import n_threads as usual_threads
from ...engine.joint_answers import JointAnswers, can_answer_jointly
from ...network import Network
from .codes import MemberCodes
from .joint_codes import ROWS, JointCodes
from .member import Member
from .target_means import TargetMeans

MOST_BLOCKS = 4  # of ROWS that a thread takes at once


class JointMembers:
    """Members, each with the target means of its pack.

    Parameters
    ----------
    packs : sequence of (TargetMeans, sequence of Member)
        Members whose θ is there; none reads text.
    numbers : int
        How many columns of numbers rows have before any target means.
    """

    def __init__(self, packs: Sequence[tuple[TargetMeans, Sequence[Member]]], numbers: int) -> None:
        self.means = [means for means, _ in packs]
        self.numbers = numbers
        firsts: dict[MemberCodes, int] = {}
        at: dict[MemberCodes, list[int]] = {}
        self.networks: list[tuple[Network, np.ndarray]] = []
        first = numbers
        for means, members in packs:
            for member in members:
                firsts.setdefault(member.codes, first)
                at.setdefault(member.codes, []).append(len(self.networks))
                self.networks.append((member.net, np.asarray(member.theta)))
            first += sum(table.shape[1] for table in means.tables)
        self.codes = JointCodes(list(firsts), numbers, list(firsts.values()))
        self.at = list(at.values())
        self._core: JointAnswers | None = None

    def outputs(self, rows: TableRows, n_threads: int | None = None) -> np.ndarray:
        """Return every member's a^(L), shape (members, m, units), of rows without target means."""
        core = self._of_core()
        if core is not None:
            return core(rows.numbers, rows.codes, n_threads)
        threads = min(n_threads or usual_threads(), len(rows) // ROWS)
        parts = max(threads, -(-len(rows) // (MOST_BLOCKS * ROWS)))
        if parts <= 1:
            return self._block(rows, n_threads)
        ends = np.linspace(0, len(rows), parts + 1).astype(int).tolist()
        blocks = [slice(*span) for span in pairwise(ends)]
        some = partial(self._of, rows)
        each = map(some, blocks) if threads <= 1 else in_threads(some, blocks)
        return np.concatenate(list(each), axis=1)

    def _of_core(self) -> JointAnswers | None:
        """The core's copy of all, made where it first answers; None where it cannot."""
        if self._core is not None and self._core.is_current:
            return self._core
        self._core = None
        if can_answer_jointly([net for net, _ in self.networks]):
            each = [enumerate(means.tables) for means in self.means]
            columns = [(k, mean) for tables in each for k, table in tables for mean in table.T]
            forms = {k: form for form, at in enumerate(self.at) for k in at}
            networks = [(*each, forms[k]) for k, each in enumerate(self.networks)]
            self._core = JointAnswers(self.codes.raw_cells(columns), networks)
        return self._core

    def _of(self, rows: TableRows, block: slice) -> np.ndarray:
        return self._block(rows.take(block), 1)

    def _block(self, rows: TableRows, n_threads: int | None) -> np.ndarray:
        for means in self.means:
            rows = rows.with_means(means(rows.codes)) if means.tables else rows
        outputs: list[np.ndarray] = [np.empty(0)] * len(self.networks)
        for X, at in zip(self.codes.encode(rows), self.at):
            networks = [self.networks[k] for k in at]
            for k, H in zip(at, engine.forward_each(networks, X, n_threads=n_threads)):
                outputs[k] = H
        return np.stack(outputs)
