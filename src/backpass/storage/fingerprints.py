"""Fingerprints: hashes by which two things are known to bring about the same numbers.

Data are told apart by their bytes. A function is told apart by what it does: its bytecode, its
defaults, what it encloses, and the globals that it names, each of them looked into in the same way;
so two functions of one name and another constant differ, and the same lines in another run do not.
What a library defines is known by its name. Something whose content cannot be looked into (an open
file, a lock, an object without a state) has no fingerprint: nothing can be known to be the same.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import ArrayLike, as_numpy

Value = Any  # of the type that the rule for it has found, which no checker can follow
Test = Callable[[object], bool]
Parts = tuple[str, Sequence[object]]  # what kind of thing, and what it is made of

_ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
_SEQUENCES = (list, tuple)
_SETS = (set, frozenset)
_RANDOM = (np.random.Generator, np.random.BitGenerator)
_DESCRIPTORS = (types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType)
_WRAPPERS = (staticmethod, classmethod)
_CACHED = type(functools.cache(len))
_INSTALLED = ("site-packages", "dist-packages")
# Of a class's dictionary, what Python itself writes there.
_WRITTEN_BY_PYTHON = (
    "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__firstlineno__",
    "__static_attributes__", "__annotations__", "__abstractmethods__", "_abc_impl",
    "__dataclass_fields__", "__dataclass_params__", "__match_args__", "__parameters__",
)  # fmt: skip


class _Members(NamedTuple):
    """A module, and the names by which a function may reach into it."""

    module: types.ModuleType
    names: tuple[str, ...]


def fingerprint(*arrays: ArrayLike) -> str:
    """Hash the data of a training: dense arrays, CSR matrices, or None.

    Parameters
    ----------
    *arrays : array, CSR matrix or None
        Of any shape and dtype; an array's order in memory and the type of a matrix's indices do not
        matter.

    Returns
    -------
    str
        Hexadecimal digits; after "csr:" where there is a matrix.

    Examples
    --------
    >>> fingerprint(np.ones(3))[:8], fingerprint(np.ones(3), None)[:8]
    ('195a4091', 'b07c87b5')
    """
    digest = hashlib.sha256()
    for array in arrays:
        for part in _arrays_of(array):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    kind = "csr:" if any(hasattr(array, "indptr") for array in arrays) else ""
    return kind + digest.hexdigest()


def _arrays_of(array: ArrayLike) -> list[np.ndarray]:
    if array is None:
        return [np.zeros(0, np.uint8)]
    if hasattr(array, "indptr"):
        indices = [np.asarray(part, np.int64) for part in (array.indices, array.indptr)]
        return [np.array(array.shape, np.int64), array.data, *indices]
    return [as_numpy(array)]


def content_hash(value: object) -> str | None:
    """Hash a value with all that it refers to: numbers, containers, objects, functions.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str or None
        Hexadecimal digits; None where something in it cannot be compared.

    Notes
    -----
    Bytecode is a Python version's own, so the same function has another hash in another version.

    Examples
    --------
    >>> def slope(s):
    ...     return lambda z: s * z
    >>> content_hash(slope(1)) == content_hash(slope(1))
    True
    >>> content_hash(slope(1)) == content_hash(slope(2))
    False
    >>> content_hash(number for number in [])
    """
    try:
        return _Hasher().hash(value).hex()
    except Exception:  # whatever an object raises that is asked for its state
        return None


class _Hasher:
    """Hashes by identity, so that what is referred to twice is looked into once."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}
        self._open: dict[int, int] = {}  # being looked into just now, and how deep
        self._kept: list[object] = []  # alive, so that no other thing gets its identity

    def hash(self, value: object) -> bytes:
        """Return a value's hash; raise where it cannot be compared."""
        if type(value) in _ATOMS:
            return _digest(type(value).__name__, [repr(value).encode()])
        if id(value) in self._known:
            return self._known[id(value)]
        if id(value) in self._open:  # a function that calls itself
            return _digest("above", [str(self._open[id(value)]).encode()])
        self._kept.append(value)
        self._open[id(value)] = len(self._open)
        kind, parts = _parts(value)
        hashes = [self.hash(part) for part in parts]
        if isinstance(value, _SETS):
            hashes.sort()
        del self._open[id(value)]
        self._known[id(value)] = _digest(kind, hashes)
        return self._known[id(value)]


def _digest(kind: str, parts: Sequence[bytes]) -> bytes:
    """Hash a kind and parts, of which none can run into the next."""
    digest = hashlib.sha256()
    for part in (kind.encode(), *parts):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()


def _parts(value: object) -> Parts:
    """Take a value apart; the first rule that knows it does."""
    for knows, parts in _RULES:
        if knows(value):
            return parts(value)
    return _object(value)


def _is(*kinds: type) -> Test:
    return lambda value: isinstance(value, kinds)


def _is_exactly(*kinds: type) -> Test:
    return lambda value: type(value) in kinds


# --- data --------------------------------------------------------------------------------------


def _container(value: Value) -> Parts:
    if isinstance(value, dict):
        return "dict", [part for item in value.items() for part in item]
    return type(value).__name__, list(value)


def _array(array: np.ndarray) -> Parts:
    about = f"array {array.dtype.str} {array.shape}"
    if array.dtype.hasobject:
        return about, array.ravel().tolist()
    return about, [hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest()]


def _scalar(value: np.generic) -> Parts:
    return f"scalar {value.dtype.str}", [value.tobytes()]


def _random_state(value: np.random.RandomState) -> Parts:
    return "RandomState", [value.get_state(legacy=False)]


def _generator(value: np.random.Generator | np.random.BitGenerator) -> Parts:
    bits = value.bit_generator if isinstance(value, np.random.Generator) else value
    return type(value).__name__, [bits.state]


# --- functions ---------------------------------------------------------------------------------


def _function(function: types.FunctionType) -> Parts:
    enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
    given = [function.__defaults__, function.__kwdefaults__, function.__dict__]
    return "function", [function.__code__, *given, enclosed, _globals(function)]


def _code(code: types.CodeType) -> Parts:
    about = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    handlers = getattr(code, "co_exceptiontable", b"")
    return "code", [code.co_code, handlers, code.co_consts, *about, *names]


def _globals(function: types.FunctionType) -> dict[str, object]:
    """What the globals are that a function names, and those inside of it."""
    codes = list(_codes(function.__code__))
    names = tuple(sorted({name for code in codes for name in code.co_names}))
    found: dict[str, object] = {}
    for how, name in sorted({use for code in codes for use in _uses(code)}):
        space = sys.modules if how == "IMPORT_NAME" else function.__globals__
        if name in space:
            value = space[name]
            is_module = isinstance(value, types.ModuleType)
            found[name] = _Members(value, names) if is_module else value
    return found


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _uses(code: types.CodeType) -> Iterator[tuple[str, str]]:
    """The globals and the modules that bytecode names."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME"):
            yield step.opname, step.argval


def _members(members: _Members) -> Parts:
    """A library by its name; a module of one's own by what may be reached of it, too."""
    module, names = members
    if _of_a_library(module.__name__):
        return "module", [module.__name__]
    reached = {name: getattr(module, name) for name in names if hasattr(module, name)}
    deeper = {
        name: _Members(value, names) if isinstance(value, types.ModuleType) else value
        for name, value in reached.items()
        if value is not module
    }
    return "module", [module.__name__, deeper]


def _module(module: types.ModuleType) -> Parts:
    if not _of_a_library(module.__name__):
        raise TypeError(f"all of {module.__name__} cannot be compared")
    return "module", [module.__name__]


def _method(method: types.MethodType) -> Parts:
    return "method", [method.__func__, method.__self__]


def _bound_builtin(method: Value) -> Parts:
    return "method", [method.__name__, method.__self__]


def _descriptor(value: Value) -> Parts:
    return "descriptor", [value.__objclass__, value.__name__]


def _wrapper(value: Value) -> Parts:
    return type(value).__name__, [value.__func__]


def _cached(value: Value) -> Parts:
    return "cached", [value.__wrapped__]


def _cached_property(value: Value) -> Parts:
    return "cached property", [value.func]


def _property(value: property) -> Parts:
    return "property", [value.fget, value.fset, value.fdel]


def _ufunc(value: np.ufunc) -> Parts:
    """NumPy's and SciPy's by name; one that was made of a function does not say of which."""
    for library in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(library), value.__name__, None) is value:
            return "ufunc", [library, value.__name__]
    raise TypeError(f"the ufunc {value.__name__} cannot be compared")


# --- classes and objects -----------------------------------------------------------------------


def _class(cls: type) -> Parts:
    own = [(k, v) for k, v in vars(cls).items() if k not in _WRITTEN_BY_PYTHON]
    return "class", [cls.__qualname__, cls.__bases__, dict(sorted(own))]


def _object(value: object) -> Parts:
    """Any other object: what makes it, and its state, as for a pickle."""
    reduced = value.__reduce_ex__(2)
    if isinstance(reduced, str):
        raise TypeError(f"a {type(value).__name__} does not say what it is made of")
    build, arguments, *state = reduced
    return "object", [build, arguments, *(_listed(part) for part in state)]


def _listed(part: object) -> object:
    """Items that come one by one, as a list."""
    return list(part) if isinstance(part, Iterator) else part


def _of_a_library(module: object) -> bool:
    """Whether a module is Python's, ours, or installed: its name says what it does."""
    top = str(module).partition(".")[0]
    if top in ("__main__", "None"):
        return False
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return True
    loaded = sys.modules.get(top)
    places = [getattr(loaded, "__file__", None) or "", *getattr(loaded, "__path__", ())]
    return any(part in _INSTALLED for place in places for part in Path(place).parts)


def _is_named_by_a_library(value: object) -> bool:
    """Whether a library's name leads to this very thing."""
    return _library_name(value) is not None


def _library_name(value: object) -> tuple[str, str] | None:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not _of_a_library(module):
        return None
    first: object = sys.modules.get(module)
    found = functools.reduce(_attribute, name.split("."), first)
    return (module, name) if found is value else None


def _attribute(where: object, name: str) -> object:
    return getattr(where, name, None)


def _by_name(value: object) -> Parts:
    return "library", [_library_name(value)]


_RULES: tuple[tuple[Test, Callable[[Value], Parts]], ...] = (
    (_is_exactly(*_SEQUENCES, *_SETS, dict), _container),
    (_is(np.ndarray), _array),
    (_is(np.generic), _scalar),
    (_is(np.random.RandomState), _random_state),
    (_is(*_RANDOM), _generator),
    (_is_exactly(_Members), _members),
    (_is(types.ModuleType), _module),
    (_is(types.CodeType), _code),
    (_is(types.MethodType), _method),
    (_is(np.ufunc), _ufunc),
    (_is_named_by_a_library, _by_name),
    (_is(types.FunctionType), _function),
    (_is(types.BuiltinFunctionType, types.MethodWrapperType), _bound_builtin),
    (_is(*_DESCRIPTORS), _descriptor),
    (_is(*_WRAPPERS), _wrapper),
    (_is(_CACHED), _cached),
    (_is(functools.cached_property), _cached_property),
    (_is(property), _property),
    (_is(type), _class),
)
