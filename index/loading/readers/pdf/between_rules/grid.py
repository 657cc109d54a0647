"""Derive a table's rows and columns from the positions of its words and ruled lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.loading.readers.pdf.between_rules.rules import Rule
from index.loading.readers.pdf.lines import Cell

GUTTER = 0.62
"""The smallest gap between columns, in font sizes; gaps in justified text are seldom as wide."""

SPANNING = 0.35
"""The share of lines that may cross a gutter in one piece: heads of several columns or of groups of
rows."""

LONG, MANY = 28, 8
"""A column with this many letters per cell, in this many lines, is a column of running text."""

LEADING = 1.6
"""The largest distance between lines of a cell, in font sizes."""

HEAD_LINES = 7
"""The most lines of a head."""

LEAST_WORDS, LEAST_FILLED = 0.2, 0.25
"""The smallest shares of filled cells that contain words, and of all cells that are filled: figures
with axes have less."""

LEAST_SEVERAL = 0.65
"""The smallest share of rows with several cells, if there are no vertical rules: program output in
a framed figure has less."""

LEAST_ROWS = 2
"""The fewest rows below a table's head."""

APART = 5
"""The largest distance between lines of a table, in font sizes; panels of figures exceed it."""

WIDE = 6
"""A cell continues on the next line only in columns at least this wide, in font sizes."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words at one height of a table."""

    base: float
    size: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's rows, each with its height on the page."""

    rows: list[tuple[float, list[str]]]
    has_head: bool


@dataclass(slots=True)
class _Row:
    """A line of a table: the words in each column, and the pieces that span several columns."""

    base: float
    cells: list[list[Cell]]
    across: list[tuple[int, int, Cell]]

    @property
    def filled(self) -> list[int]:
        return [at for at, cell in enumerate(self.cells) if cell]


def grid_of(
    bands: Sequence[Sequence[Words]],
    sides: tuple[float, float],
    down: Sequence[Rule],
    partial: Sequence[Rule],
) -> Grid | None:
    """Return the rows of the text in bands between rules; None if it is not a table."""
    lines = [line for band in bands for line in band]
    if len(bands) < 2 or len(lines) < 3 or len(bands[0]) > HEAD_LINES:
        return None
    size = median(line.size for line in lines)
    if any(above.base - line.base > APART * size for above, line in pairwise(lines)):
        return None
    edges = _edges(lines, lines[len(bands[0]) :], sides, down)
    if len(edges) < 3:
        return None
    rows = [[_placed(line, edges) for line in band] for band in bands]
    body = [row for band in rows[1:] for row in band]
    if not _is_table(body, edges, bool(down)):
        return None
    ends = _ends([row for band in rows for row in band], len(edges) - 1)
    head = rows[:1]
    is_grid = bool(down) and _is_grid(rows)
    if is_grid and len(rows) > 2 and _has_second(rows[0]):
        head = rows[:2]
    if len(rows[0]) > 2 and _is_even(rows[0]):
        head = []
    first = [row for band in head for row in band]
    top = [(first[0].base, _head(first, edges, partial))] if head else []
    below = rows[len(head) :]
    if is_grid:
        body_rows = [(band[0].base, _joined(band)) for band in below]
    else:
        body_rows = [
            (whole[0].base, _joined(whole))
            for band in below
            for whole in _wrapped(band, body, edges, ends, size)
        ]
    if len(body_rows) < LEAST_ROWS or not _says_something(
        [cells for _, cells in body_rows], bool(down)
    ):
        return None
    return Grid([*top, *body_rows], bool(head))


def _edges(
    lines: Sequence[Words], body: Sequence[Words], sides: tuple[float, float], down: Sequence[Rule]
) -> list[float]:
    """Return the edges of the columns: at vertical rules, or in gutters almost free of words."""
    size = median(line.size for line in lines)
    height = lines[0].base - lines[-1].base
    drawn = {
        round(rule.at, 1)
        for rule in down
        if sum(each.end - each.start for each in down if abs(each.at - rule.at) < 2) > 0.6 * height
    }
    pieces = [pieces_of(line) for line in body]
    several = [each for each in pieces if len(each) > 1]
    single = [each[0] for each in pieces if len(each) == 1]
    if not several:
        return []
    points = sorted(
        {round(x, 1) for each in pieces for cell in each for x in (cell.left, cell.right)}
    )
    free: list[list[float]] = []
    for left, right in pairwise(points):
        middle = (left + right) / 2
        over = sum(any(cell.left < middle < cell.right for cell in each) for each in several)
        alone = sum(cell.left < middle < cell.right for cell in single)
        if over <= len(several) // 12 and alone <= SPANNING * len(body):
            if free and free[-1][1] == left:
                free[-1][1] = right
            else:
                free.append([left, right])
    first = min(cell.left for line in lines for cell in line.cells)
    last = max(cell.right for line in lines for cell in line.cells)
    inner = [x for x in sorted(drawn) if first < x < last]
    heads = lines[-len(body) - 1].cells
    middles = [
        _free(left, right, heads)
        for left, right in free
        if right - left > GUTTER * size
        and not any(left - 1 <= x <= right + 1 for x in inner)
        and _parts(several, left, right, [first, *inner, last])
    ]
    return [min(sides[0], first), *sorted({*inner, *middles}), max(sides[1], last)]


def _free(left: float, right: float, heads: Sequence[Cell]) -> float:
    """Return the middle of a gutter, or of its widest part that is free of heads."""
    within = [cell for cell in heads if left < cell.right and cell.left < right]
    points = sorted(
        {left, right, *(x for cell in within for x in (cell.left, cell.right) if left < x < right)}
    )
    parts = [
        (b - a, (a + b) / 2)
        for a, b in pairwise(points)
        if not any(cell.left < (a + b) / 2 < cell.right for cell in within)
    ]
    return max(parts)[1] if parts else (left + right) / 2


def _parts(
    lines: Sequence[Sequence[Cell]], left: float, right: float, drawn: Sequence[float]
) -> bool:
    """Whether several lines have words on both sides of a gutter, within the nearest rules."""
    lowest = max((x for x in drawn if x <= left), default=left)
    highest = min((x for x in drawn if x >= right), default=right)
    both = sum(
        any(lowest <= cell.left + 1 and cell.right <= left + 1 for cell in line)
        and any(right <= cell.left + 1 and cell.right <= highest + 1 for cell in line)
        for line in lines
    )
    return both > 1


def pieces_of(line: Words) -> list[Cell]:
    """Join the words of a line that are no further apart than words usually are."""
    found: list[Cell] = []
    for word in line.cells:
        if found and word.left - found[-1].right <= GUTTER * line.size:
            begun = found.pop()
            text = (
                f"{begun.text} {word.text}"
                if word.left > begun.right + 0.1 * line.size
                else begun.text + word.text
            )
            found.append(Cell(text, begun.left, max(word.right, begun.right)))
        else:
            found.append(word)
    return found


def _placed(line: Words, edges: Sequence[float]) -> _Row:
    """Assign a line's words to columns; a piece that crosses an edge spans both columns."""
    row = _Row(line.base, [[] for _ in edges[1:]], [])
    for piece in pieces_of(line):
        over = [
            at for at, edge in enumerate(edges[1:-1], 1) if piece.left + 1 < edge < piece.right - 1
        ]
        apart = [
            word for word in line.cells if piece.left <= word.left and word.right <= piece.right
        ]
        # Words that end before an edge and words that begin after it are separate cells.
        if over and all(_parted(apart, edges[at], line.size) for at in over):
            for word in apart:
                row.cells[_column(word, edges)].append(word)
        elif over:
            row.across.append((over[0] - 1, over[-1], piece))
        else:
            row.cells[_column(piece, edges)].append(piece)
    return row


def _parted(words: Sequence[Cell], edge: float, size: float) -> bool:
    """Whether an edge lies between two words almost as far apart as columns are."""
    return any(
        a.right <= edge + 1 and edge - 1 <= b.left and b.left - a.right > 0.4 * size
        for a, b in pairwise(words)
    )


def _column(cell: Cell, edges: Sequence[float]) -> int:
    middle = (cell.left + cell.right) / 2
    return min(sum(edge <= middle for edge in edges[1:-1]), len(edges) - 2)


def _text(cells: Sequence[Cell]) -> str:
    return " ".join(cell.text for cell in cells)


def _is_table(body: Sequence[_Row], edges: Sequence[float], drawn: bool) -> bool:
    """Whether the lines below a head belong to a table, and are not columns of running text."""
    across = sum(bool(row.across) and not row.filled for row in body)
    if across > 0.5 * len(body) or not any(len(row.filled) > 1 for row in body):
        return False
    running = 0
    for at in range(len(edges) - 1):
        filled = [_text(row.cells[at]) for row in body if row.cells[at]]
        long = len(filled) >= MANY and median(map(len, filled)) >= LONG
        running += long and len(filled) > 0.8 * len(body)
    return drawn or running < 2


def _says_something(rows: Sequence[Sequence[str]], drawn: bool) -> bool:
    """Whether enough cells are filled, and with words or figures, for a table."""
    filled = [cell for row in rows for cell in row if cell]
    words = sum(any(map(str.isalnum, cell)) for cell in filled)
    several = sum(sum(map(bool, row)) > 1 for row in rows)
    return (
        words > LEAST_WORDS * len(filled)
        and len(filled) > LEAST_FILLED * len(rows) * len(rows[0])
        and (drawn or several >= LEAST_SEVERAL * len(rows))
    )


def _is_grid(bands: Sequence[Sequence[_Row]]) -> bool:
    """Whether each band between two rules is a single row, whose cells may have several lines."""
    below = bands[1:]
    against = 0
    for band in below:
        filled = [
            [number for number, row in enumerate(band) if row.cells[at]]
            for at in range(len(band[0].cells))
        ]
        columns = [each for each in filled if each]
        gaps = any(each[-1] - each[0] >= len(each) and _gap(band, each) for each in columns)
        against += gaps or _is_even(band)
    return (
        len(below) >= 3 and against <= 0.1 * len(below) and len(below) * 6 >= sum(map(len, below))
    )


def _is_even(band: Sequence[_Row]) -> bool:
    """Whether all lines fill the same columns, so that each is a row of its own."""
    columns = {at for row in band for at in row.filled}
    even = all(len(row.filled) == len(columns) for row in band)
    return len(band) > 1 and len(columns) > 1 and even


def _gap(band: Sequence[_Row], lines: Sequence[int]) -> bool:
    """Whether there is a gap between these lines that is too large within one cell."""
    drops = [band[a].base - band[b].base for a, b in pairwise(lines)]
    return bool(drops) and max(drops) > LEADING * min(drops)


def _has_second(band: Sequence[_Row]) -> bool:
    """Whether spanning heads lack heads of single columns, which the next band then holds."""
    filled = {at for row in band for at in row.filled}
    across = [at for row in band for first, last, _ in row.across for at in range(first, last + 1)]
    return bool(across) and not filled & set(across)


def _ends(rows: Sequence[_Row], columns: int) -> list[float]:
    """Return the right end of the text in each column."""
    return [
        max((row.cells[at][-1].right for row in rows if row.cells[at]), default=0.0)
        for at in range(columns)
    ]


def _head(rows: Sequence[_Row], edges: Sequence[float], partial: Sequence[Rule]) -> list[str]:
    """Return the head of each column: all head text above it, from top to bottom."""
    heads: list[list[str]] = [[] for _ in edges[1:]]
    for row in rows:
        for at, cell in enumerate(row.cells):
            if cell:
                heads[at].append(_text(cell))
        for first, last, piece in row.across:
            for at in _spanned(row, first, last, piece, edges, partial):
                heads[at].append(piece.text)
    return [_unbroken(each) for each in heads]


def _spanned(
    row: _Row, first: int, last: int, piece: Cell, edges: Sequence[float], partial: Sequence[Rule]
) -> range:
    """Return the columns that a head spans: those of the rule below it, or centred under it."""
    near = [
        rule
        for rule in partial
        if 0 < row.base - rule.at < 12
        and rule.start - 2 <= piece.left
        and piece.right <= rule.end + 2
    ]
    if near:
        rule = near[0]
        columns = [
            at
            for at, (left, right) in enumerate(pairwise(edges))
            if rule.start - 2 <= (left + right) / 2 <= rule.end + 2
        ]
        if columns:
            return range(columns[0], columns[-1] + 1)
    taken = set(row.filled) | {
        at for a, b, other in row.across if other is not piece for at in range(a, b + 1)
    }
    lowest, highest = first, last
    while lowest > 1 and lowest - 1 not in taken:
        lowest -= 1
    while highest < len(edges) - 2 and highest + 1 not in taken:
        highest += 1
    middle = (piece.left + piece.right) / 2
    spans = [
        (abs((edges[a] + edges[b + 1]) / 2 - middle), a, b)
        for a in range(lowest, first + 1)
        for b in range(last, highest + 1)
    ]
    closest = min(spans)[0] if spans else 0.0
    near_spans = [(b - a, a, b) for far, a, b in spans if far <= closest + 4]
    _, a, b = max(near_spans) if near_spans else (0, first, last)
    return range(a, b + 1)


def _wrapped(
    band: Sequence[_Row],
    body: Sequence[_Row],
    edges: Sequence[float],
    ends: Sequence[float],
    size: float,
) -> list[list[_Row]]:
    """Group lines into rows: a cell continues if its line had no room for the next word."""
    named = all(row.cells[0] for row in body if len(row.filled) > 1)
    rows: list[list[_Row]] = []
    for row in band:
        above = rows[-1] if rows else None
        near = above is not None and above[-1].base - row.base < LEADING * size
        if above is not None and near and _goes_on(above, row, edges, ends, size, named):
            above.append(row)
        else:
            rows.append([row])
    return rows


def _goes_on(
    above: Sequence[_Row],
    row: _Row,
    edges: Sequence[float],
    ends: Sequence[float],
    size: float,
    named: bool,
) -> bool:
    filled = row.filled
    if row.across or not filled or len(filled) > max(1, (len(edges) - 1) // 2):
        return False
    if named and filled == [len(edges) - 2] and len(edges) > 2 and len(above[0].filled) > 1:
        return True
    for at in filled:
        before = next((each.cells[at] for each in reversed(above) if each.cells[at]), None)
        if before is None or edges[at + 1] - edges[at] < WIDE * size or not above[-1].cells[at]:
            return False
        first = row.cells[at][0]
        word = first.text.split(" ")[0]
        room = (len(word) + 1) * (first.right - first.left) / max(len(first.text), 1)
        if " " not in _text(before):
            return False
        if ends[at] - before[-1].right > room and not before[-1].text.endswith("-"):
            return False
    return True


def _joined(rows: Sequence[_Row]) -> list[str]:
    """Return the cells of a row, joined from its lines."""
    cells: list[list[str]] = [[] for _ in rows[0].cells]
    for row in rows:
        for at, cell in enumerate(row.cells):
            if cell:
                cells[at].append(_text(cell))
        for first, _, piece in row.across:
            cells[first].append(piece.text)
    return [_unbroken(each) for each in cells]


def _unbroken(lines: Sequence[str]) -> str:
    text = ""
    for line in lines:
        if text.endswith("-") and re.search(r"[^\W\d_]-$", text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text = f"{text} {line}" if text else line
    return text
