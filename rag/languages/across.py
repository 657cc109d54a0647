"""Compare the figures of texts in two languages, in a common normal form."""

from __future__ import annotations

from functools import lru_cache

from index.english import MONTHS
from index.language import ENGLISH
from rag.languages import facts
from rag.languages.packs.reading import read
from rag.languages.packs.tables import TABLES

_TABLES = {table.code: table for table in TABLES}

KNOWN = frozenset((ENGLISH, *_TABLES))
"""The codes of the languages whose figures are known."""


def lacking_figures(said: str, spoken: str, held: str, written: str) -> list[str]:
    """Return the numbers and days of `said` that `held` does not have, for people to read.

    `spoken` and `written` are the codes of their languages, which must be `KNOWN`. Days are
    compared without their years, and years as numbers.
    """
    return sorted(_figures(said, spoken) - _figures(held, written))


@lru_cache(maxsize=512)
def _figures(text: str, language: str) -> frozenset[str]:
    if language == ENGLISH:
        found = facts(text)
        return found.numbers | {_day(*each.split()) for each in found.days}
    told = read(text, _TABLES[language])
    years = {str(each.year) for each in told.dates if each.year}
    days = {f"{each.month}-{each.day}" for each in told.dates if each.month and each.day}
    return told.numbers | years | days


def _day(month: str, day: str) -> str:
    number = next(at for at, name in enumerate(MONTHS, 1) if name.casefold().startswith(month))
    return f"{number}-{day}"
