"""Cases kept from answers and sets run, in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from eval.cases.cases import SETS, load_set, read_set, write_set
from eval.cases.evidence import resolve
from index.documents import Document
from index.library import Library
from index.loading.load import load
from tests.browser import (
    OFF_TOPIC,
    SUMMIT,
    ask,
    assert_accessible,
    assert_marked,
    opened,
    pages,
    place,
    window,
)
from tests.conftest import OpenLibrary

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
    expect(told).to_contain_text("Kept in the set “from-the-window”")
    expect(told.locator("blockquote")).to_have_count(1)
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
    expect(report).to_contain_text("There is no baseline yet", timeout=60_000)
    expect(report.locator(".headline")).to_have_text("1 of 1 right")
    report.get_by_text("More: all metrics").click()
    passed = report.locator("tr").filter(has_text="cases that came out as they should")
    expect(passed).to_contain_text("100.0%")
    page.locator("#keep-baseline").click()
    expect(report).to_contain_text("Since the baseline 0 broke and 0 were mended.")


def choices(page: Page) -> list[str]:
    page.locator("#set input").click()
    found = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return [each.strip("✓ \n") for each in found]


def test_a_set_is_made_of_the_conversation(page: Page, window_library: Library) -> None:
    ask(page, SUMMIT)
    ask(page, "How long did it last?")
    ask(page, OFF_TOPIC)
    page.get_by_role("button", name="Regression").click()
    page.locator("#draft-set :is(input, textarea)").fill("of-a-talk")
    page.locator("#take-talk").click()
    expect(page.locator("#drafts li")).to_have_count(3)
    # All that the choice of the set shows is there. A click in the moment in which Gradio ends the
    # stream of one event can be lost until the next one: the page does not open it again.
    expect(page.locator("#report")).to_contain_text("3 drafts")
    page.get_by_role("button", name="Accept all").click()
    expect(page.locator("#drafts li")).to_have_count(0)
    made = load_set(window_library.folder / "cases" / "of-a-talk.jsonl")
    assert [each.question for each in made.cases] == [SUMMIT, "How long did it last?", OFF_TOPIC]
    assert [each.after for each in made.cases] == ["", made.cases[0].id, made.cases[1].id]
    assert [each.unanswerable for each in made.cases] == [False, False, True]
    page.locator("#run").click()
    headline = page.locator("#report .headline")
    expect(headline).to_have_text("3 of 3 right", timeout=60_000)
    assert_accessible(page)


@pytest.mark.llm
def test_a_set_is_begun_from_drafts_that_are_accepted(
    browser: Browser, open_library: OpenLibrary, tmp_path: Path
) -> None:
    railway = load(SETS / "railway.html")
    library = open_library(tmp_path / "library")
    library.add(railway)
    path = library.folder / "cases" / "mine.jsonl"
    with window(library) as address, pages(browser) as open_page:
        page = open_page(address)
        page.get_by_role("button", name="Regression").click()
        expect(page.locator("#set input")).to_have_value("railway")
        expect(page.locator("#report")).to_contain_text("83 cases on railway.html. It has not been")
        assert choices(page) == ["railway", "railway-talks"]
        page.locator("#draft-set :is(input, textarea)").fill("mine")
        page.locator("#draft-each input").fill("4")
        page.locator("#propose").click()
        expect(page.locator("#drafts-told")).to_contain_text("of 4 drafts")
        drafts = page.locator("#drafts li")
        expect(drafts.first).to_be_visible(timeout=300_000)
        expect(page.locator("#set input")).to_have_value("mine")
        made = {each.id: each for each in read_set(path)[0].cases}
        assert len(made) >= 3
        assert all(each.draft for each in made.values())
        expect(drafts).to_have_count(len(made))
        expect(page.locator("#report")).to_contain_text(f"0 cases, and {len(made)} drafts")

        first = made["draft-001"]
        expect(drafts.first).to_contain_text(f"Expected: “{first.answers[0]}”")
        drafts.first.locator("a.place").click()
        assert_marked(page, first.evidence[0].quote or "")
        page.get_by_role("button", name="Regression").click()
        expect(page.locator("#set input")).to_have_value("mine")
        drafts.first.get_by_role("button", name="Reject").click()
        expect(drafts).to_have_count(len(made) - 1)
        drafts.first.get_by_role("button", name="Accept").click()
        expect(page.locator("#report")).to_contain_text("1 case, and")
        page.get_by_role("button", name="Accept all").click()
        expect(drafts).to_have_count(0)
        expect(page.locator("#report")).to_contain_text(f"{len(made) - 1} cases on railway.html")
        kept = load_set(path)
        assert {each.id for each in kept.cases} == made.keys() - {"draft-001"}
        assert not kept.drafts
        assert sorted(choices(page)) == ["mine", "railway", "railway-talks"]


LATE = """
import time
from ui.panels.regression.drafts import Drafts
from ui.panels.regression.panel import RegressionPanel
def late(show):
    def shown(self, name):
        done = show(self, name)
        time.sleep(2)
        return done
    return shown
Drafts.resume = late(Drafts.resume)
RegressionPanel.show = late(RegressionPanel.show)
"""
"""What there is is shown late, as on a machine that has much else to do."""


def test_what_was_read_before_a_change_is_not_shown_after_it(
    browser: Browser, open_library: OpenLibrary, briefing: Document, tmp_path: Path
) -> None:
    library = open_library(tmp_path / "library")
    library.add(briefing)
    drafts = [replace(each, draft=True) for each in load_set(SETS / "briefing.jsonl").cases[:3]]
    write_set(library.folder / "cases" / "mine.jsonl", drafts)
    listed, sent = "#drafts li", list[str]()
    with window(library, first=LATE, FOOTNOTED_LLM="none") as address:
        page = opened(browser, address)
        page.get_by_role("button", name="Regression").click()
        expect(page.locator("#set input")).to_have_value("briefing")
        page.locator("#set input").click()
        page.get_by_role("option", name="mine").click()
        expect(page.locator(listed)).to_have_count(3)
        page.wait_for_timeout(3_000)
        expect(page.locator(listed)).to_have_count(3)
        page.on("request", lambda request: sent.append(request.url))
        page.get_by_role("button", name="Regression").click()
        while sum("queue/join" in each for each in sent) < 2:  # First the sets are offered.
            page.wait_for_timeout(50)
        page.wait_for_timeout(500)  # It has read what there is by then.
        page.locator(listed).first.get_by_role("button", name="Reject").click()
        expect(page.locator(listed)).to_have_count(2)
        page.wait_for_timeout(3_000)
        expect(page.locator(listed)).to_have_count(2)
        page.locator(listed).first.get_by_role("button", name="Reject").click()
        expect(page.locator(listed)).to_have_count(1)
        page.locator(listed).get_by_role("button", name="Accept").click()
        expect(page.locator("#report")).to_contain_text("1 case on briefing.md")
        page.context.close()


def test_sets_that_cannot_be_read_are_not_said_to_be_missing(
    browser: Browser, open_library: OpenLibrary, briefing: Document, tmp_path: Path
) -> None:
    library = open_library(tmp_path / "library")
    library.add(briefing)
    with window(library, FOOTNOTED_LLM="none") as address:
        page = opened(browser, address)
        (library.folder / "library.db").write_bytes(b"no database" * 1_000)
        page.get_by_role("button", name="Regression").click()
        expect(page.locator("#report")).to_contain_text("is damaged")
        page.wait_for_timeout(1_000)
        expect(page.locator("#report")).to_contain_text("is damaged")
        page.context.close()


def test_a_set_that_is_offered_is_run_stopped_and_goes_on(
    page: Page, window_library: Library
) -> None:
    page.get_by_role("button", name="Regression").click()
    lead = page.locator("#regression-panel .lead").first
    expect(lead).to_be_visible()
    style = "each => each.clientHeight / parseFloat(getComputedStyle(each).lineHeight)"
    assert lead.evaluate(style) == pytest.approx(2, abs=0.2), "two lines"
    expect(page.locator("#set input")).to_have_value(re.compile(r"\w"))
    report = page.locator("#report")
    expect(report).to_contain_text("A set that comes with Footnoted")
    offered = choices(page)
    assert "briefing" in offered
    assert not {"heat-pumps", "railway", "article"} & {*offered}
    expect(page.locator("#propose")).to_be_hidden()  # No language model is here.
    assert_accessible(page)

    briefing = load_set(SETS / "briefing.jsonl").cases
    wrong = replace(briefing[0], answers=("what no answer says",))  # So that one is there to open.
    write_set(window_library.folder / "cases" / "some.jsonl", [wrong, *briefing[10::4]])
    page.get_by_role("button", name="Regression").click()
    page.locator("#set input").click()
    page.get_by_role("option", name="some", exact=True).click()
    expect(report).to_contain_text("has not been run on this library yet")
    page.locator("#run").click()
    expect(report).to_contain_text(re.compile(r"some: [1-9]\d* of 25 cases"), timeout=60_000)
    page.locator("#stop-run").click()
    expect(report).to_contain_text("Run it again to go on", timeout=30_000)
    partial = window_library.folder / "runs" / "some.json.partial"
    done = list(map(json.loads, partial.read_text("utf-8").splitlines()))[1:]
    assert 0 < len(done) < 25
    page.locator("#run").click()
    expect(report.locator(".verdict")).to_be_visible(timeout=300_000)
    assert not partial.exists()
    finished = json.loads(partial.with_suffix("").read_text("utf-8"))["results"]
    # What was answered before it was stopped was not asked again: it took as long.
    took = {each["id"]: each["answer"]["timings"] for each in finished}
    assert all(took[each["id"]] == each["answer"]["timings"] for each in done)
    report.locator("details.case summary").first.click()
    report.locator("details.case a.place").first.click()
    expect(page.locator("#source mark.quote")).to_be_in_viewport()
