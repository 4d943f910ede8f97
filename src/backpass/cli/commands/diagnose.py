"""``backpass diagnose``: which formula is wrong in somebody's backpropagation?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ...activations import ACTIVATIONS, ALIASES
from ...losses import LOSSES
from ..command import Answer, Command, Values
from ..option_types import OneOf
from ..sizes import Sizes

if TYPE_CHECKING:
    from ...diagnose import Diagnosis


@click.command(cls=Command)
@click.argument("function", metavar="FILE.py:FUNCTION")
@click.option(
    "--form",
    metavar="CALL",
    help='How it is called, where its names do not tell: "J, D = f(theta, sizes, X, Y, lam)".',
)
@click.option("--sizes", type=Sizes(), help="Units by layer, inputs and outputs too, as 3,5,3.")
@click.option(
    "--activation",
    type=OneOf([*ACTIVATIONS, *ALIASES]),
    metavar="NAME",
    help=f"Of the hidden layers: {', '.join(ACTIVATIONS)}; told from the numbers if left out.",
)
@click.option(
    "--loss",
    type=OneOf([*LOSSES]),
    metavar="NAME",
    help=f"One of {', '.join(LOSSES)}; told from the numbers if left out.",
)
@click.option(
    "--strict", is_flag=True, help="Hold J to the course's: no other convention is right."
)
def diagnose(
    function: str,
    form: str | None,
    sizes: tuple[int, ...] | None,
    activation: str | None,
    loss: str | None,
    strict: bool,
) -> Answer:
    """Name the wrong formula in a cost or backpropagation function of your own.

    The function takes X, y and weights in any of the usual ways and returns J, the gradient, or
    both; a class will do, and functions that do it in parts, as FILE.py:forward,cost,gradient.
    FILE.py is run, as Python would. The exit code is 1 where there is a mistake.
    """
    from ...diagnose.check import diagnose_file

    found = diagnose_file(
        function, form=form, sizes=sizes, hidden=activation, loss=loss, strict=strict
    )
    return Answer(_values(found), lambda to: to.print(found), exit_code=0 if found.ok else 1)


def _values(found: Diagnosis) -> Values:
    """The diagnosis for --json."""
    where, what, formula = found.hints
    return {
        "ok": found.ok,
        "mistakes": [vars(mistake) for mistake in found.mistakes],
        "conventions": [vars(convention) for convention in found.conventions],
        "failures": [str(failure) for failure in found.failures],
        "unexplained": found.unexplained,
        "hints": {"where": where, "what": what, "formula": formula},
        "returned": found.returned,
        "signature": found.signature,
        "derivative": found.derivative,
        "text": str(found),
    }
