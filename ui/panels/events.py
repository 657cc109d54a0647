"""What the window's panels share: what an event changes, what comes with it, who may send it."""

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
"""The window's own events: without Gradio's spinners, and not part of what programs may call."""


def in_a_row(name: str) -> dict[str, Any]:
    """Return what comes with events of the window that are handled one after the other.

    Those of one name change the same components: else what one has read before a change could be
    shown after what another one shows of it.
    """
    return PRIVATE | {"concurrency_id": name}


SPOKEN: dict[str, Any] = {
    "html_template": '<div role="status" aria-live="polite">${value}</div>',
    "apply_default_css": False,
}
"""Comes with what screen readers speak when it changes."""

ALWAYS_LAST: dict[str, Any] = {"trigger_mode": "always_last"}
"""Comes with events that show what there is: one that is sent while another is handled is handled
behind it. Else Gradio would leave it out, and what had changed meanwhile would not be shown."""

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
    read = (
        Path(__file__).parent.joinpath(each).read_text("utf-8") for each in ("typing.js", *files)
    )
    return "\n".join([*constants, *read])


class Stopped(Exception):
    """Somebody has stopped work; what it has done is kept."""


BUG = noted("Something went wrong inside Footnoted. The terminal it was started from says what.")


def field(given: Any, name: str) -> str:
    """Return a field of what the browser sent, as one line; nothing where there is none."""
    return title_line(str(given.get(name) or "")) if isinstance(given, dict) else ""


def number(given: Any, name: str) -> int | None:
    """Return a field that is a whole number, or None."""
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def given(sent: Any, name: str) -> str:
    """Return a field of what the browser sent, exactly; nothing where there is none."""
    value = sent.get(name) if isinstance(sent, dict) else None
    return value if isinstance(value, str) else ""


def strings(given: Any, name: str) -> list[str]:
    """Return a field that is a list of strings; what else is in it is left out."""
    return texts(given.get(name)) if isinstance(given, dict) else []


def texts(given: Any) -> list[str]:
    """Return a list that the browser sent; what is no string in it is left out."""
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def visitor(token: Any) -> str:
    """Return who sent this event: the user, or where nobody logs in the browser, by its token."""
    from gradio.context import LocalContext

    if name := getattr(LocalContext.request.get(None), "username", None):
        return f"user {name}"
    return f"browser {title_line(token) if isinstance(token, str) else ''}"


def asked_by() -> tuple[str | None, str]:
    """Return the user whose event this is, and the library that the address of the page names.

    Without a login there is no user; an address that names no library means the first one.
    """
    from gradio.context import LocalContext

    request = LocalContext.request.get(None)
    if request is None:
        return None, ""
    user = getattr(request, "username", None)
    if user is None and isinstance(request, HTTPConnection):  # Of a function that the page calls.
        user = request.scope.get(USER)
    return user, dict(request.query_params).get("library", "")


USER = "footnoted.user"
"""Where the login says who sends a request (`ui/entry/login.py`)."""

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
        "%(name)s may not have addresses called here: whoever runs this window can allow it "
        "(`footnoted user NAME --may fetch`)."
    ),
}


class Rights:
    """What each user may do, where people log in; without a login, everybody may everything.

    A handler asks here before it changes anything: what the page hides (`window.css`) can still be
    sent.
    """

    def __init__(
        self, may: Mapping[str, Collection[str]] | None = None, settings: Settings | None = None
    ) -> None:
        """Take the rights of the users by name, or None where there is no login.

        The settings may say of some libraries who may read and who may change them.
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
        """Return what to say to the visitor whose event this is, if a right is lacking."""
        name, library = asked_by()
        return self.refusal_of(name, *wanted, library=library)

    def refusal_to_read(self, name: str | None) -> str | None:
        """Return what to say to a user who may not read the library that programs are given."""
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
        """Return what to say to a user, if a right is lacking for a library, or for the first.

        With `any_library` it is asked whether the user has the right at all.
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
