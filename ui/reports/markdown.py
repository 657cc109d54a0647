"""A run as Markdown for a pull request: the verdict, what changed, and the figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eval.comparing.baseline import ERRORS, FAILED, PASSED, Verdict
from eval.comparing.compare import Change, Comparison
from eval.measuring.stages import STAGES
from eval.running.record import Run
from ui.reports.metric_text import (
    chance,
    explained,
    figure,
    from_replies,
    interval,
    percent_interval,
    told,
    uncompared,
)
from ui.words.elsewhere import said
from ui.words.words import _, ngettext

MOST = 20
"""How many cases of a kind are shown; the rest are counted."""


def markdown(run: Run, verdict: Verdict) -> str:
    """Return a run, and what changed if it has a baseline."""
    failed = [each for each in run.results if not each.passed]
    # The green tick needs all cases to pass: a run may pass with cases that fail.
    sign = {PASSED: "☑️" if failed else "✅", FAILED: "❌", ERRORS: "⚠️"}[verdict.code]
    blocks = [f"### {sign} {_code(run.set.name)}: {_passed(run)}", _text(told(verdict))]
    against = verdict.comparison
    if against:
        blocks += [f"- {_text(said(each))}" for each in against.differs]
        blocks += [f"- {_text(each)}" for each in uncompared(against)]
        blocks += _changes(_("Newly broken"), against.broken)
        blocks += _changes(_("Newly mended"), against.mended)
        blocks += _tags(against)
    if cached := sum(each.cached for each in run.results):
        blocks.append(from_replies(cached))
    blocks.append(_metrics(run, against))
    blocks += _stages(run)
    if failed and not against:
        shown = map(_fenced, map(explained, failed[:MOST]))
        blocks.append(_details(_("Failed:") + f" {len(failed)}", shown))
        blocks += _more(failed)
    return "\n\n".join(blocks) + "\n"


def _passed(run: Run) -> str:
    metric = run.metrics["passed"]
    return ngettext(
        "%(share)s of %(num)s cases passed (%(interval)s)",
        "%(share)s of %(num)s cases passed (%(interval)s)",
        metric.n,
        share=figure("passed", metric.value),
        interval=interval(metric),
    )


def _changes(title: str, changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    shown = [_fenced(_change(each)) for each in changes[:MOST]]
    return [_details(f"{title}: {len(changes)}", shown), *_more(changes)]


def _change(change: Change) -> str:
    must_pass = " (" + _("must pass") + ")" if change.must_pass else ""
    sides = [
        f"--- {name}\n{explained(result)}"
        for name, result in ((_("before"), change.before), (_("now"), change.after))
    ]
    return "\n".join([f"{change.id}{must_pass}", *sides])


def _metrics(run: Run, against: Comparison | None) -> str:
    head = [_("metric"), _("value"), percent_interval(), "n"]
    head += [_("difference"), "p"] if against else []
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for name, metric in run.metrics.items():
        cells = [_code(name), figure(name, metric.value), interval(metric), str(metric.n)]
        if against:
            change = against.differences.get(name)
            cells.append(figure(name, change.value, sign="+") if change else "–")
            cells.append(chance(change.p if change else None))
        lines.append(f"| {' | '.join(cells)} |")
    return _details(_("Metrics"), ["\n".join(lines)])


def _tags(against: Comparison) -> list[str]:
    changed = [each for each in against.tags if each.broken or each.mended]
    if not changed:
        return []
    lines = [
        f"| {_code(each.tag)} | {each.cases} | {each.broken} | {each.mended} | {chance(each.p)} |"
        for each in changed
    ]
    heads = (_("tag"), _("cases"), _("broken"), _("mended"), _("p, adjusted"))
    head = [f"| {' | '.join(heads)} |", f"|{' --- |' * 5}"]
    return ["\n".join([*head, *lines])]


def _stages(run: Run) -> list[str]:
    counts = [(name, sum(each.stage == name for each in run.results)) for name in STAGES]
    lines = [f"| {_code(name)} | {_(STAGES[name])} | {count} |" for name, count in counts if count]
    if not lines:
        return []
    heads = (_("stage of failure"), _("meaning"), _("cases"))
    return ["\n".join([f"| {' | '.join(heads)} |", "| --- | --- | --- |", *lines])]


def _more(shown: Sequence[object]) -> list[str]:
    more = len(shown) - MOST
    if more <= 0:
        return []
    return [ngettext("%(num)s more are in the report.", "%(num)s more are in the report.", more)]


def _details(title: str, blocks: Iterable[str]) -> str:
    inside = "\n\n".join(blocks)
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"


def _fenced(words: str) -> str:
    """Return words in a code block, where they cannot be markup, mentions or pictures."""
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{words}\n{fence}"


def _code(words: str) -> str:
    """Return words as code on one line of a table."""
    return f"`{' '.join(words.split()).replace('`', 'ˋ').replace('|', '¦')}`"


def _text(words: str) -> str:
    """Escape words so that Markdown shows them as they are."""
    return re.sub(r"([\\`*_\[\]<>#|~@])", r"\\\1", " ".join(words.split()))
