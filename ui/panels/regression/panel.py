"""The regression view: a set is run in the background, and shown against the kept baseline.

Runs lie in the library's folder: `runs/SET.json` is the last one, `runs/SET.before.json` the one
before it, `runs/SET.baseline.json` the one that was kept. A run goes on when the visitor leaves;
stopped, by whatever, it is resumed. Offered are the library's own sets (`cases/SET.jsonl`), and of
those that come with Footnoted the ones whose documents are in the library.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from eval.cases.cases import SETS, CaseSet, load_set, read_set
from eval.cases.evidence import fits
from eval.comparing.baseline import hold, keep
from eval.comparing.compare import NotComparable, load_run
from eval.running.record import Bounds, OtherConditions
from eval.running.runner import run
from index.atomic import write_whole
from index.errors import UserError
from rag.assistant import Assistant
from ui.drawing import runs as render_runs
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import PRIVATE, Rights, Updates
from ui.panels.regression.background import Background, Progress
from ui.panels.regression.drafts import Drafts

SECONDS = 1.0
"""Between two looks at a run that goes on."""

NO_BASELINE = (
    "No baseline is kept yet: “Keep as baseline” makes this run what later ones are held to."
)

STOPPED = "Stopped. Run it again to go on from there."

_SCRIPT = """
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-panel-button="regression"]')) trigger('visit');
});
"""


class RegressionPanel:
    """The panel, and the runs of this program; they are the library's, not a visitor's."""

    def __init__(
        self, assistant: Assistant, left_out: gr.State, conversation: gr.State, rights: Rights
    ) -> None:
        """Put the panel on the page; of documents that are `left_out` no drafts are made.

        `conversation` is the visitor's, of which a set can be made.
        """
        self.assistant = assistant
        self.rights = rights
        self.folder = assistant.library.folder / "runs"
        self.cases = assistant.library.folder / "cases"
        self._running: dict[str, Background] = {}
        self._lock = threading.Lock()
        with gr.Column(elem_id="regression-panel"):
            self.head = gr.HTML(render_runs.HEAD, js_on_load=_SCRIPT, apply_default_css=False)
            with gr.Row(elem_id="run-row"):
                # What will be offered: Gradio fails where a list gets shorter while it is open.
                offered = attempt(self._offered)
                self.name = gr.Dropdown(
                    [] if isinstance(offered, UserError) else list(offered),
                    value=None,
                    label="Set",
                    show_label=False,
                    container=False,
                    elem_id="set",
                )
                self.start = gr.Button("Run", elem_id="run", variant="primary")
                self.end = gr.Button("Stop", elem_id="stop-run", visible=False)
                self.keep = gr.Button("Keep as baseline", elem_id="keep-baseline")
            self.drafts = Drafts(assistant, left_out, conversation, rights)
            self.report = gr.HTML(elem_id="report", apply_default_css=False)
            self.timer = gr.Timer(SECONDS, active=False)

    def connect(self) -> None:
        """Say what happens at each event."""
        shown = [self.report, self.start, self.end, self.timer]
        self.head.visit(self.offer, self.name, [*shown, self.name], **PRIVATE)
        self.name.change(self.show, self.name, shown, **PRIVATE)
        self.start.click(self.begin, self.name, shown, **PRIVATE)
        self.end.click(self.stop, self.name, shown, **PRIVATE)
        self.timer.tick(self.show, self.name, shown, **PRIVATE)
        self.keep.click(self.keep_baseline, self.name, shown, **PRIVATE)

        def changed(event: Any) -> None:
            event.then(self.show, self.name, shown, **PRIVATE)

        self.drafts.connect(self.name, self.head.visit, self.choose, changed)

    def offer(self, name: str | None) -> Updates:
        """Offer the sets that fit the library as it is, and show one of them."""
        offered = attempt(self._offered)
        if isinstance(offered, UserError):
            return self._told(str(offered))
        if name not in offered:
            name = next(iter(offered), None)
        return self.show(name) | {self.name: self._choice(offered, name)}

    def choose(self, name: str) -> Updates:
        """Choose one of the library's own sets, which may be new."""
        offered = attempt(self._offered)
        return {} if isinstance(offered, UserError) else {self.name: self._choice(offered, name)}

    def begin(self, name: str | None) -> Updates:
        """Run a set, or go on with it."""
        if refused := self.rights.refusal("add"):
            return self._told(refused)
        case_set = attempt(lambda: load_set(self._path(name)))
        if isinstance(case_set, UserError):
            return self._told(str(case_set))
        with self._lock:
            running = self._running.get(case_set.name)
            if running is None or not running.goes_on:
                out = self._out(case_set.name)
                out.parent.mkdir(parents=True, exist_ok=True)
                work = partial(self._ask, case_set, out)
                self._running[case_set.name] = Background(work, len(case_set.cases), STOPPED)
        return self.show(name)

    def _ask(self, case_set: CaseSet, out: Path, progress: Progress) -> None:
        if out.exists() and not Path(f"{out}.partial").exists():
            write_whole(self._before(case_set.name), out.read_bytes())
        try:
            run(case_set, self.assistant, out=out, progress=progress)
        except OtherConditions:  # A document, a model or the program changed meanwhile.
            Path(f"{out}.partial").unlink(missing_ok=True)
            run(case_set, self.assistant, out=out, progress=progress)

    def stop(self, name: str | None) -> Updates:
        """Stop the run of a set after the case that is being asked."""
        if refused := self.rights.refusal("add"):
            return self._told(refused)
        if running := self._running.get(name or ""):
            running.stop.set()
        return self.show(name)

    def show(self, name: str | None) -> Updates:
        """Show how far a run is, or how the last one of the set came out."""
        running = self._running.get(name or "")
        if running and running.goes_on:
            stopping = running.stop.is_set()
            html = render_runs.running(name or "", running.done, running.total, stopping=stopping)
            return self._shown(html, runs=True)
        if running and running.error:
            return self._told(running.error)
        if not name:
            return self._shown(render_runs.NO_SET)
        if not self._out(name).exists():
            read = attempt(lambda: read_set(self._path(name))[0])
            if isinstance(read, UserError):
                return self._told(str(read))
            shipped = not (self.cases / f"{name}.jsonl").exists()
            return self._shown(render_runs.not_run(read.cases, shipped=shipped))
        report = attempt(lambda: self._report(name))
        return self._told(str(report)) if isinstance(report, UserError) else self._shown(report)

    def keep_baseline(self, name: str | None) -> Updates:
        """Keep the last run of a set as what later ones are compared with."""
        if refused := self.rights.refusal("add"):
            return self._told(refused)
        out = self._out(name) if name else None
        if out is None or not out.exists():
            return self._told("There is no run of this set to keep: run it first.")
        kept = attempt(lambda: keep(load_run(out), self._baseline(out.stem), Bounds()))
        if isinstance(kept, UserError):
            return self._told(str(kept))
        return self.show(name)

    def _report(self, name: str) -> str:
        last = load_run(self._out(name))
        if not self._baseline(name).exists():
            earlier = self._before(name)
            before = load_run(earlier) if earlier.exists() else None
            try:
                return render_runs.report(last, before, None, NO_BASELINE)
            except NotComparable as error:
                return render_runs.report(last, None, None, f"{NO_BASELINE} {error}")
        before = load_run(self._baseline(name))
        try:
            verdict = hold(last, before)
        except NotComparable as error:
            return render_runs.report(last, None, None, str(error))
        return render_runs.report(last, before, verdict, verdict.line)

    def _names(self) -> list[str]:
        return sorted(
            {path.stem for folder in (self.cases, SETS) for path in folder.glob("*.jsonl")}
        )

    @staticmethod
    def _choice(offered: Sequence[str], name: str | None) -> gr.Dropdown:
        return gr.Dropdown(choices=list(offered), value=name)

    def _offered(self) -> Sequence[str]:
        entries = self.assistant.library.entries()
        own = {path.stem for path in self.cases.glob("*.jsonl")}
        fitting = {path.stem for path in SETS.glob("*.jsonl") if fits(load_set(path), entries)}
        return sorted(own | fitting)

    def _path(self, name: str | None) -> Path:
        """Return the file of one of the sets that are listed; no other name is a path.

        Raises UserError where it is not one of them.
        """
        if not name or name not in self._names():
            raise UserError("Choose a set.")
        own = self.cases / f"{name}.jsonl"
        return own if own.exists() else SETS / f"{name}.jsonl"

    def _out(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.json"

    def _baseline(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.baseline.json"

    def _before(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.before.json"

    def _told(self, message: str) -> Updates:
        return self._shown(notice(message))

    def _shown(self, html: str, *, runs: bool = False) -> Updates:
        return {
            self.report: html,
            self.start: gr.Button(visible=not runs),
            self.end: gr.Button(visible=runs),
            self.timer: gr.Timer(active=runs),
        }
