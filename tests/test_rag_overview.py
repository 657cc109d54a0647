"""An overview: sentences of every part, in the text's own words, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rag.asking.scope import asked_overview, shorter
from rag.listing.chronology import Listing
from rag.listing.overview import (
    ALIKE,
    Sentence,
    carrying,
    centrality,
    in_parts,
    list_overview,
    shared_out,
)

from index.documents import Document
from index.library import Library
from index.loading.load import load_bytes
from rag.asking.condense import standalone
from rag.assistant import Assistant
from rag.config import Settings
from rag.finding.rerank import Reranker
from tests.conftest import OpenLibrary


@pytest.mark.parametrize(
    ("question", "name", "topics"),
    [
        ("What is this article about?", "this article", False),
        ("what's it about", "it", False),
        ("What does the document cover?", "the document", False),
        ("What topics are covered?", "", False),
        ("What are the main points?", "", False),
        ("What are the article's key takeaways?", "the article", False),
        ("What are the main points of “Red October”?", "red october", False),
        ("Summarize the article.", "the article", True),
        ("Can you summarise what the article says about Taiwan, please?", "taiwan", True),
        ("Give me a short summary of the section Costs", "costs", True),
        ("TL;DR", "", True),
        ("an overview of the naval exercises", "the naval exercises", True),
        ("Tell me about AUKUS in three sentences.", "aukus", True),
        ("What does the article say about the submarines?", "the submarines", True),
    ],
)
def test_what_an_overview_is_asked_of(question: str, name: str, topics: bool) -> None:
    scope = asked_overview(question)
    assert scope is not None
    assert (scope.name, scope.topics) == (name, topics)


@pytest.mark.parametrize(
    "question",
    [
        "What is the width of the strait about which Putin spoke?",
        "Which strait did the warships pass?",
        "What did Putin say about Taiwan?",
        "What is the main point of disagreement about the pact between Moscow and Beijing?",
        "Who summarized the talks?",
        "What does the law say about ships?",
        "How was the summary of the talks received?",
        "",
    ],
)
def test_other_questions_ask_for_no_overview(question: str) -> None:
    scope = asked_overview(question)
    assert scope is None or not (scope.topics or scope.is_whole)


def test_how_long_it_is_to_be() -> None:
    asked = [
        asked_overview(f"Summarize the article{length}.")
        for length in ("", " in three sentences", " briefly", " in 12 sentences")
    ]
    assert [each and each.count for each in asked] == [None, 3, None, 12]
    assert shorter("Shorter, please", "Summarize it.") == "Summarize it in 5 sentences"
    assert shorter("shorter", "Summarize it in 5 sentences") == "Summarize it in 2 sentences"
    assert shorter("shorter", "Who signed the pact?") is None
    assert shorter("Who signed the shorter pact?", "Summarize it.") is None


def test_in_a_conversation() -> None:
    history = [("user", "What is AUKUS?"), ("assistant", "A pact of three countries.")]
    assert standalone("Summarize the article.", history, None) == "Summarize the article."
    assert standalone("Summarize it.", history, None) == "Summarize AUKUS."
    asked = [("user", "Summarize the article."), ("assistant", "Ten sentences.")]
    assert standalone("Shorter", asked, None) == "Summarize the article in 5 sentences"


def test_what_is_shared_out_gives_each_its_own() -> None:
    assert shared_out(10, [50, 30, 0]) == [6, 3, 1]
    assert shared_out(3, [1, 1, 1]) == [1, 1, 1]
    assert shared_out(4, [9]) == [4]


def test_what_comes_first_and_is_taken_up_later_weighs_most() -> None:
    first, other = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    like_first = np.array([0.8, 0.0, 0.6])
    weights = centrality(np.stack([other, first, like_first, like_first]))
    assert int(np.argmax(weights)) == 1
    assert centrality(first[None]).tolist() == [0.0]


def test_a_sentence_that_needs_another_does_not_stand_alone() -> None:
    def alone(text: str) -> bool:
        [passage] = [each for each in split_of(text) if each]
        return passage.stands_alone

    assert alone("The ship Tolm left the port of Aurora in the May of 1911.")
    assert not alone("It left the port of Aurora in the May of that year.")
    assert not alone("In the May of that year he left the port of Aurora for good.")
    assert not alone("The ship, however, left the port of Aurora in the May of 1911.")
    assert not alone("But the ship Tolm left the port of Aurora in the May of 1911.")
    assert not alone("Why did the ship Tolm leave the port of Aurora in May of 1911?")
    assert not alone("The ship left.")


def split_of(text: str) -> list[Sentence]:
    from index.split import split

    document = Document.of(text, title="Ships", source="/ships.txt")
    return [
        Sentence(document, passage, *place)
        for passage in split(document)
        for place in passage.sentences
    ]


def chapters(count: int) -> list[Sentence]:
    text = "# Ships\n\n" + "\n\n".join(
        f"## Chapter {number}\n\nThe ship Aurora {number} left the port of Tolm in 19{number:02}. "
        f"Forty dogs were on board the ship Aurora {number} at that time."
        for number in range(count)
    )
    from index.split import split

    document = load_bytes(text.encode(), "ships.md")
    return [
        Sentence(document, passage, *place)
        for passage in split(document)
        for place in passage.sentences
    ]


def test_the_parts_of_a_document_are_its_sections_where_there_are_not_too_many() -> None:
    sentences = chapters(4)
    parts, covered = in_parts(sentences, 10)
    assert covered == "all 4 sections"
    assert sorted(set(parts)) == [0, 1, 2, 3]
    many, covered = in_parts(chapters(40), 5)
    assert covered == "the whole text"
    assert sorted(set(many)) == [0, 1, 2, 3, 4]
    assert many == sorted(many)


Listed = Callable[[str], Listing | None]


@pytest.fixture
def listed(briefing_library: Library, reranker: Reranker) -> Listed:
    return lambda question: list_overview(question, briefing_library, reranker)


@pytest.mark.weights
def test_every_section_is_represented_and_nothing_is_said_twice(
    listed: Listed, briefing_library: Library, briefing: Document
) -> None:
    listing = listed("What is this article about?")
    assert listing is not None
    assert listing.note == "10 sentences from all 7 sections."
    sections = {each.heading for each in briefing_library.passages(briefing.id)}
    assert {quote.heading for quote in listing.quotes} == sections
    assert [q.start for q in listing.quotes[1:]] == sorted(q.start for q in listing.quotes[1:])
    vectors = briefing_library.embed(tuple(quote.text for quote in listing.quotes))
    alike = vectors @ vectors.T - np.eye(len(vectors))
    assert alike.max() < ALIKE
    assert sum(quote.dates is not None for quote in listing.quotes) == 1


@pytest.mark.weights
def test_a_section_or_a_topic_alone(listed: Listed) -> None:
    section = listed("Summarize Taiwan Returns to the Agenda in 3 sentences")
    assert section is not None
    assert {quote.heading for quote in section.quotes} == {"Taiwan Returns to the Agenda"}
    assert len(section.quotes) == 3
    assert section.note
    assert section.note.startswith("3 of the section’s")
    topic = listed("Tell me about hypersonic weapons.")
    assert topic is not None
    assert all("ypersonic" in quote.text for quote in topic.quotes)
    assert listed("Tell me about sourdough bread.") is None
    assert listed("What is sourdough bread about?") is None


@pytest.mark.weights
def test_several_documents_and_one_by_its_name(
    tmp_path: Path, open_library: OpenLibrary, reranker: Reranker, briefing: Document
) -> None:
    library = open_library(tmp_path / "library")
    library.add(briefing)
    text = "The comet Halme was seen in Turku in the year 1911. Nobody saw it in Oslo at all."
    other = library.add(load_bytes(text.encode(), "comet.txt")).document
    both = list_overview("Summarize the documents.", library, reranker)
    assert both is not None
    assert {quote.document.id for quote in both.quotes} == {briefing.id, other.id}
    assert both.note
    assert "1 sentence from the whole text of “comet”." in both.note
    named = list_overview("What is comet.txt about?", library, reranker)
    assert named is not None
    assert {quote.document.id for quote in named.quotes} == {other.id}
    left = list_overview("Summarize the documents.", library, reranker, without=[briefing.id])
    assert left is not None
    assert {quote.document.id for quote in left.quotes} == {other.id}


@pytest.mark.weights
def test_it_is_asked_like_any_question(settings: Settings, briefing_library: Library) -> None:
    assistant = Assistant(settings.model_copy(update={"library": briefing_library.folder}))
    answer = assistant.ask("Summarize the article.")
    assert not answer.refused
    assert answer.message == "10 sentences from all 7 sections."
    assert len(answer.citations) == len(answer.sentences) == 10
    assert all(sentence.supported and sentence.citations for sentence in answer.sentences)
    assert assistant.ask("Summarize what is said about sourdough bread.").refused


@pytest.mark.weights
def test_a_part_of_one_sentence(library_of: Callable[[str], Library]) -> None:
    library = library_of("Halme.")
    document = library.document(library.entries()[0].id)
    [passage] = library.passages(document.id)
    sentence = Sentence(document, passage, *passage.sentences[0])
    assert carrying([sentence], [0], library, 10) == [sentence]


@pytest.fixture
def library_of(tmp_path: Path, open_library: OpenLibrary) -> Callable[[str], Library]:
    def made(text: str) -> Library:
        library = open_library(tmp_path / "library")
        library.add(load_bytes(text.encode(), "text.txt"))
        return library

    return made
