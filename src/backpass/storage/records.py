"""Records ↔ JSON and a few long arrays.

A record is a frozen dataclass of numbers, texts, arrays and other records. Where there are
thousands of short arrays, each by itself would cost a line of the file's header; those of one dtype
stand one behind the other instead. What is equal is written once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

import numpy as np

from ..errors import InvalidInput
from .packing import Json, Packed, Packer, Unpacker, Value


class RecordPacker(Packer):
    """Turns values into JSON as ``Packer`` does, and records too.

    Parameters
    ----------
    name : str
        Before the names of the long arrays.
    kinds : iterable of type
        The records that there may be.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Code:
    ...     column: int
    ...     edges: np.ndarray
    >>> arrays = {}
    >>> packer = RecordPacker("codes", [Code])
    >>> packed = packer.pack([Code(0, np.array([1.0, 2.0])), Code(1, np.array([1.0, 2.0]))], "")
    >>> stored = packer.stored(arrays)
    >>> arrays
    {'codes.float64': array([1., 2.])}
    >>> RecordUnpacker("codes", [Code], arrays, stored).unpack(packed)[1]
    Code(column=1, edges=array([1., 2.]))
    """

    def __init__(self, name: str, kinds: Iterable[type] = ()) -> None:
        super().__init__({})
        self.name = name
        self.kinds = {kind: [each.name for each in fields(kind)] for kind in kinds}
        self.records: dict[str, int] = {}  # JSON of each -> its number
        self.numbers: dict[int, tuple[int, object]] = {}  # of those that were met, by identity
        self.parts: dict[str, list[np.ndarray]] = {}  # by dtype
        self.ends: dict[str, int] = {}
        self.starts: dict[tuple[str, bytes], int] = {}

    def stored(self, arrays: dict[str, np.ndarray]) -> Json:
        """Give the long arrays away, and return what JSON holds of the records."""
        for dtype, parts in self.parts.items():
            arrays[f"{self.name}.{dtype}"] = np.concatenate(parts)
        return {
            "fields": {kind.__name__: names for kind, names in self.kinds.items()},
            "records": [json.loads(text) for text in self.records],
        }

    def _pack_composite(self, value: object, name: str) -> Json:
        if not (is_dataclass(value) and type(value) in self.kinds):
            return super()._pack_composite(value, name)
        if id(value) not in self.numbers:
            kind = type(value)
            each = [self.pack(getattr(value, field), name) for field in self.kinds[kind]]
            text = json.dumps([kind.__name__, *each], allow_nan=False)
            number = self.records.setdefault(text, len(self.records))
            self.numbers[id(value)] = number, value  # which stays, so that no other has its id
        return {"record": self.numbers[id(value)][0]}

    def _pack_array(self, array: np.ndarray, name: str) -> Json:
        if array.dtype.kind in "UO":
            return super()._pack_array(array, name)
        dtype, flat = array.dtype.name, np.ascontiguousarray(array).reshape(-1)
        end = self.ends.get(dtype, 0)
        start = self.starts.setdefault((dtype, flat.tobytes()), end)
        if start == end:
            self.parts.setdefault(dtype, []).append(flat)
            self.ends[dtype] = end + len(flat)
        return {"part": [dtype, start, *array.shape]}


class RecordUnpacker(Unpacker):
    """Turns JSON back into values and records; each record is one object, wherever it is named.

    Parameters
    ----------
    name : str
        Before the names of the long arrays.
    kinds : iterable of type
        The records that there may be; fields that a file lacks have their defaults.
    arrays : mapping from str to ndarray
        Of the file.
    stored : JSON value
        From ``RecordPacker.stored``.
    """

    kinds = (*Unpacker.kinds, "record", "part")

    def __init__(
        self, name: str, kinds: Iterable[type], arrays: dict[str, np.ndarray], stored: Json
    ) -> None:
        super().__init__({})
        own = f"{name}."
        self.long = {k.removeprefix(own): v for k, v in arrays.items() if k.startswith(own)}
        self.records: list[Value] = []
        by_name, names = {kind.__name__: kind for kind in kinds}, stored["fields"]
        for kind, *values in stored["records"]:
            if len(values) != len(names[kind]):
                raise InvalidInput(f"The file holds a {kind} of {len(values)} values.")
            record = dict(zip(names[kind], map(self.unpack, values)))
            self.records.append(by_name[kind](**record))

    def _record(self, packed: Packed) -> Value:
        number = packed["record"]
        if not 0 <= number < len(self.records):
            raise InvalidInput(f"The file has no record {number}.")
        return self.records[number]

    def _part(self, packed: Packed) -> np.ndarray:
        dtype, start, *shape = packed["part"]
        size, long = int(np.prod(shape, dtype=object)), self.long[dtype]
        if min([start, *shape]) < 0 or start + size > len(long):
            raise InvalidInput(f"The file's numbers end before {start + size}.")
        return long[start : start + size].reshape(shape).copy()
