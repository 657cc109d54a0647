"""Turn a file or an address into a `Document`.

    load("paper.pdf")                      a file on this computer
    load("https://example.org/article")    a page or file on the web
    load_bytes(data, "paper.pdf")          an upload

Files are parsed in a sandboxed process: `sandbox.py` starts it, and it runs `parsing.py`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pathspec import GitIgnoreSpec

from index.documents import Document, Properties, Scan, source_name
from index.errors import DocumentError, UserError, reason
from index.loading.archive import ENDING, Archive, archive_at, in_archive, may_hold_files
from index.loading.formats import (
    ENDINGS,
    LIMITS,
    READS_PICTURES,
    UNREAD,
    Limits,
    kind_of_ending,
    loader_of,
)
from index.loading.sandbox import read_sandboxed
from index.loading.scanning.work import Progress, scan
from index.printable import path_line, title_line


def load(
    source: str | Path,
    *,
    private: bool = False,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> Document:
    """Read a file, or fetch an address that starts with http:// or https://.

    Addresses of this machine and of its network are fetched only if `private` allows it. While
    pages are read from pictures, `progress` is called with their number, and finished pages are
    kept in the folder `kept`, so that an interrupted reading can continue.

    Raises `DocumentError`, in words for the user, for whatever cannot become a document.
    """
    if not str(source).strip():
        raise DocumentError("No file or address was given.")
    scheme = _scheme(source)
    if scheme is None:
        path, data = _file(source, limits)
        kind = kind_of_ending(path.name)
        return _document(data, kind, path.name, str(path), limits, progress=progress, kept=kept)
    if scheme not in ("http", "https"):
        raise DocumentError(
            f"{path_line(str(source))} cannot be opened:"
            " only files and http:// or https:// addresses can be."
        )
    from index.loading.address import fetch, name_of

    found = fetch(str(source), limits, private=private)
    name = name_of(found.address)
    about = (found.kind, name, found.address, limits, found.charset)
    return _document(found.data, *about, progress=progress, kept=kept)


@dataclass(frozen=True, slots=True)
class Folder:
    """The readable files below a folder, sorted.

    Archives are among the `files`, whether or not their contents can be read. `others` counts the
    remaining files by ending, and `left_out` those that patterns exclude.
    """

    path: Path
    files: tuple[Path, ...]
    others: Counter[str]
    left_out: int = 0


IGNORED = ".footnotedignore"
"""The file in a folder that lists what to leave out of it, like .gitignore."""


def folder(
    source: str | Path, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Folder | None:
    """Return what is below a folder; None if the source is not a folder.

    Hidden files and folders are skipped, and so are links, which could lead out of it. Patterns are
    those of .gitignore: files that match `exclude` or the folder's own `.footnotedignore` are left
    out, and, with `include`, so are files that do not match it.

    Raises `DocumentError` if a folder cannot be read.
    """
    try:
        given = Path(source)
        if _scheme(source) is not None or not given.is_dir():
            return None
    except (OSError, ValueError):  # It is not a valid path: `load` says why.
        return None
    try:
        path, files, others, left_out = given.resolve(), [], Counter[str](), 0
        own = path / IGNORED
        ignored = own.read_text("utf-8", "replace").splitlines() if own.is_file() else []
        wanted, unwanted = _like(include), _like([*ignored, *exclude])
        for at, folders, names in os.walk(path, onerror=_raise):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                file = Path(at) / name
                if name.startswith(".") or file.is_symlink():
                    continue
                inside = file.relative_to(path).as_posix()
                if unwanted.match_file(inside) or (include and not wanted.match_file(inside)):
                    left_out += 1
                elif file.suffix.lower() in (ENDING, *ENDINGS):
                    files.append(file)
                else:
                    others[file.suffix.lower() or name] += 1
    except OSError as error:
        raise _unreadable(path_line(str(source)), error) from error
    return Folder(path, tuple(sorted(files)), others, left_out)


def members(source: str | Path) -> Archive | None:
    """Return the contents of an archive or a mail; None for other files. Raises as `load` does."""
    if _scheme(source) is not None or not may_hold_files(Path(source)):
        return None
    return archive_at(_existing(source))


def is_gone(source: str) -> bool:
    """Whether a file, or a member of an archive, no longer exists."""
    try:
        if inside := in_archive(source):
            archive = archive_at(inside[0])
            return archive is not None and inside[1] not in archive.files
        return not Path(source).exists()
    except DocumentError:  # The archive is damaged, but it is there.
        return False


def load_address(
    address: str,
    *,
    private: bool = False,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> Document:
    """Fetch an address as `load` does, but never read a file of this computer.

    Raises `UserError` for what is not an address, else as `load` does.
    """
    if not address.lower().startswith(("http://", "https://")):
        raise UserError("Give an address that starts with http:// or https://, or upload the file.")
    return load(address, private=private, progress=progress, kept=kept)


def _like(patterns: Sequence[str]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise DocumentError(
            f"One of the patterns {', '.join(patterns)} is not valid: {error}"
        ) from error


def _raise(error: OSError) -> None:
    raise error


def fingerprint(source: str | Path) -> tuple[str, str, str] | None:
    """Return a file's path, the SHA-256 of its bytes, and its current loader.

    For an address, whose content is not known before it is fetched, return None.

    Raises `DocumentError` for a file that `load` would not read either.
    """
    if _scheme(source) is not None or not str(source).strip():
        return None
    path, data = _file(source, LIMITS)
    return str(path), hashlib.sha256(data).hexdigest(), loader_of(kind_of_ending(path.name))


def load_bytes(
    data: bytes,
    name: str,
    *,
    source: str | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
    kept: Path | None = None,
    scans: Sequence[Scan] = (),
) -> Document:
    """Make a document of an upload; only the last part of its name is used, never as a path.

    `progress` and `kept` are as for `load`. Pages in `scans` are not recognized again.
    """
    name = title_line(source_name(name)) or "upload"
    kind = kind_of_ending(name)
    limits.check_size(name, kind, len(data))
    given = (data, kind, name, source or name, limits)
    return _document(*given, progress=progress, kept=kept, scans=scans)


def _document(
    data: bytes,
    kind: str,
    name: str,
    source: str,
    limits: Limits,
    charset: str | None = None,
    *,
    progress: Progress | None,
    kept: Path | None,
    scans: Sequence[Scan] = (),
) -> Document:
    if not data:
        raise DocumentError(f"{name} is empty: it holds 0 bytes.")
    try:
        content = read_sandboxed(data, kind, charset, limits, scans)
        if content.unread and READS_PICTURES:
            scans = scan(data, kind, content.unread, progress, kept)
            content = read_sandboxed(data, kind, charset, limits, scans)
        elif content.unread and not content.text.strip():
            raise DocumentError(NOT_READ)
    except DocumentError as error:  # The readers do not know the file's name.
        raise DocumentError(str(error).replace("{name}", name)) from error.__cause__
    return Document.of(
        content.text,
        title=title_line(content.title or "") or title_line(PurePosixPath(name).stem) or name,
        source=source,
        headings=content.headings,
        pages=content.pages,
        loader=loader_of(kind) + (UNREAD if content.unread else ""),
        properties=cleaned(content.properties),
        styles=content.styles,
        scans=content.scans,
        file=data if kind in ("pdf", "image") else None,  # Its pages can be drawn.
        read_sha256=hashlib.sha256(data).hexdigest(),
    )


NOT_READ = (
    "{name} has no text in it: its pages are pictures. Run `pip install 'footnoted[scans]'` so"
    " that they can be read, then add the file again."
)


def cleaned(properties: Properties) -> Properties:
    """Return a file's properties in printable form, each on one line; empty ones become None."""
    own = dict.fromkeys(("tags", "written_in", "other_parts", "read_as"))  # Never the file's.
    given = asdict(properties) | own
    words = {name: title_line(value or "") for name, value in given.items()}
    said: dict[str, Any] = {name: value for name, value in words.items() if value}
    return Properties(**said)


def _scheme(source: str | Path) -> str | None:
    """Return the scheme of an address in lower case; None for a file."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", str(source))
    return None if found is None or isinstance(source, Path) else found[1].lower()


def _file(source: str | Path, limits: Limits) -> tuple[Path, bytes]:
    """Return the path and the content of a file, which may be in an archive."""
    if inside := in_archive(source):
        path = _existing(inside[0])
        if archive := archive_at(path):
            return path / inside[1], archive.read(inside[1], limits)
    path = _existing(source)
    if path.suffix.lower() == ENDING and (archive := archive_at(path)):
        raise DocumentError(
            f"{path_line(path.name)} is an archive: `footnoted add` adds the files in it."
            if archive.files
            else archive.nothing()
        )
    return path, _read(path, kind_of_ending(path.name), limits)


def _existing(source: str | Path) -> Path:
    shown = path_line(str(source))
    try:
        given = Path(source)  # "~$notes.docx" is a file's name, not a home folder.
        path = (given if given.exists() else given.expanduser()).resolve()
        if path.is_dir():
            example = Path(source) / "*.txt"
            raise DocumentError(
                f"{shown} is a folder: give the files in it, for example {example}."
            )
        if not path.exists():
            raise DocumentError(f"There is no file {shown}. Check the name and the folder.")
        if not path.is_file():
            raise DocumentError(f"{shown} is not an ordinary file and cannot be read.")
    # RuntimeError: circular links, or an unknown home folder.
    except (OSError, ValueError, RuntimeError) as error:
        raise _unreadable(shown, error) from error
    return path


def _read(path: Path, kind: str, limits: Limits) -> bytes:
    try:
        limits.check_size(path.name, kind, path.stat().st_size)
        with path.open("rb") as file:
            data = file.read(limits.bytes_of(kind) + 1)
    except OSError as error:
        raise _unreadable(path.name, error) from error
    limits.check_size(path.name, kind, len(data))  # It may have grown since.
    return data


def _unreadable(name: str, error: Exception) -> DocumentError:
    if isinstance(error, PermissionError):
        return DocumentError(
            f"There is no permission to read {name}. Change its rights, or give a copy."
        )
    why = error.strerror if isinstance(error, OSError) and error.strerror else reason(error)
    return DocumentError(f"{name} cannot be read: {why}.")
