"""CLAP NQ's and MTRAG's questions, with the documents that they are asked about.

Rosenthal and others, "CLAPnq: Cohesive Long-form Answers from Passages in Natural Questions", 2024;
Katsis and others, "mtRAG: A Multi-Turn Conversational Benchmark", 2025.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from index.documents import Document, Span
from index.errors import UserError
from rag.asking.rewrite import Turn


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what may answer it, and how people answered.

    `passages` are the places that hold the answer. `sentences` are the ones that people could
    select there, and `selected` those that they did select, for each answer. `kind` is the
    question's answerability, in MTRAG's terms.
    """

    id: str
    question: str
    history: tuple[Turn, ...]
    kind: str
    answers: tuple[str, ...]
    passages: tuple[Span, ...] = ()
    sentences: tuple[Span, ...] = ()
    selected: tuple[frozenset[Span], ...] = ()


@dataclass(frozen=True)
class Data:
    """The questions of a file and the documents that they are asked about."""

    name: str
    documents: Sequence[Document]
    asked: Sequence[Asked]


def holds(asked: Asked, places: Iterable[Sequence[Any]]) -> bool:
    """Whether one of the places (document, start, end) lies in a passage that answers."""
    return any(each.covers(Span(*place)) for place in places for each in asked.passages)


def load_data(file: Path) -> Data:
    """Read a file of CLAP NQ or of MTRAG.

    Raises UserError if it is neither.
    """
    try:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        return Data(file.stem, *(_mtrag if "turns" in lines[0] else _clapnq)(lines))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"{file} is no file of CLAP NQ or MTRAG: {error!r}") from error


def _clapnq(lines: Sequence[dict[str, Any]]) -> tuple[list[Document], list[Asked]]:
    documents, asked = [], []
    for line in lines:
        text = f"{line['title']}\n\n{line['text']}"
        document = Document.of(text, title=line["title"], source=f"{line['id']}.txt")
        documents.append(document)
        places: dict[str, Span] = {}
        at = len(line["title"])
        for sentence in line["sentences"]:
            start = text.index(sentence, at)
            at = start + len(sentence)
            places[sentence] = Span(document.id, start, at)
        asked.append(
            Asked(
                line["id"],
                line["question"],
                (),
                "ANSWERABLE" if line["answerable"] else "UNANSWERABLE",
                tuple(line["answers"]),
                (Span(document.id, 0, len(text)),) if line["answerable"] else (),
                tuple(places.values()),
                tuple(frozenset(places[each] for each in some) for some in line["selected"]),
            )
        )
    return documents, asked


def _mtrag(lines: Sequence[dict[str, Any]]) -> tuple[list[Document], list[Asked]]:
    """Join passages into documents: the name before a passage's two numbers is its document's."""
    passages = {each["id"]: each for line in lines for each in line["passages"]}
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name in sorted(passages, key=lambda name: int(name.split("-")[-2])):
        grouped[name.rsplit("-", 2)[0]].append(passages[name])
    documents, places = [], {}
    for name, those in grouped.items():
        text = "\n\n".join(each["text"] for each in those)
        document = Document.of(text, title=those[0]["title"] or name, source=f"{name}.txt")
        documents.append(document)
        start = 0
        for each in those:
            places[each["id"]] = Span(document.id, start, start + len(each["text"]))
            start += len(each["text"]) + 2
    return documents, [_turn(line, places) for line in lines]


def _turn(line: dict[str, Any], places: dict[str, Span]) -> Asked:
    roles: dict[str, Literal["user", "assistant"]] = {"user": "user", "assistant": "assistant"}
    *before, last = line["turns"]
    relevant = line.get("relevant", range(len(line["passages"])))
    return Asked(
        line["id"],
        last["content"],
        tuple((roles[each["role"]], each["content"]) for each in before),
        line["answerability"],
        (line["target"],),
        tuple(places[line["passages"][at]["id"]] for at in relevant),
    )
