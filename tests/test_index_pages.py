"""A PDF's pages as pictures, and the quote's lines on them at the right place."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image

from index.documents import Document
from index.errors import DocumentError
from index.loading.load import load_bytes
from index.loading.pages import Box, Page, draw_page

WIDTH, HEIGHT = 210.0, 297.0  # Millimetres of a page.
TEXTS = (
    "The ferry Aurora left Oslo in 1911.",
    "She carried forty-two horses and a well-known tenor across the whole of the Skagerrak, and "
    "when she came back she carried none of them.",
    "The ferry Aurora left Oslo in 1911.",
)


def pdf() -> bytes:
    """Two pages: lines at known heights, the first text twice, the second over several lines."""
    made = FPDF()
    made.set_font("Helvetica", size=12)
    made.add_page()
    for y, text in zip((40, 80, 160), TEXTS, strict=True):
        made.set_xy(30, y)
        made.multi_cell(100, 8, text, align="L")
    made.add_page()
    made.set_xy(30, 100)
    made.cell(text="The second page is short.")
    return bytes(made.output())


FILE = pdf()


@pytest.fixture(scope="module")
def paper() -> Document:
    return load_bytes(FILE, "paper.pdf")


def drawn(paper: Document, number: int, words: str, nth: int = 0) -> Page:
    at = -1
    for _ in range(nth + 1):
        at = paper.text.index(words, at + 1)
    return draw_page(FILE, paper, number, (at, at + len(words)))


def is_line(box: Box, y: float) -> bool:
    """Whether a box lies on a line of text whose cell begins at a height, in millimetres."""
    top, bottom = box.top * HEIGHT, (box.top + box.height) * HEIGHT
    return y < top < bottom < y + 8 and 29 < box.left * WIDTH < 140


def test_a_quote_in_one_line_is_marked_there(paper: Document) -> None:
    page = drawn(paper, 1, "Aurora left Oslo")
    [box] = page.boxes
    assert is_line(box, 40)
    assert 20 < box.width * WIDTH < 40
    picture = Image.open(io.BytesIO(page.png))
    assert picture.width == 1100
    assert picture.height == pytest.approx(1100 * HEIGHT / WIDTH, abs=2)
    # What is marked is dark letters on white, and right below it is nothing.
    left, right = (round(at * picture.width) for at in (box.left, box.left + box.width))
    top, bottom = (round(at * picture.height) for at in (box.top, box.top + box.height))
    gray = picture.convert("L")
    assert gray.crop((left, top, right, bottom)).getextrema()[0] < 100
    assert gray.crop((left, bottom + 6, right, bottom + 20)).getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("words", "nth", "heights"),
    [(TEXTS[0], 0, [40]), (TEXTS[0], 1, [160]), (TEXTS[1], 0, [80, 88, 96])],
)
def test_the_words_at_the_place_are_marked_line_by_line(
    paper: Document, words: str, nth: int, heights: list[float]
) -> None:
    boxes = drawn(paper, 1, words, nth).boxes
    assert all(is_line(box, y) for box, y in zip(boxes, heights, strict=True))


def test_each_page_shows_what_stands_on_it(paper: Document) -> None:
    assert len(paper.pages) == 2
    at = paper.text.rindex("left Oslo")
    whole = (at, len(paper.text))
    [first] = draw_page(FILE, paper, 1, whole).boxes
    [second] = draw_page(FILE, paper, 2, whole).boxes
    assert is_line(first, 160)
    assert 99 < second.top * HEIGHT < 108
    assert draw_page(FILE, paper, 2, (0, 10)).boxes == ()
    assert draw_page(FILE, paper, 2, None).boxes == ()


def test_a_page_that_cannot_be_drawn_or_is_without_the_words(paper: Document) -> None:
    with pytest.raises(DocumentError, match=r"Page 1 of paper\.pdf cannot"):
        draw_page(b"%PDF-1.4 no", paper, 1, None)
    other = Document.of("Another text altogether.", title="", source="", pages=(0,))
    assert draw_page(FILE, other, 1, (0, 12)).boxes == ()


def test_a_turned_page_is_marked_as_it_is_drawn() -> None:
    turned = io.BytesIO()
    with pypdfium2.PdfDocument(FILE) as made:
        made[0].set_rotation(90)
        made.save(turned)
    file = turned.getvalue()
    paper = load_bytes(file, "turned.pdf")
    at = paper.text.index("carried forty-two")
    [box] = draw_page(file, paper, 1, (at, at + 17)).boxes
    # What was 80 mm from the upper edge is now 80 mm from the right one.
    assert 209 < box.left * HEIGHT < (box.left + box.width) * HEIGHT < 217
    assert 29 < box.top * WIDTH < 50
