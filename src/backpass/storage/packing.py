"""Plain values ↔ JSON and named arrays, without loss of a bit.

JSON has no tuple, no infinity, no NumPy scalar and no key but strings. Each of these is written as
an object with one key that says what it is. Activations and losses are written by their names; of
a user's own, which is code, nothing else can be kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from ..activations import ACTIVATIONS, Activation
from ..activations import is_own as is_own_activation
from ..errors import InvalidInput
from ..losses import Loss, is_own, own_loss

Json = Any  # packed: what JSON holds, by shapes that ``unpack`` checks
Packed = dict[str, Json]  # an object with one key that says what it is
Value = Any  # unpacked: what a file says that it is

Function = TypeVar("Function", Activation, Loss)

KINDS = ("array", "text", "scalar", "float", "tuple", "dict", "activation", "loss")
SCALARS = (
    "bool",
    "float32",
    "float64",
    *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)),
)
MOST_TEXT_BYTES = 1 << 30  # of an array of text that a file may ask for


class Packer:
    """Turns values into JSON, and collects their arrays by name."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def pack(self, value: object, name: str) -> Json:
        """Return JSON for a value; arrays in it are kept under `name`, or where they are already.

        Parameters
        ----------
        value : None, bool, int, float, str, NumPy array or scalar, Activation, Loss,
            or lists, tuples and dicts of these
            What is kept.
        name : str
            What its arrays are called: ``name``, or ``name.key`` inside of a dict or a list.

        Returns
        -------
        JSON value

        Raises
        ------
        InvalidInput
            If something in it is none of these.
        """
        if value is None or isinstance(value, bool | str) or type(value) is int:
            return str(value) if isinstance(value, str) else value
        if isinstance(value, np.ndarray):
            return self._pack_array(value, name)
        if isinstance(value, np.generic):
            return {"scalar": [value.dtype.name, self.pack(value.item(), name)]}
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        return self._pack_composite(value, name)

    def _pack_composite(self, value: object, name: str) -> Json:
        """Lists, tuples, dicts, activations and losses."""
        if isinstance(value, Activation):
            return {"activation": value.name, "own": not is_own_activation(value)}
        if isinstance(value, Loss):
            return {"loss": value.name, "parameter": value.parameter, "own": not is_own(value)}
        if isinstance(value, dict):
            return {
                "dict": [
                    [self.pack(k, name), self.pack(v, _join(name, k))] for k, v in value.items()
                ]
            }
        if isinstance(value, list | tuple):
            items = [self.pack(item, _join(name, i)) for i, item in enumerate(value)]
            return {"tuple": items} if isinstance(value, tuple) else items
        raise InvalidInput(f"{name} is a {type(value).__name__}, which a model file cannot hold.")

    def _pack_array(self, array: np.ndarray, name: str) -> Json:
        """Numbers go to the arrays, once; text and mixed labels to JSON."""
        if array.dtype.kind in "UO":
            shape, kind = list(array.shape), array.dtype.kind
            return {
                "text": [self.pack(item, name) for item in array.ravel().tolist()],
                "shape": shape,
                "kind": kind,
            }
        known = next((key for key, other in self.arrays.items() if other is array), None)
        if known is not None:
            return {"array": known}
        self.arrays[name] = array
        return {"array": name}


class Unpacker:
    """Turns JSON back into values; `own` are a user's activations and losses, by name."""

    kinds: tuple[str, ...] = KINDS

    def __init__(
        self, arrays: dict[str, np.ndarray], own: Iterable[Activation | Loss] = ()
    ) -> None:
        # arrays that begin where NumPy's own do, so that a resumed run has the same kernels' bits
        self.arrays = {name: np.array(array) for name, array in arrays.items()}
        self.own = list(own)

    def unpack(self, packed: Json) -> Value:
        """Return the value that was packed; raise if this is nothing that ``pack`` made."""
        if isinstance(packed, list):
            return [self.unpack(item) for item in packed]
        if not isinstance(packed, dict):
            return packed
        kind = next(iter(packed))
        if kind not in self.kinds:
            raise InvalidInput(f"The file holds a value of the kind {kind!r}, which never was.")
        return getattr(self, f"_{kind}")(packed)

    def _array(self, packed: Packed) -> np.ndarray:
        return self.arrays[packed["array"]]

    def _text(self, packed: Packed) -> np.ndarray:
        array = np.empty(len(packed["text"]), object)
        array[:] = self.unpack(packed["text"])
        if packed["kind"] != "O":
            _refuse_wide(packed["text"])
            array = array.astype(str)
        return array.reshape(packed["shape"])

    def _scalar(self, packed: Packed) -> Value:
        dtype, value = packed["scalar"]
        if dtype not in SCALARS:
            raise InvalidInput(f"The file holds a scalar of the dtype {dtype!r}.")
        return np.array(self.unpack(value), dtype)[()]

    def _float(self, packed: Packed) -> float:
        return float(packed["float"])

    def _tuple(self, packed: Packed) -> tuple[Value, ...]:
        return tuple(self.unpack(item) for item in packed["tuple"])

    def _dict(self, packed: Packed) -> dict[Value, Value]:
        return {self.unpack(key): self.unpack(value) for key, value in packed["dict"]}

    def _activation(self, packed: Packed) -> Activation:
        name = packed["activation"]
        return self._of_the_user(name, Activation) if packed["own"] else ACTIVATIONS[name]

    def _loss(self, packed: Packed) -> Loss:
        name, parameter = packed["loss"], packed["parameter"]
        if packed["own"]:
            return self._of_the_user(name, Loss)
        return own_loss(name, parameter)

    def _of_the_user(self, name: str, kind: type[Function]) -> Function:
        """Find a user's own activation or loss among those that were given."""
        found = [one for one in self.own if isinstance(one, kind) and one.name == name]
        if not found:
            raise InvalidInput(
                f"The model uses the {kind.__name__.lower()} {name!r}, which is not the library's "
                "own; pass it in own=[...], since a model file holds no code."
            )
        return found[0]


def _refuse_wide(texts: list[str]) -> None:
    """Refuse text whose cells, each as wide as the longest, take what no model's labels take."""
    n_bytes = 4 * len(texts) * max(map(len, texts), default=0)
    if n_bytes > MOST_TEXT_BYTES:
        raise InvalidInput(
            f"The file holds {len(texts)} texts that would take {n_bytes} bytes in memory."
        )


def _join(name: str, key: object) -> str:
    return f"{name}.{key}" if name else str(key)
