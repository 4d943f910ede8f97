"""Backpropagation as the notes tell it: forward, cost, backward, accumulate, regularise.

Shapes stand in the comments; m is the number of examples, s_l the units of layer l. The names are
the notes': a, z, δ (``delta``), Δ (``Delta``), D, Θ (``Theta``), λ (``lam``), and the layers carry
the notes' numbers, 1 to L. The table in ``network.py`` translates to scikit-learn's names.

This file is the reference: the engine's results are compared with it, name by name. It runs on any
array that speaks the Array API. Its formulas are those of the notes' section "Gradient computation:
Backpropagation algorithm", except that D has λ/W, J's own derivative, where the notes write λ. The
one objective, here and everywhere in the library, is

    J(θ) = (1/W) Σ_i w_i cost(i) + (λ/2W) Σ Θ²,    W = Σ w_i,    bias columns left out of ΣΘ².
"""

from __future__ import annotations

from .arrays import Array, array_namespace
from .network import Network

ByLayer = dict[int, Array]


def forward_pass(net: Network, Thetas: list[Array], X: Array) -> tuple[ByLayer, ByLayer]:
    """Compute every a^(l) and z^(l); a^(L) is the network's answer h(x)."""
    a, z = {1: X}, {}  # a^(1): (m, s_1)
    for l, Theta in enumerate(Thetas, start=1):
        bias, weights = Theta[:, 0], Theta[:, 1:]  # (s_{l+1},), (s_{l+1}, s_l)
        z[l + 1] = bias + a[l] @ weights.T  # (m, s_{l+1})
        g = net.loss.h if l + 1 == net.L else net.activation(l + 1).g
        a[l + 1] = g(z[l + 1])
    return a, z


def backward_pass(net: Network, Thetas: list[Array], z: ByLayer, Y: Array) -> ByLayer:
    """Compute every δ^(l) = ∂cost(i)/∂z^(l), from the last layer back to layer 2."""
    delta = {net.L: net.loss.delta(z[net.L], Y)}  # (m, s_L)
    for l in range(net.L - 1, 1, -1):
        weights = Thetas[l - 1][:, 1:]  # (s_{l+1}, s_l): z has no bias unit, so neither has δ
        delta[l] = (delta[l + 1] @ weights) * net.activation(l).g_prime(z[l])  # (m, s_l)
    return delta


def accumulate(a: ByLayer, delta: ByLayer, w: Array) -> ByLayer:
    """Compute every Δ^(l) = Σ_i w_i δ^(l+1) [1, a^(l)]ᵀ, the sum over the examples."""
    xp = array_namespace(w)
    Delta = {}
    for l in range(1, len(a)):
        weighted = delta[l + 1] * w[:, None]  # (m, s_{l+1})
        bias = xp.sum(weighted, axis=0)[:, None]  # (s_{l+1}, 1): a_0 = 1
        Delta[l] = xp.concat([bias, weighted.T @ a[l]], axis=1)  # (s_{l+1}, s_l + 1)
    return Delta


def cost(net: Network, z: ByLayer, Y: Array, w: Array) -> Array:
    """Compute Σ_i w_i cost(i), from z^(L)."""
    return array_namespace(w).sum(w * net.loss.value(z[net.L], Y))


def penalty(Thetas: list[Array]) -> Array:
    """Compute ½ Σ Θ², bias columns left out."""
    squares = [array_namespace(Theta).sum(Theta[:, 1:] * Theta[:, 1:]) for Theta in Thetas]
    return sum(squares[1:], start=squares[0]) / 2


def regularised_mean(Delta: ByLayer, Thetas: list[Array], lam: float, W: Array) -> ByLayer:
    """Compute every D^(l) = Δ^(l)/W + (λ/W) Θ^(l), the bias column without the second term."""
    xp = array_namespace(*Thetas)
    D = {}
    for l, Theta in enumerate(Thetas, start=1):
        decay = xp.concat([xp.zeros_like(Theta[:, :1]), Theta[:, 1:]], axis=1)  # as Θ^(l)
        D[l] = (Delta[l] + lam * decay) / W
    return D


def sums(net: Network, Thetas: list[Array], X: Array, Y: Array, w: Array) -> tuple[Array, ByLayer]:
    """Compute Σ_i w_i cost(i) and Δ: what blocks of examples add up to, without mean or λ."""
    a, z = forward_pass(net, Thetas, X)
    delta = backward_pass(net, Thetas, z, Y)
    return cost(net, z, Y, w), accumulate(a, delta, w)


def cost_and_gradient(
    net: Network, theta: Array, X: Array, Y: Array, lam: float, w: Array
) -> tuple[Array, Array]:
    """Compute J(θ) and its gradient D, unrolled as θ is."""
    Thetas = net.roll_unchecked(theta)
    W = array_namespace(w).sum(w)
    total, Delta = sums(net, Thetas, X, Y, w)
    D = regularised_mean(Delta, Thetas, lam, W)
    J = (total + lam * penalty(Thetas)) / W
    return J, net.unroll([D[l] for l in sorted(D)])
