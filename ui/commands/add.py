"""`footnoted add`: files, folders and addresses into the library, as many as there are."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from index.errors import DocumentError, UserError
from index.printable import number_of, path_line
from ui.commands.terminal import (
    STDIN,
    LibraryOption,
    line,
    messages,
    open_library,
    progress_bar,
    read_source,
    show_stage,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

    from rich.progress import Progress

    from index.documents import Document
    from index.library import Added, Library, Prepared, Report
    from index.loading.load import Folder
    from rag.trace import Line

Item = TypeVar("Item")
Made = TypeVar("Made")

AHEAD = max(2, os.cpu_count() or 1)
"""How many documents are read and embedded while one is written."""


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
    files, folders = _opened(sources, include or (), exclude or ())
    if files.count("-") > 1:
        raise UserError("Standard input can be read once: give - once.")
    read = partial(read_source, private=private, name=name)
    if remove_gone and not folders:
        raise UserError(
            "With --remove-gone a folder is looked through for what is gone: give a folder."
        )
    became: Counter[str] = Counter()
    failed: list[str] = []
    with progress_bar(messages()) as bar:
        try:
            ready = partial(_ready, shelf, read, bar, len(files))
            for future in _ahead(partial(_unchanged, shelf), ready, enumerate(files, 1)):
                try:
                    name, added = _write(shelf, future.result(), tags)
                except DocumentError as error:
                    failed.append(str(error))
                else:
                    became[added.outcome] += 1
                    line(messages(), _in_words(name, added))
            if remove_gone:
                became["removed"] = _remove_gone(shelf, folders)
        except BaseException:  # Ctrl-C as well, and a disk that is full.
            if became or failed:
                done = became.total() + len(failed)
                line(
                    messages(), f"Stopped after {done} of {len(files)}: {_counts(became, failed)}."
                )
                line(messages(), "The same command goes on with the others.")
            _tell_failed(failed)
            raise
    if len(files) > 1 or folders:
        line(messages(), f"{_counts(became, failed)}.")
    _tell_failed(failed)
    if failed and not skip_bad:
        raise typer.Exit(2)


def _tell_failed(failed: Sequence[str]) -> None:
    """Tell what failed once: at the end, where it stands below all that went well."""
    for reason in failed:
        line(messages(), reason)


def _opened(
    sources: Sequence[str], include: Sequence[str], exclude: Sequence[str]
) -> tuple[list[str], list[Folder]]:
    """Return the sources with the files below each folder in its place, and the folders."""
    from index.loading.load import folder
    from index.printable import visible

    files: list[str] = []
    folders: list[Folder] = []
    for source in sources:
        found = folder(source, include, exclude)
        if found is None:
            files.append(source)
            continue
        if not found.files:
            raise UserError(
                f"{path_line(source)} holds no files that can be read. Nothing is done."
            )
        files += map(str, found.files)
        folders.append(found)
        if found.left_out:
            what = number_of(found.left_out, "file")
            line(messages(), f"{path_line(source)}: {what} left out by patterns.")
        if found.others:
            kinds = ", ".join(visible(each) for each in sorted(found.others)[:5])
            count = found.others.total()
            what = "1 file is" if count == 1 else f"{count} files are"
            line(
                messages(), f"{path_line(source)}: {what} of formats that cannot be read ({kinds})."
            )
    return files, folders


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document that is read and embedded, and only has to be written.

    `opened` ends its progress and its line in the log.
    """

    document: Document
    prepared: Prepared
    read: bool
    report: Report
    line: Line
    opened: ExitStack


def _unchanged(library: Library, numbered: tuple[int, str]) -> _Ready | None:
    """Return what there is to say of a source that is in the library as it is, if it is."""
    from index.library import Prepared
    from rag.trace import Line

    _, source = numbered
    if source == "-":
        return None
    event, opened = Line("add", source=source), ExitStack()
    with suppress(DocumentError):  # Reading it says so.
        if added := library.unchanged(source):
            opened.enter_context(event)
            done = Prepared(unchanged=added)
            return _Ready(added.document, done, False, lambda *_: None, event, opened)
    return None


def _ready(
    library: Library,
    read: Callable[[str], Document],
    bar: Progress,
    count: int,
    numbered: tuple[int, str],
) -> _Ready:
    """Read and embed what is at a source, the number of which, of so many, is told by the bar."""
    from index.documents import source_name
    from rag.trace import Line

    number, source = numbered
    at = f"file {number} of {count}: " if count > 1 else ""
    with ExitStack() as opened:
        task = bar.add_task(f"{at}{source_name(source)}: reading", total=None)
        opened.callback(bar.remove_task, task)
        event = opened.enter_context(Line("add", source=source))
        document = read(source)
        report = partial(show_stage, bar, task, at + document.name)
        prepared = library.prepare(document, report)
        return _Ready(document, prepared, True, report, event, opened.pop_all())


def _write(library: Library, ready: _Ready, tags: Sequence[str]) -> tuple[str, Added]:
    """Put a document in, under tags; return what it is called, and what became of it."""
    with ready.opened:
        added = library.add(ready.document.tagged(tags), ready.report, ready.prepared)
        if added.document.tagged(tags) != added.document:  # It was here before.
            library.tag(added.document.id, tags)
        ready.line.added(added, read=ready.read)
    return ready.document.name, added


def _ahead(
    known: Callable[[Item], Made | None], work: Callable[[Item], Made], items: Iterable[Item]
) -> Iterator[Future[Made]]:
    """Yield what comes of each item, in their order, while the work on the next goes on.

    What is `known` of an item already needs no work.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    pool = ThreadPoolExecutor(AHEAD)
    futures: deque[Future[Made]] = deque()
    try:
        for item in items:
            if (made := known(item)) is None:
                futures.append(pool.submit(work, item))
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
    """Take out the documents whose files are gone from the folders; return how many there were."""
    from index.documents import source_name
    from rag.trace import Line

    gone = [
        entry
        for entry in library.entries()
        if any(Path(entry.source).is_relative_to(folder.path) for folder in folders)
        and not Path(entry.source).exists()
    ]
    for entry in gone:
        with Line("remove", document=entry.id) as event:
            library.remove(entry.id)
            event.removed(entry.id)
        line(
            messages(), f"{source_name(entry.source)}: removed, since its file is gone ({entry.id})"
        )
    return len(gone)


def _in_words(name: str, added: Added) -> str:
    if added.outcome == "unchanged":
        return f"{name}: is in the library already ({added.document.id})"
    return f"{name}: {added.outcome}, {number_of(added.passages, 'passage')} ({added.document.id})"


def _counts(became: Counter[str], failed: Sequence[str]) -> str:
    names = ["added", "replaced", "unchanged"] + ["removed"] * ("removed" in became)
    counts = {name: became[name] for name in names} | {"failed": len(failed)}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
