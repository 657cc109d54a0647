"""Documents, and the search for passages in them. Start with `index/library.py`."""

from typing import TYPE_CHECKING

from index.lazy import from_homes

if TYPE_CHECKING:
    from index.documents import Document, Passage
    from index.errors import DocumentError, LibraryError, ModelMissing, UserError
    from index.library import Added, Hit, Library, Reindexed
    from index.loading.load import load, load_bytes

__all__ = [
    "Added",
    "Document",
    "DocumentError",
    "Hit",
    "Library",
    "LibraryError",
    "ModelMissing",
    "Passage",
    "Reindexed",
    "UserError",
    "load",
    "load_bytes",
]

__getattr__, __dir__ = from_homes(
    __name__, __all__, "index.errors", "index.documents", "index.loading.load", "index.library"
)
