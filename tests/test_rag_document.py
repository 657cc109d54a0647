"""Questions about a document itself: quoted from its text, or told from its file, as such."""

from __future__ import annotations

import io
from collections.abc import Callable

import docx
import fpdf
import pytest
from ebooklib import epub

from index.documents import Document, Properties
from index.loading.load import load_bytes
from rag.asking.rewrite import Turn
from rag.asking.subject import in_words
from rag.assistant import Assistant
from tests.asking import Knowing, answered, quoted

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

Asked = Callable[[Document, str, str], list[str]]


@pytest.fixture
def asked(knowing: Knowing) -> Asked:
    """Ask one document of some matters: what is quoted of it, and else what is told."""

    def ask(document: Document, question: str, matters: str) -> list[str]:
        answer = answered(knowing(document), question, f"document/{matters}")
        assert answer is not None
        told = [each.text for each in answer.sentences if not each.citations]
        return [*quoted(answer), *told]

    return ask


@pytest.mark.weights
def test_what_stands_in_the_text_is_quoted(asked: Asked) -> None:
    note = load_bytes(NOTE, "fire.md")
    assert asked(note, "Who is the author?", "author") == ["Ann Lee"]
    assert asked(note, "When was it published?", "date") == ["Dec. 31, 2021"]
    [title] = asked(note, "What is the title?", "title")
    assert title.lstrip("# ") == "The Fire"
    sections = asked(note, "What are the sections?", "sections")
    assert [each.lstrip("# ") for each in sections] == ["The mill", "The people"]


@pytest.mark.weights
def test_two_matters_are_answered_together(asked: Asked) -> None:
    note = load_bytes(NOTE, "fire.md")
    both = asked(note, "Who wrote it, and when?", "author+date")
    assert both == ["Ann Lee", "Dec. 31, 2021"]


@pytest.mark.weights
def test_what_only_the_file_says_is_told_as_such(asked: Asked) -> None:
    page = load_bytes(PAGE, "fire.html")
    [who] = asked(page, "Who wrote it?", "author")
    assert who == "According to the properties of fire.html, the author is Ann Lee."
    [when] = asked(page, "When was the page published?", "date")
    assert when == "According to the properties of fire.html, the date is Dec. 31, 2021."
    assert "The Post" in asked(page, "Who published it?", "publisher")[0]
    assert "“en”" in asked(page, "What language is it in?", "language")[0]
    [long] = asked(page, "How long is it?", "length")
    assert long == "By my count, fire.html has 12 words, 1 heading."
    [where] = asked(page, "Where does it come from?", "source")
    assert where == "It was read from the file fire.html."


def text(title: str, said: str) -> Document:
    return Document.of(said, title=title, source=f"/{in_words(title).replace(' ', '-')}.txt")


@pytest.mark.weights
def test_what_bears_the_name_of_a_document_is_not_the_document(knowing: Knowing) -> None:
    luther = Document.of("Luther came from Eisleben.", title="Martin Luther", source="/luther.txt")
    assistant = knowing(luther, text("The Comet", "Halme saw a comet."))
    person = assistant.ask("Where is Martin Luther from?")
    assert "Eisleben" in person.text
    for question in ("Where is the article Martin Luther from?", "Where is luther.txt from?"):
        file = answered(assistant, question, "document/source")
        assert file is not None
        assert file.text == "It was read from the file luther.txt."


@pytest.mark.weights
def test_what_nobody_says_is_refused_and_what_is_missing_is_said(knowing: Knowing) -> None:
    assistant = knowing(text("y", "They published a joint article in May."))
    missing = "I found no publisher for y.txt in its text or its properties."
    answer = answered(assistant, "Who published y.txt?", "document/publisher")
    assert answer is not None
    assert (answer.refused, answer.citations, answer.message) == (True, (), missing)
    # Where something else was asked and found as well, the missing part is a sentence.
    both = answered(assistant, "Who published it, and how long is it?", "document/publisher+length")
    assert both is not None
    assert not both.refused
    told = ["By my count, y.txt has 7 words.", missing]
    assert [(each.text, each.supported) for each in both.sentences] == [(t, True) for t in told]


@pytest.mark.weights
def test_a_fact_that_the_text_states_is_not_looked_for_in_the_file(knowing: Knowing) -> None:
    said = b"# The Study\n\nBy Ann Lee\n\nThe study was paid for by the city council of Calder."
    assistant = knowing(load_bytes(said, "study.md"))
    assert answered(assistant, "Who paid for the study?", "document/author") is None
    paid = assistant.ask("who paid for this study")
    assert "city council of Calder" in paid.text
    written = assistant.ask("Who wrote it?")
    assert "Ann Lee" in written.text


@pytest.mark.weights
def test_each_of_several_documents_is_asked(knowing: Knowing) -> None:
    assistant = knowing(load_bytes(NOTE, "fire.md"), text("y", "They published a joint article."))
    both = answered(assistant, "Who wrote them?", "document/author")
    assert quoted(both) == ["Ann Lee"]
    assert both is not None
    assert both.sentences[-1].text == "I found no author for y.txt in its text or its properties."
    long = answered(assistant, "How long is y.txt?", "document/length")
    assert long is not None
    assert [each.text for each in long.sentences] == ["By my count, y.txt has 5 words."]
    [entry] = [each for each in assistant.library.entries() if each.title == "y"]
    left = answered(assistant, "How long are they?", "document/length", exclude=[entry.id])
    assert left is not None
    assert "y.txt" not in left.text
    history: list[Turn] = [("user", "Who wrote y.txt?"), ("assistant", "Nobody says.")]
    length = assistant.ask("How long is it?", history)
    assert [each.text for each in length.sentences] == ["By my count, y.txt has 5 words."]
    few = answered(assistant, "How long are they?", "document/length", limit=1)
    assert few is not None
    assert len(few.sentences) == 1
    assert few.message == "1 more document was left out: you can ask about it by name."


@pytest.mark.weights
def test_it_is_asked_like_any_question(briefed: Assistant) -> None:
    author = briefed.ask("Who is the author?")
    assert author.refused
    assert author.message == "I found no author for briefing.md in its text or its properties."
    history: list[Turn] = [("user", "What is AUKUS?"), ("assistant", "A pact, says the article.")]
    for said in ((), history):
        answer = briefed.ask("How long is the article?", said)
        assert not answer.refused
        assert answer.standalone_question == "How long is the article?"
        assert "words" in answer.text
        assert answer.citations == ()
        assert len(answer.quotes) >= 5
        assert (str(answer.route), answer.way) == ("document/length", "document")
