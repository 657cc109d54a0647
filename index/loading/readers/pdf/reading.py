"""PDF: the lines of each page, assembled into paragraphs and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.documents import Properties, Scan
from index.errors import DocumentError
from index.loading.readers.pdf.composing import compose
from index.loading.readers.pdf.edges import without_edges, without_line_numbers
from index.loading.readers.pdf.headings import plain_text, stands, top, with_whole_title
from index.loading.readers.pdf.interrupted import resumed
from index.loading.readers.pdf.lines import Line, most_common
from index.loading.readers.pdf.page import page_lines
from index.loading.readers.pdf.paragraphs import paragraphs
from index.loading.readers.pdf.seen import seen
from index.loading.readers.pdf.tables import continued
from index.loading.readers.text import Content, speaks_of


def read_pdf(data: bytes, scans: Sequence[Scan] = ()) -> Content:
    """Read a PDF's text, with headings by font size, font and numbering.

    `scans` are pages that were read from their pictures.
    """
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        with pypdfium2.PdfDocument(data) as pdf:
            named = pdf.get_metadata_value("Title")
            author = pdf.get_metadata_value("Author")
            made = re.match(r"D:(\d{4})(\d{2})(\d{2})", pdf.get_metadata_value("CreationDate"))
            pictured = seen(scans, {scan.page: pdf.get_page_size(scan.page - 1) for scan in scans})
            found = [page_lines(pdf, number, pictured.get(number)) for number in range(len(pdf))]
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentError(
                "{name} is protected with a password. Save a copy without it and use that."
            ) from error
        raise DocumentError("{name} is damaged and cannot be read as a PDF.") from error
    content = composed([lines for lines, _ in found], scans, named)
    return replace(
        content,
        properties=Properties(author, "-".join(made.groups()) if made else None),
        unread=tuple(number for number, (_, read) in enumerate(found, 1) if not read),
    )


def composed(pages: list[list[Line]], scans: Sequence[Scan] = (), named: str = "") -> Content:
    """Assemble the lines of pages into a text; `named` is the title in the file's metadata."""
    if not any(pages):
        return Content("", pages=(0,) * len(pages), scans=tuple(scans))
    body = most_common(line.size for page in pages for line in page for _ in line.text)
    pages = continued(without_edges(list(map(without_line_numbers, pages)), body))
    lines = [line for page in pages for line in page]
    whole = with_whole_title(resumed(paragraphs(lines), body), body)
    content = compose(whole, len(pages), body, scans)
    # Many a PDF's title is the name of the file or the program that it was made with.
    real = named.strip() and not re.search(
        r"\.\w{2,4}$|^(?:Microsoft|untitled)\b", named, re.IGNORECASE
    )
    own = named if real and speaks_of(named, content.text) else None
    on_page = own and stands(own, [plain_text(each) for each in top(whole)])
    return replace(content, title=own if on_page else content.title or own)


def seen_in_pictures(scans: Sequence[Scan], sizes: Mapping[int, tuple[float, float]]) -> Content:
    """Return the text recognized in pictures, whose sizes are given in points by page number."""
    lines = seen(scans, sizes)
    return composed([lines.get(page - 1, []) for page in sizes], scans)
