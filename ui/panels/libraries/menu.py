"""The list of libraries, in which one can be opened, made or renamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from index.errors import UserError
from rag.opening import begin_library, described, folder_of_libraries, rename_library, renameable
from ui.drawing import fixed
from ui.drawing import libraries as render
from ui.drawing.libraries import Told
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import PRIVATE, Rights, Updates, asked_by, given, script
from ui.panels.libraries.opened import Libraries
from ui.words.words import _


class LibraryMenu:
    """The name of the page's library, and the list that opens below it."""

    def __init__(self, libraries: Libraries, rights: Rights) -> None:
        """Put both on the page."""
        self.libraries = libraries
        self.rights = rights
        self.shown = gr.HTML(
            elem_id="library",
            html_template=fixed.library_bar(),
            js_on_load=script("libraries/menu.js"),
            apply_default_css=False,
        )
        self.list = gr.HTML(elem_id="library-list", apply_default_css=False)

    def connect(self, loaded: Any, changed: Callable[[Any], Any]) -> None:
        """Connect each event to its handler; `changed` is given the event of a new library.

        The name is shown after the page has `loaded`; only then can it be turned to another one.
        """
        both = [self.shown, self.list]
        loaded.then(self.show, None, both, **PRIVATE)
        self.shown.look(self.look, None, self.list, **PRIVATE)
        self.shown.begin(self.begin, None, self.list, **PRIVATE)
        self.shown.rename(self.rename, None, self.list, **PRIVATE)
        changed(self.shown.turn(self.show, None, both, trigger_mode="multiple", **PRIVATE))

    def show(self) -> Updates:
        """Show which library the page has, or send it to one that the user may read."""
        asked = asked_by()[1]
        here = attempt(self.libraries.here)
        if isinstance(here, UserError) and not asked:  # The first one is not for this user.
            there = attempt(self.libraries.places)
            go = "" if isinstance(there, UserError) else next(iter(there), "")
            return {self.shown: render.shown(_("None"), go), self.list: notice(str(here))}
        name = attempt(lambda: asked or self.libraries.first_name)
        if isinstance(name, UserError):
            return {self.shown: render.shown(_("None")), self.list: notice(str(name))}
        told = notice(str(here)) if isinstance(here, UserError) else ""
        return {self.shown: render.shown(name), self.list: told}

    def look(self) -> str:
        """Return the list of the libraries that the user may read, as they are now."""
        return self._listed(Told())

    def begin(self, event: gr.EventData) -> str:
        """Make a new library."""
        name = given(event._data, "name")
        if refused := self.rights.refusal_of(asked_by()[0], "add", any_library=True):
            return self._listed(Told(refused))
        made = attempt(lambda: begin_library(self.libraries.settings, name))
        if isinstance(made, UserError):
            return self._listed(Told(str(made), typed=name))
        return self._listed(Told(_("%(name)s was created.", name=made), go=made))

    def rename(self, event: gr.EventData) -> str:
        """Give a library another name."""
        before, name = (given(event._data, each) for each in ("library", "name"))
        if refused := self.rights.refusal_of(asked_by()[0], "add", library=before):
            return self._listed(Told(refused))

        def renamed() -> str:
            opened = self.libraries.named(before)
            made = rename_library(self.libraries.settings, opened.library, name)
            self.libraries.forget(opened)
            return made

        made = attempt(renamed)
        if isinstance(made, UserError):
            return self._listed(Told(str(made)))
        words = _("%(before)s is called %(name)s now.", before=before, name=made)
        return self._listed(Told(words, go=made, renamed=before))

    def _listed(self, told: Told) -> str:
        settings = self.libraries.settings
        places = attempt(self.libraries.places)
        if isinstance(places, UserError):
            return notice(str(places))
        all_ = [described(settings, *each) for each in places.items()]
        here = asked_by()[1] or next(iter(places), "")
        may_change = not self.rights.refusal_of(asked_by()[0], "add", any_library=True)
        own = [name for name, place in places.items() if renameable(settings, name, place)]
        folder = folder_of_libraries(settings) if may_change else None
        return render.all_of(all_, here, own if may_change else [], folder, told)
