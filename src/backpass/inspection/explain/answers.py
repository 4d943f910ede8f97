"""``explain``: looks a number up, and answers where it and each of its parts come from."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import InvalidInput
from ..trace import Trace
from .explanation import Explanation
from .lookup import TraceNumbers
from .number import Number
from .rules import derive


class Answers:
    """Explains the numbers of one trace, one question after another."""

    def __init__(self, trace: Trace) -> None:
        self.numbers = TraceNumbers(trace)

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Read a pickle; the first release kept the trace as ``t``, and arrays beside it."""
        trace = state.get("t")
        vars(self).update(vars(Answers(trace)) if isinstance(trace, Trace) else state)

    def explain(self, number: Number) -> Explanation:
        """Explain a number, or say that it was given."""
        formula, terms, parts = derive(self.numbers, number)
        return Explanation(number, formula, tuple(terms), tuple(parts), self.explain)


def explain(
    trace: Trace,
    symbol: str,
    *,
    layer: int | None = None,
    unit: int | None = None,
    column: int | None = None,
    example: int | None = None,
) -> Explanation:
    """Explain where a number of a trace comes from.

    Parameters
    ----------
    trace : Trace
        What ``backpass.trace`` returned.
    symbol : {"z", "a", "delta", "Delta", "D", "J", "Theta", "cost"}
        Which kind of number.
    layer : int
        The notes' number of the layer; J and cost have none.
    unit : int
        Unit of the layer, from 0, as in ``trace.delta[layer][example, unit]``; for Δ, D and Θ the
        row of the matrix.
    column : int
        Column of Δ, D or Θ; 0 is the bias.
    example : int, optional
        Row, counted from ``trace.first``, where the number belongs to one example; the first where
        not given.

    Returns
    -------
    Explanation
        Prints as the formula, the formula with its numbers, and the value; ``.ask`` goes on.

    Raises
    ------
    InvalidInput
        If there is no such number, negative and fractional ones included; the message says what
        there is.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 1), hidden=(), loss="squared_error")
    >>> t = bp.trace(net, [0.5, 1.0, -1.0], [[3.0, 1.0]], [[2.0]])
    >>> bp.explain(t, "z", layer=2, unit=0)
    z⁽²⁾[0, 0] = Σⱼ Θ⁽¹⁾[0, j] a⁽¹⁾[0, j], with a bias unit of 1
               = 0.5·1 + 1·3 + (-1)·1
               = 2.5
    """
    example = trace.first if example is None else example
    indices = {
        "z": (example, unit), "a": (example, unit), "delta": (example, unit),
        "Delta": (unit, column), "D": (unit, column), "Theta": (unit, column),
        "J": (), "cost": (example,),
    }  # fmt: skip
    if symbol not in indices:
        raise InvalidInput(f"There is no {symbol!r} to explain; there are {', '.join(indices)}.")
    index = indices[symbol]
    if None in index:
        needed = "unit= and column=" if symbol in ("Delta", "D", "Theta") else "unit="
        raise InvalidInput(f"Which {symbol}? It needs layer= and {needed}.")
    answers = Answers(trace)
    by_layer = symbol not in ("J", "cost")
    return answers.explain(answers.numbers.number(symbol, layer if by_layer else None, *index))
