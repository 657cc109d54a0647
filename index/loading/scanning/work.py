"""Recognize the pages of a file, two at a time, and keep each until all are done.

A page takes seconds, and a file may have hundreds. Finished pages are kept in a folder, one file
per page, so that an interrupted reading continues where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from index.atomic import write_whole
from index.documents import Scan
from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.sandbox import scan_sandboxed
from index.loading.scanning.recognition import PAGES_AT_ONCE
from index.loading.scanning.words import from_json

Progress = Callable[[int, int], None]
"""Called with the number of pages done, and of pages in total."""

MOST_PAGES = 3000
"""The longest scan that is read: some six hours on two cores."""

FORM = 2
"""The version of the kept pages; raise it when words are recognized or stored differently."""

_LIMITS = Limits(max_seconds=300)
"""For one page, which takes a second to half a minute on an otherwise idle machine."""


def scan(
    data: bytes, kind: str, pages: Sequence[int], progress: Progress | None, kept: Path | None
) -> list[Scan]:
    """Recognize pages of a file; `kept` is a folder for finished pages.

    Raises DocumentError, which calls the file {name}, if that is not possible.
    """
    if len(pages) > MOST_PAGES:
        raise DocumentError(
            f"{{name}} has {len(pages):,} pages that are pictures, and up to {MOST_PAGES:,} can be"
            " read. Split it into smaller files."
        )
    sha256 = hashlib.sha256(data).hexdigest()
    folder = kept and folder_of(kept, sha256)
    done = {page: found for page in pages if folder and (found := _kept(folder, page))}

    def tell() -> None:
        if progress:
            progress(len(done), len(pages))

    tell()
    pool = ThreadPoolExecutor(PAGES_AT_ONCE)
    try:
        asked: dict[Future[Scan], int] = {
            pool.submit(scan_sandboxed, data, sha256, kind, page, _LIMITS): page
            for page in pages
            if page not in done
        }
        for future in as_completed(asked):
            done[asked[future]] = found = future.result()
            if folder:
                _keep(folder, found)
            tell()
    finally:  # Also after Ctrl-C: pages that nobody waits for are not begun.
        pool.shutdown(wait=False, cancel_futures=True)
    return [done[page] for page in pages]


def folder_of(kept: Path, sha256: str) -> Path:
    """Return the folder for a file's finished pages."""
    return kept / sha256


def forget(kept: Path, sha256: str) -> None:
    """Delete the kept pages of a file, which is in the library now."""
    shutil.rmtree(folder_of(kept, sha256), ignore_errors=True)
    with suppress(OSError):
        kept.rmdir()  # Fails if something else is kept.


def _path(folder: Path, page: int) -> Path:
    return folder / f"{page}-{FORM}-{version('rapidocr')}.json"


def _keep(folder: Path, found: Scan) -> None:
    # If it cannot be written, the page is used but not kept.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(_path(folder, found.page), json.dumps(asdict(found)).encode())


def _kept(folder: Path, page: int) -> Scan | None:
    """Return a kept page; None if there is none or it is damaged, so that it is read again."""
    try:
        found = Scan(**json.loads(_path(folder, page).read_bytes()))
        from_json(found.words)
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return found if found.page == page else None
