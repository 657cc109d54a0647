"""Training the reader of all languages: what it reads, learns from, and is written as."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eval.lab.training.examples import Example
from eval.lab.training.multilingual import parallel, translated
from eval.lab.training.multilingual.__main__ import crossed, prepared, scales
from eval.lab.training.multilingual.model import (
    RECIPE,
    Logits,
    MultilingualModel,
    export_encoder,
    export_reader,
    inputs_of,
    train,
)
from eval.lab.training.multilingual.pairs import Taught, Teachers, Untaught
from index.errors import UserError
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
        [
            Taught(ADA, answers=1.0),
            Taught(replace(ADA, question="who built the cafe?"), answers=1.0),
        ],
        tokenizer,
    )
    assert capital.prepared.encoded.ids == small.prepared.encoded.ids
    first, last = capital.prepared.words or (0, 0)
    assert tokenizer.decode(capital.prepared.encoded.ids[first : last + 1]) == "Ada Holm"


def test_words_are_learned_where_it_is_known_whether_they_answer(published: Path) -> None:
    [stated] = prepared([Taught(RIVER, bears_out=(0.0, 0.0, 1.0))], load_tokenizer(published))
    [asked] = prepared([Taught(RIVER, answers=0.0)], load_tokenizer(published))
    assert (stated.prepared.words, asked.prepared.words) == (None, (0, 0))


def test_teachers_say_of_the_english_pair_what_is_true_of_the_foreign_one() -> None:
    foreign = replace(ADA, question="Wer hat das Café gebaut?")
    lessons = frozenset(("rank", "answers", "bears_out"))
    english = ("Who built the café?", ADA.text)
    stated = ("The café was not built by Ada Holm.", ADA.text)
    [asked, denied] = Teachers(load_settings().models).teach(
        [
            Untaught(foreign, english, lessons),
            Untaught(RIVER, stated, frozenset(("bears_out",)), "refuted"),
        ]
    )
    assert asked.example is foreign
    assert (asked.rank or 0) > 5
    assert (asked.answers or 0) > 0.9
    assert (denied.rank, denied.answers) == (None, None)
    assert denied.bears_out is not None
    assert sum(denied.bears_out) == pytest.approx(1.0)
    assert denied.bears_out[1] > 0.5


PAGE = "<html><head><meta charset='utf-8'></head><body>{}</body></html>"
ENGLISH = "<div class='para'>The bridge at the village is long. It was built in 1911.</div>"
UNTRANSLATED = "<div class='para'>Nobody has put this sentence into German so far.</div>"
GERMAN = (
    "<div class='para'>Die Brücke bei dem Dorf ist lang. Sie wurde am 3. März 1911 gebaut.</div>"
)


def test_pages_are_read_sentence_by_sentence(tmp_path: Path) -> None:
    for folder, text in (("en-US", ENGLISH), ("de-DE", GERMAN)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.html").write_text(PAGE.format(text + UNTRANSLATED), "utf-8")
    [[paragraph]] = parallel.read_pages(tmp_path)
    assert paragraph == {
        "en": ("The bridge at the village is long.", "It was built in 1911."),
        "de": ("Die Brücke bei dem Dorf ist lang.", "Sie wurde am 3. März 1911 gebaut."),
    }
    made = list(parallel.pairs_of(tmp_path, random.Random(3)))
    sentences = {*paragraph["en"], *paragraph["de"]}
    assert all(each.example.question in sentences for each in made)
    assert all(each.english[0] in paragraph["en"] for each in made)
    with pytest.raises(UserError, match="no pages that are translated"):
        parallel.read_pages(tmp_path / "en-US")


def test_translated_answers_are_words_of_their_windows() -> None:
    learned, apart = (translated.windows(held=held) for held in (False, True))
    assert len(learned) > 5 * len(apart) > 0
    for each in learned + apart:
        for window in each.values():
            assert len(window["questions"]) == len(window["answers"])
            assert all(words in window["text"] for words in window["answers"] if words)
    assert all("en" not in each for each in learned), "SQuAD's own words are not copied"
    some = [{"en": each["de"], **each} for each in learned[:5]]  # SQuAD is not part of Footnoted.
    for each in translated.pairs_of(some, random.Random(3)):
        words = each.example.answer
        assert bool(words) == each.example.answerable
        assert words is None or each.example.text[slice(*words)].strip()


def test_it_learns_and_is_written_as_it_is(
    packed: PackedWeights, published: Path, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    model = MultilingualModel(packed)
    taught = [
        Taught(ADA, 6.0, 1.0),
        Taught(RIVER, -6.0, 0.0),
        Taught(RIVER, None, None, (0.0, 0.0, 1.0)),
    ]
    items = prepared(taught * 2, load_tokenizer(published))
    before = [each.clone() for each in model.bert.encoder.layer[0].parameters()]
    train(model, packed, items, tmp_path / "checkpoint.pt", replace(RECIPE, epochs=4.0))
    # The lowest layers are as they were published.
    after = model.bert.encoder.layer[0].parameters()
    assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))
    export_reader(model, packed, tmp_path / "reader.onnx")
    network = MultilingualNetwork(published, tmp_path / "reader.onnx")
    encoded = network.encode(ADA.question, ADA.text)
    with torch.no_grad():
        wanted = Logits(*model(**inputs_of(packed, [encoded], torch.device("cpu"))))
    ranks, bears_out = network.run(encoded, "ranks", "bears_out")
    assert float(ranks) == pytest.approx(float(wanted.ranks[0]), abs=0.5)
    assert bears_out.tolist() == pytest.approx(wanted.bears_out[0].tolist(), abs=0.5)
    again = MultilingualModel(packed)
    again.go_on_from(tmp_path / "reader.onnx")
    assert torch.allclose(again.ranks.weight, model.ranks.weight, atol=0.05)
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


def test_translated_windows_are_measured_by_their_languages(published: Path) -> None:
    shipped = model_folder(READER_OF_ALL, load_settings().models) / "reader.onnx"
    reader = ReaderWeights(MultilingualNetwork(published, shipped))
    apart = [{"en": each["es"], "zh": each["zh"]} for each in translated.windows(held=True)]
    of_it, across = crossed(apart, reader)
    assert of_it.startswith("translated, zh asked of zh: AUC 0.")
    assert across.startswith("translated, en asked of zh: AUC 0.")
