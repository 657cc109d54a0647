"""Footnoted and LlamaIndex's CitationQueryEngine on the same questions, document and LLM.

The other engine is set up as its documentation shows it (llama-index-core 0.14, the example
"CitationQueryEngine"), with all defaults but all-MiniLM-L6-v2 as its embedding. Its answer is
streamed, so that its first citation is seen when it comes. The same questions of a set are always
drawn, one in six of them unanswerable. The engines take turns, so that other load on the machine
hits both alike. Each first answers one question that is not counted.

Where the engines differ in kind, the other engine gets the benefit of the doubt: whatever reads
like a refusal is one if the question is unanswerable, and is ignored if it holds an accepted
answer; a citation is a quote if the chunk behind it is in the document, however long it is.
Footnoted's first citation is the first quote on the screen, with the words that answer marked in
it.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from eval.cases.answers import contains_answer
from eval.cases.cases import Case, CaseSet, EvidenceSpans
from eval.cases.evidence import resolve
from eval.lab.measure import Pair, figure, filled, interval, kept, seeded, share, show
from eval.measuring.metrics import Scores, score
from eval.measuring.spans import citation_recall
from eval.measuring.statistics import Metric, percentile
from eval.running.record import Result, Run, write_run
from eval.running.runner import describe
from index.documents import Document, Span
from index.errors import UserError
from index.weights.embedding import PromptedEmbedding, load_embedding
from rag.assistant import Assistant
from rag.writing.llm import Writer

if TYPE_CHECKING:
    from llama_index.core.query_engine import CitationQueryEngine

OURS, THEIRS = "Footnoted", "CitationQueryEngine"
EMBEDDING = "all-minilm-l6-v2"
TOP_K = 3
CITATION_CHUNK = 512
QUESTIONS = 30
UNANSWERABLE_SHARE = 1 / 6
SEED = 0

Ask = Callable[[Case, EvidenceSpans], Result]

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


def measure(case_set: CaseSet, document: Document, out: Path, questions: int = QUESTIONS) -> Run:
    """Ask both engines the questions of a set, and write the run to `out`.

    Progress is kept in `out`.partial, from which a stopped comparison resumes. Raises UserError
    without a language model, or if the set does not fit the document.
    """
    with tempfile.TemporaryDirectory() as folder:
        assistant = filled(Path(folder) / "library", [document])
        writer = assistant.writer
        if writer is None:
            raise UserError("Both engines need a language model; the settings say none.")
        embedding = load_embedding(EMBEDDING, assistant.settings.models)
        engines = {
            OURS: footnoted(assistant),
            THEIRS: citation_query_engine(build(document, writer, embedding), document),
        }
        return compare(sample(case_set, questions), assistant, engines, out)


def sample(case_set: CaseSet, count: int, seed: int = SEED) -> CaseSet:
    """Draw questions from a set, always the same ones; follow-ups are left out.

    A set with too few questions of one kind gives what it has.
    """
    alone = [at for at, case in enumerate(case_set.cases) if not case.follows]
    unanswerable = [at for at in alone if case_set.cases[at].unanswerable]
    answerable = [at for at in alone if not case_set.cases[at].unanswerable]
    without = min(len(unanswerable), round(count * UNANSWERABLE_SHARE))
    draw = seeded(seed)
    drawn = draw.sample(unanswerable, without)
    drawn += draw.sample(answerable, min(len(answerable), count - without))
    cases = tuple(case_set.cases[at] for at in sorted(drawn))
    return replace(case_set, cases=cases, lines=tuple(case_set.lines[at] for at in sorted(drawn)))


def compare(case_set: CaseSet, assistant: Assistant, engines: dict[str, Ask], out: Path) -> Run:
    """Ask the engines each question in turn, and write the run to `out`.

    The id of a result begins with the engine's name. Raises UserError when the set does not fit the
    document or a file cannot be written.
    """
    facts, _ = resolve(case_set, assistant.library)
    described = describe(case_set, assistant, use_llm=True)
    against = f"{THEIRS} of llama-index-core {version('llama-index-core')}"
    conditions = replace(described, models={**described.models, "compared_with": against})

    @cache
    def warm() -> None:
        for ask in engines.values():
            ask(case_set.cases[-1], ())

    def ask(turn: tuple[str, Case]) -> dict[str, Any]:
        warm()
        name, case = turn
        result = engines[name](case, facts[case.id])
        return {"scores": result.scores, "answer": result.answer}

    partial = Path(f"{out}.partial")
    turns = {f"{name}/{case.id}": (name, case) for case in case_set.cases for name in engines}
    told = kept(partial, turns, ask, json.dumps(asdict(conditions)))
    results, metrics = list[Result](), dict[str, Metric]()
    for name in engines:
        own = [Result(each, **found) for each, found in told.items() if turns[each][0] == name]
        metrics |= {f"{name}/{measure}": metric for measure, metric in summarise(own).items()}
        results += own
    run = Run(**vars(conditions), metrics=metrics, results=tuple(results))
    write_run(out, run)
    partial.unlink()
    return run


# --- the two engines


def footnoted(assistant: Assistant) -> Ask:
    """Return a function that asks Footnoted a case and scores its answer."""
    assistant.load()

    def ask(case: Case, facts: EvidenceSpans) -> Result:
        answer = assistant.ask(case.question).as_json()
        text_of = assistant.library.document
        all_scores = score(case, facts, answer, lambda name: text_of(name).text)
        names = ("passed", "answer_right", "cited_evidence", "verbatim")
        seconds = answer["timings"]["total_s"]
        scores = {name: all_scores[name] for name in names} | {
            "unanswerable": case.unanswerable,
            "refused": answer["refused"],
            "lengths": [each["end"] - each["start"] for each in answer["citations"]],
            "first_citation_s": answer["timings"]["first_quote_s"],
            "total_s": seconds,
        }
        # Refusals are short, so their times are kept apart from those of answers.
        took = "refusal_s" if answer["refused"] else "answer_s"
        return Result(case.id, scores | {took: seconds}, answer)

    return ask


def build(document: Document, writer: Writer, embedding: PromptedEmbedding) -> CitationQueryEngine:
    """Set the other engine up as its documentation does."""
    from llama_index.core import Document as TheirDocument
    from llama_index.core import VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    from eval.lab.llama_embedding import LlamaEmbedding

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
    """Return a function that asks the other engine a case and scores its answer."""

    def ask(case: Case, facts: EvidenceSpans) -> Result:
        started = time.perf_counter()
        response = engine.query(case.question)
        text, first = "", None
        for piece in response.response_gen or ():
            text += piece
            if first is None and _NUMBER.search(text):
                first = time.perf_counter() - started
        total = time.perf_counter() - started
        chunks = [each.node.get_content() for each in response.source_nodes]
        cited = {number: place(chunks, number, document) for number in cited_numbers(text)}
        timings = {"first_citation_s": first, "total_s": total}
        return Result(case.id, *grade(case, facts, text, cited, timings))

    return ask


def cited_numbers(text: str) -> list[int]:
    """Return the numbers cited in a text, each once: "[1], [2, 3] [1]" is 1, 2, 3."""
    found = (int(number) for match in _NUMBER.finditer(text) for number in match[1].split(","))
    return list(dict.fromkeys(found))


def place(chunks: Sequence[str], number: int, document: Document) -> Span | None:
    """Return the place of a numbered chunk; None without one, or if it is not verbatim in the text.

    The engine cuts its chunks once more for its citations and does not keep their offsets. Chunks
    are so long that the first place with the same text is the only one.
    """
    if not 1 <= number <= len(chunks):
        return None
    text = _SOURCE.sub("", chunks[number - 1]).removesuffix("\n")
    start = document.text.find(text) if text else -1
    return Span(document.id, start, start + len(text)) if start >= 0 else None


def refuses(text: str) -> bool:
    """Whether an answer reads like a refusal; read generously."""
    return not text.strip() or _REFUSAL.search(text) is not None


def grade(
    case: Case,
    facts: EvidenceSpans,
    text: str,
    cited: Mapping[int, Span | None],
    timings: dict[str, float | None],
) -> tuple[Scores, dict[str, Any]]:
    """Return the scores of the other engine's answer, and the answer as it is kept.

    `cited` are the places behind the numbers in its text, `timings` the seconds to its first
    citation and to its end.
    """
    words = _NUMBER.sub("", text)  # Its citations would read as numbers of the answer.
    spans = [span for span in cited.values() if span]
    recall = citation_recall(spans, facts)
    right = contains_answer(words, case.answers, case.answer_type) if case.answers else None
    evidence = None if recall is None else recall > 0
    refused = not right and refuses(words)
    answered = not refused and right is not False and evidence is not False
    scores: Scores = {
        **timings,
        "passed": refused if case.unanswerable else answered,
        "answer_right": right,
        "cited_evidence": evidence,
        "verbatim": len(spans) / len(cited) if cited else None,
        "unanswerable": case.unanswerable,
        "refused": refused,
        "lengths": [span.end - span.start for span in spans],
    }
    places = {number: (s.start, s.end) if s else (None, None) for number, s in cited.items()}
    answer = {
        "question": case.question,
        "answer": text,
        "citations": [{"number": n, "start": s, "end": e} for n, (s, e) in places.items()],
        "timings": timings,
    }
    return scores, answer


# --- the table

MEASURES = {
    "answer_right": "right answers",
    "cited_evidence": "cited evidence",
    "verbatim": "quotes that are verbatim",
    "refused": "refused, of the unanswerable",
    "false_refusals": "refused, of the answerable",
    "characters": "characters in a citation",
    "first_citation_s": "seconds to the first citation",
    "total_s": "seconds to the end",
}


def summarise(results: Sequence[Result]) -> dict[str, Metric]:
    """Return the measures of one engine: shares with intervals, and medians.

    An answer counts as verbatim if all its citations are. An answer without citations is left out
    of the time to the first one.
    """
    scores = [each.scores for each in results]
    verbatim = [each["verbatim"] for each in scores]
    lengths = [length for each in scores for length in each["lengths"]]
    return {
        "answer_right": share(each["answer_right"] for each in scores),
        "cited_evidence": share(each["cited_evidence"] for each in scores),
        "verbatim": share(part == 1 for part in verbatim if part is not None),
        "refused": share(each["refused"] for each in scores if each["unanswerable"]),
        "false_refusals": share(each["refused"] for each in scores if not each["unanswerable"]),
        "characters": Metric(float(median(lengths)) if lengths else None, len(lengths)),
        "first_citation_s": percentile([each["first_citation_s"] for each in scores], 50),
        "total_s": percentile([each["total_s"] for each in scores], 50),
    }


def speed(run: Run, name: str) -> Metric:
    """Return a median time of Footnoted's, divided by the other engine's median for a whole answer.

    Only those of Footnoted's answers count that have a time of this name.
    """
    at = len(run.results) // 2
    ours = tuple(each.scores[name] for each in run.results[:at] if name in each.scores)
    if not ours:
        return Metric(None, 0)
    pair = Pair(ours, tuple(each.scores["total_s"] for each in run.results[at:]))
    return Metric(round(pair.ratio, 4), len(ours), pair.interval())


def show_both(run: Run) -> None:
    """Print the table: each measure of both engines, and their ratio."""
    lines = []
    for name, title in MEASURES.items():
        ours, theirs = (run.metrics[f"{engine}/{name}"] for engine in (OURS, THEIRS))
        lines.append((title, _figure(ours), _figure(theirs), ratio(ours, theirs)))
    title = f"{run.set.name}, {run.set.cases} questions, {run.models['llm']}"
    show(("measure", OURS, THEIRS, "ratio"), lines, title)


def _figure(metric: Metric) -> str:
    among = f" ({interval(metric)}), n = {metric.n}" if metric.interval else ""
    return f"{figure(metric.value)}{among}"


def ratio(ours: Metric, theirs: Metric) -> str:
    """Return Footnoted's figure as a multiple of the other engine's."""
    if ours.value is None or not theirs.value:
        return "–"
    return f"{ours.value / theirs.value:.2f}"
