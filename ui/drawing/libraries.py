"""The libraries of a window as HTML: the page's own, the list of all, and where a document is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.opening import Described
from ui.drawing.jinja import draw


@dataclass(frozen=True, slots=True)
class Told:
    """The message below the list, and what the page does next.

    `typed` is a name that cannot be used, as it was typed; `go` is the library that the page opens,
    and `renamed` its name until now.
    """

    words: str = ""
    typed: str = ""
    go: str = ""
    renamed: str = ""


def shown(name: str, go: str = "") -> str:
    """Return the name of the page's library, which opens the list.

    If the page cannot have that library, it goes to the library `go` at once.
    """
    return draw("libraries.html", "shown", name, go)


def all_of(
    libraries: Sequence[Described],
    here: str,
    renameable: Collection[str],
    folder: Path | None,
    told: Told,
) -> str:
    """Return the list of libraries; new ones are made in the folder, if there is one."""
    return draw("libraries.html", "all", libraries, here, renameable, folder, told)


def gone(message: str, document_id: str, place: str, names: Sequence[str]) -> str:
    """Return the message in place of a document that only other libraries hold."""
    return draw("libraries.html", "gone", message, document_id, place, names)
