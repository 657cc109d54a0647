"""The questions to begin with: of headings that something is said under."""

from __future__ import annotations

import io

import pptx
import pytest

from index.loading.load import load_bytes
from rag.answering.examples import candidates
from tests.conftest import LibraryOf

PAPER = b"""# On Ships

Lise Holm and Tore Vik

## Ann Lee and Bo Ek

University of Tolm

## The long voyage

The ship left the port of Tolm in May. It had forty dogs.

## Thank you all

## What it cost in 1911

The guild of Tolm paid for the ropes. The ropes cost forty crowns a year.
"""


@pytest.mark.weights
def test_headings_are_asked_for_that_something_is_said_under(library_of: LibraryOf) -> None:
    library = library_of(load_bytes(PAPER, "ships.md"))
    ids = [each.id for each in library.entries()]
    assert list(candidates(library, ids)) == [
        "What is this document about?",
        "What does the section “The long voyage” say?",
    ]


@pytest.mark.weights
def test_of_slides_it_is_not_their_notes(library_of: LibraryOf) -> None:
    deck, stream = pptx.Presentation(), io.BytesIO()
    for title in ("The ferry of Tolm", "New shops"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "Harbour Street opens in May\nEach shop needs six people"
        slide.notes_slide.notes_text_frame.text = "The lease runs for ten years. It is dear."
    deck.save(stream)
    library = library_of(load_bytes(stream.getvalue(), "shops.pptx"))
    ids = [each.id for each in library.entries()]
    assert list(candidates(library, ids, names=False))[1:] == [
        "What does the section “New shops” say?"
    ]
