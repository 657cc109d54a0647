"""Remove what surrounds the text of pages: line numbers, running headers and footers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from index.loading.readers.pdf.lines import HEADING_SCALE, Line

EDGE_SHARE = 0.4
"""The share of pages from which a repeated line at the edge is a header or footer. It is below one
half, since left and right pages may differ."""

FEW_PAGES = 3
"""In a document this short, repeated lines may be content: they stay, but out of the sentences."""

LEADING = 1.6
"""The largest distance between lines of one paragraph, in font sizes."""

NUMBERED_LINES = 5
"""The fewest numbers next to the text, in equal steps, that are line numbers."""


def without_line_numbers(lines: list[Line]) -> list[Line]:
    """Leave out the line numbers of a draft, which are next to the text."""
    text = [line for line in lines if not line.turned and not line.text.isdecimal()]
    left = min((line.left for line in text), default=0.0)
    right = max((line.right for line in text), default=0.0)
    beside = [
        line
        for line in sorted(lines, key=lambda line: -line.base)
        if line.text.isdecimal() and (line.right <= left or right <= line.left)
    ]
    counted = set(beside) if _count_up([line.text for line in beside]) else set()
    # pdfium may also take them for a single line, which is as narrow as each number.
    counted |= {
        line
        for line in lines
        if line.right - line.left < 3 * line.size and _count_up(line.text.split())
    }
    return [line for line in lines if line not in counted]


def _count_up(words: Sequence[str]) -> bool:
    """Whether words are line numbers: enough of them, increasing in equal steps."""
    if len(words) < NUMBERED_LINES or not all(map(str.isdecimal, words)):
        return False
    steps = {int(below) - int(above) for above, below in pairwise(words)}
    return len(steps) == 1 and steps.pop() > 0


def without_edges(pages: list[list[Line]], body: float) -> list[list[Line]]:
    """Leave out running headers, footers and page numbers, which recur at one height.

    If there are only a few pages, they are marked instead (`Line.edge`).
    """
    few = len(pages) <= FEW_PAGES
    heights = [_edge_heights(lines, few) for lines in pages]
    edges = [
        {
            line
            for line in lines
            if line.turned
            or (not line.is_row and line.base in outer and line.size < HEADING_SCALE * body)
        }
        for lines, outer in zip(pages, heights, strict=True)
    ]
    seen = Counter(
        key for found in edges for key in {k for line in found for k in _edge_keys(line)}
    )
    least = max(EDGE_SHARE * len(pages), 2)
    repeated = {key for key, count in seen.items() if count >= least}
    kept: list[list[Line]] = []
    for lines, found in zip(pages, edges, strict=True):
        gone = {line for line in found if repeated & _edge_keys(line)}
        # Text on the same line as the page number names the section.
        numbers = {round(line.base) for line in gone if line.text.isdecimal()}
        gone |= {line for line in found if not line.turned and round(line.base) in numbers}
        if few:
            kept.append([replace(line, edge=line in gone) for line in lines])
        else:
            kept.append([line for line in lines if line not in gone])
    return kept


def _edge_heights(lines: list[Line], apart: bool) -> set[float]:
    """Return the two outermost heights at both ends of a page.

    With `apart`, return only heights with a gap between them and the text.
    """
    sizes = {line.base: line.size for line in lines if not line.turned}
    heights = sorted(sizes)
    found: set[float] = set()
    for ends in (heights[:3], heights[:-4:-1]):
        for number, (edge, inner) in enumerate(pairwise(ends), 1):
            if abs(edge - inner) > LEADING * sizes[edge]:
                found |= set(ends[:number])
    return found if apart else {*heights[:2], *heights[-2:]}


def _edge_keys(line: Line) -> set[str]:
    """Return keys by which a line is recognized on other pages: its text with its height.

    For each number in it there is also a key with that number relative to the page's index. A
    number at the line's beginning or end may be the page number, whatever the rest says, so it is
    a key by itself.
    """
    height = round(line.base)
    keys = {f"{height} {line.text}"}
    for match in re.finditer(r"\d{1,4}", line.text):
        relative = int(match[0]) - line.page
        keys.add(f"{height} {line.text[: match.start()]}#{relative}{line.text[match.end() :]}")
        if match.start() == 0 or match.end() == len(line.text):
            keys.add(f"{height} #{relative}")
    return keys
