"""The reader's shipped weights: what they are, what their card says of them, and how they read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from index.weights.catalogue import CATALOGUE
from index.weights.download import verify
from index.weights.reader import NO_WORDS, Around, Read
from rag.answerability.reader import READER, Reader
from rag.quote import Quote

MODEL = CATALOGUE[READER]
BRIDGE = "The older Rowan Bridge is 300 metres long and was repaired in 1960."
BRIDGES = Document.of(f"{BRIDGE} The newer one is painted blue.", title="Bridges", source="/b.txt")
PLACES = (0, len(BRIDGE)), (len(BRIDGE) + 1, len(BRIDGES.text))
AGO, WIDE = (Quote(BRIDGES, *place, 0.0) for place in PLACES)


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


def test_what_is_read_at_a_place_is_told_against_all_that_is_read_with_it(reader: Reader) -> None:
    quotes = [Quote(BRIDGES, *place, 0.0) for place in PLACES]
    question = "How long is the older Rowan Bridge?"
    first, second = reader.read_around(question, quotes, [quotes, quotes])
    assert first
    assert second
    assert first.answers == second.answers > 0, "both are read in the same text"
    assert first.within == 0 > second.within, "the length stands in the first"
    [alone] = reader.read_around(question, quotes[1:], [quotes[1:]])
    assert alone
    assert alone.answers < first.answers
    assert alone.within == 0, "nothing else is read"
    assert reader.read_around(question, [], []) == []


def test_what_is_cut_off_in_a_long_text_is_not_judged_there(reader: Reader) -> None:
    long = Document.of(f"{BRIDGE} " * 60, title="Bridges", source="/b.txt")
    step = len(BRIDGE) + 1
    quotes = [Quote(long, at * step, at * step + len(BRIDGE), 0.0) for at in range(60)]
    read = reader.read_around("How long is the older Rowan Bridge?", quotes, [quotes] * 60)
    assert read[0]
    assert read[-1] is None


def test_a_quote_is_read_among_others_and_a_row_of_a_table_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = "| Strait | Width |\n| --- | --- |\n| Tolm | 20 km. |\n| Sund | 30 km. |\n"
    straits = load_bytes(table.encode(), "straits.md")
    row = Quote(straits, table.index("| Tolm"), table.index("\n| Sund"), 0.0)
    behind = Quote(straits, table.index("| Sund"), len(table) - 1, 0.0)
    part = Quote(BRIDGES, 0, 10, 0.0)
    asked: list[tuple[str, str, int, int]] = []

    def read_around(_: str, places: Sequence[tuple[str, str, int, int]]) -> list[Around]:
        asked.extend(places)
        return [Around(1.0, 0.0), Around(2.0, 0.0)]

    reader = Reader(Path())
    monkeypatch.setattr(reader, "_weights", lambda: SimpleNamespace(read_around=read_around))
    near = [[AGO, WIDE], [row, behind], [part, WIDE]]
    read = reader.read_around("How wide?", [WIDE, row, AGO], near)
    assert "Width: 20 km" in row.model_text
    assert read == [Around(1.0, 0.0), None, Around(2.0, 0.0)]
    assert asked[0] == ("Bridges", BRIDGES.text, len(AGO.text) + 1, len(BRIDGES.text))
    assert asked[1] == ("Bridges", BRIDGES.text, 0, len(AGO.text)), "a part of it is not beside it"
