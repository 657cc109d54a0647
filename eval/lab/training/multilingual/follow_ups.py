"""Train again the head that tells what a follow-up in any language needs from the turns before it.

It is the head of `eval.lab.training.follow_ups`, on the reader of all languages. It learns from the
same English data, with the same part held out, and from `follow_ups.jsonl.gz`: conversations in
nine languages, each message with the earlier words that it needs. FOLDER keeps the outputs of the
lower layers, a checkpoint, from which the same command resumes, and at the end `reader.onnx`: the
reader of all languages with the head added; the other heads stay as they are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from eval.lab.command import run_command
from eval.lab.training.branch import put_on
from eval.lab.training.follow_ups.__main__ import Edits, describe, split, to_learn, train
from eval.lab.training.follow_ups.examples import HELD, Example, Label
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.multilingual.__main__ import shipped
from eval.lab.training.multilingual.model import SHARED, begin
from index.language.words import words_of
from index.weights.catalogue import MULTILINGUAL
from index.weights.download import model_folder
from index.weights.multilingual import READER, MultilingualNetwork
from index.weights.reader import ReaderWeights
from rag.asking.rewrite import HOWS, NEEDED, ReadEdits, Turn, context_of, places, rewritten
from rag.config import load_settings

WRITTEN = Path(__file__).parent / "follow_ups.jsonl.gz"
OFTEN = 2
"""How often each message in a language other than English is learned from, in an epoch."""
ALIKE = 0.5
"""The share of common words from which two texts count as meaning the same."""


class Message(NamedTuple):
    """A message after others, and what it needs from them.

    `means` pairs words of the message, or "" if they are missing, with the words that are meant.
    """

    language: str
    history: tuple[Turn, ...]
    text: str
    means: Sequence[tuple[str, str]]
    held_out: bool


def load_messages(file: Path) -> list[Message]:
    """Return the messages of conversations, except the first of each.

    Raises UserError for a file in another format.
    """
    with reading(file, "holds no conversations that can be read"):
        return [message for each in read_records(file) for message in _messages(each)]


def _messages(record: Mapping[str, Any]) -> Iterator[Message]:
    held_out = crc32(record["turns"][0]["user"].encode()) % HELD == 0
    history: list[Turn] = []
    for turn in record["turns"]:
        if history:
            means = [(place, words) for place, words in turn["means"]]
            yield Message(record["language"], tuple(history), turn["user"], means, held_out)
        history += [("user", turn["user"]), ("assistant", turn["assistant"])]


def example_of(message: Message) -> Example:
    """Return the example that a message makes: the edit at each of its places."""
    at, context = places(message.text), context_of(message.history)
    labels = [Label()] * len(at)
    for own, words in message.means:
        start = context.find(words)
        if start < 0:  # It is too far back to be read.
            continue
        first, *others = _places_of(own, message.text, at)
        how = "replace" if own else "insert"
        labels[first] = Label(HOWS.index(how), place=(start, start + len(words)))
        for other in others:
            labels[other] = Label(HOWS.index("drop"))
    return Example(message.text, context, labels, needs=bool(message.means))


def _places_of(own: str, text: str, at: Sequence[tuple[int, int]]) -> list[int]:
    """Return the places of words; for missing words, the place before the final punctuation."""
    if not own:
        last = max((i for i, (a, b) in enumerate(at) if re.search(r"\w", text[a:b])), default=-1)
        return [last + 1]
    start = text.index(own)
    return [i for i, (a, b) in enumerate(at) if a < start + len(own) and b > start]


def of_messages(messages: Sequence[Message], read: ReadEdits) -> Iterator[str]:
    """Yield how well the needs of messages are recognised, a line for each language."""
    for language in sorted({each.language for each in messages}):
        some = [each for each in messages if each.language == language]
        made = [rewritten(each.text, each.history, read, english=False) for each in some]
        pairs = list(zip(some, made, strict=True))
        needing = [each for each in pairs if each[0].means]
        alone = [each for each in pairs if not each[0].means]
        told = sum(of.need >= NEEDED and bool(of.texts) for _, of in needing)
        first = sum(_is_meant(each, of.texts[:1]) for each, of in needing)
        any_ = sum(_is_meant(each, of.texts) for each, of in needing)
        changed = sum(of.need >= NEEDED and bool(of.texts) for _, of in alone)
        yield (
            f"{language}: of {len(needing)} that need something {told / max(len(needing), 1):.2f} "
            f"are told, {first / max(len(needing), 1):.2f} with what is meant first and "
            f"{any_ / max(len(needing), 1):.2f} among three; of {len(alone)} others "
            f"{changed / max(len(alone), 1):.2f} are changed"
        )


def _is_meant(message: Message, texts: Sequence[tuple[str, float]]) -> bool:
    """Whether one of the texts has the words that are meant, or most of them."""
    wanted = [set(words_of(words, message.language)) for _, words in message.means]
    own = set(words_of(message.text, message.language))
    put_in = [set(words_of(text, message.language)) - own for text, _ in texts]
    return any(
        len(words & there) >= ALIKE * len(words | there)
        for words in (each - own or each for each in wanted)
        for there in put_in
    )


def main(arguments: Sequence[str]) -> int:
    """Train the head, write the network, and measure what was held out."""
    command, several = "eval.lab.training.multilingual.follow_ups", ("files", "--apart")
    options = parse(arguments, command, __doc__, several=several, epochs=2.0)
    published = model_folder(MULTILINGUAL, load_settings().models)
    reader, made = shipped(), options.folder / READER
    learned, apart = split(options.files, options.apart)
    messages = load_messages(WRITTEN)
    examples = list(to_learn(learned))
    examples += [example_of(each) for each in messages if not each.held_out] * OFTEN
    branch = Edits(SHARED)
    pairs = [(each.message, each.context) for each in examples]
    states = begin(branch, reader, pairs, options.folder)
    train(branch, examples, states, options.folder, options.epochs)
    put_on(branch, reader, made)
    edits = ReaderWeights(MultilingualNetwork(published, made)).edits
    held = [each for each in messages if each.held_out]
    for lines in (describe(apart, edits), of_messages(held, edits)):
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    run_command(main)
