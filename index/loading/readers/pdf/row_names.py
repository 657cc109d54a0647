"""Rows whose first cells stand elsewhere in the file: some programs write all names, then all rows.

The names come before or behind the rows in the text then. On the page each stands at the height of
its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from index.loading.readers.pdf.lines import WORD, Cell, Line

LEAST = 3
"""A column of names has so many."""

MOST_MISSING = 0.2
"""The share of the rows beside a column of names that may have none, and of names without a word:
formulas and figures have more."""

LONGEST = 28
"""Letters of a name. Lines of text in a column beside a table have more."""

LEVEL = 0.3
"""A name stands no further above or below its row than this, in letters' sizes."""


def with_row_names(lines: list[Line]) -> list[Line]:
    """Return a page's lines, with names that are written apart as the first cells of their rows.

    Names that have no row at their height are those of groups of rows.
    """
    for is_cells, run in groupby(lines, lambda line: bool(line.cells) and _is_set(line)):
        rows = list(run)
        if is_cells and len(rows) >= LEAST and (names := _names(rows, lines)):
            return _with(rows, names, lines)
    return lines


def _names(rows: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Return the lines that name rows, all that stand together in the file; or none."""
    left = min(row.left for row in rows)
    for is_short, run in groupby(lines, lambda line: line.right < left and _is_short(line)):
        names = list(run)
        if not is_short or len(names) < LEAST:
            continue
        missing = sum(_level(row, names) is None for row in rows) / len(rows)
        wordless = sum(not WORD.search(name.text) for name in names) / len(names)
        if max(missing, wordless) <= MOST_MISSING:
            return names
    return []


def _with(rows: Sequence[Line], names: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Return lines with rows and names as one table, from above to below."""
    heads = [
        line
        for line in lines
        if line.cells and _is_set(line) and line.base > rows[0].base and _level(line, names)
    ]
    # In an order of their own: lines of the same height would else come in that of their hashes.
    table = dict.fromkeys((*heads, *rows))
    named = {row: name for row in table if (name := _level(row, names))}
    whole = [_named(row, named.get(row)) for row in table]
    groups = [name for name in names if name not in named.values()]
    at = min(map(lines.index, (*table, *names)))
    return [
        *lines[:at],
        *sorted((*whole, *groups), key=lambda line: -line.base),
        *(line for line in lines[at:] if line not in table and line not in names),
    ]


def _level(row: Line, names: Sequence[Line]) -> Line | None:
    """Return the one name that stands to the left of a row, and at its height."""
    near = [
        name
        for name in names
        if name.right < row.left and abs(name.base - row.base) <= LEVEL * row.size
    ]
    return near[0] if len(near) == 1 else None


def _is_set(line: Line) -> bool:
    return not (line.is_row or line.turned)


def _is_short(line: Line) -> bool:
    return _is_set(line) and not line.cells and len(line.text) < LONGEST


def _named(row: Line, name: Line | None) -> Line:
    if name is None:
        return row
    return replace(
        row,
        text=f"{name.text} {row.text}",
        left=name.left,
        cells=(Cell(name.text, name.left, name.right), *row.cells),
        pieces=(*name.pieces, *row.pieces),
    )
