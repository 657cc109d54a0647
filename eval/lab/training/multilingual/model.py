"""The reader of all languages as a trainable network, on the layers of multilingual-e5-small.

The word vectors stay as they are and are not part of the network. Words that mean the same in two
languages have similar vectors, so what it learns from English holds for other languages. It reads
the vectors of a question and a text, and has four heads: the words that answer, whether the text
answers, how well a cross-encoder would say that the text goes with the question, and whether the
text bears out a statement that takes the question's place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import onnx
import torch
from tokenizers import Encoding
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from transformers import BertConfig, BertModel

from eval.lab.training.branch import Branch, States, lower_layers, read_states
from eval.lab.training.export import export
from eval.lab.training.inputs import reading
from eval.lab.training.model import BRANCHES, Prepared, outside_text, weights_of, words_loss
from eval.lab.training.multilingual.pairs import Taught
from eval.lab.training.statements import LABELS
from eval.lab.training.train import Recipe, fit, halved
from index.atomic import write_whole
from index.weights.catalogue import MULTILINGUAL
from index.weights.download import model_folder
from index.weights.multilingual import ENCODER, PACKED, TENSORS, MultilingualNetwork, word_vectors
from index.weights.onnx import features
from index.weights.packed import PackedWeights
from rag.config import load_settings

RECIPE = Recipe(seed=2034, rate=1.2e-4, warm_up=0.06)
PADDING = 1
"""The id of the token that pads the shorter texts of a batch."""
FROZEN = 3
"""How many of the lowest layers stay frozen, so that what they know of all languages is kept."""
SCALE = 20.0
"""The divisor of the rank's mean squared error, since these logits lie between -11 and 11."""


class Logits(NamedTuple):
    """The outputs of the heads: for each token (texts, tokens), or for each text (texts, …)."""

    starts: torch.Tensor
    ends: torch.Tensor
    answers: torch.Tensor
    ranks: torch.Tensor
    bears_out: torch.Tensor


class MultilingualModel(torch.nn.Module):  # type: ignore[misc]
    """The twelve layers with the four heads."""

    def __init__(self, packed: PackedWeights) -> None:
        """Load the layers as they were published; the heads start at random."""
        super().__init__()
        self.bert = encoder(packed)
        width = packed.width
        self.pooled = torch.nn.Linear(width, width)
        self.words = torch.nn.Linear(width, 2)
        self.answers = torch.nn.Linear(width, 1)
        self.ranks = torch.nn.Linear(width, 1)
        self.bears_out = torch.nn.Linear(width, len(LABELS))

    def forward(self, vectors: torch.Tensor, attention_mask: torch.Tensor) -> Logits:
        """Return the logits of all heads."""
        read = self.bert(inputs_embeds=vectors, attention_mask=attention_mask).last_hidden_state
        words, pooled = self.words(read), torch.tanh(self.pooled(read[:, 0]))
        return Logits(
            words[..., 0],
            words[..., 1],
            self.answers(pooled)[:, 0],
            self.ranks(pooled)[:, 0],
            self.bears_out(pooled),
        )

    def go_on_from(self, reader: Path) -> None:
        """Load the weights of an earlier reader; a head that it does not have starts at random.

        Raises UserError for another network.
        """
        with reading(reader, "holds no weights that training can go on from"):
            missing, unexpected = self.load_state_dict(
                weights_of(reader, "", BRANCHES), strict=False
            )
            heads = ("bears_out.", "bert.embeddings.word_embeddings.")
            if unexpected or any(not each.startswith(heads) for each in missing):
                raise ValueError(f"another kind of network: {missing} {unexpected}")


SHARED = 8
"""How many of the reader's layers heads with layers of their own build on (`branch.py`)."""


def begin(branch: Branch, reader: Path, pairs: Sequence[tuple[str, str]], folder: Path) -> States:
    """Start such a head from the reader's upper layers; return the lower ones' states of pairs."""
    published = model_folder(MULTILINGUAL, load_settings().models)
    model = MultilingualModel(PackedWeights(published / PACKED))
    model.go_on_from(reader)
    branch.start_from(model.bert)
    lower = MultilingualNetwork(published, lower_layers(reader, folder, branch.shared))
    return read_states(pairs, lower, folder)


class Encoder(torch.nn.Module):  # type: ignore[misc]
    """The layers as they were published, for search: the mean of their outputs."""

    def __init__(self, packed: PackedWeights) -> None:
        super().__init__()
        self.bert = encoder(packed)

    def forward(self, vectors: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return a vector for each text, shape (texts, width), not yet of length one."""
        read = self.bert(inputs_embeds=vectors, attention_mask=attention_mask).last_hidden_state
        there = attention_mask.unsqueeze(-1).to(read.dtype)
        return (read * there).sum(1) / there.sum(1)


def encoder(packed: PackedWeights) -> BertModel:
    """Return the layers with their weights; the matrix of word vectors is left out."""
    config = BertConfig(
        vocab_size=1,
        hidden_size=packed.width,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=4 * packed.width,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    bert = BertModel(config, add_pooling_layer=False)
    state = {}
    for name, value in bert.state_dict().items():
        if name in TENSORS:
            values = packed.tensor(TENSORS[name], *value.shape)
            state[name] = torch.from_numpy(values.copy())
    missing, _ = bert.load_state_dict(state, strict=False)
    if set(missing) - {"embeddings.word_embeddings.weight"}:
        raise ValueError(f"without weights: {missing}")
    return bert


class Item(NamedTuple):
    """An example as tokens, with what is to be learned from it."""

    prepared: Prepared
    taught: Taught


def tokens_of(each: Item) -> int:
    """Return how many tokens an example has."""
    return len(each.prepared.encoded.ids)


def train(
    model: MultilingualModel,
    packed: PackedWeights,
    items: Sequence[Item],
    checkpoint: Path,
    recipe: Recipe,
) -> None:
    """Train a model in place as `fit` does, on a GPU if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    model.bert.embeddings.requires_grad_(False)
    model.bert.encoder.layer[:FROZEN].requires_grad_(False)
    fit(model, items, tokens_of, partial(_loss, model, packed, device), checkpoint, recipe)
    model.to("cpu")


def inputs_of(
    packed: PackedWeights, encoded: Sequence[Encoding], device: torch.device
) -> dict[str, torch.Tensor]:
    """Return the network's inputs for some pairs."""
    rows = features(encoded)
    ids, there = rows["input_ids"], rows["attention_mask"]
    ids[there == 0] = PADDING
    vectors = torch.from_numpy(word_vectors(packed, ids))
    return {"vectors": vectors.to(device), "attention_mask": torch.from_numpy(there).to(device)}


def _loss(
    model: MultilingualModel, packed: PackedWeights, device: torch.device, batch: Sequence[Item]
) -> torch.Tensor:
    """Return the sum of the heads' losses, each over the examples that have a target for it."""
    prepared = [each.prepared for each in batch]
    masked = torch.from_numpy(outside_text(prepared)).to(device)
    inputs = inputs_of(packed, [each.encoded for each in prepared], device)
    with halved(device):
        logits = Logits(*(each.float() for each in model(**inputs)))
    answers, answered = _those(logits.answers, [each.taught.answers for each in batch])
    ranks, ranked = _those(logits.ranks, [each.taught.rank for each in batch])
    stated, labels = _those(logits.bears_out, [each.taught.bears_out for each in batch])
    losses = [words_loss(logits[:2], prepared, masked)]
    if len(answers):
        losses.append(binary_cross_entropy_with_logits(answers, answered))
    if len(ranks):
        losses.append(mse_loss(ranks, ranked) / SCALE)
    if len(stated):
        losses.append(cross_entropy(stated, labels))
    return torch.stack(losses).sum()


def _those(
    logits: torch.Tensor, wanted: Sequence[float | tuple[float, ...] | None]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits that have a target, and the targets."""
    at = [row for row, each in enumerate(wanted) if each is not None]
    return logits[at], torch.tensor([wanted[row] for row in at], device=logits.device)


def export_reader(model: MultilingualModel, packed: PackedWeights, to: Path) -> None:
    """Write the layers and heads as int8 ONNX; the word vectors stay where they are."""
    tokens = {0: "texts", 1: "tokens"}
    of_texts = {name: {0: "texts"} for name in ("answers", "ranks", "bears_out")}
    outputs = {"starts": tokens, "ends": tokens, **of_texts}
    export(model, _example(packed), outputs, to)


def export_encoder(packed: PackedWeights, to: Path) -> None:
    """Write the graph of the published layers without their weights, which are filled in later."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / ENCODER
        outputs = {"vector": {0: "texts"}}
        export(Encoder(packed), _example(packed), outputs, whole, rounded=["MatMul"])
        graph = onnx.load(whole)
    names = _published_names(graph.graph)
    for node in graph.graph.node:
        node.input[:] = [names.get(each, each) for each in node.input]
    for tensor in graph.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
        if tensor.name.removesuffix("_quantized").removesuffix("_scale") in TENSORS:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            del tensor.external_data[:]
            tensor.external_data.add(key="location", value=PACKED)
    write_whole(to, graph.SerializeToString())


def _published_names(graph: onnx.GraphProto) -> dict[str, str]:
    """Return the names of weights in the published layers, by their names in the network."""
    names = {each.name: each.name.removeprefix("bert.") for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.input[1].endswith("_quantized"):
            # Named like its layer: /bert/encoder/layer.0/output/dense/MatMul.
            layer = node.name.removeprefix("/bert/").rpartition("/")[0].replace("/", ".")
            own = node.input[1].removesuffix("_quantized")
            for kind in ("_quantized", "_scale"):
                names[own + kind] = f"{layer}.weight{kind}"
    return {own: name for own, name in names.items() if own != name}


def _example(packed: PackedWeights) -> dict[str, torch.Tensor]:
    vectors = torch.zeros((2, 8, packed.width))
    return {"vectors": vectors, "attention_mask": torch.ones((2, 8), dtype=torch.int64)}
