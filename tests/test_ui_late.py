"""On a machine that has much else to do, what is older never stands over what is newer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from index.loading.load import load_bytes
from rag.log import Log
from tests.browser import OpenPage, ask, window
from tests.conftest import OpenLibrary
from tests.test_ui_checking import check, open_check
from tests.test_ui_documents import pdf
from tests.test_ui_libraries import (
    BRIDGE,
    MILL,
    OPENED,
    TUNNEL,
    asked_of,
    documents,
    name,
    of,
    turn_to,
)
from tests.test_ui_tabs import another_tab, listed, open_kept

pytestmark = [pytest.mark.browser, pytest.mark.weights]

LATE = """
import time
from functools import wraps
import ui.window
from index.library import Library
from rag.log import Log
from ui.panels import checking
from ui.panels.checking import CheckPanel
from ui.panels.conversation import ConversationPanel
from ui.panels.documents import DocumentsPanel
from ui.panels.events import asked_by
from ui.panels.libraries.menu import LibraryMenu
from ui.panels.source import SourcePanel
from ui.panels.tags import Tags

def late(where, name, seconds):
    before = getattr(where, name)

    @wraps(before)
    def after(*given, **more):
        shown = before(*given, **more)
        time.sleep(seconds(*given, **more))
        return shown

    setattr(where, name, after)

def of_pages(library, *seconds):
    left = [*seconds]
    return lambda *_, **more: (
        left.pop(0) if left and library == more.get("library", asked_by()[1]) else 0
    )

def of_no_library(*_, **__):
    return 0 if asked_by()[1] else 3

late(LibraryMenu, "show", of_no_library)
late(DocumentsPanel, "open", of_no_library)
late(Tags, "show", lambda _, left_out: 2 * (asked_by()[1] == "works" and len(left_out) == 1))
late(Library, "remove", of_pages("piers", 5))
late(Library, "dates", of_pages("growing", 0, 5, 5, 0, 0, 5))
late(ConversationPanel, "welcome", of_pages("shrinking", 6))
late(ConversationPanel, "welcome", of_pages("emptied", 0, 3))
late(ConversationPanel, "welcome", of_pages("opened", 0, 5))
late(ConversationPanel, "rate", of_pages("rated", 3))
late(ConversationPanel, "rate", of_pages("answered", 2))
late(ConversationPanel, "restore", of_pages("rated", 0, 0, 1))
late(ConversationPanel, "restore", of_pages("answered", 0, 1))
late(ConversationPanel, "_show", of_pages("answered", 0, 0, 4, 4))
late(CheckPanel, "_written", of_pages("reopened", 0, 3))
late(Log, "overrule", of_pages("overruled", 3))
late(checking, "load_bytes", of_pages("left", 3))
late(SourcePanel, "open_place", of_pages("paged", 3))
"""
"""What pages of some libraries show comes so many seconds after it was read, at first.

So does what a page is loaded with whose address names no library.
"""

BUILT = "Who opened the tunnel at Varn?"
LONG = "The bridge at Tolm is 412 metres long."
SHORT = "The bridge at Tolm is 99 metres long."
TEXT: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": SHORT.encode()}
LIBRARIES = "piers growing shrinking emptied opened rated answered reopened overruled replaced left"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Path:
    """A folder of libraries, one for each test that changes it, or is late with what is of it."""
    made = tmp_path_factory.mktemp("late")
    bridge, tunnel = of(BRIDGE, "bridge"), of(TUNNEL, "tunnel")
    for each in LIBRARIES.split():
        library = open_library(made / each)
        library.add(bridge)
        library.add(tunnel)
    works = open_library(made / "works")
    works.add(bridge.tagged(["bridges"]))
    works.add(tunnel.tagged(["tunnels"]))
    open_library(made / "archive").add(of(MILL, "mill"))
    paged = open_library(made / "paged")
    paged.add(load_bytes(pdf(TUNNEL), "tunnel.pdf"))
    paged.add(bridge)
    return made


@pytest.fixture(scope="module")
def address(folder: Path, open_library: OpenLibrary) -> Iterator[str]:
    with window(open_library(folder / "works"), first=LATE, FOOTNOTED_LLM="none") as found:
        yield found


@pytest.fixture
def page(request: pytest.FixtureRequest, open_page: OpenPage, address: str) -> Page:
    """A page of the library that the test names."""
    page = open_page(f"{address}?library={request.param}")
    expect(name(page)).to_contain_text(request.param)
    expect(page.locator("#documents li")).to_have_count(2)
    return page


def of_library(*libraries: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", libraries, indirect=True)


def stays(shown: Locator, words: list[str], seconds: int) -> None:
    expect(shown).to_have_text(words)
    shown.page.wait_for_timeout(1_000 * seconds)
    expect(shown).to_have_text(words)


def box(page: Page, document: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Ask {document}.txt")


@of_library("works")
def test_it_is_told_of_what_is_asked_however_fast_that_is_chosen(page: Page) -> None:
    def is_told(words: str) -> None:
        stays(asked_of(page), [f"Answers from: {words}"], 3)

    everything = page.locator("#by-tag").get_by_role("button", name="All")
    expect(asked_of(page)).to_have_text("Answers from: all documents")
    box(page, "bridge").uncheck()
    box(page, "tunnel").uncheck()
    is_told("no document: tick one under Documents")
    page.get_by_role("button", name="Ask 1 document tagged tunnels").click()
    expect(box(page, "tunnel")).to_be_checked()
    everything.click()
    is_told("all documents")
    expect(box(page, "bridge")).to_be_checked()
    box(page, "bridge").uncheck()
    everything.click()
    is_told("all documents")
    expect(box(page, "bridge")).to_be_checked()


@of_library("piers")
def test_a_page_that_was_turned_shows_nothing_of_the_library_that_it_had(page: Page) -> None:
    page.get_by_role("button", name="Remove tunnel.txt").click()
    turn_to(page, "archive")
    stays(documents(page), ["mill"], 6)
    expect(page.locator("#outcomes")).not_to_contain_text("tunnel.txt")
    turn_to(page, "piers")
    expect(documents(page)).to_have_text(["bridge"])


def test_a_page_is_turned_to_another_library_once_it_is_loaded(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(f"{address}?document={of(MILL, 'mill').id}&span=0-8")
    page.locator("#source .elsewhere a").click()
    expect(name(page)).to_contain_text("archive")
    expect(documents(page)).to_have_text(["mill"])
    expect(page.locator("#source mark.quote")).to_have_text("The mill")
    page.wait_for_timeout(4_000)  # Nothing comes behind it.
    expect(name(page)).to_contain_text("archive")
    expect(documents(page)).to_have_text(["mill"])


@of_library("growing")
def test_what_changes_while_the_list_is_drawn_is_shown_and_stays(
    page: Page, folder: Path, open_library: OpenLibrary
) -> None:
    library = open_library(folder / "growing")

    def add(text: str, name: str) -> None:
        """Add a document behind the page, and wait until the page has asked for it."""
        page.wait_for_timeout(1_000)  # What it asked for before is sent.
        with page.expect_request(re.compile("queue/join")):
            library.add(of(text, name))
        page.wait_for_timeout(500)

    add("The mill at Sund is of 1940.", "mill")
    box(page, "bridge").uncheck()
    expect(documents(page)).to_have_text(["bridge", "tunnel", "mill"])
    page.wait_for_timeout(500)
    expect(box(page, "bridge")).not_to_be_checked()
    expect(asked_of(page)).to_have_text("Answers from: 2 of 3 documents")
    add("The dam at Sund is of 1950.", "dam")
    library.add(of("The weir at Sund is of 1960.", "weir"))
    expect(documents(page)).to_have_text(["bridge", "tunnel", "mill", "dam", "weir"])
    page.get_by_role("button", name="Remove bridge.txt").click()
    expect(documents(page)).to_have_text(["tunnel", "mill", "dam", "weir"])
    expect(box(page, "tunnel")).to_be_checked()
    page.wait_for_timeout(3_000)  # Now the page has looked behind that.
    add("The lock at Sund is of 1970.", "lock")
    turn_to(page, "archive")
    stays(documents(page), ["mill"], 5)


@of_library("shrinking", "emptied")
def test_nothing_is_offered_to_be_asked_of_what_was_removed(page: Page) -> None:
    for each in ("bridge", "tunnel"):
        page.get_by_role("button", name=f"Remove {each}.txt").click()
        expect(page.locator("#documents li").filter(has_text=each)).to_have_count(0)
    first = page.locator("#opening .first")
    expect(first).to_contain_text("add one under Documents")
    page.wait_for_timeout(6_000)
    expect(first).to_contain_text("add one under Documents")


@of_library("opened")
def test_what_is_opened_stays_where_the_opening_comes_late(page: Page) -> None:
    ask(page, OPENED)
    expect(listed(page)).to_have_text([OPENED])
    tab = another_tab(page)
    open_kept(tab, OPENED)
    expect(asked(tab)).to_have_text([OPENED])
    expect(tab.locator("#opening h3")).to_have_count(0)  # It is still to come.
    expect(tab.locator("#opening h3")).to_be_attached()
    expect(tab.locator("#opening")).to_be_hidden()
    expect(asked(tab)).to_have_text([OPENED])


@of_library("rated")
def test_a_conversation_stays_open_where_what_was_said_before_comes_late(
    page: Page, folder: Path
) -> None:
    two_conversations(page)
    page.locator("[data-act=up]").click()
    open_kept(page, OPENED)
    stays(asked(page), [OPENED], 4)
    # What is said of an answer that is about to go is said of no other.
    open_kept(page, BUILT)
    page.locator("[data-act=down]").click()
    stays(asked(page), [BUILT], 2)
    [rated] = Log(folder / "rated").ratings()
    assert (rated["answer"]["question"], rated["rating"]) == (BUILT, "up")


@of_library("answered")
def test_a_question_stays_in_its_conversation_where_what_was_done_before_comes_late(
    page: Page,
) -> None:
    two_conversations(page)
    page.locator("[data-act=down]").click()
    ask(page, "How long is it?")
    expect(asked(page)).to_have_text([BUILT, "How long is it?"])
    open_kept(page, OPENED)
    ask(page, "When was it opened?")
    expect(asked(page)).to_have_text([BUILT, "How long is it?", "When was it opened?"])
    page.reload()
    expect(asked(page)).to_have_text([BUILT, "How long is it?", "When was it opened?"])


def two_conversations(page: Page) -> None:
    ask(page, OPENED)
    page.locator("#talk-bar").get_by_role("button", name="New", exact=True).click()
    expect(asked(page)).to_have_count(0)
    ask(page, BUILT)


def asked(page: Page) -> Locator:
    return page.locator("#conversation .asked")


@of_library("reopened")
def test_a_text_that_is_checked_stays_where_the_one_before_comes_late(page: Page) -> None:
    check(page, LONG)
    page.reload()
    check(page, SHORT)
    stays(draft(page), [SHORT], 4)


@of_library("overruled")
def test_a_verdict_is_overruled_in_its_text_alone(page: Page) -> None:
    check(page, SHORT)
    page.locator("#checked a.s").click()
    page.locator("#checked summary").click()
    page.locator("#checked select").select_option(label="Supported")
    page.locator("#checked").get_by_label("Note").fill("Measured.")
    page.get_by_role("button", name="Save").click()
    check(page, LONG)
    stays(draft(page), [LONG], 4)
    expect(page.locator("#checked .found")).to_contain_text(LONG)
    expect(page.locator("#checked .found")).not_to_contain_text("Measured")


@of_library("replaced")
def test_a_file_that_is_opened_takes_the_place_of_the_text_that_is_being_checked(
    page: Page,
) -> None:
    lengths = [f"The bridge at Tolm is {length} metres long." for length in range(2, 60)]
    open_check(page)
    page.locator("#draft textarea").fill(" ".join(lengths))
    page.locator("#check").click()
    expect(page.locator("#checked progress")).to_be_visible()
    page.locator("#check-row input[type=file]").set_input_files(TEXT)
    expect(page.locator("#checked a.s")).to_have_text([SHORT])
    expect(page.locator("#check")).to_be_visible()
    stays(draft(page), [SHORT], 2)
    expect(page.locator("#checked a.s")).to_have_text([SHORT])


def draft(page: Page) -> Locator:
    return page.locator("#checked .draft-text")


@of_library("left")
def test_a_text_that_was_opened_in_another_library_is_not_checked(page: Page) -> None:
    open_check(page)
    page.locator("#check-row input[type=file]").set_input_files(TEXT)
    page.wait_for_timeout(1_000)  # It is being read by then.
    turn_to(page, "archive")
    page.wait_for_timeout(4_000)
    expect(page.locator("#checked .draft-text")).to_have_count(0)
    expect(page.locator("#check")).to_be_visible()


@of_library("paged")
def test_a_text_has_no_pages_where_the_pages_of_another_come_late(page: Page) -> None:
    for each in ("tunnel", "bridge"):
        page.locator("#documents a").filter(has_text=each).click()
    expect(page.locator("#source")).to_contain_text("Ada Holm")
    page.wait_for_timeout(4_000)
    expect(page.locator("#source")).to_contain_text("Ada Holm")
    expect(page.locator('#source-bar [data-view="page"]')).to_be_hidden()
