"""What the reader learns from: questions with windows of text that answer them, or do not.

The windows are cut as `rag/finding/quotes.py` cuts quotes. Windows that only look as if they
answered come from questions that people wrote to have no answer, from answerable questions with a
fact exchanged by rule, and from the best of the other windows of the paragraph and the article.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.lab.training.inputs import read_records, reading
from index.split import sentence_spans
from rag.finding.quotes import windows
from rag.languages import content_words

Span = tuple[int, int]

Score = Callable[[str, Sequence[str]], list[float]]
"""How well each text seems to answer a question: the reranker's `score`."""

HELD_OUT = 20
"""One article in so many is held out, chosen by the hash of its title."""

MIX = {
    "answerable": 0.6,
    "wrong_window": 0.16,
    "other_paragraph": 0.08,
    "exchanged": 0.3,
    "answerable_paragraph": 0.28,
    "second_window": 0.5,
    "near_miss_paragraph": 0.85,
    "title": 0.25,
}
"""How often each kind of example is made from a question, and how often the article's title
precedes the text, as a heading may."""

ALL_BUT_BLANKS = 0.95
"""The share of a window that must lie in the sentences that answer: all of it but whitespace."""


def held_out(title: str) -> bool:
    """Whether the article of this title is for measuring and fitting, not for training."""
    return hashlib.sha256(title.replace("_", " ").encode()).digest()[0] % HELD_OUT == 0


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a text. `answer` is the place of the words that answer, as offsets.

    An answerable example may have no such words: the text does not say “yes” or “no”.
    """

    question: str
    text: str
    answerable: bool
    answer: Span | None = None
    kind: str = "window"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article with its windows, and the stems of each window's words."""

    title: str
    text: str
    windows: tuple[Span, ...]
    stems: tuple[frozenset[str], ...]
    questions: tuple[dict[str, Any], ...]

    def window(self, at: int) -> str:
        """Return the text of a window by its index."""
        return self.text[slice(*self.windows[at])]

    def holding(self, start: int, end: int) -> list[int]:
        """Return the windows that hold all of a place."""
        return [at for at, (s, e) in enumerate(self.windows) if s <= start and end <= e]

    def within(self, places: Sequence[Span]) -> list[int]:
        """Return the windows that lie in places, which must not overlap, except for whitespace."""
        return [at for at, each in enumerate(self.windows) if _share(each, places) > ALL_BUT_BLANKS]

    def without(self, words: str) -> list[int]:
        """Return the windows whose text does not contain some words."""
        held = words.casefold()
        return [at for at in range(len(self.windows)) if held not in self.window(at).casefold()]


@dataclass(frozen=True, slots=True)
class Article:
    """An article's paragraphs."""

    title: str
    paragraphs: list[Paragraph]


def _share(window: Span, places: Sequence[Span]) -> float:
    """Return the share of a window, from 0 to 1, that lies in places, which must not overlap."""
    start, end = window
    held = sum(max(0, min(end, last) - max(start, first)) for first, last in places)
    return held / (end - start)


def load_squad(path: Path) -> list[Article]:
    """Read articles in SQuAD's format, also compressed with gzip.

    Raises UserError for a file that cannot be read or is not in that format.
    """
    with reading(path, "is not in SQuAD's format"):
        return [_article(each) for each in read_records(path)["data"]]


def _article(data: dict[str, Any]) -> Article:
    title = data["title"].replace("_", " ")
    return Article(title, [_paragraph(title, each) for each in data["paragraphs"]])


def _paragraph(title: str, data: dict[str, Any]) -> Paragraph:
    text = data["context"]
    for asked in data["qas"]:
        if not asked.get("is_impossible") and not asked["answers"]:
            raise ValueError(f"the question {asked['id']} has neither answers nor is_impossible")
    cut = windows(text, sentence_spans(text, 0, len(text)))
    places = tuple(dict.fromkeys(quoted for _, quoted in cut))
    stems = tuple(frozenset(content_words(text[start:end])) for start, end in places)
    return Paragraph(title, text, places, stems, tuple(data["qas"]))


def make_examples(
    articles: Iterable[Article], score: Score, rng: random.Random
) -> Iterator[Example]:
    """Yield the examples of each article's questions."""
    for article in articles:
        rank = Ranking(article, score)
        names = _names(article)
        for paragraph in article.paragraphs:
            for asked in paragraph.questions:
                if asked.get("is_impossible"):
                    made = _near_miss(asked["question"], paragraph, rank, rng)
                else:
                    made = _answered(asked, paragraph, rank, names, rng)
                for each in made:
                    yield titled(each, article.title) if rng.random() < MIX["title"] else each


def titled(example: Example, title: str) -> Example:
    """Return an example whose text stands under its article's title."""
    more = len(title) + 1
    answer = example.answer and (example.answer[0] + more, example.answer[1] + more)
    return replace(example, text=f"{title}\n{example.text}", answer=answer)


def _near_miss(
    question: str, paragraph: Paragraph, rank: Ranking, rng: random.Random
) -> Iterator[Example]:
    best = rank.best(question, paragraph, range(len(paragraph.windows)))
    for at in best[: 2 if rng.random() < MIX["second_window"] else 1]:
        yield Example(question, paragraph.window(at), False, kind="near-miss")
    if rng.random() < MIX["near_miss_paragraph"]:
        yield Example(question, paragraph.text, False, kind="near-miss paragraph")


def _answered(
    asked: dict[str, Any],
    paragraph: Paragraph,
    rank: Ranking,
    names: Sequence[str],
    rng: random.Random,
) -> Iterator[Example]:
    question, answer = asked["question"], asked["answers"][0]
    start = answer["answer_start"]
    end = start + len(answer["text"])
    words = paragraph.text[start:end]
    holding = paragraph.holding(start, end)
    if not holding:  # A window is never longer than two sentences.
        return
    # Half are the best by rank, as in use; half are random, so that all kinds are seen.
    best = rank.by_words(question, paragraph, holding)[0]
    chosen = best if rng.random() < 0.5 else rng.choice(holding)
    text, first = paragraph.window(chosen), paragraph.windows[chosen][0]
    if rng.random() < MIX["answerable"]:
        yield Example(question, text, True, (start - first, end - first), "answerable")
    if rng.random() < MIX["exchanged"]:
        for other in exchanged(question, text, names, rng):
            yield Example(other, text, False, kind="exchanged")
    if rng.random() < MIX["answerable_paragraph"]:
        yield Example(question, paragraph.text, True, (start, end), "answerable paragraph")
    if rng.random() < MIX["wrong_window"]:
        for at in rank.best(question, paragraph, paragraph.without(words))[:1]:
            yield Example(question, paragraph.window(at), False, kind="wrong window")
    if rng.random() < MIX["other_paragraph"]:
        elsewhere = rank.best_of_article(question, paragraph, words)
        if elsewhere:
            yield Example(question, elsewhere, False, kind="other paragraph")


class Ranking:
    """Ranks an article's windows for a question: by rare common words first, then the reranker.

    The words alone choose TO_SCORE windows, since the reranker takes milliseconds for each.
    """

    TO_SCORE = 3

    def __init__(self, article: Article, score: Score) -> None:
        self._article = article
        self._score = score
        counted = Counter(stem for each in article.paragraphs for stem in set().union(*each.stems))
        total = len(article.paragraphs)
        self._weight = {stem: math.log(1 + total / count) for stem, count in counted.items()}

    def _overlap(self, asked: set[str], stems: frozenset[str]) -> float:
        # A small penalty for length, so that a pair of sentences wins only by what it adds.
        common = math.fsum(self._weight.get(stem, 0.0) for stem in asked & stems)
        return common - 0.02 * len(stems)

    def best(self, question: str, paragraph: Paragraph, among: Iterable[int]) -> list[int]:
        """Return the positions of the windows that answer the question best, best first."""
        some = self.by_words(question, paragraph, among)[: self.TO_SCORE]
        scores = self._score(question, [paragraph.window(at) for at in some])
        by_score = dict(zip(some, scores, strict=True))
        return sorted(some, key=lambda at: -by_score[at])

    def by_words(self, question: str, paragraph: Paragraph, among: Iterable[int]) -> list[int]:
        """Return the positions of the windows that share most with the question, most first."""
        asked = content_words(question)
        return sorted(among, key=lambda at: -self._overlap(asked, paragraph.stems[at]))

    def best_of_article(self, question: str, own: Paragraph, words: str) -> str | None:
        """Return the window of another paragraph that shares most with the question.

        Windows that hold the answer's words are left out.
        """
        asked, held = content_words(question), words.casefold()
        shared = [
            (self._overlap(asked, stems), paragraph.text[start:end])
            for paragraph in self._article.paragraphs
            if paragraph is not own
            for (start, end), stems in zip(paragraph.windows, paragraph.stems, strict=True)
        ]
        ranked = sorted(shared, key=lambda each: -each[0])
        found = (text for most, text in ranked if most > 0 and held not in text.casefold())
        return next(found, None)


# --- near-misses by rule: a fact of the question exchanged for another one

_YEAR = re.compile(r"\b(1[0-9]\d\d|20[0-2]\d)\b")
_NUMBER = re.compile(r"\b\d{1,3}\b")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w’'-]+ )*[A-Z][\w’'-]+")

_PAIRS = """
    first last, largest smallest, highest lowest, most least, before after, north south,
    northern southern, east west, eastern western, oldest newest, early late, increase decrease,
    increased decreased, more fewer, longest shortest, male female, won lost, began ended,
    begin end, founded dissolved, accepted rejected, arrived left, born killed, married divorced,
    import export, imports exports, buy sell, bought sold, opened closed, allowed forbidden,
    rich poor, major minor, positive negative, maximum minimum, majority minority, above below,
    inside outside, supported opposed, taller shorter, older younger, length width, height depth,
    wide deep, mother father, brother sister, son daughter, king queen, attack defend,
    attacked defended, create destroy, created destroyed
"""
ANTONYMS = {
    one: other
    for pair in _PAIRS.split(",")
    for one, other in (pair.split(), reversed(pair.split()))
}
_ANTONYM = re.compile(rf"\b(?:{'|'.join(ANTONYMS)})\b")


def exchanged(question: str, text: str, names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield at most one question that the text no longer answers, since a fact was exchanged.

    A number becomes one near it, a name another one of the article that the text does not have, a
    word its opposite.
    """

    def another_name(name: str) -> str:
        alike = [each for each in names if (" " in each) == (" " in name)]
        absent = [each for each in alike if each not in text and each not in question]
        return rng.choice(absent) if absent else ""

    def more(number: str, *differences: int) -> str:
        return str(int(number) + rng.choice(differences))

    others: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
        (_YEAR, lambda year: more(year, -30, -12, -5, -3, -2, -1, 1, 2, 3, 5, 12, 30)),
        (_NUMBER, lambda number: more(number, 1, 2, 3, 7, 20)),
        (_NAME, another_name),
        (_ANTONYM, lambda word: ANTONYMS[word]),
    )
    changes = [
        (match.span(), other(match[0]))
        for pattern, other in others
        for match in pattern.finditer(question)
    ]
    changes = [(place, new) for place, new in changes if new and new not in text]
    if changes:
        (start, end), new = rng.choice(changes)
        yield question[:start] + new + question[end:]


def _names(article: Article) -> list[str]:
    """Return the names in an article's questions."""
    questions = (asked["question"] for each in article.paragraphs for asked in each.questions)
    return list(dict.fromkeys(name for question in questions for name in _NAME.findall(question)))


# --- yes and no, which SQuAD does not ask

_AUXILIARY = re.compile(
    r"^(?P<subject>(?:[\w.,’'()-]+ ){1,6}?)(?P<verb>is|was|are|were|has|had|can|will)"
    r" (?P<rest>(?!a person\b).+)\.$"
)


def read_claims(path: Path) -> list[tuple[str, list[str], Any, str]]:
    """Read claims in JSON Lines, compressed with gzip: `claim`, `evidence`, `label`, `source`.

    Raises UserError for a file that cannot be read or is not in that format.
    """
    with reading(path, "cannot be read as claims"):
        return [(c["claim"], c["evidence"], c["label"], c["source"]) for c in read_records(path)]


def load_yes_no(path: Path, rng: random.Random) -> list[Example]:
    """Make yes-or-no questions from claims: does the text say whether it is so?

    Supported and refuted claims with one sentence of evidence are answered by it. A claim without
    enough evidence is paired with the evidence of another claim on the same subject.

    Raises UserError for a file that cannot be read or is not JSON Lines of claims.
    """
    by_subject: dict[str, list[str]] = defaultdict(list)
    asked = []
    for claim, evidence, label, source in read_claims(path):
        found = _AUXILIARY.match(claim)
        if source != "FEVER" or not found:
            continue
        subject = found["subject"].strip().casefold()
        if len(evidence) == 1 and subject:
            by_subject[subject].append(evidence[0])
        question = f"{found['verb'].capitalize()} {found['subject']}{found['rest']}?"
        asked.append((question, evidence, label, subject, claim))
    examples = []
    for question, evidence, label, subject, claim in asked:
        if label == "not enough":
            if others := by_subject.get(subject):
                own = content_words(claim)
                text = max(others, key=lambda each: (len(own & content_words(each)), each))
                kind = "yes or no, not told"
                examples.append(Example(question, untokenised(text), False, kind=kind))
        elif len(evidence) == 1:
            examples.append(Example(question, untokenised(evidence[0]), True, kind="yes or no"))
    rng.shuffle(examples)
    return examples


def untokenised(tokenised: str) -> str:
    """Remove the spaces that a tokenizer put around punctuation."""
    text = re.sub(r"\s+([.,;:!?%)])", r"\1", tokenised)
    return re.sub(r"([(])\s+|\s+(['’]s\b)", r"\1\2", text)
