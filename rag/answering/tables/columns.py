"""The columns of a table: their cells, read as amounts, times or words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from index.documents import Document
from index.structure import Row, Table, tables
from rag.answering.tables.cells import amount, numeric_dates, period, stems
from rag.asking.when import Period
from rag.finding.rows import heading_above
from rag.languages import TABLE_WORDS

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "–", "—", "..", "…", "?", "."))
"""What a cell without a value holds, in lower case."""

SAMPLE = 20
"""Cells that are tried first: they can rule out a column of amounts, or of times."""

PURE = 0.95
"""The share of a column's values that must be amounts, or times, for it to be a column of these."""

T = TypeVar("T")

YEARS = range(1000, 2200)
"""Whole numbers that are read as years, in a column with nothing else."""

LEAST_SUMMED = 5
"""The fewest nonzero amounts whose sum, in the cell below them, is no coincidence."""

MOST_GROUPS = 40
"""The most distinct values of a column for each of which something is computed."""

KINDS = 50
"""The most distinct values of a column that holds kinds of things, not individual names."""

_DECIMAL_COMMA = re.compile(r"\d\.\d{3},\d|(?<!\d)\d+,(?:\d{1,2}|\d{4,})(?![\d,.])")
"""An amount with a decimal comma: “1.234,5”, “12,50”."""


@dataclass(frozen=True)
class Column:
    """A column: its head and its cells, with None for a cell without a value.

    In a column of amounts, `amounts` are the values of the cells, all in one `unit`. In a column of
    times, `periods` are their first and last days. Otherwise these are empty.
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
        """The numbers of the rows that hold each value, by the stems of its words."""
        found: dict[tuple[str, ...], set[int]] = {}
        for at, text in enumerate(self.texts):
            if text is not None and (words := stems(text)):
                found.setdefault(words, set()).add(at)
        return {words: frozenset(rows) for words, rows in found.items()}

    @cached_property
    def whether(self) -> frozenset[int]:
        """The rows that say yes in a yes/no column; empty for any other column."""
        said = [text and text.casefold() for text in self.texts]
        yes, no = TABLE_WORDS.yes, TABLE_WORDS.no
        both = not yes.isdisjoint(said) and not no.isdisjoint(said)
        if not both or not all(each is None or each in yes | no for each in said):
            return frozenset()
        return frozenset(at for at, each in enumerate(said) if each in yes)

    @cached_property
    def groups(self) -> Mapping[str, frozenset[int]]:
        """The rows of each value; empty if there is only one value, or no value occurs twice.

        A column of amounts has groups only if it holds few different whole numbers. Amounts and
        times are sorted; other values keep the order of the rows.
        """
        found: dict[str, set[int]] = {}
        for at, text in enumerate(self.texts):
            if text is not None:
                found.setdefault(text, set()).add(at)
        known = sum(map(len, found.values()))
        numbers = len(found) <= MOST_GROUPS and all(
            each is None or each % 1 == 0 for each in self.amounts
        )
        if len(found) in (1, known) or (self.amounts and not numbers):
            return {}
        values = self.amounts or self.periods

        def place(text: str) -> tuple[bool, Any]:
            value = values[min(found[text])]
            return value is None, value  # What cannot be read comes last.

        order = sorted(found, key=place) if values else found
        return {text: frozenset(found[text]) for text in order}

    @cached_property
    def wordings(self) -> frozenset[str]:
        """The values as they are written, in lower case."""
        return frozenset(text.casefold() for text in self.texts if text is not None)

    @cached_property
    def values_with(self) -> Mapping[str, frozenset[tuple[str, ...]]]:
        """The values that contain a word, by the word's stem."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for words in self.rows_of:
            for word in words:
                found.setdefault(word, set()).add(words)
        return {word: frozenset(values) for word, values in found.items()}


@dataclass(frozen=True)
class Sheet:
    """A table with heads, by its columns. `rows` leaves out the rows that sum up others."""

    document: Document
    table: Table
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        """What the table is called: the document's names, and the heading above the table."""
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
    columns = _columns(document, table, rows)
    if any(map(_ends_in_sum, columns)):
        rows = rows[:-1]
        columns = _columns(document, table, rows)
    return Sheet(document, table, rows, columns)


def _columns(document: Document, table: Table, rows: Sequence[Row]) -> tuple[Column, ...]:
    return tuple(
        _column(head, [_value(document, row, column) for row in rows])
        for column, head in enumerate(table.heads)
    )


def _ends_in_sum(column: Column) -> bool:
    """Whether the last amount is the sum of all others, whatever its row is called."""
    *others, last = column.amounts or (None,)
    known = [each for each in others if each]
    return bool(last) and len(known) >= LEAST_SUMMED and sum(known) == last


def _is_summary(document: Document, row: Row) -> bool:
    first = next((document.text[slice(*cell)] for cell in row.cells if cell[0] < cell[1]), "")
    return first.strip(" :*").casefold() in TABLE_WORDS.summaries


def _value(document: Document, row: Row, column: int) -> str | None:
    text = document.text[slice(*row.cells[column])].strip() if column < len(row.cells) else ""
    return None if text.casefold() in MISSING else text


def _column(head: str, texts: Sequence[str | None]) -> Column:
    days = numeric_dates(filter(None, texts))
    if periods := _read(texts, days.get if days else period):
        return Column(head, texts, periods=periods)
    if any(text and _DECIMAL_COMMA.search(text) for text in texts):
        found = _read(texts, lambda text: amount(text.translate(_SWAPPED)))
    else:
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


_SWAPPED = str.maketrans(".,", ",.")


def _read(texts: Sequence[str | None], read: Callable[[str], T | None]) -> Sequence[T | None]:
    """Read each cell of a column, or return nothing unless nearly all of them can be read."""
    there = [each for each in texts if each is not None]
    for some in (there[:SAMPLE], there):
        if sum(read(each) is not None for each in some) < max(PURE * len(some), 1):
            return ()
    return [None if each is None else read(each) for each in texts]


def _is_numbering(amounts: Sequence[Decimal | None]) -> bool:
    """Whether amounts only number the rows, from 0 or 1: nothing is computed from these."""
    return len(amounts) > 1 and any(
        all(each == at for at, each in enumerate(amounts, first)) for first in (0, 1)
    )


def _is_year(amount: Decimal) -> bool:
    return amount % 1 == 0 and int(amount) in YEARS


def _year(year: int) -> Period:
    return date(year, 1, 1), date(year, 12, 31)
