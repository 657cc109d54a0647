"""The reader's fourth head: what is to be done at each word of a message, and what is copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Encoding

from eval.lab.training.branch import Branch, States
from eval.lab.training.follow_ups.examples import Example, Label
from eval.lab.training.model import WIDTH
from index.weights.reader import place_tokens, text_tokens
from rag.asking.rewrite import HOWS, places
from rag.languages.english_words import LINKS

POINTING = 128
"""The width in which a place of the message and words of the context are compared."""

UNKNOWN = -100
"""Marks what has no label; PyTorch's cross-entropy passes it over."""


class Edits(Branch):
    """The layers of the head.

    Its outputs are, of each token, the logits of `HOWS`, `LINKS` and of owning; of each token with
    each other the logits that the first and the last of the words that are copied stand there; and
    one logit that the message needs anything.
    """

    name = "fourth/"
    outputs: Mapping[str, Mapping[int, str]] = {
        "edits": {0: "texts", 1: "tokens"},
        "firsts": {0: "texts", 1: "tokens", 2: "tokens"},
        "lasts": {0: "texts", 1: "tokens", 2: "tokens"},
        "needs": {0: "texts"},
    }

    def __init__(self) -> None:
        super().__init__()
        self.edits = torch.nn.Linear(WIDTH, len(HOWS) + len(LINKS) + 2)
        self.places = torch.nn.Linear(WIDTH, 2 * POINTING)
        self.words = torch.nn.Linear(WIDTH, 2 * POINTING)
        self.needs = torch.nn.Linear(WIDTH, 1)

    def forward(
        self, hidden: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the outputs of hidden states (texts, tokens, width)."""
        read = self.read(hidden, attention_mask)
        first_to, last_to = self.places(read).chunk(2, dim=-1)
        first, last = self.words(read).chunk(2, dim=-1)
        scale = POINTING**-0.5
        return (
            self.edits(read),
            first_to @ first.transpose(1, 2) * scale,
            last_to @ last.transpose(1, 2) * scale,
            self.needs(self.pooler(read))[:, 0],
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """The labels of a message at its tokens; `words` are the tokens that may be copied."""

    at: Sequence[int]
    labels: Sequence[Label]
    copied: Sequence[tuple[int, int]]
    words: Sequence[int]
    needs: bool

    @classmethod
    def of(cls, example: Example, encoded: Encoding) -> Prepared:
        """Find the tokens of an example's places; what is cut off has no label."""
        words = [int(at) for at in text_tokens(encoded)]
        at = place_tokens(encoded, places(example.message))
        offsets, copied = encoded.offsets, []
        for label in example.labels:
            start, end = label.place or (0, 0)
            of = [t for t in words if offsets[t][1] > start and offsets[t][0] < end]
            copied.append((of[0], of[-1]) if of else (UNKNOWN, UNKNOWN))
        return cls(at, example.labels, copied, words, example.needs)


def loss(
    branch: Edits, states: States, prepared: Sequence[Prepared], batch: Sequence[int]
) -> torch.Tensor:
    """Return the loss of a batch: the mean of its messages' sums."""
    inputs = states.padded(batch)
    with torch.autocast("cpu", torch.bfloat16):
        edits, firsts, lasts, needs = branch(*inputs)
    hows, links, owns = edits.float().split([len(HOWS), len(LINKS), 2], dim=-1)
    rows: list[int] = []
    tokens: list[int] = []
    told: list[Label] = []
    copied: list[tuple[int, int]] = []
    outside = torch.full((len(batch), inputs[0].shape[1]), -1e4)
    for row, number in enumerate(batch):
        each = prepared[number]
        rows += [row] * len(each.at)
        tokens += each.at
        told += each.labels
        copied += each.copied
        outside[row, list(each.words)] = 0.0
    known = torch.tensor([first != UNKNOWN for first, _ in copied])

    def entropy(logits: torch.Tensor, wanted: Sequence[int]) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits, torch.tensor(wanted), reduction="sum")

    def put(values: Sequence[int]) -> list[int]:
        return [v if k else UNKNOWN for v, k in zip(values, known.tolist(), strict=True)]

    summed = entropy(hows[rows, tokens], [each.how for each in told])
    summed = summed + entropy(links[rows, tokens], put([each.link for each in told]))
    summed = summed + entropy(owns[rows, tokens], put([int(each.owns) for each in told]))
    for pointed, side in ((firsts, 0), (lasts, 1)):
        logits = pointed.float()[rows, tokens] + outside[rows]
        summed = summed + entropy(logits, [each[side] for each in copied])
    needed = [prepared[number].needs for number in batch]
    summed = summed + torch.nn.functional.binary_cross_entropy_with_logits(
        needs.float(), torch.tensor(needed, dtype=torch.float32), reduction="sum"
    )
    return summed / len(batch)
