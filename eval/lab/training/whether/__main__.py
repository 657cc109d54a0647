"""Train again the adapter with which the language model says yes or no.

It learns from `questions.jsonl.gz`, next to this module: questions for yes or no on the documents
of `eval/lab/training/selection/`, with the sentences that decide each, or that come nearest. The
documents of one writer in eight are held out. All questions on the same sentences are learned at
once. With --start, training continues from an adapter: the one for selection knows when nothing
answers. FOLDER keeps a checkpoint, from which the same command resumes, and at the end
`whether.gguf`. Then the command prints, of the held-out questions by their right answers, how many
are answered so.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eval.lab.command import run_command
from eval.lab.training.examples import Span
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.selection.documents import common, documents
from eval.lab.training.selection.packed import Packed, loss, packed, written
from eval.lab.training.standing_alone.adapter import (
    RECIPE,
    learn,
    load_model,
    load_tokenizer,
    model_file,
)
from eval.lab.training.train import batches_of
from index.documents import Document
from index.library import Hit
from index.split import split
from rag.answering.context import read_together
from rag.finding.quotes import sentence_quotes
from rag.quote import Quote
from rag.writing.adapters.whether import FILE, NONE, messages

QUESTIONS = Path(__file__).parent / "questions.jsonl.gz"
LEARNED = 56
"""How many of the documents are learned from; those of one of the eight writers are held out."""
ANSWERS = ("yes", "no", NONE)
OTHERS = 1
"""How many questions that other sentences of the document decide are learned on each text."""
HALF = 0.5
"""The share of a sentence that must be in a place that decides a question."""
SURE = 0.9
"""The probability from which the measurement counts an answer as sure."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answer (“yes”, “no” or “none”), and the places of the sentences for it."""

    question: str
    answer: str
    places: tuple[Span, ...]


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    command, optional = "eval.lab.training.whether", ("--start",)
    options = parse(arguments, command, __doc__, optional=optional, epochs=1.0)
    path = model_file()
    tokenizer = load_tokenizer(path)
    learned, apart = _examples(options.folder / "documents", tokenizer)
    model = load_model(path)
    recipe = replace(RECIPE, epochs=options.epochs)
    made = options.folder / FILE
    learn(model, learned, lambda each: each.tokens, loss, made, recipe, options.start)
    for kind, (count, right, sure, wrong) in _measured(model, apart, tokenizer).items():
        sys.stdout.write(
            f"{kind}: {right} right, {sure} sure, {wrong} sure and wrong, n = {count}\n"
        )
    return 0


def _examples(
    folder: Path, tokenizer: PreTrainedTokenizerBase
) -> tuple[list[Packed], list[Packed]]:
    """Return the examples to learn from, and those that are held out."""
    with reading(QUESTIONS, "holds no questions"):
        by_document = {line["name"]: _asked(line["asked"]) for line in read_records(QUESTIONS)}
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    learned, apart = list[Packed](), list[Packed]()
    for number, (document, _) in enumerate(documents(folder)):
        asked = by_document.get(document.name.removesuffix(".md"), [])
        for text, on_it in _texts(document, asked, rng):
            prompts = [
                (messages(document.own_title, text, question), answer, answer)
                for question, answer in on_it
            ]
            (learned if number < LEARNED else apart).append(packed(prompts, tokenizer))
    return learned, apart


def _asked(lines: Sequence[dict[str, Any]]) -> list[Asked]:
    return [
        Asked(each["question"], each["answer"], tuple(map(tuple, each["sentences"])))
        for each in lines
    ]


def _texts(
    document: Document, asked: Sequence[Asked], rng: random.Random
) -> Iterator[tuple[list[str], list[tuple[str, str]]]]:
    """Yield what the model reads of a document, with questions on it and their answers.

    A text is what is read with the sentences for one question. All questions whose sentences are in
    it are asked on it, and some that other sentences decide.
    """
    hits = [Hit(document, passage, 0.0, None, None) for passage in split(document)]
    sentences = sentence_quotes([(hit.document, hit.passage) for hit in hits])
    quotes = {one: [each for each in sentences if _is_of(each, one)] for one in asked}
    done = set[Asked]()
    for one, own in quotes.items():
        if one in done or not own:
            continue
        text = read_together(own, hits)
        held = [
            each
            for each, its in quotes.items()
            if its and all(any(map(each.overlaps, text)) for each in its)
        ]
        done.update(held)
        apart = [each for each in asked if each not in held]
        on_it = [(each.question, each.answer) for each in held]
        on_it += [(each.question, NONE) for each in rng.sample(apart, min(OTHERS, len(apart)))]
        rng.shuffle(on_it)
        yield [quote.model_text for quote in text], on_it


def _is_of(quote: Quote, asked: Asked) -> bool:
    place = quote.start, quote.end
    return any(common(place, each) > HALF * (quote.end - quote.start) for each in asked.places)


def _measured(
    model: PreTrainedModel, apart: Sequence[Packed], tokenizer: PreTrainedTokenizerBase
) -> dict[str, tuple[int, ...]]:
    """Return, by the right answer, how many questions there are, are answered so, and surely so.

    The last count is of those that are surely answered otherwise, with yes or no.
    """
    tokens = [tokenizer.encode(each, add_special_tokens=False)[0] for each in ANSWERS]
    counts = {answer: [0, 0, 0, 0] for answer in ANSWERS}
    with torch.no_grad():
        for batch in batches_of(apart, lambda each: each.tokens, 1.0, RECIPE.seed):
            kinds = [kind for each in batch for kind in each.kinds]
            for kind, logits in zip(kinds, written(model, batch)[0], strict=True):
                said = logits[0].softmax(-1)[tokens]
                best = ANSWERS[int(said.argmax())]
                is_sure = best != NONE and float(said.max()) >= SURE
                for at, is_so in enumerate((True, best == kind, is_sure, is_sure and best != kind)):
                    counts[kind][at] += is_so
    return {answer: tuple(each) for answer, each in counts.items()}


if __name__ == "__main__":
    run_command(main)
