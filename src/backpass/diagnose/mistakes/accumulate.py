"""Mistakes of Δ, the sum over the examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...activations import sigmoid
from ...network import Network
from ..convention import Convention
from .columns import Array, Infeasible, ones_column, transposed
from .entry import Entry, Recipe, in_layers, merged, scopes, shared, thetas_of
from .factors import factor
from .means import one_less, one_row

COMMON = ("accumulators", "last example left", "first example left", "z instead of a",
          "`*` instead")  # fmt: skip


EXAMPLES: dict[str, Callable[[int], Array]] = {
    "all": np.ones,
    "last only": lambda m: np.eye(m)[m - 1],
    "first only": lambda m: np.eye(m)[0],
    "last out": lambda m: 1 - np.eye(m)[m - 1],
    "first out": lambda m: 1 - np.eye(m)[0],
    "running": lambda m: np.arange(m, 0, -1.0),
    "last twice": lambda m: 1 + np.eye(m)[m - 1],
}


def activations_of(which: str, a: dict[int, Array], z: dict[int, Array], l: int) -> Array:
    """What stands where a^(l) belongs in Δ^(l)."""
    if which == "z":
        return z.get(l, a[l])
    if which in ("above", "below"):
        other = a.get(l + 1 if which == "above" else l - 1)
        if other is None or other.shape[1] < a[l].shape[1]:
            raise Infeasible
        return other[:, : a[l].shape[1]]
    return OF_A[which](a[l])


OF_A: dict[str, Callable[[Array], Array]] = {
    "a": lambda a: a,
    "ones": np.ones_like,
    "a²": lambda a: a**2,
    "g(a)": sigmoid,
}


def _with_column(first: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda a: np.hstack([first(a), a])


# a^(l) -> the matrix, bias column included, that δ^(l+1) meets in Δ^(l)
WITH_BIAS: dict[str, Callable[[Array], Array]] = {
    "first": _with_column(ones_column),
    "zero": _with_column(lambda a: 0 * ones_column(a)),
    "last": lambda a: np.hstack([a, ones_column(a)]),
    "last, zero": lambda a: np.hstack([a, 0 * ones_column(a)]),
    "m": _with_column(lambda a: ones_column(a) / a.shape[0]),
    "copied": _with_column(lambda a: a[:, :1]),
    "twice": _with_column(lambda a: 2 * ones_column(a)),
    "subtracted": _with_column(lambda a: -ones_column(a)),
}


def _truncated(delta: Array, a: Array, by_row: bool) -> Array:
    """Σ δ_i a_i (by row) or Σ δ_j a_j (by column) in every place of Δ: a `*` or an index slip."""
    rows, columns = delta.shape[1], a.shape[1]
    k = rows if by_row else columns
    if min(rows, columns) < k:
        raise Infeasible
    products = (delta[:, :k] * a[:, :k]).sum(axis=0)
    return np.tile(products[:, None], (1, columns)) if by_row else np.tile(products, (rows, 1))


def _diagonal(delta: Array, a: Array) -> Array:
    k = min(delta.shape[1], a.shape[1])
    Delta = np.zeros((delta.shape[1], a.shape[1]))
    np.fill_diagonal(Delta, (delta[:, :k] * a[:, :k]).sum(axis=0))
    return Delta


ACCUMULATE: dict[str, Callable[[Array, Array], Array]] = {
    "outer": lambda d, a: d.T @ a,
    "rows": lambda d, a: _truncated(d, a, True),
    "columns": lambda d, a: _truncated(d, a, False),
    "diagonal": _diagonal,
    "transposed": lambda d, a: transposed(d.T @ a),
    "sums": lambda d, a: np.outer(d.sum(axis=0), a.sum(axis=0)),
    "means": lambda d, a: np.outer(d.sum(axis=0), a.mean(axis=0)),
    "squared δ": lambda d, a: (d * d).T @ a,
    "absolute δ": lambda d, a: abs(d).T @ a,
    "minus": lambda d, a: -d.T @ a,
}

# The bias column of Δ as it should be, and m -> what stands there.
BIAS_SUM: dict[str, Callable[[Array, int], Array]] = {
    "right": lambda column, m: column,
    "everything": lambda column, m: np.full_like(column, column.sum()),
    "mean of everything": lambda column, m: np.full_like(column, column.mean()),
    "mean of everything over m": lambda column, m: np.full_like(column, column.mean() / m),
}

START: dict[str, Callable[[Array], Array]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "Theta": lambda Theta: Theta,
    "eye": lambda Theta: np.eye(*Theta.shape),
}


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of Δ, for this network."""
    place, right = "Δ, the sum over the examples", "Δ^(l) := Δ^(l) + δ^(l+1) (a^(l))ᵀ, i = 1 … m"
    examples = {
        "accumulators overwritten: only the last example counts": "last only",
        "only the first example counts": "first only",
        "last example left out": "last out",
        "first example left out": "first out",
        "accumulators not reset: earlier examples are added again": "running",
        "last example counted twice": "last twice",
    }
    for what, which in examples.items():
        flavours: list[Recipe] = [shared("examples", which)]
        if which in ("last out", "first out"):
            flavours.append({("examples",): which, **one_less(convention)})
        if which in ("first only", "last only"):
            flavours.append({("examples",): which, **one_row(convention)})
        yield Entry(what, place, what, right, tuple(flavours))
    yield from _examples_of_one_layer(net, right)
    starts = {"ones": "one", "Theta": "Θ", "eye": "the identity"}
    for start, word in starts.items():
        what = f"accumulators not reset to zero: they start at {word}"
        yield Entry(what, place, what, right, (shared("start", start),))
    yield from _outer_products(net, right)
    yield from _parts(net, right)
    yield from _activations_for_delta(net, convention, right)


def _examples_of_one_layer(net: Network, right: str) -> Iterator[Entry]:
    examples = {
        "accumulators overwritten: only the last example counts": "last only",
        "only the first example counts": "first only",
    }
    for what, variant in examples.items():
        for l in thetas_of(net) if net.L > 2 else ():
            both = (in_layers(f"{part}_examples", [l], variant) for part in _PARTS)
            yield Entry(what, f"Δ^({l})", what, right, (merged(*both),))


def _outer_products(net: Network, right: str) -> Iterator[Entry]:
    inputs: dict[str, tuple[str, ...]] = {
        "z instead of a in Δ": ("z",),
        "a of the wrong layer in Δ": ("above", "below"),
        "a missing in Δ": ("ones",),
        "a squared in Δ": ("a²",),
        "g applied twice to a in Δ": ("g(a)",),
    }
    products: dict[str, tuple[str, ...]] = {
        "`*` instead of a matrix product in Δ": ("rows", "columns", "diagonal"),
        "Δ transposed": ("transposed",),
        "sums multiplied instead of products summed in Δ": ("sums", "means"),
        "δ squared in Δ": ("squared δ",),
        "|δ| instead of δ in Δ": ("absolute δ",),
        "sign of Δ": ("minus",),
    }
    bias_columns: dict[str, tuple[str, ...]] = {
        "mean of δ instead of its sum in the bias column of Δ": ("m",),
        "the first input's gradient in the bias column of Δ": ("copied",),
    }
    tables = {"delta_a": inputs, "delta_product": products, "delta_bias": bias_columns}
    for slot, table in tables.items():
        for what, variants in table.items():
            later = what.startswith("z instead of a")  # layer 1 has no z
            for place, layers in scopes(list(thetas_of(net))[later:], "Δ^({l})"):
                if what == "sign of Δ" and len(layers) > 1:
                    continue  # that is the sign of δ
                flavours = tuple(in_layers(slot, layers, variant) for variant in variants)
                yield Entry(what, place, what, right, flavours)


_PARTS = {"bias": "bias column of Δ^({l})", "weights": "weights of Δ^({l})"}


def _parts(net: Network, right: str) -> Iterator[Entry]:
    """What happens to the bias column alone, or to the weights alone."""
    for part, name in _PARTS.items():
        for place, layers in scopes(thetas_of(net), name):
            if len(layers) > 1:
                place = name.replace("^({l})", "") + ", all layers"
            yield from _of_part(part, place, layers, right)
    for place, layers in scopes(thetas_of(net), _PARTS["bias"]):
        for what, variants in _WITHOUT_AXIS.items():
            flavours = tuple(in_layers("bias_sum", layers, variant) for variant in variants)
            yield Entry(what, place, "Σ_i Σ_k δ_k", right, flavours)


_WITHOUT_AXIS: dict[str, tuple[str, ...]] = {
    "the sum for the bias runs over the units as well: it has no axis": ("everything",),
    "the mean for the bias runs over the units as well: it has no axis": (
        "mean of everything over m", "mean of everything",
    ),
}  # fmt: skip


def _activations_for_delta(net: Network, convention: Convention, right: str) -> Iterator[Entry]:
    """a where δ belongs in one product; δ may have had its 1/m before, which a has not."""
    for part, name in _PARTS.items():
        for l in thetas_of(net):
            recipe = in_layers(f"{part}_delta", [l], "a")
            flavours = [recipe]
            if factor(convention.mean).of_m < 0:
                flavours.append(merged(recipe, in_layers(f"{part}_mean", [l], "m")))
            what = f"a^({l + 1}) instead of δ^({l + 1}) in the {name.format(l=l)}"
            yield Entry(what, name.format(l=l), what, right, tuple(flavours))


def _of_part(part: str, place: str, layers: tuple[int, ...], right: str) -> Iterator[Entry]:
    word = "bias" if part == "bias" else "weights'"
    deltas = {
        f"δ without its g′ in the {part} of Δ": "bare",
        f"δ of the layer below in the {part} of Δ": "below",
        f"δ of the layer above in the {part} of Δ": "above",
    }
    for what, variant in deltas.items():
        recipes = [in_layers(f"{part}_delta", layers, variant)]
        if len(layers) > 2 and variant == "bare":  # the output may have no g′ to be left out
            recipes.append(in_layers(f"{part}_delta", layers[:-1], variant))
        yield Entry(what, place, what, right, tuple(recipes))
    examples = {
        f"the {word} gradient is overwritten: only the last example counts": "last only",
        f"only the first example counts in the {word} gradient": "first only",
        f"last example left out of the {word} gradient": "last out",
        f"first example left out of the {word} gradient": "first out",
    }
    for what, variant in examples.items():
        yield Entry(what, place, what, right, (in_layers(f"{part}_examples", layers, variant),))
