"""Find days and months in the forms of a language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rag.languages.packs.numerals import value
from rag.languages.packs.tables import Table
from rag.languages.packs.text import MARKS, plain, stem

MARK = "\ue000"
"""Stands in a text for a date."""


class Day(NamedTuple):
    """A day, a month or a year; unknown parts are None."""

    year: int | None
    month: int | None
    day: int | None

    def __str__(self) -> str:
        """Return it as in XML Schema: “2021-10-14”, “2021-10”, “--10-14”, “--10”, “---14”."""
        year = f"{self.year or '-'}"
        month = "" if self.month is None else f"-{self.month:02}"
        day = "" if self.day is None else f"{'' if month else '-'}-{self.day:02}"
        return year + month + day

    def is_part_of(self, other: Day) -> bool:
        """Whether another one has all parts that this one has."""
        return all(mine in (None, its) for mine, its in zip(self, other, strict=True))


def with_dates_marked(text: str, table: Table) -> tuple[str, set[Day]]:
    """Return a text with a mark for each date, and the dates."""
    found: set[Day] = set()

    def mark(match: re.Match[str]) -> str:
        days = list(_days(match, table))
        found.update(days)
        return f" {MARK} " if days and table.kind != "characters" else MARK if days else match[0]

    for pattern in _patterns(table):
        text = pattern.sub(mark, text)
    return text, found


def _days(match: re.Match[str], table: Table) -> Iterator[Day]:
    """Yield the days of a pattern's match; none if it is not a possible date."""
    said = match.groupdict()
    year = int(value(said["year"]) or 0) if said.get("year") else None
    month = _month(said["month"], table) if said.get("month") else None
    days = [int(value(each) or 0) for each in re.findall(_NUMBER, said.get("days") or "")]
    if month == 0 or any(not 1 <= each <= 31 for each in days):
        return
    yield from (Day(year, month, each) for each in days or (None,))


def _month(name: str, table: Table) -> int:
    """Return the number of a month, or 0 if it is not one."""
    if (number := value(name)) is not None:
        return int(number) if 1 <= number <= 12 else 0
    bare = name.rstrip(".").casefold()
    return month_names(table).get(bare) or month_names(table).get(stem(bare, table), 0)


@cache
def month_names(table: Table, whole: bool = False) -> dict[str, int]:
    """Return the numbers of months by their names and stems, from babel.

    With `whole`, abbreviated names are left out: "mar" may be a sea.
    """
    from babel import Locale

    names: dict[str, int] = {}
    for locale in map(Locale.parse, table.locales):
        for widths in locale.months.values():
            for width in ("wide",) if whole else ("wide", "abbreviated"):
                for number, name in widths[width].items():
                    bare = plain(name).rstrip(".॰").casefold()
                    names |= {bare: number}
                    if width == "wide" and " " not in bare:
                        names.setdefault(stem(bare, table), number)
    return names


_NUMBER = r"[0-9]+|[〇零一二三四五六七八九十]+"
_ISO = r"(?<!\d)(?P<year>[12]\d{3})-(?P<month>\d\d)-(?P<days>\d\d)(?!\d)"
_FIGURES = (
    r"(?<![\d.,/])(?P<days>\d{1,2})(?P<sign>[./-]) ?(?P<month>\d{1,2})(?P=sign) ?"
    r"(?P<year>[12]\d{3})(?!\d)"
)
_DOTS = r"(?<![\d.,/])(?P<days>\d{1,2})\. ?(?P<month>\d{1,2})\.(?! ?\d)"
_DIGITS = "[0-9〇零一二三四五六七八九十]"
_OF_CHARACTERS = (
    _ISO,
    r"(?<!\d)(?P<year>[12]\d{3})[/.](?P<month>\d{1,2})[/.](?P<days>\d{1,2})(?!\d)",
    rf"(?:(?P<year>{_DIGITS}{{4}})年)?(?P<month>{_DIGITS}{{1,3}})月(?P<days>{_DIGITS}{{1,3}}[日号號]?"
    rf"(?:(?:至|到|から|および|和|与|・|、|[-–—~〜])+{_DIGITS}{{1,3}}[日号號]?)*)(?<=[日号號])",
    rf"(?:(?P<year>{_DIGITS}{{4}})年)?(?P<month>{_DIGITS}{{1,3}})月(?![日号])",
    rf"(?P<year>{_DIGITS}{{4}})年",
    rf"(?P<days>{_DIGITS}{{1,3}})[日号號](?![本間间常])",
)


@cache
def _patterns(table: Table) -> list[re.Pattern[str]]:
    """Return the patterns of dates, in the order in which they are tried."""
    if table.kind == "characters":
        return [re.compile(each) for each in _OF_CHARACTERS]
    of = rf"(?:{table.of} )?" if table.of else ""
    day = rf"\d{{1,2}}(?:er|o|\.)?(?![\w{MARKS}])"
    days = rf"(?<![\d.,/])(?P<days>{day}(?: ?{table.joiners} ?{day})*)"
    year = rf"(?:,? {of}(?P<year>[12]\d{{3}})(?!\d))"
    # Arabic writes some function words together with the next word.
    start = rf"(?<![\w{MARKS}])" + ("[وبل]{0,2}" if table.code == "ar" else "")
    patterns = [_ISO, _FIGURES, *([_DOTS] if table.day_dots else [])]
    patterns += [
        rf"{days} ?{of}{start}{_any_month(table)}{year}?",
        rf"{start}{_any_month(table)} (?P<days>{day}){year}",
        rf"{start}{_any_month(table, whole=True)}{year}?",
    ]
    return [re.compile(each, re.IGNORECASE) for each in patterns]


def _any_month(table: Table, whole: bool = False) -> str:
    """Return a regular expression for the name of a month, with any case endings."""
    names = sorted(month_names(table, whole), key=len, reverse=True)
    ending = r"[^\W\d_]{0,3}" if table.code in ("de", "ru") else ""
    return rf"(?P<month>(?:{'|'.join(map(re.escape, names))}){ending}(?![\w{MARKS}])\.?)"
