"""The window in a real browser: `footnoted chat` with real weights, and Chromium."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.config import Settings
from tests.browser import (
    HOSTILE,
    HOSTILE_NAME,
    OFF_TOPIC,
    SUMMIT,
    OpenPage,
    ask,
    assert_accessible,
    assert_marked,
    pages,
    place,
    window,
)
from tests.conftest import OpenLibrary

pytestmark = [pytest.mark.browser, pytest.mark.weights]

FADING = """() => [...document.querySelectorAll("body, body *")].filter((each) => {
    const style = getComputedStyle(each);
    const what = style.transitionProperty.split(", ");
    return ["all", "color", "background-color"].some((one) => what.includes(one))
      && style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0)
      && each.innerText;
  }).map((each) => each.className)"""
"""Text that does not change from light to dark at once: it cannot be read meanwhile, and axe finds
it where it looks in that moment."""


def test_a_footnote_opens_its_quote_in_the_source(page: Page, briefing: Document) -> None:
    """By keyboard alone, then with the mouse, and with a modifier on a page of its own."""
    expect(page.locator("#source")).to_contain_text("Open a footnote")
    page.locator("#question textarea").press_sequentially(SUMMIT)
    page.keyboard.press("Enter")
    turn = page.locator("#current .turn[data-step=answered]")
    expect(turn).to_be_visible(timeout=60_000)
    expect(page.locator("#question textarea")).to_have_value("")
    expect(turn.locator(".answer")).to_contain_text("Dec. 15")
    expect(page.locator("#send")).to_be_visible()
    assert page.evaluate(FADING) == []
    footnote = turn.locator("a.footnote").first
    quote = briefing.text[place(footnote)]
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if footnote.evaluate("each => each === document.activeElement"):
            break
    expect(footnote).to_be_focused()
    peek = page.locator("#peek")
    expect(peek).to_contain_text(" ".join(quote.split()))
    expect(footnote).to_have_attribute("aria-describedby", "peek")
    page.evaluate(
        """() => {
          const [source, seen] = [document.getElementById("source"), (window.busy = [])];
          const note = () => seen.push(source.getAttribute("aria-busy"));
          new MutationObserver(note).observe(source, { attributeFilter: ["aria-busy"] });
        }"""
    )
    page.keyboard.press("Enter")
    assert_marked(page, quote)
    assert page.evaluate("window.busy") == ["true", None], "it says so while it is being opened"
    assert page.locator("#source .text").text_content() == briefing.text
    page.keyboard.press("Escape")  # Back to where it was opened.
    expect(footnote).to_be_focused()

    page.mouse.move(0, 0)
    footnote.hover()
    expect(peek).to_contain_text(" ".join(quote.split()))
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    turn.locator(".found summary").click()
    card = turn.locator("a.card").last
    card.click()
    assert_marked(page, briefing.text[place(card)])
    with page.context.expect_page() as opened:
        footnote.click(modifiers=["ControlOrMeta"])
    assert_marked(opened.value, quote)
    expect(page.locator("#source mark.quote")).to_have_text(briefing.text[place(card)])


def test_the_quotes_of_an_answer_and_of_a_refusal_are_opened(
    page: Page, briefing: Document
) -> None:
    turn = ask(page, OFF_TOPIC)
    expect(turn.locator(".refusal")).to_have_text("The sources do not say.")
    expect(turn.locator(".looked")).to_have_text("No passage comes close.")
    expect(turn.locator("a.footnote")).to_have_count(0)
    turn.locator(".found summary").click()
    cards = turn.locator("a.card")
    expect(cards).to_have_count(5)
    opened = next(
        card for card in cards.all() if card.get_attribute("data-document") == briefing.id
    )
    opened.click()
    assert_marked(page, briefing.text[place(opened)])

    turn = ask(page, "What happened in October 2021?")
    notes = turn.locator(".notes a.place").all()
    places = [briefing.text[place(each)] for each in notes]
    assert len(places) > 2
    turn.locator("a.footnote").first.click()
    assert_marked(page, places[0])
    expect(page.locator("#source-bar .at")).to_have_text(f"1 of {len(places)}")
    expect(page.locator("#source mark.other").first).to_be_attached()
    page.get_by_role("button", name="Next quote").click()
    assert_marked(page, places[1])
    page.get_by_role("button", name="Previous quote").click()
    page.get_by_role("button", name="Previous quote").click()
    assert_marked(page, places[-1])
    assert f"span={notes[-1].get_attribute('data-span')}" in page.url

    expect(page.locator("#documents")).to_contain_text(HOSTILE_NAME)  # What is text stays text.
    turn = ask(page, "What is the captain of the zeppelin Aurora <b>called</b>?")
    expect(turn.locator("b, img, script")).to_have_count(0)
    turn.locator("a.footnote").first.click()
    expect(page.locator("#source .text")).to_have_text(HOSTILE)
    expect(page.locator("mark.quote")).to_be_in_viewport()
    assert page.locator("#source .text").text_content() == HOSTILE
    expect(page.locator("#source").locator("img, script")).to_have_count(0)


def test_an_address_with_a_place_shows_it(
    open_page: OpenPage, window_address: str, briefing: Document
) -> None:
    start = briefing.text.index("A Partnership Under Pressure")
    page = open_page(f"{window_address}?document={briefing.id}&span={start}-{start + 28}")
    assert_marked(page, "A Partnership Under Pressure")
    signs = page.locator("#source .sign")
    expect(signs.first).to_be_hidden()
    views = page.get_by_role("group", name="Show the source")
    expect(views.get_by_role("button", name="Text")).to_have_attribute("aria-pressed", "true")
    views.get_by_role("button", name="As stored").click()
    expect(signs.first).to_be_visible()
    assert page.locator("#source .text").inner_text() == briefing.text
    assert page.locator("#source mark.quote").text_content() == "A Partnership Under Pressure"
    expect(views.get_by_role("button", name="Page")).to_be_hidden()
    assert_accessible(page)
    link = page.locator("#documents li").filter(has_text="briefing.md").locator("a.title")
    for where, words in (
        ({"document": "000000000000", "span": "1-5"}, "This document is not in the library"),
        ({"document": briefing.id, "span": "5-999999"}, "no place 5-999999 in briefing.md"),
        ({"document": briefing.id, "span": "9-9"}, "no place 9-9 "),
        ({"document": briefing.id, "span": "<b>x</b>"}, "no place <b>x</b> in"),
    ):
        link.evaluate("(each, where) => Object.assign(each.dataset, where)", where)
        link.click()
        expect(page.locator("#source")).to_contain_text(words)
        expect(page.locator("mark.quote")).to_have_count(0)


def test_a_text_that_was_changed_in_the_library_is_not_shown(
    settings: Settings, open_library: OpenLibrary, tmp_path: Path
) -> None:
    from ui.window.window import build_window

    notes = load_bytes(b"The comet Halme was seen in Turku in 1911.", "notes.txt")
    library = open_library(tmp_path)
    library.add(notes)
    with sqlite3.connect(tmp_path / "library.db") as connection:
        connection.execute("UPDATE documents SET text = replace(text, '1911', '1999')")
    connection.close()
    assistant = Assistant(settings.model_copy(update={"library": tmp_path}))
    blocks = build_window(assistant).blocks.values()
    source = next(block for block in blocks if getattr(block, "elem_id", None) == "source")
    shown = source.open_place({"document": notes.id, "span": "0-10"})
    assert "is not the one that its hash names" in shown
    assert "1999" not in shown


def test_the_events_that_offer_sets_are_handled_one_after_the_other(briefed: Assistant) -> None:
    # Gradio refuses a choice that it does not know. In parallel, a slow event could forget the set
    # that another has just made.
    from ui.window.window import build_window

    events = build_window(briefed).fns.values()
    offer = [
        each
        for each in events
        if any(getattr(output, "elem_id", None) == "set" for output in each.outputs)
    ]
    assert len(offer) > 2
    assert {(each.concurrency_id, each.concurrency_limit) for each in offer} == {
        ("drafts", "default")  # Of Gradio: one at a time.
    }


@pytest.mark.parametrize("width", [1400, 360])
def test_axe_finds_nothing(open_page: OpenPage, window_address: str, width: int) -> None:
    size = {"width": width, "height": 900}
    page = open_page(window_address, viewport=size, reduced_motion="reduce")
    ask(page, OFF_TOPIC)
    turn = ask(page, SUMMIT)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        assert_accessible(page)
        turn.locator("a.footnote").first.click()
        expect(page.locator("mark.quote")).to_be_in_viewport()
        assert_accessible(page)
        page.locator("#top [data-panel-button=talk]").click()
        look_elsewhere(page, narrow=width < 900)


def look_elsewhere(page: Page, *, narrow: bool) -> None:
    """Run axe on what else can be open beside or in the place of a conversation."""
    page.locator("#current").get_by_role("button", name="Edit").click()
    assert_accessible(page)
    page.keyboard.press("Escape")
    if narrow:
        page.locator("#talk-bar").get_by_role("button", name="Conversations").click()
        expect(page.locator("#conversations .kept")).to_be_visible()
        assert_accessible(page)
    else:
        page.keyboard.press("Tab")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()
    page.get_by_role("button", name="Settings").click()
    assert_accessible(page)
    page.locator("#top").get_by_role("button", name="Check").click()
    page.locator("#draft textarea").fill("The Tsugaru Strait is 70 kilometers wide.")
    page.locator("#check").click()
    page.locator("#checked a.contradicted").click(timeout=60_000)
    expect(page.locator("#check")).to_be_visible(timeout=60_000)
    assert_accessible(page)
    page.locator("#checked [data-close]").evaluate("each => each.click()")
    page.locator("#top [data-panel-button=talk]").click()


def test_on_a_phone_one_panel_at_a_time_and_everything_can_be_tapped(
    open_page: OpenPage, window_address: str
) -> None:
    size = {"width": 360, "height": 640}
    phone = {"viewport": size, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
    page = open_page(window_address, **phone)
    shown = page.locator("#top nav button:visible")
    expect(shown).to_have_count(5)
    tabs = [each.bounding_box() for each in shown.all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in tabs)
    turn = ask(page, SUMMIT)
    tops = [each.bounding_box() for each in turn.locator(".actions button").all()]
    assert len({box and box["y"] for box in tops}) == 1, "the buttons stand in one line"
    small = """() => [...document.querySelectorAll("button, a[href], summary, select, input")]
      .filter((each) => each.checkVisibility({visibilityProperty: true}))
      .filter((each) => each.closest("#panels, #top") && !each.closest(".spoken"))
      .filter((each) => each.type !== "file")
      .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
      .filter(([, box]) => box.width && Math.min(box.width, box.height) < 24)
      .map(([html, box]) => [html, box.width, box.height])"""
    for view in ("talk", "documents", "check", "regression"):
        page.locator(f"#top [data-panel-button={view}]").click()
        page.wait_for_timeout(400)
        assert page.evaluate(small) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#top [data-panel-button=talk]").click()
    for name in ("#send", "#question textarea", "#top [data-panel-button=talk]"):
        box = page.locator(name).bounding_box()
        assert box["height"] >= 44, name
    footnote = turn.locator("a.footnote").first
    footnote.tap()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    expect(turn).to_be_hidden()
    page.get_by_role("button", name="‹ Back").tap()
    expect(footnote).to_be_focused()
    footnote.tap()
    expect(turn).to_be_hidden()
    page.locator("#top").get_by_role("button", name="Conversation").click()
    expect(turn).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_port_in_use_is_told_in_a_sentence(settings: Settings) -> None:
    from ui.window.window import serve

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use already"):
            serve(Assistant(settings), port=port, on_ready=pytest.fail)


def test_a_number_is_a_port_or_is_told_not_to_be_and_0_is_any_free_one() -> None:
    from ui.entry.ports import free_port

    assert 0 < free_port("127.0.0.1", 0) < 65536
    for number in (-1, 65536):
        with pytest.raises(UserError, match=f"^{number} is not a port"):
            free_port("127.0.0.1", number)


def test_a_port_that_is_taken_meanwhile_is_passed_and_a_missing_model_is_told(
    browser: Browser, window_library: Library, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        quicker = (
            "import ui.window.window as window\n"
            f"found, free = iter([{port}]), window.free_port\n"
            "window.free_port = lambda host, port: next(found, None) or free(host, port)"
        )
        settings = {"FOOTNOTED_LLM": "none", "FOOTNOTED_MODELS": str(tmp_path)}
        with (
            window(window_library, first=quicker, **settings) as address,
            pages(browser) as open_page,
        ):
            assert not address.endswith(f":{port}/")
            page = open_page(address)
            page.locator("#question textarea").fill(SUMMIT)
            page.locator("#send").click()
            turn = page.locator("#current .turn[data-step=failed]")
            expect(turn.locator(".notice")).to_contain_text("footnoted models pull")
            expect(page.locator("#send")).to_be_visible()
