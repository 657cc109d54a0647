"""The dialogues about SQuAD's texts, and conversations that turn from one text to another.

`dialogues.jsonl.gz` names paragraphs, and for each message the places that answer it. The answer to
a message is the text of these places, as Footnoted answers without a language model. Every third
dialogue is held out: the router learns from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from eval.lab.training.inputs import read_records, reading
from eval.lab.training.routing.further import HELD_OUT
from rag.asking.rewrite import Turn

TOGETHER = 3
"""How many dialogues are mixed into one conversation."""

NOTHING = "The sources do not say."


class Said(NamedTuple):
    """A message, the same made to stand alone, and the places of its text that answer it."""

    user: str
    alone: str
    places: tuple[tuple[int, int], ...]
    answer: str

    @property
    def turns(self) -> tuple[Turn, Turn]:
        """The message and its answer, as the history of a later message."""
        return ("user", self.user), ("assistant", self.answer)


class Dialogue(NamedTuple):
    """A dialogue about a text, without the messages that are not questions about the text."""

    title: str
    text: str
    said: Sequence[Said]


def load_dialogues(file: Path, squad: Path, *, held_out: bool) -> list[Dialogue]:
    """Return the dialogues of a file that are held out, or those that are not.

    Raises UserError for a file in another format.
    """
    with reading(squad, "is not in SQuAD's format"):
        articles = {each["title"].replace("_", " "): each for each in read_records(squad)["data"]}
    with reading(file, "holds no dialogues about these texts"):
        return [
            _dialogue(each, articles[each["article"]]["paragraphs"])
            for at, each in enumerate(read_records(file))
            if (at % HELD_OUT == 0) == held_out
        ]


def _dialogue(record: dict[str, Any], paragraphs: Sequence[dict[str, Any]]) -> Dialogue:
    texts = [paragraphs[at]["context"] for at in record["paragraphs"]]
    starts = [sum(len(text) + 2 for text in texts[:at]) for at in range(len(texts))]
    text = "\n\n".join(texts)
    said = []
    for turn in record["turns"]:
        if "kind" in turn:
            continue
        places, shown = (
            [(starts[at] + start, starts[at] + end) for at, start, end in turn.get(name, ())]
            for name in ("places", "shown")
        )
        answer = " ".join(text[start:end] for start, end in shown or places) or NOTHING
        said.append(Said(turn["user"], turn.get("alone", turn["user"]), tuple(places), answer))
    return Dialogue(record["article"], text, said)


def mixed(dialogues: Sequence[Dialogue]) -> Iterator[tuple[Dialogue, Said]]:
    """Yield the messages of dialogues as one conversation that turns from text to text.

    It turns only before messages that stand alone.
    """
    for blocks in zip_longest(*(_blocks(each) for each in dialogues), fillvalue=()):
        for dialogue, block in zip(dialogues, blocks, strict=True):
            yield from ((dialogue, each) for each in block)


def _blocks(dialogue: Dialogue) -> list[list[Said]]:
    """Return blocks of a dialogue: each message that stands alone, with those that depend on it."""
    blocks: list[list[Said]] = []
    for each in dialogue.said:
        if not blocks or each.alone == each.user:
            blocks.append([])
        blocks[-1].append(each)
    return blocks


def groups(dialogues: Sequence[Dialogue]) -> list[Sequence[Dialogue]]:
    """Return dialogues in groups that are mixed into one conversation."""
    return [dialogues[at : at + TOGETHER] for at in range(0, len(dialogues), TOGETHER)]
