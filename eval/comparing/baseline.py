"""Baselines: what later runs must reach, kept by an explicit command.

    footnoted eval keep RUN.json BASELINE.json --floor refusal_recall=0.8 --budget 2
    footnoted eval run SET --baseline BASELINE.json

`FailOn` chooses what fails a run. A baseline stays usable when the library, the set or the program
changes, because only the cases that are unchanged in both runs are compared. A case that could not
be asked is an error, not a failure: such a run gets no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from eval.comparing.compare import Comparison, compare, in_common
from eval.measuring.statistics import Metric
from eval.running.judge import JUDGE_PREFIX
from eval.running.record import Bounds, Run, write_run
from eval.running.summary import summarise
from index.errors import UserError
from index.printable import number_of

PASSED, FAILED, ERRORS = 0, 1, 2
"""Exit codes."""

FailOn = Literal["failed", "broken", "floor"]
"""What fails a run. `failed`: any case that fails. `broken`: any case that passed in the baseline
and fails now. `floor`: a bound of the baseline that is crossed, more broken cases than its budget
allows (net of those mended), or a loss that chance does not explain. Under each of them, a case
that must pass and does not fails the run."""

RULES: Mapping[FailOn, str] = {
    "failed": "any case that fails",
    "broken": "any case that broke since the baseline",
    "floor": "a bound of the baseline that is crossed, or a loss that chance does not explain",
}
"""What fails a run, in words for people."""

DEFAULT: FailOn = "floor"


@dataclass(frozen=True)
class Verdict:
    """Whether a run passes, and if not, why: one sentence per reason."""

    code: int
    reasons: tuple[str, ...]
    comparison: Comparison | None = None
    right: int = 0
    asked: int = 0

    @property
    def line(self) -> str:
        """The verdict in one line. It always agrees with the exit code."""
        return " ".join(self.sentences)

    @property
    def sentences(self) -> list[str]:
        """The sentences of `line`."""
        parts = [f"{self.right} of {number_of(self.asked, 'case')} right."]
        if self.comparison:
            parts.append(self.comparison.counts)
        if self.code == PASSED:
            if self.comparison:
                parts += [self.comparison.judgement, self.comparison.noticed]
            return ["Passed:", *parts]
        head = "Failed:" if self.code == FAILED else "No verdict:"
        return [head, *self.reasons, *parts]


def judge(candidate: Run, baseline: Run | None = None, fail_on: FailOn = DEFAULT) -> Verdict:
    """Judge a run by its baseline.

    Without a baseline, only errors and cases that must pass count; with “failed”, all cases do.

    Raises NotComparable when the two have no case in common. Raises UserError for a run that is not
    of a regression set, such as a comparison with another engine, and for “broken” without a
    baseline.
    """
    for run in (candidate, baseline):
        if run and "passed" not in run.metrics:
            raise UserError(f"The run of {run.set.name} is not of a regression set.")
    if fail_on == "broken" and baseline is None:
        raise UserError(
            "Only a comparison with a baseline shows what broke: give one with --baseline."
        )
    comparison = compare(baseline, candidate) if baseline else None
    reasons = _failures(candidate, fail_on, baseline, comparison)
    code = FAILED if reasons else PASSED
    for each, name in ((candidate, ""), (baseline, " of the baseline")):
        if each and (each.errors or not each.results):
            code = ERRORS
            reasons.insert(0, f"{number_of(len(each.errors), 'case')}{name} could not be asked.")
    asked = [each for each in candidate.results if each.error is None]
    right = sum(each.passed for each in asked)
    return Verdict(code, tuple(reasons), comparison, right, len(asked))


def keep(run: Run, path: Path, bounds: Bounds) -> None:
    """Write a run as the baseline that later runs are held to.

    Raises UserError when the run has errors, fails a case that must pass, crosses one of its own
    bounds, or cannot be written, and for a bound of a metric that cannot have one.
    """
    if run.errors:
        missed = number_of(len(run.errors), "case")
        raise UserError(
            f"{missed} of this run could not be asked, so it cannot be a baseline. "
            "Run it again: it continues with those. `footnoted eval check` says what to correct "
            "in a set."
        )
    usable = [
        each for each in run.metrics if not each.startswith(JUDGE_PREFIX) and "_s_p" not in each
    ]
    for name in (*bounds.floors, *bounds.ceilings):
        if name not in usable:
            raise UserError(
                f"{name} cannot have a bound: times are noise and judges are opinions. These can "
                f"have one: {', '.join(usable)}."
            )
    failed = [each.id for each in run.results if each.id in run.set.must_pass and not each.passed]
    if failed:
        raise UserError(
            f"This run cannot be a baseline: {', '.join(failed)} must pass and failed. Correct the "
            "answer, or remove `must_pass` from the case."
        )
    if out := _out_of_bounds(run.metrics, bounds):
        raise UserError(f"This run is outside its own bounds: {' '.join(out)}")
    write_run(path, replace(run, gate=bounds))


def extended(baseline: Run, run: Run) -> Run:
    """Return a baseline to which the new and the changed cases of a run are added.

    Its models, versions and fingerprint stay as recorded, since most of its results still come from
    them. Cases that the run's set no longer has are dropped. Raises NotComparable if no result of
    the baseline would be left.
    """
    kept = {each.id: each for each in baseline.results}
    same, _ = in_common(
        {name: each.case for name, each in kept.items()},
        {each.id: each.case for each in run.results},
    )
    results = tuple(kept[each.id] if each.id in same else each for each in run.results)
    library = replace(run.library, fingerprint=baseline.library.fingerprint)
    metrics = summarise(results)
    return replace(baseline, set=run.set, library=library, metrics=metrics, results=results)


def _failures(
    run: Run, fail_on: FailOn, baseline: Run | None, comparison: Comparison | None
) -> list[str]:
    reasons = []
    failed = [each.id for each in run.results if not each.passed and each.error is None]
    # This run is not blamed for a case that already failed in the baseline.
    known = set(comparison.as_before) if comparison else set()
    if ids := [each for each in failed if each in run.set.must_pass and each not in known]:
        reasons.append(f"{', '.join(ids)} must pass and failed.")
    if fail_on == "failed" and failed:
        reasons.append(f"{number_of(len(failed), 'case')} failed.")
    if not (baseline and comparison):
        return reasons
    if fail_on == "broken" and comparison.broken:
        reasons.append(f"{number_of(len(comparison.broken), 'case')} broke.")
    bounds = baseline.gate or Bounds()
    if comparison.whole:
        reasons += _out_of_bounds(run.metrics, bounds)
    elif bounds.floors or bounds.ceilings:
        # The bounds were set without the new cases, so these must not cross them.
        left_out = {*comparison.new, *comparison.changed}
        shared = [each for each in run.results if each.id not in left_out]
        reasons += _out_of_bounds(summarise(shared), bounds)
    lost = comparison.net_loss
    if bounds.budget is not None and lost > bounds.budget:
        reasons.append(
            f"The net loss of {number_of(lost, 'case')} is above the budget of {bounds.budget}."
        )
    if comparison.significant and lost > 0:
        reasons.append("Worse, not by chance.")
    return reasons


def _out_of_bounds(metrics: Mapping[str, Metric], bounds: Bounds) -> list[str]:
    found = []
    limits = [(name, bound, "floor") for name, bound in bounds.floors.items()]
    limits += [(name, bound, "ceiling") for name, bound in bounds.ceilings.items()]
    for name, bound, kind in limits:
        metric = metrics.get(name)
        value = metric.value if metric else None
        if value is None:
            found.append(f"{name} has a {kind} of {bound:g} and was not measured.")
        elif value < bound if kind == "floor" else value > bound:
            side = "below its floor" if kind == "floor" else "above its ceiling"
            found.append(f"{name} is {value:.3f}, {side} of {bound:g}.")
    return found
