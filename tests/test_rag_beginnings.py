"""What was read of the prompts' beginnings is kept, whole, and another one is never used."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.config import load_settings
from rag.writing.beginnings import Beginnings
from rag.writing.llm import Writer, load_writer
from rag.writing.prompts import copy_messages, write_messages

WRITE = write_messages([], "")
COPY = copy_messages("", "")


class Server:
    """As much of llama.cpp's server as is asked here: it writes and reads its slots."""

    def __init__(self, address: str, folder: Path, said: list[str]) -> None:
        self.address, self.folder, self.said = address, folder, said
        self.read: list[int] = []

    def beginnings(self, weights: str = "qwen 1") -> Beginnings:
        path = self.folder.parent / weights
        if not path.exists():
            path.touch()
        return Beginnings(self.address, "key", self.folder, path)

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "beginnings"
    folder.mkdir()
    with slots(folder) as (address, said):
        yield Server(address, folder, said)


@contextmanager
def slots(folder: Path, *, broken: bool = False) -> Iterator[tuple[str, list[str]]]:
    said: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["filename"]
            said.append(self.path)
            assert self.headers["Authorization"] == "Bearer key"
            if "save" in self.path and not broken:
                (folder / name).write_bytes(self.path.encode())
            self.send_response(500 if broken else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", said
        listening.shutdown()


def test_a_beginning_is_read_once_and_then_taken_from_its_file(server: Server) -> None:
    first, later = server.beginnings(), server.beginnings()
    for _ in range(2):
        first.have("write", WRITE, server.read.append)
    first.have("copy", COPY, server.read.append)
    assert server.read == [0, 1], "each in a slot of its own"
    later.have("write", WRITE, server.read.append)
    assert server.read == [0, 1], "out of the file"
    assert server.said == [f"/slots/{n}?action=save" for n in "01"] + ["/slots/0?action=restore"]
    assert [path.suffix for path in server.files()] == [".bin", ".bin"]


def test_what_depends_on_other_weights_or_words_is_not_taken_and_goes(server: Server) -> None:
    server.beginnings().have("write", WRITE, server.read.append)
    [old] = server.files()
    server.beginnings("qwen 2").have("write", WRITE, server.read.append)
    assert len(server.read) == 2
    [new] = server.files()
    assert new != old
    server.beginnings("qwen 2").have("write", write_messages([], "x"), server.read.append)
    assert len(server.read) == 3
    assert new not in server.files()


@pytest.mark.parametrize("change", [b"", b"something else"])
def test_a_damaged_file_is_not_taken_and_is_made_anew(server: Server, change: bytes) -> None:
    server.beginnings().have("write", WRITE, server.read.append)
    [path] = server.files()
    whole = path.read_bytes()
    path.write_bytes(change)
    server.beginnings().have("write", WRITE, server.read.append)
    assert "/slots/0?action=restore" not in server.said
    assert len(server.read) == 2
    assert [each.read_bytes() for each in server.files()] == [whole]


def test_a_server_that_cannot_write_or_is_gone_only_takes_longer(tmp_path: Path) -> None:
    read: list[int] = []
    (weights := tmp_path / "qwen.gguf").touch()
    (folder := tmp_path / "beginnings").mkdir()
    with slots(folder, broken=True) as (address, _):
        Beginnings(address, "key", folder, weights).have("write", WRITE, read.append)
    Beginnings(address, "key", folder, weights).have("write", WRITE, read.append)
    assert read == [0, 0]
    assert list(folder.iterdir()) == []


def test_what_failed_is_tried_again_and_many_wait_for_one(server: Server) -> None:
    made = server.beginnings()

    def fail(slot: int) -> None:
        raise ConnectionError(slot)

    with pytest.raises(ConnectionError):
        made.have("write", WRITE, fail)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: made.have("write", WRITE, server.read.append), range(8)))
    assert server.read == [0]


@pytest.mark.llm
def test_the_default_weights_go_on_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.writing import llm

    monkeypatch.setattr(llm, "kept_folder", lambda: tmp_path)

    def fresh() -> Writer:
        monkeypatch.setattr(llm, "_SERVERS", {})
        made = load_writer(load_settings())
        assert made is not None
        return made

    def words(writer: Writer) -> tuple[str, float]:
        quote = "The older Rowan Bridge is 300 metres long and was repaired in 1960."
        written = "".join(writer.write([(quote, "300 metres")], "How long is the Rowan Bridge?"))
        return written, writer.none_probability(quote, "Who repaired the bridge?")

    said = words(fresh())
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(Beginnings, "_keep", lambda *_: pytest.fail("it was read again"))
    again = words(fresh())
    assert again[0] == said[0], "the same words as if it had read them"
    # llama.cpp's sums differ a little with what else it holds, also when it is asked twice.
    assert again[1] == pytest.approx(said[1], abs=0.1)
