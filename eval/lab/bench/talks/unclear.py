"""How often Footnoted asks back, for messages that leave open what they mean and for clear ones.

    python -m eval.lab.bench.talks.unclear FOLDER [--shown N]

`unclear.jsonl` has first messages on the documents that come with Footnoted, written by somebody
who had not seen the program. Half of them could mean several things in their document; the others
look like these but mean one thing, or nothing. They are asked without the language model; libraries
and answers are kept in FOLDER. Every second one of each kind is for development, the others are
held out. The first N that are taken wrongly are printed, to be read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.inputs import read_records
from index.loading.load import load
from rag.assistant import Assistant

MESSAGES = Path(__file__).parent / "unclear.jsonl"

Message = dict[str, Any]
"""A message (`question`) on a `document`, whether it is `unclear`, and its result: the `way` in
which it was answered, whether it was `refused`, and the `text` of the answer."""


def main(argv: Sequence[str]) -> int:
    """Ask all messages, and print the figures."""
    parser = arguments("eval.lab.bench.talks.unclear", __doc__)
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    asked = parser.parse_args(argv)
    told = list(ask_all(asked.folder))
    show_rows(figures(told))
    wrong = [each for each in told if each["unclear"] != (each["way"] == "unclear")]
    for each in wrong[: asked.shown]:
        sys.stdout.write(f"\n{each['document']}: {each['question']}\n  {each['text']}\n")
    return 0


def ask_all(folder: Path) -> Iterator[Message]:
    """Yield each message with its answer, by document."""
    messages = read_records(MESSAGES)
    for name in dict.fromkeys(each["document"] for each in messages):
        assistant = filled(folder / name, [load(SETS / name)], llm="none")
        of = {each["question"]: each for each in messages if each["document"] == name}
        found = kept(folder / f"{name}.json", of, partial(_answer, assistant))
        yield from (each | found[question] for question, each in of.items())


def _answer(assistant: Assistant, message: Message) -> Message:
    answer = assistant.ask(message["question"])
    return {"way": answer.way, "refused": answer.refused, "text": answer.text}


def figures(told: Sequence[Message]) -> Iterator[Row]:
    """Yield how many were asked back and refused, of each kind and half."""
    for kind, unclear in (("unclear", True), ("clear", False)):
        of = [each for each in told if each["unclear"] == unclear]
        for half, some in (("development", of[::2]), ("held out", of[1::2])):
            # The way decides: a list that leaves something out also ends with a question.
            back = share(each["way"] == "unclear" for each in some)
            yield Row(f"{kind}, {half}: asked back", back)
            yield Row(f"{kind}, {half}: refused", share(each["refused"] for each in some))


if __name__ == "__main__":
    run_command(main)
