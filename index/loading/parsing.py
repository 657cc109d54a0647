"""The work of the sandboxed process: read a file's text, or draw or recognize one of its pages.

The readers of the formats, in `readers/`, are functions from bytes to `Content`. Those of
plain-text formats also take the charset that the server declared. For faulty files they raise a
`DocumentError` that calls the file {name}. `sandbox.py` is the other end.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from index.documents import Scan
from index.errors import DocumentError
from index.loading.formats import megabytes
from index.loading.readers.text import Content


def answer(request: dict[str, Any], data: bytes) -> tuple[Any, bytes]:
    """Answer a request with JSON data and bytes: a file's content and text, or boxes and a page.

    Raises DocumentError if the file cannot be read.
    """
    if request["do"] == "draw":
        from index.loading.pages import drawn

        where = request["page"], request["wanted"], request["before"]
        return drawn(data, request["kind"], *where)
    if request["do"] == "list":
        from index.loading.archive import listed

        return listed(data), b""
    if request["do"] == "attachments":
        from index.loading.archive import attached

        return attached(data)
    if request["do"] == "scan":
        from index.loading.scanning.page import read_page

        return read_page(data, request["kind"], request["page"]), b""
    kind, longest = request["kind"], request["max_characters"]
    scans = [Scan(**each) for each in request["scans"]]
    content = _content(data, kind, request["charset"], request["max_unpacked_bytes"], scans)
    if not content.text.strip() and scans:
        raise DocumentError(_nothing_seen(scans))
    if not content.text.strip() and not content.unread:
        what = "nothing but white space" if kind in ("text", "markdown") else "no text"
        raise DocumentError(f"There is {what} in {{name}}.")
    if len(content.text) > longest:
        raise DocumentError(
            f"{{name}} holds {len(content.text):,} characters of text; up to {longest:,} can be"
            " read. Split it into smaller files."
        )
    fields = asdict(content)
    return fields, fields.pop("text").encode()


_TEXTS = {
    "text": "text.read_text",
    "markdown": "text.read_markdown",
    "html": "html.read_html",
    "csv": "sheets.read_csv",
    "tsv": "sheets.read_tsv",
    "vtt": "subtitles.read_vtt",
    "srt": "subtitles.read_srt",
    "json": "data.read_json",
    "xml": "data.read_xml",
}
_WHOLE = {"rtf": "docx.read_rtf", "eml": "mail.read_eml"}
_SEEN = {"pdf": "pdf.reading.read_pdf", "image": "image.read_image"}
_ZIPPED = {
    "docx": "docx.read_docx",
    "epub": "html.read_epub",
    "xlsx": "sheets.read_xlsx",
    "pptx": "slides.read_pptx",
    "odt": "opendocument.read_odt",
    "odp": "opendocument.read_odp",
    "ods": "opendocument.read_ods",
}
"""The readers of formats, by module and function: a module is imported when it is needed. Those in
`_SEEN`, whose pages may be pictures, also take the pages that were recognized."""


def _content(
    data: bytes, kind: str, charset: str | None, most: int, scans: Sequence[Scan]
) -> Content:
    module, _, name = (_TEXTS | _WHOLE | _SEEN | _ZIPPED)[kind].rpartition(".")
    read = getattr(import_module(f"index.loading.readers.{module}"), name)
    if kind in _ZIPPED:
        _check_zip(data, kind, most)
    more = (scans,) if kind in _SEEN else (charset,) if kind in _TEXTS else ()
    content: Content = read(data, *more)
    return content


def _nothing_seen(scans: Sequence[Scan]) -> str:
    """Say that pictures gave no text: either they have none, or its script is not known."""
    if all(each.confidence > 0 for each in scans):
        return "No text was found in {name}: it holds only pictures without words."
    return (
        "The writing in {name} could not be read. Cyrillic, Greek, Arabic, Korean and Indian"
        " scripts need Tesseract: install it with its languages (on Debian tesseract-ocr and"
        " tesseract-ocr-rus, for example), and add the file again."
    )


_OLDER = {"docx": ".doc", "xlsx": ".xls", "pptx": ".ppt"}


def _check_zip(data: bytes, kind: str, most: int) -> None:
    if kind in _OLDER and data.startswith(b"\xd0\xcf\x11\xe0"):  # Office's container for both.
        raise DocumentError(
            f"{{name}} is protected with a password, or is an old {_OLDER[kind]} file. Save it as"
            f" .{kind} without a password and use that file."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > most:
                raise DocumentError(
                    f"{{name}} would unpack to {megabytes(unpacked)}, and up to"
                    f" {megabytes(most)} can be read. Split it into smaller files."
                )
            # Tested here, since the readers fail in many ways on an archive with a broken part.
            if (broken := archive.testzip()) is not None:
                raise zipfile.BadZipFile(broken)
    except NotImplementedError as error:
        raise DocumentError(
            "{name} is packed in a way that cannot be read. Save it again."
        ) from error
    except RuntimeError as error:  # zipfile has no error of its own for this.
        raise DocumentError(
            "{name} is protected with a password. Save a copy without it and use that."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise DocumentError(f"{{name}} is damaged, or is not a .{kind} file.") from error
