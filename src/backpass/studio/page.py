"""The page as one text: served in parts, or baked into a single file that works offline."""

from __future__ import annotations

import importlib.util
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from importlib import resources
from pathlib import Path

from .page_state import PageState
from .toys import GOOD

OFFLINE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


STATIC = resources.files("backpass.studio").joinpath("static")
IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\..*)";', re.M)


WHOLE = "whole.js"  # all modules in one: a page that is served asks for no more than that


def static_file(name: str) -> bytes:
    """One of the page's own files, by its path in their folder; two of them are made."""
    if name == WHOLE:
        return _one_script().encode()
    return _panels().encode() if name == "panels.js" else STATIC.joinpath(name).read_bytes()


def _panels() -> str:
    """A module that imports all in the folder of panels: to add a panel is to add a file."""
    files = STATIC.joinpath("panels").iterdir()
    names = sorted(file.name.removesuffix(".js") for file in files if file.name.endswith(".js"))
    imports = [f'import {{ panel as {name} }} from "./panels/{name}.js";\n' for name in names]
    return "".join([*imports, f"export const panels = {{ {', '.join(names)} }};\n"])


def _imported(name: str, path: str) -> str:
    """The module that one imports by a path relative to its own."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def modules_of(name: str) -> list[str]:
    """A module after all that it imports, each once."""
    found: list[str] = []
    for _, path in IMPORT.findall(static_file(name).decode()):
        found += modules_of(_imported(name, path))
    return list(dict.fromkeys([*found, name]))


# In the order in which they import one another.
MODULES = tuple(modules_of("studio.js"))


def plotly_path() -> Path | None:
    """Where plotly's script lies, if plotly is installed; nothing is imported."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return path if path.exists() else None


def render(state: PageState, served: Mapping[str, object] | None = None) -> str:
    """The page for the server, which does what is `served`; style and script lie beside it."""
    page = static_file("index.html").decode().replace("static/studio.js", f"static/{WHOLE}")
    return _with_state(
        page, state.as_json(live=True, plotly=plotly_path() is not None, served=served)
    )


def bake(state: PageState) -> str:
    """The page as one file: no request, no server, everything inside."""
    plotly = plotly_path()
    page = static_file("index.html").decode()
    style = f"<style>\n{static_file('studio.css').decode()}</style>"
    page = page.replace('<link rel="stylesheet" href="static/studio.css">', style)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{OFFLINE_POLICY}">'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}')
    scripts = f'<script type="module">\n{_one_script()}</script>'
    if plotly is not None:
        text = plotly.read_text("utf-8")  # run by the mountains alone: that takes a second or two
        scripts = f'<script type="text/plain" id="plotly">{text}</script>\n{scripts}'
    page = _with_state(page, state.as_json(live=False, plotly=plotly is not None))
    return page.replace('<script type="module" src="static/studio.js"></script>', scripts)


def _with_state(page: str, state: str) -> str:
    """Put the state into the page, and what learns toys; no text can end the script it is in."""
    toys = json.dumps({name: asdict(good) for name, good in GOOD.items()})
    page = page.replace("__TOYS__", toys.replace("<", "\\u003c"))
    return page.replace("__PAGE_STATE__", state.replace("<", "\\u003c"))


def _one_script() -> str:
    """The modules in one text, each in a function of its own, so that names do not meet."""
    parts = ["const modules = {};\n"]
    for name in MODULES:
        source = static_file(name).decode()
        exported = re.findall(r"^export (?:async )?(?:function|const) ([\w$]+)", source, re.M)
        source = IMPORT.sub(partial(_as_constant, name), source)
        source = re.sub(r"^export ", "", source, flags=re.M)
        parts.append(
            f'modules["{name}"] = (() => {{\n{source}return {{ {", ".join(exported)} }};\n}})();\n'
        )
    return "".join(parts)


def _as_constant(name: str, found: re.Match[str]) -> str:
    """An import of a module, where all of them are in one text."""
    names, path = found.groups()
    return f'const {names.replace(" as ", ": ")} = modules["{_imported(name, path)}"];'
