"""How the commands that are run with `python -m` end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from index.errors import UserError


def run_command(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a `python -m` command on what it was given, and end with its exit code.

    A UserError becomes one message and exit code 2.
    """
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
