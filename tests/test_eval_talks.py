"""The conversations that come with Footnoted, each on a document that comes with it as well."""

from __future__ import annotations

from collections import Counter

import pytest

from eval.cases.cases import CaseSet, find_set, load_set
from eval.cases.evidence import resolve
from index.loading.load import load
from tests.test_eval_cases import Shelf
from tests.test_eval_sets import DOCUMENTS, SETS

KINDS = {
    "first": 8, "new-topic": 6, "old-topic": 3, "pronoun": 6, "ellipsis": 6, "what-about": 4,
    "description": 3, "correction": 2, "reaction": 3, "claim": 4, "near-miss": 10, "thanks": 2,
    "thanks-and-question": 2, "command": 4, "overview": 2,
}  # fmt: skip


@pytest.fixture(params=sorted(DOCUMENTS))
def talks(request: pytest.FixtureRequest) -> CaseSet:
    return load_set(find_set(f"{request.param}-talks"))


def test_the_evidence_is_found_in_the_document_that_ships(talks: CaseSet) -> None:
    document = load(SETS / DOCUMENTS[talks.name.removesuffix("-talks")])
    facts, moved = resolve(talks, Shelf(document))
    assert not moved
    assert sum(map(bool, facts.values())) >= 55


def test_each_kind_of_turn_is_there(talks: CaseSet) -> None:
    kinds = Counter(tag for case in talks.cases for tag in case.tags)
    assert {kind for kind, least in KINDS.items() if kinds[kind] < least} == set()
    for case in talks.cases:
        assert case.unanswerable or case.answers or case.way, case.id


def test_a_conversation_has_four_to_eight_turns(talks: CaseSet) -> None:
    lengths = Counter(case.id.partition("/")[0] for case in talks.cases)
    assert len(lengths) == 12
    assert set(lengths.values()) <= set(range(4, 9))
