"""Arrange the words recognized on a page in upright rows, in reading order."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, cos, sin, sqrt, tan
from statistics import median

from index.loading.scanning.words import FINE, Word, quarters, turned

BOX_OF_SIZE = 1.2
"""The ratio of the height of a word's box to its font size."""

SAME_SIZE = 1.18
"""The ratio up to which a line's size counts as that of the text: boxes are not exact."""

_MOST_SKEW = 0.14
"""In radians, eight degrees: the page is not skewed by more than this."""

_COLUMN_LINES, _COLUMN_WIDTH = 4, 8
"""The fewest lines of a column of running text, and its smallest median width in font sizes;
columns of tables are narrower."""

_RUNNING_LINES, _RUNNING = 6, 0.75
"""Lines among others form two columns of text if each column has this many lines, at least half of
which have this share of the longest line's length."""

_APART = 2
"""Once one column has ended, a gap of this many font sizes in the other ends both."""

_TELLING = 4
"""The fewest letters of a line whose width indicates its size."""

_CROSSING = 0.25
"""The largest share of lines that cross two columns: titles and captions."""


@dataclass(frozen=True, slots=True)
class Row:
    """Words side by side, with their left and right sides in points, as if the page were upright.

    `base` is the height of their baseline above the page's lower edge.
    """

    words: tuple[Word, ...]
    sides: tuple[tuple[float, float], ...]
    base: float
    size: float

    @property
    def left(self) -> float:
        """The left side of its first word."""
        return self.sides[0][0]

    @property
    def right(self) -> float:
        """The right side of its last word."""
        return self.sides[-1][1]


Seen = tuple[Sequence[Word], float, float]
"""The words of a page, and its width and height in points."""

_Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points, from the upper left of a page that is turned upright."""


def rows(pages: Sequence[Seen]) -> list[list[Row]]:
    """Return the words of each page in rows, in reading order."""
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
    """Return the angle by which the lines rise from left to right."""
    angles: list[float] = []
    for line in lines:
        first, last = line[0], line[-1]
        across = (last[0] + last[2] - first[0] - first[2]) / 2
        down = (last[1] + last[3] - first[1] - first[3]) / 2
        # In a short line, a letter with a descender already makes an angle.
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
    """Return the lines of pages with sizes corrected by the width of their letters.

    The error in the height of boxes around short lines is as large as the difference between
    headings and text.
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
    """Return the average width of a letter, counting a Chinese character as two."""
    signs = [sign for word in line.words for sign in word.text]
    wide = sum(unicodedata.east_asian_width(sign) in ("W", "F") for sign in signs)
    return max(sum(right - left for left, right in line.sides), 1.0) / (len(signs) + wide)


def _tells(line: Row) -> bool:
    return sum(len(word.text) for word in line.words) >= _TELLING


def _sizes(lines: Sequence[Row]) -> dict[float, float]:
    """Map each line's size to one of a few, further apart than the errors of boxes."""
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
    """Yield lines column by column; a line across both columns divides what is above and below."""
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
    """Return the horizontal position between two columns of running text, or None."""
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
    """Yield lines from top to bottom; lines among them that form columns, column by column."""
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
    for at in among[1:]:  # Once one column has ended, what follows a gap belongs to neither.
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
    """Whether most lines are about as long as the longest, unlike lines of table cells."""
    if len(lines) < _RUNNING_LINES or not _is_column(lines):
        return False
    lengths = [line.right - line.left for line in lines]
    return median(lengths) >= _RUNNING * max(lengths)


def _side_by_side(lines: Sequence[Row]) -> Iterator[Row]:
    """Yield lines from top to bottom, joining those at the same height into one row."""
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
    # Rounded to whole points: lines of a text are evenly spaced, but boxes are not exact.
    return Row(words, sides, float(round(longest.base)), longest.size)
