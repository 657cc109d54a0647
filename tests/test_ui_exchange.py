"""Conversations as they are kept: back from JSON with every quote proven, and out as files."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from markdown_it import MarkdownIt

from index.documents import Properties, Span
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence
from rag.asking.route import Route
from rag.quote import Quote
from tests.conftest import OpenLibrary
from ui.conversations.exchange import Conversation, Exchange, Talk, exchanges_from_json
from ui.conversations.export import FORMATS, file_name

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


def kept(*exchanges: Exchange) -> Any:
    return json.loads(json.dumps([each.as_json() for each in exchanges]))


def test_what_was_kept_comes_back(briefing_library: Library) -> None:
    given = (exchange(briefing_library), Exchange("What?", message="It did not work."))
    back = exchanges_from_json(kept(*given), briefing_library)
    assert kept(*back) == kept(*given)
    assert back[0].answer
    assert back[0].answer.citations[0].heading  # Read from the library, since JSON has it not.
    assert Conversation(back).history() == [
        ("user", "When did they meet?"),
        ("assistant", "They met.[1]"),
    ]


def test_the_route_comes_back_where_there_was_one(briefing_library: Library) -> None:
    given = exchange(briefing_library)
    data = kept(given)
    [back] = exchanges_from_json(data, briefing_library)
    assert given.answer
    assert back.answer
    assert (back.answer.route, back.answer.way) == (given.answer.route, "evidence")
    del data[0]["answer"]["route"]  # As it was kept before there were routes.
    [old] = exchanges_from_json(data, briefing_library)
    assert old.answer
    assert (old.answer.route, old.answer.way, old.answer.text) == (None, None, "They met.[1]")


def test_a_conversation_stands_under_the_id_that_the_browser_made() -> None:
    exchanges = (Exchange("And?", message="No."),)
    assert Conversation.under("1a" * 16, exchanges) == Conversation(exchanges, "1a" * 16)
    others = [Conversation.under(given, exchanges) for given in ("", "../1", "1a" * 17, None, 7)]
    assert len({each.id for each in others}) == len(others)


def _moved(data: Any) -> None:
    data[0]["answer"]["citations"][0]["start"] += 1


def _reworded(data: Any) -> None:
    data[0]["answer"]["citations"][0]["quote"] = "Other words."


def _outside(data: Any) -> None:
    data[0]["answer"]["quotes"][0]["end"] = 10**7


def _without_quote(data: Any) -> None:
    data[0]["answer"]["sentences"][0]["citations"] = [2]


def _no_text(data: Any) -> None:
    data[0]["answer"]["sentences"][0]["text"] = {"html": "<b>"}


def _no_question(data: Any) -> None:
    del data[0]["question"]


def _other_reason(data: Any) -> None:
    data[0]["answer"]["reason"] = "<b>"


def _other_kind(data: Any) -> None:
    data[0]["answer"]["route"]["kind"] = "<b>"


@pytest.mark.parametrize(
    "spoil",
    [
        _moved,
        _reworded,
        _outside,
        _without_quote,
        _no_text,
        _no_question,
        _other_reason,
        _other_kind,
    ],
)
def test_what_is_not_proven_does_not_come_back(
    briefing_library: Library, spoil: Callable[[Any], None]
) -> None:
    data = kept(exchange(briefing_library))
    spoil(data)
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
    assert answer
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
    assert given.answer
    [quote] = given.answer.citations
    told = Properties("Ada Holm; Bo {Brun}", "2021-12-30", "News & Co", "en")
    document = replace(quote.document, source=source, properties=told)
    quote = replace(quote, document=document)
    return replace(given, answer=replace(given.answer, citations=(quote,), quotes=(quote,)))


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_an_export_stands_on_its_own(briefing_library: Library, form: str) -> None:
    given = exchange(briefing_library, HOSTILE)
    assert given.answer
    [quote] = given.answer.citations
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
    assert given.answer
    [quote] = given.answer.citations
    made = written(form, [given])
    first = quote.text.split()[0]
    assert "https://news.example/a-b?c=d#:~:text=" + first in made
    assert "Ada Holm; Bo {Brun}, Dec. 30, 2021, line" in made
    elsewhere = of_the_web(briefing_library, "javascript:alert(1)")
    links = re.findall(r'href="[^"]*|\]\(<[^>]*', written(form, [elsewhere]))
    assert not [each for each in links if "javascript" in each]


def test_word_has_footnotes_of_its_own(briefing_library: Library) -> None:
    given = of_the_web(briefing_library)
    assert given.answer
    [quote] = given.answer.citations
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
