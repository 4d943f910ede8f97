"""Rows that members learn from block by block, so that a table may be larger than memory.

Codes are fitted on a sample of the rows, which is held in memory; whatever else is known of all
rows (target means by level) takes one pass over them. A member reads the table once in an epoch,
and never holds more of it than a window of some blocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np

from ... import engine
from ...data.encoding.table_rows import TableRows
from ...engine.encoding import EncodedRows
from ...network import Network
from ...storage.fingerprints import fingerprint
from ...streaming.blocks import Block, Blocks, n_rows
from ...streaming.problem import Encode, StreamedProblem, describe_blocks
from ..outputs import Outputs
from .codes import MemberCodes
from .member import DTYPE, Examples, Learnt
from .target_means import FOLDS, MeansByFold, TargetMeans, folded

SAMPLE_ROWS = 20_000  # on which codes are fitted


@dataclass(frozen=True, eq=False)
class StreamedExamples:
    """Rows with their targets, in blocks.

    Parameters
    ----------
    blocks : Blocks
        Their X is ``TableRows``; no row has a weight.
    encode : callable
        The blocks' y -> Y of shape (m, units), as the network learns it.
    sample : Examples
        Some of the rows.
    folds : ndarray of int
        The fold of each row of the sample.
    means : tuple of TargetMeans
        Of each fold, from the others' rows.
    reading : float
        Seconds that a pass over the blocks takes.
    """

    blocks: Blocks
    encode: Encode
    sample: Examples
    folds: np.ndarray
    means: tuple[TargetMeans, ...] = ()
    reading: float = 0.0
    _digest: Callable[[], str] = field(default=str, repr=False)

    @classmethod
    def of(cls, blocks: Blocks, encode: Encode, seed: int) -> StreamedExamples:
        """Draw the sample, in one pass over the rows."""
        started = time.perf_counter()
        sample, y, folds = _sample(blocks, seed)
        seconds = time.perf_counter() - started
        digest = cache(partial(_describe, blocks, encode))
        rows = Examples(sample, encode(y))
        return cls(blocks, encode, rows, folds, reading=seconds, _digest=digest)

    @property
    def m(self) -> int:
        """Rows."""
        return n_rows(self.blocks)

    @property
    def at_hand(self) -> Examples:
        """The sample."""
        return self.sample

    def learnt(self, outputs: Outputs) -> StreamedExamples:
        """The same rows with targets as members learn them."""
        sample = replace(self.sample, Y=outputs.learnt(self.sample.Y))
        return replace(self, encode=partial(_learnt, outputs, self.encode), sample=sample)

    def with_means(self) -> tuple[TargetMeans, StreamedExamples]:
        """Target means of other rows, and these rows with those of the other folds: one pass."""
        rows = self.sample.rows
        sums = MeansByFold(rows.levels, self.sample.Y.shape[1])
        if not sums.wanted(self.m):
            return TargetMeans(), self
        for group in range(len(self.blocks.groups)):
            for block, folds in _with_folds(self.blocks, group):
                sums.add(block.X.codes, folds, self.encode(block.y))
        whole, by_fold = sums.means()
        sample = replace(self.sample, rows=rows.with_means(folded(by_fold, rows.codes, self.folds)))
        return whole, replace(self, sample=sample, means=by_fold)

    def given_to(self, codes: MemberCodes) -> Learnt:
        """What a member's training reads, in its codes."""
        return CodedBlocks(self, codes), None, None

    def read(self, group: int) -> Iterator[Block]:
        """Read the blocks of a group, in order: rows with their means, and Y."""
        for block, folds in _with_folds(self.blocks, group):
            X = block.X
            if self.means:
                X = X.with_means(folded(self.means, X.codes, folds))
            yield Block(X, self.encode(block.y).astype(DTYPE), None)

    def fingerprint(self) -> str:
        """Hash all rows and targets: one pass over them, the first time."""
        return self._digest()


class CodedBlocks:
    """Streamed rows in a member's codes: what its training reads in every epoch.

    Parameters
    ----------
    examples : StreamedExamples
        With target means.
    codes : MemberCodes
        The member's.
    """

    names: tuple[str, ...] = ()
    named = False
    dtype = np.dtype(DTYPE)

    def __init__(self, examples: StreamedExamples, codes: MemberCodes) -> None:
        self._examples, self._codes = examples, codes
        self.groups = examples.blocks.groups

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        return self._examples.m, self._codes.inputs

    @property
    def layout(self) -> list[tuple[int, int, int, int, int]] | None:
        """Of the encoded rows; None where there is free text."""
        return None if self._codes.terms else self._codes.layout

    def read(self, group: int) -> Iterator[Block]:
        """Read and encode the blocks of a group, in order."""
        for block in self._examples.read(group):
            yield block._replace(X=self._codes.encode(block.X, DTYPE))

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, None]]:
        """Read Y alone."""
        for y, _ in self._examples.blocks.read_targets(group):
            yield self._examples.encode(y), None

    def problem(self, net: Network, stopped: Callable[[], bool]) -> engine.Problem:
        """Bind a network to the rows; an epoch breaks off where it is stopped."""
        return StreamedProblem(net, self, _as_they_are, n_threads=1, stopped=stopped)

    def fingerprint(self) -> str:
        """Hash the rows, and the codes by what they make of the sample."""
        X = self._codes.encode(self._examples.sample.rows, DTYPE)
        made = (X.numbers, X.places) if isinstance(X, EncodedRows) else (X,)
        return f"{self._examples.fingerprint()} {fingerprint(*made)}"


def _with_folds(blocks: Blocks, group: int) -> Iterator[tuple[Block, np.ndarray]]:
    """The blocks of a group, and the fold of each row: the same whenever they are read."""
    for number, block in enumerate(blocks.read(group)):
        drawn = np.random.default_rng([group, number]).integers(FOLDS, size=len(block.X))
        yield block, drawn


def _sample(blocks: Blocks, seed: int) -> tuple[TableRows, np.ndarray, np.ndarray]:
    """Some rows, their y and their folds; the least and the greatest number is among them."""
    part, ends = SAMPLE_ROWS / n_rows(blocks), [np.inf, -np.inf]
    rows: list[TableRows] = []
    ys: list[np.ndarray] = []
    drawn_folds: list[np.ndarray] = []
    for group in range(len(blocks.groups)):
        rng = np.random.default_rng([seed, group])
        for block, folds in _with_folds(blocks, group):
            taken = rng.random(len(folds)) < part
            if block.y.dtype.kind in "fiu":
                taken |= _new_ends(block.y, ends)
            rows.append(block.X.take(np.flatnonzero(taken)))
            ys.append(block.y[taken])
            drawn_folds.append(folds[taken])
    return TableRows.joined(rows), np.concatenate(ys), np.concatenate(drawn_folds)


def _new_ends(y: np.ndarray, ends: list[float]) -> np.ndarray:
    """Mark the least and the greatest where none before them was; the ends move on."""
    marks = np.zeros(len(y), bool)
    low, high = int(y.argmin()), int(y.argmax())
    marks[low], marks[high] = y[low] < ends[0], marks[high] | (y[high] > ends[1])
    ends[:] = min(ends[0], float(y[low])), max(ends[1], float(y[high]))
    return marks


def _describe(blocks: Blocks, encode: Encode) -> str:
    """Hash all that the blocks hold."""

    def digests() -> Iterator[str]:
        for group in range(len(blocks.groups)):
            for block in blocks.read(group):
                rows = block.X
                yield fingerprint(rows.numbers, rows.codes, rows.terms, encode(block.y))

    return describe_blocks(blocks, digests())


def _learnt(outputs: Outputs, encode: Encode, y: np.ndarray) -> np.ndarray:
    return outputs.learnt(encode(y))


def _as_they_are(Y: np.ndarray) -> np.ndarray:
    return Y
