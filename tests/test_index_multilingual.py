"""Searching in any language: weights in four bits, word vectors beside the layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.documents import Document
from index.errors import ModelMissing
from index.library import Library
from index.weights.catalogue import MULTILINGUAL, READER_OF_ALL
from index.weights.download import model_folder
from index.weights.embedding import PromptedEmbedding, load_embedding, load_scorer
from index.weights.multilingual import PACKED, word_vectors
from index.weights.packed import PackedWeights
from rag.config import Settings
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from tests.networks import forget

LIBRARY = {
    "en": "The library opens at nine in the morning.",
    "de": "Die Bibliothek öffnet um neun Uhr morgens.",
    "ru": "Библиотека открывается в девять часов утра.",
    "zh": "图书馆早上九点开门。",
    "ar": "تفتح المكتبة في التاسعة صباحا.",
}
OTHER = {
    "en": "The river froze in the winter of 1929.",
    "de": "Der Fluss fror im Winter 1929 zu.",
    "ru": "Река замёрзла зимой 1929 года.",
    "zh": "1929年冬天河水结冰了。",
    "ar": "تجمد النهر في شتاء عام 1929.",
}


@pytest.fixture(scope="module")
def packed(settings: Settings) -> PackedWeights:
    return PackedWeights(model_folder(MULTILINGUAL, settings.models) / PACKED)


@pytest.fixture(scope="module")
def embedding(settings: Settings) -> PromptedEmbedding:
    return load_embedding(MULTILINGUAL, settings.models)


def test_rows_are_those_of_the_whole_matrix(packed: PackedWeights) -> None:
    ids = np.array([[0, 5], [6, 5]])
    rows = word_vectors(packed, ids)
    assert rows.shape == (2, 2, packed.width)
    whole = packed.tensor("l0.fi.w", -1, packed.width)
    assert (packed.rows("l0.fi.w", np.array([3, 1])) == whole[[3, 1]]).all()
    assert 0.01 < rows.std() < 1


def test_another_file_is_no_weights(tmp_path: Path) -> None:
    other = tmp_path / PACKED
    other.write_bytes(b"PK\x03\x04" * 8)
    with pytest.raises(ValueError, match="four bits"):
        PackedWeights(other)


@pytest.mark.parametrize("asked", LIBRARY)
@pytest.mark.parametrize("told", LIBRARY)
def test_what_means_the_same_is_near(asked: str, told: str, embedding: PromptedEmbedding) -> None:
    question = embedding.get_query_embedding(LIBRARY[asked])
    near, far = np.array(embedding.get_text_embedding_batch([LIBRARY[told], OTHER[told]]))
    assert near @ question > far @ question
    assert np.linalg.norm(near) == pytest.approx(1, abs=1e-5)


def test_questions_and_passages_have_prompts_of_their_own(embedding: PromptedEmbedding) -> None:
    as_question = embedding.get_query_embedding("the river")
    assert as_question != embedding.get_text_embedding("the river")


@pytest.mark.parametrize("language", LIBRARY)
def test_a_text_that_answers_is_ranked_first(language: str, settings: Settings) -> None:
    score = load_scorer(READER_OF_ALL, settings.models)
    question = "When does the library open?"
    answers, other = score([(question, LIBRARY[language]), (question, OTHER[language])])
    assert answers > other


def test_the_numbers_are_the_same_each_time(embedding: PromptedEmbedding) -> None:
    first = embedding.get_text_embedding(OTHER["ru"])
    forget()
    assert embedding.get_text_embedding(OTHER["ru"]) == first


def test_without_the_fetched_weights_the_message_brings_them(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=f"models pull {MULTILINGUAL}"):
        load_embedding(MULTILINGUAL, tmp_path)


@pytest.fixture(scope="module")
def half_and_half(
    embedding: PromptedEmbedding, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """A library of articles half in English, half in German, each about something of its own."""
    place = tmp_path_factory.mktemp("half") / "library"
    library = Library(place, embedding_name=MULTILINGUAL, embedding=lambda: embedding)
    for name, text in ARTICLES.items():
        library.add(Document.of(text, title=name, source=f"/{name}.md"))
    return library


ARTICLES = {
    "mill": "Die Mühle am Aarsee wurde 1834 von Clara Brandt gebaut. Ihr Wasserrad misst sechs "
    "Meter, und im Winter steht es still.",
    "bees": "Ein Imker zählt im Sommer bis zu vierzigtausend Bienen in einem Volk. Den Honig "
    "schleudert er im Juli, und im Herbst füttert er Zucker.",
    "glass": "Das Glas wird bei 1.100 Grad geschmolzen und dann mit der Pfeife geblasen. Die Hütte "
    "in Wolfach arbeitet so seit 1947.",
    "ferry": "The ferry Mira crosses the strait in forty minutes. She was launched in 1931, and "
    "carries up to two hundred passengers.",
    "comet": "The comet Halme was seen from Turku in 1911. It comes back every seventy years, and "
    "its tail is as long as the way to the moon.",
    "loom": "The loom in the museum was used for linen. A weaver needed a whole day for two metres "
    "of cloth, and was paid by the piece.",
}


ASKED = {
    "mill": ("Wer hat die Mühle gebaut?", "Who built the mill?"),
    "bees": ("Wann wird der Honig geschleudert?", "When is the honey taken from the bees?"),
    "glass": ("Bei wie viel Grad schmilzt das Glas?", "How hot is glass when it melts?"),
    "ferry": ("Wie viele Passagiere trägt die Fähre?", "How long does the ferry take?"),
    "comet": ("Wann wurde der Komet gesehen?", "When was the comet seen?"),
    "loom": ("Wozu diente der Webstuhl im Museum?", "What was the loom used for?"),
}


def test_documents_of_two_languages_compete_fairly(
    half_and_half: Library, settings: Settings
) -> None:
    """Each is asked about in both: of the twelve questions one had another document first."""
    reranker = Reranker(READER_OF_ALL, settings.models)
    right = 0
    for name, questions in ASKED.items():
        for question in questions:
            quotes = find_quotes(half_and_half, reranker, question, 5).quotes
            right += quotes[0].document.title == name
    assert right >= 11
