"""The search for the smallest sets of mistakes that reproduce what came back."""

from ... import old_names

__getattr__ = old_names("diagnose.search")
