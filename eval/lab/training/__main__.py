"""Make the reader's weights again.

    python -m eval.lab.training FOLDER --squad FILE [--claims FILE] [--epochs N] [--start FOLDER]
    python -m eval.lab.training router FOLDER --squad FILE --conversations FILE ...
    python -m eval.lab.training further FOLDER --squad FILE --conversations FILE ...

The second makes the router's (`routing/network.py`), the third teaches it further classes
(`routing/further.py`), and what follows is of the first.

FOLDER keeps the examples, a checkpoint every ten minutes, from which the same command goes on, and
at the end `reader/`: the int8 weights with their tokenizer. It ends with figures on the articles
that were held out. It takes both cores for about an hour and a half. Without --start it begins with
the reranker. With it, it goes on from another reader, and the weights are the mean of the two.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.training.measure import describe, question_only
from eval.lab.training.prepare import START, prepare
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights
from rag.config import load_settings


def main(arguments: Sequence[str]) -> int:
    """Make examples, train, write the weights, and measure them on the held-out articles."""
    if arguments[:1] == ["router"]:
        from eval.lab.training.routing.network import main as train_router

        return train_router(arguments[1:])
    if arguments[:1] == ["further"]:
        from eval.lab.training.routing.further import main as train_further

        return train_further(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m eval.lab.training", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--claims", type=Path, metavar="FILE")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--start", type=Path, metavar="FOLDER")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    examples, held_out = prepare(given.folder, given.squad, given.claims)

    from eval.lab.training.model import export, from_weights, take_mean
    from eval.lab.training.train import progress_bar, train

    start = given.start or model_folder(START, load_settings().models)
    try:
        model, tokenizer = from_weights(start / "model.onnx"), load_tokenizer(start)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{start} holds no weights that training can start from: {error}"
        ) from error
    with progress_bar() as progress:
        checkpoint = given.folder / "checkpoint.pt"
        train(model, tokenizer, examples, checkpoint, progress, epochs=given.epochs)
    if given.start:
        take_mean(model, from_weights(start / "model.onnx"))
    export(model, start / "tokenizer.json", given.folder / "reader")
    lines = describe(held_out, ReaderWeights(given.folder / "reader"))
    lines.append(question_only(examples, held_out))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    run_command(main)
