"""A failed case is put down to the first stage that went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from eval.cases import Case
from eval.stages import STAGES, stage
from index.documents import Span

PLACE = Span("d", 10, 20)
FACTS = ((PLACE,),)
CASE = Case("one", "When?", ("1900",))
PASSAGE = Span("d", 0, 100)


def scores(**given: Any) -> dict[str, Any]:
    whole = {"passed": False, "refused": False, "cited_evidence": False, "answer_right": False}
    return whole | {"recall@5": 1.0} | given


@pytest.mark.parametrize(
    ("given", "passages", "expected"),
    [
        (scores(passed=True), [], None),
        (scores(**{"recall@5": 0.0}), [Span("d", 15, 90), Span("e", 0, 99)], "not_retrieved"),
        (scores(**{"recall@5": 0.0}), [PASSAGE], "not_quoted"),
        (scores(**{"recall@5": 0.0}, refused=True), [PASSAGE], "not_quoted"),
        (scores(refused=True), [PASSAGE], "wrongly_refused"),
        (scores(), [PASSAGE], "wrongly_answered"),
        (scores(cited_evidence=True), [PASSAGE], "wrongly_answered"),
        (scores(answer_right=True), [PASSAGE], "wrongly_cited"),
        (scores(answer_right=None), [PASSAGE], "wrongly_cited"),
        # The entries of a chronology are cited without being among the first quotes.
        (scores(**{"recall@5": 0.0}, cited_evidence=True), [], "wrongly_answered"),
    ],
)
def test_stages(given: dict[str, Any], passages: list[Span], expected: str | None) -> None:
    found = stage(CASE, FACTS, given, passages)
    assert found == expected
    assert found is None or found in STAGES


def test_what_cannot_be_found_is_not_looked_for() -> None:
    unanswerable = Case("two", "Who?", unanswerable=True)
    nothing = scores(**{"recall@5": None, "cited_evidence": None, "answer_right": None})
    assert stage(unanswerable, (), nothing, []) == "not_refused"
    assert stage(unanswerable, (), nothing | {"passed": True, "refused": True}, []) is None
    assert stage(CASE, (), nothing | {"answer_right": False}, []) == "wrongly_answered"
    assert stage(CASE, (), nothing | {"refused": True}, []) == "wrongly_refused"
