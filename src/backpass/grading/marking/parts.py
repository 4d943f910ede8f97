"""Which parts of J and of the gradient are right: with and without λ, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...diagnose.family import parts_of
from ...diagnose.response import Response
from ...diagnose.search.effects import right_value


def right_parts(responses: Sequence[Response]) -> dict[str, bool]:
    """Say of each part whether all of its numbers are right, on every probe.

    Parameters
    ----------
    responses : sequence of Response
        What came back for J, for the gradient, or for both.

    Returns
    -------
    dict
        "J" and "J λ"; "Θ1 weights", "Θ1 bias" and "Θ1 λ" for each layer. What did not come back
        is not there.
    """
    return {name: right for response in responses for name, right in _parts(response)}


def _parts(response: Response) -> Iterator[tuple[str, bool]]:
    if response.which == "J":
        for name, where in (("J", 0), ("J λ", 1)):
            yield name, _agrees(response, [np.array([where])] * len(response.probes))
        return
    of_probe = [parts_of(probe.net) for probe in response.probes]
    for l in range(1, response.probes[0].net.L):
        for column in ("weights", "bias"):
            yield f"Θ{l} {column}", _agrees(response, [of[l, column, 0] for of in of_probe])
        both = [np.concatenate([of[l, c, 1] for c in ("weights", "bias")]) for of in of_probe]
        yield f"Θ{l} λ", _agrees(response, both)


def _agrees(response: Response, where: Sequence[np.ndarray]) -> bool:
    """Whether numbers at some places are right on every probe; without a place they are not."""
    return all(
        response.agrees(right_value(probe, response.which), i, where[i])
        for i, probe in enumerate(response.probes)
    )
