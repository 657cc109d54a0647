"""Benchmarks of Footnoted's own quality, which its users do not need. Start with `table.py`."""

from __future__ import annotations

from pathlib import Path

from eval.cases.cases import CaseSet, find_set, load_set

BENCH_SETS = Path(__file__).parent / "sets"
"""The sets on an article that is not part of Footnoted."""

DOCUMENTS = {"briefing": "briefing.md", "heat-pumps": "heat-pumps.pdf", "railway": "railway.html"}
"""The documents that come with Footnoted, by the names of their sets; the files are in `SETS`."""


def measured_set(name: str) -> CaseSet:
    """Return a set of the bench, or one that comes with Footnoted.

    Raises UserError if there is no such set.
    """
    own = BENCH_SETS / f"{name}.jsonl"
    return load_set(own if own.is_file() else find_set(name))
