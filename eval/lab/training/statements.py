"""What the reader's third head learns from: statements with texts that support them, or do not."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from eval.lab.training.corruptions import (
    CORRUPTIONS,
    Claim,
    Words,
    affirmed,
    corruptions,
    denied,
    rewrites,
)
from eval.lab.training.examples import Article, Paragraph, read_claims, untokenised
from eval.lab.training.inputs import read_records, reading
from index.documents import Document
from index.errors import UserError
from rag.languages import content_words

Label = Literal["supported", "refuted", "not enough"]
LABELS: tuple[Label, ...] = get_args(Label)
"""What the three logits of the third head stand for."""
HELD_OUT = 10
"""One text in so many is held out with all claims about it, chosen by its hash."""
MOST_SENTENCES = 2
"""The most sentences of evidence shown with a claim: those that share most words with it."""


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

COMMON = 500
"""A word that occurs in more texts than this says nothing about the subject of a claim."""


def load_claims(path: Path) -> list[Statement]:
    """Read claims in JSON Lines, compressed with gzip: `claim`, `evidence`, `label`, `source`.

    A claim without evidence is shown with the sentence of others' evidence that is most like it.
    Raises UserError for a file that cannot be read or is not in that format.
    """
    claims = read_claims(path)
    with reading(path, "cannot be read as claims"):
        evidence = {text for _, texts, _, _ in claims for text in texts}
        alone = [claim for claim, texts, _, _ in claims if not texts]
        nearest = dict(zip(alone, _nearest(alone, evidence), strict=True))
        found = []
        for claim, texts, label, source in claims:
            if text := _most_alike(claim, texts) if texts else nearest[claim]:
                found.append(Statement(untokenised(claim), untokenised(text), label, source))
        return found


def _most_alike(claim: str, evidence: Sequence[str]) -> str:
    own = content_words(claim)
    best = sorted(evidence, key=lambda each: -len(own & content_words(each)))[:MOST_SENTENCES]
    return " ".join(each for each in evidence if each in best)


def _nearest(claims: Sequence[str], texts: Iterable[str]) -> Iterator[str]:
    """Yield, for each claim, the text that shares most rare words (the shortest), or nothing."""
    from sklearn.feature_extraction.text import CountVectorizer

    ordered = sorted(sorted(texts), key=lambda each: len(content_words(each)))
    count = CountVectorizer(analyzer=content_words, binary=True, max_df=COMMON)
    held = count.fit_transform(ordered)
    for claim in claims:
        shared = (held @ count.transform([claim]).T).toarray()[:, 0]
        best = int(shared.argmax())
        yield ordered[best] if shared[best] else ""


# --- questions and answers of SQuAD


def of_questions(articles: Iterable[Article], rng: random.Random) -> Iterator[Statement]:
    """Make statements from answerable questions: true, with a wrong answer, with a wrong window."""
    for article in articles:
        asked = [(each, p) for p in article.paragraphs for each in p.questions if each["answers"]]
        answers = [each["answers"][0]["text"] for each, _ in asked]
        for each, paragraph in asked:
            if not each.get("is_impossible"):
                yield from _of_question(each, paragraph, answers, rng)


def _of_question(
    asked: dict[str, Any], paragraph: Paragraph, answers: Sequence[str], rng: random.Random
) -> Iterator[Statement]:
    answer, start = asked["answers"][0]["text"], asked["answers"][0]["answer_start"]
    true = statement(asked["question"], answer)
    holding = paragraph.holding(start, start + len(answer))
    if true is None or not holding:
        return
    text = _window(paragraph, _best(paragraph, holding, true), rng)
    said = text.casefold()
    alike = [each for each in answers if _form(each) == _form(answer)]
    others = [each for each in alike if each.casefold() not in said]
    here = [each for each in alike if each.casefold() in said and not _overlap(each, answer)]
    drawn = rng.random()
    if drawn < 0.4 or not (others or here):
        yield Statement(true, text, "supported", "question")
    elif drawn < 0.75:
        other = rng.choice(here if here and rng.random() < 0.5 else others or here)
        if false := statement(asked["question"], other):
            yield Statement(false, text, "refuted", "question, another answer")
    elif elsewhere := paragraph.without(answer):
        untold = _window(paragraph, _best(paragraph, elsewhere, true), rng)
        yield Statement(true, untold, "not enough", "question, another window")


def _best(paragraph: Paragraph, among: Iterable[int], words: str) -> int:
    """Return the window that has most words in common with some words, the first of equals."""
    own = content_words(words)
    return max(among, key=lambda at: len(own & paragraph.stems[at]))


def _overlap(one: str, other: str) -> bool:
    """Whether one of two texts contains the other."""
    return one.casefold() in other.casefold() or other.casefold() in one.casefold()


def _window(paragraph: Paragraph, at: int, rng: random.Random) -> str:
    """Return the text of a window, half of the time under the article's title."""
    text = paragraph.window(at)
    return f"{paragraph.title}\n{text}" if rng.random() < 0.5 else text


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
# The subject follows the verb in "What is Holm called?", but not in "Who is the mayor?".
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
    """Return what a question and its answer state, or None if that takes more than a rule.

    "Which fleet won the race?" with "Norland's" is "Norland's won the race."
    """
    question = " ".join(question.split())
    answer = answer.strip().rstrip(".")
    if match := _PASSIVE.fullmatch(question):
        place = "" if re.match(r"(?:in|on|at|from|by|near|after|before)\b", answer, re.I) else "in "
        if re.match(r"[A-Z]\w+ \d{1,2}\b", answer):
            place = "on "
        made = f"{match['subject']} {match['be']} {match['verb']}{match['rest']} {place}{answer}"
    elif (match := _SUBJECT.fullmatch(question)) and not _INVERTED.match(match["rest"]):
        made = f"{answer} {match['rest']}"
    else:
        return None
    return f"{made[0].upper()}{made[1:]}."


# --- sentences with one fact changed by rule

UNTOLD_KIND = "facts of two quotes merged"
"""The corruption that the original sentence neither supports nor refutes."""
REFUTED = CORRUPTIONS.keys() - {UNTOLD_KIND, "unit changed", "letters of two scripts"}
"""The corruptions that the original sentence refutes."""


def of_sentences(
    articles: Iterable[Article], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make statements from a share of the paragraphs: a true sentence, and false ones."""
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
    text = paragraph.window(at)
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
        elif each.kind == UNTOLD_KIND:
            yield Statement(each.sentence, text, "not enough", each.kind)
    others = [w for w in paragraph.windows if w[1] <= start or w[0] >= end]
    if others and rng.random() < 0.5:
        elsewhere = paragraph.text[slice(*rng.choice(others))]
        yield Statement(true.sentence, elsewhere, "not enough", "another window")


# --- statements that were written for the head

WRITTEN = Path(__file__).with_name("written.jsonl.gz")
"""A line for each window of SQuAD's training paragraphs, with statements of all three labels."""


def of_written(articles: Iterable[Article], rng: random.Random) -> Iterator[Statement]:
    """Yield the statements that were written on articles; the true ones twice, as they are fewer.

    Raises UserError if an article is not the one that they were written on.
    """
    known = {each.title: each for each in articles}
    for line in read_records(WRITTEN):
        if line["article"] not in known:
            continue
        try:
            paragraph = known[line["article"]].paragraphs[line["paragraph"]]
            at = paragraph.windows.index(tuple(line["window"]))
        except (IndexError, ValueError) as error:
            raise UserError(
                f"{line['article']}, paragraph {line['paragraph']}, is not that of SQuAD's "
                "training set."
            ) from error
        for label in (LABELS[0], *LABELS):
            for each in line[label]:
                yield Statement(each, _window(paragraph, at, rng), label, f"written, {label}")


# --- denials, which would otherwise nearly always be false

DENIED = ("FEVER", "CAD-NLI", "question, another answer")
"""The kinds of short refuted statements whose denial is true."""
ELSEWHERE = 0.3
"""How often a denial is also shown with another window of its paragraph."""


def of_refuted(
    statements: Iterable[Statement], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make true statements from a share of the refuted ones, by denying them."""
    for each in statements:
        short = each.label == "refuted" and each.kind in DENIED
        if short and rng.random() < share and (true := denied(each.statement, rng)):
            yield Statement(true, each.text, "supported", "refuted, denied")


def of_denials(
    articles: Iterable[Article], rng: random.Random, share: float
) -> Iterator[Statement]:
    """Make statements from a share of the denials: as they are, affirmed, and elsewhere."""
    for paragraph in (each for article in articles for each in article.paragraphs):
        texts = list(map(paragraph.window, range(len(paragraph.windows))))
        for text in texts:
            sentence = _a_sentence(text, rng)
            false = affirmed(sentence)
            if false is None or rng.random() >= share:
                continue
            yield Statement(sentence, text, "supported", "denial")
            yield Statement(false, text, "refuted", "negation removed")
            others = [each for each in texts if sentence not in each]
            if others and rng.random() < ELSEWHERE:
                yield Statement(sentence, rng.choice(others), "not enough", "denial elsewhere")


def _a_sentence(text: str, rng: random.Random) -> str:
    return rng.choice(re.split(r"(?<=[.!?])\s+(?=[A-Z])", text))


def _half(sentence: str, rng: random.Random) -> str:
    """Return a sentence without what follows its last comma, sometimes: a statement says less."""
    head, comma, tail = sentence.rpartition(", ")
    if comma and len(head.split()) >= 6 and len(tail.split()) >= 3 and rng.random() < 0.5:
        return f"{head}."
    return sentence
