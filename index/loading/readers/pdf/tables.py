"""Find tables without ruled lines: lines whose pieces are aligned in columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index.loading.readers.pdf.lines import Cell, Line
from index.table_heads import BAR

SHORTEST = ((2, 3), (3, 2))
"""The smallest tables, as (rows, cells per row): two rows of three cells, or three of two."""

LEAST_GROUPED = 3
"""The fewest cells of rows that may have the name of a group of rows between them."""

NEAR = 3
"""The largest distance between the left ends of that name and of the rows, in font sizes."""


def continued(pages: list[list[Line]]) -> list[list[Line]]:
    """Join tables that continue on the next page: a repeated head is left out.

    Lines that recur at the edges of the pages are moved before or after the table.
    """
    pages = [list(lines) for lines in pages]
    head, goes_on = "", False
    for lines, below in pairwise(pages):
        again = {_key(line) for line in lines} & {_key(line) for line in below}
        last, first = _rows_at(lines, -1, again), _rows_at(below, 0, again)
        began, goes_on = goes_on, False
        if not (last and first) or last[0].text.count(BAR) != first[0].text.count(BAR):
            continue
        head = next((row.text for row in last if row.is_head), head)
        if first[0].is_head and first[0].text != head:
            continue
        goes_on = True
        start = lines.index(last[-1])
        # On a page that is all table, recurring lines are left out: they would split its rows.
        around = [] if began and start == 0 else [line for line in lines[start:] if not line.is_row]
        lines[start:] = [*around, *last[::-1]]
        end = below.index(first[-1]) + 1
        edges = [line for line in below[:end] if not line.is_row]
        below[:end] = [*(row for row in first if not row.is_head), *edges]
    return pages


def _key(line: Line) -> tuple[float, str]:
    """Return a line's height and its text without its numbers, to recognize it on other pages."""
    return round(line.base), re.sub(r"\d+", "#", line.text)


def _rows_at(lines: Sequence[Line], end: int, again: set[tuple[float, str]]) -> list[Line]:
    """Return the rows at the beginning of a page (`end` 0), or from its end up to their head."""
    rows: list[Line] = []
    for line in lines if end == 0 else reversed(lines):
        if line.edge or (not line.is_row and _key(line) in again):
            continue
        if not line.is_row or (end == 0 and rows and line.is_head):
            break
        rows.append(line)
        if end and line.is_head:
            break
    return rows


def with_tables(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines, with runs of lines whose pieces are in columns turned into table rows."""
    run: list[Line] = []
    for at, line in enumerate(lines):
        fits = bool(run) and _below(run[-1], line)
        behind = lines[at + 1 : at + 2]
        is_row = bool(line.cells) or (fits and any(_parts(run[-1], line, row) for row in behind))
        if run and not (is_row and fits):
            yield from _as_table(run)
            run = []
        if is_row:
            run.append(line)
        else:
            yield line
    yield from _as_table(run)


def _parts(above: Line, line: Line, below: Line) -> bool:
    """Whether a line names a group of rows: one piece, in the first column of its neighbours."""
    around = [row.cells for row in (above, below)]
    return (
        _below(line, below)
        and len(around[0]) == len(around[1]) >= LEAST_GROUPED
        and abs(around[0][-1].right - around[1][-1].right) < line.size
        and abs(line.left - min(row[0].left for row in around)) < NEAR * line.size
        and line.right < min(row[1].left for row in around)
    )


def _below(above: Line, line: Line) -> bool:
    drop = above.base - line.base
    return line.page == above.page and 0 < drop <= 3 * line.size and above.size == line.size


def _as_table(run: list[Line]) -> list[Line]:
    """Return a run's lines as table rows; unchanged if they are not a table."""
    most = max((len(line.cells) for line in run), default=0)
    full = [line.cells for line in run if len(line.cells) == most]
    if not any(len(run) >= rows and most >= cells for rows, cells in SHORTEST):
        return run
    columns = [
        (min(cell.left for cell in column), max(cell.right for cell in column))
        for column in zip(*full, strict=True)
    ]
    if any(one[1] > other[0] for one, other in pairwise(columns)):
        return run
    cells = [line.cells or (Cell(line.text, line.left, line.right),) for line in run]
    placed = [_in_columns(each, columns) for each in cells]
    if not all(placed):
        return run
    return [
        replace(line, text=BAR.join(cells), hyphen=False, is_row=True)
        for line, cells in zip(run, placed, strict=True)
    ]


def _in_columns(cells: Sequence[Cell], columns: Sequence[tuple[float, float]]) -> list[str]:
    """Return a row's text by column, "" for a missing cell; an empty list if it does not fit."""
    row = [""] * len(columns)
    for cell in cells:
        middle = (cell.left + cell.right) / 2
        at = min(
            range(len(columns)),
            key=lambda number: abs(middle - (columns[number][0] + columns[number][1]) / 2),
        )
        if row[at]:
            return []
        row[at] = cell.text
    return row
