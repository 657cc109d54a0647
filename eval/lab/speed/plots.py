"""Curves as SVG, the same to the byte for the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "footnoted",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.autolimit_mode": "round_numbers",  # The axes end at powers of ten.
    "axes.xmargin": 0,
    "axes.ymargin": 0,
    "axes.grid": True,
    "grid.color": "#ddd",
}


def curves(panels: Mapping[str, Sequence[tuple[float, float]]], what: str) -> bytes:
    """Return curves of points (x, y) by their titles, two in a row, both axes logarithmic.

    `what` is the picture's title, which is read out and not drawn.
    """
    # Here, since what measures memory imports this module.
    import matplotlib
    from matplotlib.figure import Figure

    drawn = BytesIO()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.6, 4), layout="constrained")
        places = figure.subplots(-(-len(panels) // 2), 2, squeeze=False).flat
        for number, (axes, (title, points)) in enumerate(zip(places, panels.items(), strict=False)):
            axes.loglog(*zip(*points, strict=True), "o-", gid=f"curve-{number}", clip_on=False)
            axes.set_title(title)
            axes.minorticks_off()
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_major_formatter("{x:,g}")
        told = {"Title": what, "Date": None, "Creator": None}
        figure.savefig(drawn, format="svg", metadata=told)
    return drawn.getvalue()
