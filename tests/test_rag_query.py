"""What a message asks, understood once: by itself, and behind a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rag.asking.query import Query, understand
from rag.asking.rewrite import Rewriting, Turn
from rag.asking.route import Route
from rag.languages.phrases import SMALL_TALK, say
from tests.asking import route

HISTORY: list[Turn] = [
    ("user", "When did the fleets pass the Alder Strait?"),
    ("assistant", "On Oct. 18.[1]"),
]


@pytest.mark.parametrize(
    ("question", "several", "yes_or_no"),
    [
        ("Which exercises were held?", True, False),
        ("Which countries sent ships?", True, False),
        ("What did each of them say about it?", True, False),
        ("Who were the ministers?", True, False),
        ("Who opened it, and when?", True, False),
        ("List the ships.", True, False),
        ("Which strait did they pass, and how wide is it?", True, False),
        ("Which strait was it?", False, False),
        ("What is the basis of the pact?", False, False),
        ("What was the crisis?", False, False),
        ("Who took part?", False, False),
        ("Did Russia and China meet?", False, True),
        ("Did Belarus take part?", False, True),
        ("Was it in May or in June?", None, False),
        ("My son is four, does he pay?", None, True),
        ("I'm in a wheelchair. Can I get on?", None, True),
        ("On which day, after the funeral, did he resign?", None, False),
        ("It is big, is it bigger than the Alder or the Rowan?", None, False),
    ],
)
def test_what_a_question_asks_for(question: str, several: bool | None, yes_or_no: bool) -> None:
    form = Query.of(question).form
    assert form.yes_or_no is yes_or_no
    assert several is None or form.several is several


def test_a_query_keeps_what_was_typed_and_what_was_said() -> None:
    query = Query.of("How wide is the Alder Strait?", "How wide is it?", history=HISTORY)
    assert (query.typed, query.text) == ("How wide is it?", "How wide is the Alder Strait?")
    assert query.history == tuple(HISTORY)
    listed = Query.of("List the straits.", route=route("items/list"), history=HISTORY)
    again = listed.as_evidence()
    assert again.route.kind == "evidence"
    assert (again.text, again.history) == (listed.text, listed.history)


# --- behind a conversation

ASKED = "How wide is the Alder Strait?"


def understood(
    typed: str,
    name: str,
    history: Sequence[Turn] = HISTORY,
    *,
    text: str | dict[str, float] = ASKED,
    need: float = 1.0,
    then: str = "evidence/fact",
) -> Query:
    """Understand a message of a route, of which `text`, of the route `then`, may be made."""

    def told(said: str) -> Route:
        return route(name if said == typed else then)

    texts = {text: 1.0} if isinstance(text, str) else text
    made = tuple((each, share) for each, share in texts.items() if each != typed)
    return understand(typed, history, told, lambda *_: Rewriting(made, need))


def test_a_first_question_is_read_as_typed() -> None:
    query = understood("How wide is it?", "evidence/fact", ())
    assert query == Query.of("How wide is it?", route=route("evidence/fact"))


def test_a_follow_up_is_made_to_stand_alone() -> None:
    query = understood("How wide is it?", "evidence/fact")
    assert (query.typed, query.text, query.others) == ("How wide is it?", ASKED, ())
    assert query.history == tuple(HISTORY)


def test_requests_to_the_assistant_are_not_read_with_what_follows_them() -> None:
    history: list[Turn] = [*HISTORY, ("user", "shorter pls"), ("assistant", "In May.")]
    seen: list[Sequence[Turn]] = []

    def rewrite(_: str, turns: Sequence[Turn], __: str) -> Rewriting:
        seen.append(turns)
        return Rewriting()

    def told(said: str) -> Route:
        return route("command/shorter" if said == "shorter pls" else "evidence/fact")

    query = understand("how wide is it", history, told, rewrite)
    assert seen == [HISTORY]
    assert query.history == tuple(history)


def test_what_needs_nothing_is_read_as_typed() -> None:
    query = understood("How deep is the Rowan Strait?", "evidence/fact", need=0.02)
    assert (query.text, query.others) == ("How deep is the Rowan Strait?", ())
    same = understood(ASKED, "evidence/fact", need=0.6)
    assert (same.text, same.others) == (ASKED, ())


OTHER = "How wide is the Rowan Strait?"


@pytest.mark.parametrize("need", [0.3, 0.7])
def test_in_doubt_a_message_is_read_in_each_way(need: float) -> None:
    made = {ASKED: 0.6, OTHER: 0.38, "How wide is Holm?": 0.02}
    query = understood("how wide", "evidence/fact", need=need, text=made)
    shares = {each.text: each.share for each in (query, *query.others)}
    expected = {ASKED: 0.6 * need, OTHER: 0.38 * need, "how wide": 1 - need}
    assert shares == pytest.approx(expected)
    assert query.text == (ASKED if need > 0.5 else "how wide")
    assert {each.typed for each in query.others} == {"how wide"}


def test_what_asks_the_same_of_something_else_is_of_the_kind_of_the_question_before() -> None:
    asked: list[Turn] = [("user", "What happened in May?"), ("assistant", "Nye sailed.[1]")]

    def told(said: str) -> Route:
        return route("time/all" if said.startswith("What happened in May?") else "evidence/fact")

    made = Rewriting((("and Nye sailed in June?", 1.0),), 0.9)
    query = understand("and in June?", asked, told, lambda *_: made)
    assert (query.text, str(query.route)) == ("and in June?", "time/all")
    fact = understand("and in June?", HISTORY, told, lambda *_: made)
    assert (fact.text, str(fact.route)) == ("and Nye sailed in June?", "evidence/fact")


@pytest.mark.parametrize(("together", "kind"), [(0.95, "overview"), (0.8, "evidence")])
def test_a_whole_question_behind_it_is_of_its_own_kind(together: float, kind: str) -> None:
    asked: list[Turn] = [("user", "What is this about?"), ("assistant", "Nye sailed.[1]")]

    def told(said: str) -> Route:
        if said in ("who built it", "who built Nye"):
            return replace(route("evidence/fact"), probability=0.9)
        return replace(route("overview/all"), probability=together)

    made = Rewriting((("who built Nye", 1.0),), 0.9)
    assert understand("who built it", asked, told, lambda *_: made).route.kind == kind


@pytest.mark.parametrize(
    ("typed", "language"), [("Wann?", "de"), ("2019", "de"), ("When was that, then?", "en")]
)
def test_what_tells_no_language_is_in_that_of_the_messages_before(
    typed: str, language: str
) -> None:
    asked = "Wie lang ist die Brücke, die über den Fluss führt?"
    history: list[Turn] = [("user", asked), ("assistant", "300 m.[1]"), ("user", "Und?")]
    seen: list[str] = []

    def rewrite(text: str, _: Sequence[Turn], language: str) -> Rewriting:
        seen.append(language)
        return Rewriting(((f"{text} (die Brücke)", 1.0),), 1.0)

    query = understand(typed, history, lambda _: route("evidence/fact"), rewrite, lambda _: None)
    assert (query.language, seen) == (language, [language])
    assert query.text == f"{typed} (die Brücke)"


@pytest.mark.parametrize("short", [None, lambda _: None], ids=["English", "all languages"])
def test_what_is_told_to_be_english_is_so_behind_another_language(short: Any) -> None:
    history: list[Turn] = [("user", "Wie lang ist die Brücke, die über den Fluss führt?")]
    asked = "Describe emergency procedures regarding reactor cooling systems"
    query = understand(asked, history, lambda _: route("evidence/fact"), _nothing, short)
    assert query.language == "en"


def _nothing(*_: object) -> Rewriting:
    return Rewriting()


def test_small_talk_is_nothing_that_a_message_points_at() -> None:
    greeted: list[Turn] = [("user", "Hi"), ("assistant", "Hello. I have “The Straits”.")]

    def told(said: str) -> Route:
        return route("conversation/greeting" if said == "Hi" else "evidence/fact")

    def rewrite(_: str, history: Sequence[Turn], language: str) -> Rewriting:
        return Rewriting(tuple((text, 1.0) for _, text in history), 1.0)

    assert understand("What do they hold?", greeted, told, rewrite).text == "What do they hold?"
    later = understand("What do they hold?", [*HISTORY, *greeted], told, rewrite)
    assert later.history == tuple(HISTORY)


@pytest.mark.parametrize(
    "answer",
    [
        *(say("en", key) for key in SMALL_TALK),
        # As kept conversations have it that were answered in earlier words.
        "You are welcome.",
        "I can only speak of your documents. I have 1 document: “The Straits”.",
        "I am Footnoted: I answer from your documents, and each sentence that I say of them …",
    ],
)
def test_what_was_answered_like_small_talk_is_left_out_whatever_its_words_are(answer: str) -> None:
    history: list[Turn] = [*HISTORY, ("user", "Much obliged"), ("assistant", answer)]
    later = understood("How wide is it?", "evidence/fact", history)
    assert later.history == tuple(HISTORY)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Thanks for that!", "conversation/thanks"),
        ("Make it shorter", "command/shorter"),
        ("Who wrote this?", "document/author"),
        ("What's this about?", "overview/all"),
        ("List the straits.", "items/list"),
        ("What happened in October?", "time/all"),
        ("Compare the straits.", "comparison/overview"),
    ],
)
def test_what_is_of_another_kind_is_read_as_typed_unless_it_needs_something_said(
    typed: str, name: str
) -> None:
    query = understood(typed, name, need=0.02)
    assert (query.text, str(query.route), query.history) == (typed, name, tuple(HISTORY))
    of_the_answer = name.startswith(("conversation", "command"))
    assert understood(typed, name).text == (typed if of_the_answer else ASKED)


def test_it_is_what_was_spoken_of_unless_that_was_a_document() -> None:
    assert understood("Who wrote it?", "document/author").text == ASKED
    summed_up: list[Turn] = [("user", "Summarize the article."), ("assistant", "It is on ships.")]
    behind = understood("Who wrote it?", "document/author", summed_up, then="overview/all")
    assert (behind.text, str(behind.route)) == ("Who wrote it?", "document/author")


def test_what_is_made_to_stand_alone_is_routed_again() -> None:
    listed = understood("And those in the north?", "evidence/fact", then="items/list")
    assert listed.route.kind == "items"


def test_small_talk_is_in_the_language_of_the_message_before() -> None:
    asked = (("user", "Wer hat die Mühle am See gebaut?"), ("assistant", "Clara Brandt."))
    thanks = understood("danke dir", "conversation/thanks", asked, text="danke dir", need=0.0)
    assert (thanks.route.kind, thanks.language) == ("conversation", "de")
    plain = understood("thank you for that", "conversation/thanks", asked, text="", need=0.0)
    assert plain.language == "en"


def test_one_more_way_to_read_it_comes_first_and_takes_its_share_of_the_others() -> None:
    typed = replace(Query.of("how wide", history=HISTORY), share=0.4)
    put_in = replace(Query.of("How wide are the fleets?", "how wide"), share=0.6, others=(typed,))

    def ways(query: Query) -> list[tuple[str, float]]:
        return [(each.text, round(each.share, 3)) for each in (query, *query.others)]

    also = put_in.also(ASKED, 0.5)
    assert ways(also) == [(ASKED, 0.5), ("How wide are the fleets?", 0.3), ("how wide", 0.2)]
    assert {each.typed for each in (also, *also.others)} == {"how wide"}
    assert ways(put_in.also("How wide?", 0.5)) == [
        ("how wide", 0.7),
        ("How wide are the fleets?", 0.3),
    ]
