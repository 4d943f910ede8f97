"""From an estimator's parameters and its rows to one fit of the training's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from .. import engine
from ..arrays import Array, ArrayLike, as_numpy
from ..errors import InvalidInput, listed
from ..losses import LOSSES
from ..network import Network
from ..solvers.registry import FULL_BATCH
from ..storage.fingerprints import content_hash, fingerprint
from ..streaming.dask import problem_of
from ..training.checkpoints import Checkpoint, checkpoint_at, run_identity, said_once
from ..training.early_stopping import EarlyStopping
from ..training.fit import Fit
from ..training.full_batch import FullBatchOptions
from ..training.mini_batch import MiniBatchOptions
from ..training.monitor import Validate, validation
from ..training.restarts import Restarts
from ..training.state import TrainingState, pack
from . import options
from .parameters import MINI_BATCH_SOLVERS, SharedParameters
from .rows import EncodedBlocks, EncodedRows, held_out
from .starts import assigned_start, fresh_starts, resumed
from .targets.strategies import ClassTargets, Targets
from .verify import verify_activation, verify_loss
from .weights import check_layers, joined

logger = logging.getLogger("backpass")


@dataclass(frozen=True)
class Weights:
    """The weights that a fit goes on from, and what is known of them.

    Parameters
    ----------
    coefs, intercepts : lists of arrays
        Weights and biases that were assigned before the first fit; empty after it.
    theta : array of shape (n,), optional
        What was learnt.
    net : Network, optional
        Whose they are.
    state : TrainingState, optional
        Where their training ended; None for weights without a history.
    """

    coefs: list[Array]
    intercepts: list[Array]
    theta: Array | None = None
    net: Network | None = None
    state: TrainingState | None = None

    @property
    def learnt(self) -> bool:
        """Whether a fit made them, and not the user."""
        return self.theta is not None

    @property
    def now(self) -> Array:
        """θ."""
        return joined(self.coefs, self.intercepts) if self.theta is None else self.theta

    def check(self, net: Network) -> None:
        """Refuse another network than theirs."""
        if self.net is not None and self.net != net:
            raise InvalidInput(
                f"The weights that are there belong to {self.net}, but the parameters and the "
                f"data now make {net}: fit anew, with warm_start=False."
            )
        if not self.learnt:
            check_layers(self.coefs, self.intercepts, net)


@dataclass(frozen=True)
class Task:
    """What is to be fitted, before anything is drawn or set aside.

    Parameters
    ----------
    parameters : SharedParameters
        The estimator.
    targets : Targets
        What y means.
    rows : EncodedRows or EncodedBlocks
        What is learnt from.
    validation : EncodedRows, optional
        A validation set of the user's own.
    weights : Weights, optional
        What the fit goes on from; None: it begins anew.
    max_iter : int
        Epochs, or iterations, at most.
    total_weight : float, optional
        W of all the rows that are still to come, where these are a part.
    bind : callable, optional
        What makes the problem of rows in memory; ``engine.prepare`` where not given.
    """

    parameters: SharedParameters
    targets: Targets
    rows: EncodedRows | EncodedBlocks
    validation: EncodedRows | None
    weights: Weights | None
    max_iter: int
    total_weight: float | None = None
    bind: Callable[..., engine.Problem] | None = None


@dataclass(frozen=True)
class Prepared:
    """A fit that can be run, the rows that it looks at, and what scores θ after every epoch."""

    fit: Fit
    rows: EncodedRows | EncodedBlocks
    validate: Validate | None

    @property
    def given(self) -> tuple[ArrayLike, ArrayLike]:
        """X and y, to show to callbacks; rows in blocks bring their own targets."""
        rows = self.rows
        return (rows.blocks, None) if isinstance(rows, EncodedBlocks) else (rows.X, rows.Y)


def prepare_fit(task: Task) -> Prepared:
    """Draw the starts, set the validation rows aside, and bind the network to the others.

    Raises
    ------
    InvalidInput
        If the network, the weights, the checkpoint or the blocks do not suit; the message says why.
    """
    parameters, head = task.parameters, task.rows.head
    if isinstance(task.rows, EncodedBlocks):
        _refuse_in_blocks(task)
    net = _network(task, head)
    checkpoint = _checkpoint(task, net)
    restarts = _restarts(task, net, head, checkpoint)
    seeds = restarts.states[0].seeds
    rows, validation = _hold_out(task, seeds)
    problem = _problem(task, net, rows)
    by_score = parameters.early_stopping and validation is not None
    early_stopping = EarlyStopping(parameters.tol, parameters.n_iter_no_change, by_score)
    solver = _solver(parameters, problem, early_stopping, task.max_iter, seeds)
    validate = None if validation is None else _validator(task, net, validation)
    return Prepared(Fit(problem, restarts, solver, checkpoint), rows, validate)


def _validator(task: Task, net: Network, rows: EncodedRows) -> Validate:
    """Score and mean loss on a validation set, as a function of θ."""
    problem = engine.prepare(
        net, rows.X, rows.Y, sample_weight=rows.w, n_threads=task.parameters.n_threads
    )
    examples = problem.rows
    weights = examples.w if examples.weighted else None
    return validation(problem, task.targets.scorer(net, examples.Y, weights))


def _refuse_in_blocks(task: Task) -> None:
    """Raise where a parameter asks for what rows in blocks do not have."""
    parameters = task.parameters
    whole = [name for name, each in FULL_BATCH.items() if each.needs_curvature]
    if parameters.solver in whole or getattr(parameters, "class_weight", None) is not None:
        raise InvalidInput(
            "Rows in blocks are trained on without class_weight, and by any solver but "
            f"{listed(whole)}."
        )
    if parameters.early_stopping and task.validation is None:
        raise InvalidInput("early_stopping on rows in blocks needs X_val and y_val.")


def _network(task: Task, head: EncodedRows) -> Network:
    """The network that the parameters and the data ask for."""
    parameters, loss = task.parameters, task.targets.network_loss()
    sizes = (head.X.shape[1], *options.hidden_sizes(parameters), head.Y.shape[1])
    net = Network(sizes, parameters.activation, loss)
    if task.weights is not None:
        task.weights.check(net)
    for activation in set(net.hidden):
        verify_activation(activation)
    verify_loss(net.loss, as_numpy(head.Y))
    return net


def _checkpoint(task: Task, net: Network) -> Checkpoint | None:
    """The file that the fit keeps its state in, where one is named."""
    parameters, weights = task.parameters, task.weights
    if parameters.checkpoint is None:
        return None
    about = {
        "data": task.rows.fingerprint(),
        "validation data": fingerprint(*(task.validation or ())),
    }
    if isinstance(task.targets, ClassTargets):
        labels = task.targets.known
        about["labels"] = str(content_hash((labels.multilabel, labels.classes)))
    if weights is not None:
        about["first weights"] = fingerprint(weights.now)
        if weights.state is not None:  # else its seeds are still to be drawn
            first = resumed(parameters, weights.state, weights.now)
            about["first state"] = str(content_hash(pack(first)))
    known = run_identity(_asked_for(parameters, net), **about)
    return checkpoint_at(parameters.checkpoint, parameters.every, known)


def _asked_for(parameters: SharedParameters, net: Network) -> dict[str, object]:
    """The parameters, each in one of the ways in which the same can be said."""
    loss = parameters.loss
    return {
        "estimator": type(parameters),
        **parameters.get_params(deep=False),
        "hidden_layer_sizes": options.hidden_sizes(parameters),
        "activation": said_once(net.hidden),
        "loss": LOSSES.get(loss, loss) if isinstance(loss, str) else loss,
        "dropout": said_once(parameters.dropout),
    }


def _restarts(
    task: Task, net: Network, head: EncodedRows, checkpoint: Checkpoint | None
) -> Restarts:
    """Take up an unfinished training, or start from where things stand, or anew."""
    # drawn in any case, so that a RandomState is afterwards where an undisturbed run leaves it
    starts = _starts(task, net, head)
    restarts = Restarts.kept(checkpoint, starts)
    if restarts is None:
        return Restarts.anew(starts)
    logger.warning("The training goes on after epoch %d.", restarts.epoch)
    return restarts


def _starts(task: Task, net: Network, head: EncodedRows) -> list[TrainingState]:
    """The states to begin from: one, where there are weights."""
    parameters, weights = task.parameters, task.weights
    if weights is None:
        return fresh_starts(parameters, net, head.X)
    state = weights.state
    if state is None:
        state = assigned_start(parameters, weights.now)
    return [resumed(parameters, state, weights.now)]


def _hold_out(
    task: Task, seeds: dict[str, int]
) -> tuple[EncodedRows | EncodedBlocks, EncodedRows | None]:
    """Set a validation set aside, where early stopping needs one and none is given."""
    parameters, rows = task.parameters, task.rows
    if task.validation is not None or not parameters.early_stopping:
        return rows, task.validation
    assert isinstance(rows, EncodedRows)
    classes = task.targets.stratify(rows.Y)
    return held_out(rows, parameters.validation_fraction, seeds["split"], classes)


def _problem(task: Task, net: Network, rows: EncodedRows | EncodedBlocks) -> engine.Problem:
    """The objective."""
    lam, n_threads = task.parameters.alpha, task.parameters.n_threads
    if isinstance(rows, EncodedBlocks):
        return problem_of(net, rows.blocks, rows.encode, lam=lam, n_threads=n_threads)
    bind = task.bind or engine.prepare
    return bind(
        net,
        rows.X,
        rows.Y,
        lam=lam,
        sample_weight=rows.w,
        total_weight=task.total_weight,
        n_threads=n_threads,
    )


def _solver(
    parameters: SharedParameters,
    problem: engine.Problem,
    early_stopping: EarlyStopping,
    max_iter: int,
    seeds: dict[str, int],
) -> MiniBatchOptions | FullBatchOptions:
    """The solver, and when it is over."""
    if parameters.solver not in MINI_BATCH_SOLVERS:
        return FullBatchOptions(parameters.solver, max_iter, early_stopping, parameters.max_fun)
    return MiniBatchOptions(
        optimizer=options.optimizer(parameters),
        schedule=options.schedule(parameters),
        batch_size=options.batch_rows(parameters, problem.rows.m),
        max_epochs=max_iter,
        early_stopping=early_stopping,
        shuffle=parameters.shuffle,
        dropout=options.dropout(parameters, problem.net.L - 2, seeds["dropout"]),
    )
