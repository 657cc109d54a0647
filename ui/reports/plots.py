"""Plots of a run as SVG: pure functions from figures to strings, coloured by the page's CSS.

They are not drawn by matplotlib: a report is one HTML file in the colours of its page, dark ones as
well, and Footnoted draws it without a plotting library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ui.words.words import _

WIDTH = 580
LABEL = 158
RIGHT = 62
ROW = 24
BINS = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval, and what it was in the baseline, if there is one."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    before: float | None = None


def intervals(figures: Sequence[Figure]) -> str:
    """Return values as dots with their intervals as lines, the baseline's as rings."""
    x = _scale(1)
    rows = []
    for number, each in enumerate(figures):
        y = ROW * number + ROW / 2
        rows.append(_label(each.name, y))
        if each.interval:
            left, right = (x(min(max(end, 0), 1)) for end in each.interval)
            rows.append(f'<line class="whisker" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
        if each.before is not None:
            rows.append(f'<circle class="before" cx="{x(each.before)}" cy="{y}" r="5"/>')
        rows.append(f'<circle class="now" cx="{x(each.value)}" cy="{y}" r="3.5"/>')
        rows.append(_value(f"{each.value:.3f}", y))
    ticks = [0, 0.25, 0.5, 0.75, 1]
    return _svg(rows, len(figures), ticks, x, _("values with %(percent)s intervals", percent="95%"))


def bars(counts: Sequence[tuple[str, int, int | None]]) -> str:
    """Return counts as bars, each with the baseline's as a line below it."""
    most = max((max(now, before or 0) for _name, now, before in counts), default=0) or 1
    x = _scale(most)
    rows = []
    for number, (name, now, before) in enumerate(counts):
        y = ROW * number + ROW / 2
        rows.append(_label(name, y))
        rows.append(_box("bar", LABEL, y - 7, x(now) - LABEL, 10))
        if before is not None:
            rows.append(_box("bar-before", LABEL, y + 4, x(before) - LABEL, 3))
        rows.append(_value(str(now) if before is None else f"{before} → {now}", y))
    return _svg(rows, len(counts), [0, most], x, _("number of cases"))


def shares(counts: Sequence[tuple[str, int, int]]) -> str:
    """Return for each name the share of its cases that passed: (name, passed, cases)."""
    x = _scale(1)
    rows = []
    for number, (name, passed, cases) in enumerate(counts):
        y = ROW * number + ROW / 2
        full = x(1) - LABEL
        rows.append(_label(name, y))
        rows.append(_box("rest", LABEL, y - 6, full, 12))
        rows.append(_box("bar", LABEL, y - 6, round(full * passed / cases, 1), 12))
        rows.append(_value(_("%(at)s of %(all)s", at=passed, all=cases), y))
    return _svg(rows, len(counts), [0, 0.5, 1], x, _("share of cases that passed"))


def histogram(series: Mapping[str, Sequence[float]], threshold: float | None) -> str:
    """Return histograms in 20 bins from 0 to 1, one row for each series, with the threshold."""
    x = _scale(1)
    height, rows = 70, []
    for number, (name, values) in enumerate(series.items()):
        counts = [0] * BINS
        for value in values:
            counts[min(int(value * BINS), BINS - 1)] += 1
        most = max(counts, default=0) or 1
        base = height * (number + 1) - 8
        rows.append(_label(f"{name} ({len(values)})", base - 8))
        for at, count in enumerate(counts):
            tall = (height - 18) * count / most
            rows.append(
                f'<rect class="bar" x="{x(at / BINS) + 1}" y="{round(base - tall, 1)}" '
                f'width="{round(x(1 / BINS) - LABEL - 2, 1)}" height="{round(tall, 1)}">'
                f"<title>{count}</title></rect>"
            )
    bottom = height * len(series)
    if threshold is not None:
        refused = escape(_("refused left of here"))
        rows.append(
            f'<line class="threshold" x1="{x(threshold)}" x2="{x(threshold)}" y1="0" '
            f'y2="{bottom}"/><text class="threshold-label" x="{x(threshold) + 4}" y="10">'
            f"{refused}</text>"
        )
    ticks = [0, 0.25, 0.5, 0.75, 1]
    return _svg(rows, 0, ticks, x, _("distribution of the probability"), bottom)


def spreads(series: Mapping[str, Sequence[float]]) -> str:
    """Return a box plot of each name's values.

    It has a line from the 5th to the 95th percentile, a box for the middle half, and a mark for the
    median.
    """
    import numpy

    found = {
        name: [float(each) for each in numpy.percentile(values, (5, 25, 50, 75, 95))]
        for name, values in series.items()
        if values
    }
    most = max((points[-1] for points in found.values()), default=0) or 1
    x = _scale(most)
    rows = []
    for number, (name, points) in enumerate(found.items()):
        y = ROW * number + ROW / 2
        least, quarter, median, three, last = (x(point) for point in points)
        rows.append(_label(name, y))
        rows.append(f'<line class="whisker" x1="{least}" x2="{last}" y1="{y}" y2="{y}"/>')
        rows.append(_box("bar", quarter, y - 6, round(max(three - quarter, 1), 1), 12))
        rows.append(f'<line class="median" x1="{median}" x2="{median}" y1="{y - 8}" y2="{y + 8}"/>')
        rows.append(_value(f"{points[2]:.2f} s", y))
    ticks = [most * step / 4 for step in range(5)]
    return _svg(rows, len(found), ticks, x, _("seconds"))


Scale = Callable[[float], float]


def _scale(most: float) -> Scale:
    span = (WIDTH - LABEL - RIGHT) / most
    return lambda value: round(LABEL + value * span, 1)


def _label(words: str, y: float) -> str:
    shown = words if len(words) <= 22 else words[:21] + "…"
    title = f"<title>{escape(words)}</title>" if shown != words else ""
    return f'<text class="label" x="{LABEL - 10}" y="{y + 4}">{escape(shown)}{title}</text>'


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _value(words: str, y: float) -> str:
    return f'<text class="value" x="{WIDTH}" y="{y + 4}">{escape(words)}</text>'


def _svg(
    rows: Sequence[str],
    count: int,
    ticks: Sequence[float],
    x: Scale,
    name: str,
    height: float | None = None,
) -> str:
    bottom = ROW * count if height is None else height
    axis = "".join(
        f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="0" y2="{bottom}"/>'
        f'<text class="tick" x="{x(tick)}" y="{bottom + 14}">{tick:.3g}</text>'
        for tick in ticks
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 20}" role="img" aria-label="{escape(name)}">'
        f"{axis}{''.join(rows)}</svg>"
    )
