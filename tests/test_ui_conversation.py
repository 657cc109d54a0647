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
    saved,
    window,
    written_by,
)
from tests.misbehaving import misbehaving, status
from tests.provider import provider

pytestmark = [pytest.mark.browser, pytest.mark.weights]

LENGTH = "How long did it last?"
KEY = "a-key-of-its-own"


def new(page: Page) -> None:
    page.locator("#talk-bar").get_by_role("button", name="New").click()
    expect(page.locator("#conversation .asked")).to_have_count(0)


def test_visitors_do_not_see_each_other(open_page: OpenPage, window_address: str) -> None:
    one, other = open_page(window_address), open_page(window_address)
    ask(one, SUMMIT)
    ask(other, OFF_TOPIC)
    follow_up = ask(one, LENGTH)
    expect(follow_up.locator(".understood")).to_contain_text("summit")
    expect(follow_up.locator(".answer")).to_contain_text("90 minutes")
    expect(one.locator("#conversation .asked")).to_have_count(2)
    expect(other.locator("#conversation .asked")).to_have_text([OFF_TOPIC])
    follow_up.get_by_role("button", name="Ask as typed").click()
    expect(one.locator(".understood")).to_have_count(0)
    turn = one.locator("#current .turn[data-step=answered]")
    expect(turn.locator(".asked")).to_have_text(LENGTH)
    expect(one.locator("#conversation .asked")).to_have_count(2)


def test_a_conversation_is_kept_in_the_browser(page: Page, briefing: Document) -> None:
    ask(page, SUMMIT)
    ask(page, LENGTH)
    box = page.locator("#question textarea")
    box.press("ArrowUp")
    expect(page.locator(".editing textarea")).to_have_value(LENGTH)
    page.keyboard.press("Escape")
    box.fill("Half a question")
    page.reload()
    asked = page.locator("#conversation .asked")
    expect(asked).to_have_text([SUMMIT, LENGTH])
    expect(box).to_have_value("Half a question")
    turn = ask(page, "And when was it?")  # The server knows what was said before.
    expect(turn.locator(".understood")).to_be_visible()
    footnote = page.locator("#past a.footnote").first
    footnote.click()
    assert_marked(page, briefing.text[place(footnote)])

    new(page)
    ask(page, "Hi!")
    listed = page.locator("#conversations .kept")
    expect(listed).to_have_text(["Hi!", SUMMIT])
    ask(page, OFF_TOPIC)  # A greeting is no title where there is a question.
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

    new(page)  # What the browser kept is proven again.
    page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) {
            localStorage[key] = localStorage[key].replaceAll("Dec. 15", "Dec. 16");
          }
        }"""
    )
    listed.get_by_text("The <b>summit</b>").click()
    expect(page.locator("#status")).to_contain_text("not a conversation that Footnoted has kept")
    expect(asked).to_have_count(0)


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
    answered = page.locator("#current .turn[data-step=answered]")
    expect(answered).to_contain_text(other)
    expect(page.locator("#send")).to_be_visible()
    expect(asked).to_have_text([other])
    branches = page.locator(".branches")
    expect(branches).to_contain_text("2 of 2")
    kept = page.locator("#conversations .kept")
    expect(kept).to_have_count(1)  # One line for both.
    page.get_by_role("button", name="Previous version").click()
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    expect(branches.first).to_contain_text("1 of 2")
    page.reload()
    expect(asked).to_have_text([SUMMIT, OFF_TOPIC])
    expect(branches.first).to_contain_text("1 of 2")
    page.get_by_role("button", name="Next version").click()
    expect(asked).to_have_text([other])

    page.evaluate("document.querySelector('#current .turn').classList.add('old')")
    page.locator("#current").get_by_role("button", name="Ask again").click()
    expect(page.locator("#current .turn[data-step=answered]:not(.old)")).to_be_visible()
    expect(page.locator("#send")).to_be_visible()
    expect(asked).to_have_text([other])
    expect(kept).to_have_text([other])


def test_a_new_conversation_begins_without_the_source_of_the_last(
    page: Page, tmp_path: Path
) -> None:
    ask(page, SUMMIT).locator(".answer a").first.click()
    expect(page.locator("#source mark.quote")).to_be_focused()
    assert "document=" in page.url
    new(page)
    expect(page.locator("#source")).to_contain_text("Open a footnote")
    expect(page.locator("#source mark")).to_have_count(0)
    assert "document=" not in page.url
    ask(page, OFF_TOPIC)
    expect(page.locator("#conversations .kept")).to_have_count(2)
    page.get_by_label("More: all conversations").click()
    path = saved(page, page.get_by_role("button", name="Export all as JSON"), tmp_path)
    assert path.name == "conversations.json"
    conversations = json.loads(path.read_text("utf-8"))["conversations"]
    assert [each["title"] for each in conversations] == [OFF_TOPIC, SUMMIT]


def test_an_answer_is_rated_copied_and_exported(
    page: Page, tmp_path: Path, briefing: Document, window_library: Library
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, SUMMIT)
    quote = briefing.text[place(turn.locator("a.footnote").first)]
    good = turn.get_by_role("button", name="Good answer")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()
    [kept] = Log(window_library.folder).ratings()
    assert (kept["rating"], kept["answer"]["question"]) == ("up", SUMMIT)
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    assert Log(window_library.folder).ratings() == []

    turn.get_by_role("button", name="Copy").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{SUMMIT}\n")
    assert quote in copied

    files: dict[str, Path] = {}
    for form in ("Markdown", "HTML", "JSON"):
        page.locator("#talk-bar summary").click()
        files[form] = saved(page, page.get_by_role("button", name=form, exact=True), tmp_path)
    [exchange] = json.loads(files["JSON"].read_text("utf-8"))["exchanges"]
    assert exchange["answer"]["citations"][0]["quote"] == quote
    for form in ("Markdown", "HTML"):
        assert files[form].stem.startswith("When did Putin and Xi hold")
        text = files[form].read_text("utf-8")
        assert "127.0.0.1" not in text
        assert "China and Russia in Late 2021: A Briefing, briefing.md, line" in text
    exported = page.context.new_page()
    exported.goto(files["HTML"].as_uri())
    expect(exported.locator("blockquote").first).to_have_text(quote)


def test_what_cannot_be_asked_and_what_can(page: Page) -> None:
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

    example = page.locator(".example").first
    words = example.text_content() or ""
    assert words.startswith("What ")
    example.click()
    turn = page.locator("#current .turn[data-step=answered]").filter(has_text=words)
    expect(turn.locator("a.footnote").first).to_be_visible(timeout=60_000)
    expect(page.locator("#send")).to_be_visible()

    expect(page.locator("[data-choose]").first).to_be_visible()
    # All in one moment, and the question in the next.
    box.fill(SUMMIT)
    page.evaluate("document.querySelectorAll('[data-choose]').forEach((box) => box.click())")
    page.evaluate("document.querySelector('#send').click()")
    refusal = page.locator("#current .refusal")
    expect(refusal).to_have_text("No documents are selected. Tick one under Documents.")


# --- with a language model, at an address of the visitor's


def test_a_visitor_may_set_who_writes_for_the_own_session(page: Page) -> None:
    page.get_by_role("button", name="Settings").click()
    settings = page.locator("#settings-panel")
    settings.get_by_label("Your own server").check()
    page.locator("#apply").click()
    expect(page.locator("#settings-told")).to_contain_text("Give an address that starts with")
    with provider(written=["The summit was held on Dec. 15."]) as elsewhere:
        written_by(page, elsewhere.url, KEY)
        expect(settings.get_by_label("Key, if it needs one")).to_have_value("")
        answer = ask(page, SUMMIT).locator(".answer")
        expect(answer).to_contain_text("The summit was held on Dec. 15.")
        assert set(elsewhere.keys) == {f"Bearer {KEY}"}
    assert KEY not in page.content()
    page.get_by_role("button", name="Settings").click()
    settings.get_by_label("Nobody: quotes only").check()
    settings.get_by_label("number input for How many sentences an answer may have").fill("1")
    page.locator("#apply").click()
    expect(page.locator("#settings-told")).to_contain_text("from your next question on")
    page.locator("#top [data-panel-button=talk]").click()
    expect(ask(page, f"{SUMMIT} ").locator(".sentence")).to_have_count(1)


def test_a_draft_is_shown_as_one_and_one_answer_is_made_at_a_time(page: Page) -> None:
    box, past = page.locator("#question textarea"), page.locator("#past .turn")
    draft = page.locator("#current .turn[data-step=draft]")
    answered = page.locator("#current .turn[data-step=answered]")
    pieces = ["The summit was held on Dec. 15.", " It ended in Oslo."]
    with provider("Dec. 15", pieces) as writer:
        written_by(page, writer.url)
        box.fill(SUMMIT)
        page.locator("#send").click()
        expect(draft.locator(".draft")).to_contain_text("on Dec. 15.")
        expect(draft.locator("a.card").first).to_be_visible()
        expect(draft.locator("a.footnote")).to_have_count(0)
        box.fill(OFF_TOPIC)  # What is entered meanwhile is next.
        box.press("Enter")
        writer.go_on.set()
        expect(answered.filter(has_text=OFF_TOPIC)).to_be_visible(timeout=60_000)
        expect(box).to_have_value("")
        expect(past).to_contain_text(SUMMIT)
        expect(past.locator("a.footnote").first).to_be_visible()
        expect(past.locator(".left-out")).to_contain_text("Oslo")

        writer.go_on.clear()
        expect(page.locator("#send")).to_be_visible()
        past.get_by_role("button", name="Ask again").click()
        expect(draft).to_be_visible(timeout=60_000)
        box.fill(OFF_TOPIC)
        box.press("Enter")
        expect(page.locator("#status")).to_contain_text("Wait for the answer")
        writer.go_on.set()
        expect(answered).to_contain_text(SUMMIT)
        expect(page.locator("#send")).to_be_visible()
        expect(box).to_have_value(OFF_TOPIC)
        expect(past).to_have_count(0)


def test_a_wait_for_the_language_model_is_shown_under_the_quotes(page: Page) -> None:
    busy = status("429 Too Many Requests", "Retry-After: 2")
    with misbehaving(busy, times=1, written="The summit was held on Dec. 15.") as writer:
        written_by(page, writer.url)
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


def test_stop_takes_effect_while_the_language_model_is_silent(page: Page) -> None:
    # What listens here takes each request and never answers, so the answer cannot come first.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        written_by(page, f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
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
