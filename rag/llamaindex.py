"""Footnoted's components for programs built with LlamaIndex.

    from rag.llamaindex import FootnotedQueryEngine, FootnotedReranker, FootnotedRetriever

They are a retriever whose nodes have exact places in their documents, a reranker for any nodes, and
a query engine whose responses have the proven footnotes as source nodes. Importing this module
imports LlamaIndex, which the rest of the program does only for a language model.
"""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from pydantic import ConfigDict

from index.documents import Document, Span
from rag.answer import Answer
from rag.assistant import Assistant
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker

__all__ = ["FootnotedQueryEngine", "FootnotedReranker", "FootnotedRetriever"]


class FootnotedRetriever(BaseRetriever):  # type: ignore[misc]
    """Finds passages of a library, or the quotes in them that are most likely to answer.

    A node's text is `document.text[start:end]`: `start_char_idx` and `end_char_idx` are offsets in
    code points, and the metadata names the document by its id and by the SHA-256 of its text.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        limit: int = 10,
        quotes: bool = False,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Retrieve at most `limit` nodes from an assistant's library.

        Nodes are passages in the order of the search; with `quotes`, they are reranked quotes of
        one or two sentences instead.
        """
        self._assistant = assistant
        self._limit = limit
        self._quotes = quotes
        super().__init__(callback_manager=callback_manager)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        assistant, question = self._assistant, query_bundle.query_str
        if self._quotes:
            ranked = find_quotes(assistant.library, assistant.reranker, question, self._limit)
            return [_node(q.document, q.span, q.score, q.heading) for q in ranked.quotes]
        return [
            _node(hit.document, hit.passage.span, hit.score, hit.passage.heading)
            for hit in assistant.library.search(question, self._limit)
        ]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class FootnotedReranker(BaseNodePostprocessor):  # type: ignore[misc]
    """Scores the nodes of any retriever by how well they answer, and keeps the best.

    Scores are the cross-encoder's logits of the text that a node shows a language model.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reranker: Reranker
    top_n: int = 5

    @classmethod
    def class_name(cls) -> str:
        """Return the name that LlamaIndex stores it by."""
        return "FootnotedReranker"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise ValueError("A reranker needs the question: pass query_bundle or query_str.")
        texts = [each.node.get_content(metadata_mode=MetadataMode.LLM) for each in nodes]
        scores = self.reranker.score(query_bundle.query_str, texts)
        scored = [
            NodeWithScore(node=each.node, score=score)
            for each, score in zip(nodes, scores, strict=True)
        ]
        return sorted(scored, key=lambda each: -(each.score or 0.0))[: self.top_n]


class FootnotedQueryEngine(CustomQueryEngine):  # type: ignore[misc]
    """Answers as Footnoted does: the text with its footnotes, or a refusal.

    Source node n is footnote n + 1, a verbatim quote at its place. The metadata hold `refused` and,
    as `answer`, what `footnoted ask --json` prints.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    use_llm: bool = True

    def custom_query(self, query_str: str) -> Response:
        """Answer a question."""
        return _response(self.assistant.ask(query_str, use_llm=self.use_llm))

    async def acustom_query(self, query_str: str) -> Response:
        """Answer a question in a thread."""
        return _response(await self.assistant.aask(query_str, use_llm=self.use_llm))


def _response(answer: Answer) -> Response:
    return Response(
        response=answer.text,
        source_nodes=[
            _node(each.document, each.span, each.score, each.heading) for each in answer.citations
        ],
        metadata={"refused": answer.refused, "answer": answer.as_json()},
    )


def _node(document: Document, span: Span, score: float, heading: str | None) -> NodeWithScore:
    """Return a node for a place of a document; its id names the place."""
    metadata: dict[str, Any] = {
        "document_id": document.id,
        "sha256": document.sha256,
        "title": document.title,
        "source": document.source,
        "heading": heading,
    }
    node = TextNode(
        id_=f"{document.id}:{span.start}-{span.end}",
        text=document.text[span.start : span.end],
        start_char_idx=span.start,
        end_char_idx=span.end,
        metadata=metadata,
        # Models see the title, and not where the text is stored.
        excluded_llm_metadata_keys=["document_id", "sha256", "source"],
        excluded_embed_metadata_keys=["document_id", "sha256", "source"],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.id)},
    )
    return NodeWithScore(node=node, score=score)
