"""A library in PostgreSQL: its address, its rights, and what goes wrong with the server."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import index.library
import index.storage.connections
from index.documents import Document
from index.errors import DocumentError, LibraryError, UserError
from index.library import Library, Stage
from index.storage.connections import Connections
from index.storage.database import Database, database, option
from index.storage.postgres import PostgresStore
from index.upkeep.backup import back_up, restore
from index.upkeep.proof import prove
from rag.config import load_settings
from tests.breaking import (
    BEFORE,
    OPERATIONS,
    assert_sound,
    book,
    done_in,
    opened,
    small,
    state,
)
from tests.faults import Faults
from tests.postgres import PASSWORD, Server, programs
from tests.test_index_durability import ended, forked


def told(error: BaseException, *words: str) -> None:
    """What is wrong is said in a sentence or two without a password."""
    text = str(error)
    assert isinstance(error, UserError)
    assert "\n" not in text
    assert text.endswith(".")
    assert PASSWORD not in text
    assert len(text) < 600
    for word in words:
        assert word in text


# --- the address


@pytest.mark.parametrize(
    ("address", "name", "schema"),
    [
        ("postgresql://ada:pw@host/books", "postgresql://ada@host/books", "footnoted"),
        ("postgres://host:5433/books", "postgres://host:5433/books", "footnoted"),
        ("postgresql:///books?host=%2Ftmp", "postgresql:///books?host=%2Ftmp", "footnoted"),
        ("postgresql://ada:p%2Fw@[::1]:1,b:2/", "postgresql://ada@[::1]:1,b:2/", "footnoted"),
        (
            "postgresql://h/b?sslmode=require&password=pw&passw%6Frd=pw",
            "postgresql://h/b?sslmode=require",
            "footnoted",
        ),
        (
            "postgresql://ada:pw@h/b?options=-csearch_path%3Dreports",
            "postgresql://ada@h/b?options=-csearch_path%3Dreports",
            "reports",
        ),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, name: str, schema: str) -> None:
    read = database(address)
    assert (str(read), read.name, read.schema) == (name, name, schema)
    assert read.address == address
    assert "pw" not in repr(read)
    settings = load_settings(library=address)
    assert settings.library == read
    assert "pw" not in repr(settings)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:secret/word@host/books",
        "postgresql://ada:secret@word@host/books",
        "postgresql://ada:secret#word@host/books",
        "postgresql://ada:secret?word@host/books",
        "postgresql://ada:secretword/books",
        "postgresql:/ada:secret@host/books",
        "postgresql://ada:secret word@host/books",
        "postgresql://ada:secret@[host/books",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(LibraryError) as caught:
        database(address)
    told(caught.value, "postgresql://USER@HOST/DATABASE", "PGPASSWORD")
    with pytest.raises(UserError) as refused:
        load_settings(library=address)
    for error in (caught.value, refused.value):
        assert "secret" not in str(error)
        assert "word@" not in str(error)
    with pytest.raises(UserError, match="which a Path changes"):
        load_settings(library=Path("postgresql://host/books"))


def test_what_this_machine_keeps_goes_by_the_address_without_its_password() -> None:
    one, same, other = (
        database(f"postgresql://ada{each}@host/books") for each in (":a", ":b", "b:a")
    )
    assert one.folder == same.folder != other.folder
    named = database("postgresql://h/b?options=-csearch_path%3Dreports&sslmode=require")
    assert option(named) == (
        "--library 'postgresql://h/b?options=-csearch_path%3Dreports&sslmode=require'"
    )
    assert option(Path("library")) == "--library library"


def test_vectors_are_not_asked_for_at_a_chroma_server() -> None:
    with pytest.raises(LibraryError, match="unset FOOTNOTED_CHROMA_URL"):
        Library(
            database("postgresql://h/b"),
            embedding_name="hashed",
            embedding=lambda: pytest.fail("not used"),
            server="http://localhost:8000",
        )


# --- what is there and what may be done


@contextmanager
def refused(*words: str) -> Iterator[None]:
    with pytest.raises(UserError) as caught:
        yield
    told(caught.value, *words)


def as_user(postgres: Server, user: str, dbname: str = "postgres", schema: str = "") -> Database:
    return postgres.place(schema, dbname=dbname, user=user)


@pytest.fixture(scope="module")
def plain(postgres: Server) -> str:
    """A user who may do nothing of the administrator's."""
    postgres.execute("CREATE ROLE plain LOGIN")
    return "plain"


def test_a_server_that_cannot_be_reached(postgres: Server) -> None:
    with refused("password authentication failed", "PGPASSWORD"):
        opened(postgres.by_network("wrong"))
    with refused("cannot be reached", "See that the server runs"):
        opened(postgres.by_network(port=9))
    with refused("role", "Give the right user"):
        opened(as_user(postgres, "nobody"))
    with refused("does not exist", "createdb"):
        opened(postgres.by_network(dbname="nowhere"))
    postgres.execute("CREATE ROLE few LOGIN CONNECTION LIMIT 1")
    taken = Connections(as_user(postgres, "few"))._take()
    with refused("too many connections", "max_connections"):
        opened(as_user(postgres, "few"))
    taken.close()
    with refused("cannot be read by PostgreSQL"):
        opened(database(f"postgresql://ada:{PASSWORD}@h/b?nonsense=1"))


def test_a_password_from_the_environment(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    without = database(f"postgresql://ada@127.0.0.1:{postgres.port}/postgres")
    with refused("no password supplied", "PGPASSWORD"):
        opened(without)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert opened(without).entries() == []


def test_a_database_without_the_extension(postgres: Server, plain: str) -> None:
    postgres.execute("CREATE DATABASE bare", f"GRANT CREATE ON DATABASE bare TO {plain}")
    place = as_user(postgres, plain, "bare")
    library = opened(place)
    assert library.entries() == []
    with refused("no pgvector", "CREATE EXTENSION vector"):
        library.add(BEFORE[0])
    assert not library.store.exists
    assert isinstance(library.store, PostgresStore)
    assert [state for state, _ in library.store.diagnosis()] == ["ok", "note"]
    # The administrator does it, or the administrator's own `add`.
    assert opened(postgres.place(dbname="bare")).add(BEFORE[0]).outcome == "added"
    assert library.add(BEFORE[0]).outcome == "added"


def test_a_user_who_may_not_make_a_library(postgres: Server, plain: str) -> None:
    place = as_user(postgres, plain)
    library = opened(place)
    with refused("permission denied", "grant"):
        library.add(BEFORE[0])
    assert isinstance(library.store, PostgresStore)
    [_, (state, said)] = library.store.diagnosis()
    assert (state, f"CREATE SCHEMA {place.schema} AUTHORIZATION plain" in said) == ("wrong", True)
    postgres.execute(f"CREATE SCHEMA {place.schema} AUTHORIZATION plain")
    assert library.add(BEFORE[0]).outcome == "added"


def test_a_user_who_may_only_read(postgres: Server, plain: str) -> None:
    place = small(postgres.place())
    postgres.execute(
        f"GRANT USAGE ON SCHEMA {place.schema} TO plain",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {place.schema} TO plain",
    )
    library = opened(as_user(postgres, plain, schema=place.schema))
    assert library.search("sheep 1 of the farm", 3)
    assert not prove(library).faults
    with refused("permission denied", "grant"):
        library.add(book("inn", 2))
    assert isinstance(library.store, PostgresStore)
    assert [state for state, _ in library.store.diagnosis()] == ["ok", "note"]
    replica = opened(database(f"{place.address}%20-cdefault_transaction_read_only%3Don"))
    assert replica.search("sheep 1 of the farm", 3)
    assert not prove(replica).faults
    with refused("read-only", "may be written"):
        replica.add(book("inn", 2))


def test_a_database_in_another_encoding(postgres: Server) -> None:
    postgres.execute(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    with refused("LATIN1", "UTF8"):
        opened(postgres.place(dbname="latin"))


def test_several_libraries_in_one_database(postgres: Server) -> None:
    one, other = opened(postgres.place()), opened(postgres.place())
    one.add(BEFORE[0])
    assert (len(one.entries()), other.entries()) == (1, [])
    other.add(BEFORE[1])
    assert [hit.document.id for hit in other.search("the farm counts sheep", 5)] == [
        BEFORE[1].id
    ] * 2
    assert len(one.store.collections()) == 1


def test_a_character_that_postgresql_does_not_keep(postgres: Server) -> None:
    library = opened(postgres.place())
    with pytest.raises(DocumentError) as caught:
        library.add(Document.of("Half a\0word.", title="t", source="/t.txt"))
    told(caught.value, "U+0000", "t.txt")
    assert not library.store.exists


def test_documents_left_out_do_not_crowd_out_the_others(postgres: Server) -> None:
    library = opened(postgres.place())
    crowd = library.add(book("farm", 1500)).document
    few = library.add(book("mill", 60)).document
    found = library.vectors().nearest(
        library.embed(("The farm counts sheep 7 of book 1",))[0].tolist(), 50, [crowd.id]
    )
    assert len(found) == 50
    assert {name for name, _ in found} == {few.id}


def test_a_backup_is_made_and_put_back_by_the_commands_that_are_told(
    postgres: Server, tmp_path: Path
) -> None:
    def run(act: Callable[[], object]) -> None:
        with pytest.raises(LibraryError) as caught:
            act()
        told(caught.value)
        program, *rest = shlex.split(str(caught.value).split("`")[1])
        found = programs()
        assert found
        subprocess.run([found / program, *rest], check=True)

    library = opened(small(postgres.place()))
    run(lambda: back_up(library, tmp_path / "kept.dump"))
    postgres.execute("CREATE DATABASE other")
    postgres.execute("CREATE EXTENSION vector", dbname="other")
    assert isinstance(library.place, Database)
    other = postgres.place(library.place.schema, dbname="other")
    run(lambda: restore(tmp_path / "kept.dump", other))
    assert opened(other).entries() == library.entries()
    assert_sound(other, {state(library)})


# --- what happens to the server meanwhile


def cut(postgres: Server) -> None:
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'footnoted'"
    )
    time.sleep(0.1)


def restart(postgres: Server) -> None:
    postgres.stop("immediate")
    postgres.start()


@pytest.mark.faults
@pytest.mark.parametrize("happens", [cut, restart])
def test_an_open_library_outlives_the_servers_restart(
    postgres: Server, faults: Faults, happens: Callable[[Server], None]
) -> None:
    place = small(postgres.place())
    library, old = opened(place), state(opened(place))
    found = [hit.text for hit in library.search("sheep 1 of the farm", 3)]
    with faults.trying(f"the server: {happens.__name__}", "between two questions"):
        happens(postgres)
        assert [hit.text for hit in library.search("sheep 1 of the farm", 3)] == found
    for at in ("splitting", "embedding", "writing"):

        def disturbed(stage: Stage, done: int, total: int, at: str = at) -> None:
            if stage == at and done == total:
                happens(postgres)

        with faults.trying(f"the server: {happens.__name__}", f"while an add is {at}"):
            if at == "writing":
                with refused("connection", "Try again"):
                    library.add(book("inn", 3), disturbed)
                assert state(library) == old
            assert library.add(book("inn", 3), disturbed if at != "writing" else _nothing)
            library.remove(book("inn", 3).id)
            assert_sound(place, {old})
            library.remove(book("well", 2).id)


def _nothing(*_: object) -> None:
    pass


def test_a_library_that_is_dropped_while_it_is_open(postgres: Server) -> None:
    place = small(postgres.place())
    library = opened(place)
    assert library.search("sheep", 3)
    postgres.execute(f"DROP SCHEMA {place.schema} CASCADE")
    with refused("is gone"):
        library.search("sheep", 3)
    with refused("is gone"):
        library.add(book("inn", 3))
    assert opened(place).add(BEFORE[0]).outcome == "added"


def test_who_writes_for_too_long_is_told_to_others(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = small(postgres.place())
    library, other = opened(place), opened(place)
    monkeypatch.setattr(index.storage.connections, "WAIT_SECONDS", 1)
    with library.lock(), refused("Another program has been writing"):
        # The lock is a thread's, so that the other one is in a thread of its own.
        raise failed_in_a_thread(lambda: other.add(book("inn", 2)))
    assert other.add(book("inn", 2)).outcome == "added"


def failed_in_a_thread(act: Callable[[], object]) -> BaseException:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except UserError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    [error] = errors
    return error


def test_a_server_that_is_too_slow(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    place = small(postgres.place())
    monkeypatch.setattr(index.storage.connections, "READ_SECONDS", 0.2)
    library = opened(place)
    with psycopg.connect(postgres._at("postgres")) as held:
        held.execute(f"LOCK TABLE {place.schema}.passages".encode())
        with refused("took too long"):
            library.search("sheep", 3)
    assert library.search("sheep", 3)


# --- several at once


@pytest.mark.faults(minutes=1)
def test_a_kill_at_any_moment_loses_nothing(postgres: Server, faults: Faults) -> None:
    before = postgres.place()
    old = state(opened(small(before)))
    new = {}
    for name, operation in OPERATIONS.items():
        undisturbed = small(postgres.place())
        operation(opened(undisturbed))
        new[name] = state(opened(undisturbed))
    moments = [(name, faults.random.uniform(0, 0.12)) for name in OPERATIONS for _ in range(25)]
    for name, moment in faults.some(moments):
        place = small(postgres.place())
        with faults.trying("kill -9 of a writer to PostgreSQL", f"{name} after {moment:.3f} s"):
            pid = forked(done_in(place, OPERATIONS[name]))
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
            ended(pid)
            assert_sound(place, {old, new[name]})
        postgres.execute(f"DROP SCHEMA {place.schema} CASCADE")


@pytest.mark.faults
def test_several_programs_write_while_others_read(postgres: Server, faults: Faults) -> None:
    place = small(postgres.place())
    rounds = 6

    def write(name: str) -> None:
        library = opened(place)
        for number in range(rounds):
            library.add(book(f"{name}{number}", 3))
            library.add(book(f"{name}{number}", 3, version=2))
            if number % 2:
                library.remove(book(f"{name}{number}", 3, version=2).id)
            if number == rounds // 2:
                library.reindex(lambda *_: None)

    def read() -> None:
        library = opened(place)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for hit in library.search("sheep 1 of book 2", 10):
                assert hit.document.sha256.startswith(hit.document.id)
                assert "counts sheep" in hit.text

    writers = [forked(lambda name=name: done_in(place, lambda _: write(name))()) for name in "abc"]
    readers = [forked(done_in(place, lambda _: read())) for _ in range(2)]
    with faults.trying("three write to PostgreSQL while two read", "writers"):
        assert [ended(pid) for pid in writers] == [0, 0, 0]
    with faults.trying("three write to PostgreSQL while two read", "readers"):
        assert [ended(pid) for pid in readers] == [0, 0]
    kept = {book(f"{name}{n}", 3, version=2).id for name in "abc" for n in range(0, rounds, 2)}
    with faults.trying("three write to PostgreSQL while two read", "the library"):
        assert_sound(place, {frozenset(kept | {document.id for document in BEFORE})})
