"""What is made once, by whichever thread asks first."""

from __future__ import annotations

import threading

import pytest

from rag.lazy import Lazy


def ended(value: Lazy[int]) -> None:
    assert value._begun
    value._begun.join(10)


def test_it_is_made_once_however_it_is_begun() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(threading.get_ident())
        return len(made)

    value = Lazy(make)
    value.begin()
    value.begin()
    ended(value)
    value.begin()
    assert (value(), value()) == (1, 1)
    assert len(made) == 1
    assert made != [threading.get_ident()], "but by a thread of its own"


def test_what_is_raised_meanwhile_the_next_call_raises() -> None:
    tries: list[bool] = []

    def make() -> int:
        tries.append(True)
        raise ValueError(len(tries))

    value = Lazy(make)
    value.begin()
    ended(value)
    with pytest.raises(ValueError, match="2"):
        value()
