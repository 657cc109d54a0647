"""Cases kept from answers and sets run, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from eval.cases.cases import SETS, load_set, write_set
from eval.cases.evidence import resolve
from index.documents import Document
from index.library import Library
from tests.browser import (
    SUMMIT,
    ask,
    place,
)

pytestmark = [pytest.mark.browser, pytest.mark.weights]


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
        span.document_id for span in resolve(written, window_library)[0][case.id][0]
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
    briefing = load_set(SETS / "briefing.jsonl").cases
    wrong = replace(briefing[0], answers=("what no answer says",))  # So that one is there to open.
    write_set(window_library.folder / "cases" / "a-tenth.jsonl", [wrong, *briefing[10::10]])
    page.get_by_role("button", name="Regression").click()
    page.locator("#set input").click()
    page.get_by_role("option", name="a-tenth", exact=True).click()
    report = page.locator("#report")
    expect(report).to_contain_text("has not been run on this library yet")
    page.locator("#run").click()
    expect(report).to_contain_text(re.compile(r"a-tenth: [1-9]\d* of 11 cases"), timeout=60_000)
    page.locator("#stop-run").click()
    expect(report).to_contain_text("Run it again to go on", timeout=30_000)
    partial = window_library.folder / "runs" / "a-tenth.json.partial"
    done = len(partial.read_text("utf-8").splitlines()) - 1
    assert 0 < done < 11
    page.locator("#run").click()
    expect(report).to_contain_text(re.compile(r"a-tenth: (?!0 )\d+ of 11 cases"))
    expect(report.locator(".verdict")).to_be_visible(timeout=300_000)
    assert not partial.exists()
    report.locator("details.case summary").first.click()
    report.locator("details.case a.place").first.click()
    expect(page.locator("#source mark.quote")).to_be_in_viewport()
