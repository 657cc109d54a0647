"""A cache on disk of the state of the default weights after the prompts' beginnings.

Each kind of prompt that is answered without an adapter begins with its examples, 500 to 850 tokens,
and reading these takes two cores seven to twelve seconds. llama.cpp can save its state after them,
and restore that in a moment. There is a file for each beginning, in the user's cache. Its name has
a hash of what the state depends on and a hash of its bytes, so that a wrong file is never used.

Each such prompt starts from its file, so that its answer does not depend on earlier requests:
llama.cpp's sums differ a little with what else it holds, by 0.06 in the probability of a word.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Condition, Lock
from typing import TYPE_CHECKING

import httpx
import platformdirs

from index.documents import file_sha256

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

SECONDS = 60
"""How long the server may take to write or to read a file of about 25 MB."""

KEPT = 8
"""The newest files, which are kept: there are seven kinds of prompts."""

UNFINISHED_SECONDS = 3600
"""The age from which an unfinished file must be from a program that was killed."""


def kept_folder() -> Path:
    """Return the folder of the files: in the user's cache, or a temporary one if that fails."""
    folder = platformdirs.user_cache_path("footnoted") / "beginnings"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="footnoted-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class PrefixCache:
    """The slots of one server. While in use, each holds a beginning and nothing else.

    A slot that is used with an adapter is empty.
    """

    def __init__(self, address: str, key: str, folder: Path, weights: Path, slots: int) -> None:
        """Name the server, the `folder` that it writes to, and the file of its weights.

        The weights are identified by their path, size and time: hashing would read a gigabyte.
        """
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=SECONDS,
            trust_env=False,
        )
        self._folder = folder
        known = weights.stat()
        identity = (weights.resolve(), known.st_size, known.st_mtime_ns)
        self._depends = [*map(str, identity), version("xllamacpp")]
        self._free = list(range(slots))
        self._freed = Condition()
        self._held: dict[int, str] = {}
        self._adapted: set[int] = set()
        self._making = Lock()

    @contextmanager
    def slot(
        self,
        beginning: Sequence[ChatMessage],
        read: Callable[[int], None],
        clear: Callable[[int], None],
    ) -> Iterator[int]:
        """Yield a slot that nobody else uses meanwhile, with the beginning of a prompt in it.

        The beginning is restored from its file; if there is none, `read` has the server read it in
        the slot with the given number. If the slot's last request had an adapter, `clear` first
        makes any request without one there, since such a request loses what the slot holds.
        """
        with self._taken(adapted=False) as slot:
            if slot in self._adapted:
                clear(slot)
                self._adapted.remove(slot)
            self._fill(slot, self._name(beginning), read)
            yield slot

    @contextmanager
    def adapted_slot(self) -> Iterator[int]:
        """Yield a slot that nobody else uses meanwhile, for a request with an adapter."""
        with self._taken(adapted=True) as slot:
            self._held.pop(slot, None)
            self._adapted.add(slot)
            yield slot

    @contextmanager
    def _taken(self, *, adapted: bool) -> Iterator[int]:
        """Yield a free slot, preferably one whose last request was also (not) `adapted`."""
        with self._freed:
            self._freed.wait_for(lambda: self._free)
            slot = max(self._free, key=lambda each: (each in self._adapted) is adapted)
            self._free.remove(slot)
        try:
            yield slot
        finally:
            with self._freed:
                self._free.insert(0, slot)
                self._freed.notify()

    def _fill(self, slot: int, name: str, read: Callable[[int], None]) -> None:
        if not self._restored(slot, name):
            with self._making:
                # Another thread may just have saved it. If saving fails, the slot still holds it.
                if not self._restored(slot, name) and self._held.get(slot) != name:
                    self._held.pop(slot, None)
                    self._ask(slot, "erase")
                    read(slot)
                    self._keep(slot, name)
        self._held[slot] = name

    def _name(self, beginning: Sequence[ChatMessage]) -> str:
        said = [(message.role.value, message.content) for message in beginning]
        return hashlib.sha256(json.dumps([*self._depends, said]).encode()).hexdigest()[:16]

    def _restored(self, slot: int, name: str) -> bool:
        """Have the server restore a beginning's file, if there is one with the right bytes."""
        for path in self._folder.glob(f"{name}-*.bin"):
            with suppress(OSError):
                if path.stem.endswith(f"-{file_sha256(path)[:32]}"):
                    return self._ask(slot, "restore", path.name)
        return False

    def _keep(self, slot: int, name: str) -> None:
        """Have the server save a beginning's file atomically. Everything works without it."""
        part = self._folder / f"{name}.{id(self):x}.part"
        with suppress(OSError):
            if self._ask(slot, "save", part.name):
                part.replace(self._folder / f"{name}-{file_sha256(part)[:32]}.bin")
        with suppress(OSError):
            part.unlink(missing_ok=True)
            self._sweep()

    def _sweep(self) -> None:
        """Delete the files of other prompts and weights, and unfinished files."""
        whole = sorted(self._folder.glob("*.bin"), key=lambda path: path.stat().st_mtime)
        for old in whole[:-KEPT]:
            old.unlink(missing_ok=True)
        for part in self._folder.glob("*.part"):
            if part.stat().st_mtime < time.time() - UNFINISHED_SECONDS:
                part.unlink(missing_ok=True)

    def _ask(self, slot: int, action: str, name: str = "") -> bool:
        """Have the server perform an action on a slot; return whether it did."""
        with suppress(OSError, httpx.HTTPError):
            body = {"filename": name} if name else {}
            return self._client.post(f"/slots/{slot}?action={action}", json=body).is_success
        return False
