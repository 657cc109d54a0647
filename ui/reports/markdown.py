"""A run as Markdown for a pull request: the verdict, what changed, and the figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eval.comparing.baseline import ERRORS, FAILED, PASSED, Verdict
from eval.comparing.compare import Comparison
from eval.comparing.explain import explain
from eval.measuring.stages import STAGES
from eval.running.record import Run
from ui.reports.metric_text import chance, figure, interval, named

MOST = 20
"""Cases that are shown of a kind; what is left out is counted."""


def markdown(run: Run, verdict: Verdict) -> str:
    """Return a run, and what changed where it has a baseline."""
    failed = [each for each in run.results if not each.passed]
    # A tick stands where nothing is wrong: a run may pass with cases that fail.
    sign = {PASSED: "☑️" if failed else "✅", FAILED: "❌", ERRORS: "⚠️"}[verdict.code]
    blocks = [f"### {sign} {_code(run.set.name)}: {_passed(run)}", _text(verdict.line)]
    against = verdict.comparison
    if against:
        blocks += [f"- {_text(each)}" for each in against.differs]
        blocks += [
            f"- {why}, so not compared: {_text(named(ids))}"
            for why, ids in against.uncompared.items()
        ]
        blocks += _changes("Newly broken", against, broke=True)
        blocks += _changes("Newly mended", against, broke=False)
        blocks += _tags(against)
    if cached := sum(each.cached for each in run.results):
        blocks.append(f"{cached} cases were answered with kept replies of the language model.")
    blocks.append(_metrics(run, against))
    blocks += _stages(run)
    if failed and not against:
        blocks.append(_details(f"Failed: {len(failed)}", map(_fenced, map(explain, failed[:MOST]))))
        blocks += _more(failed)
    return "\n\n".join(blocks) + "\n"


def _passed(run: Run) -> str:
    metric = run.metrics["passed"]
    return f"{figure('passed', metric.value)} of {metric.n} cases passed ({interval(metric)})"


def _changes(title: str, against: Comparison, *, broke: bool) -> list[str]:
    changes = against.broken if broke else against.mended
    if not changes:
        return []
    shown = [
        _fenced(
            f"{each.id}{' (must pass)' if each.must_pass else ''}\n"
            f"--- before\n{explain(each.before)}\n--- now\n{explain(each.after)}"
        )
        for each in changes[:MOST]
    ]
    return [_details(f"{title}: {len(changes)}", shown), *_more(changes)]


def _metrics(run: Run, against: Comparison | None) -> str:
    head = ["metric", "value", "95% interval", "n", *(["difference", "p"] if against else [])]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for name, metric in run.metrics.items():
        cells = [_code(name), figure(name, metric.value), interval(metric), str(metric.n)]
        if against:
            change = against.differences.get(name)
            cells.append(figure(name, change.value, sign="+") if change else "–")
            cells.append(chance(change.p if change else None))
        lines.append(f"| {' | '.join(cells)} |")
    return _details("Metrics", ["\n".join(lines)])


def _tags(against: Comparison) -> list[str]:
    changed = [each for each in against.tags if each.broken or each.mended]
    if not changed:
        return []
    lines = [
        f"| {_code(each.tag)} | {each.cases} | {each.broken} | {each.mended} | {chance(each.p)} |"
        for each in changed
    ]
    head = ["| tag | cases | broken | mended | p, adjusted |", f"|{' --- |' * 5}"]
    return ["\n".join([*head, *lines])]


def _stages(run: Run) -> list[str]:
    counts = [(name, sum(each.stage == name for each in run.results)) for name in STAGES]
    lines = [f"| {_code(name)} | {STAGES[name]} | {count} |" for name, count in counts if count]
    if not lines:
        return []
    return ["\n".join(["| stage of failure | meaning | cases |", "| --- | --- | --- |", *lines])]


def _more(shown: Sequence[object]) -> list[str]:
    return [f"{len(shown) - MOST} more are in the report."] if len(shown) > MOST else []


def _details(title: str, blocks: Iterable[str]) -> str:
    inside = "\n\n".join(blocks)
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"


def _fenced(words: str) -> str:
    """Return words in a block that shows just them: no markup, no mention, no picture."""
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{words}\n{fence}"


def _code(words: str) -> str:
    """Return words as code on one line of a table."""
    return f"`{' '.join(words.split()).replace('`', 'ˋ').replace('|', '¦')}`"


def _text(words: str) -> str:
    """Return words as Markdown that shows just them."""
    return re.sub(r"([\\`*_\[\]<>#|~@])", r"\\\1", " ".join(words.split()))
