"""Figures of a run as people read them: shares as percents, times in seconds."""

from __future__ import annotations

from eval.measuring.statistics import Metric
from eval.running.grader import PREFIX

NONE = "–"


def figure(name: str, value: float | None, sign: str = "") -> str:
    """Return a metric's value, or a difference with its sign ("+")."""
    if value is None:
        return NONE
    if name.startswith(PREFIX):
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
