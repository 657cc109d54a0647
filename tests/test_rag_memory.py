"""What a language model needs of memory, and what is free, by the files that say so."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from rag.config import load_settings
from rag.writing.failures import LLMUnavailable
from rag.writing.loading import load_writer, weights_file
from rag.writing.own.llama_cpp import AT_ONCE, CONTEXT_TOKENS
from rag.writing.own.memory import OVERHEAD, free_memory, needed_memory

GIGABYTE = 10**9
UNLIMITED_V1 = 9223372036854771712
FREE = 8 * GIGABYTE


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with `FREE` bytes left, and a process that may have all of them."""
    left = SimpleNamespace(available=FREE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: left)
    monkeypatch.setattr(psutil.Process, "rlimit", lambda *_: (psutil.RLIM_INFINITY, -1))


def tell(root: Path, files: Mapping[str, object]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(text))
    return root


GROUPS: dict[str, tuple[dict[str, object], int]] = {
    "none": ({}, FREE),
    "version 2": (
        {
            "proc/self/cgroup": "0::/user.slice/app\n",
            "sys/fs/cgroup/user.slice/app/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/app/memory.current": 10**8,
            "sys/fs/cgroup/user.slice/memory.max": 3 * GIGABYTE,
            "sys/fs/cgroup/user.slice/memory.current": 2 * GIGABYTE,
            "sys/fs/cgroup/user.slice/memory.stat": "anon 5\ninactive_file 500000000\nx 1\n",
        },
        1_500_000_000,
    ),
    "version 2, in a container": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": 2 * GIGABYTE,
            "sys/fs/cgroup/memory.current": GIGABYTE // 2,
        },
        1_500_000_000,
    ),
    "version 1, in a container": (
        {
            "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/abc\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": 2 * GIGABYTE,
            "sys/fs/cgroup/memory/memory.usage_in_bytes": GIGABYTE,
            "sys/fs/cgroup/memory/memory.stat": "inactive_file 7\ntotal_inactive_file 250000000\n",
        },
        1_250_000_000,
    ),
    "version 1, without a limit": (
        {
            "proc/self/cgroup": "4:memory:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED_V1,
            "sys/fs/cgroup/memory/memory.usage_in_bytes": GIGABYTE,
        },
        FREE,
    ),
    "more than there is": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": GIGABYTE,
            "sys/fs/cgroup/memory.current": 2 * GIGABYTE,
        },
        0,
    ),
}


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", GROUPS)
def test_what_is_free_is_the_least_that_any_limit_leaves(tmp_path: Path, name: str) -> None:
    files, free = GROUPS[name]
    assert free_memory(tell(tmp_path, files)) == free


@pytest.mark.usefixtures("machine")
def test_a_limit_of_the_process_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil.Process, "rlimit", lambda *_: (GIGABYTE, -1))
    monkeypatch.setattr(psutil.Process, "memory_info", lambda _: SimpleNamespace(vms=4_096_000))
    assert free_memory(tmp_path) == GIGABYTE - 4_096_000


def test_a_system_that_does_not_say_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))
    assert free_memory(tmp_path) is None


def test_this_system_says() -> None:
    free = free_memory()
    assert free
    assert free > GIGABYTE / 10


# --- what is needed


def text(words: str) -> bytes:
    return struct.pack("<Q", len(words)) + words.encode()


def number(name: str, value: int) -> bytes:
    return text(name) + struct.pack("<II", 4, value)


def gguf(*fields: bytes) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", 3, 0, len(fields)) + b"".join(fields)


OF_A_MODEL = (
    text("general.architecture") + struct.pack("<I", 8) + text("tiny"),
    text("general.tags") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"),
    text("tiny.rope") + struct.pack("<If", 6, 0.5),
    number("tiny.block_count", 10),
    number("tiny.embedding_length", 1000),
    number("tiny.attention.head_count", 10),
)
LIKE_QUERIES = 10 * 10 * (100 + 100)


@pytest.mark.parametrize(
    ("more", "values"),
    [
        ((), LIKE_QUERIES),
        ((number("tiny.attention.head_count_kv", 2),), LIKE_QUERIES // 5),
        (
            (text("tiny.attention.head_count_kv") + struct.pack("<IIQ10I", 9, 4, 10, *[2, 0] * 5),),
            LIKE_QUERIES // 10,
        ),
        ((number("tiny.attention.key_length", 300),), LIKE_QUERIES * 2),
    ],
)
def test_what_was_read_takes_memory_as_well(
    tmp_path: Path, more: tuple[bytes, ...], values: int
) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf(*OF_A_MODEL, *more))
    assert needed_memory(path, 8) == path.stat().st_size + 2 * 8 * values + OVERHEAD


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"PK\3\4" + b"x" * 100,
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 2**60),
        gguf(struct.pack("<Q", 2**63)),
        gguf(text("a") + struct.pack("<I", 99)),
        gguf(text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50_000),
        gguf(text("a") + struct.pack("<IIQ", 9, 0, 2**62)),
        gguf(*OF_A_MODEL)[:-6],
        gguf(*OF_A_MODEL)[:-2],
        gguf(*OF_A_MODEL[:-1]) + OF_A_MODEL[-1].replace(b"\4", b"\x09") + b"\5\0",
        gguf(OF_A_MODEL[0], number("tiny.attention.head_count", 0)),
    ],
)
def test_what_a_broken_file_does_not_tell_is_not_counted(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    assert needed_memory(path, 8) == len(data) + OVERHEAD


def test_all_parts_count(tmp_path: Path) -> None:
    for number_ in (1, 2, 3):
        (tmp_path / f"model-0000{number_}-of-00003.gguf").write_bytes(bytes(1000 * number_))
    assert needed_memory(tmp_path / "model-00001-of-00003.gguf", 8) == 6000 + OVERHEAD


def test_a_model_that_is_too_large_is_told_and_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    with path.open("wb") as file:
        file.write(gguf(*OF_A_MODEL))
        file.truncate(5_000 * GIGABYTE)  # Without taking any of the disk.
    with pytest.raises(LLMUnavailable) as told:
        load_writer(load_settings(llm=str(path)))
    assert str(told.value).startswith("The language model large needs about 5001.1 GB of memory, ")
    assert "GB are free. Close other programs, or set FOOTNOTED_LLM to a smaller model" in str(
        told.value
    )


@pytest.mark.weights
@pytest.mark.llm
def test_the_default_model_needs_what_it_is_said_to() -> None:
    settings = load_settings()
    path = weights_file(settings.llm, settings.models)
    assert needed_memory(path, AT_ONCE * CONTEXT_TOKENS) == pytest.approx(1.99 * GIGABYTE, rel=0.01)
