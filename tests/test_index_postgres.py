"""A library in PostgreSQL: its address, its rights, and what goes wrong with the server."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

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
from tests.breaking import BEFORE, assert_sound, book, opened, refused, small, state
from tests.faults import Faults
from tests.postgres import PASSWORD, Server, programs

# --- the address

REPORTS = "options=-csearch_path%3Dreports"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://ada:pw@host/books", "postgresql://ada@host/books"),
        ("postgres://host:5433/books", "postgres://host:5433/books"),
        ("postgresql:///books?host=%2Ftmp", "postgresql:///books?host=%2Ftmp"),
        ("postgresql://ada:p%2Fw@[::1]:1,b:2/", "postgresql://ada@[::1]:1,b:2/"),
        ("postgresql://h/b?a=b&password=pw&passw%6Frd=pw", "postgresql://h/b?a=b"),
        (f"postgresql://ada:pw@h/b?{REPORTS}", f"postgresql://ada@h/b?{REPORTS}"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, name: str) -> None:
    read = database(address)
    schema = "reports" if REPORTS in address else "footnoted"
    assert (str(read), read.name, read.schema) == (name, name, schema)
    assert read.address == address
    assert "pw" not in repr(read)
    settings = load_settings(library=address)
    assert settings.library == read
    assert "pw" not in repr(settings)


TWO_WAYS = (
    *("secret/word@host", "secret@word@host", "secret#word@host", "secret?word@host"),
    *("secretword", "secret word@host", "secret@[host"),
)


@pytest.mark.parametrize(
    "address",
    [*(f"postgresql://ada:{each}/books" for each in TWO_WAYS), "postgresql:/ada:secret@host/books"],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused_and_not_shown(address: str) -> None:
    with refused("postgresql://USER@HOST/DATABASE", "PGPASSWORD", kind=LibraryError) as caught:
        database(address)
    with pytest.raises(UserError) as by_settings:
        load_settings(library=address)
    for error in (caught.value, by_settings.value):
        assert "secret" not in str(error)
        assert "word@" not in str(error)
    with pytest.raises(UserError, match="which a Path changes"):
        load_settings(library=Path("postgresql://host/books"))


def test_what_this_machine_keeps_goes_by_the_address_without_its_password() -> None:
    one, same, other = (
        database(f"postgresql://ada{each}@host/books") for each in (":a", ":b", "b:a")
    )
    assert one.folder == same.folder != other.folder
    named = f"postgresql://h/b?{REPORTS}&sslmode=require"
    assert option(database(named)) == f"--library '{named}'"
    assert option(Path("library")) == "--library library"


# --- what is there and what may be done


def diagnosis(library: Library) -> list[tuple[str, str]]:
    assert isinstance(library.store, PostgresStore)
    return [*library.store.diagnosis()]


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
    with refused("cannot be reached", "Check that the server is running"):
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
    with refused("PostgreSQL's client library cannot read"):
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
    assert [state for state, _ in diagnosis(library)] == ["ok", "note"]
    # The administrator does it, or the administrator's own `add`.
    assert opened(postgres.place(dbname="bare")).add(BEFORE[0]).outcome == "added"
    assert library.add(BEFORE[0]).outcome == "added"


def test_a_user_who_may_not_make_a_library(postgres: Server, plain: str) -> None:
    place = as_user(postgres, plain)
    library = opened(place)
    with refused("permission denied", "grant"):
        library.add(BEFORE[0])
    [_, (state, said)] = diagnosis(library)
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
    assert [state for state, _ in diagnosis(library)] == ["ok", "note"]
    replica = opened(database(f"{place.address}%20-cdefault_transaction_read_only%3Don"))
    assert replica.search("sheep 1 of the farm", 3)
    assert not prove(replica).faults
    with refused("read-only", "accepts writes"):
        replica.add(book("inn", 2))


def test_a_database_in_another_encoding(postgres: Server) -> None:
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with refused("LATIN1", "UTF8"):
        opened(postgres.place(dbname="latin"))


def test_several_libraries_in_one_database(postgres: Server) -> None:
    one, other = opened(postgres.place()), opened(postgres.place())
    one.add(BEFORE[0])
    assert (len(one.entries()), other.entries()) == (1, [])
    other.add(BEFORE[1])
    found = [hit.document.id for hit in other.search("the farm counts sheep", 5)]
    assert found == [BEFORE[1].id] * 2
    assert len(one.store.collections()) == 1


def test_a_character_that_postgresql_does_not_keep(postgres: Server) -> None:
    library = opened(postgres.place())
    with refused("U+0000", "t.txt", kind=DocumentError):
        library.add(Document.of("Half a\0word.", title="t", source="/t.txt"))
    assert not library.store.exists


def test_documents_left_out_do_not_crowd_out_the_others(postgres: Server) -> None:
    library = opened(postgres.place())
    crowd = library.add(book("farm", 1500)).document
    few = library.add(book("mill", 60)).document
    asked = library.embed(("The farm counts sheep 7 of book 1",))[0].tolist()
    found = library.vectors().nearest(asked, 50, [crowd.id])
    assert len(found) == 50
    assert {name for name, _ in found} == {few.id}


def test_a_backup_is_made_by_the_commands_that_are_told(postgres: Server, tmp_path: Path) -> None:
    def run(act: Callable[[], object]) -> None:
        with refused(kind=LibraryError) as caught:
            act()
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
                library.add(book("inn", 3))
            else:
                library.add(book("inn", 3), disturbed)
            library.remove(book("inn", 3).id)
            assert_sound(place, {old})
            library.remove(book("well", 2).id)


def test_a_library_that_is_dropped_while_it_is_open(postgres: Server) -> None:
    place = small(postgres.place())
    library = opened(place)
    assert library.search("sheep", 3)
    postgres.execute(f"DROP SCHEMA {place.schema} CASCADE")
    with refused("is missing or is not as it should be"):
        library.search("sheep", 3)
    with refused("is missing or is not as it should be"):
        library.add(book("inn", 3))
    assert opened(place).add(BEFORE[0]).outcome == "added"


def test_who_writes_for_too_long_is_told(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    place = small(postgres.place())
    library, other = opened(place), opened(place)
    monkeypatch.setattr(index.storage.connections, "WAIT_SECONDS", 1)
    # The lock is a thread's, so that the other one is in a thread of its own.
    with (
        library.lock(),
        ThreadPoolExecutor(1) as thread,
        refused("Another program has been writing"),
    ):
        thread.submit(other.add, book("inn", 2)).result(30)
    assert other.add(book("inn", 2)).outcome == "added"


def test_a_server_that_is_too_slow(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    place = small(postgres.place())
    monkeypatch.setattr(index.storage.connections, "READ_SECONDS", 0.2)
    library = opened(place)
    with psycopg.connect(postgres._at("postgres")) as held:
        held.execute(f"LOCK TABLE {place.schema}.passages".encode())
        with refused("took too long"):
            library.search("sheep", 3)
    assert library.search("sheep", 3)
