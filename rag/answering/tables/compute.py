"""Answering by computing from a table: the highest, the lowest, how many, the sum, the mean.

    Which country has the highest life expectancy in 2007?
    How many of the orders are from Denmark?

The question names a column and rows (`plan.py`); code computes, and the answer says of what. It
cites the rows: where they are many the first ones, and how many there are. Where column and rows
are but one cell, that is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from index.structure import Row
from index.weights.catalogue import DEFAULTS
from rag.answer import Event, Found
from rag.answering.context import MIN_QUOTES, Context
from rag.answering.tables.columns import Column, Sheet, sheets
from rag.answering.tables.plan import CELL, Plan, plan
from rag.asking.query import Query
from rag.finding.quotes import CANDIDATES
from rag.finding.rows import heading_above
from rag.languages import counted
from rag.quote import Quote
from rag.verifying.compose import Composition, quoted

MOST_SHEETS = 50
"""Tables that a question is read against, of the documents that a search finds."""

MOST_ROWS = 10
"""Rows that are cited, at most."""

MOST_TIED = 5
"""Rows that share the highest or the lowest value and are named, at most."""

MORE_DIGITS = 2
"""Digits behind the point that a mean has more than the values."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with what is computed from the one table that has all words of the question.

    Not where none has, or several have.
    """
    found = _planned(query, context)
    if found is None:
        return
    told, rows = _computed(found)
    if not rows:
        return
    quotes = _quotes(found.sheet, found.column, rows)
    if found.how == CELL:
        composition = quoted(quotes, sure=True)
    else:
        composition = Composition()
        composition.cite(f"Computed: {told}", quotes)
    cited = min(len(rows), MOST_ROWS)
    note = f"The footnotes show the first {cited} of {counted(len(rows), 'row')}."
    near = [
        each for row in _near(found, rows) for each in _quotes(found.sheet, found.column, [row])
    ]
    if len(quotes) + len(near) < MIN_QUOTES:
        near += context.find(query.text)
    cited_places = {quote.span for quote in quotes}
    quotes = (*quotes, *(each for each in near if each.span not in cited_places))
    context.run.time("retrieve_s", "first_quote_s")
    yield Found(quotes)
    yield context.answer(query, composition, quotes, note=note if cited < len(rows) else None)


def _planned(query: Query, context: Context) -> Plan | None:
    """Return the plan for the table that explains most words of the question, where it is one."""

    def alike(some: Sequence[str], others: Sequence[str]) -> Sequence[Sequence[float]]:
        if context.settings.embedding not in DEFAULTS:  # Of others it is not known what is alike.
            return [[0.0] * len(others) for _ in some]
        vectors = context.library.embed((*some, *others))
        found: Sequence[Sequence[float]] = (vectors[: len(some)] @ vectors[len(some) :].T).tolist()
        return found

    computes = query.route.computes or query.route.kind == "compute"
    hits = (  # What evidence would search for as well is searched for once.
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


def _near(found: Plan, rows: Sequence[int]) -> Sequence[int]:
    """Return the rows that come next, of those that it was computed from, as others to look at."""
    cited, amounts = set(rows[:MOST_ROWS]), found.column.amounts if found.column else ()
    others = [at for at in found.rows if at not in cited]
    if found.how in ("highest", "lowest"):
        valued = ((value, at) for at in others if (value := amounts[at]) is not None)
        others = [at for _, at in sorted(valued, reverse=found.how == "highest")]
    return others[:MIN_QUOTES]


def _computed(found: Plan) -> tuple[str, Sequence[int]]:
    """Return what is computed, in words, and the numbers of the rows that it is computed from."""
    over, column = _over(found), found.column
    if found.how == CELL and column:
        return "", [at for at in found.rows if column.texts[at] is not None]
    if found.how == "count" or column is None:
        return _count(found), found.rows
    amounts = {at: value for at in found.rows if (value := column.amounts[at]) is not None}
    if not amounts:
        return "", ()
    missing = len(found.rows) - len(amounts)
    left_out = f"; {counted(missing, 'row')} without a value left out" if missing else ""
    if found.how in ("highest", "lowest"):
        value = (max if found.how == "highest" else min)(amounts.values())
        rows = [at for at, each in amounts.items() if each == value]
        names = dict.fromkeys(str(found.told_by.texts[at] or "–") for at in rows)
        who = " and ".join(islice(names, MOST_TIED))
        more = f" and {len(names) - MOST_TIED} more" if len(names) > MOST_TIED else ""
        shown = _written(value, column)
        told = f"{who}{more}, with {shown} in the column “{column.head}”, the {found.how} of {over}"
        return f"{told}{left_out}.", rows
    total = sum(amounts.values(), Decimal(0))
    if found.how == "mean":
        total = _mean(total, list(amounts.values()))
    of = f"the {found.how} of the column “{column.head}” over {over}"
    return f"{_written(total, column)}, {of}{left_out}.", list(amounts)


def _count(found: Plan) -> str:
    """Say how many rows there are, or how many different things a column names in them."""
    if found.column is None:
        return f"{len(found.rows)}, the number of rows{_where(found)}."
    different = {found.column.texts[at] for at in found.rows} - {None}
    of = f"the number of different values of the column “{found.column.head}” in {_over(found)}"
    return f"{len(different)}, {of}."


def _over(found: Plan) -> str:
    count = counted(len(found.rows), "row")
    return f"the {count}{_where(found)}" if found.conditions else f"all {count}"


def _where(found: Plan) -> str:
    said = " and ".join(each.said for each in found.conditions)
    return f" whose {said}" if said else ""


def _mean(total: Decimal, values: Sequence[Decimal]) -> Decimal:
    digits = max(-int(each.as_tuple().exponent) for each in values)
    step = Decimal(1).scaleb(-max(digits, 0) - MORE_DIGITS)
    return (total / len(values)).quantize(step, ROUND_HALF_UP)


def _written(value: Decimal, column: Column) -> str:
    """Write an amount with its unit, without zeros at its end."""
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if column.unit in ("$", "€", "£", "¥"):
        return text.replace("-", f"-{column.unit}") if value < 0 else f"{column.unit}{text}"
    return f"{text}{'' if column.unit in ('', '%') else ' '}{column.unit}"


# --- the rows as quotes


def _quotes(sheet: Sheet, column: Column | None, rows: Sequence[int]) -> tuple[Quote, ...]:
    """Quote the first rows, those that stand one below the other together, with cells marked."""
    at = sheet.columns.index(column) if column else None
    runs: list[list[int]] = []
    for row in sorted(rows)[:MOST_ROWS]:
        if runs and row == runs[-1][-1] + 1 and _adjoin(sheet, runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return tuple(_quote(sheet, [sheet.rows[each] for each in run], at) for run in runs)


def _adjoin(sheet: Sheet, above: int, below: int) -> bool:
    """Whether nothing but blanks stands between two rows: no sum of those above, for one."""
    between = sheet.document.text[sheet.rows[above].end : sheet.rows[below].start]
    return not between.strip(" |\n")


def _quote(sheet: Sheet, rows: Sequence[Row], column: int | None) -> Quote:
    heading = heading_above(sheet.document, rows[0].start)
    cells = [row.cells[column] for row in rows if column is not None and column < len(row.cells)]
    marks = tuple(cell for cell in cells if cell[0] < cell[1])
    return Quote(sheet.document, rows[0].start, rows[-1].end, 0.0, heading, marks)
