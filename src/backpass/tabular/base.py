"""What the two tabular estimators have in common: from a table and y to an ensemble, and back."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import _fit_context  # pyright: ignore[reportPrivateUsage]
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import Tags, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import _check_y, check_is_fitted  # pyright: ignore

from ..arrays import ArrayLike, as_numpy
from ..data.encoding.fitted import fit_rows
from ..data.encoding.table_rows import TableRows
from ..data.knowing.table_reading import TableReading
from ..data.table_preprocessing import TablePreprocessing
from ..errors import InvalidInput, SettingError, warn
from ..estimators.drafts import published_at_once
from ..estimators.rows import COLUMN_VECTOR, check_validation_set
from ..estimators.targets.strategies import Targets
from ..network import Network
from ..streaming.blocks import Blocks
from ..streaming.dask_client import current_client
from .costs import cost_of
from .ensemble import Ensemble, Parts, fit_ensemble
from .epochs import EpochsWished
from .inputs import known_table, raw_table
from .members.member import Examples, Member, ToLearn
from .members.profiles import (
    MEMBERS,
    MEMBERS_IN_BLOCKS,
    PACK,
    MemberSettings,
    draw_settings,
    later_profiles,
    members_for,
)
from .members.streamed_rows import StreamedExamples
from .outputs import ClassOutputs, NumberOutputs
from .parameters import Callback, TabularParameters
from .partings.rows import Parting, partings, set_aside
from .time_limit import Deadline
from .watch import MembersPrinter, MembersProgress

if TYPE_CHECKING:
    from distributed import Client

OF_OTHER_ROWS = (  # what an earlier fit, or the command line, knew of its table
    "preprocessing_",
    "about_",
    "threshold_",
    "kept_",
    "n_features_in_",
    "feature_names_in_",
)
PARAMETERS = {"cv": "validation", "intervals": "coverage"}  # by settings of the command line
DRAWN = {each.name for each in fields(MemberSettings)} - {"number", "profile", "seed"}


@dataclass(frozen=True, eq=False)
class FittedMember:
    """A network of an ensemble, how it was trained, and how much it counts.

    Parameters
    ----------
    settings : MemberSettings
        What it was asked for.
    net_ : Network
        Its sizes, activations and loss.
    theta_ : ndarray of shape (n,), float32, or None
        θ of its best epoch; None of one without a share that comes from a model file.
    loss_curve_ : list of float
        J after every epoch.
    validation_scores_ : list of float
        Minus the metric on the rows that choose, after every epoch.
    validation_score_ : float
        Minus the metric of θ there.
    share : float
        Its part of the ensemble's answers; those of all members add up to 1.
    """

    settings: MemberSettings
    net_: Network
    theta_: np.ndarray | None
    loss_curve_: list[float]
    validation_scores_: list[float]
    validation_score_: float
    share: float

    @classmethod
    def of(cls, member: Member, cost: float, share: float) -> FittedMember:
        """Make it of a trained member."""
        curves = member.result.J_curve, member.result.validation_scores
        return cls(member.settings, member.net, member.theta, *curves, -cost, share)


@dataclass(frozen=True, eq=False)
class _Given:
    """Rows to learn from, and what their targets mean.

    Parameters
    ----------
    train : ToLearn
        All of them.
    targets : ClassTargets or NumberTargets
        What has been learnt of y.
    outputs : ClassOutputs or NumberOutputs
        What answers are.
    y : ndarray of shape (m, targets)
        Classes by number, or numbers; none of rows in blocks.
    """

    train: ToLearn
    targets: Targets
    outputs: ClassOutputs | NumberOutputs
    y: np.ndarray


class TabularEstimator(TabularParameters):
    """The estimators' common part; use ``TabularClassifier`` or ``TabularRegressor``."""

    n_features_in_: int
    feature_names_in_: np.ndarray
    preprocessing_: TablePreprocessing
    ensemble_: Ensemble

    # Whether some rows neither train nor choose, and tell how far answers are off.
    _sets_aside = False

    def _targets(self) -> Targets:
        """What y means, with what is known of it."""
        raise NotImplementedError

    def _learnt(self, targets: Targets, y: np.ndarray) -> np.ndarray:
        """Remember what y means; return classes by number, or numbers, shape (m, targets)."""
        raise NotImplementedError

    def _outputs(self, y: np.ndarray) -> ClassOutputs | NumberOutputs:
        """What the members' last layers are."""
        raise NotImplementedError

    def _outputs_of_blocks(self, targets: Targets, blocks: Blocks) -> ClassOutputs | NumberOutputs:
        """What the members' last layers are, of targets that come in blocks."""
        raise NotImplementedError

    def _learns(
        self, outputs: ClassOutputs | NumberOutputs, parts: Parts, seed: int
    ) -> ClassOutputs | NumberOutputs:
        """What members learn of the targets."""
        return outputs

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """Classes that both sides of a parting should have in proportion."""
        raise NotImplementedError

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
        groups: ArrayLike = None,
    ) -> Self:
        """Train members, and choose among them.

        Parameters
        ----------
        X : data frame, mapping, records, array-like, sparse matrix or TableRows, of m rows
            A table as it is: numbers, categories, dates, gaps. Blocks whose X is ``TableRows``
            bring y along; they are read in every epoch, and never held in memory.
        y : array-like of shape (m,) or (m, targets)
            Labels, or numbers.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a row that weighs 0 is left out.
        X_val, y_val, sample_weight_val : optional
            Rows of your own to choose by; all rows of X are learned from then. A third of them, at
            most 250, tells a regressor how far its answers are off.
        groups : array-like of shape (m,), optional
            Rows of one group are never both learned from and chosen by.

        Returns
        -------
        self
            The trained estimator.

        Raises
        ------
        ValueError
            If a parameter is none of its values, or X, y and the weights do not fit one another.
        InvalidInput
            If a column leaves two readings, or a setting is unknown.

        Examples
        --------
        >>> from backpass import TabularClassifier
        >>> X = {"size": [1.0, 2.0, None, 4.0] * 9, "kind": ["a", "b", "b", "a"] * 9}
        >>> y = ["small", "small", "large", "large"] * 9
        >>> clf = TabularClassifier(n_members=2, random_state=0).fit(X, y)
        >>> clf.predict({"size": [3.5], "kind": ["a"]})
        array(['large'], dtype='<U5')
        """
        deadline = Deadline(math.inf if self.time_limit is None else self.time_limit)
        check_validation_set(X_val, y_val, sample_weight_val)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if isinstance(X, Blocks):
            given = self._given_in_blocks(X, seed)
        else:
            given = self._given(X, y, sample_weight)
        beside = None
        if X_val is not None:
            beside = self._beside(X_val, y_val, sample_weight_val, given.targets, given.outputs)
        elif isinstance(X, Blocks):
            raise InvalidInput("Rows in blocks need others to choose by: X_val and y_val.")
        with naming_parameters():
            self.ensemble_ = self._trained(given, beside, groups, deadline, seed)
        return self

    def _given(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike) -> _Given:
        """Rows in memory, and what their targets mean."""
        rows, targets = self._learnt_rows(X), self._targets()
        checked = self._checked_y(y, targets, len(rows))
        targets = targets.learn(checked)
        codes = self._learnt(targets, checked)
        w = targets.weights(sample_weight, rows.numbers, checked)
        outputs = self._outputs(codes if w is None else codes[w > 0])
        return _Given(Examples(rows, outputs.targets(codes), w), targets, outputs, codes)

    def _given_in_blocks(self, blocks: Blocks, seed: int) -> _Given:
        """Rows in blocks, and what their targets mean: two passes, one over the targets alone."""
        for name in OF_OTHER_ROWS:
            self.__dict__.pop(name, None)
        if self.on_cluster:
            raise InvalidInput("Rows in blocks are read where they are, not on a cluster.")
        targets = self._targets().in_blocks(blocks, known=False)
        outputs = self._outputs_of_blocks(targets, blocks)

        def encode(y: np.ndarray) -> np.ndarray:
            return outputs.targets(self._learnt(targets, y))

        train = StreamedExamples.of(blocks, encode, seed)
        return _Given(train, targets, outputs, np.empty((0, outputs.units)))

    def _learnt_rows(self, X: ArrayLike) -> TableRows:
        """Find out what X is, and how it enters the members."""
        for name in OF_OTHER_ROWS:
            self.__dict__.pop(name, None)
        if isinstance(X, TableRows):  # somebody else has
            return X
        raw, plain = raw_table(self, X, reset=True)
        known = known_table(raw, plain, self.kinds or {}, self.categorical_features)
        encoding = fit_rows(known.columns, known.reading.kinds)
        self.preprocessing_ = TablePreprocessing(known.reading, encoding)
        return encoding.rows(known.columns, known.rows)[0]

    def _checked_y(self, y: ArrayLike, targets: Targets, m: int) -> np.ndarray:
        """Y as an array, a row for each of X."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        checked = _check_y(targets.read(y), multi_output=True, y_numeric=targets.numeric)
        checked = checked if hasattr(checked, "tocsr") else as_numpy(checked)
        if checked.ndim == 2 and checked.shape[1] == 1:
            warn(COLUMN_VECTOR, DataConversionWarning)
            checked = column_or_1d(checked)
        check_consistent_length(np.empty(m), checked)
        return checked

    def _beside(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike,
        targets: Targets,
        outputs: ClassOutputs | NumberOutputs,
    ) -> Examples:
        """Rows of somebody's own to choose by."""
        rows = self._rows(X)
        given = self._checked_y(y, targets, len(rows))
        w = targets.expect(given).weights(sample_weight, rows.numbers, given)
        return Examples(rows, outputs.targets(self._learnt(targets, given)), w)

    def _trained(
        self,
        given: _Given,
        beside: Examples | None,
        groups: ArrayLike,
        deadline: Deadline,
        seed: int,
    ) -> Ensemble:
        """Part the rows, and train the members of each parting."""
        each, pairs = self._pairs(given, beside, groups, seed)
        first, total = next(pairs), self._members(given.train)
        return fit_ensemble(
            self._parts(chain([first], pairs), each, total, seed),
            self._learns(given.outputs, first, seed),
            cost_of(self.metric, given.outputs),
            n_members=total,
            deadline=deadline,
            n_threads=self.n_threads,
            callback=self._callback(),
            checkpoint=self.checkpoint,
            client=self._client(),
        )

    def _client(self) -> Client | None:
        """The cluster that is asked for."""
        if not self.on_cluster:
            return None
        client = current_client()
        if client is None:
            raise InvalidInput(
                "on_cluster=True, but there is no cluster: make a distributed.Client first."
            )
        return client

    def _pairs(
        self, given: _Given, beside: Examples | None, groups: ArrayLike, seed: int
    ) -> tuple[int, Iterator[Parts]]:
        """How many members share a parting, and the examples of each.

        Rows that weigh nothing are in none.
        """
        train, y = given.train, given.y
        if not isinstance(train, Examples):
            assert beside is not None
            return PACK, repeat(self._parts_beside(train, beside, seed))
        w = train.sample_weight
        rows = np.arange(train.m) if w is None else np.flatnonzero(w)
        if beside is not None:
            return members_for(len(rows)), repeat(
                self._parts_beside(train.some(rows), beside, seed)
            )
        groups = None if groups is None else np.asarray(groups)[rows]
        strata = self._strata(y[rows])
        together, made = partings(self.validation, len(rows), strata, groups, seed)
        each = min(-(-min(self.n_members or MEMBERS, MEMBERS) // together), PACK)
        parts = (self._parted(train, rows, one, groups, seed + k) for k, one in enumerate(made))
        return self._epochs.together or each, parts

    def _parted(
        self, given: Examples, rows: np.ndarray, parting: Parting, groups: ArrayLike, seed: int
    ) -> Parts:
        """The examples of a parting of some rows."""
        aside = rows[:0]
        if self._sets_aside:
            parting, aside = set_aside(parting, groups, len(rows), seed)
        learn, choose = (given.some(rows[each]) for each in parting)
        kept = given.some(rows[aside]) if len(aside) else None
        return Parts(learn, choose, [], kept, np.r_[parting[1], aside])

    def _parts_beside(self, train: ToLearn, beside: Examples, seed: int) -> Parts:
        """The examples where somebody's own rows choose."""
        choose = np.arange(len(beside.rows))
        aside = choose[:0]
        if self._sets_aside:
            (_, choose), aside = set_aside((aside, choose), None, len(choose), seed)
        kept = beside.some(aside) if len(aside) else None
        return Parts(train, beside.some(choose), [], kept, np.r_[choose, aside])

    def _callback(self) -> Callback | None:
        """All callbacks as one, which asks to stop where any of them does."""
        given = self.callbacks or []
        each = [given] if callable(given) else list(given)
        each += [MembersPrinter()] if self.verbose else []
        if not each:
            return None

        def tell(progress: MembersProgress) -> bool:
            answers = [callback(progress) for callback in each]  # all of them are told
            return any(answers)

        return tell

    def _members(self, rows: ToLearn) -> int | None:
        """How many are trained on some rows; None where the time decides."""
        if self.n_members or self.time_limit:
            return self.n_members
        return members_for(rows.m) if isinstance(rows, Examples) else MEMBERS_IN_BLOCKS

    def _parts(
        self, pairs: Iterator[Parts], each: int, total: int | None, seed: int
    ) -> Iterator[Parts]:
        """The members of one parting after the other, as many as are asked for in all."""
        for first in count(0, each):
            last = first + each if total is None else min(first + each, total)
            if last <= first:
                return
            parts = next(pairs)
            m = parts.train.m
            settings = partial(self._settings_of_pack, range(first, last), m, seed)
            elastic = self._epochs.wished is None
            yield replace(parts, settings=settings, elastic=elastic)

    def _settings_of_pack(
        self, numbers: Sequence[int], m: int, seed: int, costs: Mapping[str, float]
    ) -> list[MemberSettings]:
        """What members are asked for, each with epochs of its own where they are listed."""
        settings, epochs = self._settings(numbers, m, seed, costs), self._epochs
        if not epochs.by_member:
            return settings
        return [replace(each, max_epochs=epochs.of(each.number)) for each in settings]

    @property
    def _epochs(self) -> EpochsWished:
        return EpochsWished((self.member or {}).get("max_epochs"))

    def _settings(
        self, numbers: Sequence[int], m: int, seed: int, costs: Mapping[str, float]
    ) -> list[MemberSettings]:
        """What members are asked for, by the costs of the first pack's profiles."""
        wished: dict[str, Any] = dict(self.member or {})
        if self._epochs.wished is None or self._epochs.by_member:
            wished.pop("max_epochs", None)
        unknown = [name for name in wished if name not in DRAWN]
        if unknown:
            raise InvalidInput(
                f"member has no setting {unknown[0]!r}; there are {', '.join(sorted(DRAWN))}."
            )
        profiles = later_profiles(costs)
        return [replace(draw_settings(j, m, seed, profiles), **wished) for j in numbers]

    # What is known afterwards.

    @property
    def members_(self) -> list[FittedMember]:
        """The members, in their order: settings, θ, curves, score and share of each."""
        ensemble = self._ensemble()
        each = zip(ensemble.members, ensemble.costs.tolist(), ensemble.weights.tolist())
        return [FittedMember.of(*one) for one in each]

    @property
    def weights_(self) -> np.ndarray:
        """How much each member counts; they add up to 1."""
        return self._ensemble().weights

    @property
    def validation_score_(self) -> float:
        """Minus the metric of the ensemble on the rows that chose it: better than on others."""
        return -self._ensemble().cost

    @property
    def repeat_params_(self) -> dict[str, object]:
        """Parameters with which another fit, without a time limit, comes to the same bits.

        Epochs stand there by parting. Where the time ended before the first member was over, there
        are none: those that began answer by their best epochs then.
        """
        packs = [pack.members for pack in self._ensemble().packs]
        members = [member for pack in packs for member in pack]
        if not all(member.whole for member in members):
            raise AttributeError(
                "The fit ended before its first member was over, so no parameters repeat it: give "
                "it more time."
            )
        epochs = [[member.settings.max_epochs for member in pack] for pack in packs]
        member = {**(self.member or {}), "max_epochs": epochs}
        return {"n_members": len(members), "time_limit": None, "member": member}

    @property
    def reading_(self) -> TableReading:
        """How X was read: each column, and why."""
        self._ensemble()
        return self.preprocessing_.reading

    def _ensemble(self) -> Ensemble:
        if "ensemble_" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no members before it is fitted.")
        return self.ensemble_

    # Answers.

    def _rows(self, X: ArrayLike) -> TableRows:
        """Rows of a table as that of the fit was read; where a file's was, columns stand anyhow."""
        if isinstance(X, TableRows):
            return X
        if "n_features_in_" in self.__dict__:
            X, _ = raw_table(self, X, reset=False)
        return self.preprocessing_.rows(X)[0]

    def _answers(self, X: ArrayLike) -> np.ndarray:
        """Probabilities, or deviations, of rows of a table."""
        if not self.__sklearn_is_fitted__():  # asked before, as the tags take 50 µs
            check_is_fitted(self)
        return self.ensemble_.answers(self._rows(X), self.n_threads)

    def __sklearn_is_fitted__(self) -> bool:
        return "ensemble_" in self.__dict__

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.multi_output = True
        return tags


@contextmanager
def naming_parameters() -> Generator[None]:
    """Say which parameter it is that does not suit."""
    try:
        yield
    except SettingError as error:
        name = PARAMETERS.get(error.setting, error.setting)
        raise InvalidInput(f"{name}={error.value!r}: {error}") from None
