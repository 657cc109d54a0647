"""The window in a real browser: `footnoted chat` with real weights, and Chromium."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Browser, Locator, Page, expect

from eval.cases import load_set, resolve
from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.load import load_bytes
from rag.assistant import Assistant
from rag.config import Settings
from rag.log import Log
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


def test_a_footnote_opens_its_quote_in_the_source(page: Page, briefing: Document) -> None:
    expect(page.locator("#source")).to_contain_text("Open a footnote")
    turn = ask(page, SUMMIT)
    expect(page.locator("#question textarea")).to_have_value("")
    expect(turn.locator(".answer")).to_contain_text("Dec. 15")
    footnote = turn.locator("a.footnote").first
    quote = briefing.text[place(footnote)]
    footnote.hover()
    peek = page.locator("#peek")
    expect(peek).to_contain_text(" ".join(quote.split()))
    expect(footnote).to_have_attribute("aria-describedby", "peek")
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    footnote.focus()
    page.keyboard.press("Enter")
    assert_marked(page, quote)
    assert page.locator("#source .text").text_content() == briefing.text
    turn.locator(".found summary").click()
    card = turn.locator("a.card").last
    card.click()
    assert_marked(page, briefing.text[place(card)])


def test_a_link_with_a_modifier_opens_a_page_of_its_own(page: Page, briefing: Document) -> None:
    footnote = ask(page, SUMMIT).locator("a.footnote").first
    with page.context.expect_page() as opened:
        footnote.click(modifiers=["ControlOrMeta"])
    assert_marked(opened.value, briefing.text[place(footnote)])
    expect(page.locator("#source mark.quote")).to_have_count(0)


def test_a_refusal_shows_the_nearest_passages(page: Page, briefing: Document) -> None:
    turn = ask(page, OFF_TOPIC)
    expect(turn.locator(".refusal")).to_have_text("The sources do not say.")
    expect(turn.locator(".looked")).to_contain_text(f"Looked for: {OFF_TOPIC}")
    expect(turn.locator("a.footnote")).to_have_count(0)
    cards = turn.locator("a.card")
    expect(cards).to_have_count(3)
    opened = next(
        card for card in cards.all() if card.get_attribute("data-document") == briefing.id
    )
    opened.click()
    assert_marked(page, briefing.text[place(opened)])


def test_an_address_with_a_place_shows_it(
    open_page: OpenPage, window_address: str, briefing: Document
) -> None:
    page = open_page(f"{window_address}?document={briefing.id}&span=9000-9120")
    assert_marked(page, briefing.text[9000:9120])


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("document=000000000000&span=1-5", "This document is not in the library"),
        ("document={id}&span=5-999999", "no place 5-999999 in briefing.md"),
        ("document={id}&span=9-9", "no place 9-9 "),
        ("document={id}&span=<b>x</b>", "no place <b>x</b> in"),
    ],
)
def test_an_address_with_no_such_place_says_so(
    open_page: OpenPage, window_address: str, briefing: Document, place: str, told: str
) -> None:
    page = open_page(f"{window_address}?{place.format(id=briefing.id)}")
    expect(page.locator("#source")).to_contain_text(told)
    expect(page.locator("mark.quote")).to_have_count(0)


def test_a_text_that_was_changed_in_the_library_is_not_shown(
    settings: Settings, open_library: OpenLibrary, tmp_path: Path
) -> None:
    from ui.window import build_window

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
    assert "is not the one that was quoted" in shown
    assert "1999" not in shown


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

    remove = entry.get_by_role("button", name="Remove notes(1).txt")
    remove.click()
    expect(entry).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(entry).to_have_count(1)
    expect(ask(page, "When was the comet Halme seen?")).to_contain_text("1912")
    remove.click()
    expect(page.locator("#documents li")).to_have_count(2)


def test_a_document_can_be_left_out_of_what_is_asked(page: Page) -> None:
    box = page.get_by_role("checkbox", name="Ask briefing.md")
    expect(box).to_be_checked()
    box.uncheck()
    page.wait_for_timeout(500)
    turn = ask(page, SUMMIT)
    expect(turn.locator(".refusal")).to_be_visible()
    documents = {card.get_attribute("data-document") for card in turn.locator("a.card").all()}
    assert len(documents) == 1
    box.check()
    page.wait_for_timeout(500)
    expect(ask(page, SUMMIT).locator(".answer")).to_contain_text("Dec. 15")


def test_files_of_this_computer_are_not_an_address(page: Page) -> None:
    page.locator("#address input").fill("/etc/passwd")
    page.locator("#fetch").click()
    expect(page.locator("#outcomes")).to_contain_text("starts with http:// or https://")


def test_visitors_do_not_see_each_other(open_page: OpenPage, window_address: str) -> None:
    one, other = open_page(window_address), open_page(window_address)
    ask(one, SUMMIT)
    ask(other, OFF_TOPIC)
    follow_up = ask(one, "How long did it last?")
    expect(follow_up.locator(".understood")).to_contain_text(SUMMIT)
    expect(follow_up.locator(".answer")).to_contain_text("90 minutes")
    expect(one.locator("#conversation .asked")).to_have_count(2)
    expect(other.locator("#conversation .asked")).to_have_text([OFF_TOPIC])


def test_a_conversation_is_kept_in_the_browser(page: Page, briefing: Document) -> None:
    ask(page, SUMMIT)
    ask(page, "How long did it last?")
    page.reload()
    asked = page.locator("#conversation .asked")
    expect(asked).to_have_text([SUMMIT, "How long did it last?"])
    turn = ask(page, "And when was it?")  # The server knows what was said before.
    expect(turn.locator(".understood")).to_be_visible()
    footnote = page.locator("#past a.footnote").first
    footnote.click()
    assert_marked(page, briefing.text[place(footnote)])

    page.get_by_role("button", name="New").click()
    expect(asked).to_have_count(0)
    ask(page, OFF_TOPIC)
    conversations = page.locator("#conversations")
    expect(conversations.locator("option")).to_have_text([OFF_TOPIC, SUMMIT])
    conversations.select_option(label=SUMMIT)
    expect(asked).to_have_count(3)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(asked).to_have_count(0)
    expect(conversations.locator("option")).to_have_text(["New conversation", OFF_TOPIC])


def test_what_the_browser_kept_is_proven_again(page: Page) -> None:
    turn = ask(page, SUMMIT)
    page.get_by_role("button", name="New").click()
    expect(turn).to_have_count(0)
    page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((each) => each.startsWith("footnoted:"));
          localStorage[key] = localStorage[key].replaceAll("Dec. 15", "Dec. 16");
        }"""
    )
    page.locator("#conversations").select_option(label=SUMMIT)
    expect(page.locator("#status")).to_contain_text("not a conversation that Footnoted has kept")
    expect(turn).to_have_count(0)


def test_editing_and_asking_again(page: Page) -> None:
    ask(page, SUMMIT)
    ask(page, OFF_TOPIC)
    asked = page.locator("#conversation .asked")
    page.evaluate("document.querySelector('#current .turn').classList.add('old')")
    page.locator("#current").get_by_role("button", name="Ask again").click()
    anew = page.locator("#current .turn[data-step=answered]:not(.old)")
    expect(anew).to_be_visible(timeout=60_000)
    expect(page.locator("#send")).to_be_visible()
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    page.locator("#past").get_by_role("button", name="Edit").click()
    expect(page.locator("#question textarea")).to_have_value(SUMMIT)
    expect(asked).to_have_count(0)
    ask(page, "How long did the video summit of December 2021 last?")
    expect(asked).to_have_count(1)
    options = page.locator("#conversations").locator("option")
    expect(options).to_have_count(2)  # What was there before the edit is kept.


def test_an_answer_is_kept_as_a_case(
    page: Page, window_library: Library, briefing: Document
) -> None:
    footnote = ask(page, SUMMIT).locator("a.footnote").first
    page.get_by_role("button", name="Keep as a case").click()
    form = page.locator("#case-form")
    expect(form.get_by_label("Question")).to_have_value(SUMMIT)
    form.get_by_label("Set").fill("../elsewhere")
    form.get_by_label("Accepted answers").fill("Dec. 15\n15 December")
    form.get_by_label("Tags").fill("date, summit")
    form.get_by_label("Must pass").check()
    page.locator("#keep-case").click()
    told = page.locator("#case-told")
    expect(told).to_contain_text("letters, digits, dashes and underscores")
    form.get_by_label("Set").fill("from-the-window")
    page.locator("#keep-case").click()
    expect(told).to_contain_text("Added to from-the-window.jsonl")
    expect(form).to_be_hidden()
    written = load_set(window_library.folder / "cases" / "from-the-window.jsonl")
    [case] = written.cases
    assert (case.question, case.answers) == (SUMMIT, ("Dec. 15", "15 December"))
    assert (case.tags, case.must_pass) == (("date", "summit"), True)
    where = place(footnote)
    assert (case.evidence[0].start, case.evidence[0].end) == (where.start, where.stop)
    assert briefing.id in {
        span.document_id for span in resolve(written, window_library)[case.id][0]
    }

    page.get_by_role("button", name="Keep as a case").click()
    form.get_by_label("Set").fill("from-the-window")
    page.locator("#keep-case").click()
    expect(told).to_contain_text("has a case")
    form.get_by_role("button", name="Cancel").click()

    page.get_by_role("button", name="Regression").click()
    page.locator("#set input").click()
    page.get_by_role("option", name="from-the-window").click()
    page.locator("#run").click()
    report = page.locator("#report")
    expect(report).to_contain_text("No baseline is kept yet.", timeout=60_000)
    expect(report.locator("tr").filter(has_text="passed")).to_contain_text("100.0%")
    page.locator("#keep-baseline").click()
    expect(report).to_contain_text("nothing changed")


def test_a_run_is_stopped_and_goes_on(page: Page, window_library: Library) -> None:
    page.get_by_role("button", name="Regression").click()
    page.locator("#set input").click()
    page.get_by_role("option", name="briefing", exact=True).click()
    report = page.locator("#report")
    expect(report).to_contain_text("has not been run on this library yet")
    page.locator("#run").click()
    expect(report).to_contain_text(re.compile(r"briefing: [1-9]\d* of 105 cases"), timeout=60_000)
    page.locator("#stop-run").click()
    expect(report).to_contain_text("Run it again to go on", timeout=30_000)
    partial = window_library.folder / "runs" / "briefing.json.partial"
    done = len(partial.read_text("utf-8").splitlines()) - 1
    assert 0 < done < 105
    page.locator("#run").click()
    expect(report).to_contain_text(re.compile(r"briefing: (?!0 )\d+ of 105 cases"))
    expect(report.locator(".verdict")).to_be_visible(timeout=300_000)
    assert not partial.exists()
    report.locator("details.case summary").first.click()
    report.locator("details.case a.place").first.click()
    expect(page.locator("#source mark.quote")).to_be_in_viewport()


def test_what_is_said_of_an_answer_is_kept_in_the_log(page: Page, window_library: Library) -> None:
    turn = ask(page, SUMMIT)
    good = turn.get_by_role("button", name="Good answer")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    [kept] = Log(window_library.folder).ratings()
    assert (kept["rating"], kept["answer"]["question"]) == ("up", SUMMIT)
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    assert Log(window_library.folder).ratings() == []


def test_programs_ask_search_and_open_quotes(window_address: str, briefing: Document) -> None:
    client = Client(window_address, verbose=False)
    answer = client.predict(question=SUMMIT, api_name="/ask")
    assert answer["schema"] == 1
    [first, *_] = answer["citations"]
    assert briefing.text[first["start"] : first["end"]] == first["quote"]
    found = client.predict(question=SUMMIT, limit=2, api_name="/search")
    assert [each["rank"] for each in found] == [1, 2]
    opened = client.predict(
        document=briefing.id, start=first["start"], end=first["end"], api_name="/open_quote"
    )
    assert opened["quote"] == first["quote"]
    with pytest.raises(AppError, match="There is no place 5-5"):
        client.predict(document=briefing.id, start=5, end=5, api_name="/open_quote")
    assert {"/ask", "/search", "/open_quote"} == set(
        client.view_api(return_format="dict")["named_endpoints"]
    )


def test_an_mcp_client_finds_and_uses_the_tools(window_address: str, briefing: Document) -> None:
    async def use() -> tuple[set[str], dict[str, object]]:
        async with (
            streamable_http_client(f"{window_address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            told = await session.call_tool("search", {"question": SUMMIT, "limit": 1})
            return tools, json.loads(told.content[0].text)

    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop runs in this thread.
        tools, found = pool.submit(asyncio.run, use()).result(timeout=60)
    assert tools == {"ask", "search", "open_quote"}
    [quote] = found if isinstance(found, list) else [found]
    assert briefing.text[quote["start"] : quote["end"]] == quote["quote"]


def test_an_example_is_asked(page: Page) -> None:
    example = page.locator(".example").first
    words = example.text_content() or ""
    assert words.startswith("What happened in ")
    example.click()
    turn = page.locator("#current .turn[data-step=answered]").filter(has_text=words)
    expect(turn.locator("a.footnote").first).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("form", ["Markdown", "HTML", "JSON"])
def test_a_conversation_is_exported(
    page: Page, open_page: OpenPage, tmp_path: Path, briefing: Document, form: str
) -> None:
    footnote = ask(page, SUMMIT).locator("a.footnote").first
    page.locator("#talk-bar summary").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name=form, exact=True).click()
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    text = path.read_text("utf-8")
    quote = briefing.text[place(footnote)]
    if form == "JSON":
        [exchange] = json.loads(text)["exchanges"]
        assert exchange["answer"]["citations"][0]["quote"] == quote
        return
    link = re.search(r"http://127\.0\.0\.1:\d+/\?document=[0-9a-f]+&(?:amp;)?span=\d+-\d+", text)
    assert link
    assert_marked(open_page(link[0].replace("&amp;", "&")), quote)
    if form == "HTML":
        page.goto(path.as_uri())
        expect(page.locator("blockquote").first).to_have_text(quote)


def test_an_answer_is_copied_with_its_footnotes(page: Page, briefing: Document) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, SUMMIT)
    turn.get_by_role("button", name="Copy").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{SUMMIT}\n")
    assert briefing.text[place(turn.locator("a.footnote").first)] in copied


def test_walking_through_the_quotes_of_an_answer(page: Page, briefing: Document) -> None:
    turn = ask(page, "What happened in October 2021?")
    notes = turn.locator(".notes a.place")
    places = [briefing.text[place(each)] for each in notes.all()]
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
    assert f"span={'-'.join(map(str, _ends(notes.last)))}" in page.url


def _ends(link: Locator) -> tuple[int, int]:
    where = place(link)
    return where.start, where.stop


def test_by_keyboard_alone(page: Page, briefing: Document) -> None:
    page.locator("#question textarea").press_sequentially(SUMMIT)
    page.keyboard.press("Enter")
    turn = page.locator("#current .turn[data-step=answered]")
    expect(turn).to_be_visible(timeout=60_000)
    footnote = turn.locator("a.footnote").first
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if footnote.evaluate("each => each === document.activeElement"):
            break
    expect(footnote).to_be_focused()
    expect(page.locator("#peek")).to_be_visible()
    page.keyboard.press("Enter")
    assert_marked(page, briefing.text[place(footnote)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 420])
def test_axe_finds_nothing(
    open_page: OpenPage, window_address: str, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    page = open_page(window_address, viewport=size, color_scheme=scheme, reduced_motion="reduce")
    ask(page, OFF_TOPIC)
    turn = ask(page, SUMMIT)
    assert_accessible(page)
    turn.locator("a.footnote").first.click()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    assert_accessible(page)


def test_what_is_in_a_document_stays_text(page: Page) -> None:
    expect(page.locator("#documents")).to_contain_text(HOSTILE_NAME)
    turn = ask(page, "What is the captain of the zeppelin Aurora <b>called</b>?")
    expect(turn.locator("b, img, script")).to_have_count(0)
    turn.locator("a.footnote").first.click()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    assert page.locator("#source .text").text_content() == HOSTILE
    expect(page.locator("#source").locator("img, script")).to_have_count(0)


def test_what_cannot_be_asked(page: Page) -> None:
    box = page.locator("#question textarea")
    box.press("Enter")
    expect(page.locator("#send")).to_be_visible()
    box.fill("Why? " * 500)
    box.press("Enter")
    expect(page.locator("#status")).to_contain_text("up to 2,000 characters")
    expect(page.locator("#conversation .asked")).to_have_count(0)
    box.fill("one")
    box.press("Shift+Enter")
    expect(box).to_have_value("one\n")


def test_on_a_narrow_screen_one_panel_at_a_time(open_page: OpenPage, window_address: str) -> None:
    page = open_page(window_address, viewport={"width": 420, "height": 800}, color_scheme="dark")
    turn = ask(page, SUMMIT)
    turn.locator("a.footnote").first.click()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    expect(turn).to_be_hidden()
    page.get_by_role("button", name="Conversation").click()
    expect(turn).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_port_in_use_is_told_in_a_sentence(settings: Settings) -> None:
    from ui.window import serve

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use already"):
            serve(Assistant(settings), port=port, on_ready=pytest.fail)


def test_a_missing_model_is_told_with_what_to_do(
    browser: Browser, window_library: Library, tmp_path: Path
) -> None:
    settings = {"FOOTNOTED_LLM": "none", "FOOTNOTED_MODELS": str(tmp_path)}
    with window(window_library, **settings) as address, pages(browser) as open_page:
        page = open_page(address)
        page.locator("#question textarea").fill(SUMMIT)
        page.locator("#send").click()
        turn = page.locator("#current .turn[data-step=failed]")
        expect(turn.locator(".notice")).to_contain_text("footnoted models pull", timeout=30_000)
        expect(page.locator("#send")).to_be_visible()


def test_stop_takes_effect_while_the_language_model_is_silent(
    browser: Browser, window_library: Library
) -> None:
    # What listens here takes each request and never answers, so the answer cannot come first.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with window(window_library, FOOTNOTED_LLM_URL=url) as address, pages(browser) as open_page:
            page = open_page(address)
            page.locator("#question textarea").fill(SUMMIT)
            page.locator("#send").click()
            found = page.locator("#current .turn[data-step=found] a.card").first
            expect(found).to_be_visible(timeout=60_000)
            page.locator("#stop").click()
            stopped = page.locator("#current .turn[data-step=failed]")
            expect(stopped).to_contain_text("Stopped.")
            expect(page.locator("#send")).to_be_visible()
            silent.close()


@pytest.mark.llm
def test_with_the_language_model(
    browser: Browser, window_library: Library, briefing: Document
) -> None:
    with window(window_library) as address, pages(browser) as open_page:
        page = open_page(address)
        turn = ask(page, SUMMIT, timeout=180_000)
        expect(turn.locator(".answer")).to_contain_text("15")
        footnote = turn.locator("a.footnote").first
        footnote.click()
        assert_marked(page, briefing.text[place(footnote)])
