"""How faults are counted."""

from __future__ import annotations

import pytest

from tests.faults import Faults, table


def test_what_raises_has_done_harm_and_the_rest_goes_on() -> None:
    recorded: list[tuple[str, object]] = []
    faults = Faults("a", 1.0, lambda name, value: recorded.append((name, value)))
    for number in range(3):
        with faults.trying("writes", f"write {number}"):
            assert number != 1, "a record is gone"
    with faults.trying("hosts", "a foreign one", harm="let in"):
        raise ValueError("it was answered")
    report = pytest.TestReport("a", ("a", 1, "a"), {}, "passed", None, "call")
    report.user_properties = recorded
    assert [line.split() for line in table([report])] == [
        ["faults", "tried", "survived", "lost", "let", "in"],
        ["hosts", "1", "0", "0", "1"],
        ["writes", "3", "2", "1", "0"],
        ["all", "4", "2", "1", "1"],
    ]
    assert faults.harm[0].startswith("writes, write 1: AssertionError: a record is gone")
    assert table([]) == []


def test_a_share_is_in_order_the_same_each_time_and_never_nothing() -> None:
    def some(share: float) -> list[int]:
        return Faults("b", share, lambda *_: None).some(range(100))

    assert some(1.0) == list(range(100))
    assert some(0.1) == some(0.1) == sorted(set(some(0.1)))
    assert (len(some(0.1)), len(some(0.0001))) == (10, 1)
