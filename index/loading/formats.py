"""The formats that can be read, how they are recognized, and the limits on files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePosixPath

from index.errors import DocumentError

MAX_BYTES = 200_000_000
"""The largest file that is read."""

ENDINGS = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".csv": "csv",
    ".tsv": "tsv",
    ".ods": "ods",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".odp": "odp",
    ".odt": "odt",
    ".rtf": "rtf",
    ".eml": "eml",
    ".vtt": "vtt",
    ".srt": "srt",
    ".json": "json",
    ".jsonl": "json",
    ".xml": "xml",
    **dict.fromkeys(".png .jpg .jpeg .tif .tiff .webp .heic .heif".split(), "image"),
}
"""The file endings that can be read, and their formats."""

OLDER = {
    ".doc": ".docx",
    ".xls": ".xlsx",
    ".xlsb": ".xlsx",
    ".ppt": ".pptx",
    ".pps": ".pptx",
    ".msg": ".eml",
}
"""Endings of formats that only their own programs read well, and what these can save instead."""

MEDIA_TYPES = {
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/epub+zip": "epub",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "message/rfc822": "eml",
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "application/json": "json",
    "application/jsonl": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    **{f"image/{name}": "image" for name in ("png", "jpeg", "tiff", "webp", "heic", "heif")},
}
"""The same formats by media type, as web servers send it."""

VERSIONS = {
    "text": 1,
    "markdown": 1,
    "html": 5,
    "pdf": 9,
    "docx": 4,
    "epub": 4,
    "xlsx": 1,
    "csv": 1,
    "tsv": 1,
    "ods": 1,
    "pptx": 1,
    "odp": 1,
    "odt": 1,
    "rtf": 1,
    "eml": 2,
    "vtt": 1,
    "srt": 1,
    "json": 1,
    "xml": 1,
    "image": 2,
}
"""The version of each format's reader. Raise it with every change to what is extracted from files
(text, headings, pages, properties, styles, the file itself): libraries then know which documents to
read again."""

ALL_TEXT = frozenset("text markdown html csv tsv vtt srt json xml".split())
"""The plain-text formats."""


def loader_of(kind: str) -> str:
    """Return the name of a format's current loader, as documents record it: "pdf 1"."""
    return f"{kind} {VERSIONS[kind]}"


READS_PICTURES = find_spec("rapidocr") is not None
"""Whether text recognition in pictures is installed (the extra `scans`)."""

UNREAD = ", pictures unread"
"""Added to the loader's name if pictures were skipped because `scans` is not installed."""

_ENDS = ("",) if READS_PICTURES else ("", UNREAD)
CURRENT = frozenset(["", *(loader_of(kind) + end for kind in VERSIONS for end in _ENDS)])
"""The current loaders, as documents record them; a text that a program passed in has none. Once
pictures can be read, documents whose pictures were skipped are no longer current."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the size of files, and on the memory and time for reading one."""

    max_bytes: int = MAX_BYTES
    max_text_bytes: int = 20_000_000
    """The largest file of a plain-text format: some forty novels."""
    max_characters: int = 20_000_000
    """The longest text extracted from a file."""
    max_unpacked_bytes: int = 500_000_000
    """The unpacked size of an archive; a ZIP bomb claims far more."""
    max_memory: int = 2_000_000_000
    """The memory of a process that reads a file, including the process itself and the file."""
    max_seconds: float = 600.0
    """How long reading a file may take: thousands of pages of a PDF take minutes."""

    def check_size(self, name: str, kind: str, size: int) -> None:
        """Refuse a file of this format that is larger than the limit."""
        limit = self.bytes_of(kind)
        if size > limit:
            raise DocumentError(
                f"{name} is too large: up to {megabytes(limit)} of such a file can be read."
                " Split it into smaller ones."
            )

    def bytes_of(self, kind: str) -> int:
        """Return the limit for a file of this format."""
        return self.max_text_bytes if kind in ALL_TEXT else self.max_bytes


LIMITS = Limits()
"""The default limits."""


def kind_of_ending(name: str) -> str:
    """Return the format that a file's name stands for.

    Raises DocumentError for an ending that cannot be read.
    """
    ending = PurePosixPath(name).suffix.lower()
    if newer := OLDER.get(ending):
        raise DocumentError(
            f"{name} is in an old format that cannot be read. Save it as {newer} in its program,"
            " and use that file."
        )
    if ending not in ENDINGS:
        what = f"files that end in {ending}" if ending else "files without an ending"
        raise DocumentError(
            f"{name}: {what} cannot be read. These can be read: {', '.join(ENDINGS)}."
        )
    return ENDINGS[ending]


def megabytes(size: int) -> str:
    """Return a size in bytes in readable form."""
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"
