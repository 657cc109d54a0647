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
_VERB = re.compile(rf"\b(?:{VERBS})\b", re.I)
_ASKS = re.compile(rf"(?:{QUESTION_WORDS}|{VERBS})\b", re.I)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!the\b)\w", re.I)
_BARE = r"(?P<bare>[A-Z][\w-]*(?: (?:of |the )*[A-Z][\w-]*| \d+)*|\d{4}(?!\w))"
_NAME = re.compile(rf"\b{_BARE}")
_ANOTHER = re.compile(rf"(?i:{OPENINGS})[\s,]+(?i:{LINKS})?(?P<name>(?:the )?{_BARE})\s*\?")
_ANOTHER_ONE = re.compile(r"\bthe (?P<name>(?P<bare>[A-Z][\w-]*)) one\s*\?")
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
    return refers(question) or _POINTS.search(question) is not None


def refers(question: str) -> bool:
    """Whether a pronoun of a question stands for what it has not said itself."""
    own = (_says_itself(question[: found.start()], found) for found in _PRONOUN.finditer(question))
    return not all(own)


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
    no sound question, the last question that stands alone is put before the follow-up, which serves
    the search as well. The one name that the last answer gave stands in the place of a pronoun;
    after "What is AUKUS?" that name does, and nothing goes before.

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
    defined = _WHAT_IS.fullmatch(alone)
    clear = _with_thing(question, defined[1]) if defined else None
    return clear or f"{alone} {_with_name(question, *told[-1])}"


def of_another(question: str, asked: str) -> str | None:
    """Ask what was asked last of another name: "And the DF-41?", "And who was the Chinese one?".

    It stands in the place of the only name there; None where it is not as simple as that.
    """
    names = [each for each in _NAME.finditer(asked) if each.start()]
    other = _ANOTHER_ONE.search(question) or _ANOTHER.fullmatch(question.strip())
    if other is None or len(names) != 1:
        return None
    start, end = names[0].span("bare")
    name = other["bare"] if asked[:start].endswith("the ") else other["name"]
    return asked[:start] + name + asked[end:]


def _with_name(question: str, role: str, said: str) -> str:
    """Put the name that an answer gives, if it gives one alone, in the place of the pronoun."""
    names = names_in(said) if role == "assistant" else set()
    given = " ".join(word for word in tokens(said) if word in names)
    one = _with_thing(question, given) if given and given in said else None
    return one or question


def _with_thing(question: str, thing: str) -> str | None:
    """Put a thing in the place of the only pronoun, or return None where there is not one."""
    made, found = _PRONOUN.subn(lambda word: thing + ("’s" if word["whose"] else ""), question)
    return made if found == 1 else None


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
