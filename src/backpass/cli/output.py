"""Files that a command writes: looked at before the work begins."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import InvalidInput, OutputExists
from ..storage.atomic import check_output


def check_free(path: Path, force: bool, option: str = "--out") -> None:
    """Raise if an option's file cannot be written, or exists and may not be replaced."""
    try:
        place = check_output(path, force)
    except OutputExists:
        raise OutputExists(
            f"{path} exists; --force replaces it, {option} names another file."
        ) from None
    if not os.access(place.parent, os.W_OK):
        raise InvalidInput(f"The folder {place.parent} cannot be written to.")
