"""Heads of a reader that have upper layers of their own, on its shared lower layers.

The lower layers stay as they are, so the outputs of all other heads are the same with such a head
as without it, to the last bit. The head's layers start as copies of the reader's upper ones, and
learn from the actual outputs of its int8 lower layers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import compose, helper
from tokenizers import Encoding
from torch.nn.utils.rnn import pad_sequence
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertEncoder, BertPooler

from eval.lab.command import progress_bar
from eval.lab.training.export import Axes, append, export, remove
from eval.lab.training.model import BRANCHES, LAYERS, WIDTH, bert_config, weights_of
from eval.lab.training.train import Recipe, fit
from index.atomic import write_whole
from index.errors import UserError
from index.weights.onnx import Network, in_parallel, load_tokenizer

RECIPE = Recipe(seed=2026, rate=2e-4, warm_up=0.06, reseeded=True)

SHARED = 6
"""The number of lower layers of the English reader that such a head builds on."""


class Branch(torch.nn.Module):  # type: ignore[misc]
    """The layers of such a head, above the `shared` ones of the reader.

    `name` is the prefix of its weights' names in the reader's file. `outputs` are its outputs, each
    with the names of its axes that have no fixed length.
    """

    name: str
    outputs: Mapping[str, Axes]

    def __init__(self, shared: int = SHARED) -> None:
        super().__init__()
        torch.manual_seed(RECIPE.seed)  # New weights start the same each time.
        self.shared = shared
        config = bert_config(LAYERS - shared, dropout=0.1)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config)

    def read(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Run the head's layers on the lower half's states; shape (texts, tokens, width)."""
        padding = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * -1e4
        read: torch.Tensor = self.encoder(hidden, attention_mask=padding).last_hidden_state
        return read

    def start_from(self, bert: BertModel) -> None:
        """Copy a reader's upper layers, and its pooler if it has one."""
        upper = bert.encoder.layer[self.shared :]
        for layer, start in zip(self.encoder.layer, upper, strict=True):
            layer.load_state_dict(start.state_dict())
        if bert.pooler is not None:
            self.pooler.load_state_dict(bert.pooler.state_dict())

    def go_on_from(self, reader: Path) -> None:
        """Load the layers that this head already has in a reader."""
        self.load_state_dict(weights_of(reader, self.name))

    def take_mean(self, one: Path, other: Path) -> None:
        """Load the mean of the layers that this head has in two readers (see `model.take_mean`)."""
        theirs = weights_of(other, self.name)
        mean = {key: (own + theirs[key]) / 2 for key, own in weights_of(one, self.name).items()}
        self.load_state_dict(mean)


def export_branch(branch: Branch, reader: Path, folder: Path) -> None:
    """Write a reader with the head added, and its tokenizer, into a folder."""
    put_on(branch, reader, folder / "model.onnx")
    write_whole(folder / "tokenizer.json", reader.with_name("tokenizer.json").read_bytes())


def put_on(branch: Branch, reader: Path, to: Path) -> None:
    """Write a reader's network with the head added.

    An earlier head with the same name or the same outputs is replaced.
    """
    inputs = {
        "hidden": torch.zeros((2, 8, WIDTH)),
        "attention_mask": torch.ones((2, 8), dtype=torch.int64),
    }
    alone = to.with_name("head.onnx")
    export(branch, inputs, branch.outputs, alone)
    head, whole = onnx.load(alone), onnx.load(reader)
    alone.unlink()
    compose.add_prefix_graph(
        head.graph, branch.name, rename_inputs=False, rename_outputs=False, inplace=True
    )
    states = _states_of(branch.shared)
    for node in head.graph.node:
        node.input[:] = [states if name == "hidden" else name for name in node.input]
    remove(whole, branch.name)
    for node in [
        each for each in whole.graph.node if not branch.outputs.keys().isdisjoint(each.output)
    ]:
        whole.graph.node.remove(node)
    for output in [each for each in whole.graph.output if each.name in branch.outputs]:
        whole.graph.output.remove(output)
    append(whole, head, branch.name)
    write_whole(to, whole.SerializeToString())


def _states_of(shared: int) -> str:
    """Return the name of the last shared layer's output in a reader's graph."""
    return f"/bert/encoder/layer.{shared - 1}/output/LayerNorm/LayerNormalization_output_0"


def keep_branches(before: Path, reader: Path) -> None:
    """Copy the heads of this kind from one reader to another with the same lower half."""
    made = onnx.load(reader)
    append(made, onnx.load(before), BRANCHES)
    write_whole(reader, made.SerializeToString())


@dataclass(frozen=True, slots=True)
class States:
    """The lower layers' outputs for all pairs: their tokens' states, and where each pair begins."""

    encoded: Sequence[Encoding]
    starts: np.ndarray
    states: np.ndarray

    def length(self, at: int) -> int:
        """Return how many tokens a pair has."""
        return int(self.starts[at + 1] - self.starts[at])

    def padded(self, batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a batch's states, shape (texts, tokens, width), and the mask of their tokens."""
        places = [slice(self.starts[at], self.starts[at + 1]) for at in batch]
        rows = [torch.from_numpy(self.states[each].astype(np.float32)) for each in places]
        masks = [torch.ones(len(each), dtype=torch.int64) for each in rows]
        return pad_sequence(rows, batch_first=True), pad_sequence(masks, batch_first=True)


def lower_half(reader: Path, folder: Path, longest: int, cut: str) -> Network:
    """Return the lower layers of an English reader, which read at most `longest` tokens.

    `cut` is the tokenizer's truncation strategy.
    """
    tokenizer = load_tokenizer(reader.parent)
    tokenizer.enable_truncation(longest, strategy=cut)
    return Network(lower_layers(reader, folder, SHARED), tokenizer)


def read_states(pairs: Sequence[tuple[str, str]], lower: Network, folder: Path) -> States:
    """Run a reader's lower layers on pairs of texts.

    The states, some gigabytes, are kept in the folder. Raises UserError if the folder holds those
    of other pairs.
    """
    encoded = [lower.encode(*pair) for pair in pairs]
    starts = np.cumsum([0, *(len(each.ids) for each in encoded)])
    ids = hashlib.sha256(json.dumps([each.ids for each in encoded]).encode()).hexdigest()
    file, made_of = folder / "states.npy", folder / "states.sha256"
    if file.exists() and made_of.read_text("utf-8") != ids:
        raise UserError(f"{file} is of other examples. Name a new folder, or delete it.")
    if not file.exists():
        unfinished = folder / "states.partial"
        _write_states(encoded, starts, lower, unfinished)
        write_whole(made_of, ids.encode())
        unfinished.replace(file)
    return States(encoded, starts, np.load(file, mmap_mode="r"))


def _write_states(
    encoded: Sequence[Encoding], starts: np.ndarray, lower: Network, file: Path
) -> None:
    shape = (int(starts[-1]), WIDTH)
    states = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    with progress_bar() as progress:
        task = progress.add_task("reading", total=len(encoded))

        def read(at: int) -> None:
            [made] = lower.run(encoded[at])
            states[starts[at] : starts[at + 1]] = np.asarray(made, dtype=np.float16)
            progress.update(task, advance=1)

        in_parallel(read, range(len(encoded)))
    states.flush()


def lower_layers(reader: Path, folder: Path, shared: int) -> Path:
    """Write a network into a folder that outputs only the states of a reader's lower layers."""
    model = onnx.load(reader)
    states = helper.make_tensor_value_info(_states_of(shared), onnx.TensorProto.FLOAT, None)
    del model.graph.output[:]
    model.graph.output.append(states)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "lower.onnx", model.SerializeToString())
    return folder / "lower.onnx"


def train_branch(
    branch: Branch,
    states: States,
    loss_of: Callable[[Sequence[int]], torch.Tensor],
    folder: Path,
    recipe: Recipe,
) -> None:
    """Train a head in place as `fit` does; `loss_of` takes the indices of a batch's pairs."""
    numbers = range(len(states.encoded))
    fit(branch, numbers, states.length, loss_of, folder / "checkpoint.pt", recipe)
