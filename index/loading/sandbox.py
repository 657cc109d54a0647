"""Read files in separate processes with limited memory and time, since files are not trusted.

A file that crashes a parser, or takes it over, gets a process that holds no settings and cannot
write files. Processes are reused. There are as many as files are read at once, up to `MOST`, and
two more for recognizing text in pictures, so that this slow work keeps nobody else waiting.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from index.documents import Heading, Properties, Scan, Style
from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.readers.text import Content
from index.loading.scanning.recognition import PAGES_AT_ONCE
from index.printable import title_line
from index.processes.child import Child, ChildFailed

MOST = max(2, os.cpu_count() or 1)
"""How many files are read at once; the next one waits."""

_PARSERS = "index.loading.parsing"


@dataclass(slots=True)
class _Processes:
    """A pool of processes: the idle ones, and a semaphore for the number of busy ones."""

    places: threading.BoundedSemaphore
    idle: list[Child] = field(default_factory=list)

    def take(self, memory: int) -> Child:
        """Return an idle process with this memory limit, or a new one that has not started."""
        try:
            child = self.idle.pop()
        except IndexError:
            return Child(_PARSERS, memory=memory)
        if child.memory == memory:
            return child
        child.stop()
        return Child(_PARSERS, memory=memory)


_readers = _Processes(threading.BoundedSemaphore(MOST))
_scanners = _Processes(threading.BoundedSemaphore(PAGES_AT_ONCE))


def read_sandboxed(
    data: bytes, kind: str, charset: str | None, limits: Limits, scans: Sequence[Scan] = ()
) -> Content:
    """Return a file's content; `scans` are its pages that were read from pictures.

    Raises DocumentError, which calls the file {name}, also if its parser crashes, takes too long
    or needs too much memory.
    """
    request = {
        "do": "read",
        "kind": kind,
        "charset": charset,
        "max_characters": limits.max_characters,
        "max_unpacked_bytes": limits.max_unpacked_bytes,
        "scans": [asdict(each) for each in scans],
    }
    content, text = in_sandbox(request, data, limits)
    return Content(
        text.decode(),
        content["title"],
        tuple(Heading(**each) for each in content["headings"]),
        tuple(content["pages"]),
        Properties(**content["properties"] | {"tags": (), "other_parts": ()}),  # Never the file's.
        tuple(Style(**each) for each in content["styles"]),
        tuple(Scan(**each) for each in content["scans"]),
        tuple(content["unread"]),
    )


def scan_sandboxed(data: bytes, sha256: str, kind: str, page: int, limits: Limits) -> Scan:
    """Recognize a page of a file, by its number from 1. Raises as `read_sandboxed`.

    A process is sent the file with the first page, and keeps it, by its SHA-256, for later pages.
    """
    request = {"do": "scan", "kind": kind, "page": page}
    (confidence, words), _ = in_sandbox(request, data, limits, _scanners, sha256)
    return Scan(page, float(confidence), str(words))


def in_sandbox(
    request: dict[str, Any],
    data: bytes,
    limits: Limits,
    processes: _Processes = _readers,
    name: str = "",
) -> tuple[Any, bytes]:
    """Have `parsing.py` answer a request about a file, within limits of memory and time.

    Raises DocumentError, which calls the file {name}, for any failure.
    """
    with processes.places:
        child = processes.take(limits.max_memory)
        try:
            return child.call(request, data, seconds=limits.max_seconds, name=name)
        except ChildFailed as error:
            raise DocumentError(
                f"{{name}} cannot be read, since {error}. Save it again, or split it into smaller"
                " files."
            ) from error
        except RuntimeError as error:  # An error in the parser, or a bug of our own.
            last = title_line(str(error).strip().splitlines()[-1])
            raise DocumentError(
                f"{{name}} cannot be read, since its parser fails on it ({last}). Save it again, or"
                " in another format."
            ) from error
        finally:
            processes.idle.append(child)
