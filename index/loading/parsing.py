"""What is done with a file in a process of its own: its text is read, or a page of it drawn.

The readers of the formats are functions from bytes to `Content`: in `text.py` (plain text and
Markdown), `html.py` (web pages and EPUB), `docx.py` and `pdf.py`. What is wrong with a file is a
`DocumentError` that calls it {name}. `sandbox.py` is the other end.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import asdict
from typing import Any

from index.errors import DocumentError
from index.loading.formats import megabytes
from index.loading.readers.text import Content, read_markdown, read_text


def answer(request: dict[str, Any], data: bytes) -> tuple[Any, bytes]:
    """Return what JSON can say of a file's content, and its text; or of a page, and its picture."""
    if request["do"] == "draw":
        from index.loading.pages import drawn

        return drawn(data, request["page"], request["wanted"], request["before"])
    kind, longest = request["kind"], request["max_characters"]
    content = _content(data, kind, request["charset"], request["max_unpacked_bytes"])
    if not content.text.strip():
        what = "nothing but white space" if kind in ("text", "markdown") else "no text"
        raise DocumentError(f"There is {what} in {{name}}.")
    if len(content.text) > longest:
        raise DocumentError(
            f"{{name}} holds {len(content.text):,} characters of text; up to {longest:,} can be"
            " read. Split it into smaller files."
        )
    fields = asdict(content)
    return fields, fields.pop("text").encode()


def _content(data: bytes, kind: str, charset: str | None, most: int) -> Content:
    if kind == "text":
        return read_text(data, charset)
    if kind == "markdown":
        return read_markdown(data, charset)
    if kind == "html":
        from index.loading.readers.html import read_html

        return read_html(data, charset)
    if kind == "pdf":
        from index.loading.readers.pdf import read_pdf

        return read_pdf(data)
    _check_zip(data, kind, most)
    if kind == "docx":
        from index.loading.readers.docx import read_docx

        return read_docx(data)
    from index.loading.readers.html import read_epub

    return read_epub(data)


def _check_zip(data: bytes, kind: str, most: int) -> None:
    if kind == "docx" and data.startswith(b"\xd0\xcf\x11\xe0"):  # What Office wraps both in.
        raise DocumentError(
            "{name} is protected with a password, or is an old .doc file. Save it as .docx without"
            " a password and give that."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > most:
                raise DocumentError(
                    f"{{name}} would unpack to {megabytes(unpacked)}, and up to"
                    f" {megabytes(most)} can be read. Split it into smaller files."
                )
            # Here, since the readers fail in many ways on an archive with a broken part.
            if (broken := archive.testzip()) is not None:
                raise zipfile.BadZipFile(broken)
    except NotImplementedError as error:
        raise DocumentError(
            "{name} is packed in a way that cannot be read. Save it again."
        ) from error
    except RuntimeError as error:  # zipfile has no error of its own for this.
        raise DocumentError(
            "{name} is protected with a password. Save a copy without it and give that."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise DocumentError(f"{{name}} is damaged, or is not a .{kind} file.") from error
