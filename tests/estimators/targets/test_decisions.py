"""A classifier's answers never contradict each other, whatever its loss and its logits."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from scipy.special import expit, log_expit, log_softmax, logsumexp, ndtr, softmax

import backpass as bp
from backpass.errors import InvalidInput
from backpass.estimators.targets.decisions import Decision
from backpass.estimators.targets.labels import Labels
from backpass.losses import LOSSES, output_of

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 3))
K = RNG.integers(0, 4, 60)
TARGETS = {
    "two": K > 1,
    "four": np.array(["n", "e", "s", "w"])[K],
    "multilabel": np.stack([K > 0, K == 2, K < 2], axis=1).astype(int),
    "several": np.stack([K, K > 1, K // 2], axis=1),
    "one": np.full(60, 5),
}
SQUARE = bp.Loss(
    "square",
    h=lambda z: z,
    value=lambda z, y: ((z - y) ** 2).sum(axis=1),
    delta=lambda z, y: 2 * (z - y),
)
PROBIT = bp.Loss(
    "probit",
    h=ndtr,
    value=lambda z, y: ((ndtr(z) - y) ** 2).sum(axis=1),
    delta=lambda z, y: 2 * (ndtr(z) - y) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
)
UNNAMED = bp.Loss(  # its output says identity, but its h is logistic
    "unnamed",
    h=expit,
    value=lambda z, y: ((expit(z) - y) ** 2).sum(axis=1),
    delta=lambda z, y: 2 * (expit(z) - y) * expit(z) * expit(-z),
)
OTHERS = ["squared_error", "poisson", "absolute_error", "huber", "quantile"]
ALL = [
    "log_loss", "binary_log_loss", *(LOSSES[name] for name in OTHERS), bp.huber(0.3),
    bp.quantile(0.8), SQUARE, PROBIT, UNNAMED,
]  # fmt: skip


def fitted(loss, y, dtype=np.float64):
    model = bp.MLPClassifier((4,), "tanh", loss=loss, solver="lbfgs", max_iter=8, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X.astype(dtype), y)


def assert_agree(model, X, y):
    """Everything that a classifier says of X is the same decision, and probabilities are such."""
    labels, scores = model.predict(X), model.decision_function(X)
    P, log_P = model.predict_proba(X), model.predict_log_proba(X)
    scores = scores[:, None] if scores.ndim == 1 else scores
    tiny = 4 * np.finfo(scores.dtype).eps
    if model._labels.multilabel:
        np.testing.assert_array_equal(labels, scores > 0)
        np.testing.assert_array_equal(labels, P > 0.5)
        np.testing.assert_array_equal(labels, log_P > np.log(P.dtype.type(0.5)))
        assert ((P >= 0) & (P <= 1)).all()
    else:
        answers = [np.reshape(labels, (len(X), -1)).T, model._labels.parts(scores)]
        several = isinstance(P, list)
        answers += [P, log_P, model.classes_] if several else [[P], [log_P], [model.classes_]]
        for label, score, p, log_p, classes in zip(*answers):
            code = np.searchsorted(classes, label)
            one = score.shape[1] == 1 and len(classes) == 2
            np.testing.assert_array_equal(code, score[:, 0] > 0 if one else score.argmax(axis=1))
            np.testing.assert_array_equal(code, p.argmax(axis=1))
            np.testing.assert_array_equal(code, log_p.argmax(axis=1))
            assert (p >= 0).all()
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=len(classes) * tiny)
    right = np.reshape(labels == y, (len(X), -1)).all(axis=1)
    assert model.score(X, y) == pytest.approx(right.mean())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("loss", ALL, ids=lambda loss: getattr(loss, "name", loss))
def test_answers_agree(loss, targets, dtype):
    y = TARGETS[targets]
    model = fitted(loss, y, dtype)
    for rows in (X, 1e-9 * X, 1e5 * X):
        assert_agree(model, rows.astype(dtype), y)


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss", "squared_error", "huber"])
@pytest.mark.parametrize("scale", [0, 1e-17, 50, 400, 1e4])
def test_answers_agree_where_numbers_round(loss, targets, scale):
    """Logits near 0, where σ(z) is ½; beyond 40, where it is 1; below −745, where it is 0."""
    model = fitted(LOSSES[loss], TARGETS[targets])
    drawn = np.random.default_rng(1).uniform(0.2, 1, model.theta_.shape) * scale
    for sign in (1, -1):
        for dtype in (np.float64, np.float32):
            changed = copy.deepcopy(model)
            changed.theta_ = (sign * drawn).astype(dtype)
            assert_agree(changed, X.astype(dtype), TARGETS[targets])


def test_a_tie_is_the_first_class_everywhere():
    for y in TARGETS.values():
        model = fitted("log_loss", y)
        model.coefs_ = [np.zeros_like(W) for W in model.coefs_]
        model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]
        first = [c[0] for c in np.atleast_2d(model.classes_)] if y.ndim == 1 else [0] * y.shape[1]
        assert (np.reshape(model.predict(X), (60, -1)) == first).all()
        assert_agree(model, X, y)


# Probabilities.


def test_probabilities_of_one_sigmoid_a_class():
    model = fitted("binary_log_loss", K)
    z = model.decision_function(X)
    np.testing.assert_allclose(
        model.predict_proba(X), expit(z) / expit(z).sum(axis=1, keepdims=True), rtol=1e-12
    )
    model.intercepts_[-1][:] -= 2000.0  # every σ(z) is 0, but their shares are not
    logs = log_expit(model.decision_function(X))
    assert (expit(model.decision_function(X)) == 0).all()
    np.testing.assert_allclose(model.predict_proba(X), softmax(logs, axis=1), rtol=1e-9)


def nearest_of_simplex(a):
    """The point of the simplex nearest to a, by a search for τ."""
    tau = scipy.optimize.brentq(
        lambda tau: np.maximum(a - tau, 0).sum() - 1, a.min() - 1, a.max(), xtol=1e-15
    )
    return np.maximum(a - tau, 0)


def test_other_losses_say_the_nearest_probabilities():
    for loss in (SQUARE, bp.huber(0.3), LOSSES["poisson"]):
        model = fitted(loss, K)
        for rows in (X, 30 * X):
            a = model.net_.loss.h(bp.trace(model.net_, model.theta_, rows, bp.one_hot(K)).z[3])
            expected = [nearest_of_simplex(row) for row in a]
            np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-12)
            np.testing.assert_allclose(model.decision_function(rows), a, rtol=1e-12)
        two = fitted(loss, K > 1)
        a = two.net_.loss.h(bp.trace(two.net_, two.theta_, X, (K > 1)[:, None]).z[3])[:, 0]
        np.testing.assert_allclose(two.predict_proba(X)[:, 1], np.clip(a, 0, 1), rtol=1e-12)
        np.testing.assert_allclose(two.decision_function(X), a - 0.5, rtol=1e-9, atol=1e-15)


def test_an_answer_beyond_every_number_is_still_a_probability():
    model = fitted(LOSSES["poisson"], K)
    model.intercepts_[-1][:] = [800.0, 900.0, -900.0, 0.0]  # e^z is ∞, ∞, 0 and 1 or so
    with np.errstate(over="ignore"):
        P = model.predict_proba(X)
    assert np.isfinite(P).all()
    np.testing.assert_allclose(P.sum(axis=1), 1)


@pytest.mark.parametrize("scale", [1, 1e3, 1e6])
def test_logarithms_come_from_the_logits(scale):
    far = scale * X
    soft, two = fitted("log_loss", K), fitted("log_loss", K > 1)
    np.testing.assert_allclose(
        soft.predict_log_proba(far), log_softmax(soft.decision_function(far), axis=1), rtol=1e-9
    )
    z = two.decision_function(far)
    np.testing.assert_allclose(
        two.predict_log_proba(far), np.stack([log_expit(-z), log_expit(z)], axis=1), rtol=1e-9
    )
    notes = fitted("binary_log_loss", K)
    logs = log_expit(notes.decision_function(far))
    expected = logs - logsumexp(logs, axis=1, keepdims=True)
    np.testing.assert_allclose(notes.predict_log_proba(far), expected, rtol=1e-9, atol=1e-15)
    many = fitted("log_loss", TARGETS["multilabel"])
    np.testing.assert_allclose(
        many.predict_log_proba(far), log_expit(many.decision_function(far)), rtol=1e-9, atol=1e-15
    )
    several = fitted("log_loss", TARGETS["several"])
    first, second, _ = several.predict_log_proba(far)
    z = several.decision_function(far)
    logs = log_expit(z[:, :4])
    np.testing.assert_allclose(
        first, logs - logsumexp(logs, axis=1, keepdims=True), rtol=1e-9, atol=1e-15
    )
    np.testing.assert_allclose(second[:, 1], log_expit(z[:, 4]), rtol=1e-9)


# What an output is.


def test_an_output_is_known_by_its_values():
    assert {name: output_of(loss, 3) for name, loss in LOSSES.items()} == {
        name: loss.output for name, loss in LOSSES.items()
    }
    assert output_of(UNNAMED, 1) == "logistic"
    assert output_of(SQUARE, 1) == "identity"
    assert output_of(PROBIT, 2) == "own"
    z = RNG.normal(size=(5, 2))
    np.testing.assert_array_equal(
        Decision(Labels.of(np.stack([K, K > 1], axis=1)), UNNAMED).scores(z), z
    )


SMOOTHED = bp.Loss(
    "smoothed",
    h=LOSSES["log_loss"].h,
    value=lambda z, y: LOSSES["log_loss"].value(z, 0.9 * y + 0.1 / y.shape[1]),
    delta=lambda z, y: LOSSES["log_loss"].delta(z, 0.9 * y + 0.1 / y.shape[1]),
)


def test_a_softmax_of_ones_own_is_for_one_output_of_several_units():
    assert_agree(fitted(SMOOTHED, K), X, K)
    for targets in ("two", "multilabel", "several"):
        with pytest.raises(InvalidInput, match=r"'smoothed' has a softmax"):
            fitted(SMOOTHED, TARGETS[targets])


def test_the_library_s_log_loss_itself_is_its_name():
    for y in TARGETS.values():
        named, given = fitted("log_loss", y), fitted(LOSSES["log_loss"], y)
        np.testing.assert_array_equal(named.theta_, given.theta_)


def test_blocks_and_validation_decide_the_same():
    y = K > 1
    model = bp.MLPClassifier((4,), loss=bp.huber(1.0), max_iter=15, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(bp.ArrayBlocks(X, y, rows=25), X_val=X, y_val=y)
    assert model.validation_scores_[-1] == model.score(X, y)
    assert_agree(model, X, y)


def test_sparse_indicators_are_answered_as_such():
    y = scipy.sparse.csr_matrix(TARGETS["multilabel"])
    thin, dense = fitted("log_loss", y), fitted("log_loss", y.toarray())
    answer = thin.predict(X)
    assert answer.format == "csr"
    np.testing.assert_array_equal(answer.toarray(), dense.predict(X))
    assert thin.score(X, y) == dense.score(X, y) == thin.score(X, y.toarray()) > 0
