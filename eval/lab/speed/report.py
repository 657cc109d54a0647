"""BENCHMARKS.md: the table, the machine and the growth curves, all from the kept files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from eval.lab.measure import markdown
from eval.lab.speed.kept import Kept
from eval.lab.speed.table import COLUMNS, lines
from index.atomic import write_whole

PLOTS = "benchmarks"
"""The folder of the plots, next to the report."""

HEAD = """\
# Benchmarks

Written by `make speed` (`python -m eval.lab.speed`).
[eval/lab/README.md](eval/lab/README.md#speed) says how each row is measured. Both sides of a row
took turns on the same machine. A figure is a median, with the middle half of the measurements and
their number; a ratio has its 95% interval.
"""

GROWTH = """\
## Growth

Text by rule with a fixed seed. “Made up” are the vectors of a library that is too large to embed \
for this; its entries' own and all questions' are real. The words and the vectors are what finding \
waits for of the two searches; the first question opens the library. Memory is the process's and \
Chroma's, after 25 questions, and “with at most” while it was made; a server's own is not in it, \
nor is a Chroma server's disk.
"""

WHERE = {
    "folder": "In a folder",
    "postgresql": "In PostgreSQL",
    "chroma": "In a folder, with the vectors on a Chroma server",
}
"""The headings for the places where libraries are grown."""

GROWN = {
    "passages": "{passages:,}",
    "adding 5 more": "{add_s:.3g} s",
    "found by the next question": "{add_found:.0%}, in {next_question_s:.3g} s",
    "taking out 5": "{remove_s:.3g} s",
    "evidence": "{evidence:.3g} s",
    "of it, words": "{bm25_s:.3g} s",
    "and vectors": "{vectors_s:.3g} s",
    "first question": "{opened_s:.3g} s",
    "answers found": "{found:.0%}",
    "memory": "{memory_bytes:,.0f} MB",
    "disk": "{disk_bytes:,.0f} MB",
    "made in": "{made_s:,.0f} s",
    "with at most": "{made_peak_bytes:,.0f} MB",
    "vectors": "{vectors}",
}
"""The columns of the table of growth."""

CURVES = {
    "adding 5 passages more, s": "add_s",
    "evidence, s": "evidence",
    "memory, MB": "memory_bytes",
    "disk, MB": "disk_bytes",
}

TITLE = "how adding, evidence, memory and disk grow with the passages"
"""The title of the plots, for screen readers; it is not drawn."""

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
"""Matplotlib's settings, with which the same figures give the same file, to the byte."""


def write_report(kept: dict[str, Kept], path: Path) -> None:
    """Write the report, and its plots into a folder next to it."""
    folder = path.absolute().parent
    parts = [HEAD, *_machines(kept), markdown(COLUMNS, lines(kept))]
    grown = [_grown(each) for each in kept.values() if "disk_bytes" in each.told]
    parts += [GROWTH] if grown else []
    for where, heading in WHERE.items():
        if there := [each for each in grown if each["where"] == where]:
            plot = f"{PLOTS}/growth.svg" if where == "folder" else f"{PLOTS}/growth-{where}.svg"
            (folder / PLOTS).mkdir(parents=True, exist_ok=True)
            panels = {
                title: [(each["passages"], each[name]) for each in there]
                for title, name in CURVES.items()
            }
            write_whole(folder / plot, curves(panels))
            rows = ([form.format(**each) for form in GROWN.values()] for each in there)
            parts += [f"### {heading}\n", markdown([*GROWN], rows)]
            parts += [f"![Curves of adding, evidence, memory and disk]({plot})\n"]
    parts += ["## Beside the table\n", *_told(kept)]
    write_whole(folder / path.name, "\n".join(parts).encode())


def curves(panels: Mapping[str, Sequence[tuple[float, float]]]) -> bytes:
    """Return an SVG with a curve for each title, from its points (x, y); both axes logarithmic."""
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
        told = {"Title": TITLE, "Date": None, "Creator": None}
        figure.savefig(drawn, format="svg", metadata=told)
    return drawn.getvalue()


def _grown(kept: Kept) -> dict[str, Any]:
    """Return the figures of a library: medians, and bytes as megabytes."""
    figures: dict[str, Any] = {"where": "folder", "evidence": median(kept.pairs["evidence"].ours)}
    for name, told in kept.told.items():
        figure = median(told) if isinstance(told, list) else told
        figures[name] = figure / 1e6 if name.endswith("_bytes") else figure
    return figures


def _machines(kept: dict[str, Kept]) -> Iterator[str]:
    """Yield the machines that the parts were measured on: one line if all share the same one."""
    found: dict[str, list[str]] = {}
    for part, each in kept.items():
        found.setdefault(_machine(each.machine), []).append(part)
    for words, parts in found.items():
        which = "" if len(found) == 1 else f"{', '.join(parts)}: "
        yield f"{which}{words}\n"
    days = sorted({each.started[:10] for each in kept.values()})
    yield f"Measured on {', '.join(days)}.\n"


def _machine(told: dict[str, Any]) -> str:
    instructions = ", ".join(told.get("instructions", ()))
    versions = _words(told.get("versions", {}))
    size = f"{told.get('cores')} cores, {told.get('memory_gb')} GB"
    runs = f"{told.get('kernel')}, Python {told.get('python')}"
    return f"{told.get('processor')} ({instructions}), {size}, {runs}; {versions}."


def _told(kept: dict[str, Kept]) -> Iterator[str]:
    """Yield what each part reports besides its rows, and the machine's load before it."""
    for part, each in kept.items():
        told = {} if "disk_bytes" in each.told else each.told
        known = [f"{name} {_words(value)}" for name, value in told.items()]
        known.append(f"load before {each.machine.get('load_before')}")
        yield f"- {part} ({each.seconds:,.0f} s): {'; '.join(known)}."


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
