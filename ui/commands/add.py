"""`footnoted add`: files, folders and addresses into the library."""

from __future__ import annotations

import math
import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from index.english import ENGLISH
from index.errors import DocumentError, UserError
from index.printable import path_line, visible
from ui.commands.program import ends_with
from ui.commands.terminal import (
    STDIN,
    LibraryOption,
    messages,
    open_library,
    progress_bar,
    read_source,
    show_stage,
    tell,
)
from ui.words.elsewhere import said
from ui.words.languages import spoken
from ui.words.words import _, counted, in_digits, listed, ngettext, put_in

if TYPE_CHECKING:
    from concurrent.futures import Future

    from rich.progress import Progress

    from index.documents import Document
    from index.library import Added, Library, Prepared, Report
    from index.loading.load import Folder
    from index.loading.watch import Changed, Watch
    from rag.trace import Line

Item = TypeVar("Item")
Made = TypeVar("Made")

AHEAD = max(2, os.cpu_count() or 1)
"""How many documents may be read and embedded ahead of the one that is being written."""

MANY = 100
"""Up to this many files are reported one by one."""

PARTS = 20
"""How many times the progress is reported if there are more files."""


def add(
    sources: Annotated[
        list[str],
        typer.Argument(help="Files, folders, http(s) addresses, or - for standard input."),
    ],
    library: LibraryOption = None,
    remove_gone: Annotated[
        bool,
        typer.Option(
            "--remove-gone", help="Remove documents whose files no longer exist in the folders."
        ),
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Add only matching files of folders: *.pdf, notes/."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Skip matching files of folders.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Exit with 0 even if some files could not be read.")
    ] = False,
    name: Annotated[
        str, typer.Option(metavar="FILE", help="The name for standard input, with an extension.")
    ] = STDIN,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Give each document this tag. Repeatable."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Then add what changes in the folders, until Ctrl-C.")
    ] = False,
) -> None:
    """Add documents to the library. A file that cannot be read does not stop the others.

    Files that the library already has are not read again. To continue after an interruption,
    run the same command again. Patterns follow the rules of .gitignore. A folder can have a
    .footnotedignore file.
    """
    from index.documents import tag_of
    from rag.config import load_settings

    tags = [tag_of(each) for each in tag or ()]
    shelf = open_library(library, new=True)
    private = load_settings(library=library).private_addresses
    patterns = include or (), exclude or ()
    files, folders = _opened(sources, *patterns, may_be_empty=watch)
    if files.count("-") > 1:
        raise UserError(_("Standard input can be read once: give - once."))
    if (remove_gone or watch) and not folders:
        option = "--watch" if watch else "--remove-gone"
        words = _("%(option)s is for changes in a folder: give a folder.")
        raise UserError(words % {"option": option})
    adding = _Adding(shelf, partial(read_source, private=private, name=name), tags)
    if watch:
        from index.loading.watch import Watch

        watched = Watch([each.path for each in folders], *patterns)
    failed = _add_all(adding, files, folders, remove_gone=remove_gone)
    if watch:
        _watch(adding, watched, remove_gone=remove_gone)
    elif failed and not skip_bad:
        raise typer.Exit(2)


@dataclass(frozen=True, slots=True)
class _Adding:
    """The library to add to, the function that reads a source, and the tags for the documents."""

    library: Library
    read: Callable[..., Document]
    tags: Sequence[str]

    def of(
        self, sources: Sequence[str], bar: Progress
    ) -> Iterator[tuple[str, Added | DocumentError]]:
        """Add sources; yield the name and the outcome of each, in their order."""
        task = bar.add_task(_("documents"), total=len(sources), visible=len(sources) > 1)
        ready = partial(_ready, self.library, self.read, bar, len(sources))
        known = partial(_unchanged, self.library)
        for source, future in zip(
            sources, _ahead(known, ready, enumerate(sources, 1)), strict=True
        ):
            try:
                name, added = _write(self.library, future.result(), self.tags)
            except DocumentError as error:
                yield source, error
            else:
                yield name, added
            bar.advance(task)
        bar.remove_task(task)


def _add_all(
    adding: _Adding, files: Sequence[str], folders: Sequence[Folder], *, remove_gone: bool
) -> list[str]:
    """Add files and report the outcomes; return the error messages of those that failed."""
    became: Counter[str] = Counter()
    languages: set[str] = set()
    failed: list[str] = []
    every = 1 if len(files) <= MANY else math.ceil(len(files) / PARTS)
    with progress_bar() as bar:
        try:
            if remove_gone:  # First: else a moved file would count as unchanged, and go.
                became["removed"] = _remove_gone(adding.library, folders)
            for number, (name, added) in enumerate(adding.of(files, bar), 1):
                if isinstance(added, DocumentError):
                    became["failed"] += 1
                    failed.append(said(str(added)))
                else:
                    became[added.outcome] += 1
                    languages.add(added.document.language)
                    if every == 1:
                        tell(_in_words(name, added))
                if every > 1 and number % every == 0 and not messages().is_terminal:
                    tell(_so_far(number, len(files), became))
        except BaseException:  # Including Ctrl-C and a full disk.
            if became.total():
                done = became.total() - became["removed"]
                words = _("Stopped after %(done)s of %(all)s: %(counts)s.")
                gaps = {"done": in_digits(done), "all": in_digits(len(files))}
                tell(words % {**gaps, "counts": counted(became)})
                tell(_("The same command goes on with the others."))
            _tell_failed(failed)
            raise
    if len(files) > 1 or folders:
        tell(f"{counted(became) or _('Nothing to add')}.")
    if adding.library.reads_english_alone and languages - {ENGLISH}:
        tell(_foreign(languages - {ENGLISH}))
    _tell_failed(failed)
    return failed


def _foreign(languages: Collection[str]) -> str:
    """Return advice on documents in languages that the library does not read well."""
    from index.language.names import language_name
    from index.weights.catalogue import MULTILINGUAL

    names = listed(sorted(language_name(each, spoken()) for each in languages))
    return _(
        "There are documents in %(names)s, but this library’s models were trained on English. To "
        "read all languages, set FOOTNOTED_EMBEDDING=%(model)s and run `footnoted reindex`.",
        names=names,
        model=MULTILINGUAL,
    )


def _so_far(at: int, of: int, became: Counter[str]) -> str:
    return ngettext(
        "%(at)s of %(num)s files: %(counts)s.",
        "%(at)s of %(num)s files: %(counts)s.",
        of,
        at=in_digits(at),
        counts=counted(became),
    )


def _watch(adding: _Adding, watched: Watch, *, remove_gone: bool) -> None:
    """Add and report what changes in the folders, until Ctrl-C."""
    names = ", ".join(path_line(each.name) for each in watched.folders)
    ends_with(0)
    try:
        tell(_("Watching %(names)s. Ctrl-C ends it.", names=names))
        for changed in watched:
            for path in changed.emptied:
                words = _("%(name)s: holds no files any more; its documents stay")
                tell(words % {"name": path_line(path.name)})
            _tell_gone(adding.library, watched, changed, remove=remove_gone)
            # A removed document may have stood for another file with the same text, too.
            again = [*changed.changed, *(changed.twins if remove_gone else ())]
            came = [each for file in changed.came for each in _unpacked(str(file))]
            files = came + [each for file in again for each in _unpacked(str(file))]
            with progress_bar() as bar:
                for file, (_name, added) in zip(files, adding.of(files, bar), strict=True):
                    name = watched.name(Path(file))
                    if isinstance(added, DocumentError):
                        failed = _("%(name)s: not added.", name=name)
                        tell(f"{failed} {said(str(added))}")
                    elif added.outcome != "unchanged" or file in came:
                        tell(_in_words(name, added))
    except KeyboardInterrupt:
        tell(_("Stopped watching."))


def _tell_gone(library: Library, watched: Watch, changed: Changed, *, remove: bool) -> None:
    """Report documents whose files are gone, and `remove` them if that was asked for."""
    from index.loading.load import is_gone

    files = {str(each) for each in changed.gone + changed.changed}
    for each in library.titles() if files else ():
        outer = {each.source, *map(str, Path(each.source).parents)}  # It may lie in an archive.
        if files.isdisjoint(outer) or not is_gone(each.source):
            continue
        name = watched.name(Path(each.source))
        if remove:
            _remove(library, each.id)
            words = _("%(name)s: removed, since its file is gone (%(id)s)")
        else:
            words = _("%(name)s: is gone; its document stays (%(id)s)")
        tell(words % {"name": name, "id": each.id})


def _tell_failed(failed: Sequence[str]) -> None:
    """Report what failed once: at the end, below everything that went well."""
    for reason in failed:
        tell(reason)


def _opened(
    sources: Sequence[str], include: Sequence[str], exclude: Sequence[str], *, may_be_empty: bool
) -> tuple[list[str], list[Folder]]:
    """Return the sources, with each folder replaced by the files in it, and the folders."""
    from index.loading.load import folder

    files: list[str] = []
    folders: list[Folder] = []
    for source in sources:
        found = folder(source, include, exclude)
        if found is None:
            files += _unpacked(source)
            continue
        if not found.files and not may_be_empty:
            words = _("%(name)s holds no files that can be read. Nothing is done.")
            raise UserError(words % {"name": path_line(source)})
        files += (each for file in found.files for each in _unpacked(str(file)))
        folders.append(found)
        if found.left_out:
            words = ngettext(
                "%(name)s: %(num)s file left out by patterns.",
                "%(name)s: %(num)s files left out by patterns.",
                found.left_out,
                name=path_line(source),
            )
            tell(words)
        _tell_others(source, found.others)
    return files, folders


def _unpacked(source: str) -> Sequence[str]:
    """Return an archive's files, a mail with its attachments, or any other source as it is."""
    from index.loading.load import members

    try:
        archive = members(source)
    except DocumentError:  # Reading it will report this.
        return [source]
    if archive is None or not (archive.files or archive.mail):
        return [source]
    _tell_others(source, archive.others)
    for inner in archive.archives:
        tell(f"{path_line(source)}: {said(archive.not_opened(inner))}")
    return archive.members


def _tell_others(source: str, others: Counter[str]) -> None:
    """Report the files in a folder or an archive that cannot be read."""
    if count := others.total():
        kinds = ", ".join(visible(each) for each in sorted(others)[:5])
        words = ngettext(
            "%(name)s: %(num)s file is in a format that cannot be read (%(formats)s).",
            "%(name)s: %(num)s files are in formats that cannot be read (%(formats)s).",
            count,
            name=path_line(source),
            formats=kinds,
        )
        tell(words)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document that has been read and embedded, and only has to be written.

    Closing `opened` ends its progress bar and its line in the log.
    """

    document: Document
    prepared: Prepared
    read: bool
    report: Report
    line: Line
    opened: ExitStack


def _unchanged(library: Library, numbered: tuple[int, str]) -> _Ready | None:
    """Return a finished `_Ready` for a source that is in the library unchanged, else None."""
    from index.library import Prepared
    from rag.trace import Line

    source = numbered[1]
    if source == "-":
        return None
    event, opened = Line("add", source=source), ExitStack()
    with suppress(DocumentError):  # Reading it will report this.
        if added := library.unchanged(source):
            opened.enter_context(event)
            done = Prepared(unchanged=added)
            return _Ready(added.document, done, False, lambda *_: None, event, opened)
    return None


def _ready(
    library: Library,
    read: Callable[..., Document],
    bar: Progress,
    count: int,
    numbered: tuple[int, str],
) -> _Ready:
    """Read and embed a source; the bar shows its number among all sources."""
    from index.documents import source_name
    from rag.trace import Line

    number, source = numbered
    at = _("file %(number)s of %(all)s", number=number, all=count) + ": " if count > 1 else ""
    with ExitStack() as opened:
        task = bar.add_task(at + _("%(name)s: reading", name=source_name(source)), total=None)
        opened.callback(bar.remove_task, task)
        event = opened.enter_context(Line("add", source=source))

        def pages(done: int, of: int) -> None:
            gaps = {"number": in_digits(min(done + 1, of)), "all": in_digits(of)}
            page = _("page %(number)s of %(all)s", **gaps)
            show_stage(bar, task, at + source_name(source), page, done, of)

        document = read(source, progress=pages, kept=library.unfinished_pages)
        report = partial(show_stage, bar, task, at + document.name)
        prepared = library.prepare(document, report)
        return _Ready(document, prepared, True, report, event, opened.pop_all())


def _write(library: Library, ready: _Ready, tags: Sequence[str]) -> tuple[str, Added]:
    """Write a document and its tags to the library; return its name and the outcome."""
    with ready.opened:
        added = library.add(ready.document.tagged(tags), ready.report, ready.prepared)
        if added.document.tagged(tags) != added.document:  # It was here before, without them.
            library.tag(added.document.id, tags)
        ready.line.added(added, read=ready.read)
    return ready.document.name, added


def _ahead(
    known: Callable[[Item], Made | None], work: Callable[[Item], Made], items: Iterable[Item]
) -> Iterator[Future[Made]]:
    """Yield the result of each item, in their order, while threads work on the next ones.

    An item for which `known` returns a result needs no work.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    pool = ThreadPoolExecutor(AHEAD)
    futures: deque[Future[Made]] = deque()
    try:
        for item in items:
            if (made := known(item)) is None:
                futures.append(pool.submit(copy_context().run, work, item))
            else:
                futures.append(Future())
                futures[-1].set_result(made)
            if len(futures) > AHEAD:
                yield futures.popleft()
        while futures:
            yield futures.popleft()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _remove_gone(library: Library, folders: Sequence[Folder]) -> int:
    """Remove the documents whose files are gone from the folders; return how many there were.

    A folder without any files may be on a disk that is not mounted, so nothing counts as gone.
    """
    from index.documents import source_name
    from index.loading.load import is_gone

    gone = [
        each
        for each in library.titles()
        if any(Path(each.source).is_relative_to(folder.path) for folder in folders if folder.files)
        and is_gone(each.source)
    ]
    for each in gone:
        _remove(library, each.id)
        name = source_name(each.source)
        words = _("%(name)s: removed, since its file is gone (%(id)s)")
        tell(words % {"name": name, "id": each.id})
    return len(gone)


def _remove(library: Library, document_id: str) -> None:
    from rag.trace import Line

    with Line("remove", document=document_id) as event:
        library.remove(document_id)
        event.removed(document_id)


def _in_words(name: str, added: Added) -> str:
    if added.outcome == "unchanged":
        words = _("%(name)s: is in the library already", name=name)
    else:
        words = put_in(name, added.passages, replaced=added.outcome == "replaced")
    return f"{words} ({added.document.id})"
