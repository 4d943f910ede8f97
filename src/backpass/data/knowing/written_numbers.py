"""Numbers as people write them: with currency signs, percent, marks between thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_SYMBOLS = "$€£¥₹₽₩₪₺฿₫₴₦₱₡₲₵₸₿¢￥＄"
_CURRENCY = (
    rf"(?:[A-Z]{{1,3}}\$|[{_SYMBOLS}]|"
    r"\b(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|RUB|TRY|ZAR|KRW)\b|"
    r"\b(?:kr|Rs|zł|Kč|Ft|Fr|руб)\b\.?)"
)
_SPACE = "[ \u00a0\u2009\u202f]"
_DRESS = re.compile(
    rf"(?:[~≈]{_SPACE}?)?(?P<first>{_CURRENCY}(?={_SPACE}?\())?{_SPACE}?(?P<open>\()?"
    rf"(?P<sign>[-+−–]?){_SPACE}?(?P<front>{_CURRENCY})?{_SPACE}?(?P<inner>[-+−–]?)"
    rf"(?P<body>[0-9.,](?:[0-9.,'’]|{_SPACE}(?=[0-9]))*(?:[eE][-+]?[0-9]+)?)"
    r"(?:(?<=[.,][0-9]{2})(?P<behind>-)|[.,:][-–—]{1,2})?"  # 12.50- in accounts, 12.– in shops
    rf"{_SPACE}?(?P<back>{_CURRENCY}|%|％)?(?P<close>\))?"
)
_NOTHING = re.compile(rf"{_CURRENCY}{_SPACE}*[-–]|[-–]{_SPACE}*{_CURRENCY}")  # of money: zero
_UNIT = re.compile(
    rf"(?<=[0-9.])({_SPACE}?[^\W\d_e°][^0-9,()%|]{{0,15}}(?<=\w)[23]?\.?|{_SPACE}?°[CFK]?|\+)$"
)
_SCALE = re.compile(
    rf"(?<=[0-9.])({_SPACE}?)(k|K|M|B|bn|Tsd\.?|Mio\.?|Mrd\.?|thousand|million|billion)$"
)
_SCALES = {"k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9, "mrd": 1e9}
SCALED = "×"  # the unit of a spelling whose numbers are in thousands, millions, …, each as it says
_FORTRAN = re.compile(r"(?<=[0-9.])[dD](?=[-+][0-9]{1,3}$)")
SAMPLED = 500  # texts that are looked at for a unit
_HAS_DIGIT = re.compile(r"\d")
_DIGITS = "0123456789.,'’-+() \u00a0\u2009\u202f"
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
    usual : re.Pattern
        A number with at most one sign of one letter at an end, as nearly all are.
    bare : dict
        How ``str.translate`` makes of such a number what ``float`` reads.
    """

    name: str
    body: re.Pattern[str]
    marks: str
    point: str
    usual: re.Pattern[str]
    bare: dict[int, str | None]


def _spelling(name: str, mark: str, point: str, groups: str = "[0-9]{3}") -> Spelling:
    """A spelling: groups of three behind a first one that does not begin with 0."""
    whole = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:[{mark}]{groups})*[{mark}][0-9]{{3}})"
    point_ = re.escape(point)
    body = rf"(?:{whole}(?:{point_}[0-9]*)?|{point_}[0-9]+)(?:[eE][-+]?[0-9]+)?"
    usual = (
        rf"{_SPACE}*(?:[-+]?(?:[{_SYMBOLS}]{_SPACE}?)?{body}|"
        rf"[-+]?{body}{_SPACE}?[{_SYMBOLS}%％]){_SPACE}*"
    )
    dropped = dict.fromkeys(map(ord, mark + _SYMBOLS + "%％" + _SPACE[1:-1]))
    bare: dict[int, str | None] = {**dropped, ord(point): "."}
    return Spelling(name, re.compile(body), f"[{mark}]", point, re.compile(usual), bare)


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
    name, _, unit = spelling.partition("|")
    bare, factor = _without_unit(bared(text), unit)
    if bare is None:
        return None
    if name == USUAL and _PLAIN.fullmatch(bare):
        return _finite(bare, factor)
    if _NOTHING.fullmatch(bare):
        return 0.0
    found = _DRESS.fullmatch(bare)
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    currencies = [each for each in ("first", "front", "back") if found[each]]
    if (found["sign"] and found["inner"]) or len(currencies) > 1:
        return None
    how = SPELLINGS[name]
    if not how.body.fullmatch(found["body"]):
        return None
    digits = re.sub(how.marks, "", found["body"]).replace(how.point, ".")
    minus = (found["sign"] or found["inner"]) in ("-", "−", "–") or found["open"] or found["behind"]
    number = _finite(digits, factor)
    return -number if minus and number is not None else number


def bared(text: str) -> str:
    """Return a number's text without what spreadsheets put around it, and Fortran's D as e.

    Examples
    --------
    >>> bared(' ="007" '), bared("'12.5"), bared("1.5D+03")
    ('007', '12.5', '1.5e+03')
    """
    bare = text.strip()
    if bare.startswith("'"):
        bare = bare[1:]
    elif bare.startswith('="') and bare.endswith('"') and len(bare) > 2:
        bare = bare[2:-1].strip()
    return _FORTRAN.sub("e", bare)


def _without_unit(bare: str, unit: str) -> tuple[str | None, float]:
    """A number without its unit, None where it has another one, and its factor."""
    if unit == SCALED:
        found = _SCALE.search(bare)
        letters = found[2].casefold().rstrip(".") if found else ""
        factor = _SCALES.get(letters, _SCALES[letters[0]]) if found else 1.0
        return (bare[: found.start()] if found else bare), factor
    several = unit.endswith("(s)")
    for each in (unit.removesuffix("(s)") + "s", unit.removesuffix("(s)")) if several else (unit,):
        if bare.endswith(each):
            return bare.removesuffix(each), 1.0
    return None, 1.0


def _finite(digits: str, factor: float = 1.0) -> float | None:
    """Read a number; one beyond float64 is none."""
    number = float(digits) * factor
    return number if abs(number) < float("inf") else None


def numbers_in(texts: Sequence[str], spelling: str = USUAL) -> np.ndarray:
    """Return the numbers that distinct texts write, float64; NaN where one writes none.

    Examples
    --------
    >>> numbers_in(["3", "x", "$1,250"]).tolist()
    [3.0, nan, 1250.0]
    """
    how = SPELLINGS.get(spelling)
    found: Iterable[float | None]
    if spelling == USUAL and all(map(_PLAIN.fullmatch, texts)):  # in a quarter of the time
        found = map(float, texts)
    elif how and all(map(how.usual.fullmatch, texts)):  # in a third
        found = (float(text.translate(how.bare)) for text in texts)
    elif spelling == USUAL:
        found = (float(t) if _PLAIN.fullmatch(t) else number_in(t, spelling) for t in texts)
    else:
        found = (number_in(text, spelling) for text in texts)
    values = np.array([np.nan if x is None else x for x in found], dtype=np.float64)
    return np.where(np.isinf(values), np.nan, values)


def read_numbers(texts: Sequence[str], point: str = ".") -> tuple[str, np.ndarray]:
    """Return the spelling that reads most of some texts, and what it reads.

    A spelling with the table's point goes first. A unit behind every number ("12.5 kg") is a part
    of the spelling.

    Examples
    --------
    >>> read_numbers(["12.5 kg", "3 kg"]), read_numbers(["3,504", "12,75"])[0]
    (('1,234.5| kg', array([12.5,  3. ])), '1.234,5')
    """
    unit = _unit_of(texts)
    best, most, values = USUAL, -1, np.empty(0)
    for name in sorted(SPELLINGS, key=lambda name: SPELLINGS[name].point != point):
        found = numbers_in(texts, name + unit)
        n_read = int(np.count_nonzero(~np.isnan(found)))
        if n_read > most:
            best, most, values = name + unit, n_read, found
        if n_read == len(texts) or n_read >= sum(map(bool, map(_HAS_DIGIT.search, texts))):
            break  # no other spelling reads words
    return best, values


def spelling_of(texts: Sequence[str], point: str = ".") -> str:
    """Return the spelling that reads most of some texts."""
    return read_numbers(texts, point)[0]


def _unit_of(texts: Sequence[str]) -> str:
    """The unit behind every number, with what divides it from a spelling; "" where none is."""
    some = texts[:: -(-len(texts) // SAMPLED) or 1]  # a text without the unit is then no number
    ends = [text.strip() for text in some if _HAS_DIGIT.search(text)]
    first = _UNIT.search(ends[0]) if ends else None
    if first is not None:
        unit = first[1]
        if all(text.endswith(unit) for text in ends):
            return f"|{unit}"
        one = unit.removesuffix("s")
        if one and one[-1:].isalpha() and all(text.endswith((one, one + "s")) for text in ends):
            return f"|{one}(s)"  # 1 year, 2 years
    return f"|{SCALED}" if _are_scaled(ends) else ""


def _are_scaled(texts: Sequence[str]) -> bool:
    """Whether numbers are in thousands and millions: 1.5K, 2.3M. Letters behind codes are none."""
    scaled = [bool(_SCALE.search(text)) for text in texts]
    if not any(scaled) or not (any("." in t or "," in t for t in texts) or currencies_of(texts)):
        return False
    return all(end or text[-1].isdigit() for end, text in zip(scaled, texts))


def is_infinite(text: str) -> bool:
    """Whether a text is a word for an infinite number."""
    return bool(_INFINITE.fullmatch(text.strip()))


def is_zero_led(text: str) -> bool:
    """Whether a text is digits behind a zero, as codes are and numbers are not."""
    return bool(_ZERO_LED.fullmatch(bared(text)))


def is_percent(text: str) -> bool:
    """Whether a number is written with a percent sign."""
    return text.strip().endswith(("%", "％"))


def currencies_of(texts: Sequence[str]) -> dict[str, str]:
    """Return the currencies that numbers are written with, and the first text of each.

    Examples
    --------
    >>> currencies_of(["$3", "4 €", "5", "$6"])
    {'$': '$3', '€': '4 €'}
    """
    # Texts that are equal but for digits have one currency, so few are looked at.
    kinds: dict[str, str] = {}
    for text in texts:
        kinds.setdefault(text.strip(_DIGITS), text)
    found: dict[str, str] = {}
    for text in kinds.values():
        dress = _DRESS.fullmatch(text.strip())
        signs = (dress["first"], dress["front"], dress["back"]) if dress else ()
        sign = next(filter(None, signs), "").strip("%％")
        if sign:
            found.setdefault(sign, text)
    return found
