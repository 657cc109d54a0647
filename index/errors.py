"""The one kind of error that is meant for the person at the keyboard."""

from __future__ import annotations

import re

from index.printable import printable, shortened


class UserError(Exception):
    """Something the user gave or set up is wrong; the text is shown to them as it is.

    The text is one or two plain sentences: what is wrong, and what to do. The command line turns
    it into exit code 2, the window into a notice. Anything else that is raised is our own bug.

    UserError
    ├── ModelMissing      weights that are needed are not on this machine
    ├── WrongFile         weights that arrived with another hash (`index/weights/`)
    ├── DocumentError     a file or address that cannot be read as a document
    ├── LibraryError      a library folder that cannot be used as it is
    ├── LLMUnavailable    a language model that cannot be loaded or does not answer (`rag/writing/`)
    ├── QueueFull         too many questions are waiting (`rag/turns.py`)
    ├── NotFound          evidence that is in none of the documents (`eval/cases/`)
    ├── NoDocument        a document that a set is about is not in the library (`eval/cases/`)
    ├── NotComparable     runs that cannot be compared (`eval/comparing/`)
    ├── OtherConditions   a stopped run that was begun under other conditions (`eval/running/`)
    └── Forbidden         something that a user may not do (`ui/api/`)
    """


class ModelMissing(UserError):
    """Weights that are needed are not on this machine."""


class DocumentError(UserError):
    """A file or address that cannot be read as a document."""


class LibraryError(UserError):
    """A library folder that cannot be used as it is."""


def reason(error: BaseException) -> str:
    """Return why something failed, without the errno and without a full stop."""
    words = re.sub(r"^\[Errno -?\d+\]\s*", "", " ".join(str(error).split()))
    return words.rstrip(".") or type(error).__name__


def foreign_reason(error: BaseException) -> str:
    """Return why the user's own code failed: in one short line, without secrets."""
    import pydantic

    if isinstance(error, pydantic.ValidationError):  # Its text quotes the input, API keys included.
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    text = re.sub(r"(?<=://)[^\s/@]*@", "", printable(reason(error)))
    return shortened(text, 200)
