"""`footnoted add`: files and addresses into the library, as many as there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from index.documents import source_name
from index.errors import DocumentError
from index.printable import visible
from ui.commands.terminal import (
    LibraryOption,
    line,
    messages,
    open_assistant,
    progress_bar,
    show_stage,
)

if TYPE_CHECKING:
    from index.library import Added
    from rag.assistant import Assistant


def add(
    sources: Annotated[list[str], typer.Argument(help="Files and http(s) addresses.")],
    library: LibraryOption = None,
) -> None:
    """Add documents to the library; what cannot be read is told, and the others go on.

    Files that are in it already are not read again, so that the same command goes on where an
    interrupted one has stopped.
    """
    assistant = open_assistant(library)
    became: Counter[str] = Counter()
    failed: list[str] = []
    with progress_bar(messages) as bar:
        try:
            for number, source in enumerate(sources, 1):
                at = f"file {number} of {len(sources)}: " if len(sources) > 1 else ""
                try:
                    name, added = _add(assistant, source, bar, at)
                except DocumentError as error:
                    failed.append(str(error))
                    line(messages, str(error))
                else:
                    became[added.outcome] += 1
                    line(messages, _told(name, added))
        except BaseException:  # Ctrl-C as well, and a disk that is full.
            if became or failed:
                done = became.total() + len(failed)
                line(
                    messages, f"Stopped after {done} of {len(sources)}: {_counts(became, failed)}."
                )
                line(messages, "The same command goes on with the others.")
            raise
    if len(sources) > 1:
        line(messages, f"{_counts(became, failed)}.")
        if failed:
            line(messages, "What failed:")
            for reason in failed:
                line(messages, f"  {reason}")
    if failed:
        raise typer.Exit(2)


def _add(assistant: Assistant, source: str, bar: Progress, at: str) -> tuple[str, Added]:
    """Add what is at a source; return what that is called, and what became of it.

    `at` tells which of how many it is, for the bar.
    """
    from index.loading.load import load
    from rag.trace import Line

    library = assistant.library
    task = bar.add_task(f"{at}{visible(source_name(source))}: reading", total=None)
    try:
        with Line("add", source=source) as told:
            known = library.read_before(source)
            document = known or load(source, private=assistant.settings.private_addresses)
            report = partial(show_stage, bar, task, at + document.name)
            added = library.add(document, report)
            told.added(added, read=known is None)
        return document.name, added
    finally:
        bar.remove_task(task)


def _told(name: str, added: Added) -> str:
    if added.outcome == "unchanged":
        return f"{name}: is in the library already ({added.document.id})"
    return f"{name}: {added.outcome}, {added.passages} passages ({added.document.id})"


def _counts(became: Counter[str], failed: Sequence[str]) -> str:
    counts = {name: became[name] for name in ("added", "replaced", "unchanged")}
    counts["failed"] = len(failed)
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
