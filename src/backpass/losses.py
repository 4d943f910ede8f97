"""Loss functions, from the logits z^(L): each value beside its δ^(L), and the output activation.

A loss takes z^(L), never a^(L): nothing is clipped, and no logarithm meets a zero. δ^(L) is the
derivative of one example's loss by z^(L). For the four losses with their canonical output
activation it is a^(L) − y, which is why the notes' δ formula serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache

import numpy as np

from .activations import LOGISTIC, PLAIN, Formula, identity, relu, sigmoid
from .arrays import Array, array_namespace, log1p, real_part, where_positive
from .errors import InvalidNetwork


@dataclass(frozen=True)
class Loss:
    """A loss and its δ, both from the logits.

    Parameters
    ----------
    name : str
        How the loss is called in tables, files and messages.
    h : callable
        z -> a^(L), the output activation; (m, s_L) -> (m, s_L).
    value : callable
        (z, y) -> one loss per example; (m, s_L), (m, s_L) -> (m,).
    delta : callable
        (z, y) -> δ^(L) = ∂loss/∂z^(L), per example; (m, s_L), (m, s_L) -> (m, s_L).
    output : str
        The name of the output activation.
    smooth : bool
        False where the loss or its δ has kinks.
    parameter : float or None
        Huber's threshold or the quantile, where the loss has one.
    canonical : bool
        Whether h is the loss's canonical output activation, so that δ = a − y.
    core : str or None
        The name by which the fast engines know the library's own; it tells them nothing of a loss
        that is not registered in ``LOSSES``.
    classification : bool
        Whether it is a loss for classes; the others are for numbers.
    formula : Formula or None
        How one example's loss is written, where explanations should write it out.

    References
    ----------
    P. McCullagh and J. A. Nelder, "Generalized linear models", 2nd edition, 1989: canonical links.

    Examples
    --------
    >>> import numpy as np
    >>> find_loss("squared_error").value(np.array([[3.0]]), np.array([[1.0]]))
    array([2.])
    """

    name: str
    h: Callable[[Array], Array]
    value: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]
    output: str = "identity"
    smooth: bool = True
    parameter: float | None = None
    # What is said about the loss, not what it is: one from an old pickle lacks it.
    canonical: bool = field(default=False, compare=False)
    core: str | None = field(default=None, compare=False)
    classification: bool = field(default=False, compare=False)
    formula: Formula | None = field(default=None, compare=False)

    def __reduce__(self) -> tuple[Callable[..., Loss], tuple[object, ...]]:
        if self.name in FAMILIES and is_own(self):
            return FAMILIES[self.name], (self.parameter,)  # closures are functions without a name
        return Loss, tuple(getattr(self, each) for each in self.__dataclass_fields__)


def softmax(z: Array) -> Array:
    """h(z)_k = e^(z_k) / Σ_j e^(z_j), by rows (Bridle, 1990)."""
    # (m, s_L). The largest exponent of a row is 0, so nothing overflows and the sum is at least 1.
    e = array_namespace(z).exp(z - _row_maximum(z))
    return e / _row_sum(e)


def log_loss_value(z: Array, y: Array) -> Array:
    """−Σ_k y_k log softmax(z)_k, where the row's largest logit is taken out first.

    C. M. Bishop, "Pattern recognition and machine learning", 2006, section 5.2.
    """
    xp = array_namespace(z)
    top = _row_maximum(z)  # (m, 1)
    # Where Σ y = 1, top's factor is exactly 0: two large numbers are never subtracted from each
    # other after they were rounded.
    value = xp.log(_row_sum(xp.exp(z - top))) - _row_sum(y * (z - top)) + top * (1 - _row_sum(y))
    return value[:, 0]


def log_loss_delta(z: Array, y: Array) -> Array:
    """δ = a − y."""
    return softmax(z) - y


def binary_log_loss_value(z: Array, y: Array) -> Array:
    """Σ_k −y_k log h_k − (1 − y_k) log(1 − h_k) = Σ_k max(z, 0) − z y + log(1 + e^(−|z|)).

    The left side is the notes' cost, section "V Backpropagation algorithm".
    """
    xp = array_namespace(z)
    # e^(−|z|) ≤ 1 never overflows, and log1p keeps its digits where it is tiny: a confident and
    # right answer costs e^(−|z|), not 0.
    e = xp.exp(where_positive(z, -z, z))
    return xp.sum(relu(z) - z * y + log1p(e), axis=1)


def binary_log_loss_delta(z: Array, y: Array) -> Array:
    """δ = a − y (the notes' own loss: one sigmoid for each class)."""
    return sigmoid(z) - y


def squared_error_value(z: Array, y: Array) -> Array:
    """½ Σ_k (a_k − y_k)² (Rumelhart, Hinton and Williams, 1986)."""
    return array_namespace(z).sum((z - y) * (z - y), axis=1) / 2


def squared_error_delta(z: Array, y: Array) -> Array:
    """δ = a − y."""
    return z - y


def exponential(z: Array) -> Array:
    """h(z) = e^z."""
    return array_namespace(z).exp(z)


def poisson_value(z: Array, y: Array) -> Array:
    """Half the Poisson deviance, Σ_k e^z − y z + y log y − y: never negative, 0 where e^z = y.

    P. McCullagh and J. A. Nelder, "Generalized linear models", 2nd edition, 1989.
    """
    xp = array_namespace(z)
    # 0 log 0 = 0: the logarithm sees 1 where y is 0, so that neither −∞ nor a NaN arises.
    entropy = y * xp.log(xp.where(y > 0, y, y * 0 + 1)) - y
    return xp.sum(xp.exp(z) - y * z + entropy, axis=1)


def poisson_delta(z: Array, y: Array) -> Array:
    """δ = a − y."""
    return exponential(z) - y


def absolute_error_value(z: Array, y: Array) -> Array:
    """Σ_k |a_k − y_k|, twice the pinball loss of the median (Koenker and Bassett, 1978)."""
    return array_namespace(z).sum(_by_sides(z - y, 1.0, 1.0), axis=1)


def absolute_error_delta(z: Array, y: Array) -> Array:
    """δ = sign(a − y)."""
    # sign(0) = 0: at the kink, δ is the middle of the slopes −1 and 1.
    return array_namespace(z).sign(real_part(z - y))


def huber(threshold: float = 1.0) -> Loss:
    """Build Huber's loss: half the square of a small residual, linear in a large one.

    With r = a − y it is ½ r² up to the threshold t, and t (abs(r) − t/2) beyond.

    Parameters
    ----------
    threshold : float
        Residual, in the target's units, from which the loss grows linearly. Positive.

    Returns
    -------
    Loss
        With the identity as its output activation.

    Raises
    ------
    InvalidNetwork
        If the threshold is not positive.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Statistics, 1964.

    Examples
    --------
    >>> import numpy as np
    >>> huber(1.0).value(np.array([[3.0]]), np.array([[0.0]]))
    array([2.5])
    """
    if not threshold > 0:
        raise InvalidNetwork(f"Huber's threshold must be positive, not {threshold!r}.")
    return _huber(float(threshold))


@cache
def _huber(threshold: float) -> Loss:
    def value(z: Array, y: Array) -> Array:
        # |r| by the sign of its real part: abs() of a complex r would lose the derivative.
        r = where_positive(z - y, z - y, y - z)
        linear = threshold * (r - threshold / 2)
        return array_namespace(z).sum(where_positive(r - threshold, linear, r * r / 2), axis=1)

    def delta(z: Array, y: Array) -> Array:
        r = z - y
        # Clipped to [−t, t], again by real parts, which ``clip`` does not take.
        inside = where_positive(threshold - r, r, r * 0 + threshold)
        return where_positive(threshold + r, inside, r * 0 - threshold)

    return Loss("huber", identity, value, delta, smooth=False, parameter=threshold, core="huber")


def quantile(q: float = 0.5) -> Loss:
    """Build the pinball loss, whose minimiser is the q-th conditional quantile.

    Parameters
    ----------
    q : float
        The quantile, strictly between 0 and 1.

    Returns
    -------
    Loss
        With the identity as its output activation; q (y − a) where y > a, else (1 − q)(a − y).

    Raises
    ------
    InvalidNetwork
        If q is not strictly between 0 and 1.

    References
    ----------
    R. Koenker and G. Bassett, "Regression quantiles", Econometrica, 1978.

    Examples
    --------
    >>> import numpy as np
    >>> quantile(0.9).value(np.array([[0.0]]), np.array([[1.0]]))
    array([0.9])
    """
    if not 0 < q < 1:
        raise InvalidNetwork(f"A quantile lies strictly between 0 and 1, not {q!r}.")
    return _quantile(float(q))


@cache
def _quantile(q: float) -> Loss:
    def value(z: Array, y: Array) -> Array:
        return array_namespace(z).sum(_by_sides(z - y, q, 1 - q), axis=1)

    def delta(z: Array, y: Array) -> Array:
        r = real_part(z - y)
        xp = array_namespace(r)
        return xp.where(r > 0, r * 0 + (1 - q), xp.where(r < 0, r * 0 - q, r * 0))

    return Loss("quantile", identity, value, delta, smooth=False, parameter=q, core="quantile")


_OWN = (
    Loss(
        "log_loss",
        softmax,
        log_loss_value,
        log_loss_delta,
        "softmax",
        canonical=True,
        core="log_loss",
        classification=True,
        formula=Formula("−Σₖ yₖ log aₖ", r"-\sum_k y_k \log a_k"),
    ),
    Loss(
        "binary_log_loss",
        sigmoid,
        binary_log_loss_value,
        binary_log_loss_delta,
        "logistic",
        canonical=True,
        core="binary_log_loss",
        classification=True,
        formula=Formula(
            "Σₖ −yₖ log aₖ − (1 − yₖ) log(1 − aₖ)",
            r"\sum_k -y_k \log a_k - (1 - y_k) \log(1 - a_k)",
        ),
    ),
    Loss(
        "squared_error",
        identity,
        squared_error_value,
        squared_error_delta,
        canonical=True,
        core="squared_error",
        formula=Formula("½ Σₖ (aₖ − yₖ)²", r"\tfrac12 \sum_k (a_k - y_k)^2"),
    ),
    Loss(
        "poisson",
        exponential,
        poisson_value,
        poisson_delta,
        "exp",
        canonical=True,
        core="poisson",
        formula=Formula(
            "Σₖ aₖ − yₖ log aₖ + yₖ log yₖ − yₖ", r"\sum_k a_k - y_k \log a_k + y_k \log y_k - y_k"
        ),
    ),
    huber(),
    Loss(
        "absolute_error",
        identity,
        absolute_error_value,
        absolute_error_delta,
        smooth=False,
        core="absolute_error",
        formula=Formula("Σₖ |aₖ − yₖ|", r"\sum_k |a_k - y_k|"),
    ),
    quantile(),
)
LOSSES: dict[str, Loss] = {loss.name: loss for loss in _OWN}
FAMILIES: dict[str, Callable[[float], Loss]] = {"huber": huber, "quantile": quantile}
FOR_CLASSES = tuple(loss.name for loss in _OWN if loss.classification)
FOR_NUMBERS = tuple(loss.name for loss in _OWN if not loss.classification)
LOSS_FORMULAS = {loss.name: loss.formula for loss in _OWN if loss.formula}  # the first release's


def find_loss(which: str | Loss) -> Loss:
    """Return the loss of that name, or the loss itself; raise InvalidNetwork for neither.

    In place of the library's own from an old pickle stands the one that is registered, of which
    more is said.
    """
    if isinstance(which, Loss):
        return _registered(which) or which
    if which not in LOSSES:
        raise InvalidNetwork(f"There is no loss {which!r}; the library has {', '.join(LOSSES)}.")
    return LOSSES[which]


def own_loss(name: str, parameter: float | None) -> Loss:
    """Return the library's loss of a name, with a threshold or a quantile where it has one.

    Raises
    ------
    InvalidNetwork
        If the loss can have no such parameter.
    """
    loss = find_loss(name)
    if parameter == loss.parameter:
        return loss
    if parameter is None or name not in FAMILIES:
        raise InvalidNetwork(f"The loss {name} has no parameter {parameter!r}.")
    return FAMILIES[name](parameter)


def is_own(loss: Loss) -> bool:
    """Whether a loss is the library's: one of a user's may have the name of another."""
    return _registered(loss) is not None


def core_name(loss: Loss) -> str | None:
    """Return the name by which the fast engines know a loss; None for a user's own."""
    ours = _registered(loss)
    return ours.core if ours is not None else None


def _registered(loss: Loss) -> Loss | None:
    """The library's loss that equals this one."""
    try:
        ours = own_loss(loss.name, loss.parameter)
    except (InvalidNetwork, TypeError):  # a name or a parameter of the user's
        return None
    return ours if ours == loss else None


OUTPUTS: dict[str, Callable[[Array], Array]] = {
    "softmax": softmax,
    "logistic": sigmoid,
    "exp": exponential,
    "identity": identity,
}
OUTPUT_FORMULAS = {
    "softmax": Formula("e^@ / Σₖ e^zₖ, by row", r"e^{@} / \sum_k e^{z_k}"),
    "logistic": LOGISTIC,
    "exp": Formula("e^@", "e^{@}"),
    "identity": PLAIN,
}


@lru_cache(maxsize=64)
def output_of(loss: Loss, units: int) -> str:
    """Return which of the library's output activations h is, by its values; "own" for none.

    A loss of the user's own may leave ``output`` at its default, whatever its h is.
    """
    if LOSSES.get(loss.name) == loss:
        return loss.output
    z = np.linspace(-2.5, 3.0, 4 * units).reshape(4, units)
    a = np.asarray(loss.h(z))
    same = (name for name, h in OUTPUTS.items() if np.allclose(a, h(z), rtol=1e-9, atol=0))
    return next(same, "own") if a.shape == z.shape else "own"


def _by_sides(r: Array, below: float, above: float) -> Array:
    """−below · r where r < 0, above · r where r > 0; at 0 the complex step gives 0, as δ does."""
    # Two choices, not one: at r = 0 neither side is taken, so that the complex step sees slope 0.
    other = where_positive(-r, -below * r, array_namespace(r).zeros_like(r))
    return where_positive(r, above * r, other)


def _row_maximum(z: Array) -> Array:
    return array_namespace(z).max(real_part(z), axis=1, keepdims=True)


def _row_sum(z: Array) -> Array:
    return array_namespace(z).sum(z, axis=1, keepdims=True)
