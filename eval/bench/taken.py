"""How many ordinary questions the special ways to answer take: each should be next to none.

    python -m eval.bench.taken FILE ...

The files are in SQuAD's format, or sets. Prints for each file how many questions it has, and for
each way how many it takes, with the first of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eval.cases.cases import load_set
from eval.command import run_command
from eval.formats.xquad import load_xquad
from rag.asking.about import asked_about_document
from rag.asking.items import asked_items
from rag.asking.parts import parted
from rag.asking.scope import asked_overview

SHOWN = 3


def _overview(question: str) -> bool:
    scope = asked_overview(question)
    return scope is not None and (scope.topics or scope.is_whole)


def _about(question: str) -> bool:
    asked = asked_about_document(question)
    return asked is not None and asked.scope.is_whole


WAYS: dict[str, Callable[[str], bool]] = {
    "overview": _overview,
    "about the document": _about,
    "parts": lambda question: parted(question) is not None,
    "list": lambda question: asked_items(question) is not None,
}


def main(arguments: Sequence[str]) -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.taken")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for file in parser.parse_args(arguments).files:
        sys.stdout.write("\n".join(_lines(file)) + "\n")
    return 0


def _lines(file: Path) -> Iterator[str]:
    sets = file.suffix in (".jsonl", ".yaml", ".yml")
    cases = load_set(file).cases if sets else load_xquad(file).cases
    questions = [case.question for case in cases]
    yield f"{file.name}: {len(questions):,} questions"
    for name, takes in WAYS.items():
        taken = [question for question in questions if takes(question)]
        shown = "".join(f"\n    {question}" for question in taken[:SHOWN])
        yield f"  {name}: {len(taken)}{shown}"


if __name__ == "__main__":
    run_command(main)
