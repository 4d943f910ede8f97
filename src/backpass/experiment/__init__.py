"""From a table to a trained and reported model."""

from .. import old_names

__getattr__ = old_names("experiment")
