"""Compare two runs of the same set: what broke, what was mended, and whether it is chance."""

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
from eval.running.record import Result, Run, differences
from eval.running.summary import MEANS, RATES
from index.errors import UserError
from index.printable import number_of

_LOAD = TypeAdapter(Run)


class NotComparable(UserError):
    """Two runs without a case in common."""


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
        """Whether the case passed before and fails now."""
        return self.before.passed


@dataclass(frozen=True)
class Difference:
    """How a metric changed, over the cases for which both runs have it.

    `p` comes from McNemar's exact test for yes-or-no metrics, otherwise from a sign-flip
    permutation test. `interval` is the 95% interval of the difference. Both are None for metrics
    that are not a score of single cases, such as times.
    """

    value: float
    p: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class TagChange:
    """What changed among the cases with a tag; `p` is adjusted for the number of tags (Holm)."""

    tag: str
    cases: int
    broken: int
    mended: int
    p: float


@dataclass(frozen=True)
class Comparison:
    """What changed from a baseline to a candidate, over the cases that are unchanged in both.

    `differs` has a sentence for each condition in which the runs differ. `new` are the cases that
    only the candidate has, `gone` those that it no longer has, `changed` those that now ask or
    expect something else, or whose evidence has other words. These three are listed and count for
    nothing else. `as_before` are the cases that fail in both runs, `skipped` those that one of the
    runs could not ask.

    `p` comes from McNemar's exact test on the cases that broke or were mended. With enough
    documents (see `counted`), it is the larger of that and the p of a permutation test by document.
    `stages` gives for each stage of failure the number of cases in the baseline and in the
    candidate. `detectable` is the smallest net loss, as a share of the cases, that would be noticed
    80% of the time if as many cases went both ways as did here.
    """

    cases: int
    broken: tuple[Change, ...]
    mended: tuple[Change, ...]
    as_before: tuple[str, ...]
    skipped: tuple[str, ...]
    differs: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    p: float
    differences: Mapping[str, Difference]
    tags: tuple[TagChange, ...]
    stages: Mapping[str, tuple[int, int]]
    detectable: float | None

    @property
    def net_loss(self) -> int:
        """How many more cases broke than were mended."""
        return len(self.broken) - len(self.mended)

    @property
    def significant(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p < SIGNIFICANT

    @property
    def whole(self) -> bool:
        """Whether both runs are of the same cases."""
        return not (self.new or self.gone or self.changed)

    @property
    def counts(self) -> str:
        """The counts in a sentence, without a judgement."""
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        cases = number_of(self.cases, "case")
        broken, mended = len(self.broken), len(self.mended)
        return f"Of {cases} compared {broken} broke and {mended} were mended ({p})."

    @property
    def judgement(self) -> str:
        """Whether the difference is chance, in a sentence."""
        if not self.broken and not self.mended:
            return "Nothing changed."
        if not self.significant:
            return "The difference is within noise."
        return "Worse, not by chance." if self.net_loss > 0 else "Better, not by chance."

    @property
    def noticed(self) -> str:
        """How large a loss these cases would detect, in a sentence."""
        if self.detectable is None:
            return "This is too little to notice a loss."
        lost = round(self.detectable * self.cases)
        return f"A loss of {lost} would be noticed 4 times in 5."

    @property
    def uncompared(self) -> dict[str, tuple[str, ...]]:
        """The cases that are not compared, by reason."""
        reasons = {
            "New": self.new,
            "Gone": self.gone,
            "Changed": self.changed,
            "Not asked in one of the runs": self.skipped,
        }
        return {why: ids for why, ids in reasons.items() if ids}


def load_run(path: Path) -> Run:
    """Read a run that `eval run --json` wrote, or that `eval keep` kept.

    Raises UserError when the file cannot be read or is not a run.
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


Asked = Mapping[str, Mapping[str, Any]]
"""Cases by id, as a run stores them."""


def in_common(before: Asked, after: Asked) -> tuple[set[str], set[str]]:
    """Return the ids of the cases that are unchanged in two runs, and of those that changed.

    Raises NotComparable when no case is unchanged.
    """
    shared = before.keys() & after.keys()
    changed = {each for each in shared if not _same(before[each], after[each])}
    while behind := {e for e in shared - changed if after[e].get("after") in changed}:
        changed |= behind  # They follow a changed case in its conversation.
    if not shared - changed:
        raise NotComparable(
            "The runs cannot be compared: they have no case in common that asks and expects the "
            "same in both."
        )
    return shared - changed, changed


_OTHERWISE = ("id", "evidence", "tags", "must_pass", "draft")
"""Fields that do not affect what a case asks and expects, or are compared separately."""


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if not one or not other:  # An older run, made before runs stored their cases.
        return True
    asked, asks = ({k: v for k, v in each.items() if k not in _OTHERWISE} for each in (one, other))
    places, now = one.get("evidence", ()), other.get("evidence", ())
    return asked == asks and len(places) == len(now) and all(map(_same_evidence, places, now))


def _same_evidence(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two pieces of evidence have the same words, wherever these are now."""
    if any(one.get(name) != other.get(name) for name in ("fact", "area")):
        return False
    if one.get("quote") and other.get("quote"):
        return bool(one["quote"] == other["quote"])
    return all(one.get(name) == other.get(name) for name in ("sha256", "start", "end", "quote"))


def compare(baseline: Run, candidate: Run) -> Comparison:
    """Compare two runs case by case, over the cases that are unchanged in both.

    Raises NotComparable when there is none.
    """
    before = {result.id: result for result in baseline.results}
    after = {result.id: result for result in candidate.results}
    same, changed = in_common(*({n: r.case for n, r in run.items()} for run in (before, after)))
    skipped = {each.id for each in (*baseline.errors, *candidate.errors)} & same
    pairs = [(before[name], after[name]) for name in after if name in same - skipped]
    must_pass = set(candidate.set.must_pass)
    differing = [(one, other) for one, other in pairs if one.passed != other.passed]
    changes = [Change(one, other, other.id in must_pass) for one, other in differing]
    broken = tuple(each for each in changes if each.broke)
    mended = tuple(each for each in changes if not each.broke)
    noise = min(len(broken), len(mended)) / len(pairs) if pairs else 0.0
    return Comparison(
        cases=len(pairs),
        broken=broken,
        mended=mended,
        as_before=tuple(two.id for one, two in pairs if not one.passed and not two.passed),
        skipped=tuple(sorted(skipped)),
        differs=differences(baseline, candidate),
        new=tuple(name for name in after if name not in before),
        gone=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in changed),
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
