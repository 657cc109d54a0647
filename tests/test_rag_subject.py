"""What a request names: its subject, documents, how many sentences it wants."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.asking.route import Kind
from rag.asking.subject import in_words, named, spoken_of, subject, wanted


@dataclass(frozen=True)
class Titled:
    """A document as a library lists it."""

    title: str
    name: str


BEES = Titled("On Beekeeping in Cold Climates", "bees-2021.pdf")
REPORT = Titled("The Hartwell Report", "hartwell.docx")
FIRST = Titled("Annual accounts 2021", "b.txt")
SECOND = Titled("Annual accounts 2022", "c.txt")
WORDLESS = Titled("The “And”", "1.md")
ALL = [BEES, REPORT, FIRST, SECOND, WORDLESS]


@pytest.mark.parametrize(
    ("kind", "message", "about"),
    [
        ("overview", "Tell me about AUKUS, please", "AUKUS"),
        ("overview", "Can you summarise what the article says about Taiwan, please?", "Taiwan"),
        ("overview", "Give me a short summary of the section Costs", "Costs"),
        ("overview", "an overview of the naval exercises", "naval exercises"),
        ("overview", "Tell me about AUKUS in three sentences.", "AUKUS"),
        ("overview", "What does the article say about the submarines?", "submarines"),
        ("overview", "Tell me about Ann Lee's theory of bread.", "Ann Lee's theory of bread"),
        ("items", "List the straits.", "straits"),
        ("items", "Which missiles are named?", "missiles"),
        ("comparison", "Compare Tsugaru and Osumi", "Tsugaru and Osumi"),
        ("overview", "Summarize the article.", ""),
        ("overview", "TL;DR", ""),
        ("overview", "What are the main points?", ""),
        ("overview", "What's it about", ""),
        ("time", "What happened in October?", ""),
        ("overview", "", ""),
        ("overview", "?!", ""),
    ],
)
def test_a_subject_is_what_is_not_a_requests_own_wording(
    kind: Kind, message: str, about: str
) -> None:
    assert subject(message, kind) == about


@pytest.mark.parametrize(
    ("message", "documents"),
    [
        ("Summarize On Beekeeping in Cold Climates", [BEES]),
        ("what is “on beekeeping in cold climates” about?", [BEES]),
        ("summarize bees-2021.pdf", [BEES]),
        ("Who wrote bees-2021?", [BEES]),
        ("Who wrote the beekeeping paper?", [BEES]),
        ("What does the paper on beekeeping say?", [BEES]),
        ("the document about hartwell", [REPORT]),
        ("Compare hartwell.docx and bees-2021.pdf", [BEES, REPORT]),
        ("Summarize the annual accounts document", [FIRST, SECOND]),
        ("Summarize the 2022 document", [SECOND]),
        ("key takeaways of the second document", [REPORT]),
        ("Compare the first paper and the third file", [BEES, FIRST]),
    ],
)
def test_documents_are_named_by_title_by_file_or_by_part_of_a_title(
    message: str, documents: list[Titled]
) -> None:
    assert named(message, ALL) == documents


@pytest.mark.parametrize(
    "message",
    [
        "Summarize the report.",
        "Summarize beekeeping.",  # A topic: no word for a document stands beside it.
        "How cold is it in the report of the climate in 1911?",
        "What does the paper say?",
        "Summarize the bees-1999 paper.",
        "Summarize the second chapter.",
        "Summarize the ninth document.",
        "You and I",
        "",
    ],
)
def test_what_names_no_document_names_none(message: str) -> None:
    assert named(message, [BEES, FIRST, SECOND, WORDLESS]) == []
    assert named(message, []) == []


@pytest.mark.parametrize(
    ("message", "before", "documents"),
    [
        ("How long is it?", ["Who wrote bees-2021?"], [BEES]),
        ("tl;dr", ["Who wrote bees-2021?", "What is the Hartwell report about?"], [REPORT]),
        ("Who wrote the Hartwell report?", ["Who wrote bees-2021?"], [REPORT]),
        ("How long are they?", ["Who wrote bees-2021?"], []),
        ("How long is it?", ["Who wrote bees-2021?", "What are these documents about?"], []),
        ("How long is it?", ["What do bees eat?"], []),
        ("How long is it?", [], []),
    ],
)
def test_what_names_no_document_is_about_the_last_that_was_named(
    message: str, before: list[str], documents: list[Titled]
) -> None:
    history: list[Turn] = [("user", each) for each in before]
    assert spoken_of(Query.of(message, history=history), ALL) == documents


def test_the_only_document_is_named_like_others() -> None:
    assert named("Who wrote the Hartwell paper?", [REPORT]) == [REPORT]
    assert named("Who wrote the Lindgren paper?", [REPORT]) == []


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("Summarize it in 3 sentences", 3),
        ("in three sentences", 3),
        ("what's this about in two lines", 2),
        ("Summarize it in one sentence.", 1),
        ("summarise the red one in 2 sentences", 2),
        ("Summarize the article in 12 sentences.", 12),
        ("5 bullet points", 5),
        ("the top ten points", 10),
        ("give me the two main points on the 3 ships", 2),
        ("Summarize it briefly.", None),
        ("Summarize the 2021 sentences", None),
        ("Summarize chapter 3", None),
        ("summarize the 3 ships", None),
        ("Summarize the 3 documents", None),
        ("Summarize these two files in 5 points", 5),
        ("Summarize the first two chapters", None),
        ("the first 3 points", 3),
        ("0 sentences", None),
        ("51 sentences", None),
        ("", None),
    ],
)
def test_how_many_sentences_are_wanted(message: str, count: int | None) -> None:
    assert wanted(message) == count


def test_words_are_told_apart_by_what_is_none() -> None:
    assert in_words("The “Long”\tVoyage — 2nd part!") == "the long voyage 2nd part"
    assert in_words("…") == ""
