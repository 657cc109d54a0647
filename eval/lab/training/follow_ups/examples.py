"""Follow-ups with people's rewrites of them, and the edits that make one into the other.

`conversations.jsonl.gz` is the project's own: a line for each conversation, and for each turn the
message as typed (`user`), its rewrite that stands alone (`alone`), and the answer (`assistant`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from eval.lab.training.inputs import read_records, reading
from index.language.words import any_word
from rag.asking.rewrite import HOWS, Turn, places
from rag.languages import FUNCTION_WORDS
from rag.languages.english_words import LINKS, OWNING

CONVERSATIONS = Path(__file__).parent / "conversations.jsonl.gz"

HELD = 7
"""One conversation in so many is held out, to measure on."""

REACTIONS = frozenset(
    "ok okay well yes yeah no oh sorry oops hmm really thanks please i meant mean".split()
)
"""Words that a follow-up may open with, and that its rewrite leaves out."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A message with the turns before it, and a person's rewrite that stands alone (`alone`).

    `source` is the file's name. A `conversation` is learned from as a whole, or held out.
    """

    source: str
    conversation: str
    history: tuple[Turn, ...]
    message: str
    alone: str

    @property
    def held_out(self) -> bool:
        """Whether nothing is learned from it."""
        return crc32(self.conversation.encode()) % HELD == 0


class Label(NamedTuple):
    """The edit at a place of a message, and where in the context the words that it copies are."""

    how: int = HOWS.index("keep")
    link: int = 0
    owns: bool = False
    place: tuple[int, int] | None = None


def load_follow_ups(*files: Path) -> list[FollowUp]:
    """Return the follow-ups of the project's own file, CANARD's, MTRAG's and TREC CAsT's.

    Raises UserError for a file in another format.
    """
    found: list[FollowUp] = []
    for file in files:
        with reading(file, "holds no follow-ups that can be read"):
            for each in read_records(file):
                found += _of(each, file.name, f"{file.name}:{len(found)}")
    return found


def _of(record: dict[str, Any], source: str, name: str) -> Iterator[FollowUp]:
    """Yield the follow-ups of a record, in any of the formats."""
    history: list[Turn] = []
    if "Rewrite" in record:
        title, section, *said = record["History"]
        history = [("user", f"{title}, {section}")]
        history += [("assistant" if at % 2 else "user", each) for at, each in enumerate(said)]
        message, alone = record["Question"], record["Rewrite"]
        yield FollowUp(source, record["QuAC_dialog_id"], tuple(history), message, alone)
    elif "rewrite" in record:
        *before, last = record["questions"]
        history = [("user", each) for each in before]
        name = record["id"].partition("<::>")[0]
        if before:
            yield FollowUp(source, name, tuple(history), last, record["rewrite"])
    else:
        for turn in record["turns"]:
            user, alone = (turn["user"], turn["alone"]) if isinstance(turn, dict) else turn
            if history:
                yield FollowUp(source, record.get("id", name), tuple(history), user, alone)
            history.append(("user", user))
            if isinstance(turn, dict):
                history.append(("assistant", turn["assistant"]))


class Example(NamedTuple):
    """A message with its context, and the edits at its places, to learn from."""

    message: str
    context: str
    labels: list[Label]
    needs: bool

    @classmethod
    def of(cls, message: str, alone: str, context: str, *, needs: bool | None = None) -> Example:
        """Make an example from a message and its rewrite; by default its labels decide `needs`."""
        made = labels(message, alone, context)
        put_in = any(each.place for each in made)
        return cls(message, context, made, put_in if needs is None else needs)


def labels(message: str, alone: str, context: str) -> list[Label]:
    """Return the edit at each place of a message that makes it into its rewrite.

    If the rewrite uses words that nobody said before, the message keeps its own.
    """
    at = places(message)
    words = [message[start:end].casefold() for start, end in at[:-1]]
    wanted = [each[0] for each in any_word().finditer(alone)]
    made = [Label()] * len(at)
    matcher = SequenceMatcher(None, words, [each.casefold() for each in wanted], autojunk=False)
    for how, start, end, first, last in matcher.get_opcodes():
        if how == "equal":
            continue
        copied = _copied(wanted[first:last], context)
        light = [place for place in range(start, end) if is_light(words[place])]
        if copied or len(light) == end - start:
            for other in light:
                made[other] = Label(HOWS.index("drop"))
        if copied:
            how = "replace" if light else "insert"
            made[light[0] if light else end] = copied._replace(how=HOWS.index(how))
        elif how == "replace":
            for other in light:
                made[other] = Label()
    return made


def is_light(word: str) -> bool:
    """Whether a word says nothing about a subject: it may be dropped, and is not looked for."""
    return word in FUNCTION_WORDS or word in REACTIONS or not re.search(r"\w", word)


def _copied(wanted: Sequence[str], context: str) -> Label | None:
    """Return where words were said before, with link and ending; None if nowhere.

    If the words were not said in one piece, the piece with the most content words is taken; of
    equal ones the longest, and of these the first.
    """
    said = [(_bare(each[0]), each.span()) for each in any_word().finditer(context)]
    bare = [_bare(each) for each in wanted]
    pieces = []
    for first, word in enumerate(bare):
        for at in (at for at, (other, _) in enumerate(said) if other == word):
            length = _said_alike(bare[first:], said[at:], context)
            heavy = sum(not is_light(each) for each in bare[first : first + length])
            if re.match(r"[\w$€£]", word):
                pieces.append((heavy, length, first, at))
    heavy, length, first, at = max(pieces, key=lambda each: each[:2], default=(0, 0, 0, 0))
    if not heavy:
        return None
    start, end = said[at][1][0], said[at + length - 1][1][1]
    end -= len(OWNING) if _owns(context[start:end]) else 0
    link = bare[first - 1] if first and bare[first - 1] in LINKS else ""
    return Label(0, LINKS.index(link), _owns(wanted[first + length - 1]), (start, end))


def _said_alike(
    bare: Sequence[str], said: Sequence[tuple[str, tuple[int, int]]], context: str
) -> int:
    """Return how many of the words were said in a row in one line, without final punctuation."""
    length = 0
    for word, (other, (_, end)) in zip(bare, said, strict=False):
        if word != other or "\n" in context[said[0][1][0] : end]:
            break
        length += 1
    while length and not re.search(r"\w", bare[length - 1]):
        length -= 1
    return length


def _owns(word: str) -> bool:
    return word.replace("’", "'").endswith(OWNING)


def _bare(word: str) -> str:
    return (word[: -len(OWNING)] if _owns(word) else word).casefold()


def content(text: str) -> set[str]:
    """Return the words of a text that are not light, in lower case."""
    words = (_bare(each[0]) for each in any_word().finditer(text))
    return {each for each in words if not is_light(each)}
