"""Tables in PDFs: with lines, without them, with heads of several columns, and over two pages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fpdf import FPDF

from index.documents import Document
from index.loading.load import load_bytes
from index.loading.pages import draw_page
from index.structure import Table, tables

HEIGHTS = (("Mole", "Width", "Built"), ("Tolm", "9 m", "1921"), ("Eik", "7 m", "1934"))
COLUMNS = (30, 90, 140)
"""Where columns begin, in millimetres of a page."""

PROSE = (
    "The ferry Aurora left Oslo in the spring of 1911 and carried forty-two horses across the whole"
    " of the Skagerrak; when she came back in the autumn, she carried none of them, and nobody on"
    " board would say what had become of the animals or of the man who had been paid to feed them."
)


def paper() -> FPDF:
    made = FPDF()
    made.set_font("Helvetica", size=11)
    made.add_page()
    return made


def put(made: FPDF, y: float, cells: Sequence[str], columns: Sequence[float] = COLUMNS) -> None:
    for x, cell in zip(columns, cells, strict=True):
        made.text(x, y, cell)


def read(made: FPDF) -> Document:
    return load_bytes(bytes(made.output()), "paper.pdf")


def rows(document: Document, table: Table) -> list[list[str]]:
    found = [[document.text[slice(*cell)] for cell in row.cells] for row in table.rows]
    return [list(table.heads), *found]


VIK = ("Vik", "8 m", "1950")


def ruled(lines: Sequence[float], left: float = 28, right: float = 180) -> FPDF:
    """A page with lines across it at heights."""
    made = paper()
    for y in lines:
        made.line(left, y, right, y)
    return made


@pytest.mark.parametrize(
    ("lines", "places"),
    [((50, 57, 75), (55, 63, 71)), ((), (55, 60, 65)), ((50, 57, 65, 73), (55, 63, 71, 79))],
    ids=["between lines", "without lines", "without a line below the last row"],
)
def test_a_head_and_rows_are_a_table(lines: Sequence[float], places: Sequence[float]) -> None:
    made, given = ruled(lines), (*HEIGHTS, VIK)[: len(places)]
    for y, row in zip(places, given, strict=True):
        put(made, y, row)
    if VIK in given:
        made.text(30, 87, "The moles were built of granite.")
    document = read(made)
    (table,) = tables(document)
    assert rows(document, table) == [list(row) for row in given]
    assert ("\n\nThe moles were built" in document.text) == (VIK in given)


def test_a_head_over_several_columns_stands_in_the_head_of_each() -> None:
    made = ruled((50, 65, 85))
    made.text(114, 55, "Harbour in summer")
    for y, row in (
        *((61, ("Year", "Ships", "Boats")), (71, ("1921", "9", "14"))),
        (79, ("1934", "7", "3")),
    ):
        put(made, y, row, (30, 100, 150))
    document = read(made)
    (table,) = tables(document)
    assert table.heads == ("Year", "Harbour in summer Ships", "Harbour in summer Boats")
    assert rows(document, table)[1:] == [["1921", "9", "14"], ["1934", "7", "3"]]


def framed(made: FPDF, top: float, cells: Sequence[Sequence[str]], high: float = 14) -> None:
    """Draw cells with lines around each; a cell may have several lines."""
    for number, row in enumerate(cells):
        y = top + number * high
        for x, cell, width in zip((30, 80), row, (50, 90), strict=True):
            made.rect(x, y, width, high)
            for line, words in enumerate(cell.split("\n")):
                made.text(x + 1, y + 5 + line * 5, words)


def test_a_cell_between_lines_has_all_its_lines_and_is_marked_where_it_stands() -> None:
    made = paper()
    crack = ("North", "Cracked at the foot, and\nmended in 1934")
    framed(made, 40, (("Pier", "State"), crack, ("South", "Whole"), ("West", "Washed away")))
    document, file = read(made), bytes(made.output())
    (table,) = tables(document)
    assert rows(document, table)[1] == ["North", "Cracked at the foot, and mended in 1934"]
    assert len(table.rows) == 3
    row = table.rows[0]
    boxes = draw_page(file, document, 1, (row.start, row.end)).boxes
    assert {round(box.left * 210) for box in boxes} == {31, 81}
    assert all(54 < box.top * 297 < 68 for box in boxes)


def test_a_table_over_pages_is_one_and_has_its_head_once() -> None:
    made = paper()
    made.set_auto_page_break(False)
    for page, first in enumerate((1901, 1911, 1921)):
        if page:
            made.add_page()
        made.text(90, 15, "The Harbour Office")
        for y in (40, 47, 48 + 8 * 10):
            made.line(28, y, 180, y)
        put(made, 45, ("Year", "Ships", "Boats"))
        for number in range(10):
            told = (str(first + number), str(7 * number + 3), f"{number} of 12")
            put(made, 53 + 8 * number, told)
        made.text(100, 285, str(page + 1))
    document = read(made)
    (table,) = tables(document)
    assert table.heads == ("Year", "Ships", "Boats")
    assert [row[0] for row in rows(document, table)[1:]] == [*map(str, range(1901, 1931))]
    assert document.text.count("Year") == 1
    assert document.pages[1:] == tuple(map(document.text.index, ("1911", "1921")))


@pytest.mark.parametrize("lines", [(28, 250), ()])
def test_two_columns_of_text_are_no_table(lines: Sequence[float]) -> None:
    made = ruled(lines, 20, 190)
    for x in (20, 110):
        made.set_xy(x, 30)
        made.multi_cell(80, 5, " ".join([PROSE] * 5), align="L")
    document = read(made)
    assert not tables(document)
    assert " | " not in document.text


def test_names_that_the_file_has_before_the_rows_are_their_first_cells() -> None:
    made = paper()
    body = (
        (45, "Mole", ("Width", "Built")),
        (52, "In the north", None),
        (57, "Tolm", ("9 m", "1921")),
        (62, "Eik", ("7 m", "1934")),
        (69, "In the south", None),
        (74, "Vik", ("8 m", "1950")),
    )
    for y, name, _ in body:
        made.text(30, y, name)
    for y, _, cells in body:
        if cells:
            put(made, y, cells, COLUMNS[1:])
    document = read(made)
    (table,) = tables(document)
    assert rows(document, table) == [[name, *(cells or ("", ""))] for _, name, cells in body]


def test_lines_of_text_beside_a_table_are_not_its_names() -> None:
    made = paper()
    text = (
        "Nobody knows who built the first of the",
        "moles at Tolm, or why it is so wide, as",
    ) * 2
    for number, line in enumerate(text):
        made.text(10, 50 + 5 * number, line)
    for number, (*_, width, built) in enumerate((*HEIGHTS, ("Vik", "8 m", "1950"))):
        put(made, 50 + 5 * number, (width, built), COLUMNS[1:])
    document = read(made)
    assert "why it is so wide, as Nobody knows" in document.text
    assert "7 m | 1934" in document.text
