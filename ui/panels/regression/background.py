"""Work in a thread that goes on when its visitor leaves, reports progress and can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from index.errors import UserError
from ui.panels.events import BUG, Stopped

Progress = Callable[[int, int], None]
"""Called with the number done and the total; raising an exception ends the work."""


class Background:
    """Work in a thread of its own."""

    def __init__(self, work: Callable[[Progress], None], total: int, stopped: str) -> None:
        """Begin at once; `stopped` is what to say when it was stopped."""
        self.done, self.total = 0, total
        self.error: str | None = None
        self.stop = threading.Event()
        self._work, self._stopped = work, stopped
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def goes_on(self) -> bool:
        """Whether it is being done."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work(self._progress)
        except Stopped:
            self.error = self._stopped
        except UserError as error:
            self.error = str(error)
        except Exception:
            self.error = BUG
            raise  # The terminal shows the thread's traceback.

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.stop.is_set() and done < total:
            raise Stopped
