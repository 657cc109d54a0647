"""What a visitor was adding when the program ended, for the next start.

<library>/adding/<visitor>.jsonl       the names of the documents, then each that is done
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.atomic import write_whole


class Unfinished:
    """The record of what a visitor is adding to a library, which exists while that goes on.

    The record is optional: if it cannot be written, the work goes on without it.
    """

    def __init__(self, folder: Path, visitor: str) -> None:
        """Name the library's folder and the visitor; nothing is touched yet."""
        name = hashlib.sha256(visitor.encode("utf-8", "replace")).hexdigest()[:16]
        self._path = folder / "adding" / f"{name}.jsonl"
        # Of two windows that add for one user, the second keeps no record.
        self._lock = FileLock(self._path.with_suffix(".lock"), timeout=0, thread_local=False)

    def names(self) -> list[str]:
        """Return the documents that an ended program did not finish, in their order."""
        if not self._path.exists() or not self._hold():
            return []
        with suppress(OSError, ValueError, TypeError):
            first, *others = self._path.read_text("utf-8").splitlines()
            given, over = json.loads(first), Counter[str]()
            for line in others:
                with suppress(ValueError, TypeError):  # The last one may be cut off.
                    over[json.loads(line)] += 1
            left = []
            for name in map(str, given):
                over[name] -= 1
                left += [name] if over[name] < 0 else []
            return left
        return []

    def begin(self, names: Iterable[str]) -> None:
        """Record what is to be added, in place of any earlier record."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._hold():
                write_whole(self._path, f"{json.dumps(list(names))}\n".encode(), 0o600)

    def over(self, name: str) -> None:
        """Note that a document is done."""
        with suppress(OSError):
            if self._lock.is_locked and self._path.exists():
                with self._path.open("a") as file:
                    file.write(f"{json.dumps(name)}\n")

    def end(self) -> None:
        """Delete the record: everything in it is done, or was reported."""
        with suppress(OSError):
            if self._lock.is_locked:
                self._path.unlink(missing_ok=True)
                Path(self._lock.lock_file).unlink(missing_ok=True)
                self._lock.release()

    def _hold(self) -> bool:
        """Lock the record against other windows; return whether that succeeded."""
        try:
            if not self._lock.is_locked:
                self._lock.acquire()
        except (Timeout, OSError):
            return False
        return True
