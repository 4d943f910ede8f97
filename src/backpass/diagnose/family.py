"""Backpropagation with switches: the right algorithm, and every way of the catalogue to err.

A recipe (``mistakes.entry``) says which switches are not in their right position; the empty one is
the right algorithm. Everything is affine in a function φ of λ, so J and D come as two parts: what
two values of λ leave alone, and what grows with λ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar, cast

import numpy as np

from .. import old_names
from ..network import Network
from .mistakes.accumulate import ACCUMULATE, BIAS_SUM, EXAMPLES, START, WITH_BIAS, activations_of
from .mistakes.back import BACK
from .mistakes.columns import UNITS, Infeasible, first_column_zero, transposed
from .mistakes.cost import COST as COST_OF
from .mistakes.cost import cost_from_h
from .mistakes.decay import PENALTY, PENALTY_SLOPE, PHI, with_bias_zero, without_bias
from .mistakes.delta import DELTA as DELTA_OF
from .mistakes.entry import Recipe, Slot
from .mistakes.factors import scale
from .mistakes.forward import AFFINE, INPUTS, G, plain
from .mistakes.labels import LABELS
from .mistakes.means import TIMES
from .mistakes.reading import start_of
from .mistakes.slopes import G_PRIME
from .probes import Probe

__getattr__ = old_names("diagnose.family")

Arrays = dict[int, np.ndarray]  # by layer: each (m, s_l), or as Θ^(l)
Halves = tuple[np.ndarray, np.ndarray]  # without λ, and what grows with it
T = TypeVar("T")

# Slots that each stage reads; a stage's result is cached under its own part of the recipe.
READ = {"order", "layout", "offset", "transposed"}
FORWARD = READ | {"bias", "g", "units", "inputs"}
BACKWARD = FORWARD | {"labels", "delta", "g_prime", "back", "back_theta"}
_PARTS = {"bias": slice(0, 1), "weights": slice(1, None)}
OF_PARTS = frozenset(f"{part}_{what}" for part in _PARTS for what in ("delta", "examples"))
FACTORS_OF_PARTS = frozenset(f"{part}_{what}" for part in _PARTS for what in ("mean", "whole_mean"))
DELTA = BACKWARD | OF_PARTS | {"bias_sum", "examples", "delta_a", "delta_bias", "delta_product"}
DELTA |= {"delta_units", "start"}
ONLY_BELOW_THE_TOP = {"g_prime", "back", "back_theta"}
DECAY = READ | {
    "decay",
    "decay_bias",
    "penalty",
    "norm",
    "decay_sign",
    "decay_of",
    "lam_J",
    "lam_D",
}
COST = FORWARD | {"labels", "cost", "examples", "log_eps"}

# Slots that matter for J alone, and for the gradient alone.
ONLY_J = {"cost", "log_eps", "cost_sign", "cost_times", "J_times", "lam_J", "norm"}
ONLY_D = (DELTA - COST) | {"lam_D", "decay_of", "D_sign", "D_columns", "order_out", "layout_out"}
ONLY_D |= FACTORS_OF_PARTS | {f"{part}_{what}" for part in _PARTS for what in ("of", "stands")}

# Slots that D^(L−1) without λ does not see; only where λ itself stands wrong has φ(λ) such a part.
_SILENT = ONLY_BELOW_THE_TOP | ONLY_J
_SILENT_WITHOUT_LAM = _SILENT | (DECAY - READ)
_ASKS_FOR_ALL = frozenset({"below", "updated"})  # with these D^(L−1) has the δ of further down

_STANDS = frozenset(f"{part}_stands" for part in _PARTS)

MOST_CACHED = 20_000


@lru_cache(maxsize=1024)
def _slots_at(l: int, names: frozenset[str]) -> frozenset[Slot]:
    """These slots of one layer."""
    return frozenset((name, l) for name in names)


class RightPass(NamedTuple):
    """One pass of the right algorithm; arrays by the notes' layer, (m, s_l) each."""

    Thetas: list[np.ndarray]
    a: Arrays
    slopes: Arrays  # g′(z^(l)) of the hidden layers
    delta: Arrays
    mean: float  # what the sum over the examples is multiplied with


class Family:
    """All recipes, evaluated on one probe."""

    def __init__(self, probe: Probe) -> None:
        self.probe, self.net = probe, probe.net
        self._cache: dict[tuple[str, frozenset[object]], object] = {}

    def J(self, recipe: Recipe) -> np.ndarray:
        """Return J's two parts, without and with λ; NaN where the recipe cannot be carried out."""
        return self._quietly(self._J, recipe, 2)

    def D(self, recipe: Recipe) -> np.ndarray:
        """Return the gradient's two parts, one after the other, each in the order of θ."""
        return self._quietly(self._D, recipe, 2 * self.net.n_parameters)

    def right_pass(self) -> RightPass:
        """Return what the right algorithm computes on its way there and back."""
        a, _ = self._cached(FORWARD, {}, self._forward)
        return RightPass(
            self._cached(READ, {}, self._read),
            a,
            self._cached(FORWARD, {}, self._slopes),
            self._cached(BACKWARD, {}, self._backward),
            self._mean({}, ("mean",)),
        )

    def at_the_top(self, recipe: Recipe) -> Recipe:
        """Return the part of a recipe that ``top`` depends on: many recipes share theirs."""
        if not _ASKS_FOR_ALL.isdisjoint(recipe.values()):
            return recipe
        l, silent = self.net.L - 1, _SILENT if ("lam",) in recipe else _SILENT_WITHOUT_LAM
        return {
            slot: variant
            for slot, variant in recipe.items()
            if slot[0] in FORWARD or (slot[0] not in silent and (len(slot) == 1 or slot[1] == l))
        }

    def top(self, recipe: Recipe) -> np.ndarray:
        """Return D^(L−1) without λ, unrolled: much cheaper than ``D``, as it needs no way back."""
        rows, columns = self.net.shapes[-1]
        return self._quietly(self._top, recipe, rows * columns)

    def _quietly(
        self, compute: Callable[[Recipe], np.ndarray], recipe: Recipe, length: int
    ) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                return compute(recipe)
        except (Infeasible, ValueError):
            return np.full(length, np.nan)

    def _cached(self, stage: set[str], recipe: Recipe, compute: Callable[[Recipe], T]) -> T:
        if "updated" in recipe.values():  # then δ depends on D, and so on everything
            stage = {slot[0] for slot in recipe}
        part = frozenset([item for item in recipe.items() if item[0][0] in stage])
        key = (compute.__name__, part)
        if key not in self._cache:
            if len(self._cache) > MOST_CACHED:
                self._cache.clear()
            try:
                self._cache[key] = compute(dict(part))
            except (Infeasible, ValueError):  # shapes that do not go together
                self._cache[key] = None
        found = self._cache[key]
        if found is None:
            raise Infeasible
        return cast(T, found)

    # --- J -----------------------------------------------------------------------------------

    def _J(self, recipe: Recipe) -> np.ndarray:
        data = self._cached(COST, recipe, self._cost) * self._mean(recipe, ("mean",))
        data = data * recipe.get(("cost_sign",), 1) * self._times(recipe, ("cost_times",))
        decay = self._cached(DECAY, recipe, self._decay_of_J)
        c0, c1 = self._phi(recipe)
        whole = self._ratio(recipe, ("whole_mean",)) * recipe.get(("J_times",), 1)
        return np.array([data + c0 * decay, c1 * decay]) * whole

    def _decay_of_J(self, recipe: Recipe) -> float:
        """What λ is multiplied with in J."""
        Thetas = self._cached(READ, recipe, self._read)
        decay = sum(self._penalty(recipe, l, Theta) for l, Theta in enumerate(Thetas, start=1))
        if ("norm",) in recipe:
            decay = math.sqrt(decay)
        factor = self._lam_J * self._ratio(recipe, ("lam_J",))
        return decay * factor * recipe.get(("decay_sign",), 1)

    def _penalty(self, recipe: Recipe, l: int, Theta: np.ndarray) -> float:
        if not self._is_decayed(recipe, l):
            return 0.0
        penalised = without_bias(Theta, recipe.get(("decay_bias", l), self._undecayed))
        return PENALTY[recipe.get(("penalty",), "squares")](penalised)

    def _is_decayed(self, recipe: Recipe, l: int) -> bool:
        decayed = self.probe.convention.decayed
        right = "right" if decayed is None or l in decayed else "missing"
        return recipe.get(("decay", l), right) != "missing"

    @property
    def _undecayed(self) -> str:
        """What the right penalty leaves out of each Θ."""
        return "nothing" if self.probe.convention.bias_decayed else "first column"

    @property
    def _lam_J(self) -> float:
        return scale(self.probe.convention.lam_J, self.probe.m, self.net.sizes)

    def _phi(self, recipe: Recipe) -> tuple[float, float]:
        """φ(λ) ≈ c0 + c1 λ through the two λ of the probe."""
        which = recipe.get(("lam",))
        if which is None:
            return 0.0, 1.0
        low, high = self.probe.lams
        slope = (PHI[which](high) - PHI[which](low)) / (high - low)
        return PHI[which](low) - slope * low, slope

    def _mean(self, recipe: Recipe, slot: Slot) -> float:
        convention = self.probe.convention
        right = scale(convention.mean, self.probe.m, self.net.sizes) * convention.times
        return right * self._ratio(recipe, slot)

    def _ratio(self, recipe: Recipe, slot: Slot) -> float:
        """What stands there, as a multiple of what is right."""
        if recipe.get(slot) in ("α", "1/α"):
            return self._rate if recipe[slot] == "α" else 1 / self._rate
        return scale(recipe.get(slot, "1"), self.probe.m, self.net.sizes)

    def _times(self, recipe: Recipe, slot: Slot) -> float:
        return TIMES[recipe.get(slot, "once")](self.probe.m)

    def _cost(self, recipe: Recipe) -> float:
        """Σ_i cost(i), with the examples' own weights."""
        a, z = self._cached(FORWARD, recipe, self._forward)
        Y = LABELS[recipe.get(("labels",), "right")](self.probe.Y)
        L = self.net.L
        if ("cost",) in recipe:
            per_example = COST_OF[recipe["cost",]](a[L], Y, self.net.loss)
        else:
            eps = recipe.get(("log_eps",), 0.0)
            per_example = cost_from_h(self.net.loss, a[L], z[L], Y, eps)
        return float(per_example @ self._examples(recipe))

    def _examples(self, recipe: Recipe) -> np.ndarray:
        return EXAMPLES[recipe.get(("examples",), "all")](self.probe.m)

    # --- θ to a and z ----------------------------------------------------------------------

    def _read(self, recipe: Recipe) -> list[np.ndarray]:
        """θ to [Θ^(1), …], with the orders, layouts and offsets of the recipe."""
        theta, shapes = self.probe.theta, self.net.shapes
        starts = block_starts(shapes, recipe.get(("layout",), range(1, len(shapes) + 1)))
        Thetas = []
        for l, shape in enumerate(shapes, start=1):
            start = start_of(recipe.get(("offset", l)), starts[l], self.net, l)
            index = np.arange(start, start + shape[0] * shape[1]) % theta.size
            Thetas.append(theta[index].reshape(shape, order=recipe.get(("order", l), "F")))
        return [
            transposed(Theta) if ("transposed", l) in recipe else Theta
            for l, Theta in enumerate(Thetas, start=1)
        ]

    def _forward(self, recipe: Recipe) -> tuple[Arrays, Arrays]:
        Thetas = self._cached(READ, recipe, self._read)
        X = INPUTS[recipe.get(("inputs",), "right")](self.probe.X)
        a, z = {1: X}, {}
        for l, Theta in enumerate(Thetas, start=1):
            units = UNITS[recipe.get(("units", l), "all")](a[l])
            z[l + 1] = AFFINE[recipe.get(("bias", l), "first")](Theta, units)
            a[l + 1] = self._g(recipe, l + 1)(z[l + 1])
        return a, z

    def _g(self, recipe: Recipe, l: int) -> Callable[[np.ndarray], np.ndarray]:
        g = plain(self.net.loss.h if l == self.net.L else self.net.activation(l).g)
        which = recipe.get(("g", l), "right")
        if which == "right":
            return g
        if which == "twice":
            return lambda z: g(g(z))
        if which == "after the hidden":
            hidden = plain(self.net.activation(l - 1).g)
            return lambda z: g(hidden(z))
        return G[which].g

    # --- back ------------------------------------------------------------------------------

    def _backward(self, recipe: Recipe) -> dict[int, np.ndarray]:
        a, z = self._cached(FORWARD, recipe, self._forward)
        L = self.net.L
        delta = {L: self._delta_of_outputs(recipe)}
        bare = {L: self._bare_of_outputs(recipe)}  # without g′, where the layer below asks for that
        for l in range(L - 1, 1, -1):
            Theta = self._Theta_back(recipe, l, a, z, delta[l + 1])
            how, below = (recipe.get(("back", k), "right") for k in (l, l - 1))
            others = {"top": delta[L], "without its g′": bare.get(l + 1, delta[l + 1])}
            above = others.get(how, delta[l + 1])
            slope, s = self._g_prime(recipe, l, a, z), self.net.sizes[l - 1]
            if how == "no brackets":
                delta[l] = BACK[how](above, Theta, a[l], s) - a[l]
            else:
                delta[l] = BACK[how](above, Theta, slope, s)
            if below == "without its g′":
                bare[l] = BACK[how](above, Theta, np.ones_like(slope), s)
        return delta

    def _bare_of_outputs(self, recipe: Recipe) -> np.ndarray:
        """δ^(L) without g′, where the layer below asks for that."""
        if recipe.get(("back", self.net.L - 1)) != "without its g′":
            return self._delta_of_outputs(recipe)
        a, z = self._cached(FORWARD, recipe, self._forward)
        Y = LABELS[recipe.get(("labels",), "right")](self.probe.Y)
        L = self.net.L
        return DELTA_OF["a − y"](self.net.loss, a[L], z[L], Y)

    def _Theta_back(
        self, recipe: Recipe, l: int, a: Arrays, z: Arrays, above: np.ndarray
    ) -> np.ndarray:
        """The Θ through which δ^(l) is taken; one that a step has changed already needs its D."""
        Thetas = self._cached(READ, recipe, self._read)
        which = recipe.get(("back_theta", l), l)
        if which != "updated":
            return Thetas[which - 1]
        if self._lam_J:
            raise Infeasible  # it would not be affine in λ
        D, _ = self._D_of(recipe, l, self._Delta_of(recipe, l, a, z, above))
        return Thetas[l - 1] - self._rate * recipe.get(("D_sign",), 1) * D

    @property
    def _rate(self) -> float:
        """α of a training step."""
        if self.probe.rate is None:
            raise Infeasible
        return self.probe.rate

    def _delta_of_outputs(self, recipe: Recipe) -> np.ndarray:
        a, z = self._cached(FORWARD, recipe, self._forward)
        Y = LABELS[recipe.get(("labels",), "right")](self.probe.Y)
        L = self.net.L
        return self._output_delta(recipe.get(("delta",), "right"), a[L], z[L], Y)

    def _output_delta(self, which: str, a: np.ndarray, z: np.ndarray, Y: np.ndarray) -> np.ndarray:
        if which != "hidden slope":
            return DELTA_OF[which](self.net.loss, a, z, Y)
        if self.net.L == 2:
            raise Infeasible
        slope = self.net.activation(self.net.L - 1).g_prime(z)
        return DELTA_OF["right"](self.net.loss, a, z, Y) * slope

    def _g_prime(self, recipe: Recipe, l: int, a: Arrays, z: Arrays) -> np.ndarray:
        which = recipe.get(("g_prime", l), "right")
        g = self.net.activation(l)
        if which in ("above", "below"):
            other = z.get(l + 1) if which == "above" else z.get(l - 1, a[1])
            if other is None or other.shape[1] < self.net.sizes[l - 1]:
                raise Infeasible
            return g.g_prime(other[:, : self.net.sizes[l - 1]])
        if which == "own":
            return G[recipe["g", l]].g_prime(z[l])
        if which == "right":
            return self._cached(FORWARD, recipe, self._slopes)[l]
        return G_PRIME[which](g, a[l], z[l])

    def _slopes(self, recipe: Recipe) -> dict[int, np.ndarray]:
        """g′(z^(l)) of every hidden layer."""
        _, z = self._cached(FORWARD, recipe, self._forward)
        hidden = range(2, self.net.L)
        return {l: plain(self.net.activation(l).g_prime)(z[l]) for l in hidden}

    # --- Δ and D ---------------------------------------------------------------------------

    def _Delta(self, recipe: Recipe) -> dict[int, np.ndarray]:
        a, z = self._cached(FORWARD, recipe, self._forward)
        delta = self._cached(BACKWARD, recipe, self._backward)
        Delta = {l: self._Delta_of(recipe, l, a, z, delta[l + 1]) for l in range(1, self.net.L - 1)}
        top = self._cached(self._top_stage(recipe), recipe, self._top_Delta)
        return {**Delta, self.net.L - 1: top}

    def _top_stage(self, recipe: Recipe) -> set[str]:
        """Δ^(L−1) asks for the way back only where it has the δ of the layer below."""
        return DELTA if "below" in recipe.values() else DELTA - ONLY_BELOW_THE_TOP

    def _top_Delta(self, recipe: Recipe) -> np.ndarray:
        """Δ^(L−1), which needs no way back."""
        a, z = self._cached(FORWARD, recipe, self._forward)
        return self._Delta_of(recipe, self.net.L - 1, a, z, self._delta_of_outputs(recipe))

    def _Delta_of(
        self, recipe: Recipe, l: int, a: Arrays, z: Arrays, above: np.ndarray
    ) -> np.ndarray:
        inputs = activations_of(recipe.get(("delta_a", l), "a"), a, z, l)
        units = UNITS[recipe.get(("delta_units", l), "all")](inputs)
        with_bias = WITH_BIAS[recipe.get(("delta_bias", l), "first")](units)
        accumulate = ACCUMULATE[recipe.get(("delta_product", l), "outer")]
        Delta = accumulate(above * self._examples(recipe)[:, None], with_bias)
        if not _slots_at(l, OF_PARTS).isdisjoint(recipe):
            for part, where in _PARTS.items():
                slots = (f"{part}_delta", l), (f"{part}_examples", l)
                delta = self._other_delta(recipe, l, above, recipe.get(slots[0], "right"))
                examples = EXAMPLES[recipe.get(slots[1], recipe.get(("examples",), "all"))]
                own = accumulate(delta * examples(self.probe.m)[:, None], with_bias)
                Delta[:, where] = own[:, where]
        if ("bias_sum", l) in recipe:
            Delta[:, 0] = BIAS_SUM[recipe["bias_sum", l]](Delta[:, 0], self.probe.m)
        if ("start",) not in recipe:
            return Delta
        Thetas = self._cached(READ, recipe, self._read)
        return START[recipe["start",]](Thetas[l - 1]) + Delta

    def _other_delta(self, recipe: Recipe, l: int, above: np.ndarray, which: str) -> np.ndarray:
        """What stands in one part of Δ^(l) where δ^(l+1) belongs."""
        if which == "right":
            return above
        if which == "a":
            return self._cached(FORWARD, recipe, self._forward)[0][l + 1]
        if which == "bare" and l + 1 == self.net.L:
            a, z = self._cached(FORWARD, recipe, self._forward)
            Y = LABELS[recipe.get(("labels",), "right")](self.probe.Y)
            return DELTA_OF["a − y"](self.net.loss, a[l + 1], z[l + 1], Y)
        delta = self._cached(BACKWARD, recipe, self._backward)
        if which == "bare":
            Theta, s = self._cached(READ, recipe, self._read)[l], self.net.sizes[l]
            return BACK["right"](delta[l + 2], Theta, np.ones((self.probe.m, s)), s)
        other = delta.get(l if which == "below" else l + 2)
        if other is None or other.shape != above.shape:
            raise Infeasible
        return other

    def _D(self, recipe: Recipe) -> np.ndarray:
        Delta = self._cached(DELTA, recipe, self._Delta)
        parts = self._exchanged(recipe, [self._D_of(recipe, l, Delta[l]) for l in Delta])
        parts = self._instead(recipe, parts)
        sign = recipe.get(("D_sign",), 1)
        return sign * np.concatenate([self._unroll(recipe, [p[i] for p in parts]) for i in (0, 1)])

    @staticmethod
    def _exchanged(recipe: Recipe, parts: list[Halves]) -> list[Halves]:
        """Gradients in each other's places."""
        swapped = list(parts)
        for part, where in _PARTS.items():
            for l in range(1, len(parts) + 1):
                other = parts[recipe.get((f"{part}_of", l), l) - 1]
                if other is not parts[l - 1]:
                    own = tuple(half.copy() for half in swapped[l - 1])
                    for half, others in zip(own, other):
                        half[:, where] = others[:, where]
                    swapped[l - 1] = (own[0], own[1])
        return swapped

    def _instead(self, recipe: Recipe, parts: list[Halves]) -> list[Halves]:
        """Weights returned for a gradient, or a gradient for weights."""
        if _STANDS.isdisjoint(slot[0] for slot in recipe):
            return parts
        Thetas = self._cached(READ, recipe, self._read)
        stood: list[Halves] = []
        for l, (data, decay) in enumerate(parts, start=1):
            for part, where in _PARTS.items():
                which = recipe.get((f"{part}_stands", l))
                if which is None:
                    continue
                data, decay = data.copy(), decay.copy()
                Theta, own = Thetas[l - 1][:, where], data[:, where].copy()
                data[:, where] = Theta if which == "Θ" else (Theta - own) / self._rate
                decay[:, where] *= 0 if which == "Θ" else -1 / self._rate
            stood.append((data, decay))
        return stood

    def _top(self, recipe: Recipe) -> np.ndarray:
        l = self.net.L - 1
        Delta = self._cached(self._top_stage(recipe), recipe, self._top_Delta)
        data, _ = self._D_of(recipe, l, Delta)
        return recipe.get(("D_sign",), 1) * data.ravel(order=recipe.get(("order_out", l), "F"))

    def _D_of(self, recipe: Recipe, l: int, Delta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decay = self._cached(DECAY, recipe, self._decays)[l]
        c0, c1 = self._phi(recipe)
        data = Delta * self._mean(recipe, ("mean", l) if ("mean", l) in recipe else ("mean",))
        slot = ("whole_mean", l) if ("whole_mean", l) in recipe else ("whole_mean",)
        whole = self._ratio(recipe, slot)
        if decay.shape != data.shape:
            if (c0 or c1) and self._lam_J:
                raise Infeasible
            return data * whole, np.zeros_like(data)
        final = UNITS[recipe.get(("D_columns", l), "all")]
        if not _slots_at(l, FACTORS_OF_PARTS).isdisjoint(recipe):
            data = data * self._by_part(recipe, l, "mean", data.shape[1])
            decay = decay * self._by_part(recipe, l, "whole_mean", data.shape[1])
            data = data * self._by_part(recipe, l, "whole_mean", data.shape[1])
        both = final((data + c0 * decay) * whole), final(c1 * decay * whole)
        if self.probe.convention.bias:
            return both
        return first_column_zero(both[0]), first_column_zero(both[1])

    def _by_part(self, recipe: Recipe, l: int, slot: str, columns: int) -> float | np.ndarray:
        """A factor on the bias column and another one on the weights, by column."""
        bias, weights = (self._ratio(recipe, (f"{part}_{slot}", l)) for part in _PARTS)
        if bias == weights:
            return bias
        return np.where(np.arange(columns) == 0, bias, weights)

    def _decays(self, recipe: Recipe) -> dict[int, np.ndarray]:
        """What λ is multiplied with in D^(l)."""
        Thetas = self._cached(READ, recipe, self._read)
        of = {l: Thetas[recipe.get(("decay_of", l), l) - 1] for l in range(1, self.net.L)}
        return {l: self._decay(recipe, l, Theta) for l, Theta in of.items()}

    def _decay(self, recipe: Recipe, l: int, Theta: np.ndarray) -> np.ndarray:
        if not self._is_decayed(recipe, l):
            return np.zeros_like(Theta)
        factor = 2 * self._lam_J * self._ratio(recipe, ("lam_D",))
        factor *= self._ratio(recipe, ("lam_D", l)) * recipe.get(("decay_sign", l), 1)
        kept = with_bias_zero(Theta, recipe.get(("decay_bias", l), self._undecayed))
        slope = PENALTY_SLOPE[recipe.get(("penalty",), "squares")](kept)
        return slope * factor * recipe.get(("decay_sign",), 1)

    def _unroll(self, recipe: Recipe, blocks: list[np.ndarray]) -> np.ndarray:
        layout = recipe.get(("layout_out",), range(1, len(blocks) + 1))
        return np.concatenate(
            [blocks[l - 1].ravel(order=recipe.get(("order_out", l), "F")) for l in layout]
        )


def block_starts(shapes: Sequence[tuple[int, int]], layout: Iterable[int]) -> dict[int, int]:
    """Where each Θ^(l) starts in θ, when the blocks lie in this order."""
    starts, at = {}, 0
    for l in layout:
        starts[l] = at
        at += shapes[l - 1][0] * shapes[l - 1][1]
    return starts


def parts_of(net: Network) -> dict[tuple[int, str, int], np.ndarray]:
    """Split what ``Family.D`` returns: (l, "bias" or "weights", without or with λ) -> positions."""
    return _parts_of(net.sizes)


@lru_cache(maxsize=256)
def _parts_of(sizes: tuple[int, ...]) -> dict[tuple[int, str, int], np.ndarray]:
    net = Network(sizes)
    parts = {}
    for half in (0, 1):
        positions = half * net.n_parameters + np.arange(net.n_parameters)
        for l, (where, (_, units)) in enumerate(net.slices, start=1):
            parts[l, "bias", half], parts[l, "weights", half] = np.split(positions[where], [units])
    return parts
