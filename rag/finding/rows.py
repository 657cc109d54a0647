"""Find the rows of long tables that have the question's words.

The passages of a long table are alike, so a search finds the right table, but not the right row.
Each row is therefore weighed by the words of its cells, of which rare ones count more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import log

from index.documents import Document, Passage, Span
from index.library import Hit
from index.storage.store import query_terms
from index.structure import Row, Table, tables

LONG = 12
"""Rows from which a table is long. Shorter tables are read with the passages that are found."""

MOST = 3
"""Rows of one table that are added at most."""


def rows_near(question: str, hits: Iterable[Hit]) -> list[Hit]:
    """Return the rows with most of the question's words, from the long tables of found documents.

    A table has none if many rows are equally good: the words do not single out a row then.
    """
    documents = {hit.document.id: hit.document for hit in hits}
    terms = query_terms(question)
    return [
        _hit(document, row)
        for document in documents.values()
        for at, table in enumerate(tables(document))
        if len(table.rows) >= LONG
        for row in _best(table, _rows_with(document, at), terms)
    ]


def heading_above(document: Document, at: int) -> str | None:
    """Return the last heading before a place in a document."""
    above = [each for each in document.headings if each.start < at]
    return document.text[above[-1].start : above[-1].end] if above else None


def _hit(document: Document, row: Row) -> Hit:
    place = (row.start, row.end)
    heading = heading_above(document, row.start)
    passage = Passage(Span(document.id, *place), (place,), heading)
    return Hit(document, passage, 0.0, None, None)


def _best(table: Table, rows_with: Mapping[str, list[int]], terms: list[str]) -> Iterator[Row]:
    weights: dict[int, float] = {}
    for term in terms:
        rows = rows_with.get(term, [])
        for at in rows:
            weights[at] = weights.get(at, 0.0) + log(1 + len(table.rows) / len(rows))
    most = max(weights.values(), default=0)
    best = [at for at, weight in weights.items() if weight == most]
    if len(best) <= MOST:
        ranked = sorted(weights, key=lambda at: (-weights[at], at))
        yield from (table.rows[at] for at in ranked[:MOST])


@lru_cache(maxsize=32)
def _rows_with(document: Document, number: int) -> Mapping[str, list[int]]:
    """Return an index of a document's table: for each word, the rows whose cells have it."""
    found: dict[str, list[int]] = {}
    for at, row in enumerate(tables(document)[number].rows):
        for word in set(query_terms(document.text[row.start : row.end])):
            found.setdefault(word, []).append(at)
    return found
