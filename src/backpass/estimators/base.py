"""What the two estimators have in common: everything but the meaning of y.

Rows are validated, y becomes Y, names become a network, and the training goes from state to state.
What is known afterwards is one vector, ``theta_``, and the network ``net_`` that reads it;
``coefs_`` and ``intercepts_`` are views of that vector.
"""

from __future__ import annotations

import hashlib
import logging
import math
import zlib
from collections.abc import Callable
from functools import cached_property, partial
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import (
    check_is_fitted,
    validate_data,
)

from .. import engine
from ..activations import ACTIVATIONS, Activation, find_activation
from ..arrays import array_namespace, as_csr, as_numpy, in_precision, like
from ..errors import InvalidInput, listed, warn
from ..initialise import init_theta
from ..losses import LOSSES, Loss
from ..network import Network
from ..solvers.registry import FULL_BATCH
from ..solvers.stationary import Description
from ..storage.fingerprints import content_hash, fingerprint
from ..streaming.blocks import Blocks
from ..streaming.dask import blocks_of, description_of, in_dtype, is_dask, lazily, problem_of
from ..streaming.problem import Encode
from ..training import loops as training
from ..training.checkpoints import Checkpoint, checkpoint_at, identity
from ..training.loops import Ended, Patience, Plan, Progress, State, StopReason, Watch
from ..training.restarts import Runs
from .drafts import found, original, published_whole
from .findings import Findings
from .parameters import MINI_BATCH_SOLVERS, SharedParameters
from .sample_weights import row_weights
from .sklearn_compat import (
    Bridge,
    CallbackSupportMixin,
    float_dtypes,
    same_namespace,
    with_callbacks,
)
from .table_model import learnt_rows, refuse_to_learn, rows_of
from .targets import Labels
from .verify import verify_activation, verify_loss
from .weights import Views, assign, check_layers, coefs, intercepts, joined

SPARSE = ("csr", "csc")

COLUMN_VECTOR = (
    "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
    "(n_samples, ), for example using ravel()."
)  # scikit-learn's own words

CHECKSUM_DIGITS = 8

logger = logging.getLogger("backpass")


class Data(NamedTuple):
    """Rows as the network wants them."""

    X: Any  # (m, s_1), an array or CSR
    Y: Any  # (m, s_L)
    w: Any  # (m,) or None

    def rows(self, index: np.ndarray) -> Data:
        """Return some of the rows."""
        return Data(*(None if part is None else _take(part, index) for part in self))

    @property
    def numbers(self) -> Any:
        """What has their precision."""
        return self.X

    def like(self, reference: Any) -> Data:
        """Return them in the precision of other numbers: weights keep that which they have."""
        X = in_precision(reference, self.X)
        return Data(X, *(None if part is None else like(reference, part) for part in self[1:]))


class BlockData(NamedTuple):
    """Rows in blocks, and what turns their targets into Y."""

    blocks: Blocks
    encode: Encode

    @property
    def numbers(self) -> Any:
        """What has their precision."""
        return np.empty(0, self.blocks.dtype)

    def like(self, reference: Any) -> BlockData:
        """Return them in the precision of other numbers, in which each block is read."""
        return BlockData(in_dtype(self.blocks, reference.dtype), self.encode)

    @property
    def head(self) -> Data:
        """The first few rows."""
        block = next(iter(self.blocks.read(0)))
        return Data(block.X[:4], self.encode(block.y[:4]), None)


class Perceptron(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, SharedParameters
):
    """The estimators' common part; use ``MLPClassifier`` or ``MLPRegressor``."""

    net_: Network
    theta_: Any
    training_state_: State
    n_features_in_: int
    n_iter_: int
    _assigned: dict[str, Any]

    _y_is_numeric: ClassVar[bool]

    # What y means: the two estimators say it.

    _read: Callable[[Any], Any]  # y of any container, without loss

    def _learn(self, y: Any) -> None:
        """Take from y what it means."""

    def _expect(self, y: Any) -> None:
        """Refuse y that does not fit what was learnt."""

    def _expect_same(self, y: Any) -> None:
        """Refuse y of which not the same would be learnt, as where a fit goes on."""

    def _encode(self, y: Any) -> np.ndarray:
        """Turn y into Y."""
        raise NotImplementedError

    def _network_loss(self) -> str | Loss:
        """The loss, and with it the output activation, that fits y."""
        raise NotImplementedError

    def _scorer(self, net: Network, Y: Any, w: Any) -> Callable[[Any], float]:
        """Accuracy or R² against Y, as a function of the logits."""
        raise NotImplementedError

    def _sklearn_loss(self, problem: Any, state: State) -> float:
        """J in scikit-learn's measure."""
        return training.last_J(problem, state)

    def _stratify(self, Y: Any) -> np.ndarray | None:
        """Classes that the validation set should have in the same parts."""
        return None

    def _block_encoder(self, blocks: Blocks, known: bool) -> Encode:
        """What turns the targets of a block into Y."""
        raise NotImplementedError

    def _weights(self, sample_weight: Any, X: Any, y: Any) -> Any:
        """w, or None where every row counts the same."""
        w = row_weights(sample_weight, X.shape[0])
        return None if w is None else like(X, w)

    # Fitting.

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    @published_whole
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
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
        """
        self._refuse_what_would_not_be_done()
        refuse_half_a_set(X_val, y_val, sample_weight_val)
        for rows in (X, X_val):
            refuse_to_learn(self, rows)
        known = self.warm_start and self._has_weights()
        learnt = known and hasattr(self, "theta_")
        blocks = blocks_of(X, y, sample_weight)
        if blocks is None:
            expect = self._expect_same if learnt else self._learn
            data = self._data(X, y, sample_weight, expect, reset=not learnt)
        else:
            data = self._known_blocks(blocks, learnt)
        if known:
            data = data.like(self._theta_now())
        own = None
        if X_val is not None:
            own = self._data(X_val, y_val, sample_weight_val, self._expect, reset=False)
            own = own.like(data.numbers)
        if isinstance(data, BlockData):
            self._train_on_blocks(data, own, known)
        else:
            self._train(data, own, known, self.max_iter)
        if not known:  # another X than that of the table of which it came
            self.__dict__.pop("preprocessing_", None)
        return self

    def _known_blocks(self, blocks: Blocks, learnt: bool) -> BlockData:
        """Look through the targets of rows that come in blocks."""
        self.n_features_in_ = len(blocks.names)
        self.__dict__.pop("feature_names_in_", None)
        if blocks.named:
            self.feature_names_in_ = np.array(blocks.names, dtype=object)
        return BlockData(blocks, self._block_encoder(blocks, learnt))

    def _train_on_blocks(self, data: BlockData, own: Data | None, known: bool) -> None:
        """Train on rows that come in blocks: from memory, from disk, or from other machines."""
        whole = [name for name, each in FULL_BATCH.items() if each.needs_curvature]
        if self.solver in whole or getattr(self, "class_weight", None) is not None:
            raise InvalidInput(
                "Rows in blocks are trained on without class_weight, and by any solver but "
                f"{listed(whole)}."
            )
        if self.early_stopping and own is None:
            raise InvalidInput("early_stopping on rows in blocks needs X_val and y_val.")
        first = data.head
        net = self._network(first, known)
        checkpoint = None
        if self.checkpoint is not None:
            about = description_of(data.blocks, data.encode)
            checkpoint = self._checkpoint(net, about, own, known)
        runs = self._runs(checkpoint, net, first.X, known)
        problem = problem_of(
            net, data.blocks, data.encode, lam=self.alpha, n_threads=self.n_threads
        )
        given = (data.blocks, None)
        runs = self._finish(problem, runs, own, given, self.max_iter, checkpoint)
        self._end(checkpoint, runs)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, total_weight: Any) -> Any:
        """Make one pass over the rows."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        self._refuse_what_would_not_be_done()
        if self.checkpoint is not None:
            raise InvalidInput(
                "partial_fit keeps no checkpoint: save the model with bp.save(..., state=True), or "
                "set checkpoint=None."
            )
        if total_weight is not None and not 0 < total_weight < np.inf:
            raise InvalidInput(f"total_weight is a positive number, not {total_weight!r}.")
        X, y = learnt_rows(self, X, y)
        known = self._has_weights()
        reset = not (known and hasattr(self, "n_features_in_"))
        data = self._data(X, y, sample_weight, self._expect, reset)
        if known:
            data = data.like(self._theta_now())
        self._train(data, None, known, max_iter=None, total_weight=total_weight)
        return self

    def _data(
        self, X: Any, y: Any, sample_weight: Any, expect: Callable[[Any], None], reset: bool
    ) -> Data:
        """Validate, encode and weight some rows, of whose y something is expected."""
        X, y = validate_data(
            self,
            X,
            self._read(y),
            accept_sparse=SPARSE,
            multi_output=True,
            y_numeric=self._y_is_numeric,
            dtype=float_dtypes(X),
            reset=reset,
        )
        y = y if hasattr(y, "tocsr") else as_numpy(y)
        if y.ndim == 2 and y.shape[1] == 1:
            warn(COLUMN_VECTOR, DataConversionWarning)
            y = column_or_1d(y)
        X = as_csr(X) if hasattr(X, "tocsr") else X
        expect(y)
        return Data(X, like(X, self._encode(y)), self._weights(sample_weight, X, y))

    def _train(
        self,
        data: Data,
        own: Data | None,
        known: bool,
        max_iter: int | None,
        total_weight: float | None = None,
    ) -> None:
        """Train from where things stand, or from n_init fresh starts, and keep the best."""
        net = self._network(data, known)
        checkpoint = None
        if max_iter is not None and self.checkpoint is not None:
            checkpoint = self._checkpoint(net, fingerprint(*data), own, known)
        runs = self._runs(checkpoint, net, data.X, known)
        data, validation = self._hold_out(data, own, runs.states[0]["seeds"])
        problem = engine.prepare(
            net,
            data.X,
            data.Y,
            lam=self.alpha,
            sample_weight=data.w,
            total_weight=total_weight,
            n_threads=self.n_threads,
        )
        given = (data.X, data.Y)
        runs = self._finish(problem, runs, validation, given, max_iter, checkpoint)
        self._note_findings(problem, data)
        self._end(checkpoint, runs)

    def _runs(self, checkpoint: Checkpoint | None, net: Network, X: Any, known: bool) -> Runs:
        """Take up an unfinished training, or start from where things stand, or anew."""
        # drawn in any case, so that a RandomState is afterwards where an undisturbed run leaves it
        starts = [self._resumed()] if known else self._fresh_starts(net, X)
        runs = Runs.kept(checkpoint, starts)
        if runs is None:
            return Runs.anew(starts)
        logger.warning("The training goes on after epoch %d.", runs.epoch)
        return runs

    def _finish(
        self,
        problem: Any,
        runs: Runs,
        validation: Data | None,
        given: tuple[Any, Any],
        max_iter: int | None,
        checkpoint: Checkpoint | None,
    ) -> Runs:
        """Train from every start, and note down the best."""
        net = problem.net
        bridge = Bridge(
            original(self), *given, lambda theta: {**found(self), "net_": net, "theta_": theta}
        )
        watch = Watch(
            validate=None if validation is None else self._validator(net, validation),
            callbacks=(*self._printer(), *self._callback_list(), *bridge.callbacks()),
        )
        by_score = self.early_stopping and validation is not None
        patience = Patience(self.tol, self.n_iter_no_change, by_score)
        runs = self._trained(problem, runs, watch, patience, max_iter or 1, checkpoint)
        state, reason = runs.best(patience)
        if max_iter is None and reason is StopReason.MAX_ITER:
            reason = StopReason.ONE_PASS
        n_iter = state["epoch"] - runs.begun[0][0]
        for name in ("found_", "_findings"):
            self.__dict__.pop(name, None)
        self._publish(problem, state, reason, n_iter, by_score)
        bridge.close(self.theta_)
        return runs

    def _end(self, checkpoint: Checkpoint | None, runs: Runs) -> None:
        """Say how it ended; a checkpoint is done with when nothing can go wrong any more."""
        self._warn(self.stop_reason_, self.n_iter_)
        if checkpoint is not None and self.stop_reason_ is not StopReason.INTERRUPTED:
            checkpoint.finish(runs._asdict())

    def _checkpoint(self, net: Network, data: str, own: Data | None, known: bool) -> Checkpoint:
        """The file that ``fit`` keeps its state in."""
        about = {"data": data, "validation data": fingerprint(*(own or ()))}
        labels: Labels | None = getattr(self, "_labels", None)
        if labels is not None:
            about["labels"] = str(content_hash((labels.multilabel, labels.classes)))
        if known:
            about["first weights"] = fingerprint(self._theta_now())
        if known and hasattr(self, "training_state_"):  # else its seeds are still to be drawn
            about["first state"] = str(content_hash(self._resumed()))
        assert self.checkpoint is not None
        return checkpoint_at(self.checkpoint, self.every, identity(self._asked_for(net), **about))

    def _asked_for(self, net: Network) -> dict[str, Any]:
        """The parameters, each in one of the ways in which the same can be said."""
        given = self.get_params(deep=False)
        return {
            "estimator": type(self),
            **given,
            "hidden_layer_sizes": self._hidden_sizes(),
            "activation": _once(net.hidden),
            "loss": LOSSES.get(self.loss, self.loss) if isinstance(self.loss, str) else self.loss,
            "dropout": _once(self.dropout),
        }

    def _network(self, data: Data, known: bool) -> Network:
        """The network that the parameters and the data ask for."""
        sizes = (data.X.shape[1], *self._hidden_sizes(), data.Y.shape[1])
        net = Network(sizes, self.activation, self._network_loss())
        if known and hasattr(self, "net_") and self.net_ != net:
            raise InvalidInput(
                f"The weights that are there belong to {self.net_}, but the parameters and the "
                f"data now make {net}: fit anew, with warm_start=False."
            )
        if known and not hasattr(self, "theta_"):
            check_layers(self._assigned["coefs"], self._assigned["intercepts"], net)
        for activation in set(net.hidden):
            verify_activation(activation)
        verify_loss(net.loss, as_numpy(data.Y[:4, ...]))
        return net

    def _fresh_starts(self, net: Network, X: Any) -> list[State]:
        """Draw n_init starts, then the seeds of what else is random."""
        generator = check_random_state(self.random_state)
        thetas = [like(X, self._drawn(net, generator)) for _ in range(self.n_init)]
        seeds = {
            name: int(generator.randint(2**31 - 1)) for name in ("shuffle", "split", "dropout")
        }
        return [{**training.start(theta, seeds["shuffle"]), "seeds": seeds} for theta in thetas]

    def _drawn(self, net: Network, generator: Any) -> np.ndarray:
        """Draw θ; "auto" draws what scikit-learn draws, in its order."""
        if self.init != "auto":
            return init_theta(net, generator, self.init)
        blocks: list[np.ndarray] = []
        for (units, columns), activation in zip(net.shapes, self._governing(net)):
            fan_in = columns - 1
            factor = 2.0 if activation == ACTIVATIONS["logistic"] else 6.0
            bound = np.sqrt(factor / (fan_in + units))
            weights = generator.uniform(-bound, bound, (fan_in, units))
            biases = generator.uniform(-bound, bound, units)
            blocks += [biases, weights.reshape(-1)]
        return np.concatenate(blocks)

    def _governing(self, net: Network) -> list[Activation]:
        """The activation that bounds each layer's draw: its own, and the last one's for z^(L)."""
        if net.hidden:
            return [*net.hidden, net.hidden[-1]]
        activation = self.activation
        named = isinstance(activation, str | Activation)
        return [find_activation(activation if named else "identity")]

    def _hold_out(
        self, data: Data, own: Data | None, seeds: dict[str, int]
    ) -> tuple[Data, Data | None]:
        """Set a validation set aside, where early stopping needs one and none is given."""
        if own is not None or not self.early_stopping:
            return data, own
        train, held_out = train_test_split(
            np.arange(data.X.shape[0]),
            test_size=self.validation_fraction,
            random_state=seeds["split"],
            stratify=self._stratify(data.Y),
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        parts = data.rows(np.asarray(train)), data.rows(np.asarray(held_out))
        for name, part in zip(("rows that are left", "validation rows set aside"), parts):
            if part.w is not None and not as_numpy(part.w).any():
                raise InvalidInput(
                    f"The {name} by early_stopping all weigh 0: pass X_val and y_val, or another "
                    "validation_fraction or random_state."
                )
        return parts

    def _validator(self, net: Network, data: Data) -> Callable[[Any], tuple[float, float]]:
        """Score and mean loss on a validation set, as a function of θ."""
        problem = engine.prepare(
            net, data.X, data.Y, sample_weight=data.w, n_threads=self.n_threads
        )
        rows = problem.rows
        score = self._scorer(net, rows.Y, rows.w)

        def validate(theta: Any) -> tuple[float, float]:
            z, cost = problem.logits_and_cost(theta)
            if not math.isfinite(cost):  # as it is where any logit is not
                return math.nan, math.nan
            return score(z), cost / rows.W

        return validate

    def _trained(
        self,
        problem: Any,
        runs: Runs,
        watch: Watch,
        patience: Patience,
        max_iter: int,
        checkpoint: Checkpoint | None,
    ) -> Runs:
        """Train from every start, until none is left or somebody stops them all."""
        together = self.solver in MINI_BATCH_SOLVERS
        while runs.left and runs.stopped_from_outside is None:
            numbers = runs.left if together else runs.left[:1]
            if checkpoint is not None:
                watch.keep = runs.keeper(numbers, checkpoint)
            ends = self._run(problem, runs, numbers, watch, patience, max_iter)
            runs = runs.after(numbers, ends)
        if runs.stopped_from_outside is StopReason.INTERRUPTED:
            if checkpoint is not None:
                checkpoint.interrupt()
            if not runs.moved:  # so there is nothing to keep
                raise KeyboardInterrupt
        return runs

    def _run(
        self,
        problem: Any,
        runs: Runs,
        numbers: list[int],
        watch: Watch,
        patience: Patience,
        max_iter: int,
    ) -> list[Ended]:
        """Some of the trainings, from their starts or from where they were kept."""
        states = [runs.states[number] for number in numbers]
        epochs, evaluations = runs.spent(numbers[0])
        if self.solver not in MINI_BATCH_SOLVERS:
            ended = training.run_full_batch(
                problem,
                states[0],
                watch,
                solver=self.solver,
                max_iter=max_iter - epochs,
                max_fun=self.max_fun - evaluations,
                patience=patience,
            )
            return [ended]
        plan = Plan(
            optimizer=self._optimizer(),
            schedule=self._schedule(),
            batch_size=self._batch_rows(problem.rows.m),
            max_epochs=max_iter - epochs,
            patience=patience,
            shuffle=self.shuffle,
            dropout=self._dropout(problem.net.L - 2, states[0]["seeds"]["dropout"]),
        )
        return training.run_together(problem, states, plan, watch)

    def _printer(self) -> tuple[Callable[[Progress], None], ...]:
        """scikit-learn's lines for verbose=True."""

        def show(progress: Progress) -> None:
            print(f"Iteration {progress.epoch}, loss = {progress.J:.8f}")
            if progress.validation_score is not None:
                print(f"Validation score: {progress.validation_score:f}")

        return (show,) if self.verbose else ()

    def _publish(
        self, problem: Any, state: State, reason: StopReason, n_iter: int, by_score: bool
    ) -> None:
        """Set the fitted attributes."""
        self.__dict__.pop("_assigned", None)
        self.net_ = net = problem.net
        self.theta_ = training.best_theta(state) if by_score else state["theta"]
        self.training_state_ = {
            **state,
            "solver_name": self.solver,
            "handed_over": _checksum(self.theta_),
        }
        self.n_layers_ = net.L
        self.n_outputs_ = net.sizes[-1]
        self.out_activation_ = net.loss.output
        self.n_iter_ = n_iter
        self.t_ = state["rows_seen"]
        self.total_weight_ = float(problem.rows.W)
        self.stop_reason_ = reason
        self.loss_curve_ = state["J_curve"]
        self.loss_ = self._sklearn_loss(problem, state)
        self.best_loss_ = None if by_score else state["best_J"]
        scored = bool(state["score_curve"])
        self.validation_scores_ = state["score_curve"] if scored else None
        self.validation_loss_curve_ = state["validation_curve"] if scored else None
        found = by_score and state["best_theta"] is not None
        self.best_validation_score_ = state["best_score"] if found else None

    @cached_property
    def found_(self) -> Description:
        """After a full-batch fit: a minimum, a saddle, or unfinished, with the numbers.

        It is computed when it is asked for, by some passes over the training data: 32 MB of it are
        held for that, of more what you hold yourself, and a pickle has only the answer.
        """
        check_is_fitted(self)
        findings: Findings | None = self.__dict__.get("_findings")
        if findings is None:
            raise AttributeError(
                f"found_ is told after fit by {listed(FULL_BATCH, 'or')}, on rows that are not in "
                "blocks."
            )
        return findings.describe(self.theta_, self.n_threads)

    def _note_findings(self, problem: Any, data: Data) -> None:
        """Note down what ``found_`` is told from."""
        if self.solver in MINI_BATCH_SOLVERS:
            return
        try:
            J = float(problem.cost_and_gradient(self.theta_)[0])
            self._findings = Findings(problem.net, data, lam=self.alpha, tol=self.tol, J=J)
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
            return make(self.theta_, self.net_)
        if name in self.__dict__.get("_assigned", {}):
            return self.__dict__["_assigned"][name]
        raise AttributeError(f"{type(self).__name__} has no {name}_ before it is fitted.")

    def _assign(self, name: str, make: Callable[..., Views], values: Any) -> None:
        """Write into θ; before the first fit, keep the arrays for it to start from."""
        if hasattr(self, "theta_"):
            assign(make(self.theta_, self.net_), values)
        else:
            self.__dict__.setdefault("_assigned", {})[name] = list(values)

    def _has_weights(self) -> bool:
        given = self.__dict__.get("_assigned", {})
        if len(given) == 1 and not hasattr(self, "theta_"):
            there, missing = ("coefs_", "intercepts_")[:: 1 if "coefs" in given else -1]
            raise InvalidInput(
                f"{there} is assigned, but {missing} is not: training goes on from both or from "
                "neither."
            )
        return hasattr(self, "theta_") or len(given) == 2

    def _resumed(self) -> State:
        """Take up the training state, unless the weights were changed since."""
        state: State = getattr(self, "training_state_", None) or self.fresh_state()
        mini_batch, by_score = self.solver in MINI_BATCH_SOLVERS, self.early_stopping
        # mini-batches that have no best to return to go on alike from weights changed or not
        asks = by_score or not mini_batch
        changed = asks and not _sums_up_to(self._theta_now(), state["handed_over"])
        if changed or not by_score:
            state = {**state, **self._as_they_are_seen()}
        if changed and not mini_batch:
            state = {**state, "solver": None}
        return state if state["solver_name"] == self.solver else {**state, "solver": None}

    def _as_they_are_seen(self) -> State:
        """A state's weights where it goes on from ``theta_``, not from those of the last epoch."""
        return {"theta": self._theta_now(), "best_theta": None, "best_score": -np.inf}

    def fresh_state(self) -> State:
        """Begin anew, from weights that were assigned or loaded without their history."""
        theta = self._theta_now()
        drawn = check_random_state(self.random_state).randint(2**31 - 1, size=3)
        seeds = dict(zip(("shuffle", "split", "dropout"), drawn.tolist()))
        about = {"seeds": seeds, "solver_name": self.solver, "handed_over": _checksum(theta)}
        return {**training.start(theta, seeds["shuffle"]), **about}

    def _theta_now(self) -> Any:
        if hasattr(self, "theta_"):
            return self.theta_
        given = self.__dict__["_assigned"]
        return joined(given["coefs"], given["intercepts"])

    # Answers.

    def _checked(self, X: Any, method: str) -> Any:
        """Validate rows to predict: at once where nothing can be wrong, by scikit-learn else."""
        if "theta_" in self.__dict__ and self._needs_no_check(X):
            return X
        check_is_fitted(self)
        X = rows_of(self, X)
        same_namespace(X, self, method)
        X = validate_data(self, X, accept_sparse=SPARSE, reset=False)
        return in_precision(self.theta_, X)

    def _needs_no_check(self, X: Any) -> bool:
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

    def _forward(self, net: Network, X: Any) -> Any:
        """a^(L) of rows that have been checked, shape (m, s_L)."""
        return engine.forward(net, self.theta_, X, n_threads=self.n_threads)

    def _activations(self, X: Any, method: str) -> Any:
        """a^(L), shape (m, s_L)."""
        X = self._checked(X, method)
        return self._forward(self.net_, X)

    def _logits(self, X: Any, method: str) -> Any:
        """z^(L), shape (m, s_L)."""
        X = self._checked(X, method)
        return self._forward(self.net_.linear, X)

    def transform(self, X: Any, layer: int = -1) -> Any:
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

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: without warm_start, what prediction and partial_fit need.

        The memory of a full-batch solver, many times as large as θ, stays at home.
        """
        inherited: Any = super().__getstate__()
        state = dict(inherited)
        if "training_state_" in state and not self.warm_start:
            kept = {**self.training_state_, **self._as_they_are_seen()}
            if kept["solver_name"] not in MINI_BATCH_SOLVERS:
                kept["solver"] = None
            state["training_state_"] = kept
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = get_config()["array_api_dispatch"]
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def refuse_half_a_set(X_val: Any, y_val: Any, sample_weight_val: Any) -> None:
    """Raise where a validation set has targets or weights and no rows, or rows and no targets."""
    given = {"y_val": y_val, "sample_weight_val": sample_weight_val}
    if X_val is None:
        for name, value in given.items():
            if value is not None:
                raise InvalidInput(f"{name} is given without X_val, the rows that it belongs to.")
    elif y_val is None:
        raise InvalidInput("X_val is given without y_val, the targets of its rows.")
    elif isinstance(X_val, Blocks) or is_dask(X_val):
        raise InvalidInput("X_val holds rows in memory: an array, a data frame or a sparse matrix.")
    elif sample_weight_val is not None and not np.any(as_numpy(sample_weight_val)):
        raise InvalidInput("sample_weight_val is zero for every validation row.")


def _once(values: Any) -> Any:
    """What is the same for every layer, said once."""
    each = list(values) if isinstance(values, list | tuple) else []
    return each[0] if each and all(value == each[0] for value in each) else values


def _checksum(theta: Any) -> str:
    """Sum up θ's bits, so that a change made from outside is seen.

    A hash that nobody can forge takes five times as long: half the time of learning one row.
    """
    return f"{zlib.crc32(np.ascontiguousarray(as_numpy(theta)).data):0{CHECKSUM_DIGITS}x}"


def _sums_up_to(theta: Any, told: str) -> bool:
    """Whether θ is what the sum was made of, or the hash in the first release's states."""
    if len(told) == CHECKSUM_DIGITS:
        return told == _checksum(theta)
    return told == hashlib.blake2b(as_numpy(theta).tobytes(), digest_size=16).hexdigest()


def _take(part: Any, index: np.ndarray) -> Any:
    """Some rows of an array or a CSR matrix."""
    if isinstance(part, np.ndarray) or hasattr(part, "tocsr"):
        return part[index]
    xp = array_namespace(part)
    return xp.take(part, xp.asarray(index, device=part.device), axis=0)
