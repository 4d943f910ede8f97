"""Bodies of requests: JSON, and no more of it than may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


class TooLong(Exception):
    """A body of more bytes than are read."""


async def read_json(request: Request, most: int) -> dict[str, object]:
    """Read a body of at most so many bytes; ValueError or RecursionError where it is no object."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLong
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value
