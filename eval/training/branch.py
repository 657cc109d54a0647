"""The reader's third head: does a text bear a statement out, speak against it, or neither?

It has layers of its own above the reader's lower half, which stays as it is: the reader's two other
heads say the same with it as without it, to the last bit. The layers start as copies of the
reader's own upper half, and learn from what the int8 lower half really gives.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertEncoder, BertPooler

from eval.training.model import HEADS, LAYERS, THIRD, WIDTH, from_weights, quantize
from eval.training.statements import Label
from index.atomic import write_whole

SHARED = 6
"""The reader's layers that the head stands on."""

HIDDEN = f"/bert/encoder/layer.{SHARED - 1}/output/LayerNorm/LayerNormalization_output_0"
"""What the last of them gives, in the reader's graph."""

OUTPUT = "bears_out"
LABELS: tuple[Label, ...] = ("supported", "refuted", "not enough")
"""What the three logits of the output stand for."""


class Branch(torch.nn.Module):  # type: ignore[misc]
    """The layers of the third head."""

    def __init__(self) -> None:
        super().__init__()
        config = BertConfig(
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS - SHARED,
            num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",
        )
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config)
        self.bears_out = torch.nn.Linear(WIDTH, len(LABELS))

    def forward(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (texts, labels) of hidden states (texts, tokens, width)."""
        padding = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * -1e4
        read = self.encoder(hidden, attention_mask=padding).last_hidden_state
        return self.bears_out(self.pooler(read))


def upper_half(reader: Path) -> Branch:
    """Return a head whose layers are those of a reader's upper half."""
    model, branch = from_weights(reader), Branch()
    own = model.bert.encoder.layer[SHARED:]
    for layer, start in zip(branch.encoder.layer, own, strict=True):
        layer.load_state_dict(start.state_dict())
    branch.pooler.load_state_dict(model.bert.pooler.state_dict())
    return branch


def lower_half(reader: Path) -> onnxruntime.InferenceSession:
    """Open a reader that gives the hidden states of its lower half, and nothing else."""
    graph = onnx.load(reader)
    del graph.graph.output[:]
    graph.graph.output.append(
        helper.make_tensor_value_info(HIDDEN, onnx.TensorProto.FLOAT, ("texts", "tokens", WIDTH))
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph.SerializeToString(), options)


def export(branch: Branch, reader: Path, folder: Path) -> None:
    """Write a reader with the head beside its others, with its tokenizer, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        whole, small = Path(name) / "float.onnx", Path(name) / "small.onnx"
        branch.eval()
        hidden, mask = torch.zeros((2, 8, WIDTH)), torch.ones((2, 8), dtype=torch.int64)
        torch.onnx.export(
            branch,
            (hidden, mask),
            str(whole),
            input_names=["hidden", "attention_mask"],
            output_names=[OUTPUT],
            dynamic_axes={
                "hidden": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                OUTPUT: {0: "texts"},
            },
            opset_version=17,
            dynamo=False,
        )
        quantize(whole, small)
        made = Path(name) / "model.onnx"
        onnx.save(_grown(onnx.load(reader), onnx.load(small)), made)
        made.replace(folder / "model.onnx")
    if folder != reader.parent:
        shutil.copyfile(reader.parent / "tokenizer.json", folder / "tokenizer.json")


def _grown(reader: onnx.ModelProto, branch: onnx.ModelProto) -> onnx.ModelProto:
    """Put a head's nodes behind a reader's; an earlier head of this kind goes."""
    graph = reader.graph
    for kept in (graph.node, graph.initializer, graph.output):
        for each in [each for each in kept if each.name.startswith((THIRD, OUTPUT))]:
            kept.remove(each)
    given = {"hidden": HIDDEN, "attention_mask": "attention_mask", OUTPUT: OUTPUT, "": ""}

    def renamed(names: Sequence[str]) -> list[str]:
        return [given.get(name, THIRD + name) for name in names]

    for node in branch.graph.node:
        inputs, outputs = renamed(node.input), renamed(node.output)
        node.name = THIRD + node.name
        del node.input[:], node.output[:]
        node.input.extend(inputs)
        node.output.extend(outputs)
        graph.node.append(node)
    for weights in branch.graph.initializer:
        weights.name = THIRD + weights.name
        graph.initializer.append(weights)
    graph.output.extend(branch.graph.output)
    _check_with_sets_of(reader, branch)
    return reader


def _check_with_sets_of(model: onnx.ModelProto, other: onnx.ModelProto) -> None:
    """Add the sets of operators that another model's nodes need, and check the whole."""
    known = {each.domain for each in model.opset_import}
    model.opset_import.extend(e for e in other.opset_import if e.domain not in known)
    onnx.checker.check_model(model)


def keep_third(before: Path, reader: Path) -> None:
    """Put the third head of a reader behind the two of another with the same lower half."""
    had, made = onnx.load(before), onnx.load(reader)
    for kept in ("node", "initializer", "output"):
        own = [e for e in getattr(had.graph, kept) if e.name.startswith((THIRD, OUTPUT))]
        getattr(made.graph, kept).extend(own)
    _check_with_sets_of(made, had)
    write_whole(reader, made.SerializeToString())


def hidden_states(
    session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray]
) -> np.ndarray:
    """Return the lower half's states of one text, shape (tokens, width), in half precision."""
    return np.asarray(session.run([HIDDEN], inputs)[0][0], dtype=np.float16)
