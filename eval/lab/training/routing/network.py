"""Train the router's network again: which kind of answer does a message want?

    python -m eval.lab.training router FOLDER --squad FILE --conversations FILE ...

It learns from the examples in `router.jsonl`, next to this module, to which lines can be added, and
from questions of SQuAD's training set and the turns of conversations (CANARD, TREC CAsT), which ask
for evidence. FOLDER keeps a checkpoint, from which the same command resumes, and at the end
`router/`, which goes to `rag/asking/router/`. Training starts from all-MiniLM-L6-v2, which
`footnoted models pull all-minilm-l6-v2` fetches, and takes both cores for a quarter of an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase as fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Encoding, Tokenizer

from eval.formats.xquad import load_xquad
from eval.lab.training.export import export
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.train import Recipe, fit, halved
from index.atomic import write_whole
from index.english import FUNCTION_WORDS
from index.errors import UserError
from index.weights.download import model_folder
from index.weights.onnx import features
from rag.asking.route import KINDS
from rag.asking.subject import in_words
from rag.config import load_settings

EXAMPLES = Path(__file__).parent / "router.jsonl"
LANGUAGES = EXAMPLES.with_name("languages.jsonl")
"""Messages in other languages, from which `languages.py` learns their classes."""
START = "all-minilm-l6-v2"
EVIDENCE = "evidence/fact"
QUESTIONS = 16_000
"""How many of SQuAD's 93,281 questions are learned from, drawn with a fixed seed."""
SEED = 27
TWICE = 2
"""How often a message is learned from in an epoch, each time with different typing mistakes."""
RECIPE = Recipe(SEED, rate=2e-4, warm_up=0.1, epochs=4 / TWICE, seconds=120.0)
DROPOUT = 0.1
SMOOTHING = 0.05
"""The share of each label that is given to all classes: some messages could be of two kinds."""
MISTAKES = 0.12
"""The share of messages that get a typing mistake, and that of those losing their end mark."""
TOKENS = 128
COMMON = {"items": 0.02}
USUALLY = 0.01
"""The share of a kind's requests from which a word belongs to the kind and not to the subject. It
is higher for lists (`COMMON`), since people ask for lists of the same things."""
OF_ALL = 0.008
"""The same share for requests for an overview of everything. They name no subject, so any word of
theirs that is not rare belongs to requests of all kinds, like the words of commands."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its classes, each a kind/matter."""

    text: str
    classes: tuple[str, ...]


def load_examples(path: Path = EXAMPLES) -> list[Message]:
    """Return the examples of a file, which has a JSON object with `text` and `kind` on each line.

    Raises UserError for a line that is not such an object, or names no known kind.
    """
    found: list[Message] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            example = json.loads(line)
            kind, matters = example["kind"].split("/")
            text = example["text"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path.name}, line {number} is no example: {error}") from error
        if kind not in KINDS:
            raise UserError(f"{path.name}, line {number}: there is no kind “{kind}”.")
        found.append(Message(text, tuple(f"{kind}/{each}" for each in matters.split("+"))))
    return found


def turns(path: Path) -> list[str]:
    """Return the questions that were typed in the conversations of a file.

    Messages that are not questions are left out: “Tell me about …” wants more than a fact.

    Raises UserError for a file in another format.
    """
    found: list[str] = []
    with reading(path, "holds no conversations that can be read"):
        for each in read_records(path):
            canard = "Question" in each
            found += [each["Question"]] if canard else [typed for typed, _ in each["turns"]]
    return [each for each in found if each.endswith("?")]


class RouterModel(torch.nn.Module):  # type: ignore[misc]
    """A BERT of six layers that gives a message a logit for each class."""

    def __init__(self, start: Path, classes: int) -> None:
        from transformers import BertModel

        super().__init__()
        self.bert = BertModel.from_pretrained(
            start, attn_implementation="eager", add_pooling_layer=False
        )
        self.bert.embeddings.requires_grad_(False)
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.classes = torch.nn.Linear(2 * self.bert.config.hidden_size, classes)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the logits, shape (messages, classes)."""
        read = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(read.dtype)
        mean = (read * mask).sum(1) / mask.sum(1)
        logits: torch.Tensor = self.classes(self.dropout(torch.cat([read[:, 0], mean], 1)))
        return logits


def _loss(
    model: RouterModel, names: Sequence[str], batch: Sequence[tuple[Message, Encoding]]
) -> torch.Tensor:
    inputs = features([encoded for _, encoded in batch])
    wanted = torch.zeros(len(batch), len(names))
    for row, (message, _) in enumerate(batch):
        for each in message.classes:
            wanted[row, names.index(each)] = 1 / len(message.classes)
    ids, mask = (torch.from_numpy(inputs[name]) for name in ("input_ids", "attention_mask"))
    with halved(torch.device("cpu")):
        logits = model(ids, mask)
    return torch.nn.functional.cross_entropy(logits.float(), wanted, label_smoothing=SMOOTHING)


def _mistyped(text: str, rng: random.Random) -> str:
    """Return a message as it may be typed: with a letter left out, doubled or swapped."""
    if len(text) > len("mistake") and rng.random() < MISTAKES:
        at = rng.randrange(1, len(text) - 1)
        here, following = text[at], text[at + 1]
        typed = rng.choice(("", here * 2 + following, following + here))
        text = text[:at] + typed + text[at + 2 :]
    return text.rstrip("?.!") if rng.random() < MISTAKES else text


def request_words(messages: Sequence[Message]) -> dict[str, list[str]]:
    """Return, by kind, the words that its requests have in common, in alphabetical order."""

    def common(classes: str, share: float) -> set[str]:
        return common_words([m.text for m in messages if fnmatch(m.classes[0], classes)], share)

    found: dict[str, list[str]] = {}
    general = common("overview/all", OF_ALL) | common("command/*", USUALLY)
    for kind in KINDS:
        own = common(f"{kind}/*", COMMON.get(kind, USUALLY)) | common(f"{kind}/all", USUALLY)
        found[kind] = sorted((own | general) - FUNCTION_WORDS)
    return found


def common_words(texts: Sequence[str], share: float) -> set[str]:
    """Return the words that occur in at least this share of some texts."""
    counts = Counter(word for text in texts for word in set(in_words(text).split()))
    return {word for word, count in counts.items() if count >= share * len(texts)}


def write_beside(folder: Path, metadata: Mapping[str, Any], tokenizer: Path) -> None:
    """Write the metadata and the tokenizer next to the weights, and say where all of them go."""
    write_whole(folder / "tokenizer.json", tokenizer.read_bytes())
    written = json.dumps(metadata, ensure_ascii=False, indent=1) + "\n"
    write_whole(folder / "router.json", written.encode())
    sys.stdout.write(f"{folder} holds what goes to rag/asking/router.\n")


def drawn(given: argparse.Namespace) -> list[Message]:
    """Return questions from the files that the command is given, all as evidence.

    Raises UserError for files that hold none.
    """
    questions = [case.question for case in load_xquad(given.squad).cases]
    some = random.Random(SEED).sample(questions, min(QUESTIONS, len(questions)))  # noqa: S311
    typed = (turn for path in given.conversations for turn in turns(path))
    return [Message(each, (EVIDENCE,)) for each in dict.fromkeys([*some, *typed])]


def main(arguments: Sequence[str]) -> int:
    """Train, and write the weights."""
    command, several = "eval.lab.training router", ("--conversations",)
    given = parse(arguments, command, __doc__, "--squad", several=several)
    start, made = model_folder(START, load_settings().models), given.folder / "router"
    examples = load_examples()
    names = sorted({name for each in examples for name in each.classes})
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    rng = random.Random(SEED)  # noqa: S311  reproducible
    pairs = [
        (each, tokenizer.encode(_mistyped(each.text, rng)))
        for each in [*examples, *drawn(given)]
        for _ in range(TWICE)
    ]
    model = RouterModel(start, len(names))
    loss, checkpoint = partial(_loss, model, names), given.folder / "checkpoint.pt"
    fit(model, pairs, lambda pair: len(pair[1].ids), loss, checkpoint, RECIPE)
    ids = torch.ones((1, 8), dtype=torch.int64)
    inputs = {"input_ids": ids, "attention_mask": ids}
    export(model, inputs, {"classes": {}}, made / "router.onnx", rows="messages")
    metadata = {
        "examples_sha256": hashlib.sha256(EXAMPLES.read_bytes()).hexdigest(),
        "classes": names,
        "request_words": request_words(examples),
    }
    write_beside(made, metadata, start / "tokenizer.json")
    return 0
