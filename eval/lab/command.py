"""Commands that are run with `python -m`: their arguments, their progress, their exit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from index.errors import UserError


def described(module: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of `python -m module`, with the module's docstring and no arguments yet."""
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def arguments(
    module: str, doc: str | None, *files: str, required: bool = True
) -> argparse.ArgumentParser:
    """Return the parser of `python -m module`: its FOLDER, and an option for each of its files."""
    parser = described(module, doc)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    for name in files:
        parser.add_argument(f"--{name}", type=Path, required=required, metavar="FILE")
    return parser


def progress_bar() -> Progress:
    """Return a progress bar that shows on standard error how far a command is."""
    console, text = Console(stderr=True), TextColumn("{task.description}")
    columns = (text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def run_command(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a `python -m` command on its arguments, and exit with its code.

    A UserError becomes one message and exit code 2.
    """
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
