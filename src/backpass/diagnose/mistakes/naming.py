"""A mistake told by the learner's own names: W1 and b1 where the notes have Θ^(1), reg for λ."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, fields, replace
from typing import Any, ClassVar, Protocol, TypeVar

from .factors import factor


class Texts(Protocol):
    """A dataclass of texts, such as ``diagnosis.Mistake``."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Told = TypeVar("Told", bound=Texts)


@dataclass(frozen=True)
class Naming:
    """What somebody's code calls the notes' symbols; the notes' own where nothing else is said.

    Parameters
    ----------
    weights, biases : tuple of str
        The names of each layer's weights and biases, from l = 1; none where Θ^(l) has both.
    weight_gradients, bias_gradients : tuple of str
        Those of their gradients; "the gradient of W1" where they have no name of their own.
    lam, rate, y : str
        The names of λ, of a training step's rate, and of the targets.

    Examples
    --------
    >>> from backpass.diagnose import Mistake
    >>> naming = Naming(("W1", "W2"), ("b1", "b2"), ("dW1", "dW2"), ("db1", "db2"), lam="reg")
    >>> mistake = Mistake("gradient, weights of D^(2)", "twice what it should be", "(1/m) Δ", "")
    >>> print(naming.told(mistake))
    gradient, dW2: twice what it should be
    >>> naming.text("λ/2 where λ is right")
    'reg/2 where reg is right, half as much'
    """

    weights: tuple[str, ...] = ()
    biases: tuple[str, ...] = ()
    weight_gradients: tuple[str, ...] = ()
    bias_gradients: tuple[str, ...] = ()
    lam: str = "λ"
    rate: str = "α"
    y: str = "y"

    def told(self, mistake: Told) -> Told:
        """Tell a mistake by these names."""
        values = {each.name: getattr(mistake, each.name) for each in fields(mistake)}
        texts = {name: self.text(value) for name, value in values.items() if isinstance(value, str)}
        return replace(mistake, **texts)

    def text(self, text: str) -> str:
        """One text by these names."""
        if self.lam != "λ":
            text = self._of_lam(text)
        if self.rate != "α":
            text = text.replace("α", self.rate)
        if self.y != "y":
            text = re.sub(r"\b(labels|targets|rows of) y\b", rf"\1 {self.y}", text)
        return self._of_weights(text) if self.weights else text

    def _of_weights(self, text: str) -> str:
        """Θ^(l), its bias column and its gradient by the names of one layer, or of all."""
        for pattern, named in self._patterns():
            text = re.sub(pattern, named, text)
        return text

    def _patterns(self) -> list[tuple[str, Callable[[re.Match[str]], str]]]:
        dW = self.weight_gradients or tuple(f"the gradient of {name}" for name in self.weights)
        db = self.bias_gradients or tuple(f"the gradient of {name}" for name in self.biases)
        bias = _layered(db) if db else _layered(dW, "the bias column of {}")
        both = _layered(tuple(" and ".join(pair) for pair in zip(dW, db)) if db else dW)
        return [
            (r"(?:the )?weights(?:'s)? of [DΔ]\^\((\d)\)", _layered(dW)),
            (r"(?:the )?weights of [DΔ]\b", lambda _: ", ".join(dW)),
            (r"(?:the )?bias column of [DΔ]\^\((\d)\)", bias),
            (r"(?:the )?bias column of [DΔ]\b", lambda _: ", ".join(db) or "the bias columns"),
            (r"λ term of Θ\^\((\d)\)", _layered(self.weights, "weight decay of {}")),
            (r"(?:the )?weights of Θ\^\((\d)\)", _layered(self.weights)),
            (r"(?:the )?bias column of Θ\^\((\d)\)", _layered(self.biases)),
            (r"[DΔ]\^\((\d)\)", both),
            (r"Θ\^\((\d)\)", _layered(self.weights)),
            (r"Δ\^\(l\)|D\^\(l\)", lambda _: "dW^(l)"),
            (r"Θ\^\((l[^)]*)\)", lambda found: f"W^({found[1]})"),
            (r"Θ", lambda _: "W"),
        ]

    def _of_lam(self, text: str) -> str:
        """λ by its name, and in words how much it is, where that is compared."""
        text = _COMPARED.sub(_with_words, text)
        text = text.replace("λ ignored", f"{self.lam} ignored: the weight decay is missing")
        text = re.sub(r"λ term of (?!Θ)", "weight decay of ", text)
        text = re.sub(r"λ term(?! of)", "weight decay", text)
        text = re.sub(r"(?<=[\dmK²])λ(?! term)", f"·{self.lam}", text)
        return re.sub(r"λ(?! term)", self.lam, text)


_COMPARED = re.compile(r"(\S*λ\S*) where (\S*λ\S*) is right")
_IN_WORDS = {"2": "twice as much", "1/2": "half as much", "4": "4 times as much"}


def _with_words(found: re.Match[str]) -> str:
    """The comparison of two multiples of λ, with the ratio in words where it is a plain one."""
    there, right = (factor(multiple.replace("λ", "") or "1") for multiple in found.groups())
    words = _IN_WORDS.get((there * right**-1).times())
    return found[0] if words is None else f"{found[0]}, {words}"


def _layered(names: Sequence[str], form: str = "{}") -> Callable[[re.Match[str]], str]:
    """The name that belongs to a layer's number; the text as it was where there is none."""

    def named(found: re.Match[str]) -> str:
        l = int(found[1])
        return form.format(names[l - 1]) if l <= len(names) else found[0]

    return named


NOTES = Naming()
