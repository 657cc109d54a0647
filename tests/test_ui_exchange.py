"""Conversations back from JSON with every quote proven, and out as files; answers explained."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import docx
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from index.documents import Document, Properties, Span
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence
from rag.answerability.gate import AnswerFeatures, Decision, Reading
from rag.asking.route import Route
from rag.quote import Quote
from tests.conftest import OpenLibrary
from ui.conversations.exchange import Conversation, Exchange, Talk, exchanges_from_json
from ui.conversations.export import FORMATS, file_name
from ui.conversations.text import decision_text
from ui.words.languages import speaking

pytestmark = pytest.mark.weights

HOSTILE = "<b>*Who*</b> [x](javascript:alert(1)) `ran`? ~~No~~ # $x$"


def exchange(library: Library, question: str = "When did they meet?") -> Exchange:
    document = library.document(library.entries()[0].id)
    start = document.text.index("video summit")
    span = Span(document.id, start, start + 40)
    within = next(each for each in library.passages(document.id) if each.span.covers(span))
    quote = Quote(
        document, start, span.end, 2.5, within.heading, ((start, start + 5),), within.dates
    )
    sentences = (AnswerSentence("They met.", (1,), True), AnswerSentence("Lies.", (), False))
    answer = Answer(
        question,
        "When did both meet?",
        sentences,
        (quote,),
        (quote,),
        None,
        {},
        {},
        "Told.",
        route=Route("time", ("all", "one"), 0.875),
        way="evidence",
    )
    return Exchange(question, answer)


def cited(given: Exchange) -> Quote:
    """Return the one quote that an answer cites."""
    [quote] = given.answer.citations
    return quote


def kept(*exchanges: Exchange) -> Any:
    return json.loads(json.dumps([each.as_json() for each in exchanges]))


def test_what_was_kept_comes_back(briefing_library: Library) -> None:
    given = (exchange(briefing_library), Exchange("What?", message="It did not work."))
    data = kept(*given)
    back = exchanges_from_json(data, briefing_library)
    assert kept(*back) == data
    assert cited(back[0]).heading  # Read from the library, since JSON has it not.
    assert Conversation(back).history() == [
        ("user", "When did they meet?"),
        ("assistant", "They met.[1]"),
    ]
    assert (back[0].answer.route, back[0].answer.way) == (given[0].answer.route, "evidence")
    del data[0]["answer"]["route"]  # As it was kept before there were routes.
    old, _ = exchanges_from_json(data, briefing_library)
    assert (old.answer.route, old.answer.way, old.answer.text) == (None, None, "They met.[1]")


def test_a_conversation_stands_under_the_id_that_the_browser_made() -> None:
    exchanges = (Exchange("And?", message="No."),)
    assert Conversation.under("1a" * 16, exchanges) == Conversation(exchanges, "1a" * 16)
    others = [Conversation.under(given, exchanges) for given in ("", "../1", "1a" * 17, None, 7)]
    assert len({each.id for each in others}) == len(others)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("answer citations 0 start", 1),
        ("answer citations 0 quote", "Other words."),
        ("answer quotes 0 end", 10**7),
        ("answer sentences 0 citations", [2]),
        ("answer sentences 0 text", {"html": "<b>"}),
        ("answer reason", "<b>"),
        ("answer route kind", "<b>"),
        ("question", None),
    ],
)
def test_what_is_not_proven_does_not_come_back(
    briefing_library: Library, place: str, value: object
) -> None:
    data = kept(exchange(briefing_library))
    *names, last = place.split()
    spoiled = data[0]
    for name in names:
        spoiled = spoiled[int(name) if name.isdigit() else name]
    spoiled[last] = value
    with pytest.raises(UserError, match="not a conversation"):
        exchanges_from_json(data, briefing_library)


@pytest.mark.parametrize("data", [None, {}, "x", [1], [None], [{}], [{"question": 1}]])
def test_what_is_no_conversation_does_not_come_back(briefing_library: Library, data: Any) -> None:
    with pytest.raises(UserError, match="not a conversation"):
        exchanges_from_json(data, briefing_library)


def test_an_answer_outlives_its_document(
    briefing_library: Library, open_library: OpenLibrary, tmp_path: Path
) -> None:
    data = kept(exchange(briefing_library))
    [back] = exchanges_from_json(data, open_library(tmp_path))
    assert (back.answer, back.unproven) == (None, data[0]["answer"])
    assert kept(back) == data
    text = written("text", [back])
    assert "cannot be proven: They met.[1]" in text


def test_what_a_stopped_question_had_found_comes_back(
    briefing_library: Library, open_library: OpenLibrary, tmp_path: Path
) -> None:
    answer = exchange(briefing_library).answer
    stopped = Exchange("When?", message="Stopped.", found=answer.quotes)
    [back] = exchanges_from_json(kept(stopped), briefing_library)
    assert [each.text for each in back.found] == [each.text for each in answer.quotes]
    [gone] = exchanges_from_json(kept(stopped), open_library(tmp_path))
    assert gone == Exchange("When?", message="Stopped.")
    data = kept(stopped)
    data[0]["found"][0]["quote"] = "Other words."
    with pytest.raises(UserError, match="not a conversation"):
        exchanges_from_json(data, briefing_library)


# --- exports


def written(form: str, exchanges: list[Exchange], title: str = "A talk") -> str:
    return FORMATS[form].write([Talk(title, tuple(exchanges))]).decode()


def of_the_web(library: Library, source: str = "https://news.example/a-b?c=d#e") -> Exchange:
    """Return an exchange whose document was read from a page, by two people, on a day."""
    given = exchange(library)
    quote = cited(given)
    properties = Properties("Ada Holm; Bo {Brun}", "2021-12-30", "News & Co", "en")
    document = replace(quote.document, source=source, properties=properties)
    quote = replace(quote, document=document)
    return replace(given, answer=replace(given.answer, citations=(quote,), quotes=(quote,)))


@pytest.mark.parametrize("form", ["markdown", "html", "text", "docx"])
def test_an_export_is_in_the_language_of_who_reads_it(briefing_library: Library, form: str) -> None:
    given = exchange(briefing_library)
    with speaking("fr"):
        made = FORMATS[form].write([Talk("T", (given,))])
    if form == "docx":
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            parts = [archive.read(f"word/{name}.xml") for name in ("document", "footnotes")]
        made = b"".join(parts)
    text = made.decode()
    quote = cited(given)
    assert "Compris comme" in text
    assert "Understood as" not in text
    assert f"ligne {quote.document.line_at(quote.start)}" in text
    assert quote.text.split()[0] in text, "what documents say is not translated"


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_an_export_stands_on_its_own(briefing_library: Library, form: str) -> None:
    given = exchange(briefing_library, HOSTILE)
    quote = cited(given)
    failed = Exchange("What?", message="It did not work.")
    made = written(form, [given, failed], f"About {HOSTILE}")
    assert "127.0.0.1" not in made
    assert "Lies." not in made
    if form == "markdown":
        assert "They met.[^1-1]" in made
        assert "\n[^1-1]: " in made
    page = MarkdownIt().render(made) if form == "markdown" else made
    where = f"line {quote.document.line_at(quote.start)}"
    for words in ("Understood as: When did both meet?", "Told.", "It did not work.", where):
        assert words in page
    assert quote.document.title in page
    if form == "text":
        assert HOSTILE in made
        assert f"“{quote.text}”" in made
    else:
        assert "<b>" not in page
        assert "javascript:" not in "".join(part.partition(">")[0] for part in page.split("<a"))[1:]
        assert "&lt;b&gt;" in page
        assert "About" in page


def test_json_comes_back(briefing_library: Library) -> None:
    given = exchange(briefing_library)
    read = json.loads(written("json", [given], "One"))
    assert (read["schema"], read["title"]) == (1, "One")
    [back] = exchanges_from_json(read["exchanges"], briefing_library)
    assert back.as_json() == given.as_json()
    both = [Talk("One", (given,)), Talk("Two", (given, given))]
    read = json.loads(FORMATS["json"].write(both))
    told = [(each["title"], len(each["exchanges"])) for each in read["conversations"]]
    assert told == [("One", 1), ("Two", 2)]


def test_notes_of_several_conversations_have_numbers_of_their_own(
    briefing_library: Library,
) -> None:
    given = exchange(briefing_library)
    both = [Talk("One", (given,)), Talk("Two", (given,))]
    made = FORMATS["markdown"].write(both).decode()
    assert re.findall(r"^\[\^([\d-]+)\]:", made, re.MULTILINE) == ["1-1", "2-1"]
    page = FORMATS["html"].write(both).decode()
    assert len(set(re.findall(r'id="(q[^"]+)"', page))) == 2
    assert file_name(both, FORMATS["html"]) == "conversations.html"
    assert file_name(both[:1], FORMATS["bibtex"]) == "One.bib"
    assert file_name([Talk("../a: b?/…", ())], FORMATS["text"]) == "a b.txt"


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_a_quote_of_a_web_page_is_linked_there(briefing_library: Library, form: str) -> None:
    given = of_the_web(briefing_library)
    quote = cited(given)
    made = written(form, [given])
    first = quote.text.split()[0]
    assert "https://news.example/a-b?c=d#:~:text=" + first in made
    assert "Ada Holm; Bo {Brun}, Dec. 30, 2021, line" in made
    elsewhere = of_the_web(briefing_library, "javascript:alert(1)")
    links = re.findall(r'href="[^"]*|\]\(<[^>]*', written(form, [elsewhere]))
    assert not [each for each in links if "javascript" in each]


def test_word_has_footnotes_of_its_own(briefing_library: Library) -> None:
    given = of_the_web(briefing_library)
    quote = cited(given)
    twice = (AnswerSentence("They met.", (1,), True), AnswerSentence("So it is.", (1,), True))
    given = replace(given, answer=replace(given.answer, sentences=twice))
    made = FORMATS["docx"].write([Talk("A talk", (given,))])
    paragraphs = [each.text for each in docx.Document(io.BytesIO(made)).paragraphs]
    assert paragraphs[:2] == ["A talk", "When did they meet?"]
    assert "They met. So it is." in paragraphs
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        body, notes, links = (
            archive.read(f"word/{name}").decode()
            for name in ("document.xml", "footnotes.xml", "_rels/footnotes.xml.rels")
        )
        kinds = archive.read("[Content_Types].xml").decode()
    assert re.findall(r'<w:footnoteReference w:id="(\d+)"', body) == ["1", "2"]
    assert re.findall(r'<w:footnote [^>]*w:id="(-?\d+)"', notes) == ["-1", "0", "1", "2"]
    assert " ".join(quote.text.split()) in html.unescape(notes)
    assert "See note 1." in notes
    assert "https://news.example/a-b?c=d#:~:text=" in html.unescape(links)
    assert "wordprocessingml.footnotes+xml" in kinds


def test_what_is_cited_goes_to_reference_managers(briefing_library: Library) -> None:
    given = of_the_web(briefing_library)
    [item] = json.loads(written("csl", [given, given]))
    assert item["author"] == [{"literal": "Ada Holm"}, {"literal": "Bo {Brun}"}]
    assert (item["type"], item["issued"]) == ("webpage", {"date-parts": [[2021, 12, 30]]})
    entry = written("bibtex", [given])
    assert r"author = {{Ada Holm} and {Bo \{Brun\}}}" in entry
    assert r"publisher = {News \& Co}" in entry
    assert "year = {2021}" in entry
    with pytest.raises(UserError, match="No document is cited here yet"):
        written("bibtex", [Exchange("What?", message="No.")])


# --- an answer as text for a terminal: what was weighed, and why

DOCUMENT = Document.of("The strait is 20 kilometers wide.", title="Straits", source="/s.txt")
QUOTE = Quote(DOCUMENT, 0, len(DOCUMENT.text), 5.5, marks=((14, 27),))
REFUSED = Answer("Q?", "Q?", (), (), (QUOTE, QUOTE), "not_in_sources", {}, {})
SURE = AnswerFeatures(5.5, 9.0, 12.0, around=8.0, within=-1.0, copied=4.0)
REREAD = replace(SURE, copied=None, reread=2.0)
ANSWERED = replace(REFUSED, reason=None)


def explained(decision: Decision | None, answer: Answer = REFUSED) -> str:
    shown = io.StringIO()
    Console(file=shown, width=200).print(decision_text(replace(answer, decision=decision)))
    return shown.getvalue()


def test_each_quote_considered_is_shown_with_its_signals() -> None:
    text, other = (
        explained(Decision((Reading(QUOTE, signals),)), ANSWERED) for signals in (SURE, REREAD)
    )
    for part in ("Why it was answered", "reranker +5.5", "reader +9.0", "“20 kilometers”"):
        assert part in text
    for signal in fields(AnswerFeatures):
        assert signal.metadata["title"] in (other if signal.name == "reread" else text)
    assert DOCUMENT.text in text
    assert "1 further quote was found and not weighed." in text


def test_a_signal_that_was_not_asked_for_is_not_explained() -> None:
    assert "language model" not in explained(
        Decision((Reading(QUOTE, replace(SURE, copied=None)),))
    )
    assert "Nothing was weighed" in explained(None)


def test_a_refusal_says_what_spoke_against_an_answer() -> None:
    text = explained(Decision((Reading(QUOTE, AnswerFeatures(-5.0, -9.0, -9.0)),)))
    assert "Why it was refused" in text
    assert "reader -9.0" in text
    assert "do not support" not in text
    decision = Decision((Reading(QUOTE, SURE),))
    assert "do not support" in explained(decision, replace(REFUSED, borne_out=False))


def test_what_it_was_taken_for_comes_first() -> None:
    answer = replace(ANSWERED, route=Route("overview", ("all", "topic"), 0.876), way="overview")
    assert explained(None, answer).split("\n")[1] == (
        "Taken for overview/all+topic (probability 0.88), answered by overview."
    )
    weighed = explained(Decision((Reading(QUOTE, SURE),)), replace(answer, way="evidence"))
    assert weighed.index("answered by evidence.") < weighed.index("Why it was answered")
    nobody = replace(answer, reason="no_documents", way=None)
    assert "(probability 0.88), not answered." in explained(None, nobody)
    unrouted = explained(None, replace(ANSWERED, way="evidence"))
    assert "Taken for" not in unrouted
    assert "answered by evidence." in unrouted
