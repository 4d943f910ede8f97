"""Training: the loops, their state, schedules, restarts and checkpoints."""

from .. import old_names

__getattr__ = old_names("training")
