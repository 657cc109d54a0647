"""What the panels share: options of events, fields that browsers send, the users' rights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from starlette.requests import HTTPConnection

from index.printable import title_line
from rag.config import Settings
from rag.opening import libraries
from ui.words.words import _, noted

Updates = dict[Any, Any]
"""What an event changes: components and their new values."""

PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""Options of the window's own events: no spinners of Gradio's, and no use by programs."""


def in_a_row(name: str) -> dict[str, Any]:
    """Return the options of events that are handled one after the other.

    Events of one name change the same components: in parallel, one that read the state before a
    change could overwrite what another shows after it.
    """
    return PRIVATE | {"concurrency_id": name}


SPOKEN: dict[str, Any] = {
    "html_template": '<div role="status" aria-live="polite">${value}</div>',
    "apply_default_css": False,
}
"""Options of a gr.HTML that screen readers speak when it changes."""

ALWAYS_LAST: dict[str, Any] = {"trigger_mode": "always_last"}
"""Options of events that show the current state: one that is sent while another is handled runs
after it. Otherwise Gradio would drop it, and what changed meanwhile would not be shown."""

AT_ONCE = 128
"""How many questions, checks and documents are handled at the same time. Most of them wait, and say
so: for a core, for a language model (`rag/turns.py`), or for a process that reads files."""

MAX_QUESTION = 2_000
"""Characters that a question can have."""

NEW_ID = """() => Array.from(crypto.getRandomValues(new Uint8Array(16)),
  (byte) => byte.toString(16).padStart(2, "0")).join("")"""
"""Makes an id in the browser: there is no `crypto.randomUUID` if the window is reached by a name
and without TLS."""


def script(*files: str, **given: str) -> str:
    """Return the script of a panel: files of this folder, after constants.

    `given` are the constants' values as JavaScript expressions, by name.
    """
    constants = [f"const {name} = {value};" for name, value in given.items()]
    read = (
        Path(__file__).parent.joinpath(each).read_text("utf-8") for each in ("typing.js", *files)
    )
    return "\n".join([*constants, *read])


class Stopped(Exception):
    """Somebody has stopped work; what it has done is kept."""


BUG = noted("Something went wrong inside Footnoted. The terminal it was started from says what.")


def field(given: Any, name: str) -> str:
    """Return a field of what the browser sent, as one line; "" if there is none."""
    return title_line(str(given.get(name) or "")) if isinstance(given, dict) else ""


def number(given: Any, name: str) -> int | None:
    """Return a field that is a whole number, or None."""
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def given(sent: Any, name: str) -> str:
    """Return a field of what the browser sent, exactly; "" if there is none."""
    value = sent.get(name) if isinstance(sent, dict) else None
    return value if isinstance(value, str) else ""


def strings(given: Any, name: str) -> list[str]:
    """Return a field that is a list of strings; anything else in it is left out."""
    return texts(given.get(name)) if isinstance(given, dict) else []


def texts(given: Any) -> list[str]:
    """Return a list that the browser sent; anything in it but strings is left out."""
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def visitor(token: Any) -> str:
    """Return who sent this event: the user, or without a login the browser, by its token."""
    from gradio.context import LocalContext

    if name := getattr(LocalContext.request.get(None), "username", None):
        return f"user {name}"
    return f"browser {title_line(token) if isinstance(token, str) else ''}"


def asked_by() -> tuple[str | None, str]:
    """Return the user who sent this event, and the library that the page's address names.

    Without a login there is no user; an address that names no library means the first one.
    """
    from gradio.context import LocalContext

    request = LocalContext.request.get(None)
    if request is None:
        return None, ""
    user = getattr(request, "username", None)
    if user is None and isinstance(request, HTTPConnection):  # A server function.
        user = request.scope.get(USER)
    return user, dict(request.query_params).get("library", "")


USER = "footnoted.user"
"""The key of a request's scope that holds its user, set by the login (`ui/entry/login.py`)."""

Right = Literal["add", "remove", "fetch"]
RIGHTS: tuple[Right, ...] = get_args(Right)

_LACKING: dict[Right, str] = {
    "add": noted(
        "%(name)s may not put anything into the library here: whoever runs this window can allow "
        "it (`footnoted user NAME --may add`)."
    ),
    "remove": noted(
        "%(name)s may not remove documents here: whoever runs this window can allow it (`footnoted "
        "user NAME --may remove`)."
    ),
    "fetch": noted(
        "%(name)s may not connect to addresses here: whoever runs this window can allow it "
        "(`footnoted user NAME --may fetch`)."
    ),
}


class Rights:
    """What each user may do; without a login, everybody may do everything.

    Each handler checks here before it changes anything: events that the page hides (`window.css`)
    can still be sent.
    """

    def __init__(
        self, may: Mapping[str, Collection[str]] | None = None, settings: Settings | None = None
    ) -> None:
        """Take the rights of the users by name, or None if there is no login.

        The settings may limit who reads or changes certain libraries.
        """
        self._may = may
        self._settings = settings

    @property
    def everybody_reads(self) -> bool:
        """Whether all users may read all libraries."""
        return self._may is None or not (self._settings and self._settings.readers)

    def may_read(self, name: str | None, library: str) -> bool:
        """Whether a user may read a library."""
        return (
            self._may is None
            or self._settings is None
            or self._settings.may_read(name or "", library)
        )

    def refusal(self, *wanted: Right) -> str | None:
        """Return what to tell the visitor who sent this event, if a right is missing."""
        name, library = asked_by()
        return self.refusal_of(name, *wanted, library=library)

    def refusal_to_read(self, name: str | None) -> str | None:
        """Return what to tell a user who may not read the library that programs use."""
        if self.everybody_reads or self._settings is None:
            return None
        library = next(iter(libraries(self._settings)))
        if self.may_read(name, library):
            return None
        return _(
            "%(name)s may not read the library that is given to programs here: whoever runs this "
            "window can allow it in its settings.",
            name=name or _("Nobody"),
        )

    def refusal_of(
        self, name: str | None, *wanted: Right, library: str = "", any_library: bool = False
    ) -> str | None:
        """Return what to tell a user who lacks a right for a library, by default the first.

        With `any_library`, limits of single libraries are ignored.
        """
        if self._may is None:
            return None
        limited = self._settings and (self._settings.editors or self._settings.readers)
        if self._settings and limited and not any_library and {"add", "remove"} & set(wanted):
            library = library or next(iter(libraries(self._settings)))
            if not self._settings.may_change(name or "", library):
                return _(
                    "%(name)s may not change the library “%(library)s”: whoever runs this window "
                    "can allow it in its settings.",
                    name=name or _("Nobody"),
                    library=library,
                )
        for right in wanted:
            if right not in self._may.get(name or "", ()):
                return _(_LACKING[right], name=name or _("Nobody"))
        return None
