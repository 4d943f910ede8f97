"""Sparse rows as they come, the same numbers dense, and a process whose memory is bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.sparse

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process so")

PRELUDE = """
import json, resource, warnings
import numpy as np
import scipy.sparse
import backpass as bp
warnings.simplefilter("ignore")

def text(rows, columns, words, dtype=np.float64):
    "A bag of words for each row, about `words` of them, and two classes."
    rng = np.random.default_rng(0)
    where = rng.integers(columns, size=rows * words)
    values = rng.random(rows * words).astype(dtype)
    X = scipy.sparse.csr_matrix((values, where, np.arange(rows + 1) * words), (rows, columns))
    X.sum_duplicates()
    return X, np.arange(rows) % 2

def allow(megabytes):
    "Let this process take so much more memory than it has now, and no more."
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + megabytes * 2**20,) * 2)

def tell(value):
    print("told:" + json.dumps(value))
"""


def untidy(
    rng: np.random.Generator,
    shape: tuple[int, int],
    filled: float = 0.2,
    kind: Any = scipy.sparse.csr_matrix,
    indices: Any = np.int32,
) -> Any:
    """CSR with unsorted and repeated entries, zeros that are stored, and rows without an entry."""
    m, n = shape
    counts = rng.binomial(n, filled, m) * (rng.random(m) > 0.2)
    counts[-1] = 0
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(indices)
    numbers = rng.integers(0, n, starts[-1]).astype(indices)
    values = rng.normal(size=len(numbers)) * (rng.random(len(numbers)) > 0.1)
    X = kind((values, numbers, starts), shape=shape)
    assert not X.has_canonical_format
    X.indices, X.indptr = numbers, starts  # SciPy narrows the indices that it can
    return X


def parts_of(X: Any) -> list[np.ndarray]:
    """Copies of what a CSR matrix consists of."""
    return [part.copy() for part in (X.data, X.indices, X.indptr)]


def told(code: str, threads: int = 1) -> Any:
    """Run code in a fresh process; what it hands to `tell` comes back."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("told:")]
    assert lines, done.stderr[-2000:]
    return json.loads(lines[-1].removeprefix("told:"))
