"""Conversations as they are kept: back from JSON with every quote proven, and out as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from index.documents import Span
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence
from rag.asking.route import Route
from rag.quote import Quote
from tests.conftest import OpenLibrary
from ui.conversations.exchange import Conversation, Exchange, exchanges_from_json
from ui.conversations.export import FORMATS, export

pytestmark = pytest.mark.weights

ADDRESS = "http://127.0.0.1:7860/"
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
    text = export([back], FORMATS["text"], ADDRESS)
    assert "cannot be proven: They met.[1]" in text


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_stands_on_its_own(briefing_library: Library, form: str) -> None:
    given = exchange(briefing_library, HOSTILE)
    assert given.answer
    [quote] = given.answer.citations
    made = export([given, Exchange("What?", message="It did not work.")], FORMATS[form], ADDRESS)
    if form == "json":
        read = json.loads(made)
        assert read["schema"] == 1
        back, _ = exchanges_from_json(read["exchanges"], briefing_library)
        assert back.as_json() == given.as_json()
        return
    link = f"{ADDRESS}?document={quote.document.id}&span={quote.start}-{quote.end}"
    assert link.replace("&", "&amp;" if form == "html" else "&") in made
    assert "Lies." not in made
    if form == "markdown":
        assert "They met\\.[^1-1]" in made
        assert "\n[^1-1]: " in made
        html = MarkdownIt().render(made)
    else:
        html = made
    for words in ("Understood as: When did both meet?", "Told.", "It did not work."):
        assert words in (html if form != "text" else made)
    if form == "text":
        assert HOSTILE in made
        assert f"“{quote.text}”" in made
    else:
        assert "<b>" not in html
        assert "javascript:" not in "".join(part.partition(">")[0] for part in html.split("<a"))[1:]
        assert "&lt;b&gt;" in html


def test_without_an_address_there_are_no_links(briefing_library: Library) -> None:
    for form in ("markdown", "html", "text"):
        made = export([exchange(briefing_library)], FORMATS[form], "javascript:alert(1)")
        assert "?document=" not in made
        assert "javascript" not in made
