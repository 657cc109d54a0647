"""Documents that people have summarised, each without its summary.

`documents.jsonl` lists them. A file of a Debian package is recognised by its SHA-256; its summary
runs from its `first` to its `last` words. The summary of an article of SQuAD is its first
paragraph; that of a document that comes with Footnoted is the abstract, the first section or the
page's own description. Only names, hashes and ten words of each are kept here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lxml import html

from eval.cases.cases import SETS
from eval.formats.xquad import load_xquad
from eval.lab.training.inputs import read_records
from index.documents import Document, file_sha256
from index.errors import UserError
from index.loading.load import load

LISTED = Path(__file__).with_name("documents.jsonl")


@dataclass(frozen=True, slots=True)
class Summarised:
    """A document without its summary, and the summary. `part` is “develop” or “measure”."""

    kind: str
    part: str
    document: Document
    summary: str


def summarised(folder: Path, squad: Path | None) -> tuple[list[Summarised], list[str]]:
    """Return the documents that are available, and the names of the missing ones.

    Files are looked for in `folder`, articles in a file in SQuAD's format.
    """
    files = {
        file_sha256(each): each
        for each in sorted(folder.rglob("*.*"))
        if each.suffix in (".pdf", ".html")
    }
    articles = load_xquad(squad).documents if squad else ()
    titled = {each.title: each for each in articles}
    found, missing = [], []
    for line in read_records(LISTED):
        if made := _made(line, files, titled):
            found.append(Summarised(line["kind"], line["part"], *made))
        else:
            missing.append(line.get("article") or f"{line['path']} of {line['package']}")
    return found, missing


def _made(
    line: Mapping[str, Any], files: Mapping[str, Path], articles: Mapping[str, Document]
) -> tuple[Document, str] | None:
    if title := line.get("article"):
        if title not in articles:
            return None
        article = replace(articles[title], title=title.replace("_", " "))
        return _cut(article, 0, article.text.index("\n\n"))
    file = SETS / line["shipped"] if "shipped" in line else files.get(line["sha256"])
    if file is None:
        return None
    document = load(file)
    if "first" in line:
        ends = (r"\s+".join(map(re.escape, line[name].split())) for name in ("first", "last"))
        words = re.compile(".*?".join(ends), re.DOTALL)
        if within := words.search(document.text):
            return _cut(document, *within.span())
        said = words.search(html.fromstring(file.read_bytes()).text_content())
        if said is None:
            raise UserError(f"{file} has no summary from “{line['first']}” to “{line['last']}”.")
        return document, said[0]
    if file.suffix == ".html":
        [said] = html.fromstring(file.read_bytes()).xpath("//meta[@name='description']/@content")
        return document, str(said)
    _, heading, after, *_ = document.headings
    return _cut(document, heading.end, after.start)  # The section below the title.


def _cut(document: Document, start: int, end: int) -> tuple[Document, str]:
    """Return a document without a piece of its text, and the piece."""
    gone = end - start

    def moved(at: int) -> int:
        return at if at <= start else max(at - gone, start)

    def shifted(places: tuple[Any, ...]) -> Iterator[Any]:
        for each in places:
            if each.end <= start or each.start >= end:
                yield replace(each, start=moved(each.start), end=moved(each.end))

    rest = Document.of(
        document.text[:start] + document.text[end:],
        title=document.title,
        source=document.source,
        headings=tuple(shifted(document.headings)),
        pages=tuple(map(moved, document.pages)),
        loader=document.loader,
        properties=document.properties,
        styles=tuple(shifted(document.styles)),
    )
    return rest, document.text[start:end]
