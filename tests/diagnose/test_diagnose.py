"""The checker that diagnoses, on mutants of an implementation that shares nothing with it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

import backpass as bp
import loops
from backpass.diagnose import assert_backprop, check_backprop, diagnose_file
from backpass.diagnose.diagnosis import Diagnosis, Mistake
from backpass.diagnose.family import Family
from backpass.diagnose.probes import families
from backpass.errors import InvalidInput
from backpass.losses import LOSSES, find_loss
from loops import BACK, DECAY, foreign, mutant, pairs, singles

NOTES = Path(__file__).resolve().parents[3] / "shared" / "notes" / "backpropagation.txt"
SIZES = {2: (4, 3), 3: (4, 5, 3), 4: (5, 4, 6, 3), 5: (5, 4, 6, 5, 3)}


def names(diagnosis):
    return [mistake.what for mistake in diagnosis.mistakes]


def named(diagnosis, *expected):
    """Whether every expected name is among the mistakes, and nothing is left unexplained."""
    found = names(diagnosis)
    return not diagnosis.unexplained and all(
        any(name in what for what in found) for name in expected
    )


# --- the family against the library's reference ------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_layers", [2, 3, 4])
def test_the_right_recipe_is_the_reference(n_layers, loss):
    probe = next(families(n_layers, None, "tanh", find_loss(loss)))[0]
    J, D = Family(probe).J({}), Family(probe).D({})
    for lam in (0.0, 2.5):
        right_J, right_D = bp.cost_and_gradient(probe.net, probe.theta, probe.X, probe.Y, lam)
        np.testing.assert_allclose(J[0] + lam * J[1], right_J, rtol=1e-13)
        data, decay = np.split(D, 2)
        np.testing.assert_allclose(data + lam * decay, right_D, rtol=1e-11, atol=1e-14)


# --- right functions -----------------------------------------------------------------------------


@pytest.mark.parametrize("n_layers", SIZES)
def test_the_loops_are_right(n_layers):
    diagnosis = check_backprop(mutant(), SIZES[n_layers])
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.returned == ("J", "gradient")
    assert not diagnosis.mistakes


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "softplus"])
def test_every_loss_and_activation_of_the_library_is_right(loss, hidden):
    def function(theta, sizes, X, Y, lam):
        return bp.cost_and_gradient(bp.Network(sizes, hidden, loss), theta, X, Y, lam)

    diagnosis = check_backprop(function, hidden=hidden, loss=loss)
    assert diagnosis.ok, str(diagnosis)


@pytest.mark.parametrize("loss", ["log_loss", "squared_error", "poisson", "huber"])
def test_mistakes_are_named_for_other_losses(loss):
    def function(theta, sizes, X, Y, lam):
        net = bp.Network(sizes, "tanh", loss)
        J, D = bp.cost_and_gradient(net, theta, X, Y, lam)
        return J, np.concatenate([Theta.ravel() for Theta in net.roll(D)])

    diagnosis = check_backprop(function, hidden="tanh", loss=loss)
    assert names(diagnosis) == ["gradient unrolled in C order"]


def test_float32_functions_are_read_with_their_own_precision():
    def function(theta, sizes, X, Y, lam):
        theta, X, Y = (np.asarray(v, dtype=np.float32) for v in (theta, X, Y))
        J, D = bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, 1.0)
        return np.float32(J), D

    assert names(check_backprop(function)) == ["λ fixed at 1"]


# --- mistakes ----------------------------------------------------------------------------------


def unnamed(n_layers, everything):
    """Those of the single mistakes that are not named, or not with their layer."""
    missed = []
    for name, layer, edits in everything:
        diagnosis = check_backprop(mutant(*edits), SIZES[n_layers], strict=True)
        right_layer = layer is None or n_layers < 4 or str(layer) in str(diagnosis)
        if not named(diagnosis, name) or not right_layer:
            missed.append((name, layer, str(diagnosis)))
        assert len(diagnosis.mistakes) <= 5
    return missed


@pytest.mark.parametrize(("n_layers", "every"), [(2, 2), (3, 4), (4, 8)])
def test_at_least_95_percent_of_single_mistakes_are_named(n_layers, every):
    everything = singles(n_layers)[::every]
    missed = unnamed(n_layers, everything)
    assert len(missed) <= 0.05 * len(everything), missed


@pytest.mark.night
@pytest.mark.parametrize("n_layers", [2, 3, 4, 5])
def test_single_mistakes_long_form(n_layers):
    everything = singles(n_layers)
    missed = unnamed(n_layers, everything)
    print(f"{n_layers} layers: {len(everything) - len(missed)} of {len(everything)} named")
    assert len(missed) <= 0.05 * len(everything), missed


@pytest.mark.parametrize(("n_layers", "count"), [(2, 5), (3, 10), (4, 4)])
def test_at_least_90_percent_of_pairs_are_named(n_layers, count):
    drawn = pairs(n_layers, count, seed=n_layers)
    missed = [
        (both, str(diagnosis))
        for both, edits in drawn
        if not named(
            diagnosis := check_backprop(mutant(*edits), SIZES[n_layers], strict=True), *both
        )
    ]
    assert len(missed) <= 0.1 * count, missed


@pytest.mark.night
@pytest.mark.parametrize("n_layers", [2, 3, 4, 5])
def test_pairs_long_form(n_layers):
    drawn = pairs(n_layers, 250, seed=100 + n_layers)
    missed = [
        both
        for both, edits in drawn
        if not named(check_backprop(mutant(*edits), SIZES[n_layers], strict=True), *both)
    ]
    print(f"{n_layers} layers: {250 - len(missed)} of 250 pairs named; missed {missed}")
    assert len(missed) <= 25


def wrongly_named(count, seed):
    found = []
    for edits in foreign(count, seed):
        diagnosis = check_backprop(mutant(*edits), SIZES[3], strict=True)
        if diagnosis.mistakes or diagnosis.ok:
            found.append((edits, str(diagnosis)))
    return found


def test_mistakes_that_are_not_in_the_catalogue_are_never_named_wrongly():
    assert wrongly_named(12, seed=1) == []


@pytest.mark.night
def test_a_thousand_foreign_mistakes():
    assert wrongly_named(1000, seed=2) == []


def test_a_mistake_in_one_hidden_layer_is_named_with_it():
    edit = (BACK, "[back[j + 1] * (1.0 if l == 2 else slope(z[l][j])) for j in range(sizes[l])]")
    (mistake,) = check_backprop(mutant(edit), SIZES[4]).mistakes
    assert (mistake.what, mistake.where) == ("g′ missing", "gradient, δ^(3), layer 3")


def test_g_prime_of_the_wrong_layer_is_found_on_probes_where_it_runs():
    edit = ("slope(z[l][j])", "slope(z[l + 1][j])")
    diagnosis = check_backprop(mutant(edit), (4, 3, 3, 2))
    assert "g′ of the wrong layer" in names(diagnosis)


def test_one_mistake_in_j_and_gradient_is_one_mistake():
    edit = ("y = [float(v) for v in Y[n]]", "y = [1.0 - float(v) for v in Y[n]]")
    (mistake,) = check_backprop(mutant(edit)).mistakes
    assert mistake.where.startswith("J and gradient")


def test_three_mistakes_at_once():
    edits = [
        ("slope(z[l][j])", "slope(a[l][j + 1])"),
        ("value += lam / m", "value += lam"),
        ("- (1.0 - y[k]) * log(1.0 - h[k])", ""),
    ]
    expected = ("g′ of a instead of z", "λ not divided by m", "second cost term missing")
    assert named(check_backprop(mutant(*edits)), *expected)


def test_a_star_in_delta_and_a_wrong_bias_column_are_two_mistakes():
    star = (loops.ADD, "Delta[l][i][j] += d[l + 1][i] * a[l][i] if i == j else 0.0")
    last = [
        ("a[0] = [1.0] + x", "a[0] = x + [1.0]"),
        (loops.BIAS, "a[l + 1] = [sigmoid(v) for v in z[l + 1]] + [1.0]"),
    ]
    assert sorted(names(check_backprop(mutant(star, *last), SIZES[3]))) == [
        "`*` instead of a matrix product in Δ",
        "bias column last",
    ]


def test_a_mistake_that_makes_j_no_number_is_named_for_j_as_well():
    def function(theta, sizes, X, Y, lam):
        net = bp.Network(sizes)
        Thetas, m = net.roll(theta), len(X)
        a1 = np.hstack([np.ones((m, 1)), X])
        a2 = np.hstack([np.ones((m, 1)), bp.sigmoid(a1 @ Thetas[0].T)])
        h = np.tanh(a2 @ Thetas[1].T)  # negative, so that its logarithm is no number
        J = -(Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum() / m
        d3 = h - Y
        d2 = (d3 @ Thetas[1] * a2 * (1 - a2))[:, 1:]
        D = [d2.T @ a1 / m, d3.T @ a2]  # the second one lacks its 1/m
        for block, Theta in zip(D, Thetas):
            block[:, 1:] += lam / m * Theta[:, 1:]
        return J, net.unroll(D)

    diagnosis = check_backprop(function)
    assert {mistake.what: mistake.where for mistake in diagnosis.mistakes} == {
        "tanh instead of sigmoid": "J and gradient, layer 3, the output",
        "1/m missing": "gradient, D^(2)",
    }
    assert "J is nan" in str(diagnosis)


# --- conventions -------------------------------------------------------------------------------


def in_c_order(theta, sizes, X, Y, lam):
    net = bp.Network(sizes)
    starts = np.cumsum([0, *(r * c for r, c in net.shapes)])
    Thetas = [theta[a : a + r * c].reshape(r, c) for a, (r, c) in zip(starts, net.shapes)]
    own = np.concatenate([Theta.ravel(order="F") for Theta in Thetas])
    J, D = bp.cost_and_gradient(net, own, X, Y, lam)
    return J, np.concatenate([block.ravel() for block in net.roll(D)])


def test_a_consistent_c_order_is_a_convention():
    diagnosis = check_backprop(in_c_order)
    assert diagnosis.ok
    assert not diagnosis.mistakes
    assert "convention" in str(diagnosis)
    assert "C order" in diagnosis.conventions[0].what


def test_a_consistent_c_order_of_the_gradient_alone_is_one_too():
    assert check_backprop(lambda theta, sizes, X, Y, lam: in_c_order(theta, sizes, X, Y, lam)[1]).ok


def test_c_order_of_j_alone_is_a_mistake():
    def function(theta, sizes, X, Y, lam):
        _, D = bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)
        return in_c_order(theta, sizes, X, Y, lam)[0], D

    (mistake,) = check_backprop(function).mistakes
    assert mistake.what.startswith("C order reshape")
    assert mistake.where.startswith("J,")


def test_a_small_number_inside_the_logarithm_is_harmless():
    source = ("log(h[k])", "log(h[k] + 1e-8)"), ("log(1.0 - h[k])", "log(1.0 - h[k] + 1e-8)")
    diagnosis = check_backprop(mutant(*source))
    assert diagnosis.ok
    assert diagnosis.conventions


# --- signatures --------------------------------------------------------------------------------


def right(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)


def notes_signature(
    nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, λ, debug=True
):
    if debug:
        print("a trace of shapes")
    return right(nn_params, (input_layer_size, hidden_layer_size, num_labels), X, y, λ)


def with_lists(Thetas, X, Y, lam):
    sizes = [Thetas[0].shape[1] - 1, *(Theta.shape[0] for Theta in Thetas)]
    net = bp.Network(sizes)
    J, D = right(net.unroll(Thetas), sizes, X, Y, lam)
    return J, net.roll(D)


def with_labels(theta, sizes, X, y, lam):
    return right(theta, sizes, X, np.eye(sizes[-1])[np.ravel(y) - 1], lam)


def with_a_column_of_labels(theta, sizes, X, y, lam):
    return right(theta, sizes, X, (y == np.arange(1, sizes[-1] + 1)) * 1.0, lam)


@pytest.mark.parametrize(
    "function",
    [
        right,
        notes_signature,
        with_lists,
        with_labels,
        with_a_column_of_labels,
        lambda theta, sizes, X, Y, lam: right(theta, sizes, X, Y, lam)[0],
        lambda theta, sizes, X, Y, lam: [right(theta, sizes, X, Y, lam)[0]],
        lambda theta, sizes, X, Y, lam: right(theta, sizes, X, Y, lam)[1],
        lambda theta, sizes, X, Y, lam: right(theta, sizes, X, Y, lam)[::-1],
        lambda Theta1, Theta2, X, y, lam: with_lists([Theta1, Theta2], X, y, lam),
        lambda theta, sizes, X, Y: right(theta, sizes, X, Y, 0.0),
        lambda theta, sizes, X, Y, lam=1.0, verbose=False: right(theta, sizes, X, Y, lam),
        lambda Thetas, X, Y, lam, verbose=False: with_lists(Thetas, X, Y, lam),
        lambda *args: notes_signature(*args),
    ],
)
def test_right_functions_in_every_signature(function, capsys):
    diagnosis = check_backprop(function)
    assert diagnosis.ok, str(diagnosis)
    assert capsys.readouterr().out == ""


def test_an_adapter_calls_what_has_other_arguments():
    def odd(*, parameters, data):
        X, Y, sizes, lam = data
        return {"cost": right(parameters, sizes, X, Y, lam)[0]}

    diagnosis = check_backprop(
        odd, adapter=lambda f, theta, sizes, X, Y, lam: f(parameters=theta, data=(X, Y, sizes, lam))
    )
    assert diagnosis.ok
    assert diagnosis.returned == ("J",)


def test_labels_that_are_right_from_0_are_given_from_0():
    diagnosis = check_backprop(
        lambda theta, sizes, X, y, lam: right(
            theta, sizes, X, np.eye(sizes[-1])[y % sizes[-1]], lam
        )
    )
    assert diagnosis.ok


def test_labels_shifted_by_one_are_not_a_convention():
    diagnosis = check_backprop(
        lambda theta, sizes, X, Y, lam: right(theta, sizes, X, np.roll(Y, 1, axis=1), lam)
    )
    assert names(diagnosis) == ["labels shifted by one (10 ↔ 0)"]


# --- what goes wrong before any formula --------------------------------------------------------


def raises(theta, sizes, X, Y, lam):
    return X @ Y


def returns_nothing(theta, sizes, X, Y, lam):
    right(theta, sizes, X, Y, lam)


def returns_costs_by_example(theta, sizes, X, Y, lam):
    _, D = right(theta, sizes, X, Y, lam)
    return np.ones(len(X)), D


def returns_nan(theta, sizes, X, Y, lam):
    return np.nan, right(theta, sizes, X, Y, lam)[1]


def returns_words(theta, sizes, X, Y, lam):
    return "J", right(theta, sizes, X, Y, lam)[1]


def is_random(theta, sizes, X, Y, lam, rng=np.random.default_rng(0)):  # noqa: B008
    J, D = right(theta, sizes, X, Y, lam)
    return J + rng.normal(), D


def returns_costs_by_class(theta, sizes, X, Y, lam):
    return np.ones(sizes[-1]), right(theta, sizes, X, Y, lam)[1]


def gradient_of_the_last_layer_alone(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return J, D[-sizes[-1] * (sizes[-2] + 1) :]


def gradient_without_bias_columns(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return J, np.concatenate([d[:, 1:].ravel("F") for d in bp.Network(sizes).roll(D)])


def gradient_as_a_matrix(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return J, np.stack([D, D])


def complex_gradient(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return J, D + 0j


def gradient_of_some_calls(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return (J, D) if sizes[0] > sizes[-1] else J


def ends_the_program(theta, sizes, X, Y, lam):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (raises, "ValueError"),
        (returns_nothing, "None"),
        (returns_costs_by_example, "sum over the m examples"),
        (returns_nan, "nan"),
        (returns_words, "no array of numbers"),
        (is_random, "different numbers"),
        (lambda a, b: 0, "positional parameters"),
        (returns_costs_by_class, "sum over the K classes"),
        (gradient_of_the_last_layer_alone, "as long as D^(2) alone"),
        (gradient_without_bias_columns, "bias columns are missing"),
        (gradient_as_a_matrix, "one long vector"),
        (complex_gradient, "it is complex"),
        (gradient_of_some_calls, "on some calls only"),
        (ends_the_program, "ends the program"),
        (lambda theta, sizes, X, Y, lam: [], "empty sequence"),
    ],
)
def test_failures_are_explained(function, words):
    diagnosis = check_backprop(function)
    assert not diagnosis.ok
    assert not diagnosis.mistakes
    assert words in str(diagnosis)


def test_a_function_for_one_size_alone_is_checked_on_that():
    def for_digits(theta, sizes, X, Y, lam):
        if len(theta) != 31:  # an assert would be rewritten by pytest, and show θ in its message
            raise AssertionError("written for 4-3-4")
        return right(theta, (4, 3, 4), X, Y, lam)

    assert check_backprop(for_digits, (4, 3, 4)).ok
    assert "written for 4-3-4" in str(check_backprop(for_digits))


def test_a_function_that_always_fails_is_not_right():
    assert not check_backprop(lambda theta, sizes, X, Y, lam: 1 / 0, (4, 5, 3)).ok


def test_odd_factors_are_not_taken_apart_into_wrong_ones():
    diagnosis = check_backprop(mutant(("value += lam / m", "value += 0.25 * lam / m")))
    assert not diagnosis.mistakes
    assert "right except its λ term" in str(diagnosis)


def test_a_function_that_fails_on_some_networks_is_not_right():
    def needs_equal_layers(theta, sizes, X, Y, lam):
        np.ones(sizes[0]) + np.ones(sizes[1])
        return right(theta, sizes, X, Y, lam)

    diagnosis = check_backprop(needs_equal_layers)
    assert not diagnosis.ok
    assert "also fails" in str(diagnosis)
    assert "ValueError" in str(diagnosis)


@pytest.mark.parametrize("seed", [0, 1])
def test_one_output_unit(seed):
    assert check_backprop(mutant(), (4, 3, 1)).ok
    name, _, edits = singles(3)[19 + seed]
    assert named(check_backprop(mutant(*edits), (4, 3, 1)), name)


def test_what_the_numbers_of_a_shape_mean_is_said():
    text = str(check_backprop(raises))
    assert "the examples" in text
    assert "the units of layer" in text


def test_a_gradient_that_kept_the_bias_unit_is_named_although_it_is_too_long():
    def function(theta, sizes, X, Y, lam):
        net = bp.Network(sizes)
        Theta1, Theta2 = net.roll(theta)
        ones = np.ones((len(X), 1))
        a1 = np.hstack([ones, X])
        z2 = np.hstack([ones, a1 @ Theta1.T])
        a2 = np.hstack([ones, bp.sigmoid(z2[:, 1:])])
        d3 = bp.sigmoid(a2 @ Theta2.T) - Y
        d2 = (d3 @ Theta2) * bp.sigmoid_gradient(z2)
        return np.concatenate([(d.T @ a / len(X)).ravel("F") for d, a in ((d2, a1), (d3, a2))])

    diagnosis = check_backprop(function)
    assert "bias not dropped from δ" in names(diagnosis)
    assert "λ ignored" in names(diagnosis)
    assert "has kept its bias unit" in str(diagnosis)


def test_accumulators_that_outlive_a_call_are_named():
    memory = {}

    def function(theta, sizes, X, Y, lam):
        _, D = right(theta, sizes, X, Y, 0.0)
        memory[tuple(sizes)] = memory.get(tuple(sizes), 0) + D
        return memory[tuple(sizes)]

    assert "Accumulators not reset" in str(check_backprop(function))


def test_unexplained_damage_is_localised():
    def function(theta, sizes, X, Y, lam):
        net = bp.Network(sizes)
        J, D = right(theta, sizes, X, Y, lam)
        D = D.copy()
        net.roll(D)[1][:, 0] += 0.125
        return J, D

    diagnosis = check_backprop(function)
    assert not diagnosis.mistakes
    assert "unexplained" in str(diagnosis)
    assert "all of Θ^(2) is right except the bias column" in str(diagnosis)
    assert "all of Θ^(1) is right." in str(diagnosis)


def test_one_half_that_is_right_is_said_beside_the_other():
    def function(theta, sizes, X, Y, lam):
        J, D = right(theta, sizes, X, Y, lam)
        return J, np.sin(D)

    diagnosis = check_backprop(function)
    assert "J: all of it is right." in diagnosis.unexplained


def test_a_search_that_was_cut_short_says_so(monkeypatch):
    def function(theta, sizes, X, Y, lam):
        J, D = right(theta, sizes, X, Y, lam)
        return J, np.sin(D)

    monkeypatch.setattr("backpass.diagnose.search.search.MOST", {"J": 5, "D": 5})
    diagnosis = check_backprop(function)
    assert diagnosis.cut_short
    assert "cut short" in diagnosis.headline
    assert "no mistake of the catalogue" not in str(diagnosis)


def test_a_search_that_tried_everything_says_that_nothing_fits(monkeypatch):
    def function(theta, sizes, X, Y, lam):
        J, D = right(theta, sizes, X, Y, lam)
        return J, np.sin(D)

    monkeypatch.setattr("backpass.diagnose.search.search.MOST", {"J": 10**9, "D": 10**9})
    monkeypatch.setattr("backpass.diagnose.search.search.MOST_TOGETHER", 10**9)
    diagnosis = check_backprop(function)
    assert not diagnosis.cut_short
    assert "no mistake of the catalogue" in diagnosis.headline


def test_a_gradient_of_zeros_is_called_so():
    def function(theta, sizes, X, Y, lam):
        J, D = right(theta, sizes, X, Y, lam)
        return J, 0 * D

    (mistake,) = check_backprop(function).mistakes
    assert "gradient is zero everywhere" in mistake.what


def test_a_cost_of_zero_is_called_so():
    def function(theta, sizes, X, Y, lam):
        return 0.0, right(theta, sizes, X, Y, lam)[1]

    diagnosis = check_backprop(function)
    assert not diagnosis.mistakes
    assert "J is zero everywhere" in str(diagnosis)
    assert "gradient: all of it is right" in str(diagnosis)


# --- the notes' own code -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def notes():
    """The functions of the notes' last cells, run as they stand there."""
    if not NOTES.exists():
        pytest.skip("the notes are not on this machine")
    scope = {"np": np}
    for number in (155, 150, 238, 246):
        cell = re.search(rf"In \[{number}\]:\n(.*?)(?=\n\nIn \[|\n\n\n)", NOTES.read_text(), re.S)
        exec(cell.group(1), scope)
    return scope


def test_the_notes_cost_is_diagnosed_completely(notes):
    diagnosis = check_backprop(notes["cost"])
    assert sorted(names(diagnosis)) == [
        "C order reshape of θ instead of F order",
        "J added to itself over −m",
    ]


def test_the_notes_gradient_is_diagnosed_completely(notes):
    def gradient(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, λ):
        sizes = (input_layer_size, hidden_layer_size, num_labels)
        return notes["backprop"](nn_params, *sizes, X, y, λ)[1]

    assert names(check_backprop(gradient)) == ["λ fixed at 1"]


def test_the_notes_backprop_is_diagnosed_completely(notes):
    diagnosis = check_backprop(notes["backprop"])
    where = {mistake.what: mistake.where for mistake in diagnosis.mistakes}
    assert where["λ fixed at 1"].startswith("J and gradient")
    assert where["J added to itself over −m"] == "J"
    assert where["C order reshape of θ instead of F order"].startswith("J,")
    assert len(where) == 3


def test_a_penalty_that_only_asks_whether_lam_is_zero_ignores_it():
    def function(nn_params, n_in, n_hidden, n_out, X, y, lam=1):
        return right(nn_params, (n_in, n_hidden, n_out), X, y, 1.0 if lam != 0 else 0.0)

    diagnosis = check_backprop(function)
    assert names(diagnosis) == ["λ fixed at 1"]
    assert "n_out, X, Y, lam)" in str(diagnosis)


def test_the_notes_data_frame_failure_is_explained(notes):
    pytest.importorskip("pandas")
    text = str(check_backprop(notes["backprop"]))
    assert "pandas DataFrame" in text
    assert "KeyError" in text or "InvalidIndexError" in text
    assert "np.asarray" in text


# --- doors -------------------------------------------------------------------------------------


def test_hints_come_in_three_grades():
    diagnosis = check_backprop(mutant((DECAY, "pass")))
    where, what, formula = diagnosis.hints
    assert "λ term" in where
    assert "ignored" not in where
    assert "λ ignored" in what
    assert "(λ/m) Θ" in formula


def test_every_grade_of_hint_gives_what_cannot_be_told_apart():
    g, h = Mistake("gradient, g", "g′ missing", "g′(z)"), Mistake("gradient, h", "g′ twice", "g′")
    shared = Mistake("J", "J doubled", "J")
    hints = Diagnosis(explanations=((shared, g), (shared, h))).hints
    assert hints[0] == "Look at J. Look at gradient, g. Or: Look at gradient, h."
    assert hints[1] == "J: J doubled. gradient, g: g′ missing. Or: gradient, h: g′ twice."
    assert hints[2].count("Or:") == 1
    assert "g′(z)" in hints[2]
    assert Diagnosis(explanations=((shared, g),)).hints[0] == "Look at J. Look at gradient, g."


def test_assert_backprop_fails_with_the_hint_that_was_asked_for():
    assert_backprop(mutant())
    with pytest.raises(AssertionError, match="Look at gradient") as caught:
        assert_backprop(mutant((DECAY, "pass")), hint="where")
    assert "ignored" not in str(caught.value)
    with pytest.raises(InvalidInput, match="grades"):
        assert_backprop(mutant(), hint="everything")


def test_diagnose_file(tmp_path):
    path = tmp_path / "homework.py"
    path.write_text("from math import exp, log\nprint('hello')\n" + loops.SOURCE)
    assert diagnose_file(f"{path}:backprop").ok
    path.write_text("1 / 0\n")
    assert "ZeroDivisionError" in str(diagnose_file(f"{path}:backprop"))


@pytest.mark.parametrize("target", ["nowhere.py:f", "nowhere.py", f"{__file__}:no_such_function"])
def test_diagnose_file_says_what_is_missing(target):
    with pytest.raises(InvalidInput):
        diagnose_file(target)


def test_only_functions_are_checked():
    with pytest.raises(InvalidInput, match="function"):
        check_backprop(3)


def test_it_prints_as_text_rich_and_html():
    from rich.console import Console

    diagnosis = check_backprop(mutant((DECAY, "pass")))
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(diagnosis)
    text, rich, html = str(diagnosis), console.export_text(), diagnosis._repr_html_()
    for printed in (text, rich, html):
        assert "λ ignored" in printed
    assert "http" not in html
