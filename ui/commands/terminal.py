"""Opening, printing and writing, as the commands share it."""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from index.errors import UserError
from index.printable import path_line, printable, visible
from ui.words.languages import choose
from ui.words.words import _, ngettext, noted

# Rich is imported only where something is shown, since `--help` does not need it.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as ProgressBar
    from rich.progress import TaskID

    from index.documents import Document
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
DocumentArgument = Annotated[str, typer.Argument(help="An id, the start of an id, or a file name.")]


@cache
def messages() -> Console:
    """Return the console on stderr, for progress and messages; data goes to stdout."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@dataclass
class Watching:
    """What to log of the program's work, from the options before the command."""

    verbose: bool = False
    texts: bool = False


watching = Watching()


def open_assistant(
    library: str | Path | None, *, models: Path | None = None, new: bool = False
) -> Assistant:
    """Open a library for questions, and warn about documents that an older version read.

    Raises UserError if there is no library, unless a `new` one may be created.
    """
    from rag.assistant import Assistant

    assistant = Assistant(_begin(library, models))
    _check_there(assistant.library, new=new)
    _tell_outdated(assistant.library)
    return assistant


def open_library(library: str | Path | None, *, check: bool = True, new: bool = False) -> Library:
    """Open a library as `open_assistant` does, but faster: the code for questions is not imported.

    Without `check`, even a library that this version would refuse to search is opened.
    """
    from rag.opening import open_library as opened_by

    opened = opened_by(_begin(library), check=check)
    _check_there(opened, new=new)
    if check:
        _tell_outdated(opened)
    return opened


def _check_there(library: Library, *, new: bool) -> None:
    from index.storage.database import option

    if not new and not library.exists:
        raise UserError(
            _(
                "There is no library at %(place)s. Name another one with --library DIR, or begin "
                "this one: `footnoted add FILE %(option)s`.",
                place=library.place,
                option=option(library.place),
            )
        )


def _begin(library: str | Path | None, models: Path | None = None) -> Settings:
    """Read the settings, and begin to log what was asked for."""
    from rag.config import load_settings
    from rag.trace import start

    settings = load_settings(library=library, models=models)
    choose(settings.language)
    start(settings, verbose=watching.verbose, texts=watching.texts)
    return settings


OLDER_WORDS = noted(
    "The search words here come from an older version of Footnoted, which finds fewer forms of a "
    "word: `footnoted reindex` makes them again"
)


def _tell_outdated(library: Library) -> None:
    if outdated := library.outdated():
        words = ngettext(
            "%(num)s document was read by an older version of Footnoted, which got different text "
            "or headings from such files: `footnoted reindex` reads it again.",
            "%(num)s documents were read by an older version of Footnoted, which got different "
            "text or headings from such files: `footnoted reindex` reads them again.",
            outdated,
        )
        tell(words)
    if library.has_older_words():
        tell(f"{_(OLDER_WORDS)}.")


STDIN = "standard input.txt"
"""The default name of a text from standard input."""


def read_source(
    source: str,
    *,
    private: bool,
    name: str = STDIN,
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> Document:
    """Read a file, an address or, for “-”, standard input, which gets the given `name`.

    Addresses of this machine and its network are fetched only if `private` is set. `progress` is
    called with the number of pages read by OCR; `kept` is the folder that caches them meanwhile.
    """
    from index.loading.load import load, load_bytes

    if source == "-":
        return load_bytes(sys.stdin.buffer.read(), name, progress=progress, kept=kept)
    return load(source, private=private, progress=progress, kept=kept)


def leave(code: int) -> NoReturn:
    """End the program at once, whatever its threads are waiting for.

    Python would wait for a thread that is asking a language model, which may not answer for
    minutes. Files are written whole or not at all, so nothing is lost.
    """
    atexit._run_exitfuncs()  # Removes temporary folders.
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # The reader has closed the pipe.
        pass
    except OSError as error:
        code = 2
        sys.stderr.write(
            _("The output cannot be written: %(why)s.", why=error.strerror or error) + "\n"
        )
    sys.stderr.flush()
    os._exit(code)


def show(shown: object) -> None:
    """Print the output of a command: wrapped to the width of a terminal, and unwrapped elsewhere.

    Programs and files get no line that is broken or padded.
    """
    from rich.console import Console

    console = Console(highlight=False)
    if console.is_terminal:
        console.print(shown)
        return
    text = StringIO()
    Console(file=text, highlight=False, width=WHOLE, color_system=None).print(shown)
    lines = (each.rstrip() for each in text.getvalue().splitlines())
    sys.stdout.write("".join(f"{each}\n" for each in lines))


WHOLE = 20_000
"""A width in columns at which no line is broken."""

HEADS = (
    *(noted("title"), noted("source"), noted("characters"), noted("passages"), noted("added")),
    *(noted("tags"), noted("language"), noted("name"), noted("where"), noted("documents")),
    *(noted("bytes"), noted("state"), noted("role"), noted("default"), noted("size")),
    noted("licence"),
)
"""The columns of tables for people."""

Form = Literal["text", "json", "jsonl", "tsv"]
FormOption = Annotated[Form, typer.Option("--format", help="How to print it.")]


def is_for_people(form: Form) -> bool:
    """Return whether a person reads the rows; programs get the same words in all languages."""
    return form == "text" and sys.stdout.isatty()


def show_rows(
    rows: Sequence[Mapping[str, object]], form: Form, kind: str, shown: Sequence[str]
) -> None:
    """Print rows of a kind as a table, one JSON object, JSON Lines, or tab-separated values.

    All but JSON have only the columns `shown`. A terminal too narrow for the table gets them one
    below the other; where stdout is not a terminal, tabs separate them.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if form == "json":
        typer.echo(json.dumps({kind: list(rows)}, indent=2, ensure_ascii=False))
        return
    if form == "jsonl":
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    cells = [{name: _cell(row[name]) for name in shown} for row in rows]
    console = Console(highlight=False)
    if form == "tsv" or not console.is_terminal:
        lines = ["\t".join(shown)] * (form == "tsv") + ["\t".join(each.values()) for each in cells]
        sys.stdout.write("".join(f"{each}\n" for each in lines))
        return
    heads = [_(name) for name in shown]
    widths = [
        max(map(len, (head, *(each[name] for each in cells))))
        for head, name in zip(heads, shown, strict=True)
    ]
    if sum(widths) + 2 * len(widths) > console.width:
        for each in cells:
            for head, value in zip(heads, each.values(), strict=True):
                line(console, f"{head}: {value}")
            line(console, "")
        return
    table = Table(*heads, box=None, pad_edge=False)
    for each in cells:
        table.add_row(*(Text(printable(value)) for value in each.values()))
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return path_line(f"{value:,}" if isinstance(value, int) else str(value))


def padded(text: str, width: int) -> str:
    """Pad a text to a width in terminal cells, with at least one blank."""
    from rich.cells import cell_len

    return text + " " * max(1, width - cell_len(text))


def line(console: Console, text: str) -> None:
    """Print untrusted text, without interpreting markup or control characters."""
    from rich.text import Text

    for each in text.split("\n"):
        console.print(Text(visible(each)), highlight=False, soft_wrap=True)


def tell(text: str) -> None:
    """Print a message for a person on stderr, as `line` does."""
    line(messages(), text)


def progress_bar() -> ProgressBar:
    """Return a progress bar that counts; it is shown only in a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as ProgressBar

    return ProgressBar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=messages(),
        transient=True,
        disable=not messages().is_terminal,
    )


def show_stage(
    bar: ProgressBar, task: TaskID, name: str, stage: str, done: int, total: int
) -> None:
    """Show the progress of one stage of the work on a document."""
    bar.update(task, description=f"{visible(name)}: {_(stage)}", completed=done, total=total)


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises UserError if it cannot be written.
    """
    from index.atomic import write_whole

    try:
        write_whole(path, data)
    except OSError as error:
        why = error.strerror or error
        raise UserError(_("%(path)s cannot be written: %(why)s.", path=path, why=why)) from error
