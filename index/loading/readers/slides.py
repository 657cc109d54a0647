"""Presentations: each slide with its tables, the descriptions of its pictures, and its notes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from index.errors import DocumentError
from index.loading.readers.sheets import Sheet, cell_text, table_blocks
from index.loading.readers.text import Block, Content, compose, with_core_properties


class Slide(NamedTuple):
    """The content of a slide, and its speaker notes."""

    title: str = ""
    blocks: tuple[Block, ...] = ()
    notes: tuple[Block, ...] = ()


def of_slides(slides: Iterable[Slide | None]) -> Content:
    """Compose slides one below the other, each under its title; hidden slides are None.

    A slide without a title is called by its number; otherwise its text would seem to belong to the
    previous slide. Hidden slides are counted, as presentation programs do.

    Raises DocumentError if no slide has any words.
    """
    blocks: list[Block] = []
    shown: list[int] = []
    said = False
    title: str | None = None
    for number, slide in enumerate(slides, 1):
        if slide is None:
            continue
        title = title or slide.title or None
        said = said or bool(slide.title or slide.blocks or slide.notes)
        shown.append(number)
        name = slide.title or f"Slide {number}"
        blocks.append(Block(name, _SLIDE))
        blocks += (each._replace(level=0) for each in slide.blocks)
        if slide.notes:
            blocks.append(Block(f"Notes: {name}", _NOTES))
            blocks += (each._replace(level=0) for each in slide.notes)
    if not said:
        raise DocumentError(
            "There is no text in {name}: its slides are pictures. Save it as a PDF and use that"
            " file: pictures in a PDF can be read."
        )
    content = compose(blocks)
    starts = [each.start for each in content.headings if each.level == _SLIDE]
    pages: list[int] = []
    for number, start in zip(shown, starts, strict=True):
        pages += [start] * (number - len(pages))
    return replace(content, title=title, pages=tuple(pages))


_SLIDE, _NOTES = 2, 3
"""The levels of the headings of slides and of their notes."""

# What python-pptx 1.0 raises for parts that are missing or malformed.
_PPTX_ERRORS = (LookupError, ValueError, AttributeError, TypeError, NotImplementedError)


def read_pptx(data: bytes) -> Content:
    """Read the slides of a presentation, without the text of the slide master."""
    import pptx
    from lxml import etree
    from pptx.exc import PythonPptxError

    try:
        deck = pptx.Presentation(io.BytesIO(data))
        content = of_slides(
            None if slide.element.get("show") in ("0", "false") else _slide(slide)
            for slide in deck.slides
        )
        said = deck.core_properties
        return with_core_properties(content, said, said.author)
    except (PythonPptxError, zipfile.BadZipFile, etree.LxmlError, *_PPTX_ERRORS) as error:
        raise DocumentError("{name} is damaged and cannot be read as a presentation.") from error


def _slide(slide: Any) -> Slide:
    heading = slide.shapes.title
    title = heading.text_frame if heading is not None else None
    blocks = [
        block
        for shape in _shapes(slide.shapes)
        if heading is None or shape.shape_id != heading.shape_id
        for block in _blocks(shape)
    ]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return Slide(
        _line(title.text) if title else "",
        tuple(blocks),
        tuple(_paragraphs(notes, listed=False)) if notes else (),
    )


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    """Yield the shapes of a slide, including those in groups.

    Hidden shapes, dates, footers and slide numbers are left out. The recursion is safe: lxml does
    not read groups that are nested too deeply.
    """
    from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

    edges = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
    for shape in shapes:
        said = shape._element.xpath(".//p:cNvPr[1]")
        if said and said[0].get("hidden") in ("1", "true"):
            continue
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes)
        elif not (shape.is_placeholder and shape.placeholder_format.type in edges):
            yield shape


def _blocks(shape: Any) -> Iterator[Block]:
    if shape.has_text_frame:
        yield from _paragraphs(shape.text_frame, listed=_is_body(shape))
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    else:
        said = shape._element.xpath(".//p:cNvPr/@descr")
        if said and (text := _line(said[0])) and not _FILE.search(text):
            yield Block(text)


_FILE = re.compile(r"\.(?:png|jpe?g|gif|bmp|tiff?|[ew]mf|svg|webp|heic)$", re.IGNORECASE)
"""A picture's description that is only its file name, as programs set it by default."""


def _is_body(shape: Any) -> bool:
    """Whether a shape is a placeholder for a slide's bullet points."""
    from pptx.enum.shapes import PP_PLACEHOLDER

    body = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
    return bool(shape.is_placeholder and shape.placeholder_format.type in body)


def _paragraphs(frame: Any, *, listed: bool) -> Iterator[Block]:
    """Yield the paragraphs of a frame, with bulleted and numbered ones as list items."""
    found = [(each, text) for each in frame.paragraphs if (text := _line(each.text))]
    numbers: dict[int, int] = {}
    for paragraph, text in found:
        numbered = bool(paragraph._p.xpath("./a:pPr/a:buAutoNum"))
        pointed = bool(paragraph._p.xpath("./a:pPr/a:buChar|./a:pPr/a:buBlip"))
        plain = bool(paragraph._p.xpath("./a:pPr/a:buNone"))
        level = paragraph.level
        numbers = {at: number for at, number in numbers.items() if at <= level}
        numbers[level] = numbers.get(level, 0) + 1 if numbered else 0
        if numbered:
            yield Block(f"{numbers[level]}. {text}", item=True)
        elif pointed or (listed and len(found) > 1 and not plain):
            yield Block(f"- {text}", item=True)
        else:
            yield Block(text)


def _table(table: Any) -> Iterator[Block]:
    """Yield a table's rows; the text of a merged cell is repeated in all its places."""
    rows: dict[int, dict[int, str]] = {}
    merged: dict[tuple[int, int], str] = {}
    for number, row in enumerate(table.rows):
        cells: dict[int, str] = {}
        for column, cell in enumerate(row.cells):
            text = cell_text(cell.text_frame.text)
            if cell.is_merge_origin:
                for down in range(cell.span_height):
                    for right in range(cell.span_width):
                        merged[number + down, column + right] = text
            if text := merged.get((number, column), text):
                cells[column] = text
        if cells:
            rows[number] = cells
    yield Block("")
    yield from table_blocks(Sheet(rows))
    yield Block("")


def _chart(chart: Any) -> Iterator[Block]:
    """Yield a chart's title and its data as a table."""
    titled = chart.has_title and chart.chart_title.has_text_frame
    if titled and (text := _line(chart.chart_title.text_frame.text)):
        yield Block(text)
    for plot in chart.plots:
        series = list(plot.series)
        names = [cell_text(str(each.name or "")) for each in series]
        yield Block("")
        yield Block(" | ".join(["", *names]))
        values = [list(each.values) for each in series]
        for at, category in enumerate(plot.categories):
            cells = [
                "" if at >= len(each) or each[at] is None else f"{each[at]:.15g}" for each in values
            ]
            yield Block(" | ".join([cell_text(str(category)), *cells]))
        yield Block("")


def _line(text: str) -> str:
    return " ".join(text.replace("\xad", "").split())
