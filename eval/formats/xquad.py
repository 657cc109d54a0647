"""XQuAD's English part as documents and cases: data on which Footnoted was not developed.

Artetxe, Ruder and Yogatama, "On the Cross-lingual Transferability of Monolingual Representations",
ACL 2020; a professionally translated part of SQuAD v1.1's development set, in SQuAD's format. Each
article is one document, its paragraphs joined by a blank line.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.cases.answers import normalise
from eval.cases.cases import Case, CaseSet, Evidence
from index.documents import Document
from index.errors import UserError


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The documents, and the questions on each as cases."""

    documents: tuple[Document, ...]
    cases: tuple[Case, ...]
    path: Path
    sha256: str

    def subset(self, name: str, cases: tuple[Case, ...]) -> CaseSet:
        """Return some of the cases as a set with a name; its hash is computed from these cases."""
        digest = hashlib.sha256("\n".join(map(repr, cases)).encode()).hexdigest()
        return CaseSet(name, self.path, digest, cases, tuple(range(1, len(cases) + 1)))


def load_xquad(path: Path) -> Benchmark:
    """Read a file in SQuAD's format.

    Raises UserError for one that cannot be read or is not in that format.
    """
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        documents, cases = read_squad(json.loads(text))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is not in SQuAD's format: {error!r}.") from error
    return Benchmark(documents, cases, path, hashlib.sha256(data).hexdigest())


def read_squad(data: Any) -> tuple[tuple[Document, ...], tuple[Case, ...]]:
    """Return the documents and the cases of SQuAD's JSON, v1.1 or v2.0.

    Raises ValueError, KeyError or TypeError for what is not in that format.
    """
    documents, cases = [], []
    for article in data["data"]:
        paragraphs = [each["context"] for each in article["paragraphs"]]
        title = article["title"]
        document = Document.of("\n\n".join(paragraphs), title=title, source=f"{title}.txt")
        documents.append(document)
        offset = 0
        for paragraph in article["paragraphs"]:
            cases += [case_of(each, document, offset) for each in paragraph["qas"]]
            offset += len(paragraph["context"]) + 2
    return tuple(documents), tuple(_with_ids_of_their_own(cases))


def _with_ids_of_their_own(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield the cases. If an id repeats, as in some copies, a number is appended to it."""
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.id] += 1
        number = seen[case.id]
        yield case if number == 1 else replace(case, id=f"{case.id}#{number}")


def case_of(item: dict[str, Any], document: Document, offset: int) -> Case:
    """Return the case of a question, whose paragraph begins at an offset in a document.

    Raises ValueError if an answer is not at its place.
    """
    evidence, answers = [], []
    unanswerable = bool(item.get("is_impossible"))
    for answer in [] if unanswerable else item["answers"]:
        if normalise(answer["text"]):  # “A” has no words to look for.
            answers.append(answer["text"])
        if answer["answer_start"] < 0:  # Its words occur more than once, and no place is known.
            continue
        start = offset + answer["answer_start"]
        end = start + len(answer["text"])
        if document.text[start:end] != answer["text"]:
            raise ValueError(f"the answer of {item['id']} is not at its place")
        where = {"sha256": document.sha256, "start": start, "end": end}
        evidence.append(Evidence(document.title, **where, quote=answer["text"]))
    return Case(
        id=str(item["id"]),
        question=str(item["question"]).strip(),
        answers=tuple(dict.fromkeys(answers)),
        evidence=tuple(evidence),
        unanswerable=unanswerable,
        tags=(document.title,),
    )
