"""``check_backprop`` names the wrong formula in somebody's cost or backpropagation function."""

from .answers import Failure
from .check import assert_backprop, check_backprop, diagnose_file
from .diagnosis import Diagnosis, Mistake

__all__ = [
    "Diagnosis",
    "Failure",
    "Mistake",
    "assert_backprop",
    "check_backprop",
    "diagnose_file",
]
