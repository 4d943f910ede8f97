"""Dates and times as people write them, in universal time where a zone is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

Moment64 = np.ndarray  # of datetime64[us]

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar jänner jän janvier janv enero ene gennaio gen janeiro januari "
            "leden ledna styczeń stycznia sty ocak январь января янв",
            "february feb februar februari février févr fév febrero febbraio fevereiro fev únor "
            "února luty lutego lut şubat февраль февраля фев",
            "march mar märz mrz mär mars marzo março maart mrt mart březen března marzec marca "
            "март марта",
            "april apr avril avr abril abr aprile duben dubna kwiecień kwietnia kwi nisan "
            "апрель апреля апр",
            "may mai mayo maggio mag maio mei maj květen května maja mayıs май мая",
            "june jun juni juin junio giugno giu junho červen června czerwiec czerwca haziran "
            "июнь июня июн",
            "july jul juli juillet juil julio luglio lug julho červenec července lipiec lipca "
            "temmuz июль июля июл",
            "august aug août agosto ago augusti augustus srpen srpna sierpień sierpnia ağustos "
            "август августа авг",
            "september sep sept septembre septiembre settembre set setembro září wrzesień "
            "września eylül сентябрь сентября сен",
            "october oct oktober okt octobre octubre ottobre ott outubro out říjen října "
            "październik października ekim октябрь октября окт",
            "november nov novembre noviembre novembro listopad listopadu listopada kasım ноябрь "
            "ноября ноя",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro prosinec "
            "prosince grudzień grudnia aralık декабрь декабря дек",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONE = r"(?:(?P<zone>(?:UTC|GMT)?[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}|Z|UTC|GMT)(?: \([^()]+\))?)"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    rf"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?{_ZONE})?"
)
_TAIL = rf"(?:(?:[T: ]| ?, ?| at ){_CLOCK})?"
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,? )?"
_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_YEAR, _TWO = "(?P<year>[0-9]{4})", "(?P<two>[0-9]{2})"
_YEAR_, _NAME_ = _YEAR.replace("year", "year_"), _NAME.replace("name", "name_")
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
            rf"{_YEAR}[-/](?P<month>[0-9]{{2}})",
            rf"{_YEAR}[. ] ?{_M}[. ] ?{_D}\.?{_TAIL}",
            rf"{_YEAR}[年년] ?{_M}[月월] ?{_D}[日일]{_TAIL}",
            rf"{_YEAR}[-/ ]?[Qq](?P<quarter>[1-4])|[Qq](?P<quarter_>[1-4])[-/ ]?{_YEAR_}",
            rf"{_YEAR}-?W(?P<week>[0-9]{{2}})(?:-?(?P<weekday>[1-7]))?",
            rf"{_YEAR}[- ]{_NAME}[- ]{_D}{_TAIL}",
            r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
            r"(?:[T_ -]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?"
            rf"{_ZONE}?)?",
        ],
        "dmy": [
            *_numeric(_D, _M),
            rf"{_WEEKDAY}{_D}(?:st|nd|rd|th|er|º|\.)?[-/ ]?(?:de |of )?{_NAME}(?:,? de |[-/ ,]+)"
            rf"(?:{_YEAR}|{_TWO}){_TAIL}",
        ],
        "mdy": [
            *_numeric(_M, _D),
            rf"{_WEEKDAY}{_NAME}[- ]{_D}(?:st|nd|rd|th)?(?:, ?| |-){_YEAR}{_TAIL}",
            rf"{_WEEKDAY}{_NAME} +{_D} {_CLOCK} {_YEAR}",
            rf"{_NAME}[-/ ]{_YEAR}|{_NAME_}(?:-'?| ?'){_TWO}",
            rf"(?P<month>0?[1-9]|1[0-2])[-/]{_YEAR}",
            r"(?P<month>0[1-9]|1[0-2])\.(?P<year>(?:19|20)[0-9]{2})",
        ],
        "hms": [rf"(?:(?P<days>[0-9]{{1,5}}) days?,? )?{_CLOCK.replace('{1,2}', '{1,3}', 1)}"],
    }.items()
}
# A year in front leaves nothing open, whatever the order of the other dates.
_FORMS = {o: f + _FORMS["ymd"] if o in ("dmy", "mdy") else f for o, f in _FORMS.items()}
ORDERS = ("ymd", "dmy", "mdy", "hms")
SECOND_DAY = np.datetime64("1970-01-02", "us")
EPOCH = "epoch"  # the spelling of seconds or milliseconds since 1970
_SECONDS, _MILLISECONDS = (10**8, 4 * 10**9), (10**12, 4 * 10**12)  # from 1973 or 2001 to 2096
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
        "ymd", "dmy", "mdy", "hms" (a time of day, on the first day of 1970), "epoch" (seconds or
        milliseconds since 1970), or a pattern with %.

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
    if spelling == EPOCH:
        return epoch_moments(np.array([int(t) if t.isdecimal() else -1 for t in bare], float))
    if spelling == "ymd" and all(map(_ISO.fullmatch, bare)):
        return _iso(bare)
    fields = [_fields(text, spelling) for text in bare]
    return _joined(np.array(fields, dtype=np.int64).reshape(-1, 5))


def orders_of(texts: Sequence[str]) -> dict[str, Moment64]:
    """Return what each order reads in some texts, where it reads any."""
    found = {order: moments_in(texts, order) for order in ORDERS}
    return {order: moments for order, moments in found.items() if not np.isnat(moments).all()}


def compact_moments(numbers: np.ndarray) -> Moment64:
    """Read whole numbers such as 20240229, or with hours and minutes behind; NaT for no such day.

    Examples
    --------
    >>> compact_moments(np.array([20240229, 202402291230, 20240229123059])).astype(str).tolist()
    ['2024-02-29T00:00:00.000000', '2024-02-29T12:30:00.000000', '2024-02-29T12:30:59.000000']
    """
    whole = np.where((numbers < 1e14) & (numbers > 0), numbers, 0).astype(np.int64)
    whole = np.where(whole == numbers, whole, 0)
    whole = np.where(whole < 10**8, whole * 10**6, np.where(whole < 10**12, whole * 100, whole))
    day_, clock = whole // 10**6, whole % 10**6
    year, month, day = day_ // 10000, day_ // 100 % 100, day_ % 100
    hour, minute, second = clock // 10000, clock // 100 % 100, clock % 100
    plausible = (1900 <= year) & (year < 2100) & (hour < 24) & (minute < 60) & (second < 60)
    clock = ((hour * 60 + minute) * 60 + second) * 1_000_000
    return _joined(np.column_stack([np.where(plausible, year, 0), month, day, clock, 0 * day]))


def epoch_moments(numbers: np.ndarray) -> Moment64:
    """Read seconds or milliseconds since 1970, by their size; NaT for what is neither.

    Examples
    --------
    >>> epoch_moments(np.array([1709209800, 1709209800500, 7])).astype(str).tolist()
    ['2024-02-29T12:30:00.000000', '2024-02-29T12:30:00.500000', 'NaT']
    """
    micro = np.zeros(len(numbers), dtype=np.int64)
    for (low, high), factor in ((_SECONDS, 10**6), (_MILLISECONDS, 1000)):
        inside = (numbers >= low) & (numbers < high)
        micro[inside] = np.rint(numbers[inside] * factor)
    moments = micro.view("datetime64[us]")
    return np.where(micro > 0, moments, np.datetime64("NaT", "us"))


def _iso(texts: list[str]) -> Moment64:
    """NumPy reads ISO's form fast, unless one of the days is none."""
    try:
        return np.array(texts, dtype="datetime64[us]")
    except ValueError:
        return _joined(np.array([_fields(text, "ymd") for text in texts], dtype=np.int64))


_NONE = (0, 0, 0, 0, 0)  # no month is 0
_DAY = 24 * 60 * 60 * 1_000_000  # microseconds


def _fields(text: str, order: str) -> tuple[int, int, int, int, int]:
    """Year, month, day, microsecond of the day, and those that a zone is ahead."""
    for form in _FORMS[order]:
        found = form.fullmatch(text)
        if found:
            return _numbers_of(found.groupdict(), order)
    return _NONE


def _numbers_of(found: dict[str, str | None], order: str) -> tuple[int, int, int, int, int]:
    """The fields of one date, by name."""
    clock = _clock(found, order) if found.get("hour") else 0
    if clock is None:
        return _NONE
    ahead = _ahead((found.get("zone") or "").removeprefix("UTC").removeprefix("GMT"))
    if order == "hms":
        return 1970, 1, 1, clock + int(found.get("days") or 0) * _DAY, ahead
    if found.get("week"):
        return _of_week(found)
    return _year(found), _month(found), int(found.get("day") or 1), clock, ahead


def _month(found: dict[str, str | None]) -> int:
    """A month by its number or name, or a quarter's first; 0 for none."""
    quarter = found.get("quarter") or found.get("quarter_")
    if quarter:
        return 3 * int(quarter) - 2
    name = found.get("name") or found.get("name_")
    return _MONTHS.get(name.casefold(), 0) if name else int(found.get("month") or 0)


def _of_week(found: dict[str, str | None]) -> tuple[int, int, int, int, int]:
    """A day of one of ISO's weeks, its Monday where none is named."""
    try:
        day = date.fromisocalendar(
            int(found["year"] or 0), int(found["week"] or 0), int(found.get("weekday") or 1)
        )
    except ValueError:
        return _NONE
    return day.year, day.month, day.day, 0, 0


def _year(found: dict[str, str | None]) -> int:
    """Two digits are of the years from 1969 to 2068, as POSIX has it."""
    year = found.get("year") or found.get("year_")
    if year:
        return int(year)
    two = int(found["two"] or 0)
    return two + (1900 if two >= 69 else 2000)


def _clock(found: dict[str, str | None], order: str) -> int | None:
    """Microseconds since midnight, None for no time of a day; without a day, hours may be many."""
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    second = int(found.get("second") or 0)
    half = (found.get("half") or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    lasting = order == "hms" and found.get("second") and not half
    if (hour > 23 and not lasting) or minute > 59 or second > 59:
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
