"""How well the reader alone reads, on SQuAD 2.0's questions: with a paragraph, and with a quote.

Rajpurkar, Jia and Liang, "Know What You Don't Know", ACL 2018. Exact match and F1 are those of its
official script; an unanswerable question counts 1 for no answer and 0 for any.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases.answers import exact_match, token_f1
from eval.lab.training.examples import cut, load_squad
from eval.lab.training.measure import Scored, auc, refused, right_words, score, threshold
from eval.measuring.statistics import Metric, mean, rate
from index.weights.reader import Read
from rag.answerability.reader import Reader
from rag.finding.rerank import Reranker

SEED = 2021
QUOTES = 300
"""Answerable questions that are read with a quote, and as many near-misses."""

LEAST = 2.34
"""The score from which a paragraph answers: the one with the best F1 on the articles that were held
out in training, which `python -m eval.lab.training` prints."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its paragraph and the accepted answers, none where it has no answer."""

    id: str
    question: str
    paragraph: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]
    article: str


def load_questions(path: Path) -> list[Asked]:
    """Return all questions of a file in SQuAD's format, v1.1 or v2.0.

    Raises UserError for a file that cannot be read or is not in that format.
    """
    return [
        _asked(told, paragraph.text, article.title)
        for article in load_squad(path)
        for paragraph in article.paragraphs
        for told in paragraph.questions
    ]


def _asked(told: dict[str, Any], paragraph: str, article: str) -> Asked:
    answers = [] if told.get("is_impossible") else told["answers"]
    return Asked(
        str(told["id"]),
        told["question"].strip(),
        paragraph,
        tuple(each["text"] for each in answers),
        tuple(each["answer_start"] for each in answers),
        article,
    )


def with_paragraph(asked: Sequence[Asked], reader: Reader) -> dict[str, Metric]:
    """Read each paragraph whole; returns the official figures by name."""
    reads = [reader.read(each.question, [each.paragraph], [each.article])[0] for each in asked]
    words = [
        each.paragraph[read.start : read.end] if score(read) >= LEAST else ""
        for each, read in zip(asked, reads, strict=True)
    ]
    pairs = list(zip(asked, words, strict=True))
    articles = [each.article for each in asked]
    # The script takes "no answer" as the empty text, which is right where there is none.
    exact = [float(exact_match(said, each.answers or ("",))) for each, said in pairs]
    f1 = [token_f1(said, each.answers or ("",)) for each, said in pairs]
    none = [not said for each, said in pairs if not each.answers]
    scored = _scored(asked, reads)
    return {
        "exact match": mean(exact, articles),
        "F1": mean(f1, articles),
        "no answer, accuracy": rate(sum(none), len(none)),
        "AUC": Metric(round(auc(scored), 4), len(scored)),
        "refused at 5% false refusals": Metric(round(refused(scored), 4), len(scored)),
    }


def with_quote(
    asked: Sequence[Asked], reader: Reader, reranker: Reranker, count: int = QUOTES
) -> dict[str, Metric]:
    """Read the best quote of each paragraph, of a fixed sample of as many near-misses as others.

    That is the window that our ranking puts first; for an answerable question, of those that hold
    its answer.
    """
    drawn = sample(asked, count)
    found = [(each, quote) for each in drawn if (quote := _quote(each, reranker)) is not None]
    reads = [reader.read(each.question, [quote], [each.article])[0] for each, quote in found]
    scored = _scored([each for each, _ in found], reads)
    least = threshold(scored)
    right = [
        right_words(quote[read.start : read.end], each.answers)
        for (each, quote), read in zip(found, reads, strict=True)
        if each.answers
    ]
    kept = [each.score < least for each in scored if not each.answerable]
    return {
        "AUC": Metric(round(auc(scored), 4), len(scored)),
        "refused at 5% false refusals": rate(sum(kept), len(kept)),
        "right words": rate(sum(right), len(right)),
    }


def sample(asked: Sequence[Asked], count: int) -> list[Asked]:
    """Draw as many answerable questions, of those whose answer's place is known, as near-misses."""
    draw = random.Random(SEED)  # noqa: S311  reproducible
    known = [each for each in asked if each.answers and min(each.starts) >= 0]
    near = [each for each in asked if not each.answers]
    return draw.sample(known, min(count, len(known))) + draw.sample(near, min(count, len(near)))


def _quote(asked: Asked, reranker: Reranker) -> str | None:
    places = dict.fromkeys(quoted for _, quoted in cut(asked.paragraph))
    if asked.answers:
        end = asked.starts[0] + len(asked.answers[0])
        places = {
            place: None for place in places if place[0] <= asked.starts[0] and end <= place[1]
        }
    texts = [asked.paragraph[first:last] for first, last in places]
    scores = reranker.score(asked.question, texts)
    return max(zip(scores, texts, strict=True))[1] if texts else None


def _scored(asked: Sequence[Asked], reads: Sequence[Read]) -> list[Scored]:
    return [Scored(score(r), bool(each.answers)) for each, r in zip(asked, reads, strict=True)]
