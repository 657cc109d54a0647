"""Answering by computing from a table: the highest, the lowest, how many, the sum, the mean.

    Which country has the highest life expectancy in 2007?
    How many of the orders are from Denmark?

`plan.py` finds the column and the rows that the question names. Code does the computing, and the
answer says what it was computed from. It cites the rows; if there are many, it cites the first ones
and says how many there are. If column and rows come down to a single cell, that cell is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from index.printable import number_of
from index.structure import Row
from index.weights.catalogue import DEFAULTS
from rag.answer import Event, Found
from rag.answering.context import MIN_QUOTES, Context
from rag.answering.tables.columns import Column, Sheet, sheets
from rag.answering.tables.plan import Plan, plan
from rag.answering.tables.results import results
from rag.answering.tables.task import CELL
from rag.asking.query import Query
from rag.finding.quotes import CANDIDATES
from rag.finding.rows import heading_above
from rag.quote import Quote
from rag.verifying.compose import Composition, quoted

MOST_SHEETS = 50
"""The most tables that a question is matched against, in the documents that a search finds."""

MOST_ROWS = 10
"""The most rows that are cited."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with what is computed from the one table that accounts for every word of the question.

    Yields nothing if no table does, or if several do equally well.
    """
    found = _planned(query, context)
    if found is None:
        return
    said = [each for each in results(found) if each[1]]
    if not said:
        return
    share = max(MOST_ROWS // len(said), 1)
    cites = [(text, sorted(rows)[:share]) for text, rows in said]
    cited = [_quotes(found.sheet, found.column, rows) for _, rows in cites]
    quotes = tuple(dict.fromkeys(quote for some in cited for quote in some))
    if found.task.statistic == CELL:
        composition = quoted(quotes, sure=True)
    else:
        composition = Composition()
        for (text, _), footnotes in zip(cites, cited, strict=True):
            composition.cite(text, footnotes)
    shown = {at for _, rows in cites for at in rows}
    every = {at for _, rows in said for at in rows}
    some = f"the first {len(shown)}" if len(said) == 1 else f"{len(shown)}"
    note = f"The footnotes show {some} of {number_of(len(every), 'row')}."
    near = [
        each for row in _near(found, shown) for each in _quotes(found.sheet, found.column, [row])
    ]
    if len(quotes) + len(near) < MIN_QUOTES:
        near += context.find(query.text)
    cited_places = {quote.span for quote in quotes}
    quotes = (*quotes, *(each for each in near if each.span not in cited_places))
    context.run.time("retrieve_s", "first_quote_s")
    yield Found(quotes)
    yield context.answer(query, composition, quotes, note=note if len(shown) < len(every) else None)


def _planned(query: Query, context: Context) -> Plan | None:
    """Return the plan for the table that explains the most words of the question; None if tied."""

    def alike(some: Sequence[str], others: Sequence[str]) -> Sequence[Sequence[float]]:
        if context.settings.embedding not in DEFAULTS:  # The thresholds are for these only.
            return [[0.0] * len(others) for _ in some]
        vectors = context.library.embed((*some, *others))
        found: Sequence[Sequence[float]] = (vectors[: len(some)] @ vectors[len(some) :].T).tolist()
        return found

    computes = query.route.computes or query.route.kind == "compute"
    hits = (  # Shared with the way of evidence, which searches for the same.
        context.library.search(query.text, CANDIDATES, context.exclude)
        if computes
        else context.search(query.text).passages
    )
    documents = {hit.document.id: hit.document for hit in hits}
    every = (sheet for document in documents.values() for sheet in sheets(document))
    matters = query.route.matters if query.route.kind == "compute" else ()
    likely = dict(query.route.computes or [(each, 1.0) for each in matters])
    plans = [plan(query.text, likely, sheet, alike) for sheet in islice(every, MOST_SHEETS)]
    ranked = sorted((each for each in plans if each), key=lambda each: -each.explained)
    if not ranked or (len(ranked) > 1 and ranked[0].explained == ranked[1].explained):
        return None
    return ranked[0]


def _near(found: Plan, cited: set[int]) -> Sequence[int]:
    """Return the next rows among those computed from, as further ones to look at."""
    amounts = found.column.amounts if found.column else ()
    others = [at for at in found.rows if at not in cited]
    if found.task.order and amounts:
        valued = ((value, at) for at in others if (value := amounts[at]) is not None)
        others = [at for _, at in sorted(valued, reverse=found.task.order == "highest")]
    return others[:MIN_QUOTES]


# --- the rows as quotes


def _quotes(sheet: Sheet, column: Column | None, rows: Sequence[int]) -> tuple[Quote, ...]:
    """Quote rows, adjacent ones together in one quote, with the column's cells marked."""
    at = sheet.columns.index(column) if column else None
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][-1] + 1 and _adjoin(sheet, runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return tuple(_quote(sheet, [sheet.rows[each] for each in run], at) for run in runs)


def _adjoin(sheet: Sheet, above: int, below: int) -> bool:
    """Whether only blanks separate two rows: no subtotal, for example."""
    between = sheet.document.text[sheet.rows[above].end : sheet.rows[below].start]
    return not between.strip(" |\n")


def _quote(sheet: Sheet, rows: Sequence[Row], column: int | None) -> Quote:
    heading = heading_above(sheet.document, rows[0].start)
    cells = [row.cells[column] for row in rows if column is not None and column < len(row.cells)]
    marks = tuple(cell for cell in cells if cell[0] < cell[1])
    return Quote(sheet.document, rows[0].start, rows[-1].end, 0.0, heading, marks)
