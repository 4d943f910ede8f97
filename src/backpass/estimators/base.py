"""What the two estimators have in common: scikit-learn's face of a fit.

A fit is prepared of the parameters and the rows (``fit.py``), run by the training, and its end is
published as attributes. What is known afterwards is one vector, ``theta_``, and the network
``net_`` that reads it; ``coefs_`` and ``intercepts_`` are views of that vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from numbers import Integral
from typing import Any, Self, cast

import numpy as np
from sklearn import get_config
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import engine
from ..arrays import Array, ArrayLike, State, in_precision
from ..data.knowing.table_reading import TableReading
from ..data.table_preprocessing import TablePreprocessing
from ..engine import refilled
from ..errors import InvalidInput, listed, warn
from ..network import Network
from ..solvers.registry import FULL_BATCH
from ..solvers.stationary import Description
from ..streaming.dask_blocks import is_dask
from ..streaming.dask_predictions import lazily
from ..training.fit import Fitted
from ..training.monitor import Monitor, Progress
from ..training.state import History, TrainingState, as_state
from ..training.stop import StopReason
from . import options
from .drafts import fitted_state, original, published_at_once
from .findings import Findings
from .fit import Task, Weights, prepare_fit
from .parameters import MINI_BATCH_SOLVERS, SharedParameters
from .raw_tables import learnt_rows, preprocessing_of, refuse_to_learn, rows_of
from .rows import (
    SPARSE,
    EncodedBlocks,
    EncodedRows,
    check_validation_set,
    encoded_rows,
    plain_rows,
    rows_to_learn,
)
from .sklearn_compat import (
    CallbackAdapter,
    CallbackSupportMixin,
    same_namespace,
    with_callbacks,
)
from .starts import continuing_at, published_state
from .targets.strategies import Targets
from .weights import Views, assign, coefs, intercepts

CURVES = ("loss_curve_", "validation_scores_", "validation_loss_curve_")

_NEW_NAMES = {"found_": "critical_point_"}  # of attributes in the first release's pickles


class Perceptron(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, SharedParameters
):
    """The estimators' common part; use ``MLPClassifier`` or ``MLPRegressor``."""

    net_: Network
    theta_: Array
    training_state_: TrainingState
    n_iter_: int
    _history: History
    _assigned: dict[str, list[ArrayLike]]

    def _targets(self) -> Targets:
        """What y means, with what is known of it."""
        raise NotImplementedError

    def _remember(self, targets: Targets) -> None:
        """Take over what has been learnt of y."""

    # Fitting.

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    @published_at_once
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike = None,
        sample_weight: ArrayLike = None,
        *,
        X_val: ArrayLike = None,
        y_val: ArrayLike = None,
        sample_weight_val: ArrayLike = None,
    ) -> Self:
        """Train on X and y.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features), or Blocks
            Inputs; float32 stays float32, but weights that are there already keep their precision,
            whatever that of X. ``ArrayBlocks`` and ``ParquetBlocks`` bring y and the weights along
            and may be larger than memory. Dask's arrays and data frames are trained on where they
            are.
        y : array-like of shape (m,) or (m, n_outputs)
            Class labels, or numbers; a Dask collection where X is one.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a number counts for every row.
        X_val, y_val : array-like, optional
            A validation set of your own: its score and loss are recorded after every epoch, and
            early stopping looks at it.
        sample_weight_val : float or array-like of shape (m_val,), optional
            Weights of its rows.

        Returns
        -------
        self
            The trained estimator.

        Raises
        ------
        ValueError
            If a parameter is none of its values, or X, y and the weights do not fit one another.
        InvalidInput
            If a parameter would have no effect as it is set, or the weights or a checkpoint to go
            on from belong to something else.
        WriteError
            If the checkpoint cannot be written.

        Examples
        --------
        >>> from backpass import MLPClassifier
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.classes_, clf.n_iter_ > 1
        (array(['no', 'yes'], dtype='<U3'), True)
        >>> clf.stop_reason_.converged
        True
        """
        refilled.take(original(self))
        options.check_combination(self)
        check_validation_set(X_val, y_val, sample_weight_val)
        for rows in (X, X_val):
            refuse_to_learn(self, rows)
        weights = self._existing_weights() if self.warm_start else None
        goes_on = weights is not None and weights.learnt
        rows, targets = rows_to_learn(self, X, y, sample_weight, self._targets(), goes_on)
        self._remember(targets)
        rows = rows if weights is None else rows.like(weights.now)
        validation = None
        if X_val is not None:
            given = (X_val, y_val, sample_weight_val)
            validation, _ = encoded_rows(self, *given, targets, targets.expect, reset=False)
            validation = validation.like(rows.numbers)
        self._run(Task(self, targets, rows, validation, weights, self.max_iter))
        if weights is None:  # another X than that of the table of which it came
            for known in ("preprocessing_", "about_", "threshold_"):
                self.__dict__.pop(known, None)
        self.__dict__.pop("kept_", None)  # errors of another theta
        return self

    def _partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike, total_weight: float | None
    ) -> Self:
        """Make one pass over the rows."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        options.check_combination(self)
        if self.checkpoint is not None:
            raise InvalidInput(
                "partial_fit keeps no checkpoint: save the model with bp.save(..., state=True), or "
                "set checkpoint=None."
            )
        if total_weight is not None and not 0 < total_weight < np.inf:
            raise InvalidInput(f"total_weight is a positive number, not {total_weight!r}.")
        X, y = learnt_rows(self, X, y)
        weights, targets = self._existing_weights(), self._targets()
        reset = weights is None or not hasattr(self, "n_features_in_")
        rows, targets = encoded_rows(self, X, y, sample_weight, targets, targets.expect, reset)
        rows = rows if weights is None else rows.like(weights.now)
        bind = partial(engine.prepare_next, refilled.take(original(self)))
        task = Task(self, targets, rows, None, weights, 1, total_weight, bind)
        refilled.keep(original(self), self._run(task, StopReason.ONE_PASS))
        self.__dict__.pop("kept_", None)
        return self

    def _run(self, task: Task, at_its_limit: StopReason = StopReason.MAX_ITER) -> engine.Problem:
        """Run a fit, publish its end, say how it ended, and return what was minimised."""
        prepared = prepare_fit(task)
        adapter = CallbackAdapter(
            original(self), *prepared.given, self._with_weights(prepared.fit.problem.net)
        )
        callbacks = (*_printer(self.verbose), *options.callbacks(self), *adapter.callbacks())
        fitted = prepared.fit.run(Monitor(prepared.validate, callbacks))
        reason = at_its_limit if fitted.reason is StopReason.MAX_ITER else fitted.reason
        for name in ("critical_point_", "_findings"):
            self.__dict__.pop(name, None)
        self._publish(fitted, reason, task.targets)
        adapter.close(self.theta_)
        self._note_findings(fitted, prepared.rows)
        self._warn(self.stop_reason_, self.n_iter_)
        checkpoint = prepared.fit.checkpoint
        # done with when nothing can go wrong any more
        if checkpoint is not None and self.stop_reason_ is not StopReason.INTERRUPTED:
            checkpoint.finish(fitted.restarts.pack())
        return fitted.problem

    def _with_weights(self, net: Network) -> Callable[[Array], dict[str, object]]:
        """What makes a working estimator's attributes of θ, for scikit-learn's callbacks."""
        return lambda theta: {**fitted_state(self), "net_": net, "theta_": theta}

    def _publish(self, fitted: Fitted, reason: StopReason, targets: Targets) -> None:
        """Set the fitted attributes."""
        for name in ("_assigned", *CURVES):
            self.__dict__.pop(name, None)
        state, net = fitted.state, fitted.problem.net
        by_score = fitted.early_stopping.by_score
        self.net_ = net
        self.theta_ = fitted.theta
        self.training_state_ = published_state(self, state, self.theta_)
        self.n_layers_ = net.L
        self.n_outputs_ = net.sizes[-1]
        self.out_activation_ = net.loss.output
        self.n_iter_ = fitted.n_iter
        self.t_ = state.rows_seen
        self.total_weight_ = float(fitted.problem.rows.W)
        self.stop_reason_ = reason
        self._history = state.history
        self.loss_ = targets.sklearn_loss(fitted)
        self.best_loss_ = None if by_score else state.best_J
        best = by_score and state.best_theta is not None
        self.best_validation_score_ = state.best_score if best else None

    # Made into lists when they are asked for: a call of partial_fit does not look at a long one.

    @cached_property
    def loss_curve_(self) -> list[float]:
        """J after every epoch or iteration; NaN where the training diverged."""
        return self._curves().J[:]

    @cached_property
    def validation_scores_(self) -> list[float] | None:
        """Score on the validation set after every epoch, where there is one."""
        return self._curves().score[:] or None

    @cached_property
    def validation_loss_curve_(self) -> list[float] | None:
        """Mean loss on the validation set after every epoch, where there is one."""
        return self._curves().validation_loss[:] or None

    def _curves(self) -> History:
        if "_history" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no curves before it is fitted.")
        return self._history

    @cached_property
    def critical_point_(self) -> Description:
        """After a full-batch fit: a minimum, a saddle, or unfinished, with the numbers.

        It is computed when it is asked for, by some passes over the training data: 32 MB of it are
        held for that, of more what you hold yourself, and a pickle has only the answer.
        """
        check_is_fitted(self)
        findings: Findings | None = self.__dict__.get("_findings")
        if findings is None:
            raise AttributeError(
                f"critical_point_ is told after fit by {listed(FULL_BATCH, 'or')}, on rows that "
                "are not in blocks."
            )
        return findings.describe(self.theta_, self.n_threads)

    @property
    def reading_(self) -> TableReading:
        """How the table was read that ``backpass train`` trained on: each column, and why."""
        preprocessing = preprocessing_of(self)
        if not isinstance(preprocessing, TablePreprocessing):
            raise AttributeError("reading_ is told of a model that was trained on a file's table.")
        return preprocessing.reading

    @property
    def found_(self) -> Description:
        """``critical_point_`` by the name that it had in the first release."""
        return self.critical_point_

    def _note_findings(self, fitted: Fitted, rows: EncodedRows | EncodedBlocks) -> None:
        """Keep what ``critical_point_`` is computed from."""
        if self.solver in MINI_BATCH_SOLVERS or isinstance(rows, EncodedBlocks):
            return
        try:
            J = float(fitted.problem.cost_and_gradient(self.theta_)[0])
            self._findings = Findings(fitted.problem.net, rows, lam=self.alpha, tol=self.tol, J=J)
        except KeyboardInterrupt:  # the training is whole and is kept
            self.stop_reason_ = StopReason.INTERRUPTED

    def _warn(self, reason: StopReason, n_iter: int) -> None:
        """Say what scikit-learn would say, and what it would not."""
        if reason is StopReason.INTERRUPTED:
            warn("Training interrupted by user.")
        elif reason is StopReason.MAX_ITER and self.solver in MINI_BATCH_SOLVERS:
            message = (
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet."
            )
            warn(message, ConvergenceWarning)
        elif reason in (StopReason.MAX_ITER, StopReason.MAX_FUN):
            message = f"{self.solver} failed to converge after {n_iter} iteration(s). "
            warn(message + reason.value, ConvergenceWarning)
        elif reason in (StopReason.DIVERGED, StopReason.NOT_FINITE):
            warn(reason.value, ConvergenceWarning)

    def _check_solver(self) -> bool:
        if self.solver not in MINI_BATCH_SOLVERS:
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    # Weights.

    @property
    def coefs_(self) -> list[Array]:
        """Weights by layer, shapes (s_l, s_{l+1}): views of ``theta_``, which can be assigned."""
        return self._views("coefs", coefs)

    @coefs_.setter
    def coefs_(self, values: Iterable[ArrayLike]) -> None:
        self._assign("coefs", coefs, values)

    @property
    def intercepts_(self) -> list[Array]:
        """Biases by layer, shapes (s_{l+1},): views of ``theta_``, which can be assigned."""
        return self._views("intercepts", intercepts)

    @intercepts_.setter
    def intercepts_(self, values: Iterable[ArrayLike]) -> None:
        self._assign("intercepts", intercepts, values)

    def _views(self, name: str, make: Callable[..., Views]) -> list[Array]:
        if hasattr(self, "theta_"):
            return make(self.theta_, self.net_)
        if name in self.__dict__.get("_assigned", {}):
            return self.__dict__["_assigned"][name]
        raise AttributeError(f"{type(self).__name__} has no {name}_ before it is fitted.")

    def _assign(self, name: str, make: Callable[..., Views], values: Iterable[ArrayLike]) -> None:
        """Write into θ; before the first fit, keep the arrays for it to start from."""
        if hasattr(self, "theta_"):
            assign(make(self.theta_, self.net_), values)
        else:
            self.__dict__.setdefault("_assigned", {})[name] = list(values)

    def _existing_weights(self) -> Weights | None:
        """The weights that a fit can go on from, if there are any."""
        if hasattr(self, "theta_"):
            state = getattr(self, "training_state_", None)
            state = None if state is None else as_state(state)
            return Weights([], [], self.theta_, getattr(self, "net_", None), state)
        given = self.__dict__.get("_assigned", {})
        if len(given) == 1:
            there, missing = ("coefs_", "intercepts_")[:: 1 if "coefs" in given else -1]
            raise InvalidInput(
                f"{there} is assigned, but {missing} is not: training goes on from both or from "
                "neither."
            )
        return Weights(given["coefs"], given["intercepts"]) if given else None

    # Answers.

    def _checked(self, X: ArrayLike, method: str) -> Array:
        """Validate rows to predict: at once where nothing can be wrong, by scikit-learn else."""
        if "theta_" in self.__dict__ and self._needs_no_check(X):
            return X
        check_is_fitted(self)
        if type(self.theta_) is np.ndarray and "preprocessing_" not in self.__dict__:
            plain = plain_rows(self, X)
            if plain is not None:
                return in_precision(self.theta_, plain)
        X = rows_of(self, X)
        same_namespace(X, self, method)
        X = validate_data(self, X, accept_sparse=SPARSE, reset=False)
        return in_precision(self.theta_, X)

    def _needs_no_check(self, X: ArrayLike) -> bool:
        """Whether X is plainly a finite matrix of the right width and dtype."""
        return (
            type(X) is np.ndarray
            and X.dtype == self.theta_.dtype
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and "feature_names_in_" not in self.__dict__
            and bool(np.isfinite(X.sum()))
        )

    def _forward(self, net: Network, X: Array) -> Array:
        """a^(L) of rows that have been checked, shape (m, s_L)."""
        return engine.forward(net, self.theta_, X, n_threads=self.n_threads)

    def _activations(self, X: ArrayLike, method: str) -> Array:
        """a^(L), shape (m, s_L)."""
        X = self._checked(X, method)
        return self._forward(self.net_, X)

    def _logits(self, X: ArrayLike, method: str) -> Array:
        """z^(L), shape (m, s_L)."""
        X = self._checked(X, method)
        return self._forward(self.net_.linear, X)

    def transform(self, X: ArrayLike, layer: int = -1) -> Array:
        """Compute the activations of a hidden layer; those of the inputs where there is none.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        layer : int
            Which hidden layer: by the notes' number (2 is the first hidden layer, 1 are the inputs,
            a^(1) = x), or counted from the end (-1 is the last before the outputs).

        Returns
        -------
        ndarray of shape (m, s_l)
            a^(l).

        Raises
        ------
        InvalidInput
            If the network has no such hidden layer.

        Examples
        --------
        >>> from backpass import MLPRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> reg = MLPRegressor(hidden_layer_sizes=(3, 2), solver="lbfgs", random_state=0).fit(X, y)
        >>> reg.transform(X).shape, reg.transform(X, layer=2).shape
        ((3, 2), (3, 3))
        """
        if is_dask(X):
            return lazily(partial(self.transform, layer=layer), X)
        X = self._checked(X, "transform")
        net = self.net_
        l = layer + net.L if layer < 0 else layer
        if not isinstance(layer, Integral) or not 1 <= l <= net.L - 1:
            layers = f"hidden layers 2 to {net.L - 1}" if net.L > 2 else "no hidden layer"
            raise InvalidInput(f"There is no hidden layer {layer!r}: {net} has {layers}.")
        if l == 1:
            return X
        first = Network(net.sizes[:l], net.hidden[: l - 2], "squared_error")
        theta = self.theta_[: first.n_parameters]
        return net.activation(l).g(engine.forward(first, theta, X, n_threads=self.n_threads))

    @property
    def _n_features_out(self) -> int:
        """Columns of ``transform``: the units of the last layer before the outputs."""
        return self.net_.sizes[-2]

    def __getstate__(self) -> State:
        """Return what a copy holds: without warm_start, what prediction and partial_fit need.

        The memory of a full-batch solver, many times as large as θ, stays at home.
        """
        inherited: Any = super().__getstate__()
        state = dict(inherited)
        if "training_state_" in state and not self.warm_start:
            kept = continuing_at(self.training_state_, self.theta_)
            if kept.solver_name not in MINI_BATCH_SOLVERS:
                kept = kept.updated(solver=None)
            state["training_state_"] = kept
        return state

    def __setstate__(self, state: State) -> None:
        """Take over a copy; the first release had fewer parameters, and a dict for the state."""
        later = {name: each.default for name, each in type(self)._declared.items()}
        state = later | {_NEW_NAMES.get(name, name): value for name, value in state.items()}
        if "training_state_" in state:
            state["training_state_"] = as_state(cast(State, state["training_state_"]))
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.array_api_support = get_config()["array_api_dispatch"]
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _printer(verbose: bool | int) -> tuple[Callable[[Progress], None], ...]:
    """scikit-learn's lines for verbose=True."""

    def show(progress: Progress) -> None:
        print(f"Iteration {progress.epoch}, loss = {progress.J:.8f}")
        if progress.validation_score is not None:
            print(f"Validation score: {progress.validation_score:f}")

    return (show,) if verbose else ()
