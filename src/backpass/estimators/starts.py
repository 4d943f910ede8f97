"""Where a training begins: from drawn weights, from assigned ones, or from where the last ended."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace

import numpy as np
from sklearn.utils import check_random_state

from ..activations import ACTIVATIONS, Activation, find_activation
from ..arrays import Array, ArrayLike, as_numpy, like
from ..initialise import init_theta
from ..network import Network
from ..training.state import TrainingState, start
from .parameters import MINI_BATCH_SOLVERS, SharedParameters

CHECKSUM_DIGITS = 8


def fresh_starts(parameters: SharedParameters, net: Network, X: ArrayLike) -> list[TrainingState]:
    """Draw n_init starts in X's precision, then the seeds of what else is random."""
    generator = check_random_state(parameters.random_state)
    thetas = [like(X, _drawn(parameters, net, generator)) for _ in range(parameters.n_init)]
    seeds = {name: int(generator.randint(2**31 - 1)) for name in ("shuffle", "split", "dropout")}
    return [replace(start(theta, seeds["shuffle"]), seeds=seeds) for theta in thetas]


def assigned_start(parameters: SharedParameters, theta: Array) -> TrainingState:
    """Begin anew, from weights that were assigned or loaded without their history."""
    drawn = check_random_state(parameters.random_state).randint(2**31 - 1, size=3)
    seeds = dict(zip(("shuffle", "split", "dropout"), drawn.tolist()))
    return replace(
        start(theta, seeds["shuffle"]),
        seeds=seeds,
        solver_name=parameters.solver,
        published=checksum(theta),
    )


def resumed(parameters: SharedParameters, state: TrainingState, theta: Array) -> TrainingState:
    """Take up a training's state, unless its weights were changed since."""
    mini_batch, by_score = parameters.solver in MINI_BATCH_SOLVERS, parameters.early_stopping
    changed = notices_changes(parameters) and not _sums_up_to(theta, state.published)
    if changed or not by_score:
        state = continuing_at(state, theta)
    if (changed and not mini_batch) or state.solver_name != parameters.solver:
        state = state.updated(solver=None)
    return state


def notices_changes(parameters: SharedParameters) -> bool:
    """Whether a training goes on otherwise from weights that were changed since the last.

    Mini-batches that have no best to return to do not: their state needs no checksum, either.
    """
    return parameters.early_stopping or parameters.solver not in MINI_BATCH_SOLVERS


def published_state(
    parameters: SharedParameters, state: TrainingState, theta: Array
) -> TrainingState:
    """The state beside the θ that an estimator shows: whose it is, and what θ sums up to."""
    seen = checksum(theta) if notices_changes(parameters) else None
    return state.updated(solver_name=parameters.solver, published=seen)


def continuing_at(state: TrainingState, theta: Array) -> TrainingState:
    """A state that goes on from the published θ, not from that of the last epoch."""
    return state.updated(theta=theta, best_theta=None, best_score=-np.inf)


def checksum(theta: Array) -> str:
    """Sum up θ's bits, so that a change made from outside is seen.

    It takes as long as a tenth of the step on 32 rows; a cryptographic hash, five times that.
    """
    return f"{zlib.crc32(np.ascontiguousarray(as_numpy(theta)).data):0{CHECKSUM_DIGITS}x}"


def _sums_up_to(theta: Array, published: str | None) -> bool:
    """Whether θ is what the sum was made of, or the hash in the first release's states."""
    if published is None:  # nothing hangs on it
        return False
    if len(published) == CHECKSUM_DIGITS:
        return published == checksum(theta)
    return published == hashlib.blake2b(as_numpy(theta).tobytes(), digest_size=16).hexdigest()


def _drawn(
    parameters: SharedParameters, net: Network, generator: np.random.RandomState
) -> np.ndarray:
    """Draw θ; "auto" draws what scikit-learn draws, in its order."""
    if parameters.init != "auto":
        return init_theta(net, generator, parameters.init)
    blocks: list[np.ndarray] = []
    for (units, columns), activation in zip(net.shapes, _governing(parameters, net)):
        fan_in = columns - 1
        # scikit-learn's Glorot bound √(6 / (fan_in + units)), √(2 / …) for the logistic function.
        factor = 2.0 if activation == ACTIVATIONS["logistic"] else 6.0
        bound = np.sqrt(factor / (fan_in + units))
        weights = generator.uniform(-bound, bound, (fan_in, units))
        biases = generator.uniform(-bound, bound, units)
        blocks += [biases, weights.reshape(-1)]
    return np.concatenate(blocks)


def _governing(parameters: SharedParameters, net: Network) -> list[Activation]:
    """The activation that bounds each layer's draw: its own, and the last one's for z^(L)."""
    if net.hidden:
        return [*net.hidden, net.hidden[-1]]
    activation = parameters.activation
    named = activation if isinstance(activation, str | Activation) else "identity"
    return [find_activation(named)]
