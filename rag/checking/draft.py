"""A text to be checked: its sentences, and which of them state anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.documents import Document
from index.language import ENGLISH
from index.split import in_its_languages, split_whole
from rag.checking.markup import Plain
from rag.languages import content_words, language_of, mentions, sentence_spans

LEAST_WORDS = 2
"""The fewest content words of a sentence that may state something that sources can bear out."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a draft.

    `own` is the sentence on one line, without Markdown. `text` is what is checked: the same, but
    with the name in place of a pronoun such as "it" or "he", if that is clear. `states` is whether
    there is anything to check in it, and `language` the code of its language.
    """

    start: int
    end: int
    own: str
    text: str
    states: bool
    language: str = ENGLISH


def statements(draft: Document) -> list[Statement]:
    """Return the sentences of a draft in order, including its headings."""
    plain = Plain.of(draft)
    shown = in_its_languages(plain.document(draft))
    headings = {(each.start, each.end) for each in shown.headings}
    places = [place for passage in split_whole(shown) for place in passage.sentences]
    if not places and not headings and shown.text.strip():  # A line that no passage holds.
        places = list(sentence_spans(shown.text, 0, len(shown.text)))
    found: list[Statement] = []
    before = ""
    for start, end in sorted({*headings, *places}):
        own = " ".join(shown.text[start:end].split())
        states = (start, end) not in headings and _states(own)
        language = shown.language_at(start)
        text = resolve_pronoun(own, before) if states and language == ENGLISH else own
        found.append(Statement(*plain.in_draft(start, end), own, text, states, language))
        before = text if states else ""
    return found


_OPINION = re.compile(
    r"\b(?:I|we) (?:think|believe|feel|hope|suggest|recommend|suppose|guess|doubt|wish)\b"
    r"|\bin my (?:view|opinion)\b|\bto my mind\b|\bhopefully\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:dear|hi|hello|thanks|thank you|(?:kind|best|warm) regards|yours|sincerely|cheers"
    r"|good (?:morning|afternoon|evening)|please|see you)\b",
    re.IGNORECASE,
)


def _states(sentence: str) -> bool:
    """Whether a sentence states something: a question, greeting, request or opinion does not."""
    return (
        not sentence.endswith(("?", "？"))
        and not _GREETING.match(sentence)
        and not _OPINION.search(sentence)
        and (len(content_words(sentence)) >= LEAST_WORDS or language_of(sentence) is None)
    )


_POINTS = re.compile(
    r"(?P<opening>(?:[\w ]{1,30}, )?)(?:(?P<possessive>his|her|its)(?= \w)|(?:he|she|it)\b)",
    re.IGNORECASE,
)
_STANDS_FOR_NOTHING = re.compile(
    r"it (?:(?:has|will|would|may|might) )?(?:is|was|be|been|seem|appear|remain|take|took)(?:s|ed)?"
    r"\b.{0,40}?\b(?:that|whether|to)\b",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"\b(?:about|after|against|and|as|at|before|between|by|during|for|from|in|into|near|of|on|over"
    r"|since|to|toward|towards|under|until|with)(?: (?:the|a|an|early|late|mid))?\s+$",
    re.IGNORECASE,
)
"""What precedes a name that is not the subject of its sentence."""


def resolve_pronoun(sentence: str, before: str) -> str:
    """Replace a pronoun that opens a sentence with the name that the sentence before is about.

    That is its first name that does not follow a preposition. "They" may be several, and is kept.
    """
    points = _POINTS.match(sentence)
    if points is None or _first_name(points["opening"]):
        return sentence
    at = points.end("opening")
    name = "" if _STANDS_FOR_NOTHING.match(sentence, at) else _first_name(before)
    if not name:
        return sentence
    return f"{sentence[:at]}{name}{'’s' if points['possessive'] else ''}{sentence[points.end() :]}"


def _first_name(sentence: str) -> str:
    """Return a sentence's first name that does not follow a preposition, if there is one."""
    # Put a word first, so that a name is not taken for a word that only opens the sentence.
    padded = f"now {sentence}"
    names = (
        padded[each.start : each.end]
        for each in mentions(padded)
        if each.kind == "name" and not _NO_SUBJECT.search(padded, 0, each.start)
    )
    return next(names, "")
