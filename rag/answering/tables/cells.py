"""What a cell of a table says: an amount with its unit, a time, or words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache

from rag.asking.when import Period, told_times
from rag.languages import amount_in, times
from rag.languages.english_tokens import stem
from rag.languages.english_words import singular

_PLAIN = re.compile(r"[-−]?\d+(?:\.\d+)?")
_SIGNED = re.compile(r"(?P<bracket>\()?\s*(?P<sign>[-−–+])?\s*(?P<rest>.*?)\s*(?(bracket)\))", re.S)
_GROUPS = re.compile(r"(?<=\d)[ '’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
"""Thousands separators other than the comma."""

_LONGEST = 40
"""The most characters of a cell that is read as an amount, or as a time with a word in it."""


@lru_cache(maxsize=2**15)
def amount(text: str) -> tuple[Decimal, str] | None:
    """Return the amount in a cell and its unit, or None if the cell holds anything else.

    Examples are “1,234.5”, “12%”, “$3m” and “(5)”, which is negative.
    """
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace("−", "-")), ""
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        return None
    match = _SIGNED.fullmatch(_GROUPS.sub("", text))
    found = amount_in(match["rest"]) if match else None
    if match is None or found is None:
        return None
    negative = match["bracket"] or match["sign"] in ("-", "−", "–")
    return (-found[0] if negative else found[0]), found[1]


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?")


@lru_cache(maxsize=2**15)
def period(text: str) -> Period | None:
    """Return the first and the last day of the time in a cell, or None if it holds no time."""
    match = _ISO.fullmatch(text)
    if match is None:
        return _named_period(text)
    year, month, day = int(match[1]), int(match[2]), int(match[3] or 0)
    try:
        if day:
            return date(year, month, day), date(year, month, day)
        end = date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, 1), date.fromordinal(end.toordinal() - 1)
    except ValueError:
        return None


_NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def numeric_dates(texts: Iterable[str]) -> Mapping[str, Period]:
    """Return the days of cells such as “03/05/2014”, by their text.

    Only all cells together show whether the day or the month comes first: a number above 12 must be
    the day. If they do not settle it, nothing is returned.
    """
    found = {text: match for text in texts if (match := _NUMERIC.fullmatch(text))}
    first, second = (any(int(each[at]) > 12 for each in found.values()) for at in (1, 2))
    days = {}
    for text, match in found.items() if first != second else ():
        one, other, year = map(int, match.groups())
        with suppress(ValueError):
            day = date(year, other, one) if first else date(year, one, other)
            days[text] = (day, day)
    return days


def _named_period(text: str) -> Period | None:
    """Return the time in a cell that has a word in it: “May 3, 2014”, “March 2012”."""
    if len(text) > _LONGEST or not any(map(str.isalpha, text)) or not re.search(r"\d{4}", text):
        return None
    found = told_times(text, (date.min, date.max)) if _only_a_time(text) else []
    return found[0] if len(found) == 1 else None


def _only_a_time(text: str) -> bool:
    said = times(text)
    return len(said.times) == 1 and not said.left.strip(" ,.")


# --- words

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
"""The parts of a word: “lifeExp” and “GDPPerCapita” have several."""


@lru_cache(maxsize=2**16)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words of a head or a cell."""
    return tuple(map(stem_of, _PARTS.findall(re.sub(r"['’]s\b", "", text))))


def stem_of(word: str) -> str:
    """Return the stem of a word, in the singular."""
    return stem(singular(word.casefold()))
