"""PyTorch on CSR rows: Θ^(1) as an ``EmbeddingBag``, whose rows a text names, weighs and sums.

A product with a sparse tensor computes the same, two to twenty times slower on the way back and in
prediction.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...arrays import ArrayLike
from ..workloads import Workload
from .pytorch import Eager, optimizer_of, packed


class Bags(NamedTuple):
    """Rows as the columns that they name and their values there, both (m, most of a row)."""

    columns: Tensor
    values: Tensor


class EmbeddingBag(Eager):
    """The gradient of Θ^(1) is dense, and so is Adam's step, as its moments move everywhere."""

    sparse_gradient = False

    def result(self) -> np.ndarray:
        """θ, or h(X)."""
        if self._workload.kind == "predict":
            return super().result()
        table, *others = self._parameters
        return packed([table.T, *others])

    def _inputs(self, X: ArrayLike) -> Bags:
        """Shorter rows end on zeros, which add nothing to a sum."""
        counts = np.diff(X.indptr)
        here = np.arange(counts.max()) < counts[:, None]
        columns, values = np.zeros(here.shape, np.int64), np.zeros(here.shape, X.dtype)
        columns[here], values[here] = X.indices, X.data
        return Bags(torch.from_numpy(columns), torch.from_numpy(values))

    def _make_layers(self, workload: Workload, theta: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """As elsewhere, but Θ^(1) in rows by input: (s_1, s_2)."""
        (W, b), *others = super()._make_layers(workload, theta)
        return [(W.detach().T.contiguous().requires_grad_(), b), *others]

    def _first(self, x: Bags) -> Tensor:
        table, b = self._layers[0]
        z = F.embedding_bag(
            x.columns,
            table,
            mode="sum",
            per_sample_weights=x.values,
            sparse=self.sparse_gradient,
        )
        return z + b

    def _batches(self) -> Iterator[tuple[Bags, Tensor]]:
        for rows in self._order.split(self._workload.batch_size):
            yield Bags(*(part[rows] for part in self._X)), self._Y[rows]


class SparseAdam(EmbeddingBag):
    """A gradient of a batch's own rows, and a step of these alone: the others' moments rest."""

    sparse_gradient = True

    def _make_optimizer(self) -> Both:
        table, *others = self._parameters
        rate = self._workload.learning_rate
        rule = torch.optim.SparseAdam if self._workload.optimizer == "adam" else torch.optim.SGD
        return Both(rule([table], lr=rate), optimizer_of(self._workload, others))


class Both:
    """Two optimisers that step together."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self._optimizers = optimizers

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=set_to_none)

    def step(self) -> None:
        """Step on all parameters."""
        for optimizer in self._optimizers:
            optimizer.step()
