"""What is known of somebody's code, and where it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import runner


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function; ``default`` is None where it is no number or text."""

    name: str
    has_default: bool = False
    default: bool | int | float | str | None = None
    keyword: bool = False


@dataclass(frozen=True)
class Part:
    """A function, a class, an instance or a method."""

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    variable: bool = False
    methods: Mapping[str, Part] = field(default_factory=dict)
    source: str = ""
    line: int = 0
    returns: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    lists: Mapping[str, Sequence[int]] = field(default_factory=dict)
    tensors: str = ""  # of PyTorch: its code "uses" them, "differentiates" by itself, or "has" them

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Part:
        """What the runner's description says."""
        lists = {key: tuple(plain.get(key, ())) for key in _LISTED}
        return cls(
            name=plain["name"],
            kind=plain["kind"],
            parameters=tuple(Parameter(**each) for each in plain["parameters"]),
            variable=plain["variable"],
            methods={name: cls.of(each) for name, each in plain.get("methods", {}).items()},
            source=plain["source"],
            line=plain["line"],
            numbers=plain.get("numbers", {}),
            lists=plain.get("lists", {}),
            tensors=plain.get("tensors", ""),
            **lists,
        )

    @property
    def needed(self) -> tuple[Parameter, ...]:
        """The parameters without defaults."""
        return tuple(p for p in self.parameters if not p.has_default)


_LISTED = ("returns", "texts", "names", "attributes")


class Subject(Protocol):
    """Somebody's code: its parts, in the order in which they were given, and a way to run it."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What there is to call."""
        ...

    def run(self, program: Sequence[runner.Step]) -> list[dict[str, Any]]:
        """Carry out a program; see ``runner``."""
        ...


class LocalSubject:
    """Code that runs in this process."""

    def __init__(self, entries: Mapping[str, Callable[..., Any]]) -> None:
        self._entries = dict(entries)
        described = runner.describe(self._entries, list(self._entries))
        self.parts = tuple(map(Part.of, described))

    def run(self, program: Sequence[runner.Step]) -> list[dict[str, Any]]:
        """Carry out a program here."""
        return runner.run(self._entries, program)
