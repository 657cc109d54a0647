"""The sets that come with Footnoted, each on a document that comes with it as well."""

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

DOCUMENTS = {"briefing": "briefing.md", "heat-pumps": "heat-pumps.pdf", "railway": "railway.html"}

OTHERS = ["heat-pumps", "railway"]


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {name: load(SETS / file) for name, file in DOCUMENTS.items()}


@pytest.fixture(params=sorted(DOCUMENTS))
def shipped(request: pytest.FixtureRequest) -> CaseSet:
    return load_set(find_set(request.param))


def test_each_set_ships_with_its_document_and_nothing_else_does() -> None:
    names = {path.name for path in SETS.iterdir() if path.name[0] not in "._"}
    sets = (f"{name}{kind}.jsonl" for name in DOCUMENTS for kind in ("", "-talks"))
    assert names == {*DOCUMENTS.values(), *sets}


def test_every_evidence_is_found_in_the_document_that_ships(
    shipped: CaseSet, documents: dict[str, Document]
) -> None:
    document = documents[shipped.name]
    resolve(shipped, Shelf(document))
    places = 0
    for case in shipped.cases:
        assert not (case.unsaid and case.evidence), case.id
        for evidence in case.evidence:
            assert evidence.document == Path(document.source).name, case.id
            assert evidence.sha256 == document.sha256, case.id
            place = locate(evidence, document)
            stated = document.text[place.start : place.end]
            assert stated == stated.strip(), case.id
            assert isinstance(place, Area) or evidence.quote == stated, case.id
            places += 1
    assert places >= 80


def test_every_set_has_what_must_pass_and_what_is_to_be_refused(shipped: CaseSet) -> None:
    assert sum(case.must_pass for case in shipped.cases) >= 5
    assert sum(case.unanswerable for case in shipped.cases) >= 10
    assert not shipped.drafts


@pytest.mark.parametrize("name", OTHERS)
def test_the_paper_and_the_page_are_asked_in_every_way(name: str) -> None:
    cases = load_set(find_set(name)).cases
    tags = Counter(tag for case in cases for tag in case.tags)
    for tag, least in {
        "number": 12, "date": 5, "name": 6, "yesno": 3, "list": 3, "table": 5, "near-miss": 10,
        "follow-up": 7, "unrelated": 1, "overview": 3, "about": 4, "claim": 12,
    }.items():  # fmt: skip
        assert tags[tag] >= least, tag
    assert {case.verdict for case in cases if case.claim} == {
        "supported",
        "contradicted",
        "not_in_sources",
    }
    for case in cases:
        assert bool(case.history) == bool({"follow-up", "unrelated"} & {*case.tags}), case.id


def test_the_sets_do_not_copy_the_documents(
    shipped: CaseSet, documents: dict[str, Document]
) -> None:
    """Where a question is a sentence of the document, finding it is no feat."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[at : at + 9]) for at in range(len(words) - 8)}

    copied = runs(documents[shipped.name].text)
    for case in shipped.cases:
        for text in (case.asked, *(text for _, text in case.written)):
            assert not runs(text) & copied, case.id


def test_a_set_is_not_for_another_document(documents: dict[str, Document]) -> None:
    with pytest.raises(UserError, match="Add what is missing"):
        resolve(load_set(find_set("railway")), Shelf(documents["briefing"]))


def test_the_paper_is_read_with_its_headings_pages_and_tables(
    documents: dict[str, Document],
) -> None:
    paper = documents["heat-pumps"]
    headings = [paper.text[each.start : each.end] for each in paper.headings]
    assert headings[0] == paper.title
    assert {"Abstract", "2 Sites and Methods", "3.1 Sound levels", "References"} <= {*headings}
    assert len(paper.pages) == 4
    assert "Relocation | 5 | 43.5 | 36.1 | −7.4 | 1,850" in paper.text.splitlines()
    assert "Solvang et al." not in paper.text, "a running head is no text"
    assert paper.properties.published == "2024-03-14"


def test_the_page_is_read_without_what_stands_around_it(documents: dict[str, Document]) -> None:
    page = documents["railway"]
    assert len(page.text.split()) >= 1500
    assert "11 | Gentian | Electric railcar | 1934 | 48 | In service" in page.text.splitlines()
    assert (page.properties.author, page.properties.published) == ("Mara Ellingsen", "2019-06-02")
    for around in ("Newsletter", "Related pages", "This site uses no cookies"):
        assert around not in page.text
