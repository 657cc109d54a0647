"""Treat a ZIP as a folder: the names of its files are keys, never paths on the disk.

    archive_at("papers.zip").members       ("papers.zip/one.pdf", "papers.zip/more/two.docx")
    load("papers.zip/more/two.docx")       one of them as a document
    archive_at("mail.eml").members         ("mail.eml", "mail.eml/plan.pdf")

The list of a ZIP's files is read in a sandboxed process, where an endless list does no harm. This
process unpacks single files, each up to the limit of its format. Nothing is written to the disk.

A mail is both a document and an archive of its attachments, which the sandboxed process packs into
a ZIP.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from index.documents import source_name
from index.errors import DocumentError
from index.loading.formats import ENDINGS, LIMITS, Limits, kind_of_ending, megabytes
from index.loading.sandbox import in_sandbox
from index.printable import path_line

ENDING = ".zip"
MAIL = ".eml"

MOST_FILES = 5_000
"""The most files in an archive; a larger one must be unpacked and added as a folder."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Other compression methods could need gigabytes of memory to unpack a few bytes."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The contents of a ZIP, or of a mail (`mail`), which is also a document itself.

    `files` can be read, `archives` are not opened, and `others` counts the unknown formats.
    `source` is the archive's own path or name.
    """

    source: str
    files: Mapping[str, zipfile.ZipInfo]
    archives: tuple[str, ...]
    others: Counter[str]
    zipped: zipfile.ZipFile
    mail: bool = False

    @property
    def members(self) -> tuple[str, ...]:
        """The sources of the documents that can be read."""
        own = (self.source,) if self.mail else ()
        return (*own, *(f"{self.source}/{name}" for name in self.files))

    def not_opened(self, inner: str) -> str:
        """Tell the user that one of the `archives` is not opened, and what to do."""
        where = "an email" if self.mail else "an archive"
        return (
            f"{path_line(inner)} is an archive in {where}, and is not opened. Unpack it and add its"
            " files."
        )

    def nothing(self) -> str:
        """Tell the user that there are no `files` that can be read, and what to do."""
        inner = " The archives in it are not opened: unpack it and add their files."
        name = source_name(self.source)
        return f"{name} holds no files that can be read.{inner if self.archives else ''}"

    def read(self, name: str, limits: Limits = LIMITS) -> bytes:
        """Unpack a file by its name in the archive.

        Raises DocumentError for a file that is not there, is too large, or cannot be unpacked.
        """
        shown, kind = f"{path_line(name)} in {source_name(self.source)}", kind_of_ending(name)
        member = self.files.get(name)
        if member is None:
            raise DocumentError(f"There is no file {shown}.")
        limits.check_size(shown, kind, member.file_size)
        try:
            if member.compress_type not in _METHODS:
                raise NotImplementedError
            with self.zipped.open(member) as packed:
                return packed.read(limits.bytes_of(kind) + 1)
        except NotImplementedError as error:
            raise DocumentError(
                f"{shown} is packed in a way that cannot be read. Unpack it and give the file."
            ) from error
        except RuntimeError as error:  # zipfile has no error of its own for this.
            raise DocumentError(
                f"{shown} is protected with a password. Unpack it and give the file."
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise DocumentError(f"{shown} is damaged.") from error


def archive_at(path: Path) -> Archive | None:
    """Return the contents of an archive on the disk; None for a file that is not one by its name.

    Raises DocumentError if it cannot be read.
    """
    if not may_hold_files(path) or not path.is_file():
        return None
    path = path.resolve()
    said = path.stat()
    return _archive_at(path, said.st_mtime_ns, said.st_size)


def may_hold_files(path: Path) -> bool:
    """Whether a file is an archive or a mail, by its name."""
    return path.suffix.lower() in (ENDING, MAIL)


def in_archive(source: str | Path) -> tuple[Path, str] | None:
    """Return the archive that a source is in and its name there; None if it is not in one."""
    with suppress(OSError, ValueError):  # It is not a valid path.
        path = Path(source)
        for outer in reversed(path.parents):
            if may_hold_files(outer) and outer.is_file():
                return outer, path.relative_to(outer).as_posix()
    return None


@lru_cache(maxsize=8)
def _archive_at(path: Path, _changed: int, size: int) -> Archive:
    if size > LIMITS.max_bytes:
        raise DocumentError(
            f"{path_line(path.name)} is too large: up to {megabytes(LIMITS.max_bytes)} of an"
            " archive can be read. Unpack it and add the folder."
        )
    data, source = path.read_bytes(), str(path)
    name = source_name(source)
    mail = source.lower().endswith(MAIL)
    try:
        names, made = in_sandbox({"do": "attachments" if mail else "list"}, data, LIMITS)
        opened = zipfile.ZipFile(io.BytesIO(made) if mail else path)
    except DocumentError as error:
        raise DocumentError(str(error).replace("{name}", name)) from error.__cause__
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise DocumentError(f"{name} is damaged, or is not an archive.") from error
    members = {_plain(each.filename): each for each in opened.infolist() if not each.is_dir()}
    files: dict[str, zipfile.ZipInfo] = {}
    archives: list[str] = []
    others: Counter[str] = Counter()
    for each in sorted(set(names) & set(members)):
        ending = PurePosixPath(each).suffix.lower()
        if _is_hidden(each):
            continue
        if ending == ENDING:
            archives.append(each)
        elif ending in ENDINGS and _is_name(each):
            files[each] = members[each]
        else:
            others[ending or path_line(each)] += 1
    return Archive(source, files, tuple(archives), others, opened, mail)


def _plain(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/")))


def _is_hidden(name: str) -> bool:
    """Whether a name is hidden, as files in a folder can be, or one of macOS's own."""
    return any(
        (part.startswith(".") and part != "..") or part == "__MACOSX"
        for part in PurePosixPath(name).parts
    )


def _is_name(name: str) -> bool:
    """Whether a name stays inside the archive."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def listed(data: bytes) -> list[str]:
    """Return the names of the files in a ZIP. Runs in the sandboxed process."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [each for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise DocumentError("{name} is damaged, or is not an archive.") from error
    if len(files) > MOST_FILES:
        raise DocumentError(
            f"{{name}} holds {len(files):,} files, and up to {MOST_FILES:,} can be read from an"
            " archive. Unpack it and add the folder."
        )
    unpacked = sum(each.file_size for each in files)
    if unpacked > LIMITS.max_unpacked_bytes:
        raise DocumentError(
            f"{{name}} would unpack to {megabytes(unpacked)}, and up to"
            f" {megabytes(LIMITS.max_unpacked_bytes)} can be read. Unpack it and add the folder."
        )
    return [_plain(each.filename) for each in files]


def attached(data: bytes) -> tuple[list[str], bytes]:
    """Return the names of a mail's attachments, and a ZIP of them. Runs in the sandbox, too."""
    from index.loading.readers.mail import attachments

    found, made = attachments(data), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, each in found.items():
            archive.writestr(zipfile.ZipInfo(name), each)
    return list(found), made.getvalue()
