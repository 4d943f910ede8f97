"""Choices by which right functions differ from the notes: none of them is a mistake."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Convention:
    """Which J a function computes, beside its loss and its activations.

    The loss, the output and the hidden activations are those of the probe's network.

    Parameters
    ----------
    mean : str
        What Σ_i cost(i) is multiplied with, a name of ``mistakes.factors.scale``.
    times : float
        A constant factor on cost(i), such as 2 for a squared error without its ½.
    lam_J : str
        What λ ΣΘ² is multiplied with in J, a name of ``scale``; λΘ in D has twice that. "0" where
        there is no λ.
    decayed : tuple of int or None
        The layers l whose Θ^(l) is in ΣΘ²; all of them where None.
    bias_decayed : bool
        Whether ΣΘ² has the bias columns as well.
    bias : bool
        Whether there are bias units at all.

    Examples
    --------
    >>> Convention(mean="1").mean
    '1'
    """

    mean: str = "1/m"
    times: float = 1.0
    lam_J: str = "1/2m"
    decayed: tuple[int, ...] | None = None
    bias_decayed: bool = False
    bias: bool = True


NOTES = Convention()
