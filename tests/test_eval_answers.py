"""Answers against SQuAD's published examples of its script, numbers and dates with a tolerance."""

from __future__ import annotations

import pytest

from eval.cases.answers import dates, exact_match, numbers, token_f1, value_match
from eval.cases.cases import Case


@pytest.mark.parametrize(
    ("text", "answer", "exact", "f1"),
    [
        ("The Denver Broncos!", "denver broncos", True, 1.0),
        ("Broncos", "Denver Broncos", False, 2 / 3),
        ("a cat and a cat", "the cat", False, 2 / 4),  # a word counts as often as it is there
        ("U.S.-led", "USled", True, 1.0),  # punctuation goes, and leaves no blank
        ("café", "Café", True, 1.0),
        ("dog", "cat", False, 0.0),
        ("", "", True, 1.0),
        ("", "cat", False, 0.0),
        ("the", "an", True, 1.0),  # nothing is left of either
    ],
)
def test_squads_measures(text: str, answer: str, exact: bool, f1: float) -> None:
    assert exact_match(text, [answer]) is exact
    assert token_f1(text, [answer]) == pytest.approx(f1)


def test_the_best_of_several_answers_counts() -> None:
    assert token_f1("in Rome", ["Paris", "Rome", "in the city of Rome"]) == pytest.approx(2 / 3)
    assert exact_match("Rome", ["Paris", "the Rome"])
    assert token_f1("Rome", []) == 0.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,700 km, then 62.5.", [1700, 62.5]),
        ("$2.5 billion or two hundred million", [2.5e9, 2e8]),
        ("twenty-two of the ninety", [22, 90]),
        ("−3 and -4 degrees, 2010-2015", [-3, -4, 2010, 2015]),
        ("DF-17, Su35 and v1.2.3", [17]),
        ("15km, 700km/h, the 12th, the 1990s, 2.5m", [15, 700, 12, 1990, 2.5]),
        ("tension, eightfold, oneself, someone", []),
    ],
)
def test_numbers(text: str, found: list[float]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dec. 15, 2021", [(2021, 12, 15)]),
        ("on the 15th of December", [(None, 12, 15)]),
        ("2021-12-15 or 3 May 1999", [(1999, 5, 3), (2021, 12, 15)]),
        ("Sept. 31 and May 45", []),
        ("may 2 people", [(None, 5, 2)]),
        ("marched 15 km, decided 12 times, Mayor 12", []),
        ("Sept. 9, 3 march, September 10", [(None, 9, 9), (None, 9, 10), (None, 3, 3)]),
    ],
)
def test_dates(text: str, found: list[object]) -> None:
    assert dates(text) == found


@pytest.mark.parametrize(
    ("text", "answers", "kind", "tolerance", "right"),
    [
        ("It is about 130 km wide.", ["128 kilometres"], "number", 2, True),
        ("It is about 131 km wide.", ["128 kilometres"], "number", 2, False),
        ("2 billion dollars", ["2,000,000,000"], "number", 0, True),
        ("between 3 and 9", ["3 to 8"], "number", 1, True),
        ("between 3 and 9", ["3 to 7"], "number", 1, False),
        ("wide", ["wide"], "number", 1, False),
        ("on Dec. 16, 2021", ["December 15"], "date", 1, True),
        ("on Dec. 16, 2021", ["December 15, 2020"], "date", 1, False),
        ("on Jan. 1", ["31 December"], "date", 1, True),
        ("in December", ["December 15"], "date", 30, False),
    ],
)
def test_values(text: str, answers: list[str], kind: str, tolerance: float, right: bool) -> None:
    assert value_match(text, answers, kind, tolerance) is right


def test_only_numbers_and_dates_have_a_tolerance() -> None:
    with pytest.raises(ValueError, match="only a number or a date"):
        Case("one", "?", ("a",), tolerance=1.0)
