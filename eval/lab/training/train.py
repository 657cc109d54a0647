"""The training loop: batches of texts of similar lengths, AdamW, checkpoints to resume from."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import torch

from eval.lab.command import progress_bar
from index.errors import UserError

T = TypeVar("T")

WEIGHT_DECAY = 0.01
BATCH_TOKENS = 2048
"""Tokens of a batch, padding included: 32 windows of 64."""
POOL = 2048
"""How many examples at a time are put into batches of similar lengths."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How something is trained.

    `rate` is the highest learning rate: it rises over the share `warm_up` of the steps, and then
    falls to zero. `seconds` is the time between checkpoints. `reseeded` seeds dropout by the number
    of the step, so that it is the same after a stop.
    """

    seed: int
    rate: float
    warm_up: float
    epochs: float = 1.0
    seconds: float = 600.0
    reseeded: bool = False


def fit(
    model: torch.nn.Module,
    items: Sequence[T],
    length: Callable[[T], int],
    loss_of: Callable[[list[T]], torch.Tensor],
    checkpoint: Path,
    recipe: Recipe,
) -> None:
    """Train a model in place, resuming from the checkpoint if there is one.

    `length` returns an item's number of tokens, and `loss_of` the loss of a batch of items. The
    same items, recipe and number of threads give the same weights, whether or not training was
    stopped in between. Raises UserError for a checkpoint of a training of another length.
    """
    torch.manual_seed(recipe.seed)
    model.train()
    batches = batches_of(items, length, recipe.epochs, recipe.seed)
    steps = len(batches)
    learning = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.rate, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: rate_at(at, steps, recipe.warm_up)
    )
    state = {"model": model, "optimizer": optimizer, "schedule": schedule}
    first = resume(checkpoint, state, steps, learning[0].device)
    saved = time.monotonic()
    with progress_bar() as progress:
        task = progress.add_task("training", total=steps, completed=first)
        for at in range(first, steps):
            if recipe.reseeded:
                torch.manual_seed(recipe.seed + at)
            loss = loss_of(batches[at])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimizer.step()
            schedule.step()
            progress.update(task, advance=1, description=f"training, loss {loss.item():.3f}")
            if time.monotonic() - saved > recipe.seconds or at + 1 == steps:
                saved = time.monotonic()
                save(checkpoint, state, at + 1, steps)
    model.eval()


def halved(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 if that is faster: on a GPU, and on a CPU that supports it.

    Other CPUs emulate it in software, which takes several times as long as full precision.
    """
    quicker = device.type != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.autocast(device.type, torch.bfloat16, enabled=quicker)


def resume(checkpoint: Path, state: dict[str, Any], steps: int, device: torch.device) -> int:
    """Load what was learned so far, if there is a checkpoint; return the next step.

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
    for name, part in state.items():
        part.load_state_dict(kept[name])
    return int(kept["step"])


def save(checkpoint: Path, state: dict[str, Any], step: int, steps: int) -> None:
    """Write a checkpoint, whole or not at all."""
    parts = {name: part.state_dict() for name, part in state.items()}
    partial = checkpoint.with_suffix(".partial")
    torch.save({**parts, "step": step, "steps": steps}, partial)
    partial.replace(checkpoint)


def batches_of(
    items: Sequence[T], length: Callable[[T], int], epochs: float, seed: int
) -> list[list[T]]:
    """Shuffle the items, and put those of similar lengths, in tokens, into batches."""
    rng = random.Random(seed)  # noqa: S311  reproducible
    count = int(epochs * len(items))
    drawn = (rng.sample(items, len(items)) for _ in range(math.ceil(count / len(items))))
    wanted = list(chain(*drawn))[:count]
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
    """Return the share of the highest learning rate at a step."""
    rising = (step + 1) / max(1, math.ceil(warm_up * steps))
    return min(rising, max(0.0, (steps - step) / (steps * (1 - warm_up))))
