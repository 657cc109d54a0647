"""The regression view: a set is run in the background, and shown against the kept baseline.

Runs lie in the library's folder: `runs/SET.json` is the last one, `runs/SET.baseline.json` the one
that was kept. A run goes on when the visitor leaves; stopped, by whatever, it is resumed.
"""

from __future__ import annotations

import threading
from pathlib import Path

import gradio as gr

from eval.cases.cases import SETS, CaseSet, load_set
from eval.comparing.baseline import hold, keep
from eval.comparing.compare import NotComparable, load_run
from eval.running.record import Bounds, OtherConditions
from eval.running.runner import run
from index.errors import UserError
from rag.assistant import Assistant
from ui.drawing import runs as render_runs
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import BUG, PRIVATE, Rights, Updates

SECONDS = 1.0
"""Between two looks at a run that goes on."""


class Stopped(Exception):
    """A run was stopped; what it has done is kept beside it."""


class BackgroundRun:
    """A set being run in a thread of its own."""

    def __init__(self, case_set: CaseSet, assistant: Assistant, out: Path) -> None:
        """Begin at once, or go on where it was stopped."""
        self.done, self.total = 0, len(case_set.cases)
        self.error: str | None = None
        self.stop = threading.Event()
        self._work = (case_set, assistant, out)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def goes_on(self) -> bool:
        """Whether it is being run."""
        return self._thread.is_alive()

    def _run(self) -> None:
        case_set, assistant, out = self._work
        try:
            try:
                run(case_set, assistant, out=out, progress=self._progress)
            except OtherConditions:  # A document, a model or the program changed meanwhile.
                Path(f"{out}.partial").unlink(missing_ok=True)
                run(case_set, assistant, out=out, progress=self._progress)
        except Stopped:
            self.error = "Stopped. Run it again to go on from there."
        except UserError as error:
            self.error = str(error)
        except Exception:
            self.error = BUG
            raise  # The thread's traceback is for the terminal.

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.stop.is_set() and done < total:
            raise Stopped


class RegressionPanel:
    """The panel, and the runs of this program; they are the library's, not a visitor's."""

    def __init__(self, assistant: Assistant, rights: Rights) -> None:
        """Put the panel on the page."""
        self.assistant = assistant
        self.rights = rights
        self.folder = assistant.library.folder / "runs"
        self._running: dict[str, BackgroundRun] = {}
        self._lock = threading.Lock()
        with gr.Column(elem_id="regression-panel"):
            gr.HTML("<h2>Regression sets</h2>", apply_default_css=False)
            with gr.Row(elem_id="run-row"):
                self.name = gr.Dropdown(
                    self._names(), label="Set", show_label=False, container=False, elem_id="set"
                )
                self.start = gr.Button("Run", elem_id="run", variant="primary")
                self.end = gr.Button("Stop", elem_id="stop-run", visible=False)
                self.keep = gr.Button("Keep as baseline", elem_id="keep-baseline")
            self.report = gr.HTML(elem_id="report", apply_default_css=False)
            self.timer = gr.Timer(SECONDS, active=False)

    def connect(self) -> None:
        """Say what happens at each event."""
        shown = [self.report, self.start, self.end, self.timer]
        self.name.focus(lambda: gr.Dropdown(choices=self._names()), None, self.name, **PRIVATE)
        self.name.change(self.show, self.name, shown, **PRIVATE)
        self.start.click(self.begin, self.name, shown, **PRIVATE)
        self.end.click(self.stop, self.name, shown, **PRIVATE)
        self.timer.tick(self.show, self.name, shown, **PRIVATE)
        self.keep.click(self.keep_baseline, self.name, shown, **PRIVATE)

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
                self._running[case_set.name] = BackgroundRun(case_set, self.assistant, out)
        return self.show(name)

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
        if not name or not self._out(name).exists():
            return self._shown(render_runs.NOTHING)
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
            return render_runs.report(last, None, None, "No baseline is kept yet.")
        before = load_run(self._baseline(name))
        try:
            verdict = hold(last, before)
        except NotComparable as error:
            return render_runs.report(last, None, None, str(error))
        note = verdict.comparison.verdict if verdict.comparison else ""
        return render_runs.report(last, before, verdict, note)

    def _names(self) -> list[str]:
        own = self.assistant.library.folder / "cases"
        return sorted({path.stem for folder in (own, SETS) for path in folder.glob("*.jsonl")})

    def _path(self, name: str | None) -> Path:
        """Return the file of one of the sets that are listed; no other name is a path.

        Raises UserError where it is not one of them.
        """
        if not name or name not in self._names():
            raise UserError("Choose a set.")
        own = self.assistant.library.folder / "cases" / f"{name}.jsonl"
        return own if own.exists() else SETS / f"{name}.jsonl"

    def _out(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.json"

    def _baseline(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.baseline.json"

    def _told(self, message: str) -> Updates:
        return self._shown(notice(message))

    def _shown(self, html: str, *, runs: bool = False) -> Updates:
        return {
            self.report: html,
            self.start: gr.Button(visible=not runs),
            self.end: gr.Button(visible=runs),
            self.timer: gr.Timer(active=runs),
        }
