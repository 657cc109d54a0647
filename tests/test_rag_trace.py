"""The lines that tell what is done: what stands in them, what never does, and each whole."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from index.errors import ModelMissing, UserError
from index.loading.load import load_bytes
from rag.answer import Searching
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.lazy import Lazy
from rag.trace import Line, start
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

QUESTION = "How wide is the Tsugaru Strait?"
ROOT = Path(__file__).parents[1]


class Written:
    """A log, and settings that name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def start(self, *, verbose: bool = False, **more: Any) -> Settings:
        settings = load_settings(log=self.path, llm="none").model_copy(update=more)
        start(settings, verbose=verbose)
        return settings

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("ascii").splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Written]:
    yield Written(tmp_path / "footnoted.log")
    start(load_settings())


@pytest.mark.weights
def test_a_line_an_ask_in_numbers_and_without_a_text(briefed: Assistant, log: Written) -> None:
    unwatched = briefed.ask(QUESTION)
    log.start()
    answer = briefed.ask(QUESTION)
    refusal = briefed.ask("Which yeast is best for sourdough pizza?")
    assert answer == unwatched, "answers are the same, watched or not"
    answered, refused = log.lines()
    assert list(answered)[:4] == ["time", "event", "id", "outcome"]
    assert answered["time"].endswith("+00:00")
    assert [each["event"] for each in (answered, refused)] == ["ask", "ask"]
    assert [each["outcome"] for each in (answered, refused)] == ["answered", "refused"]
    assert (answered["reason"], refused["reason"]) == (None, "not_in_sources")
    assert answered["id"] != refused["id"]
    assert answered["way"] == refused["way"] == "evidence"
    assert answered["decision"]["probability"] > answered["decision"]["threshold"]
    assert refused["decision"]["probability"] < refused["decision"]["threshold"]
    sizes = answered["sizes"]
    assert (sizes["question"], sizes["cited"]) == (len(QUESTION), len(answer.citations))
    assert (sizes["answer"], sizes["quotes"]) == (len(answer.text), len(answer.quotes))
    assert refused["sizes"]["passages"] == refusal.searched
    assert answered["models"] == answer.models
    assert set(answered["timings"]) == {
        "retrieve_s",
        "first_quote_s",
        "first_sentence_s",
        "total_s",
    }
    written = log.path.read_text()
    for text in (*QUESTION.strip("?").split()[-2:], "yeast", "briefing"):
        assert text.lower() not in written.lower()
    assert log.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "way"),
    [
        ("What happened in October 2021?", "time"),
        ("What does the section “Missiles and Early Warning” say?", "overview"),
        ("How long is the article?", "document"),
        ("What is it about?", "overview"),
        ("List the straits.", "items"),
        ("Which strait is wider, Tsugaru or Osumi?", "comparison"),
    ],
)
def test_which_way_it_was_answered(
    question: str, way: str, briefed: Assistant, log: Written
) -> None:
    log.start()
    assert not briefed.ask(question).refused
    [line] = log.lines()
    assert (line["way"], line["decision"]) == (way, None)


@pytest.mark.weights
def test_texts_are_told_where_they_are_asked_for_and_secrets_never(
    briefed: Assistant, log: Written
) -> None:
    settings = log.start(log_text=True, llm_key=SecretStr('sk-"geheim\\'))
    hostile = 'Who wrote "sk-\\"geheim\\\\" to http://ada:hunt@r2@host/a?\n\x1b[31m{"event": "x"}'
    briefed.with_settings(settings).ask(QUESTION)
    briefed.ask(hostile.replace('\\"', '"').replace("\\\\", "\\"))
    plain, other = log.lines()
    assert plain["texts"]["question"] == QUESTION
    assert "20 kilometers" in plain["texts"]["answer"]
    assert other["texts"]["question"].startswith('Who wrote "***" to http://host/a')
    written = log.path.read_text()
    assert "geheim" not in written
    assert "hunt@" not in written
    assert "r2@" not in written
    assert "\x1b" not in written


@pytest.mark.weights
def test_an_answer_that_nobody_waits_for_is_a_line_too(briefed: Assistant, log: Written) -> None:
    log.start()
    events = briefed.stream(QUESTION)
    assert isinstance(next(events), Searching)
    assert not log.path.exists()
    events.close()  # type: ignore[attr-defined]
    [line] = log.lines()
    assert (line["outcome"], line["sizes"]) == ("stopped", {"question": len(QUESTION)})


@pytest.mark.weights
def test_what_keeps_an_answer_from_being_made_is_told(
    briefed: Assistant, log: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.start()
    without = Assistant(load_settings(library=briefed.library.folder, models=tmp_path))
    with pytest.raises(ModelMissing):
        without.ask(QUESTION)
    monkeypatch.setattr("rag.answering.evidence.read", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        briefed.ask(QUESTION)
    missing, bug = log.lines()
    assert (missing["outcome"], missing["error"]) == ("failed", "ModelMissing")
    assert (bug["outcome"], bug["error"]) == ("failed", "ZeroDivisionError")
    assert bug["at"].startswith("test_rag_trace.py:")
    assert str(tmp_path) not in log.path.read_text()


@pytest.mark.weights
def test_a_language_model_that_fails_is_told(briefed: Assistant, log: Written) -> None:
    log.start()
    failing = briefed.with_settings(briefed.settings)
    llm = ScriptedLLM(asked=[], copied="Tsugaru", written="x", fail_at="write")
    failing._writer = Lazy(lambda: Writer(llm, "scripted"))
    answer = failing.ask(QUESTION)
    [line] = log.lines()
    assert answer.llm_failed
    assert (line["llm_failed"], line["reason"]) == (True, "llm_unavailable")


@pytest.mark.weights
def test_a_line_a_check(briefed: Assistant, log: Written) -> None:
    log.start()
    text = "The Tsugaru Strait is 20 kilometers wide. The Tsugaru Strait is 70 kilometers wide."
    draft = load_bytes(text.encode(), "secret.txt")
    assert len(list(briefed.check(draft))) == 2
    begun = briefed.check(draft)
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    whole, stopped = log.lines()
    assert (whole["event"], whole["outcome"]) == ("check", "done")
    assert whole["sizes"] == {"characters": len(text), "sentences": 2}
    assert whole["verdicts"] == {"supported": 1, "contradicted": 1}
    assert (stopped["outcome"], stopped["sizes"]["sentences"]) == ("stopped", 1)
    assert "secret" not in log.path.read_text()


def test_an_empty_library_is_a_line(log: Written, tmp_path: Path) -> None:
    log.start()
    Assistant(load_settings(library=tmp_path / "none", llm="none")).ask(QUESTION)
    [line] = log.lines()
    assert (line["outcome"], line["reason"], line["way"]) == ("refused", "no_documents", None)


# --- where the lines go

LINES = """
import sys
from rag.config import load_settings
from rag.trace import Line, start
start(load_settings(log=sys.argv[1], log_text=True))
for _ in range(300):
    with Line("ask") as line:
        line.asked("x" * 3000)
"""


def test_lines_of_several_programs_and_threads_are_each_whole(log: Written) -> None:
    log.start(log_text=True)

    def write() -> None:
        for _ in range(100):
            with Line("ask") as line:
                line.asked("y" * 3000)

    command = [sys.executable, "-c", LINES, str(log.path)]
    others = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.wait() for each in others] == [0, 0]
    lines = log.lines()
    assert len(lines) == 2 * 300 + 4 * 100
    assert len({line["id"] for line in lines}) == len(lines)
    assert {len(line["texts"]["question"]) for line in lines} == {3000}


def test_a_log_that_cannot_be_written_is_told_once_and_work_goes_on(
    log: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full")
    for path in (tmp_path, tmp_path / "gone" / "log", *([full] if full.exists() else [])):
        log.path = path
        log.start()
        for _ in range(3):
            with Line("remove") as line:
                line.removed("x")
        [said] = capsys.readouterr().err.splitlines()
        assert f"The log {path} cannot be written: " in said


def test_a_log_can_be_moved_away(log: Written) -> None:
    log.start()
    for number in range(2):
        with Line("remove"):
            pass
        log.path.rename(log.path.with_suffix(f".{number}"))
    assert len(list(log.path.parent.glob("footnoted.*"))) == 2


def test_verbose_shows_the_lines_and_the_warnings_of_libraries(
    log: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    for verbose, shown in ((True, ["remove", "message"]), (False, [])):
        log.start(verbose=verbose)
        with pytest.raises(UserError), Line("remove"):
            raise UserError("There is no document “x”.")
        logging.getLogger("some.library").warning("It is %s.", "old")
        logging.getLogger("some.library").info("unasked")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [line["event"] for line in lines] == shown
        if lines:
            assert (lines[1]["logger"], lines[1]["message"]) == ("some.library", "It is old.")
    assert [line["event"] for line in log.lines()] == ["remove", "remove"], "the log holds our own"
