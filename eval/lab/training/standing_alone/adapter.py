"""A low-rank adapter (LoRA, Hu and others, 2021) of the default language model.

The model's own weights stay as they are. For each matrix of its upper layers, two thin matrices are
learned, whose product is added to it. llama.cpp can add them for one request and not for the next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import gguf
import numpy as np
import torch
from llama_index.core.base.llms.types import ChatMessage
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from eval.lab.training.train import Recipe, batches_of, fit
from index.atomic import write_whole
from rag.config import load_settings
from rag.writing.loading import ADAPTED, weights_file

T = TypeVar("T")

RECIPE = Recipe(seed=2026, rate=3e-4, warm_up=0.05)

RANK, SCALE = 8, 2.0
"""The rank of the product that is added, and the factor that it is multiplied by."""

FIRST = 12
"""The first of the model's 28 layers that has such matrices: those below need no gradient."""

MATRICES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""The matrices of a layer, each with its name in llama.cpp."""


class Learned(torch.nn.Module):  # type: ignore[misc]
    """The two thin matrices that are learned for one of the model; at first they add nothing."""

    def __init__(self, base: torch.nn.Linear) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(RANK, base.in_features) / base.in_features**0.5)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what is added for states, shape (texts, tokens, width)."""
        return (x @ self.a.to(x.dtype).T) @ (self.b * SCALE).to(x.dtype).T


class Adapted(torch.nn.Module):  # type: ignore[misc]
    """A matrix of the model with what is learned for it."""

    def __init__(self, base: torch.nn.Linear, learned: Learned) -> None:
        super().__init__()
        self.base, self.learned = base, learned

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the matrix's output for states (texts, tokens, width), plus what is learned."""
        made: torch.Tensor = self.base(x) + self.learned(x)
        return made


def model_file() -> Path:
    """Return the file of the model that the adapters belong to."""
    return weights_file(ADAPTED, load_settings().models)


def load_tokenizer(path: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a GGUF file."""
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def encoded(
    tokenizer: PreTrainedTokenizerBase, asked: Sequence[ChatMessage], answer: str
) -> tuple[list[int], list[int]]:
    """Return the tokens of a prompt, and those of its answer with the token that ends it."""
    said = [{"role": each.role.value, "content": each.content} for each in asked]
    prompt = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
    before: list[int] = tokenizer.encode(prompt, add_special_tokens=False)
    written: list[int] = tokenizer.encode(answer + tokenizer.eos_token, add_special_tokens=False)
    return before, written


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a prompt and its answer, and how many of them are the prompt's (`asked`)."""

    tokens: Sequence[int]
    asked: int


def example_of(
    tokenizer: PreTrainedTokenizerBase, asked: Sequence[ChatMessage], answer: str
) -> Example:
    """Return the example of a prompt and its answer."""
    before, written = encoded(tokenizer, asked, answer)
    return Example([*before, *written], len(before))


def loss(model: PreTrainedModel, batch: Sequence[Example]) -> torch.Tensor:
    """Return the loss of a batch, over the answers alone.

    Padding comes last, where no token attends to it.
    """
    rows = [torch.tensor(each.tokens) for each in batch]
    states = model.model(input_ids=pad_sequence(rows, batch_first=True)).last_hidden_state
    written = [states[at, each.asked - 1 : len(each.tokens) - 1] for at, each in enumerate(batch)]
    wanted = [row[each.asked :] for row, each in zip(rows, batch, strict=True)]
    return cross_entropy(model.lm_head(torch.cat(written)).float(), torch.cat(wanted))


def learn_and_measure(
    model: PreTrainedModel,
    examples: Iterable[tuple[bool, Example]],
    made: Path,
    epochs: float,
    start: Path | None = None,
) -> None:
    """Train an adapter on the examples that are not held out, and print the loss on the others.

    Each example comes with whether it is held out. See `learn`.
    """
    learned, held_out = list[Example](), list[Example]()
    for is_held_out, example in examples:
        (held_out if is_held_out else learned).append(example)
    recipe = replace(RECIPE, epochs=epochs)
    learn(model, learned, lambda each: len(each.tokens), loss, made, recipe, start)
    sys.stdout.write(f"loss {_mean_loss(model, held_out):.3f}, n = {len(held_out)}\n")


def _mean_loss(model: PreTrainedModel, held_out: Sequence[Example]) -> float:
    batches = batches_of(held_out, lambda each: len(each.tokens), 1.0, RECIPE.seed)
    with torch.no_grad():
        losses = [float(loss(model, batch)) * len(batch) for batch in batches]
    return sum(losses) / len(held_out)


def learn(
    model: PreTrainedModel,
    examples: Sequence[T],
    length: Callable[[T], int],
    loss: Callable[[PreTrainedModel, Sequence[T]], torch.Tensor],
    made: Path,
    recipe: Recipe,
    start: Path | None = None,
) -> None:
    """Train an adapter, and write it to the file `made`; the model keeps it as well.

    `length` returns an example's number of tokens, and `loss` the loss of a batch. Training resumes
    from a checkpoint next to the file; without one, it starts from the adapter `start`, if any.
    """
    learned = adapt(model, recipe.seed)
    if start:
        read_adapter(learned, start)
    fit(
        torch.nn.ModuleList(learned.values()),
        examples,
        length,
        lambda batch: loss(model, batch),
        made.with_name("checkpoint.pt"),
        recipe,
    )
    export_adapter(learned, made)


def load_model(path: Path) -> PreTrainedModel:
    """Return the model of a GGUF file, unpacked and frozen: some 3.5 GB."""
    model = AutoModelForCausalLM.from_pretrained(
        path.parent,
        gguf_file=path.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    return model.requires_grad_(False)


def adapt(model: PreTrainedModel, seed: int) -> dict[str, Learned]:
    """Add what is to be learned to the model's matrices; return it by llama.cpp's names."""
    torch.manual_seed(seed)
    made = {}
    for number, layer in list(enumerate(model.model.layers))[FIRST:]:
        for path, name in MATRICES.items():
            part, matrix = path.split(".")
            within = getattr(layer, part)
            base = getattr(within, matrix)
            learned = Learned(base)
            setattr(within, matrix, Adapted(base, learned))
            made[f"blk.{number}.{name}.weight"] = learned
    return made


def read_adapter(learned: Mapping[str, Learned], path: Path) -> None:
    """Load an adapter that `export_adapter` wrote."""
    had = {each.name: torch.from_numpy(each.data.copy()) for each in gguf.GGUFReader(path).tensors}
    for name, each in learned.items():
        for side, thin in each.named_parameters():
            thin.data.copy_(had[f"{name}.lora_{side}"])


def export_adapter(learned: Mapping[str, Learned], path: Path) -> None:
    """Write what was learned in llama.cpp's format, in half precision."""
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "qwen2")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, SCALE * RANK)
    for name, each in learned.items():
        for side, thin in each.named_parameters():
            writer.add_tensor(f"{name}.lora_{side}", thin.detach().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    write_whole(path, partial.read_bytes())
    partial.unlink()
