"""A question, worked out once: its words made to stand alone, and what kind of answer they want."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.languages import content_words


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Search, reading, deciding, writing and verifying all go by this.

    `asked` is what was typed, `text` the same made to stand alone, and `words` are the stems of its
    content words. `last` is the question that is to be answered, where `text` holds the ones before
    it as well; else it is `text`. `yes_or_no` is whether it is answered by yes or no and offers no
    choice. `several` is whether it may ask for more than one thing: a list, what each said, two
    questions. Such a question is answered from more than one quote, and its sentences are not read
    again.
    """

    asked: str
    text: str
    last: str
    words: frozenset[str]
    yes_or_no: bool
    several: bool

    @classmethod
    def of(cls, text: str, asked: str | None = None) -> Question:
        """Work out a question that stands alone; `asked` is what was typed, if that differs."""
        asked = text if asked is None else asked
        last = asked if text.endswith(asked) else text
        return cls(
            asked,
            text,
            last,
            frozenset(content_words(text)),
            _YES_NO.search(last.strip()) is not None and " or " not in last,
            _SEVERAL.search(last) is not None or _PARTS.search(last) is not None,
        )


_YES_NO = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might"
    r"|should)(?:n['’]t)?\s",
    re.IGNORECASE,
)
# A plural after "which" or "what", with at most two words between that are no verb of the question.
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:(?!(?:did|do|does|is|are|was|were|has|have|had|the|a|an)\b)[\w-]+\s+){0,2}"
    r"(?!(?:was|is|does|has|series|process|success|access|business|basis|crisis)\b)"
    r"[a-z]+(?:[^suiI\W]s|ies)\b(?!['’])"
    r"|\b(?:which|what) (?:two|three|four|five|six)\b|\bwh(?:at|o|ich) (?:else )?(?:are|were) the\b"
    r"|\b(?:each|all) of\b|^(?:list|name|enumerate)\b|\bwhat (?:did|do|does) each\b",
    re.IGNORECASE,
)
# A second part: "who, and when?".
_PARTS = re.compile(
    r"\band\s+(?:(?:on|in|by|for|at|to|from|with)\s+)?"
    r"(?:who|whom|when|where|what|which|why|how)\b",
    re.IGNORECASE,
)
