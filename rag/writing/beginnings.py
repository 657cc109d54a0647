"""What the default weights have read of the prompts' beginnings, kept on disk.

Each kind of prompt begins with its examples, 500 to 850 tokens, and reading these takes two cores
seven to twelve seconds. llama.cpp can write down what it has worked out for them, and read that
back in a moment. A file is kept for each kind, in the user's cache; its name tells what it depends
on and what its bytes must be, so that another one is never used.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

SECONDS = 60
"""How long the server may take to write or to read a file of some 25 MB."""


def kept_folder() -> Path:
    """Return the folder of the files: in the user's cache, or of this process where that fails."""
    folder = platformdirs.user_cache_path("footnoted") / "beginnings"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="footnoted-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Beginnings:
    """The beginnings of one server's prompts, each read once and then kept in a slot of its own."""

    def __init__(self, address: str, key: str, folder: Path, weights: Path) -> None:
        """Name the server, the `folder` that it writes to, and the file of weights that it runs.

        One file is told from another by its path, size and time: it has a gigabyte to be read.
        """
        import httpx

        self._failed = (OSError, httpx.HTTPError)
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=SECONDS,
            trust_env=False,
        )
        self._folder = folder
        known = weights.stat()
        told = (weights.resolve(), known.st_size, known.st_mtime_ns)
        self._depends = [*map(str, told), version("xllamacpp")]
        self._locks: dict[str, tuple[int, Lock]] = {}
        self._making = Lock()
        self._there: set[str] = set()

    def have(self, kind: str, messages: Sequence[ChatMessage], read: Callable[[int], None]) -> None:
        """Have the beginning of a kind of prompt in its slot: out of its file, or by reading it.

        `messages` is all of it. `read` has the server read it in the slot of this number.
        """
        with self._making:
            slot, lock = self._locks.setdefault(kind, (len(self._locks), Lock()))
        with lock:
            if kind in self._there:
                return
            name = self._name(kind, messages)
            if not self._restored(slot, name):
                read(slot)
                self._keep(slot, name)
            self._there.add(kind)

    def _name(self, kind: str, messages: Sequence[ChatMessage]) -> str:
        said = [(message.role.value, message.content) for message in messages]
        depends = json.dumps([*self._depends, said]).encode()
        return f"{kind}-{hashlib.sha256(depends).hexdigest()[:16]}"

    def _restored(self, slot: int, name: str) -> bool:
        """Have the server read the file, if there is one and it is what it should be."""
        for path in self._folder.glob(f"{name}-*.bin"):
            with suppress(*self._failed):
                if path.stem.endswith(f"-{_sha256(path)}"):
                    return self._ask(slot, "restore", path.name)
        return False

    def _keep(self, slot: int, name: str) -> None:
        """Have the server write the file: whole, or it is not there. Without it all else works."""
        part = self._folder / f"{name}.{id(self):x}.part"
        with suppress(*self._failed):
            if self._ask(slot, "save", part.name):
                part.replace(self._folder / f"{name}-{_sha256(part)}.bin")
        with suppress(OSError):
            part.unlink(missing_ok=True)
            kind = name.partition("-")[0]
            for old in self._folder.glob(f"{kind}-*.bin"):
                if not old.name.startswith(name):
                    old.unlink()

    def _ask(self, slot: int, action: str, name: str) -> bool:
        answer = self._client.post(f"/slots/{slot}?action={action}", json={"filename": name})
        return answer.is_success


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
