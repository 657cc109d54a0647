"""Reports: JUnit that CI reads, Markdown that shows just text, and a page that needs no network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from eval.comparing.baseline import judge
from eval.comparing.compare import load_run
from eval.running.record import (
    DocumentRecord,
    LibraryRecord,
    Repeat,
    Result,
    Run,
    SetRecord,
    write_run,
)
from eval.running.summary import summarise
from index.documents import Document, Span
from ui.commands.evaluate import app
from ui.reports import plots
from ui.reports.html import html
from ui.reports.junit import junit
from ui.reports.markdown import markdown
from ui.words.languages import speaking

WORDS = "<script>window.pwned=1</script> ](javascript:x) ```` @team | \u202e \x00 & end"
TEXT = f"Before it. The pact holds {WORDS} and more. After it."
DOCUMENT = Document.of(TEXT, title=WORDS, source="/pact.txt")
START = TEXT.index("The pact")
END = TEXT.index(" After")


def scores(passed: bool, refused: bool = False) -> dict[str, Any]:
    shares = dict.fromkeys(("recall@5", "mrr", "ndcg@5", "token_f1", "verbatim"), 1.0)
    shares |= dict.fromkeys(("citation_precision", "citation_recall", "citation_f1"), 0.5)
    shares |= dict.fromkeys(("char_precision", "char_recall", "char_iou"), 0.3)
    yes = dict.fromkeys(("hit@1", "hit@3", "hit@5", "answer_right", "exact_match"), passed)
    yes |= dict.fromkeys(("cited_evidence", "joint", "refusal_right", "passed"), passed)
    return shares | yes | {"refused": refused, "unsupported": [], "crag": 1 if passed else -1}


def result(number: int, passed: bool) -> Result:
    quote = {"start": START, "end": END, "quote": TEXT[START:END], "score": 1.0, "rank": 1}
    own = {"id": DOCUMENT.id, "title": WORDS, "source": "s", "sha256": DOCUMENT.sha256}
    answer = {
        "question": f"What of {number}? {WORDS}",
        "answer": f"Answer {number}: {WORDS}",
        "refused": False,
        "citations": [quote | {"number": 1, "document": own, "marks": []}],
        "quotes": [quote | {"document_id": DOCUMENT.id}],
        "timings": {"retrieve_s": 0.1, "first_quote_s": 0.2, "first_token_s": 1, "total_s": number},
    }
    return Result(
        f"case-{number}",
        scores(passed),
        answer,
        {"probability": 0.1 if number % 2 else 0.9, "threshold": 0.25},
        None if passed else "wrongly_answered",
        case={"answers": [WORDS], "tags": [f"tag {number % 3}"], "question": "Q"},
        evidence=((Span(DOCUMENT.id, START, START + 3),),),
        cached=number == 3,
        repeats=(Repeat(not passed, WORDS),) if number == 2 else (),
    )


def made(count: int, failed: set[int]) -> Run:
    results = [result(number, number not in failed) for number in range(count)]
    results.append(Result("broken", {}, None, stage="error", error=WORDS, case={"question": "E"}))
    return Run(
        1,
        SetRecord(WORDS, "f" * 64, count + 1, ("case-1",)),
        LibraryRecord((DocumentRecord(DOCUMENT.id, WORDS, DOCUMENT.sha256),)),
        {"llm": WORDS},
        summarise(results),
        tuple(results),
    )


BEFORE, AFTER = made(9, {4}), made(9, {1, 2})
VERDICT = judge(AFTER, BEFORE)


def text_of(name: str) -> str | None:
    return TEXT if name in (DOCUMENT.id, DOCUMENT.sha256) else None


def test_junit_tells_failures_from_errors() -> None:
    root = ElementTree.fromstring(junit(AFTER, VERDICT))  # noqa: S314  our own
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("10", "2", "1")
    tests = {each.get("name"): each for each in suite.iter("testcase")}
    failure = tests["case-1"].find("failure")
    assert failure is not None
    assert failure.get("type") == "wrongly_answered"
    assert "window.pwned=1" in (failure.text or "")
    assert "\x00" not in (failure.text or "")
    assert tests["broken"].find("error") is not None
    assert tests["broken"].find("failure") is None
    assert len(tests["case-0"]) == 0
    assert [each.get("name") for each in tests["case-3"].iter("property")] == ["cached"]
    named = {each.get("name") for each in suite.iter("property")}
    assert {"verdict", "passed", "mrr", "total_s_p50"} <= named


def test_markdown_shows_just_text() -> None:
    text = markdown(AFTER, VERDICT)
    head, _, rest = text.partition("<details>")
    assert head.startswith("### ⚠️ ")  # one case could not be asked
    assert "case-1 must pass and failed" in head
    assert "Newly broken: 1" in rest
    assert "Newly mended: 1" in rest
    # All that comes from outside stands in a fence that it cannot close.
    outside, fence = [], ""
    for line in text.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.removesuffix("text")
            assert len(fence) == 5
        else:
            outside.append(line)
    assert "pwned" not in "\n".join(line for line in outside[1:])
    assert "<script>" not in outside[0].split("`")[0]


def test_reports_are_in_the_language_of_who_reads_them() -> None:
    with speaking("de"):
        text = markdown(AFTER, VERDICT)
        page = html(AFTER, VERDICT, BEFORE, text_of)
    for words in ("Neu falsch: 1", "Neu richtig: 1", "(muss bestehen)", "--- vorher\nFrage:    "):
        assert words in text
    for words in ("Fälle, die gezeigt werden", "Stufe des Fehlers", '<html lang="de">'):
        assert words in page
    assert "Kein Urteil: Nicht gefragt werden konnte" in text
    for english in ("Newly", "must pass", "before", "metric |", "Metrics", "could not be asked"):
        assert english not in text, english
    assert "<script>window.pwned" not in page


@pytest.mark.browser
def test_the_page_needs_no_network_and_runs_nothing_of_others(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(html(AFTER, VERDICT, BEFORE, text_of), "utf-8")
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda each: each.url.startswith("file:") or wrong.append(each.url))
        page.goto(path.as_uri())
        expect(page.locator(".case")).to_have_count(10)
        expect(page.locator("svg")).to_have_count(5)
        first = page.locator(".case").first
        expect(first.locator(".sign")).to_have_text("broken")
        first.locator("summary").click()
        expect(first).to_contain_text("Stage wrongly_answered")
        mark = first.locator("mark").first
        assert mark.text_content() == TEXT[START:END].replace("\x00", "\ufffd")
        expect(first.locator("blockquote").first).to_contain_text("Before it.")
        expect(first.locator("blockquote.evidence mark")).to_have_text("The")
        page.locator("#state").select_option("error")
        expect(page.locator("#count")).to_have_text("1 case")
        page.locator("#state").select_option("")
        page.locator("#words").fill("answer 7:")
        expect(page.locator(".case:visible")).to_have_count(1)
        assert page.evaluate("window.pwned") is None
        assert wrong == []


@pytest.mark.browser
def test_the_page_works_with_two_thousand_cases(browser: Browser, tmp_path: Path) -> None:
    run = made(1_999, set(range(0, 1_999, 7)))
    path = tmp_path / "report.html"
    path.write_text(html(run, judge(run), None, text_of), "utf-8")
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.locator("#state").select_option("failed")
        expect(page.locator("#count")).to_have_text("287 cases")
        page.locator("#words").fill("case-1400")
        expect(page.locator(".case:visible")).to_have_count(1)


def test_the_command_writes_all_three(tmp_path: Path) -> None:
    write_run(tmp_path / "run.json", AFTER)
    write_run(tmp_path / "before.json", BEFORE)
    assert load_run(tmp_path / "run.json") == AFTER
    files = {name: str(tmp_path / f"report.{name}") for name in ("junit", "markdown", "html")}
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    command = ["compare", str(tmp_path / "before.json"), str(tmp_path / "run.json"), *options]
    done = CliRunner().invoke(app, [*command, "--library", str(tmp_path / "none")])
    assert done.exit_code == 2, done.output  # an error is in it
    assert all(Path(file).stat().st_size > 1_000 for file in files.values())
    # Without the document the quote stands alone.
    assert "Before it." not in Path(files["html"]).read_text("utf-8")


def test_plots_escape_and_hold_their_figures() -> None:
    svg = plots.intervals([plots.Figure("<b>", 0.5, (0.4, 0.6), 0.45)])
    assert "&lt;b&gt;" in svg
    assert "0.500" in svg
    assert plots.bars([]).count("<rect") == 0
    assert "2 of 3" in plots.shares([("x", 2, 3)])
    assert plots.spreads({"x": [1.0, 2.0, 3.0], "none": []}).count('class="label"') == 1
    assert plots.histogram({"all": [0.0, 1.0]}, None).count("<title>1</title>") == 2


def test_a_run_alone_has_a_page() -> None:
    run = replace(AFTER, results=AFTER.results[:3], metrics=summarise(AFTER.results[:3]))
    page = html(run, judge(run), None, lambda _: None)
    assert "ring: baseline" not in page
    assert "Baseline" not in page
    assert page.count('class="case"') == 3
