"""Numbers as people write them: with currency signs, percent, marks between thousands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CURRENCY = (
    r"(?:[A-Z]{1,3}\$|[$€£¥₹₽₩₪₺฿₫₴₦₱₡₲₵₸₿¢￥＄]|"
    r"\b(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|RUB|TRY|ZAR|KRW)\b|"
    r"\b(?:kr|Rs|zł|Kč|Ft|Fr|руб)\b\.?)"
)
_SPACE = "[ \u00a0\u2009\u202f]"
_DRESS = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+−]?){_SPACE}?(?P<front>{_CURRENCY})?{_SPACE}?(?P<inner>[-+−]?)"
    rf"(?P<body>[0-9.,](?:[0-9.,'’]|{_SPACE}(?=[0-9]))*(?:[eE][-+]?[0-9]+)?)"
    rf"{_SPACE}?(?P<back>{_CURRENCY}|%|％)?(?P<close>\))?"
)
_INFINITE = re.compile(r"[-+]?(?:inf|infinity|∞)", re.IGNORECASE)
_ZERO_LED = re.compile(r"[-+]?0[0-9]+")
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Spelling:
    """What stands between thousands and before decimals; named by an example.

    Parameters
    ----------
    name : str
        "1,234.5", say.
    body : re.Pattern
        What a number without its signs looks like.
    marks : str
        What is dropped, as the inside of a regular expression's class.
    point : str
        What stands before the decimals.
    """

    name: str
    body: re.Pattern[str]
    marks: str
    point: str


def _spelling(name: str, mark: str, point: str, groups: str = "[0-9]{3}") -> Spelling:
    """A spelling: groups of three behind a first one that does not begin with 0."""
    whole = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:[{mark}]{groups})*[{mark}][0-9]{{3}})"
    point_ = re.escape(point)
    body = rf"(?:{whole}(?:{point_}[0-9]*)?|{point_}[0-9]+)(?:[eE][-+]?[0-9]+)?"
    return Spelling(name, re.compile(body), f"[{mark}]", point)


# The first that reads every cell is taken: "3,504" alone has marks between thousands, beside
# "0,504" or "12,75" it has decimals. India's groups of two are read as the first is.
SPELLINGS = {
    spelling.name: spelling
    for spelling in (
        _spelling("1,234.5", ",", ".", "[0-9]{2,3}"),
        _spelling("1.234,5", ".", ","),
        _spelling("1'234.5", "'’", "."),
        _spelling("1 234,5", _SPACE[1:-1], ","),
        _spelling("1 234.5", _SPACE[1:-1], "."),
    )
}
USUAL = "1,234.5"


def number_in(text: str, spelling: str = USUAL) -> float | None:
    """Return the number that a text writes, None where it writes none.

    Examples
    --------
    >>> [number_in(t) for t in ("3,504", "$1,250", "(2.50 €)", "21.5%", "1_000", "1e3", "abc")]
    [3504.0, 1250.0, -2.5, 21.5, None, 1000.0, None]
    >>> number_in("3.504,5", "1.234,5"), number_in("3'504", "1'234.5")
    (3504.5, 3504.0)
    """
    bare = text.strip()
    if spelling == USUAL and _PLAIN.fullmatch(bare):
        return _finite(bare)
    found = _DRESS.fullmatch(bare)
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    if (found["sign"] and found["inner"]) or (found["front"] and found["back"]):
        return None
    how = SPELLINGS[spelling]
    if not how.body.fullmatch(found["body"]):
        return None
    digits = re.sub(how.marks, "", found["body"]).replace(how.point, ".")
    minus = (found["sign"] or found["inner"]) in ("-", "−") or found["open"]
    number = _finite(digits)
    return -number if minus and number is not None else number


def _finite(digits: str) -> float | None:
    """Read a number; one beyond float64 is none."""
    number = float(digits)
    return number if abs(number) < float("inf") else None


def spelling_of(texts: Sequence[str], point: str = ".") -> str:
    """Return the spelling that reads most of some texts; one with the table's point goes first."""
    best, most = USUAL, -1
    for name in sorted(SPELLINGS, key=lambda name: SPELLINGS[name].point != point):
        n_read = sum(number_in(text, name) is not None for text in texts)
        if n_read > most:
            best, most = name, n_read
        if n_read == len(texts):
            break
    return best


def is_infinite(text: str) -> bool:
    """Whether a text is a word for an infinite number."""
    return bool(_INFINITE.fullmatch(text.strip()))


def is_zero_led(text: str) -> bool:
    """Whether a text is digits behind a zero, as codes are and numbers are not."""
    return bool(_ZERO_LED.fullmatch(text.strip()))


def is_percent(text: str) -> bool:
    """Whether a number is written with a percent sign."""
    return text.strip().endswith(("%", "％"))


def currency_of(text: str) -> str:
    """Return the currency that a number is written with, "" without one."""
    found = _DRESS.fullmatch(text.strip())
    return (found["front"] or found["back"] or "").strip("%％") if found else ""
