"""How well statements are checked against documents in another language.

    python -m eval.lab.bench.languages.statements FOLDER [--shown]

Checks the statements of `statements.jsonl`, in German, Chinese and English, against the briefing in
English, German and Chinese: each against a library that holds its document alone. For each expected
verdict, prints which verdicts they get. Libraries are kept in FOLDER. `--shown` prints the
statements that are judged wrongly.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases.cases import SETS
from eval.lab.command import arguments, run_command
from eval.lab.measure import show
from eval.lab.training.inputs import read_records
from index.loading.load import load
from index.weights.catalogue import MULTILINGUAL
from rag.assistant import Assistant
from rag.config import load_settings

STATEMENTS = Path(__file__).parent / "statements.jsonl"
VERDICTS = ("supported", "contradicted", "not_in_sources")


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement with the verdict that it should get (`wanted`) and the one that it gets."""

    document: str
    language: str
    text: str
    wanted: str
    given: str


def main(argv: Sequence[str]) -> int:
    """Check all statements, and print the table."""
    parser = arguments("eval.lab.bench.languages.statements", __doc__)
    parser.add_argument("--shown", action="store_true")
    given = parser.parse_args(argv)
    names = dict.fromkeys(each["document"] for each in read_records(STATEMENTS))
    judged = [each for name in names for each in check_all(name, given.folder / name)]
    show(("document", "statements in", "should be", "n", "are"), list(_table(judged)))
    for each in judged if given.shown else ():
        if each.wanted != each.given:
            sys.stdout.write(f"{each.document} {each.wanted} -> {each.given}: {each.text}\n")
    return 0


def check_all(name: str, library: Path) -> Iterator[Judged]:
    """Check the statements on a document against a library that holds only this document."""
    path = STATEMENTS.parent / name
    document = load(str(path if path.exists() else SETS / name))
    settings = load_settings(library=library, embedding=MULTILINGUAL, llm="none")
    with Assistant(settings) as assistant:
        assistant.library.add(document)
        for each in read_records(STATEMENTS):
            if each["document"] == name:
                [checked] = assistant.check(each["text"])
                language, text, wanted = each["language"], each["text"], each["verdict"]
                yield Judged(name, language, text, wanted, checked.verdict)


def _table(judged: Sequence[Judged]) -> Iterator[tuple[object, ...]]:
    for document, language in dict.fromkeys((each.document, each.language) for each in judged):
        for wanted in VERDICTS:
            of = [
                each
                for each in judged
                if (each.document, each.language, each.wanted) == (document, language, wanted)
            ]
            counts = Counter(each.given for each in of).most_common()
            given = ", ".join(f"{verdict} {count}" for verdict, count in counts)
            yield document, language, wanted, len(of), given


if __name__ == "__main__":
    run_command(main)
