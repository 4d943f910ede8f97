"""Constructor parameters, each declared once: name, type, default, constraint, and what it means.

scikit-learn wants a parameter in the signature of ``__init__``, in ``_parameter_constraints`` and
in the docstring. Here a class body declares it, and a decorator writes the three.
"""

# What a class is given here is its own, though a decorator gives it.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from inspect import cleandoc, signature
from itertools import groupby
from textwrap import indent
from types import FunctionType
from typing import Any, ClassVar, TypeVar, dataclass_transform

from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Parameter:
    """What is declared of a parameter; its name and its type stand before it."""

    default: object
    kind: str
    about: str
    allowed: list[object]
    kw_only: bool

    @property
    def entry(self) -> str:
        """What stands below its name in a docstring."""
        return f"{self.kind}\n{indent(cleandoc(self.about), '    ')}"


def parameter(
    *, default: object, kind: str, about: str, allowed: list[object], kw_only: bool = True
) -> Any:
    """Declare a parameter, in the body of a class that is ``declared``.

    Parameters
    ----------
    default : object
        Immutable, as all estimators share it.
    kind : str
        Its type in numpydoc's words.
    about : str
        What it means. Neighbours of the same kind and meaning share an entry of the docstring.
    allowed : list
        scikit-learn's constraints: one of them holds.
    kw_only : bool
        Whether it is given by name alone.

    Returns
    -------
    Parameter
        For the decorator; type checkers take it for a value of the type that is declared.
    """
    return Parameter(default, kind, about, allowed, kw_only)


class Declared(BaseEstimator):
    """An estimator whose parameters are declared: those of its bases first."""

    _own: ClassVar[dict[str, tuple[object, Parameter]]] = {}  # of the class itself, with types
    _declared: ClassVar[dict[str, Parameter]] = {}
    _parameter_constraints: ClassVar[dict[str, list[object]]] = {}


T = TypeVar("T", bound=Declared)


@dataclass_transform(kw_only_default=True, field_specifiers=(parameter,))
def declared(cls: type[T]) -> type[T]:
    """Make the constructor, which only stores, of the parameters of a class and of its bases.

    Examples
    --------
    >>> @declared
    ... class Doubler(Declared):
    ...     times: int = parameter(default=2, kind="int", about="How often.", allowed=[int])
    >>> Doubler(times=3).get_params()
    {'times': 3}
    """
    inherited = [vars(base).get("_own", {}) for base in reversed(cls.__mro__[1:])]
    cls._own = {
        name: (cls.__annotations__[name], value)
        for name, value in vars(cls).items()
        if isinstance(value, Parameter)
    }
    for name in cls._own:
        delattr(cls, name)  # else it would be taken for the value of an estimator without one
    typed = {name: each for own in [*inherited, cls._own] for name, each in own.items()}
    cls._declared = {name: each for name, (_, each) in typed.items()}
    cls._parameter_constraints = {name: each.allowed for name, each in cls._declared.items()}
    constructor = _constructor(typed)
    constructor.__qualname__, constructor.__module__ = f"{cls.__name__}.__init__", cls.__module__
    type.__setattr__(cls, "__init__", constructor)
    return cls


def _constructor(typed: dict[str, tuple[object, Parameter]]) -> FunctionType:
    """Let ``dataclasses`` write it, in a class of which nothing else is used.

    A dataclass would be looked at by its fields alone: Dask would take two trainings for the same.
    """
    fields = [
        (name, kind, dataclasses.field(default=each.default, kw_only=each.kw_only))
        for name, (kind, each) in typed.items()
    ]
    stored = dataclasses.make_dataclass("Stored", fields, eq=False, repr=False)
    constructor: FunctionType = vars(stored)["__init__"]
    # get_params reads it, and would make it anew at each call: most of the time of a clone
    vars(constructor)["__signature__"] = signature(constructor)
    return constructor


def entries(cls: type[Declared]) -> str:
    """Write the entries of a class's Parameters for its docstring, without a first indent."""
    groups = groupby(cls._declared.items(), key=lambda item: item[1].entry)
    texts = [f"{', '.join(name for name, _ in group)} : {entry}" for entry, group in groups]
    return indent("\n".join(texts), "    ").strip()


def one_of(names: Iterable[str]) -> str:
    """A choice of words, as numpydoc writes it.

    Examples
    --------
    >>> one_of(["auto", "none"])
    '{"auto", "none"}'
    """
    words = ", ".join(f'"{name}"' for name in names)
    return f"{{{words}}}"
