"""The columns of a table: what their cells say as amounts, times or words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TypeVar

from index.documents import Document
from index.structure import Row, Table, tables
from rag.asking.when import Period, told_times
from rag.finding.rows import heading_above
from rag.languages import SUMMARIES, amount_in, times
from rag.languages.english_tokens import stem
from rag.languages.english_words import singular

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "–", "—", "..", "…", "?", "."))
"""What stands in a cell without a value, in small letters."""

SAMPLE = 20
"""Cells by which it is told that a column is none of amounts, or of times."""

PURE = 0.95
"""The share of a column's values that are amounts, or times, where it is a column of these."""

T = TypeVar("T")

YEARS = (1000, 2199)
"""The first and the last whole number that is a year, in a column that has nothing else."""


@dataclass(frozen=True)
class Column:
    """A column: its head, and what each of its cells says; None where a cell has no value.

    Of a column of amounts `amounts` are the cells' values, all in one `unit`. Of a column of times
    `periods` are the cells' first and last days. Elsewhere these are empty.
    """

    head: str
    texts: Sequence[str | None]
    amounts: Sequence[Decimal | None] = ()
    unit: str = ""
    periods: Sequence[Period | None] = ()
    numbers_rows: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The stems of the head's words: “lifeExp” has two."""
        return stems(self.head)

    @cached_property
    def rows_of(self) -> Mapping[tuple[str, ...], frozenset[int]]:
        """Where each value stands, by the stems of its words: the numbers of the rows."""
        found: dict[tuple[str, ...], set[int]] = {}
        for at, text in enumerate(self.texts):
            if text is not None and (words := stems(text)):
                found.setdefault(words, set()).add(at)
        return {words: frozenset(rows) for words, rows in found.items()}

    @cached_property
    def values_with(self) -> Mapping[str, frozenset[tuple[str, ...]]]:
        """The values that hold a word, by its stem."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for words in self.rows_of:
            for word in words:
                found.setdefault(word, set()).add(words)
        return {word: frozenset(values) for word, values in found.items()}


@dataclass(frozen=True)
class Sheet:
    """A table with heads, by its columns. `rows` are those that are not computed from others."""

    document: Document
    table: Table
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        """What the table is called: the heading that it stands under, and the document's names."""
        heading = heading_above(self.document, self.table.start) or ""
        return f"{self.document.title} {self.document.label.partition('.')[0]} {heading}"


def sheets(document: Document) -> Iterator[Sheet]:
    """Yield the tables of a document that have heads and rows."""
    for at, table in enumerate(tables(document)):
        if table.heads and table.rows:
            yield _sheet(document, at)


@lru_cache(maxsize=64)
def _sheet(document: Document, at: int) -> Sheet:
    table = tables(document)[at]
    rows = tuple(row for row in table.rows if not _is_summary(document, row))
    columns = tuple(
        _column(head, [_value(document, row, column) for row in rows])
        for column, head in enumerate(table.heads)
    )
    return Sheet(document, table, rows, columns)


def _is_summary(document: Document, row: Row) -> bool:
    first = next((document.text[slice(*cell)] for cell in row.cells if cell[0] < cell[1]), "")
    return first.strip(" :*").casefold() in SUMMARIES


def _value(document: Document, row: Row, column: int) -> str | None:
    text = document.text[slice(*row.cells[column])].strip() if column < len(row.cells) else ""
    return None if text.casefold() in MISSING else text


def _column(head: str, texts: Sequence[str | None]) -> Column:
    if periods := _read(texts, period):
        return Column(head, texts, periods=periods)
    found = _read(texts, amount)
    units = {each[1] for each in found if each}
    if len(units) != 1:
        return Column(head, texts)
    amounts = [each and each[0] for each in found]
    if units == {""} and _is_numbering(amounts):
        return Column(head, texts, numbers_rows=True)
    if units == {""} and all(each is None or _is_year(each) for each in amounts):
        years = [None if each is None else _year(int(each)) for each in amounts]
        return Column(head, texts, periods=years)
    return Column(head, texts, amounts, units.pop())


def _read(texts: Sequence[str | None], read: Callable[[str], T | None]) -> Sequence[T | None]:
    """Return what is read of a column's cells where it is read of nearly all, or else nothing."""
    there = [each for each in texts if each is not None]
    for some in (there[:SAMPLE], there):
        if sum(read(each) is not None for each in some) < max(PURE * len(some), 1):
            return ()
    return [None if each is None else read(each) for each in texts]


def _is_numbering(amounts: Sequence[Decimal | None]) -> bool:
    """Whether amounts only number the rows, from 0 or 1 on: of these nothing is computed."""
    return len(amounts) > 1 and any(
        all(each == at for at, each in enumerate(amounts, first)) for first in (0, 1)
    )


def _is_year(amount: Decimal) -> bool:
    return amount % 1 == 0 and YEARS[0] <= amount <= YEARS[1]


def _year(year: int) -> Period:
    return date(year, 1, 1), date(year, 12, 31)


# --- what a cell says

_PLAIN = re.compile(r"[-−]?\d+(?:\.\d+)?")
_SIGNED = re.compile(r"(?P<bracket>\()?\s*(?P<sign>[-−–+])?\s*(?P<rest>.*?)\s*(?(bracket)\))", re.S)
_GROUPS = re.compile(r"(?<=\d)[ '’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
"""What parts thousands beside a comma."""

_LONGEST = 40
"""Characters of a cell with an amount, at most."""


@lru_cache(maxsize=2**15)
def amount(text: str) -> tuple[Decimal, str] | None:
    """Return the amount that a cell is, and its unit; None where it is something else.

    So are “1,234.5”, “12%”, “$3m” and “(5)”, which is less than nothing.
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
    """Return the first and the last day of the time that a cell is; None where it is none."""
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


def _named_period(text: str) -> Period | None:
    """Return the time of “May 3, 2014” and “March 2012”, which has a word in it."""
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
