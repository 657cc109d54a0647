"""The table of targets, and what CI holds in place, on a small file in SQuAD's format."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.cases.cases import SETS, Case, CaseSet
from eval.comparing.compare import load_run
from eval.formats.xquad import load_xquad
from eval.lab.bench import BENCH_SETS, measured_set
from eval.lab.bench.ablation import VARIANTS
from eval.lab.bench.ablation import main as ablation
from eval.lab.bench.regression import KEPT, MEASURES, compare
from eval.lab.bench.regression import main as regression
from eval.lab.bench.routes import examples
from eval.lab.bench.routes import main as routes
from eval.lab.bench.squad import half_the_articles
from eval.lab.bench.statements import Statement, describe, false_answers, keep, kept, unread
from eval.lab.bench.table import Sources, measure, read, show, table
from eval.lab.bench.talks import typed as typed_sets
from eval.lab.bench.talks.typed import main as typed
from eval.lab.measure import kept as kept_in
from eval.lab.training.routing.further import HELD_OUT
from eval.running.record import LibraryRecord, Result, Run, SetRecord
from index.errors import UserError
from rag.asking.route import KINDS
from tests.postgres import Server

ARTICLES: dict[str, dict[str, dict[str, str]]] = {
    "Bridges": {
        "The Alder Bridge was opened in May 1931 by the mayor of Tolm. It is 410 metres long.": {},
        "The Rowan Bridge crosses the river Esk. Its builder was the engineer Tore Vik.": {
            "Who built the Rowan Bridge?": "Tore Vik"
        },
    },
    "Ferries": {
        "The ferry Mira has a crew of 12. It sails from Tolm to the island of Sund.": {
            "How large is the crew of the Mira?": "12"
        }
    },
}
"""The paragraphs of each article, and the questions on each with their answers."""


def paragraph(text: str, asked: dict[str, str]) -> dict[str, Any]:
    answers = {q: [{"text": a, "answer_start": text.index(a)}] for q, a in asked.items()}
    qas = [{"id": q.split()[-1][:-1], "question": q, "answers": a} for q, a in answers.items()]
    return {"context": text, "qas": qas}


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    articles = [
        {"title": title, "paragraphs": [paragraph(text, asked) for text, asked in those.items()]}
        for title, those in ARTICLES.items()
    ]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": articles}), "utf-8")
    return path


def test_evidence_stands_at_its_place_in_the_joined_paragraphs(squad: Path) -> None:
    data = load_xquad(squad)
    texts = {document.title: document.text for document in data.documents}
    assert len(data.cases) == 2
    for case in data.cases:
        [place] = case.evidence
        assert texts[place.document][place.start : place.end] == case.answers[0]


def test_questions_that_share_an_id_stay_apart(squad: Path) -> None:
    data = json.loads(squad.read_text("utf-8"))
    for article in data["data"]:
        article["paragraphs"][-1]["qas"][0]["id"] = "1"
    squad.write_text(json.dumps(data), "utf-8")
    assert [case.id for case in load_xquad(squad).cases] == ["1", "1#2"]


@pytest.mark.parametrize("text", ["", "{}", '{"data": [{"title": "x"}]}', '{"data": 3}'])
def test_another_format_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match="SQuAD"):
        load_xquad(path)


@pytest.mark.weights
def test_questions_as_people_type_them_are_asked_of_each_article_alone(
    squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [built, crew] = (
        replace(each, question=asked, tags=(*each.tags, "look-up"))
        for each, asked in zip(
            load_xquad(squad).cases, ("who built the rowan one", "how many crew"), strict=True
        )
    )
    fare = Case(
        id="fare", question="what's the fare", unanswerable=True, tags=("Ferries", "near-miss")
    )
    cases = (built, crew, fare)
    whole = CaseSet("typed-squad", squad, "0", cases, (1, 2, 3))
    monkeypatch.setattr(typed_sets, "DOCUMENTS", {})
    monkeypatch.setattr(typed_sets, "measured_set", lambda _: whole)
    folder = tmp_path / "typed"
    for again in (False, True):
        if again:
            monkeypatch.delattr(typed_sets, "ask_all")
        assert typed([str(folder), "--squad", str(squad)]) == 0
        rows = [
            line.split("|")[1:5] for line in capsys.readouterr().out.splitlines() if "|" in line
        ]
        told = {row[0].strip(): (row[1].strip(), row[3].strip()) for row in rows}
        assert told["look-ups: answer right"] == ("1.000", "2")
        assert told["near-misses: refused"] == ("1.000", "1")
    runs = {path.name for path in folder.glob("*.json")}
    assert runs == {f"typed-squad-{title}-without.json" for title in ARTICLES}
    asked = [case.id for case in next(typed_sets.of_articles(squad))[0].cases]
    assert asked == [built.id]
    other = replace(fare, tags=("Tunnels", "near-miss"))
    monkeypatch.setattr(typed_sets, "measured_set", lambda _: replace(whole, cases=(other,)))
    with pytest.raises(UserError, match="no article “Tunnels”"):
        list(typed_sets.of_articles(squad))


@pytest.mark.weights
def test_quotes_are_measured_and_kept(squad: Path, tmp_path: Path) -> None:
    data = load_xquad(squad)
    folder = tmp_path / "bench"
    folder.mkdir()
    sources = Sources(data, squad, squad)
    measure("quotes", folder, sources)
    run = load_run(folder / "quotes.json")
    rows = {row.measure: row for row in table({"quotes": run}, {})}
    assert rows["XQuAD: quote hit@5"].metric.value == 1.0
    assert rows["XQuAD: quote hit@5"].metric.n == 2
    assert rows["all: every footnote and quote verbatim"].reached
    assert [rows[f"XQuAD: quote hit@{k}"].target for k in (1, 3, 5)] == [
        "≥ 0.9",
        "≥ 0.97",
        "≥ 0.985",
    ]
    before = (folder / "quotes.json").stat().st_mtime_ns
    measure("quotes", folder, sources)
    assert (folder / "quotes.json").stat().st_mtime_ns == before, "what is there is not run again"


@pytest.mark.weights
def test_the_reader_alone_and_whole_articles_are_measured(
    squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(squad.read_text("utf-8"))
    near = {"id": "none", "question": "Who owns the ferry Mira?", "is_impossible": True}
    told["data"][1]["paragraphs"][0]["qas"].append({**near, "answers": []})
    squad.write_text(json.dumps(told), "utf-8")
    monkeypatch.setattr("eval.lab.bench.table.NEAR_MISSES", 1)
    sources = Sources(load_xquad(squad), squad, squad)
    for part in ("reader", "squad-without"):
        measure(part, tmp_path / "bench", sources)
    runs, alone = read(tmp_path / "bench")
    rows = {row.measure: row for row in table({}, alone)}
    assert rows["reader, paragraph given: F1"].metric.n == 3
    assert rows["reader, quote given: right words"].metric.value == 1.0
    assert len(runs["squad-without"].results) == 2
    show(runs, alone)
    shown = capsys.readouterr().out
    assert "SQuAD 2.0, whole articles, without LLM: near-miss: refused" in shown
    told = alone["quote given"]
    (tmp_path / "bench" / "reader.json").write_text(json.dumps({"quote given": told}), "utf-8")
    assert read(tmp_path / "bench")[1] == {"quote given": told}, "as it was kept before"


def test_what_is_kept_goes_on_and_another_program_begins_anew(tmp_path: Path) -> None:
    file, asked = tmp_path / "new" / "kept.json", dict.fromkeys("ab", "?")
    done = iter([1, 2])
    with pytest.raises(StopIteration):  # It is stopped behind the second answer.
        kept_in(file, asked | {"c": "?"}, lambda _: next(done), "one")
    assert kept_in(file, asked, lambda _: 3, "one") == {"a": 1, "b": 2}
    assert kept_in(file, asked, lambda _: 3, "other") == {"a": 3, "b": 3}


@pytest.mark.parametrize("told", ["[]", '{"data": 3}', '{"data": [{"title": "x"}]}', "Who?"])
def test_a_file_without_questions_is_told_by_the_routes(tmp_path: Path, told: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(told, "utf-8")
    with pytest.raises(UserError, match=r"other\.json holds no questions"):
        routes([str(path)])


def test_the_conversations_about_texts_are_told_by_places_and_their_questions_are_routed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    conversations = BENCH_SETS.parent / "talks" / "dialogues.jsonl.gz"
    lines = gzip.decompress(conversations.read_bytes()).decode().splitlines()
    turns = [turn for line in lines for turn in json.loads(line)["turns"]]
    assert len(turns) > 7000
    for each in turns:
        assert each["user"].strip()
        assert each.get("kind") in (None, "command", "talk", "overview", "document")
        for _, start, end in [*each.get("places", ()), each.get("words", (0, 0, 1))]:
            assert 0 <= start < end
    some = tmp_path / "some.jsonl"
    some.write_text("\n".join(lines[:5]), "utf-8")
    assert routes([str(some)]) == 0
    held_out = lines[:5:HELD_OUT]
    asked = [t for line in held_out for t in json.loads(line)["turns"] if "kind" not in t]
    assert f"of {len(asked)} questions are taken" in capsys.readouterr().out


def test_the_routes_of_the_held_out_messages_and_of_ordinary_questions_are_printed(
    capsys: pytest.CaptureFixture[str], squad: Path, tmp_path: Path
) -> None:
    turns = tmp_path / "turns.jsonl.gz"
    said = ("Who built the Rowan Bridge?", "Tore Vik.", "Summarize this document.")
    line = {"turns": [{"role": "any", "content": each} for each in said]}
    turns.write_bytes(gzip.compress(json.dumps(line).encode()))
    asked = [SETS / "briefing.jsonl", squad, turns]
    assert routes(["--shown", "200", *map(str, asked)]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    of = {row[0]: row[1:] for row in rows[2:]}
    assert tuple(of) == KINDS
    held_out = examples()
    for kind, (n, recognised, interval, matters, others) in of.items():
        right, taken = matters.split(" of ")
        known = int(n) - sum(map(int, re.findall(r"\d+", others)))
        assert int(n) == sum(route.kind == kind for _, route in held_out) > 0
        assert float(recognised) == pytest.approx(known / int(n), abs=0.001)
        low, high = map(float, interval.split("–"))
        assert low <= float(recognised) <= high
        # What is to be computed is recognised beside another kind as well.
        assert int(right) <= int(taken) <= known
        assert kind == "compute" or int(taken) == known
    # More than that are recognised: what is held out is no place to fit a test to.
    assert sum(float(row[1]) for row in of.values()) / len(KINDS) > 0.8

    files = dict(re.findall(r"^(\S+): (\d+ of [\d,]+) questions are taken", shown, re.MULTILINE))
    assert list(files) == [each.name for each in asked]
    assert files["briefing.jsonl"].endswith(" of 105")
    assert files["squad.json"] == "0 of 2"
    assert files["turns.jsonl.gz"] == "1 of 1", "the last turn is what is asked"
    assert lines[-1].endswith(": Summarize this document.")
    assert lines[-1].startswith("    overview/")
    listed = [line for line in lines if line.startswith("    ")]
    assert len(listed) == sum(int(told.split()[0]) for told in files.values())
    assert any("Which strait is wider, Tsugaru or Osumi?" in line for line in listed)


def test_the_set_of_whole_documents_is_reported_by_kind() -> None:
    cases = measured_set("whole").cases
    assert len(cases) >= 80
    scores = {"verbatim": 1.0, "refused": False, "refusal_right": True, "unsupported": []}
    scores |= {"citation_recall": 0.5, "citation_precision": None}
    results = tuple(
        Result(case.id, scores | {"passed": at % 2 == 1}, None) for at, case in enumerate(cases)
    )
    asked = SetRecord("whole", "", len(cases), ())
    run = Run(1, asked, LibraryRecord(()), {}, {}, results)
    rows = {row.measure: row for row in table({"whole": run}, {})}
    assert rows["whole, held out, parts: right"].metric.value == 1.0
    assert rows["whole, parts: right"].metric.value == 0.5
    assert rows["whole, list: recall"].metric.value == 0.5
    assert rows["whole, list: precision"].metric.value == 0.0, "what is not cited is not right"
    assert rows["whole, list: precision"].metric.n == 20


def test_a_statement_is_read_once_and_a_changed_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.lab.bench.statements.KEPT", tmp_path / "statements.json")
    one = Statement("How long is it?", "It is 410 metres long.", ("It is 410 metres long.",))
    other = replace(one, text="It is 400 metres long.")
    answers = [(one,), (one, other)]
    assert false_answers(answers, kept()).value is None, "nothing is read yet"
    keep({one.id: True, other.id: False}, answers)
    assert kept() == {one.id: True, other.id: False}
    assert list(unread(answers, kept())) == []
    assert (false_answers(answers, kept()).value, false_answers(answers, kept()).n) == (0.5, 2)
    assert "1 false, 0 not read yet" in describe(answers, kept())
    changed = replace(one, quotes=("It is 400 metres long.",))
    assert list(unread([(changed,)], kept())) == [changed]
    with pytest.raises(UserError, match="no statement abc"):
        keep({"abc": True}, answers)


@pytest.mark.weights
def test_each_part_of_finding_quotes_is_weighed(
    squad: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    postgres: Server,
) -> None:
    # The weights of the other embedding are not among those that every machine has.
    variants = [each for each in VARIANTS if each.library != "minilm"]
    monkeypatch.setattr("eval.lab.bench.ablation.VARIANTS", variants)
    asked = [str(tmp_path), "--xquad", str(squad), "--questions", "2"]
    assert ablation([*asked, "--database", postgres.place().address]) == 0
    shown = capsys.readouterr().out
    for variant in variants:
        assert variant.name in shown
    assert "1.000" in shown
    assert re.search(r"\| postgresql +\| 2 ", shown)
    assert "2 of 2" in shown
    assert ablation([*asked, "--only", "words only (BM25)"]) == 0
    fewer = capsys.readouterr().out
    assert [name in fewer for name in ("words only (BM25)", "5 candidates")] == [True, False]


def test_the_off_topic_part_asks_both_halves(squad: Path) -> None:
    documents, asked = half_the_articles(load_xquad(squad), 1, "off-topic")
    assert [document.title for document in documents] == ["Bridges"]
    assert [(case.tags, case.unanswerable) for case in asked.cases] == [
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


def test_what_ships_is_held_where_xquad_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    shipped = {"briefing": measures(0)["briefing"]}
    lines, fell = compare(measures(30), shipped)
    assert fell
    assert [line.split(":")[0] for line in lines] == [
        f"FELL briefing {name}" for name in MEASURES["briefing"]
    ]
    with pytest.raises(SystemExit):
        regression(["folder", "--keep"])
    assert "--keep needs --xquad FILE" in capsys.readouterr().err


def test_what_is_kept_names_cases_and_no_text() -> None:
    told = json.loads(KEPT.read_text("utf-8"))
    for part, names in MEASURES.items():
        assert set(told[part]) == set(names)
        for cases in told[part].values():
            assert all(isinstance(passed, bool) for passed in cases.values())
            assert not any(" " in case for case in cases)
