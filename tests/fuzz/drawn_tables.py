"""Tables as people have them, and worse: drawn from a seed, with a target that can be learned."""

import numpy as np
import pandas as pd

WORDS = np.array(["red", "green", "blue", "grey", "amber", "teal", "rust", "sand", "plum"])


def drawn_table(seed):
    """Return a frame, its target, and whether that holds classes."""
    rng = np.random.default_rng(seed)
    m = int(rng.choice([4, 7, 12, 25, 60, 150, 400]))
    columns = int(rng.choice([1, 1, 2, 4, 9, 30, 500], p=[0.1, 0.1, 0.2, 0.25, 0.2, 0.12, 0.03]))
    frame = pd.DataFrame({f"c{k}": _column(rng, m) for k in range(columns)})
    signal = _signal(frame, rng)
    if rng.random() < 0.5:
        return frame, _numbers(signal, rng), False
    return frame, _labels(signal, rng), True


def _column(rng, m):
    kinds = (_normal, _heavy, _counts, _constant, _category, _mostly_one, _day, _truth, _tiny)
    column = pd.Series(kinds[rng.integers(len(kinds))](rng, m))
    gaps = rng.choice([0, 0, 0.1, 0.9, 1])
    return column.mask(rng.random(m) < gaps) if gaps else column


def _normal(rng, m):
    return rng.normal(size=m) * 10.0 ** rng.integers(-6, 7) + 10.0 ** rng.integers(-3, 9)


def _heavy(rng, m):
    return rng.standard_cauchy(m) ** 3


def _counts(rng, m):
    return rng.poisson(rng.choice([0.1, 2, 50]), m)


def _constant(rng, m):
    return np.full(m, rng.choice([0.0, 1.0, 1e300]))


def _category(rng, m):
    return rng.choice(WORDS[: rng.integers(1, 10)], m)


def _mostly_one(rng, m):
    return np.where(rng.random(m) < 0.97, 0.0, rng.normal(size=m))


def _day(rng, m):
    return np.datetime64("2020-01-01", "us") + rng.integers(0, 2000, m) * np.timedelta64(1, "D")


def _truth(rng, m):
    return rng.random(m) < 0.4


def _tiny(rng, m):
    return rng.normal(size=m) * 1e-310


def _signal(frame, rng):
    """Something that follows from the first columns, and from chance."""
    signal = rng.normal(size=len(frame))
    for name in frame.columns[:3]:
        codes = pd.factorize(frame[name])[0].astype(float)
        signal += rng.normal() * (codes - codes.mean()) / (codes.std() + 1)
    return signal


def _numbers(signal, rng):
    kind = rng.integers(5)
    if kind == 0:
        return signal * 10.0 ** rng.integers(-9, 10)
    if kind == 1:
        return np.exp(3 * signal)
    if kind == 2:
        return np.full(len(signal), 7.0)
    if kind == 3:
        return np.column_stack([signal, -(signal**3)])
    return np.round(signal)


def _labels(signal, rng):
    kind = rng.integers(4)
    if kind == 0:
        return np.where(signal > np.median(signal), "yes", "no")
    if kind == 1:
        return np.full(len(signal), "only")
    if kind == 2:
        ranks = np.argsort(np.argsort(signal))
        return np.minimum(ranks // 2, len(signal) // 2 - 1)  # two rows a class, or three
    return np.digitize(signal, np.quantile(signal, [0.02, 0.6]))
