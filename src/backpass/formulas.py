"""The library's formulas in words: how each activation, slope, output and loss is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Formula:
    """A formula in plain text and in LaTeX; ``@`` in it stands for a number's name."""

    text: str
    latex: str

    def at(self, z: Any) -> Formula:
        """Put the name of a number in its place."""
        return Formula(self.text.replace("@", z.text), self.latex.replace("@", z.latex))


VALUE_FORMULAS = {
    "identity": Formula("@", "@"),
    "logistic": Formula("1 / (1 + e^−@)", r"\frac{1}{1 + e^{-@}}"),
    "tanh": Formula("tanh(@)", r"\tanh @"),
    "relu": Formula("max(@, 0)", r"\max(@, 0)"),
    "leaky_relu": Formula("@ where @ > 0, else 0.01 @", r"\max(@, 0.01\,@)"),
    "gelu": Formula(
        "@/2 (1 + tanh(√(2/π)(@ + 0.044715 @³)))",
        r"\tfrac{@}{2} (1 + \tanh(\sqrt{2/\pi}\,(@ + 0.044715\, @^3)))",
    ),
    "silu": Formula("@ / (1 + e^−@)", r"\frac{@}{1 + e^{-@}}"),
    "softplus": Formula("log(1 + e^@)", r"\log(1 + e^{@})"),
}
SLOPE_FORMULAS = {
    "identity": Formula("1", "1"),
    "logistic": Formula("g(@) (1 − g(@))", r"g(@)\,(1 - g(@))"),
    "tanh": Formula("1 − tanh²(@)", r"1 - \tanh^2 @"),
    "relu": Formula("1 where @ > 0, else 0", r"[@ > 0]"),
    "leaky_relu": Formula("1 where @ > 0, else 0.01", r"[@ > 0] + 0.01\,[@ \le 0]"),
    "softplus": Formula("1 / (1 + e^−@)", r"\frac{1}{1 + e^{-@}}"),
}
OUTPUT_FORMULAS = {
    "softmax": Formula("e^@ / Σₖ e^zₖ, by row", r"e^{@} / \sum_k e^{z_k}"),
    "logistic": VALUE_FORMULAS["logistic"],
    "exp": Formula("e^@", "e^{@}"),
    "identity": VALUE_FORMULAS["identity"],
}
LOSS_FORMULAS = {
    "log_loss": Formula("−Σₖ yₖ log aₖ", r"-\sum_k y_k \log a_k"),
    "binary_log_loss": Formula(
        "Σₖ −yₖ log aₖ − (1 − yₖ) log(1 − aₖ)",
        r"\sum_k -y_k \log a_k - (1 - y_k) \log(1 - a_k)",
    ),
    "squared_error": Formula("½ Σₖ (aₖ − yₖ)²", r"\tfrac12 \sum_k (a_k - y_k)^2"),
    "poisson": Formula(
        "Σₖ aₖ − yₖ log aₖ + yₖ log yₖ − yₖ", r"\sum_k a_k - y_k \log a_k + y_k \log y_k - y_k"
    ),
    "absolute_error": Formula("Σₖ |aₖ − yₖ|", r"\sum_k |a_k - y_k|"),
}
