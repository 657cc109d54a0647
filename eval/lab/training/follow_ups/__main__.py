"""Make the reader's fourth head again: what does a follow-up need of the turns before it?

    python -m eval.lab.training.follow_ups FOLDER FILE ... [--apart FILE ...] [--epochs N]

It learns from the conversations beside this module and from the files: rewritten follow-ups of
CANARD, MTRAG and TREC CAsT, but for the conversations that stand in a file which is named to be
kept apart, and one in seven of the others. FOLDER keeps what the reader's lower half makes of them,
a checkpoint every ten minutes, from which the same command goes on, and at the end `reader/`: the
reader's weights with the head beside the others, which it does not change. It ends with figures on
the conversations that were held out. It takes both cores for half an hour.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import mean

from eval.lab.command import run_command
from eval.lab.training.branch import SEED, export, learn, read_states
from eval.lab.training.follow_ups.examples import (
    CONVERSATIONS,
    Example,
    FollowUp,
    content,
    load_follow_ups,
)
from eval.lab.training.follow_ups.network import Edits, Prepared, loss
from eval.lab.training.routing.network import EVIDENCE, load_examples
from eval.lab.training.train import progress_bar
from index.weights.download import model_folder
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights
from rag.answerability.reader import READER
from rag.asking.rewrite import ReadEdits, context_of, rewritten
from rag.config import load_settings

OFTEN = 5
"""Follow-ups that stand more often than this, word for word, mean another thing each time."""

WHOLE, ELSEWHERE, REQUESTS = 0.35, 0.2, 0.35
"""The shares of follow-ups that are learned from as people made them to stand alone as well: where
they were said, and behind a conversation of something else. There nothing is put in. Nor is it in
requests of another kind, of the router's examples, which are put in the place of the last share."""

FIRST = 0.25
"""The share of which both are learned from without any turn before: it cannot be told then what the
one needs, but that it needs something."""

LONGEST = 384
"""Tokens of a message with its context, at most."""


def main(arguments: Sequence[str]) -> int:
    """Train the head, write the weights, and measure what was held out."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.lab.training.follow_ups", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--apart", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--epochs", type=float, default=6.0)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    reader = model_folder(READER, load_settings().models) / "model.onnx"
    told = load_follow_ups(CONVERSATIONS, *given.files)
    begun = first_questions(given.apart)
    learned: list[FollowUp] = []
    apart: list[FollowUp] = []
    for each in told:
        (apart if each.held_out or each.history[0][1] in begun else learned).append(each)
    examples = list(to_learn(learned))
    tokenizer = load_tokenizer(reader.parent)
    tokenizer.enable_truncation(LONGEST, strategy="only_second")
    encoded = tokenizer.encode_batch([(each.message, each.context) for each in examples])
    prepared = [Prepared.of(*each) for each in zip(examples, encoded, strict=True)]
    branch = Edits()
    branch.start_from(reader)
    with progress_bar() as progress:
        states = read_states(encoded, reader, given.folder / "states.npy", progress)
        checkpoint = given.folder / "checkpoint.pt"
        loss_of = partial(loss, branch, states, prepared)
        learn(branch, states, loss_of, checkpoint, progress, epochs=given.epochs)
    export(branch, reader, given.folder / "reader")
    read = ReaderWeights(given.folder / "reader").edits
    sys.stdout.write("\n".join(describe(apart, read)) + "\n")
    return 0


def first_questions(files: Sequence[Path]) -> set[str]:
    """Return what the conversations of files begin with: MTRAG's, or such as the project's own."""
    lines = (line for file in files for line in file.read_text("utf-8").splitlines())
    first = (json.loads(line)["turns"][0] for line in lines)
    return {each.get("content") or each["user"] for each in first}


def to_learn(told: Sequence[FollowUp]) -> Iterator[Example]:
    """Yield the follow-ups to learn from, and such as need nothing, drawn with a fixed seed."""
    rng = random.Random(SEED)  # noqa: S311  reproducible
    often = Counter(each.message for each in told)
    requests = [each.text for each in load_examples() if each.classes[0] != EVIDENCE]
    for each in told:
        if often[each.message] > OFTEN and each.message != each.alone:
            continue
        context = context_of(each.history)
        example = Example.of(each.message, each.alone, context)
        yield example
        if rng.random() < WHOLE:
            yield Example.of(each.alone, each.alone, context)
        if rng.random() < ELSEWHERE:
            yield Example.of(each.alone, each.alone, context_of(rng.choice(told).history))
        if rng.random() < REQUESTS:
            request = rng.choice(requests)
            yield Example.of(request, request, context)
        if rng.random() < FIRST:
            yield Example.of(each.message, each.message, "", needs=example.needs)
            yield Example.of(each.alone, each.alone, "")


def describe(apart: Sequence[FollowUp], read: ReadEdits) -> Iterator[str]:
    """Yield figures on follow-ups that were held out, a line a source."""
    for source in dict.fromkeys(each.source for each in apart):
        own = [each for each in apart if each.source == source]
        pairs = [
            (each, rewritten(each.message, each.history, read).first_of_all(each.message))
            for each in own
        ]
        needy = [(each, text) for each, text in pairs if needed(each.message, each.alone)]
        others = [(each, text) for each, text in pairs if each.alone == each.message]
        put = [
            (needed(each.message, each.alone), needed(each.message, text)) for each, text in needy
        ]
        precision = sum(len(a & b) for a, b in put) / max(sum(len(b) for _, b in put), 1)
        recall = sum(len(a & b) for a, b in put) / max(sum(len(a) for a, _ in put), 1)
        changed = mean(each.message != text for each, text in others) if others else 0.0
        seen = mean(bool(had) for _, had in put) if put else 0.0
        yield (
            f"{source}: {len(needy)} that need something: seen {seen:.3f}, of the words put in "
            f"precision {precision:.3f}, recall {recall:.3f}; {len(others)} that need nothing: "
            f"changed {changed:.3f}"
        )


def needed(message: str, alone: str) -> set[str]:
    """Return the words of content that a text has and the message has not."""
    return content(alone) - content(message)


if __name__ == "__main__":
    run_command(main)
