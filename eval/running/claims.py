"""Check a claim of a set. The verdict has the form of an answer, so that all results are alike."""

from __future__ import annotations

import time

from index.documents import Document
from rag.answer import Answer, AnswerSentence
from rag.assistant import Assistant
from rag.checking.verdict import VERDICTS, Checked


def checked_claim(assistant: Assistant, claim: str) -> Checked:
    """Check a claim. If it has several sentences, the first one that states anything counts."""
    draft = Document.of(claim, title="claim", source="claim")
    checked = list(assistant.check(draft))
    return next((each for each in checked if each.verdict != "nothing_to_check"), checked[0])


def check_claim(assistant: Assistant, claim: str) -> tuple[Answer, str]:
    """Return what the sources say about a claim, as an answer with footnotes, and the verdict.

    For a claim that is not in the sources, the answer is a refusal.
    """
    started = time.perf_counter()
    checked = checked_claim(assistant, claim)
    seconds = time.perf_counter() - started
    cited = () if checked.verdict in ("not_in_sources", "not_checkable") else checked.quotes
    numbers = tuple(range(1, len(cited) + 1))
    settings = assistant.settings
    answer = Answer(
        question=claim,
        standalone_question=claim,
        sentences=(AnswerSentence(f"{VERDICTS[checked.verdict]}.", numbers, supported=True),),
        citations=cited,
        quotes=checked.found,
        reason="not_in_sources" if checked.verdict == "not_in_sources" else None,
        models={"embedding": settings.embedding, "reranker": settings.reranker, "llm": None},
        timings={
            "total_s": seconds,
            "retrieve_s": None,
            "first_quote_s": None,
            "first_token_s": None,
        },
    )
    return answer, checked.verdict
