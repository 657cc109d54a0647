"""Rates over a set, each with how sure it is. Pure functions; scipy is slow, so imported late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.metrics import HIT_AT, Scores

RATES = ("passed", *(f"hit@{k}" for k in HIT_AT), "answer_right", "cited_evidence")
MEANS = ("citation_precision", "citation_recall", "verbatim")
TIMINGS = ("first_quote_s", "first_token_s", "total_s")


@dataclass(frozen=True)
class Metric:
    """A figure over n cases, with its 95% interval where it is a share of them."""

    value: float | None
    n: int
    interval: tuple[float, float] | None = None


def summarise(scores: Sequence[Scores], answers: Sequence[dict[str, Any]]) -> dict[str, Metric]:
    """Return the metrics of a set, from the scores and the JSON object of each answer."""
    metrics = {name: _share(each[name] for each in scores) for name in RATES}
    metrics |= {name: _mean(each[name] for each in scores) for name in MEANS}
    metrics |= _refusals(scores)
    alarms = (None if each["refused"] else bool(each["unsupported"]) for each in scores)
    metrics["unsupported"] = _share(alarms)
    metrics["llm_unavailable"] = _share(each["reason"] == "llm_unavailable" for each in answers)
    for name in TIMINGS:
        seconds = [each["timings"].get(name) for each in answers]
        for percent in (50, 95):
            metrics[f"{name}_p{percent}"] = percentile(seconds, percent)
    return metrics


def rate(count: int, n: int) -> Metric:
    """Return a share with Wilson's 95% interval (Wilson, JASA 1927; scipy's `binomtest`)."""
    if n == 0:
        return Metric(None, 0)
    from scipy.stats import binomtest

    found = binomtest(count, n).proportion_ci(method="wilson")
    # At 0 and at n the bounds come out as 1e-17 and the like; four digits are all that is meant.
    return Metric(round(count / n, 4), n, (round(float(found.low), 4), round(float(found.high), 4)))


def mcnemar(broken: int, mended: int) -> float:
    """Return the p of McNemar's exact test: could so uneven a change be chance?

    Under chance each case that changed is as likely to have broken as to have been mended
    (McNemar, Psychometrika 1947): a two-sided binomial test of the changed ones.
    """
    if broken + mended == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(broken, broken + mended, 0.5).pvalue)


def percentile(values: Iterable[float | None], percent: int) -> Metric:
    """Return a percentile of the values that there are, linear between two of them."""
    import numpy

    known = [value for value in values if value is not None]
    if not known:
        return Metric(None, 0)
    return Metric(round(float(numpy.percentile(known, percent)), 3), len(known))


def _share(values: Iterable[bool | None]) -> Metric:
    known = [value for value in values if value is not None]
    return rate(sum(known), len(known))


def _mean(values: Iterable[float | None]) -> Metric:
    """Return the mean of shares: no interval, as n shares are not n yes or no."""
    known = [value for value in values if value is not None]
    return Metric(round(sum(known) / len(known), 4) if known else None, len(known))


def _refusals(scores: Sequence[Scores]) -> dict[str, Metric]:
    """Return how well refusing goes, with "refused" as the positive class.

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
