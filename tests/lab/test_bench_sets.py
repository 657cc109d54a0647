"""The sets of the bench, on the article beside the project, and how the article is read.

`make beside` runs these, and `make bench` first of all: who has the project alone has no article.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from eval.cases.answers import contains_answer
from eval.cases.cases import Area, CaseSet
from eval.cases.evidence import locate, resolve
from eval.lab.bench import measured_set
from eval.lab.bench.talks.typed import of_articles
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from index.split import split
from tests.test_eval_cases import Shelf
from tests.test_index_load import headings
from tests.test_index_split import ABBREVIATED, words

pytestmark = pytest.mark.beside

SHA256 = "310546b67c598a616fe4e3ed7d9a88b713acb532661453830dadb2c1dda3eb60"


@pytest.fixture
def article_path(beside: Path) -> Path:
    """The article, which is read where it lies and never copied."""
    return beside / "article" / "article.txt"


@pytest.fixture
def article(article_path: Path) -> Document:
    return load(article_path)


@pytest.fixture
def documents(article: Document, briefing: Document) -> list[Document]:
    return [briefing, article]


@pytest.fixture
def follow_ups() -> CaseSet:
    return measured_set("followups")


@pytest.mark.parametrize("name", ["article", "followups", "claims", "whole"])
def test_every_evidence_of_a_set_is_found(name: str, documents: list[Document]) -> None:
    case_set = measured_set(name)
    found, _ = resolve(case_set, Shelf(*documents))
    by_name = {Path(each.source).name: each for each in documents}
    for case in case_set.cases:
        assert case.unsaid <= (not found[case.id]), case.id
        if name != "whole":
            assert case.unsaid == (not found[case.id]), case.id
        if name in ("article", "followups"):
            assert case.unanswerable == (not case.answers), case.id
        for evidence in case.evidence:
            assert evidence.sha256 == by_name[evidence.document].sha256, case.id
            assert evidence.quote is None, "places are given by offsets"


def test_the_evidence_of_the_follow_ups_is_short(
    follow_ups: CaseSet, documents: list[Document]
) -> None:
    by_name = {Path(each.source).name: each for each in documents}
    for case in follow_ups.cases:
        for evidence in case.evidence:
            document = by_name[evidence.document]
            span = locate(evidence, document)
            stated = document.text[span.start : span.end]
            assert stated == stated.strip(), case.id
            assert span.end - span.start <= 50, case.id


def test_one_document_alone_is_not_enough(follow_ups: CaseSet, documents: list[Document]) -> None:
    with pytest.raises(UserError, match="Add what is missing"):
        resolve(follow_ups, Shelf(documents[0]))


def test_the_follow_ups_are_of_all_kinds(follow_ups: CaseSet) -> None:
    cases = follow_ups.cases
    for case in cases:
        roles = [role for role, _ in case.written]
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
        for _, text in (*case.written, ("user", case.question)):
            assert not runs(text) & copied, case.id


def test_the_set_of_whole_documents_is_of_all_kinds(documents: list[Document]) -> None:
    cases = measured_set("whole").cases
    kinds = Counter(case.tags[0] for case in cases)
    assert kinds.total() >= 80
    assert set(kinds) == {"overview", "about", "parts", "computed", "list", "follow-up"}
    assert kinds["list"] >= 20
    by_name = {Path(each.source).name: each for each in documents}
    for case in cases:
        shortened = case.question in ("Shorter, please.", "Make it shorter.")
        for evidence in case.evidence:
            assert isinstance(locate(evidence, by_name[evidence.document]), Area) == evidence.area
            assert evidence.area == (case.tags[0] == "overview" or shortened)


def test_the_sets_of_the_article_and_of_claims_are_of_all_kinds() -> None:
    cases = measured_set("article").cases
    assert sum(each.must_pass for each in cases) >= 5
    assert sum(each.unanswerable for each in cases) >= 30
    claims = measured_set("claims").cases
    assert len(claims) == 120
    assert all(case.claim for case in claims)


def test_the_article_is_kept_to_the_byte_and_its_headings_are_found(article_path: Path) -> None:
    document = load(article_path)
    assert document.sha256 == SHA256
    assert document.title == "Articles"
    assert document.source == str(article_path.resolve())
    firsts = [(level, words.split()[0], len(words.split())) for level, words in headings(document)]
    assert firsts == [
        (1, "Articles", 1),
        (2, "In", 4),
        (2, "“Unlimited”", 3),
        (2, "Russia", 6),
        (2, "Red", 2),
        (2, "Putin’s", 3),
        (2, "Soviet", 5),
    ]
    lines = article_path.read_text().split("\n")
    assert all(words in lines for _, words in headings(document))


def test_the_article_is_cut_as_it_was_measured(article: Document) -> None:
    passages = split(article)
    assert len(passages) == 84
    entries = [each for each in passages if each.dates]
    assert len(entries) == 39
    assert all(each.heading is None for each in entries)
    days = [each.dates[0] for each in entries if each.dates]
    assert days == sorted(days)
    assert (days[0], days[-1]) == (date(2021, 9, 3), date(2021, 12, 31))
    crossing = [each for each in entries if each.dates == (date(2021, 9, 21), date(2021, 10, 4))]
    assert [words(article, each)[:22] for each in crossing] == ["Sept. 21-Oct. 4, 2021:"]


def test_no_sentence_of_the_article_ends_in_an_abbreviation(article: Document) -> None:
    ends = [article.text[:end] for each in split(article) for _, end in each.sentences]
    assert not [each[-40:] for each in ends if each.endswith(ABBREVIATED)]
    assert len(ends) == 212


def test_questions_as_people_type_them_on_squads_articles_have_their_places(beside: Path) -> None:
    asked = Counter[str]()
    for case_set, document in of_articles(beside / "benchmarks" / "squad2-dev-even.json"):
        found, _ = resolve(case_set, Shelf(document))
        for case in case_set.cases:
            asked[case.tags[1]] += 1
            assert case.unanswerable == (not found[case.id]), case.id
            assert bool(case.answers) == ("look-up" in case.tags), case.id
            assert all(len(each.split()) <= 7 for each in case.answers), case.id
            stated = [document.text[s.start : s.end] for fact in found[case.id] for s in fact]
            assert not case.answers or any(
                contains_answer(each, case.answers, case.answer_type) for each in stated
            ), case.id
    assert asked == {"look-up": 216, "near-miss": 90, "open": 54}
    assert asked.total() == len(measured_set("typed-squad").cases)
