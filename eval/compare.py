"""Comparing two runs of the same set: what broke, what was mended, and whether it is chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from eval.record import Conditions, Result, Run
from eval.summary import mcnemar
from index.errors import UserError

SIGNIFICANT = 0.05
"""A difference that chance brings about less often than this is not called noise."""


class NotComparable(UserError):
    """Two runs that were not asked the same things of the same documents."""


@dataclass(frozen=True)
class Change:
    """A case that passes in one run only, with both answers."""

    id: str
    question: str
    before: str
    after: str
    must_pass: bool


@dataclass(frozen=True)
class Comparison:
    """What changed from a baseline to a candidate.

    `p` is that of McNemar's exact test on the cases that changed; `differences` are the
    candidate's metrics less the baseline's.
    """

    cases: int
    broken: tuple[Change, ...]
    mended: tuple[Change, ...]
    p: float
    differences: dict[str, float]

    @property
    def must_pass_broken(self) -> tuple[str, ...]:
        """The cases that must pass, and do no more."""
        return tuple(change.id for change in self.broken if change.must_pass)

    @property
    def significant(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p < SIGNIFICANT

    @property
    def regressed(self) -> bool:
        """Whether a case broke that must pass, or more broke than chance explains."""
        worse = self.significant and len(self.broken) > len(self.mended)
        return worse or bool(self.must_pass_broken)

    @property
    def verdict(self) -> str:
        """The comparison in a sentence or two."""
        broken, mended = len(self.broken), len(self.mended)
        told = f"Of {self.cases} cases {broken} broke and {mended} were mended (p = {self.p:.3f}): "
        if not broken and not mended:
            told += "nothing changed."
        elif not self.significant:
            told += "the difference is within noise."
        else:
            told += "worse, not by chance." if broken > mended else "better, not by chance."
        if self.must_pass_broken:
            told += f" A regression: {', '.join(self.must_pass_broken)} must pass."
        return told


def load_run(path: Path) -> Run:
    """Read a run that `eval run --json` wrote.

    Raises UserError when the file is not there or is no run.
    """
    try:
        run = TypeAdapter(Run).validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"The run {path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise _no_run(path) from error
    for result in run.results:
        if "passed" not in result.scores or not {"answer", "question"} <= result.answer.keys():
            raise _no_run(path)
    return run


def check_comparable(baseline: Conditions, candidate: Conditions) -> None:
    """Tell, before anything is asked, whether a run could be compared.

    Raises NotComparable with the reason.
    """
    if baseline.set.sha256 != candidate.set.sha256:
        raise NotComparable(
            f"The runs cannot be compared: the set {candidate.set.name} is not the file that the "
            "baseline was run on."
        )
    if baseline.set.cases != candidate.set.cases:
        raise NotComparable(
            f"The runs cannot be compared: the baseline has {baseline.set.cases} cases, the "
            f"candidate {candidate.set.cases}."
        )
    before, after = (
        {document.sha256: document.title for document in run.library.documents}
        for run in (baseline, candidate)
    )
    if differing := before.keys() ^ after.keys():
        titles = ", ".join(sorted({(before | after)[each] for each in differing}))
        raise NotComparable(f"The runs cannot be compared: these documents differ: {titles}.")


def compare(baseline: Run, candidate: Run) -> Comparison:
    """Compare two runs case by case.

    Raises NotComparable when they are of different sets, cases or documents.
    """
    check_comparable(baseline, candidate)
    before = {result.id: result for result in baseline.results}
    after = {result.id: result for result in candidate.results}
    if before.keys() != after.keys():
        raise NotComparable("The runs cannot be compared: they are of different cases.")
    must_pass = set(candidate.set.must_pass)
    changed = [name for name in after if before[name].passed != after[name].passed]
    changes = [_change(before[name], after[name], name in must_pass) for name in changed]
    broken = tuple(each for each in changes if before[each.id].passed)
    mended = tuple(each for each in changes if after[each.id].passed)
    p = mcnemar(len(broken), len(mended))
    return Comparison(len(after), broken, mended, p, _differences(baseline, candidate))


def _change(before: Result, after: Result, must_pass: bool) -> Change:
    return Change(after.id, after.answer["question"], before.shown, after.shown, must_pass)


def _differences(baseline: Run, candidate: Run) -> dict[str, float]:
    found = {}
    for name, metric in candidate.metrics.items():
        was = baseline.metrics.get(name)
        if was is not None and was.value is not None and metric.value is not None:
            found[name] = round(metric.value - was.value, 4)
    return found


def _no_run(path: Path) -> UserError:
    return UserError(f"{path} is not a run: make one with `footnoted eval run SET --json OUT`.")
