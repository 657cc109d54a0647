"""How well the reader tells what follow-ups in other languages need from the turns before them.

    python -m eval.lab.bench.languages.follow_ups

`conversations.jsonl`, next to this module, has 14 conversations in each of nine languages. Whoever
wrote them had not seen the conversations that the reader learns from. For each language, it prints
how many of the messages that need something are recognised, and how many with the words meant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.training.multilingual.follow_ups import load_messages, of_messages
from index.weights.catalogue import READER_OF_ALL
from rag.answerability.reader import Reader
from rag.config import load_settings

CONVERSATIONS = Path(__file__).with_name("conversations.jsonl")


def main(_: Sequence[str]) -> int:
    """Read all messages, and print."""
    reader = Reader(load_settings().models, READER_OF_ALL)
    for line in of_messages(load_messages(CONVERSATIONS), reader.edits_across):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    run_command(main)
