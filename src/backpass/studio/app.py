"""The studio's server: one page, its parts, explanations, and a WebSocket for live training.

It binds to loopback. Every path begins with a random token; the Host header must be the server's
own, and so must an Origin, which a WebSocket has to send. Nothing that arrives is run,
but where a debugger was asked for: what is pasted there, contained as a course's submissions are.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from .. import old_names
from ..errors import InvalidInput, MissingExtra
from .answering.beside import Beside, OtherCells
from .answering.bodies import TooLong, read_json
from .answering.debugger import Debugger
from .answering.questions import Question, explanation
from .answering.rows import told_row
from .audience import OTHER, Audience, Onlooker
from .guard import Address, Guard, listening, new_address
from .orders import MESSAGE_BYTES, ORDERS, parse_order
from .page import MODULES, WHOLE, plotly_path, render, static_file
from .page_state import PageState
from .session import Hyperparameters, Session
from .session_data import SessionData

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
    from starlette.routing import Mount, Route, Router, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketClose, WebSocketDisconnect
except ImportError as error:
    raise MissingExtra("The studio needs starlette: pip install 'backpass[studio]'.") from error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

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
FILES = (*MODULES, WHOLE, "studio.css")
OFF = "The debugger is off: start the studio with --debugger."
MOST_BYTES = 8 * 2**20  # of a question; it holds θ
MOST_CONNECTIONS = 64
MOST_MISTAKES = 10
MOST_MEMBERS = 4  # whose pages are kept
NEWS_SECONDS = 0.05
RELOAD_SECONDS = 4.0  # a page that loads again is back by then


class Studio:
    """The endpoints, around one network and one training session."""

    def __init__(self, state: PageState, data: SessionData, beside: Beside) -> None:
        self.session = Session(state, data)
        self.beside = beside
        self.debugger = Debugger() if beside.debugs else None
        self.audience = Audience()
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def served(self) -> dict[str, object]:
        """What the page can ask for beside training and explanations."""
        return {} if self.debugger is None else {"debugger": self.debugger.about}

    async def page(self, _: Request) -> Response:
        """The page, with the network as it is now."""
        state = self.session.page_state.at(self.session.theta)
        return HTMLResponse(render(state, self.served), headers=HEADERS)

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
        try:
            question = cast(Question, await read_json(request, MOST_BYTES))
            text = explanation(self.session.page_state, question, self.session.data)
        except TooLong:
            return PlainTextResponse("too long", status_code=413)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return PlainTextResponse("that question was not understood", status_code=400)
        return JSONResponse({"text": text}, headers=HEADERS)

    async def row(self, request: Request) -> Response:
        """A row that the page does not have."""
        try:
            wish = cast(Mapping[str, int], await read_json(request, MESSAGE_BYTES))
            state, theta = self.session.page_state, self.session.theta
            told = await asyncio.to_thread(told_row, state, theta, self.session.data, wish)
        except (TooLong, ValueError, KeyError, TypeError, RecursionError):
            return PlainTextResponse("there is no such row", status_code=404)
        return JSONResponse(nan_to_null(told), headers=HEADERS)

    async def answer(self, request: Request) -> Response:
        """What the table's model answers to a row with other cells."""
        try:
            asked = cast(OtherCells, await read_json(request, MOST_BYTES))
            if self.beside.answer is None:
                raise KeyError("answer")
            given = int(asked["row"]), dict(asked["cells"])
            told = await asyncio.to_thread(self.beside.answer, *given)
        except (TooLong, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return PlainTextResponse("that row was not understood", status_code=400)
        return JSONResponse(nan_to_null(told), headers=HEADERS)

    async def debug(self, request: Request) -> Response:
        """Say which formula of pasted code is wrong, where that was asked for."""
        if self.debugger is None:
            return JSONResponse({"says": OFF}, status_code=404, headers=HEADERS)
        status, told = await self.debugger.answer(request)
        return JSONResponse(told, status_code=status, headers=HEADERS)

    async def train(self, socket: WebSocket) -> None:
        """Tell one page the news, and take its orders if it steers."""
        await socket.accept()
        page = self.audience.join(socket.query_params.get("tab", ""))
        sender = asyncio.create_task(_send_news(socket, page))
        try:
            await self._handle_orders(socket, page)
        except WebSocketDisconnect:
            pass
        finally:
            sender.cancel()
            await self._part_with(page)

    async def _part_with(self, page: Onlooker) -> None:
        """Let a page go; while it may be loading again, the training waits for it to be back."""
        wait = self.session.running
        self.audience.leave(page, wait)
        if wait:
            task = asyncio.create_task(self._pass_on())
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _pass_on(self) -> None:
        """Give the wheel to another page, or stop and save where there is none."""
        await asyncio.sleep(RELOAD_SECONDS)
        self.audience.pass_on()
        if not self.audience.pages:
            await asyncio.to_thread(self.session.stop)

    async def tell(self) -> None:
        """Take the session's news to all pages, for as long as the server runs."""
        while True:
            news = self.session.mailbox.take()
            if news is not None:
                self.audience.hear(news)
            if not self.session.running:  # nothing is left for which a tab would be awaited
                self.audience.pass_on()
            await asyncio.sleep(NEWS_SECONDS)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Tell news while the server runs; in the end, stop the training, which saves."""
        telling = asyncio.create_task(self.tell())
        yield
        telling.cancel()
        await self.stop()

    async def stop(self) -> None:
        """Stop what runs; a training saves."""
        if self.debugger is not None:
            await self.debugger.close()
        for task in tuple(self._waiting):
            task.cancel()
        await asyncio.to_thread(self.session.stop)

    @property
    def routes(self) -> list[Route | WebSocketRoute]:
        """Where its endpoints are, beneath a page's own address."""
        return [
            Route("/", self.page),
            Route("/static/{name:path}", self.static),
            Route("/explain", self.explain, methods=["POST"]),
            Route("/row", self.row, methods=["POST"]),
            Route("/answer", self.answer, methods=["POST"]),
            Route("/debug", self.debug, methods=["POST"]),
            WebSocketRoute("/train", self.train),
        ]

    async def _handle_orders(self, socket: WebSocket, page: Onlooker) -> None:
        """Take orders until the page goes; too many that make no sense end the connection."""
        mistakes = 0
        while mistakes < MOST_MISTAKES:
            text = await _receive(socket)
            try:
                order = parse_order(text)
            except (ValueError, TypeError, RecursionError):
                mistakes += 1
                await socket.send_json({"says": "That order was not understood."})
                continue
            if self.audience.may_steer(page):
                await asyncio.to_thread(self._apply, *order)
            else:
                await socket.send_json({"says": OTHER, "steers": False})
        await socket.close(1008)

    def _apply(self, what: str, hyperparameters: Hyperparameters) -> None:
        if what == "start":
            self.session.start(hyperparameters)
        elif what == "set":
            self.session.change(hyperparameters)
        else:
            getattr(self.session, what)()


async def _send_news(socket: WebSocket, page: Onlooker) -> None:
    """Send the latest news when the connection is ready for it: frames drop, nothing queues."""
    while True:
        news = page.mailbox.take()
        if news is not None:
            await socket.send_text(json.dumps(nan_to_null(news)))
        await asyncio.sleep(NEWS_SECONDS)


async def _receive(socket: WebSocket) -> str:
    """One message's text; of bytes none, which is no order."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1005)
    return message.get("text") or ""


def nan_to_null(news: object) -> object:
    """JSON has no NaN: such numbers become null."""
    if isinstance(news, float):
        return news if math.isfinite(news) else None
    if isinstance(news, dict):
        return {name: nan_to_null(value) for name, value in news.items()}
    return [nan_to_null(value) for value in news] if isinstance(news, list) else news


class MemberPages:
    """Each member of an ensemble as a page of its own, made when it is asked for."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._open: dict[int, tuple[Studio, Router, asyncio.Task[None]]] = {}
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a member's page answer."""
        answering: ASGIApp
        try:
            async with self._making:
                answering = await self._router(int(scope["path_params"]["member"]))
        except InvalidInput as error:
            refused = PlainTextResponse(str(error), status_code=404)
            answering = WebSocketClose() if scope["type"] == "websocket" else refused
        await answering(scope, receive, send)

    async def _router(self, k: int) -> Router:
        if self._beside.member is None:
            raise InvalidInput("The page shows no ensemble.")
        if k not in self._open:
            state, data = await asyncio.to_thread(self._beside.member, k)
            studio = Studio(state, data, self._beside)
            telling = asyncio.create_task(studio.tell())
            self._open[k] = studio, Router(studio.routes), telling
            for other in [*self._open][:-MOST_MEMBERS]:
                await self._close(other)
        return self._open[k][1]

    async def _close(self, k: int) -> None:
        studio, _, telling = self._open.pop(k)
        telling.cancel()
        await studio.stop()

    async def stop(self) -> None:
        """Stop all of them."""
        for k in [*self._open]:
            await self._close(k)


def make_app(
    state: PageState, data: SessionData, address: Address, beside: Beside | None = None
) -> Guard:
    """The guarded application."""
    beside = beside or Beside()
    studio, members = Studio(state, data, beside), MemberPages(beside)
    routes = [*studio.routes, Mount("/member/{member:int}", members)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with studio.lifespan():
            yield
        await members.stop()

    mounted = [Mount("/" + address.token, routes=routes)]
    app = Starlette(routes=mounted, lifespan=lifespan)
    return Guard(app, address)


def make_server(
    state: PageState, data: SessionData, address: Address, beside: Beside | None = None
) -> uvicorn.Server:
    """A server that takes small messages and a bounded number of connections."""
    config = uvicorn.Config(
        make_app(state, data, address, beside),
        host=address.host,
        port=address.port,
        log_level="warning",
        ws_max_size=MESSAGE_BYTES,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


__all__ = ["MESSAGE_BYTES", "ORDERS", "Address", "Guard", "Studio", "explanation", "listening",
           "make_app", "make_server", "nan_to_null", "new_address", "parse_order"]  # fmt: skip
__getattr__ = old_names("studio.app")
