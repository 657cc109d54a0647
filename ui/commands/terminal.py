"""What several commands print and write alike."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.text import Text


def line(console: Console, text: str) -> None:
    """Print text that may come from anywhere: no markup, and no control characters."""
    from index.printable import visible

    for each in text.split("\n"):
        console.print(Text(visible(each)), highlight=False, soft_wrap=True)


def progress_bar(console: Console) -> ProgressBar:
    """Return a bar that counts; it is not shown where nobody sees it."""
    return ProgressBar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all.

    Raises UserError where it cannot be written.
    """
    from index.atomic import write_whole
    from index.errors import UserError

    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
