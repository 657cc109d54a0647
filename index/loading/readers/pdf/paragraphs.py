"""Join lines into paragraphs, by gaps, indents, and lines that end early."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from index.loading.readers.pdf.lines import CELL_GAP, ENDS_SENTENCE, Cell, Line, most_common
from index.loading.readers.pdf.tables import with_tables

_FIRST_WORD = re.compile(r"[^ \u2e80-\uffef]+|.")  # In Chinese, a character.
BULLET = re.compile(r"[•◦▪‣●–-] ")


def paragraphs(lines: list[Line]) -> list[list[Line]]:
    """Join lines into paragraphs by gaps, indents, and lines that end early."""
    runs: list[list[Line]] = []
    for line in with_tables(_rejoined(lines)):
        if not runs or not _is_below(runs[-1][-1], line):
            runs.append([])
        runs[-1].append(line)
    pitches: dict[float, list[float]] = {}
    for run in runs:
        for above, below in pairwise(run):
            pitches.setdefault(above.size, []).append(round(above.base - below.base, 1))
    pitch = {size: most_common(found) for size, found in pitches.items()}
    paragraphs: list[list[Line]] = []
    for run in runs:
        for number, paragraph in enumerate(_split_run(run, pitch)):
            if number == 0 and paragraphs and _continues(paragraphs[-1][-1], paragraph[0]):
                paragraphs[-1] += paragraph
            else:
                paragraphs.append(paragraph)
    return paragraphs


def _is_below(last: Line, line: Line) -> bool:
    """Whether a line is below another in the same column, at the same font size."""
    drop = last.base - line.base
    return (
        line.page == last.page
        and line.turned == last.turned
        and line.edge == last.edge
        and not (line.is_row or last.is_row)
        and line.size == last.size
        and 0 < drop <= 3 * line.size
        and line.left < last.right
        and last.left < line.right
    )


def _rejoined(lines: list[Line]) -> list[Line]:
    """Rejoin pieces of the same line."""
    whole: list[Line] = []
    for line in lines:
        if whole and _is_beside(whole[-1], line):
            whole[-1] = _side_by_side(whole[-1], line)
        else:
            whole.append(line)
    return whole


def _is_beside(one: Line, other: Line) -> bool:
    return (
        other.page == one.page
        and other.turned == one.turned
        and abs(other.base - one.base) < 0.3 * other.size
        and -0.3 * other.size <= other.left - one.right < 3 * other.size
    )


def _side_by_side(one: Line, other: Line) -> Line:
    """Join two pieces of a line."""
    cells = [*(one.cells or [Cell(one.text, one.left, one.right)])]
    added = [*(other.cells or [Cell(other.text, other.left, other.right)])]
    if other.left - one.right <= CELL_GAP * other.size:
        last, first = cells.pop(), added.pop(0)
        cells.append(Cell(f"{last.text} {first.text}", last.left, first.right))
    cells += added
    return replace(
        one,
        text=f"{one.text} {other.text}",
        right=other.right,
        hyphen=other.hyphen,
        cells=tuple(cells) if len(cells) > 1 else (),
    )


def _split_run(lines: list[Line], pitch: dict[float, float]) -> list[list[Line]]:
    # The right margin is not the outermost line's, which may be a table's or stick out by accident.
    margin = sorted(line.right for line in lines)[int(len(lines) * 0.8)]
    paragraphs = [[lines[0]]]
    for number, line in enumerate(lines[1:], 1):
        below = lines[number + 1] if number + 1 < len(lines) else None
        if _starts_paragraph(paragraphs[-1], line, below, margin, pitch[line.size]):
            paragraphs.append([])
        paragraphs[-1].append(line)
    return paragraphs


def _starts_paragraph(
    before: list[Line], line: Line, below: Line | None, margin: float, pitch: float
) -> bool:
    last = before[-1]
    if last.base - line.base > 1.3 * pitch or BULLET.match(line.text):
        return True
    if last.hyphen:
        return False
    em = line.size
    if margin - last.right > room_for_word(line):
        return True  # The next word would have fitted: the line was ended on purpose.
    if not ENDS_SENTENCE.search(last.text):
        return False
    indented = line.left - last.left > 0.8 * em and (
        below is None or line.left - below.left > 0.8 * em
    )
    hanging = (
        len(before) > 1
        and last.left - before[0].left > 0.8 * em
        and last.left - line.left > 0.8 * em
    )
    return indented or hanging


def _continues(before: Line, after: Line) -> bool:
    """Whether a sentence runs on past the end of a column or page into a lower-case letter."""
    return runs_on(before, after) and after.text[0].islower()


def runs_on(before: Line, after: Line) -> bool:
    """Whether a line does not end a sentence, and another line may continue it."""
    ends = not before.hyphen and ENDS_SENTENCE.search(before.text)
    apart = any(line.is_row or line.turned or line.edge for line in (before, after))
    return not (ends or apart) and before.size == after.size


def room_for_word(line: Line) -> float:
    """Return the approximate width of a line's first word with a blank before it."""
    word = len(_FIRST_WORD.findall(line.text)[0]) + 1
    return word * (line.right - line.left) / len(line.text) + 0.3 * line.size
