"""One network of a table's model by itself, as trace, explain, check, landscape and studio take it.

A member of an ensemble reads the named columns in codes of its own: each of its inputs belongs to a
column, so that what a column's codes add to z^(2) can be told together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Array
from ..data.encoding.fitted import Encoding
from ..data.encoding.network_inputs import NetworkInput
from ..data.encoding.table_rows import TableRows
from ..engine.encoding import CellEncoding, PiecewiseLinear
from ..errors import InvalidInput
from ..network import Network
from ..tabular.ensemble import Ensemble, Pack
from ..tabular.members.codes import MemberCodes, MemberRows
from ..tabular.members.member import Member
from ..tabular.outputs import NumberOutputs, Outputs


@dataclass(frozen=True, eq=False)
class _Reader:
    """How a member reads rows: with its pack's target means, in its own codes."""

    member: Member
    pack: Pack
    outputs: Outputs

    def encoded(self, rows: TableRows) -> MemberRows:
        return self.member.codes.encode(rows.with_means(self.pack.means(rows.codes)), np.float64)


@dataclass(frozen=True, eq=False)
class TableNetwork:
    """A network, and how it reads the X of a table's model.

    Parameters
    ----------
    net : Network
        Sizes, activations and loss.
    theta : ndarray of shape (n,), float64
        θ.
    inputs : tuple of NetworkInput
        What its inputs are called, and the columns of the table that each follows from.
    reader : optional
        Of a member of an ensemble, what makes its first layer of rows.
    """

    net: Network
    theta: np.ndarray
    inputs: tuple[NetworkInput, ...]
    reader: _Reader | None = None

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs: 'age', 'age: bin 3', 'city = Rome', 'city: mean of target'."""
        return tuple(each.name for each in self.inputs)

    def X(self, X: Array) -> Array:
        """Return the first layer's a of what ``TableModel.inputs`` makes of a table.

        Parameters
        ----------
        X : ndarray, CSR matrix or TableRows of m rows
            A single network's is its X already.

        Returns
        -------
        ndarray or csr_matrix of shape (m, inputs), float64
        """
        return X if self.reader is None else self.reader.encoded(X).toarray()

    def encoded(self, X: Array) -> Array | MemberRows:
        """Return the same as ``X``, of a member not widened: as the engine reads it fastest."""
        return X if self.reader is None else self.reader.encoded(X)

    def Y(self, Y: np.ndarray) -> np.ndarray:
        """Return the last layer's targets of what ``TableModel.Y`` makes of a table's.

        Parameters
        ----------
        Y : ndarray of shape (m, outputs)
            Zeros and ones, or numbers; members learn numbers, or their logarithms, in deviations
            from their mean.

        Returns
        -------
        ndarray of shape (m, units), float64
        """
        outputs = None if self.reader is None else self.reader.outputs
        return outputs.learnt(outputs.targets(Y)) if isinstance(outputs, NumberOutputs) else Y

    @cached_property
    def columns(self) -> Mapping[str, np.ndarray]:
        """The inputs of each column of the table, numbered from 0, shape (·,).

        What follows from two columns, a difference of dates, stands by itself: 'stop − start'.
        """
        places: dict[str, list[int]] = {}
        for place, made in enumerate(self.inputs):
            places.setdefault(" − ".join(made.columns), []).append(place)
        return {name: np.array(each) for name, each in places.items()}

    def parts(self, x: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return what each column adds to z^(2) in one row, beside the bias.

        Parameters
        ----------
        x : ndarray of shape (inputs,)
            The row's a^(1), from ``X``.

        Returns
        -------
        mapping from str to ndarray of shape (units of layer 2,)
            By column; together with the bias they add up to z^(2).
        """
        Theta = self.net.roll(self.theta)[0][:, 1:]
        return {name: Theta[:, of] @ x[of] for name, of in self.columns.items()}


def network_of_member(ensemble: Ensemble, encoding: Encoding, k: int | None) -> TableNetwork:
    """Return a member by itself.

    Parameters
    ----------
    ensemble : Ensemble
        Trained.
    encoding : Encoding
        How tables are read.
    k : int or None
        Which one, from 0; None for the one with the largest share, of equals the first.

    Raises
    ------
    InvalidInput
        If there is no such member, or its weights are not kept.
    """
    members = ensemble.members
    k = int(np.argmax(ensemble.weights)) if k is None else k
    if not 0 <= k < len(members):
        raise InvalidInput(
            f"There is no member {k}: the model has {len(members)}, 0 to {len(members) - 1}."
        )
    member = members[k]
    if member.theta is None:
        counted = ", ".join(str(j) for j, each in enumerate(members) if each.theta is not None)
        raise InvalidInput(
            f"Member {k} has no share in the answers, so the file does not hold its weights; it "
            f"holds those of {counted}."
        )
    pack = next(each for each in ensemble.packs if member in each.members)
    outputs = ensemble.outputs
    inputs = tuple(_inputs(member.codes, encoding, outputs.units))
    theta = np.asarray(member.theta, np.float64)
    return TableNetwork(member.net, theta, inputs, _Reader(member, pack, outputs))


def _inputs(codes: MemberCodes, encoding: Encoding, units: int) -> Iterator[NetworkInput]:
    """The first layer's inputs in their order: numbers in codes, gaps, levels, terms of text."""
    numbers = [*_numbers(encoding, units)]
    for number in codes.numbers:
        for cell in number.cells:
            yield from _cell(cell, numbers[number.column])
    for gap in codes.gaps:
        yield NetworkInput(f"{numbers[gap].name} is missing", numbers[gap].columns)
    for k, indicators in codes.indicators.items():
        levels = encoding.columns.levels[k]
        for place in range(int(indicators.max()) + 1):
            of = np.flatnonzero(indicators == place).tolist()
            one = len(of) == 1 and of[0] < len(levels.names)
            name = levels.names[of[0]] if one else f"{levels.column} = (others)"
            yield NetworkInput(name, (levels.column,))
    if not (codes.numbers or codes.gaps or codes.indicators):
        yield NetworkInput("(no number or category varies)", ())
    for terms in encoding.columns.terms:
        yield from (NetworkInput(name, (terms.column,)) for name in terms.names)


def _numbers(encoding: Encoding, units: int) -> Iterator[NetworkInput]:
    """Columns of numbers, and behind them the target means of each category."""
    for feature in encoding.columns.features:
        yield NetworkInput(feature.name, feature.columns)
    for levels in encoding.columns.levels:
        for unit in range(units):
            which = f" {unit}" if units > 1 else ""
            yield NetworkInput(f"{levels.column}: mean of target{which}", (levels.column,))


def _cell(cell: CellEncoding, of: NetworkInput) -> Iterator[NetworkInput]:
    """The inputs of a number: itself, or the bins of its code, from 1."""
    if not isinstance(cell, PiecewiseLinear):
        yield of
        return
    for b in range(cell.inputs):
        yield NetworkInput(f"{of.name}: bin {b + 1}", of.columns)


def check_columns(ensemble: Ensemble, encoding: Encoding) -> None:
    """Raise where an ensemble reads other columns than a table has.

    Parameters
    ----------
    ensemble : Ensemble
        What reads.
    encoding : Encoding
        How tables are read.

    Raises
    ------
    InvalidInput
        If a number, a category or the levels of one are not there.
    """
    levels = [each.inputs for each in encoding.columns.levels]
    terms = sum(len(each.names) for each in encoding.columns.terms)
    for pack in ensemble.packs:
        means = [len(table) - 1 for table in pack.means.tables]
        numbers = len(encoding.columns.features) + len(means) * ensemble.outputs.units
        codes = {member.codes for member in pack.members}
        read = [place for each in codes for place in _read(each)]
        fits = means in ([], levels) and all(0 <= place < numbers for place in read)
        fits = fits and all(each.terms == terms for each in codes)
        indicators = [pair for each in codes for pair in each.indicators.items()]
        if not (fits and all(_of_level(k, n, levels) for k, n in indicators)):
            raise InvalidInput("The ensemble reads other columns than the preprocessing makes.")


def _read(codes: MemberCodes) -> list[int]:
    """Columns of numbers that are read."""
    return [*(number.column for number in codes.numbers), *codes.gaps]


def _of_level(k: int, indicators: np.ndarray, levels: list[int]) -> bool:
    """Whether there is a category k of as many levels, and one for what is unknown."""
    return 0 <= k < len(levels) and len(indicators) == levels[k] + 1
