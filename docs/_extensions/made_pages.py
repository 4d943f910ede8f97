"""What the package's own commands make while the docs are built: the studio's page, a report."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxRole

import backpass as bp
from backpass.plots import NetworkDisplay

MADE = "_made"  # beside the sources; `html_extra_path` has Sphinx copy it


def make(app: Sphinx) -> None:
    """Write them anew, so that they are what the commands make today."""
    folder = Path(app.srcdir, MADE)
    cars = Path(app.srcdir).parent / "examples" / "cars.csv"
    _report(str(cars), folder / "report.html")
    _studio(folder / "studio-page.html")
    _network(folder / "network.svg")


def _report(table: str, page: Path) -> None:
    """A report as a reader gets it, of the table that the first steps use."""
    with tempfile.TemporaryDirectory() as at:
        _backpass("train", table, "--target", "price", "--out", f"{at}/cars.backpass")
        Path(at, "cars.html").replace(page)


def _studio(page: Path) -> None:
    """A network of one hidden layer that has learned to read, in the page."""
    with tempfile.TemporaryDirectory() as at:
        model = f"{at}/digits.backpass"
        _backpass("train", "digits", "--hidden", "16", "--no-report", "--out", model)
        _backpass("studio", model, "digits", "--export", str(page), "--force")


def _network(picture: Path) -> None:
    """A network small enough for its numbers to stand in it."""
    net = bp.Network((2, 3, 1), hidden="logistic")
    theta = bp.init_theta(net, seed=1, epsilon=2.0)
    trace = bp.trace(net, theta, [[0.0, 1.0]], [[1.0]])
    NetworkDisplay.from_trace(trace).figure_.savefig(picture)


def _backpass(*words: str) -> None:
    command = [sys.executable, "-m", "backpass", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"{' '.join(command)}: {done.stderr}")


class MadePage(SphinxRole):
    """``:made:`words <page.html>```: a link to such a page, from the root where all of them lie."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        words, _, page = self.text.rstrip(">").partition(" <")
        return [nodes.reference("", words, refuri=page)], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this once."""
    Path(app.srcdir, MADE).mkdir(exist_ok=True)  # before Sphinx looks whether it is there
    app.add_role("made", MadePage())
    app.connect("builder-inited", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
