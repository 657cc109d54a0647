"""Opening the library that the settings name, for who need not ask it anything."""

from __future__ import annotations

from collections.abc import Callable

from index.library import Library
from index.weights.embedding import Embedding, load_embedding
from index.weights.foreign import ForeignEmbedding
from rag.config import Settings
from rag.lazy import Lazy


def embedding_of(settings: Settings) -> Lazy[Embedding]:
    """Return what loads the embedding that the settings name, once, when it is first needed."""

    def load() -> Embedding:
        factory = settings.factory("embedding")
        if factory:
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
    return Library(
        settings.library,
        embedding_name=settings.embedding,
        embedding=embedding or embedding_of(settings),
        server=settings.chroma_url,
        token=settings.chroma_token.get_secret_value() if settings.chroma_token else None,
        vectors=settings.factory("vectors"),
        check=check,
    )
