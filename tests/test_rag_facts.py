"""Numbers, dates and names: the same fact in other words passes, another fact does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.languages import content_words, facts, mentions, missing_facts
from rag.languages.english_tokens import numbers

SOURCE = (
    "On Oct. 14-17, 2021 the fleets of China and Norland, with 5,500 sailors, passed the "
    "20-km-wide Alder Strait ten times; Adm. Lise Holm’s U.S. hosts paid $424 million."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "The fleets passed the strait from October 14 to October 17.",
        "On 17 October 2021 the fleets of China were there.",
        "The strait is 20 km wide.",
        "The Alder Strait was passed 10 times.",
        "There were 5500 sailors.",
        "The Chinese fleet had 5,500 sailors.",
        "The US hosts of Lise Holm paid 424 million dollars.",
        "Approximately 5,500 sailors took part.",
    ],
)
def test_the_same_fact_in_other_words_is_there(sentence: str) -> None:
    assert missing_facts(sentence, [SOURCE]) == []


TIMES = "It leaves at 7:45 and comes back at 9:30."


@pytest.mark.parametrize(
    ("sentence", "missing", "source"),
    [
        ("The fleets came on Oct. 15.", ["oct 15"], SOURCE),
        ("The fleets came on November 14.", ["nov 14"], SOURCE),
        ("The strait is 40 km wide.", ["40"], SOURCE),
        ("The hosts paid $424 billion.", ["424000000000"], SOURCE),
        ("The hosts paid 424 dollars.", ["424"], SOURCE),
        ("It was passed eleven times.", ["11"], SOURCE),
        ("Admiral Ida Berg was there.", ["Admiral", "Berg", "Ida"], SOURCE),
        ("The fleets of China and Sund passed.", ["Sund"], SOURCE),
        ("It happened in 2020.", ["2020"], SOURCE),
        ("Berg said so.", ["Berg"], SOURCE),
        # Minutes belong to their hour, and a day to its month.
        ("It leaves at 9:45 and comes back at 7:30.", ["7:30", "9:45"], TIMES),
        ("It comes back at 9:30.", [], TIMES),
        ("They began on May 9.", ["may 9"], "The talks began on May 3 and ended on June 9."),
    ],
)
def test_another_fact_is_missing(sentence: str, missing: list[str], source: str) -> None:
    assert missing_facts(sentence, [source]) == missing


def test_what_the_question_says_needs_no_source() -> None:
    assert missing_facts("Berg had 7 ships in May.", [], "Did Berg have 7 ships in May?") == []


def test_verbs_are_not_months() -> None:
    assert not facts("They may march.")
    assert facts("They met in May and in Sept.").months == {"may", "sep"}


def test_possessives_and_dots_do_not_make_other_names() -> None:
    assert facts("The plan of Holm’s allies in the U.S. failed.").names >= {"holm", "us"}


def test_content_words_are_stems_without_function_words() -> None:
    assert content_words("The drills were conducted by them") == {"drill", "conduct"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,700", "1700"),
        ("1,234,567.89", "1234567.89"),
        ("1.700.000", "1700000"),
        ("2,5", "2.5"),
        ("1,00,000", "100000"),
    ],
)
def test_a_number_is_read_as_it_is_written(written: str, value: str) -> None:
    assert numbers(written) == [(Decimal(value), written)]


@pytest.mark.parametrize(
    "same",
    [
        ("340M", "340 million", "340,000,000", "three hundred and forty million"),
        ("1.5bn", "1.50 billion", "1,500,000,000", "1.5B"),
        ("half a million", "500k", "500,000", "five hundred thousand"),
        ("$5m", "$5 million", "$5,000,000", "five million dollars"),
        ("15%", "15 per cent", "fifteen percent", "15.0 pct"),
        ("20 km", "20-kilometre", "twenty kilometers", "20kms"),
        ("2 hrs", "two hours", "2 h", "2.0 hours"),
        ("2,005", "two thousand and five"),
        ("125,210", "one hundred twenty-five thousand two hundred and ten"),
        ("7:45", "07:45"),
        ("8:00", "08:00", "8"),
    ],
)
def test_a_number_is_one_in_all_its_forms(same: tuple[str, ...]) -> None:
    told = [
        next(each for each in mentions(f"It was {form} there.") if each.asserts) for form in same
    ]
    assert len({each.asserts for each in told}) == 1
    assert len({each.unit for each in told}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("340M", "440 million"),
        ("5 m", "$5m"),
        ("5 million", "5 billion"),
        ("F-16B", "16 billion"),
        ("7:45", "8"),
        ("7:45", "45"),
    ],
)
def test_another_number_is_none_of_its_forms(one: str, other: str) -> None:
    first, second = (
        next(each for each in mentions(f"It was {form} there.") if each.asserts)
        for form in (one, other)
    )
    assert not first.same(second)


@given(st.text("0123456789,. "))
def test_no_row_of_digits_is_too_odd_to_be_read(text: str) -> None:
    assert all(value >= 0 for value, _ in numbers(text))
