"""BENCHMARKS.md: the table, the machine and the growth curves, all of it out of the kept files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.lab.speed.kept import Kept, median
from eval.lab.speed.plots import Curve, curves
from eval.lab.speed.table import COLUMNS, lines
from index.atomic import write_whole

PLOTS = Path("benchmarks")
"""The folder of the plots, beside the report."""

HEAD = """\
# Benchmarks

Written by `make speed` (`python -m eval.lab.speed`); [eval/README.md](eval/README.md#speed) says
how each row is measured. Both sides of a row were measured by turns on the same machine. A figure
is a median, with the middle half of what was measured and how often; a ratio has its 95% interval.
"""

WHERE = {
    "folder": "In a folder",
    "postgresql": "In PostgreSQL",
    "chroma": "In a folder, with the vectors on a Chroma server",
}
"""Where libraries are grown, as a heading says it."""

GROWN = (
    ("passages", "{passages:,}"),
    ("adding 5 more", "{add:.3g} s"),
    ("found by the next question", "{add_found:.0%}, in {next:.3g} s"),
    ("taking out 5", "{remove:.3g} s"),
    ("evidence", "{evidence:.3g} s"),
    ("of it, words", "{bm25_s:.3g} s"),
    ("and vectors", "{vectors_s:.3g} s"),
    ("first question", "{opened_s:.3g} s"),
    ("answers found", "{found:.0%}"),
    ("memory", "{memory:,.0f} MB"),
    ("disk", "{disk:,.0f} MB"),
    ("made in", "{made_s:,.0f} s"),
    ("with at most", "{made_peak:,.0f} MB"),
    ("vectors", "{vectors}"),
)
"""The columns of the table of growth."""


def write_report(kept: dict[str, Kept], path: Path) -> None:
    """Write the report, and its plots into a folder beside it."""
    grown = [_grown(each) for each in kept.values() if "disk_bytes" in each.told]
    folder = path.absolute().parent
    for where in WHERE:
        if there := [each for each in grown if each["where"] == where]:
            (folder / PLOTS).mkdir(parents=True, exist_ok=True)
            write_whole(folder / _plot(where), plots(there).encode())
    write_whole(folder / path.name, report(kept, grown).encode())


def report(kept: dict[str, Kept], grown: Sequence[dict[str, Any]]) -> str:
    """Return the report as Markdown."""
    parts = [HEAD, *_machines(kept), _table(COLUMNS, lines(kept))]
    if grown:
        parts += [
            "## Growth\n",
            "Text by rule with a fixed seed. “Made up” are the vectors of a library that is too "
            "large to embed for this; its entries' own and all questions' are real. The words and "
            "the vectors are what finding waits for of the two searches; the first question opens "
            "the library. Memory is the process's and Chroma's, after 25 questions, and “with "
            "at most” while it was made; a server's own is not in it, nor is a Chroma server's "
            "disk.\n",
            *_grown_at(grown),
        ]
    parts += ["## Beside the table\n", *_told(kept)]
    return "\n".join(parts)


def _grown_at(grown: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a table and its curves for each place where libraries were grown."""
    for where, heading in WHERE.items():
        there = [each for each in grown if each["where"] == where]
        if there:
            yield f"### {heading}\n"
            rows = ([form.format(**each) for _, form in GROWN] for each in there)
            yield _table([name for name, _ in GROWN], rows)
            yield f"![Curves of adding, evidence, memory and disk]({_plot(where).as_posix()})\n"


def _plot(where: str) -> Path:
    return PLOTS / ("growth.svg" if where == "folder" else f"growth-{where}.svg")


def plots(grown: Sequence[dict[str, Any]]) -> str:
    """Return the curves of what grows with a library."""
    panels = (
        ("adding 5 passages more, s", "add"),
        ("evidence, s", "evidence"),
        ("memory, MB", "memory"),
        ("disk, MB", "disk"),
    )
    return curves(
        [
            Curve(title, tuple((each["passages"], each[name]) for each in grown))
            for title, name in panels
        ],
        "how adding, evidence, memory and disk grow with the passages",
    )


def _grown(kept: Kept) -> dict[str, Any]:
    told = kept.told
    return {
        "where": "folder",
        **told,
        "add": median(told["add_s"]),
        "next": median(told["next_question_s"]),
        "remove": median(told["remove_s"]),
        "made_peak": told["made_peak_bytes"] / 1e6,
        "evidence": median(kept.pairs["evidence"].ours),
        "memory": told["memory_bytes"] / 1e6,
        "disk": told["disk_bytes"] / 1e6,
    }


def _machines(kept: dict[str, Kept]) -> Iterator[str]:
    """Yield what the parts were measured on: once, where it was the same for all."""
    found: dict[str, list[str]] = {}
    for part, each in kept.items():
        known = {name: told for name, told in each.machine.items() if name != "load_before"}
        found.setdefault(_machine(known), []).append(part)
    for words, parts in found.items():
        which = "" if len(found) == 1 else f"{', '.join(parts)}: "
        yield f"{which}{words}\n"
    days = sorted({each.started[:10] for each in kept.values()})
    yield f"Measured on {', '.join(days)}.\n"


def _machine(told: dict[str, Any]) -> str:
    instructions = ", ".join(told.get("instructions", ()))
    versions = ", ".join(f"{name} {of}" for name, of in told.get("versions", {}).items())
    size = f"{told.get('cores')} cores, {told.get('memory_gb')} GB"
    runs = f"{told.get('kernel')}, Python {told.get('python')}"
    return f"{told.get('processor')} ({instructions}), {size}, {runs}; {versions}."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    told = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in told)


def _told(kept: dict[str, Kept]) -> Iterator[str]:
    """Yield what each part tells besides its rows, and what else the machine did then."""
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
