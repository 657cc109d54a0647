"""A statement of SQL over one table: what a language model may write of it, and how it is read.

The grammar, in llama.cpp's notation (GBNF), holds the model to the columns that there are, and to
what can be computed. A model elsewhere is held to nothing, so what it wrote may be no statement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.answering.tables.cells import stems
from rag.answering.tables.columns import Column, Sheet

MOST_COLUMNS = 30
"""Columns of a table that is shown: reading more would take longer than answering."""

MOST_VALUES = 12
"""Values of a column that are shown, all of them where there are no more."""

LONGEST_SHOWN = 40
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """A column or what is computed of it, `function`; COUNT may be of no column, that is of rows.

    Of times a `function` may be YEAR or MONTH.
    """

    function: str
    column: Column | None


@dataclass(frozen=True, slots=True)
class Clause:
    """What a column has to be: one of some values, none of them (“<>”), or more or less."""

    column: Column
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be selected. An `order` is by an item, and whether greatest come first."""

    select: tuple[Item, ...]
    where: tuple[Clause, ...] = ()
    group: Item | None = None
    order: Item | None = None
    descending: bool = False
    limit: int | None = None


def names(sheet: Sheet) -> Mapping[str, Column]:
    """Return the columns by what they are called in a statement; none where that tells too little.

    Columns that only number the rows are left out.
    """
    columns = [each for each in sheet.columns if not each.numbers_rows]
    found = {re.sub(r'[\s"]+', " ", each.head).strip(): each for each in columns}
    distinct = len(found) == len(columns) <= MOST_COLUMNS and "" not in found
    return found if distinct else {}


# --- what the model is shown


def described(sheet: Sheet, question: str) -> str:
    """Describe the columns: their names, what kind they are of, and values they have."""
    asked = frozenset(stems(question))
    return "\n".join(
        f'"{name}" {_kind(column)}: {_values(column, asked)}'
        for name, column in names(sheet).items()
    )


def _kind(column: Column) -> str:
    return "number" if column.amounts else "time" if column.periods else "text"


def _values(column: Column, asked: frozenset[str]) -> str:
    """Return the least and the greatest value; of words those that the question may mean."""
    if column.amounts:
        amounts = [each for each in column.amounts if each is not None]
        return f"{min(amounts)} to {max(amounts)}"
    if column.periods:
        days = sorted(each for each in column.periods if each)
        cut = 4 if all((a.month, a.day, b.month) == (1, 1, 12) for a, b in days) else 10
        return f"{days[0][0].isoformat()[:cut]} to {days[-1][0].isoformat()[:cut]}"
    values = list(dict.fromkeys(each for each in column.texts if each))
    # Those that the question names come first, the others as they stand in the table.
    shown = sorted(values, key=lambda each: asked.isdisjoint(stems(each)))[:MOST_VALUES]
    if len(values) > MOST_VALUES:
        named = [each for each in shown if not asked.isdisjoint(stems(each))]
        shown = [*named, *values[: max(3 - len(named), 0)]]
    quoted = [f"'{_plain(each)[:LONGEST_SHOWN]}'" for each in dict.fromkeys(shown)]
    return ", ".join(quoted) + (", …" if len(values) > len(shown) else "")


def _plain(value: str) -> str:
    return " ".join(value.replace("'", "’").split())


# --- what it may write


def grammar(sheet: Sheet) -> str:
    """Return the grammar of all statements that can be read, in GBNF, and of NONE."""
    by_name = names(sheet)

    def rule(some: Sequence[str]) -> str:
        return " | ".join(json.dumps(f'"{name}"', ensure_ascii=False) for name in some)

    numbers = [name for name, each in by_name.items() if each.amounts]
    times = [name for name, each in by_name.items() if each.periods]
    words = [name for name, each in by_name.items() if not (each.amounts or each.periods)]
    kinds = {"number": numbers, "time": times, "text": words}
    clause = {
        "number": 'number (" = " | " <> " | " > " | " >= " | " < " | " <= ") "-"? [0-9]+ '
        '("." [0-9]+)?',
        "time": 'time (" = " | " > " | " >= " | " < " | " <= ") "\'" [0-9]{4} '
        '("-" [0-9]{2} ("-" [0-9]{2})?)? "\'"',
        "text": 'text ((" = " | " <> ") value | " IN (" value ("," " " value){1,5} ")")',
    }
    there = [kind for kind, some in kinds.items() if some]
    of = ['("SUM" | "AVG" | "MEDIAN" | "MIN" | "MAX") "(" number ")"'] if numbers else []
    parts = ['("YEAR" | "MONTH") "(" time ")"'] if times else []
    lines = [
        'root ::= "NONE" | "SELECT " select " FROM t" where? group? order?',
        'select ::= aggregate | group-of (", " aggregate)?',
        'where ::= " WHERE " clause (" AND " clause){0,4}',
        'group ::= " GROUP BY " group-of',
        'order ::= " ORDER BY " (aggregate | column) (" ASC" | " DESC") (" LIMIT " [1-9] [0-9]?)?',
        f"group-of ::= {' | '.join(['column', *parts])}",
        "aggregate ::= " + " | ".join(['"COUNT(*)"', '"COUNT(DISTINCT " column ")"', *of]),
        f"clause ::= {' | '.join(clause[kind] for kind in there)}",
        f"column ::= {' | '.join(there)}",
        *(f"{kind} ::= {rule(kinds[kind])}" for kind in there),
        'value ::= "\'" [^\'\\n]{1,80} "\'"',
    ]
    return "\n".join(lines)


# --- how it is read

_NAME = r'"([^"]+)"'
_ITEM = rf"(?:(COUNT|SUM|AVG|MEDIAN|MIN|MAX|YEAR|MONTH)\((?:DISTINCT )?(?:\*|{_NAME})\)|{_NAME})"
_CLAUSE = rf"{_NAME} (=|<>|>=|<=|>|<|IN) ((?:\('[^']+'(?:, ?'[^']+')*\))|'[^']+'|-?\d+(?:\.\d+)?)"
_STATEMENT = re.compile(
    rf"SELECT (?P<select>{_ITEM}(?:, {_ITEM})?) FROM t"  # noqa: S608  it is read, never run
    rf"(?: WHERE (?P<where>{_CLAUSE}(?: AND {_CLAUSE})*))?"
    rf"(?: GROUP BY (?P<group>{_ITEM}))?"
    rf"(?: ORDER BY (?P<order>{_ITEM}) (?P<way>ASC|DESC)(?: LIMIT (?P<limit>\d+))?)?;?"
)


def read(text: str, sheet: Sheet) -> Statement | None:
    """Return the statement that a text is; None where it is none over this table."""
    match, by_name = _STATEMENT.fullmatch(" ".join(text.split())), names(sheet)
    if match is None:
        return None
    try:
        select = tuple(_items(match["select"], by_name))
        where = tuple(
            Clause(by_name[name], "=" if sign == "IN" else sign, _said(values))
            for name, sign, values in re.findall(_CLAUSE, match["where"] or "")
        )
        group = next(_items(match["group"] or "", by_name), None)
        order = next(_items(match["order"] or "", by_name), None)
    except KeyError:
        return None
    limit = int(match["limit"]) if match["limit"] else None
    return Statement(select, where, group, order, match["way"] == "DESC", limit)


def _items(text: str, by_name: Mapping[str, Column]) -> Iterator[Item]:
    for function, of, plain in re.findall(_ITEM, text):
        name = of or plain
        yield Item(function, by_name[name] if name else None)


def _said(values: str) -> tuple[str, ...]:
    return tuple(re.findall(r"'([^']+)'", values)) or (values,)
