"""Runs of regression sets, stored in the library's folder; window and API share them.

`runs/SET.json` is a set's last run, `runs/SET.before.json` the one before it,
`runs/SET.baseline.json` the one that was kept. A run goes on when whoever began it leaves; if it is
stopped for any reason, it can be resumed. The sets are the library's own (`cases/SET.jsonl`), and
those that come with Footnoted if their documents are in the library.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eval.cases.cases import SETS, CaseSet, load_set
from eval.cases.evidence import fits
from eval.comparing.baseline import keep
from eval.comparing.compare import load_run
from eval.running.record import Bounds, OtherConditions, Run
from eval.running.runner import run
from index.atomic import write_whole
from index.errors import UserError
from rag.assistant import Assistant
from ui.panels.regression.background import Background, Progress
from ui.words.words import _, noted

STOPPED = noted("Stopped. Run it again to go on from there.")


class Runs:
    """The sets and runs of one assistant's library."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.folder = assistant.library.folder / "runs"
        self.cases = assistant.library.folder / "cases"
        self._running: dict[str, Background] = {}
        self._lock = threading.Lock()

    def offered(self) -> Sequence[str]:
        """Return the names of the sets that can be run on the library as it is."""
        entries = self.assistant.library.entries()
        own = {path.stem for path in self.cases.glob("*.jsonl")}
        fitting = {path.stem for path in SETS.glob("*.jsonl") if fits(load_set(path), entries)}
        return sorted(own | fitting)

    def is_own(self, name: str) -> bool:
        """Whether a set is the library's own, rather than one that comes with Footnoted."""
        return self.path(name).parent == self.cases

    def path(self, name: str | None) -> Path:
        """Return the file of a set; only the name of an existing set becomes a path.

        Raises UserError if there is no such set.
        """
        known = {path.stem for folder in (self.cases, SETS) for path in folder.glob("*.jsonl")}
        if not name or name not in known:
            raise UserError(_("Choose a set."))
        own = self.cases / f"{name}.jsonl"
        return own if own.exists() else SETS / f"{name}.jsonl"

    def begin(self, name: str | None, *, use_llm: bool = True) -> None:
        """Run a set, or resume its run; a run in progress is left alone.

        Raises UserError if there is no such set.
        """
        case_set = load_set(self.path(name))
        with self._lock:
            running = self._running.get(case_set.name)
            if running is None or not running.goes_on:
                out = self.out(case_set.name)
                out.parent.mkdir(parents=True, exist_ok=True)
                work = partial(self._ask, case_set, out, use_llm)
                self._running[case_set.name] = Background(work, len(case_set.cases), STOPPED)

    def running(self, name: str | None) -> Background | None:
        """Return the run of a set that was begun since the program started, if any."""
        return self._running.get(name or "")

    def stop(self, name: str | None) -> None:
        """Stop the run of a set after the case that is being asked."""
        if running := self.running(name):
            running.stop.set()

    def last(self, name: str) -> Run | None:
        """Return a set's last run, if there is one."""
        return load_run(self.out(name)) if self.out(name).exists() else None

    def kept(self, name: str) -> Run | None:
        """Return the baseline of a set, if one was kept."""
        path = self._file(name, ".baseline")
        return load_run(path) if path.exists() else None

    def earlier(self, name: str) -> Run | None:
        """Return the run before the last one, if there was one."""
        path = self._file(name, ".before")
        return load_run(path) if path.exists() else None

    def keep(self, name: str | None) -> None:
        """Keep the last run of a set as its baseline.

        Raises UserError if there is no run, or it cannot be a baseline.
        """
        last = self.last(name) if name else None
        if name is None or last is None:
            raise UserError(_("There is no run of this set to keep: run it first."))
        keep(last, self._file(name, ".baseline"), Bounds())

    def out(self, name: str) -> Path:
        """Return the file of a set's last run."""
        return self._file(name, "")

    def _file(self, name: str, which: str) -> Path:
        return self.folder / f"{Path(name).name}{which}.json"

    def _ask(self, case_set: CaseSet, out: Path, use_llm: bool, progress: Progress) -> None:
        if out.exists() and not Path(f"{out}.partial").exists():
            write_whole(self._file(case_set.name, ".before"), out.read_bytes())
        asked = partial(run, case_set, self.assistant, use_llm=use_llm, out=out, progress=progress)
        try:
            asked()
        except OtherConditions:  # A document, a model or the program changed meanwhile.
            Path(f"{out}.partial").unlink(missing_ok=True)
            asked()
