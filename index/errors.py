"""The one kind of error that is meant for the person at the keyboard."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn


class UserError(Exception):
    """Something the user gave or set up is wrong; the text is shown to them as it stands.

    The text is one or two plain sentences: what is wrong, and what to do. The command line turns
    it into exit code 2, the window into a notice. Anything else that is raised is our own bug.

    UserError
    ├── ModelMissing      weights that are needed are not on this machine
    ├── DocumentError     a file or address that cannot be read as a document
    └── LibraryError      a library folder that cannot be used as it is
    """


class ModelMissing(UserError):
    """Weights that are needed are not on this machine."""


class DocumentError(UserError):
    """A file or address that cannot be read as a document."""


class LibraryError(UserError):
    """A library folder that cannot be used as it is."""


def run_command(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a `python -m` command on what it was given, and end with its exit code.

    A UserError becomes one message and exit code 2.
    """
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
