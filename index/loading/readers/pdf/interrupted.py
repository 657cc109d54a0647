"""Rejoin paragraphs that are interrupted by notes, captions, figures or the ends of columns."""

from __future__ import annotations

from index.furniture.captions import captions
from index.loading.readers.pdf.headings import NUMBERED_HEADING
from index.loading.readers.pdf.lines import ENDS_SENTENCE, HEADING_SCALE, WORD, Line
from index.loading.readers.pdf.paragraphs import BULLET, room_for_word, runs_on


def resumed(paragraphs: list[list[Line]], body: float) -> list[list[Line]]:
    """Rejoin paragraphs that are interrupted by notes, captions, figures or margins.

    An interruption is moved before the paragraph if it is on the page where the paragraph begins,
    and behind it if it is on the page where the paragraph continues, so that everything stays on
    its own page.
    """
    text = _of_text(paragraphs, body)
    whole: list[list[Line]] = []
    # The index in `whole` of the last paragraph of running text; what follows it interrupts.
    last: int | None = None
    for paragraph, is_caption in zip(paragraphs, captions(paragraphs, body), strict=True):
        if is_caption or _is_apart(paragraph[0], body):
            whole.append(paragraph)
            continue
        if last is not None and _resumes(begun := whole[last], paragraph[0], text):
            between = whole[last + 1 :]
            first, end, page = begun[0].page, begun[-1].page, paragraph[0].page
            before = [each for each in between if each[0].page == end]
            behind = [each for each in between if each[0].page == page != end]
            if len(before) + len(behind) == len(between) and (first == end or not before):
                whole[last:] = [*before, begun + paragraph, *behind]
                last += len(before)
                continue
        last = len(whole) if paragraph[0].size == body else None
        whole.append(paragraph)
    return whole


def _is_apart(line: Line, body: float) -> bool:
    """Whether a paragraph with this first line is not running text: a note, a row, a figure."""
    marked = line.turned or line.edge or line.is_row or not WORD.search(line.text)
    return marked or (line.size != body and line.size < HEADING_SCALE * body)


def _of_text(paragraphs: list[list[Line]], body: float) -> dict[int, list[Line]]:
    """Return the lines of running text, by page."""
    pages: dict[int, list[Line]] = {}
    for line in (line for paragraph in paragraphs for line in paragraph):
        if line.size == body and not (line.is_row or line.turned):
            pages.setdefault(line.page, []).append(line)
    return pages


def _resumes(begun: list[Line], after: Line, text: dict[int, list[Line]]) -> bool:
    """Whether a paragraph continues with a line: its last line is full, and the indents match."""
    before = begun[-1]
    is_elsewhere = after.page != before.page or after.base > before.base
    if not (is_elsewhere and runs_on(before, after)):
        return False
    left, right = _column(before, text[before.page])
    first, last = _column(after, text[after.page])
    indent = after.left - first
    full = right - before.right <= room_for_word(after)
    if not full or all(abs(indent - each) > after.size for each in (0, before.left - left)):
        return False
    if after.text[0].islower():
        return True
    # A line that begins with a capital or a number may as well begin another paragraph.
    opens = BULLET.match(after.text) or NUMBERED_HEADING.match(after.text)
    goes_on = last - after.right < 3 * after.size or ENDS_SENTENCE.search(after.text)
    is_set_alike = len(text[before.page]) > 1 and before.font == after.font
    return bool(is_set_alike and goes_on and not opens)


def _column(line: Line, text: list[Line]) -> tuple[float, float]:
    """Return the left and right edge of a line's column, ignoring a fifth that is wider."""
    column = [each for each in text if each.left < line.right and line.left < each.right]
    wider = len(column) // 5
    left = sorted(each.left for each in column)[wider]
    return left, sorted(each.right for each in column)[-1 - wider]
