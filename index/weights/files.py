"""Fetch whole files of weights, from a mirror that the user names or from their publisher.

A mirror is a folder, or an http(s) address, with `<model name>/<file>` in it, as in a models
directory. Publishers have their files on the Hugging Face hub. Wherever a file comes from, only its
hash makes it trustworthy (`download.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.errors import UserError, reason
from index.printable import without_password
from index.weights.catalogue import Model

_OFFLINE = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
WITHOUT_HUB = _OFFLINE.upper() in ("1", "ON", "YES", "TRUE")
"""Whether the user forbids calls to the hub. Read on import, since loading weights sets the same
variable later, for other packages."""

SECONDS = 10.0
"""How long to wait for a connection, and then for the next bytes."""

CHUNK = 1 << 20
"""How many bytes of a local file are read at a time."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that may have a model's files; `where` maps a file's name to its path or address."""

    name: str
    where: Callable[[str], str]


def places(model: Model, mirror: str | None) -> Iterator[Place]:
    """Yield the places to try for a model's files, in order: the mirror, then the publisher."""
    if mirror:
        folder = f"{mirror.rstrip('/')}/{model.name}"
        yield Place(f"the mirror {without_password(mirror)}", lambda name: f"{folder}/{name}")
    if model.hub and not WITHOUT_HUB:
        from huggingface_hub import hf_hub_url

        # Public files there need no token.
        yield Place(f"{model.hub} on the Hugging Face hub", partial(hf_hub_url, model.hub))


def bring(place: Place, name: str, path: Path, size: int, on_bytes: Callable[[int], None]) -> None:
    """Fetch a file of a known size, resuming where it stopped, and report the bytes so far.

    Raises UserError if the place does not have it, or has another number of bytes.
    """
    start = path.stat().st_size if path.exists() else 0
    if start >= size:
        return  # It is complete; whether it is the right file is for its hash to say.
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(place.where(name), start) as (begin, parts), path.open("ab") as file:
        file.truncate(begin)
        done = begin
        for part in parts:
            done += len(part)
            if done > size:
                break
            file.write(part)
            on_bytes(done)
        if done != size:
            file.truncate(begin)  # A file of another size is another file: keep nothing of it.
        file.flush()
        os.fsync(file.fileno())  # A later pull relies on the size, so it must be true.
    if done != size:
        than = "more" if done > size else f"{done:,}"
        raise UserError(f"{name} has {than} instead of {size:,} bytes there.")


@contextmanager
def _opened(where: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Open a file at an offset; yield the offset it really begins at, and its chunks from there."""
    import httpx

    if not where.startswith(("http://", "https://")):
        try:
            file = Path(where).expanduser().open("rb")
        except OSError as error:
            raise UserError(f"{error.strerror or reason(error)}.") from error
        with file:
            file.seek(start)
            yield start, iter(partial(file.read, CHUNK), b"")
        return
    wanted = {"accept-encoding": "identity", "range": f"bytes={start}-"}
    try:
        with httpx.stream(
            "GET", where, headers=wanted, follow_redirects=True, timeout=SECONDS
        ) as answer:
            answer.raise_for_status()
            is_rest = answer.status_code == httpx.codes.PARTIAL_CONTENT
            yield (start if is_rest else 0), answer.iter_bytes()
    except httpx.HTTPStatusError as error:
        raise UserError(f"It answers with {error.response.status_code}.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UserError(f"{reason(error)}.") from error
