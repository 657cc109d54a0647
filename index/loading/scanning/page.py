"""Recognize one page of a file: all of it, or the parts that are pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.errors import DocumentError
from index.loading.scanning.pictures import page_picture, picture
from index.loading.scanning.recognition import LONGEST_SIDE, recognise
from index.loading.scanning.regions import to_read
from index.loading.scanning.words import FINE, Word, to_json

if TYPE_CHECKING:
    from PIL import Image

Part = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a page, as shares of its size from its upper left."""

_WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


def read_page(data: bytes, kind: str, number: int) -> tuple[float, str]:
    """Return the confidence for a page, by its number from 1, and its words as JSON."""
    words: list[Word] = []
    weighed = letters = 0.0
    for part, shown in _parts(data, kind, number):
        found, confidence = recognise(shown, turn=part == _WHOLE)
        weight = sum(len(word.text) for word in found) or 1
        weighed, letters = weighed + weight * confidence, letters + weight
        first = max((word.line for word in words), default=-1) + 1
        words += [_moved(word, part, first) for word in found]
    return round(weighed / letters, 4) if letters else 1.0, to_json(words)


def _parts(data: bytes, kind: str, number: int) -> Iterator[tuple[Part, Image.Image]]:
    """Yield the parts of a page that have to be recognized, with their pictures."""
    if kind == "image":
        shown = picture(data, number)
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        yield _WHOLE, shown
        return
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(data) as pdf:
            page = pdf[number - 1]
            textpage = page.get_textpage()
            try:
                regions = to_read(page, textpage, textpage.get_text_range())
                left, bottom, right, top = page.get_bbox()
                whole = page_picture(page, LONGEST_SIDE)
            finally:
                textpage.close()
                page.close()
    except (pypdfium2.PdfiumError, ValueError, ZeroDivisionError) as error:
        raise DocumentError(f"Page {number} of {{name}} cannot be drawn.") from error
    for region in regions:
        if region == (left, bottom, right, top):
            part = _WHOLE
        else:
            across, up = right - left, top - bottom
            part = (
                (region[0] - left) / across,
                (top - region[3]) / up,
                (region[2] - left) / across,
                (top - region[1]) / up,
            )
        corners = part[0] * whole.width, part[1] * whole.height
        yield part, whole.crop((*corners, part[2] * whole.width, part[3] * whole.height))


def _moved(word: Word, part: Part, first_line: int) -> Word:
    """Convert a word's box from a part of a page to the whole page."""
    across, down = part[2] - part[0], part[3] - part[1]
    return word._replace(
        line=first_line + word.line,
        left=round(part[0] * FINE + word.left * across),
        right=round(part[0] * FINE + word.right * across),
        top=round(part[1] * FINE + word.top * down),
        bottom=round(part[1] * FINE + word.bottom * down),
    )
