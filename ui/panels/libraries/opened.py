"""The library of a page: the one that its address names, `?library=NAME`, or the window's first.

So each request of a page says which library is meant: tabs and users do not interfere, a restarted
window answers pages from before, and a link opens the same library. Names come from outside, and
are looked up among the libraries that exist.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from index.errors import UserError
from index.library import Library
from index.printable import title_line
from index.storage.database import Place
from rag.assistant import Assistant
from rag.log import Log
from rag.opening import as_made, libraries, open_library
from ui.panels.adding.changes import Changes
from ui.panels.events import Rights, asked_by
from ui.panels.examples import Examples
from ui.panels.regression.runs import Runs
from ui.words.words import _

IDLE = 600.0
"""Seconds without a request after which the files of a library are closed until the next one."""


@dataclass
class Opened:
    """A library that is open in the window, with what the window keeps of it."""

    name: str
    assistant: Assistant
    used: float = field(default_factory=time.monotonic)

    @property
    def library(self) -> Library:
        """The library itself."""
        return self.assistant.library

    @property
    def log(self) -> Log:
        """What people have said of its answers."""
        return Log(self.library.folder)

    @cached_property
    def examples(self) -> Examples:
        """Its example questions."""
        return Examples(self.assistant)

    @cached_property
    def changes(self) -> Changes:
        """What changes in it, whoever changes it."""
        return Changes(self.library)

    @cached_property
    def runs(self) -> Runs:
        """Its regression sets and their runs."""
        return Runs(self.assistant)


class Libraries:
    """The libraries that pages may have. The models of the first one answer for all of them.

    Only a library with another embedding model has its own: one for all languages if the first is
    for English, or the other way round.
    """

    def __init__(self, assistant: Assistant, rights: Rights | None = None) -> None:
        """Take the assistant of the library that the window was started with."""
        self.settings = assistant.settings
        self.rights = rights or Rights()
        self.first = Opened("", assistant)
        self._lock = threading.Lock()
        self._opened: dict[Place, Opened] = {}

    @property
    def first_name(self) -> str:
        """The name of the library that the window was started with."""
        return next(iter(libraries(self.settings)))

    def places(self) -> dict[str, Place]:
        """Return the libraries that the user who sent this event may read, by name."""
        user, _library = asked_by()
        there = libraries(self.settings)
        return {name: there[name] for name in there if self.rights.may_read(user, name)}

    def here(self) -> Opened:
        """Return the library of the page that sent this event.

        Raises UserError if there is none of its name, or the user may not read it.
        """
        return self.named(asked_by()[1])

    def named(self, name: str) -> Opened:
        """Return a library by name, or the first one if that is empty. Raises as `here` does."""
        user, _library = asked_by()
        if not name and self.rights.everybody_reads:
            return self.first
        there = libraries(self.settings)
        first = next(iter(there))
        wanted = name or first
        if wanted not in there or not self.rights.may_read(user, wanted):
            if not name:
                raise UserError(
                    _(
                        "You do not have access to the library that this window opens: choose one "
                        "from the list of libraries."
                    )
                )
            raise UserError(
                _(
                    "There is no library “%(name)s” here: choose one from the list of libraries.",
                    name=title_line(wanted),
                )
            )
        return self.first if wanted == first else self._open(wanted, there[wanted])

    def _open(self, name: str, place: Place) -> Opened:
        now = time.monotonic()
        with self._lock:
            for each in self._opened.values():
                if now - each.used > IDLE:
                    each.library.close()
            opened = self._opened.get(place)
            if opened is None or opened.name != name:
                assistant, settings = self.first.assistant, self.settings
                settings = as_made(settings.model_copy(update={"library": place}))
                if settings.embedding == assistant.settings.embedding:
                    library = open_library(settings, assistant.embedding)
                    assistant = assistant.with_library(library)
                else:
                    assistant = Assistant(settings)
                opened = self._opened[place] = Opened(name, assistant)
            opened.used = now
        return opened

    def holding(self, document_id: str) -> list[str]:
        """Return the names of the libraries that hold a document, among those that can be read."""
        found = []
        for name in self.places():
            with suppress(UserError):
                self.named(name).library.document(document_id)
                found.append(name)
        return found

    def forget(self, opened: Opened) -> None:
        """Forget an open library that has moved to another place."""
        with self._lock:
            self._opened.pop(opened.library.place, None)
