"""Turns are given in the order in which they are asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.turns import FairSemaphore, Queued, QueueFull


def test_the_first_to_come_is_the_first_to_have_it_and_all_know_their_place() -> None:
    turns = FairSemaphore(2)
    order: list[int] = []
    places: dict[int, list[int]] = {number: [] for number in range(6)}
    there = {number: threading.Event() for number in range(6)}
    end = threading.Event()

    def visit(number: int) -> None:
        def tell(row: Queued) -> None:
            places[number].append(row.before)
            there[number].set()

        with turns.turn(tell):
            order.append(number)
            there[number].set()
            end.wait(30)

    with ThreadPoolExecutor(6) as pool:
        for number in range(6):
            pool.submit(visit, number)
            assert there[number].wait(30)
        assert order == [0, 1]
        end.set()
    assert order == [0, 1, 2, 3, 4, 5]
    assert [told[:1] for told in places.values()] == [[], [], [0], [1], [2], [3]]
    for told in places.values():
        assert told == sorted(set(told), reverse=True)


def test_one_too_many_is_sent_away_and_one_who_leaves_makes_room() -> None:
    turns = FairSemaphore(1, most_waiting=1)

    def leave(row: Queued) -> None:
        raise InterruptedError(str(row))

    with turns.turn():
        with pytest.raises(InterruptedError, match="No questions are ahead of"), turns.turn(leave):
            pass
        with ThreadPoolExecutor(1) as pool:
            waits = threading.Event()

            def visit() -> None:
                with turns.turn(lambda _: waits.set()):
                    pass

            visiting = pool.submit(visit)
            assert waits.wait(30)
            with pytest.raises(QueueFull, match="Ask again"), turns.turn():
                pass
            turns._give()  # As where the turn ends.
            visiting.result(30)
            turns._free -= 1
    with turns.turn():
        pass


def test_a_turn_that_ends_in_an_error_is_free_again() -> None:
    turns = FairSemaphore(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError


def test_a_turn_that_is_paused_is_another_ones_meanwhile() -> None:
    turns = FairSemaphore(1, most_waiting=0)
    with turns.turn() as paused:
        with paused():
            with turns.turn():
                pass
            assert turns._free == 1
        assert turns._free == 0
        with pytest.raises(QueueFull), turns.turn():
            pass
    assert turns._free == 1
