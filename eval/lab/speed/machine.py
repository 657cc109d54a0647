"""The machine that is measured on, and what programs take of it.

What processes take is read from Linux's /proc.
"""

from __future__ import annotations

import os
import platform
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

from index.errors import UserError
from index.printable import visible

PROC = Path("/proc")

PACKAGES = (
    "chromadb",
    "gradio",
    "llama-index-core",
    "numpy",
    "onnxruntime",
    "sentence-transformers",
    "sentencex",
    "tokenizers",
    "torch",
    "xllamacpp",
)
"""What speed depends on besides Footnoted's own code."""

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")
"""Of what a processor can do, what makes int8 weights fast."""

EVERY = 0.2
"""Seconds between two looks at how much memory is taken."""


def describe() -> dict[str, Any]:
    """Return what the machine is, and which versions run on it."""
    cpu = _read(PROC / "cpuinfo")
    name = re.search(r"^model name\s*:\s*(.+)$", cpu, re.M)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpu, re.M)
    has = set(flags[1].split()) if flags else set()
    total = re.search(r"^MemTotal:\s*(\d+) kB", _read(PROC / "meminfo"), re.M)
    return {
        "processor": visible(name[1]) if name else platform.processor() or platform.machine(),
        "instructions": [each for each in INSTRUCTIONS if each in has],
        "cores": os.cpu_count(),
        "memory_gb": round(int(total[1]) * 1024 / 1e9, 1) if total else None,
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {each: _version(each) for each in PACKAGES},
    }


def load() -> float:
    """Return how many programs wanted a core in the last minute: 0 on an idle machine."""
    return round(os.getloadavg()[0], 2)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def tree(pid: int) -> list[int]:
    """Return a process and all that it has started, as they are now."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in PROC.glob("[0-9]*"):
        with suppress(IndexError, ValueError):  # It has just ended.
            parent = _read(path / "stat").rpartition(")")[2].split()[1]
            children[int(parent)].append(int(path.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found


def memory(pid: int | None = None) -> int:
    """Return the bytes of memory (RSS) of a process and all that it has started; of this one.

    What several processes share, such as a library's code, counts once for each.

    Raises UserError on a system without /proc.
    """
    if not (PROC / "self" / "status").exists():
        raise UserError("How much memory is taken can only be measured on Linux.")
    return sum(_rss(each) for each in tree(pid or os.getpid()))


def _rss(pid: int) -> int:
    found = re.search(r"^VmRSS:\s*(\d+) kB", _read(PROC / str(pid) / "status"), re.M)
    return int(found[1]) * 1024 if found else 0


def processor_seconds(pid: int) -> float:
    """Return how many seconds of processors a process and all that it has started have taken."""
    ticks = 0
    for each in tree(pid):
        with suppress(IndexError, ValueError):
            fields = _read(PROC / str(each) / "stat").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Peak:
    """Watches how much memory this process and all that it has started take at most."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.bytes = max(self.bytes, memory())

    def __enter__(self) -> Peak:
        self.bytes = memory()  # What is watched may be over before the first look.
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._watch.join()


def disk(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        with suppress(OSError):  # A journal that has just gone.
            if path.is_file():
                yield path.stat().st_size


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
