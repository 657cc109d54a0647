"""Curves as SVG, for a page of text: pure functions from figures to strings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 330, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 34, 26, 30
ACROSS = 2

STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}"
    ".title{font-weight:600}.tick{fill:#777}"
    ".grid{stroke:#ddd}.curve{fill:none;stroke:#1f5fbf;stroke-width:2}"
    ".dot{fill:#1f5fbf}"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure that grows with something: its title with the unit, and its points (x, y)."""

    title: str
    points: tuple[tuple[float, float], ...]


def curves(panels: Sequence[Curve], what: str) -> str:
    """Return curves, each in a panel of its own, both axes logarithmic."""
    rows = -(-len(panels) // ACROSS)
    width, height = WIDTH * ACROSS, HEIGHT * rows
    drawn = "".join(
        f'<g transform="translate({WIDTH * (at % ACROSS)} {HEIGHT * (at // ACROSS)})">'
        f"{_panel(panel)}</g>"
        for at, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(what)}">'
        f'<style>{STYLE}</style><rect width="{width}" height="{height}" fill="#fff"/>'
        f"{drawn}</svg>\n"
    )


def _panel(curve: Curve) -> str:
    points = [(x, y) for x, y in curve.points if x > 0 and y > 0]
    title = f'<text class="title" x="{LEFT}" y="16">{escape(curve.title)}</text>'
    if not points:
        return title
    xs, ys = _decades([x for x, _ in points]), _decades([y for _, y in points])

    def across(x: float) -> float:
        return round(LEFT + _share(x, xs) * (WIDTH - LEFT - RIGHT), 1)

    def up(y: float) -> float:
        return round(HEIGHT - BOTTOM - _share(y, ys) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [title]
    for exponent in range(xs[0], xs[1] + 1):
        x = across(10.0**exponent)
        parts.append(
            f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text class="tick" x="{x}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">'
            f"{10**exponent:,}</text>"
        )
    for exponent in range(ys[0], ys[1] + 1):
        y = up(10.0**exponent)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">'
            f"{10.0**exponent:,g}</text>"
        )
    places = [(across(x), up(y)) for x, y in points]
    line = " ".join(f"{x},{y}" for x, y in places)
    parts.append(f'<polyline class="curve" points="{line}"/>')
    parts += (
        f'<circle class="dot" cx="{x}" cy="{y}" r="3"><title>{value:.3g}</title></circle>'
        for (x, y), (_, value) in zip(places, points, strict=True)
    )
    return "".join(parts)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten around some values: two different ones."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])
