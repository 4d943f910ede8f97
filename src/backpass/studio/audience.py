"""The pages that look on: each has a mailbox of its own, and one of them steers the training."""

from __future__ import annotations

from dataclasses import dataclass, field

from .news import Mailbox, News
from .past import Past

OTHER = "Another page steers this training; this one looks on."
HEIR = "The other page is closed; this one steers the training now."


@dataclass(eq=False)
class Onlooker:
    """One page that is open, by the tab that it is in: a reload keeps the tab."""

    tab: str
    mailbox: Mailbox = field(default_factory=Mailbox)


class Audience:
    """Who is told the news, and who may give orders; a page that comes later is told the past."""

    def __init__(self) -> None:
        self.pages: list[Onlooker] = []
        self.steering: Onlooker | None = None
        self.kept_for: str | None = None  # the tab that is awaited: it may be loading again
        self._past = Past()

    def hear(self, news: News) -> None:
        """Give news to every page."""
        self._past.add(news)
        for page in self.pages:
            page.mailbox.put(news)

    def join(self, tab: str) -> Onlooker:
        """Let a page look on; the first one steers, and one whose tab did before."""
        page = Onlooker(tab)
        if self.pages or self._past.news:
            page.mailbox.put(self._past.told())
        self.pages.append(page)
        if not self.may_steer(page):
            self._send_back(page)
        return page

    def may_steer(self, page: Onlooker) -> bool:
        """Whether a page's orders count; the first that asks while nobody steers is the one."""
        before = self.steering
        if before is page:
            return True
        free = before is None and self.kept_for in (None, page.tab)
        if not free and (before is None or not page.tab or before.tab != page.tab):
            return False
        self.steering, self.kept_for = page, None
        if before is not None:
            self._send_back(before)
        return True

    def leave(self, page: Onlooker, wait: bool) -> None:
        """Let a page go; its tab may be awaited, and otherwise the next page steers."""
        self.pages.remove(page)
        if page is self.steering:
            self.steering, self.kept_for = None, page.tab
            if not wait:
                self.pass_on()

    def pass_on(self) -> None:
        """Await a tab no longer where nobody steers: whichever page is open does."""
        self.kept_for = None
        if self.steering is None and self.pages:
            self.steering = self.pages[0]
            self.steering.mailbox.put({"says": HEIR, "steers": True})

    def _send_back(self, page: Onlooker) -> None:
        page.mailbox.put({"says": OTHER, "steers": False})
