"""The command line as a program: what it prints where, and with which exit code."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fpdf
import pytest

from index.documents import Document
from index.library import Library
from rag.config import load_settings
from rag.log import Log
from tests.browser import SUMMIT
from tests.conftest import BRIEFING
from tests.misbehaving import misbehaving, status
from ui.commands.cli import main

ROOT = Path(__file__).parents[1]
PROGRAM = "from ui.commands.cli import main; main()"
QUESTION = "How long did the December video summit between Putin and Xi last?"


def footnoted(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `footnoted` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "FOOTNOTED_LLM": "none", "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="strict",
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


class Done:
    """What a command that ran in this process has printed, and its exit code."""

    def __init__(self, code: object, out: str, err: str) -> None:
        self.returncode = code
        self.stdout = out
        self.stderr = err


def here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> Done:
    """Run `footnoted` in this process, where the libraries are imported already."""
    monkeypatch.setattr(sys, "argv", ["footnoted", *map(str, arguments)])
    monkeypatch.setenv("FOOTNOTED_LLM", "none")
    monkeypatch.setattr("ui.commands.cli.leave", sys.exit)  # This process goes on.
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    return Done(ended.value.code, *capsys.readouterr())


def refused(done: subprocess.CompletedProcess[str] | Done, *words: str) -> None:
    """Exit code 2, nothing on stdout, and one plain message that holds the words."""
    assert done.returncode == 2
    assert done.stdout == ""
    message = done.stderr.strip()
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    for word in words:
        assert word in message


@pytest.fixture
def library(tmp_path: Path, briefing_library: Library) -> Path:
    """A library of the test's own that holds the briefing."""
    shutil.copytree(briefing_library.folder, tmp_path / "library")
    return tmp_path / "library"


# --- a library's life


@pytest.mark.weights
def test_add_tells_what_failed_and_adds_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    note, rubbish = tmp_path / "note.txt", tmp_path / "rubbish.bin"
    note.write_text("Der alte Bäcker 🥖 backt Brot.\r\n[red]Bold[/red] words.\n", "utf-8")
    rubbish.write_bytes(bytes(range(256)) * 10)
    folder = tmp_path / "library"
    sources = (tmp_path / "gone.txt", note, rubbish, note)
    added = here(capsys, monkeypatch, "add", *sources, "--library", folder)
    assert (added.returncode, added.stdout) == (2, "")
    lines = [line for line in added.stderr.splitlines() if line.strip()]
    assert lines[0].startswith("note.txt: added, 1 passage (")
    assert lines[1].startswith("note.txt: is in the library already")
    assert lines[2] == "1 added, 1 unchanged, 2 failed."
    assert "gone.txt" in lines[3]
    assert "rubbish.bin" in lines[4]
    assert len(lines) == 5
    again = here(capsys, monkeypatch, "add", *sources, "--skip-bad", "--library", folder)
    assert again.returncode == 0
    listed = json.loads(footnoted("list", "--json", "--library", folder).stdout)
    [entry] = listed["documents"]
    assert entry["source"] == str(note)
    shown = footnoted("show", "note.txt", "--text", "--library", folder)
    assert shown.stdout == "Der alte Bäcker 🥖 backt Brot.\n[red]Bold[/red] words.\n"


@pytest.mark.weights
def test_list_and_show_and_remove(library: Path, briefing: Document) -> None:
    listed = footnoted("list", "--library", library)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert briefing.id in listed.stdout
    as_json = json.loads(footnoted("list", "--json", "--library", library).stdout)
    assert list(as_json) == ["documents"]
    [entry] = as_json["documents"]
    added = entry.pop("added")
    assert added[:2] == "20"
    assert entry == {
        "id": briefing.id,
        "title": briefing.title,
        "source": str(BRIEFING),
        "sha256": briefing.sha256,
        "characters": len(briefing.text),
        "passages": 52,
    }
    shown = footnoted("show", briefing.id[:4], "--library", library)
    assert (shown.returncode, shown.stderr) == (0, "")
    for fact in (briefing.sha256, str(BRIEFING), "2021-09-09 to 2021-12-30", added):
        assert fact in shown.stdout
    removed = footnoted("remove", "briefing.md", "--library", library)
    assert (removed.returncode, removed.stdout) == (0, "")
    assert briefing.id in removed.stderr
    emptied = footnoted("list", "--library", library)
    assert (emptied.returncode, emptied.stdout) == (0, "")
    assert "footnoted add" in emptied.stderr
    assert json.loads(footnoted("list", "--json", "--library", library).stdout) == {"documents": []}


@pytest.mark.weights
def test_a_files_name_cannot_speak_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "red\x1b[31m:100:.txt"
    file.write_text("The ferry Mira sank in 1931.\n")
    folder = tmp_path / "library"
    done = [
        here(capsys, monkeypatch, *command, "--library", folder)
        for command in (
            ("add", file, tmp_path / "gone\x1b[31m.txt"),
            ("list",),
            ("show", "red"),
            ("ask", "When did the ferry Mira sink?", "--explain"),
            ("remove", "red"),
        )
    ]
    assert "1931" in done[3].stdout
    assert ":100:" in done[0].stderr
    assert not any("\x1b" in each.stdout + each.stderr for each in done)


@pytest.mark.weights
def test_the_text_that_is_shown_is_the_stored_text_to_the_byte(
    library: Path, briefing: Document
) -> None:
    command = [sys.executable, "-c", PROGRAM, "show", "briefing.md", "--text", "--library", library]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(command, cwd=ROOT, env=ascii_only, capture_output=True, check=True)
    assert hashlib.sha256(done.stdout).hexdigest() == briefing.sha256
    assert done.stderr == b""


@pytest.mark.weights
def test_ask_prints_the_object_that_other_programs_rely_on(
    library: Path, briefing: Document
) -> None:
    done = footnoted("ask", QUESTION, "--no-llm", "--json", "--library", library)
    assert done.returncode == 0
    assert done.stderr.strip() == ""
    answer = json.loads(done.stdout)
    check_shape(answer)
    check_offsets(answer, footnoted("show", "briefing.md", "--text", "--library", library).stdout)
    assert (answer["question"], answer["standalone_question"]) == (QUESTION, QUESTION)
    assert (answer["refused"], answer["reason"]) == (False, None)
    assert "90 minutes" in answer["answer"]
    assert answer["answer"].endswith("[1]")
    [citation] = answer["citations"]
    assert citation["document"] == {
        "id": briefing.id,
        "title": briefing.title,
        "source": str(BRIEFING),
        "sha256": briefing.sha256,
    }
    assert answer["models"]["llm"] is None
    assert len(answer["quotes"]) >= 5


NUMBER = (int, float)


def check_shape(answer: dict[str, Any]) -> None:
    """Hold the object to the keys and types that the contract names."""
    kinds: dict[str, Any] = {
        "schema": int,
        "question": str,
        "standalone_question": str,
        "answer": str,
        "refused": bool,
        "reason": (str, type(None)),
        "route": dict,
        "nearest": (dict, type(None)),
        "choices": list,
        "sentences": list,
        "citations": list,
        "quotes": list,
        "models": dict,
        "timings": dict,
    }
    check(answer, kinds)
    assert answer["schema"] == 1
    by = (str, type(None))
    route = {"kind": str, "matters": list, "probability": NUMBER, "answered_by": by}
    check(answer["route"], route)
    if near := answer["nearest"]:
        place = {"document_id": str, "start": int, "end": int, "quote": str, "score": NUMBER}
        check(near, {**place, "open": list})
    for each in answer["sentences"]:
        check(each, {"text": str, "citations": list, "supported": bool})
    for number, each in enumerate(answer["citations"], 1):
        check(
            each,
            {
                "number": int,
                "document": dict,
                "start": int,
                "end": int,
                "quote": str,
                "marks": list,
                "page": (int, type(None)),
                "heading": (str, type(None)),
                "score": NUMBER,
            },
        )
        check(each["document"], dict.fromkeys(("id", "title", "source", "sha256"), str))
        assert each["number"] == number
    for rank, each in enumerate(answer["quotes"], 1):
        check(
            each,
            {
                "rank": int,
                "document_id": str,
                "start": int,
                "end": int,
                "quote": str,
                "score": NUMBER,
            },
        )
        assert each["rank"] == rank
    check(answer["models"], {"embedding": str, "reranker": str, "llm": (str, type(None))})
    seconds = (float, int, type(None))
    names = ("retrieve_s", "first_quote_s", "first_token_s", "first_sentence_s", "total_s")
    check(answer["timings"], dict.fromkeys(names, seconds))


def check(found: dict[str, Any], kinds: dict[str, Any]) -> None:
    assert list(found) == list(kinds)
    for name, kind in kinds.items():
        assert isinstance(found[name], kind), name


def check_offsets(answer: dict[str, Any], text: str) -> None:
    for each in [*answer["citations"], *answer["quotes"]]:
        assert text[each["start"] : each["end"]] == each["quote"]
        assert each["quote"]
        for start, end in each.get("marks", []):
            assert each["start"] <= start < end <= each["end"]


@pytest.mark.weights
def test_a_refusal_is_an_answer(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "Which yeast is best for sourdough pizza?"
    asked = ("ask", question, "--no-llm", "--library", library)
    done = here(capsys, monkeypatch, *asked, "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    check_shape(answer)
    assert (answer["refused"], answer["reason"]) == (True, "not_in_sources")
    assert (answer["sentences"], answer["citations"]) == ([], [])
    assert len(answer["quotes"]) >= 5
    plain = here(capsys, monkeypatch, *asked)
    assert plain.returncode == 0
    assert answer["nearest"] is None
    assert answer["answer"] in plain.stdout
    assert "No passage comes near." in plain.stdout


@pytest.mark.weights
def test_a_refusal_tells_what_is_nearest(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "How many pieces of equipment did Belarus contribute to Peace Mission 2021?"
    asked = ("ask", question, "--no-llm", "--library", library)
    answer = json.loads(here(capsys, monkeypatch, *asked, "--json").stdout)
    check_shape(answer)
    assert answer["refused"]
    assert answer["nearest"]["quote"] in [each["quote"] for each in answer["quotes"]]
    assert answer["nearest"]["open"]
    plain = " ".join(here(capsys, monkeypatch, *asked).stdout.split())
    assert "The sources do not say. Nearest is: [1] briefing.md, line " in plain
    assert "Of the question it leaves open: “" in plain


@pytest.mark.weights
def test_an_answer_for_people_shows_each_quote_and_its_place(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = here(capsys, monkeypatch, "ask", QUESTION, "--no-llm", "--library", library)
    assert done.returncode == 0
    assert "90 minutes" in done.stdout
    assert "[1] briefing.md, line 7, “A Partnership Under Pressure”" in done.stdout


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "verdict"),
    [(QUESTION, "Why it was answered"), ("Which yeast is best for pizza?", "Why it was refused")],
)
def test_a_decision_is_explained(
    question: str,
    verdict: str,
    library: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("ask", question, "--no-llm", "--explain", "--library", library)
    plain = here(capsys, monkeypatch, *asked).stdout
    told = json.loads(here(capsys, monkeypatch, *asked, "--json").stdout)
    decision = told.pop("decision")
    check_shape(told)
    assert verdict in plain
    assert "\nTaken for evidence/fact (probability " in plain
    assert "answered by evidence." in plain
    assert decision["answerable"] is not told["refused"]
    assert f"{decision['threshold']:.2f} is needed" in plain
    assert len(decision["readings"]) == len(told["quotes"])
    for reading, quote in zip(decision["readings"], told["quotes"], strict=True):
        assert f"reranker {reading['signals']['score']:+.1f}" in plain
        assert (reading["start"], reading["end"]) == (quote["start"], quote["end"])


@pytest.mark.weights
def test_a_list_for_a_time_was_decided_by_no_evidence(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "What happened on Nov. 19?"
    asked = ("ask", question, "--no-llm", "--explain", "--library", library)
    plain = here(capsys, monkeypatch, *asked).stdout
    assert "\nTaken for time/" in plain
    assert "answered by time." in plain
    assert "Nothing was weighed" in plain
    assert plain.count("Nov. 19, 2021") >= 2


@pytest.mark.weights
def test_asking_an_empty_library_is_a_refusal(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here(capsys, monkeypatch, "remove", "briefing.md", "--library", library).returncode == 0
    done = here(capsys, monkeypatch, "ask", "Who?", "--json", "--library", library)
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    check_shape(answer)
    assert (answer["refused"], answer["reason"]) == (True, "no_documents")
    asked = ("ask", "Who?", "--exit-code", "--library", library)
    assert here(capsys, monkeypatch, *asked).returncode == 4


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "Who?"),
        ("list",),
        ("list", "--format", "tsv"),
        ("show", "one.txt"),
        ("remove", "one.txt"),
        ("reindex",),
        ("check", "text.txt"),
        ("eval", "run", "briefing"),
        ("library", "check"),
        ("library", "backup", "kept.zip"),
    ],
)
def test_a_library_that_is_not_there_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    done = here(capsys, monkeypatch, *command, "--library", tmp_path / "libary")
    refused(done, f"There is no library at {tmp_path / 'libary'}", "footnoted add FILE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.weights
def test_what_is_piped(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("ask", "-", "--no-llm", "--library", library)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(QUESTION.encode())))
    answer = here(capsys, monkeypatch, *asked).stdout.splitlines()
    assert "Dec. 15" in answer[0]
    assert max(map(len, answer)) > 100  # No line is broken, and none has blanks behind it.
    assert all(line == line.rstrip() for line in answer)

    text = "# Bread\n\nThe baker bakes *rye* bread in Ulm every day.\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    given = ("add", "-", "--name", "bread.md", "--library", library)
    assert "bread.md: added, 1 passage (" in here(capsys, monkeypatch, *given).stderr

    listed = ("list", "--library", library)
    plain = here(capsys, monkeypatch, *listed).stdout.splitlines()
    assert [line.split("\t")[1] for line in plain] == [
        "China and Russia in Late 2021: A Briefing",
        "Bread",
    ]
    tsv = here(capsys, monkeypatch, *listed, "--format", "tsv").stdout.splitlines()
    assert tsv[0].split("\t") == ["id", "title", "source", "characters", "passages", "added"]
    assert tsv[1:] == plain
    lines = here(capsys, monkeypatch, *listed, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(each)["title"] for each in lines][1] == "Bread"


@pytest.mark.weights
def test_a_narrow_terminal_shows_ids_whole(
    library: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    briefing: Document,
) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    shown = here(capsys, monkeypatch, "list", "--library", library).stdout
    assert f"id: {briefing.id}\n" in shown
    assert "\x1b[3" not in shown


# --- what the user may get wrong


def write_pdf_with_password(path: Path) -> None:
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(text="A secret.")
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.output(str(path))


def write_long_text(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(51 * 1024 * 1024)


def write_rubbish(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("gone.txt", lambda path: None, ["no file"]),
        ("folder", Path.mkdir, ["holds no files"]),
        ("empty.txt", Path.touch, ["is empty"]),
        ("blank.txt", lambda path: path.write_text(" \n\n"), ["nothing but white space"]),
        ("secret.pdf", write_pdf_with_password, ["password"]),
        ("broken.pdf", write_rubbish, []),
        ("long.txt", write_long_text, ["MB"]),
        ("rubbish.txt", write_rubbish, ["text"]),
        ("rubbish", write_rubbish, []),
        ("rule.txt", lambda path: path.write_text("***\n"), ["no words"]),
        ("[red].txt", lambda path: None, ["no file"]),
    ],
)
def test_a_file_that_cannot_be_read_is_one_message(
    tmp_path: Path, name: str, write: Any, words: list[str]
) -> None:
    path = tmp_path / name
    write(path)
    done = footnoted("add", path, "--library", tmp_path / "library")
    refused(done, name, *words)
    listed = footnoted("list", "--library", tmp_path / "library")
    refused(listed, "There is no library at")


def test_the_version() -> None:
    assert footnoted("--version").stdout == f"footnoted {version('footnoted')}\n"


def test_an_empty_question(tmp_path: Path) -> None:
    for question in ("", " \n"):
        refused(footnoted("ask", question, "--library", tmp_path), "question is empty")


@pytest.mark.weights
def test_a_document_that_is_unknown_or_named_by_too_little(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = library.parent / "other" / "briefing.md"
    other.parent.mkdir()
    other.write_text("# Bread\n\nThe baker bakes rye bread.\n")
    assert here(capsys, monkeypatch, "add", other, "--library", library).returncode == 0
    for command in ("show", "remove"):
        unknown = here(capsys, monkeypatch, command, "nothing.txt", "--library", library)
        refused(unknown, "nothing.txt", "footnoted list")
        ambiguous = here(capsys, monkeypatch, command, "briefing.md", "--library", library)
        refused(ambiguous, "briefing.md", "2 documents")
    listed = here(capsys, monkeypatch, "list", "--json", "--library", library)
    assert len(json.loads(listed.stdout)["documents"]) == 2


@pytest.mark.weights
def test_a_beginning_that_two_ids_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_beginning: dict[str, str] = {}
    number = 0
    while True:
        text = f"Loaf number {number}.\n"
        beginning = hashlib.sha256(text.encode()).hexdigest()[:3]
        if beginning in by_beginning:
            break
        by_beginning[beginning] = text
        number += 1
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for file, each in zip(files, (by_beginning[beginning], text), strict=True):
        file.write_text(each)
    folder = tmp_path / "library"
    assert here(capsys, monkeypatch, "add", *files, "--library", folder).returncode == 0
    refused(here(capsys, monkeypatch, "show", beginning, "--library", folder), "2 documents")


@pytest.mark.weights
def test_damaged_vectors_are_told_and_reindex_mends_them(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [vectors] = library.glob("vectors-*")
    (vectors / "chroma.sqlite3").write_bytes(b"garbage " * 1000)
    asked = ("ask", QUESTION, "--no-llm", "--library", library)
    refused(here(capsys, monkeypatch, *asked), f"footnoted reindex --library {library}")
    mended = here(capsys, monkeypatch, "reindex", "--library", library)
    assert (mended.returncode, mended.stdout) == (0, "")
    assert "1 document" in mended.stderr
    assert "90 minutes" in here(capsys, monkeypatch, *asked).stdout


@pytest.mark.weights
@pytest.mark.parametrize("command", ["list", "eval check briefing"])
def test_documents_that_an_older_version_read_are_told(
    command: str, library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (*command.split(), "--library", library)
    assert "older version" not in here(capsys, monkeypatch, *arguments).stderr
    with closing(sqlite3.connect(library / "library.db")) as connection, connection:
        connection.execute("UPDATE documents SET loader = 'markdown 0'")
    told = here(capsys, monkeypatch, *arguments)
    assert told.returncode == 0
    assert "1 document was read by an older version" in told.stderr
    assert "footnoted reindex" in told.stderr


@pytest.mark.weights
def test_a_damaged_library_is_one_message_for_every_command(library: Path) -> None:
    (library / "library.db").write_bytes(b"garbage " * 1000)
    for command in (["list"], ["show", "x"], ["remove", "x"], ["ask", "Who?"], ["add", BRIEFING]):
        refused(footnoted(*command, "--library", library), str(library), "damaged")


def test_reindexing_what_is_not_there(tmp_path: Path) -> None:
    done = footnoted("reindex", "--library", tmp_path / "library")
    refused(done, str(tmp_path / "library"), "no library")
    assert not (tmp_path / "library").exists()


def test_a_file_in_the_place_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    for command in (["list"], ["ask", "Who?"], ["add", BRIEFING]):
        refused(footnoted(*command, "--library", path), str(path))
    assert path.read_text() == "mine"


@pytest.mark.weights
def test_missing_weights_say_how_to_bring_them(library: Path, tmp_path: Path) -> None:
    empty = tmp_path / "models"
    empty.mkdir()
    for command in (["ask", QUESTION, "--no-llm"], ["add", ROOT / "README.md"]):
        done = footnoted(*command, "--library", library, FOOTNOTED_MODELS=str(empty))
        assert (done.returncode, done.stdout) == (2, "")
        assert "footnoted models pull" in done.stderr
        assert "bge-small-en-v1.5-int8" in done.stderr
    assert footnoted("list", "--library", library, FOOTNOTED_MODELS=str(empty)).returncode == 0


@pytest.mark.weights
def test_without_the_language_models_weights_it_answers_all_the_same(
    library: Path, tmp_path: Path
) -> None:
    settings = load_settings()
    language_model = settings.llm
    models = tmp_path / "models"
    models.mkdir()
    for name in (settings.embedding, settings.reranker):
        (models / name).symlink_to(settings.models / name)
    given = {"FOOTNOTED_LLM": language_model, "FOOTNOTED_MODELS": str(models)}
    # It writes where the words are sure, and reads where there is doubt.
    for question, words, asked in (
        ("How wide is the Tsugaru Strait?", "20 kilometers", True),
        (QUESTION, "90 minutes", False),
        ("Which yeast is best for pizza?", "", False),
    ):
        done = footnoted("ask", question, "--json", "--library", library, **given)
        assert done.returncode == 0
        assert (f"The model {language_model} is not ready" in done.stderr) is asked
        assert (f"footnoted models pull {language_model}" in done.stderr) is asked
        answer = json.loads(done.stdout)
        check_shape(answer)
        assert (answer["refused"], answer["models"]["llm"]) == (not words, None)
        assert words in answer["answer"]
    text = footnoted("show", "briefing.md", "--text", "--library", library).stdout
    check_offsets(answer, text)


def test_a_setting_that_is_unknown_or_impossible(tmp_path: Path) -> None:
    unknown = footnoted("list", "--library", tmp_path, FOOTNOTED_LLMM="x")
    refused(unknown, "FOOTNOTED_LLMM", "FOOTNOTED_LLM")
    impossible = footnoted("list", "--library", tmp_path, FOOTNOTED_QUOTES="many")
    refused(impossible, "quotes")
    named = footnoted("list", FOOTNOTED_CONFIG=str(tmp_path / "gone.toml"))
    refused(named, "gone.toml")


@pytest.mark.parametrize(
    "arguments", [["list", "--jason"], ["ask"], ["frobnicate"], ["show", "a", "b"], ["add"]]
)
def test_wrong_usage(arguments: list[str]) -> None:
    done = footnoted(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr


COMMANDS: dict[str, list[str]] = {
    "": ["add", "list", "show", "remove", "ask", "chat", "eval", "models", "reindex", "doctor"],
    "add": ["--library", "SOURCES"],
    "list": ["--library", "--json"],
    "show": ["--library", "--text", "DOCUMENT"],
    "remove": ["--library", "DOCUMENT"],
    "reindex": ["--library"],
    "doctor": ["--library", "--weights", "--json"],
    "ask": ["--library", "--json", "--no-llm", "QUESTION"],
    "chat": ["--library", "--host", "--port", "--fetch"],
    "eval": ["run", "compare"],
    "eval run": ["--library", "--json", "--no-llm", "--baseline", "SET"],
    "eval compare": ["BASELINE", "CANDIDATE"],
    "models": ["list", "pull", "verify"],
    "models list": ["--models"],
    "models pull": ["--models"],
    "models verify": ["--models"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_options(command: str) -> None:
    done = footnoted(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in COMMANDS[command]:
        assert word.lower() in done.stdout.lower()


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`footnoted … | head` must not end in a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--help"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process:
        assert "Traceback" not in process.stderr.read()


@pytest.mark.weights
def test_a_wait_for_the_language_model_is_told(library: Path) -> None:
    busy = status("429 Too Many Requests", "Retry-After: 1")
    with misbehaving(busy, times=1, written="The summit was held on Dec. 15.") as server:
        done = footnoted(
            "ask", SUMMIT, "--json", "--library", library, FOOTNOTED_LLM_URL=server.url
        )
    assert done.stderr == "The language model is busy: trying again in 1 s.\n"
    assert "on Dec. 15.[1]" in json.loads(done.stdout)["answer"]


def test_without_a_login_the_window_listens_on_loopback_only(tmp_path: Path) -> None:
    done = footnoted("chat", "--host", "0.0.0.0", "--library", tmp_path)  # noqa: S104
    assert done.returncode == 2
    assert done.stderr.startswith("Without a login the window listens on loopback only")
    done = footnoted("chat", "--auth", tmp_path / "none", "--library", tmp_path)
    assert (done.returncode, "There is no users file" in done.stderr) == (2, True)


def test_what_was_rated_is_printed(tmp_path: Path) -> None:
    assert footnoted("log", "--library", tmp_path).stdout == ""
    answer = {"question": "Who?", "answer": "Ada.[1]"}
    Log(tmp_path).rate("one", answer, "up")
    [line] = footnoted("log", "--library", tmp_path).stdout.splitlines()
    assert (json.loads(line)["rating"], json.loads(line)["answer"]) == ("up", answer)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("library re", "repair restore"),
        ("list --format j", "json jsonl"),
        ("list --fo", "--format"),
    ],
)
def test_a_shell_completes_what_is_typed(typed: str, completed: str) -> None:
    script = f"""eval "$(_FOOTNOTED_COMPLETE=source_bash footnoted)"
    COMP_WORDS=(footnoted {typed}); COMP_CWORD={len(typed.split())}
    _footnoted_completion footnoted; echo "${{COMPREPLY[@]}}" """
    folder = Path(sys.executable).parent
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    told = subprocess.run(
        ["bash", "-c", script], env=os.environ | path, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == completed
