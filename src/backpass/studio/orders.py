"""What the page may order over the WebSocket, read and checked."""

from __future__ import annotations

import json
import math

from .session import Hyperparameters

MESSAGE_BYTES = 4096  # of a WebSocket message; it holds a word and three numbers
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
