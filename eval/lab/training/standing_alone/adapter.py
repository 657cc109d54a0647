"""A low-rank adapter (LoRA, Hu and others, 2021) of the default language model.

The model's own weights stay as they are. Beside each matrix of its upper layers two thin ones are
learned, whose product is added to it; llama.cpp adds them for one request and not for the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, GgufConfig, PreTrainedModel

from index.atomic import write_whole

RANK, SCALE = 8, 2.0
"""The width of what is added, and by what it is multiplied."""

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
"""The matrices of a layer, each with the name that llama.cpp has for it."""


class Learned(torch.nn.Module):  # type: ignore[misc]
    """What is learned beside a matrix of the model; at first that adds nothing."""

    def __init__(self, base: torch.nn.Linear) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(RANK, base.in_features) / base.in_features**0.5)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what is added for states, shape (texts, tokens, width)."""
        return (x @ self.a.to(x.dtype).T) @ (self.b * SCALE).to(x.dtype).T


class Adapted(torch.nn.Module):  # type: ignore[misc]
    """A matrix of the model with what is learned beside it."""

    def __init__(self, base: torch.nn.Linear, learned: Learned) -> None:
        super().__init__()
        self.base, self.learned = base, learned

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the matrix makes of states (texts, tokens, width), with what is added."""
        made: torch.Tensor = self.base(x) + self.learned(x)
        return made


def load_model(path: Path) -> PreTrainedModel:
    """Return the model of a GGUF file, unpacked: some 3.5 GB, which no gradient changes."""
    model = AutoModelForCausalLM.from_pretrained(
        path.parent,
        gguf_file=path.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    return model.requires_grad_(False)


def adapt(model: PreTrainedModel, seed: int) -> dict[str, Learned]:
    """Put what is to be learned beside the model's matrices; return it by llama.cpp's names."""
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


def export_adapter(learned: Mapping[str, Learned], path: Path) -> None:
    """Write what was learned as llama.cpp reads it, in half precision."""
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
