"""The library's book: what is written comes back, words are found, and changes are whole."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from index.documents import Document, Heading, Passage
from index.errors import LibraryError
from index.split import split
from index.storage.connections import Connections
from index.storage.database import Database, Place
from index.storage.postgres import PostgresStore
from index.storage.store import Store, query_terms, searchable_text
from tests.conftest import IN_A_FOLDER

DAY = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def store(place: Place) -> Store:
    """An empty book. One in PostgreSQL has the same methods, and is not asked for its path."""
    made = PostgresStore(Connections(place)) if isinstance(place, Database) else Store(place)
    with made.lock():
        made.create({"fingerprint": "f", "vectors": "v"})
    return cast("Store", made)


def document(text: str, source: str = "/t.txt") -> Document:
    return replace(Document.of(text, title="A title", source=source), added=DAY)


def put(store: Store, text: str, source: str = "/t.txt") -> Document:
    made = document(text, source)
    store.insert(made, split(made), [])
    return made


def found(store: Store, question: str) -> list[str]:
    told = []
    for passage in store.passages(store.bm25(question, 10)).values():
        owner = store.document(passage.span.document_id)
        assert owner
        told.append(owner.text[passage.span.start : passage.span.end])
    return told


def test_what_an_interrupted_create_left_is_not_a_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot be used"):
        Store(tmp_path / "library").meta()
    assert list(tmp_path.iterdir()) == []
    store = Store(tmp_path)
    (tmp_path / "library.db.part").write_bytes(b"half a book")
    assert not store.exists
    store.create({"fingerprint": "f"})
    assert store.meta()["fingerprint"] == "f"
    assert [each.name for each in tmp_path.iterdir()] == ["library.db"]


def test_a_document_and_its_passages_come_back_as_they_were(store: Store) -> None:
    text = "## Ein Kapitel 😀\n\nEin Satz. 第二句。\n\n\fSept. 21-Oct. 4, 2021: Они встретились.\n"
    made = replace(
        document(text), headings=(Heading(3, text.index("\n"), 2),), pages=(0, text.index("\f") + 1)
    )
    passages = split(made)
    assert {each.dates is None for each in passages} == {True, False}
    store.insert(made, passages, [])
    assert store.document(made.id) == made
    assert store.passages_of(made.id) == passages
    keys = [(made.id, 1), ("nobody", 0), (made.id, 99)]
    assert store.passages(keys) == {(made.id, 1): passages[1]}
    [entry] = store.entries()
    assert (entry.characters, entry.passages, entry.added) == (len(text), len(passages), DAY)
    assert store.ids_of_source("/t.txt") == [made.id]
    assert store.ids_of_source("/T.txt") == []


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("When did the baker leave?", ["baker", "leave"]),
        ("What is it?", ["what", "is", "it"]),
        ("Rye RYE rye", ["rye"]),
        ("面包师?", ["面", "包", "师"]),
        ("Где Поезд", ["где", "поезд"]),
        ("Type 055-B", ["type", "055", "b"]),
        ("\uff32\uff39\uff25", ["rye"]),
        ("?! 😀", []),
        ("", []),
    ],
)
def test_the_words_of_a_question_that_are_looked_for(question: str, terms: list[str]) -> None:
    assert query_terms(question) == terms


def test_words_are_found_by_their_stems_without_accents_and_cases(store: Store) -> None:
    texts = {
        "The bakers were baking at the CAFÉ.": ("cafe", "baked"),
        "今天面包师没有来。": ("包",),
        "Поезда уходят ночью.": ("ПОЕЗДА",),
    }
    for number, text in enumerate(texts):
        put(store, text, f"/{number}.txt")
    for text, questions in texts.items():
        for question in questions:
            assert found(store, question) == [text]
    assert found(store, "harbour") == []


def test_the_rarer_word_and_the_shorter_passage_rank_first(store: Store) -> None:
    put(store, "Bread, bread and yet more bread for the whole town.", "/a.txt")
    put(store, "Bread with poppy seeds, which the town has never seen before.", "/b.txt")
    put(store, "Bread for the town.", "/c.txt")
    assert found(store, "poppy bread")[0].startswith("Bread with poppy")
    assert found(store, "town")[0] == "Bread for the town."
    assert len(store.bm25("bread", 2)) == 2


def test_words_are_found_in_their_order(store: Store) -> None:
    made = put(store, "The baker's bread was sold at the harbour.")
    other = put(store, "今天面包师没有来。", "/zh.txt")
    assert store.holding("bread was sold", 5) == [(made.id, 0)]
    assert store.holding("The baker’s\n bread", 5) == [(made.id, 0)]
    assert store.holding("sold bread", 5) == []
    assert store.holding("面包师", 5) == [(other.id, 0)]
    assert store.holding("bread was sold", 5, [made.id]) == []
    assert store.holding('" OR (', 5) == []


def test_a_passage_is_found_by_its_heading(store: Store) -> None:
    text = "# Zeppelins\n\nThey were slow.\n"
    made = replace(document(text), headings=(Heading(2, 11, 1),))
    [passage] = split(made)
    assert searchable_text(made, passage) == "Zeppelins\nThey were slow."
    store.insert(made, [passage], [])
    assert store.bm25("zeppelin", 5) == [(made.id, 0)]


def test_a_replacement_is_one_step(store: Store) -> None:
    old = put(store, "The old loaf.", "/note.txt")
    new = document("The new roll.", "/note.txt")
    store.set_pending(new.id)
    store.insert(new, split(new), [old.id])
    assert [each.id for each in store.entries()] == [new.id]
    assert (found(store, "loaf"), found(store, "roll")) == ([], ["The new roll."])
    if isinstance(store, Store):
        assert store.pending() == [old.id], "whose vectors are still to be deleted"
    store.clear_pending(old.id)
    assert store.pending() == []


def test_an_insert_that_fails_half_way_changes_nothing(store: Store) -> None:
    old = put(store, "The old loaf.", "/note.txt")
    before = store.entries(), store.meta(), store.pending()
    new = document("The new roll.", "/note.txt")

    class Interrupted(list[Passage]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield from split(new)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.insert(new, Interrupted(), [old.id])
    assert (store.entries(), store.meta(), store.pending()) == before
    assert (found(store, "loaf"), found(store, "roll")) == (["The old loaf."], [])


@IN_A_FOLDER
def test_every_change_of_documents_or_vectors_is_another_revision(store: Store) -> None:
    seen = [store.meta().get("revision")]
    made = put(store, "The old loaf.")
    seen.append(store.meta()["revision"])
    for change in (
        lambda: store.replace_all([(made, split(made))], {"fingerprint": "g"}),
        lambda: store.delete(made.id),
        lambda: store.clear_pending(made.id),
    ):
        change()
        seen.append(store.meta()["revision"])
    assert len(set(seen)) == 5
    assert store.meta()["fingerprint"] == "g"
    store.entries()
    store.pending()
    assert store.meta()["revision"] == seen[-1]


@IN_A_FOLDER
def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises(LibraryError, match="readonly"), store._connection() as connection:
        connection.execute("DELETE FROM meta")
    assert store.meta()["fingerprint"] == "f"


@IN_A_FOLDER
def test_a_reader_sees_the_old_state_while_a_writer_is_at_work(store: Store) -> None:
    put(store, "The old loaf.")
    writer = sqlite3.connect(store.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM documents")
    try:
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(len(store.entries())))
        reader.start()
        reader.join(20)
        assert seen == [1]
    finally:
        writer.execute("ROLLBACK")
        writer.close()
