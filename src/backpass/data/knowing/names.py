"""What a column's name says of its cells, where these alone leave it open."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name decides nothing by itself: it is heard where the cells fit two readings.
IDS = _words("id ids uid uuid guid identifier kennung schluessel schlüssel")
ALONE = IDS | _words("index idx key row")  # a price's index is none
PEOPLE = _words(
    "patient subject person participant proband user customer client student pupil employee "
    "respondent athlete player donor kunde person schueler schüler "
    "mitarbeiter teilnehmer"
)
NUMBERING = _words("id no nr num number code key nummer")
CODES = _words(
    "code zip zipcode postcode postal plz type class category cat group kind region district "
    "branch sector gender sex race status art gruppe klasse kategorie bezirk"
)
TIMES = _words(
    "t time year month week day hour minute second quarter period step epoch round jahr monat "
    "woche tag stunde zeit age"
)
DATES = _words(
    "date day dt datum tag when time born birthday ymd timestamp epoch unixtime ts created updated"
)


def parts_of(name: str) -> list[str]:
    """Return a name's words in small letters.

    Examples
    --------
    >>> parts_of("PassengerId"), parts_of("sample_no"), parts_of("customerID"), parts_of("ZIP 2")
    (['passenger', 'id'], ['sample', 'no'], ['customer', 'id'], ['zip', '2'])
    """
    return [part.casefold() for part in _PARTS.findall(name)]


def says_id(name: str) -> bool:
    """Whether a name ends in a word for a key, or is one."""
    parts = parts_of(name)
    return bool(parts) and parts[-1] in (ALONE if len(parts) == 1 else IDS)


def says_person(name: str) -> bool:
    """Whether a name is that of somebody, or of somebody's number: patient, customer_no."""
    parts = parts_of(name)
    while len(parts) > 1 and parts[-1] in NUMBERING:
        parts.pop()
    return bool(parts) and parts[-1] in PEOPLE


def says_code(name: str) -> bool:
    """Whether a name ends in a word for what has a code."""
    return any(part in CODES for part in parts_of(name)[-1:])


def says_time(name: str) -> bool:
    """Whether a name has a word for a point in time, of which a running number is one."""
    return any(part in TIMES for part in parts_of(name))


def is_variable(name: str) -> bool:
    """Whether a name is that of a variable in a formula: x, t, x1."""
    first, *others = parts_of(name) or [""]
    return len(first) == 1 and first.isalpha() and all(part.isdigit() for part in others)


def says_date(name: str) -> bool:
    """Whether a name has a word for a date."""
    return any(part in DATES for part in parts_of(name))
