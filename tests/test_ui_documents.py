"""What comes into the library through the window, and that the window lives on meanwhile."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from ebooklib import epub
from fpdf import FPDF
from playwright.sync_api import Page, expect

from tests.browser import SUMMIT, OpenPage, ask, assert_accessible
from tests.serving import Request, serving

pytestmark = [pytest.mark.browser, pytest.mark.weights]

SENTENCE = "The comet Halme was seen from Turku in 1911."
PAGES = 1500


def pdf(*texts: str) -> bytes:
    made = FPDF()
    made.set_font("Helvetica")
    for text in texts:
        made.add_page()
        made.multi_cell(0, 6, text)
    return bytes(made.output())


def word(sentence: str) -> bytes:
    made, stream = docx.Document(), io.BytesIO()
    made.add_paragraph(sentence)
    made.save(stream)
    return stream.getvalue()


def book(sentence: str) -> bytes:
    made, stream = epub.EpubBook(), io.BytesIO()
    made.set_title("Comets")
    chapter = epub.EpubHtml(title="One", file_name="one.xhtml")
    chapter.content = f"<html><body><p>{sentence}</p></body></html>"
    made.add_item(chapter)
    made.spine = [chapter]
    made.add_item(epub.EpubNcx())
    made.add_item(epub.EpubNav())
    epub.write_epub(stream, made)
    return stream.getvalue()


FILES: dict[str, Callable[[str], bytes]] = {
    "txt": str.encode,
    "md": lambda sentence: f"# Comets\n\n{sentence}\n".encode(),
    "html": lambda sentence: f"<html><body><article><p>{sentence}</p></article></body>".encode(),
    "pdf": pdf,
    "docx": word,
    "epub": book,
}
COMETS = dict(
    zip(FILES, ("Halme", "Oterma", "Vaisala", "Liisi", "Palomar", "Kohoutek"), strict=True)
)


def add(page: Page, *files: Path) -> None:
    """Add files by their field, and wait until each is in the library."""
    page.locator("#add input[type=file]").set_input_files([*files])
    for file in files:
        expect(page.locator("#outcomes")).to_contain_text(f"{file.name}: added", timeout=60_000)


def remove(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.locator("#documents li").filter(has_text=name)).to_have_count(0)


def test_each_format_is_taken(page: Page, tmp_path: Path) -> None:
    files = {suffix: tmp_path / f"comet.{suffix}" for suffix in FILES}
    for suffix, path in files.items():
        path.write_bytes(FILES[suffix](SENTENCE.replace("Halme", COMETS[suffix])))
    add(page, *files.values())
    for suffix, comet in COMETS.items():
        turn = ask(page, f"When was the comet {comet} seen?")
        turn.locator(f"a.place:has-text('comet.{suffix}')").first.click()
        expect(page.locator("#source mark.quote")).to_contain_text(f"{comet} was seen")
        expect(page.locator("#source mark.quote")).to_contain_text("1911")
        remove(page, f"comet.{suffix}")


RELEASED = threading.Event()
"""What the page of the site that is slow waits for."""


@pytest.fixture
def site() -> Iterator[str]:
    """A site with one page, one that comes later, a slow one that never comes, and nothing else."""
    RELEASED.clear()

    def reply(request: Request) -> None:
        if request.path == "/slow":
            RELEASED.wait(60)
        body = f"<html><body><article><h1>Comets</h1><p>{SENTENCE}</p></article></body></html>"
        if request.path == "/comet" or (request.path == "/palomar" and RELEASED.is_set()):
            request.answer(200, body.encode(), "text/html; charset=utf-8")
        else:
            request.answer(404)

    with serving(reply) as address:
        yield address
        RELEASED.set()


def fetch(page: Page, address: str) -> None:
    page.locator("#address input").fill(address)
    page.locator("#fetch").click()


def test_a_web_page_is_taken_and_links_to_its_original(page: Page, site: str) -> None:
    fetch(page, "/etc/passwd")
    expect(page.locator("#outcomes")).to_contain_text("starts with http:// or https://")
    box = page.locator("#address input")
    box.fill(f"{site}/none")
    box.press("Enter")
    expect(page.locator("#outcomes .notice")).to_contain_text("404")
    fetch(page, f"{site}/comet")
    expect(page.locator("#outcomes")).to_contain_text("comet: added", timeout=60_000)
    turn = ask(page, "When was the comet Halme seen?")
    turn.locator("a.place:has-text('comet')").first.click()
    original = page.locator("#source a.original")
    words = SENTENCE.replace(" ", "%20")
    expect(original).to_have_attribute("href", f"{site}/comet#:~:text={words}")
    remove(page, "comet")


def test_what_is_added_outlives_its_page_is_stopped_and_tried_again(
    page: Page, open_page: OpenPage, window_address: str, site: str
) -> None:
    fetch(page, f"{site}/slow")
    expect(page.locator("#adding")).to_contain_text("/slow: reading")
    again = page.context.new_page()
    page.close()
    again.goto(window_address)
    expect(again.locator("#adding")).to_contain_text("/slow: reading")
    other = open_page(window_address)
    expect(other.locator("#documents li").first).to_be_visible()
    expect(other.locator("#adding li")).to_have_count(0)  # That is told to its visitor alone.
    fetch(other, f"{site}/none")  # Nobody waits for what somebody else adds.
    expect(other.locator("#outcomes .notice")).to_contain_text("404")

    fetch(again, f"{site}/palomar")
    notices = again.locator("#outcomes .notice")
    expect(notices).to_have_count(1)
    expect(notices).to_contain_text("404")
    assert_accessible(again)
    again.get_by_role("button", name="Stop adding").click()
    RELEASED.set()
    expect(notices).to_have_count(2)
    expect(again.get_by_role("button", name="Stop adding")).to_have_count(0)
    again.get_by_role("button", name="Try again").click()
    expect(again.locator("#outcomes")).to_contain_text("palomar: added, 1 passage", timeout=60_000)
    expect(notices).to_have_count(1)
    expect(again.locator("#adding li")).to_have_count(0)
    expect(other.locator("#outcomes")).to_contain_text("palomar was added.")
    remove(again, "palomar")


def test_what_looks_like_markup_or_has_no_end_stays_text(page: Page, tmp_path: Path) -> None:
    text = (
        "The lighthouse Nordby [has](javascript:alert(1)) <b onclick=alert(1)>a keeper</b>.\n\n"
        "Its keeper \u202eis called\u202c Runa.\n\n" + "endless " * 2_500 + "end.\n"
    )
    (tmp_path / "hostile.txt").write_text(text, "utf-8")
    add(page, tmp_path / "hostile.txt")
    page.locator("#documents a.title").filter(has_text="hostile").click()
    shown = page.locator("#source .text")
    expect(shown).to_contain_text("lighthouse")
    assert shown.text_content() == text
    expect(page.locator("#source").locator("b, a[href^=javascript]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    remove(page, "hostile.txt")


@pytest.mark.slow
def test_questions_are_answered_while_a_long_document_comes_in(
    page: Page, open_page: OpenPage, window_address: str, tmp_path: Path
) -> None:
    path = tmp_path / "long.pdf"
    texts = (f"Report {n}. " + f"Barge {n} carried coal. " * 20 for n in range(PAGES))
    path.write_bytes(pdf(*texts))
    page.locator("#add input[type=file]").set_input_files(path)
    outcomes, adding = page.locator("#outcomes"), page.locator("#adding")
    expect(adding.locator("progress")).to_be_visible(timeout=30_000)
    expect(adding).to_contain_text("embedding", timeout=60_000)
    other = open_page(window_address)
    expect(ask(other, SUMMIT).locator(".answer")).to_contain_text("Dec. 15")
    expect(adding.locator("progress")).to_be_visible()  # It goes on: the answer came meanwhile.
    expect(outcomes).to_contain_text("long.pdf: added", timeout=400_000)
    remove(page, "long.pdf")


def test_documents_are_added_replaced_and_removed(page: Page, tmp_path: Path) -> None:
    files = {"notes(1).txt": b"The comet Halme was seen in Turku in 1911.", "empty.txt": b""}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    upload = page.locator("#add input[type=file]")
    upload.set_input_files([tmp_path / name for name in files])
    outcomes = page.locator("#outcomes")
    expect(outcomes).to_contain_text("notes(1).txt: added, 1 passage", timeout=60_000)
    expect(outcomes).to_contain_text("empty.txt is empty: it holds 0 bytes.")
    entry = page.locator("#documents li").filter(has_text="notes(1)")
    expect(entry).to_have_count(1)
    expect(ask(page, "When was the comet Halme seen?")).to_contain_text("1911")

    upload.set_input_files(tmp_path / "notes(1).txt")
    expect(outcomes).to_have_text("notes(1).txt: unchanged")
    (tmp_path / "notes(1).txt").write_text("The comet Halme was seen in Turku in 1912.")
    upload.set_input_files(tmp_path / "notes(1).txt")
    expect(outcomes).to_have_text("notes(1).txt: replaced, 1 passage")
    expect(entry).to_have_count(1)
    expect(ask(page, "In which year was the comet Halme seen?")).to_contain_text("1912")

    remove(page, "notes(1).txt")
    page.get_by_role("button", name="Undo").click()
    expect(entry).to_have_count(1)
    expect(ask(page, "When was the comet Halme seen?")).to_contain_text("1912")
    remove(page, "notes(1).txt")


def test_a_document_is_left_out_and_renamed(page: Page, tmp_path: Path) -> None:
    briefing = page.locator("#documents li").filter(has_text="briefing.md")
    left = briefing.locator("[data-choose]").get_attribute("data-choose")
    box = page.get_by_role("checkbox", name="Ask briefing.md")
    expect(box).to_be_checked()
    box.uncheck()
    turn = ask(page, SUMMIT)
    expect(turn.locator(".refusal")).to_be_visible()
    documents = {card.get_attribute("data-document") for card in turn.locator("a.card").all()}
    assert documents
    assert left not in documents
    box.check()
    expect(ask(page, SUMMIT).locator(".answer")).to_contain_text("Dec. 15")

    path = tmp_path / "scan-0017.txt"
    sentence = "The comet Oterma was found in Turku in 1943."
    path.write_text(sentence, "utf-8")
    add(page, path)
    name = page.get_by_role("button", name="Rename scan-0017.txt")
    name.click()
    page.keyboard.type("<b>Comets</b> & others")
    page.keyboard.press("Escape")
    expect(page.locator("#documents")).not_to_contain_text("others")
    name.click()
    page.keyboard.type("<b>Comets</b> & others")
    page.keyboard.press("Enter")
    expect(page.locator("#documents .title").last).to_have_text("<b>Comets</b> & others")
    turn = ask(page, "When was the comet Oterma found?")
    expect(turn.locator("a.place").first).to_contain_text("<b>Comets</b> & others, line 1")
    path.write_text(f"{sentence} It came back.", "utf-8")  # A new text of it keeps the name.
    page.locator("#add input[type=file]").set_input_files(path)
    expect(page.locator("#outcomes")).to_contain_text("scan-0017.txt: replaced", timeout=60_000)
    expect(page.locator("#documents .title").last).to_have_text("<b>Comets</b> & others")
    remove(page, "scan-0017.txt")


def test_the_page_of_a_pdf_is_drawn_with_the_quote_on_it(page: Page, tmp_path: Path) -> None:
    paper = tmp_path / "halme.pdf"
    paper.write_bytes(pdf("Comets come and go.", f"Some were seen. {SENTENCE}"))
    add(page, paper)
    turn = ask(page, "When was the comet Halme seen from Turku?")
    turn.locator("a.footnote").first.click()
    expect(page.locator("#source mark.quote")).to_contain_text("1911")
    page.get_by_role("button", name="Page", exact=True).click()
    drawn = page.get_by_role("img", name="Page 2 of")
    expect(drawn).to_be_in_viewport()
    assert drawn.evaluate("each => each.naturalWidth") == 1100
    expect(page.locator("#source .facts")).to_have_text("halme.pdf · page 2 of 2")
    spot, picture = page.locator("#source .spot").bounding_box(), drawn.bounding_box()
    assert picture["y"] < spot["y"] < picture["y"] + picture["height"] / 10
    assert 0 < spot["width"] < picture["width"]
    assert_accessible(page)
    page.get_by_role("button", name="Previous page").click()
    expect(page.get_by_role("img", name="Page 1 of")).to_be_visible()
    expect(page.locator("#source .spot")).to_have_count(0)
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
    page.locator("#documents").get_by_text("China and Russia").click()  # It has no pages.
    expect(page.locator("#source .text")).to_be_visible()
    expect(page.get_by_role("button", name="Page", exact=True)).to_be_hidden()


def test_the_language_of_a_document_is_shown_and_corrected(page: Page, tmp_path: Path) -> None:
    assert page.locator("#documents .language").count() == 0, "of English nothing is said"
    path = tmp_path / "pacht.txt"
    path.write_text("Die Pacht für das Bootshaus am See beträgt 800 Euro im Monat.", "utf-8")
    add(page, path)
    line = page.locator("#documents li").filter(has_text="pacht.txt")
    mark = line.locator(".language")
    expect(mark).to_have_attribute("title", "German")
    expect(mark.locator("[aria-hidden]")).to_have_text("DE")
    expect(mark.locator(".spoken")).to_have_text("German")
    page.get_by_role("button", name="Rename pacht.txt").click()
    language = page.get_by_role("combobox", name="Language of the document")
    expect(language).to_have_value("de")
    language.focus()  # Leaving the name for the language ends nothing.
    language.select_option("Dutch")
    assert_accessible(page)
    language.press("Escape")
    expect(language).to_have_count(0)
    expect(mark).to_have_attribute("title", "German")
    page.get_by_role("button", name="Rename pacht.txt").click()
    language.select_option("Dutch")
    language.press("Enter")
    expect(mark).to_have_attribute("title", "Dutch")
    expect(page.locator("#outcomes")).to_contain_text("pacht.txt: now “Dutch”")
    page.get_by_role("button", name="Rename pacht.txt").click()
    page.keyboard.type("Boathouse")
    language.select_option("Detect from the text")
    language.press("Enter")
    expect(mark).to_have_attribute("title", "German")
    expect(line.locator(".title")).to_have_text("Boathouse")
    remove(page, "pacht.txt")
