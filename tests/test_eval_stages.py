"""A failed case is put down to the first stage that went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from eval.cases.cases import Case
from eval.measuring.stages import STAGES, stage
from index.documents import Span

PLACE = Span("d", 10, 20)
FACTS = ((PLACE,),)
CASE = Case("one", "When?", ("1900",))
PASSAGE = Span("d", 0, 100)


QUOTE = Span("d", 5, 25)
ELSEWHERE = [Span("d", 15, 90), Span("e", 0, 99)]


def scores(**given: Any) -> dict[str, Any]:
    whole = {"passed": False, "refused": False, "cited_evidence": False, "answer_right": False}
    return whole | given


@pytest.mark.parametrize(
    ("given", "quotes", "passages", "expected"),
    [
        (scores(passed=True), [], [], None),
        (scores(), ELSEWHERE, ELSEWHERE, "not_retrieved"),
        (scores(), ELSEWHERE, [PASSAGE], "not_quoted"),
        (scores(refused=True), [], [PASSAGE], "not_quoted"),
        (scores(refused=True), [QUOTE], [PASSAGE], "wrongly_refused"),
        (scores(), [*ELSEWHERE * 9, QUOTE], [], "wrongly_answered"),
        (scores(cited_evidence=True), [QUOTE], [PASSAGE], "wrongly_answered"),
        (scores(answer_right=True), [QUOTE], [PASSAGE], "wrongly_cited"),
        (scores(answer_right=None), [QUOTE], [PASSAGE], "wrongly_cited"),
        (scores(answer_right=True, cited_evidence=True), [QUOTE], [PASSAGE], "wrong_way"),
        # The entries of a chronology are cited without being among the first quotes.
        (scores(cited_evidence=True), [], [], "wrongly_answered"),
    ],
)
def test_stages(
    given: dict[str, Any], quotes: list[Span], passages: list[Span], expected: str | None
) -> None:
    found = stage(CASE, FACTS, given, quotes, passages)
    assert found == expected
    assert found is None or found in STAGES


def test_what_cannot_be_found_is_not_looked_for() -> None:
    unanswerable = Case("two", "Who?", unanswerable=True)
    nothing = scores(cited_evidence=None, answer_right=None)
    assert stage(unanswerable, (), nothing, [], []) == "not_refused"
    assert stage(unanswerable, (), nothing | {"passed": True, "refused": True}, [], []) is None
    assert stage(CASE, (), nothing, [], []) == "wrong_way"
    assert stage(CASE, (), nothing | {"answer_right": False}, [], []) == "wrongly_answered"
    assert stage(CASE, (), nothing | {"refused": True}, [], []) == "wrongly_refused"
