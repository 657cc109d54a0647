"""Files are read apart, in processes with little memory and time, since anybody may have made them.

What crashes a parser, or takes it over, has a process that holds no settings and writes no files.
Processes are used again. There are as many as files are read at once, up to `MOST`, and two more
for pages that are read from their pictures: that takes long, and keeps nobody else waiting.
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
    """Processes that wait for something to do, and places for those that have it."""

    places: threading.BoundedSemaphore
    idle: list[Child] = field(default_factory=list)

    def take(self, memory: int) -> Child:
        """Return an idle process with so much memory, or one that is yet to start."""
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
    """Return what a file of this format holds; `scans` are its pages that were read from pictures.

    Raises DocumentError, which calls the file {name}, also where its parser crashes, takes too long
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
        Properties(**content["properties"] | {"tags": (), "other_parts": ()}),  # No file says them.
        tuple(Style(**each) for each in content["styles"]),
        tuple(Scan(**each) for each in content["scans"]),
        tuple(content["unread"]),
    )


def scan_sandboxed(data: bytes, sha256: str, kind: str, page: int, limits: Limits) -> Scan:
    """Read a page of a file, by its number from 1, from its picture. Raises as `read_sandboxed`.

    A process is given the file with its first page, and holds it by its SHA-256 for the others.
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

    Raises DocumentError, which calls the file {name}, whatever comes of it.
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
        except RuntimeError as error:  # What the parser itself raised, or a bug of ours.
            last = title_line(str(error).strip().splitlines()[-1])
            raise DocumentError(
                f"{{name}} cannot be read, since its parser fails on it ({last}). Save it again, or"
                " in another format."
            ) from error
        finally:
            processes.idle.append(child)
