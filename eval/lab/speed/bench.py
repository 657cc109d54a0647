"""The benchmark of speed: every row a ratio, both sides by turns on the same machine.

    python -m eval.lab.speed FOLDER [--only PART ...] [--peers] [--xquad FILE] [--squad FILE] ...

Runs what is not in FOLDER yet, prints the table, and writes BENCHMARKS.md with its plots beside it.
A stopped bench goes on where it was; delete a part's file to measure it again. Each part runs in a
process of its own, for less than ten minutes on two cores; large libraries grow in several such
pieces. The parts:

adding      real prose, added file by file, beside sentence-transformers on the same passages
again       1,000 documents by the command, and the same command once more
evidence    60 questions of XQuAD, beside LlamaIndex (--peers installs it into FOLDER/peers)
answers     questions of the set `article`, beside CitationQueryEngine
tokens      the language model through Footnoted, beside llama.cpp alone
cold        commands in processes of their own, beside Python's
window      from the command to a page that can be typed into, beside an empty Gradio app
first       the first question in a window that has been open for a while, and its memory
at-once     the first question in a window that has just opened
growth-N    a library of N passages beside one of 84: finding, adding, memory, disk

and with --database ADDRESS and --chroma ADDRESS, growth-postgresql-N and growth-chroma-N: the same
in schemas of a PostgreSQL database, and with the vectors on a Chroma server.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from eval.lab.command import run_command
from eval.lab.speed.given import Given
from eval.lab.speed.kept import Kept, file_of, read, write
from eval.lab.speed.machine import describe, load
from eval.lab.speed.parts.growth import WHERE, part_of
from eval.lab.speed.report import write_report
from eval.lab.speed.table import show

GROWTH = {part_of(where, size): (where, size) for where, sizes in WHERE.items() for size in sizes}
PARTS = (
    "adding",
    "again",
    "evidence",
    "answers",
    "tokens",
    "cold",
    "window",
    "first",
    "at-once",
    *GROWTH,
)

UNFINISHED = 3
"""How the process of a part ends that goes on in another one."""


def main(arguments: Sequence[str]) -> int:
    """Measure what is missing, print the table, write the report."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--xquad", type=Path, metavar="FILE", help="as for eval.lab.bench")
    parser.add_argument("--squad", type=Path, metavar="FILE", help="as for eval.lab.bench")
    parser.add_argument("--article", type=Path, metavar="FILE", help="as for eval.lab.bench")
    parser.add_argument("--only", nargs="*", choices=PARTS, metavar="PART")
    parser.add_argument("--peers", action="store_true", help="install them where they are needed")
    parser.add_argument(
        "--report", type=Path, default=Path("BENCHMARKS.md"), metavar="FILE", help="what is written"
    )
    parser.add_argument("--database", metavar="ADDRESS", help="postgresql://USER@HOST/DATABASE")
    parser.add_argument("--chroma", metavar="ADDRESS", help="of a Chroma server")
    asked = parser.parse_args(arguments)
    folder = asked.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    files = (asked.xquad, asked.squad, asked.article)
    given = Given(folder, *files, asked.peers, asked.database, asked.chroma)
    parts = asked.only if asked.only is not None else [*_parts(given)]
    failed = [part for part in parts if not _run(part, given)]
    kept = kept_in(folder)
    show(kept)
    if kept:
        write_report(kept, asked.report)
    return 2 if failed else 0


def _parts(given: Given) -> Iterator[str]:
    """Yield the parts that can be measured with what was given."""
    servers = {"folder": True, "postgresql": given.database, "chroma": given.chroma}
    for part in PARTS:
        where, _ = GROWTH.get(part, ("folder", 0))
        if servers[where]:
            yield part


def kept_in(folder: Path) -> dict[str, Kept]:
    """Return the parts that have been measured, by their names."""
    found = ((part, read(folder, part)) for part in PARTS)
    return {part: kept for part, kept in found if kept is not None}


def _run(part: str, given: Given) -> bool:
    """Measure a part in a process of its own, or several, unless its file is there."""
    context = multiprocessing.get_context("spawn")
    while not file_of(given.folder, part).exists():
        _say(f"{part} …")
        process = context.Process(target=_alone, args=(part, given))
        process.start()
        process.join()
        if process.exitcode not in (0, UNFINISHED):
            _say(f"{part} was not measured.")
            return False
    return True


def _alone(part: str, given: Given) -> None:
    run_command(lambda _: 0 if measure(part, given) else UNFINISHED)


def measure(part: str, given: Given) -> Kept | None:
    """Measure a part here and keep it; None while it has to go on.

    Raises UserError where something that it needs is missing.
    """
    started, busy = datetime.now(UTC), load()
    begun = time.monotonic()
    kept = _measurer(part)(given)
    if kept is not None:
        kept = replace(
            kept,
            machine={**describe(), "load_before": busy},
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - begun, 1),
        )
        write(given.folder, kept)
    return kept


def _measurer(part: str) -> Callable[[Given], Kept | None]:
    """Return what measures a part; what only that needs is imported now."""
    if part in GROWTH:
        from eval.lab.speed.parts.growth import growth

        where, passages = GROWTH[part]
        return partial(growth, passages=passages, tell=_say, where=where)
    if part in ("adding", "again"):
        from eval.lab.speed.parts.adding import adding, again

        return adding if part == "adding" else again
    if part == "evidence":
        from eval.lab.speed.parts.evidence import evidence

        return evidence
    if part in ("answers", "tokens"):
        from eval.lab.speed.parts.answers import answers, tokens

        return answers if part == "answers" else tokens
    if part == "cold":
        from eval.lab.speed.parts.cold import cold

        return cold
    from eval.lab.speed.parts.window import at_once, first, window

    if part == "window":
        return window
    return first if part == "first" else at_once


def _say(words: str) -> None:
    Console(stderr=True, highlight=False).print(words, markup=False)
