"""Comparing two runs of the same set: what broke, what was mended, and whether it is chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eval.measuring.stages import STAGES
from eval.measuring.statistics import (
    SIGNIFICANT,
    Interval,
    counted,
    holm,
    mcnemar,
    mean_interval,
    paired_interval,
    permutation,
    smallest_loss,
)
from eval.running.record import Conditions, Result, Run
from eval.running.summary import MEANS, RATES
from index.errors import UserError

_LOAD = TypeAdapter(Run)


class NotComparable(UserError):
    """Two runs that were not asked the same things of the same documents."""


@dataclass(frozen=True)
class Change:
    """A case that passes in one run only."""

    before: Result
    after: Result
    must_pass: bool

    @property
    def id(self) -> str:
        """The case's id."""
        return self.after.id

    @property
    def broke(self) -> bool:
        """Whether it passed before, and does no more."""
        return self.before.passed


@dataclass(frozen=True)
class Difference:
    """How a metric changed over the cases that both runs have it for.

    `p` is McNemar's exact test for what is yes or no, else a permutation of signs; `interval`, of
    95%, is of the difference. Both are None for times.
    """

    value: float
    p: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class TagChange:
    """What changed among the cases of a tag; `p` is adjusted for the number of tags (Holm)."""

    tag: str
    cases: int
    broken: int
    mended: int
    p: float


@dataclass(frozen=True)
class Comparison:
    """What changed from a baseline to a candidate.

    `p` is that of McNemar's exact test on the cases that changed; where documents can be counted,
    the larger of it and that of the documents' signs. `skipped` are the cases that one
    of the runs could not ask. `stages` are for each stage of failure the cases of the baseline and
    of the candidate. `detectable` is the smallest net loss, as a share of the cases, that would be
    noticed in 80% of the times while as many cases are mended as here.
    """

    cases: int
    broken: tuple[Change, ...]
    mended: tuple[Change, ...]
    skipped: tuple[str, ...]
    p: float
    differences: Mapping[str, Difference]
    tags: tuple[TagChange, ...]
    stages: Mapping[str, tuple[int, int]]
    detectable: float | None

    @property
    def must_pass_broken(self) -> tuple[str, ...]:
        """The cases that must pass, and do no more."""
        return tuple(change.id for change in self.broken if change.must_pass)

    @property
    def net_loss(self) -> int:
        """How many more cases broke than were mended."""
        return len(self.broken) - len(self.mended)

    @property
    def significant(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p < SIGNIFICANT

    @property
    def verdict(self) -> str:
        """The comparison in a sentence or two."""
        broken, mended = len(self.broken), len(self.mended)
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        told = f"Of {self.cases} cases {broken} broke and {mended} were mended ({p}): "
        if not broken and not mended:
            told += "nothing changed."
        elif not self.significant:
            told += "the difference is within noise."
        else:
            told += "worse, not by chance." if broken > mended else "better, not by chance."
        if self.detectable is None:
            return f"{told} This set is too small to notice a loss."
        lost = round(self.detectable * self.cases)
        return f"{told} A loss of {lost} cases would be noticed 4 times in 5."


def load_run(path: Path) -> Run:
    """Read a run that `eval run --json` wrote, or that `eval keep` kept.

    Raises UserError when the file is not there or is no run.
    """
    try:
        run = _LOAD.validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"The run {path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise _no_run(path) from error
    if not run.results:
        raise _no_run(path)
    for result in run.results:
        asked = result.answer is not None and {"answer", "question"} <= result.answer.keys()
        if result.error is None and not ("passed" in result.scores and asked):
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
    if not before.keys() == after.keys() != set():
        raise NotComparable("The runs cannot be compared: they are of different cases.")
    skipped = {each.id for each in (*baseline.errors, *candidate.errors)}
    pairs = [(before[name], after[name]) for name in after if name not in skipped]
    must_pass = set(candidate.set.must_pass)
    changed = [(one, other) for one, other in pairs if one.passed != other.passed]
    changes = [Change(one, other, other.id in must_pass) for one, other in changed]
    broken = tuple(each for each in changes if each.broke)
    mended = tuple(each for each in changes if not each.broke)
    noise = min(len(broken), len(mended)) / len(pairs) if pairs else 0.0
    return Comparison(
        cases=len(pairs),
        broken=broken,
        mended=mended,
        skipped=tuple(sorted(skipped)),
        p=_chance(pairs, len(broken), len(mended)),
        differences=_differences(baseline, candidate, pairs),
        tags=_tags(pairs),
        stages=_stages(pairs),
        detectable=smallest_loss(len(pairs), noise) if pairs else None,
    )


Pairs = Sequence[tuple[Result, Result]]


def _differences(baseline: Run, candidate: Run, pairs: Pairs) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    if pairs:
        times = [(each.passed, other.passed) for each, other in pairs]
        found["passed"] = _yes_or_no(times, [each.cluster for each, _ in pairs])
    for name in (*RATES, *MEANS):
        both = [
            (one, other)
            for one, other in pairs
            if one.scores.get(name) is not None and other.scores.get(name) is not None
        ]
        if not both:
            continue
        values = [(one.scores[name], other.scores[name]) for one, other in both]
        clusters = [one.cluster for one, _ in both]
        found[name] = _yes_or_no(values, clusters) if name in RATES else _paired(values, clusters)
    for name, metric in candidate.metrics.items():
        was = baseline.metrics.get(name)
        if name not in found and was and was.value is not None and metric.value is not None:
            found[name] = Difference(round(metric.value - was.value, 4))
    order = list(candidate.metrics)
    return dict(sorted(found.items(), key=lambda each: order.index(each[0])))


def _chance(pairs: Pairs, broken: int, mended: int) -> float:
    clusters = [one.cluster for one, _ in pairs]
    p = mcnemar(broken, mended)
    if not counted(clusters):
        return p
    return max(p, permutation([other.passed - one.passed for one, other in pairs], clusters))


def _yes_or_no(values: Sequence[tuple[Any, Any]], clusters: Sequence[str]) -> Difference:
    broken = sum(bool(one) > bool(other) for one, other in values)
    mended = sum(bool(one) < bool(other) for one, other in values)
    differences = [int(other) - int(one) for one, other in values]
    value = round((mended - broken) / len(values), 4)
    return Difference(value, mcnemar(broken, mended), paired_interval(differences, clusters))


def _paired(values: Sequence[tuple[float, float]], clusters: Sequence[str]) -> Difference:
    differences = [other - one for one, other in values]
    value = round(sum(differences) / len(differences), 4)
    interval = mean_interval(differences, clusters) if any(differences) else None
    return Difference(value, permutation(differences, clusters), interval)


def _tags(pairs: Pairs) -> tuple[TagChange, ...]:
    names = sorted({tag for _, after in pairs for tag in after.tags})
    counts = []
    for name in names:
        those = [(one.passed, other.passed) for one, other in pairs if name in other.tags]
        broken = sum(one > other for one, other in those)
        mended = sum(one < other for one, other in those)
        counts.append((name, len(those), broken, mended))
    adjusted = holm([mcnemar(broken, mended) for *_, broken, mended in counts])
    return tuple(TagChange(*count, p) for count, p in zip(counts, adjusted, strict=True))


def _stages(pairs: Pairs) -> dict[str, tuple[int, int]]:
    before = Counter(one.stage for one, _ in pairs)
    after = Counter(other.stage for _, other in pairs)
    return {name: (before[name], after[name]) for name in STAGES if before[name] or after[name]}


def _no_run(path: Path) -> UserError:
    return UserError(f"{path} is not a run: make one with `footnoted eval run SET --json OUT`.")
