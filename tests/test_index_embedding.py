"""Embedding and reranking with the real weights."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.errors import ModelMissing, UserError
from index.weights.embedding import (
    QUERY_PROMPTS,
    PromptedEmbedding,
    load_embedding,
    load_scorer,
)
from rag.config import Settings
from rag.finding.rerank import Reranker
from tests.networks import forget

BREAD = "The old baker bakes dark rye bread before sunrise."
WHALES = "Whales cross the northern ocean in the cold of autumn."
TRAINS = "The night train leaves from the central station at ten."


@pytest.mark.weights
def test_vectors_have_length_one_and_the_models_dimension(embedding: PromptedEmbedding) -> None:
    vectors = np.array(embedding.get_text_embedding_batch([BREAD, "", "面包", "😀"]))
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.weights
def test_a_text_is_read_up_to_the_models_limit(embedding: PromptedEmbedding) -> None:
    within, beyond, other = ("bread " * n + "whales " * m for n, m in ((600, 0), (600, 9), (9, 9)))
    whole = np.array(embedding.get_text_embedding(within))
    assert np.allclose(whole, embedding.get_text_embedding(beyond), atol=1e-6)
    assert not np.allclose(whole, embedding.get_text_embedding(other), atol=1e-2)


@pytest.mark.weights
def test_a_text_has_one_vector_alone_and_among_others(embedding: PromptedEmbedding) -> None:
    alone = np.array(embedding.get_text_embedding(BREAD))
    forget()
    assert np.array_equal(alone, embedding.get_text_embedding(BREAD))
    forget()
    among = embedding.get_text_embedding_batch([WHALES * 3, BREAD, TRAINS])[1]
    # The int8 weights quantise a batch together, so the digits differ a little.
    assert float(alone @ np.array(among)) > 0.98


@pytest.mark.weights
def test_no_texts_have_no_vectors(embedding: PromptedEmbedding) -> None:
    assert embedding.get_text_embedding_batch([]) == []


def test_a_question_is_nearest_to_the_text_that_answers_it(embedding: PromptedEmbedding) -> None:
    texts = np.array(embedding.get_text_embedding_batch([BREAD, WHALES, TRAINS]))
    for number, question in enumerate(
        ["Who makes loaves?", "Where do large sea mammals go?", "How do I travel by rail?"]
    ):
        assert int(np.argmax(texts @ np.array(embedding.get_query_embedding(question)))) == number


@pytest.mark.weights
def test_a_question_and_only_a_question_gets_the_models_prompt(
    embedding: PromptedEmbedding, settings: Settings
) -> None:
    prompt = QUERY_PROMPTS[settings.embedding]
    question = np.array(embedding.get_query_embedding(BREAD))
    assert np.allclose(question, embedding.get_text_embedding(prompt + BREAD), atol=1e-6)
    assert not np.allclose(question, embedding.get_text_embedding(BREAD), atol=1e-3)


@pytest.mark.weights
def test_the_reranker_scores_in_raw_logits_in_the_order_given(reranker: Reranker) -> None:
    scores = reranker.score("Who bakes rye bread?", [WHALES, BREAD, TRAINS])
    assert [type(score) for score in scores] == [float] * 3
    assert scores[1] > 5
    assert max(scores[0], scores[2]) < -5
    assert reranker.score("Who bakes rye bread?", []) == []


@pytest.mark.weights
def test_the_reranker_reads_a_long_text_up_to_its_limit(reranker: Reranker) -> None:
    question = "Who bakes rye bread?"
    early, late = reranker.score(question, [BREAD + " and" * 5000, "and " * 5000 + BREAD])
    assert math.isfinite(early)
    assert early > late


@pytest.mark.weights
def test_the_default_weights_run_without_torch(settings: Settings) -> None:
    code = """
import json, sys
from pathlib import Path
from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.config import load_settings
assistant = Assistant(load_settings(library=Path(sys.argv[1]), llm="none"))
assistant.library.add(load_bytes(b"The strait is 40 km wide.", "strait.txt"))
print(json.dumps([assistant.ask("How wide is the strait?").text, sorted(sys.modules)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(settings.library / "light")],
        capture_output=True,
        text=True,
        check=True,
    )
    text, modules = json.loads(done.stdout)
    assert "40 km" in text
    assert not {"torch", "transformers", "sentence_transformers"} & set(modules)


SEARCHING, RANKING = "bge-small-en-v1.5-int8", "ms-marco-minilm-l-12-v2-int8"


def test_missing_weights_and_those_of_another_role_are_told(tmp_path: Path) -> None:
    for load, name, other, role in (
        (load_embedding, SEARCHING, RANKING, "embedding"),
        (load_scorer, RANKING, SEARCHING, "rerank"),
    ):
        with pytest.raises(ModelMissing, match="footnoted models pull"):
            load(name, tmp_path)
        with pytest.raises(UserError, match=f"not for “{role}”"):
            load(other, tmp_path)
