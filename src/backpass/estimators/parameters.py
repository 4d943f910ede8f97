"""The constructor parameters that both estimators share: what is allowed, and what it means.

scikit-learn's parameters come first, with scikit-learn's names, order and defaults; ours are
keyword-only after them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ..activations import ACTIVATIONS, ALIASES, Activation
from ..engine import Dropout, Optimizer
from ..errors import InvalidInput, listed, warn
from ..solvers.registry import FULL_BATCH, MINI_BATCH, SOLVERS
from ..training.schedules import SCHEDULES, WITH_AN_END, Schedule

T = TypeVar("T")

MINI_BATCH_SOLVERS, FULL_BATCH_SOLVERS = tuple(MINI_BATCH), tuple(FULL_BATCH)

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")
_COUNT = Interval(Integral, 1, None, closed="left")
_PART = Interval(Real, 0, 1, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _COUNT],
    "activation": [StrOptions({*ACTIVATIONS, *ALIASES}), Activation, list, tuple],
    "solver": [StrOptions({*SOLVERS})],
    "alpha": [_NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), _COUNT],
    "learning_rate": [StrOptions({*SCHEDULES})],
    "learning_rate_init": [_POSITIVE],
    "power_t": [_NOT_NEGATIVE],
    "max_iter": [_COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [_PART],
    "beta_1": [_PART],
    "beta_2": [_PART],
    "epsilon": [_POSITIVE],
    "n_iter_no_change": [_COUNT, Options(Real, {np.inf})],
    "max_fun": [_COUNT],
    "init": [StrOptions({"auto", "uniform", "glorot", "he"})],
    "weight_decay": [_NOT_NEGATIVE],
    "dropout": [_PART, list, tuple],
    "schedule_epochs": [_COUNT, None],
    "n_init": [_COUNT],
    "n_threads": [_COUNT, None],
    "callbacks": [list, tuple, callable, None],
    "checkpoint": [str, os.PathLike, None],
    "every": [_COUNT],
}


SHARED = """
    hidden_layer_sizes : array-like of int, or int
        Units of each hidden layer; ``()`` for none.
    activation : str, Activation, or a sequence with one for each hidden layer
        identity, logistic (alias sigmoid), tanh, relu, leaky_relu, gelu, silu, softplus, or an
        ``Activation`` of your own, whose derivative is checked before it is believed.
    solver : {"adam", "sgd", "gd", "lbfgs", "cg", "newton"}
        Adam or (Nesterov) momentum on mini-batches, gradient descent (on all rows, unless
        ``batch_size`` is given), or a full-batch solver.
    alpha : float
        λ of J = (1/W) Σ w cost + (λ/2W) Σ Θ². It means the same for every solver and batch size.
        (scikit-learn divides it by the batch size, so there it changes meaning with it.)
    batch_size : int or "auto"
        Rows of a mini-batch; "auto" is min(200, m), and m for ``gd``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", "one_cycle"}
        The schedule, for ``sgd`` and ``gd``; with ``adam`` only cosine and one_cycle count, which
        are an error with full-batch solvers.
    learning_rate_init : float
        The first rate; with cosine and one_cycle the largest.
    power_t : float
        Exponent of invscaling.
    max_iter : int
        Epochs, or iterations of a full-batch solver, at most in one call of ``fit``.
    shuffle : bool
        Whether to draw a new order of the rows for every epoch.
    random_state : int, RandomState instance or None
        Where the start, the validation set, the orders and the dropout masks are drawn from.
    tol : float
        J (or the validation score) must improve by this much to count as better. A full-batch
        solver stops where no entry of the gradient is above tol / 100.
    verbose : bool or int
        Whether to print a line after every epoch.
    warm_start : bool
        Whether ``fit`` goes on from where the last one ended, to the same bits as if that had not
        ended.
    momentum : float
        Of ``sgd``.
    nesterovs_momentum : bool
        Whether ``sgd`` uses Nesterov's form.
    early_stopping : bool
        Whether to stop where the validation score no longer improves, and restore the best weights.
        A full-batch solver is scored after every iteration. (scikit-learn's ignores it with lbfgs.)
    validation_fraction : float
        Part of the rows that early stopping sets aside, unless ``fit`` is given ``X_val``.
    beta_1, beta_2, epsilon : float
        Of ``adam``.
    n_iter_no_change : int
        Epochs without improvement that are borne; with a full-batch solver, which knows itself
        where J has settled, iterations without a better validation score.
    max_fun : int
        Evaluations of J by a full-batch solver at most."""

OURS = """
    init : {"auto", "uniform", "glorot", "he"}
        How the start is drawn: as scikit-learn draws it, or as ``init_theta`` does.
    weight_decay : float
        Decoupled decay of ``adam`` (AdamW), on top of alpha; an error with other solvers.
    dropout : float, or a sequence with one for each hidden layer
        Probability to drop a hidden unit in training; an error with full-batch solvers.
    schedule_epochs : int, optional
        Length of cosine and one_cycle; ``max_iter`` where not given. An error with the others.
    n_init : int
        Trainings from different starts, of which the best is kept. Those of a mini-batch solver
        are trained together, each ending as it would alone.
    n_threads : int, optional
        Threads at most, of the core and of BLAS, and never more than there are processors; with
        the library's own functions the result has the same bits with any number.
    callbacks : callable or list of callables, optional
        Called with a ``Progress`` after every epoch; one that returns something true stops. Of
        several starts it is told of the best so far.
    checkpoint : path, optional
        A file that the training state is written to, and resumed from where it is unfinished.
        It is kept by ``fit``; ``partial_fit``, which ends after each pass, refuses it.
    every : int
        Epochs between two checkpoints; it waits where there is none."""

ATTRIBUTES = """
    theta_ : ndarray of shape (n,)
        All parameters: the notes' unrolled θ.
    net_ : Network
        Sizes, activations and loss; what reads ``theta_``.
    coefs_, intercepts_ : lists of ndarray
        Views of ``theta_``, which can be assigned.
    loss_curve_ : list of float
        J after every epoch or iteration; NaN where the training diverged.
    loss_, best_loss_ : float
        The last and the least.
    validation_scores_, validation_loss_curve_ : list of float, or None
        Score and mean loss on the validation set, where there is one.
    best_validation_score_ : float or None
        With early stopping.
    stop_reason_ : StopReason
        Why the training stopped; its value is a sentence.
    found_ : Description
        After a full-batch fit: a minimum, a saddle, or unfinished, with the numbers. Computed when
        it is asked for, from the training data: up to 32 MB are held for it, larger data is looked
        at while you hold X, and a pickle has the answer only.
    n_iter_ : int
        Epochs or iterations of the last ``fit``.
    t_ : int
        Rows that mini-batches have gone through.
    total_weight_ : float
        What the training's rows weigh together, by which λ is divided.
    n_features_in_, n_layers_, n_outputs_ : int
        Inputs, layers (inputs and outputs included), output units.
    out_activation_ : str
        Name of the output activation.
    feature_names_in_ : ndarray of str
        Column names, where X has such.
    training_state_ : dict
        All that going on with the training depends on.

    Notes
    -----
    What scikit-learn accepts is accepted. Its parameters that a solver has no use for are ignored
    without a word, as there: full-batch solvers ignore ``batch_size``, ``learning_rate``,
    ``learning_rate_init``, ``power_t``, ``shuffle``, ``momentum``, ``nesterovs_momentum``,
    ``beta_1``, ``beta_2``, ``epsilon`` and, without early stopping, ``n_iter_no_change``; ``adam``
    ignores those of ``sgd`` and the other way round, ``gd`` those of both; ``max_fun`` is for
    full-batch solvers, ``validation_fraction`` for early stopping. What scikit-learn lacks acts, or
    is an error."""


def documented(cls: type[T]) -> type[T]:
    """Put the shared parts into an estimator's docstring."""
    text = cls.__doc__ or ""
    parts = {"SHARED": SHARED, "OURS": OURS, "ATTRIBUTES": ATTRIBUTES}
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part.strip())
    cls.__doc__ = text
    return cls


class SharedParameters(BaseEstimator):
    """The parameters, and their translation into what the training understands."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    hidden_layer_sizes: Any
    activation: Any
    solver: str
    loss: Any
    alpha: float
    batch_size: Any
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: Any
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    init: str
    weight_decay: float
    dropout: Any
    schedule_epochs: int | None
    n_init: int
    n_threads: int | None
    callbacks: Any
    checkpoint: Any
    every: int

    def _hidden_sizes(self) -> tuple[int, ...]:
        sizes = self.hidden_layer_sizes
        sizes = sizes.tolist() if isinstance(sizes, np.ndarray) else sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        for size in sizes:
            if not isinstance(size, Integral) or size is True or size is False:
                raise InvalidInput(f"hidden_layer_sizes must be integers, got {size!r}.")
        if any(size <= 0 for size in sizes):
            raise InvalidInput(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return tuple(int(size) for size in sizes)

    def _refuse_what_would_not_be_done(self) -> None:
        """Raise where a parameter that scikit-learn lacks asks for what the others rule out.

        scikit-learn's own parameters are taken as it takes them, those too that a solver ignores.
        """
        full_batch, drops = self.solver in FULL_BATCH, np.any(np.asarray(self.dropout))
        decaying = [name for name, each in MINI_BATCH.items() if "weight_decay" in each.parameters]
        if self.weight_decay and self.solver not in decaying:
            raise InvalidInput(
                f"weight_decay is {listed(decaying)}'s; {self.solver} has none, but alpha is for "
                "every solver."
            )
        if drops and full_batch:
            raise InvalidInput(
                f"dropout needs mini-batches: {self.solver} sees the same J at every step, so use "
                f"{listed(MINI_BATCH, 'or')}, or dropout=0."
            )
        if self.learning_rate in WITH_AN_END and full_batch:
            raise InvalidInput(
                f"learning_rate={self.learning_rate!r} is for {listed(MINI_BATCH)}; {self.solver} "
                "finds the length of each step itself."
            )
        if self.schedule_epochs is not None and self.learning_rate not in WITH_AN_END:
            raise InvalidInput(
                f"schedule_epochs is the length of {listed(WITH_AN_END)}, but learning_rate is "
                f"{self.learning_rate!r}, which has none."
            )

    def _optimizer(self) -> Optimizer:
        solver = MINI_BATCH[self.solver]
        return solver.make(**{name: getattr(self, name) for name in solver.parameters})

    def _schedule(self) -> Schedule:
        """Adam makes its own rates of scikit-learn's three; only those with an end steer it."""
        by_hand = not MINI_BATCH[self.solver].own_rates or self.learning_rate in WITH_AN_END
        name = self.learning_rate if by_hand else "constant"
        epochs = self.schedule_epochs or self.max_iter
        return Schedule(name, self.learning_rate_init, self.power_t, epochs)

    def _batch_rows(self, m: int) -> int:
        if self.batch_size == "auto":
            return m if MINI_BATCH[self.solver].all_rows else min(200, m)
        if self.batch_size > m:
            warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            )
        return min(self.batch_size, m)

    def _dropout(self, n_hidden: int, seed: int) -> Dropout | None:
        rates = (
            self.dropout if isinstance(self.dropout, list | tuple) else [self.dropout] * n_hidden
        )
        if len(rates) != n_hidden:
            raise ValueError(
                f"dropout has {len(rates)} rates, but the network has {n_hidden} hidden layers."
            )
        if not all(0 <= rate < 1 for rate in rates):
            raise ValueError(f"dropout rates are at least 0 and below 1, not {list(rates)}.")
        if not n_hidden and self.dropout:
            raise ValueError("dropout is given, but the network has no hidden layers to drop from.")
        return Dropout(tuple(rates), seed) if any(rates) else None

    def _callback_list(self) -> tuple[Callable[..., Any], ...]:
        if self.callbacks is None:
            return ()
        return (self.callbacks,) if callable(self.callbacks) else tuple(self.callbacks)
