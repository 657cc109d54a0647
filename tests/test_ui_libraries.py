"""Libraries and tags in the window, in a real browser: each page has a library of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from index.documents import Document
from index.weights.catalogue import MULTILINGUAL
from rag.assistant import Assistant
from rag.config import load_settings
from tests.browser import OpenPage, ask, assert_accessible, window
from tests.conftest import OpenLibrary
from tests.test_ui_tabs import another_tab, listed
from tests.visitor import Visitor
from ui.entry.users import add_token, add_user
from ui.panels.libraries.opened import Libraries

pytestmark = [pytest.mark.browser, pytest.mark.weights]

BRIDGE = "The bridge at Tolm was opened by Ada Holm on 3 May 1911. It is 412 metres long."
TUNNEL = "The tunnel at Varn was opened by Bo Ek on 9 June 1932. It is 2,100 metres long."
MILL = "The mill at Tolm burned down on 2 April 1899. Nobody was hurt."
OPENED = "Who opened the bridge at Tolm?"
BURNED = "When did the mill at Tolm burn down?"


def of(text: str, name: str) -> Document:
    return Document.of(text, title=name, source=f"/papers/{name}.txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Path:
    """A folder of libraries: works, archive, and one that is broken."""
    made = tmp_path_factory.mktemp("libraries")
    works = open_library(made / "works")
    works.add(of(BRIDGE, "bridge").tagged(["bridges", "old"]))
    works.add(of(TUNNEL, "tunnel").tagged(["tunnels"]))
    open_library(made / "archive").add(of(MILL, "mill"))
    (made / "broken").mkdir()
    (made / "broken" / "library.db").write_bytes(b"not a database" * 400)
    return made


@pytest.fixture(scope="module")
def address(folder: Path, open_library: OpenLibrary) -> Iterator[str]:
    with window(open_library(folder / "works"), FOOTNOTED_LLM="none") as found:
        yield found


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Page:
    page = open_page(address)
    expect(name(page)).to_contain_text("works")
    expect(page.locator("#documents li")).to_have_count(2)
    return page


def name(page: Page) -> Locator:
    return page.locator("#library-name")


def open_list(page: Page) -> Locator:
    name(page).click()
    expect(page.locator("#library-list li").first).to_be_visible()
    return page.locator("#library-list")


def turn_to(page: Page, library: str) -> None:
    open_list(page).get_by_role("button", name=library, exact=True).click()
    expect(name(page)).to_contain_text(library)


def documents(page: Page) -> Locator:
    return page.locator("#documents .title")


def asked_of(page: Page) -> Locator:
    return page.locator("#asked-of")


def kept(page: Page) -> list[dict[str, Any]]:
    stored: dict[str, str] = page.evaluate("({...localStorage})")
    return [json.loads(value) for key, value in stored.items() if ":conversation:" in key]


def test_another_library_is_opened_and_a_conversation_comes_back_with_its_own(page: Page) -> None:
    ask(page, OPENED)
    page.locator("#question textarea").fill("a draft that stays")
    turn_to(page, "archive")
    expect(documents(page)).to_have_text(["mill"])
    expect(page.locator("#conversation .turn")).to_have_count(0)
    expect(page.locator("#question textarea")).to_have_value("a draft that stays")
    expect(listed(page)).to_have_text([f"{OPENED} in works"])
    assert ask(page, OPENED).locator(".refusal").count() == 1
    turn = ask(page, BURNED)
    expect(turn).to_contain_text("1899")
    turn.locator("a.footnote").first.click()
    expect(page.locator("#source mark.quote")).to_contain_text("burned down")
    expect(page).to_have_url(re.compile("library=archive"))
    page.reload()
    expect(name(page)).to_contain_text("archive")
    expect(page.locator("#conversation .asked")).to_have_text([OPENED, BURNED])
    # Coming back to the first conversation opens its library first.
    listed(page).filter(has_text="in works").click()
    expect(name(page)).to_contain_text("works")
    expect(page.locator("#conversation .asked")).to_have_text([OPENED])
    expect(documents(page)).to_have_text(["bridge", "tunnel"])
    page.locator("#conversation a.footnote").first.click()
    expect(page.locator("#source mark.quote")).to_contain_text("Ada Holm")
    assert sorted(each["library"] for each in kept(page)) == ["archive", "works"]


def test_each_tab_has_its_own_library(page: Page) -> None:
    tab = another_tab(page)
    turn_to(tab, "archive")
    ask(tab, BURNED)
    expect(ask(page, OPENED)).to_contain_text("Ada Holm")
    expect(name(page)).to_contain_text("works")
    expect(documents(page)).to_have_text(["bridge", "tunnel"])
    expect(documents(tab)).to_have_text(["mill"])


def test_what_is_asked_while_the_page_turns_to_another_library_stays(page: Page) -> None:
    ask(page, OPENED)
    turn_to(page, "archive")
    expect(page.locator("#conversation .turn")).to_have_count(0)
    ask(page, BURNED)
    # On a machine that has much else to do, the end of the turning comes only now.
    page.evaluate("document.dispatchEvent(new Event('footnoted:library'))")
    expect(ask(page, "Who was hurt?")).to_contain_text("Nobody")
    expect(page.locator("#conversation .asked")).to_have_text([BURNED, "Who was hurt?"])
    assert sorted(each["library"] for each in kept(page)) == ["archive", "works"]


def test_a_library_is_made_and_renamed_and_a_broken_one_says_why(page: Page, folder: Path) -> None:
    shown = open_list(page)
    expect(shown).to_contain_text("2 documents")
    expect(shown).to_contain_text(str(folder / "archive"))
    broken = shown.locator("li").filter(has_text="broken")
    expect(broken).to_contain_text("is damaged")
    expect(broken.locator(".library")).to_be_disabled()
    assert_accessible(page)
    for wrong, why in (("../x", "A library's name is up to"), ("Archive", "There is a “Archive”")):
        shown.locator("#new-library").fill(wrong)
        shown.locator("#new-library").press("Enter")
        expect(shown.locator(".told")).to_contain_text(why)
        expect(shown.locator("#new-library")).to_have_value(wrong)
    shown.locator("#new-library").fill(" Minutes 2024 ")
    shown.get_by_role("button", name="Create").click()
    expect(name(page)).to_contain_text("Minutes 2024")
    expect(page.locator("#documents")).to_contain_text("No documents yet")
    expect(page.locator("#opening .first")).to_contain_text("add one under Documents")
    page.locator("#add input[type=file]").set_input_files(
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"The dam at Sund is of 1950."}
    )
    expect(documents(page)).to_have_text(["note"], timeout=60_000)
    expect(page.locator("#opening .first")).to_have_count(0)
    ask(page, "When is the dam at Sund of?")
    shown = open_list(page)
    shown.get_by_role("button", name="Rename Minutes 2024").click()
    shown.locator(".naming").fill("Dams")
    shown.locator(".naming").press("Enter")
    expect(name(page)).to_contain_text("Dams")
    expect(documents(page)).to_have_text(["note"])
    assert sorted(each.name for each in folder.iterdir()) == ["Dams", "archive", "broken", "works"]
    expect(listed(page)).to_have_text(["When is the dam at Sund of?"])  # It is of this library.
    assert [each["library"] for each in kept(page)] == ["Dams"]
    listed(page).click()
    expect(ask(page, "What is of 1950?")).to_contain_text("dam")
    turn_to(page, "works")


def test_a_link_to_a_document_of_another_library_says_so(open_page: OpenPage, address: str) -> None:
    mill = of(MILL, "mill")
    page = open_page(f"{address}?document={mill.id}&span=0-8")
    expect(page.locator("#source")).to_contain_text("It is in another library")
    page.locator("#source .elsewhere a").click()
    expect(name(page)).to_contain_text("archive")
    expect(page.locator("#source mark.quote")).to_have_text("The mill")
    gone = open_page(f"{address}?library=..%2Fworks")
    expect(gone.locator("#library-list")).to_contain_text("There is no library “../works” here")
    expect(gone.locator("#documents")).to_contain_text("There is no library")


def test_tags_narrow_the_question_and_are_given_and_taken_away(page: Page) -> None:
    expect(asked_of(page)).to_have_text("Answers from: all documents")
    page.get_by_role("button", name="Ask 1 document tagged tunnels").click()
    expect(asked_of(page)).to_have_text("Answers from: 1 document tagged tunnels")
    expect(page.get_by_role("checkbox", name="Ask bridge.txt")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Ask tunnel.txt")).to_be_checked()
    expect(ask(page, OPENED).locator(".refusal")).to_be_visible()
    page.get_by_role("checkbox", name="Ask tunnel.txt").uncheck()
    expect(asked_of(page)).to_have_text("Answers from: no document: tick one under Documents")
    page.locator("#by-tag").get_by_role("button", name="All").click()
    expect(asked_of(page)).to_have_text("Answers from: all documents")
    expect(ask(page, OPENED)).to_contain_text("Ada Holm")

    line = page.locator("#documents li").filter(has_text="tunnel.txt")
    line.hover()
    line.get_by_role("button", name="Add a tag to tunnel.txt").click()
    line.locator(".naming").fill("<i>old</i>, x")
    line.locator(".naming").press("Enter")
    expect(page.locator("#tags-told")).to_contain_text("no comma")
    line.hover()
    line.get_by_role("button", name="Add a tag to tunnel.txt").click()
    line.locator(".naming").fill("old")
    line.locator(".naming").press("Enter")
    expect(line.locator(".tag")).to_have_text(["tunnels×", "old×"])
    page.get_by_role("button", name="Ask 2 documents tagged old").click()
    line.get_by_role("button", name="Remove the tag old from tunnel.txt").click()
    expect(line.locator(".tag")).to_have_text(["tunnels×"])
    expect(page.get_by_role("button", name="Ask 1 document tagged old")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (360, 640)])
def test_the_list_fits_and_can_be_used_by_keyboard(
    open_page: OpenPage, address: str, size: tuple[int, int]
) -> None:
    page = open_page(address, viewport={"width": size[0], "height": size[1]})
    expect(name(page)).to_contain_text("works")
    if size[0] < 900:
        page.locator("#top [data-panel-button=documents]").click()
    expect(name(page)).to_be_visible()  # What is not in view yet takes no focus.
    name(page).focus()
    page.keyboard.press("Enter")
    shown = page.locator("#library-list")
    expect(shown.locator("li").first).to_be_visible()
    small = """() => [...document.querySelectorAll(
        "#library button, #library-list button, #by-tag button, .tags button, #library-list input")]
      .filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect())
      .filter((box) => box.width < 24 || box.height < 24).length"""
    assert page.evaluate(small) == 0
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        assert_accessible(page)
    archive = shown.get_by_role("button", name="archive", exact=True)
    for _ in range(2 * shown.locator("li").count()):  # Another test may have made some before it.
        page.keyboard.press("Tab")
        if archive.evaluate("(each) => each === document.activeElement"):
            break
    expect(archive).to_be_focused()
    page.keyboard.press("Enter")
    expect(name(page)).to_contain_text("archive")
    expect(name(page)).to_be_focused()


def test_rights_hold_for_each_library_apart(
    tmp_path: Path, open_library: OpenLibrary, browser: Browser
) -> None:
    open_library(tmp_path / "all" / "open").add(of(MILL, "mill"))
    open_library(tmp_path / "all" / "closed").add(of(BRIDGE, "bridge"))
    users = tmp_path / "users"
    for each in ("ada", "bo", "cy"):
        add_user(users, each, f"the password of {each}", "add,remove")
    tokens = {each: add_token(users, each) for each in ("ada", "bo", "cy")}
    given = {
        "FOOTNOTED_LLM": "none",
        "FOOTNOTED_READERS": json.dumps({"closed": ["ada", "bo"]}),
        "FOOTNOTED_EDITORS": json.dumps({"closed": ["ada"]}),
    }
    library = open_library(tmp_path / "all" / "closed")
    with window(library, "--auth", str(users), **given) as address:
        ada, bo, cy = (Visitor(address, tokens[each]) for each in ("ada", "bo", "cy"))
        # The library that the window was started with is not for cy, by no way.
        for path in ("v1/documents", "v1/libraries"):
            assert [each.http.get(path).status_code for each in (ada, bo, cy)] == [200, 200, 403]
        asked = {"question": OPENED, "llm": False}
        assert cy.http.post("v1/ask", json=asked).status_code == 403
        assert "closed" not in cy.send("look", at="library")
        assert "closed" in bo.send("look", at="library")
        assert "do not have access" in cy.send("submit", OPENED, at="question")
        assert "Ada Holm" not in cy.send("submit", OPENED, at="question")
        bridge = of(BRIDGE, "bridge").id
        removed = {"document": bridge}
        assert "bo may not change the library" in bo.send("remove", at="documents", about=removed)
        assert "may not change" in cy.send("tag", at="documents", about=removed | {"add": "x"})
        made = bo.send("begin", at="library", about={"name": "new"})
        assert "new was created." in made
        context = browser.new_context(
            extra_http_headers={"authorization": f"Bearer {tokens['cy']}"}
        )
        page = context.new_page()
        page.goto(address)
        expect(name(page)).to_contain_text("new")  # The first that cy may read.
        expect(open_list(page).locator(".library")).to_have_text(["new", "open"])
        context.close()
    assert [each.id for each in open_library(tmp_path / "all" / "closed").entries()] == [bridge]


def test_a_library_for_all_languages_opens_beside_one_for_english(
    tmp_path: Path, open_library: OpenLibrary
) -> None:
    open_library(tmp_path / "works").add(of(BRIDGE, "bridge"))
    place, german = tmp_path / "deutsch", "Die Brücke in Tolm wurde am 3. Mai 1911 eröffnet."
    with Assistant(load_settings(library=place, embedding=MULTILINGUAL, llm="none")) as made:
        made.library.add(of(german, "bruecke"))
    libraries = Libraries(Assistant(load_settings(library=tmp_path / "works", llm="none")))
    assert libraries.first.library.reads_english_alone
    opened = libraries.named("deutsch")
    assert not opened.library.reads_english_alone
    question = "Wann wurde die Brücke in Tolm eröffnet?"
    # What is set on the page says how it answers, and not what it searches with.
    first = libraries.first.assistant
    configured = first.with_settings(first.settings.model_copy(update={"quotes": 3}))
    for assistant in (opened.assistant, opened.assistant.writing_as(configured)):
        [cited] = assistant.ask(question).citations
        assert cited.text == german
        assert assistant.settings.embedding == MULTILINGUAL
