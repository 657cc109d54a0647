"""Files are read apart, in processes with little memory and time, since anybody may have made them.

What crashes a parser, or takes it over, has a process that holds no settings and writes no files.
Processes are used again. There are as many as files are read at once, up to `MOST`.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from index.documents import Heading, Properties, Style
from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.readers.text import Content
from index.printable import title_line
from index.processes.child import Child, ChildFailed

MOST = max(2, os.cpu_count() or 1)
"""How many files are read at once; the next one waits."""

_PARSERS = "index.loading.parsing"

_idle: list[Child] = []
_places = threading.BoundedSemaphore(MOST)


def read_sandboxed(data: bytes, kind: str, charset: str | None, limits: Limits) -> Content:
    """Return what a file of this format holds.

    Raises DocumentError, which calls the file {name}, also where its parser crashes, takes too long
    or needs too much memory.
    """
    request = {
        "do": "read",
        "kind": kind,
        "charset": charset,
        "max_characters": limits.max_characters,
        "max_unpacked_bytes": limits.max_unpacked_bytes,
    }
    content, text = in_sandbox(request, data, limits)
    return Content(
        text.decode(),
        content["title"],
        tuple(Heading(**each) for each in content["headings"]),
        tuple(content["pages"]),
        Properties(**content["properties"]),
        tuple(Style(**each) for each in content["styles"]),
    )


def in_sandbox(request: dict[str, Any], data: bytes, limits: Limits) -> tuple[Any, bytes]:
    """Have `parsing.py` answer a request about a file, within limits of memory and time.

    Raises DocumentError, which calls the file {name}, whatever comes of it.
    """
    with _places:
        child = _child(limits.max_memory)
        try:
            return child.call(request, data, seconds=limits.max_seconds)
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
            _idle.append(child)


def _child(memory: int) -> Child:
    """Return an idle process with so much memory, or one that is yet to start."""
    try:
        child = _idle.pop()
    except IndexError:
        return Child(_PARSERS, memory=memory)
    if child.memory == memory:
        return child
    child.stop()
    return Child(_PARSERS, memory=memory)
