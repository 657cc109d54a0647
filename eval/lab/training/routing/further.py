"""Teach the router further classes, and leave all that it knows as it is.

    python -m eval.lab.training further FOLDER --squad FILE --conversations FILE ...
                                    --typed FILE [--keep ROUTER]

Classes with few examples, if they are learned together with all others, take messages from those
(eval/lab/RECORDS.md). So they get rows of their own on the finished network: a linear layer on the
input of its last layer. The examples are in `further.jsonl`, next to this module, along with
messages that look like them but belong to a class that the network knows, or ask for evidence.
Messages that ask for evidence are a class as well, since SQuAD's questions are not worded as people
type them: those in `further.jsonl`, two thirds of the conversations in the file of --typed, and the
follow-ups of `standing_alone/`. All that the network has learned from serves as counterexamples.
FOLDER gets `router/`, which goes to `rag/asking/router/`. It takes both cores for a minute. With
--keep, classes that an earlier router has keep its rows to the last bit, so that new ones take
nothing from them.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from eval.lab.training.export import remove
from eval.lab.training.inputs import parse, read_records, reading, sha256_of
from eval.lab.training.routing.network import (
    EVIDENCE,
    EXAMPLES,
    Message,
    common_words,
    drawn,
    load_examples,
    request_words,
    write_beside,
)
from eval.lab.training.standing_alone.__main__ import CONVERSATIONS, told
from index.atomic import write_whole
from index.english import FUNCTION_WORDS
from index.weights.onnx import OnnxWeights, in_parallel
from rag.asking.route import LONGEST, WEIGHTS, metadata
from rag.asking.subject import in_words

FURTHER = EXAMPLES.with_name("further.jsonl")
KNOWN = "known"
"""The name of the finished network's own output, once further classes are added."""
OUTPUT = "classes"
ASKED = "evidence/asked"
"""The class of questions as people type them, and of those that only look like another kind."""
HELD_OUT = 3
"""One conversation in so many is held out."""
CLAIM = "claim/stated"
MAY_BE_CLAIM = 0.1
"""The probability of being a claim from which a follow-up is not learned as a question. Nobody has
labelled which of them are claims."""
FOLLOW_UP = 0.1
"""The weight of a follow-up. With more, further commands and small talk are taken for questions
(eval/lab/RECORDS.md)."""
DECAY = 3e-5
WEIGHT = 6.0
"""The weight of a message that does not ask for evidence. Like the weight decay, it was chosen so
that the network's own examples are recognised as before."""
STEPS = 400
LEAST_SEEN, TELLING = 4, 0.6
"""A word that tells what to compute has to be in so many examples, and one matter has to have this
share of its use."""
SHARED = {"footnote": 0.03, "compute": 0.01}
"""The share of messages from which a word counts as part of the request and not of its subject: of
messages about a footnote, and of those that ask to compute from a table."""


def typed(conversations: Sequence[dict[str, Any]], *, held_out: bool) -> list[str]:
    """Return the messages of conversations that ask something about their texts.

    Those to learn from are rewritten to stand alone: “how long is it” may also ask about the
    document.
    """
    chosen = [each for at, each in enumerate(conversations) if (at % HELD_OUT == 0) == held_out]
    asked = [turn for each in chosen for turn in each["turns"] if "kind" not in turn]
    return [turn["user"] if held_out else turn.get("alone", turn["user"]) for turn in asked]


def follow_ups() -> list[str]:
    """Return follow-ups that ask something, as they are typed: "lovely. children?".

    Messages that stand alone are left out, since they may not ask anything.
    """
    return [
        each.message
        for each, _ in told(CONVERSATIONS)
        if each.message != each.alone and not each.held_out
    ]


def further_examples() -> list[Message]:
    """Return the examples of further classes; messages that ask for evidence are put into ASKED."""
    found = load_examples(FURTHER)
    return [Message(each.text, (ASKED,)) if EVIDENCE in each.classes else each for each in found]


def further_classes(examples: Sequence[Message]) -> list[str]:
    """Return the classes of examples that the network does not know, in alphabetical order."""
    known = {name for each in load_examples() for name in each.classes}
    return sorted({name for each in examples for name in each.classes} - known)


def without_further(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the network as it was before further classes, or as it is if there are none."""
    remove(model, "further")
    _rename_output(model, KNOWN, OUTPUT)
    return model


def _rename_output(model: onnx.ModelProto, name: str, to: str) -> None:
    for node in model.graph.node:
        node.output[:] = [to if each == name else each for each in node.output]


def with_further(
    model: onnx.ModelProto, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> onnx.ModelProto:
    """Return the network with further rows: weights (features, rows), biases (rows,)."""
    features = _features(model)
    _rename_output(model, OUTPUT, KNOWN)
    for name, values in (("further.weight", weight), ("further.bias", bias)):
        tensor = numpy_helper.from_array(values.astype(np.float32), name)
        model.graph.initializer.append(tensor)
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
    """Return the name of the last layer's input: the first token's vector, and the mean of all."""
    [*_, last] = [each for each in model.graph.node if each.op_type == "DynamicQuantizeLinear"]
    return str(last.input[0])


def read(
    model: onnx.ModelProto, texts: Sequence[str], folder: Path
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the input of a network's last layer for each text, and its logits."""
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
    are the weights of the messages.
    """
    mean, spread = read_of.mean(0), read_of.std(0)
    scaled, known = (read_of - mean) / spread, torch.logsumexp(logits, 1, keepdim=True)
    weight = torch.zeros(read_of.shape[1], wanted.shape[1] - 1, requires_grad=True)
    bias = known.mean().repeat(wanted.shape[1] - 1).detach().requires_grad_()
    search = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        likely = torch.log_softmax(torch.cat([scaled @ weight + bias, known], 1), 1)
        made = -((wanted * likely).sum(1) * counts).mean() + DECAY * (weight**2).sum()
        made.backward()
        return made

    search.step(loss)
    rows = (weight / spread.unsqueeze(1)).detach()
    return rows.numpy(), (bias.detach() - mean @ rows).numpy()


def probabilities(
    read_of: torch.Tensor, logits: torch.Tensor, rows: tuple[NDArray[np.float32], ...]
) -> torch.Tensor:
    """Return the probability of each further class, shape (messages, classes)."""
    weight, bias = map(torch.from_numpy, rows)
    own = read_of @ weight + bias
    return torch.softmax(torch.cat([own, logits], 1), 1)[:, : own.shape[1]]


def main(arguments: Sequence[str]) -> int:
    """Fit the rows, and write the router with them."""
    command, several = "eval.lab.training further", ("--conversations",)
    given = parse(
        arguments, command, __doc__, "--squad", "--typed", optional=("--keep",), several=several
    )
    examples, made = further_examples(), given.folder / "router"
    names = further_classes(examples)
    with reading(given.typed, "holds no conversations that can be read"):
        conversations = [each for each in read_records(given.typed) if each["turns"]]
        asked = [Message(each, (ASKED,)) for each in typed(conversations, held_out=False)]
    behind = [Message(each, (ASKED,)) for each in follow_ups()]
    messages = [*examples, *asked, *load_examples(), *drawn(given), *behind]
    model = without_further(onnx.load(WEIGHTS / "router.onnx"))
    read_of, logits = read(model, [each.text for each in messages], given.folder)
    own = torch.tensor([[float(name in each.classes) for name in names] for each in messages])
    # The last column stands for all that the network knows already.
    wanted = torch.cat([own, (own.sum(1, keepdim=True) == 0).float()], 1)
    asks = [any(name.startswith("evidence/") for name in each.classes) for each in messages]
    counts = torch.where(torch.tensor(asks), 1.0, WEIGHT)
    learned = torch.arange(len(messages)) < len(messages) - len(behind)
    counts[~learned] = FOLLOW_UP
    # Follow-ups are left out if rows that are fitted on the other messages take them for claims.
    rows = fit(read_of[learned], logits[learned], wanted[learned], counts[learned])
    claims = probabilities(read_of, logits, rows)[:, names.index(CLAIM)]
    learned |= claims < MAY_BE_CLAIM
    weight, bias = fit(read_of[learned], logits[learned], wanted[learned], counts[learned])
    for name, (kept, of) in _rows(given.keep).items() if given.keep else ():
        weight[:, names.index(name)], bias[names.index(name)] = kept, of
    whole = with_further(model, weight, bias)
    made.mkdir(exist_ok=True)
    write_whole(made / "router.onnx", whole.SerializeToString())
    beside = metadata() | beside_the_weights(examples, names)
    write_beside(made, beside, WEIGHTS / "tokenizer.json")
    return 0


def _rows(folder: Path) -> dict[str, tuple[NDArray[np.float32], float]]:
    """Return the rows of the further classes that a router has, by their names."""
    known = json.loads((folder / "router.json").read_text("utf-8"))["classes"]
    graph = onnx.load(folder / "router.onnx").graph
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    weight, bias = values["further.weight"], values["further.bias"]
    names = known[-len(bias) :]
    return {name: (weight[:, at], float(bias[at])) for at, name in enumerate(names)}


def telling_words(examples: Sequence[Message]) -> dict[str, dict[str, float]]:
    """Return the words that tell what to compute, each with its frequency in each matter.

    The network takes “lowest” and “highest” for nearly the same; these words tell them apart.
    """
    texts: dict[str, list[str]] = {}
    for each in examples:
        kind, _, matter = each.classes[0].partition("/")
        if kind == "compute" and len(each.classes) == 1:
            texts.setdefault(matter, []).append(each.text)
    counts = {
        matter: Counter(word for text in some for word in set(in_words(text).split()))
        for matter, some in sorted(texts.items())
    }
    found: dict[str, dict[str, float]] = {}
    for word, seen in sorted(sum(counts.values(), Counter[str]()).items()):
        shares = {
            matter: (counts[matter][word] + 0.5) / (len(some) + 1)
            for matter, some in sorted(texts.items())
        }
        if seen >= LEAST_SEEN and max(shares.values()) >= TELLING * sum(shares.values()):
            found[word] = {matter: round(share, 4) for matter, share in shares.items()}
    return found


def _asks(message: Message, asked: str) -> bool:
    return any(asked in name.split("/") for name in message.classes)


def beside_the_weights(examples: Sequence[Message], names: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of further classes, with the hashes of what they were made from."""
    known = [name for name in metadata()["classes"] if name not in names]
    words = request_words(load_examples())
    for asked, share in SHARED.items():
        texts = [each.text for each in examples if _asks(each, asked)]
        words[asked] = sorted(common_words(texts, share) - FUNCTION_WORDS)
    return {
        "further_sha256": sha256_of(FURTHER),
        "follow_ups_sha256": sha256_of(CONVERSATIONS),
        "classes": [*known, *names],
        "request_words": words,
        "telling_words": telling_words(examples),
    }
