"""What the reader's third head learns from: statements with texts that bear them out, or do not.

Five sources: claims that people wrote about sentences; SQuAD's questions, turned by rule into
statements by their answers, with the right answer or another one; sentences with one fact changed
by rule; denials, true ones and false ones; and statements that were written for it on windows of
SQuAD's paragraphs (`written.jsonl.gz`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.lab.training.corruptions import Claim, Words, affirmed, corruptions, denied, rewrites
from eval.lab.training.examples import Article, Paragraph, untokenised
from index.documents import Document
from index.errors import UserError
from rag.languages import content_words

Label = Literal["supported", "refuted", "not enough"]

HELD_OUT = 10
"""Of the claims about a text one text in so many is held out, chosen by its hash."""

MOST_SENTENCES = 2
"""Sentences of evidence that a claim is shown with: those that share most words with it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and a text. `label` is what the text makes of it; `kind` says how it was made."""

    statement: str
    text: str
    label: Label
    kind: str

    @property
    def held_out(self) -> bool:
        """Whether it is for measuring: all statements about the same text are, or none."""
        return hashlib.sha256(self.text.encode()).digest()[0] % HELD_OUT == 0


# --- claims by people


def load_claims(path: Path) -> list[Statement]:
    """Read claims in JSON Lines, compressed with gzip: `claim`, `evidence`, `label`, `source`.

    A claim without evidence is shown with the sentence of another one's that shares most with it.
    Raises UserError for a file that cannot be read or is not of that form.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            told = [json.loads(line) for line in lines]
        claims = [(each["claim"], each["evidence"], each["label"], each["source"]) for each in told]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read as claims: {error}.") from error
    nearest = _Nearest({text for _, evidence, _, _ in claims for text in evidence})
    made = []
    for claim, evidence, label, source in claims:
        text = _most_alike(claim, evidence) if evidence else nearest.to(claim)
        if text:
            made.append(Statement(untokenised(claim), untokenised(text), label, source))
    return made


def _most_alike(claim: str, evidence: Sequence[str]) -> str:
    own = content_words(claim)
    best = sorted(evidence, key=lambda each: -len(own & content_words(each)))[:MOST_SENTENCES]
    return " ".join(each for each in evidence if each in best)


class _Nearest:
    """Finds the text that shares most rare words with another one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(texts)
        self._words = [content_words(each) for each in self._texts]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for at, words in enumerate(self._words):
            for word in words:
                self._holding[word].append(at)

    def to(self, claim: str) -> str | None:
        shared: Counter[int] = Counter()
        for word in content_words(claim):
            holding = self._holding.get(word, [])
            for at in holding if len(holding) <= _COMMON else ():
                shared[at] += 1
        best = max(shared, key=lambda at: (shared[at], -len(self._words[at]), -at), default=None)
        return None if best is None else self._texts[best]


_COMMON = 500
"""A word that more texts than this have says nothing about what a claim is on."""


# --- questions and answers of SQuAD


def of_questions(articles: Iterable[Article], rng: random.Random) -> Iterator[Statement]:
    """Make statements of answerable questions: true ones, ones with another answer, ones untold."""
    for article in articles:
        answers = [
            asked["answers"][0]["text"]
            for paragraph in article.paragraphs
            for asked in paragraph.questions
            if asked["answers"]
        ]
        for paragraph in article.paragraphs:
            for asked in paragraph.questions:
                if asked["answers"] and not asked.get("is_impossible"):
                    yield from _of_question(asked, article.title, paragraph, answers, rng)


def _of_question(
    asked: dict[str, Any],
    title: str,
    paragraph: Paragraph,
    answers: Sequence[str],
    rng: random.Random,
) -> Iterator[Statement]:
    answer = asked["answers"][0]["text"]
    true = statement(asked["question"], answer)
    if true is None:
        return
    start = asked["answers"][0]["answer_start"]
    end = start + len(answer)
    own = content_words(true)
    holding = [at for at, (s, e) in enumerate(paragraph.windows) if s <= start and end <= e]
    if not holding:
        return
    best = max(holding, key=lambda at: (len(own & paragraph.stems[at]), -at))
    text = _window(paragraph, best, title, rng)
    others = [
        each
        for each in answers
        if _form(each) == _form(answer) and each.casefold() not in text.casefold()
    ]
    here = [
        each
        for each in answers
        if _form(each) == _form(answer)
        and each.casefold() in text.casefold()
        and each.casefold() not in answer.casefold()
        and answer.casefold() not in each.casefold()
    ]
    drawn = rng.random()
    if drawn < 0.4 or not (others or here):
        yield Statement(true, text, "supported", "question")
    elif drawn < 0.75:
        other = rng.choice(here if here and rng.random() < 0.5 else others or here)
        false = statement(asked["question"], other)
        if false:
            yield Statement(false, text, "refuted", "question, another answer")
    else:
        elsewhere = [
            at
            for at, (s, e) in enumerate(paragraph.windows)
            if answer.casefold() not in paragraph.text[s:e].casefold()
        ]
        if elsewhere:
            near = max(elsewhere, key=lambda at: (len(own & paragraph.stems[at]), -at))
            untold = _window(paragraph, near, title, rng)
            yield Statement(true, untold, "not enough", "question, another window")


def _window(paragraph: Paragraph, at: int, title: str, rng: random.Random) -> str:
    start, end = paragraph.windows[at]
    text = paragraph.text[start:end]
    return f"{title}\n{text}" if rng.random() < 0.5 else text


def _form(answer: str) -> str:
    """Return what an answer looks like: a year, a number, a name, or other words."""
    if re.fullmatch(r"\d{4}", answer):
        return "year"
    if re.search(r"\d", answer):
        return "number"
    return "name" if answer[:1].isupper() else "words"


_BE = r"(?:is|are|was|were)"
_HELP = r"(?:has|have|had|can|could|will|would|may|might|must|should)"
_VERB = (
    rf"(?:{_BE}|{_HELP}|[a-z]+ed|won|made|became|led|wrote|held|took|gave|said|found|left|built)"
)
_SUBJECT = re.compile(
    r"(?:who|what|which(?: [\w'’-]+){0,5}?|what(?: [\w'’-]+){1,5}?|how many(?: [\w'’-]+){1,4}?)"
    rf" (?P<rest>{_VERB}\b(?! (?:the )?[\w ]+ (?:in|of|by|for|from|to|with|at|on|as)\?).*)\?",
    re.IGNORECASE,
)
# "What is Holm called?" asks with the subject behind the verb, and not "Who is the mayor?".
_INVERTED = re.compile(
    rf"(?:{_BE}|{_HELP}) (?:(?-i:[A-Z])|[\w'’]+s )"
    rf"|(?:{_BE}|{_HELP}) (?:this|these|those|there|it|he|she|they|you|one)\b"
    rf"|(?:{_BE}|{_HELP}) .*\b(?:like|called|named|considered|about|for|to|in|of|by|with|from|at|on"
    r"|as|used|known|required|able|likely|allowed|made|[a-z]+ed)$",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    rf"(?P<wh>when|where) (?P<be>{_BE}) (?P<subject>.+?)"
    r" (?P<verb>[a-z]+ed|born|built|held|found|made|written|set|begun|known|taken|given|sold)"
    r"(?P<rest>(?: .+)?)\?",
    re.IGNORECASE,
)


def statement(question: str, answer: str) -> str | None:
    """Return what a question and its answer state, or None where that takes more than a rule.

    "Which fleet won the race?" with "Norland's" is "Norland's won the race."
    """
    question = " ".join(question.split())
    answer = answer.strip().rstrip(".")
    if match := _PASSIVE.fullmatch(question):
        place = "" if re.match(r"(?:in|on|at|from|by|near|after|before)\b", answer, re.I) else "in "
        if re.match(r"[A-Z]\w+ \d{1,2}\b", answer):
            place = "on "
        told = f"{match['subject']} {match['be']} {match['verb']}{match['rest']} {place}{answer}"
    elif match := _SUBJECT.fullmatch(question):
        if _INVERTED.match(match["rest"]):
            return None
        told = f"{answer} {match['rest']}"
    else:
        return None
    return f"{told[0].upper()}{told[1:]}."


# --- sentences with one fact changed by rule

REFUTED = frozenset(
    (
        "number changed",
        "number of another thing",
        "day moved by one",
        "month changed",
        "year changed",
        "two names swapped",
        "name from another quote",
        "name from elsewhere",
        "negation inserted",
        "negation removed",
    )
)
"""The corruptions that the sentence they were made of speaks against."""


def of_sentences(
    articles: Iterable[Article], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make statements of a share of the paragraphs: a sentence, as it is or not, and false ones."""
    articles = list(articles)
    for article in articles:
        texts = [each.text for each in article.paragraphs]
        whole = Document.of("\n\n".join(texts), title=article.title, source=article.title)
        words = Words.of(whole, rng.choice(articles).paragraphs[0].text.split("\n"))
        for paragraph in article.paragraphs:
            if rng.random() < share and paragraph.windows:
                yield from _of_window(paragraph, words, rng)


def _of_window(paragraph: Paragraph, words: Words, rng: random.Random) -> Iterator[Statement]:
    at = rng.randrange(len(paragraph.windows))
    start, end = paragraph.windows[at]
    text = paragraph.text[start:end]
    sentence = _a_sentence(text, rng)
    around = tuple(paragraph.text[s:e] for s, e in paragraph.windows[:6])
    claim = Claim("verbatim", sentence, (text, *around), "", development=True)
    reworded = list(rewrites(claim))
    true = rng.choice(reworded) if reworded and rng.random() < 0.8 else claim
    yield Statement(_half(true.sentence, rng), text, "supported", "sentence")
    made = list(corruptions(true, words, rng))
    rng.shuffle(made)
    for each in made[:3]:
        if each.kind in REFUTED:
            yield Statement(each.sentence, text, "refuted", each.kind)
        elif each.kind == "facts of two quotes merged":
            yield Statement(each.sentence, text, "not enough", each.kind)
    others = [w for w in paragraph.windows if w[1] <= start or w[0] >= end]
    if others and rng.random() < 0.5:
        s, e = rng.choice(others)
        yield Statement(true.sentence, paragraph.text[s:e], "not enough", "another window")


# --- statements that were written for it

WRITTEN = Path(__file__).with_name("written.jsonl.gz")
"""A line a window of SQuAD's training paragraphs: true statements, false ones, and untold ones."""


def of_written(articles: Iterable[Article], rng: random.Random) -> Iterator[Statement]:
    """Return the statements that were written on articles, the true ones twice: they are fewer.

    Raises UserError where an article is not the one that they were written on.
    """
    known = {each.title: each for each in articles}
    for line in gzip.decompress(WRITTEN.read_bytes()).decode().splitlines():
        told = json.loads(line)
        if told["article"] not in known:
            continue
        try:
            paragraph = known[told["article"]].paragraphs[told["paragraph"]]
            at = paragraph.windows.index(tuple(told["window"]))
        except (IndexError, ValueError) as error:
            raise UserError(
                f"{told['article']}, paragraph {told['paragraph']}, is not that of SQuAD's "
                "training set."
            ) from error
        labels: tuple[Label, ...] = ("supported", "supported", "refuted", "not enough")
        for label in labels:
            for each in told[label]:
                text = _window(paragraph, at, told["article"], rng)
                yield Statement(each, text, label, f"written, {label}")


# --- denials, since what denies would else nearly always be false

DENIED = ("FEVER", "CAD-NLI", "question, another answer")
"""The kinds of short refuted statements whose denial is true."""


def of_refuted(
    statements: Iterable[Statement], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make true statements of a share of the refuted ones, by denying them."""
    for each in statements:
        if each.label == "refuted" and each.kind in DENIED and rng.random() < share:
            true = denied(each.statement, rng)
            if true:
                yield Statement(true, each.text, "supported", "refuted, denied")


def of_denials(
    articles: Iterable[Article], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make statements of a share of the sentences that deny: as they are, affirmed, and untold."""
    for article in articles:
        for paragraph in article.paragraphs:
            texts = [paragraph.text[start:end] for start, end in paragraph.windows]
            for text in texts:
                sentence = _a_sentence(text, rng)
                false = affirmed(sentence)
                if false is None or rng.random() >= share:
                    continue
                yield Statement(sentence, text, "supported", "denial")
                yield Statement(false, text, "refuted", "negation removed")
                others = [each for each in texts if sentence not in each]
                if others and rng.random() < UNTOLD:
                    yield Statement(sentence, rng.choice(others), "not enough", "denial elsewhere")


UNTOLD = 0.3
"""How often a denial is also shown with another window of its paragraph."""


def _a_sentence(text: str, rng: random.Random) -> str:
    found = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
    return rng.choice(found)


def _half(sentence: str, rng: random.Random) -> str:
    """Return a sentence without what follows its last comma, sometimes: a statement says less."""
    head, comma, tail = sentence.rpartition(", ")
    if comma and len(head.split()) >= 6 and len(tail.split()) >= 3 and rng.random() < 0.5:
        return f"{head}."
    return sentence
