"""The reader as a network that learns, and the way to and from its int8 weights.

It starts from the reranker's int8 weights, turned back into floats: they know already how well a
text goes with a question. It has two heads: one for the first and the last token of the answer, and
one for whether the text answers at all, which starts as the reranker's own logit. A third one would
be another linear layer beside them.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertModel

LAYERS, WIDTH, HEADS, VOCABULARY = 12, 384, 12, 30522


class ReaderModel(torch.nn.Module):  # type: ignore[misc]
    """A BERT of 12 layers with the two heads."""

    def __init__(self) -> None:
        super().__init__()
        # Without dropout: with one epoch there is nothing to memorise, and it costs a tenth.
        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            # On a processor the plain form is faster in training than the fused one.
            attn_implementation="eager",
        )
        self.bert = BertModel(config)
        self.words = torch.nn.Linear(WIDTH, 2)
        self.answers = torch.nn.Linear(WIDTH, 1)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return logits: first tokens and last tokens (texts, tokens), and answers (texts)."""
        read = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        words = self.words(read.last_hidden_state)
        return words[..., 0], words[..., 1], self.answers(read.pooler_output)[:, 0]


def from_reranker(path: Path) -> ReaderModel:
    """Return a model that starts from the int8 weights of a cross-encoder of the same shape."""
    graph = onnx.load(path).graph
    held = {each.name: numpy_helper.to_array(each) for each in graph.initializer}

    def floats(name: str) -> torch.Tensor:
        integers = held[f"{name}_quantized"].astype(np.float32)
        zero = held[f"{name}_zero_point"].astype(np.float32)
        return torch.from_numpy((integers - zero) * held[f"{name}_scale"])

    # The products stand in the order of the layers; their weights are transposed.
    products = [
        node.input[1].removesuffix("_quantized")
        for node in graph.node
        if node.op_type == "MatMulInteger"
    ]
    parts = (
        "attention.self.query attention.self.key attention.self.value attention.output.dense "
        "intermediate.dense output.dense"
    ).split()
    names = [f"bert.encoder.layer.{layer}.{part}" for layer in range(LAYERS) for part in parts]
    names += ["bert.pooler.dense", "answers"]
    state = {
        f"{name}.weight": floats(product).T for name, product in zip(names, products, strict=True)
    }
    for name in ("word", "position", "token_type"):
        key = f"bert.embeddings.{name}_embeddings.weight"
        state[key] = floats(key)
    plain = {key: value for key, value in held.items() if value.dtype == np.float32}
    state |= {
        key: torch.tensor(v) for key, v in plain.items() if key.startswith("bert.") and v.ndim
    }
    state["answers.bias"] = torch.tensor(held["classifier.bias"])
    model = ReaderModel()
    missing, unexpected = model.load_state_dict(
        {key: value.contiguous() for key, value in state.items()}, strict=False
    )
    if set(missing) != {"words.weight", "words.bias"} or unexpected:
        raise ValueError(f"{path} is another kind of network: {missing} {unexpected}")
    torch.nn.init.normal_(model.words.weight, std=0.02)
    torch.nn.init.zeros_(model.words.bias)
    return model


def export(model: ReaderModel, tokenizer: Path, folder: Path) -> None:
    """Write a model as int8 ONNX, with its tokenizer, into a folder; each file appears whole.

    Weights are rounded per channel to seven bits, so that processors without VNNI, which add in
    sixteen bits, reckon the same.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name)
        whole, ready = made / "float.onnx", made / "ready.onnx"
        model.eval()
        ids = torch.ones((2, 8), dtype=torch.int64)
        inputs = ("input_ids", "attention_mask", "token_type_ids")
        outputs = ("starts", "ends", "answers")
        axes = {each: {0: "texts", 1: "tokens"} for each in (*inputs, *outputs[:2])}
        torch.onnx.export(
            model,
            (ids, ids, ids * 0),
            str(whole),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={**axes, "answers": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True, skip_onnx_shape=True)
        quantize_dynamic(
            str(ready),
            str(made / "model.onnx"),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        for file in (whole, ready):
            file.unlink()
        shutil.copyfile(tokenizer, made / "tokenizer.json")
        folder.mkdir(exist_ok=True)
        for file in made.iterdir():
            file.replace(folder / file.name)
