"""Which questions ask for a time, and which days they mean; and what a chronology answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pytest

from rag.answer import Answer
from rag.answering.context import MAX_LISTED
from rag.asking.when import Period, asked_time
from rag.assistant import Assistant
from rag.languages import Point, times
from rag.languages.english_dates import days_in_words
from tests.asking import Knowing, answered, quoted

COVERED = (date(2021, 9, 1), date(2022, 1, 9))


def day(text: str) -> date:
    return date.fromisoformat(text)


def none(words: str, within: Sequence[Period]) -> Period | None:
    return None


FROM, TO = date.min.isoformat(), date.max.isoformat()


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What happened on Sept. 9?", "2021-09-09..2021-09-09"),
        ("What happened on 9 September 2021?", "2021-09-09..2021-09-09"),
        ("What happened on 2021-09-09?", "2021-09-09..2021-09-09"),
        ("Which events took place between Oct. 14 and 23?", "2021-10-14..2021-10-23"),
        ("What happened from Oct. 30 to Nov. 2?", "2021-10-30..2021-11-02"),
        ("What happened in December?", "2021-12-01..2021-12-31"),
        ("What happened in January?", "2022-01-01..2022-01-31"),
        ("What happened in early October?", "2021-10-01..2021-10-10"),
        ("What happened in the first week of November?", "2021-11-01..2021-11-07"),
        ("What happened in the second half of 2021?", "2021-07-01..2021-12-31"),
        ("List the events of autumn 2021.", "2021-09-01..2021-11-30"),
        ("What happened between Dec. 28 and Jan. 3?", "2021-12-28..2022-01-03"),
        ("What happened in 1995?", "1995-01-01..1995-12-31"),
        ("What happened after Nov. 20?", f"2021-11-21..{TO}"),
        ("What happened since Nov. 20?", f"2021-11-20..{TO}"),
        ("What happened before Nov. 20?", f"{FROM}..2021-11-19"),
        ("What happened until Nov. 20?", f"{FROM}..2021-11-20"),
        (
            "What happened on Sept. 9 and Sept. 12?",
            "2021-09-09..2021-09-09 2021-09-12..2021-09-12",
        ),
        # A date needs no word before it.
        ("repairs 2019-2021", "2019-01-01..2021-12-31"),
        ("Transfers, summer 2021", "2021-06-01..2021-08-31"),
        ("my appointments 3-9 june", "2022-06-03..2022-06-09"),
        ("anything in the week of 12 October?", "2021-10-11..2021-10-17"),
        # A follow-up takes the question over.
        ("What happened in October? And in November?", "2021-11-01..2021-11-30"),
    ],
)
def test_a_time_is_understood_in_the_years_of_the_documents(question: str, told: str) -> None:
    asked = asked_time(question, COVERED, none)
    assert asked is not None
    days = [f"{first.isoformat()}..{last.isoformat()}" for first, last in asked.periods]
    assert days == told.split()


@pytest.mark.parametrize(
    "question",
    [
        "What happened on Feb. 31?",
        "What happened yesterday?",
        "What happened last week?",
        "What happened to the bridge?",
        "How many troops took part?",
        "",
    ],
)
def test_a_question_that_names_no_day_asks_for_no_time(question: str) -> None:
    assert asked_time(question, COVERED, none) is None


def test_a_time_is_counted_from_an_event() -> None:
    asked_for: list[str] = []

    def find(words: str, within: Sequence[Period]) -> Period | None:
        asked_for.append(words)
        return day("2021-10-30"), day("2021-10-31")

    asked = asked_time("What happened after the G20 meeting?", COVERED, find)
    assert asked is not None
    assert asked_for == ["the G20 meeting"]
    assert asked.periods == ((day("2021-11-01"), COVERED[1]),)
    assert asked.event == (day("2021-10-30"), day("2021-10-31"))


def test_an_event_that_is_not_found_makes_it_a_question_like_any_other() -> None:
    assert asked_time("What happened after the moon landing?", COVERED, none) is None


def test_a_chronology_may_begin_and_end_where_the_calendar_does() -> None:
    whole = (date.min, date.max)
    for question in ("What happened after the fair?", "What happened before the fair?"):
        asked = asked_time(question, whole, lambda *_: whole)
        assert asked is not None
        assert len(asked.periods) == 1
    november = asked_time("What happened in November?", (date(9999, 11, 2), date.max), none)
    assert november is not None
    assert november.periods == ((date(9999, 11, 1), date(9999, 11, 30)),)


def test_what_else_the_question_says_is_its_topic_or_how_many() -> None:
    asked = asked_time("Which joint exercises took place in October?", COVERED, none)
    assert asked is not None
    assert asked.topic == "joint exercises"
    asked = asked_time("What is the last event in the chronology?", COVERED, none)
    assert asked is not None
    assert (asked.count, asked.latest_first) == (1, True)


def test_days_named_in_a_text() -> None:
    text = "It was signed on Sept. 3, when the pact fell, and may march on in 2022."
    assert times(text).days == {Point(None, 9, 3)}
    assert times("They may march in May again.").times == times("In May").times


def test_days_in_words() -> None:
    def told(first: str, last: str) -> str:
        return days_in_words(day(first), day(last))

    assert told("2021-10-14", "2021-10-14") == "Oct. 14, 2021"
    assert told("2021-09-21", "2021-10-04") == "Sept. 21 to Oct. 4, 2021"
    assert told("2021-12-28", "2022-01-03") == "Dec. 28, 2021 to Jan. 3, 2022"


# --- the briefing's own chronology


def openings(answer: Answer | None) -> list[str]:
    return [" ".join(text.split()).partition(":")[0] for text in quoted(answer)]


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("What happened on Nov. 19?", ["Nov. 19, 2021", "Nov. 19, 2021"]),
        (
            "What happened between Nov. 25 and Nov. 30?",
            ["Nov. 25, 2021", "Nov. 26, 2021", "Nov. 26, 2021", "Nov. 30, 2021"],
        ),
        (
            "What happened after the third video summit?",
            ["Dec. 28, 2021", "Dec. 30, 2021"],
        ),
        ("What is the last entry in the chronology?", ["Dec. 30, 2021"]),
    ],
)
def test_every_entry_of_the_time_is_listed_in_order(
    question: str, dates: list[str], briefed: Assistant
) -> None:
    told = openings(answered(briefed, question, "time/all"))
    assert [each for each in told if re.fullmatch(r"\w+\. \d+, 2021", each)] == dates


@pytest.mark.weights
def test_what_the_text_beside_tells_of_the_time_is_listed_too(briefed: Assistant) -> None:
    answer = answered(briefed, "What happened in October 2021?", "time/all")
    assert answer is not None
    told = quoted(answer)
    assert any("USS Connecticut" in each for each in told)  # The chronology has it not.
    assert "other sentences that mention a date" in (answer.message or "")
    assert "left out to keep this short" in (answer.message or "")
    [further] = answer.choices
    assert further.startswith("What happened from Oct. ")
    more = quoted(answered(briefed, further, "time/all"))
    assert any("State Duma" in each for each in more)
    assert "Oct. 1, 2021" not in " ".join(more)


@pytest.mark.weights
def test_a_topic_narrows_the_list(briefed: Assistant) -> None:
    question = "What did Xi do in November?"
    assert openings(answered(briefed, question, "time/topic")) == ["Nov. 26, 2021"]
    assert len(openings(answered(briefed, question, "time/all"))) > 1


@pytest.mark.weights
def test_what_is_left_out_is_told(briefed: Assistant) -> None:
    answer = answered(briefed, "What happened since September?", "time/all")
    assert answer is not None
    assert len(answer.citations) == MAX_LISTED
    assert "left out to keep this short" in (answer.message or "")


@pytest.mark.weights
def test_a_time_without_entries_says_what_there_is(briefed: Assistant) -> None:
    answer = answered(briefed, "What happened in March 1995?", "time/all")
    assert answer is not None
    assert (answer.refused, answer.citations) == (True, ())
    assert "The dated entries run from" in (answer.message or "")


@pytest.mark.weights
def test_what_is_not_for_a_chronology_is_left_to_others(
    briefed: Assistant, knowing: Knowing
) -> None:
    nothing = "What did the penguins of the zoo eat in November?"
    assert answered(briefed, nothing, "time/topic") is None
    assert answered(briefed, "What happened after the moon landing?", "time/all") is None
    undated = knowing("The mill burned down in May.", "mill.txt")
    assert answered(undated, "What happened in May?", "time/all") is None
    [entry] = briefed.library.entries()
    aside = answered(briefed, "What happened on Nov. 19?", "time/all", exclude=[entry.id])
    assert aside is None


@pytest.mark.weights
@pytest.mark.parametrize(
    "question",
    [
        "Which strait did the warships pass on Oct. 18?",
        "What did Putin say on Oct. 13?",
        "How many troops took part in September?",
    ],
)
def test_a_question_for_one_fact_is_answered_by_evidence(briefed: Assistant, question: str) -> None:
    assert briefed.ask(question).way == "evidence"


@pytest.mark.weights
def test_it_is_asked_like_any_question(briefed: Assistant) -> None:
    answer = briefed.ask("What happened on Nov. 19?")
    assert openings(answer)[:2] == ["Nov. 19, 2021", "Nov. 19, 2021"]
    assert (answer.way, len(answer.quotes) >= 5) == ("time", True)
