"""An answer made in a thread of its own, so that its visitor can stop it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from threading import Event as Flag
from typing import TypeVar

from index.errors import UserError
from rag.answer import Event
from rag.turns import Queued
from rag.writing.failures import LLMUnavailable
from rag.writing.retry import Wait, Waiting

T = TypeVar("T")


class Answering:
    """The events of an answer, as they come; a UserError and a wait are events as well."""

    def __init__(self, question: str, begin: Callable[[Wait], Iterator[Event]]) -> None:
        """Begin at once; `begin` is given a function that reports a wait, and waits."""
        self.question = question
        self._stopped = Flag()
        self._arrived: SimpleQueue[Event | Waiting | Queued | UserError | None] = SimpleQueue()
        self._last: Event | UserError | None = None
        pool = ThreadPoolExecutor(1)
        self._work = pool.submit(self._run, begin(self._wait))
        self._work.add_done_callback(lambda _: self._arrived.put(None))
        pool.shutdown(wait=False)

    @property
    def stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def __iter__(self) -> Iterator[Event | Waiting | Queued | UserError]:
        """Yield the events as they come, and nothing more once it is stopped."""
        try:
            while not self.stopped and (event := self._arrived.get()) is not None:
                yield event
        except GeneratorExit:  # The visitor has left.
            self.stop()
            raise
        if not self.stopped:
            self._work.result()  # A bug is raised here.

    def stop(self) -> None:
        """Stop: the current step still ends, but no other begins."""
        self._stopped.set()
        self._arrived.put(None)

    def _run(self, events: Iterator[Event]) -> None:
        while not self.stopped and (event := attempt(partial(next, events, None))) is not None:
            self._last = event
            self._arrived.put(event)

    def _wait(self, waiting: Waiting | Queued) -> None:
        self._arrived.put(waiting)
        if self._stopped.wait(waiting.seconds):
            raise LLMUnavailable("Stopped.")
        if self._last and isinstance(waiting, Waiting):
            self._arrived.put(self._last)  # That step goes on now.


def attempt(step: Callable[[], T]) -> T | UserError:
    """Return what a step returns, or the UserError that it raises, to be shown."""
    try:
        return step()
    except UserError as error:
        return error
