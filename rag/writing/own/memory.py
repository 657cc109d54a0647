"""How much memory a language model needs, and how much is free: told before it is loaded.

A system that runs out of memory ends a program without a word, or stands still.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OVERHEAD = 400_000_000
"""Bytes that llama.cpp takes for its work besides the weights and what it has read (measured)."""

_HEADER = 1_000_000
"""Bytes of a file in which its numbers stand; the vocabulary, which is long, comes after them."""

_NUMBERS = rb"(?:[\4\5]\0{3}|\x09\0{3}[\4\5]\0{3}(?P<count>.{8}))"
"""What stands in a file before a number of 32 bits, or several: there is none of another kind."""

_PART = re.compile(r"-00001-of-(\d{5})\.gguf$")


def needed_memory(path: Path, tokens: int) -> int:
    """Return how many bytes a GGUF model needs about, to read so many tokens.

    These are its file, or its parts, the keys and values of the tokens (in 16 bits each), and some
    more to work with. What a broken file does not tell is not counted: loading it tells the error.
    """
    files = [path]
    if parts := _PART.search(path.name):
        names = (f"-{n:05}-of-{parts[1]}.gguf" for n in range(1, int(parts[1]) + 1))
        files = [path.with_name(path.name[: parts.start()] + name) for name in names]
    weights = sum(file.stat().st_size for file in files if file.is_file())
    return weights + 2 * tokens * _values_of_a_token(path) + OVERHEAD


def _values_of_a_token(path: Path) -> int:
    """Return how many numbers, keys and values of all layers, are kept for a token."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    named = re.search(rb"^GGUF.*?general\.architecture\x08\0{3}(.)\0{7}", header, re.DOTALL)
    if not named:
        return 0
    architecture = header[named.end() :][: named[1][0]]

    def numbers(name: str) -> list[int]:
        """What is told of all layers at once, or of each."""
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
    """Return how many bytes may still be taken: by the machine, the container and the process.

    None where the system does not say. `root` is where it tells of its control groups, of which
    psutil knows nothing.
    """
    found = [*_of_system(), *_of_group(root)]
    return max(0, min(found)) if found else None


def _of_system() -> Iterator[int]:
    """Yield what the machine has left, and what a limit of this process (`ulimit -v`) leaves."""
    import psutil

    with suppress(OSError, psutil.Error):  # There is no /proc.
        # On macOS much of what may be used counts as used. Nor is there such a limit, or kept to.
        if psutil.LINUX:
            yield psutil.virtual_memory().available
            process = psutil.Process()
            most, _ = process.rlimit(psutil.RLIMIT_AS)
            if most != psutil.RLIM_INFINITY:
                yield most - process.memory_info().vms


def _of_group(root: Path) -> Iterator[int]:
    """Yield what the control groups (cgroups, of both versions) that hold this process leave."""
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
        # Each group above counts as well. A container sees its own at the top, whatever its path.
        for folder in (group, *(each for each in group.parents if each.is_relative_to(top))):
            yield from _left_in(folder, *names)


def _left_in(group: Path, limit: str, usage: str, stale: str) -> Iterator[int]:
    most, taken = (_read(group / f"memory.{name}").strip() for name in (limit, usage))
    if most.isdigit() and taken.isdigit():  # Else there is no limit, which is "max".
        # What was read of files and is not in use is given up when memory is needed.
        spare = re.search(rf"^{stale} (\d+)$", _read(group / "memory.stat"), re.M)
        yield int(most) - int(taken) + (int(spare[1]) if spare else 0)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
