"""The reader as a network that learns, and the way to and from its int8 weights.

It starts from int8 weights turned back into floats: the reranker's, which know already how well a
text goes with a question, or a reader's. It has two heads: one for the first and the last token of
the answer, and one for whether the text answers at all, which starts as the reranker's own logit.
Others have layers of their own (`branch.py`).
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

BRANCHES = ("third/", "fourth/")
"""What the names of weights begin with, in a reader's file, that are other heads' (`branch.py`)."""


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


def from_weights(path: Path) -> ReaderModel:
    """Return a model that starts from int8 weights: a reader's, or a cross-encoder's of its shape.

    A cross-encoder's own logit becomes the answers' head. Raises ValueError for another network.
    """
    graph = onnx.load(path).graph
    state = {
        name.replace("classifier", "answers"): value
        for name, value in weights_of(graph, "", BRANCHES).items()
    }
    model = ReaderModel()
    torch.nn.init.normal_(model.words.weight, std=0.02)
    torch.nn.init.zeros_(model.words.bias)
    missing, unexpected = model.load_state_dict(
        {key: value.contiguous() for key, value in state.items()}, strict=False
    )
    if set(missing) - {"words.weight", "words.bias"} or unexpected:
        raise ValueError(f"{path} is another kind of network: {missing} {unexpected}")
    return model


def weights_of(
    graph: onnx.GraphProto, prefix: str, others: tuple[str, ...] = ()
) -> dict[str, torch.Tensor]:
    """Return the int8 weights of a graph, turned back into floats, by the names of their layers.

    Those are meant whose names begin with the prefix, and with none of the `others`.
    """

    def own(name: str) -> bool:
        return name.startswith(prefix) and not name.startswith(others)

    held = {
        each.name.removeprefix(prefix): numpy_helper.to_array(each)
        for each in graph.initializer
        if own(each.name)
    }

    def floats(name: str) -> torch.Tensor:
        integers = held[f"{name}_quantized"].astype(np.float32)
        zero = held[f"{name}_zero_point"].astype(np.float32)
        return torch.from_numpy((integers - zero) * held[f"{name}_scale"])

    state = {key: torch.tensor(v) for key, v in held.items() if key.endswith((".bias", ".weight"))}
    for key in [each.removesuffix("_quantized") for each in held if each.endswith("_quantized")]:
        if key.endswith("_embeddings.weight"):
            state[key] = floats(key)
    for node in graph.node:
        if node.op_type == "MatMulInteger" and own(node.name):
            # Named as the layer is, as /bert/pooler/dense/MatMul.
            name = node.name.removeprefix(prefix).strip("/").rpartition("/")[0]
            key = node.input[1].removeprefix(prefix).removesuffix("_quantized")
            state[f"{name.replace('/', '.')}.weight"] = floats(key).T
    return state


def take_mean(model: ReaderModel, other: ReaderModel) -> None:
    """Give a model the mean of its own weights and another's, from which it was trained on.

    The mean reads unseen articles better than either of the two (Wortsman and others, "Robust
    fine-tuning of zero-shot models", CVPR 2022, and "Model soups", ICML 2022).
    """
    theirs = other.state_dict()
    model.load_state_dict(
        {
            name: (own + theirs[name]) / 2 if own.is_floating_point() else own
            for name, own in model.state_dict().items()
        }
    )


def export(model: ReaderModel, tokenizer: Path, folder: Path) -> None:
    """Write a model as int8 ONNX, with its tokenizer, into a folder; each file appears whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name)
        whole = made / "float.onnx"
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
        quantize(whole, made / "model.onnx")
        whole.unlink()
        shutil.copyfile(tokenizer, made / "tokenizer.json")
        folder.mkdir(exist_ok=True)
        for file in made.iterdir():
            file.replace(folder / file.name)


def quantize(whole: Path, to: Path) -> None:
    """Write a network's int8 form.

    Weights are rounded per channel to seven bits, so that processors without VNNI, which add in
    sixteen bits, reckon the same.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready = to.with_suffix(".ready")
    quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True, skip_onnx_shape=True)
    quantize_dynamic(
        str(ready), str(to), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
    )
    ready.unlink()
