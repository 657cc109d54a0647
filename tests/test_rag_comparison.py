"""What is asked of two things: which they are, each by itself, and what is computed of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rag.answer import Answer
from rag.answering import subquestions
from rag.answering.subquestions import asked_parts
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.languages import Computed, SubQuestions
from tests.asking import Knowing, answered, context_of, route


def two(matter: str, message: str) -> tuple[str, str]:
    """Return the questions that a message asks of two things."""
    parts = asked_parts(message, matter)
    assert parts is not None, message
    first, second = parts.questions
    return first, second


BRIDGES = ("How long is the Alder Bridge?", "How long is the Rowan Bridge?")


@pytest.mark.parametrize(
    ("message", "questions", "said"),
    [
        *(
            (each, BRIDGES, "is longer")
            for each in (
                "Which is longer, the Alder Bridge or the Rowan Bridge?",
                "Which is longer: the Alder Bridge or the Rowan Bridge?",
                "Which of the two is longer - the Alder Bridge or the Rowan Bridge?",
                "Which one is longer, the Alder Bridge, or the Rowan Bridge?",
                "Is the Alder Bridge longer than the Rowan Bridge?",
                "Is the Alder Bridge any longer than the Rowan Bridge?",
                "is the Alder Bridge really longer than the Rowan Bridge",
                "The Alder Bridge or the Rowan Bridge: which is longer?",
                "the Alder Bridge or the Rowan Bridge - which is longer",
            )
        ),
        (
            "Which strait is wider, Tsugaru or Osumi?",
            ("How wide is the Tsugaru strait?", "How wide is the Osumi strait?"),
            "is wider",
        ),
        (
            "Which missile has the longer range, China’s DF-17 or Russia’s Tsirkon?",
            ("What range does China’s DF-17 have?", "What range does Russia’s Tsirkon have?"),
            "has the longer range",
        ),
        (
            "Does the DF-17 have a longer range than the Tsirkon?",
            ("What range does the DF-17 have?", "What range does the Tsirkon have?"),
            "has the longer range",
        ),
        (
            "Who was younger, Ann Lee or Bo Nye?",
            ("How old was Ann Lee?", "How old was Bo Nye?"),
            "was younger",
        ),
        (
            "Are the towers shorter than the masts?",
            ("How long are the towers?", "How long are the masts?"),
            "are shorter",
        ),
    ],
)
def test_two_things_of_which_one_is_more_or_less(
    message: str, questions: tuple[str, str], said: str
) -> None:
    parts = asked_parts(message, "which")
    assert parts is not None
    as_given = str.lower if questions == BRIDGES else str
    assert [*map(as_given, parts.questions)] == [*map(as_given, questions)]
    assert parts.computed
    assert parts.computed.said == said
    assert parts.computed.is_more is (said not in ("was younger", "are shorter"))


@pytest.mark.parametrize(
    "message",
    [
        "How much longer is the Alder Bridge than the Rowan Bridge?",
        "How many metres longer is the Alder Bridge than the Rowan Bridge?",
        "By how many metres is the Alder Bridge longer than the Rowan Bridge?",
        "how much longer is the Alder Bridge compared to the Rowan Bridge",
    ],
)
def test_how_much_more_the_one_is(message: str) -> None:
    parts = asked_parts(message, "amount")
    assert parts is not None
    assert parts.questions == BRIDGES
    assert parts.computed is not None
    assert parts.computed.things == ("the Alder Bridge", "the Rowan Bridge")
    assert parts.computed.how == "difference"


@pytest.mark.parametrize(
    ("message", "unit"),
    [
        ("How many days lay between the flood of Tolm and the fair?", "days"),
        ("How much time passed between the flood of Tolm and the fair?", "days"),
        ("days between the flood of Tolm and the fair", "days"),
        ("How many days was it from the flood of Tolm to the fair?", "days"),
        ("How many weeks were between the flood of Tolm and the fair?", "weeks"),
    ],
)
def test_the_time_between_two_events(message: str, unit: str) -> None:
    parts = asked_parts(message, "interval")
    assert parts == SubQuestions(
        ("When was the flood of Tolm?", "When was the fair?"),
        computed=Computed(("the flood of Tolm", "the fair"), unit),
    )


@pytest.mark.parametrize(
    "message",
    [
        "What did Putin and Xi each say about Taiwan?",
        "What did both Putin and Xi say about Taiwan?",
        "What did each of Putin and Xi say about Taiwan?",
        "What did Putin and Xi say about Taiwan, respectively?",
    ],
)
def test_what_each_of_two_did(message: str) -> None:
    assert two("each", message) == (
        "What did Putin say about Taiwan?",
        "What did Xi say about Taiwan?",
    )


@pytest.mark.parametrize(
    "message",
    [
        "Compare the Alder Bridge and the Rowan Bridge.",
        "Compare the Alder Bridge with the Rowan Bridge, please.",
        "Alder Bridge vs Rowan Bridge",
        "Alder Bridge versus Rowan Bridge?",
        "How does the Alder Bridge compare to the Rowan Bridge?",
        "How does the Alder Bridge differ from the Rowan Bridge?",
        "What is the difference between the Alder Bridge and the Rowan Bridge?",
        "Compare the Alder and Rowan bridges.",
    ],
)
def test_two_things_that_are_compared_in_general(message: str) -> None:
    one, other = (each.lower() for each in two("overview", message))
    assert one == "tell me about alder bridge in 3 sentences."
    assert other == "tell me about rowan bridge in 3 sentences."


@pytest.mark.parametrize(
    ("matter", "message"),
    [
        ("which", "Which strait did the warships pass?"),
        ("which", "Which are older, the patrols at sea or those in the air?"),
        ("which", "Which is older, it or the tower?"),
        ("which", "Which is longer?"),
        ("which", "Is it wider than the Osumi Strait?"),
        ("which", "Which is nicer, the tower or the mast?"),
        ("amount", "How much wider is it than that one?"),
        ("amount", "How long is the road between Tolm and Esker?"),
        ("amount", "What is the difference between the two straits?"),
        ("interval", "How many days lay between it and the fair?"),
        ("interval", "How long after the flood was the fair?"),
        ("each", "How much dust is blown and falls upon the sea each year?"),
        ("each", "Who introduced the formula, and when?"),
        ("overview", "How does the pact compare to others?"),
        ("overview", "What is the difference between the two straits?"),
        ("overview", "Compare the bridges."),
        ("overview", "Compare them."),
    ],
)
def test_where_it_is_not_plain_which_two_none_are_read(matter: str, message: str) -> None:
    assert asked_parts(message, matter) is None


# --- answers

Ask = Callable[[str], Answer]

TEXT = b"""The Alder Bridge is 410 metres long. The Rowan Bridge is 300 metres long.

The Elm Bridge is 2 miles long. The Birch Bridge was opened in 1931.

Mayor Holm called the Alder Bridge a promise kept.

Bishop Lund said that the Alder Bridge was too dear.

The Oak Bridge is 12 metres longer than the Fir Bridge.

The flood of Tolm was on 3 March 1931. The fair of Tolm opened on 2 April 1931.

The market of Esker was on Feb. 20. The feast of Esker was on March 5."""


@pytest.fixture
def bridges(knowing: Knowing) -> Assistant:
    return knowing(TEXT, "bridges.txt")


@pytest.fixture
def ask(bridges: Assistant) -> Ask:
    return bridges.ask


@pytest.mark.weights
def test_two_numbers_are_compared_and_said_to_be_computed(ask: Ask) -> None:
    for question in (
        "Which is longer, the Alder Bridge or the Rowan Bridge?",
        "Which bridge is longer, the Rowan Bridge or the Alder Bridge?",
    ):
        answer = ask(question)
        last = answer.sentences[-1]
        assert last.text.startswith("Computed: the Alder Bridge is longer, 410 metres")
        assert sorted(last.citations) == [1, 2]
        assert len(answer.citations) == 2
    shorter = ask("Which is shorter, the Alder Bridge or the Rowan Bridge?")
    assert shorter.sentences[-1].text.startswith("Computed: the Rowan Bridge is shorter, 300")


@pytest.mark.weights
def test_a_difference_is_computed(ask: Ask) -> None:
    longer = ask("How much longer is the Alder Bridge than the Rowan Bridge?")
    last = longer.sentences[-1]
    assert last.text.startswith("Computed: the difference is 110 metres, 410 metres")
    assert sorted(last.citations) == [1, 2]


@pytest.mark.weights
def test_a_difference_that_is_stated_is_not_computed(ask: Ask) -> None:
    told = ask("How much longer is the Oak Bridge than the Fir Bridge?")
    assert "12 metres" in told.text
    assert "Computed" not in told.text


@pytest.mark.weights
def test_the_days_between_two_are_counted(ask: Ask) -> None:
    told = ask("How many days were between the flood of Tolm and the fair of Tolm?")
    assert told.sentences[-1].text.startswith("Computed: it is 30 days from ")
    assert len(told.sentences) == 3  # one of each day, and what is computed
    weeks = ask("How many weeks were between the flood of Tolm and the fair of Tolm?")
    assert weeks.sentences[-1].text.startswith("Computed: it is 30 days (4 weeks and 2 days) from ")


@pytest.mark.weights
def test_what_changed_between_two_months_is_what_happened(briefed: Assistant) -> None:
    answer = briefed.ask("What changed between September and December 2021?", use_llm=False)
    assert all(9 <= quote.dates[0].month <= 12 for quote in answer.citations if quote.dates)
    assert answer.citations
    assert answer.message is not None
    assert "left out to keep this short" in answer.message


@pytest.mark.weights
def test_what_cannot_be_compared_is_not(ask: Ask) -> None:
    units = ask("Which is longer, the Alder Bridge or the Elm Bridge?")
    assert not any(each.text.startswith("Computed") for each in units.sentences)
    missing = ask("Which is longer, the Alder Bridge or the Birch Bridge?")
    assert not any(each.text.startswith("Computed") for each in missing.sentences)


@pytest.mark.weights
def test_what_each_said_is_told_of_each(bridges: Assistant) -> None:
    asked = "What did Mayor Holm and Bishop Lund each say of the Alder Bridge?"
    both = answered(bridges, asked, "comparison/each")
    assert both is not None
    assert "promise kept" in both.text
    assert "too dear" in both.text


@pytest.mark.weights
def test_two_things_are_told_of_beside_each_other(briefed: Assistant) -> None:
    answer = briefed.ask("Compare the Tsugaru and Osumi straits.")
    assert "20 kilometers wide" in answer.text
    assert "40 kilometers wide" in answer.text
    assert (str(answer.route), answer.way) == ("comparison/overview", "comparison")


@pytest.mark.weights
def test_a_follow_up_of_a_comparison_does_not_compare_again(bridges: Assistant) -> None:
    asked = "And what did the Alder Bridge cost?"
    query = Query.of(asked, "And what did it cost?", route("comparison/which"))
    assert [*subquestions.answer(query, context_of(bridges))] == []


@pytest.mark.weights
def test_the_quotes_of_all_parts_are_shown(briefed: Assistant) -> None:
    answer = briefed.ask("Which strait is wider, Tsugaru or Osumi?")
    assert (str(answer.route), answer.way) == ("comparison/which", "comparison")
    assert "Osumi strait is wider" in answer.text
    spans = [quote.span for quote in answer.quotes]
    assert len(spans) == len(set(spans))
    assert {quote.span for quote in answer.citations} <= set(spans)
    assert answer == replace(answer, timings={})
