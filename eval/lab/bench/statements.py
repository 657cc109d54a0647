"""False statements: untrue sentences by the language model, found by eye and recorded.

FOLDER is that of `eval.lab.bench`. From all its answers that the language model wrote, the same 150
are always drawn, in the same order. A person reads each of their sentences against its quotes and
the document. The verdicts are kept in `statements.json`, next to this file, by the hash of
question, sentence and quotes, so that only new sentences need to be read. `--unread` prints those;
`--true` and `--false` store verdicts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.comparing.compare import load_run
from eval.lab.command import run_command
from eval.lab.measure import arguments, share
from eval.measuring.statistics import Metric
from eval.running.record import Run
from index.atomic import write_whole
from index.documents import text_sha256
from index.errors import UserError
from index.printable import printable

KEPT = Path(__file__).parent / "statements.json"
ANSWERS = 150
PARTS = ("answers", "off-topic", "squad", "article", "briefing")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that the language model wrote, with its question and the quotes it cites."""

    question: str
    text: str
    quotes: tuple[str, ...]

    @property
    def id(self) -> str:
        """The beginning of the SHA-256 of all that its verdict depends on."""
        return text_sha256("\n".join((self.question, self.text, *self.quotes)))[:16]


def main(argv: Sequence[str]) -> int:
    """Store the verdicts that are given, and print how many of the written sentences are false."""
    parser = arguments("eval.lab.bench.statements", __doc__)
    parser.add_argument("--unread", action="store_true")
    parser.add_argument("--true", nargs="+", default=[], metavar="ID")
    parser.add_argument("--false", nargs="+", default=[], metavar="ID")
    asked = parser.parse_args(argv)
    files = {part: asked.folder / f"{part}.json" for part in PARTS}
    answers = drawn({part: load_run(file) for part, file in files.items() if file.exists()})
    keep(dict.fromkeys(asked.true, True) | dict.fromkeys(asked.false, False), answers)
    verdicts = kept()
    for each in unread(answers, verdicts) if asked.unread else ():
        lines = (f"{each.id}  {each.question}", f"    {each.text}")
        quotes = (f"    > {quote}" for quote in each.quotes)
        sys.stdout.write("\n".join(map(printable, (*lines, *quotes))) + "\n")
    sys.stdout.write(f"{describe(answers, verdicts)}\n")
    return 0


def drawn(runs: Mapping[str, Run]) -> list[tuple[Statement, ...]]:
    """Return the statements of each answer that is to be read, always the same answers.

    Cases are ordered by a hash of their names, so that a newly refused case moves the others by at
    most one place.
    """
    found = [
        (text_sha256(f"{part}/{each.id}"), statements)
        for part, run in runs.items()
        for each in run.results
        if each.answer and each.error is None and (statements := tuple(_written(each.answer)))
    ]
    return [statements for _, statements in sorted(found)[:ANSWERS]]


def _written(answer: dict[str, Any]) -> Iterator[Statement]:
    """Yield the proven sentences of an answer that are not quotes themselves."""
    quotes = {each["number"]: " ".join(each["quote"].split()) for each in answer["citations"]}
    for sentence in answer["sentences"]:
        cited = tuple(quotes[number] for number in sentence["citations"])
        if sentence["supported"] and sentence["text"] not in {f"“{each}”" for each in cited}:
            yield Statement(answer["question"], sentence["text"], cited)


def kept() -> dict[str, bool]:
    """Return the verdicts: whether the statement of an id is true."""
    return dict(json.loads(KEPT.read_text("utf-8"))) if KEPT.exists() else {}


def keep(found: dict[str, bool], answers: Iterable[Sequence[Statement]]) -> None:
    """Add verdicts to those that are kept.

    Raises UserError for an id that none of the statements has.
    """
    if unknown := found.keys() - {each.id for of in answers for each in of}:
        raise UserError(f"There is no statement {min(unknown)} among those that are read.")
    if found:
        told = json.dumps(kept() | found, indent=1, sort_keys=True)
        write_whole(KEPT, f"{told}\n".encode())


def unread(
    answers: Iterable[Sequence[Statement]], verdicts: Mapping[str, bool]
) -> Iterator[Statement]:
    """Yield the statements that nobody has read yet."""
    yield from (each for of in answers for each in of if each.id not in verdicts)


def false_answers(answers: Sequence[Sequence[Statement]], verdicts: Mapping[str, bool]) -> Metric:
    """Return the share of answers with a false statement; its value is None if any is unread."""
    if any(unread(answers, verdicts)):
        return Metric(None, len(answers))
    return share(not all(verdicts[each.id] for each in of) for of in answers)


def describe(answers: Sequence[Sequence[Statement]], verdicts: Mapping[str, bool]) -> str:
    """Say how many answers hold a false statement, and how many statements are unread."""
    found = [verdicts.get(each.id) for of in answers for each in of]
    return (
        f"{len(answers)} answers, {len(found)} written sentences: {found.count(False)} false, "
        f"{found.count(None)} not read yet"
    )


if __name__ == "__main__":
    run_command(main)
