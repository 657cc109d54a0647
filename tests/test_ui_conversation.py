"""Conversations in a real browser: asked, streamed, stopped, kept, edited, rated, exported."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from index.documents import Document
from index.library import Library
from rag.log import Log
from tests.browser import (
    OFF_TOPIC,
    SUMMIT,
    OpenPage,
    ask,
    assert_marked,
    pages,
    place,
    window,
)
from tests.misbehaving import misbehaving, status
from tests.provider import provider

pytestmark = [pytest.mark.browser, pytest.mark.weights]


def new(page: Page) -> None:
    page.locator("#talk-bar").get_by_role("button", name="New").click()


def test_visitors_do_not_see_each_other(open_page: OpenPage, window_address: str) -> None:
    one, other = open_page(window_address), open_page(window_address)
    ask(one, SUMMIT)
    ask(other, OFF_TOPIC)
    follow_up = ask(one, "How long did it last?")
    expect(follow_up.locator(".understood")).to_contain_text("summit")
    expect(follow_up.locator(".answer")).to_contain_text("90 minutes")
    expect(one.locator("#conversation .asked")).to_have_count(2)
    expect(other.locator("#conversation .asked")).to_have_text([OFF_TOPIC])


def test_a_follow_up_can_be_asked_as_it_was_typed(page: Page) -> None:
    ask(page, SUMMIT)
    follow_up = ask(page, "How long did it last?")
    follow_up.get_by_role("button", name="Ask as typed").click()
    expect(page.locator(".understood")).to_have_count(0)
    turn = page.locator("#current .turn[data-step=answered]")
    expect(turn.locator(".asked")).to_have_text("How long did it last?")
    expect(page.locator("#conversation .asked")).to_have_count(2)


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

    new(page)
    expect(asked).to_have_count(0)
    ask(page, OFF_TOPIC)
    listed = page.locator("#conversations .kept")
    expect(listed).to_have_text([OFF_TOPIC, SUMMIT])
    expect(page.locator("#conversations h3")).to_have_text(["Today"])
    page.locator("#talk-search").fill("90 MINUTES")  # What an answer says is searched too.
    expect(listed).to_have_text([SUMMIT])
    page.locator("#talk-search").fill("")
    listed.get_by_text(SUMMIT).click()
    expect(asked).to_have_count(3)
    page.get_by_role("button", name=f"Rename: {SUMMIT}").click()
    page.keyboard.type("The <b>summit</b>")
    page.keyboard.press("Enter")
    expect(listed).to_have_text([OFF_TOPIC, "The <b>summit</b>"])
    expect(page.locator("#talk-title")).to_have_text("The <b>summit</b>")
    page.get_by_role("button", name="Delete: The <b>summit</b>").click()
    expect(asked).to_have_count(0)
    expect(listed).to_have_text([OFF_TOPIC])
    page.get_by_role("button", name="Undo").click()
    expect(asked).to_have_count(3)
    expect(listed).to_have_text([OFF_TOPIC, "The <b>summit</b>"])


def test_what_the_browser_kept_is_proven_again(page: Page) -> None:
    turn = ask(page, SUMMIT)
    new(page)
    expect(turn).to_have_count(0)
    page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((each) => each.startsWith("footnoted:"));
          localStorage[key] = localStorage[key].replaceAll("Dec. 15", "Dec. 16");
        }"""
    )
    page.locator("#conversations .kept").click()
    expect(page.locator("#status")).to_contain_text("not a conversation that Footnoted has kept")
    expect(turn).to_have_count(0)


def test_a_question_is_edited_in_its_place_and_stays_as_a_branch(page: Page) -> None:
    ask(page, SUMMIT)
    ask(page, OFF_TOPIC)
    asked = page.locator("#conversation .asked")
    page.locator("#past").get_by_role("button", name="Edit").click()
    field = page.get_by_role("textbox", name="Question").and_(page.locator(".editing textarea"))
    expect(field).to_be_focused()
    field.fill("Something else")
    field.press("Escape")
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    expect(page.locator("#past [data-act=edit]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value(SUMMIT)
    other = "How long did the video summit of December 2021 last?"
    field.fill(other)
    field.press("Enter")
    expect(page.locator("#current .turn[data-step=answered]")).to_contain_text(other)
    expect(page.locator("#send")).to_be_visible()
    expect(asked).to_have_text([other])
    branches = page.locator(".branches")
    expect(branches).to_contain_text("2 of 2")
    expect(page.locator("#conversations .kept")).to_have_count(1)  # One line for both.
    page.get_by_role("button", name="Previous version").click()
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    expect(branches.first).to_contain_text("1 of 2")
    page.reload()
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    expect(branches.first).to_contain_text("1 of 2")
    page.get_by_role("button", name="Next version").click()
    expect(asked).to_have_text([other])


def test_asking_again_keeps_what_was_answered(page: Page) -> None:
    ask(page, OFF_TOPIC)
    page.evaluate("document.querySelector('#current .turn').classList.add('old')")
    page.locator("#current").get_by_role("button", name="Ask again").click()
    anew = page.locator("#current .turn[data-step=answered]:not(.old)")
    expect(anew).to_be_visible(timeout=60_000)
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#conversation .asked")).to_have_text([OFF_TOPIC])
    expect(page.locator("#conversations .kept")).to_have_text([OFF_TOPIC])


def test_a_new_conversation_begins_without_the_source_of_the_last(page: Page) -> None:
    turn = ask(page, SUMMIT)
    turn.locator(".answer a").first.click()
    expect(page.locator("#source mark.quote")).to_be_focused()
    assert "document=" in page.url
    page.locator("#talk-bar").get_by_role("button", name="New").click()
    expect(page.locator("#source")).to_contain_text("Open a footnote")
    expect(page.locator("#source mark")).to_have_count(0)
    assert "document=" not in page.url


def test_the_arrow_up_edits_the_last_question_and_what_is_typed_outlives_a_reload(
    page: Page,
) -> None:
    ask(page, SUMMIT)
    box = page.locator("#question textarea")
    box.press("ArrowUp")
    expect(page.locator(".editing textarea")).to_have_value(SUMMIT)
    page.keyboard.press("Escape")
    box.fill("Half a question")
    page.reload()
    expect(page.locator("#conversation .asked")).to_have_text([SUMMIT])
    expect(box).to_have_value("Half a question")


def test_no_document_selected_is_said(page: Page) -> None:
    expect(page.locator("[data-choose]").first).to_be_visible()
    # All in one moment, and the question in the next.
    page.locator("#question textarea").fill(SUMMIT)
    page.evaluate("document.querySelectorAll('[data-choose]').forEach((box) => box.click())")
    page.evaluate("document.querySelector('#send').click()")
    refusal = page.locator("#current .refusal")
    expect(refusal).to_have_text("No documents are selected. Tick one under Documents.")


def test_what_is_said_of_an_answer_is_kept_in_the_log(page: Page, window_library: Library) -> None:
    turn = ask(page, SUMMIT)
    good = turn.get_by_role("button", name="Good answer")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()
    [kept] = Log(window_library.folder).ratings()
    assert (kept["rating"], kept["answer"]["question"]) == ("up", SUMMIT)
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    assert Log(window_library.folder).ratings() == []


def test_an_example_is_asked(page: Page) -> None:
    example = page.locator(".example").first
    words = example.text_content() or ""
    assert words.startswith("What ")
    example.click()
    turn = page.locator("#current .turn[data-step=answered]").filter(has_text=words)
    expect(turn.locator("a.footnote").first).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("form", ["Markdown", "HTML", "JSON"])
def test_a_conversation_is_exported(
    page: Page, tmp_path: Path, briefing: Document, form: str
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
    assert path.stem.startswith("When did Putin and Xi hold")
    assert "127.0.0.1" not in text
    assert "China and Russia in Late 2021: A Briefing, briefing.md, line" in text
    if form == "HTML":
        page.goto(path.as_uri())
        expect(page.locator("blockquote").first).to_have_text(quote)


def test_all_conversations_are_exported(page: Page, tmp_path: Path) -> None:
    ask(page, SUMMIT)
    new(page)
    expect(page.locator("#conversation .asked")).to_have_count(0)
    ask(page, OFF_TOPIC)
    expect(page.locator("#conversations .kept")).to_have_count(2)
    page.get_by_label("More: all conversations").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export all as JSON").click()
    assert downloading.value.suggested_filename == "conversations.json"
    downloading.value.save_as(tmp_path / "all.json")
    told = json.loads((tmp_path / "all.json").read_text("utf-8"))["conversations"]
    assert [each["title"] for each in told] == [OFF_TOPIC, SUMMIT]


def test_an_answer_is_copied_with_its_footnotes(page: Page, briefing: Document) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, SUMMIT)
    turn.get_by_role("button", name="Copy").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{SUMMIT}\n")
    assert briefing.text[place(turn.locator("a.footnote").first)] in copied


def test_what_cannot_be_asked(page: Page) -> None:
    box = page.locator("#question textarea")
    box.press("Enter")
    expect(page.locator("#status")).to_contain_text("Type a question first.")
    box.fill("Why? " * 500)
    box.press("Enter")
    expect(page.locator("#status")).to_contain_text("up to 2,000 characters")
    expect(page.locator("#conversation .asked")).to_have_count(0)
    box.fill("one")
    box.press("Shift+Enter")
    expect(box).to_have_value("one\n")


def test_a_draft_is_shown_as_one_until_it_is_verified(
    browser: Browser, window_library: Library
) -> None:
    with provider("Dec. 15", ["The summit was held on Dec. 15.", " It ended in Oslo."]) as writer:
        settings = {"FOOTNOTED_LLM_URL": writer.url}
        with window(window_library, **settings) as address, pages(browser) as open_page:
            page = open_page(address)
            page.locator("#question textarea").fill(SUMMIT)
            page.locator("#send").click()
            draft = page.locator("#current .turn[data-step=draft]")
            expect(draft.locator(".draft")).to_contain_text("on Dec. 15.")
            expect(draft.locator("a.card").first).to_be_visible()
            expect(draft.locator("a.footnote")).to_have_count(0)
            writer.go_on.set()
            turn = page.locator("#current .turn[data-step=answered]")
            expect(turn.locator("a.footnote").first).to_be_visible()
            expect(turn.locator(".left-out")).to_contain_text("Oslo")


def test_a_wait_for_the_language_model_is_shown_under_the_quotes(
    browser: Browser, window_library: Library
) -> None:
    busy = status("429 Too Many Requests", "Retry-After: 2")
    with misbehaving(busy, times=1, written="The summit was held on Dec. 15.") as writer:
        settings = {"FOOTNOTED_LLM_URL": writer.url}
        with window(window_library, **settings) as address, pages(browser) as open_page:
            page = open_page(address)
            page.evaluate(
                """() => {
                  window.seen = [];
                  new MutationObserver(() => {
                    const quotes = document.querySelectorAll("#current a.card").length;
                    const told = document.querySelector("#current .progress")?.textContent;
                    const spoken = document.querySelector("#status").textContent;
                    window.seen.push([quotes > 0, told, spoken]);
                  }).observe(document.body, {childList: true, subtree: true, characterData: true});
                }"""
            )
            turn = ask(page, SUMMIT)
            expect(turn.locator(".answer")).to_contain_text("The summit was held on Dec. 15.")
            expect(turn.locator(".notice")).to_have_count(0)
            seen = page.evaluate("window.seen")
    told = "The language model is busy: trying again in 2 s."
    waited = [at for at, (quotes, shown, _) in enumerate(seen) if quotes and shown == told]
    assert waited
    assert any(told in spoken for _, _, spoken in seen)
    after = [shown for quotes, shown, _ in seen[waited[-1] :] if quotes]
    assert any("Reading" in (shown or "") for shown in after), "it goes on"


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
            page.locator("#question textarea").press("Escape")
            stopped = page.locator("#current .turn[data-step=failed]")
            expect(stopped).to_contain_text("Stopped.")
            expect(page.locator("#send")).to_be_visible()
            expect(stopped.locator("a.card")).to_have_count(5)
            page.reload()
            expect(stopped.locator("a.card")).to_have_count(5)  # Its passages are kept.
            silent.close()


def test_a_question_that_is_entered_while_one_is_answered_is_next(
    browser: Browser, window_library: Library
) -> None:
    with provider("Dec. 15", ["The summit was held", " on Dec. 15."]) as writer:
        settings = {"FOOTNOTED_LLM_URL": writer.url}
        with window(window_library, **settings) as address, pages(browser) as open_page:
            page = open_page(address)
            box = page.locator("#question textarea")
            box.fill(SUMMIT)
            box.press("Enter")
            expect(page.locator("#current .turn[data-step=draft]")).to_be_visible(timeout=60_000)
            box.fill(OFF_TOPIC)
            box.press("Enter")
            writer.go_on.set()
            refused = page.locator("#current .turn[data-step=answered]").filter(has_text=OFF_TOPIC)
            expect(refused).to_be_visible(timeout=60_000)
            expect(page.locator("#past .turn")).to_contain_text(SUMMIT)
            expect(box).to_have_value("")


def test_one_answer_is_made_at_a_time(browser: Browser, window_library: Library) -> None:
    with provider("Dec. 15", ["The summit was held", " on Dec. 15."]) as writer:
        settings = {"FOOTNOTED_LLM_URL": writer.url}
        with window(window_library, **settings) as address, pages(browser) as open_page:
            page = open_page(address)
            writer.go_on.set()
            turn = ask(page, SUMMIT)
            writer.go_on.clear()
            turn.get_by_role("button", name="Ask again").click()
            expect(page.locator("#current .turn[data-step=draft]")).to_be_visible(timeout=60_000)
            box = page.locator("#question textarea")
            box.fill(OFF_TOPIC)
            box.press("Enter")
            expect(page.locator("#status")).to_contain_text("Wait for the answer")
            writer.go_on.set()
            expect(page.locator("#current .turn[data-step=answered]")).to_contain_text(SUMMIT)
            expect(page.locator("#send")).to_be_visible()
            expect(box).to_have_value(OFF_TOPIC)
            expect(page.locator("#past .turn")).to_have_count(0)


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
