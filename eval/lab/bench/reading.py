"""How well the reader alone answers SQuAD 2.0's questions, given a paragraph or a quote.

Rajpurkar, Jia and Liang, "Know What You Don't Know", ACL 2018. Exact match and F1 are those of its
official script; an unanswerable question counts 1 for no answer and 0 for any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases.answers import exact_match, token_f1
from eval.lab.measure import kept, seeded, share
from eval.lab.training.examples import Paragraph, load_squad
from eval.lab.training.measure import Scored, auc, refused, right_words, score, threshold
from eval.measuring.statistics import Metric, mean
from index.weights.reader import Read
from rag.answerability.reader import Reader
from rag.config import load_settings
from rag.finding.rerank import Reranker, reranker_of

QUOTES = 300
"""Answerable questions that are read with a quote, and as many near-misses."""

LEAST = 2.34
"""The score from which a paragraph counts as answering: the one with the best F1 on the articles
that were held out in training, which `python -m eval.lab.training` prints."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its paragraph and the accepted answers; none if it is unanswerable."""

    question: str
    paragraph: Paragraph
    answers: list[str]
    starts: list[int]


def load_questions(path: Path) -> list[Asked]:
    """Return all questions of a file in SQuAD's format, v1.1 or v2.0.

    Raises UserError for a file that cannot be read or is not in that format.
    """
    found = []
    for paragraph in (each for article in load_squad(path) for each in article.paragraphs):
        for told in paragraph.questions:
            answers = [] if told.get("is_impossible") else told["answers"]
            texts = [each["text"] for each in answers]
            starts = [each["answer_start"] for each in answers]
            found.append(Asked(told["question"].strip(), paragraph, texts, starts))
    return found


def measure_reader(out: Path, squad: Path) -> dict[str, Any]:
    """Return the figures by way of asking and name; they are kept in a file."""
    settings = load_settings()
    reader, reranker = Reader(settings.models), reranker_of(settings)
    questions = load_questions(squad)
    ways = {
        "paragraph given": lambda: with_paragraph(questions, reader),
        "quote given": lambda: with_quote(questions, reader, reranker),
    }
    return kept(out, ways, lambda way: {name: vars(each) for name, each in way().items()}, "")


def with_paragraph(asked: Sequence[Asked], reader: Reader) -> dict[str, Metric]:
    """Read each paragraph whole; returns the official figures by name."""
    reads = [_read(reader, each, each.paragraph.text) for each in asked]
    pairs = [
        (each, each.paragraph.text[read.start : read.end] if score(read) >= LEAST else "")
        for each, read in zip(asked, reads, strict=True)
    ]
    articles = [each.paragraph.title for each in asked]
    # The official script writes "no answer" as the empty text.
    exact = [float(exact_match(said, each.answers or [""])) for each, said in pairs]
    f1 = [token_f1(said, each.answers or [""]) for each, said in pairs]
    scored = _scored(asked, reads)
    return {
        "exact match": mean(exact, articles),
        "F1": mean(f1, articles),
        "no answer, accuracy": share(not said for each, said in pairs if not each.answers),
        "AUC": Metric(round(auc(scored), 4), len(scored)),
        "refused at 5% false refusals": Metric(round(refused(scored), 4), len(scored)),
    }


def with_quote(
    asked: Sequence[Asked], reader: Reader, reranker: Reranker, count: int = QUOTES
) -> dict[str, Metric]:
    """Read the best quote of each paragraph, for a fixed sample (see `sample`).

    The best quote is the window that the reranker puts first; for an answerable question, only
    windows that hold its answer are ranked.
    """
    drawn = sample(asked, count)
    found = [(each, quote) for each in drawn if (quote := _quote(each, reranker)) is not None]
    reads = [_read(reader, each, quote) for each, quote in found]
    scored = _scored([each for each, _ in found], reads)
    lowest = threshold(scored)
    right = (
        right_words(quote[read.start : read.end], each.answers)
        for (each, quote), read in zip(found, reads, strict=True)
        if each.answers
    )
    return {
        "AUC": Metric(round(auc(scored), 4), len(scored)),
        "refused at 5% false refusals": share(
            each.score < lowest for each in scored if not each.answerable
        ),
        "right words": share(right),
    }


def sample(asked: Sequence[Asked], count: int) -> list[Asked]:
    """Draw `count` answerable questions, whose answer's place is known, and `count` near-misses."""
    draw = seeded()
    known = [each for each in asked if each.answers and min(each.starts) >= 0]
    near = [each for each in asked if not each.answers]
    return draw.sample(known, min(count, len(known))) + draw.sample(near, min(count, len(near)))


def _quote(asked: Asked, reranker: Reranker) -> str | None:
    paragraph, among = asked.paragraph, list(range(len(asked.paragraph.windows)))
    if asked.answers:
        among = paragraph.holding(asked.starts[0], asked.starts[0] + len(asked.answers[0]))
    texts = [paragraph.window(at) for at in among]
    scores = reranker.score(asked.question, texts)
    return max(zip(scores, texts, strict=True))[1] if texts else None


def _read(reader: Reader, asked: Asked, text: str) -> Read:
    return reader.read(asked.question, [text], [asked.paragraph.title])[0]


def _scored(asked: Sequence[Asked], reads: Sequence[Read]) -> list[Scored]:
    return [Scored(score(r), bool(each.answers)) for each, r in zip(asked, reads, strict=True)]
