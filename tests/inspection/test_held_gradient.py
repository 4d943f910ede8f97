"""``check_gradient`` of functions whose θ and gradient are in all sorts of containers."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import backpass as bp
from backpass.errors import InvalidInput

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(7, 4)), RNG.normal(size=(7, 2))
W1, b1 = RNG.normal(size=(4, 3)), RNG.normal(size=3)
W2, b2 = RNG.normal(size=(3, 2)), RNG.normal(size=(1, 2))
SHAPES = [w.shape for w in (W1, b1, W2, b2)]


def loss(W1, b1, W2, b2):
    return 0.5 * ((np.tanh(X @ W1 + b1) @ W2 + b2 - Y) ** 2).sum()


def gradients(W1, b1, W2, b2):
    """By SciPy's differences, so that no backpropagation stands behind the tests."""
    flat = np.concatenate([np.ravel(w) for w in (W1, b1, W2, b2)]).real
    ends = np.cumsum([np.prod(shape) for shape in SHAPES])[:-1]

    def of_flat(vector):
        return loss(*(p.reshape(s) for p, s in zip(np.split(vector, ends), SHAPES)))

    D = approx_fprime(flat, of_flat, 1e-6) / 2 - approx_fprime(flat, of_flat, -1e-6) / -2
    return [piece.reshape(shape) for piece, shape in zip(np.split(D, ends), SHAPES)]


def apart(W1, b1, W2, b2):
    return loss(W1, b1, W2, b2), *gradients(W1, b1, W2, b2)


def of_dictionary(p):
    D = gradients(p["W1"], p["b1"], p["W2"], p["b2"])
    named = dict(zip(("db2", "dW2", "db1", "dW1"), (D[3], D[2], D[1], D[0])))
    return {"grads": named, "loss": [loss(p["W1"], p["b1"], p["W2"], p["b2"])]}


def of_lists(p):
    Ws, bs = p
    D = gradients(Ws[0], bs[0], Ws[1], bs[1])
    return ([D[0], D[2]], [D[1], D[3]]), np.array([[loss(Ws[0], bs[0], Ws[1], bs[1])]])


def of_pairs(p):
    D = gradients(*p[0], *p[1])
    return loss(*p[0], *p[1]), [(D[0], D[1]), (D[2], D[3])]


def by_rows(p):
    return loss(*p), [np.concatenate([each.ravel() for each in gradients(*p)])]


def by_columns(p):
    return loss(*p), np.concatenate([each.ravel(order="F") for each in gradients(*p)])


NAMED = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
FORMS = {
    "apart": (apart, (W1, b1, W2, b2)),
    "apart, by name": (apart, {"b2": b2, "W2": W2, "b1": b1, "W1": W1}),
    "a dictionary": (of_dictionary, NAMED),
    "lists of each kind, D before [[J]]": (of_lists, ([W1, W2], [b1, b2])),
    "pairs": (of_pairs, [(W1, b1), (W2, b2)]),
    "one [D] by rows": (by_rows, [W1, b1, W2, b2]),
    "one D by columns": (by_columns, [W1, b1, W2, b2]),
    "lists of numbers": (by_rows, [each.tolist() for each in (W1, b1, W2, b2)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_right_function_passes_in_any_container(form):
    function, theta = FORMS[form]
    check = bp.check_gradient(function, theta, tolerance=1e-6)
    assert check.ok, check
    assert len(check.analytic) == 4 * 3 + 3 + 3 * 2 + 2
    assert check.patterns == ()


@pytest.mark.parametrize("form", FORMS)
def test_one_wrong_entry_of_any_container_is_called_by_its_name(form, monkeypatch):
    right = gradients

    def wrong(*weights):
        D = right(*weights)
        D[2][2, 1] += 0.5
        return D

    monkeypatch.setitem(globals(), "gradients", wrong)
    function, theta = FORMS[form]
    check = bp.check_gradient(function, theta, tolerance=1e-6)
    assert not check.ok
    assert check.worst(1)[0][0] == ("W2[2, 1]")
    assert len(check.patterns) == 1
    assert check.patterns[0].startswith("W2 is wrong in")
    assert check.patterns[0] in str(check)


def test_single_precision_is_no_mistake_and_does_not_hide_one():
    def single(p):
        p = [np.asarray(w, dtype=np.complex64 if np.iscomplexobj(w) else np.float32) for w in p]
        return np.float32(0) + loss(*p), [each.astype(np.float32) for each in gradients(*p)]

    def wrong(p):
        J, D = single(p)
        return J, [D[0], D[1], np.float32(1.01) * D[2], D[3]]

    theta = [W1, b1, W2, b2]
    assert bp.check_gradient(single, theta, tolerance=1e-3).ok
    check = bp.check_gradient(wrong, theta, tolerance=1e-3)
    assert {name[:2] for name, *_ in check.worst(6)} == {"W2"}
    assert check.patterns == ("W2 is 1.01 times what it should be throughout.",)


def test_theta_is_handed_over_as_it_is_held():
    seen = []

    def function(p):
        seen.append(p)
        return (p["W"][0] ** 2).sum() + p["c"] ** 2, {"W": [2 * p["W"][0]], "c": 2 * p["c"]}

    assert bp.check_gradient(function, {"W": [np.ones((2, 2))], "c": 3.0}).ok
    assert isinstance(seen[0]["W"], list)
    assert seen[0]["W"][0].shape == (2, 2)
    assert np.shape(seen[0]["c"]) == ()


def test_a_function_that_changes_its_theta_does_not_change_ours():
    theta = [np.ones((2, 2)), np.ones((2, 3))]

    def greedy(p):
        J = sum((w**2).sum() for w in p)
        D = [2 * w for w in p]
        p[0] *= 0
        return J, D

    assert bp.check_gradient(greedy, theta).ok
    assert theta[0].all()


def test_names_of_theta_that_is_a_list_of_matrices_or_one_matrix():
    def halves(p):
        return sum((w**2).sum() for w in p), [p[0] * 2, p[1]]

    check = bp.check_gradient(halves, [np.ones((2, 3)), np.ones((1, 3))])
    assert check.worst(1)[0][0] == "Theta2[0, 0]"
    one = bp.check_gradient(lambda W: ((W**2).sum(), W), np.ones((2, 2)))
    assert one.worst(1)[0][0] == "theta[0, 0]"


def test_what_follows_a_whole_gradient_is_no_part_of_it():
    assert bp.check_gradient(lambda x: ((x**2).sum(), 2 * x, {"z": x}), [1.0, 2.0]).ok


def test_shapes_that_do_not_fit_are_told_by_name():
    def wrong_sum(W, b):
        return W.sum() + b.sum(), np.ones((2, 3)), np.ones(6)

    with pytest.raises(InvalidInput, match=r"shapes \(2, 3\), \(6,\), but theta has W \(2, 3\), b"):
        bp.check_gradient(wrong_sum, (np.ones((2, 3)), np.ones(2)))

    def exchanged(W, b):
        return W.sum() + b.sum(), np.ones(2), np.ones((2, 3))

    with pytest.raises(InvalidInput, match=r"gradient of W has the shape \(2,\), but W has \(2, 3"):
        bp.check_gradient(exchanged, (np.ones((2, 3)), np.ones(2)))
    with pytest.raises(InvalidInput, match="takes W, b, and theta does not hold as many"):
        bp.check_gradient(exchanged, [np.ones((2, 3))])
    with pytest.raises(InvalidInput, match="returns no J"):
        bp.check_gradient(lambda p: (p[0], p[0]), [np.ones((2, 3)), np.ones(2)])
    with pytest.raises(InvalidInput, match="must return J and its gradient"):
        bp.check_gradient(lambda p: p[0].sum(), [np.ones((2, 3)), np.ones(2)])
    with pytest.raises(InvalidInput, match=r"theta\['W'\] is no array of numbers"):
        bp.check_gradient(lambda p: (1.0, p), {"W": "none"})
