"""Draw pages of PDFs and pictures, and find a quote's position on them.

A document's text is composed from the lines of its pages, where line ends, hyphens and blanks
differ, so a quote is located on the page by its letters and digits alone. For text read from a
picture, the position of each word is known.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from index.documents import Document, occurrences
from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.sandbox import in_sandbox
from index.loading.scanning.pictures import picture
from index.loading.scanning.words import FINE, words_of

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH = 1100
"""The width of a page's picture in pixels: sharp in a panel of half that width."""

MOST_PIXELS = 4_000_000
"""The largest picture; a page that is far longer than wide is drawn smaller."""

_LIMITS = Limits(max_seconds=60)
"""Somebody is waiting for the picture."""


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a line on a page, as shares of the page's width and height from its upper left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a PNG picture, with a box for each line of the quote on it."""

    number: int
    png: bytes
    boxes: tuple[Box, ...]


def draw_page(file: bytes, document: Document, number: int, place: tuple[int, int] | None) -> Page:
    """Draw a page of a document, by its number from 1, and locate a span's part on that page.

    Raises DocumentError if the page cannot be drawn.
    """
    start, end = _on_page(document, number, place) if place else (0, 0)
    first = document.pages[number - 1]
    seen = tuple(_seen(document, number, start, end))
    request = {
        "do": "draw",
        "kind": document.loader.partition(" ")[0],
        "page": number,
        "wanted": "" if seen else _letters(document.text[start:end]),
        "before": len(_letters(document.text[first:start])),
    }
    try:
        boxes, png = in_sandbox(request, file, _LIMITS)
    except DocumentError as error:
        raise DocumentError(str(error).replace("{name}", document.name)) from error.__cause__
    return Page(number, png, seen or tuple(Box(*each) for each in boxes))


def drawn(
    file: bytes, kind: str, number: int, wanted: str, before: int
) -> tuple[list[tuple[float, ...]], bytes]:
    """Return the boxes of the letters `wanted` on a page, and its picture.

    `before` says about how many letters come before them on the page.
    """
    import pypdfium2

    if kind == "image":
        shown = picture(file, number)
        shown.thumbnail((WIDTH, MOST_PIXELS // WIDTH))
        return [], _png(shown)
    try:
        with pypdfium2.PdfDocument(file) as pdf:
            page = pdf[number - 1]
            try:
                boxes = [astuple(box) for box in _boxes(page, wanted, before)] if wanted else []
                width, height = page.get_size()
                scale = min(WIDTH / width, (MOST_PIXELS / (width * height)) ** 0.5)
                shown = page.render(scale=scale).to_pil()
            finally:
                page.close()
    except (pypdfium2.PdfiumError, IndexError, ValueError, ZeroDivisionError) as error:
        raise DocumentError(f"Page {number} of {{name}} cannot be drawn.") from error
    return boxes, _png(shown)


def _png(shown: Image) -> bytes:
    png = io.BytesIO()
    shown.save(png, "PNG")
    return png.getvalue()


def _seen(document: Document, number: int, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes of the words between two offsets, if they were read from a picture."""
    for scan in document.scans:
        for word in words_of(scan) if scan.page == number else ():
            if word.start >= 0 and word.start < end and start < word.start + len(word.text):
                left, top, right, bottom = (each / FINE for each in word[3:7])
                yield _box((left, top), (right, bottom))


def _on_page(document: Document, number: int, place: tuple[int, int]) -> tuple[int, int]:
    """Return the part of a span that is on a page."""
    starts = [*document.pages, len(document.text)]
    return max(place[0], starts[number - 1]), min(place[1], starts[number])


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _boxes(page: Any, wanted: str, before: int) -> Iterator[Box]:
    """Yield a box per line for the occurrence of `wanted` nearest to `before` letters."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    try:
        codes = (raw.FPDFText_GetUnicode(textpage, at) for at in range(textpage.count_chars()))
        letters = [(at, chr(code)) for at, code in enumerate(codes) if chr(code).isalnum()]
        places = occurrences("".join(letter for _, letter in letters), wanted)
        found = min(places, key=lambda place: abs(place - before), default=None)
        if found is None:
            return
        first, last = letters[found][0], letters[found + len(wanted) - 1][0]
        for at in range(textpage.count_rects(first, last - first + 1)):
            left, bottom, right, top = textpage.get_rect(at)
            yield _box(_share(page, left, top), _share(page, right, bottom))
    finally:
        textpage.close()


def _share(page: Any, x: float, y: float) -> tuple[float, float]:
    """Return a point's position on the page as drawn, which may be rotated or cropped."""
    from pypdfium2 import raw

    fine = 1_000_000
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, fine, fine, 0, x, y, across, down)
    return across.value / fine, down.value / fine


def _box(one: tuple[float, float], other: tuple[float, float]) -> Box:
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(one, other, strict=True))
    return Box(left, top, right - left, bottom - top)
