"""Rows in memory that are encoded when a member's training begins, and let go of when it ends.

Encoded rows take half as much again as the table's own. Members of a large table that wait for a
thread, or are over, hold none of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ... import engine
from ...data.encoding.table_rows import TableRows
from ...engine.encoding import EncodedRows
from ...network import Network
from ...storage.fingerprints import fingerprint
from .codes import MemberCodes, MemberRows


class LaterRows:
    """Rows as a job reads them, made for each job anew.

    Parameters
    ----------
    rows : TableRows of m rows
        With target means.
    Y : ndarray of shape (m, units)
        As the network learns them.
    sample_weight : ndarray of shape (m,), optional
        w ≥ 0.
    codes : MemberCodes
        The member's.
    dtype : dtype
        Of the arithmetic.
    """

    def __init__(
        self,
        rows: TableRows,
        Y: np.ndarray,
        sample_weight: np.ndarray | None,
        codes: MemberCodes,
        dtype: np.dtype,
    ) -> None:
        self._rows, self._Y, self._weight, self._codes = rows, Y, sample_weight, codes
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        return len(self._rows), self._codes.inputs

    @property
    def layout(self) -> list[tuple[int, int, int, int, int]] | None:
        """Of the encoded rows; None where there is free text."""
        return None if self._codes.terms else self._codes.layout

    def problem(self, net: Network, stopped: Callable[[], bool]) -> engine.Problem:
        """Encode the rows, and bind a network to them."""
        X, Y = self._made()
        return engine.prepare(net, X, Y, sample_weight=self._weight, n_threads=1)

    def fingerprint(self) -> str:
        """Hash everything that is in the encoded rows."""
        X, Y = self._made()
        made = (X.numbers, X.places) if isinstance(X, EncodedRows) else (X,)
        return fingerprint(*made, Y, self._weight)

    def _made(self) -> tuple[MemberRows, np.ndarray]:
        return self._codes.encode(self._rows, self.dtype), self._Y.astype(self.dtype)
