"""Training from blocks of rows, on disk or in a cluster."""

from .. import old_names

__getattr__ = old_names("streaming")
