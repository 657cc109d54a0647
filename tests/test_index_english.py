"""The names of the months."""

from index.english import month_number, months_in_full


def test_a_month_is_known_whole_or_shortened() -> None:
    assert [month_number(name) for name in ("January", "sept", "Dec.")] == [1, 9, 12]


def test_shortened_months_are_written_out() -> None:
    told = "On Sept. 3 and Sep 4, in Oct. a march on May 5."
    full = "On September 3 and September 4, in October a march on May 5."
    assert months_in_full(told) == full
