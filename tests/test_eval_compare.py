"""Two runs: what broke, whether it is chance, and when they say nothing about each other."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.comparing.baseline import DEFAULT, FAILED, PASSED, FailOn, judge
from eval.comparing.compare import NotComparable, compare, load_run
from eval.measuring.statistics import rate
from eval.running.record import (
    Bounds,
    DocumentRecord,
    LibraryRecord,
    Result,
    Run,
    SetRecord,
    write_run,
)
from eval.running.summary import MEANS, RATES
from index.errors import UserError
from ui.commands.evaluate import app

CASES = 20


def made(failed: set[int] = frozenset(), must_pass: tuple[int, ...] = ()) -> Run:  # type: ignore[assignment]
    results = tuple(
        Result(
            f"case-{number}",
            {"passed": number not in failed},
            {
                "question": f"Question [bold]{number}?",
                "answer": "Wrong." if number in failed else "Right.[1]",
            },
        )
        for number in range(CASES)
    )
    return Run(
        1,
        SetRecord("set", "f" * 64, CASES, tuple(f"case-{number}" for number in must_pass)),
        LibraryRecord((DocumentRecord("a", "A", "a" * 64),)),
        {"llm": "l"},
        {"passed": rate(CASES - len(failed), CASES)},
        results,
    )


def saved(folder: Path, name: str, run: Run) -> str:
    write_run(folder / name, run)
    return str(folder / name)


def scored(run: Run) -> Run:
    """Give each result all scores, as those of a set that was asked have."""
    scores: dict[str, object] = dict.fromkeys([*RATES, *MEANS])
    scores |= {"refused": False, "refusal_right": True, "unsupported": 0}
    results = (
        replace(each, scores=scores | each.scores, answer={**(each.answer or {}), "timings": {}})
        for each in run.results
    )
    return replace(run, results=tuple(results))


def test_the_same_twice_is_no_change() -> None:
    comparison = compare(made({3}), made({3}))
    assert (comparison.broken, comparison.mended, comparison.p) == ((), (), 1.0)
    assert judge(made({3}), made({3})).code == PASSED
    assert comparison.judgement == "Nothing changed."


def test_what_broke_and_what_was_mended_with_both_answers() -> None:
    comparison = compare(made({1, 2}), made({2, 3, 4}))
    assert [change.id for change in comparison.broken] == ["case-3", "case-4"]
    [mended] = comparison.mended
    assert (mended.id, mended.before.shown, mended.after.shown) == ("case-1", "Wrong.", "Right.[1]")
    assert comparison.differences["passed"].value == pytest.approx(-0.05)
    assert comparison.p == 1.0
    assert comparison.judgement == "The difference is within noise."


@pytest.mark.parametrize(
    ("before", "after", "regressed", "said"),
    [
        (0, 5, False, "within noise"),
        (0, 6, True, "Worse, not by chance"),
        (6, 0, False, "Better, not by chance"),
    ],
)
def test_a_regression_is_more_than_chance(
    before: int, after: int, regressed: bool, said: str
) -> None:
    comparison = compare(made(set(range(before))), made(set(range(after))))
    assert (judge(made(set(range(after))), made(set(range(before)))).code == FAILED) is regressed
    assert said in comparison.judgement


def asking(run: Run, **other: dict[str, object]) -> Run:
    """Give each result the case that it came of; `other` are fields of some, by id."""
    results = (
        replace(
            each,
            case={
                "id": each.id,
                "question": f"{each.id}?",
                "evidence": [{"document": "a.md", "quote": each.id, "start": n, "end": n + 9}],
            }
            | other.get(each.id.replace("-", "_"), {}),
        )
        for n, each in enumerate(run.results)
    )
    return replace(run, results=tuple(results))


def without(run: Run, *ids: str) -> Run:
    results = tuple(each for each in run.results if each.id not in ids)
    return replace(run, set=replace(run.set, sha256="0" * 64, cases=len(results)), results=results)


def test_a_baseline_outlives_other_cases_and_other_documents() -> None:
    before = asking(made({1}), case_7={"after": "case-6"})
    document = DocumentRecord("b", "B", "b" * 64)
    now = without(
        asking(
            made({1, 2, 3}),
            case_5={"question": "Otherwise?"},
            case_6={"answers": ["another"]},
            case_7={"after": "case-6"},
            case_8={"evidence": [{"document": "a.md", "quote": "case-8", "start": 80, "end": 89}]},
            case_9={"evidence": [{"document": "a.md", "quote": "other words"}]},
        ),
        "case-4",
    )
    now = replace(now, library=LibraryRecord((*now.library.documents, document)))
    comparison = compare(without(before, "case-3"), now)
    assert comparison.new == ("case-3",)
    assert comparison.gone == ("case-4",)
    # What is asked behind a changed case is asked behind other words; a place may move.
    assert comparison.changed == ("case-5", "case-6", "case-7", "case-9")
    assert comparison.cases == CASES - 6
    assert [each.id for each in comparison.broken] == ["case-2"]
    assert comparison.as_before == ("case-1",)
    assert comparison.differs == ("New in the library: B.",)
    assert comparison.differences["passed"].value == pytest.approx(-1 / (CASES - 6), abs=1e-4)


def test_what_was_asked_otherwise_is_told() -> None:
    run = made()
    library = LibraryRecord(
        (DocumentRecord("a", "A", "c" * 64), DocumentRecord("b", "B", "b" * 64)), "cut otherwise"
    )
    models = {"llm": None, "sentences": 1, "code": "f"}
    other = replace(run, library=library, models=models, versions={"chromadb": "2"})
    assert compare(run, other).differs == (
        "Changed in the library: A.",
        "New in the library: B.",
        "The library was rebuilt with other settings.",
        "The program's own code differs.",
        "chromadb was none and is 2.",
        "The language model was l and is none.",
        "The setting FOOTNOTED_SENTENCES was none and is 1.",
    )
    assert compare(other, run).differs[1] == "No more in the library: B."
    renamed = LibraryRecord((DocumentRecord("a", "New title", "a" * 64),))
    assert compare(run, replace(run, library=renamed)).differs == ()


def test_runs_with_nothing_in_common_are_not_compared() -> None:
    run = asking(made())
    renamed = replace(
        run, results=tuple(replace(each, id=f"new-{each.id}") for each in run.results)
    )
    others = {f"case_{n}": {"question": "Another?"} for n in range(CASES)}
    for other in (renamed, asking(made(), **others)):
        with pytest.raises(NotComparable, match="no case in common"):
            compare(run, other)


def test_a_new_case_counts_only_where_it_must_pass() -> None:
    baseline = replace(without(scored(made()), "case-3"), gate=Bounds({"passed": 1.0}))
    assert compare(baseline, made({3})).new == ("case-3",)
    assert judge(scored(made({3})), baseline).code == PASSED  # The bound was set without it.
    assert judge(scored(made({3}, (3,))), baseline).reasons == ("case-3 must pass and failed.",)


@pytest.mark.parametrize(
    ("fail_on", "before", "now", "reasons"),
    [
        ("failed", None, {1, 2}, ("2 cases failed.",)),
        ("floor", None, {1, 2}, ()),
        ("failed", {1}, {1}, ("1 case failed.",)),
        ("broken", {1}, {1}, ()),
        ("broken", {1}, {2}, ("1 case broke.",)),
        ("floor", {1}, {2}, ()),
        (DEFAULT, set(), {7}, ("case-7 must pass and failed.",)),
        (DEFAULT, {7}, {7}, ()),  # It was broken before.
        (DEFAULT, {7}, set(), ()),
        ("floor", set(), {7}, ("case-7 must pass and failed.",)),
        ("floor", None, {7}, ("case-7 must pass and failed.",)),
    ],
)
def test_what_fails_a_run_is_chosen(
    fail_on: FailOn, before: set[int] | None, now: set[int], reasons: tuple[str, ...]
) -> None:
    verdict = judge(made(now, (7,)), None if before is None else made(before, (7,)), fail_on)
    assert verdict.reasons == reasons
    assert verdict.code == (FAILED if reasons else PASSED)
    # One line says what the exit code says.
    assert verdict.line.startswith("Failed: " if reasons else "Passed: ")
    assert f"{CASES - len(now)} of 20 cases right." in verdict.line
    assert not (reasons and "noise" in verdict.line)


def test_what_broke_needs_a_baseline() -> None:
    with pytest.raises(UserError, match="give one with --baseline"):
        judge(made(), None, "broken")


def test_a_file_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_run(tmp_path / "none.json")
    good = made().as_json()
    for bad in (
        "{",
        "[]",
        "{}",
        json.dumps(good | {"schema": 2}),
        json.dumps(good | {"results": [{"id": "a", "scores": {}, "answer": {}}]}),
    ):
        (tmp_path / "bad.json").write_text(bad)
        with pytest.raises(UserError, match="is not a run: make one with"):
            load_run(tmp_path / "bad.json")


def test_the_command_tells_and_exits_as_the_contract_says(tmp_path: Path) -> None:
    run = made(set(), (7,))
    good = saved(tmp_path, "good.json", run)
    bad = saved(tmp_path, "bad.json", made({7}, (7,)))
    more = without(made({7}, (7,)), "case-3")
    more = saved(tmp_path, "more.json", replace(more, models={"llm": None}))
    renamed = tuple(replace(each, id=f"new-{each.id}") for each in run.results)
    other = saved(tmp_path, "other.json", replace(run, results=renamed))

    same = CliRunner().invoke(app, ["compare", good, good])
    assert same.exit_code == 0
    assert same.stdout == (
        "Passed: 20 of 20 cases right. Of 20 cases compared 0 broke and 0 were mended "
        "(p = 1.000). Nothing changed. A loss of 8 would be noticed 4 times in 5.\n"
    )
    assert "(--fail-on floor)" in same.stderr

    broke = CliRunner().invoke(app, ["compare", good, bad])
    assert broke.exit_code == 1
    assert broke.stdout.split("\n")[:2] == [
        "broke      case-7 (must pass)  failed  Question [bold]7?",
        "Failed: case-7 must pass and failed. 19 of 20 cases right. Of 20 cases compared 1 broke "
        "and 0 were mended (p = 1.000).",
    ]

    told = CliRunner().invoke(app, ["compare", good, bad, "--details", "--metrics"])
    assert re.search(
        r"before:\n[^!]*got: +Right\.\[1\]\n[^!]*now:\n[^!]*got: +Wrong\.", told.stdout
    )
    assert re.search(r"passed +95\.0% .*-5\.0%", told.stdout)

    fewer = CliRunner().invoke(app, ["compare", good, more])
    assert fewer.exit_code == 1
    assert fewer.stdout.startswith(
        "The file of the set set differs.\nThe cases were 20 and are 19.\n"
        "The language model was l and is none.\nGone, so not compared: 1 (case-3).\n"
    )
    assert CliRunner().invoke(app, ["compare", good, good, "--fail-on", "failed"]).exit_code == 0
    strict = CliRunner().invoke(app, ["report", bad, "--fail-on", "failed"])
    assert (strict.exit_code, "Failed: " in strict.stdout) == (1, True)

    refused = CliRunner().invoke(app, ["compare", good, other])
    assert refused.exit_code == 3
    assert refused.stdout == ""
    assert "cannot be compared" in refused.stderr

    missing = CliRunner().invoke(app, ["compare", good, str(tmp_path / "none.json")])
    assert isinstance(missing.exception, UserError)
