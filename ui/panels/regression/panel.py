"""The regression view: a set is run in the background, and shown against the kept baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

import gradio as gr

from eval.cases.cases import read_set
from eval.comparing.baseline import judge
from eval.comparing.compare import NotComparable
from index.errors import UserError
from ui.drawing import fixed
from ui.drawing import runs as render_runs
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import ALWAYS_LAST, Rights, Updates, in_a_row
from ui.panels.libraries.opened import Libraries
from ui.panels.regression.drafts import Drafts
from ui.panels.regression.runs import Runs
from ui.words.elsewhere import said
from ui.words.words import _, noted

SECONDS = 1.0
"""Seconds between two looks at a run that is in progress."""

NO_BASELINE = noted(
    "There is no baseline yet: “Keep as baseline” makes this the run that later ones are compared "
    "with."
)

_SCRIPT = """
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-panel-button="regression"]')) trigger('visit');
});
document.addEventListener('footnoted:library', () => trigger('visit'));
"""

Handler = Callable[["RegressionPanel", str | None], Updates]


def _or_told(handler: Handler) -> Handler:
    """Show the UserErrors of a handler: the library may be gone, or closed to the visitor."""

    @wraps(handler)
    def handled(self: RegressionPanel, name: str | None) -> Updates:
        told = attempt(partial(handler, self, name))
        return self._say(str(told)) if isinstance(told, UserError) else told

    return handled


class RegressionPanel:
    """The panel of runs, which belong to the library, not to a visitor."""

    def __init__(
        self, libraries: Libraries, left_out: gr.JSON, conversation: gr.State, rights: Rights
    ) -> None:
        """Put the panel on the page; no drafts are made of documents that are `left_out`.

        `conversation` is the visitor's, which can be made a set.
        """
        self.libraries = libraries
        self.rights = rights
        with gr.Column(elem_id="regression-panel"):
            self.head = gr.HTML(
                fixed.regression_head(), js_on_load=_SCRIPT, apply_default_css=False
            )
            with gr.Row(elem_id="run-row"):
                # Filled at once: Gradio fails if a list gets shorter while it is open.
                offered = attempt(libraries.first.runs.offered)
                self.name = gr.Dropdown(
                    [] if isinstance(offered, UserError) else list(offered),
                    value=None,
                    label=_("Set"),
                    show_label=False,
                    container=False,
                    elem_id="set",
                )
                self.start = gr.Button(_("Run"), elem_id="run", variant="primary")
                self.end = gr.Button(_("Stop"), elem_id="stop-run", visible=False)
                self.keep = gr.Button(_("Keep as baseline"), elem_id="keep-baseline")
            self.drafts = Drafts(libraries, left_out, conversation, rights)
            self.report = gr.HTML(elem_id="report", apply_default_css=False)
            self.timer = gr.Timer(SECONDS, active=False)

    def connect(self) -> None:
        """Connect each event to its handler."""
        shown = [self.report, self.start, self.end, self.timer]
        ordered = in_a_row("runs")
        self.name.change(self.show, self.name, shown, **ALWAYS_LAST, **ordered)
        self.start.click(self.begin, self.name, shown, **ordered)
        self.end.click(self.stop, self.name, shown, **ordered)
        self.timer.tick(self.show, self.name, shown, **ordered)
        self.keep.click(self.keep_baseline, self.name, shown, **ordered)

        def changed(event: Any) -> None:
            event.then(self.show, self.name, shown, **ALWAYS_LAST, **ordered)

        # In a row with the other events that change what sets there are to choose from.
        changed(self.head.visit(self.offer, self.name, [*shown, self.name], **in_a_row("drafts")))
        self.drafts.connect(self.name, self.head.visit, self.choose, changed)

    @property
    def runs(self) -> Runs:
        """The runs of the library of the page that sent this event."""
        return self.libraries.here().runs

    @_or_told
    def offer(self, name: str | None) -> Updates:
        """Offer the sets that fit the library as it is, and choose one of them."""
        offered = self.runs.offered()
        if name in offered:  # No value: what is chosen by now stays.
            return {self.name: gr.Dropdown(choices=list(offered))}
        return {self.name: self._choice(offered, next(iter(offered), None))}

    def choose(self, name: str) -> Updates:
        """Choose one of the library's own sets, which may be new."""
        offered = attempt(lambda: self.runs.offered())
        return {} if isinstance(offered, UserError) else {self.name: self._choice(offered, name)}

    @_or_told
    def begin(self, name: str | None) -> Updates:
        """Run a set, or go on with it."""
        if refused := self.rights.refusal("add"):
            return self._say(refused)
        self.runs.begin(name)
        return self.show(name)

    @_or_told
    def stop(self, name: str | None) -> Updates:
        """Stop the run of a set after the case that is being asked."""
        if refused := self.rights.refusal("add"):
            return self._say(refused)
        self.runs.stop(name)
        return self.show(name)

    @_or_told
    def show(self, name: str | None) -> Updates:
        """Show how far a run is, or how the last one of the set came out."""
        running = self.runs.running(name)
        if running and running.goes_on:
            stopping = running.stop.is_set()
            html = render_runs.running(name or "", running.done, running.total, stopping=stopping)
            return self._shown(html, runs=True)
        if running and running.error:
            return self._say(_(running.error))
        if not name:
            # If the sets cannot be read, this raises a UserError: there may well be some.
            return self._shown("" if self.runs.offered() else render_runs.no_set())
        if not self.runs.out(name).exists():
            read = read_set(self.runs.path(name))[0]
            shipped = not self.runs.is_own(name)
            return self._shown(render_runs.not_run(read.cases, shipped=shipped))
        return self._shown(self._report(name))

    @_or_told
    def keep_baseline(self, name: str | None) -> Updates:
        """Keep the last run of a set as what later ones are compared with."""
        if refused := self.rights.refusal("add"):
            return self._say(refused)
        self.runs.keep(name)
        return self.show(name)

    def _report(self, name: str) -> str:
        last, kept = self.runs.last(name), self.runs.kept(name)
        if last is None:
            raise UserError(_("Choose a set."))
        before = kept or self.runs.earlier(name)
        try:
            verdict = judge(last, kept) if kept else None
            note = " ".join(map(said, verdict.sentences)) if verdict else _(NO_BASELINE)
            return render_runs.report(last, before, verdict, note)
        except NotComparable as error:
            why = said(str(error))
            why = why if kept else f"{_(NO_BASELINE)} {why}"
            return render_runs.report(last, None, None, why)

    @staticmethod
    def _choice(offered: Sequence[str], name: str | None) -> gr.Dropdown:
        return gr.Dropdown(choices=list(offered), value=name)

    def _say(self, message: str) -> Updates:
        return self._shown(notice(message))

    def _shown(self, html: str, *, runs: bool = False) -> Updates:
        return {
            self.report: html,
            self.start: gr.Button(visible=not runs),
            self.end: gr.Button(visible=runs),
            self.timer: gr.Timer(active=runs),
        }
