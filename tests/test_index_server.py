"""With one setting, the vectors are on a Chroma server, by the same code path."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from index.documents import Document
from index.errors import LibraryError
from index.library import Library
from index.storage import vectors
from index.upkeep.proof import prove
from index.weights.embedding import PromptedEmbedding
from rag.config import load_settings
from tests.breaking import (
    BEFORE,
    EMBEDDING,
    book,
    done_in,
    ended,
    forked,
    refused,
    state,
)
from tests.faults import Faults
from tests.serving import Request, serving
from ui.commands import findings

TOKEN = "tk-Wm40-of-the-chroma-server-Zb93"


class ChromaServer:
    """A real Chroma server on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.start()

    def start(self) -> None:
        chroma = shutil.which("chroma", path=str(Path(sys.executable).parent))
        assert chroma, "chromadb brings the command chroma"
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--path", str(self.folder)]
        self.process = subprocess.Popen(
            [chroma, "run", *where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            try:
                httpx.get(f"{self.address}/api/v2/heartbeat").raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server does not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(chroma: ChromaServer) -> str:
    return chroma.address


def at(folder: Path, server: str, token: str | None = None) -> Library:
    """Open a library in a folder with its vectors at a server."""
    return Library(
        folder, embedding_name="hashed", embedding=lambda: EMBEDDING, server=server, token=token
    )


class Before:
    """What stands before a server: it asks for a token, and may take its time."""

    seconds = 0.0
    token = ""


@contextmanager
def standing_before(server: str) -> Iterator[tuple[str, Before]]:
    before = Before()

    def forward(request: Request) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        time.sleep(before.seconds)
        kind = "application/json"
        if before.token and request.headers["Authorization"] != f"Bearer {before.token}":
            request.answer(401, b'{"error": "Unauthorized", "message": "no such token"}', kind)
            return
        about = {"Content-Type": request.headers.get("Content-Type") or kind}
        url = f"{server}{request.path}"
        got = httpx.request(request.command, url, content=body, headers=about, timeout=60)
        request.answer(got.status_code, got.content, kind)

    with serving(forward) as address:
        yield address, before
        before.seconds = 0


@pytest.mark.weights
@pytest.mark.usefixtures("no_pauses")
def test_vectors_on_a_server(server: str, tmp_path: Path, embedding: PromptedEmbedding) -> None:
    def opened(address: str) -> Library:
        name = "bge-small-en-v1.5-int8"
        return Library(tmp_path, embedding_name=name, embedding=lambda: embedding, server=address)

    library = opened(server)
    ships = Document.of("Ten warships sailed through Tsugaru.", title="ships", source="/ships.txt")
    library.add(ships)
    library.add(BEFORE[1])
    assert not list(tmp_path.glob("vectors-*")), "no vectors in the folder"
    best, *_ = opened(server).search("Which strait did the navy pass?", 5)
    assert (best.document.id, best.dense_rank) == (ships.id, 1)
    assert library.reindex(lambda *_: None).documents == 2
    assert opened(server).search("warships", 3)[0].document.id == ships.id
    library.remove(ships.id)
    assert state(opened(server)) == {BEFORE[1].id}
    with pytest.raises(LibraryError, match="on the server"):
        opened("http://127.0.0.1:9").search("warships", 3)


@pytest.mark.usefixtures("no_pauses")
def test_a_token_is_shown_to_what_asks_for_it(server: str, tmp_path: Path) -> None:
    with standing_before(server) as (address, before):
        before.token = TOKEN
        library = at(tmp_path, address, TOKEN)
        library.add(BEFORE[0])
        assert library.search("sheep 1 of the farm", 1)
        assert not prove(library).faults
        for number, wrong in enumerate((None, f"x{TOKEN}")):
            # At another address, since Chroma's process knows the token of this one.
            with refused("on the server") as caught:
                at(tmp_path, f"{address}/{number}", wrong).search("sheep", 1)
            assert TOKEN not in str(caught.value)
        settings = load_settings(library=tmp_path, chroma_url=address, chroma_token=TOKEN)
        assert TOKEN not in repr(settings)
        assert [state for state, _ in findings._chroma(settings)] == ["ok"]
        other = load_settings(library=tmp_path, chroma_url=address, chroma_token="other")
        [(state, said)] = findings._chroma(other)
        assert (state, "FOOTNOTED_CHROMA_TOKEN" in said) == ("wrong", True)


@pytest.mark.faults
def test_an_open_library_outlives_the_servers_restart(
    chroma: ChromaServer, tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.PAUSES", (0.05, 0.1))
    library = at(tmp_path, chroma.address)
    for document in BEFORE:
        library.add(document)
    found = [hit.text for hit in library.search("sheep 1 of the farm", 3)]
    with faults.trying("the Chroma server is restarted", "between two questions"):
        chroma.stop()
        chroma.start()
        assert [hit.text for hit in library.search("sheep 1 of the farm", 3)] == found
    with faults.trying("the Chroma server is restarted", "and was away"):
        chroma.stop()
        for act in (lambda: library.search("sheep", 1), lambda: library.add(book("inn", 3))):
            with refused("Check that the server is running"):
                act()
        chroma.start()
        assert state(library) == {each.id for each in BEFORE}
        assert [hit.text for hit in library.search("sheep 1 of the farm", 3)] == found
        assert library.add(book("inn", 3)).outcome == "added"
        assert not prove(library).faults


def test_a_slow_server_is_told(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing_before(server) as (address, before):
        library = at(tmp_path, address)
        library.add(BEFORE[0])
        before.seconds = 0.1
        assert library.search("sheep", 1), "slow, and it answers"
        before.seconds = 2
        monkeypatch.setattr(vectors, "SERVER_SECONDS", 0.5)
        monkeypatch.setattr("index.library.PAUSES", ())
        with pytest.raises(LibraryError, match="longer than"):
            library.search("sheep", 1)
        before.seconds = 0
        monkeypatch.undo()
        assert library.search("sheep", 1)
        assert not prove(library).faults


@pytest.mark.faults
def test_two_write_at_once(server: str, tmp_path: Path, faults: Faults) -> None:
    def write(name: str) -> None:
        library = at(tmp_path, server)
        for number in range(5):
            library.add(book(f"{name}{number}", 3))
        library.remove(book(f"{name}0", 3).id)

    writers = [forked(done_in(tmp_path, lambda _, name=name: write(name))) for name in "ab"]
    with faults.trying("two write to a Chroma server", "the writers"):
        assert [ended(pid) for pid in writers] == [0, 0]
    with faults.trying("two write to a Chroma server", "the library"):
        library = at(tmp_path, server)
        kept = {book(f"{name}{number}", 3).id for name in "ab" for number in range(1, 5)}
        assert state(library) == kept
        assert not prove(library).faults
