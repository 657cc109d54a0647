"""Which form of answer an English question wants."""

from __future__ import annotations

import re

from rag.languages.language import Form

_YES_NO = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might"
    r"|should)(?:n['’]t)?\s(?!.* or )",
    re.IGNORECASE | re.DOTALL,
)
# A plural after "which" or "what", with at most two words between that are no verb of the question;
# or a second part: "who, and when?".
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:(?!(?:did|do|does|is|are|was|were|has|have|had|the|a|an)\b)[\w-]+\s+){0,2}"
    r"(?!(?:was|is|does|has|series|process|success|access|business|basis|crisis)\b)"
    r"[a-z]+(?:[^suiI\W]s|ies)\b(?!['’])"
    r"|\b(?:which|what) (?:two|three|four|five|six)\b|\bwh(?:at|o|ich) (?:else )?(?:are|were) the\b"
    r"|\b(?:each|all) of\b|^(?:list|name|enumerate)\b|\bwhat (?:did|do|does) each\b"
    r"|\band\s+(?:(?:on|in|by|for|at|to|from|with)\s+)?"
    r"(?:who|whom|when|where|what|which|why|how)\b",
    re.IGNORECASE,
)


def form(question: str) -> Form:
    """Return which form of answer a question wants."""
    return Form(
        yes_or_no=_YES_NO.search(question.strip()) is not None,
        several=_SEVERAL.search(question) is not None,
    )
