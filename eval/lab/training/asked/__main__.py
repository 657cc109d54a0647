"""Teach the reader's upper half questions as people type them, after all else.

    python -m eval.lab.training.asked FOLDER --squad FILE [--start FOLDER]

SQuAD's questions are written with their paragraph in sight, in its words. These are written for 630
of its training paragraphs: short, careless, in everyday words, and open ones among them.

The shipped reader goes on from where it is, or the one in the folder that --start names. Its lower
half stays, and with it the heads that stand on it. FOLDER keeps a checkpoint, from which the same
command goes on, and at the end `reader/`. It ends with figures on questions that were held out, of
the reader as it was and as it is. It takes both cores for twenty minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.training.asked.examples import examples
from eval.lab.training.branch import SHARED, keep_branches
from eval.lab.training.examples import load_squad
from eval.lab.training.measure import describe
from eval.lab.training.model import export, from_weights
from eval.lab.training.train import progress_bar, train
from index.weights.download import model_folder
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights
from rag.answerability.reader import READER
from rag.config import load_settings

RATE = 6e-5


def main(arguments: Sequence[str]) -> int:
    """Make examples, train the upper half, write the weights, and measure what was held out."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.training.asked", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--start", type=Path, metavar="FOLDER")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    learned, apart = examples({each.title: each for each in load_squad(given.squad)})
    start = given.start or model_folder(READER, load_settings().models)
    model, made = from_weights(start / "model.onnx"), given.folder / "reader"
    model.bert.encoder.layer[:SHARED].requires_grad_(False)
    checkpoint = given.folder / "checkpoint.pt"
    with progress_bar() as progress:
        train(model, load_tokenizer(start), learned, checkpoint, progress, rate=RATE)
    export(model, start / "tokenizer.json", made)
    keep_branches(start / "model.onnx", made / "model.onnx")
    for name, folder in (("as it was", start), ("as it is", made)):
        sys.stdout.write("\n".join([f"{name}:", *describe(apart, ReaderWeights(folder)), ""]))
    return 0


if __name__ == "__main__":
    run_command(main)
