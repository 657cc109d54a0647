"""An answer in the making, in a thread of its own, so that its visitor can stop it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

from index.errors import UserError
from rag.assistant import Event

T = TypeVar("T")


class Answering:
    """The events of an answer, as they come; a UserError is an event as well."""

    def __init__(self, question: str, events: Iterator[Event]) -> None:
        """Begin at once."""
        self.question = question
        self.stopped = False
        self._arrived: SimpleQueue[Event | UserError | None] = SimpleQueue()
        pool = ThreadPoolExecutor(1)
        self._work = pool.submit(self._run, events)
        self._work.add_done_callback(lambda _: self._arrived.put(None))
        pool.shutdown(wait=False)

    def __iter__(self) -> Iterator[Event | UserError]:
        """Yield what is made, as it comes; nothing more once it was stopped."""
        try:
            while not self.stopped and (event := self._arrived.get()) is not None:
                yield event
        except GeneratorExit:  # The visitor has left.
            self.stop()
            raise
        if not self.stopped:
            self._work.result()  # A bug is raised here.

    def stop(self) -> None:
        """Leave it: the step that is being made still ends, and no other begins."""
        self.stopped = True
        self._arrived.put(None)

    def _run(self, events: Iterator[Event]) -> None:
        while not self.stopped and (event := attempt(partial(next, events, None))) is not None:
            self._arrived.put(event)


def attempt(step: Callable[[], T]) -> T | UserError:
    """Return what a step returns, or the error that is meant for the visitor."""
    try:
        return step()
    except UserError as error:
        return error
