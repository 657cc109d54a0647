"""A run asks, scores and writes; stopped at any point it goes on, and ends the same."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cases.cases import CaseSet, load_set
from eval.comparing.baseline import ERRORS, judge, keep
from eval.comparing.compare import load_run
from eval.running.judge import Judge, load_judge
from eval.running.record import Bounds, alone
from eval.running.runner import run
from index.documents import Document
from index.errors import UserError
from rag.answer import Answer, AnswerSentence
from rag.quote import Quote
from ui.commands.evaluate import app

TEXT = "Ann was born in 1900. Ben was born in 1910. Cid was born in 1920."
DOCUMENT = Document.of(TEXT, title="Births", source="/births.txt")
CASES = [
    {
        "id": name,
        "question": f"When was {name} born?",
        "answers": [year],
        "must_pass": name == "Ann",
        "evidence": [{"document": "births.txt", "quote": year}],
        "history": [{"role": "user", "content": "Hello"}],
    }
    for name, year in (("Ann", "1900"), ("Ben", "1910"), ("Cid", "1920"))
]
CASES.append({"id": "Dan", "question": "When was Dan born?", "unanswerable": True})


class Library:
    """One document, as a library shows it."""

    folder = place = Path("/library")
    fingerprint = "cut and embedded so"
    exists = True

    def __init__(self, document: Document = DOCUMENT) -> None:
        self.kept = document

    def has_older_words(self) -> bool:
        return False

    def outdated(self) -> int:
        return 0

    def entries(self) -> list[Any]:
        return [SimpleNamespace(id=self.kept.id, sha256=self.kept.sha256, title=self.kept.title)]

    def find(self, name: str) -> Document:
        return self.kept

    def document(self, document_id: str) -> Document:
        assert document_id == self.kept.id
        return self.kept

    def search(self, question: str, limit: int) -> list[Any]:
        return []


class Stub:
    """No assistant: it quotes the sentence with the name in the question, or refuses."""

    def __init__(self, *, dies_at: int | None = None, **settings: Any) -> None:
        self.library = Library()
        defaults = {"embedding": "e", "reranker": "r", "llm": "l", "llm_url": None, "quotes": 5}
        defaults |= {"sentences": 10}
        given = defaults | settings
        self.settings = SimpleNamespace(**given, writes=given["llm"] != "none")
        self.asked: list[str] = []
        self.told: list[tuple[Any, bool]] = []
        self.dies_at = dies_at

    def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
        if len(self.asked) == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.asked.append(question)
        self.told.append((list(history), use_llm))
        start = TEXT.find(question.split()[2])
        timings: dict[str, float | None] = {"total_s": 1.0}
        models: dict[str, str | None] = {"llm": "l" if use_llm else None}
        if start < 0:
            return Answer(question, question, (), (), (), "not_in_sources", models, timings)
        quote = Quote(self.library.kept, start, start + 21, 1.0)
        sentence = AnswerSentence(quote.text, (1,), True)
        return Answer(question, question, (sentence,), (quote,), (quote,), None, models, timings)


@pytest.fixture
def case_set(tmp_path: Path) -> CaseSet:
    path = tmp_path / "births.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in CASES))
    return load_set(path)


def asked(case_set: CaseSet, stub: Stub, out: Path | None = None, use_llm: bool = True) -> Any:
    return run(case_set, stub, use_llm=use_llm, out=out)  # type: ignore[arg-type]


def test_the_file_is_what_the_contract_says(case_set: CaseSet, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    done = asked(case_set, Stub(), out)
    written = json.loads(out.read_text())
    names = ["schema", "set", "library", "models", "versions", "repeats", "metrics", "results"]
    assert set(written) == {*names, "gate"}
    assert written["schema"] == 1
    assert written["set"] == {
        "name": "births",
        "sha256": case_set.sha256,
        "cases": 4,
        "must_pass": ["Ann"],
        "drafts": 0,
        "moved": [],
    }
    document = {"id": DOCUMENT.id, "title": "Births", "sha256": DOCUMENT.sha256}
    assert written["library"] == {"documents": [document], "fingerprint": Library.fingerprint}
    assert (written["models"]["llm"], written["models"]["embedding"]) == ("l", "e")
    assert [each["id"] for each in written["results"]] == ["Ann", "Ben", "Cid", "Dan"]
    first = written["results"][0]
    assert first["answer"] == Stub().ask("When was Ann born?").as_json()
    assert first["scores"]["passed"] is True
    assert written["metrics"]["passed"] == {"value": 1.0, "n": 4, "interval": [0.5101, 1.0]}
    assert list(tmp_path.glob("*.partial")) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["births.jsonl", "run.json"]
    assert load_run(out) == done


TALK = {
    "id": "talk",
    "turns": [
        {"question": "When was Ann born?", "answers": ["1900"]},
        {"question": "And was Ben born?", "answers": ["1910"]},
        {"question": "And was Cid born?"},
    ],
}


@pytest.fixture
def talk(tmp_path: Path) -> CaseSet:
    path = tmp_path / "talk.jsonl"
    path.write_text(json.dumps(TALK) + "\n", "utf-8")
    return load_set(path)


SAID = [
    ("user", "When was Ann born?"),
    ("assistant", "Ann was born in 1900.[1]"),
    ("user", "And was Ben born?"),
    ("assistant", "Ben was born in 1910.[1]"),
]


def test_a_dialogue_goes_on_behind_what_was_answered(talk: CaseSet) -> None:
    stub = Stub()
    asked(talk, stub)
    assert [history for history, _ in stub.told] == [[], SAID[:2], SAID]


def test_a_stopped_dialogue_goes_on_behind_what_was_answered(talk: CaseSet, tmp_path: Path) -> None:
    class Stopped(Stub):
        def ask(self, *given: Any, **others: Any) -> Answer:
            if len(self.asked) == 2:
                raise UserError("stopped")
            return super().ask(*given, **others)

    out = tmp_path / "run.json"
    with pytest.raises(UserError, match="stopped"):
        asked(talk, Stopped(), out)
    stub = Stub()
    asked(talk, stub, out)
    assert stub.told == [(SAID, True)]


def test_a_turn_behind_an_error_is_an_error_and_asked_again_with_it(
    talk: CaseSet, tmp_path: Path
) -> None:
    class Fails(Stub):
        fails = True

        def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
            answer = super().ask(question, history, use_llm=use_llm)
            failed = self.fails and "Ben" in question
            return replace(answer, llm_failed=failed, message="It is gone." if failed else None)

    stub, out = Fails(), tmp_path / "run.json"
    first, second, third = asked(talk, stub, out).results
    assert (first.error, second.error) == (None, "It is gone.")
    assert third.error.startswith("NotAnswered: the turn before it, talk/2: It is gone.")
    stub.fails = False
    assert [each.error for each in asked(talk, stub, out).results] == [None, None, None]
    assert stub.told[-1] == (SAID, True)


def test_the_conversation_before_is_told(case_set: CaseSet) -> None:
    stub = Stub()
    asked(case_set, stub)
    hello = [("user", "Hello")]
    assert stub.told == [(hello, True), (hello, True), (hello, True), ([], True)]


def test_without_the_llm_none_is_asked_or_named(case_set: CaseSet) -> None:
    stub = Stub()
    assert asked(case_set, stub, use_llm=False).models["llm"] is None
    assert {use_llm for _, use_llm in stub.told} == {False}
    assert asked(case_set, Stub(llm="none")).models["llm"] is None


def test_progress_counts_to_the_end(case_set: CaseSet) -> None:
    seen: list[tuple[int, int]] = []
    run(case_set, Stub(), progress=lambda *at: seen.append(at))  # type: ignore[arg-type]
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("dies_at", [0, 1, 3])
def test_a_killed_run_goes_on_and_ends_the_same(
    case_set: CaseSet, tmp_path: Path, dies_at: int
) -> None:
    whole, out = tmp_path / "whole.json", tmp_path / "run.json"
    asked(case_set, Stub(), whole)
    given = (case_set, Stub(dies_at=dies_at), out)
    killed = get_context("fork").Process(target=asked, args=given)
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert not out.exists()
    assert len((tmp_path / "run.json.partial").read_bytes().splitlines()) == 1 + dies_at
    stub = Stub()
    asked(case_set, stub, out)
    assert len(stub.asked) == 4 - dies_at
    assert out.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "run.json.partial").exists()


class Stopped(Exception):
    pass


def stopped_run(case_set: CaseSet, out: Path, after: int = 2) -> Path:
    """Leave behind what a run leaves that is stopped after some cases."""

    def stop(number: int, _: int) -> None:
        if number == after:
            raise Stopped

    with pytest.raises(Stopped):
        run(case_set, Stub(), out=out, progress=stop)  # type: ignore[arg-type]
    return Path(f"{out}.partial")


@pytest.mark.parametrize("kept", [0, 1, 20, -1, -30])
def test_a_torn_last_line_is_asked_again(case_set: CaseSet, tmp_path: Path, kept: int) -> None:
    out, whole = tmp_path / "run.json", tmp_path / "whole.json"
    asked(case_set, Stub(), whole)
    partial = stopped_run(case_set, out)
    data = partial.read_bytes()
    partial.write_bytes(data[:kept])
    stopped_run(case_set, out, after=3)  # stopped again: the torn line must be gone by now
    stub = Stub()
    asked(case_set, stub, out)
    assert len(stub.asked) == 1
    assert out.read_bytes() == whole.read_bytes()


def test_what_was_done_otherwise_is_not_gone_on_with(case_set: CaseSet, tmp_path: Path) -> None:
    partial = stopped_run(case_set, tmp_path / "run.json")
    before = partial.read_bytes()
    longer = Stub()
    longer.library = Library(replace(DOCUMENT, id="other", text=TEXT + " More."))
    for stub, use_llm, cases, said in (
        (Stub(reranker="other"), True, case_set, "The reranker was r and is other."),
        (Stub(quotes=3), True, case_set, "FOOTNOTED_QUOTES was 5 and is 3."),
        (Stub(), False, case_set, "The language model was l and is none."),
        (Stub(), True, case_set.first(3), "The cases were 4 and are 3."),
        (Stub(), True, replace(case_set, sha256="0" * 64), "The file of the set"),
        (longer, True, case_set, "Changed in the library: Births."),
    ):
        with pytest.raises(UserError, match="delete the file to start again") as error:
            asked(cases, stub, tmp_path / "run.json", use_llm)
        assert said in str(error.value)
        assert partial.read_bytes() == before
        assert stub.asked == []


def test_a_damaged_middle_is_told(case_set: CaseSet, tmp_path: Path) -> None:
    partial = stopped_run(case_set, tmp_path / "run.json")
    partial.write_bytes(partial.read_bytes().replace(b'{"id": "Ann"', b'{"id: "Ann"'))
    with pytest.raises(UserError, match=r"run\.json\.partial is damaged. Delete it"):
        asked(case_set, Stub(), tmp_path / "run.json")


def test_an_error_stops_the_run_and_keeps_what_is_done(case_set: CaseSet, tmp_path: Path) -> None:
    stub = Stub()
    ask = stub.ask

    def fails(question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
        if "Cid" in question:
            raise UserError("The weights are gone.")
        return ask(question, history, use_llm=use_llm)

    stub.ask = fails  # type: ignore[method-assign]
    with pytest.raises(UserError, match="The weights are gone"):
        asked(case_set, stub, tmp_path / "run.json")
    assert len((tmp_path / "run.json.partial").read_text().splitlines()) == 3
    assert not (tmp_path / "run.json").exists()


def test_no_folder_and_no_documents_are_told_before_anything_is_asked(
    case_set: CaseSet, tmp_path: Path
) -> None:
    stub = Stub()
    with pytest.raises(UserError, match="cannot be written: No such file"):
        asked(case_set, stub, tmp_path / "none" / "run.json")
    stub.library.entries = list  # type: ignore[method-assign]
    with pytest.raises(UserError, match=r"is empty\. Fill it with `footnoted add`"):
        asked(case_set, stub)
    assert stub.asked == []


class Worse(Stub):
    """Refuses everything."""

    def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
        return replace(super().ask("When was nobody born?", (), use_llm=use_llm), question=question)


def test_the_command_runs_compares_and_exits_as_the_contract_says(
    case_set: CaseSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Stub] = []

    def command(kind: type[Stub], *arguments: str) -> Any:
        def opened(_settings: object) -> Stub:
            made.append(kind())
            return made[-1]

        monkeypatch.setattr("rag.assistant.Assistant", opened)
        return CliRunner().invoke(app, ["run", str(case_set.path), *arguments])

    out = tmp_path / "run.json"
    good = command(Stub, "--json", str(out), "--metrics")
    assert good.exit_code == 0, good.output
    assert re.search(r"passed +100\.0% +51\.0% – 100\.0% +4\n", good.stdout)
    assert re.search(r"total_s_p50 +1\.00 s +– +4\n", good.stdout)
    assert good.stdout.endswith("Passed: 4 of 4 cases right.\n")

    assert command(Stub, "--baseline", str(out)).exit_code == 0
    worse = command(Worse, "--baseline", str(out), "--no-llm", "--details")
    assert worse.exit_code == 1
    assert "broke      Ann (must pass)  " in worse.stdout
    assert "got:      The sources do not say." in worse.stdout
    assert "Failed: Ann must pass and failed. " in worse.stdout

    fewer = command(Stub, "--baseline", str(out), "--limit", "2")
    assert fewer.exit_code == 0
    assert "Gone, so not compared: 2 (" in fewer.stdout

    kept = out.read_text("utf-8")
    out.write_text(kept.replace("When was ", "Where was "), "utf-8")
    refused = command(Stub, "--baseline", str(out))
    assert refused.exit_code == 3
    assert "no case in common" in refused.stderr
    assert made[-1].asked == []  # it is told before the long part


class Stumbles(Stub):
    """Breaks on a question, as long as it is told to."""

    breaks = True

    def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
        if "Ben" in question and self.breaks:
            raise ZeroDivisionError("by nothing")
        answer = super().ask(question, history, use_llm=use_llm)
        if "Cid" in question and self.breaks:
            refused = replace(answer, reason="not_in_sources", message="It is gone.")
            return replace(refused, llm_failed=True)  # Refused without it, which is no refusal.
        return answer


def test_a_case_that_breaks_is_an_error_and_alone_asked_again(
    case_set: CaseSet, tmp_path: Path
) -> None:
    out, stub = tmp_path / "run.json", Stumbles()
    done = asked(case_set, stub, out)
    assert [each.stage for each in done.results] == [None, "error", "error", None]
    assert (done.results[1].error or "").startswith("ZeroDivisionError: by nothing (test_eval_")
    assert done.results[2].error == "It is gone."
    assert (done.metrics["errors"].value, done.metrics["passed"].n) == (0.5, 2)
    assert load_run(out) == done
    stub.breaks, stub.asked = False, []
    again = asked(case_set, stub, out)
    assert [each.split()[2] for each in stub.asked] == ["Ben", "Cid"]
    assert again.errors == ()
    assert not (tmp_path / "run.json.partial").exists()
    asked(case_set, Stub(), tmp_path / "whole.json")
    assert out.read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_repeats_tell_what_is_flaky(case_set: CaseSet) -> None:
    class Sometimes(Stub):
        def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
            nth = sum(each == question for each in self.asked)
            answer = super().ask(question, history, use_llm=use_llm)
            wrong = ("Ben" in question and nth == 1) or ("Cid" in question and nth > 0)
            return replace(answer, reason="not_in_sources") if wrong else answer

    done = run(case_set, Sometimes(), repeats=3)  # type: ignore[arg-type]
    passed = {each.id: (each.passed, each.flaky) for each in done.results}
    assert passed == {
        "Ann": (True, False),
        "Ben": (True, True),
        "Cid": (False, True),
        "Dan": (True, False),
    }
    assert (done.repeats, done.metrics["flaky"].value) == (3, 0.5)
    assert done.metrics["passed"].value == 0.75


def test_a_judge_is_marked_and_bounds_nothing(case_set: CaseSet, tmp_path: Path) -> None:
    def grade(question: str, answer: str, accepted: Any) -> float | None:
        return None if "Ben" in question else float(accepted[0] in answer)

    done = run(case_set, Stub(), judge=Judge("judge:grade", grade))  # type: ignore[arg-type]
    assert (done.metrics["judge:grade"].value, done.metrics["judge:grade"].n) == (1.0, 2)
    with pytest.raises(UserError, match="judges are opinions"):
        keep(done, tmp_path / "kept.json", Bounds({"judge:grade": 0.5}))
    assert load_judge("builtins:len").name == "judge:len"
    for name in ("nowhere:grade", "builtins:nothing", "builtins", "builtins:__doc__"):
        with pytest.raises(UserError, match="judge"):
            load_judge(name)


def test_two_processes_do_not_write_the_same_run(case_set: CaseSet, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    with alone(out), pytest.raises(UserError, match="Another run is writing"):
        asked(case_set, Stub(), out)
    asked(case_set, Stub(), out)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["births.jsonl", "run.json"]


def test_a_password_in_an_address_is_not_kept(case_set: CaseSet) -> None:
    done = asked(case_set, Stub(llm_url="http://ada:secret@localhost:1/v1"))
    assert done.models["llm_url"] == "http://localhost:1/v1"
    assert "secret" not in json.dumps(done.as_json())


def test_stages_are_of_what_failed_in_most_repeats(case_set: CaseSet) -> None:
    class First(Stub):
        def ask(self, question: str, history: Any = (), *, use_llm: bool = True) -> Answer:
            nth = sum(each == question for each in self.asked)
            answer = super().ask(question, history, use_llm=use_llm)
            wrong = nth == 0 if "Ben" in question else nth > 0
            return replace(answer, reason="not_in_sources") if wrong else answer

    done = run(case_set, First(), repeats=3)  # type: ignore[arg-type]
    stages = {each.id: (each.passed, each.stage) for each in done.results}
    assert stages["Ben"] == (True, None)
    assert stages["Cid"] == (False, "wrongly_refused")


def test_a_judge_that_fails_spoils_nothing(case_set: CaseSet) -> None:
    def fails(question: str, answer: str, accepted: Any) -> float:
        if "Ann" in question:
            raise TimeoutError
        return float("nan") if "Ben" in question else 4.0

    done = run(case_set, Stub(), judge=Judge("judge:fails", fails))  # type: ignore[arg-type]
    assert done.errors == ()
    assert (done.metrics["judge:fails"].value, done.metrics["judge:fails"].n) == (4.0, 1)
    assert done.metrics["judge:fails"].interval is None
    assert done.models["judge"] == "judge:fails"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--html", "none/report.html"], "its folder is not there"),
        (["--json", "same.json", "--baseline", "same.json"], "replace its own baseline"),
    ],
)
def test_what_could_not_be_written_is_told_first(
    case_set: CaseSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["run", str(case_set.path), *arguments])
    assert said in str(done.exception)


def test_a_case_whose_evidence_is_gone_ends_in_an_error_and_the_others_are_asked(
    case_set: CaseSet,
) -> None:
    before = asked(case_set, Stub())
    stub = Stub()
    stub.library = Library(Document.of(TEXT.replace("1910", "a ship"), title="x", source="/x"))
    after = asked(case_set, stub)
    assert len(stub.asked) == 3
    [gone] = after.errors
    assert (gone.id, gone.stage) == ("Ben", "error")
    assert "births.jsonl, line 2: nothing in births.txt reads “1910”" in str(gone.error)
    verdict = judge(after, before)
    assert (verdict.code, verdict.reasons) == (ERRORS, ("1 case could not be asked.",))
    assert verdict.comparison
    assert verdict.comparison.cases == 3
    stub.library = Library(Document.of("Nobody was born.", title="x", source="/x"))
    with pytest.raises(UserError, match=r"line 1: .*\(2 more: `footnoted eval check"):
        asked(case_set, stub)
