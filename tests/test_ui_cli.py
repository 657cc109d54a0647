"""The command line as a program: what it prints where, and with which exit code."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from index.documents import Document
from rag.config import load_settings
from rag.log import Log
from tests.browser import SUMMIT
from tests.commands import PROGRAM, ROOT, Done, Footnoted, as_process
from tests.conftest import BRIEFING
from tests.misbehaving import misbehaving, status

QUESTION = "How long did the December video summit between Putin and Xi last?"


def refused(done: Done, *words: str) -> None:
    """Exit code 2, nothing on stdout, and one plain message that holds the words."""
    assert done.returncode == 2
    assert done.stdout == ""
    message = done.stderr.strip()
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    for word in words:
        assert word in message


@pytest.fixture
def library(own_library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of the test's own with the briefing, which commands open unless they name one."""
    monkeypatch.setenv("FOOTNOTED_LIBRARY", str(own_library))
    return own_library


@pytest.fixture
def ask(footnoted: Footnoted, library: Path) -> Footnoted:
    """Ask that library."""
    return partial(footnoted, "ask", "--no-llm")


# --- a library's life


@pytest.mark.weights
def test_list_and_show_and_remove(library: Path, briefing: Document, footnoted: Footnoted) -> None:
    listed = footnoted("list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert briefing.id in listed.stdout
    as_json = json.loads(footnoted("list", "--json").stdout)
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
        "tags": [],
        "language": "en",
    }
    shown = footnoted("show", briefing.id[:4])
    assert (shown.returncode, shown.stderr) == (0, "")
    for fact in (briefing.sha256, str(BRIEFING), "2021-09-09 to 2021-12-30", added):
        assert fact in shown.stdout
    removed = footnoted("remove", "briefing.md")
    assert (removed.returncode, removed.stdout) == (0, "")
    assert briefing.id in removed.stderr
    emptied = footnoted("list")
    assert (emptied.returncode, emptied.stdout) == (0, "")
    assert "footnoted add" in emptied.stderr
    assert json.loads(footnoted("list", "--json").stdout) == {"documents": []}


@pytest.mark.weights
def test_a_files_name_cannot_speak_to_the_terminal(tmp_path: Path, footnoted: Footnoted) -> None:
    file = tmp_path / "red\x1b[31m:100:.txt"
    file.write_text("The ferry Mira sank in 1931.\n")
    done = [
        footnoted(*command, "--library", tmp_path / "library")
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
    tmp_path: Path, footnoted: Footnoted
) -> None:
    (tmp_path / "note.txt").write_bytes("Der Bäcker 🥖 backt.\r\n[red]Bold[/red].\n".encode())
    given = ("--library", str(tmp_path / "library"))
    footnoted("add", tmp_path / "note.txt", *given)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "show", "note.txt", "--text", *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == "Der Bäcker 🥖 backt.\n[red]Bold[/red].\n"
    assert done.stderr == b""


# --- answers

NUMBER, OR_NONE = (int, float), (str, type(None))
NAMED = dict.fromkeys(("id", "title", "source", "sha256", "language"), str)
PLACE = {"start": int, "end": int, "quote": str}
NEAREST = {"document_id": str, **PLACE, "score": NUMBER, "open": list}
CITATION = {
    "number": int,
    "document": NAMED,
    **PLACE,
    "marks": list,
    "page": (int, type(None)),
    "page_kind": OR_NONE,
    "heading": OR_NONE,
    "scan": (dict, type(None)),
    "score": NUMBER,
}
ANSWER = {
    "schema": int,
    "question": str,
    "standalone_question": str,
    "answer": str,
    "refused": bool,
    "reason": OR_NONE,
    "route": {"kind": str, "matters": list, "probability": NUMBER, "answered_by": OR_NONE},
    "language": str,
    "nearest": (dict, type(None)),
    "choices": list,
    "sentences": [{"text": str, "citations": list, "supported": bool}],
    "citations": [CITATION],
    "quotes": [{"rank": int, "document_id": str, **PLACE, "score": NUMBER}],
    "models": {"embedding": str, "reranker": str, "llm": OR_NONE},
    "timings": dict.fromkeys(
        ("retrieve_s", "first_quote_s", "first_token_s", "first_sentence_s", "total_s"),
        (*NUMBER, type(None)),
    ),
}
"""The keys and types that the contract names: of an object, of each part of a list, of a value."""


def check(found: Any, shape: Any) -> None:
    if isinstance(shape, dict):
        assert list(found) == list(shape)
        for name, part in shape.items():
            check(found[name], part)
    elif isinstance(shape, list):
        assert isinstance(found, list)
        for each in found:
            check(each, shape[0])
    else:
        assert isinstance(found, shape), found


def check_shape(answer: dict[str, Any]) -> None:
    check(answer, ANSWER)
    assert answer["schema"] == 1
    if answer["nearest"]:
        check(answer["nearest"], NEAREST)
    for name, numbered in (("citations", "number"), ("quotes", "rank")):
        assert [each[numbered] for each in answer[name]] == [*range(1, len(answer[name]) + 1)]


def check_offsets(answer: dict[str, Any], text: str) -> None:
    for each in [*answer["citations"], *answer["quotes"]]:
        assert text[each["start"] : each["end"]] == each["quote"]
        assert each["quote"]
        for start, end in each.get("marks", []):
            assert each["start"] <= start < end <= each["end"]


@pytest.mark.weights
def test_ask_prints_the_object_that_other_programs_rely_on(
    library: Path, briefing: Document
) -> None:
    done = as_process("ask", QUESTION, "--no-llm", "--json", "--library", library)
    assert done.returncode == 0
    assert done.stderr.strip() == ""
    answer = json.loads(done.stdout)
    check_shape(answer)
    check_offsets(answer, briefing.text)
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
        "language": "en",
    }
    assert answer["models"]["llm"] is None
    assert len(answer["quotes"]) >= 5


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "reason", "words"),
    [
        (
            QUESTION,
            None,
            ["Why it was answered", "[1] briefing.md, line 7, “A Partnership Under Pressure”"],
        ),
        (
            "Which yeast is best for sourdough pizza?",
            "not_in_sources",
            ["Why it was refused", "No passage comes close."],
        ),
    ],
)
def test_an_answer_and_a_refusal_are_explained(
    question: str, reason: str | None, words: list[str], ask: Footnoted
) -> None:
    plain = ask(question, "--explain")
    as_json = ask(question, "--explain", "--json")
    assert (plain.returncode, as_json.returncode) == (0, 0)
    answer = json.loads(as_json.stdout)
    decision = answer.pop("decision")
    check_shape(answer)
    assert (answer["refused"], answer["reason"]) == (reason is not None, reason)
    assert len(answer["quotes"]) >= 5
    if reason:
        assert answer["nearest"] is None
        assert (answer["sentences"], answer["citations"]) == ([], [])
        assert answer["answer"] in plain.stdout
    else:
        assert "90 minutes" in plain.stdout
    for each in (*words, "\nTaken for evidence/fact (probability ", "answered by evidence."):
        assert each in plain.stdout
    assert decision["answerable"] is not answer["refused"]
    assert f"{decision['threshold']:.2f} is needed" in plain.stdout
    assert len(decision["readings"]) == len(answer["quotes"])
    for reading, quote in zip(decision["readings"], answer["quotes"], strict=True):
        assert f"reranker {reading['signals']['score']:+.1f}" in plain.stdout
        assert (reading["start"], reading["end"]) == (quote["start"], quote["end"])


@pytest.mark.weights
def test_a_refusal_tells_what_is_nearest(ask: Footnoted) -> None:
    question = "How many pieces of equipment did Belarus contribute to Peace Mission 2021?"
    answer = json.loads(ask(question, "--json").stdout)
    check_shape(answer)
    assert answer["refused"]
    assert answer["nearest"]["quote"] in [each["quote"] for each in answer["quotes"]]
    assert answer["nearest"]["open"]
    plain = " ".join(ask(question).stdout.split())
    assert "The sources do not say. This comes closest: [1] briefing.md, line " in plain
    assert "Not found there: “" in plain


@pytest.mark.weights
def test_a_list_for_a_time_was_decided_by_no_evidence(ask: Footnoted) -> None:
    plain = ask("What happened on Nov. 19?", "--explain").stdout
    assert "\nTaken for time/" in plain
    assert "answered by time." in plain
    assert "Nothing was weighed" in plain
    assert plain.count("Nov. 19, 2021") >= 2


@pytest.mark.weights
def test_asking_an_empty_library_is_a_refusal(ask: Footnoted, footnoted: Footnoted) -> None:
    assert footnoted("remove", "briefing.md").returncode == 0
    done = ask("Who?", "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    check_shape(answer)
    assert (answer["refused"], answer["reason"]) == (True, "no_documents")
    assert ask("Who?", "--exit-code").returncode == 4


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
    tmp_path: Path, command: tuple[str, ...], footnoted: Footnoted
) -> None:
    done = footnoted(*command, "--library", tmp_path / "libary")
    refused(done, f"There is no library at {tmp_path / 'libary'}", "footnoted add FILE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.weights
def test_what_is_piped(
    ask: Footnoted, footnoted: Footnoted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pipe(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe(QUESTION)
    answer = ask("-").stdout.splitlines()
    assert "Dec. 15" in answer[0]
    assert max(map(len, answer)) > 100  # No line is broken, and none has blanks behind it.
    assert all(line == line.rstrip() for line in answer)

    pipe("# Bread\n\nThe baker bakes *rye* bread in Ulm every day.\n")
    assert "bread.md: added, 1 passage (" in footnoted("add", "-", "--name", "bread.md").stderr

    plain = footnoted("list").stdout.splitlines()
    assert [line.split("\t")[1] for line in plain] == [
        "China and Russia in Late 2021: A Briefing",
        "Bread",
    ]
    tsv = footnoted("list", "--format", "tsv").stdout.splitlines()
    assert tsv[0] == "id\ttitle\tsource\tcharacters\tpassages\tadded\ttags\tlanguage"
    assert tsv[1:] == plain
    lines = footnoted("list", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(each)["title"] for each in lines][1] == "Bread"


@pytest.mark.weights
def test_a_narrow_terminal_shows_ids_whole(
    library: Path, briefing: Document, footnoted: Footnoted
) -> None:
    narrow = {"FORCE_COLOR": 1, "NO_COLOR": 1, "COLUMNS": 40, "TTY_COMPATIBLE": 1}
    shown = footnoted("list", **narrow).stdout
    assert f"id: {briefing.id}\n" in shown
    assert "\x1b[3" not in shown


# --- what the user may get wrong


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("gone.txt", lambda path: None, "no file"),
        ("[red].txt", lambda path: None, "no file"),
        ("folder", Path.mkdir, "holds no files"),
        ("empty.txt", Path.touch, "is empty"),
        ("rubbish.txt", lambda path: path.write_bytes(bytes(range(256))), "text"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_message(
    tmp_path: Path, name: str, write: Any, words: str, footnoted: Footnoted
) -> None:
    path, given = tmp_path / name, ("--library", tmp_path / "library")
    write(path)
    refused(footnoted("add", path, *given), name, words)
    refused(footnoted("list", *given), "There is no library at")


def test_the_version(footnoted: Footnoted) -> None:
    assert footnoted("--version").stdout == f"footnoted {version('footnoted')}\n"


def test_an_empty_question(tmp_path: Path, footnoted: Footnoted) -> None:
    for question in ("", " \n"):
        refused(footnoted("ask", question, "--library", tmp_path), "question is empty")


@pytest.mark.weights
def test_a_document_that_is_unknown_or_named_by_too_little(
    library: Path, footnoted: Footnoted
) -> None:
    other = library.parent / "other" / "briefing.md"
    other.parent.mkdir()
    other.write_text("# Bread\n\nThe baker bakes rye bread.\n")
    assert footnoted("add", other).returncode == 0
    for command in ("show", "remove"):
        refused(footnoted(command, "nothing.txt"), "nothing.txt", "footnoted list")
        refused(footnoted(command, "briefing.md"), "briefing.md", "2 documents")
    assert len(json.loads(footnoted("list", "--json").stdout)["documents"]) == 2


@pytest.mark.weights
def test_a_beginning_that_two_ids_share(tmp_path: Path, footnoted: Footnoted) -> None:
    texts: dict[str, str] = {}
    for number in count():
        text = f"Loaf number {number}.\n"
        beginning = hashlib.sha256(text.encode()).hexdigest()[:3]
        if texts.setdefault(beginning, text) != text:
            break
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for file, each in zip(files, (texts[beginning], text), strict=True):
        file.write_text(each)
    given = ("--library", tmp_path / "library")
    assert footnoted("add", *files, *given).returncode == 0
    refused(footnoted("show", beginning, *given), "2 documents")


@pytest.mark.weights
@pytest.mark.usefixtures("no_pauses")
def test_damaged_vectors_are_told_and_reindex_mends_them(
    library: Path, ask: Footnoted, footnoted: Footnoted
) -> None:
    [vectors] = library.glob("vectors-*")
    (vectors / "chroma.sqlite3").write_bytes(b"garbage " * 1000)
    refused(ask(QUESTION, "--library", library), f"footnoted reindex --library {library}")
    mended = footnoted("reindex")
    assert (mended.returncode, mended.stdout) == (0, "")
    assert "1 document" in mended.stderr
    assert "90 minutes" in ask(QUESTION).stdout


@pytest.mark.weights
@pytest.mark.parametrize("command", ["list", "eval check briefing"])
def test_documents_that_an_older_version_read_are_told(
    command: str, library: Path, footnoted: Footnoted
) -> None:
    assert "older version" not in footnoted(*command.split()).stderr
    with closing(sqlite3.connect(library / "library.db")) as connection, connection:
        connection.execute("UPDATE documents SET loader = 'markdown 0'")
    outdated = footnoted(*command.split())
    assert outdated.returncode == 0
    assert "1 document was read by an older version" in outdated.stderr
    assert "footnoted reindex" in outdated.stderr


@pytest.mark.weights
def test_a_damaged_library_is_one_message_for_every_command(
    library: Path, footnoted: Footnoted
) -> None:
    (library / "library.db").write_bytes(b"garbage " * 1000)
    for command in (["list"], ["show", "x"], ["remove", "x"], ["ask", "Who?"], ["add", BRIEFING]):
        refused(footnoted(*command), str(library), "damaged")


@pytest.mark.weights
def test_missing_weights_say_how_to_bring_them(
    library: Path, tmp_path: Path, footnoted: Footnoted
) -> None:
    empty = tmp_path / "models"
    empty.mkdir()
    for command in (["ask", QUESTION, "--no-llm"], ["add", ROOT / "README.md"]):
        done = footnoted(*command, FOOTNOTED_MODELS=empty)
        assert (done.returncode, done.stdout) == (2, "")
        assert "footnoted models pull" in done.stderr
        assert "bge-small-en-v1.5-int8" in done.stderr
    assert footnoted("list", FOOTNOTED_MODELS=empty).returncode == 0


@pytest.mark.weights
def test_without_the_language_models_weights_it_answers_all_the_same(
    library: Path, tmp_path: Path, briefing: Document, footnoted: Footnoted
) -> None:
    settings = load_settings()
    language_model = settings.llm
    models = tmp_path / "models"
    models.mkdir()
    for name in (settings.embedding, settings.reranker):
        (models / name).symlink_to(settings.models / name)
    given = {"FOOTNOTED_LLM": language_model, "FOOTNOTED_MODELS": models}
    # It writes of what answers, and reads where there is doubt.
    for question, words, asked in (
        ("How wide is the Tsugaru Strait?", "20 kilometers", True),
        ("Who spoke of a “Sputnik moment” after China's test?", "Milley", True),
        ("Which yeast is best for pizza?", "", False),
    ):
        done = footnoted("ask", question, "--json", **given)
        assert done.returncode == 0
        assert (f"The model {language_model} is not ready" in done.stderr) is asked
        assert (f"footnoted models pull {language_model}" in done.stderr) is asked
        answer = json.loads(done.stdout)
        check_shape(answer)
        assert (answer["refused"], answer["models"]["llm"]) == (not words, None)
        assert words in answer["answer"]
        check_offsets(answer, briefing.text)


@pytest.mark.parametrize(
    "arguments", [["list", "--jason"], ["ask"], ["frobnicate"], ["show", "a", "b"], ["add"]]
)
def test_wrong_usage(arguments: list[str], footnoted: Footnoted) -> None:
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
def test_help_names_the_options(command: str, footnoted: Footnoted) -> None:
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
    process.stdout.close()
    with process:
        assert "Traceback" not in process.stderr.read()


@pytest.mark.weights
def test_a_wait_for_the_language_model_is_told(library: Path, footnoted: Footnoted) -> None:
    busy = status("429 Too Many Requests", "Retry-After: 1")
    with misbehaving(busy, times=1, written="The summit was held on Dec. 15.") as server:
        done = footnoted("ask", SUMMIT, "--json", FOOTNOTED_LLM_URL=server.url)
    assert done.stderr == "The language model is busy: trying again in 1 s.\n"
    assert "on Dec. 15.[1]" in json.loads(done.stdout)["answer"]


def test_without_a_login_the_window_listens_on_loopback_only(
    tmp_path: Path, footnoted: Footnoted
) -> None:
    done = footnoted("chat", "--host", "0.0.0.0", "--library", tmp_path)  # noqa: S104
    assert done.returncode == 2
    assert done.stderr.startswith("Without a login, the window only listens on loopback")
    done = footnoted("chat", "--auth", tmp_path / "none", "--library", tmp_path)
    assert (done.returncode, "There is no users file" in done.stderr) == (2, True)


def test_what_was_rated_is_printed(tmp_path: Path, footnoted: Footnoted) -> None:
    assert footnoted("log", "--library", tmp_path).stdout == ""
    answer = {"question": "Who?", "answer": "Ada.[1]"}
    Log(tmp_path).rate("one", answer, "up")
    [line] = footnoted("log", "--library", tmp_path).stdout.splitlines()
    assert (json.loads(line)["rating"], json.loads(line)["answer"]) == ("up", answer)


def test_a_shell_completes_what_is_typed() -> None:
    completed = {
        "library re": "repair restore",
        "list --format j": "json jsonl",
        "list --fo": "--format",
    }
    script = """eval "$(_FOOTNOTED_COMPLETE=source_bash footnoted)"
    for typed in "$@"; do
      COMP_WORDS=(footnoted $typed); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
      _footnoted_completion footnoted; echo "${COMPREPLY[@]}"
    done"""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *completed],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.strip() for line in done.stdout.splitlines()] == [*completed.values()]
