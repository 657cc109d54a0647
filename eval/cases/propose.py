"""Proposing cases for a document: questions with their evidence, and near-misses to be refused.

A language model writes a question for a sentence and copies the words that answer it. Rules check
each proposal: the words occur in the sentence, the question does not give them away, and it can
stand alone. Then the reader has to find the same words. A near-miss is such a question in which a
name or a year is replaced by another one of the document. No sentence of the document mentions that
one together with the rest of the question.

Drafts are proposals: they carry `"draft": true` and do not count until somebody has accepted them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count as counted

from eval.cases.answers import normalise
from eval.cases.cases import Case, Evidence
from index.documents import Document
from index.split import split
from rag.answerability.reader import Reader
from rag.languages import content_words, mentions
from rag.languages.english_words import NO_CONTENT
from rag.writing.llm import Writer

NEAR_MISSES = 0.25
"""The share of the drafts that should be refused."""

SEED = 20211015

ALIKE = 0.8
"""Questions that share this fraction of their content words count as the same question."""

TOGETHER = 0.3
"""The largest share of a near-miss's other words that a sentence with its new fact may have."""

WORDS = range(4, 26)
"""The length, in words, of a question that a person would ask."""

SENTENCE = range(40, 400)
"""The length, in characters, of the sentences that questions are made from."""

_POINTS = re.compile(r"\b(?:it|its|they|their|them|he|his|she|her|this|these|those)\b", re.I)

Progress = Callable[[int, int], None]
"""Called with the number of drafts made so far, and the number wanted."""


def draft(
    document: Document,
    writer: Writer,
    reader: Reader,
    count: int,
    progress: Progress = lambda *_: None,
) -> list[Case]:
    """Return up to `count` drafts, from sentences spread over the whole document.

    Raises LLMUnavailable when the language model does not answer.
    """
    wanted = count - round(count * NEAR_MISSES)
    cases: list[Case] = []
    for start, end in _spread(document):
        if len(cases) >= wanted:
            break
        progress(len(cases), count)
        made = _answerable(document, start, end, writer, reader)
        if made and not any(_alike(made.question, each.question) for each in cases):
            cases.append(made)
    missed: list[Case] = []
    for case in _near_misses(document, cases):
        if len(cases) + len(missed) >= count:
            break
        if not any(_alike(case.question, each.question, whole=True) for each in (*cases, *missed)):
            missed.append(case)
    progress(len(cases) + len(missed), count)
    return numbered([*cases, *missed], ())


def _spread(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a document, each from the middle of one of the widest gaps left."""
    spans = [span for passage in split(document) for span in passage.sentences]
    spans = [span for span in dict.fromkeys(spans) if span[1] - span[0] in SENTENCE]
    step = 1
    while step < len(spans):
        step *= 2
    seen: set[int] = set()
    while step >= 1:
        for at in range(step // 2, len(spans), step):
            if at not in seen:
                seen.add(at)
                yield spans[at]
        step //= 2


def _answerable(
    document: Document, start: int, end: int, writer: Writer, reader: Reader
) -> Case | None:
    sentence = document.text[start:end]
    proposed = writer.propose(sentence)
    if proposed is None:
        return None
    question, words = proposed
    at = _place(sentence, words)
    if at is None or not _stands_alone(question) or normalise(words) in normalise(question):
        return None
    [read] = reader.read(question, [sentence])
    found = content_words(sentence[read.start : read.end])
    if read.answers <= 0 or found.isdisjoint(content_words(words)):
        return None  # The reader does not find that answer.
    place = start + at[0], start + at[1]
    evidence = Evidence(
        document.name, document.sha256, *place, quote=document.text[place[0] : place[1]]
    )
    return Case(
        "draft", question, (" ".join(words.split()),), evidence=(evidence,), tags=("drafted",)
    )


def _place(sentence: str, words: str) -> tuple[int, int] | None:
    """Return the offsets of words in a sentence, whatever whitespace is between them.

    None unless they occur exactly once.
    """
    words = words.strip(" .,;:“”\"'")
    if not normalise(words):
        return None
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    found = list(re.finditer(pattern, sentence, re.IGNORECASE))
    return found[0].span() if len(found) == 1 else None


def _stands_alone(question: str) -> bool:
    return len(question.split()) in WORDS and not _POINTS.search(question)


def _near_misses(document: Document, cases: Sequence[Case]) -> Iterator[Case]:
    """Yield questions with a name or a year replaced by another one of the document.

    Skips a question if a sentence has the new fact together with the rest of the question.
    """
    chance = random.Random(SEED)  # noqa: S311  a reproducible choice
    sentences = [document.text[start:end] for start, end in _spread(document)]
    held = [content_words(sentence) for sentence in sentences]
    facts = [
        (each.kind, sentence[each.start : each.end])
        for sentence in sentences
        for each in mentions(sentence)
        if each.kind in ("name", "year")
    ]
    for case in cases:
        changeable = [each for each in mentions(case.question) if each.kind in ("name", "year")]
        if not changeable:
            continue
        old = chance.choice(changeable)
        rest = content_words(case.question[: old.start] + case.question[old.end :])
        if not rest:  # Without other content words, every new fact would pass the check below.
            continue
        others = sorted({words for kind, words in facts if kind == old.kind})
        chance.shuffle(others)
        for words in others:
            new = content_words(words) - NO_CONTENT
            if not new or new & content_words(case.question):
                continue
            together = (len(rest & words_of) for words_of in held if new & words_of)
            if max(together, default=0) <= len(rest) * TOGETHER:
                question = case.question[: old.start] + words + case.question[old.end :]
                yield Case("draft", question, unanswerable=True, tags=("drafted", "near-miss"))
                break


def _alike(one: str, other: str, whole: bool = False) -> bool:
    """Whether two questions ask the same. With `whole`, one other word makes them different."""
    if whole:
        return normalise(one) == normalise(other)
    these, those = content_words(one), content_words(other)
    if not these or not those:
        return normalise(one) == normalise(other)
    return len(these & those) >= ALIKE * min(len(these), len(those))


def numbered(cases: Iterable[Case], taken: Collection[str]) -> list[Case]:
    """Return the cases as drafts, numbered with ids that are not taken yet."""
    free = (name for at in counted(1) if (name := f"draft-{at:03}") not in taken)
    return [replace(each, id=name, draft=True) for each, name in zip(cases, free, strict=False)]


def accept(cases: Iterable[Case], ids: Iterable[str]) -> list[Case]:
    """Return all cases, and mark those with these ids as accepted."""
    chosen = set(ids)
    return [replace(each, draft=False) if each.id in chosen else each for each in cases]


def reject(cases: Iterable[Case], ids: Iterable[str]) -> list[Case]:
    """Return the cases without the drafts with these ids, and without the cases after those."""
    chosen, kept = set(ids), []
    for each in cases:
        if each.after in chosen or (each.draft and each.id in chosen):
            chosen.add(each.id)
        else:
            chosen.discard(each.id)
            kept.append(each)
    return kept
