"""What this machine has to contain a process with, found out by trying."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

from ..errors import InvalidInput
from .child_process import ChildLost, ChildProcess, Limits, Means

# What may not hold -> what then is possible.
OPEN = {
    "files": "files that this account can read could be read, those of the grading among them",
    "network": "the network could be reached",
    "processes": "a process that leaves its session could outlive the grading",
    "signals": "other processes of this account could be stopped",
    "account": "submissions ran as this account itself",
}


@lru_cache(maxsize=16)
def best_means(asked: Means | None = None) -> tuple[Means, dict[str, bool]]:
    """Return the strongest means that work here, of those asked for, and what they hold.

    Raises
    ------
    InvalidInput
        If no process can be contained at all, as on Windows.
    """
    if os.name != "posix":
        raise InvalidInput(
            "Submissions run under limits that Windows does not have; grade in WSL, or on Linux."
        )
    asked, reason = asked or Means(), ""
    for means in dict.fromkeys(_weaker(asked)):
        try:
            with ChildProcess(means, Limits()) as child:
                child.ask("load", files={"a.py": "import random"}, main="a.py", whole=True)
                return means, child.contained
        except ChildLost as lost:
            reason = reason or str(lost)
    raise InvalidInput(f"No process for submissions can be started here. {reason}")


def _weaker(means: Means) -> list[Means]:
    """The same means, then without what may be forbidden, one after the other."""
    alone = replace(means, namespaces=False)
    plain = replace(alone, account=False)
    return [means, replace(means, account=False), alone, plain, Means(False, False, False, False)]


def not_contained(holds: dict[str, bool]) -> list[str]:
    """Say what a submission could have done, as far as the system has nothing against it."""
    return [f"Not contained here: {text}." for name, text in OPEN.items() if not holds.get(name)]
