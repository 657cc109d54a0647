"""The reader's shipped weights: what they are, what their card says of them, and how they read."""

from __future__ import annotations

from pathlib import Path

from index.weights.catalogue import CATALOGUE
from index.weights.download import verify
from index.weights.reader import NO_WORDS, Read
from rag.answerability.reader import READER, Reader

MODEL = CATALOGUE[READER]
BRIDGE = "The older Rowan Bridge is 300 metres long and was repaired in 1960."


def card() -> str:
    assert MODEL.home
    return (MODEL.home / "README.md").read_text("utf-8")


def test_the_weights_are_those_of_the_catalogue_and_of_the_card(tmp_path: Path) -> None:
    assert verify(READER, tmp_path) == []
    assert MODEL.files["model.onnx"].size <= 57_000_000
    assert MODEL.files["model.onnx"].sha256 in card()
    for told in ("CC BY-SA 4.0", "SQuAD", "FEVER", "python -m eval.lab.training"):
        assert told in card()


def test_a_quote_is_answered_with_its_words_and_a_near_miss_is_not(reader: Reader) -> None:
    [long] = reader.read("How long is the older Rowan Bridge?", [BRIDGE])
    assert "300 metres" in BRIDGE[long.start : long.end]
    [when] = reader.read("When was the Rowan Bridge repaired?", [BRIDGE])
    assert "1960" in BRIDGE[when.start : when.end]
    [none] = reader.read("Who repaired the Rowan Bridge?", [BRIDGE])
    for read in (long, when):
        assert read.answers > none.answers
        assert read.words > none.words


def test_offsets_are_code_points_of_the_text(reader: Reader) -> None:
    text = f"“津轻海峡” — 𝄞 — {BRIDGE}"
    [read] = reader.read("When was the Rowan Bridge repaired?", [text])
    assert "1960" in text[read.start : read.end]


def test_the_same_texts_are_read_the_same_and_nothing_is_read_in_none(reader: Reader) -> None:
    texts = [BRIDGE, "It is blue.", "", BRIDGE * 40]
    one, other = (reader.read("How long is the Rowan Bridge?", texts) for _ in "ab")
    assert one == other
    assert len(one) == len(texts)
    assert one[2] == Read(one[2].answers, NO_WORDS, 0, 0)
    assert reader.read("How long?", []) == []
