"""Training the reader of all languages: what it reads, learns from, and is written as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eval.lab.training.examples import Example
from eval.lab.training.multilingual.__main__ import Taught, prepared, scales
from eval.lab.training.multilingual.model import (
    RECIPE,
    MultilingualModel,
    export_encoder,
    export_reader,
    inputs_of,
    train,
)
from index.weights.catalogue import MULTILINGUAL, READER_OF_ALL
from index.weights.download import model_folder
from index.weights.multilingual import ENCODER, PACKED, MultilingualNetwork, embed
from index.weights.onnx import load_tokenizer
from index.weights.packed import PackedWeights
from index.weights.reader import ReaderWeights
from rag.config import load_settings

pytestmark = pytest.mark.weights

ADA = Example("WHO built the Café?", "Ada Holm built the café in 1911.", True, (0, 8), "answerable")
RIVER = replace(ADA, text="The river froze.", answerable=False, answer=None, kind="near-miss")


@pytest.fixture(scope="module")
def published() -> Path:
    return model_folder(MULTILINGUAL, load_settings().models)


@pytest.fixture(scope="module")
def packed(published: Path) -> PackedWeights:
    return PackedWeights(published / PACKED)


def test_questions_are_in_small_letters_without_accents(published: Path) -> None:
    tokenizer = load_tokenizer(published)
    [capital, small] = prepared(
        [Taught(ADA, 5.0), Taught(replace(ADA, question="who built the cafe?"), 5.0)], tokenizer
    )
    assert capital.prepared.encoded.ids == small.prepared.encoded.ids
    first, last = capital.prepared.words or (0, 0)
    assert tokenizer.decode(capital.prepared.encoded.ids[first : last + 1]) == "Ada Holm"


def test_it_learns_and_is_written_as_it_is(
    packed: PackedWeights, published: Path, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    model = MultilingualModel(packed)
    items = prepared([Taught(ADA, 6.0), Taught(RIVER, -6.0)] * 3, load_tokenizer(published))
    before = [each.clone() for each in model.bert.encoder.layer[0].parameters()]
    train(model, packed, items, tmp_path / "checkpoint.pt", replace(RECIPE, epochs=4.0))
    # The lowest layers are as they were published.
    after = model.bert.encoder.layer[0].parameters()
    assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))
    export_reader(model, packed, tmp_path / "reader.onnx")
    network = MultilingualNetwork(published, tmp_path / "reader.onnx")
    encoded = network.encode(ADA.question, ADA.text)
    with torch.no_grad():
        *_, wanted = model(**inputs_of(packed, [encoded], torch.device("cpu")))
    [written] = network.run(encoded, "ranks")
    assert float(written) == pytest.approx(float(wanted[0]), abs=0.5)
    lines = list(scales([ADA, RIVER], ReaderWeights(network), ReaderWeights(network)))
    assert [each.partition(" =")[0] for each in lines] == ["ANSWERS", "WORDS"]
    assert all(each.endswith("1.000, 0.000") or "1.000, -0.000" in each for each in lines)


def test_the_layers_that_search_are_joined_as_they_were(
    packed: PackedWeights, published: Path, tmp_path: Path
) -> None:
    shipped = model_folder(READER_OF_ALL, load_settings().models) / ENCODER
    export_encoder(packed, tmp_path / ENCODER)
    texts = ["query: Wer hat die Brücke gebaut?", "passage: 桥建于1911年。"]
    vectors = [
        embed(MultilingualNetwork(published, each, fill=True), texts)
        for each in (shipped, tmp_path / ENCODER)
    ]
    assert np.allclose(*vectors, atol=1e-4)
