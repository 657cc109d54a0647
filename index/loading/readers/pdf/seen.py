"""Merge the lines recognized in a page's pictures with the lines of its text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.documents import Scan
from index.loading.readers.pdf.lines import CELL_GAP, Cell, Line
from index.loading.scanning.layout import Row, rows
from index.loading.scanning.words import joined, words_of


def seen(scans: Sequence[Scan], sizes: Mapping[int, tuple[float, float]]) -> dict[int, list[Line]]:
    """Return the recognized lines by page index, from 0; `sizes` are the pages' by number."""
    found = rows([(words_of(scan), *sizes[scan.page]) for scan in scans])
    return {
        scan.page - 1: [_seen_line(row, scan.page - 1) for row in page]
        for scan, page in zip(scans, found, strict=True)
    }


def _seen_line(row: Row, page: int) -> Line:
    cells: list[Cell] = []
    for word, (left, right) in zip(row.words, row.sides, strict=True):
        if cells and left - cells[-1].right <= CELL_GAP * row.size:
            begun = cells.pop()
            cells.append(Cell(begun.text + " " * word.blank + word.text, begun.left, right))
        else:
            cells.append(Cell(word.text, left, right))
    text, hyphen = joined(row.words), False
    if re.search(r"\w[-\u2010]$", text):
        text, hyphen = text[:-1], True
    apart = tuple(cells) if len(cells) > 1 else ()
    place = page, row.left, row.right, row.base, row.size
    return Line(text, *place, hyphen, apart, words=row.words)


def with_seen(lines: list[Line], seen: list[Line]) -> list[Line]:
    """Insert the lines recognized in a page's pictures before the first text line below them.

    A recognized line at the place of a text line is left out: it is the same text.
    """
    new = [line for line in seen if not any(_same_place(line, each) for each in lines)]
    if not new:
        return lines
    lowest = min(line.base for line in new)
    left, right = min(line.left for line in new), max(line.right for line in new)
    below = (
        number
        for number, line in enumerate(lines)
        if line.base < lowest and line.left < right and left < line.right and not line.turned
    )
    at = next(below, len(lines))
    return [*lines[:at], *new, *lines[at:]]


def _same_place(one: Line, other: Line) -> bool:
    middle = (one.left + one.right) / 2
    near = abs(one.base - other.base) < 0.6 * max(one.size, other.size)
    return near and other.left < middle < other.right
