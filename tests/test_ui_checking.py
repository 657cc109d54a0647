"""A text checked in the window, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from index.library import Library
from rag.log import Log
from tests.browser import SUMMIT, OpenPage, ask, saved, written_by
from tests.provider import provider

pytestmark = [pytest.mark.browser, pytest.mark.weights]

DRAFT = (
    "The Tsugaru Strait is 20 kilometers wide. The Tsugaru Strait is 70 kilometers wide.\n\n"
    "<img src=x onerror=window.pwned=1> painted the museum of Tolm in 1931. Is that so?"
)


def open_check(page: Page) -> None:
    page.get_by_role("button", name="Check", exact=True).first.click()


def check(page: Page, text: str) -> None:
    open_check(page)
    page.locator("#draft textarea").fill(text)
    page.locator("#check").click()
    expect(page.locator("#checked .covered")).to_contain_text("sentence", timeout=60_000)
    expect(page.locator("#check")).to_be_visible(timeout=60_000)


def test_a_text_is_underlined_and_a_sentence_opens_its_quote(page: Page, tmp_path: Path) -> None:
    check(page, DRAFT)
    shown = page.locator("#checked .draft-text")
    assert " ".join(shown.inner_text().split()) == " ".join(DRAFT.split())
    expect(shown.locator("a.supported")).to_have_count(1)
    expect(shown.locator("a.contradicted")).to_have_count(1)
    expect(shown.locator("a.not_in_sources")).to_have_count(1)
    expect(shown.locator("a.nothing_to_check")).to_have_count(1)
    assert page.evaluate("window.pwned") is None
    shown.locator("a.contradicted").click()
    mark = page.locator("#source mark.quote")
    expect(mark).to_be_in_viewport()
    assert "20 kilometers" in mark.inner_text()
    expect(page.locator("#checked")).to_be_visible()  # Beside its sources.
    note = page.locator(".found > li:visible")
    expect(note).to_have_count(1)
    expect(note).to_contain_text("Contradicted")
    text, verdict = (page.locator(each).bounding_box() for each in (".draft-text", ".verdicts"))
    assert text["y"] == verdict["y"], "side by side"
    expect(page.locator(".verdicts .at")).to_have_text("1 of 2 findings")
    page.keyboard.press("n")
    expect(note).to_contain_text("Not in the sources")
    page.keyboard.press("p")
    expect(note).to_contain_text("Contradicted")
    page.locator(".counts button.supported").click()
    expect(page.locator(".verdicts .at")).to_have_text("1 of 1 finding")
    expect(shown.locator("a.aside")).to_have_count(3)
    expect(note).to_contain_text("Supported")
    expect(mark).to_be_focused()  # Once the source is drawn, it takes the keys.
    page.keyboard.press("Escape")  # Out of the source,
    expect(note.locator("a.card").first).to_be_focused()
    page.keyboard.press("Escape")  # and out of the verdict.
    expect(note).to_have_count(0)

    path = saved(page, page.locator("#checked-files").get_by_text("JSON"), tmp_path)
    assert json.loads(path.read_text("utf-8"))["counts"]["contradicted"] == 1
    summary = page.locator("#checked .covered").inner_text()
    page.reload()
    open_check(page)
    expect(page.locator("#draft textarea")).to_have_value(DRAFT)
    expect(page.locator("#checked .covered")).to_have_text(summary)
    expect(page.locator("#checked a.contradicted")).to_have_count(1)


def test_on_a_phone_a_verdict_is_a_sheet_over_the_text(
    open_page: OpenPage, window_address: str
) -> None:
    page = open_page(window_address, viewport={"width": 360, "height": 640})
    check(page, DRAFT)
    sentence = page.locator("#checked a.contradicted")
    before = sentence.bounding_box()
    sentence.click()
    sheet = page.locator(".verdicts")
    expect(sheet).to_be_in_viewport()
    expect(sheet).to_contain_text("Contradicted")
    assert sentence.bounding_box() == before, "the text stays where it is"
    page.get_by_role("button", name="Next finding").click()
    expect(sheet).to_contain_text("Not in the sources")
    page.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()


def test_a_text_that_was_stopped_goes_on(page: Page) -> None:
    open_check(page)
    page.locator("#check").click()
    expect(page.locator("#checked")).to_contain_text("There is no text")
    many = " ".join(f"The Tsugaru Strait is {width} kilometers wide." for width in range(2, 60))
    page.locator("#draft textarea").fill(many)
    page.locator("#check").click()
    expect(page.locator("#checked progress")).to_be_visible(timeout=60_000)
    expect(page.locator("#checked .draft-text")).to_contain_text(many)  # The whole text at once.
    page.locator("#stop-check").click()
    expect(page.locator("#checked .covered")).to_contain_text("Stopped after", timeout=60_000)
    done = page.locator("#checked a.s").count()
    assert 0 < done < 58
    page.locator("#check").click()
    expect(page.locator("#stop-check")).to_be_visible()
    page.wait_for_function(f"document.querySelectorAll('#checked a.s').length > {done}")
    page.locator("#stop-check").click()
    expect(page.locator("#check")).to_be_visible(timeout=60_000)


def test_a_file_is_checked_also_where_it_is_dropped(page: Page, tmp_path: Path) -> None:
    open_check(page)
    draft = tmp_path / "draft.md"
    draft.write_text("# Straits\n\nThe Tsugaru Strait is 20 kilometers wide.\n", "utf-8")
    with page.expect_file_chooser() as chooser:
        page.locator("#open-draft").click()
    chooser.value.set_files(draft)
    expect(page.locator("#checked a.supported")).to_have_count(1, timeout=60_000)
    expect(page.locator("#check")).to_be_visible()
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["The Tsugaru Strait is 70 kilometers wide."], "a.txt"));
            const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true });
            document.querySelector("#draft textarea").dispatchEvent(event);
        }"""
    )
    expect(page.locator("#checked a.contradicted")).to_have_count(1, timeout=60_000)
    expect(page.locator("#check")).to_be_visible()
    expect(page.locator("[data-choose]").first).to_be_visible()
    page.evaluate("document.querySelectorAll('[data-choose]').forEach((box) => box.click())")
    page.locator("#draft textarea").fill(DRAFT)
    page.locator("#check").click()
    expect(page.locator("#checked .notice")).to_contain_text("No documents are selected.")


def test_a_verdict_is_overruled_with_a_note(page: Page, window_library: Library) -> None:
    wrong = "The Tsugaru Strait is 70 kilometers wide."
    check(page, wrong)
    note = page.locator("#checked .found > li")
    page.locator("#checked a.contradicted").click()
    note.locator("summary").click()
    note.get_by_label("Verdict").select_option(label="Supported")
    note.get_by_role("button", name="Save").click()
    expect(page.locator("#checked .notice")).to_contain_text("Say why")
    note.locator("summary").click()
    note.get_by_label("Verdict").select_option(label="Supported")
    note.get_by_label("Note").fill("<b>Measured</b> at its mouth.")
    note.get_by_role("button", name="Save").click()
    expect(page.locator("#checked a.supported")).to_have_count(1)
    expect(note).to_contain_text("Overruled, it was “Contradicted”: <b>Measured</b> at its mouth.")
    assert list(Log(window_library.folder).overruled()) == [(wrong, "contradicted")]
    page.locator("#draft textarea").fill(f"{wrong} Is that so?")
    page.locator("#check").click()
    expect(page.locator("#checked a.s")).to_have_count(2, timeout=60_000)
    expect(page.locator("#checked-files")).to_be_visible()
    expect(page.locator("#checked a.supported")).to_have_count(1)  # In another text as well.
    expect(note).to_be_visible()  # What was open stays open.
    page.locator("#checked .found summary").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#checked a.contradicted")).to_have_count(1)
    assert Log(window_library.folder).overruled() == {}


def test_what_a_language_model_wrote_is_checked_from_its_answer(page: Page) -> None:
    with provider("Dec. 15", ["The summit was held on Dec. 15."]) as writer:
        written_by(page, writer.url)
        ask(page, SUMMIT).get_by_role("button", name="Check").click()
        expect(page.locator("#draft textarea")).to_have_value("The summit was held on Dec. 15.")
        expect(page.locator("#checked a.s")).to_have_count(1, timeout=60_000)
