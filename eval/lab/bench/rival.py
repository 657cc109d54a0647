"""Footnoted and LlamaIndex's CitationQueryEngine on the same questions, document and LLM.

    python -m eval.lab.bench.rival SET DOCUMENT --json OUT [--questions 30]

The other engine is set up as its documentation shows it (llama-index-core 0.14, the example
"CitationQueryEngine"):

    index = VectorStoreIndex.from_documents(documents)
    CitationQueryEngine.from_args(index, similarity_top_k=3, citation_chunk_size=512)

with all defaults (chunks of 1,024 tokens with an overlap of 200; its own prompt) and
all-MiniLM-L6-v2, except that its answer is streamed, so that its first citation is seen when it
comes. Both ask the same server, which keeps the beginnings of both prompts. Of a set, the same
questions are always drawn, one in six of them unanswerable, and the engines take turns, so that
what else the machine does hits both alike. Before, each answers one question that is not counted.

What is done is kept in OUT.partial, and a stopped comparison goes on from there. OUT has the form
of `eval run --json`; the id of a result begins with the engine's name.

Where the engines differ in kind, the doubt is the other engine's: whatever reads like a refusal is
one for an unanswerable question, and is ignored when an accepted answer is in it; a citation is a
quote if the chunk behind it stands in the document, however long it is. Footnoted's first citation
is the first quote on the screen, with the words that answer marked in it.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from eval.cases.answers import contains_answer
from eval.cases.cases import Case, CaseSet, Facts, find_set, load_set
from eval.cases.evidence import resolve
from eval.lab.command import run_command
from eval.measuring.metrics import score
from eval.measuring.spans import citation_recall
from eval.measuring.statistics import Metric, percentile, rate
from eval.running.record import Result, Run, append, resume, write_run
from eval.running.runner import describe
from index.documents import Document, Span
from index.errors import UserError
from index.loading.load import load
from index.weights.embedding import PromptedEmbedding, load_embedding
from rag.assistant import Assistant
from rag.config import load_settings
from rag.writing.llm import Writer, load_writer

if TYPE_CHECKING:
    from llama_index.core.query_engine import CitationQueryEngine

OURS, THEIRS = "Footnoted", "CitationQueryEngine"
EMBEDDING = "all-minilm-l6-v2"
TOP_K = 3
CITATION_CHUNK = 512
QUESTIONS = 30
UNANSWERABLE_SHARE = 1 / 6
SEED = 0

Ask = Callable[[Case, Facts], Result]

_NUMBER = re.compile(r"\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]")
_SOURCE = re.compile(r"\ASource \d+:\n")
_REFUSAL = re.compile(
    r"(?:\b(?:not|cannot|no|none|never|nor|unable|insufficient|lacks?)|n['’]t)\b"
    r"[^.?!]{0,80}\b(?:mention|provide|state|specif|contain|include|give|said|say|tell|answer|known"
    r"|know|information|detail|determine|available|helpful|source|context|indicat|disclose|find"
    r"|explicit|relevant|discuss|describe|address)"
    r"|\bempty response\b|\b(?:unknown|unclear|sorry)\b",
    re.I,
)


def main(arguments: Sequence[str]) -> int:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.rival", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("set", metavar="SET", help="a JSON Lines file, or a shipped set")
    parser.add_argument("document", metavar="DOCUMENT", help="the document that the set is on")
    parser.add_argument("--json", metavar="OUT", type=Path, required=True)
    parser.add_argument("--questions", metavar="N", type=int, default=QUESTIONS)
    given = parser.parse_args(arguments)
    if given.questions < 1:
        parser.error("--questions must be at least 1")
    case_set = load_set(find_set(given.set))
    done = measure(case_set, load(Path(given.document).expanduser()), given.json, given.questions)
    Console().print(table(done))
    return 0


def measure(case_set: CaseSet, document: Document, out: Path, questions: int = QUESTIONS) -> Run:
    """Ask questions of a set of both engines, with a progress bar, and write the run to `out`.

    Raises UserError without a language model, or when the set does not fit the document.
    """
    case_set = sample(case_set, questions)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(library=Path(folder) / "library")
        writer = load_writer(settings)
        if writer is None:
            raise UserError("Both engines need a language model; the settings say none.")
        assistant = Assistant(settings)
        assistant.library.add(document)
        embedding = load_embedding(EMBEDDING, settings.models)
        engines = {
            OURS: footnoted(assistant),
            THEIRS: citation_query_engine(build(document, writer, embedding), document),
        }
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("answers", total=len(engines) * len(case_set.cases))
            return compare(case_set, assistant, engines, out, lambda: bar.update(task, advance=1))


def sample(case_set: CaseSet, count: int, seed: int = SEED) -> CaseSet:
    """Draw questions from a set, always the same, without those that follow on others.

    A set with too few questions of one kind gives what it has.
    """
    cases = [case for case in case_set.cases if not case.follows]
    unanswerable = [case for case in cases if case.unanswerable]
    answerable = [case for case in cases if not case.unanswerable]
    without = min(len(unanswerable), round(count * UNANSWERABLE_SHARE))
    draw = random.Random(seed)  # noqa: S311
    drawn = draw.sample(unanswerable, without)
    drawn += draw.sample(answerable, min(len(answerable), count - without))
    kept = [
        (case, line)
        for case, line in zip(case_set.cases, case_set.lines, strict=True)
        if case in drawn
    ]
    return replace(
        case_set, cases=tuple(case for case, _ in kept), lines=tuple(line for _, line in kept)
    )


def compare(
    case_set: CaseSet,
    assistant: Assistant,
    engines: dict[str, Ask],
    out: Path,
    done: Callable[[], None] = lambda: None,
) -> Run:
    """Ask each question of each engine in turn, and write the run to `out`.

    Raises UserError when the set does not fit the document or a file cannot be written.
    """
    facts, _ = resolve(case_set, assistant.library)
    described = describe(case_set, assistant, use_llm=True)
    models: dict[str, str | int | None] = {
        "compared_with": f"{THEIRS} of llama-index-core {version('llama-index-core')}"
    }
    conditions = replace(described, models=described.models | models)
    partial = Path(f"{out}.partial")
    results = {result.id: result for result in resume(partial, conditions)}
    warm = False
    for case in case_set.cases:
        for name, ask in engines.items():
            if f"{name}/{case.id}" not in results:
                if not warm:
                    for each in engines.values():
                        each(case_set.cases[-1], ())
                    warm = True
                result = ask(case, facts[case.id])
                results[f"{name}/{case.id}"] = replace(result, id=f"{name}/{case.id}")
                append(partial, results[f"{name}/{case.id}"])
            done()
    ordered = tuple(results[f"{name}/{case.id}"] for name in engines for case in case_set.cases)
    metrics = {
        f"{name}/{measure}": metric
        for name in engines
        for measure, metric in summarise(_of(name, ordered)).items()
    }
    run = Run(**vars(conditions), metrics=metrics, results=ordered)
    write_run(out, run)
    partial.unlink()
    return run


def _of(engine: str, results: Sequence[Result]) -> list[Result]:
    return [each for each in results if each.id.startswith(f"{engine}/")]


# --- the two engines


def footnoted(assistant: Assistant) -> Ask:
    """Return how Footnoted is asked and scored."""
    assistant.load()

    def ask(case: Case, facts: Facts) -> Result:
        answer = assistant.ask(case.question).as_json()
        text_of = assistant.library.document
        all_scores = score(case, facts, answer, lambda name: text_of(name).text)
        names = ("passed", "answer_right", "cited_evidence", "verbatim")
        spans = [each["end"] - each["start"] for each in answer["citations"]]
        scores = {name: all_scores[name] for name in names} | {
            "unanswerable": case.unanswerable,
            "refused": answer["refused"],
            "lengths": spans,
            "first_citation_s": answer["timings"]["first_quote_s"],
            "total_s": answer["timings"]["total_s"],
        }
        # A refusal is short: what an answer takes is said of answers alone.
        took = "refusal_s" if answer["refused"] else "answer_s"
        return Result(case.id, scores | {took: scores["total_s"]}, answer)

    return ask


def build(document: Document, writer: Writer, embedding: PromptedEmbedding) -> CitationQueryEngine:
    """Set the other engine up as its documentation does."""
    from llama_index.core import Document as TheirDocument
    from llama_index.core import VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    from index.weights.llama_embedding import LlamaEmbedding

    index = VectorStoreIndex.from_documents(
        [TheirDocument(text=document.text)], embed_model=LlamaEmbedding(embedding)
    )
    return CitationQueryEngine.from_args(
        index,
        llm=writer.llm,
        similarity_top_k=TOP_K,
        citation_chunk_size=CITATION_CHUNK,
        streaming=True,
    )


def citation_query_engine(engine: CitationQueryEngine, document: Document) -> Ask:
    """Return how the other engine is asked and scored."""

    def ask(case: Case, facts: Facts) -> Result:
        started = time.perf_counter()
        response = engine.query(case.question)
        text, first = "", None
        for piece in response.response_gen or ():
            text += piece
            if first is None and _NUMBER.search(text):
                first = time.perf_counter() - started
        total = time.perf_counter() - started
        chunks = [each.node.get_content() for each in response.source_nodes]
        citations = [place(chunks, number, document) for number in cited_numbers(text)]
        return Result(case.id, *grade(case, facts, text, citations, first, total))

    return ask


@dataclass(frozen=True, slots=True)
class Citation:
    """A number in an answer, and the place of the chunk behind it, if there is one."""

    number: int
    span: Span | None


def cited_numbers(text: str) -> list[int]:
    """Return the numbers cited in a text, each once: "[1], [2, 3] [1]" is 1, 2, 3."""
    found = (int(number) for match in _NUMBER.finditer(text) for number in match[1].split(","))
    return list(dict.fromkeys(found))


def without_numbers(text: str) -> str:
    """Return the words of an answer without citations, which would read as numbers."""
    return _NUMBER.sub("", text)


def place(chunks: Sequence[str], number: int, document: Document) -> Citation:
    """Return the citation of a numbered chunk, found in the document if it stands there exactly.

    The engine cuts its chunks once more for its citations and does not keep their offsets. Chunks
    are so long that the first place with the same text is the only one.
    """
    if not 1 <= number <= len(chunks):
        return Citation(number, None)
    text = _SOURCE.sub("", chunks[number - 1]).removesuffix("\n")
    start = document.text.find(text) if text else -1
    span = Span(document.id, start, start + len(text)) if start >= 0 else None
    return Citation(number, span)


def refuses(text: str) -> bool:
    """Whether an answer reads like a refusal; read generously."""
    return not text.strip() or _REFUSAL.search(text) is not None


def grade(
    case: Case,
    facts: Facts,
    text: str,
    citations: Sequence[Citation],
    first: float | None,
    total: float,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the scores of the other engine's answer, and the answer as it is kept."""
    words = without_numbers(text)
    spans = [each.span for each in citations if each.span]
    recall = citation_recall(spans, facts)
    right = _right(case, words)
    cited = None if recall is None else recall > 0
    refused = not right and refuses(words)
    answered = not refused and right is not False and cited is not False
    scores = {
        "passed": refused if case.unanswerable else answered,
        "answer_right": right,
        "cited_evidence": cited,
        "verbatim": len(spans) / len(citations) if citations else None,
        "unanswerable": case.unanswerable,
        "refused": refused,
        "lengths": [span.end - span.start for span in spans],
        "first_citation_s": first,
        "total_s": total,
    }
    answer = {
        "question": case.question,
        "answer": text,
        "citations": [
            {"number": each.number, "start": each.span.start, "end": each.span.end}
            if each.span
            else {"number": each.number, "start": None, "end": None}
            for each in citations
        ],
        "timings": {"first_citation_s": first, "total_s": total},
    }
    return scores, answer


def _right(case: Case, words: str) -> bool | None:
    return contains_answer(words, case.answers, case.answer_type) if case.answers else None


# --- the table

SHARES = {
    "answer_right": "right answers",
    "cited_evidence": "cited evidence",
    "verbatim": "quotes that are verbatim",
    "refused": "refused, of the unanswerable",
    "false_refusals": "refused, of the answerable",
}
MEDIANS = {
    "characters": "characters in a citation",
    "first_citation_s": "seconds to the first citation",
    "total_s": "seconds to the end",
}


def summarise(results: Sequence[Result]) -> dict[str, Metric]:
    """Return the measures of one engine: shares with intervals, and medians.

    An answer counts as verbatim if all its citations are; the first citation of an answer without
    any comes at no time and is left out.
    """
    scores = [each.scores for each in results]
    shares: dict[str, list[bool | None]] = {
        "answer_right": [each["answer_right"] for each in scores],
        "cited_evidence": [each["cited_evidence"] for each in scores],
        "verbatim": [_all(each["verbatim"]) for each in scores],
        "refused": [each["refused"] for each in scores if each["unanswerable"]],
        "false_refusals": [each["refused"] for each in scores if not each["unanswerable"]],
    }
    metrics = {name: _share(values) for name, values in shares.items()}
    lengths = [length for each in scores for length in each["lengths"]]
    metrics["characters"] = Metric(float(median(lengths)) if lengths else None, len(lengths))
    for name in ("first_citation_s", "total_s"):
        metrics[name] = percentile([each[name] for each in scores], 50)
    return metrics


def _all(share: float | None) -> bool | None:
    return None if share is None else share == 1


def _share(values: Iterable[bool | None]) -> Metric:
    known = [value for value in values if value is not None]
    return rate(sum(known), len(known))


def speed(run: Run, name: str) -> Metric:
    """Return a median of Footnoted's as a share of the other's median to the end of its answer.

    Of Footnoted's answers those count that have such a time. The interval is a percentile
    bootstrap's over the questions, with a fixed seed (Efron, Annals of Statistics 1979).
    """
    import numpy

    at = len(run.results) // 2
    timed = [each.scores[name] for each in run.results[:at] if name in each.scores]
    if not timed:
        return Metric(None, 0)
    ours = numpy.array(timed, dtype=float)
    theirs = numpy.array([each.scores["total_s"] for each in run.results[at:]], dtype=float)
    rng = numpy.random.default_rng(SEED)
    ratios = numpy.median(rng.choice(ours, (2000, len(ours))), axis=1) / numpy.median(
        rng.choice(theirs, (2000, at)), axis=1
    )
    low, high = numpy.percentile(ratios, (2.5, 97.5))
    value = round(float(numpy.median(ours) / numpy.median(theirs)), 4)
    return Metric(value, len(ours), (round(float(low), 4), round(float(high), 4)))


def table(run: Run) -> Table:
    """Return the table: each measure of both engines, and their ratio."""
    shown = Table(title=f"{run.set.name}, {run.set.cases} questions, {run.models['llm']}")
    for heading in ("measure", OURS, THEIRS, "ratio"):
        shown.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, title in (SHARES | MEDIANS).items():
        ours, theirs = (run.metrics[f"{engine}/{name}"] for engine in (OURS, THEIRS))
        shown.add_row(title, _figure(ours, name), _figure(theirs, name), ratio(ours, theirs))
    return shown


def _figure(metric: Metric, name: str) -> str:
    if metric.value is None:
        return "–"
    if metric.interval:
        low, high = metric.interval
        return f"{metric.value:.0%} ({low * 100:.0f}–{high * 100:.0f}), n = {metric.n}"
    return f"{metric.value:.0f}" if name == "characters" else f"{metric.value:.1f}"


def ratio(ours: Metric, theirs: Metric) -> str:
    """Return Footnoted's figure as a multiple of the other engine's."""
    if ours.value is None or not theirs.value:
        return "–"
    return f"{ours.value / theirs.value:.2f}"


if __name__ == "__main__":
    run_command(main)
