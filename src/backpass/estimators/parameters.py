"""The estimators' parameters, each declared once.

scikit-learn's parameters come first, with scikit-learn's names, order and defaults; ours are
keyword-only after them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from numbers import Integral, Real
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ..activations import ACTIVATIONS, ALIASES, Activation
from ..losses import FOR_CLASSES, FOR_NUMBERS, Loss
from ..solvers.registry import FULL_BATCH, MINI_BATCH, SOLVERS
from ..training.monitor import Progress
from ..training.schedules import SCHEDULES
from .declared import Declared, declared, entries, one_of, parameter

T = TypeVar("T", bound=Declared)

Callback = Callable[[Progress], object]  # what returns something true stops
Callbacks = Callback | Sequence[Callback] | None
ClassWeight = Mapping[Hashable, float] | Literal["balanced"] | None

MINI_BATCH_SOLVERS, FULL_BATCH_SOLVERS = tuple(MINI_BATCH), tuple(FULL_BATCH)

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")
_COUNT = Interval(Integral, 1, None, closed="left")
_PART = Interval(Real, 0, 1, closed="left")

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
    critical_point_ : Description
        After a full-batch fit: a minimum, a saddle, or unfinished, with the numbers. Computed when
        it is asked for, from the training data: up to 32 MB are held for it, larger data is looked
        at while you hold X, and a pickle has the answer only. In the first release, ``found_``.
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
    training_state_ : TrainingState
        All that going on with the training depends on; readable like a dict, too.

    Notes
    -----
    What scikit-learn accepts is accepted. Its parameters that a solver has no use for are ignored
    without a word, as there: full-batch solvers ignore ``batch_size``, ``learning_rate``,
    ``learning_rate_init``, ``power_t``, ``shuffle``, ``momentum``, ``nesterovs_momentum``,
    ``beta_1``, ``beta_2``, ``epsilon`` and, without early stopping, ``n_iter_no_change``; ``adam``,
    ``adamw`` and ``muon`` ignore those of ``sgd`` and the other way round, ``gd`` those of both;
    ``max_fun`` is for full-batch solvers, ``validation_fraction`` for early stopping. What
    scikit-learn lacks acts, or is an error."""


def _activations() -> str:
    """The names, each with its aliases."""
    also = {name: f" (alias {alias})" for alias, name in ALIASES.items()}
    return ", ".join(name + also.get(name, "") for name in ACTIVATIONS)


@declared
class ScikitLearnParameters(Declared):
    """scikit-learn's, with its names, order and defaults."""

    hidden_layer_sizes: int | Sequence[int] | NDArray[np.integer] = parameter(
        default=(100,),
        kind="array-like of int, or int",
        about="Units of each hidden layer; ``()`` for none.",
        allowed=["array-like", _COUNT],
        kw_only=False,
    )
    activation: str | Activation | Sequence[str | Activation] = parameter(
        default="relu",
        kind="str, Activation, or a sequence with one for each hidden layer",
        about=f"""
        {_activations()}, or an
        ``Activation`` of your own, whose derivative is checked before it is believed.
        """,
        allowed=[StrOptions({*ACTIVATIONS, *ALIASES}), Activation, list, tuple],
        kw_only=False,
    )
    solver: str = parameter(
        default="adam",
        kind=one_of(SOLVERS),
        about="""
        Adam, AdamW, Muon or (Nesterov) momentum on mini-batches, gradient descent (on all rows,
        unless ``batch_size`` is given), or a full-batch solver.
        """,
        allowed=[StrOptions({*SOLVERS})],
    )
    alpha: float = parameter(
        default=0.0001,
        kind="float",
        about="""
        λ of J = (1/W) Σ w cost + (λ/2W) Σ Θ². It means the same for every solver and batch size.
        (scikit-learn divides it by the batch size, so there it changes meaning with it.)
        """,
        allowed=[_NOT_NEGATIVE],
    )
    batch_size: int | Literal["auto"] = parameter(
        default="auto",
        kind='int or "auto"',
        about='Rows of a mini-batch; "auto" is min(200, m), and m for ``gd``.',
        allowed=[StrOptions({"auto"}), _COUNT],
    )
    learning_rate: str = parameter(
        default="constant",
        kind=one_of(SCHEDULES),
        about="""
        The schedule, for ``sgd`` and ``gd``; with ``adam``, ``adamw`` and ``muon`` only cosine and
        one_cycle count, which are an error with full-batch solvers.
        """,
        allowed=[StrOptions({*SCHEDULES})],
    )
    learning_rate_init: float = parameter(
        default=0.001,
        kind="float",
        about="""
        The first rate; with cosine and one_cycle the largest. ``muon``'s hidden matrices have
        ``muon_ratio`` times it.
        """,
        allowed=[_POSITIVE],
    )
    power_t: float = parameter(
        default=0.5,
        kind="float",
        about="Exponent of invscaling.",
        allowed=[_NOT_NEGATIVE],
    )
    max_iter: int = parameter(
        default=200,
        kind="int",
        about="Epochs, or iterations of a full-batch solver, at most in one call of ``fit``.",
        allowed=[_COUNT],
    )
    shuffle: bool = parameter(
        default=True,
        kind="bool",
        about="Whether to draw a new order of the rows for every epoch.",
        allowed=["boolean"],
    )
    random_state: int | np.random.RandomState | None = parameter(
        default=None,
        kind="int, RandomState instance or None",
        about="""
        Where the start, the validation set, the orders and the dropout masks are drawn from.
        """,
        allowed=["random_state"],
    )
    tol: float = parameter(
        default=0.0001,
        kind="float",
        about="""
        J (or the validation score) must improve by this much to count as better. A full-batch
        solver stops where no entry of the gradient is above tol / 100.
        """,
        allowed=[_NOT_NEGATIVE],
    )
    verbose: bool | int = parameter(
        default=False,
        kind="bool or int",
        about="Whether to print a line after every epoch.",
        allowed=["verbose"],
    )
    warm_start: bool = parameter(
        default=False,
        kind="bool",
        about="""
        Whether ``fit`` goes on from where the last one ended, to the same bits as if that had not
        ended.
        """,
        allowed=["boolean"],
    )
    momentum: float = parameter(
        default=0.9,
        kind="float",
        about="Of ``sgd``.",
        allowed=[Interval(Real, 0, 1, closed="both")],
    )
    nesterovs_momentum: bool = parameter(
        default=True,
        kind="bool",
        about="Whether ``sgd`` uses Nesterov's form.",
        allowed=["boolean"],
    )
    early_stopping: bool = parameter(
        default=False,
        kind="bool",
        about="""
        Whether to stop where the validation score no longer improves, and restore the best weights.
        A full-batch solver is scored after every iteration. (scikit-learn's ignores it with lbfgs.)
        """,
        allowed=["boolean"],
    )
    validation_fraction: float = parameter(
        default=0.1,
        kind="float",
        about="Part of the rows that early stopping sets aside, unless ``fit`` is given ``X_val``.",
        allowed=[_PART],
    )
    beta_1: float = parameter(
        default=0.9,
        kind="float",
        about="Of ``adam``, ``adamw`` and ``muon``.",
        allowed=[_PART],
    )
    beta_2: float = parameter(
        default=0.999,
        kind="float",
        about="Of ``adam``, ``adamw`` and ``muon``.",
        allowed=[_PART],
    )
    epsilon: float = parameter(
        default=1e-8,
        kind="float",
        about="Of ``adam``, ``adamw`` and ``muon``.",
        allowed=[_POSITIVE],
    )
    n_iter_no_change: float = parameter(
        default=10,
        kind="int",
        about="""
        Epochs without improvement that are tolerated; with a full-batch solver, which knows itself
        where J has settled, iterations without a better validation score.
        """,
        allowed=[_COUNT, Options(Real, {np.inf})],
    )
    max_fun: int = parameter(
        default=15000,
        kind="int",
        about="Evaluations of J by a full-batch solver at most.",
        allowed=[_COUNT],
    )


@declared
class OwnParameters(Declared):
    """What scikit-learn lacks."""

    init: str = parameter(
        default="auto",
        kind='{"auto", "uniform", "glorot", "he"}',
        about="How the start is drawn: as scikit-learn draws it, or as ``init_theta`` does.",
        allowed=[StrOptions({"auto", "uniform", "glorot", "he"})],
    )
    weight_decay: float = parameter(
        default=0.0,
        kind="float",
        about="""
        Decoupled decay, times the learning rate and on top of alpha: of all of θ with ``adam``, of
        the weights without the biases with ``adamw`` (0.01 is common) and ``muon`` (0.1). An error
        with other solvers.
        """,
        allowed=[_NOT_NEGATIVE],
    )
    muon_ratio: float | None = parameter(
        default=None,
        kind="float, optional",
        about="""
        How much larger the learning rate of ``muon``'s hidden matrices is than that of the rest: 20
        where not given. An error with other solvers.
        """,
        allowed=[_POSITIVE, None],
    )
    dropout: float | list[float] | tuple[float, ...] = parameter(
        default=0.0,
        kind="float, or a sequence with one for each hidden layer",
        about="Probability to drop a hidden unit in training; an error with full-batch solvers.",
        allowed=[_PART, list, tuple],
    )
    schedule_epochs: int | None = parameter(
        default=None,
        kind="int, optional",
        about="""
        Length of cosine and one_cycle; ``max_iter`` where not given. An error with the others.
        """,
        allowed=[_COUNT, None],
    )
    warm_up: float = parameter(
        default=0.0,
        kind="float",
        about="""
        Part of cosine's steps in which the rate first rises linearly from 0. An error with the
        other schedules.
        """,
        allowed=[_PART],
    )
    n_init: int = parameter(
        default=1,
        kind="int",
        about="""
        Trainings from different starts, of which the best is kept. Those of a mini-batch solver
        are trained together, each ending as it would alone.
        """,
        allowed=[_COUNT],
    )
    n_threads: int | None = parameter(
        default=None,
        kind="int, optional",
        about="""
        Threads at most, of the core and of BLAS, and never more than there are processors; with
        the library's own functions the result has the same bits with any number.
        """,
        allowed=[_COUNT, None],
    )
    callbacks: Callbacks = parameter(
        default=None,
        kind="callable or list of callables, optional",
        about="""
        Called with a ``Progress`` after every epoch; one that returns something true stops. Of
        several starts it is given the best so far.
        """,
        allowed=[list, tuple, callable, None],
    )
    checkpoint: str | os.PathLike[str] | None = parameter(
        default=None,
        kind="path, optional",
        about="""
        A file that the training state is written to, and resumed from where it is unfinished.
        It is kept by ``fit``; ``partial_fit``, which ends after each pass, refuses it.
        """,
        allowed=[str, os.PathLike, None],
    )
    every: int = parameter(
        default=1,
        kind="int",
        about="Epochs between two checkpoints; it waits where there is none.",
        allowed=[_COUNT],
    )


@declared
class LossForClasses(Declared):
    """A classifier's parameters beyond the shared ones."""

    loss: str | Loss = parameter(
        default=FOR_CLASSES[0],
        kind=f"{one_of(FOR_CLASSES)} or Loss",
        about="""
        The notes' loss is ``binary_log_loss``: one sigmoid for each class. Another loss estimates
        probabilities, if its output is none: a single unit decides at ½, of several the largest
        counts, and ``predict_proba`` is the nearest point of the simplex.
        """,
        allowed=[StrOptions({*FOR_CLASSES}), Loss],
    )
    class_weight: ClassWeight | Sequence[ClassWeight] = parameter(
        default=None,
        kind='dict, "balanced", None, or a list with one of these for each output',
        about="""
        Weights of the classes, multiplied with ``sample_weight``; those of several outputs with
        each other.
        """,
        allowed=[dict, list, StrOptions({"balanced"}), None],
    )


@declared
class LossForNumbers(Declared):
    """A regressor's parameters before the shared ones."""

    loss: str | Loss = parameter(
        default=FOR_NUMBERS[0],
        kind=f"{one_of(FOR_NUMBERS)} or Loss",
        about="""
        ½ Σ (a − y)², half the Poisson deviance with a = e^z, or a robust loss; ``huber(1.5)`` and
        ``quantile(0.9)`` have a parameter.
        """,
        allowed=[StrOptions({*FOR_NUMBERS}), Loss],
        kw_only=False,
    )


@declared
class ClassifierParameters(OwnParameters, LossForClasses, ScikitLearnParameters):
    """All of a classifier's, in the order of its constructor."""


@declared
class RegressorParameters(OwnParameters, ScikitLearnParameters, LossForNumbers):
    """All of a regressor's, in the order of its constructor."""


def documented(cls: type[T]) -> type[T]:
    """Put the parameters and the shared attributes into an estimator's docstring."""
    text = (cls.__doc__ or "").replace("{PARAMETERS}", entries(cls))
    cls.__doc__ = text.replace("{ATTRIBUTES}", ATTRIBUTES.strip())
    return cls


class SharedParameters(OwnParameters, ScikitLearnParameters):
    """The parameters that both estimators have, and what scikit-learn knows of their X."""

    loss: str | Loss
    n_features_in_: int
    feature_names_in_: np.ndarray
