"""Slides, sheets, mail, subtitles and data become documents: their text, and where it stands."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from index.documents import Document
from index.errors import DocumentError
from index.loading.load import fingerprint, folder, is_gone, load, load_bytes, members
from index.loading.readers.sheets import shown
from index.split import split
from index.structure import cell_of, spelled, structure
from tests.bombs import overlapping, zipped


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


def test_rows_with_empty_cells_are_rows() -> None:
    data = b"Ports\nPort,Depth,Note\nYstad,7,\n,8,deep\nLund,,\nOf the year 2021 alone\n"
    document = load_bytes(data, "a.csv")
    assert document.text.startswith("Ports\n\nPort | Depth | Note\n\nYstad | 7 | ")
    assert document.text.endswith("Lund |  | \n\nOf the year 2021 alone")
    found = [
        table.text
        for passage in split(document)
        for place in passage.sentences
        if (table := spelled(document, place))
    ]
    assert found == ["Port: Ystad; Depth: 7.", "Depth: 8; Note: deep.", "Port: Lund."]


def test_an_opendocument_sheet_is_read_as_it_is_shown() -> None:
    document = load_bytes(ods(ODS_ROWS), "a.ods")
    assert document.text == (
        "Sales\n\nYear's revenue\n\nRegion | Year | Share\n\nAsia | 2020 | 12.5%\n\n"
        "Asia | 2021 | 30%\n\nSame | Same | 1%\n\nSame | Same | 1%"
    )
    assert cell(document, "30%")[1] == "Share"
    assert headings(document) == ["Sales"]


def test_an_opendocument_sheet_without_values_or_with_a_password_is_told() -> None:
    formula = '<table:table-row><table:table-cell table:formula="of:=1+1"/></table:table-row>'
    assert "without their values" in refused(ods(formula), "a.ods")
    assert "its sheets are empty" in refused(ods(""), "a.ods")
    locked = opendocument("", manifest="<manifest:encryption-data/>")
    for name in ("a.ods", "a.odt", "a.odp"):
        assert "protected with a password" in refused(locked, name)


_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        **{each: each for each in ("office", "text", "table", "presentation", "style", "manifest")},
        "draw": "drawing",
        "svg": "svg-compatible",
        "meta": "meta",
    }.items()
)


def opendocument(body: str, styles: str = "", manifest: str = "") -> bytes:
    content = (
        f"<office:document-content {_ODF}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    )
    meta = (
        f'<office:document-meta {_ODF} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
        "<dc:title>Harbours</dc:title><meta:initial-creator>Ann</meta:initial-creator>"
        "<meta:creation-date>2021-03-05T10:00:00</meta:creation-date></office:meta>"
        "</office:document-meta>"
    )
    return zipped(
        {
            "META-INF/manifest.xml": f"<manifest:manifest {_ODF}>{manifest}</manifest:manifest>",
            "content.xml": content,
            "meta.xml": meta,
        }
    )


HIDDEN = (
    '<style:style style:name="gone"><style:table-properties table:display="false"/></style:style>'
    '<style:style style:name="unseen"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="skipped">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    '<text:list-style style:name="numbers">'
    '<text:list-level-style-number text:level="1" style:num-format="1"/></text:list-style>'
)


def ods(rows: str) -> bytes:
    return opendocument(
        f"<office:spreadsheet><table:table table:name='Sales'>{rows}</table:table>"
        "<table:table table:name='Old' table:style-name='gone'><table:table-row><table:table-cell>"
        "<text:p>Secret</text:p></table:table-cell></table:table-row></table:table>"
        "</office:spreadsheet>",
        HIDDEN,
    )


def _row(*cells: str, row: str = "") -> str:
    return f"<table:table-row {row}>{''.join(cells)}</table:table-row>"


def _cell(text: str, cell: str = "") -> str:
    return f"<table:table-cell {cell}><text:p>{text}</text:p></table:table-cell>"


COVERED = "<table:covered-table-cell/>"
ODS_ROWS = (
    '<table:table-column table:number-columns-repeated="3"/>'
    '<table:table-column table:visibility="collapse"/>'
    + _row(_cell("Year's <text:s/>revenue", 'table:number-columns-spanned="3"'), COVERED, COVERED)
    + _row(_cell("Region"), _cell("Year"), _cell("Share"), _cell("Secret"))
    + _row(
        _cell("Asia", 'table:number-rows-spanned="2"'),
        _cell("2020"),
        '<table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12.5%'
        "</text:p><office:annotation><text:p>Secret</text:p></office:annotation></table:table-cell>",
    )
    + _row(COVERED, _cell("2021"), _cell("30%"))
    + _row(_cell("Secret"), row='table:visibility="collapse"')
    + _row(
        _cell("Same", 'table:number-columns-repeated="2"'),
        _cell("1%"),
        row='table:number-rows-repeated="2"',
    )
    + _row("<table:table-cell/>", row='table:number-rows-repeated="1048500"')
)


# --- texts


def odt() -> bytes:
    body = (
        "<office:text><text:h text:outline-level='1'>Harbours</text:h>"
        "<text:p>The mole<text:s text:c='3'/>is of granite.<text:note><text:note-body><text:p>"
        "Secret</text:p></text:note-body></text:note> It is <text:span text:style-name='unseen'>"
        "Secret </text:span>old.</text:p>"
        "<text:list text:style-name='numbers'><text:list-item><text:p>First</text:p>"
        "</text:list-item><text:list-item><text:p>Second</text:p></text:list-item></text:list>"
        "<text:table-of-content><text:index-body><text:p>Secret</text:p></text:index-body>"
        "</text:table-of-content><table:table>"
        + _row(_cell("Port"), _cell("Depth"))
        + _row(_cell("Ystad"), _cell("7 m"))
        + "</table:table><text:p>A box:<draw:frame><draw:text-box><text:p>Inside.</text:p>"
        "</draw:text-box></draw:frame></text:p></office:text>"
    )
    return opendocument(body, HIDDEN)


def test_two_tables_of_a_text_stay_two() -> None:
    table = f"<table:table>{_row(_cell('Port'), _cell('Depth'))}</table:table>"
    document = load_bytes(opendocument(f"<office:text>{table}{table}</office:text>"), "a.odt")
    assert document.text == "Port | Depth\n\n\n\nPort | Depth"


def test_an_opendocument_text_has_its_headings_lists_and_tables() -> None:
    document = load_bytes(odt(), "a.odt")
    assert document.text == (
        "Harbours\n\nThe mole is of granite. It is old.\n\n1. First\n2. Second\n\n"
        "Port | Depth\n\nYstad | 7 m\n\nA box:\n\nInside."
    )
    assert document.title == "Harbours"
    assert (document.properties.author, document.properties.published) == ("Ann", "2021-03-05")
    assert cell(document, "7 m") == ("Ystad", "Depth")
    assert "is damaged" in refused(zipped({"content.xml": "<office"}), "a.odt")
    assert "is damaged" in refused(zipped({"content.xml": "<office/>"}), "a.odt")
    assert "is damaged" in refused(zipped({"mimetype": "x"}), "a.odp")


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title The harbour}}"
    rb"\pard The harbour of K\'f6ln \u8364? {\v Secret} is \v Secret\v0  old.\par "
    rb"\trowd Port\cell Depth\cell\row \trowd Ystad\cell 7 m\cell\row "
    rb"\pard \u-10179?\u-8704? done.\par}"
)


def test_rich_text_is_its_paragraphs_and_tables_without_what_is_hidden() -> None:
    document = load_bytes(RTF, "a.rtf")
    assert document.text == (
        "The harbour of Köln € is old.\n\nPort | Depth\n\nYstad | 7 m\n\n\U0001f600 done."
    )
    assert document.title == "The harbour"
    assert cell(document, "7 m") == ("Ystad", "Depth")
    assert "is not an .rtf file" in refused(b"A harbour.", "a.rtf")
    assert "There is no text" in refused(rb"{\rtf1 }", "a.rtf")


# --- slides


def deck() -> bytes:
    made, file = pptx.Presentation(), io.BytesIO()
    layouts = {each.name: each for each in made.slide_layouts}
    first = made.slides.add_slide(layouts["Title and Content"])
    first.shapes.title.text = "Harbours"
    first.placeholders[1].text = "The mole is of granite\nThe quay is of oak"
    first.notes_slide.notes_text_frame.text = "Say that it was built in 1848."
    hidden = made.slides.add_slide(layouts["Blank"])
    hidden.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "Secret"
    hidden.element.set("show", "0")
    third = made.slides.add_slide(layouts["Blank"])
    table = third.shapes.add_table(3, 3, 0, 0, 9, 9).table
    for at, text in enumerate(["Port", "Year", "Depth", "Ystad", "2020", "7 m", "", "2021", "8 m"]):
        table.cell(at // 3, at % 3).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    picture = third.shapes.add_picture(io.BytesIO(PNG), 0, 0)
    picture._element.xpath(".//p:cNvPr")[0].set("descr", "A lighthouse in fog")
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "In a group"
    data = CategoryChartData()
    data.categories = ["2020", "2021"]
    data.add_series("Ships", (120, 130.5))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 9, 9, data)
    made.core_properties.author = "Ann"
    made.save(file)
    return file.getvalue()


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_slides_are_pages_with_their_tables_pictures_charts_and_notes() -> None:
    document = load_bytes(deck(), "a.pptx")
    assert headings(document) == ["Harbours", "Notes: Harbours", "Slide 3"]
    assert "- The mole is of granite\n- The quay is of oak" in document.text
    assert "Secret" not in document.text
    assert "\n\nA lighthouse in fog" in document.text
    assert "\n\nIn a group" in document.text
    assert cell(document, "8 m")[1] == "Depth"
    assert cell(document, "130.5") == ("2021", "Ships")
    assert document.title == "Harbours"
    assert document.page_at(document.text.index("1848")) == 1
    assert document.page_at(document.text.index("lighthouse")) == 3
    assert document.page_kind == "slide"


def odp() -> bytes:
    def page(inside: str, style: str = "") -> str:
        return f"<draw:page draw:style-name='{style}'>{inside}</draw:page>"

    def frame(inside: str, kind: str) -> str:
        return f"<draw:frame presentation:class='{kind}'>{inside}</draw:frame>"

    box = "<draw:text-box><text:p>{}</text:p></draw:text-box>"
    said = frame(box.format("Built in 1848."), "notes")
    notes = f"<presentation:notes>{said}</presentation:notes>"
    body = (
        page(
            frame(box.format("Harbours"), "title")
            + frame(box.format("The mole is of granite."), "outline")
            + frame(box.format("Secret"), "footer")
            + notes
        )
        + page(frame(box.format("Secret"), "title"), "skipped")
        + page(
            "<draw:frame><draw:image/><svg:desc>A lighthouse in fog</svg:desc></draw:frame>"
            "<draw:custom-shape><text:p>In a shape</text:p></draw:custom-shape>"
        )
    )
    return opendocument(f"<office:presentation>{body}</office:presentation>", HIDDEN)


def test_an_opendocument_presentation_is_read_alike() -> None:
    document = load_bytes(odp(), "a.odp")
    assert document.text == (
        "Harbours\n\nThe mole is of granite.\n\nNotes: Harbours\n\nBuilt in 1848.\n\n"
        "Slide 3\n\nA lighthouse in fog\n\nIn a shape"
    )
    assert document.page_at(document.text.index("fog")) == 3


def test_a_deck_of_pictures_and_locked_or_damaged_ones_are_told() -> None:
    made, file = pptx.Presentation(), io.BytesIO()
    slide = made.slides.add_slide(made.slide_layouts[6])
    slide.shapes.add_picture(io.BytesIO(PNG), 0, 0)
    made.save(file)
    data = file.getvalue()
    assert "its slides are pictures" in refused(data, "a.pptx")  # The name of a file says nothing.
    assert "is damaged" in refused(data[: len(data) // 2], "a.pptx")
    assert "an old .ppt file" in refused(b"\xd0\xcf\x11\xe0" + bytes(600), "a.pptx")
    assert "Save it as .pptx in its program" in refused(b"\xd0\xcf\x11\xe0" + bytes(600), "a.ppt")
    assert "is damaged" in refused(workbook(sales), "a.pptx")


# --- subtitles

VTT = """WEBVTT - A talk

NOTE Secret

1
00:00:01.000 --> 00:00:04.000
<v Ann>The harbour <i>was</i> built

00:00:04.000 --> 00:00:12.000
<v Ann>in 1848 &amp; is old.

00:00:50.000 --> 00:00:52.000
<v Ann>Ask me.

00:01:20.500 --> 00:01:22.000 align:start
<v.loud Bob>Is it deep?
"""


def test_subtitles_are_paragraphs_below_their_times_with_their_speakers() -> None:
    document = load_bytes(VTT.encode(), "talk.vtt")
    assert document.text == (
        "00:00:01\n\nAnn: The harbour was built in 1848 & is old.\n\n00:00:50\n\nAnn: Ask me.\n\n"
        "00:01:20\n\nBob: Is it deep?"
    )
    assert headings(document) == ["00:00:01", "00:00:50", "00:01:20"]
    assert document.title == "talk"
    assert [each.heading for each in split(document)] == headings(document)


def test_subtitles_without_sentences_are_cut_by_time_and_rolling_ones_said_once() -> None:
    def stamp(seconds: int) -> str:
        return f"00:{seconds // 60:02}:{seconds % 60:02},000"

    cues = [
        f"{n + 1}\n{stamp(8 * n)} --> {stamp(8 * n + 8)}\n{{\\an8}}word {n}\n<b>word {n + 1}</b>\n"
        for n in range(9)
    ]
    document = load_bytes("\r\n".join(cues).encode("utf-8-sig"), "a.srt")
    assert headings(document) == ["00:00:00", "00:00:32", "00:01:04"]
    assert document.text.startswith("00:00:00\n\nword 0 word 1 word 2 word 3 word 4\n\n")
    assert document.text.count("word 5") == 1
    assert "no .vtt subtitles" in refused(b"A harbour.", "a.vtt")
    assert refused(b"WEBVTT\n", "a.vtt") == "There is no text in a.vtt."


# --- mails

MAIL = (
    b"From: =?utf-8?b?SsO8cmdlbg==?= <j@harbour.example>\r\nTo: Ann <ann@a.example>,\r\n"
    b" Bob <bob@a.example>\r\nDate: Fri, 05 Mar 2021 10:00:00 +0100\r\nSubject: The mole\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
    b"--y\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nThe mole is =F6ld.\r\n\r\nJ=FCrgen\r\n"
    b"--y\r\nContent-Type: text/html\r\n\r\n<p>Not this.</p>\r\n--y--\r\n"
    b"--x\r\nContent-Type: application/pdf; name=plan.pdf\r\n"
    b"Content-Disposition: attachment; filename=plan.pdf\r\n\r\n%PDF\r\n--x--\r\n"
)


def test_a_mail_says_who_wrote_when_about_what_and_then_its_text() -> None:
    document = load_bytes(MAIL, "a.eml")
    assert document.text == (
        "The mole\n\nFrom: Jürgen <j@harbour.example>\n\n"
        "To: Ann <ann@a.example>, Bob <bob@a.example>\n\nDate: Fri, 05 Mar 2021 10:00:00 +0100\n\n"
        "Attachments: plan.pdf\n\nThe mole is öld.\n\nJürgen"
    )
    assert document.title == "The mole"
    assert document.properties.published == "2021-03-05"
    page = b"From: a@b\nContent-Type: text/html\n\n<p>The <b>mole</b><p style='display:none'>Secret"
    assert load_bytes(page, "a.eml").text == "From: a@b\n\nThe mole"


def test_of_a_mail_whose_plain_text_only_names_its_page_the_page_is_read() -> None:
    page = b"<p>Not this.</p>"
    assert page in MAIL
    longer = b"<p>The mole is very old.</p><table><tr><th>Part<th>Built<tr><td>Head<td>1848</table>"
    document = load_bytes(MAIL.replace(page, longer), "a.eml")
    assert document.text.endswith("The mole is very old.\n\nPart | Built\n\nHead | 1848")
    assert "öld" not in document.text


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: =?utf-8?b?////?= =?x-no?q?a=FF?= =?utf-8?q?=0D=0ABcc:_x?=",
        b"Subject: " + b"a" * 500_000,
        b"To: " + b"<" * 20_000,
        b'To: "' + b"\\" * 20_000,
        b"Date: 99 Foo 99999 99:99:99 +9999",
        b"To: a@b, group: c@d, e@f; <g@h\r>",
        b'Cc: "a\r\nb"@c.example, x: y;, <"\n"@z>',
        b"Content-Type: text/plain; charset=undefined; name*0*=utf-8''%ff; name*1=a",
        b'Content-Type: multipart/mixed; boundary="\n"',
        b"\xff\xfe: \x00\x01",
        b"Content-Transfer-Encoding: base64\nContent-Disposition: \x1b[31m; filename=\x1b]0;x",
    ],
    ids=lambda header: repr(header)[:30],
)
def test_hostile_headers_are_text_on_one_line(header: bytes) -> None:
    document = load_bytes(b"From: a@b.example\n" + header + b"\n\nThe mole is old.\n", "a.eml")
    assert "From: a@b.example" in document.text
    assert not set(document.text + document.title) & set(
        map(chr, [*range(10), 0xB, *range(14, 32)])
    )
    assert "\nBcc" not in document.text


def test_what_is_no_mail_is_told() -> None:
    assert "is not an email" in refused(b"A harbour.\n\nIt is old.", "a.eml")


# --- data


JSON = json.dumps(
    {
        "about": {"name": "Harbours", "license": "free to use by all who ask for it kindly."},
        "tags": ["sea", "stone"],
        "ports": [{"name": "Ystad", "depth": 7.10}, {"name": "Malmö", "depth": 8, "open": None}],
        "mixed": [{"a": 1}, {"b": {"c": True}}],
    },
    ensure_ascii=False,
).encode()


def test_records_are_tables_and_other_values_stand_behind_their_names() -> None:
    document = load_bytes(JSON, "a.json")
    assert document.text == (
        "about.name: Harbours\n\nfree to use by all who ask for it kindly.\n\n"
        "tags: sea, stone\n\nports\n\nname | depth | open\n\nYstad | 7.1 | \n\nMalmö | 8 | \n\n"
        "mixed[1].a: 1\n\nmixed[2].b.c: true"
    )
    assert cell(document, "7.1") == ("Ystad", "depth")
    lines = b'{"port": "Ystad", "depth": 1e400}\n{"port": "Lund", "depth": 12345678901234567890}\n'
    assert load_bytes(lines, "a.jsonl").text == (
        "port | depth\n\nYstad | 1e400\n\nLund | 12345678901234567890"
    )


def xml() -> bytes:
    made = (
        "<?xml version='1.0' encoding='iso-8859-1'?><!-- Secret --><a:doc xmlns:a='x'>"
        "<title>Hafen</title><p>The mole is <b>very</b> öld.</p><h>Depth</h><p>It is deep.</p>"
        "<port name='Ystad'><depth>7 m</depth></port><port name='Lund'><depth>8 m</depth></port>"
        "</a:doc>"
    )
    return made.encode("iso-8859-1")


def test_xml_is_read_like_data_and_its_prose_in_its_order() -> None:
    document = load_bytes(xml(), "a.xml")
    assert document.text == (
        "title: Hafen\n\nThe mole is very öld.\n\nh: Depth\n\nIt is deep.\n\nport\n\n"
        "name | depth\n\nYstad | 7 m\n\nLund | 8 m"
    )
    assert cell(document, "8 m") == ("Lund", "depth")


def test_damaged_and_deep_data_are_told() -> None:
    assert "not valid JSON from line 2" in refused(b'{"a":\n1,}', "a.json")
    assert "not valid JSON from line 2" in refused(b'{"a": 1}\n{"a": \n', "a.jsonl")
    assert "is damaged" in refused(b"<a><b></a>", "a.xml")
    for deep, name in ((b"[" * 100_000, "a.json"), (b'{"a":' * 100_000, "a.json")):
        assert "nested too deeply" in refused(deep + b"1", name)
    assert "nested too deeply" in refused(b"<a>" * 100_000, "a.xml")
    closed = b"[" * 200 + b'"a"' + b"]" * 200
    assert load_bytes(closed, "a.json").text == "a"


# --- archives


def test_an_archive_is_a_folder_whose_files_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    parts: dict[str, str | bytes] = {
        "one.txt": "A harbour.",
        "more/two.md": "# Two\n\nA mole.",
        "more\\three.txt": "A quay.",
        "more/inner.zip": zipped({"x.txt": "Secret"}),
        "picture.xyz": "x",
        ".hidden.txt": "Secret",
        "__MACOSX/._one.txt": "Secret",
        "../../up.txt": "Secret",
        "/etc/top.txt": "Secret",
    }
    path.write_bytes(zipped(parts))
    found = folder(tmp_path)
    assert found is not None
    assert found.files == (path,)
    archive = members(path)
    assert archive is not None
    inner = ("more/three.txt", "more/two.md", "one.txt")
    assert archive.members == tuple(f"{path}/{name}" for name in inner)
    assert archive.archives == ("more/inner.zip",)
    assert set(archive.others) == {".xyz", ".txt"}
    document = load(f"{path}/more/two.md")
    assert (document.text, document.source) == ("# Two\n\nA mole.", f"{path}/more/two.md")
    assert document.name == "two.md"
    known = fingerprint(f"{path}/more/two.md")
    assert known is not None
    assert known[:2] == (document.source, document.read_sha256)
    assert not is_gone(document.source)
    assert is_gone(f"{path}/more/four.md")
    for wrong in ("../../up.txt", "../one.txt", "four.txt", "more"):
        with pytest.raises(DocumentError, match=r"There is no file|cannot be read"):
            load(f"{path}/{wrong}")
    with pytest.raises(DocumentError, match="is an archive: `footnoted add`"):
        load(path)
    path.write_bytes(zipped({"one.txt": "A mole."}))  # What is in it is not remembered.
    assert load(f"{path}/one.txt").text == "A mole."
    path.unlink()
    assert is_gone(document.source)


def test_archives_that_are_bombs_locked_or_damaged_are_told(tmp_path: Path) -> None:
    def told(data: bytes, inner: str = "") -> str:
        path = tmp_path / "a.zip"
        path.write_bytes(data)
        with pytest.raises(DocumentError) as caught:
            load(path / inner if inner else path)
        return str(caught.value)

    many = zipped({f"{n}.txt": "x" for n in range(10_000)}, zipfile.ZIP_STORED)
    assert "a.zip holds 10,000 files, and up to 5,000" in told(many)
    assert "too large: up to 20 MB" in told(zipped({"a.txt": bytes(21_000_000)}), "a.txt")
    assert "would unpack to 600 MB" in told(overlapping(100, 6_000_000))
    assert "a.zip is damaged" in told(zipped({"a.txt": "x"})[:-30])
    assert "a.zip holds no files that can be read" in told(zipped({"a.zip": zipped({})}))
    lying = zipped({"a.txt": "x" * 500}).replace(struct.pack("<I", 500), struct.pack("<I", 10))
    assert "a.txt in a.zip is damaged" in told(lying, "a.txt")
    locked = bytearray(zipped({"a.txt": "x"}, zipfile.ZIP_STORED))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert "a.txt in a.zip is protected with a password" in told(bytes(locked), "a.txt")
    odd = zipped({"a.txt": "x" * 100}, zipfile.ZIP_LZMA)
    assert "packed in a way that cannot be read" in told(odd, "a.txt")


# --- all of them


SAMPLES: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: workbook(sales),
    "csv": lambda: b'Port;Depth;"Note; long"\nYstad;7,5;"a ""deep""\nport"\n\nLund;;\n',
    "tsv": lambda: b"Port\tDepth\nYstad\t7\n",
    "ods": lambda: ods(ODS_ROWS),
    "odt": odt,
    "odp": odp,
    "pptx": deck,
    "rtf": lambda: RTF,
    "eml": lambda: MAIL,
    "vtt": lambda: VTT.encode(),
    "srt": lambda: b"1\n00:00:01,000 --> 00:00:04,000\nThe <i>harbour</i> is old.\n",
    "json": lambda: JSON,
    "jsonl": lambda: b'{"port": "Ystad", "depth": 7}\n{"port": "Lund", "depth": 8}\n',
    "xml": xml,
}
"""What makes a file of each format, by its ending."""


@pytest.mark.parametrize("ending", SAMPLES)
def test_a_file_that_is_cut_off_is_text_or_one_sentence(ending: str) -> None:
    data = SAMPLES[ending]()
    for share in (0.1, 0.5, 0.9, 0.99):
        told = ""
        try:
            assert load_bytes(data[: int(len(data) * share)], f"a.{ending}").text.strip()
        except DocumentError as error:
            told = str(error)
        assert not told or re.fullmatch(r"[^\n]*a\.\w+\b[^\n]*\.", told)
        assert "its parser fails" not in told
