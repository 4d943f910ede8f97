"""How quick the studio's page is in Debian's Chromium, and whether it keeps step with the file.

    python benchmarks/studio_page.py [DATA] [--loads 7] [--seconds 20] [--minutes 10]
                                     [--epochs 100000]

DATA is what ``backpass studio`` takes. The first picture is the time from asking for the page to
its first contentful paint; frames are counted while training streams. The memory is the tab's
JavaScript heap, after a collection, once a minute. At last θ of the page is held against the file
that was saved after --epochs epochs of a small table.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright
from sklearn.datasets import load_iris

import backpass as bp
from backpass.io.saving import TableModel, load_table_model

FLAGS = ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info"]
COUNT = """() => {
  window.frames_ = 0;
  const next = () => { window.frames_ += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
SAYS = "document.querySelector('#train-says').textContent"
CELLS = 'button.cell[data-name^="theta:"]'
VALUES = "cells => cells.map(c => [c.dataset.name, +c.dataset.value])"
HEAP = "() => { window.gc(); return performance.memory.usedJSHeapSize / 2 ** 20; }"


@contextmanager
def studio(*words: str) -> Generator[str]:
    """The address of a studio that is served until the end."""
    command = [sys.executable, "-m", "backpass", "studio", *words, "--no-browser", "--force"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            addresses = (re.search(r"http://\S+", line) for line in server.stderr)
            yield next(found[0] for found in addresses if found)
        finally:
            server.terminate()


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")


def start(page: Page, epochs: int) -> None:
    page.click("#tab-training")
    page.fill("#train-epochs", str(epochs))
    page.click("#train-start")


def first_picture(page: Page, address: str, loads: int) -> list[float]:
    times = []
    for _ in range(loads):
        opened(page, address)
        page.wait_for_function(f"({PAINT})() !== null")
        times.append(page.evaluate(PAINT))
    return times


def frames_a_second(page: Page, seconds: float) -> float:
    page.evaluate(COUNT)
    before, began = page.evaluate("window.frames_"), time.perf_counter()
    time.sleep(seconds)
    return (page.evaluate("window.frames_") - before) / (time.perf_counter() - began)


def memory(page: Page, minutes: int) -> Iterator[float]:
    yield page.evaluate(HEAP)
    for _ in range(minutes):
        time.sleep(60)
        yield page.evaluate(HEAP)


def farthest_theta(page: Page, folder: Path, epochs: int) -> float:
    """The largest difference between θ of the page and of the file, after many epochs."""
    table, file = folder / "iris.csv", folder / "iris.backpass"
    X, y = load_iris(return_X_y=True)
    pd.DataFrame(X).assign(kind=np.array(["a", "b", "c"])[y]).to_csv(table, index=False)
    with studio(str(table), "--target", "kind", "--hidden", "5", "--out", str(file)) as address:
        opened(page, address)
        start(page, epochs)
        page.wait_for_function(f"() => {SAYS}.startsWith('All epochs')", timeout=0)
        page.click("#tab-steps")
        while (closed := page.locator("#tables details:not([open]) summary")).count():
            closed.first.click()
        page.wait_for_selector(CELLS)
        shown = page.eval_on_selector_all(
            CELLS, "cells => cells.map(c => [c.dataset.name, +c.dataset.value])"
        )
    return max(
        abs(value - of_file) for value, of_file in beside(dict(shown), load_table_model(file))
    )


def beside(shown: dict[str, float], model: TableModel) -> Iterator[tuple[float, float]]:
    """Each number of θ that the page shows, and the file's."""
    network = model.estimator
    assert isinstance(network, bp.MLPClassifier)
    Theta = network.net_.roll(network.theta_)
    for name, value in shown.items():
        layer, unit, column = map(int, name.split(":")[1:])
        yield value, Theta[layer - 1][unit - 1, column]


def seen(page: Page, wanted: argparse.Namespace) -> Iterator[str]:
    with studio(wanted.data) as address:
        times = first_picture(page, address, wanted.loads)
        yield f"first picture: {statistics.median(times):.0f} ms (median of {wanted.loads})"
        start(page, 1_000_000)
        yield f"training streams: {frames_a_second(page, wanted.seconds):.1f} frames a second"
        heap = " ".join(f"{each:.1f}" for each in memory(page, wanted.minutes))
        yield f"memory of the tab, minute by minute: {heap} MiB"
    with tempfile.TemporaryDirectory() as folder:
        off = farthest_theta(page, Path(folder), wanted.epochs)
        yield f"θ after {wanted.epochs} epochs: off the file's by {off:g} at most"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    for name, default in (("loads", 7), ("minutes", 10), ("epochs", 100_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=20)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for line in seen(browser.new_page(), parser.parse_args()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
