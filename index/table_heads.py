"""Find the head of the table that an offset in a text is in.

In any format, a table is recognized by its lines alone: they have the same number of bars, with
nothing between them but blank lines or the dashes below the head of a Markdown table.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

BAR = " | "
_LINE = re.compile(r"[^\n]+")
_DASHES = re.compile(r"[\s|:-]+")
_FIGURE = re.compile(r"(?!(?:1\d|20)\d\d$)[-+±<>~$€£]?\d[\d.,\s]*(?:[%°]|\b[a-zA-Z]{1,3})?")

LONGEST = 400
"""The most characters of a head: it is added to every passage of the table."""


class _Table(NamedTuple):
    start: int
    rows: int
    """The offset of the first row below the head."""
    end: int
    head: str


def head_above(text: str, at: int) -> str:
    """Return the head of the table that has an offset in its rows; empty if there is none."""
    found = _tables(text)
    number = bisect_right(found, at, key=lambda table: table.start) - 1
    table = found[number] if number >= 0 else None
    return table.head if table and table.rows <= at < table.end else ""


@lru_cache(maxsize=8)
def _tables(text: str) -> tuple[_Table, ...]:
    """Return the tables of a text that have a head, which is a first row without figures."""
    if BAR not in text:
        return ()
    runs: list[list[tuple[int, int]]] = [[]]
    form, end = (0, False), 0
    for line in _LINE.finditer(text):
        bars = text.count(BAR, *line.span())
        if runs[-1] and _DASHES.fullmatch(line[0]):
            end = line.end()
            continue
        own = (bars, line[0].startswith("|"))
        if own != form or text[end : line.start()].strip():
            runs.append([])
        form, end = own, line.end()
        if bars:
            runs[-1].append(line.span())
    return tuple(
        _Table(run[0][0], run[1][0], run[-1][1], text[slice(*run[0])])
        for run in runs
        if len(run) > 1 and _names_columns(text[slice(*run[0])])
    )


def _names_columns(row: str) -> bool:
    cells = [each.strip() for each in row.strip("| ").split(BAR)]
    return len(row) <= LONGEST and not any(map(is_figure, cells))


def is_figure(cell: str) -> bool:
    """Whether a cell is a figure, and so not a head. Years do not count: they may be heads."""
    return _FIGURE.fullmatch(cell) is not None
