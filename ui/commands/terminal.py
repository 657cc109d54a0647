"""What several commands open, print and write alike."""

from __future__ import annotations

import atexit
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

# Rich is imported where something is shown: `--help` needs none of it.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as ProgressBar
    from rich.progress import TaskID

    from index.library import Library
    from rag.assistant import Assistant
    from rag.config import Settings

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        metavar="DIR",
        help="The folder of the library, or postgresql://USER@HOST/DATABASE. "
        "[env: FOOTNOTED_LIBRARY]",
    ),
]


@cache
def messages() -> Console:
    """Return where goes what is not data: progress, and what a person should know."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@dataclass
class Watching:
    """What is shown of what the program does, by the options before the command."""

    verbose: bool = False
    texts: bool = False


watching = Watching()


def open_assistant(
    library: str | Path | None, *, models: Path | None = None, check: bool = True
) -> Assistant:
    """Open a library to ask it, and tell of documents that an older version read.

    Without `check` a library that this version would not search opens as well.
    """
    from rag.assistant import Assistant

    assistant = Assistant(_begin(library, models), check=check)
    if check:
        _tell_outdated(assistant.library)
    return assistant


def open_library(library: str | Path | None, *, check: bool = True) -> Library:
    """Open a library as `open_assistant` does, but sooner: what asks it is not imported."""
    from rag.opening import open_library as opened_by

    opened = opened_by(_begin(library), check=check)
    if check:
        _tell_outdated(opened)
    return opened


def _begin(library: str | Path | None, models: Path | None = None) -> Settings:
    """Read the settings, and have shown what was asked for of what the program does."""
    from rag.config import load_settings
    from rag.trace import start

    settings = load_settings(library=library, models=models)
    start(settings, verbose=watching.verbose, texts=watching.texts)
    return settings


def _tell_outdated(library: Library) -> None:
    if outdated := library.outdated():
        were = "1 document was" if outdated == 1 else f"{outdated} documents were"
        line(
            messages(),
            f"{were} read by an older version of Footnoted, which took other text or headings out "
            "of such files: `footnoted reindex` reads them again.",
        )


def leave(code: int) -> NoReturn:
    """End the program at once, whatever its threads are waiting for.

    Python would wait for a thread that is asking a language model, which may not answer for
    minutes. What is kept is written whole or not at all, so that nothing is lost.
    """
    atexit._run_exitfuncs()  # Temporary folders go.
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # Whoever read it has read enough.
        pass
    except OSError as error:
        code = 2
        sys.stderr.write(f"What was printed cannot be written: {error.strerror or error}.\n")
    sys.stderr.flush()
    os._exit(code)


def line(console: Console, text: str) -> None:
    """Print text that may come from anywhere: no markup, and no control characters."""
    from rich.text import Text

    from index.printable import visible

    for each in text.split("\n"):
        console.print(Text(visible(each)), highlight=False, soft_wrap=True)


def progress_bar(console: Console) -> ProgressBar:
    """Return a bar that counts; it is not shown where nobody sees it."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as ProgressBar

    return ProgressBar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def show_stage(
    bar: ProgressBar, task: TaskID, name: str, stage: str, done: int, total: int
) -> None:
    """Show how far a stage of the work on a document is."""
    from index.printable import visible

    bar.update(task, description=f"{visible(name)}: {stage}", completed=done, total=total)


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all; see `write_file`."""
    write_file(path, text.encode())


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises UserError where it cannot be written.
    """
    from index.atomic import write_whole
    from index.errors import UserError

    try:
        write_whole(path, data)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
