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
from rag.answering.tables.cells import amount, numeric_dates, period, stems
from rag.asking.when import Period
from rag.finding.rows import heading_above
from rag.languages import TABLE_WORDS

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "–", "—", "..", "…", "?", "."))
"""What stands in a cell without a value, in small letters."""

SAMPLE = 20
"""Cells by which it is told that a column is none of amounts, or of times."""

PURE = 0.95
"""The share of a column's values that are amounts, or times, where it is a column of these."""

T = TypeVar("T")

YEARS = range(1000, 2200)
"""The whole numbers that are years, in a column that has nothing else."""

LEAST_SUMMED = 5
"""Amounts other than nothing, at least, whose sum stands below them by no chance."""

MOST_GROUPS = 40
"""Different values of a column, at most, that something is computed for each of."""

KINDS = 50
"""Different values of a column, at most, that are kinds of things and not names of single ones."""

_DECIMAL_COMMA = re.compile(r"\d\.\d{3},\d|(?<!\d)\d+,(?:\d{1,2}|\d{4,})(?![\d,.])")
"""An amount whose fraction stands behind a comma: “1.234,5”, “12,50”."""


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
    def whether(self) -> frozenset[int]:
        """The rows where it is so, in a column that tells whether something is so; or none."""
        said = [text and text.casefold() for text in self.texts]
        yes, no = TABLE_WORDS.yes, TABLE_WORDS.no
        both = not yes.isdisjoint(said) and not no.isdisjoint(said)
        if not both or not all(each is None or each in yes | no for each in said):
            return frozenset()
        return frozenset(at for at, each in enumerate(said) if each in yes)

    @cached_property
    def groups(self) -> Mapping[str, frozenset[int]]:
        """The rows of each value, where several rows share one, and amounts are few whole numbers.

        Values are in the order of the rows, amounts and times in their own.
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
        order = sorted(found, key=lambda text: values[min(found[text])] or 0) if values else found
        return {text: frozenset(found[text]) for text in order}

    @cached_property
    def wordings(self) -> frozenset[str]:
        """The values as they stand, in small letters."""
        return frozenset(text.casefold() for text in self.texts if text is not None)

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
    """Whether the last of some amounts is the sum of all others, whatever its row is called."""
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
    return amount % 1 == 0 and int(amount) in YEARS


def _year(year: int) -> Period:
    return date(year, 1, 1), date(year, 12, 31)
