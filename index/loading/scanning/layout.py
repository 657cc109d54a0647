"""The words of a page's picture in rows, upright, in the order in which they are read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, cos, sin, sqrt, tan
from statistics import median

from index.loading.scanning.words import FINE, Word, quarters, turned

BOX_OF_SIZE = 1.2
"""A word's box is so much higher than its letters' size."""

SAME_SIZE = 1.18
"""Lines whose boxes differ less than this from the text's are of its size: boxes are not exact."""

_MOST_SKEW = 0.14
"""Eight degrees: what lies further off is no skewed page."""

_COLUMN_LINES, _COLUMN_WIDTH = 4, 8
"""Columns of running text have so many lines at least, and are mostly so many letters' sizes wide;
those of tables are not."""

_RUNNING_LINES, _RUNNING = 6, 0.75
"""What stands between other lines is two columns of text where each has so many lines, of which
half are this share of the longest."""

_APART = 2
"""Once one column has ended, a line so many times its size below the other follows both."""

_TELLING = 4
"""Letters of a line whose width tells its size."""

_CROSSING = 0.25
"""The share of lines that may go across both of two columns: titles and captions."""


@dataclass(frozen=True, slots=True)
class Row:
    """Words side by side, with their left and right sides in points, as if the page were upright.

    `base` is where they stand above the page's lower edge.
    """

    words: tuple[Word, ...]
    sides: tuple[tuple[float, float], ...]
    base: float
    size: float

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.sides[0][0]

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.sides[-1][1]


Seen = tuple[Sequence[Word], float, float]
"""The words of a page, and its width and height in points."""

_Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points, from the upper left of a page that is turned upright."""


def rows(pages: Sequence[Seen]) -> list[list[Row]]:
    """Return the words of each page in rows, in the order in which they are read."""
    upright = _by_letters([_upright(*each) for each in pages])
    size = _sizes([line for lines in upright for line in lines])
    return [
        list(_in_order([replace(line, size=size[line.size]) for line in lines]))
        for lines in upright
    ]


def _upright(words: Sequence[Word], width: float, height: float) -> list[Row]:
    back = -quarters(words) % 4
    if back % 2:
        width, height = height, width
    seen: dict[int, list[Word]] = {}
    boxes: dict[int, list[_Box]] = {}
    for word in words:
        seen.setdefault(word.line, []).append(word)
        placed = word
        for _ in range(back):
            placed = turned(placed)
        left, right = placed.left * width / FINE, placed.right * width / FINE
        top, bottom = placed.top * height / FINE, placed.bottom * height / FINE
        boxes.setdefault(word.line, []).append((left, top, right, bottom))
    skew = _skew(list(boxes.values()), width)
    return [_row(seen[line], boxes[line], skew, width, height) for line in seen]


def _skew(lines: Sequence[Sequence[_Box]], width: float) -> float:
    """Return by how much the lines rise from left to right, as an angle."""
    angles: list[float] = []
    for line in lines:
        first, last = line[0], line[-1]
        across = (last[0] + last[2] - first[0] - first[2]) / 2
        down = (last[1] + last[3] - first[1] - first[3]) / 2
        # Of short lines, a letter with a tail makes an angle.
        if across > width / 8 and abs(angle := atan2(-down, across)) < _MOST_SKEW:
            angles.append(angle)
    return median(angles) if angles else 0.0


def _row(
    words: Sequence[Word], line: Sequence[_Box], skew: float, width: float, height: float
) -> Row:
    sides, middles, heights = [], [], []
    for left, top, right, bottom in line:
        x, y = (left + right) / 2 - width / 2, height / 2 - (top + bottom) / 2
        across, up = x * cos(skew) + y * sin(skew), y * cos(skew) - x * sin(skew)
        half = (right - left) / 2
        sides.append((across - half + width / 2, across + half + width / 2))
        middles.append(up + height / 2)
        # A box around a skewed word is higher than the word.
        heights.append(max(bottom - top - (right - left) * abs(tan(skew)), 1.0))
    size = median(heights) / BOX_OF_SIZE
    return Row(tuple(words), tuple(sides), median(middles) - 0.35 * size, size)


def _by_letters(pages: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Return the lines of pages with sizes that agree with how wide their letters are as well.

    Boxes around short lines are too high or too low, by as much as headings are larger.
    """
    wide = [_letter(line) / line.size for lines in pages for line in lines if _tells(line)]
    usual = median(wide) if wide else 1.0
    return [
        [
            replace(line, size=sqrt(line.size * _letter(line) / usual)) if _tells(line) else line
            for line in lines
        ]
        for lines in pages
    ]


def _letter(line: Row) -> float:
    """Return how wide a letter is, where a sign of Chinese is as wide as two."""
    signs = [sign for word in line.words for sign in word.text]
    wide = sum(unicodedata.east_asian_width(sign) in ("W", "F") for sign in signs)
    return max(sum(right - left for left, right in line.sides), 1.0) / (len(signs) + wide)


def _tells(line: Row) -> bool:
    return sum(len(word.text) for word in line.words) >= _TELLING


def _sizes(lines: Sequence[Row]) -> dict[float, float]:
    """Return for the size of each line one of few, which differ as letters do and boxes do not."""
    lengths = [line.size for line in lines for word in line.words for _ in word.text]
    groups = [median(lengths)] if lengths else []
    found: dict[float, float] = {}
    for size in sorted({line.size for line in lines}):
        nearest = min(groups, key=lambda each: max(each / size, size / each))
        if not 1 / SAME_SIZE <= size / nearest <= SAME_SIZE:
            groups.append(nearest := size)
        found[size] = round(2 * nearest) / 2
    return found


def _in_order(lines: Sequence[Row]) -> Iterator[Row]:
    """Yield lines column by column; one across them stands between what is above it and below."""
    gutter = _gutter(lines)
    if gutter is None:
        yield from _around_columns(lines)
        return
    band: list[Row] = []
    for line in [*sorted(lines, key=lambda each: -each.base), None]:
        if line is not None and not line.left < gutter < line.right:
            band.append(line)
            continue
        yield from _in_order([each for each in band if each.right <= gutter])
        yield from _in_order([each for each in band if each.left >= gutter])
        band = []
        if line is not None:
            yield line


def _gutter(lines: Sequence[Row]) -> float | None:
    """Return where two columns of running text lie apart; None where none do."""
    best: tuple[int, int, float] | None = None
    for at in sorted({line.right for line in lines}):
        left = [line for line in lines if line.right <= at]
        right = [line for line in lines if line.left > at]
        crossing = len(lines) - len(left) - len(right)
        if (
            crossing <= _CROSSING * len(lines)
            and all(_is_column(side) for side in (left, right))
            and (best is None or (crossing, -min(len(left), len(right))) < best[:2])
        ):
            beside = min(line.left for line in right)
            best = (crossing, -min(len(left), len(right)), (at + beside) / 2)
    return best and best[2]


def _around_columns(lines: Sequence[Row]) -> Iterator[Row]:
    """Yield lines from top to bottom; where some of them stand in columns, column by column."""
    ordered = sorted(lines, key=lambda each: -each.base)
    most, among = 0, range(0)
    left: list[Row] = []
    right: list[Row] = []
    for at in {line.right for line in lines}:
        begin = 0
        for end, line in enumerate([*ordered, None]):
            if line is not None and not line.left <= at < line.right:
                continue
            run = ordered[begin:end]
            sides = [x for x in run if x.right <= at], [x for x in run if x.left > at]
            if all(map(_is_running, sides)) and min(map(len, sides)) > most:
                most, among = min(map(len, sides)), range(begin, end)
                left, right = sides
            begin = end + 1
    if not most:
        yield from _side_by_side(lines)
        return
    ended = max(min(line.base for line in side) for side in (left, right))
    for at in among[1:]:  # What follows a column of its own is no part of it.
        above, line = ordered[at - 1], ordered[at]
        if line.base < ended and above.base - line.base > _APART * line.size:
            among = range(among.start, at)
            break
    inside = {id(line) for line in ordered[among.start : among.stop]}
    yield from _in_order(ordered[: among.start])
    for side in (left, right):
        yield from _in_order([line for line in side if id(line) in inside])
    yield from _in_order(ordered[among.stop :])


def _is_column(lines: Sequence[Row]) -> bool:
    if len(lines) < _COLUMN_LINES:
        return False
    return median((line.right - line.left) / line.size for line in lines) >= _COLUMN_WIDTH


def _is_running(lines: Sequence[Row]) -> bool:
    """Whether lines are most of them as long as the longest, as those of cells are not."""
    if len(lines) < _RUNNING_LINES or not _is_column(lines):
        return False
    lengths = [line.right - line.left for line in lines]
    return median(lengths) >= _RUNNING * max(lengths)


def _side_by_side(lines: Sequence[Row]) -> Iterator[Row]:
    """Yield lines from top to bottom; what stands side by side is one row."""
    held: list[Row] = []
    for line in sorted(lines, key=lambda each: -each.base):
        if held and held[0].base - line.base > 0.5 * min(held[0].size, line.size):
            yield _as_one(held)
            held = []
        held.append(line)
    if held:
        yield _as_one(held)


def _as_one(pieces: Sequence[Row]) -> Row:
    ordered = sorted(pieces, key=lambda each: each.left)
    words = tuple(
        word._replace(blank=word.blank or (number == 0 and piece is not ordered[0]))
        for piece in ordered
        for number, word in enumerate(piece.words)
    )
    sides = tuple(side for piece in ordered for side in piece.sides)
    longest = max(ordered, key=lambda each: each.right - each.left)
    # To whole points, since lines of a text stand evenly apart, and boxes are not exact.
    return Row(words, sides, float(round(longest.base)), longest.size)
