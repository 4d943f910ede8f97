"""The result of ``check_backprop``: what is wrong, as values that can also print themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .answers import Failure
from .render import Row, as_html, as_rich, as_text

if TYPE_CHECKING:
    from rich.text import Text

GRADES = ("where", "what", "formula")


@dataclass(frozen=True)
class Mistake:
    """One mistake, or one convention, that explains what came back.

    Parameters
    ----------
    where : str
        In J, in the gradient or in both, and in which layer or term.
    what : str
        The mistake in a few words.
    formula : str
        What belongs there, in the notes' symbols.
    wrong : str
        What stands there.
    line : int
        The line of the file that alone computes what is wrong; 0 where that is not known.

    Examples
    --------
    >>> print(Mistake("gradient: λ term", "λ fixed at 1", "(λ/m) Θ", "(1/m) Θ"))
    gradient: λ term: λ fixed at 1
    """

    where: str
    what: str
    formula: str
    wrong: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it is, with the line where that is known."""
        return f"{self.where}, line {self.line}" if self.line else self.where

    @property
    def name(self) -> str:
        """The mistake's name, which is what it is."""
        return self.what

    def hint(self, grade: str) -> str:
        """Say as much as the grade allows.

        Parameters
        ----------
        grade : {"where", "what", "formula"}
            How much.

        Returns
        -------
        str
            A sentence, or two.

        Examples
        --------
        >>> Mistake("gradient: λ term", "λ fixed at 1", "(λ/m) Θ", "(1/m) Θ").hint("where")
        'Look at gradient: λ term.'
        """
        if grade == "where":
            return f"Look at {self.place}."
        if grade == "what":
            return f"{self.place}: {self.what}."
        return f"{self.place}: {self.what}. Right: {self.formula}"

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What ``check_backprop`` found.

    Parameters
    ----------
    explanations : tuple of tuples of Mistake
        Each is one smallest set of mistakes that reproduces everything that came back. More than
        one where different mistakes cannot be told apart by any call.
    conventions : tuple of Mistake
        What differs from the library's way, but consistently: no mistakes.
    failures : tuple of Failure
        Exceptions, wrong types and shapes, NaN: with a reason.
    unexplained : tuple of str
        Where nothing of the catalogue explains what came back: what is right and what is not.
    returned : tuple of str
        What the function returns: "J", "gradient", or both.
    signature : str
        The arguments it was called with.
    probes : tuple of str
        The networks and numbers of examples it was called on.
    cut_short : bool
        Whether something is unexplained, and not every set of mistakes was tried on it.
    derivative : bool or None
        Whether D is the derivative of the J that came back, by differences of J; None where one of
        them did not come back.
    known : bool
        Whether J is one that is known, or D's numbers alone are those of one.

    Examples
    --------
    >>> Diagnosis().ok
    True
    """

    explanations: tuple[tuple[Mistake, ...], ...] = ()
    conventions: tuple[Mistake, ...] = ()
    failures: tuple[Failure, ...] = ()
    unexplained: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    signature: str = ""
    probes: tuple[str, ...] = field(default=(), repr=False)
    cut_short: bool = False
    derivative: bool | None = None
    known: bool = True

    @property
    def ok(self) -> bool:
        """Whether the function is right; conventions do not count as mistakes."""
        fatal = any(failure.fatal for failure in self.failures)
        return not (self.explanations or self.unexplained or fatal)

    @property
    def mistakes(self) -> list[Mistake]:
        """Every mistake of every explanation, ties included, at most five rows for each."""
        plain = [Mistake(f.where, f.what, f.formula, f.why) for f in self.failures if f.where]
        if not self.explanations:
            return plain
        most = 5 * len(self.explanations[0])
        rows = dict.fromkeys(m for explanation in self.explanations for m in explanation)
        return plain + list(rows)[:most]

    @property
    def hints(self) -> tuple[str, str, str]:
        """Three grades of help: where, what, and the formula; what may be meant instead, too."""
        where, what, formula = (self._hint(grade) for grade in GRADES)
        return where, what, formula

    def _hint(self, grade: str) -> str:
        if not self.explanations:
            return " ".join([*map(str, self.failures), *self.unexplained])
        shared, ties = _shared_and_ties(self.explanations)
        hints = [_hints(shared, grade), " Or: ".join(dict.fromkeys(_hints(t, grade) for t in ties))]
        return " ".join(filter(None, hints))

    @property
    def headline(self) -> str:
        """The result in one line."""
        what = " and ".join(self.returned) or "the function"
        if self.ok:
            if self.conventions:
                return f"Right: {what}, by a consistent convention of its own."
            return f"Right: {what}."
        if self.explanations:
            count = len(self.explanations[0])
            words = "1 mistake explains" if count == 1 else f"{count} mistakes explain"
            rest = ", but not all of it" if self.unexplained else ""
            rest += ": the search was cut short" if self.cut_short else ""
            return f"{words} what came back{rest}."
        if self.cut_short:
            return "Wrong, and unexplained: the search was cut short before everything was tried."
        if self.unexplained:
            return "Wrong, and unexplained: no mistake of the catalogue gives these numbers."
        if self.returned:
            return f"{what[0].upper()}{what[1:]}: right where there are numbers, but it also fails."
        return "The function could not be checked."

    @property
    def sentence(self) -> str:
        """Whether D is the derivative of this J, whatever J it is; empty where nothing came back.

        Examples
        --------
        >>> Diagnosis(returned=("J", "gradient"), derivative=True).sentence
        'D is the derivative of this J.'
        """
        if self.derivative is not None:
            of_J = "this J" if self.known else "J, but J is none that is known"
            return f"D {'is' if self.derivative else 'is not'} the derivative of {of_J}."
        if self.returned == ("gradient",):
            return "No J came back, so D is compared with the derivative of every J that is known."
        if self.returned == ("J",):
            return "No gradient came back, so J alone is compared with every J that is known."
        return ""

    @property
    def rows(self) -> list[Row]:
        """Every line below the headline: (kind, text)."""
        rows = [("derivative", self.sentence)] if self.sentence else []
        rows += [("failure", str(failure)) for failure in self.failures]
        rows += _rows_of_mistakes(self.explanations)
        rows += [("convention", f"convention, not a mistake: {c}") for c in self.conventions]
        rows += [("unexplained", f"unexplained: {sentence}") for sentence in self.unexplained]
        if self.probes:
            rows.append(("note", f"Called as {self.signature} on {', '.join(self.probes)}."))
        return rows

    def __str__(self) -> str:
        return as_text(self.headline, self.rows)

    def __repr__(self) -> str:
        return str(self)

    def __rich__(self) -> Text:
        return as_rich(self.headline, self.rows, self.ok)

    def _repr_html_(self) -> str:
        return as_html(self.headline, self.rows, self.ok)


def _hints(mistakes: Iterable[Mistake], grade: str) -> str:
    return " ".join(dict.fromkeys(mistake.hint(grade) for mistake in mistakes))


def _shared_and_ties(
    explanations: tuple[tuple[Mistake, ...], ...],
) -> tuple[list[Mistake], list[list[Mistake]]]:
    """The mistakes that every explanation has, and what each has besides."""
    shared = [m for m in explanations[0] if all(m in other for other in explanations)]
    rest = [[m for m in explanation if m not in shared] for explanation in explanations]
    return shared, rest if len(explanations) > 1 else []


def _rows_of_mistakes(explanations: tuple[tuple[Mistake, ...], ...]) -> Iterator[Row]:
    """Mistakes that every explanation has, then the ties."""
    if not explanations:
        return
    shared, ties = _shared_and_ties(explanations)
    for number, mistake in enumerate(shared, start=1):
        yield from _rows_of_mistake(f"{number}. ", mistake)
    most = max(5 // max(len(explanations[0]) - len(shared), 1), 2)
    word = f"{len(shared) + 1}. one of these, which no call can tell apart: "
    for rest in ties[:most]:
        yield "mistake", word + "; and ".join(map(str, rest))
        word = "   or: "


def _rows_of_mistake(number: str, mistake: Mistake) -> Iterator[Row]:
    yield "mistake", f"{number}{mistake}"
    if mistake.wrong and mistake.wrong != mistake.what:
        yield "formula", f"   there: {mistake.wrong}"
    yield "formula", f"   right: {mistake.formula}"
