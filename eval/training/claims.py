"""Make the reader's third head again: does a text bear a statement out?

    python -m eval.training.claims FOLDER --squad FILE --claims FILE [--epochs N]

FOLDER keeps the statements, what the reader's lower half makes of them, a checkpoint every ten
minutes, from which the same command goes on, and at the end `reader/`: the reader's weights with
the head beside the two others, which it does not change. It ends with figures on the statements
that were held out. It takes both cores for about an hour.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

from eval.command import run_command
from eval.training.branch import LABELS, Branch, export, hidden_states, lower_half, upper_half
from eval.training.examples import held_out as held_out_article
from eval.training.examples import load_squad
from eval.training.model import WIDTH
from eval.training.statements import (
    Statement,
    load_claims,
    of_denials,
    of_questions,
    of_refuted,
    of_sentences,
)
from eval.training.train import CHECKPOINT_SECONDS, batches_of, keep, progress_bar, rate_at, resume
from index.atomic import write_whole
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.onnx import features, in_parallel, load_tokenizer
from index.weights.reader import ReaderWeights
from rag.config import load_settings
from rag.deciding.reader import READER

SEED = 2026
RATE = 2e-4
WARM_UP = 0.06
WEIGHT_DECAY = 0.01
LONGEST = 160
"""Tokens of a statement with its text; of the few longer ones the end of the text is cut off."""

DENIALS = 0.25
"""The share of SQuAD's windows with a denial that are made into statements."""

REFUTED_DENIED = 0.35
"""The share of short refuted statements that are also denied, which makes them true."""

SENTENCES = 0.4
"""The share of SQuAD's paragraphs of which one window is made into statements by rule."""


def main(arguments: Sequence[str]) -> int:
    """Make statements, train, write the weights, and measure them on what was held out."""
    parser = argparse.ArgumentParser(prog="python -m eval.training.claims", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--claims", type=Path, required=True, metavar="FILE")
    parser.add_argument("--epochs", type=float, default=2.0)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    reader = model_folder(READER, load_settings().models) / "model.onnx"
    train, apart = prepare(given.folder, given.squad, given.claims)
    with progress_bar() as progress:
        read = _read(train, reader, given.folder, progress)
        branch = upper_half(reader)
        learn(branch, read, given.folder / "checkpoint.pt", progress, epochs=given.epochs)
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
            denials = of_denials(
                (a for a in articles if held_out_article(a.title) == held), rng, DENIALS
            )
            some.extend([*of_refuted(some, rng, REFUTED_DENIED), *denials])
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


@dataclass(frozen=True, slots=True)
class Read:
    """What the lower half makes of all statements: their tokens' states, and where each begins."""

    states: np.ndarray
    starts: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.labels)

    def length(self, at: int) -> int:
        """Return how many tokens a statement has, with its text."""
        return int(self.starts[at + 1] - self.starts[at])


def _read(statements: Sequence[Statement], reader: Path, folder: Path, progress: Progress) -> Read:
    """Let the reader's lower half read all statements; kept in the folder, some gigabytes."""
    tokenizer = load_tokenizer(reader.parent)
    tokenizer.enable_truncation(LONGEST, strategy="longest_first")
    encoded = tokenizer.encode_batch([(each.statement, each.text) for each in statements])
    starts = np.concatenate([[0], np.cumsum([len(each.ids) for each in encoded])])
    labels = np.array([LABELS.index(each.label) for each in statements])
    file = folder / "states.npy"
    if not file.exists():
        session = lower_half(reader)
        partial = file.with_suffix(".partial")
        shape = (int(starts[-1]), WIDTH)
        states = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
        task = progress.add_task("reading", total=len(encoded))

        def read(at: int) -> None:
            states[starts[at] : starts[at + 1]] = hidden_states(session, features([encoded[at]]))
            progress.update(task, advance=1)

        in_parallel(read, range(len(encoded)))
        states.flush()
        del states
        partial.replace(file)
    return Read(np.load(file, mmap_mode="r"), starts, labels)


def learn(
    branch: Branch, read: Read, checkpoint: Path, progress: Progress, *, epochs: float
) -> None:
    """Train the head in place, going on from the checkpoint if there is one.

    The same statements, epochs and number of threads give the same weights, whether or not it was
    stopped in between. Raises UserError for a checkpoint of another training.
    """
    torch.manual_seed(SEED)
    branch.train()
    batches = batches_of(range(len(read)), read.length, epochs, SEED)
    optimizer = torch.optim.AdamW(
        branch.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: rate_at(at, len(batches), WARM_UP)
    )
    learned = {"branch": branch, "optimizer": optimizer, "schedule": schedule}
    first = resume(checkpoint, learned, len(batches), torch.device("cpu"))
    task = progress.add_task("training", total=len(batches), completed=first)
    saved = time.monotonic()
    for at in range(first, len(batches)):
        torch.manual_seed(SEED + at)  # Dropout is the same after a stop.
        loss = _loss(branch, read, batches[at])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(branch.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        progress.update(task, advance=1, description=f"training, loss {loss.item():.3f}")
        if time.monotonic() - saved > CHECKPOINT_SECONDS or at + 1 == len(batches):
            saved = time.monotonic()
            keep(checkpoint, learned, at + 1, len(batches))
    branch.eval()


def _loss(branch: Branch, read: Read, batch: Sequence[int]) -> torch.Tensor:
    longest = max(read.length(at) for at in batch)
    states = np.zeros((len(batch), longest, WIDTH), dtype=np.float32)
    mask = np.zeros((len(batch), longest), dtype=np.int64)
    for row, at in enumerate(batch):
        states[row, : read.length(at)] = read.states[read.starts[at] : read.starts[at + 1]]
        mask[row, : read.length(at)] = 1
    logits = branch(torch.from_numpy(states), torch.from_numpy(mask))
    labels = torch.from_numpy(read.labels[list(batch)])
    return torch.nn.functional.cross_entropy(logits, labels)


# --- figures on what was held out


def describe(apart: Sequence[Statement], reader: ReaderWeights) -> list[str]:
    """Return figures on the statements held out, a line a source."""
    judged = [reader.bears_out(each.statement, [each.text])[0] for each in apart]
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
