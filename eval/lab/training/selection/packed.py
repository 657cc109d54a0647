"""Training on several questions about the same text at once.

The text is read once, and none of its questions sees another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from llama_index.core.base.llms.types import ChatMessage
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eval.lab.training.standing_alone.adapter import encoded


@dataclass(frozen=True, slots=True)
class Packed:
    """The tokens of a text (`shared`), and of each question on it with its answer.

    The last `answers` of a question's tokens are those to be written. `kinds` name the kind of each
    question, for measuring.
    """

    shared: Sequence[int]
    asked: Sequence[Sequence[int]]
    answers: Sequence[int]
    kinds: Sequence[str]

    @property
    def tokens(self) -> int:
        """How many tokens are read."""
        return len(self.shared) + sum(map(len, self.asked))


def packed(
    asked: Sequence[tuple[Sequence[ChatMessage], str, str]], tokenizer: PreTrainedTokenizerBase
) -> Packed:
    """Pack questions on the same text, each with its prompt, its answer and its kind."""
    both = (encoded(tokenizer, prompt, answer) for prompt, answer, _ in asked)
    prompts, answers = zip(*both, strict=True)
    differs = (at for at, some in enumerate(zip(*prompts, strict=False)) if len(set(some)) > 1)
    shared = next(differs, len(prompts[0]) - 1)
    rest = [[*prompt[shared:], *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    kinds = [kind for _, _, kind in asked]
    return Packed(prompts[0][:shared], rest, [*map(len, answers)], kinds)


def loss(model: PreTrainedModel, batch: Sequence[Packed]) -> torch.Tensor:
    """Return the loss of a batch, over the tokens to be written alone."""
    logits, wanted = written(model, batch)
    return cross_entropy(torch.cat(logits), torch.cat(wanted))


def written(
    model: PreTrainedModel, batch: Sequence[Packed]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the logits of each question's answer, and the tokens that it should have."""
    rows = [_row(each) for each in batch]
    width = max(len(tokens) for tokens, _, _ in rows)
    mask = torch.zeros(len(rows), 1, width, width, dtype=torch.bool)
    mask[:, 0, torch.arange(width), torch.arange(width)] = True
    for at, (tokens, _, branch) in enumerate(rows):
        seen = (branch[:, None] == branch[None, :]) | (branch[None, :] == 0)
        mask[at, 0, : len(tokens), : len(tokens)] = seen.tril()
    states = model.model(
        input_ids=pad_sequence([tokens for tokens, _, _ in rows], batch_first=True),
        position_ids=pad_sequence([places for _, places, _ in rows], batch_first=True),
        attention_mask=torch.where(mask, 0.0, -math.inf).to(model.dtype),
        use_cache=False,
    ).last_hidden_state
    before, wanted = [], []
    for at, (example, (tokens, _, _)) in enumerate(zip(batch, rows, strict=True)):
        end = len(example.shared)
        for asked, answer in zip(example.asked, example.answers, strict=True):
            end += len(asked)
            before.append(states[at, end - answer - 1 : end - 1])
            wanted.append(tokens[end - answer : end])
    logits = model.lm_head(torch.cat(before)).float()
    return list(logits.split([len(each) for each in wanted])), wanted


def _row(example: Packed) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the tokens of an example, their positions, and the question that each belongs to.

    The shared tokens belong to 0, and the positions of each question follow right after them.
    """
    shared = len(example.shared)
    tokens, places, branch = [*example.shared], [*range(shared)], [0] * shared
    for at, asked in enumerate(example.asked, 1):
        tokens += asked
        places += range(shared, shared + len(asked))
        branch += [at] * len(asked)
    return torch.tensor(tokens), torch.tensor(places), torch.tensor(branch)
