"""MLPClassifier and MLPRegressor: scikit-learn's estimators, on this library's objective.

An estimator validates what it is given, turns labels into Y and names into a network, and calls the
training. What it knows afterwards is one vector, ``theta_``, and the network ``net_`` that reads
it; ``coefs_`` and ``intercepts_`` are views of that vector.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import (
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,  # pyright: ignore[reportPrivateUsage]
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage]
    check_is_fitted,
    validate_data,
)

from . import backprop, engine, training
from .arrays import array_namespace
from .errors import InvalidInput
from .initialise import init_theta
from .losses import Loss
from .network import Network
from .parameters import CONSTRAINTS, MINI_BATCH_SOLVERS, SharedParameters
from .sklearn_callbacks import Bridge, CallbackSupportMixin, with_callbacks
from .targets import Labels
from .training import Patience, Plan, Progress, State, StopReason, Watch
from .views import Views, assign, coefs, intercepts


class Data(NamedTuple):
    """Rows as the network wants them."""

    X: Any  # (m, s_1), an array or CSR
    Y: Any  # (m, s_L)
    w: Any  # (m,) or None

    def rows(self, index: Any) -> Data:
        """Return some of the rows."""
        return Data(*(None if part is None else part[index] for part in self))


class _MLP(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, SharedParameters
):
    """What the two estimators have in common: everything but the meaning of y."""

    net_: Network
    theta_: Any
    training_state_: State
    n_features_in_: int
    n_iter_: int

    # What y means: the two estimators say it.

    def _encode(self, y: Any, known: bool) -> np.ndarray:
        """Turn y into Y; `known` says that it must fit what was learnt before."""
        raise NotImplementedError

    def _network_loss(self) -> str | Loss:
        raise NotImplementedError

    def _score_of(self, net: Network, z: Any, Y: Any, w: Any) -> float:
        """Accuracy or R² of logits against Y."""
        raise NotImplementedError

    def _stratify(self, Y: np.ndarray) -> np.ndarray | None:
        return None

    def _weights(self, sample_weight: Any, X: Any, y: Any) -> Any:
        return None if sample_weight is None else _check_sample_weight(sample_weight, X)

    # Fitting.

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Train on X and y.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs; float32 stays float32.
        y : array-like of shape (m,) or (m, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.
        X_val, y_val : array-like, optional
            A validation set of your own: its score and loss are recorded after every epoch, and
            early stopping looks at it.
        sample_weight_val : array-like of shape (m_val,), optional
            Weights of its rows.

        Returns
        -------
        self
            The trained estimator.
        """
        known = self.warm_start and self._has_weights()
        data = self._data(X, y, sample_weight, known, reset=not known)
        own = None
        if X_val is not None:
            own = self._data(X_val, y_val, sample_weight_val, known=True, reset=False)
        return self._train(data, own, known, self.max_iter)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, total_weight: Any) -> Any:
        """Make one pass over the rows."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        known = self._has_weights()
        fitted = hasattr(self, "n_features_in_") and known
        data = self._data(X, y, sample_weight, known=hasattr(self, "classes_"), reset=not fitted)
        return self._train(data, None, known, max_iter=None, total_weight=total_weight)

    def _data(self, X: Any, y: Any, sample_weight: Any, known: bool, reset: bool) -> Data:
        """Validate, encode and weight some rows."""
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=isinstance(self, RegressorMixin),
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        w = self._weights(sample_weight, X, y)
        return Data(X.tocsr() if hasattr(X, "tocsr") else X, self._encode(y, known), w)

    def _train(
        self,
        data: Data,
        own: Data | None,
        known: bool,
        max_iter: int | None,
        total_weight: float | None = None,
    ) -> Any:
        """Train from where things stand, or from n_init fresh starts, and keep the best."""
        net = self._network(data, known)
        starts = [self._resumed()] if known else self._fresh_starts(net, data.X.dtype)
        data, validation = self._hold_out(data, own, starts)
        problem = engine.prepare(
            net,
            data.X,
            data.Y,
            lam=self.alpha,
            sample_weight=data.w,
            total_weight=total_weight,
            n_threads=self.n_threads,
        )
        bridge = Bridge(self, data.X, data.Y, lambda theta: {"net_": net, "theta_": theta})
        validate = None if validation is None else self._validator(net, validation)
        callbacks = (*self._printer(), *self._callback_list(), *bridge.callbacks())
        by_score = self.early_stopping and validation is not None
        ends = [
            self._run(problem, state, Watch(validate, callbacks), by_score, max_iter)
            for state in starts
        ]
        state, reason = min(ends, key=lambda end: _loss_to_rank(end[0], by_score))
        n_iter = state["epoch"] - starts[0]["epoch"]
        self._publish(net, problem, state, reason, n_iter, by_score)
        bridge.close(self.theta_)
        self._warn(reason, n_iter)
        return self

    def _network(self, data: Data, known: bool) -> Network:
        sizes = (data.X.shape[1], *self._hidden_sizes(), data.Y.shape[1])
        net = Network(sizes, self.activation, self._network_loss())
        if known and hasattr(self, "net_") and self.net_ != net:
            raise InvalidInput(
                f"The weights that are there belong to {self.net_}, but the parameters and the "
                f"data now make {net}: fit anew, with warm_start=False."
            )
        return net

    def _fresh_starts(self, net: Network, dtype: Any) -> list[State]:
        """Draw n_init starts, then the seeds of what else is random."""
        generator = check_random_state(self.random_state)
        thetas = [self._drawn(net, generator, dtype) for _ in range(self.n_init)]
        seeds: dict[str, int] = {}
        if self.early_stopping:
            seeds["split"] = int(generator.randint(2**31 - 1))
        if self.dropout:
            seeds["dropout"] = int(generator.randint(2**31 - 1))
        return [{**training.start(theta, generator), "seeds": seeds} for theta in thetas]

    def _drawn(self, net: Network, generator: Any, dtype: Any) -> np.ndarray:
        """Draw θ; "auto" draws what scikit-learn draws, in its order."""
        if self.init != "auto":
            return init_theta(net, generator, self.init, dtype=dtype)
        blocks: list[np.ndarray] = []
        for units, columns in net.shapes:
            fan_in = columns - 1
            bound = np.sqrt((2.0 if self.activation == "logistic" else 6.0) / (fan_in + units))
            weights = generator.uniform(-bound, bound, (fan_in, units))
            biases = generator.uniform(-bound, bound, units)
            blocks += [biases, weights.reshape(-1)]
        return np.concatenate(blocks).astype(dtype)

    def _resumed(self) -> State:
        """Take up the training state, unless the weights were changed since."""
        if not hasattr(self, "theta_"):
            return self._from_assigned()
        state = self.training_state_
        if state["handed_over"] != _fingerprint(self.theta_):
            solver = state["solver"] if self.solver in MINI_BATCH_SOLVERS else None
            state = {**state, "theta": self.theta_, "best_theta": None, "solver": solver}
        if state["solver_name"] != self.solver:
            state = {**state, "solver": None}
        return state

    def _hold_out(
        self, data: Data, own: Data | None, starts: list[State]
    ) -> tuple[Data, Data | None]:
        """Set a validation set aside, where early stopping needs one and none is given."""
        if own is not None or not self.early_stopping or self.solver not in MINI_BATCH_SOLVERS:
            return data, own
        train, held_out = train_test_split(
            np.arange(data.X.shape[0]),
            test_size=self.validation_fraction,
            random_state=starts[0]["seeds"]["split"],
            stratify=self._stratify(data.Y),
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return data.rows(train), data.rows(held_out)

    def _validator(self, net: Network, data: Data) -> Callable[[Any], tuple[float, float]]:
        """Score and mean loss on a validation set, as a function of θ."""
        rows = engine.check_rows(net, data.X, data.Y, data.w)

        def validate(theta: Any) -> tuple[float, float]:
            z = engine.forward(net.linear, theta, rows.X, n_threads=self.n_threads)
            if not bool(array_namespace(z).all(array_namespace(z).isfinite(z))):
                return np.nan, np.nan
            loss = float((net.loss.value(z, rows.Y) * rows.w).sum()) / rows.W
            return self._score_of(net, z, rows.Y, rows.w), loss

        return validate

    def _run(
        self, problem: Any, state: State, watch: Watch, by_score: bool, max_iter: int | None
    ) -> tuple[State, StopReason]:
        """One training from one state."""
        patience = Patience(self.tol, self.n_iter_no_change, by_score)
        if self.solver not in MINI_BATCH_SOLVERS:
            return training.run_full_batch(
                problem,
                state,
                watch,
                solver=self.solver,
                max_iter=self.max_iter,
                max_fun=self.max_fun,
                patience=patience,
            )
        n_hidden = problem.net.L - 2
        plan = Plan(
            optimizer=self._optimizer(),
            schedule=self._schedule(),
            batch_size=self._batch_rows(problem.rows.m),
            max_epochs=max_iter or 1,
            patience=patience,
            shuffle=self.shuffle,
            dropout=self._dropout(n_hidden, state["seeds"].get("dropout", 0)),
        )
        state, reason = training.run_epochs(problem, state, plan, watch)
        one_pass = max_iter is None and reason is StopReason.MAX_ITER
        return state, StopReason.ONE_PASS if one_pass else reason

    def _printer(self) -> tuple[Callable[[Progress], None], ...]:
        """scikit-learn's lines for verbose=True."""
        if not self.verbose:
            return ()

        def show(progress: Progress) -> None:
            print(f"Iteration {progress.epoch}, loss = {progress.J:.8f}")
            if progress.validation_score is not None:
                print(f"Validation score: {progress.validation_score:f}")

        return (show,)

    def _publish(
        self,
        net: Network,
        problem: Any,
        state: State,
        reason: StopReason,
        n_iter: int,
        by_score: bool,
    ) -> None:
        """Set the fitted attributes."""
        self.__dict__.pop("_assigned", None)
        self.net_ = net
        self.theta_ = training.best_theta(state) if by_score else state["theta"]
        handed_over = _fingerprint(self.theta_)
        self.training_state_ = {**state, "handed_over": handed_over, "solver_name": self.solver}
        self.n_layers_ = net.L
        self.n_outputs_ = net.sizes[-1]
        self.out_activation_ = net.loss.output
        self.n_iter_ = n_iter
        self.t_ = state["rows_seen"]
        self.stop_reason_ = reason
        self.loss_curve_ = state["J_curve"]
        self.loss_ = self._sklearn_loss(problem, state)
        self.best_loss_ = None if by_score else state["best_J"]
        scored = bool(state["score_curve"])
        self.validation_scores_ = state["score_curve"] if scored else None
        self.validation_loss_curve_ = state["validation_curve"] if scored else None
        self.best_validation_score_ = state["best_score"] if by_score else None

    def _sklearn_loss(self, problem: Any, state: State) -> float:
        """The last J in scikit-learn's measure, which is the mean over a regression's outputs."""
        if not state["J_curve"]:
            return float(problem.cost_and_gradient(state["theta"])[0])
        J, outputs = state["J_curve"][-1], problem.net.sizes[-1]
        if outputs == 1 or isinstance(self, ClassifierMixin):
            return J
        Thetas = problem.net.roll_unchecked(state["theta"])
        decay = float(problem.lam * backprop.penalty(Thetas)) / problem.rows.W
        return (J - decay) / outputs + decay

    def _warn(self, reason: StopReason, n_iter: int) -> None:
        """Say what scikit-learn would say, and what it would not."""
        mini_batch = self.solver in MINI_BATCH_SOLVERS
        if reason is StopReason.INTERRUPTED:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        elif reason is StopReason.MAX_ITER and mini_batch:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif reason in (StopReason.MAX_ITER, StopReason.MAX_FUN):
            warnings.warn(
                f"{self.solver} failed to converge after {n_iter} iteration(s). {reason.value}",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif reason in (StopReason.DIVERGED, StopReason.NOT_FINITE):
            warnings.warn(reason.value, ConvergenceWarning, stacklevel=4)

    def _check_solver(self) -> bool:
        if self.solver not in MINI_BATCH_SOLVERS:
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    # Weights.

    @property
    def coefs_(self) -> Any:
        """Weights by layer, shapes (s_l, s_{l+1}): views of ``theta_``, which can be assigned."""
        return self._views("coefs", coefs)

    @coefs_.setter
    def coefs_(self, values: Any) -> None:
        self._assign("coefs", coefs, values)

    @property
    def intercepts_(self) -> Any:
        """Biases by layer, shapes (s_{l+1},): views of ``theta_``, which can be assigned."""
        return self._views("intercepts", intercepts)

    @intercepts_.setter
    def intercepts_(self, values: Any) -> None:
        self._assign("intercepts", intercepts, values)

    def _views(self, name: str, make: Callable[..., Views]) -> Any:
        if hasattr(self, "theta_"):
            return make(self.theta_, self.net_.sizes)
        if name in self.__dict__.get("_assigned", {}):
            return self.__dict__["_assigned"][name]
        raise AttributeError(f"{type(self).__name__} has no {name}_ before it is fitted.")

    def _assign(self, name: str, make: Callable[..., Views], values: Any) -> None:
        """Write into θ; before the first fit, keep the arrays for it to start from."""
        if hasattr(self, "theta_"):
            assign(make(self.theta_, self.net_.sizes), values)
        else:
            self.__dict__.setdefault("_assigned", {})[name] = list(values)

    def _has_weights(self) -> bool:
        return hasattr(self, "theta_") or len(self.__dict__.get("_assigned", {})) == 2

    def _from_assigned(self) -> State:
        """Start from weights that were assigned before the first fit."""
        given = self.__dict__["_assigned"]
        pairs = zip(given["intercepts"], given["coefs"])
        theta = np.concatenate([np.vstack([b, W]).reshape(-1) for b, W in pairs])
        generator = check_random_state(self.random_state)
        return {**training.start(theta, generator), "seeds": {"split": 0, "dropout": 0}}

    # Answers.

    def _checked(self, X: Any) -> Any:
        """Validate rows to predict: at once where nothing can be wrong, by scikit-learn else."""
        check_is_fitted(self)
        if self._needs_no_check(X):
            return X
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return X.astype(self.theta_.dtype) if X.dtype != self.theta_.dtype else X

    def _needs_no_check(self, X: Any) -> bool:
        """Whether X is plainly a finite matrix of the right width and dtype."""
        return (
            type(X) is np.ndarray
            and X.dtype == self.theta_.dtype
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X.sum()))
        )

    def _activations(self, X: Any) -> Any:
        """a^(L), shape (m, s_L)."""
        X = self._checked(X)
        return engine.forward(self.net_, self.theta_, X, n_threads=self.n_threads)

    def _logits(self, X: Any) -> Any:
        """z^(L), shape (m, s_L)."""
        X = self._checked(X)
        return engine.forward(self.net_.linear, self.theta_, X, n_threads=self.n_threads)

    def transform(self, X: Any, layer: int = -1) -> Any:
        """Compute the activations of a hidden layer.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        layer : int
            Which hidden layer: by the notes' number (2 is the first hidden layer), or counted from
            the end (-1 is the last one).

        Returns
        -------
        ndarray of shape (m, s_l)
            a^(l).

        Raises
        ------
        InvalidInput
            If the network has no such hidden layer.
        """
        check_is_fitted(self)
        net = self.net_
        l = layer + net.L if layer < 0 else layer
        if not 2 <= l <= net.L - 1:
            raise InvalidInput(
                f"There is no hidden layer {layer}: {net} has hidden layers 2 to {net.L - 1}."
            )
        first = Network(net.sizes[:l], net.hidden[: l - 2], "squared_error")
        theta = self.theta_[: first.n_parameters]
        z = engine.forward(first, theta, self._checked(X), n_threads=self.n_threads)
        return net.activation(l).g(z)

    @property
    def _n_features_out(self) -> int:
        """Columns of ``transform``: the units of the last hidden layer."""
        return self.net_.sizes[-2]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class MLPClassifier(ClassifierMixin, _MLP):
    """A multi-layer perceptron that learns classes."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions({"log_loss", "binary_log_loss"}), Loss],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    class_weight: Any
    classes_: Any
    _labels: Labels

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        class_weight: Any = None,
        init: str = "auto",
        weight_decay: float = 0.0,
        dropout: Any = 0.0,
        schedule_epochs: int | None = None,
        n_init: int = 1,
        n_threads: int | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        every: int = 1,
    ) -> None:
        keep(self, locals())

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        total_weight: float | None = None,
    ) -> Any:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            Labels.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.
        classes : array-like, optional
            All classes; the first call needs them.
        total_weight : float, optional
            W of all the data that is still to come, where these rows are a part; their own weight
            else.

        Returns
        -------
        self
            The trained estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which does not see all "
                "rows: pass a dict of weights instead."
            )
        if _check_partial_fit_first_call(self, classes):
            multilabel = type_of_target(y).startswith("multilabel")
            self._learn_labels(np.asarray(y if multilabel else classes))
        return self._partial_fit(X, y, sample_weight, total_weight)

    def _learn_labels(self, y: np.ndarray) -> None:
        check_classification_targets(y)
        multilabel = type_of_target(y).startswith("multilabel")
        labels = Labels.indicators(y.shape[1]) if multilabel else Labels.of(y)
        self._labels = labels
        single = labels.classes[0] if labels.single else list(labels.classes)
        self.classes_ = np.arange(y.shape[1]) if multilabel else single

    def _encode(self, y: Any, known: bool) -> np.ndarray:
        if not known:
            self._learn_labels(y)
        elif self._labels.single or self._labels.multilabel:
            self._check_labels(unique_labels(y))
        return self._labels.encode(y)

    def _check_labels(self, classes: np.ndarray) -> None:
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}"
            )
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {classes}."
            )

    def _network_loss(self) -> str | Loss:
        if self.loss == "log_loss" and not self._labels.softmax:
            return "binary_log_loss"
        return self.loss

    def _weights(self, sample_weight: Any, X: Any, y: Any) -> Any:
        w = super()._weights(sample_weight, X, y)
        if self.class_weight is None:
            return w
        by_class = compute_sample_weight(self.class_weight, y)
        return (by_class if w is None else w * by_class).astype(X.dtype)

    def _score_of(self, net: Network, z: Any, Y: Any, w: Any) -> float:
        xp = array_namespace(z)
        right = xp.all(self._labels.codes(z, xp) == self._labels.codes(Y - 0.5, xp), axis=1)
        return float(w[right].sum() / w.sum())

    def _stratify(self, Y: np.ndarray) -> np.ndarray | None:
        return Y if Y.shape[1] == 1 else None

    def predict(self, X: Any) -> Any:
        """Predict labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The labels with the largest probability.
        """
        z = self._logits(X)
        return self._labels.decode(self._labels.codes(z, array_namespace(z)))

    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several outputs of classes
            Rows that sum to 1, in the order of ``classes_``; for multilabel targets the probability
            of each label by itself.
        """
        a = self._activations(X)
        if self._labels.multilabel:
            return a
        parts = [_probabilities(part, self.net_.loss.output) for part in self._labels.parts(a)]
        return parts[0] if self._labels.single else parts

    def predict_log_proba(self, X: Any) -> Any:
        """Predict the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several outputs of classes
            Logarithms, in the order of ``classes_``.
        """
        probabilities = self.predict_proba(X)
        if isinstance(probabilities, list):
            return [np.log(part) for part in probabilities]
        return np.log(probabilities)

    def decision_function(self, X: Any) -> Any:
        """Compute the logits z^(L), which the output activation turns into probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) for two classes, else (m, s_L)
            Positive, or largest, for the predicted class.
        """
        z = self._logits(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, _MLP):
    """A multi-layer perceptron that learns numbers."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [
            StrOptions({"squared_error", "poisson", "huber", "absolute_error", "quantile"}),
            Loss,
        ],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        init: str = "auto",
        weight_decay: float = 0.0,
        dropout: Any = 0.0,
        schedule_epochs: int | None = None,
        n_init: int = 1,
        n_threads: int | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        every: int = 1,
    ) -> None:
        keep(self, locals())

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, total_weight: float | None = None
    ) -> Any:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            Numbers.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.
        total_weight : float, optional
            W of all the data that is still to come, where these rows are a part; their own weight
            else.

        Returns
        -------
        self
            The trained estimator.
        """
        return self._partial_fit(X, y, sample_weight, total_weight)

    def _encode(self, y: Any, known: bool) -> np.ndarray:
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError("y holds negative numbers, but loss='poisson' needs y >= 0.")
        return y[:, None] if y.ndim == 1 else y

    def _network_loss(self) -> str | Loss:
        return self.loss

    def _score_of(self, net: Network, z: Any, Y: Any, w: Any) -> float:
        return _r_squared(net.loss.h(z), Y, w)

    def predict(self, X: Any) -> Any:
        """Predict numbers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The network's answers.
        """
        a = self._activations(X)
        return a[:, 0] if a.shape[1] == 1 else a


def keep(estimator: Any, arguments: dict[str, Any]) -> None:
    """Set every constructor argument as the attribute of its name, as scikit-learn wants it."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def _fingerprint(theta: Any) -> str:
    """A hash of θ's bits, by which a change made from outside is seen."""
    return hashlib.blake2b(np.asarray(theta).tobytes(), digest_size=16).hexdigest()


def _loss_to_rank(state: State, by_score: bool) -> float:
    """What the best of several restarts has least of."""
    return -state["best_score"] if by_score else state["best_J"]


def _probabilities(a: Any, output: str) -> Any:
    """One output's activations as rows that sum to 1."""
    xp = array_namespace(a)
    if a.shape[1] == 1:
        return xp.concat([1 - a, a], axis=1)
    return a if output == "softmax" else a / xp.sum(a, axis=1, keepdims=True)


def _r_squared(a: Any, Y: Any, w: Any) -> float:
    """R² as ``sklearn.metrics.r2_score`` computes it: the mean over the outputs."""
    w = w[:, None]
    residual = (w * (Y - a) ** 2).sum(axis=0)
    total = (w * (Y - (w * Y).sum(axis=0) / w.sum()) ** 2).sum(axis=0)
    constant = total == 0
    scores = 1 - residual / np.where(constant, 1, total)
    return float(np.where(constant, residual == 0, scores).mean())
