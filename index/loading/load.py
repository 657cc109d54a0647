"""A file or an address becomes a `Document`.

    load("paper.pdf")                      a file on this computer
    load("https://example.org/article")    a page or file on the web
    load_bytes(data, "paper.pdf")          an upload

The readers of the formats are functions from bytes to `Content`: in `load_text` (plain text and
Markdown), `load_html` (web pages and EPUB), `load_docx` and `load_pdf`.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from index.documents import Document, Properties, source_name
from index.errors import DocumentError
from index.loading.formats import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_TEXT_BYTES,
    Limits,
    kind_of_ending,
    loader_of,
    megabytes,
)
from index.loading.text import Content, read_markdown, read_text
from index.printable import title_line

MAX_UNPACKED_BYTES = 500_000_000
"""What a .docx or .epub may unpack to; one that is made to fill the memory claims far more."""


def load(
    source: str | Path,
    *,
    private: bool = False,
    max_bytes: int = MAX_BYTES,
    max_text_bytes: int = MAX_TEXT_BYTES,
    max_characters: int = MAX_CHARACTERS,
) -> Document:
    """Read a file, or fetch an address that starts with http:// or https://.

    Addresses of this machine and of its network are fetched only where `private` says so.

    Raises `DocumentError`, in words for the user, for whatever cannot become a document.
    """
    limits = Limits(max_bytes, max_text_bytes, max_characters)
    if not str(source).strip():
        raise DocumentError("No file or address was given.")
    scheme = _scheme(source)
    if scheme is None:
        path = _existing(source)
        kind = kind_of_ending(path.name)
        return _document(_read(path, kind, limits), kind, path.name, str(path), limits)
    if scheme not in ("http", "https"):
        raise DocumentError(
            f"{title_line(str(source))} cannot be opened:"
            " only files and http:// or https:// addresses can be."
        )
    from index.loading.address import fetch, name_of

    found = fetch(str(source), limits, private=private)
    name = name_of(found.address)
    return _document(found.data, found.kind, name, found.address, limits, found.charset)


def fingerprint(source: str | Path) -> tuple[str, str, str] | None:
    """Return a file's path, the SHA-256 of its bytes, and what would read it.

    None for an address, since nobody knows what is there before it is fetched.

    Raises `DocumentError` for a file that `load` would not read either.
    """
    if _scheme(source) is not None or not str(source).strip():
        return None
    path = _existing(source)
    kind = kind_of_ending(path.name)
    data = _read(path, kind, Limits())
    return str(path), hashlib.sha256(data).hexdigest(), loader_of(kind)


def load_bytes(
    data: bytes,
    name: str,
    *,
    source: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_text_bytes: int = MAX_TEXT_BYTES,
    max_characters: int = MAX_CHARACTERS,
) -> Document:
    """Make a document of an upload; of the name only the last part is used, never as a path."""
    limits = Limits(max_bytes, max_text_bytes, max_characters)
    name = title_line(source_name(name)) or "upload"
    kind = kind_of_ending(name)
    limits.check_size(name, kind, len(data))
    return _document(data, kind, name, source or name, limits)


def _document(
    data: bytes, kind: str, name: str, source: str, limits: Limits, charset: str | None = None
) -> Document:
    if not data:
        raise DocumentError(f"{name} is empty: it holds 0 bytes.")
    try:
        content = _content(data, kind, charset)
    except DocumentError as error:  # The readers do not know what they read is called.
        raise DocumentError(str(error).replace("{name}", name)) from error.__cause__
    if not content.text.strip():
        what = "nothing but white space" if kind in ("text", "markdown") else "no text"
        raise DocumentError(f"There is {what} in {name}.")
    if len(content.text) > limits.max_characters:
        raise DocumentError(
            f"{name} holds {len(content.text):,} characters of text;"
            f" up to {limits.max_characters:,} can be read. Split it into smaller files."
        )
    return Document.of(
        content.text,
        title=title_line(content.title or "") or title_line(PurePosixPath(name).stem) or name,
        source=source,
        headings=content.headings,
        pages=content.pages,
        loader=loader_of(kind),
        properties=cleaned(content.properties),
        styles=content.styles,
        file=data if kind == "pdf" else None,  # Its pages can be drawn.
        read_sha256=hashlib.sha256(data).hexdigest(),
    )


def cleaned(properties: Properties) -> Properties:
    """Return properties as they may be shown, each on one line, without those that say nothing."""
    given = {name: title_line(value or "") for name, value in asdict(properties).items()}
    return Properties(**{name: value or None for name, value in given.items()})


def _content(data: bytes, kind: str, charset: str | None) -> Content:
    if kind == "text":
        return read_text(data, charset)
    if kind == "markdown":
        return read_markdown(data, charset)
    if kind == "html":
        from index.loading.html import read_html

        return read_html(data, charset)
    if kind == "pdf":
        from index.loading.pdf import read_pdf

        return read_pdf(data)
    _check_zip(data, kind)
    if kind == "docx":
        from index.loading.docx import read_docx

        return read_docx(data)
    from index.loading.html import read_epub

    return read_epub(data)


def _check_zip(data: bytes, kind: str) -> None:
    if kind == "docx" and data.startswith(b"\xd0\xcf\x11\xe0"):  # What Office wraps both in.
        raise DocumentError(
            "{name} is protected with a password, or is an old .doc file. Save it as .docx without"
            " a password and give that."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                raise DocumentError(
                    f"{{name}} would unpack to {megabytes(unpacked)}, and up to"
                    f" {megabytes(MAX_UNPACKED_BYTES)} can be read. Split it into smaller files."
                )
            # Here, since the readers fail in many ways on an archive with a broken part.
            if (broken := archive.testzip()) is not None:
                raise zipfile.BadZipFile(broken)
    except NotImplementedError as error:
        raise DocumentError(
            "{name} is packed in a way that cannot be read. Save it anew."
        ) from error
    except RuntimeError as error:  # zipfile has no error of its own for this.
        raise DocumentError(
            "{name} is protected with a password. Save a copy without it and give that."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise DocumentError(f"{{name}} is damaged, or is not a .{kind} file.") from error


def _scheme(source: str | Path) -> str | None:
    """Return what an address begins with, in small letters; None for a file."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", str(source))
    return None if found is None or isinstance(source, Path) else found[1].lower()


def _existing(source: str | Path) -> Path:
    shown = title_line(str(source))
    try:
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            example = Path(source) / "*.txt"
            raise DocumentError(
                f"{shown} is a folder: give the files in it, for example {example}."
            )
        if not path.exists():
            raise DocumentError(f"There is no file {shown}. Check the name and the folder.")
        if not path.is_file():
            raise DocumentError(f"{shown} is not an ordinary file and cannot be read.")
    # RuntimeError: links in a circle, or a home folder that is not known.
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
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error).rstrip(".")
    return DocumentError(f"{name} cannot be read: {reason}.")
