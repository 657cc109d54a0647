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

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.cases.cases import SETS, Case
from eval.cases.evidence import resolve
from eval.lab.bench import measured_set
from eval.lab.bench.corruptions import TOGETHER, claims
from eval.lab.command import run_command
from eval.lab.training.corruptions import Claim
from eval.lab.training.examples import Article, load_squad
from eval.lab.training.statements import Label, Statement, load_claims, of_questions, of_sentences
from eval.measuring.spans import finds
from eval.measuring.statistics import rate
from eval.running.claims import checked_claim
from index.documents import Document, text_sha256
from index.errors import UserError
from index.loading.load import load
from rag.assistant import Assistant
from rag.checking.verdict import Checked
from rag.config import load_settings
from rag.quote import Quote
from rag.verifying.judge import Verdict, judge
from rag.writing.llm import Writer

SEED = 2026
SHARE = 0.5
"""The share of paragraphs of which a sentence is made into statements by rule."""


def main(arguments: Sequence[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.claims", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--article", type=Path, metavar="FILE")
    parser.add_argument("--squad", type=Path, metavar="FILE")
    parser.add_argument("--claims", type=Path, metavar="FILE")
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--each", type=int, default=40, metavar="N")
    given = parser.parse_args(arguments)
    if not (given.article or given.squad or given.claims):
        raise UserError("There is nothing to measure: give --article, --squad or --claims FILE.")
    if given.article:
        assistant = Assistant(load_settings(library=given.folder / "library"))
        sources = [load(SETS / "briefing.md"), load(given.article)]
        for source in sources:
            assistant.library.add(source)
        _set(assistant, given.llm)
        pairs = zip(("briefing", "article"), sources, strict=True)
        true, false = claims([(measured_set(name), each) for name, each in pairs])
        _corruptions(assistant, true, false, given.each)
    if given.squad:
        assistant = Assistant(load_settings(library=given.folder / "library-squad"))
        _statements(assistant, load_squad(given.squad), given.each)
    if given.claims:
        assistant = Assistant(load_settings(library=given.folder / "library-claims"))
        held_out = [each for each in load_claims(given.claims) if each.held_out]
        _by_people(assistant, [each for each in held_out if each.kind == "FEVER"])
    return 0


# --- the set


@dataclass(frozen=True, slots=True)
class _Done:
    case: Case
    checked: Checked
    evidence: bool
    seconds: float
    said: str | None = None
    """The language model's verdict."""


def _set(assistant: Assistant, llm: bool) -> None:
    case_set = measured_set("claims")
    facts, _ = resolve(case_set, assistant.library)
    writer = assistant.writer if llm else None
    if llm and writer is None:
        raise UserError("There is no language model to compare with: FOOTNOTED_LLM is none.")
    done = []
    for case in case_set.cases:
        started = time.perf_counter()
        checked = checked_claim(assistant, case.claim)
        seconds = time.perf_counter() - started
        places = [place for fact in facts[case.id] for place in fact]
        shown = any(finds(quote.span, place) for quote in checked.quotes for place in places)
        said = _asked(writer, case.claim, checked) if writer else None
        done.append(_Done(case, checked, shown, seconds, said))
    for name, some in (("all", done), ("held out", done[1::2])):
        _say(f"claims, {name}")
        _say(_share("verdict right", [e.checked.verdict == e.case.verdict for e in some]))
        for verdict in ("supported", "contradicted", "not_in_sources"):
            of = [e for e in some if e.case.verdict == verdict]
            _say(_share(f"  {verdict}", [e.checked.verdict == verdict for e in of]))
        with_evidence = [e for e in some if e.case.evidence]
        _say(_share("evidence right", [e.evidence for e in with_evidence]))
        _say_of_true([e.checked for e in some if e.case.verdict == "supported"])
        if llm:
            right = [e.said == e.case.verdict for e in some]
            _say(_share("the language model's verdict right", right))
    median = sorted(each.seconds for each in done)[len(done) // 2]
    _say(f"median {median:.2f} s a claim")


_ASK = (
    "You check a claim against quotes. Answer with one word: supported, if the quotes say the "
    "same; contradicted, if they say otherwise; unsaid, if they do not say."
)


def _asked(writer: Writer, claim: str, checked: Checked) -> str:
    from llama_index.core.base.llms.types import ChatMessage

    quotes = "\n".join(f"- {' '.join(quote.text.split())}" for quote in checked.found[:5])
    content = f"Quotes:\n{quotes}\n\nClaim: {claim}"
    messages = [ChatMessage(role="system", content=_ASK), ChatMessage(role="user", content=content)]
    words = (writer.llm.chat(messages, max_tokens=8).message.content or "").lower()
    return next((v for v in ("supported", "contradicted") if v in words), "not_in_sources")


# --- sentences made false by rule


def _corruptions(
    assistant: Assistant, true: Sequence[Claim], false: Sequence[Claim], each: int
) -> None:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    kinds = dict.fromkeys(claim.kind for claim in false)
    kinds.pop("quotes of elsewhere")  # There the whole library is searched.
    noticed: dict[str, list[bool]] = {}
    for kind in kinds:
        of = [claim for claim in false if claim.kind == kind]
        some = rng.sample(of, min(each, len(of)))
        noticed[kind] = [checked_claim(assistant, c.sentence).verdict != "supported" for c in some]
    _say("sentences made false by rule: not put down as supported")
    for kind, flags in noticed.items():
        _say(_share(f"  {kind}", flags))
    for name, together in TOGETHER.items():
        _say(_share(name, [flag for kind in together for flag in noticed.get(kind, [])]))
    some = rng.sample(list(true), min(each, len(true)))
    _say_of_true([checked_claim(assistant, c.sentence) for c in some])


# --- statements on articles in SQuAD's format


def _statements(assistant: Assistant, articles: Sequence[Article], each: int) -> None:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    made: dict[str, list[tuple[str, str]]] = {"supported": [], "refuted": []}
    for article in articles:
        for first in (0, 1):
            half = Article(article.title, article.paragraphs[first::2])
            text = "\n\n".join(paragraph.text for paragraph in half.paragraphs)
            source = f"{article.title} {first + 1}"
            document = Document.of(text, title=article.title, source=source)
            assistant.library.add(document)
            for kind in (of_questions([half], rng), of_sentences([half], rng, SHARE)):
                for found in kind:
                    if found.label in made:
                        made[found.label].append((found.statement, document.id))
    drawn = {label: rng.sample(of, min(2 * each, len(of))) for label, of in made.items()}
    told = {
        label: [checked_claim(assistant, statement) for statement, _ in of[:each]]
        for label, of in drawn.items()
    }
    untold = [
        checked_claim(assistant, statement, [home]).verdict
        for of in drawn.values()
        for statement, home in of[each:]
    ]
    _say("statements on whole articles")
    true, false = told["supported"], told["refuted"]
    _say(_share("true: supported", [e.verdict == "supported" for e in true]))
    _say_of_true(true)
    _say(_share("false: contradicted", [e.verdict == "contradicted" for e in false]))
    _say(_share("false, put down as supported", [e.verdict == "supported" for e in false]))
    _say(
        _share(
            "without their document: not in the sources", [v == "not_in_sources" for v in untold]
        )
    )


# --- claims that people wrote, and whether their evidence bears them out


def _by_people(assistant: Assistant, claims: Sequence[Statement]) -> None:
    documents = {each.text: _evidence(each.text) for each in claims}
    for document in documents.values():
        assistant.library.add(document)
    found, alone = {}, {}
    for label in ("supported", "refuted", "not enough"):
        of = [each for each in claims if each.label == label]
        found[label] = [checked_claim(assistant, each.statement).verdict for each in of]
        alone[label] = [_given(assistant, each.statement, documents[each.text]) for each in of]
    for how, verdicts in (("looked for in all evidence", found), ("their evidence given", alone)):
        for half, first in (("development", 0), ("measuring", 1)):
            _say(f"claims by people, {how}, {half}")
            for label, verdict in _TOLD:
                flags = [each == verdict for each in verdicts[label][first::2]]
                _say(_share(f"  {label}: {verdict}", flags))


_TOLD: tuple[tuple[Label, Verdict], ...] = (
    ("supported", "supported"),
    ("supported", "contradicted"),
    ("refuted", "supported"),
    ("refuted", "contradicted"),
    ("not enough", "supported"),
    ("not enough", "contradicted"),
)


def _evidence(text: str) -> Document:
    sha = text_sha256(text)
    return Document.of(text, title=sha[:8], source=sha)


def _given(assistant: Assistant, claim: str, evidence: Document) -> Verdict:
    whole = Quote(evidence, 0, len(evidence.text), 0.0)
    [score] = assistant.reranker.score(claim, [whole.model_text])
    return judge(claim, [replace(whole, score=score)], assistant.reader).verdict


def _say_of_true(checked: Sequence[Checked]) -> None:
    wrongly = [each.fails and each.verdict != "unsure" for each in checked]
    _say(_share("true, put down as contradicted or not in the sources", wrongly))
    _say(_share("true, put down as unsure", [each.verdict == "unsure" for each in checked]))


def _share(what: str, flags: Sequence[bool]) -> str:
    share = rate(sum(flags), len(flags))
    low, high = share.interval or (0.0, 0.0)
    return f"{what:<62}{share.value or 0:>7.3f}  ({low:.3f} to {high:.3f}), n = {share.n}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run_command(main)
