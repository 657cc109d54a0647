"""A user's own module: what FOOTNOTED_VECTORS and the other settings name in tests."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ChatResponseGen
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult
from llama_index.vector_stores.chroma import ChromaVectorStore
from pydantic import PrivateAttr

from tests.fake_llm import ScriptedLLM

FOLDER = "TESTS_STORES"
"""The variable that names the folder of the stores."""


def _place(name: str) -> Path:
    return Path(os.environ[FOLDER]) / name


# --- embeddings


class CountedWords(BaseEmbedding):  # type: ignore[misc]
    """Counts words. Its vectors have any length."""

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * 256
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % 256] += 1
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def embedding() -> BaseEmbedding:
    return CountedWords()


class Refusing(CountedWords):
    def _get_text_embedding(self, text: str) -> list[float]:
        raise ConnectionError("the quota is used up")


def refusing() -> BaseEmbedding:
    return Refusing()


def nothing() -> None:
    """Return what is no object of LlamaIndex."""


# --- a reranker


class LastFirst(BaseNodePostprocessor):  # type: ignore[misc]
    """Returns the last two nodes, the last one first, with scores of a scale of its own."""

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        assert query_bundle
        return [NodeWithScore(node=each.node, score=1e6) for each in nodes[:-3:-1]]


def reranker() -> BaseNodePostprocessor:
    return LastFirst()


class Renaming(LastFirst):
    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return [NodeWithScore(node=TextNode(text="another"))]


def renaming() -> BaseNodePostprocessor:
    return Renaming()


# --- language models


class Plain(ScriptedLLM):
    """Is given messages and nothing else: it does not know other options."""

    def chat(self, messages: Sequence[ChatMessage]) -> ChatResponse:
        return super().chat(messages)

    def stream_chat(self, messages: Sequence[ChatMessage]) -> ChatResponseGen:
        return super().stream_chat(messages)


WRITTEN = "The summit was held on Dec. 15."


def llm() -> Plain:
    return Plain(written=WRITTEN, copied="Dec. 15")


class Whole(Plain):
    """Cannot answer piece by piece."""

    def stream_chat(self, messages: Sequence[ChatMessage]) -> ChatResponseGen:
        raise NotImplementedError


def whole() -> Plain:
    return Whole(copied=WRITTEN)


class Failing(Plain):
    api_key: str = "sesame-sesame"

    def chat(self, messages: Sequence[ChatMessage]) -> ChatResponse:
        raise OSError(f"the key {self.api_key} is wrong\nsee the log")


def failing() -> Plain:
    return Failing()


# --- vector stores


class Kept(SimpleVectorStore):  # type: ignore[misc]
    """LlamaIndex's own store, which is in memory alone, written to a file after each change."""

    _path: Path = PrivateAttr()

    def add(self, nodes: Sequence[BaseNode], **given: Any) -> list[str]:
        added: list[str] = super().add(nodes, **given)
        self.persist(str(self._path))
        return added

    def delete(self, ref_doc_id: str, **given: Any) -> None:
        super().delete(ref_doc_id, **given)
        self.persist(str(self._path))

    def clear(self) -> None:
        super().clear()
        self._path.unlink(missing_ok=True)

    def get_nodes(self, node_ids: list[str] | None = None, filters: Any = None) -> list[BaseNode]:
        there = self.data.embedding_dict
        return [
            TextNode(id_=name, embedding=there[name])
            for name in (there if node_ids is None else node_ids)
            if name in there
        ]


def simple(name: str) -> SimpleVectorStore:
    path = _place(name).with_suffix(".json")
    store = Kept.from_persist_path(str(path)) if path.exists() else Kept()
    store._path = path
    return store


def chroma(name: str) -> ChromaVectorStore:
    settings = chromadb.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(os.environ[FOLDER], settings)
    cosine = {"hnsw": {"space": "cosine"}}
    collection = client.get_or_create_collection(name, configuration=cosine)
    return ChromaVectorStore(chroma_collection=collection)


def in_memory(name: str) -> SimpleVectorStore:
    """Return a store that is gone with the program, and cannot return its nodes."""
    return SimpleVectorStore()


def shared(name: str) -> SimpleVectorStore:
    """Return the same store for every name."""
    return simple("shared")


class Numbering(SimpleVectorStore):  # type: ignore[misc]
    """Gives its nodes names of its own, as Faiss's store does."""

    def query(self, query: VectorStoreQuery, **given: Any) -> VectorStoreQueryResult:
        found = super().query(query, **given)
        return VectorStoreQueryResult(ids=[str(at) for at in range(len(found.ids))])


def numbering(name: str) -> SimpleVectorStore:
    return Numbering()


class Lasting(SimpleVectorStore):  # type: ignore[misc]
    """Deletes nothing."""

    def delete(self, ref_doc_id: str, **given: Any) -> None:
        raise NotImplementedError("nothing can be deleted here")


def lasting(name: str) -> SimpleVectorStore:
    return Lasting()
