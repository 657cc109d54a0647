"""Watch folders for files that appear, change and disappear."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import DocumentError, reason
from index.loading.load import IGNORED, folder
from index.printable import path_line

SETTLED = 1.0
"""Seconds without a change before a file is read: it is then assumed to be complete."""

PATIENCE = 10.0
"""Seconds for which a folder may be unreadable, such as while it is being moved."""

Stamp = tuple[int, int, int]
"""A file's size, mtime and ctime: they differ once the file has been written."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that have appeared, changed and disappeared, sorted, and folders that became empty.

    `twins` are files with the same size as one that is gone: their text may be the same. If a
    folder becomes empty all at once, its files do not count as gone: its disk may be disconnected.
    """

    came: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()
    emptied: tuple[Path, ...] = ()
    twins: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.came or self.changed or self.gone or self.emptied)


class Watch:
    """The state of folders when the watch was created, and the changes from then on.

    The files are those that `folder` finds, with the same patterns. The system's notifications only
    say when to look; changes are found by comparing the folders, so none can be missed.
    """

    def __init__(
        self, folders: Sequence[Path], include: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> None:
        """Record the folders' state. Raises `DocumentError` for one that cannot be read."""
        self.folders = tuple(folders)
        self._patterns = include, exclude
        self._known = self._look()
        self._waiting: dict[Path, tuple[Stamp, float]] = {}
        self._empty: set[Path] = set()

    def __iter__(self) -> Iterator[Changed]:
        """Yield changes for ever; a file that is being written is yielded once it has settled.

        Raises `DocumentError` if a folder cannot be watched (any more).
        """
        from watchfiles import watch

        again = True  # Something may have changed since the state was recorded.
        failing: float | None = None
        try:
            for seen in watch(
                *self.folders,
                watch_filter=lambda _, path: self._concerns(Path(path)),
                rust_timeout=int(1000 * SETTLED / 2),
                yield_on_timeout=True,
            ):
                if not (seen or again):
                    continue
                try:
                    changed = self._changed()
                except DocumentError:  # Such as a folder that disappeared while it was read.
                    failing = failing or time.monotonic()
                    if time.monotonic() - failing > PATIENCE:
                        raise
                    again = True
                    continue
                failing, again = None, bool(self._waiting)
                if changed:
                    yield changed
        except OSError as error:
            self._look()  # Raises its own error if a folder is not there.
            raise DocumentError(
                f"The folders cannot be watched: {reason(error)}. Set"
                " `WATCHFILES_FORCE_POLLING=true` to check them at regular intervals instead."
            ) from error

    def name(self, file: Path) -> str:
        """Return a file's path from its watched folder on: “docs/2021/report.pdf”."""
        for each in self.folders:
            if file.is_relative_to(each):
                return path_line(file.relative_to(each.parent).as_posix())
        return path_line(file.name)

    def _look(self) -> dict[Path, dict[Path, Stamp]]:
        """Return the files of each folder, with their stamps."""
        found: dict[Path, dict[Path, Stamp]] = {}
        for path in self.folders:
            below = folder(path, *self._patterns)
            if below is None:
                raise DocumentError(
                    f"The folder {path_line(str(path))} no longer exists. Run the same command when"
                    " it is back."
                )
            stamps = {file: _stamp(file) for file in below.files}
            found[path] = {file: stamp for file, stamp in stamps.items() if stamp}
        return found

    def _changed(self) -> Changed:
        """Compare the folders with their known state; files that are still changing wait."""
        came: list[Path] = []
        changed: list[Path] = []
        gone: list[Path] = []
        emptied: list[Path] = []
        twins: list[Path] = []
        now = time.monotonic()
        waiting: dict[Path, tuple[Stamp, float]] = {}
        for path, found in self._look().items():
            known = self._known[path]
            for file, stamp in found.items():
                if known.get(file) == stamp:
                    continue
                before, since = self._waiting.get(file, (None, now))
                if before != stamp or now - since < SETTLED:
                    waiting[file] = stamp, since if before == stamp else now
                    continue
                (changed if file in known else came).append(file)
                known[file] = stamp
            if known and not found:
                emptied += [path] if path not in self._empty else []
                self._empty.add(path)
                continue
            self._empty.discard(path)
            lost = known.keys() - found.keys()
            gone += lost
            sizes = {known.pop(file)[0] for file in lost}
            twins += (file for file, (size, *_) in known.items() if size in sizes)
        self._waiting = waiting
        twins = [each for each in twins if each not in came and each not in changed]
        return Changed(*(tuple(sorted(each)) for each in (came, changed, gone, emptied, twins)))

    def _concerns(self, path: Path) -> bool:
        """Whether a change at this path can affect what `folder` finds."""
        for each in self.folders:
            if path.is_relative_to(each):
                parts = path.relative_to(each).parts
                return parts == (IGNORED,) or not any(part.startswith(".") for part in parts)
        return True


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:  # It has just disappeared.
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
