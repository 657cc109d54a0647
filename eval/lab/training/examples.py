"""What the reader learns from: questions with windows of text that answer them, or do not.

The windows are cut as `rag/finding/quotes.py` cuts quotes: one and two sentences. Besides the
windows that hold the answer there are those that only look as if they did: of the questions that
people wrote to have no answer in their paragraph, of answerable ones with a fact exchanged by rule,
and the best of the other windows of the paragraph and of the article.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import UserError
from index.split import sentence_spans
from rag.finding.quotes import windows
from rag.languages import content_words

Span = tuple[int, int]

Score = Callable[[str, Sequence[str]], list[float]]
"""How well each text seems to answer a question: the reranker's `score`."""

HELD_OUT = 20
"""One article in so many is held out, chosen by the hash of its title."""


def held_out(title: str) -> bool:
    """Whether the article of this title is for measuring and fitting, not for training."""
    return hashlib.sha256(title.replace("_", " ").encode()).digest()[0] % HELD_OUT == 0


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a text. `answer` is the words that answer, as offsets into the text.

    An answerable example may have no such words: those of yes and no stand nowhere.
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


@dataclass(slots=True)
class Article:
    """An article's paragraphs."""

    title: str
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each kind of example is made, as probabilities for each question."""

    answerable: float = 0.6
    wrong_window: float = 0.16
    other_paragraph: float = 0.08
    exchanged: float = 0.3
    answerable_paragraph: float = 0.28
    second_window: float = 0.5
    near_miss_paragraph: float = 0.85
    title: float = 0.25
    """How often the article's title stands before the text, as a heading may."""


def load_squad(path: Path) -> list[Article]:
    """Read articles in SQuAD's format, also compressed with gzip.

    Raises UserError for a file that cannot be read or is not in that format.
    """
    try:
        data = path.read_bytes()
        told = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
        return [_article(each) for each in told["data"]]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is not in SQuAD's format: {error!r}.") from error


def _article(told: dict[str, Any]) -> Article:
    title = told["title"].replace("_", " ")
    return Article(title, [_paragraph(title, each) for each in told["paragraphs"]])


def _paragraph(title: str, told: dict[str, Any]) -> Paragraph:
    text = told["context"]
    found = tuple(dict.fromkeys(quoted for _, quoted in cut(text)))
    for asked in told["qas"]:
        if not asked.get("is_impossible") and not asked["answers"]:
            raise ValueError(f"the question {asked['id']} has neither answers nor is_impossible")
    stems = tuple(frozenset(content_words(text[start:end])) for start, end in found)
    return Paragraph(title, text, found, stems, tuple(told["qas"]))


def cut(text: str) -> Iterator[tuple[Span, Span]]:
    """Yield a paragraph's windows as `rag.finding.quotes.windows` does."""
    yield from windows(text, sentence_spans(text, 0, len(text)))


def make_examples(
    articles: Iterable[Article], score: Score, rng: random.Random, mix: Mix | None = None
) -> Iterator[Example]:
    """Yield the examples of each article's questions."""
    mix = mix or Mix()
    for article in articles:
        rank = Ranking(article, score)
        names = _names(article)
        for paragraph in article.paragraphs:
            for asked in paragraph.questions:
                made = (
                    _near_miss(asked["question"], paragraph, rank, rng, mix)
                    if asked.get("is_impossible")
                    else _answered(asked, paragraph, rank, names, rng, mix)
                )
                for each in made:
                    yield titled(each, article.title) if rng.random() < mix.title else each


def titled(example: Example, title: str) -> Example:
    """Return an example whose text stands under its article's title."""
    more = len(title) + 1
    answer = example.answer and (example.answer[0] + more, example.answer[1] + more)
    return Example(
        example.question,
        f"{title}\n{example.text}",
        example.answerable,
        answer,
        example.kind,
    )


def _near_miss(
    question: str, paragraph: Paragraph, rank: Ranking, rng: random.Random, mix: Mix
) -> Iterator[Example]:
    best = rank.best(question, paragraph, range(len(paragraph.windows)))
    taken = best[:1] if rng.random() >= mix.second_window else best[:2]
    for at in taken:
        start, end = paragraph.windows[at]
        yield Example(question, paragraph.text[start:end], False, kind="near-miss")
    if rng.random() < mix.near_miss_paragraph:
        yield Example(question, paragraph.text, False, kind="near-miss paragraph")


def _answered(
    asked: dict[str, Any],
    paragraph: Paragraph,
    rank: Ranking,
    names: dict[str, list[str]],
    rng: random.Random,
    mix: Mix,
) -> Iterator[Example]:
    question = asked["question"]
    spans = [(a["answer_start"], a["answer_start"] + len(a["text"])) for a in asked["answers"]]
    start, end = spans[0]
    words = paragraph.text[start:end].casefold()
    holding = [at for at, (s, e) in enumerate(paragraph.windows) if s <= start and end <= e]
    if not holding:  # A window is never longer than two sentences.
        return
    # Half of them as they rank, as they are read later; half by chance, so that all kinds are seen.
    chosen = rank.by_words(question, paragraph, holding)[0]
    first, last = paragraph.windows[chosen if rng.random() < 0.5 else rng.choice(holding)]
    text = paragraph.text[first:last]
    if rng.random() < mix.answerable:
        yield Example(question, text, True, (start - first, end - first), "answerable")
    if rng.random() < mix.exchanged:
        for other in exchanged(question, text, names, rng):
            yield Example(other, text, False, kind="exchanged")
    if rng.random() < mix.answerable_paragraph:
        yield Example(question, paragraph.text, True, (start, end), "answerable paragraph")
    if rng.random() < mix.wrong_window:
        others = [
            at
            for at, (s, e) in enumerate(paragraph.windows)
            if words not in paragraph.text[s:e].casefold()
        ]
        for at in rank.best(question, paragraph, others)[:1]:
            s, e = paragraph.windows[at]
            yield Example(question, paragraph.text[s:e], False, kind="wrong window")
    if rng.random() < mix.other_paragraph:
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
        counted: Counter[str] = Counter()
        for paragraph in article.paragraphs:
            counted.update({stem for stems in paragraph.stems for stem in stems})
        total = len(article.paragraphs)
        self._weight = {stem: math.log(1 + total / count) for stem, count in counted.items()}

    def _overlap(self, asked: set[str], stems: frozenset[str]) -> float:
        # A little is taken off for length, so that a pair wins only by what it adds.
        common = math.fsum(self._weight.get(stem, 0.0) for stem in asked & stems)
        return common - 0.02 * len(stems)

    def best(self, question: str, paragraph: Paragraph, among: Iterable[int]) -> list[int]:
        """Return the positions of the windows that answer the question best, best first."""
        some = self.by_words(question, paragraph, among)[: self.TO_SCORE]
        texts = [paragraph.text[s:e] for s, e in (paragraph.windows[at] for at in some)]
        scores = dict(zip(some, self._score(question, texts), strict=True))
        return sorted(some, key=lambda at: -scores[at])

    def by_words(self, question: str, paragraph: Paragraph, among: Iterable[int]) -> list[int]:
        """Return the positions of the windows that share most with the question, most first."""
        asked = content_words(question)
        return sorted(among, key=lambda at: -self._overlap(asked, paragraph.stems[at]))

    def best_of_article(self, question: str, own: Paragraph, words: str) -> str | None:
        """Return the window of another paragraph that shares most with the question.

        One that holds the answer's words is none.
        """
        asked = content_words(question)
        found, most = None, 0.0
        for paragraph in self._article.paragraphs:
            if paragraph is own:
                continue
            for (start, end), stems in zip(paragraph.windows, paragraph.stems, strict=True):
                if (overlap := self._overlap(asked, stems)) > most:
                    text = paragraph.text[start:end]
                    if words not in text.casefold():
                        found, most = text, overlap
        return found


# --- near-misses by rule: a fact of the question exchanged for another one

_YEAR = re.compile(r"\b(1[0-9]\d\d|20[0-2]\d)\b")
_NUMBER = re.compile(r"\b\d{1,3}\b")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w’'-]+ )*[A-Z][\w’'-]+")

ANTONYMS = {
    one: other
    for pair in (
        "first last",
        "largest smallest",
        "highest lowest",
        "most least",
        "before after",
        "north south",
        "northern southern",
        "east west",
        "eastern western",
        "oldest newest",
        "early late",
        "increase decrease",
        "increased decreased",
        "more fewer",
        "longest shortest",
        "male female",
        "won lost",
        "began ended",
        "begin end",
        "founded dissolved",
        "accepted rejected",
        "arrived left",
        "born killed",
        "married divorced",
        "import export",
        "imports exports",
        "buy sell",
        "bought sold",
        "opened closed",
        "allowed forbidden",
        "rich poor",
        "major minor",
        "positive negative",
        "maximum minimum",
        "majority minority",
        "above below",
        "inside outside",
        "supported opposed",
        "taller shorter",
        "older younger",
        "length width",
        "height depth",
        "wide deep",
        "mother father",
        "brother sister",
        "son daughter",
        "king queen",
        "attack defend",
        "attacked defended",
        "create destroy",
        "created destroyed",
    )
    for one, other in (pair.split(), pair.split()[::-1])
}
_ANTONYM = re.compile(rf"\b(?:{'|'.join(ANTONYMS)})\b")


def exchanged(
    question: str, text: str, names: dict[str, list[str]], rng: random.Random
) -> Iterator[str]:
    """Yield at most one question that the text no longer answers, since a fact is another.

    A number becomes one near it, a name another one of the article that the text does not have, a
    word its opposite.
    """
    changes: list[tuple[Span, str]] = []
    for match in _YEAR.finditer(question):
        year = int(match[0]) + rng.choice([-30, -12, -5, -3, -2, -1, 1, 2, 3, 5, 12, 30])
        changes.append((match.span(), str(year)))
    changes += [
        (match.span(), str(int(match[0]) + rng.choice([1, 2, 3, 7, 20])))
        for match in _NUMBER.finditer(question)
    ]
    for match in _NAME.finditer(question):
        length = str(min(len(match[0].split()), 2))
        others = [n for n in names.get(length, ()) if n not in text and n not in question]
        if others:
            changes.append((match.span(), rng.choice(others)))
    changes += [(match.span(), ANTONYMS[match[0]]) for match in _ANTONYM.finditer(question)]
    changes = [change for change in changes if change[1] not in text]
    if changes:
        (start, end), other = rng.choice(changes)
        yield question[:start] + other + question[end:]


def _names(article: Article) -> dict[str, list[str]]:
    """Return the names in an article's questions, by whether they are of one word or more."""
    found: dict[str, dict[str, None]] = {"1": {}, "2": {}}
    for paragraph in article.paragraphs:
        for asked in paragraph.questions:
            for match in _NAME.finditer(asked["question"]):
                found[str(min(len(match[0].split()), 2))][match[0]] = None
    return {length: list(names) for length, names in found.items()}


# --- yes and no, which SQuAD does not ask

_AUXILIARY = re.compile(
    r"^(?P<subject>(?:[\w.,’'()-]+ ){1,6}?)(?P<verb>is|was|are|were|has|had|can|will)"
    r" (?P<rest>(?!a person\b).+)\.$"
)


def load_yes_no(path: Path, rng: random.Random) -> list[Example]:
    """Make yes-or-no questions of claims: does the text say whether it is so?

    Supported and refuted claims with one sentence of evidence are answered by it. One with not
    enough evidence is paired with the evidence of another claim on the same subject.

    Raises UserError for a file that cannot be read or is not JSON Lines of claims.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            claims = [json.loads(line) for line in lines]
        told = [(c["claim"], c["evidence"], c["label"]) for c in claims if c["source"] == "FEVER"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read as claims: {error}.") from error
    by_subject: dict[str, list[str]] = {}
    asked = []
    for claim, evidence, label in told:
        found = _AUXILIARY.match(claim)
        subject = found["subject"].strip().casefold() if found else ""
        if len(evidence) == 1 and subject:
            by_subject.setdefault(subject, []).append(evidence[0])
        if found and (label == "not enough" or len(evidence) == 1):
            question = f"{found['verb'].capitalize()} {found['subject']}{found['rest']}?"
            asked.append((question, evidence, label, subject, claim))
    examples = []
    for question, evidence, label, subject, claim in asked:
        if label != "not enough":
            examples.append(Example(question, untokenised(evidence[0]), True, kind="yes or no"))
        elif others := by_subject.get(subject):
            own = content_words(claim)
            text = max(others, key=lambda each: (len(own & content_words(each)), each))
            examples.append(Example(question, untokenised(text), False, kind="yes or no, not told"))
    rng.shuffle(examples)
    return examples


def untokenised(tokenised: str) -> str:
    """Undo the blanks that a tokenizer put around punctuation."""
    text = re.sub(r"\s+([.,;:!?%)])", r"\1", tokenised)
    return re.sub(r"([(])\s+|\s+(['’]s\b)", r"\1\2", text)
