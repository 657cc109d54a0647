"""Estimate how much memory a language model needs and how much is free, before it is loaded.

A system that runs out of memory kills a program without a message, or freezes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OVERHEAD = 400_000_000
"""Bytes that llama.cpp needs besides the weights and the KV cache (measured)."""

_HEADER = 1_000_000
"""Bytes at the start of a file that hold its numbers. The long vocabulary comes after them."""

_NUMBERS = rb"(?:[\4\5]\0{3}|\x09\0{3}[\4\5]\0{3}(?P<count>.{8}))"
"""The type tag before a 32-bit number, or an array of them: the numbers read here are all such."""

_PART = re.compile(r"-00001-of-(\d{5})\.gguf$")


def needed_memory(path: Path, tokens: int) -> int:
    """Return about how many bytes a GGUF model needs for a context of so many tokens.

    These are its file or its parts, the KV cache (16 bits per number), and `OVERHEAD`. What a
    broken file does not say is not counted: loading it will report the error.
    """
    files = [path]
    if parts := _PART.search(path.name):
        names = (f"-{n:05}-of-{parts[1]}.gguf" for n in range(1, int(parts[1]) + 1))
        files = [path.with_name(path.name[: parts.start()] + name) for name in names]
    weights = sum(file.stat().st_size for file in files if file.is_file())
    return weights + 2 * tokens * _values_of_a_token(path) + OVERHEAD


def _values_of_a_token(path: Path) -> int:
    """Return how many numbers the KV cache holds for a token, over all layers."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    named = re.search(rb"^GGUF.*?general\.architecture\x08\0{3}(.)\0{7}", header, re.DOTALL)
    if not named:
        return 0
    architecture = header[named.end() :][: named[1][0]]

    def numbers(name: str) -> list[int]:
        """Return a field of the header: one number for all layers, or one for each."""
        key = architecture + b"." + name.encode()
        pattern = re.escape(struct.pack("<Q", len(key)) + key) + _NUMBERS
        if not (found := re.search(pattern, header, re.DOTALL)):
            return []
        count = int.from_bytes(found["count"], "little") if found["count"] else 1
        data = header[found.end() :][: 4 * count]
        each = (int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - 3, 4))
        return [number for number in each if number]

    layers, heads, wide = map(numbers, ("block_count", "attention.head_count", "embedding_length"))
    kept = numbers("attention.head_count_kv") or heads
    if not layers or not heads or not wide:
        return 0
    one = [wide[0] // max(heads)]
    key, value = (numbers(f"attention.{each}_length") or one for each in ("key", "value"))
    return (sum(kept) if len(kept) > 1 else layers[0] * kept[0]) * (key[0] + value[0])


def free_memory(root: Path = Path("/")) -> int | None:
    """Return how many bytes are free, within the limits of the machine, container and process.

    None if the system does not say. `root` is the root of the file system with the control groups,
    which psutil does not know.
    """
    found = [*_of_system(), *_of_group(root)]
    return max(0, min(found)) if found else None


def _of_system() -> Iterator[int]:
    """Yield the machine's free memory, and what a limit of this process (`ulimit -v`) leaves."""
    import psutil

    with suppress(OSError, psutil.Error):  # There is no /proc.
        # On macOS, much of the available memory counts as used, and there is no such limit, or it
        # is not enforced.
        if psutil.LINUX:
            yield psutil.virtual_memory().available
            process = psutil.Process()
            most, _ = process.rlimit(psutil.RLIMIT_AS)
            if most != psutil.RLIM_INFINITY:
                yield most - process.memory_info().vms


def _of_group(root: Path) -> Iterator[int]:
    """Yield what the control groups of this process (cgroups v1 and v2) leave."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, kinds, path = (line + "::").split(":")[:3]
        if not kinds:
            top, names = root / "sys/fs/cgroup", ("max", "current", "inactive_file")
        elif "memory" in kinds.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("limit_in_bytes", "usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = top / path.strip("/")
        # Parent groups have limits as well. A container sees its own group at the top, whatever
        # its path says.
        for folder in (group, *(each for each in group.parents if each.is_relative_to(top))):
            yield from _left_in(folder, *names)


def _left_in(group: Path, limit: str, usage: str, stale: str) -> Iterator[int]:
    most, taken = (_read(group / f"memory.{name}").strip() for name in (limit, usage))
    if most.isdigit() and taken.isdigit():  # Without a limit, it is "max".
        # The inactive page cache is given up when memory is needed.
        spare = re.search(rf"^{stale} (\d+)$", _read(group / "memory.stat"), re.M)
        yield int(most) - int(taken) + (int(spare[1]) if spare else 0)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
