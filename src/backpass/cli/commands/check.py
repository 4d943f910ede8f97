"""``backpass check``: is the gradient right, on your own network and data?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from ..command import Answer, Command, Values
from ..option_types import member_option

if TYPE_CHECKING:
    from ...inspection.gradcheck import GradientCheck

MOST_ROWS = 500  # more of them make the check slow and say nothing new


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option(
    "--entries",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="How many entries of θ to check, drawn at random.",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="For that draw.")
@member_option
def check(model: str, data: str, entries: int, seed: int, member: int | None) -> Answer:
    """Check the gradient of MODEL on DATA: backpropagation against numerical differentiation.

    By the complex step, which crosses no kink; entries at which θ lies on a kink are counted and
    set aside. The exit code is 1 where the two differ.
    """
    from ...inspection.gradcheck import check_network
    from ..trained import LookedAt

    trained = LookedAt.at(model, member)
    X, Y = trained.examples(data, slice(MOST_ROWS))
    network, m = trained.network, len(X)
    found = check_network(
        network.net, network.theta, X, Y, trained.lam(m), max_entries=entries, seed=seed
    )
    return Answer(
        {**_values(found, m), **trained.told},
        lambda to: _show(to, found, m),
        exit_code=0 if found.ok else 1,
    )


def _values(found: GradientCheck, rows: int) -> Values:
    return {
        "ok": found.ok,
        "relative_difference": found.relative_difference,
        "tolerance": found.tolerance,
        "method": found.method,
        "n_entries": len(found.indices),
        "n_on_kinks": found.kinks,
        "n_rows": rows,
        "worst": [
            {"entry": name, "analytic": analytic, "numeric": numeric}
            for name, analytic, numeric in found.worst()
        ],
    }


def _show(to: Console, found: GradientCheck, rows: int) -> None:
    colour = "green" if found.ok else "red"
    to.print(f"[{colour}]{found}[/{colour}]\nOn {rows} rows.", soft_wrap=True)
