"""A fair semaphore: a limited number have a turn at once, and the others queue in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from index.errors import UserError

MOST_WAITING = 100
"""The longest queue. Whoever comes then is turned away rather than left to wait for minutes."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A question waits for its turn, with `before` others ahead of it."""

    before: int
    seconds: float = 0.0
    """How long whoever is told of this should wait: not at all, since the turn comes by itself."""

    def __str__(self) -> str:
        are = "question is" if self.before == 1 else "questions are"
        return f"{self.before or 'No'} {are} ahead of this one"


Tell = Callable[[Queued], object]
"""Called when the place in the queue changes. An exception that it raises ends the wait."""


class QueueFull(UserError):
    """The queue is full, so the request is turned away."""


Paused = Callable[[], AbstractContextManager[None]]


class FairSemaphore:
    """A resource that few can use at once, such as the processor's cores or a language model."""

    def __init__(self, at_once: int, most_waiting: int = MOST_WAITING) -> None:
        self._free = at_once
        self._most = most_waiting
        self._row: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """The length of the queue."""
        return len(self._row)

    @contextmanager
    def turn(self, tell: Tell = lambda _: None) -> Iterator[Paused]:
        """Wait for a turn, and hold it until the end of the block.

        The block gets a function that lends the turn to others for a while: `with paused(): …`.

        Raises QueueFull at once if the queue is full.
        """

        @contextmanager
        def paused() -> Iterator[None]:
            self._give()
            try:
                yield
            finally:
                self._take(tell, always=True)

        self._take(tell)
        try:
            yield paused
        finally:
            self._give()

    def _give(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def _take(self, tell: Tell, *, always: bool = False) -> None:
        """Wait for a turn; `always` takes back one that was lent, whatever the queue's length."""
        ticket, reported = object(), -1
        with self._changed:
            waits = bool(self._row) or not self._free
            if waits and len(self._row) >= self._most and not always:
                raise QueueFull(
                    f"{self._most} others are waiting for their turn already. Ask again in a while."
                )
            self._row.append(ticket)
            try:
                while not self._free or self._row[0] is not ticket:
                    before = self._row.index(ticket)
                    if before != reported and not always:
                        reported = before
                        tell(Queued(before))
                    self._changed.wait()
                self._free -= 1
            finally:
                self._row.remove(ticket)
                self._changed.notify_all()
