"""The pictures' data, not their pixels; and that their inks read on light and dark paper."""

from __future__ import annotations

import io
import sys
from enum import Enum
from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import backpass as bp
from backpass import errors
from backpass.plots import (
    DeltaSizeDisplay,
    Flow,
    HiddenUnitsDisplay,
    LayersDisplay,
    NetworkDisplay,
    TrainingDisplay,
    canvas,
)

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def fitted():
    X, y = load_digits(return_X_y=True)
    keep = slice(0, 300)
    clf = MLPClassifier((12,), max_iter=12, early_stopping=True, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        return clf.fit(X[keep] / 16, y[keep])


@pytest.fixture(scope="module")
def trace():
    rng = np.random.default_rng(3)
    net = bp.Network((3, 4, 2), hidden="tanh")
    Y = np.eye(2)[rng.integers(0, 2, 5)]
    return bp.trace(net, bp.init_theta(net, 1, epsilon=1.0), rng.normal(size=(5, 3)), Y, lam=0.5)


def drawn(display) -> np.ndarray:
    """Render the figure; warnings (a missing glyph, a layout that fails) are errors here."""
    buffer = io.BytesIO()
    display.figure_.savefig(buffer, format="png", dpi=40)
    buffer.seek(0)
    return plt.imread(buffer)


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("paper", ["#ffffff", "#1e1e1e", "#121212"])
@pytest.mark.parametrize("ink", [canvas.INK, *canvas.SERIES])
def test_every_ink_reads_on_light_and_dark_paper(ink, paper):
    from matplotlib.colors import to_rgb

    assert contrast(canvas.luminance(to_rgb(ink)), canvas.luminance(to_rgb(paper))) >= 3


@pytest.mark.parametrize("signed", [True, False])
def test_numbers_on_a_heat_map_have_contrast(signed):
    from matplotlib.colors import to_rgb

    for rgba in canvas.colours(signed)(np.linspace(0, 1, 101)):
        text = canvas.luminance(to_rgb(canvas.text_on(rgba)))
        assert contrast(text, canvas.luminance(rgba[:3])) >= 4


def test_training_display_shows_the_curves_of_scikit_learn(fitted):
    display = TrainingDisplay.from_estimator(fitted)
    J, scores = display.lines_
    np.testing.assert_array_equal(J.get_ydata(), fitted.loss_curve_)
    np.testing.assert_array_equal(scores.get_ydata(), fitted.validation_scores_)
    np.testing.assert_array_equal(J.get_xdata(), np.arange(1, 13))
    ring = display.axes_[1].get_lines()[1]
    assert ring.get_ydata()[0] == max(fitted.validation_scores_)
    drawn(display)


def test_training_display_says_why_training_stopped():
    class Reason(Enum):
        DONE = "J stopped falling."

    display = TrainingDisplay.from_estimator(
        SimpleNamespace(loss_curve_=[100.0, 1.0], stop_reason_=Reason.DONE)
    )
    assert display.axes_[0].get_title() == "J stopped falling."
    assert display.axes_[0].get_yscale() == "log"
    assert display.axes_ == [display.ax_]


def test_training_display_of_our_own_estimator():
    X, y = load_digits(return_X_y=True)
    clf = bp.MLPClassifier((8,), max_iter=6, early_stopping=True, random_state=0, tol=0)
    with pytest.warns(ConvergenceWarning):
        clf.fit(X[:200] / 16, y[:200])
    display = TrainingDisplay.from_estimator(clf)
    J, beside = display.axes_[0].get_lines()
    np.testing.assert_array_equal(J.get_ydata(), clf.loss_curve_)
    np.testing.assert_array_equal(beside.get_ydata(), clf.validation_loss_curve_)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), clf.validation_scores_)
    assert display.axes_[0].get_title().replace("\n", " ") == clf.stop_reason_.value
    images = HiddenUnitsDisplay.from_estimator(clf).images
    np.testing.assert_array_equal(images[3].ravel(), clf.coefs_[0][:, 3])
    drawn(display)


def test_training_display_with_an_epoch_that_is_not_finite():
    display = TrainingDisplay([2.0, 1.0, np.inf], [0.1, np.nan, 0.2]).plot()
    drawn(display)


def test_the_best_score_is_ringed_and_told_in_a_legend():
    display = TrainingDisplay([3.0, 2.0, 1.0], [0.1, 0.75, 0.2]).plot()
    ax = display.axes_[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["best: 0.75, epoch 2"]
    assert ax.lines[1].get_xydata().tolist() == [[2.0, 0.75]]
    assert len(ax.texts) == 0


@pytest.mark.parametrize("quantity", ["Theta", "a", "z", "delta", "Delta", "D"])
def test_layers_display_shows_what_the_trace_holds(trace, quantity):
    display = LayersDisplay.from_trace(trace, quantity)
    source = trace.Thetas if quantity == "Theta" else getattr(trace, quantity)
    assert len(display.images_) == len(source)
    for l, image in zip(sorted(source), display.images_):
        np.testing.assert_array_equal(image.get_array(), source[l])
    drawn(display)


def test_layers_display_counts_as_arrays_do(trace):
    display = LayersDisplay.from_trace(trace, "D")
    assert display.images_[0].get_extent() == [-0.5, 3.5, 3.5, -0.5]
    assert display.axes_[0].get_xlabel() == "0: bias, then the units of layer 1"
    asked = bp.explain(trace, "D", layer=1, unit=2, column=3)
    assert asked.value == display.images_[0].get_array()[2, 3]


def test_signed_scales_are_symmetric_about_zero(trace):
    for image in LayersDisplay.from_trace(trace, "delta").images_:
        assert image.norm.vmin == -image.norm.vmax == -np.abs(image.get_array()).max()


def test_small_heat_maps_carry_their_numbers_and_large_ones_do_not():
    display = LayersDisplay({1: [[-0.25, 2.0]], 2: np.ones((9, 9))}).plot()
    assert [text.get_text() for text in display.axes_[0].texts] == ["−0.25", "2"]
    assert len(display.axes_[1].texts) == 0


def test_layers_display_of_an_estimator_is_its_theta(fitted):
    display = LayersDisplay.from_estimator(fitted)
    Theta = display.images_[0].get_array()
    np.testing.assert_array_equal(Theta[:, 0], fitted.intercepts_[0])
    np.testing.assert_array_equal(Theta[:, 1:], fitted.coefs_[0].T)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 6), columns=st.integers(1, 6), units=st.integers(1, 130),
    order=st.sampled_from("CF"),
)  # fmt: skip
def test_hidden_units_are_cut_into_images_and_tiled(rows, columns, units, order):
    rng = np.random.default_rng(rows * columns * units)
    Theta = rng.normal(size=(units, rows * columns + 1))
    display = HiddenUnitsDisplay(Theta, (rows, columns), order)
    for k, image in enumerate(display.images):
        np.testing.assert_array_equal(image.ravel(order=order), Theta[k, 1:])
    mosaic = np.asarray(display.plot().image_.get_array().filled(np.nan))
    plt.close(display.figure_)
    shown = mosaic[np.isfinite(mosaic)]
    assert shown.size == min(units, 100) * rows * columns
    np.testing.assert_array_equal(mosaic[:rows, :columns], display.images[0] / display.scales[0])
    assert np.abs(shown).max() == 1


def test_a_unit_without_weights_is_drawn_as_nothing_special():
    assert drawn(HiddenUnitsDisplay(np.zeros((2, 5))).plot()).size


def test_hidden_units_from_trace_and_estimator(fitted, trace):
    images = HiddenUnitsDisplay.from_estimator(fitted).images
    np.testing.assert_array_equal(images[7].ravel(), fitted.coefs_[0][:, 7])
    images = HiddenUnitsDisplay.from_trace(trace, shape=(1, 3)).images
    np.testing.assert_array_equal(images[:, 0], trace.Thetas[1][:, 1:])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HiddenUnitsDisplay(np.ones((2, 4))), "3 inputs do not make a square image"),
        (lambda: HiddenUnitsDisplay(np.ones((2, 5)), (2, 3)), "shape \\(2, 3\\)"),
        (lambda: HiddenUnitsDisplay(np.ones((2, 5)), order="K"), "'K'"),
        (lambda: LayersDisplay({1: [[1.0]]}, "theta"), "no quantity 'theta'"),
        (lambda: LayersDisplay({1: [[np.nan]]}), "no finite number"),
        (lambda: TrainingDisplay([]), "J holds no finite number"),
        (lambda: TrainingDisplay.from_estimator(MLPClassifier()), "no loss_curve_"),
        (lambda: LayersDisplay.from_estimator(MLPClassifier()), "no coefs_"),
        (lambda: NetworkDisplay([np.ones((2, 3)), np.ones((1, 2))]), "does not follow"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(make, words):
    with pytest.raises(errors.InvalidInput, match=words):
        make()


def deep(weight: float, hidden: str) -> bp.Trace:
    rng = np.random.default_rng(0)
    net = bp.Network((4, *[8] * 6, 3), hidden=hidden, loss="log_loss")
    theta = bp.init_theta(net, 0, epsilon=weight)
    return bp.trace(net, theta, rng.normal(size=(20, 4)), np.eye(3)[rng.integers(0, 3, 20)])


@pytest.mark.parametrize(
    ("weight", "hidden", "flow"),
    [
        (0.12, "logistic", Flow.VANISHING),
        (3.0, "relu", Flow.EXPLODING),
        (0.7, "tanh", Flow.STEADY),
    ],
)
def test_delta_sizes_tell_vanishing_from_exploding(weight, hidden, flow):
    t = deep(weight, hidden)
    display = DeltaSizeDisplay.from_trace(t)
    rms = [np.linalg.norm(t.delta[l]) / np.sqrt(t.delta[l].size) for l in range(2, 9)]
    np.testing.assert_allclose(display.line_.get_ydata(), rms, rtol=1e-14)
    assert display.flow is flow
    assert display.ax_.get_title() == flow.value
    drawn(display)


def test_delta_of_a_perfect_network_is_silent():
    display = DeltaSizeDisplay({2: np.zeros((3, 2)), 3: np.zeros((3, 1))}).plot()
    assert display.flow is Flow.SILENT
    drawn(display)


def test_diagram_draws_each_weight_once_with_its_number(trace):
    display = NetworkDisplay.from_trace(trace, example=2)
    assert len(display.edges) == trace.net.n_parameters
    for edge in display.edges:
        assert edge.Theta == trace.Thetas[edge.layer][edge.end - 1, edge.start]
    for unit in display.units:
        if unit.number:
            assert unit.a == trace.a[unit.layer][2, unit.number - 1]
            if unit.layer > 1:
                assert unit.delta == trace.delta[unit.layer][2, unit.number - 1]
    written = {text.get_text() for text in display.ax_.texts}
    assert {canvas.number(edge.Theta, 2) for edge in display.edges} <= written
    assert {"layer 1", "layer 2", "layer 3", "+1"} <= written
    drawn(display)


def boxes(texts):
    """What is written, with the pixels that it takes, once the figure is drawn."""
    return [(text.get_text(), text.get_window_extent().extents) for text in texts]


def overlaps(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width > 0 and height > 0


@pytest.mark.parametrize("sizes", [(1, 1), (2, 3, 1), (2, 3, 2, 1), (4, 4, 1), (3, 3, 3, 1)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_number_of_a_diagram_covers_another(sizes, seed):
    net = bp.Network(sizes, loss="binary_log_loss")
    theta = bp.init_theta(net, seed, epsilon=2.0)
    X, Y = np.random.default_rng(seed).normal(size=(1, sizes[0])), [[1.0]]
    display = NetworkDisplay.from_trace(bp.trace(net, theta, X, Y))
    drawn(display)
    written = boxes(display.ax_.texts)
    assert len(written) > net.n_parameters
    clashes = [(a, b) for (a, one), (b, other) in combinations(written, 2) if overlaps(one, other)]
    assert clashes == []


def test_what_stands_in_a_circle_stays_in_it():
    a = [np.array([1.23e-15, -0.00089]), np.array([-4.6e-11])]
    display = NetworkDisplay([np.ones((1, 3))], a).plot()
    drawn(display)
    inside = {text.get_text(): text for text in display.ax_.texts}
    diameter = display.ax_.lines[0].get_markersize() * display.figure_.dpi / 72
    for words in ("1e−15", "−0.00089", "−5e−11"):
        assert inside[words].get_window_extent().width < diameter


def test_a_diagram_says_what_its_colours_mean():
    display = NetworkDisplay([np.array([[0.0, 1.0, -2.0]])]).plot()
    lines = display.ax_.get_legend().get_lines()
    assert [line.get_color() for line in lines] == [canvas.POSITIVE, canvas.NEGATIVE]
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    words = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert [word[:5] for word in words] == ["Θ > 0", "Θ < 0"]


def test_a_deep_network_is_no_wider_than_a_page():
    display = NetworkDisplay([np.ones((2, 3))] * 11).plot()
    assert display.figure_.get_figwidth() <= 16


def test_many_layers_are_named_without_covering_each_other():
    display = DeltaSizeDisplay({l: np.full((2, 2), 0.5**l) for l in range(2, 42)}).plot()
    drawn(display)
    names = [name for name in boxes(display.ax_.get_xticklabels()) if name[0]]
    assert len(names) > 5
    assert not [1 for (_, one), (_, other) in pairwise(names) if overlaps(one, other)]


def test_epochs_are_whole_numbers_on_the_axis():
    display = TrainingDisplay([0.9, 0.5, 0.3], [0.5, 0.7, 0.6]).plot()
    drawn(display)
    assert all(tick == round(tick) for ax in display.axes_ for tick in ax.get_xticks())


def test_narrow_cells_carry_no_numbers():
    display = LayersDisplay({1: np.ones((3, 21)), 2: np.ones((2, 11))}).plot()
    assert [len(ax.texts) for ax in display.axes_] == [0, 22]


@pytest.mark.parametrize(("units", "words"), [(1, "1 hidden unit,"), (3, "3 hidden units, each")])
def test_hidden_units_are_counted_and_their_colours_told(units, words):
    title = HiddenUnitsDisplay(np.ones((units, 5))).plot().ax_.get_title()
    assert title.startswith(words)
    assert "blue pixels excite, vermilion ones inhibit" in title


def test_a_network_is_drawn_on_a_subfigure_as_on_a_figure_of_its_size():
    sizes = []
    for figure in (plt.figure(figsize=(4, 6)), plt.figure(figsize=(8, 6)).subfigures(1, 2)[0]):
        display = NetworkDisplay([np.array([[0.5, 1.0, -2.0]])]).plot(ax=figure.add_subplot())
        sizes.append([line.get_markersize() for line in display.ax_.lines])
    np.testing.assert_allclose(sizes[0], sizes[1])


def test_diagram_sizes_and_colours_its_lines_by_theta():
    from matplotlib.colors import to_rgba

    display = NetworkDisplay([np.array([[0.0, 1.0, -2.0]])]).plot()
    lines = display.ax_.collections[0]
    widths = lines.get_linewidths()
    assert (widths[2] - widths[0]) == pytest.approx(2 * (widths[1] - widths[0]))
    assert tuple(lines.get_colors()[1]) == to_rgba(canvas.BLUE)
    assert tuple(lines.get_colors()[2]) == to_rgba(canvas.VERMILION)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5))
def test_diagram_folds_large_layers_and_no_circles_overlap(sizes):
    Thetas = [np.ones((b, a + 1)) for a, b in pairwise(sizes)]
    display = NetworkDisplay(Thetas)
    for l, size in enumerate(sizes, start=1):
        column = [u for u in display.units if u.layer == l]
        assert sum(u.number > 0 for u in column) == min(size, 8)
        assert sum(u.number == 0 for u in column) == (l < len(sizes))
        heights = sorted(u.y for u in column)
        assert all(b - a >= 1 for a, b in pairwise(heights))
        assert heights[0] + heights[-1] == pytest.approx(0)


def test_displays_draw_on_given_axes_and_leave_their_paper_alone(fitted, trace):
    figure, axes = plt.subplots(2, 2, layout="constrained")
    figure.patch.set_facecolor("black")
    displays = [
        TrainingDisplay.from_estimator(fitted, ax=axes[0, 0]),
        LayersDisplay.from_trace(trace, "D", ax=axes[0, 1]),
        NetworkDisplay.from_estimator(fitted, ax=axes[1, 0]),
        DeltaSizeDisplay.from_trace(trace, ax=axes[1, 1]),
    ]
    assert [display.ax_ for display in displays] == list(axes.flat)
    assert all(display.figure_ is figure for display in displays)
    assert figure.patch.get_alpha() is None
    drawn(displays[0])


def test_figures_of_our_own_are_transparent(fitted, trace):
    for display in (
        TrainingDisplay.from_estimator(fitted),
        LayersDisplay.from_trace(trace, "z"),
        HiddenUnitsDisplay.from_estimator(fitted),
        NetworkDisplay.from_trace(trace),
        DeltaSizeDisplay.from_trace(trace),
    ):
        corner = drawn(display)[0, 0]
        assert corner[3] == 0
        assert all(ax.patch.get_alpha() == 0 for ax in getattr(display, "axes_", [display.ax_]))


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(errors.MissingExtra, match=r"backpass\[plot\]"):
        TrainingDisplay([1.0]).plot()
