"""Whether follow-ups find the passages that answer them, compared with people's rewrites.

    python -m eval.lab.bench.talks.rewrites FOLDER FILE REWRITES

FILE is MTRAG's, as JSON Lines; all its passages are one library, in FOLDER. REWRITES holds last
questions that people rewrote to stand alone. For the answerable turns after the first, prints the
share with an answering passage among the first five quotes: searched as typed, as Footnoted reads
them, and, for those that people rewrote, as rewritten.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.lab.bench.prose.data import Asked, Data, holds, load_data
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.measuring.metrics import DEPTH
from rag.asking.rewrite import rewritten
from rag.assistant import Assistant
from rag.finding.quotes import find_quotes

LATE = 6
"""The turn from which a conversation counts as long."""

People = dict[tuple[str, ...], str]
"""The rewrites of people, by the user's questions up to the one that is rewritten."""


def main(argv: Sequence[str]) -> int:
    """Search for all turns, and print the figures."""
    parser = arguments("eval.lab.bench.talks.rewrites", __doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("rewrites", type=Path, metavar="REWRITES")
    asked = parser.parse_args(argv)
    data = load_data(asked.file)
    lines = gzip.decompress(asked.rewrites.read_bytes()).decode().splitlines()
    people = {tuple(each["questions"]): each["rewrite"] for each in map(json.loads, lines)}
    show_rows(figures(data, people, asked.folder), data.name)
    return 0


def figures(data: Data, people: People, folder: Path) -> Iterator[Row]:
    """Yield how often an answer is found: for all turns, late ones, and those people rewrote."""
    asked = {each.id: each for each in data.asked if each.passages and each.history}
    assistant = filled(folder / data.name, data.documents)
    file = folder / f"{data.name}-rewrites.json"
    found = kept(file, asked, lambda each: _found(each, people, assistant))
    groups = {
        "all": set(asked),
        f"from turn {LATE} on": {name for name in asked if len(_typed(asked[name])) >= LATE},
        "rewritten by people": {name for name in asked if _typed(asked[name]) in people},
    }
    for group, names in groups.items():
        for way in ("as typed", "as read", "as people wrote"):
            if all(way in found[name] for name in names):
                yield Row(f"{group}, {way}", share(found[name][way] for name in names))


def _typed(asked: Asked) -> tuple[str, ...]:
    return (*(text for role, text in asked.history if role == "user"), asked.question)


def _found(asked: Asked, people: People, assistant: Assistant) -> dict[str, bool]:
    """Return, by way of asking, whether a passage that answers is among the quotes."""
    made = rewritten(asked.question, asked.history, assistant.reader.edits)
    texts = {"as typed": asked.question, "as read": made.first_of_all(asked.question)}
    if _typed(asked) in people:
        texts["as people wrote"] = people[_typed(asked)]
    quotes = {
        way: find_quotes(assistant.library, assistant.reranker, text, DEPTH).quotes
        for way, text in texts.items()
    }
    return {
        way: holds(asked, [(each.document.id, each.start, each.end) for each in found])
        for way, found in quotes.items()
    }


if __name__ == "__main__":
    run_command(main)
