"""A question for a section is answered with the section, and no other question is."""

from __future__ import annotations

from pathlib import Path

import pytest
from rag.listing.section import list_section

from index.library import Library
from index.loading.load import load_bytes
from rag.finding.rerank import Reranker
from tests.conftest import OpenLibrary

pytestmark = pytest.mark.weights

NOTES = """# Notes

Some words before the first section, which are of no section below.

## The “Long” Voyage

The ship left the port of Tolm in May. It had forty dogs.

It came back in June, and nobody had been lost on the way to the north.

## Costs

The guild paid for the ropes.
"""


@pytest.fixture
def library(tmp_path: Path, open_library: OpenLibrary) -> Library:
    made = open_library(tmp_path / "library")
    made.add(load_bytes(NOTES.encode(), "notes.md"))
    return made


@pytest.mark.parametrize(
    "question",
    [
        "What does the section “The “Long” Voyage” say?",
        "what is said in the section 'The Long voyage'?",
        "What is written under The “Long” Voyage?",
        "What does “The long voyage” tell",
    ],
)
def test_a_section_is_quoted_in_its_order(
    library: Library, reranker: Reranker, question: str
) -> None:
    listing = list_section(question, library, reranker)
    assert listing is not None
    assert listing.quotes[0].text.startswith("The ship left the port")
    assert all(quote.heading == "The “Long” Voyage" for quote in listing.quotes)
    assert [quote.start for quote in listing.quotes] == sorted(q.start for q in listing.quotes)
    assert "guild" not in " ".join(quote.text for quote in listing.quotes)


@pytest.mark.parametrize(
    "question",
    [
        "What did the voyage cost?",
        "What does the guild say?",
        "What does the section “Ropes” say?",
        "Who paid for “The Long Voyage”?",
        "What does the section “” say?",
    ],
)
def test_other_questions_are_not_for_a_section(
    library: Library, reranker: Reranker, question: str
) -> None:
    assert list_section(question, library, reranker) is None


def test_what_is_left_out_is_counted(library: Library, reranker: Reranker) -> None:
    [document] = library.entries()
    question = "What does the section “The Long Voyage” say?"
    whole = list_section(question, library, reranker)
    assert whole
    listing = list_section(question, library, reranker, limit=1)
    assert listing
    assert len(listing.quotes) == 1
    left = len(whole.quotes) - 1
    assert (listing.note or "").startswith(f"{left} further") is (left > 0)
    assert list_section(question, library, reranker, [document.id]) is None
