"""Figures, tables and references that are asked for by their names, in whatever language."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from rag.answer import Answer
from rag.answering import WAYS
from rag.answering.context import PARTS
from rag.asking.query import Query
from rag.assistant import Assistant
from tests.asking import Knowing, context_of
from tests.papers import FIGURES, REFERENCES, TABLE, Layout, paper

GUIDE = """# The lamps of Eik

The lamp on the mole at Eik was lit in 1934. Its keeper was Ann Lund, who lived in the tower.

*Figure 7: The keeper of the lamp in front of her tower.*

Figure 7 was taken by a sailor. In Chapter 3 of her diary she tells how he came to Eik.

Room 12: The office of the keeper is closed in winter.

| Lamp | Lit |
| --- | --- |
| Eik | 1934 |
| Tolm | 1921 |
"""


@pytest.fixture(scope="module")
def papers() -> tuple[Document, Document]:
    english = paper(Layout(pages=2))
    german = paper(Layout(pages=2, words=("Abbildung", "Tabelle")), seed=2)
    return load_bytes(english.data, "moles.pdf"), load_bytes(german.data, "molen.pdf")


@pytest.fixture
def assistant(papers: tuple[Document, Document], knowing: Knowing) -> Assistant:
    """An assistant of two papers, of which one has German labels, and of a guide in Markdown."""
    return knowing(*papers, load_bytes(GUIDE.encode(), "guide.md"))


def by_name(assistant: Assistant, question: str, exclude: Sequence[str] = ()) -> Answer | None:
    """Return what the ways for named parts answer, which are tried before all others."""
    context = context_of(assistant, exclude=exclude)
    for name in PARTS:
        for event in WAYS[name](Query.of(question), context):
            if isinstance(event, Answer):
                return event
    return None


def cited(answer: Answer | None) -> list[str]:
    return [each.text for each in answer.citations] if answer else []


@pytest.mark.parametrize(
    ("question", "caption", "page"),
    [
        ("What does Figure 2 show?", f"Figure 2: {FIGURES[1]}", 2),
        ("Figure 1", f"Figure 1: {FIGURES[0]}", 1),
        ("What can be seen in Fig. 2?", f"Figure 2: {FIGURES[1]}", 2),
        ("Table 1", f"Table 1: {TABLE}", 2),
        ("Please describe table 1 of moles.pdf", f"Table 1: {TABLE}", 2),
        ("On which page is Figure 2?", f"Figure 2: {FIGURES[1]}", 2),
        ("Was zeigt Abbildung 2?", f"Abbildung 2: {FIGURES[1]}", 2),
        ("What does Tabelle 1 show?", f"Tabelle 1: {TABLE}", 2),
        (
            "What does figure 7 show?",
            "*Figure 7: The keeper of the lamp in front of her tower.*",
            None,
        ),
    ],
)
def test_a_figure_by_its_name_brings_its_caption_and_page(
    assistant: Assistant, question: str, caption: str, page: int | None
) -> None:
    answer = by_name(assistant, question)
    assert cited(answer) == [caption]
    assert answer is not None
    assert answer.citations[0].page == page


@pytest.mark.parametrize(
    "question",
    [
        "What does Figure 9 show?",  # There is none.
        "Who kept the lamp at Eik in 1934?",
        "Which year is in Table 1 for Eik and Ann Lund?",
        "What happened in December 1934?",
        "Which papers by Lund are cited?",
        "What did Ann Lund cite?",
    ],
)
def test_other_questions_are_answered_in_the_ordinary_way(
    assistant: Assistant, question: str
) -> None:
    assert by_name(assistant, question) is None


def test_they_are_tried_before_what_a_message_seems_to_want(assistant: Assistant) -> None:
    answer = assistant.ask("What does Figure 2 show?", use_llm=False)
    assert (answer.way, answer.refused) == ("caption", False)
    answer = assistant.ask("Which papers by Roe are cited?", use_llm=False)
    assert (answer.way, answer.refused) == ("reference", False)


def test_captions_and_references_are_no_quotes_of_other_questions(assistant: Assistant) -> None:
    quotes = context_of(assistant).find("Where does the current take gravel from?")
    texts = " ".join(each.text for each in quotes)
    assert texts
    assert not any(each in texts for each in (*FIGURES, TABLE, *REFERENCES))


@pytest.mark.parametrize(
    ("question", "entries"),
    [
        ("Which papers by Roe are cited?", [1]),
        ("Which of the works of Lind does it cite?", [2]),
        ("Does the paper cite Vik 2004?", [0]),
        ("Which references are about gravel?", [1]),
        ("List the references.", [0, 1, 2]),
        ("Give me the references from 1998", [1]),
    ],
)
def test_references_are_quoted_when_they_are_asked_for(
    assistant: Assistant, papers: tuple[Document, Document], question: str, entries: list[int]
) -> None:
    answer = by_name(assistant, question, [papers[1].id])
    assert cited(answer) == [f"[{at + 1}] {REFERENCES[at]}" for at in entries]
    assert answer is not None
    assert {each.heading for each in answer.citations} == {"References"}
