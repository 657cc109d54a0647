"""The reader as a trainable network, and how it is loaded from int8 weights.

It starts from int8 weights turned back into floats: the reranker's, which already know how well a
text goes with a question, or a reader's. It has two heads: one for the first and the last token of
the answer, and one for whether the text answers at all, which starts as the reranker's own logit.
Other heads have layers of their own (`branch.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from tokenizers import Encoding, Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import BertConfig, BertModel

from eval.lab.training.examples import Example, Span
from eval.lab.training.export import export
from eval.lab.training.inputs import reading
from eval.lab.training.train import Recipe, fit, halved
from index.atomic import write_whole
from index.weights.onnx import features
from index.weights.reader import text_tokens

LAYERS, WIDTH, HEADS, VOCABULARY = 12, 384, 12, 30522
BRANCHES = ("third/", "fourth/")
"""The prefixes of the names of other heads' weights in a reader's file (`branch.py`)."""
RECIPE = Recipe(seed=2021, rate=1e-4, warm_up=0.04)
NO_WORDS = -100
"""Marks an example whose words are not known; PyTorch's cross-entropy ignores it."""


def bert_config(layers: int, dropout: float) -> BertConfig:
    """Return the configuration of some of the reader's layers."""
    return BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
        # On a CPU, plain attention is faster in training than the fused one.
        attn_implementation="eager",
    )


class ReaderModel(torch.nn.Module):  # type: ignore[misc]
    """A BERT of 12 layers with the two heads."""

    def __init__(self) -> None:
        super().__init__()
        # No dropout: in one epoch nothing is memorised, and it would cost a tenth of the time.
        self.bert = BertModel(bert_config(LAYERS, dropout=0.0))
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

    A cross-encoder's own logit becomes the answers' head. Raises UserError for another network.
    """
    model = ReaderModel()
    torch.nn.init.normal_(model.words.weight, std=0.02)
    torch.nn.init.zeros_(model.words.bias)
    with reading(path, "holds no weights that training can start from"):
        weights = weights_of(path, "", BRANCHES)
        state = {name.replace("classifier", "answers"): each for name, each in weights.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        if set(missing) - {"words.weight", "words.bias"} or unexpected:
            raise ValueError(f"another kind of network: {missing} {unexpected}")
    return model


def weights_of(path: Path, prefix: str, others: tuple[str, ...] = ()) -> dict[str, torch.Tensor]:
    """Return the int8 weights of a file, turned back into floats, by the names of their layers.

    Only weights whose names begin with the prefix, and with none of the `others`, are returned.
    """
    graph = onnx.load(path).graph

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
            # Named like its layer: /bert/pooler/dense/MatMul.
            name = node.name.removeprefix(prefix).strip("/").rpartition("/")[0]
            key = node.input[1].removeprefix(prefix).removesuffix("_quantized")
            state[f"{name.replace('/', '.')}.weight"] = floats(key).T
    return state


def take_mean(model: torch.nn.Module, other: torch.nn.Module) -> None:
    """Set a model's weights to the mean of its own and of those that its training started from.

    The mean reads unseen articles better than either of the two (Wortsman and others, "Robust
    fine-tuning of zero-shot models", CVPR 2022, and "Model soups", ICML 2022).
    """
    theirs = other.state_dict()
    mean = {
        name: (own + theirs[name]) / 2 if own.is_floating_point() else own
        for name, own in model.state_dict().items()
    }
    model.load_state_dict(mean)


def export_reader(model: ReaderModel, tokenizer: Path, folder: Path) -> None:
    """Write a model and its tokenizer into a folder; each file appears whole."""
    ids = torch.ones((2, 8), dtype=torch.int64)
    inputs = {"input_ids": ids, "attention_mask": ids, "token_type_ids": ids * 0}
    tokens = {0: "texts", 1: "tokens"}
    outputs = {"starts": tokens, "ends": tokens, "answers": {0: "texts"}}
    export(model, inputs, outputs, folder / "model.onnx")
    write_whole(folder / "tokenizer.json", tokenizer.read_bytes())


class Prepared(NamedTuple):
    """An example as tokens. `words` are the first and the last token of the answer.

    They are 0 and 0 if the text does not answer, and None if they are not known.
    """

    encoded: Encoding
    answerable: bool
    words: tuple[int, int] | None

    @classmethod
    def of(cls, example: Example, encoded: Encoding) -> Prepared:
        """Find the tokens of the answer."""
        words = None if example.answerable else (0, 0)
        if example.answer:
            tokens = tokens_of(text_tokens(encoded), encoded.offsets, example.answer)
            words = (tokens[0], tokens[-1]) if tokens else None
        return cls(encoded, example.answerable, words)


def tokens_of(tokens: Iterable[int], offsets: Sequence[Span], place: Span) -> list[int]:
    """Return the tokens that overlap with a place of their text."""
    start, end = place
    return [int(at) for at in tokens if offsets[at][1] > start and offsets[at][0] < end]


def train_reader(
    model: ReaderModel,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    checkpoint: Path,
    recipe: Recipe,
) -> None:
    """Train a model in place as `fit` does, on a GPU if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    model.bert.embeddings.requires_grad_(False)
    encoded = tokenizer.encode_batch([(each.question, each.text) for each in examples])
    prepared = [Prepared.of(*each) for each in zip(examples, encoded, strict=True)]
    loss = partial(_loss, model, device)
    fit(model, prepared, lambda each: len(each.encoded.ids), loss, checkpoint, recipe)
    model.to("cpu")


def _loss(model: ReaderModel, device: torch.device, batch: Sequence[Prepared]) -> torch.Tensor:
    """Return the cross-entropy of the answer's first and last token, plus that of answering at all.

    The very first token stands for “no answer”. Tokens of the question are never an answer.
    """
    inputs = features([each.encoded for each in batch])
    masked = torch.from_numpy(outside_text(batch)).to(device)
    with halved(device):
        *places, answers = model(**{k: torch.from_numpy(v).to(device) for k, v in inputs.items()})
    answerable = torch.tensor([float(each.answerable) for each in batch], device=device)
    answered = binary_cross_entropy_with_logits(answers.float(), answerable)
    return words_loss(places, batch, masked) + answered


def outside_text(batch: Sequence[Prepared]) -> NDArray[np.bool_]:
    """Return which tokens cannot be part of an answer: all but the first and those of the text."""
    outside = np.ones((len(batch), max(len(each.encoded.ids) for each in batch)), dtype=bool)
    outside[:, 0] = False
    for row, each in enumerate(batch):
        outside[row, text_tokens(each.encoded)] = False
    return outside


def words_loss(
    places: Sequence[torch.Tensor], batch: Sequence[Prepared], masked: torch.Tensor
) -> torch.Tensor:
    """Return the loss of the answers' first and last tokens, which cannot be masked ones."""
    device = masked.device
    wanted = torch.tensor([each.words or (NO_WORDS, NO_WORDS) for each in batch], device=device)
    sums = [
        cross_entropy(logits.float().masked_fill(masked, -1e4), wanted[:, side], reduction="sum")
        for side, logits in enumerate(places)
    ]
    return torch.stack(sums).sum() / (2 * max(1, sum(each.words is not None for each in batch)))
