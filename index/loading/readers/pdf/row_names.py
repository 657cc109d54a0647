"""Rejoin table rows with their first cells: some programs write all row names, then all rows.

In the extracted text, the names then come before or after all the rows. On the page, each name is
at the height of its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from index.loading.readers.pdf.lines import WORD, Cell, Line

LEAST = 3
"""The fewest names in a column."""

MOST_MISSING = 0.2
"""The largest share of rows without a name, and of names without a word: formulas and figures have
more."""

LONGEST = 28
"""The longest name, in characters; lines of text in a column next to a table are longer."""

LEVEL = 0.3
"""The largest difference in height between a name and its row, in font sizes."""


def with_row_names(lines: list[Line]) -> list[Line]:
    """Return a page's lines, with separately written names as the first cells of their rows.

    Names with no row at their height are names of groups of rows.
    """
    for is_cells, run in groupby(lines, lambda line: bool(line.cells) and _is_set(line)):
        rows = list(run)
        if is_cells and len(rows) >= LEAST and (names := _names(rows, lines)):
            return _with(rows, names, lines)
    return lines


def _names(rows: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """Return the run of consecutive lines that names the rows, or nothing."""
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
    """Return lines with the rows and names as one table, from top to bottom."""
    heads = [
        line
        for line in lines
        if line.cells and _is_set(line) and line.base > rows[0].base and _level(line, names)
    ]
    # A dict rather than a set, so that the order of lines at the same height is deterministic.
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
    """Return the only name to the left of a row at its height, else None."""
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
