"""Train again the adapters with which the language model writes what a message asks.

The first learns from `conversations.jsonl.gz`, next to this module, to write messages so that they
stand alone; one conversation in seven is held out. With --start, training of the second continues
from the first, on `requests.jsonl.gz`, whose messages are of all kinds (thanks, remarks, doubts,
requests), and on some of the first one's messages. FOLDER keeps a checkpoint, from which the same
command resumes, and at the end `standing_alone.gguf` or `requests.gguf`. Then the command prints
the loss on held-out messages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from eval.lab.command import run_command
from eval.lab.training.follow_ups.examples import FollowUp
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.standing_alone.adapter import (
    RECIPE,
    Example,
    example_of,
    learn_and_measure,
    load_model,
    load_tokenizer,
    model_file,
)
from rag.asking.rewrite import Turn
from rag.languages import content_words
from rag.writing.adapters.standing_alone import FILE, REQUESTS_FILE, messages, pairs

CONVERSATIONS = Path(__file__).parent / "conversations.jsonl.gz"
REQUESTS = Path(__file__).parent / "requests.jsonl.gz"
AGAIN = 400
"""With --start, how many messages of the first are learned again."""
OTHERS, UNTITLED = 0.2, 0.25
"""The share of messages that are read with the titles of one or two other documents as well, and of
those that are read without any title, if none is needed."""


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    command, optional = "eval.lab.training.standing_alone", ("--start",)
    options = parse(arguments, command, __doc__, optional=optional, epochs=1.0)
    path, start = model_file(), options.start
    tokenizer = load_tokenizer(path)
    asked = list(told(CONVERSATIONS))
    if start:
        first = [each for each in asked if not each[0].held_out]
        rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
        asked = [*told(REQUESTS), *rng.sample(first, min(AGAIN, len(first)))]
    examples = [(each.held_out, example_told(each, titles, tokenizer)) for each, titles in asked]
    made = options.folder / (REQUESTS_FILE if start else FILE)
    learn_and_measure(load_model(path), examples, made, options.epochs, start)
    return 0


# --- examples


def told(file: Path) -> Iterator[tuple[FollowUp, list[str]]]:
    """Yield the messages of a file's conversations, each with the titles that are given with it."""
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    with reading(file, "holds no conversations"):
        conversations = read_records(file)
    titles = sorted({each["title"] for each in conversations})
    for conversation in conversations:
        history: list[Turn] = []
        for turn in conversation["turns"]:
            name, own = f"{file.name}/{conversation['title']}", conversation["title"]
            before, message, alone = tuple(history), turn["user"], turn["alone"]
            history += [("user", message), ("assistant", turn["assistant"])]
            given = [own]
            if rng.random() < OTHERS:
                given += rng.sample(titles, rng.choice([1, 2]))
                rng.shuffle(given)
            said = content_words(" ".join([message, *(text for _, text in before)]))
            needed = content_words(own) & content_words(alone) - said
            if rng.random() < UNTITLED and not needed:
                given = []
            yield FollowUp(file.name, name, before, message, alone), given


def example_told(
    follow_up: FollowUp, titles: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> Example:
    """Return the example of a message, with the titles that are given with it."""
    asked = messages(titles, pairs(follow_up.history), follow_up.message, adapted=True)
    return example_of(tokenizer, asked, follow_up.alone)


if __name__ == "__main__":
    run_command(main)
