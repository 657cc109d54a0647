"""Documents on their way into a library. The work goes on when its page is closed."""

from __future__ import annotations

import shutil
import tempfile
import threading
import traceback
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.documents import Document
from index.errors import UserError
from index.library import Added, Library
from index.loading.formats import MAX_BYTES
from index.loading.load import load_bytes
from index.printable import counts, number_of, title_line
from rag.trace import Line
from ui.drawing.render import Outcome
from ui.panels.events import BUG

AT_ONCE = 2
"""How many documents of a visitor are read at once: a slow one does not hold up all others."""

FEW = 8
"""So many documents are told one by one; of more, how many they were, and which have failed."""

TOLD = 100
"""How many failures are told one by one."""

VISITORS = 50
"""Of how many visitors is kept what became of their documents."""

MOST_BYTES = 50 * MAX_BYTES
"""What the uploads that wait, or may be tried again, take of the disk."""

Pages = Callable[[int, int], None]
"""Called with how many pages are read, and of how many; what it raises ends the reading."""


class Stopped(Exception):
    """The visitor has stopped what comes in; what is in the library stays there."""


@dataclass(eq=False)
class Item:
    """A document that was given: how it is read, and how far it is."""

    name: str
    read: Callable[[Pages], Document]
    free: Callable[[], object] = lambda: None
    """Frees what it is read from, once that is of no more use."""
    at_work: Outcome | None = None
    outcome: Outcome | None = None
    added: Added | None = None
    stopped: bool = False


class Job:
    """What one visitor adds to one library."""

    def __init__(self, library: Library, expect: Callable[[str], None] = lambda _: None) -> None:
        """Name the library; `expect` is given the id of each document before it is put in."""
        self._library = library
        self._expect = expect
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._waiting: deque[Item] = deque()
        self._workers = 0

    @property
    def goes_on(self) -> bool:
        """Whether anything is still to be done."""
        return any(each.outcome is None for each in self._items)

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return not self.goes_on and any(_failed(each) for each in self._items)

    def add(self, items: Iterable[Item]) -> None:
        """Add documents, behind those that are still waiting; what is over is forgotten."""
        with self._changed:
            if not self.goes_on:
                self.forget()
            given = list(items)
            self._items += given
            self._waiting += given
            for _ in range(min(AT_ONCE - self._workers, len(self._waiting))):
                self._workers += 1
                threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Begin nothing more, and leave what is at work at its next step."""
        with self._changed:
            for item in self._items:
                item.stopped = item.stopped or item.outcome is None
            while self._waiting:
                item = self._waiting.popleft()
                item.outcome = _left(item)

    def try_again(self) -> None:
        """Add once more what has failed or was stopped."""
        with self._changed:
            again = [each for each in self._items if _failed(each)] if not self.goes_on else []
            if again:
                self._items = []
                for each in again:
                    each.outcome, each.stopped = None, False
                self.add(again)

    def forget(self) -> None:
        """Forget what is over, with all that could be tried again."""
        with self._changed:
            for item in self._items:
                item.free()
            self._items = []

    def wait(self, seconds: float) -> None:
        """Wait for the end, but not longer than this."""
        with self._changed:
            self._changed.wait_for(lambda: not self.goes_on, seconds)

    def progress(self) -> list[Outcome]:
        """Return how far it is: in all where there is much, and what is at work or waits."""
        with self._changed:
            open_ = [each for each in self._items if each.outcome is None]
            lines = [each.at_work for each in open_ if each.at_work]
            if len(self._items) <= FEW:
                waiting = (title_line(each.name) for each in open_ if not each.at_work)
                return [*lines, *(Outcome(f"{name}: waiting") for name in waiting)]
            if not open_:
                return []
            done, of = len(self._items) - len(open_), len(self._items)
            return [Outcome(f"{done:,} of {of:,} documents are done", share=done / of), *lines]

    def outcomes(self) -> list[Outcome]:
        """Return what became of the documents: of many, how many they were and what has failed."""
        with self._changed:
            over = [each for each in self._items if each.outcome]
            if len(self._items) <= FEW:
                return [each.outcome for each in over if each.outcome]
            failed = [each.outcome for each in over if each.outcome and _is_wrong(each)]
            became = Counter(each.added.outcome for each in over if each.added)
            told = failed[:TOLD]
            if len(failed) > TOLD:
                told.append(Outcome(f"{len(failed) - TOLD:,} others were not added.", well=False))
            if self.goes_on:
                return told
            order = {name: became[name] for name in ("added", "replaced", "unchanged")}
            stopped = sum(_failed(each) for each in over) - len(failed)
            numbers = order | {"not added": len(failed), "stopped": stopped}
            return [Outcome(f"{counts(numbers)}."), *told]

    def _work(self) -> None:
        while item := self._next():
            outcome = self._put_in(item)
            with self._changed:
                item.at_work, item.outcome = None, outcome
                self._changed.notify_all()

    def _next(self) -> Item | None:
        with self._changed:
            if self._waiting:
                item = self._waiting.popleft()
                item.at_work = Outcome(f"{title_line(item.name)}: reading", share=0.0)
                return item
            self._workers -= 1
            self._changed.notify_all()
            return None

    def _put_in(self, item: Item) -> Outcome:
        """Read a document and put it in; say what became of it."""
        name = title_line(item.name)

        def report(stage: str, done: int, total: int) -> None:
            if item.stopped:
                raise Stopped
            item.at_work = Outcome(f"{name}: {stage}", share=done / max(total, 1))

        def pages(done: int, of: int) -> None:
            report(f"page {min(done + 1, of):,} of {of:,}", done, of)

        try:
            with Line("add", source=item.name) as line:
                document = item.read(pages)
                self._expect(document.id)
                item.added = self._library.add(document, report)
                line.added(item.added)
        except Stopped:
            return _left(item)
        except UserError as error:
            return Outcome(str(error), well=False)
        except Exception:  # noqa: BLE001  a bug of ours, which the others should not suffer from
            traceback.print_exc()
            return Outcome(f"{name}: {BUG}", well=False)
        item.free()
        return Outcome(_became(item.added))


class Jobs:
    """The jobs of all visitors: one for each visitor and library, and their uploads."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[tuple[str, str], Job] = OrderedDict()
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="footnoted-")  # Goes with the program.

    def of(
        self, visitor: str, library: Library, expect: Callable[[str], None] = lambda _: None
    ) -> Job:
        """Return a visitor's job for a library, a new one if there is none yet."""
        with self._lock:
            key = visitor, str(library.place)
            job = self._jobs.pop(key, None) or Job(library, expect)
            self._jobs[key] = job
            over = [each for each, kept in self._jobs.items() if not kept.goes_on]
            for each in over[: max(0, len(self._jobs) - VISITORS)]:
                self._jobs.pop(each).forget()
            return job

    def upload(self, path: Path, name: str) -> Item:
        """Return what was uploaded, out of the folder from which old uploads are swept."""
        kept = Path(tempfile.mkdtemp(dir=self._folder.name)) / "upload"
        used = sum(each.stat().st_size for each in Path(self._folder.name).glob("*/upload"))
        if used + path.stat().st_size <= MOST_BYTES:
            path.rename(kept)
        return Item(
            name,
            partial(_read, kept, name),
            partial(shutil.rmtree, kept.parent, ignore_errors=True),
        )


def _read(path: Path, name: str, _pages: Pages) -> Document:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"{title_line(name)} is not added: too many uploads are waiting. Add it again later."
        ) from None
    return load_bytes(data, name)


def _failed(item: Item) -> bool:
    return item.outcome is not None and not item.outcome.well


def _is_wrong(item: Item) -> bool:
    """Whether it failed, and not because it was stopped."""
    return _failed(item) and not item.stopped


def _left(item: Item) -> Outcome:
    return Outcome(f"{title_line(item.name)}: not added, since it was stopped", well=False)


def _became(added: Added) -> str:
    name = title_line(added.document.name)
    if added.outcome == "unchanged":
        return f"{name}: unchanged"
    return f"{name}: {added.outcome}, {number_of(added.passages, 'passage')}"
