"""Footnoted's parts used from LlamaIndex, by the classes that its programs are made of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.indices.prompt_helper import PromptHelper
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers.no_text import NoText
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.assistant import Assistant
from rag.finding.quotes import find_quotes
from rag.llamaindex import FootnotedQueryEngine, FootnotedReranker, FootnotedRetriever
from tests.browser import OFF_TOPIC, SUMMIT

pytestmark = pytest.mark.weights


def text_at(assistant: Assistant, found: NodeWithScore) -> str:
    node = found.node
    assert isinstance(node, TextNode)
    document = assistant.library.document(node.metadata["document_id"])
    assert document.sha256 == node.metadata["sha256"]
    assert node.source_node
    assert node.source_node.node_id == document.id
    return document.text[node.start_char_idx : node.end_char_idx]


@pytest.mark.parametrize("quotes", [False, True])
def test_nodes_have_exact_places(briefed: Assistant, quotes: bool) -> None:
    found = FootnotedRetriever(briefed, limit=4, quotes=quotes).retrieve(SUMMIT)
    assert len(found) == 4
    assert all(text_at(briefed, each) == each.node.get_content() for each in found)
    assert len({each.node.node_id for each in found}) == 4
    if quotes:
        ranked = find_quotes(briefed.library, briefed.reranker, SUMMIT, 4)
        assert [each.node.get_content() for each in found] == [each.text for each in ranked.quotes]
    assert any("Dec. 15" in each.node.get_content() for each in found)


def test_any_nodes_are_reranked(briefed: Assistant) -> None:
    texts = ("Bread is baked.", "The summit of Putin and Xi was held on Dec. 15.", "A ship sails.")
    nodes = [NodeWithScore(node=TextNode(text=each), score=0.1) for each in texts]
    reranker = FootnotedReranker(reranker=briefed.reranker, top_n=2)
    best, other = reranker.postprocess_nodes(nodes, QueryBundle(SUMMIT))
    assert best.node.get_content() == texts[1]
    assert (best.score or 0) > 0 > (other.score or 0)
    with pytest.raises(ValueError, match="needs the question"):
        reranker.postprocess_nodes(nodes)


def test_they_stand_in_an_engine_of_its_own(briefed: Assistant) -> None:
    engine = RetrieverQueryEngine(
        FootnotedRetriever(briefed, limit=10),
        NoText(llm=MockLLM(), prompt_helper=PromptHelper()),
        node_postprocessors=[FootnotedReranker(reranker=briefed.reranker, top_n=3)],
    )
    response = engine.query(SUMMIT)
    assert len(response.source_nodes) == 3
    assert "Dec. 15" in response.source_nodes[0].node.get_content()


def test_an_answers_footnotes_are_its_source_nodes(briefed: Assistant) -> None:
    engine = FootnotedQueryEngine(assistant=briefed, use_llm=False)
    response = engine.query(SUMMIT)
    answer = briefed.ask(SUMMIT, use_llm=False)
    assert str(response) == answer.text
    assert [text_at(briefed, each) for each in response.source_nodes] == [
        each.text for each in answer.citations
    ]
    assert response.metadata
    assert response.metadata["answer"]["citations"] == answer.as_json()["citations"]
    later = asyncio.run(engine.aquery(OFF_TOPIC))
    assert str(later) == "The sources do not say."
    assert later.metadata
    assert later.metadata["refused"]
    assert later.source_nodes == []


def test_the_lines_for_programs(briefed: Assistant) -> None:
    page = (Path(__file__).parents[1] / "docs" / "programs.md").read_text("utf-8").splitlines()
    at = next(n for n, line in enumerate(page) if line.startswith("    from rag.llamaindex"))
    names: dict[str, Any] = {"assistant": briefed.with_settings(briefed.settings)}
    exec("\n".join(each.strip() for each in page[at : page.index("", at)]), names)  # noqa: S102
    assert len(names["nodes"]) == 5
    assert str(names["response"])
