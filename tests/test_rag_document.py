"""Questions about a document itself: quoted from its text, or told from its file, as such."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import docx
import fpdf
import pytest
from ebooklib import epub
from rag.asking.about import asked_about_document
from rag.listing.about import list_about

from index.documents import Document, Properties
from index.library import Library
from index.loading.load import load_bytes
from rag.asking.condense import standalone
from rag.assistant import Assistant
from rag.config import Settings
from rag.finding.rerank import Reranker
from tests.conftest import OpenLibrary

PAGE = b"""<html lang="en"><head><title>The Fire</title>
<meta name="author" content="Ann Lee"><meta property="og:site_name" content="The Post">
<meta property="article:published_time" content="2021-12-31T08:00:00Z"></head>
<body><h1>The Fire</h1><p>The mill at Tolm burned down, and nobody was hurt.</p></body></html>"""
NOTE = b"""# The Fire

By Ann Lee

Published on Dec. 31, 2021

## The mill

The mill at Tolm burned down.

## The people

Nobody was hurt."""


@pytest.mark.parametrize(
    ("question", "matter", "name"),
    [
        ("Who is the author?", "author", ""),
        ("Who wrote this article?", "author", "this article"),
        ("Who is it written by?", "author", "it"),
        ("What's the title of the document?", "title", "the document"),
        ("When was the article published?", "published", "the article"),
        ("Who published it?", "publisher", "it"),
        ("Where does this text come from?", "source", "this text"),
        ("How long is the article?", "length", "the article"),
        ("How many pages does the report have?", "length", "the report"),
        ("List the sections", "sections", ""),
        ("How is the document structured?", "sections", "the document"),
        ("What language is it written in?", "language", "it"),
    ],
)
def test_what_is_asked_about_a_document(question: str, matter: str, name: str) -> None:
    asked = asked_about_document(question)
    assert asked is not None
    assert (asked.matter, asked.scope.name) == (matter, name)


@pytest.mark.parametrize(
    "question",
    ["When was AUKUS announced?", "Who wrote in the People’s Daily?", "How wide is the strait?"],
)
def test_other_questions_are_not_about_a_document(question: str) -> None:
    asked = asked_about_document(question)
    assert asked is None or not asked.scope.is_whole


def test_in_a_conversation() -> None:
    history = [("user", "What is AUKUS?"), ("assistant", "A pact, says the article.")]
    assert standalone("How long is the article?", history, None) == "How long is the article?"


# --- what files say of themselves


def word() -> bytes:
    document, stream = docx.Document(), io.BytesIO()
    document.add_paragraph("The mill at Tolm burned down.")
    document.core_properties.author = "Ann\u202e Lee\n"
    document.core_properties.language = "en"
    document.save(stream)
    return stream.getvalue()


def pdf() -> bytes:
    made = fpdf.FPDF()
    made.add_page()
    made.set_font("helvetica", size=12)
    made.cell(text="The mill at Tolm burned down.")
    made.set_author("Ann Lee")
    return bytes(made.output())


def book() -> bytes:
    made, stream = epub.EpubBook(), io.BytesIO()
    made.set_title("The Fire")
    made.set_language("en")
    made.add_author("Ann Lee")
    made.add_author("Bo Ek")
    made.add_metadata("DC", "publisher", "The Post")
    made.add_metadata("DC", "date", "2021-12-31")
    chapter = epub.EpubHtml(title="One", file_name="one.xhtml")
    chapter.content = "<html><body><p>The mill at Tolm burned down.</p></body></html>"
    made.add_item(chapter)
    made.add_item(epub.EpubNcx())
    made.spine = [chapter]
    epub.write_epub(stream, made)
    return stream.getvalue()


def test_what_files_say_of_themselves_is_kept() -> None:
    page = load_bytes(PAGE, "fire.html").properties
    assert page == Properties("Ann Lee", "2021-12-31", "The Post", "en")
    assert load_bytes(word(), "fire.docx").properties.author == "Ann Lee"
    assert load_bytes(word(), "fire.docx").properties.language == "en"
    printed = load_bytes(pdf(), "fire.pdf").properties
    assert printed.author == "Ann Lee"
    assert printed.published
    bound = load_bytes(book(), "fire.epub").properties
    assert bound == Properties("Ann Lee, Bo Ek", "2021-12-31", "The Post", "en")
    assert load_bytes(NOTE, "fire.md").properties == Properties()


# --- answers

Asked = Callable[[Document, str], list[str]]


@pytest.fixture
def library_with(tmp_path: Path, open_library: OpenLibrary) -> Callable[[Document], Library]:
    def made(document: Document) -> Library:
        library = open_library(tmp_path / document.id)
        library.add(document)
        return library

    return made


@pytest.fixture
def asked(library_with: Callable[[Document], Library], reranker: Reranker) -> Asked:
    def ask(document: Document, question: str) -> list[str]:
        listing = list_about(question, library_with(document), reranker)
        return [*(each.text for each in listing.quotes), *listing.told] if listing else []

    return ask


@pytest.mark.weights
def test_what_stands_in_the_text_is_quoted(asked: Asked) -> None:
    note = load_bytes(NOTE, "fire.md")
    assert asked(note, "Who is the author?") == ["Ann Lee"]
    assert asked(note, "When was it published?") == ["Dec. 31, 2021"]
    assert [each.lstrip("# ") for each in asked(note, "What is the title?")] == ["The Fire"]
    sections = asked(note, "What are the sections?")
    assert [each.lstrip("# ") for each in sections] == ["The mill", "The people"]


@pytest.mark.weights
def test_what_only_the_file_says_is_told_as_such(asked: Asked) -> None:
    page = load_bytes(PAGE, "fire.html")
    assert asked(page, "Who wrote it?") == [
        "By the properties of fire.html, the author is Ann Lee."
    ]
    [when] = asked(page, "When was the page published?")
    assert when == "By the properties of fire.html, it is of Dec. 31, 2021."
    assert "The Post" in asked(page, "Who published it?")[0]
    assert "“en”" in asked(page, "What language is it in?")[0]
    assert asked(page, "How long is it?") == ["As counted, fire.html has 12 words, 1 heading."]
    assert asked(page, "Where does it come from?") == ["It was read from the file fire.html."]


@pytest.mark.weights
def test_what_bears_the_name_of_a_document_is_not_the_document(asked: Asked) -> None:
    luther = Document.of("Luther came from Eisleben.", title="Martin Luther", source="/luther.txt")
    assert asked(luther, "Where is Martin Luther from?") == []
    file = ["It was read from the file luther.txt."]
    assert asked(luther, "Where is the article Martin Luther from?") == file
    assert asked(luther, "Where is luther.txt from?") == file


@pytest.mark.weights
def test_what_nobody_says_is_refused(
    settings: Settings, briefing_library: Library, library_with: Callable[[Document], Library]
) -> None:
    assistant = Assistant(settings.model_copy(update={"library": briefing_library.folder}))
    assert assistant.ask("Who is the author?").refused
    said = Document.of("This report was written by Ann Lee.", title="x", source="/x")
    assert list_about("Who is the author?", library_with(said), assistant.reranker) is None
    spoken = Document.of("They published a joint article in May.", title="y", source="/y.txt")
    listing = list_about("Who published y.txt?", library_with(spoken), assistant.reranker)
    assert listing is not None
    assert not listing.quotes
    own = Document.of("This book was first published by Lee & Co.", title="z", source="/z.txt")
    assert list_about("Who published z.txt?", library_with(own), assistant.reranker) is None
    answer = assistant.ask("How long is the article?")
    assert not answer.refused
    assert "words" in answer.text
    assert answer.citations == ()
    assert len(answer.quotes) >= 5
