"""The speed benchmark: every row is a ratio of two sides, measured in turns on the same machine.

Measures the parts that are not in FOLDER yet, prints the table, and writes BENCHMARKS.md with its
plots next to it. A stopped bench resumes where it was; delete a part's file to measure it again.
Each part runs in a process of its own, for less than ten minutes on two cores; large libraries grow
in several such pieces.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name

from rich.console import Console

from eval.lab.command import run_command
from eval.lab.measure import arguments, show
from eval.lab.speed.kept import Kept, file_of, read, write
from eval.lab.speed.machine import describe, load
from eval.lab.speed.options import Options
from eval.lab.speed.parts import growth
from eval.lab.speed.report import write_report
from eval.lab.speed.table import COLUMNS, lines

MEASURERS = {
    "adding": "adding:adding",
    "again": "adding:again",
    "evidence": "evidence:evidence",
    "answers": "answers:answers",
    "tokens": "answers:tokens",
    "cold": "cold:cold",
    "window": "window:window",
    "first": "window:first",
    "at-once": "window:at_once",
}
"""The function that measures a part, as module:name, so that a part imports only what it needs."""

PARTS = (*MEASURERS, *growth.PARTS)

UNFINISHED = 3
"""The exit code of a part's process if the part has to go on in another one."""


def main(given_arguments: Sequence[str]) -> int:
    """Measure the missing parts, print the table, and write the report."""
    asked = vars(_parser().parse_args(given_arguments))
    report, only, folder = (asked.pop(name) for name in ("report", "only", "folder"))
    options = Options(folder.absolute(), **asked)
    options.folder.mkdir(parents=True, exist_ok=True)
    parts = only if only is not None else [*parts_of(options)]
    failed = [part for part in parts if not _run(part, options)]
    kept = kept_in(options.folder)
    show(COLUMNS, lines(kept))
    for part, each in kept.items():
        _say(f"{part}: measured in {each.seconds:,.0f} s")
    if kept:
        write_report(kept, report)
    return 2 if failed else 0


def _parser() -> argparse.ArgumentParser:
    files = ("xquad", "squad", "article")
    parser = arguments("eval.lab.speed", __doc__, *files, required=False)
    add = parser.add_argument
    add("--only", nargs="*", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    add("--peers", action="store_true", help="install LlamaIndex into FOLDER/peers if it is needed")
    add(
        "--report", type=Path, default=Path("BENCHMARKS.md"), metavar="FILE", help="what is written"
    )
    add("--database", metavar="ADDRESS", help="postgresql://USER@HOST/DATABASE")
    add("--chroma", metavar="ADDRESS", help="of a Chroma server")
    return parser


def parts_of(options: Options) -> Iterator[str]:
    """Yield the parts that can be measured with what was given."""
    servers = {"folder": True, "postgresql": options.database, "chroma": options.chroma}
    for part in PARTS:
        where, _ = growth.PARTS.get(part, ("folder", 0))
        if servers[where]:
            yield part


def kept_in(folder: Path) -> dict[str, Kept]:
    """Return the parts that have been measured, by their names."""
    found = ((part, read(folder, part)) for part in PARTS)
    return {part: kept for part, kept in found if kept is not None}


def _run(part: str, options: Options) -> bool:
    """Measure a part in one or more processes of its own, unless its file exists."""
    context = multiprocessing.get_context("spawn")
    while not file_of(options.folder, part).exists():
        _say(f"{part} …")
        process = context.Process(target=_alone, args=(part, options))
        process.start()
        process.join()
        if process.exitcode not in (0, UNFINISHED):
            _say(f"{part} was not measured.")
            return False
    return True


def _alone(part: str, options: Options) -> None:
    run_command(lambda _: 0 if measure(part, options) else UNFINISHED)


def measure(part: str, options: Options) -> Kept | None:
    """Measure a part in this process and keep it; None if another process has to go on.

    Raises UserError if something that it needs is missing.
    """
    started, busy, begun = datetime.now(UTC), load(), time.monotonic()
    if kept := _measured(part, options):
        kept = replace(
            kept,
            machine={**describe(), "load_before": busy},
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - begun, 1),
        )
        write(options.folder, kept)
    return kept


def _measured(part: str, options: Options) -> Kept | None:
    if part in growth.PARTS:
        return growth.growth(options, part, _say)
    kept: Kept | None = resolve_name(f"eval.lab.speed.parts.{MEASURERS[part]}")(options)
    return kept


def _say(words: str) -> None:
    Console(stderr=True, highlight=False).print(words, markup=False)
