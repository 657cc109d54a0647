"""Read the numbers and days of a text, and mark their places in the rest of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rag.languages.packs.dates import Day, with_dates_marked
from rag.languages.packs.figures import figures
from rag.languages.packs.numerals import numerals, with_percent
from rag.languages.packs.spelled import Place, spelled
from rag.languages.packs.tables import Table
from rag.languages.packs.text import plain

MARK = "\ue001"
"""Replaces a number in a text."""

ONE = "\ue002"
"""Replaces a one in a text, which may be an article."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The normal forms of a text's numbers and days.

    `rest` is the text with a mark in place of each number and day.
    """

    numbers: frozenset[str]
    dates: frozenset[Day]
    rest: str


def lacking(said: Reading, others: Sequence[Reading]) -> list[str]:
    """Return the numbers and days of a reading that none of several others has."""
    dates = frozenset[Day]().union(*(each.dates for each in others))
    numbers = frozenset[str]().union(*(each.numbers for each in others))
    numbers |= {str(each.year) for each in dates if each.year}
    missing = [str(each) for each in said.dates if not _holds(each, dates, numbers)]
    return [*missing, *(said.numbers - numbers)]


def _holds(day: Day, dates: frozenset[Day], numbers: frozenset[str]) -> bool:
    """Whether others have a day: as a part of one of them, or with its year somewhere else."""
    if any(day.is_part_of(each) for each in dates):
        return True
    said_apart = day.month is None or any(
        each.year is None and day._replace(year=None).is_part_of(each) for each in dates
    )
    return day.year is not None and str(day.year) in numbers and said_apart


@lru_cache(maxsize=512)
def read(text: str, table: Table) -> Reading:
    """Read the numbers and days of a text."""
    text = with_percent(plain(text))
    text = re.sub(rf"(?<!\w)(?:{table.percent})(?!\w)", "%", text, flags=re.IGNORECASE)
    rest, dates = with_dates_marked(text, table)
    numbers = []
    for start, end, form in reversed(_places(rest, table)):
        percent = re.match(" ?%", rest[end:])
        numbers.append(f"{form}%" if percent else form)
        end += percent.end() if percent else 0
        mark = f" {ONE if form in ('', '1') else MARK} "
        mark = MARK if table.kind == "characters" else mark
        rest = rest[:start] + mark + rest[end:]
    return Reading(frozenset(filter(None, numbers)), frozenset(dates), rest)


def _places(text: str, table: Table) -> list[Place]:
    """Return the places of numbers, in the text's order."""
    if table.spelled == "numerals":
        return sorted(numerals(text, table))
    found = figures(text, table)
    blank = list(text)
    for start, end, _ in found:
        blank[start:end] = MARK * (end - start)
    found += spelled("".join(blank), table)
    places: list[Place] = []
    for start, end, form in (_with_half(text, each, table) for each in sorted(found)):
        last = places[-1] if places else (0, -1, "")
        # The words after a half belong to the same number: “два с половиной миллиона”.
        if start <= last[1] or (form and " " in last[2] and start == last[1] + 1):
            places[-1] = (last[0], end, text[last[0] : end].casefold())
        else:
            places.append((start, end, form))
    return places


def _with_half(text: str, place: Place, table: Table) -> Place:
    """Return a number with a fraction word next to it, as it is written.

    Examples are “zweieinhalb Millionen” and “dos millones y medio”. Such numbers are compared as
    texts, since their values are not computed.
    """
    start, end, _ = place
    before, after = _halves(table)
    first, last = before.search(text, 0, start), after.match(text, end)
    if not first and not last:
        return place
    start, end = first.start() if first else start, last.end() if last else end
    return start, end, text[start:end].casefold()


@cache
def _halves(table: Table) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(rf"(?<!\w)(?:{table.halves})[ -]$", re.IGNORECASE),
        re.compile(rf"[ -](?:\w{{1,3}} )?(?:{table.halves})(?:-\w+)?(?!\w)", re.IGNORECASE),
    )
