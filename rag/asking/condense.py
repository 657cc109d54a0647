"""Making a follow-up question stand on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from rag.languages import content_words, facts, missing_facts
from rag.languages.english_facts import stem
from rag.languages.english_words import MONTH, NO_CONTENT

Turn = tuple[Literal["user", "assistant"], str]
"""One turn of a conversation: who spoke, and what."""
Condense = Callable[[Sequence[Turn], str], str]
"""Rewrites a question, which comes after a conversation, so that it stands alone."""

FEW_WORDS = 3
"""A question with fewer content words and no name can hardly be searched for by itself."""

_FOOTNOTE = re.compile(r"\[\d+\]")

_OPENS_BACK = re.compile(r"(?:and|but|or|so|also|what about|how about)\b", re.I)
_ASKS = re.compile(
    r"(?:(?:in|on|at|by|for|to|from|of|with|under|after|before|since|until)\s+)?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b(?! (?:in|on|at|by|for|from|with|of)\b)"
    r"|(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b",
    re.I,
)
_DEFINES = re.compile(r"(?:what|who) (?:is|are) (?!the\b)\w", re.I)
_DEFINITE = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could) the ([a-z]+)"
    r"(?= (?!(?:of|to|in|on|at|by|for|from|with|between|against|that|which|who)\b)[a-z])"
    r"|\bthe ([a-z]+)(?=\s*\?)"
)

# Words that stand for something said before, wherever it was said.
_POINTS = re.compile(
    r"\belse\b|\bthe (?:others?|rest)\b|\bthe (?:former|latter)\b(?=\s*(?:$|[?.,]|'|’))"
    r"|\b(?:this|that|these|those|first|second|third|last|next|other|same) ones?\b"
    # "That" as a conjunction ("say that ...") or a relative ("the ship that ...") does not.
    r"|\bthat(?=\s*(?:$|[?.,]))"
    r"|\b(?:is|are|was|were|did|does|do|after|before|about|by|of|in|on|at|for|with|since|during)"
    r" (?:that|those|these)\b(?! (?:who|which|that|of)\b)"
    r"|\bthis\b(?! (?:day|week|month|year|decade|century)\b)|\bthese\b"
    # "There" that comes with a form of "be" only says that something exists.
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )"
    r"\bthere\b(?! (?:is|are|was|were|be|been|has been|have been)\b)",
    re.I,
)
# Words that may also stand for something in the question itself.
_PRONOUN = re.compile(
    r"\b(?:(?P<subject>he|she|they)|(?P<possessive>his|her(?=\s+\w)|its|their)"
    r"|(?P<object>it|him|her|them|hers|theirs|himself|herself|itself|themselves))\b"
    r"(?! (?:take|takes|took|true|possible|likely|that) )",
    re.I,
)
_ABOUT_THINGS = re.compile(r"\b(?:about|of|with)\s+(?:its|their)$", re.I)
_CLAUSE = re.compile(
    r",|\b(?:and|but|or|when|while|if|because|after|before|since|though|although|that|who|which"
    r"|by the time|(?:say|says|said)(?= it \w))\b",
    re.I,
)
_DOES_SO = re.compile(r"\b(?:do|does|did|done) (?:so\b|(?:it|that|this)\s*(?:$|[?.,]))", re.I)
_PLURAL = re.compile(r"they|them|their|theirs|themselves", re.I)
_NAME = re.compile(r"(?:\b[Tt]he )?\b[A-Z][\w-]*(?: (?:of (?:the )?)?[A-Z][\w-]*| \d+)*")
_ARTICLE_AND_NAME = re.compile(
    rf"(?:\b[Tt]he )?(?P<bare>\b(?![Tt]he )(?=[A-Z])(?:(?i:{MONTH})"
    r"|[A-Z][\w-]*(?: (?:of (?:the )?)?[A-Z][\w-]*| \d+)*))"
)
_FORMS = {"month": MONTH, "code": r"\w+-\d\w*", "year": r"\d{4}"}
_NAME_FOR = re.compile(r"(?:who|whom|which|what)\b", re.I)
_SUBJECT = re.compile(rf"\b(?:is|are|was|were) ({_NAME.pattern})\b(?! to\b)")
_ASIDE = re.compile(r"\b(?:with|of|and|or|for|against|than|like)\s+$", re.I)
_QUESTION_WORD = re.compile(r"\b(?:how (?:many|much|long|often)|who|what|which|when|where|why|how)")


def points_back(question: str, before: str = "") -> bool:
    """Whether a question seems to need what was said before it.

    Without a word that points back it does when it is short and names nothing, or when it speaks of
    "the submarine" and one was spoken of.
    """
    return _points_plainly(question.strip(), before) or _is_short(question.strip())


def _points_plainly(question: str, before: str) -> bool:
    if _OPENS_BACK.match(question) or _POINTS.search(question):
        return True
    if any(not _stands_for_own(question, found) for found in _PRONOUN.finditer(question)):
        return True
    spoken_of = content_words(before)
    return any(stem(found[1] or found[2]) in spoken_of for found in _DEFINITE.finditer(question))


def _is_short(question: str) -> bool:
    few = len(content_words(question)) < FEW_WORDS
    asks = _ASKS if _names_something(question) else _DEFINES
    return few and not asks.match(question)


def stands_alone(question: str, history: Sequence[Turn]) -> bool:
    """Whether nothing in a question points back to what was said before."""
    return not _points_plainly(question.strip(), " ".join(text for _, text in history))


def may_stand_alone(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question seems to need what was said before it only since it is short.

    "When is a value dropped?" may well be the next question, and "In which city?" is not.
    """
    question = question.strip()
    before = " ".join(text for _, text in history)
    whole = _WHOLE.search(question) and len(content_words(question)) == FEW_WORDS - 1
    return bool(whole) and _is_short(question) and not _points_plainly(question, before)


_WHOLE = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b", re.I
)


def _names_something(text: str) -> bool:
    found = facts(text)
    return bool(found.names or found.days or found.months or found.numbers)


def _stands_for_own(question: str, pronoun: re.Match[str]) -> bool:
    """Whether a pronoun stands for something that the question itself says before it.

    "They" and "his" may take up any name before them, as English has it, "it" and "him" only one
    of another clause: in "What did Lavrov say about it?" Lavrov is not "it".
    """
    told = question[: pronoun.start()]
    clauses = [found.start() for found in _CLAUSE.finditer(question) if found.end() <= len(told)]
    if clauses and len(content_words(told[: clauses[-1]])) >= FEW_WORDS - 1:
        return True
    if not _names_something(told):
        return False
    things = _ABOUT_THINGS.search(question[: pronoun.end()])
    return bool(pronoun["subject"] or (pronoun["possessive"] and not things))


def standalone(question: str, history: Sequence[Turn], condense: Condense | None) -> str:
    """Return the question as it is searched for; unrelated next questions are left as they are.

    Where it is plain what is left out, or which name a pronoun stands for, that is put in its
    place. Else the language model rewrites, which `condense` asks for. Without one, or when what it
    writes is no sound question, the last question is put before the follow-up, which serves the
    search as well.

    Raises LLMUnavailable when the language model does not answer.
    """
    told = [(role, _FOOTNOTE.sub("", text)) for role, text in history]
    texts = [text for _, text in told]
    asked = [text for role, text in told if role == "user"]
    if not asked:
        return question
    if not points_back(question, " ".join(texts)):
        return question
    if plain := (
        without_opening(question, " ".join(texts))
        or of_another(question, asked)
        or of_another_one(question, asked[-1])
        or what_another_is(question, asked[-1])
        or with_name(question, asked[-1], texts[-1])
    ):
        return plain
    rewritten = condense(told, question) if condense else ""
    return rewritten if sound(rewritten, question, texts) else " ".join([*_topic(asked), question])


def _topic(asked: Sequence[str]) -> list[str]:
    """Return the questions from the last one on that stands alone: follow-ups have follow-ups."""
    alone = [at for at, each in enumerate(asked) if not points_back(each, " ".join(asked[:at]))]
    return list(asked[alone[-1] if alone else 0 :])


def without_opening(question: str, before: str = "") -> str | None:
    """Return what follows "And" where that asks all by itself; `before` is what was said before."""
    rest = _ONLY_OPENS.sub("", question.strip())
    complete = _ASKS.match(rest) and _names_something(rest)
    if rest == question or not complete or len(content_words(rest)) < FEW_WORDS:
        return None
    return None if points_back(rest, before) else rest[0].upper() + rest[1:]


_ONLY_OPENS = re.compile(r"^(?:and|but|so|also)[, ]+", re.I)


def of_another(question: str, asked: Sequence[str]) -> str | None:
    """Ask what was asked last of another name: "And the United States?", "What about November?".

    The name stands in the place of the one of its kind in the last question, or else of the only
    one there. None where it is not as simple as that.
    """
    match = _OF_ANOTHER.fullmatch(_OPENS_BACK.sub("", question.strip()).lstrip(" ,"))
    before = " ".join(asked[:-1])
    if match is None or _ASKS.match(match["name"]) or points_back(asked[-1], before):
        return None
    name, kind = match["name"], _kind(match["name"])
    names = list(_names(asked[-1]))
    alike = [each for each in names if kind and _kind(each["bare"]) == kind]
    if len(alike or names) != 1 or (not alike and {kind, _kind(names[0]["bare"])} & {*_FORMS}):
        return None
    [old] = alike or names
    # "The range of the DF-41" and "China's DF-41": the article is that of the question before.
    place, name = (old.span("bare"), _bare(name)) if alike else (old.span(), name)
    return asked[-1][: place[0]] + name + asked[-1][place[1] :]


_OF_ANOTHER = re.compile(
    r"(?:(?:in|on|at|of|for|from|by|with|to|about) )?"
    rf"(?P<name>{_NAME.pattern})\s*\?"
)


def of_another_one(question: str, asked: str) -> str | None:
    """Ask what was asked last of another one: after "the Russian minister", "the Chinese one"."""
    match = _ANOTHER_ONE.search(question)
    described = list(_DESCRIBED.finditer(asked))
    if match is None or len(described) != 1 or described[0][1] == match[1]:
        return None
    start, end = described[0].span(1)
    return asked[:start] + match[1] + asked[end:]


def what_another_is(question: str, asked: str) -> str | None:
    """Ask what another thing is: "And the heap?", after "What is the stack?"."""
    match, before = _ANOTHER_THING.fullmatch(question.strip()), _WHAT_IS.fullmatch(asked.strip())
    return f"{before['asks']} {match['thing']}?" if match and before else None


_THING = r"(?P<thing>(?:the|an?) [a-z][a-z-]*(?: (?!of\b)[a-z][a-z-]*)?)"
_ANOTHER_THING = re.compile(rf"(?:and |(?:and )?(?:what|how) about ){_THING}\s*\?", re.I)
_WHAT_IS = re.compile(rf"(?P<asks>(?:what|who) (?:is|are|was|were)) {_THING}\s*\?", re.I)
_ANOTHER_ONE = re.compile(r"\bthe ([A-Z][\w-]*) one\s*\?\s*$")
_DESCRIBED = re.compile(r"\bthe ([A-Z][\w-]*)(?= [a-z])")


def _names(text: str) -> Iterator[re.Match[str]]:
    for name in _ARTICLE_AND_NAME.finditer(text):
        found = facts(name[0])
        known = found.names or found.months
        if known and name["bare"].split()[0].casefold() not in NO_CONTENT:
            yield name


def _kind(name: str) -> str | None:
    """Return what a name is one of, as far as its form tells: a month, a code, a strait."""
    name = _bare(name)
    form = next((kind for kind, form in _FORMS.items() if re.fullmatch(form, name, re.I)), None)
    return form or (name.split()[-1] if " " in name else None)


def _bare(name: str) -> str:
    return re.sub("^[Tt]he ", "", name)


def with_name(question: str, asked: str, answered: str) -> str | None:
    """Put the name that the last turn is about in the place of the one pronoun.

    That is the subject of a question like "What is AUKUS?", or else the only name that the answer
    brings to a question like "Which strait ...?". Returns None where it is not as simple as that.
    """
    pronouns = [each for each in _PRONOUN.finditer(question) if not _stands_for_own(question, each)]
    if len(pronouns) != 1 or _POINTS.search(question) or _DOES_SO.search(question):
        return None
    [pronoun] = pronouns
    subjects = _SUBJECT.findall(asked)
    names = subjects or (_new_names(asked, answered) if _NAME_FOR.match(asked) else [])
    if len(names) != 1 or _PLURAL.fullmatch(pronoun[0]):
        return None
    name = names[0] + ("’s" if pronoun["possessive"] else "")
    replaced = question[: pronoun.start()] + name + question[pronoun.end() :]
    replaced = re.sub(r"^(?:and|but|or|so|also) ", "", replaced.strip(), flags=re.I)
    return replaced[0].upper() + replaced[1:]


def _new_names(asked: str, answered: str) -> list[str]:
    known = content_words(asked)
    found = {
        name[0].replace("The ", "the ", 1)
        for name in _NAME.finditer(answered)
        if facts(name[0]).names
        and re.sub("^the ", "", name[0], flags=re.I).split()[0].casefold() not in NO_CONTENT
        and not content_words(name[0]) <= known
        and not _ASIDE.search(answered[: name.start()])
    }
    return sorted(found)


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
