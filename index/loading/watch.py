"""What comes, changes and goes below folders, as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import DocumentError, reason
from index.loading.load import IGNORED, folder
from index.printable import path_line

SETTLED = 1.0
"""Seconds in which a file has not changed before it is read: nobody is writing it any more."""

PATIENCE = 10.0
"""Seconds in which a folder may be not readable, such as while it is being moved."""

Stamp = tuple[int, int, int]
"""What is another one when a file was written: its size, and when its bytes and rights changed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that have come, changed and gone, sorted, and folders that hold none any more.

    `twins` are files of the size of one that is gone: their text may be the same. The files of a
    folder that is empty all at once do not count as gone: it may be on a disk that is not there.
    """

    came: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()
    emptied: tuple[Path, ...] = ()
    twins: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.came or self.changed or self.gone or self.emptied)


class Watch:
    """Folders as they were when this was made, and what changes in them from then on.

    What is below them is what `folder` finds there, by the same patterns. The system tells when to
    look, and what has changed is found by looking: so nothing is lost that happens meanwhile.
    """

    def __init__(
        self, folders: Sequence[Path], include: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> None:
        """Look at the folders. Raises `DocumentError` for one that cannot be read."""
        self.folders = tuple(folders)
        self._patterns = include, exclude
        self._known = self._look()
        self._waiting: dict[Path, tuple[Stamp, float]] = {}
        self._empty: set[Path] = set()

    def __iter__(self) -> Iterator[Changed]:
        """Yield what has changed, for ever; a file that is being written, once it has settled.

        Raises `DocumentError` where a folder cannot be watched (any more).
        """
        from watchfiles import watch

        again = True  # Something may have changed since the folders were looked at.
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
                except DocumentError:  # Such as a folder that went while it was looked at.
                    failing = failing or time.monotonic()
                    if time.monotonic() - failing > PATIENCE:
                        raise
                    again = True
                    continue
                failing, again = None, bool(self._waiting)
                if changed:
                    yield changed
        except OSError as error:
            self._look()  # If a folder is not there, this says so.
            raise DocumentError(
                f"The folders cannot be watched: {reason(error)}. Set"
                " `WATCHFILES_FORCE_POLLING=true` to have them looked through again and again."
            ) from error

    def name(self, file: Path) -> str:
        """Return what a file is called, from its folder on: “docs/2021/report.pdf”."""
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
                    f"The folder {path_line(str(path))} is not there any more. Run the same command"
                    " when it is back."
                )
            stamps = {file: _stamp(file) for file in below.files}
            found[path] = {file: stamp for file, stamp in stamps.items() if stamp}
        return found

    def _changed(self) -> Changed:
        """Look, and return what is another than it was; what is still changing waits."""
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
        """Whether a change there can be one of what `folder` finds."""
        for each in self.folders:
            if path.is_relative_to(each):
                parts = path.relative_to(each).parts
                return parts == (IGNORED,) or not any(part.startswith(".") for part in parts)
        return True


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:  # It went a moment ago.
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
