"""The set of follow-ups: on two documents, so that it needs a library that holds both."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from eval.cases.cases import SETS, Area, CaseSet, find_set, load_set
from eval.cases.evidence import locate, resolve
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from tests.test_eval_cases import Shelf


@pytest.fixture(scope="module")
def follow_ups() -> CaseSet:
    return load_set(find_set("followups"))


@pytest.fixture(scope="module")
def documents(article_path: Path) -> list[Document]:
    return [load(SETS / "briefing.md"), load(article_path)]


def test_every_evidence_of_the_follow_ups_is_found(
    follow_ups: CaseSet, documents: list[Document]
) -> None:
    found, _ = resolve(follow_ups, Shelf(*documents))
    for case in follow_ups.cases:
        assert case.unanswerable == (not found[case.id]) == (not case.answers), case.id
    by_name = {Path(each.source).name: each for each in documents}
    for case in follow_ups.cases:
        for evidence in case.evidence:
            document = by_name[evidence.document]
            assert evidence.sha256 == document.sha256, case.id
            assert evidence.quote is None, "places are given by offsets"
            span = locate(evidence, document)
            stated = document.text[span.start : span.end]
            assert stated == stated.strip(), case.id
            assert span.end - span.start <= 50, case.id


def test_one_document_alone_is_not_enough(follow_ups: CaseSet, documents: list[Document]) -> None:
    with pytest.raises(UserError, match="Put in what is missing"):
        resolve(follow_ups, Shelf(documents[0]))


def test_the_follow_ups_are_of_all_kinds(follow_ups: CaseSet) -> None:
    cases = follow_ups.cases
    for case in cases:
        roles = [role for role, _ in case.turns]
        assert roles in (["user", "assistant"], ["user", "assistant"] * 2), case.id
        assert case.tags in (("follow-up",), ("unrelated",)), case.id
    asked = [case for case in cases if "follow-up" in case.tags]
    assert len(asked) >= 36
    assert len(cases) - len(asked) >= 8
    assert sum(case.unanswerable for case in asked) >= 6
    assert sum(len(case.history) > 2 for case in asked) >= 10
    on = [{evidence.document for evidence in case.evidence} for case in asked]
    assert sum("briefing.md" in names for names in on) >= 18
    assert sum("article.txt" in names for names in on) >= 18


def test_the_conversations_do_not_copy_the_documents(
    follow_ups: CaseSet, documents: list[Document]
) -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[at : at + 9]) for at in range(len(words) - 8)}

    copied = {run for document in documents for run in runs(document.text)}
    for case in follow_ups.cases:
        for _, text in (*case.turns, ("user", case.question)):
            assert not runs(text) & copied, case.id


def test_the_set_of_whole_documents(documents: list[Document]) -> None:
    whole = load_set(find_set("whole"))
    found, _ = resolve(whole, Shelf(*documents))
    kinds = Counter(case.tags[0] for case in whole.cases)
    assert kinds.total() >= 80
    assert set(kinds) == {"overview", "about", "parts", "computed", "list", "follow-up"}
    assert kinds["list"] >= 20
    by_name = {Path(each.source).name: each for each in documents}
    for case in whole.cases:
        assert case.unanswerable <= (not found[case.id]), case.id
        for evidence in case.evidence:
            assert evidence.sha256 == by_name[evidence.document].sha256, case.id
            assert evidence.quote is None, "places are given by offsets"
            assert isinstance(locate(evidence, by_name[evidence.document]), Area) == evidence.area
            shortened = case.question in ("Shorter, please.", "Make it shorter.")
            assert evidence.area == (case.tags[0] == "overview" or shortened)
