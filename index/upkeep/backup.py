"""Back up a library into one file, while it is in use, and restore it.

The file is a tar archive. Its first member is `manifest.json`, with the length and the SHA-256 of
all others: `library.db`, `log.db` if there is one, and Chroma's files, unless a server holds them.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from index.atomic import sync_folder
from index.documents import file_sha256
from index.errors import LibraryError
from index.library import Library
from index.storage.database import Database, Place

FORMAT = 1
_MANIFEST = "manifest.json"
_MEMBER = re.compile(r"(library|log)\.db|vectors-[0-9a-f]{12}/([\w-]+/)?[\w-]+(\.[\w-]+)?")
_MOST_MANIFEST = 10_000_000
"""The largest manifest that is read, in bytes."""


def back_up(library: Library, path: Path) -> int:
    """Write a library into one file, completely or not at all; return the file's size in bytes.

    Others may read meanwhile, but writers wait.

    Raises LibraryError if there is no library, or if the file cannot be written.
    """
    if not library.store.exists:
        raise LibraryError(f"There is no library in {library.place}: nothing to back up.")
    if isinstance(library.place, Database):
        raise LibraryError(
            "Back up a library in a database with PostgreSQL's own tools, even while it is in "
            f"use: `pg_dump --format=custom --schema={library.place.schema} --file="
            f"{shlex.quote(str(path))} {shlex.quote(str(library.place))}`."
        )
    if path.is_dir():
        raise LibraryError(f"{path} is a folder: give the name of a file that is to be written.")
    with (
        _explained(path),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as at,
    ):
        staged, part = Path(at) / "library", Path(at) / "part"
        staged.mkdir()
        with library.lock():
            _copy(library, staged)
        _pack(staged, part)
        part.replace(path)
        sync_folder(path.parent)
    return path.stat().st_size


def restore(path: Path, folder: Place) -> None:
    """Restore a library from a backup into a folder, completely or not at all.

    Raises LibraryError if the folder is not empty, or if the file is not a backup or is damaged.
    """
    if isinstance(folder, Database):
        raise LibraryError(
            "Restore a library in a database with PostgreSQL's own tools: `pg_restore "
            f"--dbname={shlex.quote(str(folder))} {shlex.quote(str(path))}`, after CREATE "
            "EXTENSION vector; or give a folder with --library."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LibraryError(
            f"{folder} is not empty. Give a new folder with --library; nothing was changed."
        )
    with _explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as at:
            staged = Path(at) / "library"
            staged.mkdir()
            try:
                _unpack(path, staged)
            except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
                raise LibraryError(
                    f"{path} is not a backup of a library, or is damaged. Nothing was changed."
                ) from error
            staged.replace(folder)
            sync_folder(folder.parent)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = error.filename or path
        raise LibraryError(f"{name}: {error.strerror or error}. Nothing was changed.") from error
    except sqlite3.Error as error:
        raise LibraryError(
            f"The library cannot be read ({error}): `footnoted library check` says what is wrong."
        ) from error


def _copy(library: Library, staged: Path) -> None:
    """Copy a library's files as a consistent snapshot. The caller holds the lock."""
    folder = library.folder
    vectors = folder / library.store.meta()["vectors"]
    for path in (folder / "library.db", folder / "log.db", *sorted(vectors.rglob("*"))):
        copied = staged / path.relative_to(folder)
        if path.is_file():
            copied.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in (".db", ".sqlite3"):
                _copy_database(path, copied)  # Even readers write to Chroma's files and the log.
            else:
                shutil.copyfile(path, copied)


def _copy_database(path: Path, copied: Path) -> None:
    address = f"{path.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=60)) as old,
        closing(sqlite3.connect(copied)) as new,
    ):
        old.backup(new)


def _pack(staged: Path, part: Path) -> None:
    files = {
        path.relative_to(staged).as_posix(): path
        for path in sorted(staged.rglob("*"))
        if path.is_file()
    }
    entries = {
        name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for name, path in files.items()
    }
    manifest = json.dumps({"format": FORMAT, "files": entries}, indent=2).encode()
    with tarfile.open(part, "w") as archive:
        member = tarfile.TarInfo(_MANIFEST)
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
        for name, path in files.items():
            archive.add(path, name, filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an archive member without owner and times."""
    plain = tarfile.TarInfo(member.name)
    plain.size, plain.mode = member.size, 0o600
    return plain


def _unpack(path: Path, staged: Path) -> None:
    """Extract a backup, but only the files that its manifest names.

    Raises ValueError or KeyError if a file is not as the manifest says.
    """
    with tarfile.open(path, "r:") as archive:
        files = _manifest(archive)
        for member in iter(archive.next, None):
            entry = files.pop(member.name)
            if not member.isreg() or member.size != entry["bytes"]:
                raise ValueError(member.name)
            copied = staged / member.name
            copied.parent.mkdir(parents=True, exist_ok=True)
            held = archive.extractfile(member)
            if held is None:
                raise ValueError(member.name)
            with held, copied.open("wb") as file:
                shutil.copyfileobj(held, file)
            if file_sha256(copied) != entry["sha256"]:
                raise ValueError(member.name)
    if files or not (staged / "library.db").exists():
        raise ValueError("files are missing")


def _manifest(archive: tarfile.TarFile) -> dict[str, dict[str, Any]]:
    first = archive.next()
    if first is None or first.name != _MANIFEST or first.size > _MOST_MANIFEST:
        raise ValueError("there is no manifest")
    held = archive.extractfile(first)
    if held is None:
        raise ValueError("the manifest is no file")
    manifest = json.loads(held.read())
    files: dict[str, dict[str, Any]] = manifest["files"]
    if manifest["format"] != FORMAT or not all(map(_MEMBER.fullmatch, files)):
        raise ValueError("the manifest names other files than a library's")
    return files
