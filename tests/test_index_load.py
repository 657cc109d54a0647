"""Files and addresses become documents: real files, a real server on this machine, exact places."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import httpx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from ebooklib import epub
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st

from index.documents import Document
from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.load import load, load_bytes
from tests.conftest import BRIEFING
from tests.serving import Request, serving

PROSE = (
    "The harbour was rebuilt after the storm, and the new mole was made of granite from the"
    " quarry. Its lamp could be seen by every ship that came down from the north in winter."
)


def read(text: str, name: str = "a.txt") -> Document:
    return load_bytes(text.encode(), name)


def headings(document: Document) -> list[tuple[int, str]]:
    return [(found.level, document.text[found.start : found.end]) for found in document.headings]


def styles(document: Document) -> list[tuple[str, str]]:
    return [(each.kind, document.text[each.start : each.end]) for each in document.styles]


def pages(document: Document) -> list[str]:
    edges = [*document.pages, len(document.text)]
    return [document.text[start:end] for start, end in pairwise(edges)]


# Plain text


def test_a_file_is_kept_to_the_byte_and_its_headings_are_found() -> None:
    document = load(BRIEFING)
    assert document.sha256 == hashlib.sha256(BRIEFING.read_bytes()).hexdigest()
    assert document.title == "China and Russia in Late 2021: A Briefing"
    assert document.source == str(BRIEFING.resolve())
    found = headings(document)
    assert [level for level, _ in found] == [1, *[2] * 7]
    assert found[0][1] == document.title
    lines = BRIEFING.read_text("utf-8").split("\n")
    assert all("#" * level + " " + words in lines for level, words in found)


VALID = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[chr(code) for code in range(32) if chr(code) not in "\n\t\f\r"],
)


@settings(max_examples=100, deadline=None)
@given(st.text(VALID, min_size=1).filter(lambda text: text.strip("\ufeff").strip()))
def test_any_text_is_given_back(text: str) -> None:
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    document = read(text)
    assert document.text == expected
    assert all(document.text[h.start : h.end].strip() for h in document.headings)
    assert list(document.pages) == sorted(document.pages)


MIXED = "Он сказал «да» – 中国 “quote” 🙂 café\n\n  kept  \n"
UNICODE = [
    *(MIXED.encode(each) for each in "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32".split()),
    f"\ufeff{MIXED}".encode("utf-16-be"),
    *(MIXED.replace("\n", end).encode() for end in ("\r\n", "\r")),
]


@pytest.mark.parametrize("data", UNICODE)
def test_unicode_encodings(data: bytes) -> None:
    assert load_bytes(data, "a.txt").text == MIXED


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("He said “no” – it’s a café in the old town, and the price was €5.", "cp1252"),
        ("Les élèves ont été reçus à l’école où ils étaient attendus.", "cp1252"),
        ("El niño comió piñas en la mañana; ¿qué pasó después? ¡Nada!", "cp1252"),
        ("La città è bella perché c’è il mare; però d’estate fa più caldo.", "cp1252"),
        ("Корабли двух стран провели учения в море в октябре этого года.", "cp1251"),
        ("Корабли двух стран провели учения в море в октябре этого года.", "koi8-r"),
        ("两国海军在海上举行了联合演习，双方派出了十艘军舰。", "gb18030"),
        ("Zażółć gęślą jaźń. Rząd przyjął ustawę o ochronie środowiska.", "cp1250"),
        ("Vláda schválila návrh zákona, který předložil ministr v úterý.", "cp1250"),
    ],
)
def test_older_encodings(text: str, encoding: str) -> None:
    assert load_bytes(text.encode(encoding), "a.txt").text == text


def test_a_form_feed_starts_a_page() -> None:
    document = read("One.\n\fTwo.\n\fThree.\f")
    assert pages(document) == ["One.\n\f", "Two.\n\f", "Three.\f"]
    assert document.page_at(document.text.index("Two")) == 2
    assert read("One.").pages == ()


ARE_HEADINGS = "The storm|“The storm”|1921 and after|Буря|风暴之后|Who came?".split("|")
ARE_NONE = [
    *"the storm|The storm.|The storm:|The storm,|风暴之后。|- The storm|1. The storm".split("|"),
    *("Sept. 3, 2021: Ships leave", "* * *", "A" * 81),
    "One two three four five six seven eight nine ten eleven twelve thirteen",
]


@pytest.mark.parametrize("line", [*ARE_HEADINGS, *ARE_NONE])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_which_lines_are_headings(line: str, gap: str) -> None:
    found = headings(read(gap.join([PROSE, line, PROSE])))
    assert found == ([(2, line)] if line in ARE_HEADINGS else [])


def test_a_line_of_wrapped_text_and_a_last_line_are_no_headings() -> None:
    wrapped = "The first line\nand the second\nThe third of them\nthe last"
    assert headings(read(f"Title\n\n{wrapped}\n\nBye")) == [(1, "Title")]


def test_a_hostile_title_is_one_short_line() -> None:
    title = read(f"# A\u202e title {'long ' * 60}\n", "x.md").title
    assert title.startswith("A title long")
    assert len(title) <= 200


# Markdown


def test_markdown_is_kept_raw_and_its_headings_are_found() -> None:
    raw = (
        "Intro *text*.\n\n## Second `level` ##\n\n```\n# not one\n```\n\n# The **top**\n\n"
        "Under\nlined\n=====\n\n> ### Quoted\n\n- item\n\nText.\n\n    # code\n\n#hash\n\n"
        "Smaller\n---\n"
    )
    document = read(raw, "a.md")
    assert document.text == raw
    assert headings(document) == [
        (2, "Second `level`"),
        (1, "The **top**"),
        (1, "Under\nlined"),
        (3, "Quoted"),
        (2, "Smaller"),
    ]
    assert document.title == "The top"


def test_markdown_front_matter_gives_the_title_and_no_heading() -> None:
    document = read("---\ntitle: 'My page'\ntags: x\n---\n\n# First\n", "a.md")
    assert document.title == "My page"
    assert headings(document) == [(1, "First")]


# HTML

BARE = """<!doctype html><html><head><title>The  page</title><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><script>var x = 1</script>
<h1>The <em>harbour</em></h1>lo\u00adose text<p>One
 two<br>three 10\u00a0km cafe\u0301<!-- no --> &amp; 4&nbsp;m.</p>
<ul><li>a</li><li><p>b</p><ol><li>c</li><li>d</li></ol></li></ul>
<table><tr><th>Year</th><th>Ships</th></tr><tr><td>1921</td><td><p>3</p><p>00</p></td></tr></table>
<h2><div>After</div></h2><pre>x = 1
  y = 2</pre><p hidden>no</p>x<br><br>y<noscript>no</noscript></body></html>"""

BARE_TEXT = (
    "The harbour\n\nloose text\n\nOne two three 10\u00a0km cafe\u0301 & 4\u00a0m.\n\n"
    "- a\n- b\n1. c\n2. d\n\nYear | Ships\n\n1921 | 3 00\n\nAfter\n\nx = 1\n  y = 2\n\nx\n\ny"
)


def news_page() -> str:
    links = "".join(f"<li><a href='/{i}'>Another story {i}</a></li>" for i in range(8))
    return f"""<html><head><title>Storm - The Daily</title>
    <meta property="og:title" content="Storm over the harbour"></head><body class="home">
    <header><nav><ul>{links}</ul></nav></header><div id="wrap"><div class="content">
    <h1>Storm over the harbour</h1><p>{PROSE}</p><h2>What came after</h2>
    <p>It cost 10\u00a0000 crowns. {PROSE}</p><ol><li>Three ships were lost in the night.</li>
    <li>Nobody was hurt, said the mayor.</li></ol><p>Long ago. {PROSE}</p></div>
    <aside class="sidebar"><h3>Most read</h3><ul>{links}</ul></aside></div>
    <footer><p>Copyright 1921 The Daily. All rights reserved.</p></footer></body></html>"""


def test_a_page_of_a_site_gives_its_main_text() -> None:
    document = read(news_page(), "a.html")
    assert document.text.split("\n\n") == [
        "Storm over the harbour",
        PROSE,
        "What came after",
        f"It cost 10\u00a0000 crowns. {PROSE}",
        "1. Three ships were lost in the night.\n2. Nobody was hurt, said the mayor.",
        f"Long ago. {PROSE}",
    ]
    assert headings(document) == [(1, "Storm over the harbour"), (2, "What came after")]
    assert document.title == "Storm over the harbour"
    assert not document.styles


def test_what_a_page_sets_apart_is_kept_as_places() -> None:
    page = """<h1>The <em>harbour</em></h1><p>Its <b> lamp\n<i>could</i> be </b>seen, <a href="/x">
    by <code>every</code></a> <a name="here">ship</a> <s></s><u>from</u> the <del>south</del>.</p>
    <ul><li><strong>One.</strong></li></ul>
    <table><tr><th>Year</th><th><a href="x">Ships</a></th></tr>
    <tr><td>1921</td><td><b>3</b></td></tr></table>
    <a href="y"><div>Loud.</div><div>Both.</div></a>No."""
    document = read(page, "a.html")
    assert document.text.startswith("The harbour\n\nIts lamp could be seen, by every ship from")
    assert styles(document) == [
        *(("emphasis", "harbour"), ("strong", "lamp could be"), ("emphasis", "could")),
        *(("link", "by every"), ("monospace", "every"), ("struck", "south"), ("strong", "One.")),
        *(("link", "Ships"), ("strong", "3"), ("link", "Loud."), ("link", "Both.")),
    ]


def test_what_the_main_text_of_a_page_sets_apart_is_kept() -> None:
    storm = "Three <b>ships</b> were <a href='/lost'>lost</a> in the night."
    page = news_page().replace("Three ships were lost in the night.", storm)
    document = read(page.replace("Long ago.", "<em>Long</em> ago."), "a.html")
    assert document.text == read(news_page(), "a.html").text
    assert styles(document) == [("strong", "ships"), ("link", "lost"), ("emphasis", "Long")]


def test_headings_that_trafilatura_drops_are_kept() -> None:
    """Of this page trafilatura 2.3 gives the paragraphs alone."""
    columns = f"<div class='two'>{f'<p>{PROSE} {PROSE}</p>' * 3}</div>"
    sections = "".join(f"<h2>Part {i}</h2><p>{PROSE} No. {i}</p>" for i in range(6))
    page = f"<html><body><h1>All</h1>{sections}{columns}<ul><li>one</li></ul></body></html>"
    document = read(page, "a.html")
    assert [words for _, words in headings(document)] == ["All", *(f"Part {i}" for i in range(6))]
    assert document.text.endswith("- one")


def test_what_nobody_is_to_see_is_not_read() -> None:
    hide = "display:none|color:red; DISPLAY : none|visibility:hidden|font-size:0px|opacity: 0.0"
    hide += "|font-size:/**/0|visibility : collapse!important"
    hidden = "".join(f'<p style="{style}">No <b>way</b>.</p>' for style in hide.split("|"))
    show = "opacity:0.5|font-size:0.8em|font-size:10px|--display:nonesuch|display:flex".split("|")
    seen = "".join(f'<p style="{style}">Yes.</p>' for style in show)
    text = read(f"<h1>One</h1>{hidden}{seen}", "a.html").text
    assert text == "\n\n".join(["One", *(["Yes."] * len(show))])


# EPUB and DOCX


def book() -> bytes:
    made = epub.EpubBook()
    made.set_identifier("x")
    made.set_title("The Book")
    made.toc = [epub.EpubHtml(title=name, file_name=f"{name}.xhtml") for name in ("1", "2", "3")]
    for chapter, name in zip(made.toc, ("One", "Two", "Three"), strict=True):
        chapter.content = f"<html><body><h1>{name}</h1><p>É {name}<br/>x.</p></body></html>"
    for item in (*made.toc, epub.EpubNcx(), epub.EpubNav()):
        made.add_item(item)
    made.spine = ["nav", made.toc[2], *made.toc[:2]]
    stream = io.BytesIO()
    epub.write_epub(stream, made)
    return stream.getvalue()


def locked_book() -> bytes:
    stream = io.BytesIO(book())
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("META-INF/rights.xml", "<rights/>")
    return stream.getvalue()


def word(fill: Callable[[docx.document.Document], object]) -> bytes:
    document, stream = docx.Document(), io.BytesIO()
    fill(document)
    document.save(stream)
    return stream.getvalue()


def report(document: docx.document.Document) -> None:
    document.sections[0].header.paragraphs[0].text = "HEADER"
    document.add_heading("The report", 0)
    document.add_heading("One", 1)
    document.add_paragraph("A\u00a0b so\u00adft\nline\ttab")
    for style in ("List Bullet", "List Bullet", "List Number", "List Number"):
        document.add_paragraph(style.split()[1], style=style)
    document.add_heading("Two", 2)
    table = document.add_table(2, 2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"c{number}"
    document.styles.add_style("2021", 1)
    document.add_paragraph("Plain", style="2021")
    document.add_paragraph("End.", style="List Paragraph")


BOOK, REPORT = book(), word(report)


def hidden_runs(document: docx.document.Document) -> None:
    for number, hide in enumerate((True, False, None)):
        document.add_paragraph(f"Run {number}. ").add_run("Hidden.").font.hidden = hide


def tracked_changes(document: docx.document.Document) -> None:
    paragraph = document.add_paragraph("Ships ")
    for tag, text in (("ins", "<w:t>came</w:t>"), ("del", "<w:delText>left</w:delText>")):
        change = f"<w:{tag} {nsdecls('w')} w:id='1'><w:r>{text}</w:r></w:{tag}>"
        paragraph._p.append(parse_xml(change))


UMLAUT = "Ünder “quotes” Ω"


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.html", b"<html><body class='x'><div>Only this.</div></body></html>", "Only this."),
        ("a.html", b"<table><tr><td><h1>A</h1></td><td>B</td></tr></table>", "A\n\nB"),
        ("a.html", b"<div>" * 1500 + b"text" + b"</div>" * 1500, "text"),
        ("a.html", b"<div class=x>" * 1100 + b"text" + b"</div>" * 1100, "text"),
        ("a.htm", f"<p>{UMLAUT}</p>".encode(), UMLAUT),
        ("a.htm", f"<p>{UMLAUT}</p>".encode("utf-16"), UMLAUT),
        ("a.htm", f'<meta charset="utf-8"><p>{UMLAUT}</p>'.encode(), UMLAUT),
        ("a.htm", f"<?xml version='1.0' encoding='utf-8'?><p>{UMLAUT}</p>".encode(), UMLAUT),
        ("a.htm", '<meta charset="iso-8859-1"><p>Ünder “quotes” &Omega;'.encode("cp1252"), UMLAUT),
        ("a.docx", word(hidden_runs), "Run 0.\n\nRun 1. Hidden.\n\nRun 2. Hidden."),
        ("a.docx", word(tracked_changes), "Ships came"),
    ],
    ids="no-article layout deep deep-class utf-8 utf-16 meta xml latin-1 hidden tracked".split(),
)
def test_all_that_is_shown_is_read_and_nothing_else(name: str, data: bytes, text: str) -> None:
    assert load_bytes(data, name).text == text


BARE_HEADINGS = [(1, "The harbour"), (2, "After")]
BOOK_TEXT = "Three\n\nÉ Three x.\n\nOne\n\nÉ One x.\n\nTwo\n\nÉ Two x."
REPORT_TEXT = (
    "The report\n\nOne\n\nA\u00a0b soft line tab\n\n"
    "- Bullet\n- Bullet\n1. Number\n2. Number\n\nTwo\n\nc0 | c1\n\nc2 | c3\n\nPlain\n\nEnd."
)


@pytest.mark.parametrize(
    ("name", "data", "text", "found", "title"),
    [
        ("a.html", BARE.encode(), BARE_TEXT, BARE_HEADINGS, "The harbour"),
        ("a.epub", BOOK, BOOK_TEXT, [(1, "Three"), (1, "One"), (1, "Two")], "The Book"),
        ("a.docx", REPORT, REPORT_TEXT, [(1, "The report"), (1, "One"), (2, "Two")], "The report"),
    ],
    ids=["html", "epub", "docx"],
)
def test_a_page_a_book_and_a_report_are_read_in_order(
    name: str, data: bytes, text: str, found: list[tuple[int, str]], title: str
) -> None:
    document = load_bytes(data, name)
    assert (document.text, headings(document), document.title) == (text, found, title)


# PDF


class Pdf(FPDF):
    """A PDF with a header and a page number on each page."""

    def header(self) -> None:
        self.set_font("Times", size=8)
        self.cell(0, 6, "The Harbour Book", align="C", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Times", size=8)
        self.cell(0, 6, f"Page {self.page_no()} of 5", align="C")

    def say(self, text: str, size: int = 11, align: str = "J") -> None:
        self.set_font("Times", size=size)
        self.multi_cell(0, 0.5 * size, text, align=align, new_x="LMARGIN", new_y="NEXT")


def read_pdf(pdf: FPDF) -> Document:
    return load_bytes(bytes(pdf.output()), "a.pdf")


def sheet(text: str = "") -> FPDF:
    """A page without header and footer, with some text on it."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    if text:
        pdf.multi_cell(0, 5, text)
    return pdf


def test_a_pdf_becomes_paragraphs_headings_and_pages() -> None:
    chapters = {
        number: [f"Chapter {number}", *(f"This is {word} {i}. {PROSE} {word}." for i in range(4))]
        for number, word in {0: "first", 1: "second", 3: "another", 4: "last"}.items()
    }
    chapters[0].insert(0, "The whole book")
    pdf = Pdf()
    for number in range(5):  # Of page 2 there is only the header.
        pdf.add_page()
        for part in chapters.get(number, []):
            pdf.say(part, {"The": 22, "Chapter": 16}.get(part.split()[0], 11))
    document = read_pdf(pdf)
    assert document.text.split("\n\n") == [part for parts in chapters.values() for part in parts]
    assert headings(document) == [
        (1, "The whole book"),
        *((2, f"Chapter {number}") for number in chapters),
    ]
    starts = ["The whole", "Chapter 1", "", "Chapter 3", "Chapter 4"]
    assert [page[:9] for page in pages(document)] == starts
    assert document.title == "The whole book"


def test_a_pdf_with_fewer_than_four_pages_keeps_what_repeats() -> None:
    pdf = Pdf()
    for _ in range(3):
        pdf.add_page()
        pdf.say(PROSE)
    assert read_pdf(pdf).text.count("The Harbour Book") == 3


@pytest.mark.parametrize(
    ("second", "gap"), [("goes on with the next here.", " "), ("Goes on here.", "\n\n")]
)
def test_a_sentence_runs_on_over_the_end_of_a_page(second: str, gap: str) -> None:
    first = "One sentence starts on this page and it"
    pdf = sheet(first)
    pdf.add_page()
    pdf.multi_cell(0, 5, second)
    document = read_pdf(pdf)
    assert document.text == first + gap + second
    assert pages(document) == [first + gap, second]


def test_two_columns_of_a_pdf_are_read_one_after_the_other() -> None:
    pdf = sheet()
    paragraphs = [f"Column text {i}. {PROSE} {PROSE}" for i in range(24)]
    with pdf.text_columns(ncols=2, gutter=8, text_align="J") as columns:
        for paragraph in paragraphs:
            columns.write(paragraph)
            columns.ln()
            columns.ln()
    assert read_pdf(pdf).text.split("\n\n") == paragraphs


@pytest.mark.parametrize(
    ("rows", "is_table"),
    [
        ("Strait|Width|Sea; Tsugaru Strait|20 km|Sea of Japan; Osumi|40 km|Philippine Sea", True),
        ("|1990|2000; Ships sold|12|9", True),
        ("Captain|Ann Lee; Crew|12; Built|1921", True),
        ("Captain|Ann Lee; Crew|12", False),  # As likely two words far apart.
        ("Strait|Width|Sea", False),
    ],
)
def test_a_table_of_a_pdf_is_read_row_by_row(rows: str, is_table: bool) -> None:
    pdf = sheet()
    pdf.multi_cell(0, 5, f"{PROSE} {PROSE}", align="J")
    pdf.ln(4)
    with pdf.table() as table:
        for row in rows.split("; "):
            table.row(row.split("|"))
    pdf.multi_cell(0, 5, f"{PROSE} {PROSE}", align="J")
    first, *told, last = read_pdf(pdf).text.split("\n\n")
    assert first == last == f"{PROSE} {PROSE}"
    expected = [" | ".join(row.split("|")) for row in rows.split("; ")]
    assert (told == expected) == is_table
    words = rows.replace("|", " ").replace("; ", " ").split()
    assert " ".join(told).replace(" |", "").split() == words


def test_hyphens_at_the_ends_of_lines_of_a_pdf() -> None:
    lines = "The har-\nbour of Saint-\nMalo in 2021-\n22 is well-\nknown, and a well-known one."
    text = read_pdf(sheet(lines)).text
    assert " ".join(text.split()) == (
        "The harbour of Saint-Malo in 2021-22 is well-known, and a well-known one."
    )


class Stamped(Pdf):
    """A paper with a stamp on the margin of its first page, and another one on that of all."""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.set_margin(25)
        self.first = first
        self.add_page()
        if first:
            self.stamp()
        self.say("A Study\nof Granite Moles after the Storm", 17, "C")
        self.say(f"{PROSE} {PROSE} It goes on")
        if not first:
            self.stamp()
        for part in ("on the next page.", f"First. {PROSE}", f"Second. {PROSE}"):
            self.add_page()
            self.say(part)

    def turned(self, text: str, x: int, size: int, angle: int = 90) -> None:
        self.set_font("Times", size=size)
        with self.rotation(angle, x, 200):
            self.text(x, 200, text)

    def stamp(self) -> None:
        self.turned("arXiv:2403.01234v2 [cs.CL] 6 Dec 2023", 12, 20)

    def footer(self) -> None:
        super().footer()
        self.turned("Downloaded from tolm.example", 200, 9)


@pytest.mark.parametrize("first", [True, False])
def test_a_stamp_on_the_margin_of_a_pdf_is_not_its_title(first: bool) -> None:
    document = read_pdf(Stamped(first))
    assert document.title == "A Study of Granite Moles after the Storm"
    assert headings(document) == [(1, document.title)]
    assert document.text.split("\n\n") == [
        "arXiv:2403.01234v2 [cs.CL] 6 Dec 2023",
        document.title,
        f"{PROSE} {PROSE} It goes on on the next page.",
        f"First. {PROSE}",
        f"Second. {PROSE}",
    ]


def test_words_across_a_page_are_no_heading() -> None:
    pdf = Stamped(True)
    pdf.turned("DRAFT", 60, 90, 45)
    document = read_pdf(pdf)
    assert "DRAFT" in document.text
    assert document.title == "A Study of Granite Moles after the Storm"


# What a document is called


def on_its_side() -> bytes:
    pdf = sheet()
    pdf.set_font("Times", size=18)
    with pdf.rotation(90, 20, 280):
        pdf.text(20, 280, "The Tides")
        pdf.set_font("Times", size=10)
        for line in range(20):
            pdf.text(20, 290 + 5 * line, f"{line} metres at the mole.")
    return bytes(pdf.output())


def study(named: str) -> bytes:
    """A PDF that gives itself a title, and has one on its first page."""
    pdf = Pdf()
    pdf.set_title(named)
    pdf.add_page()
    pdf.say("THE HARBOUR OF TOLM: A STUDY", 18)
    pdf.say(PROSE)
    pdf.add_page()
    pdf.say("A figure", 30)  # Larger than the title.
    return bytes(pdf.output())


def storm(named: str, heading: str = "") -> bytes:
    """A Word document with a title among its properties."""

    def fill(document: docx.document.Document) -> None:
        document.core_properties.title = named
        if heading:
            document.add_heading(heading, 1)
        document.add_paragraph("A storm broke the mole in 1921.")

    return word(fill)


STORM = "<p>A storm broke the mole.</p>"
NO_TITLES = ("Microsoft Word - tolm.doc", "tolm_final_3", "tolm.pdf", "", "Study")
"""What no PDF is called. The last stands on its page, but in a line of more."""


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("x.txt", f"A title\n\n{PROSE}".encode(), "A title"),
        ("my file.txt", f"{PROSE}\n\nA heading\n\n{PROSE}".encode(), "my file"),
        ("notes.md", b"plain\n", "notes"),
        ("page-7.html", f"<title>The  storm</title>{STORM}".encode(), "The storm"),
        ("page-7.html", f"<title>Untitled document</title><h1>Top</h1>{STORM}".encode(), "Top"),
        ("page-7.html", f"<title>Home</title>{STORM}".encode(), "page-7"),
        ("page-7.html", "<title>港口的风暴</title><p>风暴毁坏了港口。</p>".encode(), "港口的风暴"),
        ("notes 3.docx", storm("Word Document", "The mole"), "The mole"),
        ("notes 3.docx", storm("Word Document"), "notes 3"),
        ("notes 3.docx", storm("The storm of 1921"), "The storm of 1921"),
        ("a.pdf", on_its_side(), "The Tides"),
        ("a.pdf", study("The Harbour of Tolm: A Study"), "The Harbour of Tolm: A Study"),
        *(("a.pdf", study(each), "THE HARBOUR OF TOLM: A STUDY") for each in NO_TITLES),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_a_document_is_called_what_its_text_is_about(name: str, data: bytes, title: str) -> None:
    assert load_bytes(data, name).title == title


# Files that are refused


def scan() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.rect(10, 10, 50, 50)
    return bytes(pdf.output())


def locked() -> bytes:
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    return bytes(pdf.output())


_PART = REPORT.index(b"PK\x03\x04", 2000) + 200
TORN = (b"no archive", REPORT[:-500], REPORT[:_PART] + b"\0" * 20 + REPORT[_PART + 20 :])


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", r"a\.txt is empty: it holds 0 bytes"),
        ("a.txt", b" \n\t\n", r"nothing but white space in a\.txt"),
        ("a.html", b"<html><body> </body></html>", r"no text in a\.html"),
        ("a.html", b"<!-- -->", r"no text in a\.html"),
        ("a.txt", b"text\0with\0zeros and more", "does not look like text"),
        ("a.md", b"text\x07 with a bell", "does not look like text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\xff\xfe\x80", "does not look like text"),
        ("a.xyz", b"x", r"files that end in \.xyz cannot be read.*\.txt.*\.pdf.*\.epub"),
        ("README", b"x", "files without an ending"),
        *(("a.docx", data, r"a\.docx is damaged") for data in (*TORN, BOOK)),
        *(("a.epub", data, r"a\.epub is damaged") for data in (*TORN, REPORT)),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("a.docx", word(lambda _: None), r"no text in a\.docx"),
        ("a.epub", locked_book(), "DRM"),
        ("a.pdf", scan(), r"No text was found in a\.pdf"),
        ("a.pdf", locked(), r"a\.pdf is protected with a password"),
        ("a.pdf", b"%PDF-1.7\nnothing", r"a\.pdf is damaged"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_contents_that_are_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DocumentError, match=message) as from_file:
        load(tmp_path / name)
    with pytest.raises(DocumentError, match=message) as from_bytes:
        load_bytes(data, name)
    assert str(from_file.value) == str(from_bytes.value)
    assert "{name}" not in str(from_file.value)


def test_places_that_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ring.txt").symlink_to(tmp_path / "ring.txt")
    for place, message in (
        (tmp_path / "gone.txt", r"There is no file .*gone\.txt"),
        (str(tmp_path), r"is a folder: give the files in it, .*\*\.txt"),
        ("/dev/null", "not an ordinary file"),
        ("a\0.txt", "null"),
        ("", "No file"),
        (tmp_path / "ring.txt", r"ring\.txt"),
    ):
        with pytest.raises(DocumentError, match=message):
            load(place)


def test_a_file_without_permission_and_one_that_is_too_large_to_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")

    def refuse(self: Path, *arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # Rights do not hold for root, who may run the tests.
    with pytest.raises(DocumentError, match=r"no permission to read a\.txt"):
        load(path)
    os.truncate(path, 50_000_000)
    with pytest.raises(DocumentError, match=r"a\.txt is too large: up to 20 MB"):
        load(path)


ZEROS = io.BytesIO()
with zipfile.ZipFile(ZEROS, "w", zipfile.ZIP_DEFLATED) as _archive:
    _archive.writestr("word/document.xml", bytes(60_000))


@pytest.mark.parametrize(
    ("name", "data", "bounds", "message"),
    [
        ("a.txt", b"12345", {"max_text_bytes": 4}, "too large: up to 4 bytes"),
        ("a.txt", b"12345", {"max_characters": 4}, "5 characters of text; up to 4"),
        ("a.pdf", b"12345", {"max_bytes": 4, "max_text_bytes": 9}, "too large"),
        ("a.docx", ZEROS.getvalue(), {"max_unpacked_bytes": 50_000}, "would unpack to"),
    ],
)
def test_limits(name: str, data: bytes, bounds: dict[str, Any], message: str) -> None:
    assert len(data) < 1000
    with pytest.raises(DocumentError, match=message):
        load_bytes(data, name, limits=Limits(**bounds))
    just = Limits(max_text_bytes=5, max_characters=5)
    assert load_bytes(b"12345", "a.txt", limits=just).text == "12345"


def test_a_file_is_of_its_path_or_of_what_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Ünï.TXT").write_text("text")
    monkeypatch.chdir(tmp_path)
    document = load("Ünï.TXT")
    assert document.source == str(tmp_path.resolve() / "Ünï.TXT")
    assert document.id == hashlib.sha256(b"text").hexdigest()[:12]
    assert load_bytes(b"some text.", "a.TXT", source="upload:1").source == "upload:1"


# Addresses

ANSWERS = {
    "/page": (BARE.encode(), "text/html; charset=utf-8"),
    "/latin": ("<p>“é”</p>".encode("cp1252"), "text/html; charset=windows-1252"),
    "/plain": (b"just text", "text/plain"),
    "/README.md": (b"# Read me\n", "text/plain; charset=utf-8"),
    "/book": (BOOK, "application/epub+zip"),
    "/report.docx": (REPORT, "application/octet-stream"),
    "/blob": (b"x", "application/octet-stream"),
    "/picture.txt": (b"x", "image/gif"),
    "/large.txt": (b"x" * 5000, "text/plain"),
    "/empty": (b"", "text/plain"),
}
MOVED = {"/moved": "/page", "/away": "ftp://127.0.0.1/x"}
AGENTS: list[str] = []
"""What the site was told of who asks it."""


def reply(request: Request) -> None:
    AGENTS.append(request.headers["User-Agent"])
    path = request.path.partition("?")[0]
    if path.startswith("/again"):
        request.answer(302, Location=f"/again{int(path[6:] or 0) + 1}")
    elif path in MOVED:
        request.answer(301, Location=MOVED[path])
    elif path == "/short":
        request.answer(200, b"cut off", **{"Content-Length": "100"})
    elif path in ANSWERS:
        request.answer(200, *ANSWERS[path])
    else:
        request.send_error(int(path[1:]) if path[1:].isdigit() else 404)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(reply) as address:
        yield address


def test_a_web_page_and_one_that_leads_to_it(site: str) -> None:
    document = load(f"{site}/page?a=1#part", private=True)
    assert document.text == BARE_TEXT
    assert document.source == f"{site}/page?a=1"
    assert AGENTS[-1].startswith("footnoted/")
    with_password = site.replace("http://", "http://me:secret@")
    assert load(f"{with_password}/moved", private=True).source == f"{site}/page"


@pytest.mark.parametrize(
    ("path", "text", "title"),
    [
        ("/latin", "“é”", "latin"),
        ("/plain", "just text", "plain"),
        ("/README.md", "# Read me\n", "Read me"),
        ("/book", "Three\n\nÉ Three", "The Book"),
        ("/report.docx", "The report\n\nOne", "The report"),
    ],
)
def test_the_content_type_tells_the_format(site: str, path: str, text: str, title: str) -> None:
    document = load(site + path, private=True)
    assert document.text.startswith(text)
    assert document.title == title


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/gone", "answers 404: there is no such page"),
        ("/401", "answers 401: it asks for a password"),
        ("/503", "answers 503: Service Unavailable"),
        ("/picture.txt", "of the type image/gif, which cannot be read"),
        ("/blob", "of the type application/octet-stream"),
        ("/again", "redirects more than 5 times"),
        ("/away", "cannot be read"),
        ("/short", "cannot be read"),
        ("/large.txt", "too large: up to 4,000 bytes"),
        ("/empty", "is empty"),
    ],
)
def test_answers_that_are_refused(site: str, path: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load(site + path, private=True, limits=Limits(max_text_bytes=4000))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ftp://example.org/a.txt", r"only files and http:// or https://"),
        ("file:///etc/passwd", r"only files and http:// or https://"),
        *((each, "cannot be read") for each in ("http://", "http://[::1", "http://..")),
        ("http://a\0b/", "cannot be read"),
    ],
)
def test_addresses_that_are_refused(address: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load(address, private=True)


def test_a_server_that_is_not_there_or_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "Timeout", lambda *_, **__: 0.1)
    with socket.socket() as taken:  # Bound and not listening: nobody else can answer there.
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/a.txt"
        with pytest.raises(DocumentError, match="cannot be reached"):
            load(address, private=True)
        taken.listen()
        with pytest.raises(DocumentError, match="does not answer in time"):
            load(address, private=True)


def test_a_server_that_never_ends(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.loading.address.FETCH_SECONDS", -1.0)
    with pytest.raises(DocumentError, match="could not be downloaded within"):
        load(f"{site}/plain", private=True)
