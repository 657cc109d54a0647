"""What is said of the last answer: it is given again, as is wanted now, and proven again."""

from __future__ import annotations

import re

import pytest

from rag.answer import Answer
from rag.answering.commands import recap
from rag.asking.rewrite import Turn
from rag.assistant import Assistant
from tests.asking import Knowing, answered, length, quoted

pytestmark = pytest.mark.weights

QUESTION = "How wide is the Tsugaru Strait?"
SUMMARY = "Summarize the article."
REFUSED = "What is the capital of Peru?"
LENGTH = "How long is the article?"
FARES = b"""# The fares

The ferry of Tolm runs all the year round, and its fares are the same on all days.

| From | To | Adult | Child |
| --- | --- | --- | --- |
| Tolm | Alder | 12 euros | 6 euros |
| Tolm | Rowan | 19 euros | 9 euros |
"""
WIDE = b"Norland has one strait. The Tsugaru Strait is 20 kilometers wide."
WIDTHS = b"""The strait width is measured at low tide.

The Alder Strait in the north has a strait width of 9 kilometres.

The Rowan Strait in the south has a strait width of 20 kilometres.
"""
COMMANDS = ("shorter", "longer", "simpler", "list", "table", "sure", "where")


def after(*asked: str) -> list[Turn]:
    """Return a conversation. What is said to have been answered is not taken at its word."""
    turns: list[Turn] = []
    for question in asked:
        turns += [("user", question), ("assistant", "It is 77 km wide.[1]")]
    return turns


@pytest.fixture
def fares(knowing: Knowing) -> Assistant:
    return knowing(FARES, "fares.md")


@pytest.fixture
def short(knowing: Knowing) -> Assistant:
    return knowing(WIDE, "wide.txt")


def told(assistant: Assistant, command: str, *asked: str, limit: int = 10) -> Answer:
    answer = answered(
        assistant, f"({command})", f"command/{command}", history=after(*asked), limit=limit
    )
    assert answer is not None
    assert "77" not in answer.text
    for quote in answer.citations:
        assert quote.document.text[quote.start : quote.end] == quote.text
    return answer


# --- of one fact


def test_shorter_is_the_words_that_answer_also_behind_a_footnote(briefed: Assistant) -> None:
    for footnotes in ((), ("what does [1] say?",)):
        answer = told(briefed, "shorter", QUESTION, *footnotes)
        assert answer.text == "20 kilometers[1]"
        assert "Tsugaru Strait" in answer.citations[0].text


def test_shorter_has_half_of_the_sentences_with_the_one_it_was_decided_by(knowing: Knowing) -> None:
    straits = knowing(WIDTHS, "widths.md")
    question = "what's known of the strait width"
    first, answer = straits.ask(question), told(straits, "shorter", question)
    assert len(first.sentences) == 3
    assert first.decision is not None
    assert first.decision.best is not None
    assert quoted(answer) == [first.decision.best.quote.text]


def test_who_asks_how_sure_a_refusal_is_is_told(briefed: Assistant) -> None:
    answer = told(briefed, "sure", REFUSED)
    assert answer.refused
    assert "the chance that the sources answer this is" in (answer.message or "")


def test_longer_goes_on_behind_the_quote(briefed: Assistant) -> None:
    first, answer = briefed.ask(QUESTION), told(briefed, "longer", QUESTION)
    [quote], more = first.citations, answer.citations[1:]
    assert answer.text.startswith(first.text)
    assert 0 < len(more) <= 3
    text = quote.document.text
    assert not text[quote.end : more[0].start].strip()
    assert all(each.heading == quote.heading for each in more)
    assert len(set(quoted(answer))) == len(answer.citations)


def test_what_cannot_be_done_with_an_answer_is_told_with_what_can(short: Assistant) -> None:
    for asked in ((QUESTION,), ()):
        answer = told(short, "translate", *asked)
        assert answer.text.startswith("After an answer, you can say “shorter”, “longer”")
        assert not answer.citations


def test_longer_says_that_there_is_no_more(short: Assistant) -> None:
    answer = told(short, "longer", QUESTION)
    assert answer.text == short.ask(QUESTION).text
    assert answer.message == "I found nothing more on this. Try asking about one part of it."


def test_of_a_table_there_are_rows_with_their_heads_and_else_a_list_that_says_so(
    briefed: Assistant, fares: Assistant
) -> None:
    asked = "How much is the fare from Tolm to Rowan for an adult?"
    listed, table = (told(fares, command, asked) for command in ("list", "table"))
    assert listed.text.startswith("• ")
    assert table.message is None
    for answer in (listed, table):
        assert "To: Rowan" in answer.text
        assert "Adult: 19 euros" in answer.text
    answer = told(briefed, "table", QUESTION)
    assert answer.text.startswith("• ")
    assert answer.message == "The quotes behind this have no rows and columns, so here is a list."


def test_simpler_says_whose_words_they_are(briefed: Assistant) -> None:
    answer = told(briefed, "simpler", QUESTION)
    assert answer.text == briefed.ask(QUESTION).text
    assert "the sources’ own words" in (answer.message or "")


def test_a_list_has_a_bullet_a_sentence(briefed: Assistant) -> None:
    last = briefed.ask(SUMMARY)
    answer = told(briefed, "list", SUMMARY)
    items = [each.text if each.is_item else f"• {each.text}" for each in last.sentences]
    assert [each.text for each in answer.sentences] == items
    assert answer.citations == last.citations


def test_how_sure_it_is_stands_behind_the_quotes(briefed: Assistant) -> None:
    answer = told(briefed, "sure", QUESTION)
    place, quotes, sure = answer.sentences
    assert "“Exercises on Land and at Sea”: “" in place.text
    assert place.citations == (1,)
    assert "word for word" in quotes.text
    decision = briefed.ask(QUESTION).decision
    assert decision is not None
    assert f"{decision.probability:.0%} sure" in sure.text
    assert sure.citations == ()


def test_where_it_stands_is_the_document_and_the_heading(briefed: Assistant) -> None:
    answer = told(briefed, "where", QUESTION)
    [sentence] = answer.sentences
    title = "China and Russia in Late 2021: A Briefing"
    assert sentence.text.startswith(f"{title}, under “Exercises on Land and at Sea”: “")
    assert sentence.text.endswith(f"{' '.join(answer.citations[0].text.split())}”")


# --- of a footnote


def footnote(assistant: Assistant, typed: str, *asked: str) -> Answer:
    return assistant.ask(typed, after(*asked), use_llm=False)


def test_a_footnote_is_shown_by_its_number(briefed: Assistant) -> None:
    answer, last = footnote(briefed, "show me [2]", SUMMARY), briefed.ask(SUMMARY)
    assert answer.way == "command"
    assert quoted(answer) == [last.citations[1].text]
    assert quoted(footnote(briefed, "the second footnote", SUMMARY)) == quoted(answer)
    assert quoted(footnote(briefed, "ref 2", SUMMARY)) == quoted(answer)
    final = footnote(briefed, "and the last one you cite?", SUMMARY)
    assert quoted(final) == [last.citations[-1].text]


def test_what_is_asked_of_a_footnote_is_looked_for_in_its_passage(briefed: Assistant) -> None:
    answer = footnote(briefed, "does [1] say who is allowed to pass", QUESTION)
    [quote] = answer.citations
    assert quote.heading == briefed.ask(QUESTION).citations[0].heading
    other = footnote(briefed, "what does [1] say about the price of butter", QUESTION)
    assert "I found nothing about “price of butter” there." in other.text
    assert other.citations[0].text == briefed.ask(QUESTION).citations[0].text


def test_a_footnote_that_is_not_there_is_no_footnote(briefed: Assistant) -> None:
    answer = footnote(briefed, "what does [7] say", QUESTION)
    assert answer.text == "The last answer has 1 footnote."
    assert footnote(briefed, "what does [0] say", QUESTION).text == answer.text


@pytest.mark.parametrize("typed", ["who came up with them", "only 6? what were they about"])
def test_what_names_no_footnote_that_is_there_asks_of_something_else(
    briefed: Assistant, typed: str
) -> None:
    assert answered(briefed, typed, "command/footnote", history=after(QUESTION)) is None


def test_one_after_another_is_of_the_same_answer(briefed: Assistant) -> None:
    first = footnote(briefed, "what does [1] say", SUMMARY)
    again = footnote(briefed, "what does [1] say", SUMMARY, "what does [2] say")
    assert quoted(again) == quoted(first)


def test_a_footnote_is_that_of_the_answer_as_it_was_told_last(briefed: Assistant) -> None:
    longer = told(briefed, "longer", QUESTION)
    answer = footnote(briefed, "what does [2] say", QUESTION, "tell me more")
    assert quoted(answer) == [longer.citations[1].text]


def test_a_footnote_of_no_answer_is_told(briefed: Assistant) -> None:
    assert footnote(briefed, "what does [1] say", "Thanks!").text.startswith("There is no answer")


# --- of all that was found


def test_all_that_was_found_is_told_with_its_footnotes(briefed: Assistant) -> None:
    asked = (QUESTION, "Thanks!", REFUSED, "When was the pact announced?")
    answer = told(briefed, "found", *asked)
    first, second, missing = answer.sentences
    assert first.text.startswith(f"• “{QUESTION}” 20 kilometers: “")
    assert first.citations == (1,)
    assert second.text.startswith("• “When was the pact announced?” ")
    assert missing.text == f"The sources do not answer: “{REFUSED}”."
    assert answer.message is None


def test_of_many_questions_the_last_ones_are_told_again(
    briefed: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recap, "MOST", 1)
    answer = told(briefed, "found", QUESTION, "When was the pact announced?")
    assert QUESTION not in answer.text
    assert answer.message == "1 earlier question was left out."


EIGHT, THREE = (f"Summarize the article in {each} sentences." for each in ("8", "three"))


@pytest.mark.parametrize(
    ("command", "asked", "limit", "count"),
    [
        *(("shorter", SUMMARY, 6, 3), ("simpler", SUMMARY, 6, 3), ("longer", SUMMARY, 10, 13)),
        *(("shorter", EIGHT, 10, 4), ("shorter", THREE, 10, 1)),
        ("shorter+longer", SUMMARY, 6, 3),  # The likelier one counts.
    ],
)
def test_an_overview_has_half_or_twice_as_many_sentences(
    briefed: Assistant, command: str, asked: str, limit: int, count: int
) -> None:
    answer = told(briefed, command, asked, limit=limit)
    assert length(answer) == count
    if asked == SUMMARY:
        assert len(answer.citations) == len(answer.sentences) == (10 if command == "longer" else 2)


def test_an_overview_is_shortened_by_its_topic_and_by_the_likelier_command(
    briefed: Assistant,
) -> None:
    topic = "Tell me about hypersonic weapons."
    assert len(told(briefed, "shorter", topic).citations) < len(briefed.ask(topic).citations)
    assert length(told(briefed, "longer+shorter", SUMMARY, limit=3)) > 3


def test_two_in_a_row_go_by_the_same_question(briefed: Assistant) -> None:
    again = told(briefed, "shorter", SUMMARY, "shorter please")
    assert length(again) == 2
    listed = told(briefed, "list", SUMMARY, "shorter please")
    assert len(listed.citations) == 5
    assert all(each.text.startswith("• ") for each in listed.sentences)
    back = told(briefed, "longer", SUMMARY, "shorter please")
    assert quoted(back) == quoted(briefed.ask(SUMMARY))
    thanked = told(briefed, "shorter", SUMMARY, "Thanks!")
    assert len(thanked.citations) == 5


def test_what_was_counted_is_not_said_to_be_quoted(briefed: Assistant) -> None:
    for command in ("sure", "where"):
        answer = told(briefed, command, LENGTH)
        assert "counted" in answer.text
        assert answer.citations == ()


# --- after no answer


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_stays_one(briefed: Assistant, command: str) -> None:
    answer = told(briefed, command, REFUSED)
    assert (answer.refused, answer.reason, answer.sentences) == (True, "not_in_sources", ())
    assert len(answer.quotes) >= 5


@pytest.mark.parametrize("command", ["shorter", "simpler", "list"])
def test_without_an_answer_before_an_overview_is_given(briefed: Assistant, command: str) -> None:
    answer = told(briefed, command)
    assert (answer.way, answer.refused) == ("overview", False)
    assert quoted(answer) == quoted(briefed.ask(SUMMARY))


@pytest.mark.parametrize("command", ["longer", "sure", "where"])
def test_without_an_answer_before_there_is_nothing_to_say_of_it(
    briefed: Assistant, command: str
) -> None:
    for asked in ((), ("Hello!",)):
        answer = told(briefed, command, *asked)
        assert "no answer yet" in answer.text
        assert (answer.refused, answer.citations, answer.quotes) == (False, (), ())


# --- as it is typed


@pytest.mark.parametrize("typed", ["shorter please", "as a list", "are you sure?"])
def test_it_is_typed_like_any_message(briefed: Assistant, typed: str) -> None:
    answer = briefed.ask(typed, after(QUESTION))
    assert (answer.question, answer.standalone_question) == (typed, QUESTION)
    assert answer.way == "command"
    assert answer.route is not None
    assert answer.route.kind == "command"
    assert re.search(r"20 kilometers", answer.text)
    assert answer.models["llm"] is None


def test_the_answer_before_a_follow_up_is_given_again(briefed: Assistant) -> None:
    history = [*after(QUESTION), ("user", "And the Osumi Strait?"), ("assistant", "40.")]
    answer = briefed.ask("shorter please", history)
    last = briefed.ask("And the Osumi Strait?", after(QUESTION))
    assert answer.standalone_question == last.standalone_question
    assert set(quoted(answer)) <= set(quoted(last))
