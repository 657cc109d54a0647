"""Check claims that people wrote about Wikipedia's sentences, in a library of their evidence.

    python -m eval.lab.bench.claims FOLDER --claims FILE

FEVER's claims that `eval.lab.training.claims` holds out are checked against a library of their
evidence, one document each, and then against their own evidence alone. Every second claim with a
label (the 1st, 3rd, ...) served for development.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.statements import Statement, load_claims
from eval.running.claims import checked_claim
from index.documents import Document, text_sha256
from rag.assistant import Assistant
from rag.quote import Quote
from rag.verifying.judge import Verdict, judge


def main(argv: Sequence[str]) -> int:
    """Print the figures."""
    asked = arguments("eval.lab.bench.claims", __doc__, "claims").parse_args(argv)
    held_out = [each for each in load_claims(asked.claims) if each.held_out]
    of = [each for each in held_out if each.kind == "FEVER"]
    show_rows(_rows(asked.folder, of), "claims by people")
    return 0


def _rows(folder: Path, claims: Sequence[Statement]) -> Iterator[Row]:
    documents = {each.text: _evidence(each.text) for each in claims}
    assistant = filled(folder / "library-claims", documents.values())

    def ask(claim: Statement) -> dict[str, Verdict]:
        return {
            "looked for in all evidence": checked_claim(assistant, claim.statement).verdict,
            "their evidence given": _given(assistant, claim.statement, documents[claim.text]),
        }

    named = {f"{at} {each.statement}": each for at, each in enumerate(claims)}
    verdicts = kept(folder / "people.json", named, ask)
    for how in ("looked for in all evidence", "their evidence given"):
        for half, first in (("development", 0), ("measuring", 1)):
            for label in ("supported", "refuted", "not enough"):
                of = [verdicts[name][how] for name, each in named.items() if each.label == label]
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
