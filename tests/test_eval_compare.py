"""Two runs: what broke, whether it is chance, and when they say nothing about each other."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.comparing.baseline import FAILED, PASSED, hold
from eval.comparing.compare import NotComparable, compare, load_run
from eval.measuring.statistics import rate
from eval.running.record import DocumentRecord, LibraryRecord, Result, Run, SetRecord, write_run
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


def test_the_same_twice_is_no_change() -> None:
    comparison = compare(made({3}), made({3}))
    assert (comparison.broken, comparison.mended, comparison.p) == ((), (), 1.0)
    assert hold(made({3}), made({3})).code == PASSED
    assert "nothing changed" in comparison.verdict


def test_what_broke_and_what_was_mended_with_both_answers() -> None:
    comparison = compare(made({1, 2}), made({2, 3, 4}))
    assert [change.id for change in comparison.broken] == ["case-3", "case-4"]
    [mended] = comparison.mended
    assert (mended.id, mended.before.shown, mended.after.shown) == ("case-1", "Wrong.", "Right.[1]")
    assert comparison.differences["passed"].value == pytest.approx(-0.05)
    assert comparison.p == 1.0
    assert "within noise" in comparison.verdict


@pytest.mark.parametrize(
    ("before", "after", "regressed", "said"),
    [
        (0, 5, False, "within noise"),
        (0, 6, True, "worse, not by chance"),
        (6, 0, False, "better, not by chance"),
    ],
)
def test_a_regression_is_more_than_chance(
    before: int, after: int, regressed: bool, said: str
) -> None:
    comparison = compare(made(set(range(before))), made(set(range(after))))
    assert (hold(made(set(range(after))), made(set(range(before)))).code == FAILED) is regressed
    assert said in comparison.verdict


def test_one_case_that_must_pass_is_enough() -> None:
    verdict = hold(made({7}, (7,)), made(set(), (7,)))
    assert verdict.code == FAILED
    assert verdict.reasons == ("case-7 must pass and broke.",)
    assert hold(made({7}, (7,)), made({7}, (7,))).code == PASSED  # it was broken before
    assert hold(made(set(), (7,)), made({7}, (7,))).code == PASSED


def test_what_cannot_be_compared_is_not() -> None:
    run = made()
    other_document = LibraryRecord((DocumentRecord("b", "B", "b" * 64),))
    more = LibraryRecord((*run.library.documents, *other_document.documents))
    renamed = (replace(run.results[0], id="new"), *run.results[1:])
    for other, said in (
        (replace(run, set=replace(run.set, sha256="0" * 64)), "the set set is not the file"),
        (replace(run, set=replace(run.set, cases=5), results=run.results[:5]), "candidate 5"),
        (replace(run, library=other_document), "documents differ: A, B"),
        (replace(run, library=more), "documents differ: B"),
        (replace(run, results=renamed), "different cases"),
    ):
        with pytest.raises(NotComparable, match=said):
            compare(run, other)
        with pytest.raises(NotComparable):
            compare(other, run)


def test_other_models_and_the_same_text_under_another_title_are_comparable() -> None:
    run = made()
    library = LibraryRecord((DocumentRecord("a", "New title", "a" * 64),))
    compare(run, replace(run, models={"llm": None}))
    with pytest.raises(NotComparable):
        compare(run, replace(run, library=LibraryRecord(())))
    assert compare(run, replace(run, library=library)).cases == CASES


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


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    run = made({1}, (2,))
    assert load_run(Path(saved(tmp_path, "run.json", run))) == run
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_the_command_tells_and_exits_as_the_contract_says(tmp_path: Path) -> None:
    run = made(set(), (7,))
    good = saved(tmp_path, "good.json", run)
    bad = saved(tmp_path, "bad.json", made({7}, (7,)))
    other = saved(tmp_path, "other.json", replace(run, set=replace(run.set, sha256="0" * 64)))

    same = CliRunner().invoke(app, ["compare", good, good])
    assert same.exit_code == 0
    assert "nothing changed" in same.stdout

    broke = CliRunner().invoke(app, ["compare", good, bad])
    assert broke.exit_code == 1
    assert "Broken (must pass): case-7\n" in broke.stdout
    assert "question: Question [bold]7?" in broke.stdout
    assert re.search(
        r"before:\n[^!]*got: +Right\.\[1\]\n[^!]*now:\n[^!]*got: +Wrong\.", broke.stdout
    )
    assert re.search(r"passed\s+-5\.0%", broke.stdout)
    assert "case-7 must pass and broke." in broke.stderr

    refused = CliRunner().invoke(app, ["compare", good, other])
    assert refused.exit_code == 3
    assert refused.stdout == ""
    assert "cannot be compared" in refused.stderr

    missing = CliRunner().invoke(app, ["compare", good, str(tmp_path / "none.json")])
    assert isinstance(missing.exception, UserError)
