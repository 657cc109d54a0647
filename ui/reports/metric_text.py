"""Figures of a run as people read them: shares as percents, times in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from eval.measuring.statistics import Metric
from eval.running.judge import JUDGE_PREFIX

NONE = "–"

GROUPS = {
    "Answers": (
        *("passed", "answer_right", "joint", "exact_match", "token_f1", "crag", "unsupported"),
        *("flaky", "errors"),
    ),
    "Footnotes": (
        *("cited_evidence", "citation_precision", "citation_recall", "citation_f1"),
        *("char_precision", "char_recall", "char_iou", "verbatim"),
    ),
    "Quotes found": ("hit@1", "hit@3", "hit@5", "recall@5", "mrr", "ndcg@5"),
    "Refusals": ("refusal_precision", "refusal_recall", "refusal_f1", "false_refusals"),
}
"""What metrics tell of. The times have a group of their own, and so has what a judge says."""
_WORDS = {"crag": "CRAG", "mrr": "MRR", "ndcg@5": "nDCG@5"}
_WORDS |= {"char": "character", "iou": "IoU", "f1": "F1"}


_MEANINGS = {
    "passed": "cases that came out as they should",
    "answer_right": "an accepted answer stands in the answer",
    "joint": "the answer is accepted, and a footnote shows the evidence",
    "exact_match": "the words that answer are an accepted answer, and no more",
    "token_f1": "how far the words that answer are those of an accepted answer",
    "crag": "1 for right, 0 for no answer, −1 for wrong, on average",
    "unsupported": "answers with a number or a name that stands in no quote",
    "flaky": "cases that passed at some times only",
    "errors": "cases that could not be asked",
    "cited_evidence": "a footnote shows a place of the evidence",
    "citation_precision": "footnotes that show a place of the evidence",
    "citation_recall": "facts of the evidence that a footnote shows",
    "citation_f1": "footnotes and facts in one figure",
    "char_precision": "characters under footnotes that are evidence",
    "char_recall": "characters of the evidence under a footnote",
    "char_iou": "how far footnotes and evidence are the same characters",
    "verbatim": "footnotes and quotes that stand in their document word for word",
    "hit@1": "the first quote shows the evidence",
    "hit@3": "one of the first three quotes shows the evidence",
    "hit@5": "one of the first five quotes shows the evidence",
    "recall@5": "facts that one of the first five quotes shows",
    "mrr": "how far up the first right quote stands (1 is first)",
    "ndcg@5": "how far up all right quotes stand (1 is best)",
    "refusal_precision": "refusals that were right",
    "refusal_recall": "unanswerable questions that were refused",
    "refusal_f1": "both in one figure",
    "false_refusals": "answerable questions that were refused",
}


def meaning(name: str) -> str:
    """Return in a line what a metric tells."""
    if is_time(name):
        return "seconds from the question on"
    if name.startswith(JUDGE_PREFIX):
        return "what a judge of yours says"
    return _MEANINGS.get(name, "a metric of another version")


def group_of(name: str) -> str:
    """Return what a metric tells of."""
    if is_time(name):
        return "Time"
    if name.startswith(JUDGE_PREFIX):
        return "Judges"
    return next((group for group, names in GROUPS.items() if name in names), "Answers")


def label(name: str) -> str:
    """Return a metric's name for people: "citation recall", "total, median"."""
    if is_time(name):
        what, _, percent = name.partition("_s_p")
        return f"{what.replace('_', ' ')}, {'median' if percent == '50' else '95th percentile'}"
    return " ".join(_WORDS.get(word, word) for word in name.split("_"))


def figure(name: str, value: float | None, sign: str = "") -> str:
    """Return a metric's value, or a difference with its sign ("+")."""
    if value is None:
        return NONE
    if name.startswith(JUDGE_PREFIX):
        return f"{value:{sign}.2f}"
    return f"{value:{sign}.2f} s" if is_time(name) else f"{value:{sign}.1%}"


def chance(p: float | None) -> str:
    """Return a p value; one that is below what is shown is not shown as nothing."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(metric: Metric) -> str:
    """Return a metric's interval."""
    if metric.interval is None:
        return NONE
    low, high = metric.interval
    return f"{low:.1%} – {high:.1%}"


def is_time(name: str) -> bool:
    """Whether a metric is seconds."""
    return "_s_p" in name


NAMED = 20
"""Cases that are named in a sentence; the others are counted."""


def named(ids: Sequence[str]) -> str:
    """Return the ids of cases for people to read, with their number."""
    more = len(ids) - NAMED
    return f"{len(ids)} ({', '.join(ids[:NAMED])}{f' and {more} more' if more > 0 else ''})"
