"""The metrics of a run, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from eval.measuring.metrics import DEPTH, HIT_AT, Scores
from eval.measuring.statistics import Metric, mean, percentile, rate, share
from eval.running.judge import JUDGE_PREFIX
from eval.running.record import Result

RATES = (*(f"hit@{k}" for k in HIT_AT), "answer_right", "exact_match", "cited_evidence", "joint")
MEANS = (
    f"recall@{DEPTH}",
    "mrr",
    f"ndcg@{DEPTH}",
    "token_f1",
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "char_precision",
    "char_recall",
    "char_iou",
    "verbatim",
    "crag",
)
TIMINGS = ("retrieve_s", "first_quote_s", "first_token_s", "first_sentence_s", "total_s")


def summarise(results: Sequence[Result]) -> dict[str, Metric]:
    """Return the metrics of a run. Errors are counted, but excluded from all other metrics.

    Times exclude cases for which a kept reply was used.
    """
    asked = [each for each in results if each.error is None]
    scores = [each.scores for each in asked]
    metrics = {"passed": rate(sum(each.passed for each in asked), len(asked))}
    metrics |= {name: share(each.get(name) for each in scores) for name in RATES}
    for name in MEANS:
        # A run of an older version lacks newer metrics.
        known = [each for each in asked if each.scores.get(name) is not None]
        metrics[name] = mean(
            [each.scores[name] for each in known],
            [each.cluster for each in known],
            least=-1.0 if name == "crag" else 0.0,
        )
    metrics |= _refusals(scores)
    alarms = (None if each["refused"] else bool(each["unsupported"]) for each in scores)
    metrics["unsupported"] = share(alarms)
    metrics["flaky"] = share(each.flaky if each.repeats else None for each in asked)
    metrics["errors"] = rate(len(results) - len(asked), len(results))
    live = [each.answer["timings"] for each in asked if each.answer and not each.cached]
    for name in TIMINGS:
        for percent in (50, 95):
            seconds = [each.get(name) for each in live]
            metrics[f"{name}_p{percent}"] = percentile(seconds, percent)
    for name in sorted({name for each in scores for name in each if name.startswith(JUDGE_PREFIX)}):
        grades = [each[name] for each in scores if each.get(name) is not None]
        inside = all(0 <= each <= 1 for each in grades)
        metrics[name] = mean(grades) if inside else Metric(fmean(grades), len(grades))
    return metrics


def _refusals(scores: Sequence[Scores]) -> dict[str, Metric]:
    """Return the metrics of refusals, with "refused" as the positive class.

    F1 is 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall.
    """
    right = sum(each["refused"] and each["refusal_right"] for each in scores)
    wrong = sum(each["refused"] and not each["refusal_right"] for each in scores)
    missed = sum(not each["refused"] and not each["refusal_right"] for each in scores)
    answered = sum(not each["refused"] and each["refusal_right"] for each in scores)
    n = right + wrong + missed
    return {
        "refusal_precision": rate(right, right + wrong),
        "refusal_recall": rate(right, right + missed),
        "refusal_f1": Metric(round(2 * right / (n + right), 4) if n else None, n),
        "false_refusals": rate(wrong, wrong + answered),
    }
