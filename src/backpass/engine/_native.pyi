"""The compiled core (native/bindings.cpp), as pyright sees it.

Arrays are contiguous, in the machine's byte order and of the module's one number type a call; what
a method fills comes from the caller. Nothing is checked there: ``native.py`` has done that.
"""

from collections.abc import Callable, Sequence

import numpy as np

def get_num_threads() -> int: ...
def set_num_threads(threads: int, /) -> None: ...
def instruction_sets() -> list[str]: ...
def activations() -> list[str]: ...
def losses() -> list[str]: ...
def rules() -> list[str]: ...
def forward(
    network: Network,
    /,
    theta: np.ndarray,
    x: np.ndarray,
    out: np.ndarray,
    output_activation: bool,
    threads: int,
) -> None: ...
def forward_sparse(
    network: Network,
    /,
    theta: np.ndarray,
    x: Csr32 | Csr64,
    out: np.ndarray,
    output_activation: bool,
    threads: int,
) -> None: ...
def elementwise(name: str, isa: str, x: np.ndarray, y: np.ndarray, /) -> None: ...
def multiply_adds_32(isa: str, rounds: int, threads: int, /) -> float: ...
def multiply_adds_64(isa: str, rounds: int, threads: int, /) -> float: ...
def forward_table(
    network: Network,
    /,
    theta: np.ndarray,
    x: Table32 | Table64,
    out: np.ndarray,
    output_activation: bool,
    threads: int,
) -> None: ...

class Table64:
    def __init__(
        self, numbers: np.ndarray, places: np.ndarray, columns: list[list[int]], /
    ) -> None: ...

class Table32(Table64): ...

class RawCells:
    def __init__(
        self, largest: float, smallest: float, least_share: float, beyond: float
    ) -> None: ...
    def add_searched(self, column: int, breakpoints: np.ndarray, of_gaps: int, /) -> None: ...
    def add_shape(
        self,
        searched: int,
        places: np.ndarray,
        stretches: np.ndarray,
        median: float,
        least: float,
        /,
    ) -> None: ...
    def add_bins(
        self,
        searched: int,
        places: np.ndarray,
        bins: np.ndarray,
        median: float,
        least: float,
        most: float,
        /,
    ) -> None: ...
    def add_of_level(self, category: int, values: np.ndarray, /) -> None: ...
    def add_gap(self, column: int, /) -> None: ...
    def add_indicator(self, category: int, places: np.ndarray, /) -> None: ...
    def add_form(self, columns: Sequence[Sequence[int]], /) -> None: ...

class JointAnswers:
    def __init__(self, cells: RawCells, isa: str, /) -> None: ...
    def add(self, network: Network, theta: np.ndarray, form: int, /) -> None: ...
    def run(
        self, numbers: np.ndarray, levels: np.ndarray, out: np.ndarray, threads: int, /
    ) -> None: ...

class Csr64:
    def __init__(self, values: np.ndarray, columns: np.ndarray, starts: np.ndarray, /) -> None: ...

class Csr32(Csr64): ...

class Network:
    def __init__(
        self,
        sizes: list[int],
        hidden: list[str],
        loss: str,
        parameter: float,
        isa: str,
        /,
        own_hidden: list[tuple[Callable[..., object], ...]] = ...,
        own_loss: tuple[Callable[..., object], ...] = ...,
    ) -> None: ...
    def quick_forward(self, theta: object, x: object, out: object, /) -> bool: ...

class Rule:
    def __init__(
        self,
        rule: str,
        momentum: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        weight_decay: float,
        /,
        lengths: Sequence[float] = ...,
        ratio: float = ...,
        polynomials: Sequence[Sequence[float]] = ...,
    ) -> None: ...

class Problem64:
    def __init__(
        self, net: Network, y: np.ndarray, w: np.ndarray, threads: int, cache_inputs: bool, /
    ) -> None: ...
    def set_dense(self, x: np.ndarray, /) -> None: ...
    def set_sparse(self, x: Csr32 | Csr64, /) -> None: ...
    def set_table(self, x: Table32 | Table64, /) -> None: ...
    def cost_and_gradient(
        self, theta: np.ndarray, D: np.ndarray, lam: float, total_weight: float, /
    ) -> float: ...
    def costs_and_gradients(
        self, thetas: np.ndarray, Ds: np.ndarray, lam: float, total_weight: float, /
    ) -> list[float]: ...
    def batch_cost_and_gradient(
        self,
        theta: np.ndarray,
        D: np.ndarray,
        order: np.ndarray,
        lam: float,
        total_weight: float,
        dropout_rates: list[float],
        dropout_seed: int,
        dropout_step: int,
        /,
    ) -> float: ...
    def logits_and_cost(self, theta: np.ndarray, out: np.ndarray, /) -> float: ...
    def intermediates(
        self,
        theta: np.ndarray,
        z: list[np.ndarray],
        a: list[np.ndarray],
        delta: list[np.ndarray],
        Delta: np.ndarray,
        /,
    ) -> None: ...
    def run_epochs(
        self,
        thetas: Sequence[np.ndarray],
        states: Sequence[Sequence[np.ndarray]],
        rule: Rule,
        orders: Sequence[np.ndarray],
        batch: int,
        learning_rates: Sequence[np.ndarray],
        ts: list[int],
        lam: float,
        total_weight: float,
        dropout_rates: list[float],
        dropout_seed: int,
        /,
    ) -> list[float]: ...

class Problem32(Problem64): ...  # the same methods, in single precision
