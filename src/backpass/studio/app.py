"""The studio's server: one page, its parts, explanations, and a WebSocket for live training.

It binds to loopback. Every path begins with a random token; the Host header must be the server's
own, and so must an Origin, which a WebSocket has to send. Nothing that arrives is run.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import socket
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from .. import old_names
from ..errors import InvalidInput, MissingExtra
from ..inspection.explain import explain
from ..inspection.trace import trace
from .page import MODULES, plotly_path, render, static_file
from .page_state import PageState
from .session import Hyperparameters, Session
from .session_data import SessionData

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.websockets import WebSocket, WebSocketDisconnect
except ImportError as error:
    raise MissingExtra("The studio needs starlette: pip install 'backpass[studio]'.") from error

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {"js": "text/javascript", "css": "text/css"}
FILES = (*MODULES, "studio.css")
MOST_BYTES = 8 * 2**20  # of a question; it holds θ
MESSAGE_BYTES = 4096  # of a WebSocket message; it holds a word and three numbers
MOST_CONNECTIONS = 64
MOST_MISTAKES = 10


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
            await PlainTextResponse("refused", status_code=403)(scope, receive, send)

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


class Studio:
    """The endpoints, around one network and one training session."""

    def __init__(self, state: PageState, data: SessionData) -> None:
        self.session = Session(state, data)
        self.controlled = False

    async def page(self, _: Request) -> Response:
        """The page, with the network as it is now."""
        state = self.session.page_state.at(self.session.theta)
        return HTMLResponse(render(state), headers=HEADERS)

    async def static(self, request: Request) -> Response:
        """One of the page's files; there are no others."""
        name = request.path_params["name"]
        plotly = plotly_path()
        if name == "plotly.min.js" and plotly is not None:
            content = plotly.read_bytes()
        elif name in FILES:
            content = static_file(name)
        else:
            return PlainTextResponse("there is no such file", status_code=404)
        return Response(content, media_type=TYPES[name.rsplit(".", 1)[1]], headers=HEADERS)

    async def explain(self, request: Request) -> Response:
        """Python's words on where a number comes from."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return PlainTextResponse("too long", status_code=413)
        try:
            text = explanation(self.session.page_state, json.loads(body))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return PlainTextResponse("that question was not understood", status_code=400)
        return JSONResponse({"text": text}, headers=HEADERS)

    async def train(self, socket: WebSocket) -> None:
        """Steer the session from one page; a second page has to wait."""
        await socket.accept()
        if self.controlled:
            await socket.send_json({"says": "Another page is training this network."})
            return await socket.close()
        self.controlled = True
        sender = asyncio.create_task(self._send_news(socket))
        try:
            await self._handle_orders(socket)
        except WebSocketDisconnect:
            pass
        finally:
            sender.cancel()
            await asyncio.to_thread(self.session.stop)
            self.controlled = False

    async def _send_news(self, socket: WebSocket) -> None:
        """Send the latest news when the connection is ready for it: frames drop, nothing queues."""
        while True:
            news = self.session.mailbox.take()
            if news is not None:
                await socket.send_text(json.dumps(nan_to_null(news)))
            await asyncio.sleep(0.05)

    async def _handle_orders(self, socket: WebSocket) -> None:
        """Take orders until the page goes; too many that make no sense end the connection."""
        mistakes = 0
        while mistakes < MOST_MISTAKES:
            text = await socket.receive_text()
            try:
                order = parse_order(text)
            except (ValueError, TypeError, RecursionError):
                mistakes += 1
                await socket.send_json({"says": "That order was not understood."})
                continue
            await asyncio.to_thread(self._apply, *order)
        await socket.close(1008)

    def _apply(self, what: str, hyperparameters: Hyperparameters) -> None:
        if what == "start":
            self.session.start(hyperparameters)
        elif what == "set":
            self.session.hyperparameters.alpha = hyperparameters.alpha
            self.session.hyperparameters.lam = hyperparameters.lam
        else:
            getattr(self.session, what)()


ORDERS = ("start", "set", "pause", "resume", "stop", "save")


def parse_order(text: str) -> tuple[str, Hyperparameters]:
    """Read {"do": one of six words, "alpha", "lam", "epochs"}; ValueError for anything else."""
    if len(text) > MESSAGE_BYTES:
        raise ValueError("too long")
    order = json.loads(text)
    if not isinstance(order, dict) or order.get("do") not in ORDERS:
        raise ValueError("not an order")
    alpha, lam = float(order.get("alpha", 1e-3)), float(order.get("lam", 0.0))
    epochs = int(order.get("epochs", 100))
    if not (0 < alpha < math.inf and 0 <= lam < math.inf and 0 < epochs <= 1_000_000):
        raise ValueError("numbers out of range")
    return str(order["do"]), Hyperparameters(alpha, lam, epochs)


class Question(TypedDict):
    """What the page asks about a number; it counts units from 1."""

    theta: list[float]
    rows: list[int]
    lam: float
    symbol: str
    layer: int
    unit: int
    column: NotRequired[int]  # of a Theta or a Delta


def explanation(state: PageState, question: Question) -> str:
    """Trace the asked rows with the page's θ, and explain the number; the page counts from 1."""
    rows = [int(row) for row in question["rows"]]
    theta = np.asarray(question["theta"], dtype=np.float64)
    t = trace(state.net, theta, state.X[rows], state.Y[rows], float(question["lam"]))
    where = {"layer": int(question["layer"]), "unit": int(question["unit"]) - 1}
    if "column" in question:
        where["column"] = int(question["column"])
    symbol = "Theta" if question["symbol"] == "theta" else str(question["symbol"])
    return str(explain(t, symbol, example=len(rows) - 1, **where))


def nan_to_null(news: object) -> object:
    """JSON has no NaN: such numbers become null."""
    if isinstance(news, float):
        return news if math.isfinite(news) else None
    if isinstance(news, dict):
        return {name: nan_to_null(value) for name, value in news.items()}
    return [nan_to_null(value) for value in news] if isinstance(news, list) else news


def make_app(state: PageState, data: SessionData, address: Address) -> Guard:
    """The guarded application."""
    studio = Studio(state, data)
    routes = [
        Route("/", studio.page),
        Route("/static/{name:path}", studio.static),
        Route("/explain", studio.explain, methods=["POST"]),
        WebSocketRoute("/train", studio.train),
    ]
    app = Starlette(routes=[Mount("/" + address.token, routes=routes)])
    return Guard(app, address)


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


def make_server(state: PageState, data: SessionData, address: Address) -> uvicorn.Server:
    """A server that takes small messages and a bounded number of connections."""
    config = uvicorn.Config(
        make_app(state, data, address),
        host=address.host,
        port=address.port,
        log_level="warning",
        ws_max_size=MESSAGE_BYTES,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


__getattr__ = old_names("studio.app")
