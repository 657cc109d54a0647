"""Heads of the reader that have layers of their own, above its lower half.

The lower half stays as it is: all other heads say the same with such a head as without it, to the
last bit. The layers start as copies of the reader's own upper half, and learn from what the int8
lower half really gives.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper
from rich.progress import Progress
from tokenizers import Encoding
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertEncoder, BertPooler

from eval.lab.training.model import (
    BRANCHES,
    HEADS,
    LAYERS,
    WIDTH,
    from_weights,
    quantize,
    weights_of,
)
from eval.lab.training.train import batches_of, fit
from index.atomic import write_whole
from index.errors import UserError
from index.weights.onnx import features, in_parallel

SEED = 2026
RATE = 2e-4
"""The highest learning rate; it rises over the first steps and then falls to nothing."""
WARM_UP = 0.06

SHARED = 6
"""The reader's layers that the head stands on."""

HIDDEN = f"/bert/encoder/layer.{SHARED - 1}/output/LayerNorm/LayerNormalization_output_0"
"""What the last of them gives, in the reader's graph."""


class Branch(torch.nn.Module):  # type: ignore[misc]
    """The layers of such a head.

    `name` is what its weights' names begin with in the reader's file. `outputs` are its outputs,
    each with the names of its axes that have no fixed length.
    """

    name: str
    outputs: Mapping[str, Mapping[int, str]]

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(SEED)  # What is new begins the same each time.
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

    def read(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return its layers' states of the lower half's: shape (texts, tokens, width)."""
        padding = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * -1e4
        read: torch.Tensor = self.encoder(hidden, attention_mask=padding).last_hidden_state
        return read

    def start_from(self, reader: Path) -> None:
        """Take the layers of a reader's upper half."""
        model = from_weights(reader)
        own = model.bert.encoder.layer[SHARED:]
        for layer, start in zip(self.encoder.layer, own, strict=True):
            layer.load_state_dict(start.state_dict())
        self.pooler.load_state_dict(model.bert.pooler.state_dict())

    def go_on_from(self, reader: Path) -> None:
        """Take the layers that this head has in a reader already."""
        state = weights_of(onnx.load(reader).graph, self.name)
        self.load_state_dict({key: value.contiguous() for key, value in state.items()})

    def take_mean(self, one: Path, other: Path) -> None:
        """Take the mean of the layers that this head has in two readers (see `model.take_mean`)."""
        states = [weights_of(onnx.load(each).graph, self.name) for each in (one, other)]
        mean = {key: (value + states[1][key]) / 2 for key, value in states[0].items()}
        self.load_state_dict({key: value.contiguous() for key, value in mean.items()})


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
            output_names=list(branch.outputs),
            dynamic_axes={
                "hidden": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                **{name: dict(axes) for name, axes in branch.outputs.items()},
            },
            opset_version=17,
            dynamo=False,
        )
        quantize(whole, small)
        made = Path(name) / "model.onnx"
        grown = _grown(onnx.load(reader), onnx.load(small), branch)
        onnx.save(grown, made)
        made.replace(folder / "model.onnx")
    if folder != reader.parent:
        shutil.copyfile(reader.parent / "tokenizer.json", folder / "tokenizer.json")


def _grown(reader: onnx.ModelProto, made: onnx.ModelProto, branch: Branch) -> onnx.ModelProto:
    """Put a head's nodes behind a reader's; an earlier head of this name goes."""
    graph = reader.graph
    for kept in (graph.node, graph.initializer):
        for each in [each for each in kept if each.name.startswith(branch.name)]:
            kept.remove(each)
    for output in [each for each in graph.output if each.name in branch.outputs]:
        graph.output.remove(output)
    shared = {"hidden": HIDDEN, "attention_mask": "attention_mask", "": ""}
    shared |= {name: name for name in branch.outputs}

    def renamed(names: Sequence[str]) -> list[str]:
        return [shared.get(name, branch.name + name) for name in names]

    for node in made.graph.node:
        inputs, outputs = renamed(node.input), renamed(node.output)
        node.name = branch.name + node.name
        del node.input[:], node.output[:]
        node.input.extend(inputs)
        node.output.extend(outputs)
        graph.node.append(node)
    for weights in made.graph.initializer:
        weights.name = branch.name + weights.name
        graph.initializer.append(weights)
    graph.output.extend(made.graph.output)
    _check_with_sets_of(reader, made)
    return reader


def _check_with_sets_of(model: onnx.ModelProto, other: onnx.ModelProto) -> None:
    """Add the sets of operators that another model's nodes need, and check the whole."""
    known = {each.domain for each in model.opset_import}
    model.opset_import.extend(e for e in other.opset_import if e.domain not in known)
    onnx.checker.check_model(model)


def keep_branches(before: Path, reader: Path) -> None:
    """Put the heads of this kind of a reader behind the two of another with the same lower half."""
    had, made = onnx.load(before), onnx.load(reader)
    for kept in ("node", "initializer"):
        own = [each for each in getattr(had.graph, kept) if each.name.startswith(BRANCHES)]
        getattr(made.graph, kept).extend(own)
    own_outputs = {each.name for each in made.graph.output}
    made.graph.output.extend(e for e in had.graph.output if e.name not in own_outputs)
    _check_with_sets_of(made, had)
    write_whole(reader, made.SerializeToString())


@dataclass(frozen=True, slots=True)
class States:
    """What the lower half makes of all pairs: their tokens' states, and where each begins."""

    states: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.starts) - 1

    def length(self, at: int) -> int:
        """Return how many tokens a pair has."""
        return int(self.starts[at + 1] - self.starts[at])

    def padded(self, batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return states, shape (texts, tokens, width), and the mask of their tokens."""
        longest = max(map(self.length, batch))
        states = np.zeros((len(batch), longest, WIDTH), dtype=np.float32)
        mask = np.zeros((len(batch), longest), dtype=np.int64)
        for row, at in enumerate(batch):
            states[row, : self.length(at)] = self.states[self.starts[at] : self.starts[at + 1]]
            mask[row, : self.length(at)] = 1
        return torch.from_numpy(states), torch.from_numpy(mask)


def read_states(
    encoded: Sequence[Encoding], reader: Path, file: Path, progress: Progress
) -> States:
    """Let the reader's lower half read all pairs; kept in a file, some gigabytes.

    Raises UserError where the file is of other pairs.
    """
    starts = np.concatenate([[0], np.cumsum([len(each.ids) for each in encoded])])
    ids = hashlib.sha256(json.dumps([each.ids for each in encoded]).encode()).hexdigest()
    told = file.with_suffix(".sha256")
    if file.exists() and told.read_text("utf-8") != ids:
        raise UserError(f"{file} is of other examples. Name a new folder, or delete it.")
    if not file.exists():
        session = lower_half(reader)
        unfinished = file.with_suffix(".partial")
        shape = (int(starts[-1]), WIDTH)
        states = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.float16, shape=shape)
        task = progress.add_task("reading", total=len(encoded))

        def read(at: int) -> None:
            made = session.run([HIDDEN], features([encoded[at]]))[0][0]
            states[starts[at] : starts[at + 1]] = np.asarray(made, dtype=np.float16)
            progress.update(task, advance=1)

        in_parallel(read, range(len(encoded)))
        states.flush()
        del states
        write_whole(told, ids.encode())
        unfinished.replace(file)
    return States(np.load(file, mmap_mode="r"), starts)


def learn(
    branch: Branch,
    states: States,
    loss_of: Callable[[Sequence[int]], torch.Tensor],
    checkpoint: Path,
    progress: Progress,
    *,
    epochs: float,
    rate: float = RATE,
) -> None:
    """Train a head in place, going on from the checkpoint if there is one.

    `loss_of` returns the loss of a batch: of pairs by their numbers. The same pairs, epochs and
    number of threads give the same weights, whether or not it was stopped in between. Raises
    UserError for a checkpoint of another training.
    """
    torch.manual_seed(SEED)
    branch.train()
    batches = batches_of(range(len(states)), states.length, epochs, SEED)

    def loss_at(at: int) -> torch.Tensor:
        torch.manual_seed(SEED + at)  # Dropout is the same after a stop.
        return loss_of(batches[at])

    fit(branch, len(batches), loss_at, checkpoint, progress, rate=rate, warm_up=WARM_UP)
    branch.eval()
