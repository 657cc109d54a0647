"""The catalogue's weights in sentence-transformers, and its models in Footnoted.

What imports torch is imported in the tests: it takes seconds, and no other test needs it.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.errors import UserError
from index.weights.download import model_folder
from index.weights.embedding import PromptedEmbedding, load_embedding, load_scorer
from index.weights.onnx import load_tokenizer
from rag.config import Settings
from rag.finding.rerank import Reranker

pytestmark = pytest.mark.weights

QUESTION = "How wide is the strait?"
TEXTS = [
    "The strait is 40 km wide.",
    "Whales cross the northern ocean in the cold of autumn.",
    "",
    "面包 is baked — 😀 — before sunrise, and “sold” at 6:30.",
    "The strait is busy. " * 200,
]


def test_an_embedding_gives_the_same_vectors(
    embedding: PromptedEmbedding, settings: Settings
) -> None:
    from index.weights.sentence_models import sentence_transformer

    model = sentence_transformer(settings.embedding, settings.models)
    theirs, ours = model.encode_document(TEXTS), np.array(embedding.get_text_embedding_batch(TEXTS))
    assert (theirs * ours).sum(axis=1).min() >= 0.9999
    question = model.encode_query(QUESTION)
    expected = np.array(embedding.get_query_embedding(QUESTION))
    assert question @ expected >= 0.9999
    assert np.array_equal(np.argsort(theirs @ question), np.argsort(ours @ expected))


def test_a_reranker_gives_the_same_logits(reranker: Reranker, settings: Settings) -> None:
    from index.weights.sentence_models import cross_encoder

    model = cross_encoder(settings.reranker, settings.models)
    theirs = model.predict([(QUESTION, text) for text in TEXTS])
    ours = reranker.score(QUESTION, TEXTS)
    assert np.allclose(theirs, ours, atol=1e-3)
    ranked = model.rank(QUESTION, TEXTS)
    assert [each["corpus_id"] for each in ranked] == sorted(range(5), key=lambda at: -ours[at])


def test_transformers_reads_the_tokenizers_as_we_do(settings: Settings) -> None:
    from transformers import AutoTokenizer

    for name in (settings.embedding, settings.reranker):
        folder = model_folder(name, settings.models)
        theirs, ours = AutoTokenizer.from_pretrained(folder), load_tokenizer(folder)
        pairs = [(QUESTION, text) for text in TEXTS]
        encoded = theirs(pairs, truncation=True, max_length=512)["input_ids"]
        assert encoded == [ours.encode(*pair).ids for pair in pairs]


def test_the_lines_for_programs(monkeypatch: pytest.MonkeyPatch, reranker: Reranker) -> None:
    page = (Path(__file__).parents[1] / "docs" / "programs.md").read_text("utf-8")
    first = "    from index.weights.sentence_models"
    lines = first + page.split(first)[1].split("\n\n")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(lines), names)  # noqa: S102  the page's own lines
    assert names["vector"].shape == (384,)
    [expected] = reranker.score("Who sailed?", ["The fleet sailed in May."])
    assert names["scores"][0] == pytest.approx(expected, abs=1e-3)


def small_config(**given: int) -> Any:
    from transformers import BertConfig

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return BertConfig(vocab_size=30522, intermediate_size=32, **sizes, **given)


def test_a_folder_of_sentence_transformers_is_an_embedding(
    settings: Settings, tmp_path: Path
) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertModel, BertTokenizer

    torch.manual_seed(0)
    vocabulary = model_folder(settings.embedding, settings.models)
    BertModel(small_config()).save_pretrained(tmp_path / "bert")
    BertTokenizer.from_pretrained(vocabulary).save_pretrained(tmp_path / "bert")
    theirs = SentenceTransformer(str(tmp_path / "bert"))
    theirs.save(str(tmp_path / "model"))
    rows = np.array(
        load_embedding(str(tmp_path / "model"), settings.models).get_text_embedding_batch(TEXTS)
    )
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(rows, theirs.encode(TEXTS, normalize_embeddings=True), atol=1e-5)


def small_classifier(folder: Path, vocabulary: Path, labels: int) -> Path:
    """Save a small cross-encoder with weights by chance."""
    import torch
    from transformers import BertForSequenceClassification, BertTokenizer

    torch.manual_seed(0)
    model = BertForSequenceClassification(small_config(num_labels=labels))
    with torch.no_grad():
        model.classifier.bias.fill_(5.0)
    model.save_pretrained(folder)
    BertTokenizer.from_pretrained(vocabulary).save_pretrained(folder)
    return folder


def test_a_folder_of_sentence_transformers_is_a_reranker(
    settings: Settings, tmp_path: Path
) -> None:
    vocabulary = model_folder(settings.reranker, settings.models)
    folder = small_classifier(tmp_path / "one", vocabulary, 1)
    scores = Reranker(str(folder), settings.models).score(QUESTION, TEXTS)
    assert min(scores) > 1, "these are logits, not probabilities"
    several = small_classifier(tmp_path / "three", vocabulary, 3)
    with pytest.raises(UserError, match="is not a reranker: it gives 3 scores"):
        load_scorer(str(several), settings.models)


def test_a_folder_that_holds_no_model_is_an_error(tmp_path: Path) -> None:
    for load in (load_embedding, load_scorer):
        with pytest.raises(UserError, match="could not be loaded") as caught:
            load(str(tmp_path), tmp_path)
        assert str(tmp_path) in str(caught.value)
