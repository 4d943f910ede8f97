"""A studio's server in a thread of the test, for as long as the test needs it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from backpass.studio.app import make_server
from backpass.studio.guard import Address
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData


@contextmanager
def serve(state: PageState, data: SessionData | None, address: Address, *beside) -> Iterator[None]:
    """Serve a page, and wait at the end until the server has ended."""
    server = make_server(state, data, address, *beside)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        # A server that cannot start would be waited for to the end of days.
        assert thread.is_alive(), "the server ended before it had started"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()
