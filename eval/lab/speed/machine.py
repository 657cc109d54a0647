"""The machine that is measured on, and the resources that programs take."""

from __future__ import annotations

import platform
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import psutil

from index.printable import visible

PACKAGES = (
    "chromadb gradio llama-index-core numpy onnxruntime sentence-transformers sentencex tokenizers "
    "torch xllamacpp"
).split()
"""The packages that speed depends on besides Footnoted's own code."""

INSTRUCTIONS = "avx2 avx512f avx512_vnni avx_vnni amx_int8 asimddp i8mm".split()
"""The instruction sets of processors that make int8 weights fast."""

EVERY = 0.2
"""Seconds between two readings of the memory in use."""


def describe() -> dict[str, Any]:
    """Describe the machine, and the versions that run on it."""
    told = ""
    with suppress(OSError):  # Only Linux has it, and nothing else lists the instruction sets.
        told = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    name = re.search(r"^model name\s*:\s*(.+)$", told, re.M)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", told, re.M)
    has = set(flags[1].split()) if flags else set()
    versions = {each.name.lower().replace("_", "-"): each.version for each in distributions()}
    return {
        "processor": visible(name[1]) if name else platform.processor() or platform.machine(),
        "instructions": [each for each in INSTRUCTIONS if each in has],
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {each: versions.get(each, "not installed") for each in PACKAGES},
    }


def load() -> float:
    """Return the load average of the last minute: 0 on an idle machine."""
    return float(round(psutil.getloadavg()[0], 2))


def memory(pid: int | None = None) -> int:
    """Return the memory (RSS, in bytes) of a process, by default this one, and its descendants.

    Memory that several processes share, such as a library's code, counts once for each.
    """
    return int(_sum(pid, lambda process: process.memory_info().rss))


def processor_seconds(pid: int) -> float:
    """Return the processor time, in seconds, of a process and its descendants."""
    return _sum(pid, lambda process: sum(process.cpu_times()[:2]))


def _sum(pid: int | None, measure: Callable[[psutil.Process], float]) -> float:
    process, total = psutil.Process(pid), 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # It has just ended.
            total += measure(each)
    return total


class Peak:
    """Watches the peak memory of this process and its descendants."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.bytes = max(self.bytes, memory())

    def __enter__(self) -> Peak:
        self.bytes = memory()  # The work may be over before the first reading.
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()


def disk(folder: Path) -> int:
    """Return the total size of the files in a folder, in bytes."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # A journal that has just gone.
            total += path.stat().st_size if path.is_file() else 0
    return total
