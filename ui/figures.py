"""Figures of a run as people read them: shares as percents, times in seconds."""

from __future__ import annotations

from eval.statistics import Metric

NONE = "–"


def figure(name: str, value: float | None, sign: str = "") -> str:
    """Return a metric's value, or a difference with its sign ("+")."""
    if value is None:
        return NONE
    return f"{value:{sign}.2f} s" if is_time(name) else f"{value:{sign}.1%}"


def interval(metric: Metric) -> str:
    """Return a metric's interval."""
    if metric.interval is None:
        return NONE
    low, high = metric.interval
    return f"{low:.1%} – {high:.1%}"


def is_time(name: str) -> bool:
    """Whether a metric is seconds."""
    return "_s_p" in name
