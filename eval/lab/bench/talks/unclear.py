"""How often it is asked back, of messages that leave open what they mean and of such that do not.

    python -m eval.lab.bench.talks.unclear FOLDER [--shown N]

`unclear.jsonl` has first messages on the documents that come with Footnoted, written by somebody
who had not seen the program: half of them could mean several things in their document, half look
like these and mean one, or none. They are asked without the language model; the libraries are kept
in FOLDER. Every second one of each kind is for development, the others are held out. The first N
that are taken wrongly are printed to be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases.cases import SETS
from eval.lab.command import run_command
from eval.measuring.statistics import wilson
from index.loading.load import load
from rag.answer import Answer
from rag.assistant import Assistant
from rag.config import load_settings

MESSAGES = Path(__file__).parent / "unclear.jsonl"


@dataclass(frozen=True, slots=True)
class Message:
    """A message on a document; where it is unclear, `readings` are the things it may mean."""

    document: str
    question: str
    unclear: bool
    readings: tuple[str, ...] = ()


def main(arguments: Sequence[str]) -> int:
    """Ask all, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.lab.bench.talks.unclear", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    told = [(each, answer) for each, answer in ask_all(messages(), given.folder)]
    sys.stdout.write("".join(f"{line}\n" for line in figures(told)))
    wrong = [(each, answer) for each, answer in told if each.unclear != _asked_back(answer)]
    for each, answer in wrong[: given.shown]:
        sys.stdout.write(f"\n{each.document}: {each.question}\n  {answer.text}\n")
    return 0


def messages() -> list[Message]:
    """Return the messages, in the order of their file."""
    lines = map(json.loads, MESSAGES.read_text("utf-8").splitlines())
    return [Message(**each | {"readings": tuple(each.get("readings", ()))}) for each in lines]


def ask_all(asked: Sequence[Message], folder: Path) -> Iterator[tuple[Message, Answer]]:
    """Yield each message with its answer."""
    for name in dict.fromkeys(each.document for each in asked):
        assistant = Assistant(load_settings(library=folder / name, llm="none"))
        assistant.library.add(load(SETS / name))
        for each in asked:
            if each.document == name:
                yield each, assistant.ask(each.question)


def _asked_back(answer: Answer) -> bool:
    """Whether it was asked back; a list that leaves something out has a question to go on with."""
    return answer.way == "unclear"


def figures(told: Sequence[tuple[Message, Answer]]) -> Iterator[str]:
    """Yield how many were asked back, a line a kind and half."""
    for unclear in (True, False):
        kind = [answer for each, answer in told if each.unclear == unclear]
        for name, some in (("development", kind[::2]), ("held out", kind[1::2])):
            back = sum(map(_asked_back, some))
            refused = sum(answer.refused for answer in some)
            low, high = wilson(back / len(some), len(some))
            yield (
                f"{'unclear' if unclear else 'clear'}, {name}, {len(some)}: asked back "
                f"{back / len(some):.3f} ({low:.3f}–{high:.3f}), refused {refused / len(some):.3f}"
            )


if __name__ == "__main__":
    run_command(main)
