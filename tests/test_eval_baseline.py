"""What a run is held to: bounds, a budget, cases that must pass; errors are no failures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.comparing.baseline import ERRORS, FAILED, PASSED, judge, keep
from eval.comparing.compare import compare, load_run
from eval.measuring.statistics import Metric, rate
from eval.running.record import Bounds, Result, Run
from index.documents import Span
from index.errors import UserError
from tests.test_eval_compare import CASES, made, saved, scored, without
from ui.commands.evaluate import app

RECALL = {"refusal_recall": Metric(0.75, 20), "total_s_p50": Metric(1.0, 20)}


def measured(run: Run) -> Run:
    return replace(run, metrics=run.metrics | RECALL)


def with_error(run: Run, at: int = 0) -> Run:
    results = list(run.results)
    results[at] = Result(f"case-{at}", {}, None, stage="error", error="It broke.")
    return replace(run, results=tuple(results))


@pytest.mark.parametrize(
    ("failed", "bounds", "code", "said"),
    [
        (set(), Bounds(), PASSED, ""),
        ({1, 2, 3}, Bounds(), PASSED, ""),  # within noise, and nothing forbids it
        ({1, 2, 3}, Bounds(budget=3), PASSED, ""),
        ({1, 2, 3}, Bounds(budget=2), FAILED, "net loss of 3 cases is above the budget of 2"),
        ({1}, Bounds(budget=0), FAILED, "net loss of 1 case is above"),
        ({1, 2, 3}, Bounds({"passed": 0.85}), PASSED, ""),
        (
            {1, 2, 3, 4},
            Bounds({"passed": 0.85}),
            FAILED,
            "passed is 0.800, below its floor of 0.85",
        ),
        ({7}, Bounds(), FAILED, "case-7 must pass and failed."),
        ({1, 2, 3, 4, 5, 6}, Bounds(budget=9), FAILED, "Worse, not by chance."),
    ],
)
def test_a_run_is_held_to_its_baseline(
    failed: set[int], bounds: Bounds, code: int, said: str
) -> None:
    verdict = judge(made(failed, (7,)), replace(made(set(), (7,)), gate=bounds))
    assert verdict.code == code
    assert said in " ".join(verdict.reasons)
    assert bool(verdict.reasons) == (code != PASSED)


def test_what_was_mended_pays_for_what_broke() -> None:
    before = replace(made({1, 2}), gate=Bounds(budget=0))
    assert judge(made({3, 4}), before).code == PASSED
    assert judge(made({3, 4, 5}), before).code == FAILED


def test_ceilings() -> None:
    bounds = Bounds(ceilings={"false_refusals": 0.1})
    run = replace(made(), metrics=made().metrics | {"false_refusals": rate(3, 20)})
    [reason] = judge(run, replace(made(), gate=bounds)).reasons
    assert reason == "false_refusals is 0.150, above its ceiling of 0.1."


def test_an_error_is_no_failure() -> None:
    run = with_error(made())
    verdict = judge(run, made())
    assert verdict.code == ERRORS
    assert verdict.reasons == ("1 case could not be asked.",)
    assert judge(run).code == ERRORS
    comparison = compare(made(), run)
    assert (comparison.cases, comparison.skipped) == (CASES - 1, ("case-0",))
    assert (comparison.broken, comparison.mended) == ((), ())


def test_where_nothing_was_asked_nothing_is_concluded() -> None:
    empty = replace(made(), results=(), set=replace(made().set, cases=0))
    assert judge(empty).code == ERRORS
    broken = made()
    for at in range(CASES):
        broken = with_error(broken, at)
    verdict = judge(made(), broken)
    assert verdict.code == ERRORS
    assert verdict.reasons == ("20 cases of the baseline could not be asked.",)


def test_a_metric_that_is_gone_is_below_every_floor() -> None:
    kept = replace(measured(made()), gate=Bounds({"refusal_recall": 0.5}))
    assert "was not measured" in judge(made(), kept).reasons[0]


def test_a_baseline_is_kept_and_read_back(tmp_path: Path) -> None:
    bounds = Bounds({"passed": 0.9}, {"refusal_recall": 0.8}, 2)
    keep(measured(made()), tmp_path / "kept.json", bounds)
    assert load_run(tmp_path / "kept.json") == replace(measured(made()), gate=bounds)


@pytest.mark.parametrize(
    ("run", "bounds", "said"),
    [
        (with_error(made()), Bounds(), "1 case of this run could not be asked"),
        (made({7}, (7,)), Bounds(), "case-7 must pass and failed"),
        (made({1}), Bounds({"passed": 0.99}), "passed is 0.950, below its floor of 0.99"),
        (made(), Bounds({"pased": 0.9}), "pased cannot have a bound"),
        (measured(made()), Bounds(ceilings={"total_s_p50": 9}), "times are noise"),
    ],
)
def test_what_is_no_baseline(tmp_path: Path, run: Run, bounds: Bounds, said: str) -> None:
    with pytest.raises(UserError, match=said):
        keep(run, tmp_path / "kept.json", bounds)
    assert list(tmp_path.iterdir()) == []


def test_the_commands(tmp_path: Path) -> None:
    good = saved(tmp_path, "good.json", made())
    kept = str(tmp_path / "kept.json")
    runner = CliRunner()
    done = runner.invoke(app, ["keep", good, kept, "--floor", "passed=0.9", "--budget", "1"])
    assert done.exit_code == 0, done.output
    assert "passed is at least 0.9, at most 1 more cases break than are mended" in done.stderr
    assert json.loads(Path(kept).read_text())["gate"]["floors"] == {"passed": 0.9}
    bad = saved(tmp_path, "bad.json", made({1, 2}))
    worse = runner.invoke(app, ["compare", kept, bad])
    assert worse.exit_code == FAILED
    assert "net loss of 2 cases is above the budget of 1" in worse.stdout
    broken = saved(tmp_path, "broken.json", with_error(made()))
    assert runner.invoke(app, ["compare", kept, broken]).exit_code == ERRORS
    assert runner.invoke(app, ["report", broken]).exit_code == ERRORS
    for bound in ("passed", "passed=nan"):
        nonsense = runner.invoke(app, ["keep", good, kept, "--floor", bound])
        assert f"“{bound}” is no bound" in str(nonsense.exception)


def test_a_comparison_by_tags_and_stages() -> None:
    def tagged(run: Run, stage: str) -> Run:
        results = (
            replace(
                each,
                case={"tags": ["even" if n % 2 == 0 else "odd"]},
                stage=None if each.passed else stage,
            )
            for n, each in enumerate(run.results)
        )
        return replace(run, results=tuple(results))

    comparison = compare(tagged(made({1}), "not_quoted"), tagged(made({2, 4}), "not_retrieved"))
    assert [(each.tag, each.cases, each.broken, each.mended) for each in comparison.tags] == [
        ("even", 10, 2, 0),
        ("odd", 10, 0, 1),
    ]
    assert [each.p for each in comparison.tags] == [1.0, 1.0]
    assert comparison.stages == {"not_retrieved": (0, 2), "not_quoted": (1, 0)}
    same = compare(made({1}), made({1}))
    assert (same.p, same.broken, same.mended, same.net_loss) == (1.0, (), (), 0)
    assert {each.p for each in same.differences.values()} == {1.0}


def test_cases_of_one_document_are_not_counted_as_independent() -> None:
    def of_documents(run: Run) -> Run:
        results = (
            replace(each, evidence=((Span(str(n // 2), 0, 1),),))
            for n, each in enumerate(run.results)
        )
        return replace(run, results=tuple(results))

    # Six cases broke, of three documents: among ten documents that happens by chance.
    comparison = compare(of_documents(made()), of_documents(made(set(range(6)))))
    assert comparison.p == pytest.approx(2 / 2**3)
    assert compare(made(), made(set(range(6)))).p < 0.05


def test_what_a_set_would_notice_is_told_truly() -> None:
    better = compare(made(set(range(12))), made())
    assert better.judgement == "Better, not by chance."
    assert better.noticed.startswith("A loss of ")
    assert "(p < 0.001)" in better.counts


def test_new_cases_are_taken_into_a_kept_baseline(tmp_path: Path) -> None:
    kept, bounds = tmp_path / "kept.json", Bounds({"passed": 0.8}, budget=1)
    keep(without(scored(made({5})), "case-3"), kept, bounds)
    run = saved(tmp_path, "run.json", without(scored(made({3, 6})), "case-4"))
    done = CliRunner().invoke(app, ["keep", run, str(kept), "--add"])
    assert done.exit_code == 0, done.output
    assert f"1 cases taken into {kept}, and 1 removed. Later runs are held" in done.stderr
    baseline = load_run(kept)
    assert baseline.gate == bounds  # As it was decided.
    assert baseline.set.cases == len(baseline.results) == CASES - 1
    # What was kept stays as it was: case 5 had failed, and 6 had not.
    assert {each.id for each in baseline.results if not each.passed} == {"case-3", "case-5"}
    assert baseline.metrics["passed"].n == CASES - 1
