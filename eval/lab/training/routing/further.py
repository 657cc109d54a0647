"""Teaching the router further classes, which leaves all that it knows as it is.

    python -m eval.lab.training further FOLDER --squad FILE --conversations FILE ...
                                    --typed FILE [--keep ROUTER]

Classes of few examples that are learned together with all others take from them
(eval/lab/RECORDS.md). So these are rows of their own over the finished network: a linear reading of
what its last layer sees. Its examples are `further.jsonl`, beside this module, with messages that
look like them and are of a class that the network knows, or that ask for evidence. The latter, two
thirds of the conversations in the file of --typed, and the messages behind others of
`standing_alone/` are a class as well, since SQuAD's questions are not typed as people type them.
All that the network has learned from is held against the new rows. FOLDER gets `router/`, which
goes to `rag/asking/router/`. It takes both cores for a minute. With --keep, classes that an earlier
router has keep its rows to the last bit, so that new ones take nothing from them.
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
"""The output of the finished network, once other classes stand beside its own."""
OUTPUT = "classes"
ASKED = "evidence/asked"
"""The class of questions as people type them, and of what looks like another kind and is none."""
HELD_OUT = 3
"""Of how many conversations one is held out."""
CLAIM = "claim/stated"
MAY_BE_CLAIM = 0.1
"""How likely a message behind others is a claim from which it is not learned as a question: which
of them are, nobody has written down."""
FOLLOW_UP = 0.1
"""What such a message counts. With more, further commands and small talk are taken for questions
(eval/lab/RECORDS.md)."""
DECAY = 3e-5
WEIGHT = 6.0
"""What a message counts that asks for no evidence. Chosen, as the decay of the weights, so that the
network's own examples are recognised as before."""
STEPS = 400
LEAST_SEEN, TELLING = 4, 0.6
"""In how many examples a word has to be that tells what is to be computed, and which share of its
use one matter has to have."""
SHARED = {"footnote": 0.03, "compute": 0.01}
"""The share of messages from which a word is theirs and not what they ask: of those about a
footnote, and of those that are computed from a table."""


def typed(conversations: Sequence[dict[str, Any]], *, held_out: bool) -> list[str]:
    """Return the messages of conversations that ask something of their texts.

    Those to be learned are made to stand alone: “how long is it” may ask of the document as well.
    """
    chosen = [each for at, each in enumerate(conversations) if (at % HELD_OUT == 0) == held_out]
    asked = [turn for each in chosen for turn in each["turns"] if "kind" not in turn]
    return [turn["user"] if held_out else turn.get("alone", turn["user"]) for turn in asked]


def follow_ups() -> list[str]:
    """Return messages that ask something behind others, as they are typed: "lovely. children?".

    Those that stand alone may ask nothing.
    """
    return [
        each.message
        for each, _ in told(CONVERSATIONS)
        if each.message != each.alone and not each.held_out
    ]


def further_examples() -> list[Message]:
    """Return the examples of further classes; what looks like them and asks for evidence is one."""
    found = load_examples(FURTHER)
    return [Message(each.text, (ASKED,)) if EVIDENCE in each.classes else each for each in found]


def further_classes(examples: Sequence[Message]) -> list[str]:
    """Return the classes of examples that the network does not know, in the alphabet's order."""
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
    """Return how likely each further class is of each message, shape (messages, classes)."""
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
    # The last column is what the network knows already.
    wanted = torch.cat([own, (own.sum(1, keepdim=True) == 0).float()], 1)
    asks = [any(name.startswith("evidence/") for name in each.classes) for each in messages]
    counts = torch.where(torch.tensor(asks), 1.0, WEIGHT)
    learned = torch.arange(len(messages)) < len(messages) - len(behind)
    counts[~learned] = FOLLOW_UP
    # Of these, what the others teach to take for a claim is left out.
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
    """Return the words that tell what is to be computed, each with how often each matter has it.

    The network takes “lowest” and “highest” for nearly the same; these words part them.
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
    """Return what stands beside the weights of further classes, and of what they were made."""
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
