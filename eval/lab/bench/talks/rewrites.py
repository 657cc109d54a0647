"""Whether follow-ups find what answers them, beside what people made of them.

    python -m eval.lab.bench.talks.rewrites FOLDER FILE REWRITES

FILE is MTRAG's, as JSON Lines; all its passages are one library, in FOLDER. REWRITES are what
people made of last questions, so that they stand alone. For the answerable turns after the first
prints the share that has a passage which answers among the first five quotes: searched as typed, as
Footnoted reads them, and, of those that people rewrote, as people did.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

from eval.lab.bench.prose.__main__ import holds
from eval.lab.bench.prose.data import Asked, Data, load_data
from eval.lab.command import run_command
from eval.measuring.metrics import DEPTH
from rag.asking.rewrite import rewritten
from rag.assistant import Assistant
from rag.config import load_settings
from rag.finding.quotes import find_quotes

LATE = 6
"""The turn of a conversation from which it is a long one."""


def main(arguments: Sequence[str]) -> int:
    """Search, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.lab.bench.talks.rewrites", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("rewrites", type=Path)
    given = parser.parse_args(arguments)
    data = load_data(given.file)
    lines = gzip.decompress(given.rewrites.read_bytes()).decode().splitlines()
    people = {tuple(each["questions"]): each["rewrite"] for each in map(json.loads, lines)}
    assistant = Assistant(load_settings(library=given.folder / data.name))
    for document in data.documents:
        assistant.library.add(document)
    sys.stdout.write("".join(f"{line}\n" for line in figures(data, people, assistant)))
    return 0


def figures(data: Data, people: dict[tuple[str, ...], str], assistant: Assistant) -> Iterator[str]:
    """Yield a line for all turns, for late ones, and for those that people rewrote."""
    asked = [each for each in data.asked if each.passages and each.history]
    found = {each.id: _found(each, people, assistant) for each in asked}
    groups = {
        "all": asked,
        f"from turn {LATE} on": [each for each in asked if len(_typed(each)) >= LATE],
        "rewritten by people": [each for each in asked if _typed(each) in people],
    }
    for name, some in groups.items():
        ways = [way for way in found[some[0].id] if all(way in found[each.id] for each in some)]
        told = ", ".join(f"{way} {mean(found[each.id][way] for each in some):.3f}" for way in ways)
        yield f"{data.name}, {name}, {len(some)}: {told}"


def _typed(asked: Asked) -> tuple[str, ...]:
    return (*(text for role, text in asked.history if role == "user"), asked.question)


def _found(
    asked: Asked, people: dict[tuple[str, ...], str], assistant: Assistant
) -> dict[str, bool]:
    """Return, by the way of asking, whether a passage that answers is among the quotes."""
    made = rewritten(asked.question, asked.history, assistant.reader.edits)
    first = made.first_of_all(asked.question)
    texts = {"as typed": asked.question, "as read": first}
    if _typed(asked) in people:
        texts["as people wrote"] = people[_typed(asked)]
    found: dict[str, bool] = {}
    for way, text in texts.items():
        quotes = find_quotes(assistant.library, assistant.reranker, text, DEPTH, ()).quotes
        found[way] = holds(asked, [(each.document.id, each.start, each.end) for each in quotes])
    return found


if __name__ == "__main__":
    run_command(main)
