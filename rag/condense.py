"""Making a follow-up question stand on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rag.facts import content_words, missing_facts

if TYPE_CHECKING:
    from rag.llm import Writer

Turn = tuple[Literal["user", "assistant"], str]
"""One turn of a conversation: who spoke, and what."""

_POINTS_BACK = re.compile(
    r"^(?:and|but|or|so|also|what about|how about|why|when was|where was|who else|what else)\b"
    r"|\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then"
    r"|former|latter|same|else|another|others)\b",
    re.IGNORECASE,
)

_FOOTNOTE = re.compile(r"\[\d+\]")

FEW_WORDS = 3
"""A question with fewer content words of its own can hardly be searched for by itself."""


def points_back(question: str) -> bool:
    """Whether a question seems to need what was said before."""
    few = len(content_words(question)) < FEW_WORDS
    return few or _POINTS_BACK.search(question.strip()) is not None


def standalone(question: str, history: Sequence[Turn], writer: Writer | None) -> str:
    """Return the question as it is searched for; unrelated next questions are left as they are.

    Without a language model, or when what it writes is no sound question, the last question is put
    before the follow-up, which serves the search as well.

    Raises LLMUnavailable when the language model does not answer.
    """
    asked = [text for role, text in history if role == "user"]
    if not asked or not points_back(question):
        return question
    told = [(role, _FOOTNOTE.sub("", text)) for role, text in history]
    rewritten = writer.condense(told, question) if writer else ""
    # A small model may answer instead of asking, or bring in what nobody said.
    sound = rewritten.endswith("?") and not missing_facts(rewritten, [t for _, t in told], question)
    return rewritten if sound else f"{asked[-1]} {question}"
