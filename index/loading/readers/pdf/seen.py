"""The lines that were read from a page's picture, and those of its text together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.documents import Scan
from index.loading.readers.pdf.lines import CELL_GAP, Cell, Line
from index.loading.scanning.layout import Row, rows
from index.loading.scanning.words import joined, words_of


def seen(scans: Sequence[Scan], sizes: Mapping[int, tuple[float, float]]) -> dict[int, list[Line]]:
    """Return the lines that were seen on pages of some sizes, by the pages' numbers from 0."""
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
    """Put what was seen in a page's pictures between its lines: above the first that is below it.

    What stands where there is text already is that text.
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
