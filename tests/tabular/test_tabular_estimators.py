"""The tabular estimators: what a user of scikit-learn, pandas and tables expects of them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import backpass as bp
from backpass.errors import InvalidInput
from backpass.tabular.ensemble import fit_ensemble
from backpass.training.checkpoints import RetainedFolder


def visits(m=400, seed=0):
    """A table of numbers with gaps, towns and days, and what follows from them."""
    rng = np.random.default_rng(seed)
    size, town = rng.normal(size=m), rng.choice(["Rome", "Oslo", "Bern"], m)
    day = np.datetime64("2024-01-01") + rng.integers(0, 300, m) * np.timedelta64(1, "D")
    signal = np.abs(size) + (town == "Oslo") + 0.1 * rng.normal(size=m)
    size[rng.random(m) < 0.1] = np.nan
    return pd.DataFrame({"size": size, "town": town, "day": day}), signal


def small(kind, **changes):
    return kind(**{"n_members": 3, "random_state": 0, **changes})


def test_it_learns_a_table_as_it_is_better_than_no_model():
    frame, signal = visits()
    y = np.where(signal > 1, "long", "short")
    clf = small(bp.TabularClassifier).fit(frame[:300], y[:300])
    dummy = DummyClassifier().fit(frame[:300], y[:300]).score(frame[300:], y[300:])
    assert clf.score(frame[300:], y[300:]) > dummy + 0.25
    reg = small(bp.TabularRegressor).fit(frame[:300], signal[:300])
    assert reg.score(frame[300:], signal[300:]) > 0.6
    assert clf.reading_["town"].kind.value == "category"
    assert clf.reading_["day"].kind.value == "date"


def test_what_explains_a_fit_agrees_with_itself():
    frame, signal = visits()
    reg = small(bp.TabularRegressor, n_members=5).fit(frame, signal)
    members = reg.members_
    assert [each.settings.number for each in members] == [0, 1, 2, 3, 4]
    assert [each.share for each in members] == reg.weights_.tolist()
    assert reg.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert reg.validation_score_ >= max(each.validation_score_ for each in members) - 0.02
    for each in members:
        assert each.theta_.shape == (each.net_.n_parameters,)
        assert each.validation_score_ == pytest.approx(max(each.validation_scores_), rel=1e-5)
        assert len(each.loss_curve_) == len(each.validation_scores_)
        assert each.net_.loss.name == "squared_error"


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    frame, signal = visits(200)
    fitted = [
        small(bp.TabularRegressor, n_threads=n).fit(frame, signal).predict(frame)
        for n in (1, 2, 3, None)
    ]
    for answers in fitted[1:]:
        np.testing.assert_array_equal(answers, fitted[0])
    other = small(bp.TabularRegressor, random_state=1).fit(frame, signal).predict(frame)
    assert (other != fitted[0]).any()


def test_more_members_begin_with_the_same_ones():
    frame, signal = visits(200)
    few, more = (small(bp.TabularRegressor, n_members=n).fit(frame, signal) for n in (2, 4))
    for one, other in zip(few.members_, more.members_):
        np.testing.assert_array_equal(one.theta_, other.theta_)


def test_copies_and_pipelines_answer_alike():
    frame, signal = visits(200)
    y = signal > 1
    clf = small(bp.TabularClassifier).fit(frame, y)
    P = clf.predict_proba(frame)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clf)).predict_proba(frame), P)
    np.testing.assert_array_equal(clone(clf).fit(frame, y).predict_proba(frame), P)
    pipeline = make_pipeline(FunctionTransformer(), small(bp.TabularClassifier)).fit(frame, y)
    np.testing.assert_array_equal(pipeline.predict_proba(frame), P)
    grid = GridSearchCV(small(bp.TabularClassifier), {"n_members": [1, 2]}, cv=2).fit(frame, y)
    assert grid.best_score_ > 0.7
    scores = cross_val_score(small(bp.TabularClassifier), frame, y, cv=2, scoring="roc_auc")
    assert scores.min() > 0.7


def test_rows_of_weight_zero_are_as_left_out_and_weights_count():
    frame, signal = visits(240)
    w = np.r_[np.ones(200), np.zeros(40)]
    broken = np.r_[signal[:200], np.full(40, 1e6)]
    weighted = small(bp.TabularRegressor).fit(frame, broken, sample_weight=w)
    assert weighted.predict(frame).max() <= signal[:200].max()
    y = (signal > 1.5).astype(int)
    heavy = small(bp.TabularClassifier, class_weight={0: 1, 1: 20}).fit(frame, y)
    plain = small(bp.TabularClassifier).fit(frame, y)
    assert heavy.predict_proba(frame)[:, 1].mean() > plain.predict_proba(frame)[:, 1].mean() + 0.1
    by_row = small(bp.TabularClassifier).fit(frame, y, sample_weight=np.where(y, 20, 1))
    np.testing.assert_array_equal(by_row.predict_proba(frame), heavy.predict_proba(frame))


@pytest.mark.parametrize("labels", [["no", "yes"], [7, 9]])
def test_weights_are_numbers_whatever_the_labels_are(labels):
    frame, signal = visits()
    w = np.where(signal > 0.5, 0.25, 0.75)
    expected = small(bp.TabularClassifier).fit(frame, signal > 1, w).predict_proba(frame)
    y = np.array(labels)[(signal > 1).astype(int)]
    made = small(bp.TabularClassifier).fit(frame, y, w)
    assert (made.predict_proba(frame) == expected).all()
    given = {"X_val": frame[300:], "y_val": y[300:], "sample_weight_val": w[300:]}
    beside = small(bp.TabularClassifier).fit(frame[:300], y[:300], w[:300], **given)
    given |= {"y_val": signal[300:] > 1}
    expected = small(bp.TabularClassifier).fit(frame[:300], signal[:300] > 1, w[:300], **given)
    assert (beside.predict_proba(frame) == expected.predict_proba(frame)).all()


def test_rows_of_ones_own_choose_and_all_others_are_learned():
    frame, signal = visits(300)
    given = {"X_val": frame[200:], "y_val": signal[200:]}
    reg = small(bp.TabularRegressor).fit(frame[:200], signal[:200], **given)
    [pack] = reg.ensemble_.packs
    assert (pack.held_out, len(pack.errors)) == (66, 34)
    errors = np.sort(np.abs(reg.predict(frame[200:]) - signal[200:]))
    kept = np.abs(pack.errors[:, 0]) * signal[:200].std()  # one pack, so no errors are smaller
    assert np.isin(kept.round(9), errors.round(9)).all()
    rest = np.setdiff1d(errors.round(9), kept.round(9))
    assert -reg.validation_score_ == pytest.approx(np.mean(rest**2) / signal[:200].var(), rel=1e-6)
    clf = small(bp.TabularClassifier).fit(
        frame[:200], signal[:200] > 1, X_val=frame[200:], y_val=signal[200:] > 1
    )
    assert clf.ensemble_.packs[0].held_out == 100


def test_several_targets_of_each_kind():
    frame, signal = visits(300)
    both = np.column_stack([signal, -3 * signal])
    reg = small(bp.TabularRegressor).fit(frame, both)
    assert reg.predict(frame).shape == (300, 2)
    assert reg.score(frame, both) > 0.6
    classes = np.column_stack([signal > 1, np.digitize(signal, [0.7, 1.4])])
    clf = small(bp.TabularClassifier).fit(frame, classes)
    assert [P.shape for P in clf.predict_proba(frame)] == [(300, 2), (300, 3)]
    assert clf.score(frame, classes) > 0.6
    indicators = np.column_stack([signal > 1, signal > 1.4]).astype(int)
    many = small(bp.TabularClassifier).fit(frame, indicators)
    assert many.predict_proba(frame).shape == (300, 2)
    assert set(np.unique(many.predict(frame))) == {0, 1}
    assert many.score(frame, indicators) > 0.6


@pytest.mark.parametrize("labels", [["no", "yes"], [7, 9], [False, True], ["a", "b", "c"]])
def test_labels_come_back_as_they_are(labels):
    frame, signal = visits(150)
    places = np.searchsorted(np.quantile(signal, np.arange(1, len(labels)) / len(labels)), signal)
    y = np.array(labels)[places]
    clf = small(bp.TabularClassifier).fit(frame, y)
    assert clf.classes_.tolist() == labels
    assert clf.predict(frame).dtype == y.dtype
    P = clf.predict_proba(frame)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(clf.classes_[P.argmax(axis=1)], clf.predict(frame))
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(frame)), P, rtol=1e-12)


def test_members_are_as_somebody_wants_them():
    frame, signal = visits(150)
    wish = {"hidden": (8,), "activation": "tanh", "max_epochs": 3, "bins": 5}
    reg = small(bp.TabularRegressor, member=wish).fit(frame, signal)
    for each in reg.members_:
        assert each.net_.sizes[1:] == (8, 1)
        assert each.net_.hidden[0].name == "tanh"
        assert len(each.loss_curve_) <= 3
    with pytest.raises(InvalidInput, match="no setting 'depth'; there are activation"):
        small(bp.TabularRegressor, member={"depth": 2}).fit(frame, signal)


def test_a_metric_chooses_and_folds_make_packs():
    frame, signal = visits(240)
    y = signal > 1
    clf = small(bp.TabularClassifier, metric="auc", validation=3, n_members=6).fit(frame, y)
    assert len(clf.ensemble_.packs) == 3
    assert len(clf.members_) == 6
    assert 0.8 < clf.validation_score_ <= 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metric": "rmse"}, r"metric='rmse': for classes there are"),
        ({"validation": 99}, r"validation=99: 60 rows can be held out in turn"),
        ({"validation": 1.5}, r"'validation' parameter"),
        ({"kinds": {"colour": "category"}}, r"There is no column 'colour'"),
        ({"kinds": {"size": "colour"}}, r"'size' is wished to be 'colour'"),
    ],
)
def test_what_does_not_suit_is_said_by_its_parameter(changes, said):
    frame, signal = visits(60)
    with pytest.raises(ValueError, match=said):
        small(bp.TabularClassifier, **changes).fit(frame, signal > 1)


def test_groups_are_never_on_both_sides(monkeypatch):
    frame, signal = visits(240)
    groups, seen = np.arange(240) // 12, []

    def spy(parts, *rest, **named):
        seen.extend(parts)
        return fit_ensemble(seen, *rest, **named)

    monkeypatch.setattr("backpass.tabular.base.fit_ensemble", spy)
    frame = pd.DataFrame({"group": groups + 0.5})
    small(bp.TabularRegressor).fit(frame, signal, groups=groups)
    [parts] = seen
    train, choose, aside = (
        set(each.rows.numbers[:, -1]) for each in (parts.train, parts.held_out, parts.aside)
    )
    assert len(train) + len(choose) + len(aside) == len(train | choose | aside) == 20


def test_new_levels_gaps_and_other_orders_are_answered():
    frame, signal = visits(200)
    reg = small(bp.TabularRegressor).fit(frame, signal)
    new = {"day": [None], "town": ["Paris"], "size": [None]}  # in any order, by name
    assert np.isfinite(reg.predict(new)).all()
    with pytest.raises(ValueError, match="same order"):  # scikit-learn's rule for frames
        reg.predict(frame[["day", "size", "town"]])
    with pytest.raises(InvalidInput, match="lacks the column 'size'"):
        reg.predict({"day": [None], "town": ["Rome"]})


def test_answers_of_numbers_stay_within_what_was_seen():
    x = np.linspace(0, 1, 200)
    reg = small(bp.TabularRegressor).fit(x[:, None], 5 * x)
    answers = reg.predict([[-100.0], [100.0]])
    assert 0 <= answers.min()
    assert answers.max() <= 5


@pytest.mark.parametrize("kind", [bp.TabularClassifier, bp.TabularRegressor])
def test_before_a_fit_there_is_nothing(kind):
    model = kind()
    with pytest.raises(NotFittedError):
        model.predict([[1.0]])
    for name in ("members_", "weights_", "validation_score_", "reading_"):
        assert not hasattr(model, name)


def test_a_fit_that_fails_leaves_the_old_model():
    frame, signal = visits(120)
    reg = small(bp.TabularRegressor).fit(frame, signal)
    before = reg.predict(frame)
    with pytest.raises(ValueError):
        reg.fit(frame, signal[:10])
    np.testing.assert_array_equal(reg.predict(frame), before)


def test_it_is_as_good_as_boosted_trees_on_classes():
    frame, signal = visits(900)
    X = frame.assign(town=frame["town"].astype("category"), day=frame["day"].astype("int64"))
    y = np.digitize(signal, [0.6, 1.1])
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    theirs = trees.fit(X[:600], y[:600]).score(X[600:], y[600:])
    ours = bp.TabularClassifier(n_members=8, random_state=0).fit(frame[:600], y[:600])
    assert ours.score(frame[600:], y[600:]) > theirs - 0.02


def test_time_trains_as_many_members_as_fit_and_their_number_gives_the_same_bits():
    frame, signal = visits(200)
    wish = {"max_epochs": 3}
    timed = bp.TabularRegressor(time_limit=1.5, member=wish, random_state=0).fit(frame, signal)
    n = len(timed.members_)
    assert n > 2
    same = small(bp.TabularRegressor, n_members=n, member=wish).fit(frame, signal)
    np.testing.assert_array_equal(same.predict(frame), timed.predict(frame))
    np.testing.assert_array_equal(same.weights_, timed.weights_)


def fitted_in_time(frame, signal, **named):
    """As soon as the time lets a member end, however busy the machine is."""
    for seconds in (0.5, 2, 8, 32):
        timed = bp.TabularRegressor(time_limit=seconds, random_state=0, **named).fit(frame, signal)
        if hasattr(timed, "repeat_params_"):
            return timed
    raise AssertionError("no member was over in half a minute")


def test_a_fit_that_was_over_too_soon_has_nothing_to_repeat():
    frame, signal = visits(200)
    timed = bp.TabularRegressor(time_limit=1e-3, random_state=0, member={"max_epochs": 10**6})
    timed.fit(frame, signal)
    with pytest.raises(AttributeError, match="before its first member was over"):
        _ = timed.repeat_params_


def test_no_number_of_epochs_is_as_if_nothing_was_wished():
    frame, signal = visits(60)
    usual = small(bp.TabularRegressor, n_members=1, member={}).fit(frame, signal)
    named = small(bp.TabularRegressor, n_members=1, member={"max_epochs": None}).fit(frame, signal)
    np.testing.assert_array_equal(named.predict(frame), usual.predict(frame))


def test_epochs_by_parting_say_how_many_members_share_one():
    frame, signal = visits(200)
    wish = {"max_epochs": [[2, 3, 1], [2, 4]]}
    reg = small(bp.TabularRegressor, n_members=5, validation=3, member=wish).fit(frame, signal)
    assert [len(pack.members) for pack in reg.ensemble_.packs] == [3, 2]
    assert [each.settings.max_epochs for each in reg.members_] == [2, 3, 1, 2, 4]


@pytest.mark.parametrize("named", [{}, {"validation": 3}, {"member": {"hidden": (8,)}}])
def test_a_fit_in_time_is_repeated_without_a_limit_by_its_record(named):
    frame, signal = visits(200)
    timed = fitted_in_time(frame, signal, **named)
    record = timed.repeat_params_
    assert record["time_limit"] is None
    assert record["n_members"] == sum(map(len, record["member"]["max_epochs"]))
    assert record["n_members"] == len(timed.members_)
    same = bp.TabularRegressor(random_state=0, **{**named, **record}).fit(frame, signal)
    np.testing.assert_array_equal(same.predict(frame), timed.predict(frame))
    np.testing.assert_array_equal(same.predict_interval(frame), timed.predict_interval(frame))
    np.testing.assert_array_equal(same.weights_, timed.weights_)


def test_each_member_has_the_epochs_that_are_listed():
    frame, signal = visits(150)
    wish = {"max_epochs": [2, 3, 1, 2, 4]}
    reg = small(bp.TabularRegressor, n_members=5, member=wish).fit(frame, signal)
    assert [each.settings.max_epochs for each in reg.members_] == [2, 3, 1, 2, 4]


@pytest.mark.parametrize("epochs", [[2], [[2, 1.5]], [[2]], "22", [1.5, 2.0], {}])
def test_epochs_that_are_not_one_for_each_member_are_refused(epochs):
    frame, signal = visits(60)
    with pytest.raises(InvalidInput, match=r"max_epochs of member is a number, (or )?a list"):
        small(bp.TabularRegressor, n_members=2, member={"max_epochs": epochs}).fit(frame, signal)


def test_more_than_a_packs_members_choose_on_other_rows():
    frame, signal = visits(150)
    reg = small(bp.TabularRegressor, n_members=20, member={"max_epochs": 2}).fit(frame, signal)
    assert [len(pack.members) for pack in reg.ensemble_.packs] == [4] * 5
    assert reg.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert [each.settings.number for each in reg.members_] == list(range(20))


def test_a_broken_fit_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    frame, signal = visits(150)
    whole = small(bp.TabularRegressor).fit(frame, signal)
    folder = tmp_path / "members"
    epochs = []

    def broken(self, progress):
        epochs.append(progress)
        return len(epochs) == 7

    with monkeypatch.context() as patched:
        patched.setattr("backpass.tabular.watch.MembersPrinter.__call__", broken)
        cut = small(bp.TabularRegressor, checkpoint=folder, verbose=True).fit(frame, signal)
    assert sum(len(each.loss_curve_) for each in cut.members_) < sum(
        len(each.loss_curve_) for each in whole.members_
    )
    again = small(bp.TabularRegressor, checkpoint=folder).fit(frame, signal)
    np.testing.assert_array_equal(again.predict(frame), whole.predict(frame))
    with pytest.raises(InvalidInput, match="checkpoint"):
        small(bp.TabularRegressor, checkpoint=_kept(folder, frame, signal)).fit(frame, -signal)


def _kept(folder, frame, signal):
    """A folder of a fit that was broken off."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("backpass.tabular.watch.MembersPrinter.__call__", lambda *_: True)
        small(bp.TabularRegressor, checkpoint=folder, verbose=True).fit(frame, signal)
    return folder


def test_it_says_how_far_it_is(capsys):
    frame, signal = visits(100)
    small(bp.TabularRegressor, verbose=True, n_threads=1).fit(frame, signal)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Member 1 of 3 is over, best validation score -")


def test_callbacks_look_on_and_may_stop_a_fit():
    frame, signal = visits()
    seen, lines = [], []

    def stop_after_two(progress):
        seen.append((progress.done, progress.total))
        return progress.done == 2

    whole = small(bp.TabularRegressor, n_members=5, n_threads=1, callbacks=lines.append)
    whole.fit(frame, signal)
    assert len(lines) == sum(len(each.loss_curve_) for each in whole.members_)
    asked = {"n_members": 5, "n_threads": 1, "callbacks": [stop_after_two, lines.append]}
    cut = small(bp.TabularRegressor, **asked).fit(frame, signal)
    assert seen[0] == (0, 5)
    assert seen[-1] == (2, 5)
    assert len(cut.members_) == 2
    assert not cut.ensemble_.interrupted
    assert len(lines) == len(seen) + sum(len(each.loss_curve_) for each in whole.members_)


def test_a_folder_of_checkpoints_may_be_kept_until_other_files_are_written(tmp_path):
    frame, signal = visits()
    folder = RetainedFolder(tmp_path / "members", every=2)
    first = small(bp.TabularRegressor, checkpoint=folder).fit(frame, signal)
    epochs = []
    again = RetainedFolder(tmp_path / "members", every=2)
    second = small(bp.TabularRegressor, checkpoint=again, callbacks=epochs.append)
    second.fit(frame, signal)
    assert not epochs  # all of them were over
    assert (second.predict(frame) == first.predict(frame)).all()
    again.release()
    small(bp.TabularRegressor, checkpoint=folder, callbacks=epochs.append).fit(frame, signal)
    assert epochs


def test_intervals_hold_as_many_rows_as_is_asked_for():
    frame, signal = visits(2_000)
    reg = bp.TabularRegressor(n_members=8, random_state=0).fit(frame[:1_000], signal[:1_000])
    wide = 0.0
    for coverage in (0.5, 0.8, 0.95):
        low, high = reg.predict_interval(frame[1_000:], coverage).T
        within = np.mean((low <= signal[1_000:]) & (signal[1_000:] <= high))
        # Of 100 errors a pack, and these are somewhat larger than the ensemble's.
        assert -0.12 < within - coverage < 0.15
        assert (high - low).min() > wide
        wide = (high - low).max()
    middle = reg.predict_interval(frame).mean(axis=1)
    np.testing.assert_allclose(middle, reg.predict(frame), rtol=1e-9)


def test_intervals_of_several_targets_are_each_its_own():
    frame, signal = visits(600)
    both = np.column_stack([signal, 1_000 * np.random.default_rng(1).normal(size=600)])
    reg = small(bp.TabularRegressor, n_members=4).fit(frame, both)
    made = reg.predict_interval(frame)
    assert made.shape == (600, 2, 2)
    widths = np.ptp(made, axis=2)[0]
    assert widths[0] < 3
    assert widths[1] > 1_000


def test_intervals_of_too_few_rows_are_refused():
    frame, signal = visits(30)
    reg = small(bp.TabularRegressor).fit(frame, signal)
    with pytest.raises(InvalidInput, match=r"coverage=0.99: intervals that hold 0.99 .* take 99"):
        reg.predict_interval(frame, 0.99)
    with pytest.raises(InvalidInput, match=r"coverage=1.5"):
        reg.predict_interval(frame, 1.5)


def test_the_logarithm_is_learnt_where_rows_that_choose_say_so():
    frame, signal = visits(500)
    grown = np.exp(3 * signal)
    auto, plain, log = (
        small(bp.TabularRegressor, target=target).fit(frame[:350], grown[:350])
        for target in ("auto", "none", "log")
    )
    assert (auto.target_, plain.target_, log.target_) == ("log", "none", "log")
    np.testing.assert_array_equal(auto.predict(frame), log.predict(frame))
    errors = [np.mean((each.predict(frame[350:]) - grown[350:]) ** 2) for each in (log, plain)]
    assert errors[0] < errors[1]
    assert small(bp.TabularRegressor).fit(frame, 9 - signal).target_ == "none"
    low, high = log.predict_interval(frame, 0.5).T
    np.testing.assert_allclose((low + high) / 2, log.predict(frame), rtol=1e-9)


def test_a_logarithm_that_there_is_not_is_refused():
    frame, signal = visits(60)
    with pytest.raises(InvalidInput, match=r"target='log' is for numbers above 0, and y holds -"):
        small(bp.TabularRegressor, target="log").fit(frame, signal - signal.max())


def test_free_text_is_learned_from():
    rng = np.random.default_rng(3)
    words = np.array(["bread", "milk", "honey", "rain", "snow", "wind"])
    notes = [" ".join(rng.choice(words, 6)) + f" number {k}" for k in range(400)]
    y = np.array([note.count("honey") + note.count("snow") for note in notes], dtype=float)
    frame = pd.DataFrame({"note": notes, "size": rng.normal(size=400)})
    reg = small(bp.TabularRegressor, kinds={"note": "text"}).fit(frame[:300], y[:300])
    assert reg.reading_["note"].kind.value == "text"
    assert reg.score(frame[300:], y[300:]) > 0.6
    clf = small(bp.TabularClassifier, kinds={"note": "text"}).fit(frame[:300], y[:300] > 1)
    assert clf.score(frame[300:], y[300:] > 1) > 0.8
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(reg)).predict(frame), reg.predict(frame)
    )


def test_errors_of_packs_are_made_those_of_their_mean(monkeypatch):
    frame, signal = visits(300)
    wish = {"n_members": 8, "member": {"max_epochs": 4}}
    whole = small(bp.TabularRegressor, **wish).fit(frame, signal)
    seen = []

    def half(errors, left_out, shares):
        seen.append((errors, left_out, shares))
        return np.full(1, 0.5)

    monkeypatch.setattr("backpass.tabular.ensemble.smaller_errors", half)
    halved = small(bp.TabularRegressor, **wish).fit(frame, signal)
    [(errors, left_out, shares)] = seen
    np.testing.assert_array_equal(halved.ensemble_.errors, 0.5 * errors)
    assert np.all(np.abs(whole.ensemble_.errors) <= np.abs(errors))
    assert shares.tolist() == [0.5, 0.5]
    for each in left_out:  # what chose and what was aside, answered by their pack
        assert len(each.numbers) == len(each.answers) == 45
        assert len(set(each.numbers.tolist())) == 45


def test_rows_that_somebody_else_has_read_leave_nothing_of_an_earlier_table():
    frame, signal = visits(120)
    reg = small(bp.TabularRegressor).fit(frame, signal)
    rows, _ = reg.preprocessing_.rows(frame)
    whole = reg.predict(frame)
    again = reg.fit(rows, signal)
    for name in ("preprocessing_", "n_features_in_", "feature_names_in_"):
        assert not hasattr(again, name)
    np.testing.assert_array_equal(again.predict(rows), whole)
