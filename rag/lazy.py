"""Thread-safe lazy loading: something heavy is loaded once, when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that is made at the first call and kept. If that raises, the next call tries again.

    (`functools.cached_property` has no lock since Python 3.12: two first questions at the same time
    would load 1.1 GB twice.)
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._begun: threading.Thread | None = None

    def __call__(self) -> T:
        """Return the value."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def begin(self) -> None:
        """Start making the value in a thread. If that fails, the next call tries again."""
        if not (self._made or (self._begun and self._begun.is_alive())):
            self._begun = threading.Thread(target=self._try, daemon=True)
            self._begun.start()

    def forget(self) -> None:
        """Release the value; the next call makes it again."""
        with self._lock:
            self._made.clear()

    def _try(self) -> None:
        with suppress(Exception):
            self()
