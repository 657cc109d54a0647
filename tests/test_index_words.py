"""The words of texts in any language: their stems, and scripts without blanks between words."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from hashlib import sha256
from typing import cast

import pytest

from index.documents import Document
from index.language.words import WORDS_VERSION, runs_of, words_asked, words_of
from index.library import Library
from index.split import split
from index.storage.connections import Connections
from index.storage.database import Database, Place
from index.storage.postgres import PostgresStore
from index.storage.store import Store
from index.upkeep.proof import Fault, Proof, prove
from index.upkeep.repair import repair
from index.weights.catalogue import MULTILINGUAL
from index.weights.embedding import PromptedEmbedding, load_embedding
from rag.config import Settings
from tests.commands import Footnoted
from tests.conftest import IN_A_FOLDER
from ui.commands.terminal import OLDER_WORDS

META = {"fingerprint": "f", "vectors": "v"}
MADE = META | {"words": WORDS_VERSION}


def opened(place: Place) -> Store:
    """Open a book; one in PostgreSQL has the same methods."""
    made = PostgresStore(Connections(place)) if isinstance(place, Database) else Store(place)
    return cast("Store", made)


@pytest.fixture
def store(place: Place) -> Store:
    """An empty book of texts in any language."""
    made = opened(place)
    with made.lock():
        made.create(MADE)
    return made


def document(text: str, language: str | None) -> Document:
    made = Document.of(text, title="A title", source=f"/{text}")
    told = replace(made, added="2026-01-01T00:00:00+00:00")
    return told.in_language(language)


def put(store: Store, text: str, language: str | None = None) -> Document:
    made = document(text, language)
    store.insert(made, split(made), [])
    return made


def found(store: Store, question: str) -> list[str]:
    """Return the documents that a question finds, best first."""
    texts = (store.document(document_id) for document_id, _ in store.bm25(question, 10))
    return [each.text for each in texts if each]


CASES = [
    ("de", "Die Häuser am Fluss stehen leer.", "Die Stadt liegt am See.", ["Haus", "HÄUSERN"]),
    ("ru", "Поезда уходят ночью.", "Корабли стоят в порту.", ["поезд", "О поездах?"]),
    ("es", "Las mujeres trabajaron ayer.", "El puerto es grande.", ["mujer", "trabajar"]),
    ("hi", "पुस्तकालयों में भीड़ है।", "नदी गहरी है।", ["पुस्तकालय"]),
    (
        "ar",
        "افتتح أحمد مكتبة المستشفى.",
        "النهر عميق.",
        ["المكتبة", "احمد", "الـمَكْتَبَه", "مستشفي"],
    ),
    ("zh", "上海有大图书馆。", "海上有船。", ["上海", "图书馆"]),
    ("ja", "会社は駅の近くです。", "社会は変わる。", ["会社"]),
    ("th", "ห้องสมุดเปิดเก้าโมง", "สมองทำงานหนัก", ["ห้องสมุด", "เปิด"]),
    ("ko", "도서관은 아홉 시에 열린다.", "강은 깊다.", ["도서관"]),
    ("en", "The bakers were baking at the CAFÉ.", "The river froze.", ["cafe", "baked"]),
]
"""Texts in a language, other ones, and what is asked to find the first."""


@pytest.mark.parametrize(("language", "text", "other", "questions"), CASES)
def test_a_word_is_found_in_its_other_forms(
    store: Store, language: str, text: str, other: str, questions: list[str]
) -> None:
    put(store, other, language)
    made = put(store, text, language)
    for question in questions:
        assert found(store, question)[0] == text
    assert store.holds_words(made, split(made))
    assert not store.faults()


def test_names_and_numbers_are_found_in_texts_of_another_language(store: Store) -> None:
    spanish = put(store, "Los Broncos ganaron 24 partidos en 2015.", "es").text
    hindi = put(store, "पुल २०२१ में बना।", "hi").text
    put(store, "The Ravens lost.")
    assert found(store, "How often did the Broncos win?") == [spanish]
    assert found(store, "What was built in 2021?") == [hindi]
    assert found(store, "٢٠٢١؟") == [hindi]


def test_words_of_a_script_that_the_text_is_not_in_have_their_own_stems(store: Store) -> None:
    text = put(store, "The word for trains is поезда, and 图书馆 is a library.").text
    for question in ("поездом", "图书", "libraries"):
        assert found(store, question) == [text]


def test_words_are_found_in_their_order_in_each_language(store: Store) -> None:
    german = put(store, "Der Vertrag mit den Häusern galt.", "de")
    chinese = put(store, "如图3所示，今天面包师没有来。", "zh")
    assert store.holding("mit dem Haus", 5) == []
    assert store.holding("mit den\n Häusern", 5) == [(german.id, 0)]
    assert store.holding("Häusern den", 5) == []
    for words in ("面包师", "师", "图 3"):
        assert store.holding(words, 5) == [(chinese.id, 0)]
    assert store.holding("包面", 5) == []
    assert store.holding('" OR (', 5) == store.bm25("'\\ <-> :* ?!", 5) == []
    assert store.holding("w" * 3000, 5) == store.bm25("w" * 3000, 5) == []


def test_a_document_that_turns_out_to_be_in_another_language_has_its_words(store: Store) -> None:
    before = put(store, "Die Häuser am Fluss.")
    assert found(store, "Was kosten Haus und Hof?") == []
    told = before.in_language("de")
    with store.lock():
        store.recut(told, split(told))
    assert found(store, "Was kosten Haus und Hof?") == [told.text]
    assert store.holds_words(told, split(told))


def test_reindexing_makes_the_words_of_the_settings(place: Place) -> None:
    store = opened(place)
    with store.lock():
        store.create(META)
    made = put(store, "Die Häuser am Fluss.", "de")
    cut = [(made, split(made))]
    assert (found(store, "Haus"), found(store, "Häuser")) == ([], [made.text])
    with store.lock():
        store.replace_all(cut, MADE)
    assert found(store, "Haus") == [made.text]
    assert store.holds_words(*cut[0])
    with store.lock():
        store.replace_all(cut, META)
    assert "words" not in store.meta()
    assert (found(store, "Haus"), found(store, "Häuser")) == ([], [made.text])
    assert store.holds_words(*cut[0])
    assert not store.faults()


@IN_A_FOLDER
def test_a_library_for_english_has_the_tables_that_it_always_had(place: Place) -> None:
    store = opened(place)
    store.create(META)
    made = put(store, "Die Häuser am Fluss.", "de")
    with sqlite3.connect(store.path) as database:
        [[words]] = database.execute("SELECT sql FROM sqlite_master WHERE name = 'words'")
        [[text]] = database.execute("SELECT text FROM words")
    told = "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = '{}')"
    assert words == told.format("porter unicode61 remove_diacritics 2")
    assert text == made.text
    assert store.meta() == META | {"schema": "5", "revision": "1"}
    store.replace_all([(made, split(made))], MADE)
    store.replace_all([(made, split(made))], META)
    with sqlite3.connect(store.path) as database:
        again = database.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchall()
    assert again == [(words,)]


def test_a_part_of_what_has_no_blanks_is_a_run_of_the_whole() -> None:
    whole, part = words_of("今天面包师没有来", "zh"), words_of("面包师", "zh")
    assert part == ["面", "面包", "包", "包师", "师"]
    assert whole[whole.index("面") :][: len(part)] == part
    # A vowel above or below its letter is no character of its own.
    assert words_of("ดีมี", "th") == ["ดี", "ดีมี", "มี"]
    assert words_of("ジョン・スミス", "ja").count("ンス") == 0


def test_what_is_asked_is_made_as_in_each_language_once() -> None:
    asked = words_asked("Where are the Broncos of 2015?", ["es", "de"])
    assert asked == ["bronc", "2015", "broncos", "bronco"]
    assert words_asked("What is it?", []) == ["what", "is", "it"]
    assert words_asked("?! 😀", ["de"]) == []
    runs = ["24 bronc", "24 broncos", "24 bronco"]
    assert runs_of("24 Broncos", ["es", "de", "hi", "en"]) == runs
    assert words_of("Snow\u00adball ﬁnds Ｗ_X", "de") == ["snowball", "find", "w", "x"]


def test_libraries_hold_these_words() -> None:
    """What they hold stays; other words need another `WORDS_VERSION`, and a reindex."""
    texts = [(code, " ".join([text, other, *asked])) for code, text, other, asked in CASES]
    made = json.dumps([words_of(text, code) for code, text in texts])
    assert (WORDS_VERSION, sha256(made.encode()).hexdigest()[:12]) == ("1", "7ec246b5a641")


# --- a library


@pytest.fixture(scope="module")
def embedding(settings: Settings) -> PromptedEmbedding:
    return load_embedding(MULTILINGUAL, settings.models)


def in_any_language(place: Place, embedding: PromptedEmbedding) -> Library:
    return Library(place, embedding_name=MULTILINGUAL, embedding=lambda: embedding)


def ranks(library: Library, question: str) -> list[int | None]:
    """Return the ranks by their words of the passages that are found."""
    return [hit.bm25_rank for hit in library.search(question, 5)]


HOUSES = "Die Häuser am Fluss stehen leer, und im Hafen von Bremen liegt nur noch ein Schiff."


def test_a_library_for_all_languages_makes_words(
    place: Place, embedding: PromptedEmbedding
) -> None:
    library = in_any_language(place, embedding)
    library.add(Document.of(HOUSES, title="Ein Haus", source="/haus.md"))
    library.add(Document.of("上海有大图书馆，每天早上九点开门。", title="馆", source="/zh.md"))
    assert library.store.meta()["languages"] == "de zh"
    assert not library.has_older_words()
    assert ranks(library, "Wessen Haus?")[0] == 1
    assert not prove(library).faults
    renewed = repair(library, Proof(0, 0, 0, True, (Fault("document", "x"),)), lambda *_: None)
    assert renewed.documents == 2
    assert ranks(library, "Wessen Haus?")[0] == 1
    assert not prove(library).faults


def test_a_library_from_before_says_so_and_works_as_it_did(
    place: Place,
    embedding: PromptedEmbedding,
    monkeypatch: pytest.MonkeyPatch,
    footnoted: Footnoted,
) -> None:
    old = in_any_language(place, embedding)
    monkeypatch.setattr(old, "_words", {})
    old.add(Document.of(HOUSES, title="Ein Haus", source="/haus.md"))
    library = in_any_language(place, embedding)
    assert library.has_older_words()
    listed = ("list", "--library", place.address if isinstance(place, Database) else place)
    assert OLDER_WORDS in footnoted(*listed).stderr
    assert (ranks(library, "Häuser"), ranks(library, "Wessen Haus?")) == ([1], [None])
    library.add(Document.of("Zwei Schiffe sind fort.", title="Schiffe", source="/s.md"))
    assert 1 in ranks(library, "Häuser")
    assert library.has_older_words()
    assert not prove(library).faults
    library.reindex(lambda *_: None)
    assert not library.has_older_words()
    assert footnoted(*listed).stderr == ""
    assert 1 in ranks(library, "Wessen Haus?")
    assert not prove(library).faults
