"""Train the reader of all languages.

It learns from English data, from the outputs of English networks (its teachers) on them, and from
sentences and questions that people and a large language model translated. PAGES is the folder
`html` of the package `debian-handbook` (see `parallel.py`). FOLDER keeps the examples with the
teachers' outputs, a checkpoint every ten minutes, from which the same command resumes, and at the
end `reader.onnx` and `encoder.onnx`. With --start, training continues from an earlier reader. The
command ends with figures on held-out data, and with the factors and summands that bring its logits
to the scale of the English reader's, which are copied into `index/weights/multilingual.py`.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from eval.lab.command import run_command
from eval.lab.training import claims
from eval.lab.training.asked.__main__ import as_ranked
from eval.lab.training.asked.__main__ import examples as asked_examples
from eval.lab.training.examples import Article, Example, held_out, load_squad, make_examples
from eval.lab.training.inputs import keep, parse, sha256_of, shipped_reader
from eval.lab.training.measure import WINDOWS, Scored, auc, describe, right_words, score
from eval.lab.training.model import Prepared
from eval.lab.training.multilingual import parallel, translated
from eval.lab.training.multilingual.model import (
    RECIPE,
    Item,
    MultilingualModel,
    export_encoder,
    export_reader,
    train,
)
from eval.lab.training.multilingual.pairs import Lesson, Taught, Teachers, Untaught
from eval.lab.training.statements import Statement
from index.language import ENGLISH
from index.weights.catalogue import MULTILINGUAL, READER_OF_ALL
from index.weights.download import model_folder
from index.weights.multilingual import ENCODER, PACKED, READER, MultilingualNetwork, as_read
from index.weights.onnx import load_tokenizer
from index.weights.packed import PackedWeights
from index.weights.reader import ReaderWeights
from rag.config import load_settings

SEED = 2035
SHARES = {
    "answerable": 7_000,
    "near-miss": 7_000,
    "exchanged": 1_500,
    "wrong window": 1_500,
    "other paragraph": 700,
    "answerable paragraph": 250,
    "near-miss paragraph": 250,
    "foreign": 800,
    "typed": 4_000,
    "written statement": 4_000,
    "statement": 5_000,
    "parallel": 4_000,
    "translated": 9_000,
}
"""The most pairs of each kind that are learned from. "foreign" are windows that answer another
article's question."""
BEARS_OUT: frozenset[Lesson] = frozenset(("bears_out",))
TRANSLATED = ("translated", "parallel")
STATEMENTS = 1_500
"""How many held-out statements are measured on."""


def main(arguments: Sequence[str]) -> int:
    """Make examples, train, and write the weights."""
    command, needed = "eval.lab.training.multilingual", ("--squad", "--claims", "--pages")
    options = parse(arguments, command, __doc__, *needed, optional=("--start",), epochs=1.0)
    folder, published = options.folder, model_folder(MULTILINGUAL, load_settings().models)
    stated, stated_apart = claims.prepare(folder / "statements", options.squad, options.claims)
    sources = {options.squad.name: sha256_of(options.squad), "shares": SHARES}
    make = partial(_make, options.squad, options.pages, stated)
    taught, apart = keep([folder / "train.jsonl", folder / "held-out.jsonl"], Taught, sources, make)
    packed = PackedWeights(published / PACKED)
    model = MultilingualModel(packed)
    if options.start:
        model.go_on_from(options.start)
    recipe, made = replace(RECIPE, epochs=options.epochs), folder / READER
    items = prepared(taught, load_tokenizer(published))
    train(model, packed, items, folder / "checkpoint.pt", recipe)
    export_reader(model, packed, made)
    export_encoder(packed, folder / ENCODER)
    held = [each.example for each in apart]
    read, english = ReaderWeights(MultilingualNetwork(published, made)), shipped_reader()
    most = min(STATEMENTS, len(stated_apart))
    some = random.Random(SEED).sample(stated_apart, most)  # noqa: S311  reproducible
    translations = translated.windows(load_squad(options.squad), held=True)
    for lines in (
        describe(held, read),
        crossed(translations, read),
        claims.describe(some, read),
        scales(held, read, ReaderWeights(english)),
    ):
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def crossed(apart: Sequence[translated.Translations], reader: ReaderWeights) -> Iterator[str]:
    """Yield how well translated windows are read, by language, asked in that and in English."""
    for language in sorted({each for of in apart for each in of} - {ENGLISH}):
        for asked in dict.fromkeys(each for each in (language, ENGLISH) if each in apart[0]):
            scored, right = [], []
            for of in (each for each in apart if language in each):
                for question, words in zip(
                    of[asked]["questions"], of[language]["answers"], strict=True
                ):
                    [read] = reader.read(question, [of[language]["text"]])
                    scored.append(Scored(score(read), bool(words)))
                    said = of[language]["text"][read.start : read.end]
                    right += [right_words(said, [words])] if words else []
            yield (
                f"translated, {asked} asked of {language}: AUC {auc(scored):.3f}, "
                f"right words {np.mean(right):.3f}, n = {len(scored)}"
            )


def shipped() -> Path:
    """Return the file of the reader of all languages that comes with Footnoted."""
    return model_folder(READER_OF_ALL, load_settings().models) / READER


def scales(
    examples: Sequence[Example], own: ReaderWeights, english: ReaderWeights
) -> Iterator[str]:
    """Yield the factor and the summand that best map a reader's own logits to the English ones."""
    windows = [each for each in examples if each.kind in WINDOWS]

    def logits(reader: ReaderWeights, name: str) -> np.ndarray:
        reads = [reader.read(each.question, [each.text])[0] for each in windows]
        return np.array([getattr(each, name) for each in reads])

    for name in ("answers", "words"):
        factor, summand = np.polyfit(logits(own, name), logits(english, name), 1)
        yield f"{name.upper()} = {factor:.3f}, {summand:.3f}"


def prepared(taught: Sequence[Taught], tokenizer: Tokenizer) -> list[Item]:
    """Return the examples as tokens, with the questions as they are read: in lower case.

    In this data, questions without an answer were put into lower case and lost their accents, so
    capital letters would give away which ones have an answer. If an example does not teach whether
    the text answers, it does not teach the words that answer either.
    """
    pairs = [(_as_learned(each.example), each.example.text) for each in taught]
    items = []
    for each, tokens in zip(taught, tokenizer.encode_batch(pairs), strict=True):
        own = Prepared.of(each.example, tokens)
        items.append(Item(own if each.answers is not None else own._replace(words=None), each))
    return items


def _as_learned(example: Example) -> str:
    question = as_read(example.question)
    if example.kind in TRANSLATED:
        return question
    apart = unicodedata.normalize("NFD", question)
    return "".join(each for each in apart if not unicodedata.combining(each))


def _make(
    squad: Path, pages: Path, stated: Sequence[Statement]
) -> tuple[list[Taught], list[Taught]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    articles = load_squad(squad)
    learned = [each for each in articles if not held_out(each.title)]
    typed, apart = asked_examples({each.title: each for each in articles}, replayed=0, epochs=1)
    kinds = {
        **_of_squad(learned, rng),
        "typed": list(map(_asked, typed)),
        **of_statements(stated),
        "parallel": list(parallel.pairs_of(pages, rng)),
    }
    made = [each for kind, some in kinds.items() for each in some_of(some, SHARES[kind], rng)]
    windows = translated.windows(articles, held=False)
    made += some_of(list(translated.pairs_of(windows, rng)), SHARES["translated"], rng)
    taught = Teachers(load_settings().models).teach(made)
    rng.shuffle(taught)
    apart += make_examples([each for each in articles if held_out(each.title)], as_ranked, rng)
    return taught, [Taught(each) for each in apart]


def some_of(pairs: Sequence[Untaught], most: int, rng: random.Random) -> list[Untaught]:
    """Return at most so many pairs, drawn at random."""
    return rng.sample(pairs, min(most, len(pairs)))


def _asked(example: Example) -> Untaught:
    return Untaught(example, (example.question, example.text), frozenset(("rank", "answers")))


def _of_squad(articles: Sequence[Article], rng: random.Random) -> dict[str, list[Untaught]]:
    """Return the examples of SQuAD's questions by kind, with windows of other articles as one."""
    by_kind: dict[str, list[Untaught]] = {"foreign": []}
    for each in make_examples(articles, as_ranked, rng):
        by_kind.setdefault(each.kind, []).append(_asked(each))
    answered = [each.example for each in by_kind["answerable"]]
    count = min(SHARES["foreign"], len(answered))
    for one, other in zip(rng.sample(answered, count), rng.sample(answered, count), strict=True):
        if one.question != other.question:
            by_kind["foreign"].append(_asked(Example(one.question, other.text, False)))
    return by_kind


def of_statements(stated: Sequence[Statement]) -> dict[str, list[Untaught]]:
    """Return statements with texts, by kind: those written for the head, and the others."""
    by_kind: dict[str, list[Untaught]] = {"written statement": [], "statement": []}
    for each in stated:
        kind = "written statement" if each.kind.startswith("written") else "statement"
        example, english = Example(each.statement, each.text, False), (each.statement, each.text)
        by_kind[kind].append(Untaught(example, english, BEARS_OUT, each.label))
    return by_kind


if __name__ == "__main__":
    run_command(main)
