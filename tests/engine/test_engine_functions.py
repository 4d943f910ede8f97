"""The kernels' exp, tanh and log against mpmath, over their whole range."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from backpass.engine import native

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")


@pytest.fixture(params=native.instruction_sets(), autouse=True)
def kernels(request, monkeypatch):
    monkeypatch.setenv("BACKPASS_ISA", request.param)


def computed(function, x):
    y = np.empty_like(x)
    native.elementwise(function, x, y)
    return y


def ulps(function, x):
    """The largest error, in units in the last place of the true value."""
    worst = 0.0
    with mpmath.workprec(200):
        for xi, yi in zip(x, computed(function, x)):
            true = getattr(mpmath, function)(mpmath.mpf(float(xi)))
            ulp = mpmath.mpf(float(np.spacing(x.dtype.type(abs(true)))))
            worst = max(worst, float(abs(mpmath.mpf(float(yi)) - true) / ulp))
    return worst


def arguments(function, dtype):
    """Numbers over the whole range, the neighbourhoods of 0 and 1 and the edges among them."""
    rng, info = np.random.default_rng(7), np.finfo(dtype)
    log_tiny, log_max = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    if function == "log":
        wide = np.exp(rng.uniform(log_tiny, log_max, 1000))
        edges = [1.0, float(info.tiny), float(info.smallest_subnormal), float(info.max)]
        x = np.concatenate([wide, rng.uniform(0.5, 2, 1000), edges])
    else:
        least, most = (log_tiny, log_max) if function == "exp" else (-30.0, 30.0)
        small = 10 ** rng.uniform(-30, 0.5, 1000) * rng.choice([-1, 1], 1000)
        x = np.concatenate([rng.uniform(least, most, 1000), small, [0.0, least + 1, most - 1e-3]])
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", ["exp", "tanh", "log"])
def test_within_two_ulp(function, dtype):
    assert ulps(function, arguments(function, dtype)) <= 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_edges(dtype):
    inf, nan = np.inf, np.nan
    x = np.array([inf, -inf, nan, -0.0, 0.0], dtype)
    np.testing.assert_array_equal(computed("exp", x), np.array([inf, 0, nan, 1, 1], dtype))
    np.testing.assert_array_equal(computed("tanh", x), np.array([1, -1, nan, -0.0, 0.0], dtype))
    np.testing.assert_array_equal(computed("log", x), np.array([inf, nan, nan, -inf, -inf], dtype))
    assert np.signbit(computed("tanh", x)).tolist()[3:] == [True, False]
