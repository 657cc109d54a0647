"""English questions: the form of answer that they want, and what a claim states."""

from __future__ import annotations

import re

from rag.languages.english_tokens import numbers
from rag.languages.english_words import COMPARATIVES
from rag.languages.language import QuestionForm

_AUXILIARY = (
    r"(?:am|is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might|must|should)"
    r"(?:n?['’]?t)?"
)
# A verb opens the question, or a later clause of one that has no question word: “my son is four,
# does he pay?”, but not “on which day, after the funeral, did he resign?”.
_YES_NO = re.compile(
    r"^(?!.* or )(?:(?!.*\b(?:who|whom|whose|what|which|when|where|why|how)\b).*[,.;:!?–—]\s+)?"
    rf"(?:(?:and|but|so|then|ok)\s+)?{_AUXILIARY}\s",
    re.IGNORECASE | re.DOTALL,
)
_QUESTION_WORD = (
    r"(?:(?:on|in|by|for|at|to|from|with)\s+)?(?P<word>who|whom|when|where|what|which|why|how)\b"
)
# A plural after "which" or "what", with at most two words between that are not the question's verb;
# or a second part: "who, and when?".
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:(?!(?:did|do|does|is|are|was|were|has|have|had|the|a|an)\b)[\w-]+\s+){0,2}"
    r"(?!(?:was|is|does|has|series|process|success|access|business|basis|crisis)\b)"
    r"[a-z]+(?:[^suiI\W]s|ies)\b(?!['’])"
    r"|\b(?:which|what) (?:two|three|four|five|six)\b|\bwh(?:at|o|ich) (?:else )?(?:are|were) the\b"
    r"|\b(?:each|all) of\b|^(?:list|name|enumerate)\b|\bwhat (?:did|do|does) each\b"
    rf"|\band\s+{_QUESTION_WORD}",
    re.IGNORECASE,
)

_PRONOUN = r"(?:i|it|he|she|they|we|you|that|this|there)"
_JOINED = re.compile(rf",?\s+(?:and|but)\s+(?={_QUESTION_WORD})", re.IGNORECASE)
_CLAUSE = re.compile(
    rf"{_QUESTION_WORD}(?!\s+(?:the|{_PRONOUN})\b).*\b{_AUXILIARY}\b|who\s+\S+\s+\S",
    re.IGNORECASE | re.DOTALL,
)
"""A question with a verb of its own: “how wide is it”, but not “how it is”, or “on what date”."""
_OPENS = re.compile(
    rf"^(?:(?:so|then|but|and|ok|well|no(?=,| not\b| {_PRONOUN}(?:['’]?s)?\b))\b[\s,]*)+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[\s,–-]+(?:right|correct|no|yes|true"
    rf"|{_AUXILIARY} {_PRONOUN}(?: not| so)?"
    r"|i (?:guess|suppose|think|believe|assume|imagine|presume|reckon|take it))$",
    re.IGNORECASE,
)

_MEASURED = "|".join(sorted({"many", "much", *(measured for measured, _ in COMPARATIVES.values())}))
_ASKING = re.compile(
    rf"\b(?:who|whom|whose|what|which|when|where|why|how(?: (?:{_MEASURED}))?)\b", re.IGNORECASE
)

_LAST = re.compile(r"\blast\b", re.IGNORECASE)


def stated(claim: str) -> str:
    """Return what a claim states: “so he was rich, wasn't he?” states “he was rich”.

    The entailment head was not trained on statements that ask, and takes “right?” after the same
    words for a denial.
    """
    return _ASKS.sub("", _OPENS.sub("", claim.strip()).rstrip(" ?!.")).rstrip(" ,")


def asked_of(question: str, words: str) -> str | None:
    """Return a question with other question words, also “since when?” for “Is it closed?”.

    None if the words are not question words.
    """
    if not _ASKING.search(words):
        return None
    words = words.strip(" ?!.…")
    if not (asking := _ASKING.search(question)):
        return f"{words} {question}"
    return f"{question[: asking.start()]}{words}{question[asking.end() :]}"


def joined_questions(question: str) -> tuple[str, ...]:
    """Return the questions that “and” joins, as in “What is it, and how does it work?”.

    Each must have a verb of its own, and must not continue a relative clause of the one before
    (“Who is the man who built it and who died?”). If there are no such parts, the question is
    returned whole.
    """
    for joint in _JOINED.finditer(question):
        first, rest = question[: joint.start()], question[joint.end() :]
        opening = _CLAUSE.match(first.strip())
        word = joint["word"].lower()
        relative = re.search(rf"\s{word}\b", first, re.IGNORECASE)
        if opening and _CLAUSE.match(rest) and not relative:
            return (f"{first.strip()}?", *joined_questions(rest))
    return (f"{question.strip(' ?')}?",)


def place_in_order(text: str, count: int) -> tuple[int, str] | None:
    """Return the number of the thing (of `count`) that a text names by position, and the word.

    “one” is taken for the pronoun if there is another: “the second one”, “the last one”.
    """
    found = [(int(value), word) for value, word in numbers(text) if value % 1 == 0]
    found.sort(key=lambda each: (each[1] == "one", not 0 < each[0] <= count))
    last = _LAST.search(text)
    if last and (not found or found[0][1] == "one"):
        return count, last[0]
    return found[0] if found else None


def form(question: str) -> QuestionForm:
    """Return the form of answer that a question wants."""
    return QuestionForm(
        yes_or_no=_YES_NO.search(question.strip()) is not None,
        several=_SEVERAL.search(question) is not None,
    )
