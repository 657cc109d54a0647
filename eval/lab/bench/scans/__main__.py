"""How well scans are read, and what that costs the answers.

    python -m eval.lab.bench.scans FOLDER [--pages N] [--without-set]

Reads pages that are drawn (`pages.py`), and asks the set `briefing` of the briefing as it is and of
the briefing as a scan, without the language model. Evidence is told by places in the text, which
are others in a scan: answers are compared. What was read and asked is kept in FOLDER.
"""

from __future__ import annotations

import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from time import monotonic
from typing import Any

from rapidfuzz.distance import Levenshtein

from eval.cases.cases import SETS, load_set
from eval.lab.bench.scans.pages import PAGES, Scanned, as_scan, pages
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, ask_all, kept, show_rows
from eval.measuring.statistics import Metric, rate
from eval.running.record import Run
from index.loading import sandbox
from index.loading.load import load, load_bytes
from index.loading.scanning.words import words_of

TARGET = "≤ 0.01"
"""Of character errors."""


def main(given: Sequence[str]) -> int:
    """Read, ask, print."""
    parser = arguments("eval.lab.bench.scans", __doc__)
    parser.add_argument("--pages", type=int, default=PAGES, metavar="N")
    parser.add_argument("--without-set", action="store_true")
    asked = parser.parse_args(given)
    drawn = {str(number): page for number, page in enumerate(pages(asked.pages), 1)}
    found = kept(asked.folder / "pages.json", drawn, _read)
    show_rows(_figures(list(found.values())), "Pages that are drawn")
    if not asked.without_set:
        show_rows(_answers(asked.folder), "The set briefing, without the language model")
    return 0


def _read(page: Scanned) -> dict[str, Any]:
    """Read a page; return how many signs and words of it are wrong, and what it took."""
    before = monotonic()
    read = load_bytes(page.png, "page.png")
    seconds = monotonic() - before
    for child in sandbox._scanners.idle:  # Only of processes that have ended the peak is known.
        child.stop()
    wanted, seen = page.text.split(), read.text.split()
    right = {
        place
        for match in SequenceMatcher(None, wanted, seen, autojunk=False).get_matching_blocks()
        for place in range(match.b, match.b + match.size)
    }
    marked = {word.text for scan in read.scans for word in words_of(scan) if word.is_uncertain}
    words = Counter((at in right, word in marked) for at, word in enumerate(seen))
    return {
        "kind": page.kind,
        "language": page.language,
        "signs": len(" ".join(wanted)),
        "wrong": Levenshtein.distance(" ".join(wanted), " ".join(seen)),
        "seconds": seconds,
        "confidence": read.scans[0].confidence,
        "marked right": words[True, True],
        "unmarked right": words[True, False],
        "marked wrong": words[False, True],
        "unmarked wrong": words[False, False],
        "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000,
    }


def _figures(found: Sequence[dict[str, Any]]) -> Iterator[Row]:
    def summed(name: str, of: Sequence[dict[str, Any]] = found) -> int:
        return sum(each[name] for each in of)

    yield Row("character errors", rate(summed("wrong"), summed("signs")), TARGET)
    for name in ("kind", "language"):
        for value in dict.fromkeys(each[name] for each in found):
            of = [each for each in found if each[name] == value]
            yield Row(f"character errors: {value}", rate(summed("wrong", of), summed("signs", of)))
    wrong, right = summed("marked wrong"), summed("marked right")
    yield Row("wrong words that are marked", rate(wrong, wrong + summed("unmarked wrong")))
    yield Row("right words that are marked", rate(right, right + summed("unmarked right")))
    seconds = [each["seconds"] for each in found]
    yield Row("seconds a page, one at a time", Metric(sum(seconds) / len(seconds), len(seconds)))
    most = max(each["megabytes"] for each in found)
    yield Row("megabytes at most, of the process that reads", Metric(most, len(found)))


def _answers(folder: Path) -> Iterator[Row]:
    path = SETS / "briefing.jsonl"
    cases = load_set(path)
    # What a case says of evidence is not true of a scan.
    cases = replace(cases, cases=tuple(replace(each, evidence=()) for each in cases.cases))
    text = load(SETS / "briefing.md")
    runs: dict[str, Run] = {}
    for name in ("text", "scan"):
        document = text
        if name == "scan" and not (folder / "scan.json").exists():
            sys.stderr.write("Reading the briefing as a scan.\n")
            scan = as_scan(text.text)
            document = load_bytes(scan, "briefing.pdf", kept=folder / "read")
        runs[name] = ask_all(cases, [document], folder / name, out=folder / f"{name}.json")
    for name, run in runs.items():
        passed = [bool(each.scores["passed"]) for each in run.results]
        yield Row(f"passed: {name}", rate(sum(passed), len(passed)))


if __name__ == "__main__":
    run_command(main)
