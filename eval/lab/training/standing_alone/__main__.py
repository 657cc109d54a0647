"""Train the adapter again with which the language model writes a message so that it stands alone.

It learns from `conversations.jsonl.gz` beside this module, but for one conversation in seven. The
FOLDER keeps a checkpoint, from which the same command goes on; at the end `standing_alone.gguf` is
in it, and the loss on what was held out is printed.
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
from rag.writing.standing_alone import FILE, messages, pairs

CONVERSATIONS = Path(__file__).parent / "conversations.jsonl.gz"
OTHERS, UNTITLED = 0.2, 0.25
"""The share of messages that are read with the titles of one or two other documents as well, and
of those that are read without any, where none is needed."""


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    options = parse(arguments, "eval.lab.training.standing_alone", __doc__, epochs=1.0)
    path = model_file()
    tokenizer = load_tokenizer(path)
    examples = [(each.held_out, _example(each, titles, tokenizer)) for each, titles in told()]
    learn_and_measure(load_model(path), examples, options.folder / FILE, options.epochs)
    return 0


# --- examples


def told() -> Iterator[tuple[FollowUp, list[str]]]:
    """Yield the messages of the conversations, each with the titles that are told with it."""
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    with reading(CONVERSATIONS, "holds no conversations"):
        conversations = read_records(CONVERSATIONS)
    titles = sorted({each["title"] for each in conversations})
    for conversation in conversations:
        history: list[Turn] = []
        for turn in conversation["turns"]:
            name, own = f"{CONVERSATIONS.name}/{conversation['title']}", conversation["title"]
            before, message, alone = tuple(history), turn["user"], turn["alone"]
            given = [own]
            if rng.random() < OTHERS:
                given += rng.sample(titles, rng.choice([1, 2]))
                rng.shuffle(given)
            said = content_words(" ".join([message, *(text for _, text in before)]))
            needed = content_words(own) & content_words(alone) - said
            if rng.random() < UNTITLED and not needed:
                given = []
            yield FollowUp(CONVERSATIONS.name, name, before, message, alone), given
            history += [("user", message), ("assistant", turn["assistant"])]


def _example(
    follow_up: FollowUp, titles: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> Example:
    asked = messages(titles, pairs(follow_up.history), follow_up.message, adapted=True)
    return example_of(tokenizer, asked, follow_up.alone)


if __name__ == "__main__":
    run_command(main)
