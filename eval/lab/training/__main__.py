"""Train the reader again; with `router`, `further`, `languages`, train the router (`routing/`).

FOLDER keeps the examples, a checkpoint every ten minutes, from which the same command resumes, and
at the end `reader/`: the int8 weights with their tokenizer. The command ends with figures on the
articles that were held out. Without --start, training starts from the reranker. With it, training
continues from another reader, and the result is the mean of the two readers' weights.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.training.examples import (
    MIX,
    Example,
    held_out,
    load_squad,
    load_yes_no,
    make_examples,
)
from eval.lab.training.inputs import keep, parse, sha256_of
from eval.lab.training.measure import describe
from eval.lab.training.model import RECIPE, export_reader, from_weights, take_mean, train_reader
from eval.lab.training.routing import further, languages, network
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights
from rag.config import load_settings
from rag.finding.rerank import Reranker

SEED = 2021
START = "ms-marco-minilm-l-12-v2-int8"
"""The reranker that chooses hard windows, and from which training starts without --start."""

ROUTER = {"router": network.main, "further": further.main, "languages": languages.main}


def main(arguments: Sequence[str]) -> int:
    """Make examples, train, write the weights, and measure them on the held-out articles."""
    if arguments and arguments[0] in ROUTER:
        return ROUTER[arguments[0]](arguments[1:])
    command, optional = "eval.lab.training", ("--claims", "--start")
    options = parse(arguments, command, __doc__, "--squad", optional=optional, epochs=1.0)
    examples, apart = prepare(options.folder, options.squad, options.claims)
    start = options.start or model_folder(START, load_settings().models)
    model, made = from_weights(start / "model.onnx"), options.folder / "reader"
    checkpoint, recipe = options.folder / "checkpoint.pt", replace(RECIPE, epochs=options.epochs)
    train_reader(model, load_tokenizer(start), examples, checkpoint, recipe)
    if options.start:
        take_mean(model, from_weights(start / "model.onnx"))
    export_reader(model, start / "tokenizer.json", made)
    sys.stdout.writelines(f"{line}\n" for line in describe(apart, ReaderWeights(made)))
    return 0


def prepare(folder: Path, squad: Path, claims: Path | None) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on and those of the held-out articles.

    They are made by the first call and kept in the folder. Raises UserError if the data cannot be
    read, if the folder holds examples of other data, or if the held-out articles have no
    near-misses or no answerable questions to measure on.
    """
    files = folder / "train.jsonl", folder / "held-out.jsonl"
    sources = {path.name: sha256_of(path) for path in (squad, claims) if path} | {"mix": MIX}
    train, apart = keep(files, Example, sources, partial(_make, squad, claims))
    return train, apart


def _make(squad: Path, claims: Path | None) -> tuple[list[Example], list[Example]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    score = Reranker(START, load_settings().models).score
    articles = load_squad(squad)
    train = list(make_examples([a for a in articles if not held_out(a.title)], score, rng))
    apart = list(make_examples([a for a in articles if held_out(a.title)], score, rng))
    if claims:
        yes_no = load_yes_no(claims, rng)
        first = len(yes_no) // 20
        apart += yes_no[:first]
        train += yes_no[first:]
    rng.shuffle(train)
    if {each.answerable for each in apart} != {True, False}:
        raise UserError(
            f"{squad} has too few articles: those held out need answerable questions and "
            "near-misses (is_impossible)."
        )
    return train, apart


if __name__ == "__main__":
    run_command(main)
