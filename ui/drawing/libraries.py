"""The libraries of a window as HTML: the page's own, the list of all, and where a document is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.opening import Described
from ui.drawing.jinja import draw


@dataclass(frozen=True, slots=True)
class Told:
    """What to tell below the list, and what the page does next.

    `typed` is a name that cannot be used, as it was typed; `go` the library that the page opens,
    and `renamed` what that was called before.
    """

    words: str = ""
    typed: str = ""
    go: str = ""
    renamed: str = ""


def shown(name: str, go: str = "") -> str:
    """Return what opens the list: the name of the page's library.

    Where the page cannot have that one, it goes to another at once.
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
    """Return what stands in the place of a document that only other libraries hold."""
    return draw("libraries.html", "gone", message, document_id, place, names)
