"""The studio's page in a browser: what its tests share."""

import os
from pathlib import Path

from sklearn.datasets import load_digits

import backpass as bp
from backpass.arrays import ImageShape
from backpass.studio.page_state import PageState


def digits_page_state(hidden="tanh", loss="log_loss", sizes=(64, 12, 10), m=40) -> PageState:
    X, y = load_digits(return_X_y=True)
    X, Y = X[:m] / 16, bp.one_hot(y[:m], range(10))
    net = bp.Network(sizes, hidden, loss)
    theta = bp.init_theta(net, 3, "glorot")
    classes = list(range(10)) if "log_loss" in loss else None
    return PageState(net, theta, 0.5, X, Y, classes, ImageShape(8, 8), title="digits")


class Page:
    """A page whose requests and console errors are kept."""

    def __init__(self, browser, url: str, **context):
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector("html[data-ready=true]")

    def cells(self) -> dict[tuple[str, int, int, int | None], float]:
        """Every number of the tables, by its name, in full precision."""
        script = "cells => cells.map(c => [c.dataset.name, c.dataset.value])"
        found = {}
        for name, value in self.page.eval_on_selector_all("button.cell", script):
            symbol, layer, unit, column = name.split(":")
            found[symbol, int(layer), int(unit), int(column) if column else None] = float(value)
        return found

    def steps(self, *names: str) -> None:
        for name in names:
            self.page.click(f"#step-{name}")

    def open_tables(self) -> None:
        for k in range(self.page.locator("#tables details").count()):
            details = self.page.locator("#tables details").nth(k)
            if details.get_attribute("open") is None:
                details.locator("summary").click()
                details.locator("table").first.wait_for()

    def shot(self, name: str) -> None:
        """Keep a picture where somebody wants to look at it."""
        folder = os.environ.get("BACKPASS_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


MODULES = """async (call) => {
  const module = await import(`./static/${call.module}.js`);
  return module[call.name](...call.arguments);
}"""


def called(page: Page, module: str, name: str, *arguments: object) -> object:
    """What a function of one of the page's modules answers; a server has the page."""
    given = {"module": module, "name": name, "arguments": list(arguments)}
    return page.page.evaluate(MODULES, given)
