"""Turns: so many at once, the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from index.errors import UserError

MOST_WAITING = 100
"""How many wait for a turn; a further one is sent away rather than left to wait for minutes."""

Tell = Callable[[int], None]
"""Called with the place in the row, from 1, when it changes. What it raises ends the waiting."""


class TooMany(UserError):
    """So many wait already that a further one is sent away."""


class Turns:
    """Something that few can have at once, such as the processor's cores or a language model."""

    def __init__(self, at_once: int, most_waiting: int = MOST_WAITING) -> None:
        """Say how many may have it at once, and how many may wait for it."""
        self._free = at_once
        self._most = most_waiting
        self._row: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, tell: Tell = lambda _: None) -> Iterator[None]:
        """Wait for a turn, and have it to the end of the block.

        Raises TooMany at once where the row is full.
        """
        self._take(tell)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _take(self, tell: Tell) -> None:
        ticket, told = object(), 0
        with self._changed:
            if len(self._row) >= self._most:
                raise TooMany(
                    f"{self._most} others are waiting for their turn already. Ask again in a while."
                )
            self._row.append(ticket)
            try:
                while not self._free or self._row[0] is not ticket:
                    place = self._row.index(ticket) + 1
                    if place != told:
                        tell(told := place)
                    self._changed.wait()
                self._free -= 1
            finally:
                self._row.remove(ticket)
                self._changed.notify_all()
