"""Turns are given in the order in which they are asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.turns import TooMany, Turns


def test_the_first_to_come_is_the_first_to_have_it_and_all_know_their_place() -> None:
    turns = Turns(2)
    order: list[int] = []
    places: dict[int, list[int]] = {number: [] for number in range(5)}
    ends = [threading.Event() for _ in range(5)]
    told = threading.Semaphore(0)

    def visit(number: int) -> None:
        def tell(place: int) -> None:
            places[number].append(place)
            told.release()

        with turns.turn(tell):
            order.append(number)
            told.release()
            ends[number].wait(30)

    with ThreadPoolExecutor(5) as pool:
        for number in range(5):
            pool.submit(visit, number)
            assert told.acquire(timeout=30)  # It has it, or knows its place.
        assert order == [0, 1]
        for number in range(5):
            ends[number].set()
            while number < 3 and len(order) < number + 3:
                assert told.acquire(timeout=30)
    assert order == [0, 1, 2, 3, 4]
    assert places == {0: [], 1: [], 2: [1], 3: [2, 1], 4: [3, 2, 1]}


def test_one_too_many_is_sent_away_and_one_who_leaves_makes_room() -> None:
    turns = Turns(1, most_waiting=1)

    def leave(place: int) -> None:
        raise InterruptedError(place)

    with turns.turn():
        with pytest.raises(InterruptedError), turns.turn(leave):
            pass
        with ThreadPoolExecutor(1) as pool:
            waits = threading.Event()

            def visit() -> None:
                with turns.turn(lambda _: waits.set()):
                    pass

            visiting = pool.submit(visit)
            assert waits.wait(30)
            with pytest.raises(TooMany, match="Ask again"), turns.turn():
                pass
            turns._free += 1  # As where the turn ends.
            with turns._changed:
                turns._changed.notify_all()
            visiting.result(30)
            turns._free -= 1
    with turns.turn():
        pass


def test_a_turn_that_ends_in_an_error_is_free_again() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
