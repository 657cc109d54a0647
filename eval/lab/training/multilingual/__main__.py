"""Make the weights of the reader of any language, from English data.

FOLDER keeps the examples with the logits that the English cross-encoder gives them, a checkpoint
every ten minutes, from which the same command goes on, and at the end `reader.onnx`. It ends with
figures on what was held out, and with what brings its logits to the scale of the English reader's:
they are copied into `index/weights/multilingual.py`.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from eval.lab.command import run_command
from eval.lab.training.asked.__main__ import as_ranked
from eval.lab.training.asked.__main__ import examples as asked_examples
from eval.lab.training.examples import Article, Example, held_out, load_squad, make_examples
from eval.lab.training.inputs import keep, parse, sha256_of, shipped_reader
from eval.lab.training.measure import WINDOWS, describe
from eval.lab.training.model import Prepared
from eval.lab.training.multilingual.model import (
    RECIPE,
    MultilingualModel,
    Ranked,
    export_reader,
    train,
)
from index.weights.catalogue import MULTILINGUAL
from index.weights.download import model_folder
from index.weights.embedding import load_scorer
from index.weights.multilingual import PACKED, MultilingualNetwork, as_read
from index.weights.onnx import load_tokenizer
from index.weights.packed import PackedWeights
from index.weights.reader import ReaderWeights
from rag.config import load_settings

SEED = 2034
TEACHER = "ms-marco-minilm-l-12-v2-int8"
SHARES = {
    "answerable": 10_000,
    "near-miss": 7_000,
    "exchanged": 2_000,
    "wrong window": 3_000,
    "other paragraph": 2_000,
    "answerable paragraph": 500,
    "near-miss paragraph": 500,
}
"""How many examples of each kind are drawn from SQuAD's questions."""
FOREIGN = 2_500
"""Windows that answer another article's question."""


@dataclass(frozen=True, slots=True)
class Taught:
    """An example, and the logit of the cross-encoder that is learned from."""

    example: Example
    rank: float


def main(arguments: Sequence[str]) -> int:
    """Make examples, train, and write the weights."""
    command = "eval.lab.training.multilingual"
    options = parse(arguments, command, __doc__, "--squad", epochs=1.0)
    files = [options.folder / "train.jsonl", options.folder / "held-out.jsonl"]
    sources = {options.squad.name: sha256_of(options.squad), "shares": SHARES}
    taught, apart = keep(files, Taught, sources, partial(_make, options.squad))
    published = model_folder(MULTILINGUAL, load_settings().models)
    packed, tokenizer = PackedWeights(published / PACKED), load_tokenizer(published)
    model = MultilingualModel(packed)
    recipe = replace(RECIPE, epochs=options.epochs)
    train(model, packed, prepared(taught, tokenizer), options.folder / "checkpoint.pt", recipe)
    made = options.folder / "reader.onnx"
    export_reader(model, packed, made)
    held = [each.example for each in apart]
    read = ReaderWeights(MultilingualNetwork(published, made))
    lines = [*describe(held, read), *scales(held, read, ReaderWeights(shipped_reader()))]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def scales(
    examples: Sequence[Example], own: ReaderWeights, english: ReaderWeights
) -> Iterator[str]:
    """Yield the factor and the summand that tell the logits of another reader best."""
    windows = [each for each in examples if each.kind in WINDOWS]

    def logits(reader: ReaderWeights, name: str) -> np.ndarray:
        reads = [reader.read(each.question, [each.text])[0] for each in windows]
        return np.array([getattr(each, name) for each in reads])

    for name in ("answers", "words"):
        factor, summand = np.polyfit(logits(own, name), logits(english, name), 1)
        yield f"{name.upper()} = {factor:.3f}, {summand:.3f}"


def prepared(taught: Sequence[Taught], tokenizer: Tokenizer) -> list[Ranked]:
    """Return the examples as tokens, the questions as they are read: in small letters.

    Those that have no answer were put into small letters and lost their accents in this data, so
    capital letters would give away which have one.
    """
    pairs = [(_plain(each.example.question), each.example.text) for each in taught]
    encoded = zip(taught, tokenizer.encode_batch(pairs), strict=True)
    return [Ranked(Prepared.of(each.example, tokens), each.rank) for each, tokens in encoded]


def _plain(question: str) -> str:
    """Return a question in small letters, without accents."""
    apart = unicodedata.normalize("NFD", as_read(question))
    return "".join(each for each in apart if not unicodedata.combining(each))


def _make(squad: Path) -> tuple[list[Taught], list[Taught]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    articles = load_squad(squad)
    learned = [each for each in articles if not held_out(each.title)]
    typed, apart = asked_examples({each.title: each for each in articles}, replayed=0, epochs=1)
    made = [*_drawn(learned, rng), *typed]
    rng.shuffle(made)
    teacher = load_scorer(TEACHER, load_settings().models)
    scores = teacher([(each.question, each.text) for each in made])
    apart += make_examples([each for each in articles if held_out(each.title)], as_ranked, rng)
    taught = [Taught(each, float(score)) for each, score in zip(made, scores, strict=True)]
    return taught, [Taught(each, 0.0) for each in apart]


def _drawn(articles: Sequence[Article], rng: random.Random) -> Iterator[Example]:
    """Yield as many examples of each kind as SHARES says, and windows of other articles."""
    by_kind: dict[str, list[Example]] = {}
    for each in make_examples(articles, as_ranked, rng):
        by_kind.setdefault(each.kind, []).append(each)
    for kind, count in SHARES.items():
        yield from rng.sample(by_kind[kind], min(count, len(by_kind[kind])))
    answered = by_kind["answerable"]
    count = min(FOREIGN, len(answered))
    for one, other in zip(rng.sample(answered, count), rng.sample(answered, count), strict=True):
        if one.question != other.question:
            yield Example(one.question, other.text, False, kind="foreign")


if __name__ == "__main__":
    run_command(main)
