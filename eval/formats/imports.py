"""Read sets in the formats of other tools; `eval/formats/exports.py` says what each format is.

    squad, quac, canard, mtrag, llamaindex, ragas, deepeval, csv

Contexts are looked for in a library, since evidence is a place in a document. SQuAD, QuAC and MTRAG
bring their own documents, which must be added to a library first: `documents_of` returns them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from eval.cases.answers import normalise
from eval.cases.cases import Case, Evidence, why_invalid
from eval.formats.conversations import read_canard, read_mtrag, read_quac
from eval.formats.exports import REFUSAL
from eval.formats.xquad import read_squad
from index.documents import Document
from index.errors import UserError

if TYPE_CHECKING:
    from index.library import Library

LONGEST = 400
"""The longest context, in characters, that a footnote can be expected to cover completely."""

_CASE = TypeAdapter(Case)


@dataclass
class Imported:
    """The cases of a file, with counts of what was lost, and the items that are not cases."""

    cases: list[Case]
    lost: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    @contextmanager
    def item(self, number: int, what: str = "Item") -> Iterator[None]:
        """Note an item that is not a case, and continue with the others."""
        try:
            yield
        except ValidationError as error:
            self.bad.append(f"{what} {number} is not a case: {why_invalid(error)}.")
        except KeyError as error:
            self.bad.append(f"{what} {number} is not a case: it has no {error}.")
        except (ValueError, TypeError, AttributeError) as error:
            self.bad.append(f"{what} {number} is not a case: {error}.")


def read_cases(
    form: str, text: str, library: Library | None = None, *, strict: bool = False
) -> Imported:
    """Read the cases of a file in one of the formats; contexts are looked for in the library.

    Items that are not cases are noted in `bad`; with `strict`, the first one raises UserError. So
    does a file that is not in that format, with the place of the mistake.
    """
    try:
        found = _READERS[form](text, _Finder(library))
    except ValidationError as error:
        raise UserError(f"The file holds what cannot be a case: {why_invalid(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise UserError(f"The file is not in the format {form}: {error!r}.") from error
    if found.bad and strict:
        raise UserError(found.bad[0])
    if found.bad and not found.cases:
        raise UserError(f"The file is not in the format {form}. {found.bad[0]}")
    if not found.cases:
        raise UserError("The file holds no case.")
    names = Counter(case.id for case in found.cases)
    if twice := [name for name, count in names.items() if count > 1]:
        raise UserError(f"The file has more than one case {', '.join(twice)}.")
    return found


def documents_of(form: str, text: str) -> Sequence[Document]:
    """Return the documents that a file brings along: those of SQuAD, QuAC and MTRAG do."""
    try:
        return _BRINGING[form](text)[0] if form in _BRINGING else ()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The file is not in the format {form}: {error!r}.") from error


class _Finder:
    """Finds contexts in a library."""

    def __init__(self, library: Library | None) -> None:
        entries = library.entries() if library else []
        self._documents = [library.document(each.id) for each in entries] if library else []

    def evidence(
        self, contexts: Sequence[str], answers: Sequence[str], lost: Counter[str]
    ) -> tuple[Evidence, ...]:
        """Return a place for each context that is in the library, as a fact of its own.

        In a long context, the place is that of an accepted answer, which must occur exactly once.
        """
        found: list[Evidence] = []
        for context in contexts:
            place = self._place(context, answers)
            if place is None:
                lost["contexts that are no place in the library"] += 1
            else:
                found.append(Evidence(*place, fact=len(found) + 1))
        return tuple(found)

    def _place(self, context: str, answers: Sequence[str]) -> tuple[str, str, int, int, str] | None:
        holders = [each for each in self._documents if each.text.count(context) == 1]
        if len(holders) != 1 or not context.strip():
            return None
        document, words, at = holders[0], context, 0
        if len(context) > LONGEST:
            inside = [each for each in answers if len(_whole(each, context)) == 1]
            if not inside:
                return None
            words = inside[0]
            at = _whole(words, context)[0]
        start = document.text.index(context) + at
        return document.name, document.sha256, start, start + len(words), words


def _whole(words: str, text: str) -> list[int]:
    """Return the offsets at which words occur, but not as a part of longer words."""
    return [each.start() for each in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)]


_BRINGING: Mapping[str, Callable[[str], tuple[Sequence[Document], Sequence[Case]]]] = {
    "squad": lambda text: read_squad(json.loads(text)),
    "quac": lambda text: read_quac(json.loads(text)),
    "mtrag": lambda text: read_mtrag(_objects(text)),
}


def _objects(text: str) -> list[Any]:
    """Return the objects of a file of JSON Lines."""
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _with_documents(form: str, text: str, _: _Finder) -> Imported:
    return Imported(list(_BRINGING[form](text)[1]))


def _canard(text: str, _: _Finder) -> Imported:
    found = Imported(list(read_canard(json.loads(text))))
    found.lost["questions without the text that answers them"] += len(found.cases)
    return found


def _llamaindex(text: str, finder: _Finder) -> Imported:
    found = Imported([])
    for number, each in enumerate(json.loads(text)["examples"], 1):
        with found.item(number):
            contexts = each.get("reference_contexts") or []
            _add(found, finder, number, each["query"], each.get("reference_answer") or "", contexts)
    return found


def _ragas(text: str, finder: _Finder) -> Imported:
    found = Imported([])
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        with found.item(number, "Line"):
            each = json.loads(line)
            contexts = each.get("reference_contexts") or []
            _add(found, finder, number, each["user_input"], each.get("reference") or "", contexts)
    return found


def _deepeval(text: str, finder: _Finder) -> Imported:
    found = Imported([])
    for number, each in enumerate(json.loads(text), 1):
        with found.item(number):
            kept = each.get("additional_metadata") or {}
            extra = {name: kept[name] for name in _KEPT if name in kept}
            contexts = each.get("context") or []
            expected = each.get("expected_output") or ""
            _add(found, finder, number, each["input"], expected, contexts, **extra)
    return found


_KEPT = ("id", "answers", "answer_type", "unanswerable", "must_pass", "tags")


def _add(
    found: Imported,
    finder: _Finder,
    number: int,
    question: str,
    answer: str,
    contexts: Sequence[str],
    **fields: Any,
) -> None:
    """Add a case that is given by a question, an answer and contexts."""
    contexts = [contexts] if isinstance(contexts, str) else contexts
    refused = bool(fields.get("unanswerable")) or answer.strip() == REFUSAL
    answers = fields.pop("answers", None) or ([answer] if answer.strip() else [])
    if not isinstance(answers, list):
        raise TypeError(f"the answers of “{question}” are not a list")
    answers = [] if refused else [each for each in answers if normalise(each)]
    evidence = () if refused else finder.evidence(contexts, answers, found.lost)
    whole = {"id": f"case-{number:03}", "question": question, "answers": answers, **fields}
    case = _CASE.validate_json(json.dumps(whole | {"unanswerable": refused}))
    found.cases.append(replace(case, evidence=evidence))


def _csv(text: str, _: _Finder) -> Imported:
    """Read a table. Only `id` and `question` are required. Unknown columns are reported."""
    found = Imported([])
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    known = set(_READ)
    for name in set(reader.fieldnames or ()) - known:
        found.lost[f"the column {name}"] += 1
    if not {"id", "question"} <= set(reader.fieldnames or ()):
        raise ValueError("the first line must name the columns, at least id and question")
    for row in reader:
        with found.item(reader.line_num, "Line"):
            fields = {name: _READ[name](row[name]) for name in known & row.keys() if row[name]}
            found.cases.append(_CASE.validate_json(json.dumps(fields)))
    return found


def _lines(cell: str) -> list[str]:
    if cell.startswith("["):
        return [str(each) for each in json.loads(cell)]
    return [line for line in re.split(r"\r?\n", cell) if line.strip()]


def _yes(cell: str) -> bool:
    word = cell.strip().lower()
    if word not in ("yes", "no", "true", "false", "1", "0"):
        raise ValueError(f"“{cell}” is neither yes nor no")
    return word in ("yes", "true", "1")


_READ: Mapping[str, Callable[[str], Any]] = {
    "id": str,
    "question": str,
    "answers": _lines,
    "answer_type": str,
    "tolerance": float,
    "unanswerable": _yes,
    "must_pass": _yes,
    "tags": _lines,
    "history": json.loads,
    "after": str,
    "way": str,
    "evidence": json.loads,
}

_READERS: Mapping[str, Callable[[str, _Finder], Imported]] = {
    "squad": partial(_with_documents, "squad"),
    "quac": partial(_with_documents, "quac"),
    "canard": _canard,
    "mtrag": partial(_with_documents, "mtrag"),
    "llamaindex": _llamaindex,
    "ragas": _ragas,
    "deepeval": _deepeval,
    "csv": _csv,
}

FORMATS = tuple(_READERS)
