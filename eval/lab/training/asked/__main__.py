"""Teach the reader's upper half questions as people type them, after all other training.

SQuAD's questions were written with their paragraph in sight, in its words. The questions used here,
on 1,800 of its training paragraphs, are short, careless and in everyday words; some are open.
`asked.jsonl.gz` has a line for each paragraph. Each question comes with the place of the words that
answer it, with the places of the sentences that answer it together, or with neither if the
paragraph does not answer it. Paragraphs marked as `apart` are held out, to measure on.

Training continues from the shipped reader, or from the one in the folder that --start names, and
the result is the mean of the weights before and after. The lower half stays as it is, and so do the
heads that build on it. FOLDER keeps a checkpoint, from which the same command resumes, and at the
end `reader/`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.lab.command import run_command
from eval.lab.training.branch import SHARED, keep_branches
from eval.lab.training.examples import (
    Article,
    Example,
    Paragraph,
    Ranking,
    Span,
    held_out,
    load_squad,
    make_examples,
    titled,
)
from eval.lab.training.inputs import parse, read_records, shipped_reader
from eval.lab.training.measure import describe
from eval.lab.training.model import RECIPE, export_reader, from_weights, take_mean, train_reader
from index.errors import UserError
from index.weights.onnx import load_tokenizer
from index.weights.reader import ReaderWeights

ASKED = Path(__file__).parent / "asked.jsonl.gz"
SEED, RATE = 2026, 6e-5
EPOCHS = 2
"""How often the questions are learned from, since they are few compared with SQuAD's."""
REPLAYED = 16_000
"""Windows of SQuAD's own questions that are mixed in, so that these are not forgotten."""
TITLED = 0.8
"""How often the article's title precedes the text, as it does when the reader is in use."""
PARAGRAPHS = 0.3
"""How often a whole paragraph is learned from in addition to its windows."""


def main(arguments: Sequence[str]) -> int:
    """Make examples, train the upper half, write the weights, and measure what was held out."""
    command = "eval.lab.training.asked"
    options = parse(arguments, command, __doc__, "--squad", optional=("--start",))
    learned, apart = examples({each.title: each for each in load_squad(options.squad)})
    start, made = options.start or shipped_reader(), options.folder / "reader"
    model = from_weights(start / "model.onnx")
    model.bert.encoder.layer[:SHARED].requires_grad_(False)
    checkpoint, recipe = options.folder / "checkpoint.pt", replace(RECIPE, rate=RATE)
    train_reader(model, load_tokenizer(start), learned, checkpoint, recipe)
    take_mean(model, from_weights(start / "model.onnx"))
    export_reader(model, start / "tokenizer.json", made)
    keep_branches(start / "model.onnx", made / "model.onnx")
    for name, folder in (("as it was", start), ("as it is", made)):
        sys.stdout.write("\n".join([f"{name}:", *describe(apart, ReaderWeights(folder)), ""]))
    return 0


def examples(
    articles: Mapping[str, Article], *, replayed: int = REPLAYED, epochs: int = EPOCHS
) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and those of the paragraphs that are held out.

    Raises UserError if the articles are not those that the questions were written on.
    """
    rng = random.Random(SEED)  # noqa: S311  reproducible
    rankings: dict[str, Ranking] = {}
    learned: list[Example] = []
    apart: list[Example] = []
    for paragraph, asked in read_asked(articles):
        title = paragraph.title
        ranking = rankings.setdefault(title, Ranking(articles[title], as_ranked))
        made = _of_paragraph(asked["questions"], paragraph, ranking, rng)
        into = apart if asked.get("apart") else learned
        into += [titled(each, title) if rng.random() < TITLED else each for each in made]
    learned *= epochs
    if replayed:
        seen = [article for article in articles.values() if not held_out(article.title)]
        windows = [e for e in make_examples(seen, as_ranked, rng) if "paragraph" not in e.kind]
        learned += rng.sample(windows, min(replayed, len(windows)))
    rng.shuffle(learned)
    return learned, apart


def read_asked(articles: Mapping[str, Article]) -> Iterator[tuple[Paragraph, dict[str, Any]]]:
    """Yield each paragraph that has questions, with its line; the articles are given by title.

    Raises UserError if the articles are not those that the questions were written on.
    """
    for asked in read_records(ASKED):
        try:
            paragraph = articles[asked["article"]].paragraphs[asked["paragraph"]]
        except (KeyError, IndexError) as error:
            raise UserError(
                "These are not SQuAD's training articles: "
                f"{asked['article']}, paragraph {asked['paragraph']}, is not among them."
            ) from error
        yield paragraph, asked


def as_ranked(_: str, texts: Sequence[str]) -> list[float]:
    """Score windows so that their order by words stays: the reranker would take half an hour."""
    return [-float(at) for at in range(len(texts))]


def _of_paragraph(
    questions: Sequence[dict[str, Any]], paragraph: Paragraph, ranking: Ranking, rng: random.Random
) -> Iterator[Example]:
    """Yield the examples of a paragraph: windows that answer, that only seem to, that do not."""
    for asked in questions:
        question, whole = asked["question"], rng.random() < PARAGRAPHS
        answer = tuple(asked["words"]) if "words" in asked else None
        if "sentences" in asked:
            yield from _of_sentences(question, asked["sentences"], paragraph, rng)
        else:
            yield from _of_words(question, answer, paragraph, ranking, rng)
        if whole:
            answerable = bool(answer) or "sentences" in asked
            kind = "answerable paragraph" if answerable else "near-miss paragraph"
            yield Example(question, paragraph.text, answerable, answer, kind=kind)


def _of_sentences(
    question: str, sentences: Sequence[Span], paragraph: Paragraph, rng: random.Random
) -> Iterator[Example]:
    windows = paragraph.within(sentences)
    for at in rng.sample(windows, min(3, len(windows))):
        yield Example(question, paragraph.window(at), True, kind="several sentences")


def _of_words(
    question: str, answer: Span | None, paragraph: Paragraph, ranking: Ranking, rng: random.Random
) -> Iterator[Example]:
    holding, others = [], list(range(len(paragraph.windows)))
    if answer:
        holding = paragraph.holding(*answer)
        others = paragraph.without(paragraph.text[slice(*answer)])
    for at in rng.sample(holding, min(2, len(holding))):
        start = paragraph.windows[at][0]
        place = (answer[0] - start, answer[1] - start) if answer else None
        yield Example(question, paragraph.window(at), True, place, kind="answerable")
    likely = ranking.by_words(question, paragraph, others)
    best = likely[: 1 if holding else 2]
    rest = likely[len(best) :]
    for at in [*best, *rng.sample(rest, min(1, len(rest)))]:
        kind = "wrong window" if holding else "near-miss"
        yield Example(question, paragraph.window(at), False, kind=kind)


if __name__ == "__main__":
    run_command(main)
