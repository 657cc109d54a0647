"""Train the adapter again with which the language model writes a message so that it stands alone.

It learns from `conversations.jsonl.gz` beside this module, but for one conversation in seven. The
FOLDER keeps a checkpoint, from which the same command goes on; at the end `standing_alone.gguf` is
in it, and the loss on what was held out is printed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eval.lab.command import run_command
from eval.lab.training.follow_ups.examples import FollowUp
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.standing_alone.adapter import (
    RECIPE,
    encoded,
    learn,
    load_model,
    load_tokenizer,
    model_file,
)
from eval.lab.training.train import batches_of
from rag.asking.rewrite import Turn
from rag.languages import content_words
from rag.writing.standing_alone import FILE, messages, pairs

CONVERSATIONS = Path(__file__).parent / "conversations.jsonl.gz"
OTHERS, UNTITLED = 0.2, 0.25
"""The share of messages that are read with the titles of one or two other documents as well, and
of those that are read without any, where none is needed."""


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a prompt and of what is to be written, and how many are of the prompt."""

    tokens: Sequence[int]
    asked: int


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    options = parse(arguments, "eval.lab.training.standing_alone", __doc__, epochs=1.0)
    path = model_file()
    tokenizer = load_tokenizer(path)
    examples = [(each.held_out, _example(each, titles, tokenizer)) for each, titles in told()]
    model = load_model(path)
    learned = [each for held_out, each in examples if not held_out]
    made = options.folder / FILE
    learn(model, learned, lambda each: len(each.tokens), loss, made, options.epochs)
    held_out = [each for held_out, each in examples if held_out]
    sys.stdout.write(f"loss {_held_out_loss(model, held_out):.3f}, n = {len(held_out)}\n")
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
    before, written = encoded(tokenizer, asked, follow_up.alone)
    return Example([*before, *written], len(before))


# --- what is learned


def loss(model: PreTrainedModel, batch: Sequence[Example]) -> torch.Tensor:
    """Return the loss of a batch: of what is written alone.

    What is padded stands behind, where nothing looks at it.
    """
    rows = [torch.tensor(each.tokens) for each in batch]
    states = model.model(input_ids=pad_sequence(rows, batch_first=True)).last_hidden_state
    written = [states[at, each.asked - 1 : len(each.tokens) - 1] for at, each in enumerate(batch)]
    wanted = [row[each.asked :] for row, each in zip(rows, batch, strict=True)]
    return cross_entropy(model.lm_head(torch.cat(written)).float(), torch.cat(wanted))


def _held_out_loss(model: PreTrainedModel, held_out: Sequence[Example]) -> float:
    batches = batches_of(held_out, lambda each: len(each.tokens), 1.0, RECIPE.seed)
    with torch.no_grad():
        losses = [float(loss(model, batch)) * len(batch) for batch in batches]
    return sum(losses) / len(held_out)


if __name__ == "__main__":
    run_command(main)
