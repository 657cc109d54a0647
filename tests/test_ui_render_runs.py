"""Runs as the regression view shows them: what broke first, both answers, everything as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eval.cases.cases import Case, Evidence
from eval.comparing.baseline import judge
from eval.measuring.statistics import rate
from eval.running.record import DocumentRecord, LibraryRecord, Result, Run, SetRecord
from eval.running.summary import MEANS, RATES
from tests.test_ui_render import HOSTILE, Page
from ui.drawing import runs as render_runs
from ui.reports.metric_text import GROUPS, group_of, label, meaning

CASES = {"one": {"answers": ["Ada", "Ada L."]}, "two": {"question": "What of Bo?"}}


def result(name: str, words: str, *, passed: bool, refused: bool = False) -> Result:
    quote = {"document_id": "abc", "start": 3, "end": 9, "quote": f"“{words}” stands there"}
    answer: dict[str, Any] = {
        "question": f"What of {words}?",
        "answer": words,
        "citations": [] if refused else [quote | {"document": {"id": "abc"}}],
        "quotes": [quote],
    }
    stage = None if passed else "wrongly_answered"
    return Result(name, {"passed": passed}, answer, stage=stage, case=CASES.get(name, {}))


def made(*results: Result) -> Run:
    passed = sum(each.passed for each in results)
    return Run(
        1,
        SetRecord("set", "f" * 64, len(results), ()),
        LibraryRecord((DocumentRecord("abc", "A", "a" * 64),)),
        {},
        {"passed": rate(passed, len(results))},
        results,
    )


BEFORE = made(
    result("one", "Ada", passed=True),
    result("two", "Bo", passed=False),
    result("three", "Cy", passed=False),
)
AFTER = made(
    result("one", "Dee", passed=False, refused=True),
    result("two", "Bo", passed=True),
    result("three", "Cy", passed=False),
)


def test_what_broke_comes_first_with_both_answers() -> None:
    verdict = judge(AFTER, BEFORE)
    page = Page(render_runs.report(AFTER, BEFORE, verdict, verdict.line))
    assert page.texts["p.headline"] == ["1 of 3 right"]
    assert page.texts["h3."] == [
        "Broken since the baseline: 1", "Mended since the baseline: 1", "Still wrong: 1",
    ]  # fmt: skip
    assert page.texts["span.expected"] == [
        "Expected: “Ada” or “Ada L.”",
        "Where it went wrong: the evidence was quoted, and the answer is not an accepted one",
        "Expected: any answer that cites the evidence",
        "Expected: not kept with this run",
        "Where it went wrong: the evidence was quoted, and the answer is not an accepted one",
    ]
    broken = page.texts["details.case"][0]
    assert broken.index("BaselineAda") < broken.index("NowDee")
    assert "Nearest passages" in broken
    assert page.texts["p.verdict"] == ["Since the baseline 1 broke and 1 were mended."]
    assert "1 broke and 1 were mended" in page.texts["p.note"][0]
    link = page.all("a", "place")[0]
    assert (link["data-document"], link["data-span"]) == ("abc", "3-9")
    row = page.texts["tr."][1]
    assert row.startswith("passed33.3%")
    assert row.endswith("33.3%+0.0%cases that came out as they should")


def test_metrics_stand_under_what_they_tell_of() -> None:
    table = Page(render_runs.report(AFTER, None, None, ""))
    assert table.texts["tr.group"] == ["Answers"]
    assert [row for row in table.texts["tr."] if row.startswith("passed")]
    assert "CRAG" not in table.text, "what was not measured has no line"


@pytest.mark.parametrize(
    ("name", "words", "group"),
    [
        ("citation_recall", "citation recall", "Footnotes"),
        ("refusal_f1", "refusal F1", "Refusals"),
        ("char_iou", "character IoU", "Footnotes"),
        ("total_s_p50", "total, median", "Time"),
        ("first_quote_s_p95", "first quote, 95th percentile", "Time"),
        ("judge:tone", "judge:tone", "Judges"),
    ],
)
def test_metrics_have_names_for_people(name: str, words: str, group: str) -> None:
    assert (label(name), group_of(name)) == (words, group)


def test_without_a_baseline_there_is_one_side() -> None:
    page = Page(render_runs.report(AFTER, None, None, "There is no baseline yet."))
    assert page.texts["h3."] == ["Wrong: 2", "Right: 1"]
    assert set(page.texts["h4."]) == {"Now"}


def test_without_a_baseline_the_run_before_is_compared() -> None:
    page = Page(render_runs.report(AFTER, BEFORE, None, "There is no baseline yet."))
    assert page.texts["h3."][:2] == [
        "Broken since the previous run: 1", "Mended since the previous run: 1",
    ]  # fmt: skip
    assert "Before" in page.texts["h4."]
    assert not [each for each in page.texts["tr."] if "difference" in each]


def test_each_metric_has_its_meaning() -> None:
    for name in [*RATES, *MEANS, *(each for names in GROUPS.values() for each in names)]:
        assert meaning(name) != meaning("judge:tone"), name


def test_a_set_without_a_run_says_what_it_is() -> None:
    one = Case("one", "Who?", evidence=(Evidence("a.txt", quote="Ada"),))
    page = Page(render_runs.not_run([one, replace(one, id="two", draft=True)]))
    assert page.texts["p.empty"] == [
        "1 case, and 1 draft on a.txt. It has not been run on this library yet."
    ]
    others = [replace(one, evidence=(Evidence(f"{at}.txt", quote="Ada"),)) for at in range(5)]
    assert "5 cases on 0.txt, 1.txt, 2.txt and 2 others." in Page(render_runs.not_run(others)).text


def test_a_draft_is_shown_with_its_place_where_its_document_is_here() -> None:
    evidence = Evidence("a.txt", "a" * 64, 3, 6, "Ada")
    draft = Case("d", "Who?", ("Ada",), evidence=(evidence,), draft=True)
    page = Page(render_runs.drafts("mine", [draft], {"a" * 64: "abc"}))
    [link] = page.all("a", "place")
    assert (link["data-document"], link["data-span"]) == ("abc", "3-6")
    assert page.texts["p.expected"] == ["Expected: “Ada”"]
    assert not Page(render_runs.drafts("mine", [draft], {})).all("a", "place")
    refused = Case("d", "Who?", unanswerable=True, draft=True)
    assert "Expected: a refusal" in Page(render_runs.drafts("mine", [refused], {})).text


@pytest.mark.parametrize("words", HOSTILE)
def test_what_comes_from_outside_is_text(words: str) -> None:
    run = made(replace(result("one", words, passed=False), id=words))
    kept = replace(run.results[0], case={"answers": ["a" + words]})
    run = replace(run, results=(kept,))
    evidence = Evidence(f"a{words}", "a" * 64, 0, 9, f"a{words}")
    told = Case(f"a{words}", f"a{words}", (f"a{words}",), evidence=(evidence,), draft=True)
    for html in (
        render_runs.report(run, run, judge(run, run), words),
        render_runs.running(words, 1, 2, stopping=True),
        render_runs.not_run([told]),
        render_runs.drafts(words, [told], {"a" * 64: words}),
    ):
        page = Page(html)
        page.assert_harmless()
        assert words.split("/")[-1] in page.text
