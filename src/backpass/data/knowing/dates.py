"""Dates and times as people write them, in universal time where a zone is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

Moment64 = np.ndarray  # of datetime64[us]

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar jänner jän janvier janv enero ene gennaio gen",
            "february feb februar février févr fév febrero febbraio",
            "march mar märz mrz mär mars marzo",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag",
            "june jun juni juin junio giugno giu",
            "july jul juli juillet juil julio luglio lug",
            "august aug août agosto ago",
            "september sep sept septembre septiembre settembre set",
            "october oct oktober okt octobre octubre ottobre ott",
            "november nov novembre noviembre",
            "december dec dezember dez décembre déc diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    rf"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?{_ZONE})?"
)
_TAIL = rf"(?:(?:[T ]| ?, ?| at ){_CLOCK})?"
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,? )?"
_NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
_YEAR, _TWO = "(?P<year>[0-9]{4})", "(?P<two>[0-9]{2})"
_D, _M = r"(?P<day>[0-9]{1,2})", r"(?P<month>[0-9]{1,2})"


def _numeric(first: str, second: str) -> list[str]:
    """Day and month before the year; two digits of a year only behind "/" or "."."""
    four = rf"{first}(?P<mark>[-/.]){second}(?P=mark){_YEAR}{_TAIL}"
    return [four, rf"{first}(?P<mark>[/.]){second}(?P=mark){_TWO}{_TAIL}"]


# By the order of a date's parts; "hms" is a time of day, which has no date.
_FORMS: dict[str, list[re.Pattern[str]]] = {
    order: [re.compile(form) for form in forms]
    for order, forms in {
        "ymd": [
            rf"{_YEAR}(?P<mark>[-/.]){_M}(?P=mark){_D}{_TAIL}",
            rf"{_YEAR}-(?P<month>[0-9]{{2}})",
            rf"{_YEAR}[- ]{_NAME}[- ]{_D}{_TAIL}",
            rf"(?P<year>(?:19|20)[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})(?:T(?P<hour>[0-9]{{2}})"
            rf"(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})?{_ZONE}?)?",
        ],
        "dmy": [
            *_numeric(_D, _M),
            rf"{_WEEKDAY}{_D}(?:st|nd|rd|th|\.)?[-/ ]?(?:de |of )?{_NAME}(?:,? de |[-/ ,]+)"
            rf"(?:{_YEAR}|{_TWO}){_TAIL}",
        ],
        "mdy": [
            *_numeric(_M, _D),
            rf"{_WEEKDAY}{_NAME}[- ]{_D}(?:st|nd|rd|th)?(?:, ?| |-){_YEAR}{_TAIL}",
            rf"{_NAME}[- ]{_YEAR}",
        ],
        "hms": [_CLOCK],
    }.items()
}
ORDERS = ("ymd", "dmy", "mdy", "hms")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
)


def moments_in(texts: Sequence[str], spelling: str) -> Moment64:
    """Read texts as moments by an order of their parts, or by a pattern of ``strptime``.

    Parameters
    ----------
    texts : sequence of str
        Distinct ones, so that each is read once.
    spelling : str
        "ymd", "dmy", "mdy", "hms" (a time of day, on the first day of 1970), or a pattern with %.

    Returns
    -------
    ndarray of datetime64[us]
        NaT where a text is no such moment.

    Examples
    --------
    >>> moments_in(["29.02.2024", "30.02.2024"], "dmy").astype("M8[D]").astype(str).tolist()
    ['2024-02-29', 'NaT']
    >>> moments_in(["2024-02-29T12:30+02:00"], "ymd").astype(str).tolist()
    ['2024-02-29T10:30:00.000000']
    """
    bare = [text.strip() for text in texts]
    if "%" in spelling:
        return _array([_by_pattern(text, spelling) for text in bare])
    if spelling == "ymd" and all(map(_ISO.fullmatch, bare)):
        return _iso(bare)
    fields = [_fields(text, spelling) for text in bare]
    return _joined(np.array(fields, dtype=np.int64).reshape(-1, 5))


def orders_of(texts: Sequence[str]) -> dict[str, Moment64]:
    """Return what each order reads in some texts, where it reads any."""
    found = {order: moments_in(texts, order) for order in ORDERS}
    return {order: moments for order, moments in found.items() if not np.isnat(moments).all()}


def compact_moments(numbers: np.ndarray) -> Moment64:
    """Read whole numbers such as 20240229 as days; NaT where there is no such day."""
    whole = np.where((numbers < 1e8) & (numbers > 0), numbers, 0).astype(np.int64)
    year, month, day = whole // 10000, whole // 100 % 100, whole % 100
    plausible = (1900 <= year) & (year < 2100)
    year = np.where(plausible & (whole == numbers), year, 0)
    return _joined(np.column_stack([year, month, day, 0 * day, 0 * day]))


def _iso(texts: list[str]) -> Moment64:
    """NumPy reads ISO's form fast, unless one of the days is none."""
    try:
        return np.array(texts, dtype="datetime64[us]")
    except ValueError:
        return _joined(np.array([_fields(text, "ymd") for text in texts], dtype=np.int64))


_NONE = (0, 0, 0, 0, 0)  # no month is 0


def _fields(text: str, order: str) -> tuple[int, int, int, int, int]:
    """Year, month, day, microsecond of the day, and those that a zone is ahead."""
    for form in _FORMS[order]:
        found = form.fullmatch(text)
        if found:
            return _numbers_of(found.groupdict(), order)
    return _NONE


def _numbers_of(found: dict[str, str | None], order: str) -> tuple[int, int, int, int, int]:
    """The fields of one date, by name."""
    clock = _clock(found) if found.get("hour") else 0
    if clock is None:
        return _NONE
    ahead = _ahead(found.get("zone") or "")
    if order == "hms":
        return 1970, 1, 1, clock, ahead
    name = found.get("name")
    month = _MONTHS.get(name.casefold(), 0) if name else int(found["month"] or 0)
    return _year(found), month, int(found.get("day") or 1), clock, ahead


def _year(found: dict[str, str | None]) -> int:
    """Two digits are of the years from 1969 to 2068, as POSIX has it."""
    if found.get("year"):
        return int(found["year"] or 0)
    two = int(found["two"] or 0)
    return two + (1900 if two >= 69 else 2000)


def _clock(found: dict[str, str | None]) -> int | None:
    """Microseconds since midnight, None for no time of a day."""
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    second = int(found.get("second") or 0)
    half = (found.get("half") or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    part = int((found.get("part") or "0").ljust(6, "0")[:6])
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + part


def _ahead(zone: str) -> int:
    """Microseconds that a zone is ahead of universal time."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def _joined(fields: np.ndarray) -> Moment64:
    """Moments of years, months, days and microseconds, shape (n, 5); NaT for no day."""
    year, month, day, clock, ahead = fields.T
    good = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    good &= days.astype("datetime64[M]") == months
    moments = days.astype("datetime64[us]") + (clock - ahead)
    return np.where(good, moments, np.datetime64("NaT", "us"))


def _by_pattern(text: str, pattern: str) -> datetime | None:
    """One text by a pattern of ``strptime``, in universal time."""
    try:
        moment = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _array(moments: list[datetime | None]) -> Moment64:
    return np.array(moments, dtype="datetime64[us]")
