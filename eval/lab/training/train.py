"""Training the reader: the one command that makes its weights again.

    python -m eval.lab.training FOLDER --squad FILE [--claims FILE] [--epochs N] [--start FOLDER]

Everything is kept in FOLDER: the examples, a checkpoint every ten minutes (the same command goes on
from it), and at the end `reader/`, the int8 weights with their tokenizer. It takes all cores.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Encoding, Tokenizer

from eval.lab.training.examples import Example
from eval.lab.training.model import ReaderModel
from index.errors import UserError
from index.weights.onnx import features
from index.weights.reader import text_tokens

T = TypeVar("T")

SEED = 2021
RATE = 1e-4
"""The highest learning rate; it rises over the first steps and then falls to nothing."""
WARM_UP = 0.04
WEIGHT_DECAY = 0.01
BATCH_TOKENS = 2048
"""Tokens of a batch, padding included: 32 windows of 64."""
POOL = 2048
"""So many examples are put into batches of like lengths at a time."""
CHECKPOINT_SECONDS = 600.0
NO_WORDS = -100
"""Marks an example whose words are not known; PyTorch's cross-entropy passes it over."""


def progress_bar() -> Progress:
    """Return what shows on standard error how far a training is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


class Prepared:
    """An example as tokens: where its words begin and end; 0 for none."""

    __slots__ = ("answerable", "encoded", "end", "known", "start")

    def __init__(self, example: Example, encoded: Encoding) -> None:
        """Find the tokens of the answer."""
        self.encoded = encoded
        self.answerable = example.answerable
        self.start = self.end = 0
        self.known = not example.answerable or example.answer is not None
        if example.answer:
            (first, last), offsets = example.answer, encoded.offsets
            tokens = [
                int(at)
                for at in text_tokens(encoded)
                if offsets[at][1] > first and offsets[at][0] < last
            ]
            self.known = bool(tokens)
            if tokens:
                self.start, self.end = tokens[0], tokens[-1]


def train(
    model: ReaderModel,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    checkpoint: Path,
    progress: Progress,
    *,
    epochs: float = 1.0,
    rate: float = RATE,
) -> None:
    """Train a model in place, going on from the checkpoint if there is one.

    The same examples, epochs and number of threads give the same weights, whether or not it was
    stopped in between. Raises UserError for a checkpoint of another training.
    """
    torch.manual_seed(SEED)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    model.bert.embeddings.requires_grad_(False)
    prepared = _encode(examples, tokenizer)
    batches = batches_of(prepared, lambda each: len(each.encoded.ids), epochs, SEED)
    fit(
        model,
        len(batches),
        lambda at: _loss(model, batches[at], device),
        checkpoint,
        progress,
        rate=rate,
        warm_up=WARM_UP,
    )
    model.to("cpu").eval()


def fit(
    model: torch.nn.Module,
    steps: int,
    loss_at: Callable[[int], torch.Tensor],
    checkpoint: Path,
    progress: Progress,
    *,
    rate: float,
    warm_up: float,
    every: float = CHECKPOINT_SECONDS,
) -> None:
    """Take all steps of a training, going on from the checkpoint if there is one.

    `loss_at` returns the loss of a step by its number. `warm_up` is the share of the steps in which
    the learning rate rises, and `every` how many seconds lie between checkpoints.
    """
    learning = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda at: rate_at(at, steps, warm_up))
    learned = {"model": model, "optimizer": optimizer, "schedule": schedule}
    first = resume(checkpoint, learned, steps, learning[0].device)
    task = progress.add_task("training", total=steps, completed=first)
    saved = time.monotonic()
    for at in range(first, steps):
        loss = loss_at(at)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        schedule.step()
        progress.update(task, advance=1, description=f"training, loss {loss.item():.3f}")
        if time.monotonic() - saved > every or at + 1 == steps:
            saved = time.monotonic()
            keep(checkpoint, learned, at + 1, steps)


def resume(checkpoint: Path, learned: dict[str, Any], steps: int, device: torch.device) -> int:
    """Put what was learned so far in place, if there is a checkpoint; return the next step.

    Raises UserError for a checkpoint of a training of another length.
    """
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, map_location=device)
    if kept["steps"] != steps:
        raise UserError(
            f"{checkpoint} is of a training of {kept['steps']} steps, and this one has {steps}. "
            "Name a new folder, or delete it."
        )
    for name, part in learned.items():
        part.load_state_dict(kept[name])
    return int(kept["step"])


def keep(checkpoint: Path, learned: dict[str, Any], step: int, steps: int) -> None:
    """Write a checkpoint, whole or not at all."""
    state = {name: part.state_dict() for name, part in learned.items()}
    partial = checkpoint.with_suffix(".partial")
    torch.save({**state, "step": step, "steps": steps}, partial)
    partial.replace(checkpoint)


def _encode(examples: Sequence[Example], tokenizer: Tokenizer) -> list[Prepared]:
    encoded = tokenizer.encode_batch([(each.question, each.text) for each in examples])
    return [Prepared(*each) for each in zip(examples, encoded, strict=True)]


def batches_of(
    items: Sequence[T], length: Callable[[T], int], epochs: float, seed: int
) -> list[list[T]]:
    """Shuffle, and put items of like lengths, in tokens, together."""
    rng = random.Random(seed)  # noqa: S311  reproducible
    wanted: list[T] = []
    while len(wanted) < int(epochs * len(items)):
        wanted += rng.sample(items, len(items))
    wanted = wanted[: int(epochs * len(items))]
    batches: list[list[T]] = []
    for first in range(0, len(wanted), POOL):
        made: list[list[T]] = [[]]
        for each in sorted(wanted[first : first + POOL], key=length):
            if (len(made[-1]) + 1) * length(each) > BATCH_TOKENS and made[-1]:
                made.append([])
            made[-1].append(each)
        rng.shuffle(made)
        batches += made
    return batches


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """Return the share of the highest learning rate: it rises, and then falls to nothing."""
    rising = (step + 1) / max(1, math.ceil(warm_up * steps))
    return min(rising, max(0.0, (steps - step) / (steps * (1 - warm_up))))


def _loss(model: ReaderModel, batch: Sequence[Prepared], device: torch.device) -> torch.Tensor:
    """Cross-entropy of the first and the last token, none being the first of all, and of answers.

    What stands in the question is no answer.
    """
    inputs = features([each.encoded for each in batch])
    allowed = np.zeros_like(inputs["input_ids"], dtype=bool)
    allowed[:, 0] = True
    for row, each in enumerate(batch):
        allowed[row, text_tokens(each.encoded)] = True
    mask = torch.from_numpy(allowed).to(device)
    fed = {name: torch.from_numpy(value).to(device) for name, value in inputs.items()}
    with torch.autocast(device.type, torch.bfloat16):
        starts, ends, answers = model(**fed)
    first = torch.tensor([e.start if e.known else NO_WORDS for e in batch], device=device)
    last = torch.tensor([e.end if e.known else NO_WORDS for e in batch], device=device)
    target = torch.tensor([float(each.answerable) for each in batch], device=device)
    words = torch.stack(
        [
            torch.nn.functional.cross_entropy(
                logits.float().masked_fill(~mask, -1e4), wanted, reduction="sum"
            )
            for logits, wanted in ((starts, first), (ends, last))
        ]
    ).sum() / (2 * max(1, sum(each.known for each in batch)))
    return words + torch.nn.functional.binary_cross_entropy_with_logits(answers.float(), target)
