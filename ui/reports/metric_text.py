"""Figures of a run as people read them: shares as percents, times in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from eval.comparing.baseline import Verdict
from eval.comparing.compare import Comparison
from eval.comparing.explain import explain
from eval.measuring.statistics import Metric
from eval.running.judge import JUDGE_PREFIX
from eval.running.record import Result
from ui.reports.cases import expected
from ui.words.elsewhere import said
from ui.words.words import _, ngettext, noted

NONE = "–"

GROUPS = {
    noted("Answers"): (
        *("passed", "answer_right", "joint", "exact_match", "token_f1", "crag", "unsupported"),
        *("flaky", "errors"),
    ),
    noted("Footnotes"): (
        *("cited_evidence", "citation_precision", "citation_recall", "citation_f1"),
        *("char_precision", "char_recall", "char_iou", "verbatim"),
    ),
    noted("Quotes found"): ("hit@1", "hit@3", "hit@5", "recall@5", "mrr", "ndcg@5"),
    noted("Refusals"): ("refusal_precision", "refusal_recall", "refusal_f1", "false_refusals"),
}
"""The groups of metrics. Times and judges' metrics have groups of their own."""
_WORDS = {"crag": "CRAG", "mrr": "MRR", "ndcg@5": "nDCG@5"}
_WORDS |= {"char": "character", "iou": "IoU", "f1": "F1"}
_LABELS = (
    *(noted("passed"), noted("answer right"), noted("joint"), noted("exact match")),
    *(noted("token F1"), noted("unsupported"), noted("flaky"), noted("errors")),
    *(noted("cited evidence"), noted("citation precision"), noted("citation recall")),
    *(noted("citation F1"), noted("character precision"), noted("character recall")),
    *(noted("character IoU"), noted("verbatim"), noted("refusal precision")),
    *(noted("refusal recall"), noted("refusal F1"), noted("false refusals")),
    *(noted("retrieve"), noted("first quote"), noted("first token")),
    *(noted("first sentence"), noted("total")),
)
"""The labels that `label` makes of metrics' names; all others are not translated."""

_MEANINGS = {
    "passed": noted("cases that came out as they should"),
    "answer_right": noted("the answer contains an accepted answer"),
    "joint": noted("the answer is accepted, and a footnote shows the evidence"),
    "exact_match": noted("the words that answer are an accepted answer, and no more"),
    "token_f1": noted("how far the words that answer are those of an accepted answer"),
    "crag": noted("1 for right, 0 for no answer, −1 for wrong, on average"),
    "unsupported": noted("answers with a number or a name that is in no quote"),
    "flaky": noted("cases that passed at some times only"),
    "errors": noted("cases that could not be asked"),
    "cited_evidence": noted("a footnote shows a place of the evidence"),
    "citation_precision": noted("footnotes that show a place of the evidence"),
    "citation_recall": noted("facts of the evidence that a footnote shows"),
    "citation_f1": noted("footnotes and facts in one figure"),
    "char_precision": noted("characters under footnotes that are evidence"),
    "char_recall": noted("characters of the evidence under a footnote"),
    "char_iou": noted("how far footnotes and evidence are the same characters"),
    "verbatim": noted("footnotes and quotes that stand in their document word for word"),
    "hit@1": noted("the first quote shows the evidence"),
    "hit@3": noted("one of the first three quotes shows the evidence"),
    "hit@5": noted("one of the first five quotes shows the evidence"),
    "recall@5": noted("facts that one of the first five quotes shows"),
    "mrr": noted("how far up the first right quote stands (1 is first)"),
    "ndcg@5": noted("how far up all right quotes stand (1 is best)"),
    "refusal_precision": noted("refusals that were right"),
    "refusal_recall": noted("unanswerable questions that were refused"),
    "refusal_f1": noted("both in one figure"),
    "false_refusals": noted("answerable questions that were refused"),
}


def meaning(name: str) -> str:
    """Return the meaning of a metric in one line."""
    if is_time(name):
        return _("seconds after the question")
    if name.startswith(JUDGE_PREFIX):
        return _("what your judge says")
    return _(_MEANINGS[name]) if name in _MEANINGS else _("a metric of another version")


def group_of(name: str) -> str:
    """Return the group of a metric."""
    if is_time(name):
        return noted("Time")
    if name.startswith(JUDGE_PREFIX):
        return noted("Judges")
    return next((group for group, names in GROUPS.items() if name in names), "Answers")


def label(name: str) -> str:
    """Return a metric's name for people: "citation recall", "total, median"."""
    if is_time(name):
        what, _at, percent = name.partition("_s_p")
        words = _("%(time)s, median") if percent == "50" else _("%(time)s, 95th percentile")
        return words % {"time": _(what.replace("_", " "))}
    words = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return _(words)


def figure(name: str, value: float | None, sign: str = "") -> str:
    """Return a metric's value, or a difference with its sign ("+")."""
    if value is None:
        return NONE
    if name.startswith(JUDGE_PREFIX):
        return f"{value:{sign}.2f}"
    return f"{value:{sign}.2f} s" if is_time(name) else f"{value:{sign}.1%}"


def chance(p: float | None) -> str:
    """Return a p value; one that would be rounded to zero is shown as a bound."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(metric: Metric) -> str:
    """Return a metric's interval."""
    if metric.interval is None:
        return NONE
    low, high = metric.interval
    return f"{low:.1%} – {high:.1%}"


def percent_interval() -> str:
    """Return the name of the intervals."""
    return _("%(percent)s interval", percent="95%")


def is_time(name: str) -> bool:
    """Whether a metric is seconds."""
    return "_s_p" in name


NAMED = 20
"""Cases that are named in a sentence; the others are counted."""


def told(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    return " ".join(map(said, verdict.sentences))


def explained(result: Result) -> str:
    """Return a case as `explain` does, in the reader's language."""
    return explain(result, _, expected)


def from_replies(cached: int) -> str:
    """Return how many cases were answered with cached replies of the language model."""
    return ngettext(
        "%(num)s cases were answered with kept replies of the language model.",
        "%(num)s cases were answered with kept replies of the language model.",
        cached,
    )


def uncompared(comparison: Comparison) -> list[str]:
    """Return which cases are not compared, and why."""
    return [
        _(f"{why}, so not compared: %(cases)s", cases=named(ids))
        for why, ids in comparison.uncompared.items()
    ]


def named(ids: Sequence[str]) -> str:
    """Return the ids of cases for people to read, with their number."""
    more = len(ids) - NAMED
    names = ", ".join(ids[:NAMED])
    if more > 0:
        return _("%(num)s (%(names)s and %(more)s more)", num=len(ids), names=names, more=more)
    return f"{len(ids)} ({names})"
