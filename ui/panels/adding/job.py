"""Documents that are being added to a library. The work goes on when its page is closed."""

from __future__ import annotations

import shutil
import tempfile
import threading
import traceback
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from index.documents import Document
from index.errors import DocumentError, UserError
from index.library import Added, Library
from index.loading.archive import ENDING, MAIL, archive_at
from index.loading.formats import MAX_BYTES
from index.loading.load import load_bytes
from index.printable import title_line
from rag.trace import Line
from ui.drawing.render import Outcome
from ui.panels.adding.unfinished import Unfinished
from ui.panels.events import BUG, Stopped
from ui.words.elsewhere import said
from ui.words.words import _, counted, in_digits, listed, ngettext, put_in

AT_ONCE = 2
"""How many documents of a visitor are read at once: a slow one does not hold up all others."""

FEW = 8
"""Up to this many documents are reported one by one; of more, only counts and failures."""

TOLD = 100
"""How many failures are reported one by one."""

NAMED = 10
"""How many of the documents that an ended program did not add are named; the rest are counted."""

VISITORS = 50
"""For how many visitors the outcomes of their documents are kept."""

MOST_BYTES = 50 * MAX_BYTES
"""The most disk space, in bytes, for uploads that wait or may be tried again."""

Pages = Callable[[int, int], None]
"""Called with the number of pages read and the total; raising an exception ends the reading."""


@dataclass(eq=False)
class Item:
    """A document to add: how it is read, and its progress."""

    name: str
    read: Callable[[Pages], Document]
    opens: Callable[[], list[Item]] | None = None
    """Opens an archive, whose contents then take its place."""
    folder: Path | None = None
    """Holds the upload until it is no longer needed."""
    at_work: Outcome | None = None
    outcome: Outcome | None = None
    added: Added | None = None
    stopped: bool = False


class Job:
    """What one visitor adds to one library."""

    def __init__(
        self, library: Library, expect: Callable[[str], None] = lambda _: None, visitor: str = ""
    ) -> None:
        """Name the library; `expect` is given the id of each document before it is put in."""
        self.looking = threading.Lock()
        """Held while an event reads the progress, so that an older state is never shown last."""
        self._library = library
        self._expect = expect
        self._unfinished = Unfinished(library.folder, visitor)
        self._cut_off = self._unfinished.names()
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._waiting: deque[Item] = deque()
        self._needed = Counter[Path]()  # How many documents need each folder.
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
        """Add documents behind those that still wait; if all others are done, forget those."""
        with self._changed:
            if not self.goes_on:
                self.forget()
            given = list(items)
            self._items += given
            self._waiting += given
            self._note()
            self._needed.update(each.folder for each in given if each.folder)
            for _ in range(min(AT_ONCE - self._workers, len(self._waiting))):
                self._workers += 1
                # So that progress is reported in the visitor's language.
                run = copy_context().run
                threading.Thread(target=run, args=(self._work,), daemon=True).start()

    def stop(self) -> None:
        """Begin no more documents, and abandon those in progress at their next step."""
        with self._changed:
            for item in self._items:
                item.stopped = item.stopped or item.outcome is None
            while self._waiting:
                item = self._waiting.popleft()
                item.outcome = _left(item)
            self._note()

    def try_again(self) -> None:
        """Add once more what has failed or was stopped."""
        with self._changed:
            again = [each for each in self._items if _failed(each)] if not self.goes_on else []
            if again:
                self._items = []
                self._needed.clear()
                for each in again:
                    each.outcome, each.stopped = None, False
                self.add(again)

    def forget(self) -> None:
        """Forget all outcomes, and delete the uploads that could be tried again."""
        with self._changed:
            for folder in self._needed:
                shutil.rmtree(folder, ignore_errors=True)
            self._needed.clear()
            self._items, self._cut_off = [], []
            self._note()

    def wait(self, seconds: float) -> None:
        """Wait until everything is done, or this many seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: not self.goes_on, seconds)

    def progress(self) -> list[Outcome]:
        """Return the progress of each document; of many, the total and those in progress."""
        with self._changed:
            open_ = [each for each in self._items if each.outcome is None]
            lines = [each.at_work for each in open_ if each.at_work]
            if len(self._items) <= FEW:
                waiting = (title_line(each.name) for each in open_ if not each.at_work)
                return [*lines, *(Outcome(_("%(name)s: waiting", name=each)) for each in waiting)]
            if not open_:
                return []
            done, of = len(self._items) - len(open_), len(self._items)
            gaps = {"done": in_digits(done), "all": in_digits(of)}
            told = _("%(done)s of %(all)s documents are done.", **gaps)
            return [Outcome(told, share=done / of), *lines]

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each document; of many, only the counts and the failures."""
        with self._changed:
            if self._cut_off:
                return [_said(self._cut_off)]
            over = [each for each in self._items if each.outcome]
            if len(self._items) <= FEW:
                return [each.outcome for each in over if each.outcome]
            failed = [each.outcome for each in over if each.outcome and _is_wrong(each)]
            became = Counter[str](each.added.outcome for each in over if each.added)
            told = failed[:TOLD]
            if len(failed) > TOLD:
                told.append(Outcome(_others(len(failed) - TOLD), well=False))
            if self.goes_on:
                return told
            stopped = sum(_failed(each) for each in over) - len(failed)
            became.update({"not added": len(failed), "stopped": stopped})
            return [Outcome(f"{counted(became)}."), *told]

    def _work(self) -> None:
        while item := self._next():
            outcome = self._put_in(item)
            with self._changed:
                item.at_work, item.outcome = None, outcome
                if not self.goes_on:
                    self._unfinished.end()
                elif outcome:  # None: an archive was opened, and its contents go on.
                    self._unfinished.over(item.name)
                if item.folder and outcome and outcome.well:
                    self._free(item.folder)
                self._changed.notify_all()

    def _next(self) -> Item | None:
        with self._changed:
            if self._waiting:
                item = self._waiting.popleft()
                words = _("%(name)s: reading", name=title_line(item.name))
                item.at_work = Outcome(words, share=0.0)
                return item
            self._workers -= 1
            self._changed.notify_all()
            return None

    def _note(self) -> None:
        """Record on disk what is still to be added, in case the program ends before that."""
        if left := [each.name for each in self._items if each.outcome is None]:
            self._unfinished.begin(left)
        else:
            self._unfinished.end()

    def _free(self, folder: Path) -> None:
        self._needed[folder] -= 1
        if not self._needed[folder]:
            del self._needed[folder]
            shutil.rmtree(folder, ignore_errors=True)

    def _put_in(self, item: Item) -> Outcome | None:
        """Read and add a document, and return the outcome; an archive is opened, with None."""
        name = title_line(item.name)

        def report(stage: str, done: int, total: int) -> None:
            if item.stopped:
                raise Stopped
            words = _("%(name)s: %(stage)s", name=name, stage=_(stage))
            item.at_work = Outcome(words, share=done / max(total, 1))

        def pages(done: int, of: int) -> None:
            gaps = {"number": in_digits(min(done + 1, of)), "all": in_digits(of)}
            report(_("page %(number)s of %(all)s", **gaps), done, of)

        try:
            if item.opens:
                self._open(item, item.opens())
                return None
            with Line("add", source=item.name) as line:
                document = item.read(pages)
                self._expect(document.id)
                item.added = self._library.add(document, report)
                line.added(item.added)
        except Stopped:
            return _left(item)
        except UserError as error:
            return Outcome(said(str(error)), well=False)
        except Exception:  # noqa: BLE001  a bug of ours must not stop the others
            traceback.print_exc()
            return Outcome(_("%(name)s: %(stage)s", name=name, stage=_(BUG)), well=False)
        return Outcome(_became(item.added))

    def _open(self, archive: Item, inside: Sequence[Item]) -> None:
        """Replace an archive with its contents, which are added next."""
        with self._changed:
            at = self._items.index(archive)
            self._items[at : at + 1] = inside
            for each in inside:
                each.stopped = archive.stopped
                each.outcome = _left(each) if archive.stopped else None
            self._waiting.extendleft(() if archive.stopped else reversed(inside))
            if archive.folder:
                self._needed[archive.folder] += len(inside) - 1
            self._note()


class Jobs:
    """The jobs of all visitors: one for each visitor and library, and their uploads."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[tuple[str, str], Job] = OrderedDict()
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="footnoted-")  # Until the program ends.

    def of(
        self, visitor: str, library: Library, expect: Callable[[str], None] = lambda _: None
    ) -> Job:
        """Return a visitor's job for a library, a new one if there is none yet."""
        with self._lock:
            key = visitor, str(library.place)
            job = self._jobs.pop(key, None) or Job(library, expect, visitor)
            self._jobs[key] = job
            over = [each for each, kept in self._jobs.items() if not kept.goes_on]
            for each in over[: max(0, len(self._jobs) - VISITORS)]:
                self._jobs.pop(each).forget()
            return job

    def upload(self, path: Path, name: str, library: Library) -> Item:
        """Return an upload as an item, moved out of the folder where old uploads are deleted."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        opened = (each for each in (ENDING, MAIL) if name.lower().endswith(each))
        kept = folder / ("upload" + next(opened, ""))
        used = sum(each.stat().st_size for each in Path(self._folder.name).glob("*/upload*"))
        if used + path.stat().st_size <= MOST_BYTES:
            path.rename(kept)
        opens = partial(_members, kept, name, library) if kept.suffix else None
        return Item(name, partial(_read, kept, name, library), opens, folder)


def _read(path: Path, name: str, library: Library, pages: Pages) -> Document:
    return load_bytes(_bytes_of(path, name), name, progress=pages, kept=library.unfinished_pages)


def _members(path: Path, name: str, library: Library) -> list[Item]:
    """Return the contents of an uploaded archive; what cannot be read becomes failing items."""
    _bytes_of(path, name)
    itself = Item(name, partial(_read, path, name, library), folder=path.parent)
    try:
        found = archive_at(path)
    except DocumentError as error:  # It names the stored file.
        if path.suffix == MAIL:  # Reading it will report this.
            return [itself]
        raise DocumentError(str(error).replace(path.name, title_line(name), 1)) from error
    archive = replace(found, source=title_line(name)) if found else None
    if archive is None or not (archive.files or archive.mail):
        raise UserError(archive.nothing() if archive else f"{title_line(name)} is not an archive.")

    def read(member: str, pages: Pages) -> Document:
        source = f"{title_line(name)}/{member}"
        given = (archive.read(member), member)
        return load_bytes(*given, source=source, progress=pages, kept=library.unfinished_pages)

    def not_read(why: str, _pages: Pages) -> Document:
        raise UserError(why)

    inside = [itself] if archive.mail else []
    inside += [Item(f"{name}/{each}", partial(read, each)) for each in archive.files]
    inside += [Item(each, partial(not_read, archive.not_opened(each))) for each in archive.archives]
    if others := archive.others:
        kinds = ", ".join(title_line(each) for each in sorted(others)[:5])
        what = ngettext(
            "%(name)s: %(num)s file is in a format that cannot be read (%(formats)s).",
            "%(name)s: %(num)s files are in formats that cannot be read (%(formats)s).",
            others.total(),
            name=title_line(name),
            formats=kinds,
        )
        inside.append(Item(name, partial(not_read, what)))
    for each in inside:
        each.folder = path.parent
    return inside


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            _(
                "%(name)s is not added: too many uploads are waiting. Add it again later.",
                name=title_line(name),
            )
        ) from None


def _failed(item: Item) -> bool:
    return item.outcome is not None and not item.outcome.well


def _is_wrong(item: Item) -> bool:
    """Whether it failed, and not because it was stopped."""
    return _failed(item) and not item.stopped


def _left(item: Item) -> Outcome:
    name = title_line(item.name)
    return Outcome(_("%(name)s: not added, since it was stopped", name=name), well=False)


def _others(number: int) -> str:
    return ngettext("%(num)s others were not added.", "%(num)s others were not added.", number)


def _said(names: Sequence[str]) -> Outcome:
    """Say what the program had not added when it ended."""
    shown = [title_line(each) for each in names[:NAMED]]
    if more := len(names) - len(shown):
        shown.append(ngettext("%(num)s other", "%(num)s others", more))
    words = ngettext(
        "Footnoted ended before %(names)s was added. Add it again; what was added is kept.",
        "Footnoted ended before %(names)s were added. Add them again; what was added is kept.",
        len(names),
        names=listed(shown),
    )
    return Outcome(words, well=False)


def _became(added: Added) -> str:
    name = title_line(added.document.name)
    if added.outcome == "unchanged":
        return _("%(name)s: unchanged", name=name)
    return put_in(name, added.passages, replaced=added.outcome == "replaced")
