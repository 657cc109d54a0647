"""The table of targets, and what CI holds in place, on a small file in SQuAD's format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.ablation import _LIBRARIES, VARIANTS, _overlapping
from eval.ablation import main as ablation
from eval.bench import measure, table, xquad_part
from eval.compare import load_run
from eval.kept import KEPT, MEASURES, compare
from eval.xquad import load_xquad
from index.documents import Document
from index.errors import UserError
from index.split import split

PARAGRAPHS = {
    "Bridges": (
        "The Alder Bridge was opened in May 1931 by the mayor of Tolm. It is 410 metres long.",
        "The Rowan Bridge crosses the river Esk. Its builder was the engineer Tore Vik.",
    ),
    "Ferries": ("The ferry Mira has a crew of 12. It sails from Tolm to the island of Sund.",),
}
QUESTIONS = {
    "Who built the Rowan Bridge?": ("Bridges", 1, "Tore Vik"),
    "How large is the crew of the Mira?": ("Ferries", 0, "12"),
}


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    articles: list[Any] = []
    for title, paragraphs in PARAGRAPHS.items():
        told: list[Any] = []
        for at, context in enumerate(paragraphs):
            qas = [
                {
                    "id": question.split()[-1].strip("?"),
                    "question": question,
                    "answers": [{"text": answer, "answer_start": context.index(answer)}],
                }
                for question, (where, number, answer) in QUESTIONS.items()
                if (where, number) == (title, at)
            ]
            told.append({"context": context, "qas": qas})
        articles.append({"title": title, "paragraphs": told})
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": articles}), "utf-8")
    return path


def test_evidence_stands_at_its_place_in_the_joined_paragraphs(squad: Path) -> None:
    data = load_xquad(squad)
    texts = {document.title: document.text for document in data.documents}
    assert len(data.cases) == len(QUESTIONS)
    for case in data.cases:
        [place] = case.evidence
        assert texts[place.document][place.start : place.end] == case.answers[0]


@pytest.mark.parametrize("text", ["", "{}", '{"data": [{"title": "x"}]}', '{"data": 3}'])
def test_another_format_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match="SQuAD"):
        load_xquad(path)


@pytest.mark.weights
def test_quotes_are_measured_and_kept(squad: Path, tmp_path: Path) -> None:
    data = load_xquad(squad)
    folder = tmp_path / "bench"
    folder.mkdir()
    measure("quotes", folder, data, squad)
    run = load_run(folder / "quotes.json")
    rows = {row.measure: row for row in table({"quotes": run})}
    assert rows["XQuAD: quote hit@5"].metric.value == 1.0
    assert rows["XQuAD: quote hit@5"].metric.n == len(QUESTIONS)
    assert rows["all: every footnote and quote verbatim"].reached
    before = (folder / "quotes.json").stat().st_mtime_ns
    measure("quotes", folder, data, squad)
    assert (folder / "quotes.json").stat().st_mtime_ns == before, "what is there is not run again"


@pytest.mark.weights
def test_each_part_of_finding_quotes_is_weighed(
    squad: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The weights of the other embedding are not among those that every machine has.
    kept = [each for each in VARIANTS if each.library != "minilm"]
    monkeypatch.setattr("eval.ablation.VARIANTS", kept)
    monkeypatch.delitem(_LIBRARIES, "minilm")
    assert ablation([str(tmp_path), "--xquad", str(squad), "--questions", "2"]) == 0
    shown = capsys.readouterr().out
    for variant in kept:
        assert (variant.name in shown) == (variant.rank != "colbert"), variant.name
    assert "1.000" in shown
    assert "library “overlapping”: 2 passages" in shown


def test_overlapping_passages_begin_with_the_sentence_before(briefing: Document) -> None:
    apart, overlapping = split(briefing), _overlapping(briefing)
    assert len(overlapping) == len(apart) > 10
    assert overlapping[0] == apart[0]
    for before, each, now in zip(apart, apart[1:], overlapping[1:], strict=False):
        assert now.sentences == (before.sentences[-1], *each.sentences)
        assert (now.span.start, now.span.end) == (before.sentences[-1][0], each.span.end)


def test_the_off_topic_part_asks_both_halves(monkeypatch: pytest.MonkeyPatch, squad: Path) -> None:
    monkeypatch.setattr("eval.bench.OFF_TOPIC", 1)
    asked = xquad_part("off-topic", load_xquad(squad)).cases
    assert [(case.tags, case.unanswerable) for case in asked] == [
        (("Bridges",), False),
        (("Ferries",), True),
    ]


def measures(good: int, n: int = 40) -> dict[str, Any]:
    cases = {f"case-{at}": at < good for at in range(n)}
    return {part: dict.fromkeys(names, cases) for part, names in MEASURES.items()}


@pytest.mark.parametrize(
    ("now", "fell"), [(30, False), (29, False), (28, False), (27, True), (0, True), (40, False)]
)
def test_what_falls_below_what_was_kept_fails(now: int, fell: bool) -> None:
    lines, found = compare(measures(30), measures(now))
    assert found is fell
    assert any(line.startswith("FELL") for line in lines) is fell


def test_other_cases_are_not_compared() -> None:
    with pytest.raises(UserError, match="cases changed"):
        compare(measures(30), measures(30, n=41))


def test_what_is_kept_names_cases_and_no_text() -> None:
    told = json.loads(KEPT.read_text("utf-8"))
    for part, names in MEASURES.items():
        assert set(told[part]) == set(names)
        for cases in told[part].values():
            assert all(isinstance(passed, bool) for passed in cases.values())
            assert not any(" " in case for case in cases)
