"""How many epochs somebody wishes each member, and how many members share a parting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import cast

from ..errors import InvalidInput


@dataclass(frozen=True)
class EpochsWished:
    """The ``max_epochs`` of ``member``, in any of its forms.

    Parameters
    ----------
    wished : int, list of int, list of lists of int, or None
        One number for all members; one for each; one for each, by parting; or nothing.

    Raises
    ------
    InvalidInput
        Where it is of none of these forms.

    Examples
    --------
    >>> epochs = EpochsWished([[40, 40, 38], [12]])
    >>> epochs.together, epochs.of(3)
    (3, 12)
    """

    wished: object

    def __post_init__(self) -> None:
        if self.by_member and not all(isinstance(n, Integral) for n in self._listed):
            raise InvalidInput(
                "max_epochs of member is a number, a list with one for each member, or a list of "
                f"such lists, one for each parting, and not {self.wished!r}."
            )

    @property
    def by_member(self) -> bool:
        """Whether each member has its own."""
        return self.wished is not None and not isinstance(self.wished, Integral)

    @property
    def together(self) -> int | None:
        """Members that share a parting, where it says so."""
        first = self._parts[0] if self._parts else None
        return len(first) if isinstance(first, Sequence) else None

    def of(self, number: int) -> int:
        """The epochs of one member."""
        if number >= len(self._listed):
            raise InvalidInput(
                "max_epochs of member is a number, or a list with one for each member, and member "
                f"{number} has none in {self.wished!r}."
            )
        return int(cast(int, self._listed[number]))

    @property
    def _parts(self) -> list[object]:
        if not self.by_member:
            return []
        try:
            return list(cast(Iterable[object], self.wished))
        except TypeError:
            return [self.wished]

    @property
    def _listed(self) -> list[object]:
        """One after another, whatever they share."""
        flat: list[object] = []
        for each in self._parts:
            flat += each if isinstance(each, Sequence) and not isinstance(each, str) else [each]
        return flat
