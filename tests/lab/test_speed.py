"""The benchmark of speed: ratios and targets, what is kept, the report, and libraries by rule.

No figure of a test is a time: what is fast is measured by the bench, and not here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from eval.cases.cases import SETS, load_set
from eval.lab.measure import Pair, reached
from eval.lab.speed import bench
from eval.lab.speed.kept import Kept, file_of, read, write
from eval.lab.speed.machine import Peak, describe, disk, memory, processor_seconds
from eval.lab.speed.options import Options, add_files
from eval.lab.speed.parts import growth
from eval.lab.speed.parts.adding import texts_of
from eval.lab.speed.parts.evidence import first_quotes, install_peers, weights
from eval.lab.speed.parts.window import WRITTEN
from eval.lab.speed.processes import PYTHON, helper, run_for, serving
from eval.lab.speed.report import curves, write_report
from eval.lab.speed.table import ROWS, figure, lines
from eval.lab.speed.texts import ENTRIES, PASSAGES, Rule, entry, made_up_vectors
from eval.lab.speed.turns import by_turns
from index.errors import UserError
from index.library import Library
from index.split import split
from rag.answerability.gate import DOUBT
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.opening import open_library
from tests.lab.test_bench import squad
from tests.test_index_server import chroma, server

__all__ = ["chroma", "server", "squad"]


def test_a_ratio_is_of_medians_and_its_interval_holds_it() -> None:
    pair = Pair((2.0, 9.0, 3.0), (1.0, 2.0, 30.0))
    assert pair.ratio == 1.5
    low, high = pair.interval() or (9.0, 0.0)
    assert low <= pair.ratio <= high
    assert pair.interval() == pair.interval(), "the seed is fixed"
    assert Pair((5.0,), (2.0,)).interval() is None


def test_a_target_is_met_or_not() -> None:
    tried = [
        ("≤ 1/100", 1.0),
        ("≤ 1/100", 1.01),
        ("≥ 1.2", 120.0),
        ("≥ 1.2", 119.0),
        ("≤ 5", 500.0),
    ]
    met = [reached(target, Pair((ours,), (100.0,)).ratio) for target, ours in tried]
    assert met == [True, False, True, False, True]


def test_the_sides_take_turns_and_the_first_turns_do_not_count() -> None:
    names: list[str] = []

    def side(name: str, value: float) -> float:
        names.append(name)
        return value

    pair = by_turns(lambda turn: side("ours", turn), lambda turn: side("other", -turn), 4, warm=1)
    assert pair == Pair((0, 1, 2, 3), (0, -1, -2, -3))
    assert names[2:6] == ["ours", "other", "other", "ours"]
    assert names.count("ours") == names.count("other") == 5


def part(name: str, **pairs: Pair) -> Kept:
    machine = {**describe(), "load_before": 0.25}
    return Kept(name, pairs, {"documents": 42}, machine, "2026-01-02T03:04:05+00:00", 61.4)


def grown(passages: int, **more: str) -> Kept:
    sizes = {"memory_bytes": 3_000 * passages, "disk_bytes": 2_000 * passages}
    added = {"add_s": [0.1, 0.2, 0.3], "next_question_s": [0.4], "remove_s": [0.1]}
    once = {"bm25_s": 0.001, "vectors_s": 0.002, "opened_s": 0.5, "found": 1.0, "add_found": 1.0}
    told = {"passages": passages, "vectors": "made up", "made_s": 12.0, "made_peak_bytes": 9e8}
    told |= sizes | added | once | more
    pairs = {"evidence": Pair((0.6, 0.66, 0.7), (0.5, 0.5, 0.6))}
    name = "-".join(("growth", *more.values(), str(passages)))
    return replace(part(name), pairs=pairs, told=told)


def report(folder: Path, *kept: Kept) -> str:
    write_report({each.part: each for each in kept}, folder / "B.md")
    return (folder / "B.md").read_text("utf-8")


def dots(file: Path, curve: int) -> list[float]:
    """Return how far right the points of a drawn curve stand."""
    points = f".//{{*}}g[@id='curve-{curve}']//{{*}}use"
    drawn = ElementTree.parse(file)  # noqa: S314
    return [float(dot.get("x", 0)) for dot in drawn.findall(points)]


def test_a_part_is_kept_and_read_again(tmp_path: Path) -> None:
    kept = part("cold", **{"cold-ask": Pair((1.0, 2.0), (3.0, 4.0))})
    write(tmp_path, kept)
    assert read(tmp_path, "cold") == kept
    assert read(tmp_path, "window") is None
    file_of(tmp_path, "cold").write_text('{"pairs": 3}', "utf-8")
    with pytest.raises(UserError, match="delete it"):
        read(tmp_path, "cold")


def test_what_is_there_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []

    def measured(name: str, options: Options) -> Kept | None:
        made.append(name)
        # The first call does not finish, as that of a large library.
        return Kept(name, {"cold-ask": Pair((7.0,), (10.0,))}) if len(made) > 1 else None

    monkeypatch.setattr(bench, "_measured", measured)
    options = Options(tmp_path)
    assert bench.measure("cold", options) is None
    assert bench.kept_in(tmp_path) == {}
    assert bench.measure("cold", options)
    [kept] = bench.kept_in(tmp_path).values()
    assert kept.machine["cores"] >= 1
    assert kept.started
    file = tmp_path / "BENCHMARKS.md"
    assert bench.main([str(tmp_path), "--only", "cold", "--report", str(file)]) == 0
    assert made == ["cold", "cold"], "its file is there"
    assert "0.7" in capsys.readouterr().out
    assert "| 7 s " in file.read_text("utf-8")


def test_a_part_that_lacks_something_is_told_and_the_others_go_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "BENCHMARKS.md"
    only = ["--only", "adding", "growth-chroma-1000"]
    assert bench.main([str(tmp_path / "new"), *only, "--report", str(file)]) == 2
    said = capfd.readouterr().err
    assert "--xquad" in said
    assert "adding was not measured" in said
    assert "--chroma" in said
    assert not file.exists(), "nothing was measured"
    on_one = [*bench.parts_of(Options(tmp_path, database="postgresql:"))]
    assert "growth-postgresql-1000" in on_one
    assert "growth-chroma-1000" not in on_one


def test_every_row_is_of_a_part_and_every_part_has_a_row_or_a_curve() -> None:
    assert {row.part for row in ROWS} <= set(bench.PARTS)
    assert {row.part for row in ROWS} | set(growth.PARTS) == set(bench.PARTS)
    assert len({(row.part, row.pair) for row in ROWS}) == len(ROWS)
    for measurer in bench.MEASURERS.values():
        assert callable(resolve_name(f"eval.lab.speed.parts.{measurer}"))


def test_the_table_says_what_was_measured_and_what_was_not() -> None:
    kept = {"cold": part("cold", **{"cold-ask": Pair((6.0, 8.0, 7.0), (10.0, 10.0, 10.0))})}
    told = {line[0]: line for line in lines(kept)}
    assert len(told) == len(ROWS)
    _, ours, against, ratio, target, met = told["cold `footnoted ask --no-llm`, to the first quote"]
    assert ours == "7 s (6.5–7.5, n = 3)"
    assert against.startswith("10 s (10–10, n = 3): ")
    assert (ratio, target, met) == ("0.7 (0.6–0.8)", "≤ 0.7", "yes")
    assert told["cold `footnoted --help`"][1:4] == ("–", "`python -c pass`", "–")
    assert figure((1_234_567_000.0,), "bytes") == "1,235 MB"
    assert figure((0.012345, 0.02), "s") == "0.0162 s"


def test_the_report_is_made_of_the_files_alone(tmp_path: Path) -> None:
    cold = part("cold", **{"cold-help": Pair((0.31,), (0.1,))})
    text = report(tmp_path, cold, grown(1_000), grown(100_000))
    rows = [line for line in text.splitlines() if line[:1] == "|"]
    cells = [cell.strip() for line in rows for cell in line.split("|")]
    assert {"0.31 s", "3.1"} <= set(cells)
    assert any(cell.startswith("1.32 (") for cell in cells)
    assert str(describe()["processor"]) in text
    assert "2026-01-02" in text
    assert text.count("cores, ") == 1, "one machine is told once"
    [link] = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert [len(dots(tmp_path / link, curve)) for curve in range(4)] == [2] * 4
    drawn = (tmp_path / link).read_bytes()
    cold.pairs["cold-help"] = Pair((0.62,), (0.1,))
    other = report(tmp_path, cold, grown(1_000), grown(100_000))
    pairs = zip(text.splitlines(), other.splitlines(), strict=True)
    [changed] = [new for old, new in pairs if old != new]
    assert "6.2" in changed
    assert (tmp_path / link).read_bytes() == drawn, "the same figures, the same bytes"


def test_each_place_has_a_table_and_curves_of_its_own(tmp_path: Path) -> None:
    text = report(tmp_path, grown(1_000), grown(1_000, where="postgresql"))
    assert re.findall(r"^### (.*)$", text, re.M) == ["In a folder", "In PostgreSQL"]
    links = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert links == ["benchmarks/growth.svg", "benchmarks/growth-postgresql.svg"]
    assert all((tmp_path / each).exists() for each in links)


def test_parts_of_other_machines_are_told_apart(tmp_path: Path) -> None:
    again = part("again")
    again.machine["cores"] = 64
    text = report(tmp_path, part("cold"), again)
    assert "again: " in text
    assert "64 cores" in text
    assert not (tmp_path / "benchmarks").exists(), "there is no curve"


def test_a_curve_has_logarithmic_axes(tmp_path: Path) -> None:
    file = tmp_path / "curve.svg"
    file.write_bytes(curves({"a < b": ((100, 0.5), (1000, 0.5), (10_000, 5.0))}))
    places = dots(file, 0)
    assert places[2] - places[1] == pytest.approx(places[1] - places[0], abs=0.2)
    assert "a < b" in [text.text for text in ElementTree.parse(file).iterfind(".//{*}text")]  # noqa: S314


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    folder = tmp_path_factory.mktemp("weights")
    words = ["[PAD]", "##s", "a", *"the of and to was in built ship stone river island".split()]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    return Rule(folder)


def test_a_document_has_as_many_passages_as_wanted_and_is_always_the_same(
    rule: Rule, tmp_path: Path
) -> None:
    for number in range(4):
        assert len(split(rule.document(number))) == PASSAGES
    assert rule.document(3) == rule.document(3)
    assert rule.document(3).text != rule.document(4).text
    assert len(split(rule.document(5, 16))) == 16
    words = rule.document(1).text.lower().split()
    assert words.count("the") > words.count("island") > 0, "frequent words are frequent"
    with pytest.raises(UserError, match="vocab"):
        Rule(tmp_path)


def test_the_first_document_has_the_entries_and_no_other(rule: Rule) -> None:
    told = [entry(number) for number in range(ENTRIES)]
    first, other = rule.document(0), rule.document(1)
    assert all(each.sentence in first.text for each in told)
    assert not any(each.sentence in other.text for each in told)
    assert all(each.answer in each.sentence for each in told)
    assert len({each.question for each in told}) == ENTRIES
    small, own = rule.small(0)
    assert own.sentence in small.text
    assert own not in told
    assert len(split(small)) == 5


def test_made_up_vectors_lie_like_real_ones() -> None:
    def encode(texts: list[str]) -> np.ndarray:
        made = np.random.default_rng(len(texts)).normal(size=(len(texts), 64))
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))

    vectors = made_up_vectors(encode, ["an entry"], ["one", "two", "three"])
    made = vectors(["an entry", *(f"text {n}" for n in range(200))])
    assert np.linalg.norm(made, axis=1) == pytest.approx(1)
    assert made[0] == pytest.approx(encode(["an entry"])[0])
    assert made[5] == pytest.approx(vectors(["text 4"])[0]), "always the same"
    cosines = made[1:] @ made[1:].T
    assert 0.4 < cosines[~np.eye(200, dtype=bool)].mean() < 0.6


SERVER = [pytest.param(where, marks=pytest.mark.slow) for where in ("postgresql", "chroma")]


@pytest.mark.weights
@pytest.mark.parametrize("where", ["folder", *SERVER])
def test_a_library_by_rule_is_whole_goes_on_and_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(growth, "REAL", 100)
    monkeypatch.setattr(growth, "ADDED", 1)
    options = Options(tmp_path)
    if where == "postgresql":
        address = request.getfixturevalue("postgres").by_network().address
        options = Options(tmp_path, database=address)
    elif where == "chroma":
        options = Options(tmp_path, chroma=request.getfixturevalue("server"))
    grown = growth.Grown.at(options, where, 200)
    told: list[str] = []
    moments = iter([0.0, 0.0, 0.0, 100.0, 100.0])  # The time is over behind the first document.
    with monkeypatch.context() as patch:
        clock = SimpleNamespace(monotonic=lambda: next(moments, 200.0))
        patch.setattr(growth, "time", clock)
        grown.grow(told.append, 50.0)
    assistant = Assistant(grown.settings)
    assert [each.passages for each in assistant.library.entries()] == [PASSAGES]
    assert grown.unfinished
    grown.grow(told.append, time.monotonic() + 60)
    assert [each.passages for each in assistant.library.entries()] == [84, 84, 32]
    assert not grown.unfinished
    assert told[-1].startswith("200 of 200 passages")
    assert grown.noted()["peak_bytes"] > 0
    assert all(growth.is_found(assistant, entry(number))[0] for number in (0, 1, 2))
    assert growth.added(assistant, grown.rule)["add_found"] == 1.0
    assert len(assistant.library.entries()) == 3, "what was added to be measured is gone again"
    assert growth.disk_of(assistant.library) > 400_000


@pytest.mark.weights
def test_files_are_added_as_the_command_does_it(tmp_path: Path, squad: Path) -> None:
    options = Options(tmp_path, xquad=squad)
    paths = options.prose("xquad")
    library = open_library(load_settings(library=tmp_path / "library"))
    texts = texts_of(library, paths)
    assert len(paths) == 2
    assert any("Rowan Bridge" in text for text in texts)
    documents, passages = add_files(library, paths)
    assert passages == len(texts), "the same files change nothing"
    assert [document.name for document in documents] == ["0.txt", "1.txt"]
    with pytest.raises(UserError, match="--article"):
        options.given("article")
    assistant = Assistant(load_settings(library=tmp_path / "library"))
    _, quotes = first_quotes(assistant, "How large is the crew of the Mira?")
    assert any("crew of 12" in quote.text for quote in quotes)


@pytest.mark.weights
def test_the_windows_questions_are_written_answers(
    settings: Settings, briefing_library: Library
) -> None:
    """What is quoted instead would not wait for the language model."""
    assistant = Assistant(settings.model_copy(update={"library": briefing_library.folder}))
    cases = {case.id: case for case in load_set(SETS / "briefing.jsonl").cases}
    for name in WRITTEN:
        decision = assistant.ask(cases[name].question, use_llm=False).decision
        assert decision
        assert decision.words_are_sure
        assert decision.doubtful(DOUBT) is None


def test_the_machine_is_described(tmp_path: Path) -> None:
    told = describe()
    assert told["python"] == sys.version.split()[0]
    assert told["versions"]["numpy"] == np.__version__
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").write_bytes(b"123")
    assert disk(tmp_path) == 8


def test_memory_is_that_of_all_processes_and_its_peak_is_seen() -> None:
    code = "held = bytearray(200_000_000); print(1, flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    before = memory()
    with Peak() as peak, subprocess.Popen([*PYTHON, "-c", code], text=True, **pipes) as process:
        assert process.stdout
        assert process.stdout.readline() == "1\n"
        assert memory() > before + 190_000_000
        assert memory(process.pid) > 190_000_000
        assert processor_seconds(process.pid) > 0
        time.sleep(0.5)
        process.communicate("\n")
    assert peak.bytes > before + 190_000_000


def test_commands_are_timed_and_their_failures_told() -> None:
    assert run_for([*PYTHON, "-c", "pass"]) > 0
    code = "import time; print('no'); print('[1] here', flush=True); time.sleep(0.5); print('on')"
    assert 0 < run_for([*PYTHON, "-c", code], re.compile(r"\[1\]")) < 60
    with pytest.raises(UserError, match="what was waited for"):
        run_for([*PYTHON, "-c", "print(1)"], re.compile("2"))
    with pytest.raises(UserError, match="a bad thing"):
        run_for([*PYTHON, "-c", "raise SystemExit('a bad thing')"])
    with (
        pytest.raises(UserError, match="a bad thing"),
        serving([*PYTHON, "-c", "0/0 # a bad thing"]),
    ):
        pass


def test_a_helper_answers_line_by_line_and_its_end_is_told() -> None:
    code = "import json, sys\nfor line in sys.stdin: print(1 / json.loads(line), flush=True)"
    with helper([*PYTHON, "-c", code]) as ask:
        assert ask(4) == 0.25
        assert ask(2) == 0.5
        with pytest.raises(UserError, match="ZeroDivisionError"):
            ask(0)


def test_peers_are_not_installed_unasked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--peers"):
        install_peers(tmp_path, wanted=False)
    assert not (tmp_path / "peers").exists()


@pytest.mark.weights
def test_the_peers_open_the_very_same_files(tmp_path: Path) -> None:
    settings = load_settings(library=tmp_path / "library")
    for name in (settings.embedding, settings.reranker):
        folder = weights(name, settings.models, tmp_path)
        theirs, ours = folder / "onnx" / "model.onnx", settings.models / name / "model.onnx"
        assert theirs.read_bytes() == ours.read_bytes()
        assert (folder / "config.json").exists()
