"""Make the reader's third head again: does a text bear a statement out?

    python -m eval.lab.training.claims FOLDER --squad FILE --claims FILE [--epochs N]
        [--start FOLDER]

FOLDER keeps the statements, what the reader's lower half makes of them, a checkpoint every ten
minutes, from which the same command goes on, and at the end `reader/`: the reader's weights with
the head beside the two others, which it does not change. It ends with figures on the statements
that were held out. It takes both cores for about an hour.

With --start the head that a reader has already learns on, from the statements that were written for
it and from some of the others, so that these stay known; what is written in the end is the mean of
what it was and what came of it. That takes some forty minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from eval.lab.command import run_command
from eval.lab.training.branch import RATE, Branch, States, export, learn, read_states
from eval.lab.training.examples import held_out as held_out_article
from eval.lab.training.examples import load_squad
from eval.lab.training.model import WIDTH
from eval.lab.training.statements import (
    Label,
    Statement,
    load_claims,
    of_denials,
    of_questions,
    of_refuted,
    of_sentences,
    of_written,
)
from eval.lab.training.train import progress_bar
from index.atomic import write_whole
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights
from rag.answerability.reader import READER
from rag.config import load_settings

SEED = 2026
LONGEST = 160
"""Tokens of a statement with its text; of the few longer ones the end of the text is cut off."""

DENIALS = 0.25
"""The share of SQuAD's windows with a denial that are made into statements."""

REFUTED_DENIED = 0.35
"""The share of short refuted statements that are also denied, which makes them true."""

SENTENCES = 0.4
"""The share of SQuAD's paragraphs of which one window is made into statements by rule."""


REPLAYED = 24_000
"""Other statements that are learned from beside those that were written, from a start."""

GENTLE = 1e-4
"""The highest learning rate from a start."""

LABELS: tuple[Label, ...] = ("supported", "refuted", "not enough")
"""What the three logits of the output stand for."""


class BearsOut(Branch):
    """The third head: does a text bear a statement out, speak against it, or neither?"""

    name = "third/"
    outputs: Mapping[str, Mapping[int, str]] = {"bears_out": {0: "texts"}}

    def __init__(self) -> None:
        super().__init__()
        self.bears_out = torch.nn.Linear(WIDTH, len(LABELS))

    def forward(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (texts, labels) of hidden states (texts, tokens, width)."""
        return self.bears_out(self.pooler(self.read(hidden, attention_mask)))


def main(arguments: Sequence[str]) -> int:
    """Make statements, train, write the weights, and measure them on what was held out."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.training.claims", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--claims", type=Path, required=True, metavar="FILE")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--start", type=Path, metavar="FOLDER")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    start = given.start or model_folder(READER, load_settings().models)
    reader = start / "model.onnx"
    train, apart = prepare(given.folder, given.squad, given.claims)
    if given.start:
        train = beside(train)
    with progress_bar() as progress:
        tokenizer = load_tokenizer(reader.parent)
        tokenizer.enable_truncation(LONGEST, strategy="longest_first")
        encoded = tokenizer.encode_batch([(each.statement, each.text) for each in train])
        states = read_states(encoded, reader, given.folder / "states.npy", progress)
        labels = np.array([LABELS.index(each.label) for each in train])
        branch = BearsOut()
        branch.go_on_from(reader) if given.start else branch.start_from(reader)
        rate = GENTLE if given.start else RATE
        checkpoint = given.folder / "checkpoint.pt"
        loss = partial(_loss, branch, states, labels)
        learn(branch, states, loss, checkpoint, progress, epochs=given.epochs, rate=rate)
    if given.start:
        export(branch, reader, given.folder / "learned")
        branch.take_mean(reader, given.folder / "learned" / "model.onnx")
    export(branch, reader, given.folder / "reader")
    sys.stdout.write("\n".join(describe(apart, ReaderWeights(given.folder / "reader"))) + "\n")
    return 0


def prepare(folder: Path, squad: Path, claims: Path) -> tuple[list[Statement], list[Statement]]:
    """Return the statements to train on and those held out; made once, and kept in the folder."""
    files = folder / "statements.jsonl", folder / "statements-held-out.jsonl"
    if not all(file.exists() for file in files):
        rng = random.Random(SEED)  # noqa: S311  reproducible
        train: list[Statement] = []
        apart: list[Statement] = []
        for each in load_claims(claims):
            (apart if each.held_out else train).append(each)
        articles = load_squad(squad)
        for article in articles:
            made = [*of_questions([article], rng), *of_sentences([article], rng, SENTENCES)]
            (apart if held_out_article(article.title) else train).extend(made)
        for some, held in ((train, False), (apart, True)):
            those = [each for each in articles if held_out_article(each.title) == held]
            denials = of_denials(those, rng, DENIALS)
            some.extend([*of_refuted(some, rng, REFUTED_DENIED), *denials])
            some.extend(of_written(those, rng))
        rng.shuffle(train)
        for file, statements in zip(files, (train, apart), strict=True):
            lines = (json.dumps(asdict(each), ensure_ascii=False) for each in statements)
            write_whole(file, ("\n".join(lines) + "\n").encode())
    read = [
        [Statement(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
        for file in files
    ]
    if not all(read):
        raise UserError("There are no statements to train on, or none to measure on.")
    return read[0], read[1]


def beside(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements that were written for it, and some of the others, shuffled."""
    rng = random.Random(SEED)  # noqa: S311  reproducible
    written = [each for each in statements if each.kind.startswith("written")]
    others = [each for each in statements if not each.kind.startswith("written")]
    chosen = [*written, *rng.sample(others, min(REPLAYED, len(others)))]
    rng.shuffle(chosen)
    return chosen


def _loss(branch: Branch, states: States, labels: np.ndarray, batch: Sequence[int]) -> torch.Tensor:
    logits = branch(*states.padded(batch))
    return torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[list(batch)]))


# --- figures on what was held out


def describe(apart: Sequence[Statement], reader: ReaderWeights) -> list[str]:
    """Return figures on the statements held out, a line a source."""
    judged = [reader.entails(each.statement, [each.text])[0] for each in apart]
    pairs = [
        (each, LABELS[int(np.argmax(logits))]) for each, logits in zip(apart, judged, strict=True)
    ]
    lines = []
    people = ("FEVER", "CAD-NLI")
    groups = {"claims by people": people, **{kind: (kind,) for kind in people}}
    for name, kinds in groups.items():
        of = [(each.label, said) for each, said in pairs if each.kind in kinds]
        told = [(label, said) for label, said in of if label != "not enough"]
        lines.append(
            f"{name}: supported against not {_balanced(of):.3f}, supported against refuted "
            f"{_balanced(told):.3f}, n = {len(of)}"
        )
    for kind in dict.fromkeys(each.kind for each in apart):
        of = [(each.label, said) for each, said in pairs if each.kind == kind]
        right = sum(label == said for label, said in of) / len(of)
        passed = sum(said == "supported" for _, said in of) / len(of)
        lines.append(f"{kind}: right {right:.3f}, taken for supported {passed:.3f}, n = {len(of)}")
    return lines


def _balanced(of: Sequence[tuple[str, str]]) -> float:
    """Return the balanced accuracy of telling supported from the rest."""
    true = [said == "supported" for label, said in of if label == "supported"]
    false = [said != "supported" for label, said in of if label != "supported"]
    return (sum(true) / max(len(true), 1) + sum(false) / max(len(false), 1)) / 2


if __name__ == "__main__":
    run_command(main)
