"""What several tests share: settings, the models, the briefing, and the article beside the project.

The models come from where the settings say: `FOOTNOTED_MODELS`, or the user's cache. Nothing else
that a developer has set reaches the tests.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding

from index.documents import Document
from index.embedding import load_embedding
from index.library import Library
from index.load import load
from rag.config import Settings, load_settings
from rag.rerank import Reranker

BRIEFING = Path(__file__).parents[1] / "eval" / "sets" / "briefing.md"

OpenLibrary = Callable[[Path], Library]


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep only the place of the models; read an empty settings file."""
    empty = tmp_path_factory.mktemp("settings") / "footnoted.toml"
    empty.touch()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOOTNOTED_")]:
            if name != "FOOTNOTED_MODELS":
                patch.delenv(name)
        patch.setenv("FOOTNOTED_CONFIG", str(empty))
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(library=tmp_path_factory.mktemp("library"), llm="none")


@pytest.fixture(scope="session")
def embedding(settings: Settings) -> BaseEmbedding:
    return load_embedding(settings.embedding, settings.models)


@pytest.fixture(scope="session")
def reranker(settings: Settings) -> Reranker:
    loaded = Reranker(settings.reranker, settings.models)
    loaded.load()
    return loaded


@pytest.fixture(scope="session")
def open_library(settings: Settings, embedding: BaseEmbedding) -> OpenLibrary:
    """Open the library in a folder as the command line would, with the one loaded embedding."""

    def opened(folder: Path) -> Library:
        return Library(folder, embedding_name=settings.embedding, embedding=lambda: embedding)

    return opened


@pytest.fixture(scope="session")
def briefing() -> Document:
    return load(BRIEFING)


@pytest.fixture(scope="session")
def briefing_library(
    briefing: Document, open_library: OpenLibrary, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """A library that holds the briefing; tests read it and do not change it."""
    library = open_library(tmp_path_factory.mktemp("briefing") / "library")
    library.add(briefing)
    return library


@pytest.fixture(scope="session")
def article_path() -> Path:
    """The article beside the project, which is read where it lies and never copied."""
    return Path(__file__).parents[2] / "shared" / "article" / "article.txt"
