"""Teaching the router further classes, which leaves all that it knows as it is.

    python -m eval.lab.training further FOLDER --squad FILE --conversations FILE ...
                                    --typed FILE

Classes of few examples that are learned together with all others take from them (eval/README.md).
So these are rows of their own over the finished network: a linear reading of what its last layer
sees. Its examples are `further.jsonl`, beside this module, with messages that look like them, or
like those of other kinds, and ask for evidence. These, and two thirds of the conversations in the
file of --typed, are a class as well, since SQuAD's questions are not typed as people type them. All
that the network has learned from is held against the new rows. FOLDER gets `router/`, which goes to
`rag/asking/router/`. It takes both cores for a minute.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from eval.lab.training.routing.network import (
    EVIDENCE,
    EXAMPLES,
    Message,
    command_line,
    common_words,
    drawn,
    load_examples,
    request_words,
    write_beside,
)
from index.atomic import write_whole
from index.errors import UserError
from index.function_words import FUNCTION_WORDS
from index.weights.onnx import OnnxWeights, in_parallel
from rag.asking.route import LONGEST, WEIGHTS, told

FURTHER = EXAMPLES.with_name("further.jsonl")

KNOWN = "known"
"""The output of the finished network, once other classes stand beside its own."""

OUTPUT = "classes"

ASKED = "evidence/asked"
"""The class of questions as people type them, and of what looks like another kind and is none."""

HELD_OUT = 3
"""Of how many conversations one is held out."""

DECAY = 3e-5
WEIGHT = 6.0
"""What a message counts that asks for no evidence. Chosen, as the decay of the weights, so that the
network's own examples are recognised as before."""

STEPS = 400

SHARED = 0.03
"""The share of messages about a footnote from which a word is theirs and not what they ask."""


def typed(conversations: Sequence[dict[str, Any]], *, held_out: bool) -> list[str]:
    """Return the messages of conversations that ask something of their texts.

    Those to be learned are made to stand alone: “how long is it” may ask of the document as well.
    """
    chosen = [each for at, each in enumerate(conversations) if (at % HELD_OUT == 0) == held_out]
    asked = [turn for each in chosen for turn in each["turns"] if "kind" not in turn]
    return [turn["user"] if held_out else turn.get("alone", turn["user"]) for turn in asked]


def further_examples() -> list[Message]:
    """Return the examples of further classes; what looks like them and asks for evidence is one."""
    found = load_examples(FURTHER)
    return [Message(each.text, (ASKED,)) if EVIDENCE in each.classes else each for each in found]


def without_further(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the network as it was before further classes, or as it is if there are none."""
    nodes = model.graph.node
    kept = [each for each in nodes if not each.name.startswith("further")]
    for each in kept:
        each.output[:] = [OUTPUT if name == KNOWN else name for name in each.output]
    del nodes[:]
    nodes.extend(kept)
    own = [each for each in model.graph.initializer if not each.name.startswith("further")]
    del model.graph.initializer[:]
    model.graph.initializer.extend(own)
    return model


def with_further(
    model: onnx.ModelProto, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> onnx.ModelProto:
    """Return the network with further rows: weights (features, rows), biases (rows,)."""
    features = _features(model)
    for each in model.graph.node:
        each.output[:] = [KNOWN if name == OUTPUT else name for name in each.output]
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(weight.astype(np.float32), "further.weight"),
            numpy_helper.from_array(bias.astype(np.float32), "further.bias"),
        ]
    )
    model.graph.node.extend(
        [
            helper.make_node("MatMul", [features, "further.weight"], ["further.sums"], "further/1"),
            helper.make_node("Add", ["further.sums", "further.bias"], ["further"], "further/2"),
            helper.make_node("Concat", [KNOWN, "further"], [OUTPUT], "further/3", axis=1),
        ]
    )
    onnx.checker.check_model(model)
    return model


def _features(model: onnx.ModelProto) -> str:
    """Return what the last layer reads: the first token's vector, and the mean of all."""
    [*_, last] = [each for each in model.graph.node if each.op_type == "DynamicQuantizeLinear"]
    return str(last.input[0])


def read(
    model: onnx.ModelProto, texts: Sequence[str], folder: Path
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what the last layer of a network reads of each text, and its logits."""
    name = _features(model)
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    onnx.save(shown, folder / "features.onnx")
    shutil.copyfile(WEIGHTS / "tokenizer.json", folder / "tokenizer.json")
    weights = OnnxWeights(folder, "features.onnx")
    outputs = (name, OUTPUT)
    both = in_parallel(lambda text: weights.run(weights.encode(text[:LONGEST]), *outputs), texts)
    read_of, logits = (torch.from_numpy(np.stack(each)) for each in zip(*both, strict=True))
    return read_of, logits


def fit(
    read_of: torch.Tensor, logits: torch.Tensor, wanted: torch.Tensor, counts: torch.Tensor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights and biases of further classes.

    `wanted` has a column for each of them, and a last one for all that the network knows; `counts`
    tells what each message counts.
    """
    mean, spread = read_of.mean(0), read_of.std(0)
    scaled, known = (read_of - mean) / spread, torch.logsumexp(logits, 1, keepdim=True)
    weight = torch.zeros(read_of.shape[1], wanted.shape[1] - 1, requires_grad=True)
    bias = known.mean().repeat(wanted.shape[1] - 1).detach().requires_grad_()
    search = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        told = torch.log_softmax(torch.cat([scaled @ weight + bias, known], 1), 1)
        made = -((wanted * told).sum(1) * counts).mean() + DECAY * (weight**2).sum()
        made.backward()
        return made

    search.step(loss)
    rows = (weight / spread.unsqueeze(1)).detach()
    return rows.numpy(), (bias.detach() - mean @ rows).numpy()


def _wanted(message: Message, names: Sequence[str]) -> list[float]:
    """Return what a message is of: further classes by their names, or what is known already."""
    own = [float(name in message.classes) for name in names]
    return [*own, float(not any(own))]


def main(arguments: Sequence[str]) -> int:
    """Fit the rows, and write the router with them."""
    parser = command_line("further", __doc__)
    parser.add_argument("--typed", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    folder, examples = given.folder, further_examples()
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted({name for each in examples for name in each.classes})
    asked = [Message(each, (ASKED,)) for each in typed(_read(given.typed), held_out=False)]
    messages = [*examples, *asked, *load_examples(), *drawn(given)]
    model = without_further(onnx.load(WEIGHTS / "router.onnx"))
    read_of, logits = read(model, [each.text for each in messages], folder)
    wanted = torch.tensor([_wanted(each, names) for each in messages])
    asks = [any(name.startswith("evidence/") for name in each.classes) for each in messages]
    counts = torch.where(torch.tensor(asks), 1.0, WEIGHT)
    made = folder / "router"
    made.mkdir(exist_ok=True)
    whole = with_further(model, *fit(read_of, logits, wanted, counts))
    write_whole(made / "router.onnx", whole.SerializeToString())
    told_now = told() | beside_the_weights(examples, names)
    write_beside(made, told_now, WEIGHTS / "tokenizer.json")
    return 0


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the conversations about texts of a file.

    Raises UserError for one that holds none.
    """
    try:
        found = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        return [each for each in found if each["turns"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} holds no conversations that can be read: {error}") from error


def beside_the_weights(examples: Sequence[Message], names: Sequence[str]) -> dict[str, Any]:
    """Return what stands beside the weights of further classes, and of what they were made."""
    known = [name for name in told()["classes"] if name not in names]
    of_footnote = [each.text for each in examples if "command/footnote" in each.classes]
    words = common_words(of_footnote, SHARED)
    return {
        "further_sha256": hashlib.sha256(FURTHER.read_bytes()).hexdigest(),
        "classes": [*known, *names],
        "request_words": request_words(load_examples())
        | {"footnote": sorted(words - FUNCTION_WORDS)},
    }
