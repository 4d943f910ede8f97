"""Which folders of this machine a submission's process needs: Python's library, NumPy, C's.

Folders of installed packages are left out of them, so that what is not asked for by name cannot be
read there, backpass least of all.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidInput

SHARED_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
PACKAGES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Layout:
    """Folders to show, the packages among them by name, and folders to hide beneath."""

    visible: tuple[str, ...]
    packages: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]

    @classmethod
    def of(cls, libraries: tuple[str, ...]) -> Layout:
        """Look for everything that Python and some libraries need."""
        visible = tuple(_outermost([*SHARED_LIBRARIES, f"{sys.base_prefix}/lib", *_python()]))
        packages = tuple(part for name in libraries for part in _package(name))
        return cls(visible, packages, tuple(_hidden(visible)))

    def readable(self) -> tuple[list[str], list[str]]:
        """Paths to allow with all that is beneath them, and folders of which the list is enough."""
        whole = [source for _, source in self.packages]
        listed: list[str] = []
        for folder in self.visible:
            _part(folder, self.hidden, whole, listed)
        return whole, listed


def _python() -> list[str]:
    base = {"platbase": sys.base_exec_prefix, "base": sys.base_prefix}
    return [sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")]


def _outermost(paths: list[str]) -> Iterator[str]:
    """Those that exist and lie beneath none of the others."""
    there = dict.fromkeys(path for path in paths if os.path.exists(path))
    for path in there:
        if not any(path != other and path.startswith(f"{other}/") for other in there):
            yield path


def _package(name: str) -> Iterator[tuple[str, str]]:
    """A package's folder, and the one beside it with its shared libraries."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise InvalidInput(f"There is no library {name!r} here that submissions could use.")
    folder = Path(spec.origin).parent
    if not spec.submodule_search_locations:
        yield Path(spec.origin).name, spec.origin
        return
    yield name, str(folder)
    if (libraries := folder.with_name(f"{name}.libs")).is_dir():
        yield libraries.name, str(libraries)


def _hidden(visible: tuple[str, ...]) -> Iterator[str]:
    for folder in map(Path, visible):
        for name in PACKAGES:
            yield from map(str, folder.glob(f"python*/{name}"))
            yield from map(str, folder.glob(name))


def _part(path: str, hidden: tuple[str, ...], whole: list[str], listed: list[str]) -> None:
    """Allow a folder, or the parts of one that hides something."""
    real = os.path.realpath(path)
    beneath = [os.path.realpath(folder) for folder in hidden]
    if real in beneath:
        return
    if not any(folder.startswith(f"{real}/") for folder in beneath):
        whole.append(path)
        return
    listed.append(path)
    for name in sorted(os.listdir(path)):
        _part(f"{path}/{name}", hidden, whole, listed)
