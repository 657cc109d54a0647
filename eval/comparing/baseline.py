"""Baselines: what later runs must reach, kept by an explicit command.

    footnoted eval keep RUN.json BASELINE.json --floor refusal_recall=0.8 --budget 2
    footnoted eval run SET --baseline BASELINE.json

A run fails when a case breaks that must pass, when a metric falls below its floor, when more cases
break than the budget allows (net of those mended), or when it is worse by more than chance
explains. What could not be asked is an error, which is not a failure: then nothing is concluded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from eval.comparing.compare import Comparison, compare
from eval.running.grader import PREFIX
from eval.running.record import Bounds, Run, write_run
from index.errors import UserError

PASSED, FAILED, ERRORS = 0, 1, 2
"""Exit codes."""


@dataclass(frozen=True)
class Verdict:
    """Whether a run keeps to its baseline, and if not, why: one sentence a reason."""

    code: int
    reasons: tuple[str, ...]
    comparison: Comparison | None = None


def hold(candidate: Run, baseline: Run | None = None) -> Verdict:
    """Hold a run to its baseline; without one, only errors count.

    Raises NotComparable when the two were not asked the same things of the same documents, and
    UserError for a run of something else, such as the comparison with another engine.
    """
    for run in (candidate, baseline):
        if run and "passed" not in run.metrics:
            raise UserError(f"The run of {run.set.name} is not of a regression set.")
    comparison = compare(baseline, candidate) if baseline else None
    reasons = _failures(baseline, candidate, comparison) if baseline and comparison else []
    code = FAILED if reasons else PASSED
    for each, name in ((candidate, ""), (baseline, " of the baseline")):
        if each and (each.errors or not each.results):
            code = ERRORS
            reasons.insert(0, f"{_cases(len(each.errors))}{name} could not be asked.")
    return Verdict(code, tuple(reasons), comparison)


def keep(run: Run, path: Path, bounds: Bounds) -> None:
    """Write a run as the baseline that later ones are held to.

    Raises UserError when it has errors, does not keep its own bounds, or cannot be written.
    """
    if run.errors:
        raise UserError(
            f"{_cases(len(run.errors))} of this run could not be asked, so it is no baseline. "
            "Run it again: it goes on with those."
        )
    usable = [each for each in run.metrics if not each.startswith(PREFIX) and "_s_p" not in each]
    for name in (*bounds.floors, *bounds.ceilings):
        if name not in usable:
            raise UserError(
                f"There can be no bound for {name}: times are noise and judges are opinions. What "
                f"can be bounded: {', '.join(usable)}."
            )
    failed = [each.id for each in run.results if each.id in run.set.must_pass and not each.passed]
    if failed:
        raise UserError(
            f"This run is no baseline: {', '.join(failed)} must pass and failed. Mend the answer, "
            "or take `must_pass` off the case."
        )
    if out := _out_of_bounds(run, bounds):
        raise UserError(f"This run does not keep its own bounds: {' '.join(out)}")
    write_run(path, replace(run, gate=bounds))


def _failures(baseline: Run, candidate: Run, comparison: Comparison) -> list[str]:
    reasons = []
    bounds = baseline.gate or Bounds()
    if comparison.must_pass_broken:
        names = ", ".join(comparison.must_pass_broken)
        reasons.append(f"{names} must pass and broke.")
    reasons += _out_of_bounds(candidate, bounds)
    lost = comparison.net_loss
    if bounds.budget is not None and lost > bounds.budget:
        reasons.append(f"The net loss of {_cases(lost)} is above the budget of {bounds.budget}.")
    if comparison.significant and lost > 0:
        reasons.append(
            f"{len(comparison.broken)} broke and {len(comparison.mended)} were mended: worse, not "
            f"by chance (p = {comparison.p:.3f})."
        )
    return reasons


def _out_of_bounds(run: Run, bounds: Bounds) -> list[str]:
    found = []
    limits = [(name, bound, "floor") for name, bound in bounds.floors.items()]
    limits += [(name, bound, "ceiling") for name, bound in bounds.ceilings.items()]
    for name, bound, kind in limits:
        metric = run.metrics.get(name)
        value = metric.value if metric else None
        if value is None:
            found.append(f"{name} has a {kind} of {bound:g} and was not measured.")
        elif value < bound if kind == "floor" else value > bound:
            side = "below its floor" if kind == "floor" else "above its ceiling"
            found.append(f"{name} is {value:.3f}, {side} of {bound:g}.")
    return found


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
