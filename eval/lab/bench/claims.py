"""Checking, measured: claims of the set `claims`, sentences made false by rule, and the pace.

    python -m eval.lab.bench.claims FOLDER [--article FILE] [--squad FILE] [--claims FILE] [--llm]
        [--each N]

With --article the set is checked against the sample briefing and the article in one library, and
with --llm the default language model is asked for a verdict of the same claims from the same
quotes. Then the sentences of `eval.lab.bench.corruptions`, N of each kind, go the whole way: each
is looked for and judged as the sentence of a text. Of the set every second claim (the 1st, 3rd,
...) served for development.

With --squad statements are made of articles in SQuAD's format, as those that the reader's third
head learned from. Each article is two documents, of every second paragraph. N true statements and N
false ones are checked against all of them, and N of each without the document that they are about.

With --claims FEVER's claims that `eval.lab.training.claims` holds out are checked against a library
of their evidence, a document each, and then against their own evidence alone. Every second claim of
a label (the 1st, 3rd, ...) served for development.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median_high
from typing import Any

from eval.cases.cases import SETS, Case, EvidenceSpans
from eval.cases.evidence import resolve
from eval.lab.bench import measured_set
from eval.lab.bench.corruptions import by_kind, claims
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, seeded, share, show_rows
from eval.lab.training.examples import Article, load_squad
from eval.lab.training.statements import Statement, load_claims, of_questions, of_sentences
from eval.measuring.spans import finds
from eval.measuring.statistics import Metric
from eval.running.claims import checked_claim
from index.documents import Document, text_sha256
from index.errors import UserError
from index.loading.load import load
from rag.assistant import Assistant
from rag.checking.verdict import Checked
from rag.quote import Quote
from rag.verifying.judge import Verdict, judge
from rag.writing.llm import Writer

SEED = 2026
SHARE = 0.5
"""The share of paragraphs of which a sentence is made into statements by rule."""


def main(argv: Sequence[str]) -> int:
    """Print the figures."""
    files = ("article", "squad", "claims")
    parser = arguments("eval.lab.bench.claims", __doc__, *files, required=False)
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--each", type=int, default=40, metavar="N")
    asked = parser.parse_args(argv)
    if not (asked.article or asked.squad or asked.claims):
        raise UserError("There is nothing to measure: give --article, --squad or --claims FILE.")
    if asked.article:
        sources = [load(SETS / "briefing.md"), load(asked.article)]
        assistant = filled(asked.folder / "library", sources)
        show_rows(_set(asked.folder, assistant, asked.llm), "claims")
        title = "sentences made false by rule: not put down as supported"
        show_rows(_corruptions(asked.folder, assistant, sources, asked.each), title)
    if asked.squad:
        rows = _statements(asked.folder, load_squad(asked.squad), asked.each)
        show_rows(rows, "statements on whole articles")
    if asked.claims:
        held_out = [each for each in load_claims(asked.claims) if each.held_out]
        of = [each for each in held_out if each.kind == "FEVER"]
        show_rows(_by_people(asked.folder, of), "claims by people")
    return 0


Asked = tuple[str, tuple[str, ...]]
"""A statement, and the ids of documents that it is checked without."""


def _verdicts(file: Path, assistant: Assistant, asked: Iterable[Asked]) -> list[Verdict]:
    """Return the verdict of each statement, kept in a file."""
    named = [
        (" ".join((*without, statement)), (statement, without)) for statement, without in asked
    ]
    found = kept(file, dict(named), lambda each: checked_claim(assistant, *each).verdict)
    return [found[name] for name, _ in named]


def _of_true(verdicts: Sequence[Verdict], of: str = "") -> Iterator[Row]:
    wrong = ("contradicted", "not_in_sources", "not_checkable")
    put_down = share(each in wrong for each in verdicts)
    yield Row(f"{of}true, put down as contradicted or not in the sources", put_down)
    yield Row(f"{of}true, put down as unsure", share(each == "unsure" for each in verdicts))


# --- the set


def _set(folder: Path, assistant: Assistant, llm: bool) -> Iterator[Row]:
    case_set = measured_set("claims")
    facts, _ = resolve(case_set, assistant.library)
    writer = assistant.writer if llm else None
    if llm and writer is None:
        raise UserError("There is no language model to compare with: FOOTNOTED_LLM is none.")
    cases = {case.id: case for case in case_set.cases}
    file = folder / f"set{'-llm' if llm else ''}.json"
    found = kept(file, cases, lambda case: _checked(case, facts[case.id], assistant, writer))
    done = [(case, found[case.id]) for case in case_set.cases]
    yield from _of_cases("all", done)
    yield from _of_cases("held out", done[1::2])
    seconds = median_high(each["seconds"] for each in found.values())
    yield Row("seconds a claim, median", Metric(seconds, len(done)))


def _checked(
    case: Case, facts: EvidenceSpans, assistant: Assistant, writer: Writer | None
) -> dict[str, Any]:
    started = time.perf_counter()
    checked = checked_claim(assistant, case.claim)
    seconds = time.perf_counter() - started
    places = [place for fact in facts for place in fact]
    return {
        "verdict": checked.verdict,
        "evidence": any(finds(quote.span, place) for quote in checked.quotes for place in places),
        "seconds": seconds,
        "said": _said(writer, case.claim, checked) if writer else None,
    }


_ASK = (
    "You check a claim against quotes. Answer with one word: supported, if the quotes say the "
    "same; contradicted, if they say otherwise; unsaid, if they do not say."
)


def _said(writer: Writer, claim: str, checked: Checked) -> str:
    """Return the language model's verdict."""
    from llama_index.core.base.llms.types import ChatMessage

    quotes = "\n".join(f"- {' '.join(quote.text.split())}" for quote in checked.found[:5])
    content = f"Quotes:\n{quotes}\n\nClaim: {claim}"
    messages = [ChatMessage(role="system", content=_ASK), ChatMessage(role="user", content=content)]
    words = (writer.llm.chat(messages, max_tokens=8).message.content or "").lower()
    return next((v for v in ("supported", "contradicted") if v in words), "not_in_sources")


def _of_cases(name: str, done: Sequence[tuple[Case, dict[str, Any]]]) -> Iterator[Row]:
    right = [(case, told["verdict"] == case.verdict) for case, told in done]
    yield Row(f"{name}: verdict right", share(each for _, each in right))
    for verdict in ("supported", "contradicted", "not_in_sources"):
        of = share(each for case, each in right if case.verdict == verdict)
        yield Row(f"{name}: {verdict}", of)
    shown = share(told["evidence"] for case, told in done if case.evidence)
    yield Row(f"{name}: evidence right", shown)
    true = [told["verdict"] for case, told in done if case.verdict == "supported"]
    yield from _of_true(true, f"{name}: ")
    if any(told["said"] for _, told in done):
        said = share(told["said"] == case.verdict for case, told in done)
        yield Row(f"{name}: the language model's verdict right", said)


# --- sentences made false by rule


def _corruptions(
    folder: Path, assistant: Assistant, sources: Sequence[Document], most: int
) -> Iterator[Row]:
    sets = [measured_set(name) for name in ("briefing", "article")]
    true, false = claims(list(zip(sets, sources, strict=True)))
    made: dict[str, list[str]] = {}
    for each in false:
        if each.kind != "quotes of elsewhere":  # There the whole library is searched.
            made.setdefault(each.kind, []).append(each.sentence)
    made["true"] = [each.sentence for each in true]
    rng = seeded(SEED)
    drawn = {kind: rng.sample(of, min(most, len(of))) for kind, of in made.items()}
    file = folder / "corruptions.json"
    verdicts = {
        kind: _verdicts(file, assistant, ((each, ()) for each in of)) for kind, of in drawn.items()
    }
    of_true = verdicts.pop("true")
    noticed = {kind: [each != "supported" for each in of] for kind, of in verdicts.items()}
    yield from by_kind(noticed)
    yield from _of_true(of_true)


# --- statements on articles in SQuAD's format


def _statements(folder: Path, articles: Sequence[Article], each: int) -> Iterator[Row]:
    rng = seeded(SEED)
    documents: list[Document] = []
    made: dict[str, list[Asked]] = {"supported": [], "refuted": []}
    for article in articles:
        for first in (0, 1):
            half = Article(article.title, article.paragraphs[first::2])
            text = "\n\n".join(paragraph.text for paragraph in half.paragraphs)
            source = f"{article.title} {first + 1}"
            documents.append(Document.of(text, title=article.title, source=source))
            for kind in (of_questions([half], rng), of_sentences([half], rng, SHARE)):
                for found in kind:
                    if found.label in made:
                        made[found.label].append((found.statement, (documents[-1].id,)))
    drawn = {label: rng.sample(of, min(2 * each, len(of))) for label, of in made.items()}
    assistant, file = filled(folder / "library-squad", documents), folder / "statements.json"
    true, false = (
        _verdicts(file, assistant, [(statement, ()) for statement, _ in of[:each]])
        for of in drawn.values()
    )
    untold = _verdicts(file, assistant, [told for of in drawn.values() for told in of[each:]])
    yield Row("true: supported", share(e == "supported" for e in true))
    yield from _of_true(true)
    yield Row("false: contradicted", share(e == "contradicted" for e in false))
    yield Row("false, put down as supported", share(e == "supported" for e in false))
    left_out = share(e == "not_in_sources" for e in untold)
    yield Row("without their document: not in the sources", left_out)


# --- claims that people wrote, and whether their evidence bears them out


def _by_people(folder: Path, claims: Sequence[Statement]) -> Iterator[Row]:
    documents = {each.text: _evidence(each.text) for each in claims}
    assistant = filled(folder / "library-claims", documents.values())

    def ask(claim: Statement) -> dict[str, Verdict]:
        return {
            "looked for in all evidence": checked_claim(assistant, claim.statement).verdict,
            "their evidence given": _given(assistant, claim.statement, documents[claim.text]),
        }

    named = {f"{at} {each.statement}": each for at, each in enumerate(claims)}
    told = kept(folder / "people.json", named, ask)
    for how in ("looked for in all evidence", "their evidence given"):
        for half, first in (("development", 0), ("measuring", 1)):
            for label in ("supported", "refuted", "not enough"):
                of = [told[name][how] for name, each in named.items() if each.label == label]
                for verdict in ("supported", "contradicted"):
                    found = share(each == verdict for each in of[first::2])
                    yield Row(f"{how}, {half}, {label}: {verdict}", found)


def _evidence(text: str) -> Document:
    sha = text_sha256(text)
    return Document.of(text, title=sha[:8], source=sha)


def _given(assistant: Assistant, claim: str, evidence: Document) -> Verdict:
    whole = Quote(evidence, 0, len(evidence.text), 0.0)
    [score] = assistant.reranker.score(claim, [whole.model_text])
    return judge(claim, [replace(whole, score=score)], assistant.reader).verdict


if __name__ == "__main__":
    run_command(main)
