"""Activation functions: each g beside its derivative g′, both as functions of z.

The notes' code has one function with two meanings, ``sigmoid(x, derive=True) = x(1 − x)``, which is
right only where x is already an activation. Here g′ is always a function of the pre-activation z.

Every formula is analytic on either side of its kinks (choices look at the real part alone), so a
complex z gives the derivative by the complex step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .arrays import Array, array_namespace, log1p, where_positive
from .errors import InvalidNetwork


class Named(Protocol):
    """What has a name in plain text and in LaTeX."""

    @property
    def text(self) -> str:
        """Plain text."""
        ...

    @property
    def latex(self) -> str:
        """LaTeX, without dollars."""
        ...


@dataclass(frozen=True)
class Formula:
    """A formula in plain text and in LaTeX; ``@`` in it stands for a number's name."""

    text: str
    latex: str

    def at(self, z: Named) -> Formula:
        """Put the name of a number in its place."""
        return Formula(self.text.replace("@", z.text), self.latex.replace("@", z.latex))


@dataclass(frozen=True)
class Activation:
    """An activation function g and its derivative g′.

    Parameters
    ----------
    name : str
        How the activation is called in tables, files and messages.
    g : callable
        z -> a, elementwise, any shape.
    g_prime : callable
        z -> g′(z), elementwise; a function of z, never of a.
    smooth : bool
        False where g has kinks, at which numerical derivatives do not agree with g′.
    odd : bool
        Whether g(−z) = −g(z), so that a unit can be turned over without changing the network.
    core : str or None
        The name by which the fast engines know the library's own; it tells them nothing of a
        function that is not registered in ``ACTIVATIONS``.
    formula, slope : Formula or None
        How g and g′ are written, where explanations should write them out.

    References
    ----------
    Each of the library's own names its source in its docstring; "sigmoid" in the notes is
    ``logistic``. Slopes without a source of their own are their functions' derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> square = Activation("square", g=lambda z: z * z, g_prime=lambda z: 2 * z)
    >>> square.g_prime(np.array([3.0]))
    array([6.])
    """

    name: str
    g: Callable[[Array], Array]
    g_prime: Callable[[Array], Array]
    smooth: bool = True
    # What is said about g, not what g is: an activation from an old pickle lacks it.
    odd: bool = field(default=False, compare=False)
    core: str | None = field(default=None, compare=False)
    formula: Formula | None = field(default=None, compare=False)
    slope: Formula | None = field(default=None, compare=False)


def identity(z: Array) -> Array:
    """g(z) = z."""
    return z


def identity_gradient(z: Array) -> Array:
    """g′(z) = 1."""
    return array_namespace(z).ones_like(z)


def sigmoid(z: Array) -> Array:
    """Compute the logistic function 1 / (1 + e^(−z)) without overflow at any z.

    Parameters
    ----------
    z : array, any shape
        Pre-activations. Lists and numbers are accepted.

    Returns
    -------
    array, same shape
        Activations between 0 and 1.

    Notes
    -----
    The notes' first version, ``1.0 / 1.0 + np.exp(-z)``, is 1 + e^(−z): brackets are missing.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    z = _as_array(z)
    e = array_namespace(z).exp(where_positive(z, -z, z))  # e^(−|z|), never above 1
    # 1 / (1 + e^(−z)) for z > 0, e^z / (1 + e^z) else: one exponential for both, and the small side
    # keeps its digits down to the smallest number.
    return where_positive(z, array_namespace(e).ones_like(e), e) / (1 + e)


def sigmoid_gradient(z: Array) -> Array:
    """Compute g′(z) = g(z) (1 − g(z)) of the logistic function, from z and not from a.

    Parameters
    ----------
    z : array, any shape
        Pre-activations. Lists and numbers are accepted.

    Returns
    -------
    array, same shape
        Derivatives between 0 and 0.25.

    References
    ----------
    The course notes, section "Gradient computation: Backpropagation algorithm".

    Examples
    --------
    >>> sigmoid_gradient([-1, -0.5, 0, 0.5, 1]).round(6)
    array([0.196612, 0.235004, 0.25    , 0.235004, 0.196612])
    """
    z = _as_array(z)
    e = array_namespace(z).exp(where_positive(z, -z, z))
    return e / ((1 + e) * (1 + e))  # 1 − g(z) is never formed, so large z keeps its digits


def tanh(z: Array) -> Array:
    """g(z) = tanh z (LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998)."""
    return array_namespace(z).tanh(z)


def tanh_gradient(z: Array) -> Array:
    """g′(z) = 1 − tanh² z, written as 4 e^(−2|z|) / (1 + e^(−2|z|))²."""
    # 1 − tanh² z cancels from |z| ≈ 4 on, and is 0 from 19 on in double precision; this does not.
    return 4 * sigmoid_gradient(2 * z)


def relu(z: Array) -> Array:
    """g(z) = max(z, 0) (Nair and Hinton, 2010)."""
    return where_positive(z, z, array_namespace(z).zeros_like(z))


def relu_gradient(z: Array) -> Array:
    """g′(z) = 1 where z > 0, else 0."""
    xp = array_namespace(z)
    return where_positive(z, xp.ones_like(z), xp.zeros_like(z))


LEAKY_SLOPE = 0.01


def leaky_relu(z: Array) -> Array:
    """g(z) = z where z > 0, else 0.01 z (Maas, Hannun and Ng, 2013)."""
    return where_positive(z, z, LEAKY_SLOPE * z)


def leaky_relu_gradient(z: Array) -> Array:
    """g′(z) = 1 where z > 0, else 0.01."""
    xp = array_namespace(z)
    return where_positive(z, xp.ones_like(z), xp.full_like(z, LEAKY_SLOPE))


GELU_SCALE = 0.7978845608028654  # √(2/π)
GELU_CUBIC = 0.044715


def gelu(z: Array) -> Array:
    """g(z) = z/2 (1 + tanh(√(2/π)(z + 0.044715 z³))) (Hendrycks and Gimpel, 2016, tanh form)."""
    # ½ (1 + tanh u) = sigmoid(2u), which keeps the digits that 1 + tanh u loses for u ≪ 0.
    return z * sigmoid(2 * GELU_SCALE * (z + GELU_CUBIC * z * z * z))


def gelu_gradient(z: Array) -> Array:
    """g′(z) by the product and chain rules on ``gelu``."""
    u = 2 * GELU_SCALE * (z + GELU_CUBIC * z * z * z)
    return sigmoid(u) + z * sigmoid_gradient(u) * 2 * GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z)


def silu(z: Array) -> Array:
    """g(z) = z · sigmoid(z) (Elfwing, Uchibe and Doya, 2018)."""
    return z * sigmoid(z)


def silu_gradient(z: Array) -> Array:
    """g′(z) = sigmoid(z) + z · sigmoid′(z)."""
    return sigmoid(z) + z * sigmoid_gradient(z)


def softplus(z: Array) -> Array:
    """g(z) = log(1 + e^z), from e^(−|z|) so that it never overflows (Dugas et al., 2001)."""
    xp = array_namespace(z)
    # log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|)); log1p keeps the digits of a small e^(−|z|).
    return relu(z) + log1p(xp.exp(where_positive(z, -z, z)))


def softplus_gradient(z: Array) -> Array:
    """g′(z) = sigmoid(z)."""
    return sigmoid(z)


PLAIN = Formula("@", "@")
LOGISTIC = Formula("1 / (1 + e^−@)", r"\frac{1}{1 + e^{-@}}")

_OWN = (
    Activation(
        "identity",
        identity,
        identity_gradient,
        odd=True,
        core="identity",
        formula=PLAIN,
        slope=Formula("1", "1"),
    ),
    Activation(
        "logistic",
        sigmoid,
        sigmoid_gradient,
        core="logistic",
        formula=LOGISTIC,
        slope=Formula("g(@) (1 − g(@))", r"g(@)\,(1 - g(@))"),
    ),
    Activation(
        "tanh",
        tanh,
        tanh_gradient,
        odd=True,
        core="tanh",
        formula=Formula("tanh(@)", r"\tanh @"),
        slope=Formula("1 − tanh²(@)", r"1 - \tanh^2 @"),
    ),
    Activation(
        "relu",
        relu,
        relu_gradient,
        smooth=False,
        core="relu",
        formula=Formula("max(@, 0)", r"\max(@, 0)"),
        slope=Formula("1 where @ > 0, else 0", r"[@ > 0]"),
    ),
    Activation(
        "leaky_relu",
        leaky_relu,
        leaky_relu_gradient,
        smooth=False,
        core="leaky_relu",
        formula=Formula("@ where @ > 0, else 0.01 @", r"\max(@, 0.01\,@)"),
        slope=Formula("1 where @ > 0, else 0.01", r"[@ > 0] + 0.01\,[@ \le 0]"),
    ),
    Activation(
        "gelu",
        gelu,
        gelu_gradient,
        core="gelu",
        formula=Formula(
            "@/2 (1 + tanh(√(2/π)(@ + 0.044715 @³)))",
            r"\tfrac{@}{2} (1 + \tanh(\sqrt{2/\pi}\,(@ + 0.044715\, @^3)))",
        ),
    ),
    Activation(
        "silu",
        silu,
        silu_gradient,
        core="silu",
        formula=Formula("@ / (1 + e^−@)", r"\frac{@}{1 + e^{-@}}"),
    ),
    Activation(
        "softplus",
        softplus,
        softplus_gradient,
        core="softplus",
        formula=Formula("log(1 + e^@)", r"\log(1 + e^{@})"),
        slope=LOGISTIC,
    ),
)
ACTIVATIONS: dict[str, Activation] = {g.name: g for g in _OWN}
ALIASES = {"sigmoid": "logistic"}

# By the first release's names.
VALUE_FORMULAS = {g.name: g.formula for g in _OWN if g.formula}
SLOPE_FORMULAS = {g.name: g.slope for g in _OWN if g.slope}


def find_activation(which: str | Activation) -> Activation:
    """Return the activation of that name, or the activation itself; raise InvalidNetwork else.

    In place of the library's own from an old pickle stands the one that is registered, of which
    more is said.
    """
    if isinstance(which, Activation):
        return ACTIVATIONS[which.name] if is_own(which) else which
    name = ALIASES.get(which, which)
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise InvalidNetwork(f"There is no activation {which!r}; the library has {known}.")
    return ACTIVATIONS[name]


def is_own(activation: Activation) -> bool:
    """Whether an activation is the library's: one of a user's may have the name of another."""
    return ACTIVATIONS.get(activation.name) == activation


def core_name(activation: Activation) -> str | None:
    """Return the name by which the fast engines know an activation; None for a user's own."""
    return ACTIVATIONS[activation.name].core if is_own(activation) else None


def _as_array(z: Array) -> Array:
    """Accept lists and numbers in the notes' small functions."""
    if hasattr(z, "dtype"):
        return z
    import numpy as np

    return np.asarray(z, dtype=np.float64)


__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Formula",
    "core_name",
    "find_activation",
    "is_own",
    "sigmoid",
    "sigmoid_gradient",
]
