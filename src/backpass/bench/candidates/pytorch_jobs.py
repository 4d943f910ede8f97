"""PyTorch on several networks: in turn, one a thread, and like ones in stacks of matrices."""

# pyright: reportMissingImports=false

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ...network import Network
from ..data import Data, members
from ..workloads import Workload
from .in_turn import InTurn
from .pytorch import ACTIVATIONS, Eager, optimizer_of

STACKS = 4  # for each depth: one alone is twice as slow for all its padding, more are no faster


class EagerInTurn(InTurn):
    """Each network with all threads."""

    def __init__(self) -> None:
        super().__init__(Eager)


class OneAThread(EagerInTurn):
    """Each network on one thread, as many at once as there are threads, the largest first."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Prepare each for one thread."""
        super().prepare(workload, data, 1)
        weights = [each.network.n_parameters for each in workload.members]
        self._order, self._threads = np.argsort(weights)[::-1], threads

    def run(self, times: int) -> None:
        """Run them all, which lets go of Python's lock in every product."""
        with ThreadPoolExecutor(
            self._threads, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            list(pool.map(lambda k: self.jobs[k].run(times), self._order))


class Stacked:
    """Networks of one depth and like width in ``baddbmm``, the narrower ones filled up with zeros.

    A unit of zeros answers 0 to everything and gets no gradient, so that it stays one: for ReLU.
    """

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Make the stacks, and one fused optimiser of all of them."""
        torch.set_num_threads(threads)
        self._jobs, self._batch_size = members(workload, data), workload.batch_size
        X, Y = torch.from_numpy(data.X), torch.from_numpy(data.Y)
        self._stacks = [Stack([self._jobs[k] for k in like], X, Y) for like in _alike(workload)]
        self._places = np.concatenate(_alike(workload))
        parameters = [tensor for stack in self._stacks for tensor in stack.parameters]
        self._optimizer = optimizer_of(workload, parameters)

    def run(self, times: int) -> None:
        """Step on all networks at once."""
        for _ in range(times):
            for start in range(0, len(self._jobs[0][1].X), self._batch_size):
                batch = slice(start, start + self._batch_size)
                self._optimizer.zero_grad(set_to_none=True)
                torch.stack([stack.cost(batch) for stack in self._stacks]).sum().backward()
                self._optimizer.step()

    def result(self) -> np.ndarray:
        """Every network's θ, in their order."""
        thetas = [theta for stack in self._stacks for theta in stack.thetas()]
        return np.concatenate([thetas[place] for place in np.argsort(self._places)])


class Stack:
    """Networks of one depth: W of shape (k, s_l, s_{l+1}) by layer, b of shape (k, 1, s_{l+1})."""

    def __init__(self, jobs: list[tuple[Workload, Data]], X: Tensor, Y: Tensor) -> None:
        self._X, self._Y = X, Y
        self._networks = [workload.network for workload, _ in jobs]
        self._g = ACTIVATIONS[jobs[0][0].hidden]
        self._orders = torch.from_numpy(np.stack([data.order for _, data in jobs]))
        widest = tuple(np.max([network.sizes for network in self._networks], axis=0))
        self.parameters: list[Tensor] = []
        for l, shape in enumerate(pairwise(widest)):
            Thetas = [
                network.roll(data.theta)[l] for network, (_, data) in zip(self._networks, jobs)
            ]
            W = [_filled(Theta[:, 1:].T, shape) for Theta in Thetas]
            b = [_filled(Theta[:, :1].T, (1, shape[1])) for Theta in Thetas]
            self.parameters += [
                torch.from_numpy(np.stack(part)).requires_grad_() for part in (W, b)
            ]

    def cost(self, batch: slice) -> Tensor:
        """The sum of the networks' J, each on its own rows."""
        rows = self._orders[:, batch]
        (W, b), *others = zip(self.parameters[::2], self.parameters[1::2])
        z = torch.baddbmm(b, self._X[rows], W)
        for W, b in others:
            z = torch.baddbmm(b, self._g(z), W)
        return ((z - self._Y[rows]) ** 2).sum() / (2 * rows.shape[1])

    def thetas(self) -> list[np.ndarray]:
        """Each network's θ, without the filling."""
        arrays = [tensor.detach().numpy() for tensor in self.parameters]
        return [
            _unrolled([array[k] for array in arrays], network)
            for k, network in enumerate(self._networks)
        ]


def _unrolled(arrays: list[np.ndarray], network: Network) -> np.ndarray:
    """One network's θ, from its W, b, W, b, … with their filling."""
    layers = zip(arrays[::2], arrays[1::2], pairwise(network.sizes))
    Thetas = [np.vstack([b[:, :right], W[:left, :right]]) for W, b, (left, right) in layers]
    return np.concatenate([Theta.ravel() for Theta in Thetas])


def _alike(workload: Workload) -> list[np.ndarray]:
    """Numbers of networks of one depth and like width."""
    hidden = workload.networks
    depths = sorted({len(sizes) for sizes in hidden})
    by_depth = [
        sorted(
            (k for k, sizes in enumerate(hidden) if len(sizes) == depth), key=lambda k: hidden[k]
        )
        for depth in depths
    ]
    return [part for like in by_depth for part in np.array_split(like, STACKS) if len(part)]


def _filled(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros to the right and below."""
    return np.pad(array, [(0, whole - here) for whole, here in zip(shape, array.shape)])
