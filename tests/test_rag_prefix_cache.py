"""What was read of the prompts' beginnings is kept, whole, and another one is never used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage

from rag.config import load_settings
from rag.writing.llm import Writer
from rag.writing.loading import load_writer
from rag.writing.own.prefix_cache import KEPT, PrefixCache
from rag.writing.prompts import copy_messages, write_messages
from tests.serving import Request, serving

WRITE = write_messages([], "")[:-1]
COPY = copy_messages("", "")[:-1]


class Server:
    """As much of llama.cpp's server as is asked here: it writes and reads its slots."""

    def __init__(self, address: str, folder: Path, said: list[str]) -> None:
        self.address, self.folder, self.said = address, folder, said
        self.read: list[int] = []

    def prefix_cache(self, weights: str = "qwen 1") -> PrefixCache:
        path = self.folder.parent / weights
        if not path.exists():
            path.touch()
        return PrefixCache(self.address, "key", self.folder, path, 2)

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

    def reply(request: Request) -> None:
        told = request.json()
        said.append(request.path)
        assert request.headers["Authorization"] == "Bearer key"
        if "save" in request.path and not broken:
            (folder / told["filename"]).write_bytes(request.path.encode())
        request.answer(500 if broken else 200)

    with serving(reply) as address:
        yield address, said


def untouched(slot: int) -> None:
    pytest.fail(f"nothing was asked with an adapter in slot {slot}")


def have(prefix_cache: PrefixCache, beginning: Sequence[ChatMessage], read: list[int]) -> int:
    """Have a beginning in a slot, and return which one it is."""
    with prefix_cache.slot(beginning, read.append, untouched) as slot:
        return slot


def test_a_beginning_is_read_once_and_then_taken_from_its_file(server: Server) -> None:
    first, later = server.prefix_cache(), server.prefix_cache()
    for _ in range(2):
        have(first, WRITE, server.read)
    have(first, COPY, server.read)
    assert len(server.read) == 2
    have(later, WRITE, server.read)
    assert len(server.read) == 2, "out of the file"
    actions = [each.partition("=")[2] for each in server.said]
    assert actions == ["erase", "save", "restore", "erase", "save", "restore"]
    assert [path.suffix for path in server.files()] == [".bin", ".bin"]


def test_each_prompt_has_a_slot_for_itself(server: Server) -> None:
    prefix_cache = server.prefix_cache()
    with prefix_cache.slot(WRITE, server.read.append, untouched) as one:
        with prefix_cache.slot(WRITE, server.read.append, untouched) as other:
            assert {one, other} == {0, 1}
        assert have(prefix_cache, COPY, server.read) == other, "the one that is free"
    assert server.said.count(f"/slots/{other}?action=restore") == 1, "the file is there by then"


def test_an_adapter_keeps_out_of_the_slots_of_the_others(server: Server) -> None:
    """Else each of these had to be cleared first, which takes two fifths of a second."""
    prefix_cache = server.prefix_cache()
    for _ in range(2):
        with prefix_cache.adapted_slot() as adapted:
            assert have(prefix_cache, WRITE, server.read) == 1 - adapted
        assert have(prefix_cache, WRITE, server.read) == 1 - adapted


def test_where_a_slot_had_an_adapter_it_is_cleared_before_it_is_filled(server: Server) -> None:
    prefix_cache = server.prefix_cache()
    have(prefix_cache, WRITE, server.read)
    with pytest.raises(KeyError), prefix_cache.adapted_slot():
        raise KeyError("closed early")
    cleared: list[tuple[int, int]] = []

    def clear(slot: int) -> None:
        cleared.append((slot, len(server.said)))

    with prefix_cache.slot(WRITE, server.read.append, clear) as one:
        said = len(server.said)
        with prefix_cache.slot(WRITE, server.read.append, clear) as other:
            assert cleared == [(other, said)], "before anything else is done there"
            assert other != one
    have(prefix_cache, WRITE, server.read)
    assert server.said[-1] == f"/slots/{one}?action=restore"
    with prefix_cache.adapted_slot(), prefix_cache.adapted_slot():
        pass
    for _ in range(2):
        with prefix_cache.slot(WRITE, server.read.append, clear):
            pass
    assert len(cleared) == 2, "one slot is enough for one at a time"


def test_what_depends_on_other_weights_or_words_is_not_taken(server: Server) -> None:
    have(server.prefix_cache(), WRITE, server.read)
    have(server.prefix_cache("qwen 2"), WRITE, server.read)
    assert len(server.read) == 2
    have(server.prefix_cache("qwen 2"), [*WRITE, *COPY], server.read)
    assert len(server.read) == len(server.files()) == 3


def test_only_the_newest_files_are_kept_and_what_was_not_finished_goes(server: Server) -> None:
    killed, running = (server.folder / f"{name}.part" for name in ("killed", "running"))
    for path in (killed, running):
        path.touch()
    os.utime(killed, (0, 0))
    for number in range(KEPT + 3):
        have(server.prefix_cache(f"qwen {number}"), WRITE, server.read)
    there = server.files()
    assert running in there
    assert killed not in there
    assert len(there) == KEPT + 1
    have(server.prefix_cache(f"qwen {KEPT + 2}"), WRITE, server.read)
    assert len(server.read) == KEPT + 3, "the newest is there"


@pytest.mark.parametrize("change", [b"", b"something else"])
def test_a_damaged_file_is_not_taken_and_is_made_anew(server: Server, change: bytes) -> None:
    have(server.prefix_cache(), WRITE, server.read)
    [path] = server.files()
    whole = path.read_bytes()
    path.write_bytes(change)
    have(server.prefix_cache(), WRITE, server.read)
    assert not any("restore" in each for each in server.said)
    assert len(server.read) == 2
    assert [each.read_bytes() for each in server.files()] == [whole]


def test_a_server_that_cannot_write_or_is_gone_only_takes_longer(tmp_path: Path) -> None:
    read: list[int] = []
    (weights := tmp_path / "qwen.gguf").touch()
    (folder := tmp_path / "beginnings").mkdir()
    with slots(folder, broken=True) as (address, _):
        broken = PrefixCache(address, "key", folder, weights, 1)
        have(broken, WRITE, read)
        have(broken, WRITE, read)
        assert read == [0], "it is in the slot still"
        have(broken, COPY, read)
        have(broken, WRITE, read)
        assert read == [0, 0, 0], "there was another one in between"
    have(PrefixCache(address, "key", folder, weights, 1), WRITE, read)
    assert len(read) == 4
    assert list(folder.iterdir()) == []


def test_what_failed_is_tried_again_and_many_wait_for_one(server: Server) -> None:
    made = server.prefix_cache()

    def fail(slot: int) -> None:
        raise ConnectionError(slot)

    with pytest.raises(ConnectionError), made.slot(WRITE, fail, untouched):
        pass
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: have(made, WRITE, server.read), range(8)))
    assert len(server.read) == 1
    assert set(found) <= {0, 1}


@pytest.mark.llm
def test_the_same_prompt_gets_the_same_answer_whatever_was_asked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.writing.own import llama_cpp

    monkeypatch.setattr(llama_cpp, "kept_folder", lambda: tmp_path)
    quote = "The older Rowan Bridge is 300 metres long and was repaired in 1960."
    asked = "Who repaired the bridge?"

    def fresh() -> Writer:
        monkeypatch.setattr(llama_cpp, "_SERVERS", {})
        made = load_writer(load_settings())
        assert made is not None
        return made

    def words(writer: Writer) -> str:
        return "".join(writer.write([(quote, "300 metres")], "How long is the Rowan Bridge?"))

    writer = fresh()
    first, said = writer.select([quote], asked, "Tolm"), words(writer)
    assert writer.select([quote], asked, "Tolm") == first, "asked twice"
    writer.select(["The ferry Orla sank off Kest in 1902."], "How deep is the sea there?", "Kest")
    alone = writer.stand_alone("how long", [], ["The Rowan Bridge"])
    assert writer.stand_alone("how long", [], ["The Rowan Bridge"]) == alone
    prose = writer.write_prose([quote, "It is red."], "What of the Rowan Bridge?")
    with closing(prose) as pieces:  # type: ignore[type-var]  # It is a generator.
        next(pieces)
    assert (writer.select([quote], asked, "Tolm"), words(writer)) == (first, said)
    assert len(list(tmp_path.iterdir())) == 1
    # Of two at once llama.cpp works out both in one go, which may change the last digits.
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: writer.select([quote], asked, "Tolm"), range(2)))
    assert [each.none for each in both] == pytest.approx([first.none] * 2, abs=0.05)

    monkeypatch.setattr(PrefixCache, "_keep", lambda *_: pytest.fail("it was read again"))
    again = fresh()
    assert (words(again), again.select([quote], asked, "Tolm")) == (said, first), "out of the file"
