"""What the window's panels share: what an event changes, what comes with it, who may send it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from index.printable import title_line

Updates = dict[Any, Any]
"""What an event changes: components and their new values."""

PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""The window's own events: without Gradio's spinners, and not part of what programs may call."""

AT_ONCE = 128
"""Questions, checks and documents that come in at the same time. Most of them wait: for a core, for
a language model (`rag/turns.py`), for a process that reads files, and tell that they do."""

MAX_QUESTION = 2_000
"""Characters that a question can have."""

NEW_ID = """() => Array.from(crypto.getRandomValues(new Uint8Array(16)),
  (byte) => byte.toString(16).padStart(2, "0")).join("")"""
"""Makes an id, in the browser: `crypto.randomUUID` is not there where the window is reached by a
name and without TLS."""


def script(*files: str, **given: str) -> str:
    """Return what runs in the browser beside a panel: files of this folder, behind constants.

    What is `given` are JavaScript's expressions, by the constants' names.
    """
    constants = [f"const {name} = {value};" for name, value in given.items()]
    read = (Path(__file__).with_name(each).read_text("utf-8") for each in ("typing.js", *files))
    return "\n".join([*constants, *read])


BUG = "Something went wrong inside Footnoted. The terminal it was started from says what."


def field(given: Any, name: str) -> str:
    """Return a field of what the browser sent, as one line; nothing where there is none."""
    return title_line(str(given.get(name) or "")) if isinstance(given, dict) else ""


def number(given: Any, name: str) -> int | None:
    """Return a field that is a whole number, or None."""
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def strings(given: Any, name: str) -> list[str]:
    """Return a field that is a list of strings; what else is in it is left out."""
    return texts(given.get(name)) if isinstance(given, dict) else []


def texts(given: Any) -> list[str]:
    """Return a list that the browser sent; what is no string in it is left out."""
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


Right = Literal["add", "remove", "fetch"]
RIGHTS: tuple[Right, ...] = get_args(Right)

_WHAT: dict[Right, str] = {
    "add": "put anything into the library",
    "remove": "remove documents",
    "fetch": "have addresses called",
}


class Rights:
    """What each user may do, where people log in; without a login, everybody may everything.

    A handler asks here before it changes anything: what the page hides (`window.css`) can still be
    sent.
    """

    def __init__(self, may: Mapping[str, Collection[str]] | None = None) -> None:
        """Take the rights of the users by name, or None where there is no login."""
        self._may = may

    def refusal(self, *wanted: Right) -> str | None:
        """Return what to say to the visitor whose event this is, if a right is lacking."""
        from gradio.context import LocalContext

        return self.refusal_of(getattr(LocalContext.request.get(None), "username", None), *wanted)

    def refusal_of(self, name: str | None, *wanted: Right) -> str | None:
        """Return what to say to a user, if a right is lacking."""
        if self._may is None:
            return None
        for right in wanted:
            if right not in self._may.get(name or "", ()):
                return (
                    f"{name or 'Nobody'} may not {_WHAT[right]} here: whoever runs this window can "
                    f"allow it (`footnoted user NAME --may {right}`)."
                )
        return None
