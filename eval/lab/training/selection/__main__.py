"""Train again the adapter with which the language model selects the sentences that answer.

It learns from questions as people type them (`eval/lab/training/asked/`) and from SQuAD's own on
the same paragraphs; one article in eight is held out. With --start, training continues from an
adapter, on windows of whole documents (`windows.py`) and some of those paragraphs. All questions on
a paragraph are learned at once: the paragraph is read once, and none of its questions sees another.
FOLDER keeps a checkpoint, from which the same command resumes, and at the end `selection.gguf`.
Then the command prints how well the adapter tells held-out answerable questions from the others.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eval.lab.command import run_command
from eval.lab.training.asked.__main__ import read_asked
from eval.lab.training.examples import Paragraph, Span, load_squad
from eval.lab.training.inputs import parse
from eval.lab.training.selection.packed import Packed, loss, packed, written
from eval.lab.training.selection.windows import windows
from eval.lab.training.standing_alone.adapter import (
    RECIPE,
    learn,
    load_model,
    load_tokenizer,
    model_file,
)
from eval.lab.training.train import batches_of
from index.split import sentence_spans
from rag.writing.adapters.selection import FILE, MOST_SENTENCES, NONE, messages
from rag.writing.adapters.selection import written as numbered

APART = 8
"""One in so many of the articles with such questions is held out; all are training articles."""
SQUADS = 1
"""How many of SQuAD's own answerable questions a paragraph is learned with; as many near-misses."""
AGAIN, SLOWER = 60, 2e-4
"""With --start, how many paragraphs are learned again, and the learning rate."""
SHORTEST = 3
"""The fewest letters of an answer whose absence shows that a paragraph does not answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the numbers of the sentences that answer it, from 0."""

    question: str
    numbers: tuple[int, ...]
    kind: str


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    command, optional = "eval.lab.training.selection", ("--start",)
    options = parse(arguments, command, __doc__, "--squad", optional=optional, epochs=1.0)
    path, start = model_file(), options.start
    tokenizer = load_tokenizer(path)
    learned, apart = _examples(options.squad, tokenizer)
    recipe = replace(RECIPE, epochs=options.epochs)
    if start:
        rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
        again = rng.sample(learned, min(AGAIN, len(learned)))
        learned, apart = _of_documents(options.folder / "documents", tokenizer, rng)
        learned, recipe = learned + again, replace(recipe, rate=SLOWER)
    model = load_model(path)
    made = options.folder / FILE
    learn(model, learned, lambda each: each.tokens, loss, made, recipe, start)
    none = tokenizer.encode(NONE, add_special_tokens=False)[0]
    for kind, (auc, count) in _measured(model, apart, none).items():
        sys.stdout.write(f"{kind}: AUC {auc:.3f}, n = {count}\n")
    return 0


# --- examples


def _examples(squad: Path, tokenizer: PreTrainedTokenizerBase) -> tuple[list[Packed], list[Packed]]:
    """Return the examples to learn from, and those that are held out."""
    articles = {each.title: each for each in load_squad(squad)}
    lines = list(read_asked(articles))
    measured = set(sorted({paragraph.title for paragraph, _ in lines})[::APART])
    by_article = defaultdict(list)
    for paragraph, line in lines:
        by_article[paragraph.title].append((paragraph, line["questions"]))
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    learned, apart = [], []
    for paragraph, line in lines:
        title = paragraph.title
        sentences = sentence_spans(paragraph.text, 0, len(paragraph.text))[:MOST_SENTENCES]
        asked = list(_asked(paragraph, line["questions"], sentences, rng))
        asked += _of_another(paragraph, by_article[title], rng)
        texts = [paragraph.text[start:end] for start, end in sentences]
        example = _example(title, texts, asked, tokenizer)
        if title in measured:
            apart.append(example)
        elif not line.get("apart"):
            learned.append(example)
    return learned, apart


def _of_documents(
    folder: Path, tokenizer: PreTrainedTokenizerBase, rng: random.Random
) -> tuple[list[Packed], list[Packed]]:
    """Return the examples of documents' windows to learn from, and those that are held out."""
    learned, apart = list[Packed](), list[Packed]()
    for window in windows(folder, rng):
        asked = [Asked(question, numbers, "window") for question, numbers in window.asked]
        example = _example(window.title, window.sentences, asked, tokenizer)
        (apart if window.held_out else learned).append(example)
    return learned, apart


def _asked(
    paragraph: Paragraph,
    typed: Sequence[dict[str, Any]],
    sentences: Sequence[Span],
    rng: random.Random,
) -> Iterator[Asked]:
    """Yield the questions on a paragraph as people type them, and some of SQuAD's own."""
    for each in typed:
        places = each["sentences"] if "sentences" in each else [each.get("words")]
        yield from _numbered(each["question"], places, sentences, "typed")
    for near_miss in (False, True):
        some = [
            each for each in paragraph.questions if bool(each.get("is_impossible")) is near_miss
        ]
        for each in rng.sample(some, min(SQUADS, len(some))):
            answer = None if near_miss else each["answers"][0]
            start = answer["answer_start"] if answer else 0
            places = [(start, start + len(answer["text"]))] if answer else [None]
            yield from _numbered(each["question"], places, sentences, "squad")


def _numbered(
    question: str, places: Sequence[Span | None], sentences: Sequence[Span], kind: str
) -> Iterator[Asked]:
    """Yield a question with its sentences, unless these are beyond the ones that are read."""
    held = [place for place in places if place]
    numbers = tuple(
        at
        for at, (start, end) in enumerate(sentences)
        if any(start < last and first < end for first, last in held)
    )
    if bool(numbers) is bool(held):
        yield Asked(question, numbers, kind)


def _of_another(
    paragraph: Paragraph,
    article: Sequence[tuple[Paragraph, Sequence[dict[str, Any]]]],
    rng: random.Random,
) -> list[Asked]:
    """Return a question on another paragraph of the article, which this one does not answer."""
    words = [
        (each["question"], other.text[slice(*each["words"])].casefold())
        for other, questions in article
        if other.text != paragraph.text
        for each in questions
        if "words" in each
    ]
    text = paragraph.text.casefold()
    some = [asked for asked, held in words if len(held) >= SHORTEST and held not in text]
    return [Asked(rng.choice(some), (), "another")] if some else []


def _example(
    title: str, sentences: Sequence[str], asked: Sequence[Asked], tokenizer: PreTrainedTokenizerBase
) -> Packed:
    each_asked = (
        (messages(title, sentences, each.question), numbered(each.numbers), each.kind)
        for each in asked
    )
    return packed([*each_asked], tokenizer)


# --- what is measured


def _measured(
    model: PreTrainedModel, apart: Sequence[Packed], none: int
) -> dict[str, tuple[float, int]]:
    """Return, by kind, the AUC of telling answerable questions, and the number of questions."""
    told = defaultdict(list)
    with torch.no_grad():
        for batch in batches_of(apart, lambda each: each.tokens, 1.0, RECIPE.seed):
            logits, wanted = written(model, batch)
            kinds = [kind for each in batch for kind in each.kinds]
            for kind, some, tokens in zip(kinds, logits, wanted, strict=True):
                odds = -float(some[0].log_softmax(-1)[none])
                told[kind].append((int(tokens[0]) != none, odds))
    whole = {"all": [pair for some in told.values() for pair in some], **told}
    return {
        kind: (roc_auc_score(*zip(*some, strict=True)), len(some))
        for kind, some in whole.items()
        if len({answers for answers, _ in some}) > 1
    }


if __name__ == "__main__":
    run_command(main)
