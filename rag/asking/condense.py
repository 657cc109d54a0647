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
LINKS = "(?:in|on|at|of|for|from|by|with|to|about) "
POINTERS = r"this|these|else|the \w+ ones?"
"""Other words that stand for something said before."""

FEW_WORDS = 3
"""A question with fewer content words and no name can hardly be searched for by itself."""

_FOOTNOTE = re.compile(r"\[\d+\]")
_POINTS = re.compile(rf"^\s*(?:{OPENINGS})\b|\b(?:{POINTERS})\b", re.I)
_PRONOUN = re.compile(rf"\b(?:(?P<who>{WHO})|(?P<whose>{WHOSE})|(?P<whom>{WHOM}))\b", re.I)
_ASKS = re.compile(rf"(?:{QUESTION_WORDS}|{VERBS})\b", re.I)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!the\b)\w", re.I)
_BARE = r"(?P<bare>[A-Z][\w-]*(?: (?:of |the )*[A-Z][\w-]*| \d+)*|\d{4}(?!\w))"
_NAME = re.compile(rf"\b{_BARE}")
_ANOTHER = re.compile(rf"(?i:{OPENINGS})[\s,]+(?i:{LINKS})?(?P<name>(?:the )?{_BARE})\s*\?")
_QUESTION_WORD = re.compile(rf"\b(?:how (?:many|much|long|often)|{QUESTION_WORDS})")


def points_back(question: str) -> bool:
    """Whether a question seems to need what was said before it: plainly, or since it is short."""
    return points_plainly(question) or _is_short(question)


def points_plainly(question: str) -> bool:
    """Whether a word of a question stands for what was said before, or it opens with "And"."""
    return refers(question) or _POINTS.search(question) is not None


def refers(question: str) -> bool:
    """Whether a pronoun of a question stands for what it has not said itself."""
    for pronoun in _PRONOUN.finditer(question):
        told = question[: pronoun.start()]
        named = pronoun.lastgroup != "whom" and facts(told)
        if not named and len(content_words(told)) < FEW_WORDS:
            return True
    return False


def _is_short(question: str) -> bool:
    few = len(content_words(question)) < FEW_WORDS
    asks = _ASKS if facts(question) else _DEFINES
    return few and not asks.match(question.strip())


def standalone(question: str, history: Sequence[Turn], condense: Condense | None) -> str:
    """Return the question as it is searched for; unrelated next questions are left as they are.

    The language model rewrites, which `condense` asks for. Without one, or when what it writes is
    no sound question, the last question that stands alone is put before the follow-up, which serves
    the search as well. The one name that the last answer gave stands in the place of a pronoun.

    Raises LLMUnavailable when the language model does not answer.
    """
    told = [(role, _FOOTNOTE.sub("", text)) for role, text in history]
    asked = [text for role, text in told if role == "user"]
    if not asked or not points_back(question):
        return question
    if other := of_another(question, asked[-1]):
        return other
    rewritten = condense(told, question) if condense else ""
    if sound(rewritten, question, [text for _, text in told]):
        return rewritten
    alone = next((each for each in reversed(asked) if not points_back(each)), asked[0])
    # Each is to be read by itself as well, so the one before has to end.
    ended = alone if alone.rstrip().endswith(("?", ".", "!")) else f"{alone.rstrip()}?"
    return f"{ended} {_with_name(question, *told[-1])}"


def of_another(question: str, asked: str) -> str | None:
    """Ask what was asked last of another name: "And the DF-41?".

    It stands in the place of the only name there; None where it is not as simple as that.
    """
    names = [each for each in _NAME.finditer(asked) if each.start()]
    other = _ANOTHER.fullmatch(question.strip())
    if other is None or len(names) != 1:
        return None
    start, end = names[0].span("bare")
    name = other["bare"] if asked[:start].endswith("the ") else other["name"]
    return asked[:start] + name + asked[end:]


def _with_name(question: str, role: str, said: str) -> str:
    """Put the one name that an answer gives in the place of the only pronoun."""
    names = names_in(said) if role == "assistant" else set()
    given = " ".join(word for word in tokens(said) if word in names)
    made, found = _PRONOUN.subn(lambda word: given + ("’s" if word["whose"] else ""), question)
    return made if given and given in said and found == 1 else question


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
