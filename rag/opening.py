"""Open, list, make and rename the libraries of the settings, without an assistant.

A library's name is its folder's, or the one that the settings give it. Names are looked up among
the existing libraries, and never used as paths; only a new name becomes a folder's name.
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
    """Return settings with the models for all languages if the library was made with them.

    So such a library opens like any other. Settings that name an embedding stay as they are.
    """
    if "embedding" in settings.model_fields_set:
        return settings
    library = _opened(settings, embedding_of(settings), check=False)
    try:
        made = library.made_with if library.exists else None
    except LibraryError:  # Opening the library will report what is wrong with it.
        made = None
    finally:
        library.close()
    models = {"embedding": DEFAULT_EMBEDDING, "reranker": DEFAULT_RERANKER}
    if made == MULTILINGUAL:
        models = {"embedding": MULTILINGUAL, "reranker": READER_OF_ALL}
    own = {name: value for name, value in models.items() if name not in settings.model_fields_set}
    found = settings.model_copy(update=own)
    found.model_fields_set.difference_update(own)  # The user has not set them.
    return found


def embedding_of(settings: Settings) -> Lazy[Embedding]:
    """Return a loader of the embedding that the settings name, which loads it at first use."""

    def load() -> Embedding:
        if factory := settings.factory("embedding"):
            return ForeignEmbedding(factory)
        return load_embedding(settings.embedding, settings.models)

    return Lazy(load)


def open_library(
    settings: Settings, embedding: Callable[[], Embedding] | None = None, *, check: bool = True
) -> Library:
    """Open the library of the settings, with the given embedding or the one that they name.

    Raises LibraryError when the library cannot be used with these settings. Without `check`, a
    library that was made with other settings can be opened for reindexing.
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
    """A library in a list of libraries: its place and size, or why it cannot be read."""

    name: str
    place: Place
    documents: int | None = None
    size: int | None = None
    error: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """Return its object in the output of `footnoted libraries --json`."""
        return {
            "name": self.name,
            "where": str(self.place),
            "documents": self.documents,
            "bytes": self.size,
            "error": self.error,
        }


def folder_of_libraries(settings: Settings) -> Path | None:
    """Return the folder that holds the libraries, also new ones; None if there is none.

    It is the folder that the settings name, or else the parent of the library's folder.
    """
    if settings.libraries or isinstance(settings.library, Database):
        return settings.libraries
    return settings.library.absolute().parent


def libraries(settings: Settings) -> dict[str, Place]:
    """Return the places of all libraries by their names, the library of the settings first.

    Raises LibraryError if the folder of libraries cannot be read.
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
    """Open a library and describe it; if it cannot be read, the description has the reason."""
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

    Raises UserError if the name cannot be used, or the library cannot be written.
    """
    place = _new_place(settings, name)
    open_library(settings.model_copy(update={"library": place})).create()
    return place.name


def renameable(settings: Settings, name: str, place: Place) -> bool:
    """Whether a library may be renamed: it is not the settings' own, and no setting names it."""
    named = settings.databases.keys() | settings.readers.keys() | settings.editors.keys()
    kept = (settings.library, *settings.databases.values())
    return isinstance(place, Path) and name not in named and not any(_same(place, e) for e in kept)


def rename_library(settings: Settings, library: Library, name: str) -> str:
    """Rename the folder of a library while nobody writes to it, and return the new name.

    Raises UserError for a library that cannot be renamed, and for a name that cannot be used.
    """
    place = library.place
    if isinstance(place, Database) or not renameable(settings, place.name, place):
        raise UserError(
            f"The library {place} cannot be renamed: it was opened at the start, or the settings "
            "name it. Close the window to change that."
        )
    renamed = _new_place(settings, name)
    with library.lock():
        library.close()
        place.rename(renamed)
    return renamed.name


LONGEST_NAME = 60
_NAME = re.compile(r"\w(?:[\w .()&,'’-]*[\w)])?")


def _new_place(settings: Settings, name: str) -> Path:
    """Return the folder for a new library, after checking the name, which a person has typed."""
    folder = folder_of_libraries(settings)
    if folder is None:
        raise UserError(
            "There is no folder for new libraries: name one with `libraries` in the settings file."
        )
    name = unicodedata.normalize("NFC", name).strip()
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise UserError(
            f"A library's name is up to {LONGEST_NAME} letters, digits, spaces and dashes, and "
            "begins with a letter or a digit. Choose another name."
        )
    taken = {each.casefold() for each in libraries(settings)}
    if folder.is_dir():
        taken |= {each.name.casefold() for each in folder.iterdir()}
    if name.casefold() in taken:
        raise UserError(f"There is a “{path_line(name)}” already. Choose another name.")
    return folder / name


def _holds_library(folder: Path) -> bool:
    """Whether a folder holds a library, or the remains of one."""
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
