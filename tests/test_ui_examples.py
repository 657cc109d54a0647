"""The questions to begin with: the documents answer each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.documents import Document
from index.library import Library
from tests.asking import AssistantOf
from tests.conftest import OpenLibrary
from ui.panels.examples import Examples

pytestmark = pytest.mark.weights


def test_they_are_answered_and_made_once(
    assistant_of: AssistantOf, briefing_library: Library
) -> None:
    assistant = assistant_of(briefing_library)
    examples = Examples(assistant)
    at_once = examples.questions()
    assert at_once[2].startswith("What does the section “"), "headings need no asking"
    examples.make()
    made = examples.questions()
    assert len(made) == len(at_once) == 3
    assert made[0] == "What is this document about?"
    assert made[1].startswith("What happened in ")
    assert made[2].startswith("Tell me about ")
    for question in made:
        answer = assistant.ask(question)
        assert not answer.refused, question
        assert len(answer.citations) > 1
    assistant.ask = None  # type: ignore[assignment,method-assign]
    examples.make()
    assert examples.questions() == made, "nothing is asked again"


def test_they_are_made_anew_when_documents_change(
    assistant_of: AssistantOf, open_library: OpenLibrary, tmp_path: Path
) -> None:
    library = open_library(tmp_path / "library")
    examples = Examples(assistant_of(library))
    examples.make()
    assert examples.questions() == []
    text = "Walls\n\nThe harbour wall of Tolm was built by the engineer Ada Lunt in 1931.\n"
    library.add(Document.of(text, title="x", source="/x"))
    examples.make()
    assert examples.questions() == ["What is this document about?"]
    library.add(Document.of("The ferry Mira sank off Cape Tolm in March.", title="y", source="/y"))
    examples.make()
    assert examples.questions() == ["What are these documents about?"]
