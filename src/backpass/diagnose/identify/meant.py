"""What somebody says beforehand of the J that is meant."""

from __future__ import annotations

from dataclasses import dataclass

from ...activations import Activation, find_activation
from ...losses import Loss, find_loss
from ..probes import Hidden, Probe


@dataclass(frozen=True)
class Meant:
    """Loss and hidden activations, where they were said; ``strict`` holds J to the notes'."""

    hidden: Hidden | None = None
    loss: Loss | None = None
    strict: bool = False

    @property
    def drawn(self) -> tuple[Hidden, Loss]:
        """What problems are drawn for."""
        loss = find_loss("binary_log_loss") if self.loss is None else self.loss
        return ("logistic" if self.hidden is None else self.hidden), loss

    def activations(self, probe: Probe) -> tuple[Activation, ...] | None:
        """One for each hidden layer; None where they were not said."""
        if self.hidden is None:
            return None
        if isinstance(self.hidden, str | Activation):
            return (find_activation(self.hidden),) * (probe.net.L - 2)
        return tuple(map(find_activation, self.hidden))
