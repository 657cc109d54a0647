"""Slides, sheets, mail, subtitles and data become documents: their text, and where it stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from index.documents import Document
from index.errors import DocumentError
from index.loading.load import load_bytes
from index.loading.readers.sheets import shown
from index.structure import cell_of, structure


def headings(document: Document) -> list[str]:
    return [document.text[each.start : each.end] for each in document.headings]


def tables(document: Document) -> int:
    return sum(each.kind == "table" for each in structure(document))


def cell(document: Document, words: str) -> tuple[str, str]:
    """Return the row and the column of a cell with these words."""
    start = document.text.index(words)
    found = cell_of(document, (start, start + len(words)))
    assert found
    return found.row, found.column


def refused(data: bytes, name: str) -> str:
    with pytest.raises(DocumentError) as caught:
        load_bytes(data, name)
    assert "{name}" not in str(caught.value)
    return str(caught.value)


# --- sheets


def workbook(fill: Callable[[Any], object]) -> bytes:
    made, file = openpyxl.Workbook(), io.BytesIO()
    fill(made)
    made.save(file)
    return file.getvalue()


def sales(book: Any) -> None:
    sheet = book.active
    sheet.title = "Sales"
    sheet.append(["Region", "Since", "Share", "Revenue"])
    sheet.append(["Asia", datetime(2021, 3, 5), 0.125, 1234.5])
    sheet.append(["Europe", datetime(2020, 1, 2), 0.3, 7.0])
    sheet["B2"].number_format = sheet["B3"].number_format = "d/m/yyyy"
    sheet["C2"].number_format, sheet["C3"].number_format = "0.0%", "0%"
    sheet["D2"].number_format = "[$€-407]#,##0.00"


def test_a_sheet_is_a_table_below_its_name() -> None:
    document = load_bytes(workbook(sales), "Figures of 2021.xlsx")
    assert document.text == (
        "Sales\n\nRegion | Since | Share | Revenue\n\n"
        "Asia | 2021-03-05 | 12.5% | €1,234.50\n\nEurope | 2020-01-02 | 30% | 7"
    )
    assert document.title == "Figures of 2021"
    assert headings(document) == ["Sales"]
    assert cell(document, "€1,234.50") == ("Asia", "Revenue")


def test_hidden_sheets_rows_and_columns_are_not_read() -> None:
    def fill(book: Any) -> None:
        sales(book)
        sheet = book.active
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True
        sheet.append(["Africa", datetime(2019, 1, 2), 0.1, 8])
        book.create_sheet("Drafts").append(["Secret"])
        book["Drafts"].sheet_state = "hidden"

    document = load_bytes(workbook(fill), "a.xlsx")
    assert "Region | Since | Revenue\n\nAsia | 2021-03-05" in document.text
    assert all(words not in document.text for words in ("Europe", "12.5%", "Secret", "Drafts"))
    assert tables(document) == 1  # A hidden row is no end of the table.


def test_a_merged_cell_stands_in_all_its_places_and_a_title_above_the_table() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        for row in (
            ["Revenue of the regions"],
            ["Region", "Year", "Revenue"],
            ["Asia", 2020, 5],
            [None, 2021, 6],
            ["Source: the annual report"],
        ):
            sheet.append(row)
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("A3:A4")

    document = load_bytes(workbook(fill), "a.xlsx")
    assert document.text == (
        "Sheet\n\nRevenue of the regions\n\nRegion | Year | Revenue\n\nAsia | 2020 | 5\n\n"
        "Asia | 2021 | 6\n\nSource: the annual report"
    )
    assert cell(document, "6")[1] == "Revenue"


def test_tables_of_one_sheet_are_told_apart_and_gaps_in_a_table_are_none() -> None:
    def fill(book: Any) -> None:
        for row in (
            *(["Item", "Price"], ["Tea", 3], [], ["Rice", 4], []),
            *(["Item", "Weight"], ["Tea", "5 kg"]),
        ):
            book.active.append(row)

    document = load_bytes(workbook(fill), "a.xlsx")
    assert tables(document) == 2
    assert cell(document, "4") == ("Rice", "Price")
    assert cell(document, "5 kg") == ("Tea", "Weight")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (12.0, "General", "12"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567, "#,##0", "1,234,567"),
        (2.675, "0.00", "2.68"),
        (2.5, "0.##", "2.5"),
        (0.4567, "0.0%", "45.7%"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5.5, '"$"#,##0.00', "-$5.50"),
        (7, '0" km"', "7 km"),
        (1234567, '#,##0,,"M"', "1234567"),
        (True, "General", "TRUE"),
        ("a\n | b  c", "General", "a|b c"),
        (datetime(2021, 3, 5), "m/d/yyyy", "2021-03-05"),
        (datetime(2021, 3, 5, 14, 30), "m/d/yyyy h:mm", "2021-03-05 14:30"),
        (datetime(2021, 3, 1), "mmm yyyy", "March 2021"),
        (time(8, 5), "h:mm", "8:05"),
        (timedelta(hours=27, minutes=5), "[h]:mm", "27:05"),
    ],
)
def test_a_value_is_written_as_people_see_it(value: Any, form: str, text: str) -> None:
    assert shown(value, form) == text


def test_formulas_are_read_by_their_values_and_told_where_there_are_none() -> None:
    def fill(book: Any) -> None:
        sales(book)
        book.active["D4"] = "=SUM(D2:D3)"

    assert "without their values" in refused(workbook(fill), "a.xlsx")
    assert "in a spreadsheet program" in refused(workbook(fill), "a.xlsx")


def test_empty_encrypted_and_damaged_workbooks_are_told() -> None:
    data = workbook(sales)
    assert "its sheets are empty" in refused(workbook(lambda _: None), "a.xlsx")
    assert "password, or is an old .xls file" in refused(b"\xd0\xcf\x11\xe0" + bytes(600), "a.xlsx")
    assert "is damaged" in refused(data[:-200], "a.xlsx")
    assert ".xls" in refused(b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "cp1252"])
def test_the_delimiter_and_charset_of_separated_values_are_recognised(
    delimiter: str, charset: str
) -> None:
    rows = [["Land", "Fläche, in km²", "Größe"], ["Köln", "405,2", "groß"], ["Zürich", "87,9", ""]]
    lines = [delimiter.join(f'"{each}"' if "," in each else each for each in row) for row in rows]
    document = load_bytes("\r\n".join(lines).encode(charset), "a.csv")
    assert document.text.startswith(
        "Land | Fläche, in km² | Größe\n\nKöln | 405,2 | groß\n\nZürich"
    )
    assert cell(document, "405,2") == ("Köln", "Fläche, in km²")
    assert document.title == "a"


def test_separated_values_of_any_shape_are_read() -> None:
    assert load_bytes(b"sep=;\na;b\n1;2", "a.csv").text == "a | b\n\n1 | 2"
    assert load_bytes(b"a\tb,c\n1\t2,5\n", "a.tsv").text == "a | b,c\n\n1 | 2,5"
    assert load_bytes(b'name,note\nAnn,"two\nlines"\n', "a.csv").text.endswith("Ann | two lines")
    one = load_bytes(b"Names\nAnn, of course\nBob\nSue, or not, who knows\n", "a.csv")
    assert one.text == "Names\n\nAnn, of course\n\nBob\n\nSue, or not, who knows"
    wide = load_bytes((",".join(f"c{n}" for n in range(1000)) + "\n").encode() * 2, "a.csv")
    assert wide.text.count(" | ") == 2 * 999
    assert "does not look like text" in refused(b"name,note\nAnn,\1\n", "a.csv")
