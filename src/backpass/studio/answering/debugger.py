"""The server's side of the debugger: one run at a time, which ends with the page that asked for it.

It is off unless `backpass studio --debugger` is asked for, and answers the page alone: beside the
token and the Host, a request has to send the Origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...errors import InvalidInput
from ...grading.containment import best_means, not_contained
from . import judge
from .bodies import TooLong, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 100_000  # of what may be pasted
MOST_OF_A_CALL = 1000  # characters of what is to be called, and how
PATIENCE = 15.0  # seconds that a judge may take to end what it has begun
ONE_AT_A_TIME = "Another function is being judged; try again when it is over."
TOO_LONG = f"Longer than {MOST_BYTES:,} bytes: paste the function and what it needs alone."
LIMITS = (
    "The server on this machine runs it, contained as a course's submissions are: at most "
    f"{judge.LIMITS.seconds:.0f} s for an answer, {judge.SECONDS} s for all, and "
    f"{judge.LIMITS.memory >> 20} MB of memory. NumPy is there, files and network are not."
)
OVER_TIME = f"It took longer than {judge.SECONDS} seconds, and was ended."

Answer = tuple[int, dict[str, object]]  # a status, and what the page is told


class Debugger:
    """Judges pasted code, in a process that is ended when nobody waits for it any more."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._busy = False

    @property
    def running(self) -> bool:
        """Whether code is being judged."""
        return self._busy

    @property
    def about(self) -> dict[str, object]:
        """What the page says of it."""
        return {"seconds": judge.SECONDS, "limits": LIMITS}

    async def answer(self, request: Request) -> Answer:
        """Judge what a request holds; the page that goes away has cancelled it."""
        if "origin" not in request.headers:
            return 403, {"says": "refused"}
        try:
            text, names = _read(await read_json(request, 2 * MOST_BYTES))
        except TooLong:
            return 413, {"says": TOO_LONG}
        except (ValueError, KeyError, TypeError, RecursionError):
            return 400, {"says": "That was not understood."}
        if self._busy:
            return 409, {"says": ONE_AT_A_TIME}
        self._busy = True
        try:
            return await self._judge(request, text, names)
        finally:
            self._busy = False

    async def _judge(self, request: Request, text: str, names: str) -> Answer:
        try:
            means, holds = await asyncio.to_thread(best_means)
        except InvalidInput as error:
            return 200, {"says": str(error)}
        given = {"means": asdict(means), "limits": asdict(judge.LIMITS)}
        question = json.dumps({"text": text, "names": names, **given})
        async with self._judging() as process:
            judged = asyncio.create_task(asyncio.to_thread(process.communicate, question.encode()))
            left = asyncio.create_task(_left(request))
            first = asyncio.FIRST_COMPLETED
            done, _ = await asyncio.wait({judged, left}, timeout=judge.SECONDS, return_when=first)
            left.cancel()
            if judged not in done:
                return 200, {"says": OVER_TIME}
        try:
            return 200, json.loads(judged.result()[0]) | {"open": not_contained(holds)}
        except ValueError:
            return 200, {"says": "The judge was ended before it had an answer."}

    @contextlib.asynccontextmanager
    async def _judging(self) -> AsyncGenerator[subprocess.Popen[bytes]]:
        """A judge that is over, with all that it began, when this is left."""
        process = subprocess.Popen(
            [sys.executable, "-m", judge.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "PYTHONSAFEPATH": "1",
            },  # nothing beside the user's files is imported
            start_new_session=True,  # Ctrl-C is for the server, which ends it in its turn
        )
        self._running = process
        try:
            yield process
        finally:
            self._running = None
            await asyncio.to_thread(_end, process)

    async def close(self) -> None:
        """End what is running."""
        if self._running is not None:
            await asyncio.to_thread(_end, self._running)


def _read(question: dict[str, object]) -> tuple[str, str]:
    """The code, and what is to be called."""
    text, names = question["text"], question.get("names", "")
    if not (isinstance(text, str) and isinstance(names, str)):
        raise TypeError
    if len(text.encode()) > MOST_BYTES:
        raise TooLong
    return text, names[:MOST_OF_A_CALL]


async def _left(request: Request) -> None:
    """Wait until the page does not wait any more."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a judge, which ends its child; one that does not is killed, and its child with it."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
