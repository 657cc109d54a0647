"""Documents, and how passages are found in them. Start with `index/library.py`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.documents import Document, Passage
    from index.errors import DocumentError, LibraryError, UserError
    from index.library import Added, Hit, Library, Reindexed
    from index.loading.load import load, load_bytes

__all__ = [
    "Added",
    "Document",
    "DocumentError",
    "Hit",
    "Library",
    "LibraryError",
    "Passage",
    "Reindexed",
    "UserError",
    "load",
    "load_bytes",
]

_HOMES = ("index.documents", "index.errors", "index.library", "index.loading.load")


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: most of this folder needs nothing of the library."""
    if name in __all__:
        for home in map(import_module, _HOMES):
            if hasattr(home, name):
                return getattr(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
