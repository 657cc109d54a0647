"""Find the stage of answering at which a case failed. Pure functions on what a run records.

A case fails at the first stage that went wrong: what was not retrieved cannot be quoted, and what
was not quoted cannot be answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from eval.measuring.metrics import Scores
from eval.measuring.spans import finds
from index.documents import Span

if TYPE_CHECKING:
    from eval.cases.cases import Case, EvidenceSpans

Stage = Literal[
    "error",
    "not_retrieved",
    "not_quoted",
    "wrongly_refused",
    "wrongly_answered",
    "wrongly_cited",
    "wrong_way",
    "not_refused",
]

STAGES: Mapping[Stage, str] = {
    "error": "not asked: an error",
    "not_retrieved": "no passage that was searched holds the evidence",
    "not_quoted": "a passage was found, and no quote of it covers the evidence",
    "wrongly_refused": "the evidence was quoted, and the question refused",
    "wrongly_answered": "the evidence was quoted, and the answer is not an accepted one",
    "wrongly_cited": "the answer is accepted, and no footnote covers the evidence",
    "wrong_way": "it was answered in another way than the case names, or asked back",
    "not_refused": "unanswerable, and answered",
}
"""The stages in their order, and what each means."""


def stage(
    case: Case,
    facts: EvidenceSpans,
    scores: Scores,
    quotes: Sequence[Span],
    passages: Sequence[Span],
) -> Stage | None:
    """Return the stage at which a case failed; None when it passed.

    `quotes` are all that were found, `passages` those that the search returned for the question.
    """
    if scores["passed"]:
        return None
    if case.unsaid:
        return "not_refused"
    if facts and not scores["cited_evidence"] and not _any_covered(quotes, facts):
        return "not_quoted" if _any_covered(passages, facts) else "not_retrieved"
    if scores["refused"]:
        return "wrongly_refused"
    if scores["answer_right"] is False:
        return "wrongly_answered"
    return "wrong_way" if scores["cited_evidence"] in (True, None) else "wrongly_cited"


def _any_covered(spans: Sequence[Span], facts: EvidenceSpans) -> bool:
    return any(finds(span, place) for span in spans for fact in facts for place in fact)
