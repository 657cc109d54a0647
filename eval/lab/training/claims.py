"""Train the reader's third head again: does a text bear a statement out?

FOLDER keeps the statements, the outputs of the reader's lower half for them, a checkpoint, from
which the same command resumes, and at the end `reader/`: the reader's weights with the head added;
the other heads stay as they are. With --start, training continues from the head that a reader has
already, on the statements that were written for it and some of the others, so that these are not
forgotten. The result is then the mean of the head before and after.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from eval.lab.command import run_command
from eval.lab.training.branch import (
    RECIPE,
    SHARED,
    Branch,
    States,
    export_branch,
    lower_half,
    read_states,
    train_branch,
)
from eval.lab.training.examples import held_out as held_out_article
from eval.lab.training.examples import load_squad
from eval.lab.training.export import Axes
from eval.lab.training.inputs import keep, parse, sha256_of, shipped_reader
from eval.lab.training.model import WIDTH, from_weights
from eval.lab.training.statements import (
    LABELS,
    Statement,
    load_claims,
    of_denials,
    of_questions,
    of_refuted,
    of_sentences,
    of_written,
)
from index.errors import UserError
from index.weights.reader import ReaderWeights

SEED = 2026
LONGEST = 160
"""The most tokens of a statement with its text; the few longer texts are cut off at the end."""
DENIALS = 0.25
"""The share of SQuAD's windows with a denial that are made into statements."""
REFUTED_DENIED = 0.35
"""The share of short refuted statements that are also denied, which makes them true."""
SENTENCES = 0.4
"""The share of SQuAD's paragraphs from which one window is made into statements by rule."""
REPLAYED = 24_000
"""With --start, how many other statements are learned from besides those written for the head."""
GENTLE = 1e-4
"""The highest learning rate with --start."""


class BearsOut(Branch):
    """The third head: does a text bear a statement out, speak against it, or neither?"""

    name = "third/"
    outputs: Mapping[str, Axes] = {"bears_out": {0: "texts"}}

    def __init__(self, shared: int = SHARED) -> None:
        super().__init__(shared)
        self.bears_out = torch.nn.Linear(WIDTH, len(LABELS))

    def forward(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (texts, labels) of hidden states (texts, tokens, width)."""
        return self.bears_out(self.pooler(self.read(hidden, attention_mask)))


def main(arguments: Sequence[str]) -> int:
    """Make statements, train, write the weights, and measure them on what was held out."""
    command, needed = "eval.lab.training.claims", ("--squad", "--claims")
    options = parse(arguments, command, __doc__, *needed, optional=("--start",), epochs=2.0)
    made, reader = options.folder / "reader", (options.start or shipped_reader()) / "model.onnx"
    train, apart = prepare(options.folder, options.squad, options.claims)
    branch = BearsOut()
    recipe = replace(RECIPE, epochs=options.epochs)
    if options.start:
        branch.go_on_from(reader)
        train, recipe = beside(train), replace(recipe, rate=GENTLE)
    else:
        branch.start_from(from_weights(reader).bert)
    pairs = [(each.statement, each.text) for each in train]
    lower = lower_half(reader, options.folder, LONGEST, "longest_first")
    states = read_states(pairs, lower, options.folder)
    labels = torch.tensor([LABELS.index(each.label) for each in train])
    train_branch(branch, states, partial(loss, branch, states, labels), options.folder, recipe)
    if options.start:
        export_branch(branch, reader, options.folder / "learned")
        branch.take_mean(reader, options.folder / "learned" / "model.onnx")
    export_branch(branch, reader, made)
    sys.stdout.writelines(f"{line}\n" for line in describe(apart, ReaderWeights(made)))
    return 0


def prepare(folder: Path, squad: Path, claims: Path) -> tuple[list[Statement], list[Statement]]:
    """Return the statements to train on and those held out; made once, and kept in the folder.

    Raises UserError if there are none, or if the folder holds those of other data.
    """
    files = folder / "statements.jsonl", folder / "statements-held-out.jsonl"
    sources = {path.name: sha256_of(path) for path in (squad, claims)}
    train, apart = keep(files, Statement, sources, partial(_make, squad, claims))
    if not train or not apart:
        raise UserError("There are no statements to train on, or none to measure on.")
    return train, apart


def _make(squad: Path, claims: Path) -> tuple[list[Statement], list[Statement]]:
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
    return train, apart


def beside(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements that were written for the head, and some of the others, shuffled."""
    rng = random.Random(SEED)  # noqa: S311  reproducible
    written = [each for each in statements if each.kind.startswith("written")]
    others = [each for each in statements if not each.kind.startswith("written")]
    chosen = [*written, *rng.sample(others, min(REPLAYED, len(others)))]
    rng.shuffle(chosen)
    return chosen


def loss(
    branch: Branch, states: States, labels: torch.Tensor, batch: Sequence[int]
) -> torch.Tensor:
    """Return the loss of a batch; a statement has its label, or the probability of each label."""
    logits = branch(*states.padded(batch))
    return torch.nn.functional.cross_entropy(logits, labels[list(batch)])


def describe(apart: Sequence[Statement], reader: ReaderWeights) -> Iterator[str]:
    """Yield figures on the statements held out, a line for each source."""
    pairs = [(each.kind, (each.label, label)) for each, label in labelled(apart, reader)]
    people = ("FEVER", "CAD-NLI")
    for name, kinds in (("claims by people", people), *((kind, (kind,)) for kind in people)):
        of = [labels for kind, labels in pairs if kind in kinds]
        decided = [labels for labels in of if labels[0] != "not enough"]
        yield (
            f"{name}: supported against not {balanced(of):.3f}, supported against refuted "
            f"{balanced(decided):.3f}, n = {len(of)}"
        )
    for name in dict.fromkeys(kind for kind, _ in pairs):
        of = [labels for kind, labels in pairs if kind == name]
        right = np.mean([label == said for label, said in of])
        passed = np.mean([said == "supported" for _, said in of])
        yield f"{name}: right {right:.3f}, taken for supported {passed:.3f}, n = {len(of)}"


def labelled(
    statements: Sequence[Statement], reader: ReaderWeights
) -> Iterator[tuple[Statement, str]]:
    """Yield statements, each with the label that the reader's head gives it."""
    for each in statements:
        [logits] = reader.entails(each.statement, [each.text])
        yield each, LABELS[int(np.argmax(logits))]


def balanced(of: Sequence[tuple[str, str]]) -> float:
    """Return the balanced accuracy of telling supported from the rest."""
    true = [said == "supported" for label, said in of if label == "supported"]
    false = [said != "supported" for label, said in of if label != "supported"]
    return (sum(true) / max(len(true), 1) + sum(false) / max(len(false), 1)) / 2


if __name__ == "__main__":
    run_command(main)
