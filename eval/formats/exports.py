"""Sets and runs in the formats of other tools. What a format cannot hold is counted and reported.

squad       SQuAD v2.0, a document as one paragraph
llamaindex  LlamaIndex's LabelledRagDataset (rag_dataset.json)
ragas       ragas' EvaluationDataset as JSON Lines; for a run, with its answers and quotes
deepeval    a JSON list of deepeval's goldens; for a run, with its answers and quotes
csv         a table that `eval import csv` reads back without loss
promptfoo   a YAML list of promptfoo's tests
qrels, run  TREC's two files, for ir_measures, ranx and trec_eval; `run` needs a run
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from eval.cases.cases import Case, EvidenceSpans
from eval.measuring.spans import found_facts
from eval.running.record import Result
from index.documents import Document, Span
from index.errors import UserError

REFUSAL = "The sources do not say."
"""The reference answer of an unanswerable case, in formats that cannot mark it in another way."""

COLUMNS = (
    "id question answers answer_type tolerance unanswerable must_pass tags history after way "
    "evidence"
).split()


@dataclass(frozen=True, slots=True)
class Material:
    """What is exported: cases with the places of their evidence, and for a run its results."""

    cases: Sequence[Case]
    facts: Mapping[str, EvidenceSpans]
    documents: Mapping[str, Document]
    results: Mapping[str, Result] | None = None

    def contexts(self, case: Case) -> list[str]:
        """Return the words of the evidence: for each fact, those of its first place."""
        return [self.words(fact[0]) for fact in self.facts[case.id]]

    def words(self, place: Span) -> str:
        """Return the text at a place."""
        return self.documents[place.document_id].text[place.start : place.end]


Exported = tuple[str, Counter[str]]
"""A file's text, and for each thing that the format cannot hold, how many cases had it."""

_ALWAYS = {
    "answer types": lambda case: case.answer_type != "text",
    "tolerances": lambda case: case.tolerance is not None,
    "“must pass”": lambda case: case.must_pass,
    "tags": lambda case: bool(case.tags),
    "conversations before the question": lambda case: case.follows,
    "ids": lambda _: True,
    "further accepted answers": lambda case: len(case.answers) > 1,
    "places of the evidence": lambda case: bool(case.evidence),
}


def _lost(cases: Sequence[Case], *names: str) -> Counter[str]:
    return Counter({name: n for name in names if (n := sum(map(_ALWAYS[name], cases)))})


def squad(material: Material) -> Exported:
    """Return SQuAD v2.0. A question without evidence goes to the first document."""
    questions: dict[str, list[dict[str, Any]]] = {name: [] for name in material.documents}
    lost = _lost(
        material.cases,
        "answer types",
        "tolerances",
        "“must pass”",
        "tags",
        "conversations before the question",
    )
    for case in material.cases:
        places = [place for fact in material.facts[case.id] for place in fact]
        if not questions:
            raise UserError("SQuAD's questions are on documents, and the library has none.")
        owner = places[0].document_id if places else next(iter(questions))
        here = [place for place in places if place.document_id == owner]
        answers = [{"text": material.words(place), "answer_start": place.start} for place in here]
        texts = {each["text"] for each in answers}
        lost["accepted answers that are no words of the evidence"] += not texts.issuperset(
            case.answers
        )
        lost["evidence in further documents"] += len(here) < len(places)
        lost["several facts"] += len(material.facts[case.id]) > 1
        questions[owner].append(
            {
                "id": case.id,
                "question": case.question,
                "answers": answers,
                "is_impossible": case.unanswerable,
            }
        )
    data = [
        {
            "title": material.documents[name].title,
            "paragraphs": [{"context": material.documents[name].text, "qas": asked}],
        }
        for name, asked in questions.items()
        if asked
    ]
    return _json({"version": "v2.0", "data": data}), +lost


def llamaindex(material: Material) -> Exported:
    """Return a LabelledRagDataset."""
    by = {"model_name": "", "type": "human"}
    examples = [
        {
            "query": case.question,
            "query_by": by,
            "reference_contexts": material.contexts(case),
            "reference_answer": _reference(case),
            "reference_answer_by": by,
        }
        for case in material.cases
    ]
    return _json({"examples": examples}), _lost(material.cases, *_ALWAYS)


def ragas(material: Material) -> Exported:
    """Return ragas' single-turn samples, one per line."""
    lines = []
    for case in material.cases:
        sample = {
            "user_input": case.question,
            "reference_contexts": material.contexts(case),
            "reference": _reference(case),
        }
        lines.append(json.dumps(sample | _answered(material, case, "response"), ensure_ascii=False))
    return "\n".join(lines) + "\n", _lost(material.cases, *_ALWAYS)


def deepeval(material: Material) -> Exported:
    """Return deepeval's goldens; what they have no key for is in their metadata."""
    goldens = []
    for case in material.cases:
        facts = material.facts[case.id]
        golden = {
            "input": case.question,
            "expected_output": _reference(case),
            "context": material.contexts(case),
            "source_file": material.documents[facts[0][0].document_id].name if facts else None,
            "additional_metadata": {
                "id": case.id,
                "answers": list(case.answers),
                "answer_type": case.answer_type,
                "unanswerable": case.unanswerable,
                "must_pass": case.must_pass,
                "tags": list(case.tags),
            },
        }
        goldens.append(golden | _answered(material, case, "actual_output", "retrieval_context"))
    names = ("tolerances", "conversations before the question", "places of the evidence")
    return _json(goldens), _lost(material.cases, *names)


def table(material: Material) -> Exported:
    """Return a CSV table. A list in a cell has one item per line, or is JSON."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    for case in material.cases:
        writer.writerow(
            {
                "id": case.id,
                "question": case.question,
                "answers": _listed(case.answers),
                "answer_type": case.answer_type,
                "tolerance": "" if case.tolerance is None else repr(case.tolerance),
                "unanswerable": "yes" if case.unanswerable else "",
                "must_pass": "yes" if case.must_pass else "",
                "tags": _listed(case.tags),
                "history": _cell([_said(each) for each in case.history]),
                "after": case.after,
                "way": case.way,
                "evidence": _cell([_said(each) for each in case.evidence]),
            }
        )
    return file.getvalue(), Counter()


def promptfoo(material: Material) -> Exported:
    """Return promptfoo's tests: an answer has to contain one of those accepted."""
    tests = []
    for case in material.cases:
        wanted = [REFUSAL] if case.unanswerable else list(case.answers)
        test: dict[str, Any] = {
            "description": case.id,
            "vars": {"question": case.question},
            "metadata": {"tags": list(case.tags), "must_pass": case.must_pass},
        }
        if case.answer_type == "list" and case.answers:
            items = [each.strip() for each in case.answers[0].split(";")]
            test["assert"] = [{"type": "icontains-all", "value": items}]
        elif wanted:
            test["assert"] = [{"type": "icontains-any", "value": wanted}]
        tests.append(test)
    names = ("tolerances", "conversations before the question", "places of the evidence")
    lists = [case for case in material.cases if case.answer_type == "list"]
    lost = _lost(material.cases, *names) + _lost(lists, "further accepted answers")
    text = yaml.safe_dump(tests, allow_unicode=True, sort_keys=False, width=1000)
    return text, lost


def qrels(material: Material) -> Exported:
    """Return TREC's judgements: each fact of a case is an item that has to be found."""
    names = _trec_names(material.cases)
    lines = [
        f"{names[case.id]} 0 fact-{number} 1"
        for case in material.cases
        for number in range(1, len(material.facts[case.id]) + 1)
    ]
    return "".join(f"{line}\n" for line in lines), _without_evidence(material)


def trec_run(material: Material) -> Exported:
    """Return TREC's ranking: a quote that counts for a fact has the fact's name, others their own.

    So RR and nDCG@5 of trec_eval on the two files are `mrr` and `ndcg@5` of this run.
    """
    names, lines = _trec_names(material.cases), []
    for case in material.cases:
        result = (material.results or {}).get(case.id)
        if result is None or result.answer is None or not material.facts[case.id]:
            continue
        quotes = [
            Span(each["document_id"], each["start"], each["end"])
            for each in result.answer["quotes"]
        ]
        found = found_facts(quotes, material.facts[case.id])
        for rank, (quote, fact) in enumerate(zip(quotes, found, strict=True), 1):
            own = f"{quote.document_id}:{quote.start}-{quote.end}"
            name = own if fact is None else f"fact-{fact + 1}"
            lines.append(f"{names[case.id]} Q0 {name} {rank} {1 / rank:.6f} footnoted")
    return "".join(f"{line}\n" for line in lines), _without_evidence(material)


EXPORTS: Mapping[str, Callable[[Material], Exported]] = {
    "squad": squad,
    "llamaindex": llamaindex,
    "ragas": ragas,
    "deepeval": deepeval,
    "csv": table,
    "promptfoo": promptfoo,
    "qrels": qrels,
    "run": trec_run,
}


def _without_evidence(material: Material) -> Counter[str]:
    missing = sum(not material.facts[case.id] for case in material.cases)
    return Counter({"cases without evidence": missing} if missing else {})


def _trec_names(cases: Sequence[Case]) -> dict[str, str]:
    """Return for each case's id a name without whitespace, which separates TREC's columns."""
    names: dict[str, str] = {}
    for case in cases:
        name = re.sub(r"\s+", "_", case.id)
        while name in names.values():
            name += "_"
        names[case.id] = name
    return names


def _reference(case: Case) -> str:
    if case.unanswerable:
        return REFUSAL
    return case.answers[0] if case.answers else ""


def _answered(
    material: Material, case: Case, answer: str, contexts: str = "retrieved_contexts"
) -> dict[str, Any]:
    result = (material.results or {}).get(case.id)
    if result is None or result.answer is None:
        return {}
    quotes = [each["quote"] for each in result.answer["quotes"]]
    return {answer: result.answer["answer"], contexts: quotes}


def _said(value: Any) -> dict[str, Any]:
    """Return the fields of a message or of evidence that are not None."""
    return {name: each for name, each in asdict(value).items() if each is not None}


def _cell(values: Sequence[dict[str, Any]]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""


def _listed(words: Sequence[str]) -> str:
    """Return words one per line, or as JSON if they could not be read back from lines."""
    lines = "\n".join(words)
    same = [line for line in re.split(r"\r?\n", lines) if line.strip()] == list(words)
    return lines if same and not lines.startswith("[") else json.dumps(words, ensure_ascii=False)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
