"""Who is let in: the address with its token, and what is refused before anything is answered."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InvalidInput

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True)
class Address:
    """Where the server is, and the token without which it answers nothing."""

    host: str
    port: int
    token: str

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://{self.host}:{self.port}/{self.token}/"

    @property
    def hosts(self) -> set[str]:
        """What a Host header may say."""
        return {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", self.host)}


class Guard:
    """Refuse whatever does not come from the page itself: foreign Host or Origin, no token."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self.app = app
        self.address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or end it."""
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send)

    def _is_allowed(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        own = {f"http://{host}" for host in self.address.hosts}
        first = scope["path"].split("/")[1].encode()
        return (
            headers.get(b"host") in self.address.hosts
            and (origin in own or (origin is None and scope["type"] == "http"))
            and secrets.compare_digest(first, self.address.token.encode())
        )


async def _refuse(send: Send) -> None:
    """Answer a request with one word."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"7")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"refused"})


def new_address(port: int = 0) -> Address:
    """Loopback, with a token that nobody can guess; port 0 takes a free one."""
    if port == 0:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    return Address("127.0.0.1", port, secrets.token_urlsafe(24))


def listening(address: Address) -> socket.socket:
    """Open the door before anybody is told where it is; a port that is taken is an error."""
    try:
        return socket.create_server((address.host, address.port))
    except OSError as error:
        raise InvalidInput(f"Port {address.port} cannot be served on: {error.strerror}.") from None
