"""The libraries that the settings name, for who need not ask them anything: one, or all there are.

A library's name is its folder's, or the one that the settings give it. Names are looked up among
those that there are, and never used as paths; only a new one becomes a folder's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import LibraryError, UserError
from index.library import Library
from index.printable import path_line
from index.storage.database import SCHEMA, Database, Place
from index.weights.catalogue import DEFAULT_EMBEDDING, DEFAULT_RERANKER, MULTILINGUAL, READER_OF_ALL
from index.weights.embedding import Embedding, load_embedding
from index.weights.foreign import ForeignEmbedding
from rag.config import Settings
from rag.lazy import Lazy


def as_made(settings: Settings) -> Settings:
    """Return settings with the models for all languages, where a library was made with them.

    Unless the settings name an embedding themselves. So such a library opens like any other.
    """
    if "embedding" in settings.model_fields_set:
        return settings
    library = _opened(settings, embedding_of(settings), check=False)
    try:
        made = library.made_with if library.exists else None
    except LibraryError:  # Whoever opens it says what is wrong with it.
        made = None
    finally:
        library.close()
    models = {"embedding": DEFAULT_EMBEDDING, "reranker": DEFAULT_RERANKER}
    if made == MULTILINGUAL:
        models = {"embedding": MULTILINGUAL, "reranker": READER_OF_ALL}
    own = {name: value for name, value in models.items() if name not in settings.model_fields_set}
    found = settings.model_copy(update=own)
    found.model_fields_set.difference_update(own)  # Nobody has named them.
    return found


def embedding_of(settings: Settings) -> Lazy[Embedding]:
    """Return what loads the embedding that the settings name, once, when it is first needed."""

    def load() -> Embedding:
        if factory := settings.factory("embedding"):
            return ForeignEmbedding(factory)
        return load_embedding(settings.embedding, settings.models)

    return Lazy(load)


def open_library(
    settings: Settings, embedding: Callable[[], Embedding] | None = None, *, check: bool = True
) -> Library:
    """Open the library of the settings, with an embedding that is loaded already or their own.

    Raises LibraryError when it cannot be used with these settings; without `check`, one that was
    made with others can be opened to be made again.
    """
    if embedding is None:
        settings = as_made(settings)
        embedding = embedding_of(settings)
    return _opened(settings, embedding, check=check)


def _opened(settings: Settings, embedding: Callable[[], Embedding], *, check: bool) -> Library:
    return Library(
        settings.library,
        embedding_name=settings.embedding,
        embedding=embedding,
        server=settings.chroma_url,
        token=settings.chroma_token.get_secret_value() if settings.chroma_token else None,
        vectors=settings.factory("vectors"),
        check=check,
    )


@dataclass(frozen=True, slots=True)
class Described:
    """A library in a list of all: where it is and how large, or why it cannot be read."""

    name: str
    place: Place
    documents: int | None = None
    size: int | None = None
    error: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """Return what `footnoted libraries --json` prints of it."""
        return {
            "name": self.name,
            "where": str(self.place),
            "documents": self.documents,
            "bytes": self.size,
            "error": self.error,
        }


def folder_of_libraries(settings: Settings) -> Path | None:
    """Return the folder in which libraries lie, and new ones are made; None where there is none.

    That is the one that the settings name, or else the one that holds the library's folder.
    """
    if settings.libraries or isinstance(settings.library, Database):
        return settings.libraries
    return settings.library.absolute().parent


def libraries(settings: Settings) -> dict[str, Place]:
    """Return the places of all libraries by their names: first the one that the settings open.

    Raises LibraryError where the folder of libraries cannot be read.
    """
    folder, own = folder_of_libraries(settings), settings.library
    try:
        folders = sorted(folder.iterdir()) if folder and folder.is_dir() else []
        found: dict[str, Place] = {each.name: each for each in folders if _holds_library(each)}
    except OSError as error:
        raise LibraryError(
            f"The folder of libraries {folder} cannot be read: {error.strerror or error}."
        ) from error
    found |= settings.databases
    name = next((each for each, place in found.items() if _same(place, own)), None)
    if name is None:
        name = next(each for each in _numbered(_name_of(own)) if each not in found)
    return {name: own} | found


def described(settings: Settings, name: str, place: Place) -> Described:
    """Open a library and tell of it; one that cannot be read is told with the reason."""
    try:
        library = open_library(settings.model_copy(update={"library": place}))
        if not library.exists and isinstance(place, Path) and _holds_library(place):
            raise LibraryError(
                f"The library {place} has lost its library.db. Put back a backup with "
                "`footnoted library restore BACKUP --library ANOTHER`."
            )
        if not library.exists:
            return Described(name, place, 0, 0)
        return Described(name, place, len(library.titles()), library.store.size())
    except UserError as error:
        return Described(name, place, error=str(error))


def begin_library(settings: Settings, name: str) -> str:
    """Make a new, empty library in the folder of libraries; return its name.

    Raises UserError where there can be none of that name, or it cannot be written.
    """
    place = _new_place(settings, name)
    open_library(settings.model_copy(update={"library": place})).create()
    return place.name


def renameable(settings: Settings, name: str, place: Place) -> bool:
    """Whether a library may get another name: no settings name it, and it is not the first."""
    named = settings.databases.keys() | settings.readers.keys() | settings.editors.keys()
    kept = (settings.library, *settings.databases.values())
    return isinstance(place, Path) and name not in named and not any(_same(place, e) for e in kept)


def rename_library(settings: Settings, library: Library, name: str) -> str:
    """Give the folder of a library another name, while nobody writes to it; return the name.

    Raises UserError for a library that keeps its name, and for a name that there cannot be.
    """
    place = library.place
    if isinstance(place, Database) or not renameable(settings, place.name, place):
        raise UserError(
            f"The library {place} keeps its name: it was opened at the start, or the settings name "
            "it. Close the window to change that."
        )
    renamed = _new_place(settings, name)
    with library.lock():
        library.close()
        place.rename(renamed)
    return renamed.name


LONGEST_NAME = 60
_NAME = re.compile(r"\w(?:[\w .()&,'’-]*[\w)])?")


def _new_place(settings: Settings, name: str) -> Path:
    """Return the folder for a new library of a name, which is text from a person."""
    folder = folder_of_libraries(settings)
    if folder is None:
        raise UserError(
            "There is no folder for new libraries: name one with `libraries` in the settings file."
        )
    name = unicodedata.normalize("NFC", name).strip()
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise UserError(
            f"A library's name is up to {LONGEST_NAME} letters, digits, blanks and dashes, and "
            "begins with a letter or a digit. Choose another name."
        )
    taken = {each.casefold() for each in libraries(settings)}
    if folder.is_dir():
        taken |= {each.name.casefold() for each in folder.iterdir()}
    if name.casefold() in taken:
        raise UserError(f"There is a “{path_line(name)}” already. Choose another name.")
    return folder / name


def _holds_library(folder: Path) -> bool:
    """Whether a folder is a library's, or what is left of one."""
    if folder.name.startswith(".") or not folder.is_dir():
        return False
    return (folder / "library.db").exists() or any(folder.glob("vectors-*"))


def _same(place: Place, other: Place) -> bool:
    if isinstance(place, Path) and isinstance(other, Path):
        return place.absolute() == other.absolute()
    return place == other


def _name_of(place: Place) -> str:
    if isinstance(place, Path):
        return place.absolute().name or "library"
    name = urlsplit(place.name).path.strip("/") or "database"
    return name if place.schema == SCHEMA else f"{name} {place.schema}"


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} {number}" for number in count(2))
