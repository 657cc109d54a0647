"""Making a follow-up question stand on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from rag.languages import content_words, facts, missing_facts
from rag.languages.english_facts import names_in, tokens

Turn = tuple[Literal["user", "assistant"], str]
"""One turn of a conversation: who spoke, and what."""
Condense = Callable[[Sequence[Turn], str], str]
"""Rewrites a question, which comes after a conversation, so that it stands alone."""

QUESTION_WORDS = "who|whom|whose|what|which|when|where|why|how"
VERBS = "is|are|was|were|do|does|did|has|have|had|can|could|will|would|should"
OPENINGS = "and|but|or|so|also|what about|how about"
"""Only a follow-up begins so."""
WHO, WHOSE = "he|she|they", r"his|her(?=\s+\w)|its|their"
"""Pronouns for a name that the question itself may have said before them."""
WHOM = "it|him|her|them"
"""Pronouns that hardly stand for a name said right before: "What did Holm say about it?"."""
PLURAL = ("they", "them", "their")
POINTERS = r"this|these|else|the \w+ ones?"
"""Other words that stand for something said before."""

FEW_WORDS = 3
"""A question with fewer content words and no name can hardly be searched for by itself."""
FEW_NAMES = 6
"""With more words of names in an answer, the next question is hardly about all of them."""

_FOOTNOTE = re.compile(r"\[\d+\]")
_POINTS = re.compile(rf"^\s*(?:{OPENINGS})\b|\b(?:{POINTERS})\b", re.I)
_PRONOUN = re.compile(rf"\b(?:(?P<who>{WHO})|(?P<whose>{WHOSE})|(?P<whom>{WHOM}))\b", re.I)
_VERB = re.compile(rf"\b(?:{VERBS})\b", re.I)
_ASKS = re.compile(rf"(?:{QUESTION_WORDS}|{VERBS})\b", re.I)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!the\b)\w", re.I)
_WHAT_IS = re.compile(r"\w+ (?:is|are|was|were) ((?:the )?[A-Z][\w-]*(?: [A-Z][\w-]*)*)\s*\?")
_QUESTION_WORD = re.compile(rf"\b(?:how (?:many|much|long|often)|{QUESTION_WORDS})")


def points_back(question: str) -> bool:
    """Whether a question seems to need what was said before it.

    It does when a word of it stands for what it has not said itself, when it opens with "And" and
    the like, or when it is short and names nothing.
    """
    return points_plainly(question) or _is_short(question)


def points_plainly(question: str) -> bool:
    """Whether a word of a question stands for what was said before, or it opens with "And"."""
    own = (_says_itself(question[: found.start()], found) for found in _PRONOUN.finditer(question))
    return not all(own) or _POINTS.search(question) is not None


def _says_itself(told: str, pronoun: re.Match[str]) -> bool:
    """Whether a question has told itself, before a pronoun, what that stands for."""
    named = pronoun.lastgroup != "whom" and _names_something(told)
    return named or len(content_words(told)) >= FEW_WORDS


def _is_short(question: str) -> bool:
    few = len(content_words(question)) < FEW_WORDS
    asks = _ASKS if _names_something(question) else _DEFINES
    return few and not asks.match(question.strip())


def _names_something(text: str) -> bool:
    found = facts(text)
    return bool(found.names or found.days or found.months or found.numbers)


def may_stand_alone(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question seems to need what was said before it only since it is short.

    "When is a value dropped?" may well be the next question, and "In which city?" is not.
    """
    whole = _VERB.search(question) and len(content_words(question)) == FEW_WORDS - 1
    return bool(history and whole and _is_short(question)) and not points_plainly(question)


def standalone(question: str, history: Sequence[Turn], condense: Condense | None) -> str:
    """Return the question as it is searched for; unrelated next questions are left as they are.

    The language model rewrites, which `condense` asks for. Without one, or when what it writes is
    no sound question, the only pronoun gives way to the name that was asked for ("What is AUKUS?")
    or answered. Else the last question that stands alone is put before the follow-up, with the
    names that the last answer added, which serves the search as well.

    Raises LLMUnavailable when the language model does not answer.
    """
    told = [(role, _FOOTNOTE.sub("", text)) for role, text in history]
    asked = [text for role, text in told if role == "user"]
    if not asked or not points_back(question):
        return question
    rewritten = condense(told, question) if condense else ""
    if sound(rewritten, question, [text for _, text in told]):
        return rewritten
    alone = next((each for each in reversed(asked) if not points_back(each)), asked[0])
    given = _names_given(*told[-1], alone)
    defined = _WHAT_IS.fullmatch(alone)
    thing = defined[1] if defined else given if given in told[-1][1] else ""
    return _with_thing(question, thing) or " ".join(filter(None, (alone, given, question)))


def _names_given(role: str, said: str, asked: str) -> str:
    """Return the names that an answer adds to a question, if they are few."""
    names = names_in(said) - names_in(asked) if role == "assistant" else set()
    return " ".join(w for w in tokens(said) if w in names) if len(names) <= FEW_NAMES else ""


def _with_thing(question: str, thing: str) -> str | None:
    """Put a thing in the place of the only pronoun, where there is one that may stand for it."""
    pronouns = [found[0].lower() for found in _PRONOUN.finditer(question)]
    if not thing or len(pronouns) != 1 or pronouns[0] in PLURAL:
        return None
    return _PRONOUN.sub(lambda found: thing + ("’s" if found["whose"] else ""), question)


def sound(rewritten: str, question: str, told: Sequence[str]) -> bool:
    """Whether a rewriting is one question that stands alone and asks what the follow-up asks.

    A small model may answer instead, ask another thing, or bring in what nobody said.
    """
    if not rewritten.endswith("?") or rewritten.count("?") > 1 or points_back(rewritten):
        return False
    own, asks = content_words(question), _QUESTION_WORD.findall(question.lower())
    kept = own & content_words(rewritten)
    return (
        2 * len(kept) >= len(own)
        and set(asks) <= set(_QUESTION_WORD.findall(rewritten.lower()))
        and not missing_facts(rewritten, [*told], question)
    )
