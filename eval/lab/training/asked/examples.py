"""Examples of questions as people type them: windows of SQuAD's paragraphs that answer, or do not.

`asked.jsonl.gz` has the questions, a line a paragraph of SQuAD's training set: each with the place
of the words that answer it, the places of the sentences that do together, or neither where the
paragraph does not answer it.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.lab.training.examples import (
    Article,
    Example,
    Paragraph,
    Ranking,
    held_out,
    make_examples,
    titled,
)
from index.errors import UserError

ASKED = Path(__file__).parent / "asked.jsonl.gz"
SEED = 2026
EPOCHS = 2
"""How often the questions are learned from: they are few beside SQuAD's."""
REPLAYED = 16_000
"""Windows of SQuAD's own questions that are learned from beside them, so that they stay known."""
TITLED = 0.8
"""How often the article's title stands before the text, as it does where the reader is used."""
PARAGRAPHS = 0.3
"""How often a whole paragraph is learned from beside its windows."""
HELD = 60
"""Paragraphs whose questions are not learned from, to measure on."""


def examples(articles: Mapping[str, Article]) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and those of the paragraphs that are held out.

    Raises UserError where the articles are others than those that the questions were written on.
    """
    rng = random.Random(SEED)  # noqa: S311  reproducible
    rankings: dict[str, Ranking] = {}
    told: list[list[Example]] = []
    for line in gzip.decompress(ASKED.read_bytes()).decode().splitlines():
        asked = json.loads(line)
        try:
            article = articles[asked["article"]]
            paragraph = article.paragraphs[asked["paragraph"]]
        except (KeyError, IndexError) as error:
            raise UserError(
                "These are not SQuAD's training articles: "
                f"{asked['article']}, paragraph {asked['paragraph']}, is not among them."
            ) from error
        ranking = rankings.setdefault(article.title, Ranking(article, _as_ranked))
        made = _of_paragraph(asked["questions"], paragraph, ranking, rng)
        told.append(
            [titled(each, article.title) if rng.random() < TITLED else each for each in made]
        )
    rng.shuffle(told)
    learned = [each for some in told[HELD:] for each in some] * EPOCHS
    seen = [article for article in articles.values() if not held_out(article.title)]
    replayed = [e for e in make_examples(seen, _as_ranked, rng) if "paragraph" not in e.kind]
    learned += rng.sample(replayed, min(REPLAYED, len(replayed)))
    rng.shuffle(learned)
    return learned, [each for some in told[:HELD] for each in some]


def _as_ranked(_: str, texts: Sequence[str]) -> list[float]:
    """Leave windows in the order in which the words rank them: the reranker takes half an hour."""
    return [-float(at) for at in range(len(texts))]


def _of_paragraph(
    questions: Sequence[dict[str, Any]], paragraph: Paragraph, ranking: Ranking, rng: random.Random
) -> Iterator[Example]:
    """Yield the examples of a paragraph: windows that answer, that look so, and that do not."""
    text, windows = paragraph.text, paragraph.windows
    for asked in questions:
        question, whole = asked["question"], rng.random() < PARAGRAPHS
        holding, others = [], list(range(len(windows)))
        if "sentences" in asked:
            holding = [w for w in windows if _share(w, asked["sentences"]) > ALL_BUT_BLANKS]
            for start, end in rng.sample(holding, min(3, len(holding))):
                yield Example(question, text[start:end], True, kind="several sentences")
        elif "words" in asked:
            first, last = asked["words"]
            holding = [w for w in windows if w[0] <= first and last <= w[1]]
            for start, end in rng.sample(holding, min(2, len(holding))):
                place = first - start, last - start
                yield Example(question, text[start:end], True, place, kind="answerable")
            said = text[first:last].casefold()
            others = [at for at in others if said not in text[slice(*windows[at])].casefold()]
        if "sentences" not in asked:
            likely = ranking.by_words(question, paragraph, others)
            best, rest = likely[: 1 if holding else 2], likely[1 if holding else 2 :]
            for at in [*best, *rng.sample(rest, min(1, len(rest)))]:
                kind = "wrong window" if holding else "near-miss"
                yield Example(question, text[slice(*windows[at])], False, kind=kind)
        if whole:
            words = (asked["words"][0], asked["words"][1]) if "words" in asked else None
            answerable = "words" in asked or "sentences" in asked
            kind = "answerable paragraph" if answerable else "near-miss paragraph"
            yield Example(question, text, answerable, words, kind=kind)


ALL_BUT_BLANKS = 0.95
"""The part of a window that stands in sentences from which it is made of them: not blanks."""


def _share(window: tuple[int, int], places: Sequence[Sequence[int]]) -> float:
    """Return which part of a window, from 0 to 1, stands in places that do not overlap."""
    start, end = window
    held = sum(max(0, min(end, last) - max(start, first)) for first, last in places)
    return held / (end - start)
