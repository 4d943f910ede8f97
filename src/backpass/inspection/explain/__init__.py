"""Where a number comes from: the formula, the formula with its numbers, and each number again.

Every number of a trace can be asked. The answer is a sum of terms that recomputes it, and names the
numbers that it was made of, which can be asked in turn, down to the inputs, targets and weights.
Indices are those of the trace's arrays: ``delta[2][0, 3]`` is example 0, unit 3 of layer 2. Where
the rows come from a table, an example has its number there: ``Trace.first`` is the first one's.
"""

from __future__ import annotations

from .answers import explain
from .explanation import Explanation
from .number import Number, Term

__all__ = ["Explanation", "Number", "Term", "explain"]
