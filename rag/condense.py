"""Making a follow-up question stand on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rag.facts import content_words

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

FEW_WORDS = 3
"""A question with fewer content words of its own can hardly be searched for by itself."""


def points_back(question: str) -> bool:
    """Whether a question seems to need what was said before."""
    few = len(content_words(question)) < FEW_WORDS
    return few or _POINTS_BACK.search(question.strip()) is not None


def standalone(question: str, history: Sequence[Turn], writer: Writer | None) -> str:
    """Return the question as it is searched for; unrelated next questions are left as they are.

    Without a language model the last question is put before a follow-up, which serves the search
    as well as a sentence would.

    Raises LLMUnavailable when the language model does not answer.
    """
    asked = [text for role, text in history if role == "user"]
    if not asked or not points_back(question):
        return question
    if writer is None:
        return f"{asked[-1]} {question}"
    return writer.condense(history, question)
