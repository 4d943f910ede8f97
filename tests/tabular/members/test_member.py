"""A member's training against the same steps in NumPy, and by itself on any number of threads."""

from dataclasses import replace

import numpy as np
import pytest

from backpass.errors import InvalidInput, WriteError
from backpass.initialise import init_theta
from backpass.tabular.members.member import Examples, Lesson
from backpass.tabular.members.member import train_members as train_lessons
from backpass.tabular.members.profiles import draw_settings
from backpass.tabular.metrics import log_loss, squared_error
from backpass.training.checkpoints import RetainedFolder
from backpass.training.stop import StopReason
from drawn_rows import problem, settings_for

POLYNOMIALS = (
    (3.9505, -6.3029, 2.6377),
    (3.7418, -5.5913, 2.3037),
    (2.8769, -3.1427, 1.2046),
)


def train_members(train, held_out, outputs, metric, settings, **named):
    """Those of one lesson."""
    [run] = train_lessons([Lesson(train, held_out, metric, settings)], outputs, **named)
    return run


def orthogonal(G):
    X = G / np.linalg.norm(G)
    for a, b, c in POLYNOMIALS:
        A = X @ X.T
        X = (a * np.eye(len(A)) + b * A + c * A @ A) @ X
    return X


def silu(z):
    gate = 1 / (1 + np.exp(-z))
    return z * gate, gate * (1 + z * (1 - gate))


def gradients(weights, biases, X, Y, softmax, g):
    """Of the mean loss by every Θᵀ, through dense rows."""
    a, slopes = [X], []
    for W, b in zip(weights[:-1], biases[:-1]):
        out, slope = g(a[-1] @ W + b)
        a.append(out)
        slopes.append(slope)
    z = a[-1] @ weights[-1] + biases[-1]
    H = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if softmax else z
    delta, found = (H - Y) / len(X), []
    for l in reversed(range(len(weights))):
        found.insert(0, (a[l].T @ delta, delta.sum(axis=0)))
        delta = delta @ weights[l].T * slopes[l - 1] if l else delta
    return found


def stepped(net, settings, X, Y, softmax):
    """θ after every step, each on all rows: Muon's and AdamW's as they are written down."""
    theta = init_theta(net, settings.seed, "glorot")
    Thetas = [theta[where].reshape(shape).copy() for where, shape in net.slices]
    weights, biases = [T[1:] for T in Thetas], [T[0] for T in Thetas]
    parts = [*weights, *biases]
    m, v = [np.zeros_like(p) for p in parts], [np.zeros_like(p) for p in parts]
    g = silu if settings.activation == "silu" else lambda z: (np.maximum(z, 0), z > 0)
    for t in range(settings.max_epochs):
        done = t / (settings.max_epochs - 1)
        rise = max(0.0, done - 0.05) / 0.95
        s = done / 0.05 if done < 0.05 else (1 + np.cos(np.pi * rise)) / 2
        both = gradients(weights, biases, X, Y, softmax, g)
        for k, D in enumerate([D for D, _ in both] + [D for _, D in both]):
            p, is_matrix, is_hidden = parts[k], k < len(weights), k < len(weights) - 1
            rate = s * (settings.matrix_rate if is_hidden else settings.learning_rate)
            p *= 1 - rate * settings.weight_decay * is_matrix
            if is_hidden:
                m[k] = 0.95 * m[k] + 0.05 * D
                length = np.sqrt(max(1.0, p.shape[1] / p.shape[0]))
                p -= rate * length * orthogonal(0.95 * m[k] + 0.05 * D)
                continue
            m[k], v[k] = 0.9 * m[k] + 0.1 * D, 0.999 * v[k] + 0.001 * D**2
            rate *= np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
            p -= rate * m[k] / (np.sqrt(v[k]) + 1e-8)  # as scikit-learn has the small number
    return np.concatenate([T.reshape(-1) for T in Thetas])


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("classes", [0, 3])
def test_the_steps_are_those_of_muon_and_adamw_on_dense_rows(rng, monkeypatch, number, classes):
    monkeypatch.setattr("backpass.tabular.members.member.DTYPE", np.float64)
    train, held_out, outputs, _ = problem(rng, classes=classes)
    settings = settings_for(number, len(train.rows), dropout=0.0, batch_size=len(train.rows))
    costs = iter(range(100, 0, -1))  # ever better, so that the last epoch is the best
    [member] = train_members(train, held_out, outputs, lambda H: next(costs), [settings]).members
    X = member.codes.encode(train.rows, np.float64).toarray()
    expected = stepped(member.net, settings, X, train.Y, softmax=bool(classes))
    assert member.result.epochs == settings.max_epochs
    scale = np.abs(expected).max()
    np.testing.assert_allclose(member.theta, expected, rtol=1e-9, atol=1e-10 * scale)


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_the_best_epoch_is_kept_by_the_metric_of_its_answers(rng, classes):
    train, held_out, outputs, metric = problem(rng, classes=classes)
    [member] = train_members(train, held_out, outputs, metric, [settings_for(0, 180)]).members
    H = member.outputs(member.codes.encode(held_out.rows))
    scores = member.result.validation_scores
    assert metric(outputs.answers(H)) == pytest.approx(-max(scores), rel=1e-6)
    assert member.result.best_epoch == int(np.argmax(scores)) + 1


def test_a_member_stops_when_its_patience_is_at_its_end(rng):
    train, held_out, outputs, _ = problem(rng)
    settings = replace(draw_settings(0, 180, 0), patience=3)
    costs = iter([5.0, 5.0 - 1e-9, 5.0 - 2e-9] + [5.0] * 100)
    [member] = train_members(train, held_out, outputs, lambda H: next(costs), [settings]).members
    assert (member.result.best_epoch, member.result.epochs) == (3, 3 + 3 + 1)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_member_has_the_bits_that_it_has_alone(rng, n_threads):
    train, held_out, outputs, metric = problem(rng, classes=3)
    settings = [settings_for(j, 180) for j in range(5)]
    members = train_members(train, held_out, outputs, metric, settings, n_threads=n_threads).members
    for member, asked in zip(members, settings):
        [alone] = train_members(train, held_out, outputs, metric, [asked], n_threads=1).members
        np.testing.assert_array_equal(member.theta, alone.theta)
        assert member.result.validation_scores == alone.result.validation_scores
        assert member.theta.dtype == np.float32


@pytest.mark.parametrize("n_threads", [1, 3])
def test_lessons_side_by_side_are_those_that_each_is_alone(rng, n_threads):
    train, held_out, outputs, metric = problem(rng)
    other = squared_error(train.Y)
    lessons = [
        Lesson(train, held_out, metric, [settings_for(j, 180) for j in (0, 2)]),
        Lesson(held_out, train, other, [settings_for(j, 180) for j in (2, 4, 5)]),
    ]
    runs = train_lessons(lessons, outputs, n_threads=n_threads)
    for run, lesson in zip(runs, lessons, strict=True):
        [alone] = train_lessons([lesson], outputs)
        assert run.whole == len(lesson.settings)
        for member, expected in zip(run.members, alone.members, strict=True):
            np.testing.assert_array_equal(member.theta, expected.theta)
            assert member.result.validation_scores == expected.result.validation_scores


def test_held_out_rows_change_no_code_and_no_step(rng):
    train, held_out, outputs, _ = problem(rng)
    other = Examples(held_out.rows.take(slice(0, 9)), -held_out.Y[:9])
    costs = iter(range(200, 0, -1))  # ever better, so that the last epoch is the best
    settings = [settings_for(1, 180)]
    members = [
        train_members(train, judged, outputs, lambda H: next(costs), settings).members[0]
        for judged in (held_out, other)
    ]
    np.testing.assert_array_equal(members[0].theta, members[1].theta)


def test_rows_without_weight_teach_nothing(rng):
    train, held_out, outputs, metric = problem(rng)
    weight = (np.arange(len(train.Y)) % 2).astype(float)
    wrong = np.where(weight[:, None] > 0, train.Y, 1e3)
    found = [
        train_members(each, held_out, outputs, metric, [settings_for(0, 180)]).members[0].theta
        for each in (replace(train, sample_weight=weight), Examples(train.rows, wrong, weight))
    ]
    np.testing.assert_array_equal(*found)


def test_a_callback_stops_the_members_and_those_that_began_are_there(rng):
    train, held_out, outputs, metric = problem(rng)
    settings = [settings_for(j, 180) for j in range(4)]
    run = train_members(
        train, held_out, outputs, metric, settings, n_threads=1, callback=lambda progress: True
    )
    assert [member.result.epochs for member in run.members] == [1]
    assert (run.whole, run.stop_reason) == (0, StopReason.CALLBACK)
    assert not run.members[0].whole


@pytest.mark.parametrize("stopped_at", [6, 7])
def test_a_member_that_is_stopped_after_its_last_epoch_is_whole(rng, stopped_at):
    """Its bits are those that it has where nothing stops it."""
    train, held_out, outputs, metric = problem(rng)
    settings, epochs = [settings_for(j, 180) for j in range(2)], []

    def stop(progress):
        epochs.append(progress)
        return len(epochs) == stopped_at

    given = train, held_out, outputs, metric, settings
    run = train_members(*given, n_threads=1, callback=stop, queue=InTurn)
    assert [member.whole for member in run.members] == [True, False][: stopped_at - 5]
    assert run.whole == 1
    whole = train_members(*given)
    assert (whole.whole, whole.stop_reason) == (2, None)
    np.testing.assert_array_equal(run.members[0].theta, whole.members[0].theta)


class InTurn:
    def __init__(self, works):
        self.left = iter(sorted(works))

    def begin(self):
        return next(self.left, None)

    def end(self, number):
        pass


def test_what_the_metric_raises_is_raised(rng):
    train, held_out, outputs, _ = problem(rng)

    def fail(answers):
        raise LookupError("no cost")

    with pytest.raises(LookupError, match="no cost"):
        train_members(train, held_out, outputs, fail, [settings_for(j, 180) for j in range(3)])


def test_what_several_members_meet_is_said_once(rng, monkeypatch, tmp_path):
    def full(*arguments, **more):
        raise WriteError("The disk is full.")

    monkeypatch.setattr("backpass.training.checkpoints.write_model", full)
    train, held_out, outputs, metric = problem(rng)
    settings = [settings_for(j, 180) for j in range(3)]
    with pytest.warns(UserWarning, match="without its checkpoint: The disk is full") as said:
        train_members(train, held_out, outputs, metric, settings, folder=RetainedFolder(tmp_path))
    assert len(said) == 1


# --- checkpoints -------------------------------------------------------------------------------


def stopping(after):
    epochs = []

    def callback(progress):
        epochs.append(progress)
        return len(epochs) == after

    return callback


def test_members_that_are_over_are_not_trained_again_until_the_folder_is_released(rng, tmp_path):
    given = (*problem(rng, classes=3), [settings_for(j, 180) for j in range(4)])
    whole = train_members(*given).members
    train_members(*given, n_threads=2, callback=stopping(15), folder=RetainedFolder(tmp_path))
    folder, epochs = RetainedFolder(tmp_path), []
    second = train_members(*given, n_threads=2, callback=epochs.append, folder=folder).members
    assert 0 < len(epochs) < 4 * 6 - 8
    for member, expected in zip(second, whole, strict=True):
        np.testing.assert_array_equal(member.theta, expected.theta)
        assert member.result.validation_scores == expected.result.validation_scores
    for release, expected_epochs in ((folder.release, 0), (lambda: None, 24)):
        epochs.clear()
        train_members(*given, callback=epochs.append, folder=RetainedFolder(tmp_path))
        assert len(epochs) == expected_epochs
        release()


def test_a_checkpoint_of_another_metric_is_refused_by_its_name(rng, tmp_path):
    train, held_out, outputs, metric = problem(rng)
    rest = outputs, metric, [settings_for(0, 180)]
    train_members(train, held_out, *rest, callback=stopping(2), folder=RetainedFolder(tmp_path))
    other = outputs, log_loss(np.eye(60)), [settings_for(0, 180)]
    with pytest.raises(InvalidInput, match=r"score was 'squared_error' .* is now 'log_loss'"):
        train_members(train, held_out, *other, folder=RetainedFolder(tmp_path))


def test_a_checkpoint_of_other_rows_is_refused(rng, tmp_path):
    train, held_out, *rest = (*problem(rng), [settings_for(0, 180)])
    train_members(train, held_out, *rest, callback=stopping(2), folder=RetainedFolder(tmp_path))
    other = replace(train, Y=train.Y + 1)
    with pytest.raises(InvalidInput, match="the data differ"):
        train_members(other, held_out, *rest, folder=RetainedFolder(tmp_path))
