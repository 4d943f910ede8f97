"""The engine in NumPy, block by block of rows."""

from ... import old_names

__getattr__ = old_names("engine.blocked")
