"""What a network in the playground is made with, and what learns each set well: measured."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import InvalidInput
from ...network import Network
from .points import TOYS

MOST_LAYERS, MOST_UNITS = 5, 8  # that are hidden: a phone has room for them
LOSSES_OF_ONE = ("binary_log_loss", "squared_error")  # for which two classes share an output


@dataclass(frozen=True)
class ToySettings:
    """A set of points, a network for it, and how it is trained; the page's address holds them.

    Attributes
    ----------
    toy, points, noise, seed
        The set and what it is made of; the seed also draws the first weights.
    hidden, activation, loss
        The network's.
    solver, alpha, lam, batch
        The rule, α, λ, and the rows of a mini-batch.
    """

    toy: str
    points: int = 300
    noise: float = 0.05
    seed: int = 0
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    loss: str = "binary_log_loss"
    solver: str = "adam"
    alpha: float = 0.03
    lam: float = 0.0
    batch: int = 16

    def __post_init__(self) -> None:
        if len(self.hidden) > MOST_LAYERS or max(self.hidden, default=0) > MOST_UNITS:
            raise InvalidInput(
                f"The playground draws up to {MOST_LAYERS} hidden layers of 1 to {MOST_UNITS} "
                f"units each, and {','.join(map(str, self.hidden))} are more."
            )

    @property
    def net(self) -> Network:
        """The network: two inputs, and an output for each class, two of which may share one."""
        classes = max(TOYS[self.toy].classes, 1)
        one = classes == 2 and self.loss in LOSSES_OF_ONE
        outputs = 1 if one else classes
        return Network((2, *self.hidden, outputs), self.activation, self.loss)


@dataclass(frozen=True)
class GoodSettings:
    """What learns a set well: after so many epochs, so high a score on held-out points."""

    settings: ToySettings
    epochs: int
    score: float  # accuracy, or R² of numbers; below the worst of forty seeds


GOOD = {
    "xor": GoodSettings(ToySettings("xor", hidden=(8,)), 100, 0.94),
    "moons": GoodSettings(ToySettings("moons", hidden=(8,), alpha=0.05), 200, 0.98),
    "rings": GoodSettings(ToySettings("rings", hidden=(6,)), 80, 0.96),
    "spirals": GoodSettings(ToySettings("spirals", points=400, lam=0.02), 200, 0.9),
    "blobs": GoodSettings(ToySettings("blobs", hidden=(4,), loss="log_loss"), 30, 0.98),
    "surface": GoodSettings(
        ToySettings("surface", points=400, loss="squared_error", alpha=0.02), 200, 0.9
    ),
}
