"""Where the damage is, when nothing of the catalogue explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .family import parts_of
from .response import Response
from .search.effects import right_value


def halves(responses: Sequence[Response], unexplained: Sequence[Response]) -> Iterator[str]:
    """Say of J and of the gradient what is right, as far as one of them is unexplained."""
    wrong = {response.which: response for response in unexplained}
    for response in responses:
        if response.which in wrong:
            yield from localise(wrong[response.which])
        elif wrong and _agrees_at(response, slice(None)):
            yield f"{'J' if response.which == 'J' else 'gradient'}: all of it is right."


def localise(response: Response) -> Iterator[str]:
    """Say which parts of J or of the gradient are right, and how the others differ."""
    yield from _of_J(response) if response.which == "J" else _of_D(response)


def _of_J(response: Response) -> Iterator[str]:
    if not any(np.nan_to_num(values).any() for values in response.values):
        yield "J is zero everywhere."
        return
    names = ("the part without λ", "the λ term")
    right = [_agrees_at(response, np.array([i])) for i in (0, 1)]
    if response.probes[0].convention.lam_J == "0":
        yield f"J is wrong{_factor(response, np.array([0]))}."
        return
    if right[0] != right[1]:
        good, bad = (names[0], names[1]) if right[0] else (names[1], names[0])
        yield f"J: {good} is right, {bad} is not{_factor(response, np.array([int(right[0])]))}."
        return
    yield f"J: {names[0]} and {names[1]} are both wrong{_factor(response, np.array([0]))}."


def _of_D(response: Response) -> Iterator[str]:
    net = response.probes[0].net
    if response.values[0].size != 2 * net.n_parameters:
        yield "the gradient has the wrong length, so its parts cannot be told apart."
        return
    if not np.nan_to_num(response.values[0]).any():
        yield "the gradient is zero everywhere."
        return
    for l in range(1, net.L):
        yield _of_Theta(response, l)


def _of_Theta(response: Response, l: int) -> str:
    """One sentence about D^(l)."""
    known = [key for key in _keys(response) if key[0] == l and _is_known(response, key)]
    if not known:
        return f"gradient: nothing of Θ^({l}) came back."
    right = {key[1:]: _part_agrees(response, key) for key in _keys(response) if key[0] == l}
    data = {column: right[column, 0] for column in ("bias", "weights")}
    name = f"gradient: all of Θ^({l}) is"
    if all(right.values()):
        return f"{name} right."
    has_lam = response.probes[0].convention.lam_J != "0"
    lam_right = right["bias", 1] and right["weights", 1]
    if all(data.values()):
        return f"{name} right except its λ term."
    tail = "" if lam_right else "; its λ term is wrong as well"
    if data["weights"]:
        return f"{name} right except the bias column{_times(response, l, 'bias')}{tail}."
    if data["bias"] and (l, "bias", 0) in known:
        return f"gradient: in Θ^({l}) only the bias column is right{tail}."
    factor = _factor(response, *[_positions(response, (l, c, 0)) for c in ("bias", "weights")])
    if has_lam and not tail:
        tail = "; its λ term is right"
    return f"{name} wrong{factor}{tail}."


def _times(response: Response, l: int, part: str) -> str:
    return _factor(response, _positions(response, (l, part, 0)))


def _is_known(response: Response, key: tuple[int, str, int]) -> bool:
    """Whether any of these numbers came back."""
    return bool(np.isfinite(response.values[0][_positions(response, key)]).any())


def _keys(response: Response) -> list[tuple[int, str, int]]:
    return list(parts_of(response.probes[0].net))


def _positions(response: Response, key: tuple[int, str, int]) -> np.ndarray:
    return parts_of(response.probes[0].net)[key]


def _part_agrees(response: Response, key: tuple[int, str, int]) -> bool:
    """Whether a part is right on every probe."""
    return all(
        response.agrees(right_value(probe, "D"), i, parts_of(probe.net)[key])
        for i, probe in enumerate(response.probes)
    )


def _agrees_at(response: Response, where: np.ndarray | slice) -> bool:
    return all(
        response.agrees(right_value(probe, response.which), i, where)
        for i, probe in enumerate(response.probes)
    )


def _factor(response: Response, *where: np.ndarray) -> str:
    """A constant factor between what came back and what is right, in words."""
    positions = np.concatenate(where)
    positions = positions[np.isfinite(response.values[0][positions])]
    right = right_value(response.probes[0], response.which)[positions]
    got = response.values[0][positions]
    ratio = float(got @ right / (right @ right)) if right.any() else 0.0
    if ratio and np.allclose(got, ratio * right, rtol=1e-7, atol=1e-12):
        return f" ({ratio:.6g} times the right one on the first probe)"
    return ""
