"""Each command in the README and in `docs/` is run here, as it stands there."""

from __future__ import annotations

import functools
import http.server
import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import takewhile
from pathlib import Path
from typing import Any

import docx
import fpdf
import pytest
import typer

from eval.cases.cases import Case
from eval.measuring.stages import STAGES
from eval.running.summary import MEANS, RATES, TIMINGS
from index.library import Library
from index.storage.database import database
from index.weights.catalogue import DEFAULTS
from rag.config import PREFIX, Settings, load_settings
from tests.commands import Done, Footnoted, started
from tests.postgres import Server
from ui.commands import findings
from ui.commands.evaluate import app as eval_command
from ui.entry.users import owner_of, read_users

PROJECT = Path(__file__).parents[1]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
README = "\n".join(each.read_text("utf-8") for each in PAGES)
SETS = (PROJECT / "eval" / "README.md").read_text("utf-8")
PLACES = ("*.md", "docs/*.md", "eval/**/*.md", "index/**/*.md", "rag/**/*.md")
TEXTS = sorted(path for place in PLACES for path in PROJECT.glob(place))
COMMANDS = re.findall(r"^ {4}((?:make|footnoted) .*)$", README, re.MULTILINE)
MAIN = [sys.executable, "-c", "from ui.commands.cli import main; main()"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the README speaks of."""
    made = tmp_path_factory.mktemp("readme")
    page = fpdf.FPDF()
    page.add_page()
    page.set_font("helvetica", size=12)
    page.multi_cell(0, 8, "The fleet has 14 ships.")
    page.output(str(made / "report.pdf"))
    document = docx.Document()
    document.add_paragraph("The notes speak of a lighthouse near the harbour.")
    document.save(str(made / "notes.docx"))
    (made / "article.html").write_text("<h1>News</h1><p>A bridge was opened in May.</p>", "utf-8")
    (made / "library").mkdir()
    return made


@pytest.fixture(scope="module")
def library(folder: Path, briefing_library: Library) -> Path:
    """Return a library with the sample article, as `make chat` makes it."""
    return Path(shutil.copytree(briefing_library.folder, folder / "briefing"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A page on this machine, in the place of the one on the web that the README names."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/article.html"
        server.shutdown()


Run = Callable[..., Done]


@pytest.fixture
def run(footnoted: Footnoted, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command in a folder, and with a library."""

    def made(arguments: list[str], folder: Path, library: Path, **more: str) -> Done:
        monkeypatch.chdir(folder)
        return footnoted(*arguments, **{PREFIX + "LIBRARY": library, **more})

    return made


@pytest.mark.weights
def test_add_and_ask(run: Run, folder: Path, library: Path, address: str) -> None:
    [add] = [each for each in COMMANDS if each.startswith("footnoted add report")]
    sources = shlex.split(add)[2:]
    assert sources[-1].startswith("https://")
    here = {PREFIX + "PRIVATE_ADDRESSES": "true"}
    done = run(["add", *sources[:-1], address], folder, folder / "mixed", **here)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stderr for name in ("report.pdf", "notes.docx", "article.html"))

    ask, explain = (
        each
        for each in COMMANDS
        if each.startswith("footnoted ask")
        and '"' in each
        and not {"--tag", "--library"} & {*each.split()}
    )
    done = run(shlex.split(ask)[1:], folder, library, FOOTNOTED_LLM="none")
    assert done.returncode == 0, done.stderr
    assert "Tsugaru" in done.stdout
    assert re.search(r"^\[1\] briefing\.md, line \d+, “.+”$", done.stdout, re.MULTILINE)
    done = run(shlex.split(explain)[1:], folder, library, FOOTNOTED_LLM="none")
    assert done.returncode == 0, done.stderr
    assert "Why it was" in done.stdout


@pytest.mark.weights
def test_tags_and_the_list_of_libraries(run: Run, folder: Path) -> None:
    add, ask = (shlex.split(each)[1:] for each in COMMANDS if "--tag" in each)
    contracts, tagged = folder / add[1], folder / "libraries" / "tagged"
    contracts.mkdir()
    (contracts / "lease.txt").write_text("Ada Holm owns the mill at Tolm.", "utf-8")
    assert run(add, folder, tagged).returncode == 0
    done = run(ask, folder, tagged, FOOTNOTED_LLM="none")
    assert "Ada Holm" in done.stdout, done.stderr
    [line] = [each for each in COMMANDS if each.startswith("footnoted libraries")]
    listed = run(shlex.split(line)[1:], folder, tagged).stdout
    assert listed.startswith(f"tagged\t{tagged}\t1\t")


@pytest.mark.weights
def test_watching(folder: Path) -> None:
    [line] = [each for each in COMMANDS if each.endswith("--watch")]
    docs = folder / shlex.split(line)[2]
    docs.mkdir()
    (docs / "notes.txt").write_text("The ferry sank in 1931.", "utf-8")
    given = {"PYTHONPATH": str(PROJECT), PREFIX + "LIBRARY": str(folder / "watched")}
    command = shlex.split(line)[1:]
    process = started(*command, given=given, cwd=folder, stderr=subprocess.PIPE)
    said = [process.stderr.readline() for _ in range(3)]
    assert said[-1] == "Watching docs. Ctrl-C ends it.\n", said
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1].endswith("Stopped watching.\n")
    assert process.returncode == 0


@pytest.mark.weights
def test_keeping_a_library(run: Run, folder: Path, library: Path) -> None:
    lines = [each for each in COMMANDS if each.startswith("footnoted library")]
    said = [run(shlex.split(line)[1:], folder, library) for line in lines]
    assert [done.returncode for done in said] == [0, 0, 0, 0], said
    words = ("As they should be", "nothing to repair", "kept.tar", "1 document")
    assert all(word in done.stderr for word, done in zip(words, said, strict=True))
    done = run(["ask", "How wide is the Tsugaru Strait?", "--no-llm"], folder, folder / "restored")
    assert "Tsugaru" in done.stdout


def test_a_library_in_a_database(run: Run, folder: Path, postgres: Server) -> None:
    [line] = [each for each in COMMANDS if "postgresql://" in each]
    *_, address = shlex.split(line)
    assert database(address).name == address
    done = run(["list", "--library", str(postgres.place())], folder, folder / "none")
    assert (done.returncode, "There is no library at" in done.stderr) == (2, True)


@pytest.mark.weights
def test_doctor_and_the_line_of_what_is_done(
    run: Run, folder: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "NATIVE", ("numpy",))  # The others take seconds.
    done = run(["doctor"], folder, library, FOOTNOTED_LLM="none")
    assert done.returncode == 0, done.stdout
    [line] = [each for each in COMMANDS if each.startswith("footnoted --verbose")]
    done = run(shlex.split(line)[1:], folder, library, FOOTNOTED_LLM="none")
    assert done.returncode == 0, done.stderr
    [told] = [json.loads(each) for each in done.stderr.splitlines() if each[:1] == "{"]
    [shown] = [json.loads(each) for each in README.splitlines() if each[:5] == "    {"]
    assert told.keys() == shown.keys()
    for name in ("sizes", "decision", "models", "timings"):
        assert told[name].keys() == shown[name].keys()


@pytest.mark.weights
def test_check(run: Run, folder: Path, library: Path) -> None:
    [line] = [each for each in COMMANDS if each.startswith("footnoted check draft")]
    _, _, draft, _, out = shlex.split(line)
    (folder / draft).write_text("The Tsugaru Strait is 20 kilometers wide.\n", "utf-8")
    done = run(shlex.split(line)[1:], folder, library)
    assert done.returncode == 0, done.stderr
    assert "Supported: The Tsugaru Strait is 20 kilometers wide." in done.stdout
    comments = [each.text for each in docx.Document(str(folder / out)).comments]
    assert comments[0].startswith("Supported.")
    (folder / draft).write_text("The Tsugaru Strait is 70 kilometers wide.\n", "utf-8")
    done = run(shlex.split(line)[1:], folder, library)
    assert (done.returncode, "Contradicted" in done.stdout) == (1, True)


@pytest.mark.weights
def test_pipes(folder: Path) -> None:
    start = README.splitlines().index("## In pipes")
    lines = [line.strip() for line in README.splitlines()[start + 2 : start + 7]]
    assert all(line.startswith("footnoted ") for line in lines)
    (folder / "notes.md").write_text("# Bread\n\nThe baker of Ulm bakes rye bread.\n")
    (folder / "docs" / "drafts").mkdir(parents=True)
    for name in ("docs/a.md", "docs/b.txt", "docs/drafts/c.md"):
        (folder / name).write_text(f"The baker of Bonn bakes {name}.\n")
    (folder / "question.txt").write_text("What does the baker of Ulm bake?\n")
    (folder / "draft.txt").write_text("The baker of Ulm bakes rye bread.\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FOOTNOTED_LIBRARY": str(folder / "piped"),
        "FOOTNOTED_LLM": "none",
    }
    said = {}
    for line in [lines[2], *lines]:  # What is asked must be there first.
        given = ["sh", "-c", line]  # The README's own lines.
        done = subprocess.run(
            given, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said[line.split()[1], line.split()[2]] = done.stdout
    assert "rye bread" in said["ask", "-"]
    assert "Supported" in said["check", "-"]
    assert [row.split("\t")[1] for row in said["list", "--format"].splitlines()] == [
        "title",
        "Bread",
        "a",
    ]


@pytest.mark.weights
def test_eval(run: Run, folder: Path, library: Path) -> None:
    lines = [each for each in COMMANDS if each.startswith("footnoted eval")]
    for line in lines:
        arguments = shlex.split(line)[1:]
        if "--library" in arguments:
            arguments[arguments.index("--library") + 1] = str(library)
            arguments += ["--no-llm", "--limit", "3"]
        done = run(arguments, folder, library)
        assert done.returncode == 0, (line, done.stderr)
    for made in ("run.json", "report.html", "baseline.json", "new.json"):
        assert (folder / made).exists()


def test_the_commands_of_the_sets_are_known() -> None:
    lines = re.findall(r"^ {4}footnoted eval (.*)$", SETS, re.MULTILINE)
    commands = typer.main.get_group(eval_command).commands
    for line in lines:
        name, *arguments = shlex.split(line)
        commands[name].make_context(name, arguments)  # fails for what it does not know
    assert {line.split()[0] for line in lines} >= {"run", "keep", "check", "draft", "import"}


def test_the_page_of_sets_names_each_metric_stage_and_key() -> None:
    names = {*RATES, *MEANS, *TIMINGS, *STAGES, *(each.name for each in fields(Case))}
    assert {each for each in names if f"`{each}`" not in SETS} == set()


def test_every_command_is_known_here() -> None:
    """`make` is what CI runs this by; `footnoted chat` is opened in tests/test_ui_window.py."""
    first_words = {" ".join(each.split()[:2]) for each in COMMANDS}
    assert first_words == {
        "make chat",
        "make test",
        "footnoted add",
        "footnoted ask",
        "footnoted chat",
        "footnoted check",
        "footnoted doctor",
        "footnoted eval",
        "footnoted language",
        "footnoted libraries",
        "footnoted library",
        "footnoted list",
        "footnoted models",
        "footnoted --verbose",
        "footnoted token",
        "footnoted user",
    }


@pytest.mark.weights
def test_documents_in_other_languages(run: Run, folder: Path) -> None:
    page = Path("docs/languages.md").read_text("utf-8")
    pull, add, *asks = re.findall(r"^ {4}(.*footnoted (?:models|add|ask) .*)$", page, re.MULTILINE)
    contract = docx.Document()
    contract.add_paragraph("Der Mietvertrag für das Bootshaus beginnt am 1. April 2024.")
    contract.add_paragraph("Der Vertrag endet am 31. März 2027.")
    contract.save(str(folder / "vertrag.docx"))
    models = str(load_settings().models.absolute())
    done = run(shlex.split(pull)[1:], folder, folder / "none", FOOTNOTED_MODELS=models)
    assert "already there" in done.stderr
    setting, *words = shlex.split(add)
    name, value = setting.split("=")
    done = run(words[1:], folder, folder / "none", **{name: value})
    assert done.returncode == 0, done.stderr
    for each in asks:
        done = run(shlex.split(each)[1:], folder, folder / "none", FOOTNOTED_LLM="none")
        assert done.returncode == 0, done.stderr
        assert "31. März 2027" in done.stdout
    for each in re.findall(r"^ {4}footnoted (language .*)$", page, re.MULTILINE):
        done = run(shlex.split(each), folder, folder / "none")
        assert done.stderr.startswith("vertrag.docx: German"), done.stderr
    done = run(["add", "vertrag.docx", "--library", "english"], folder, folder / "none")
    assert "There are documents in German" in done.stderr


@pytest.mark.weights
@pytest.mark.llm
def test_the_weights_are_pulled_once(run: Run, folder: Path) -> None:
    [line] = [each for each in COMMANDS if each == "footnoted models pull"]
    models = str(load_settings().models.absolute())
    done = run(shlex.split(line)[1:], folder, folder / "none", FOOTNOTED_MODELS=models)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("already there") == len(DEFAULTS)


def test_a_user_is_made_and_the_window_knows_the_option(run: Run, folder: Path) -> None:
    [line] = [each for each in COMMANDS if each.startswith("footnoted user")]
    name, _, file, *_ = shlex.split(line)[2:]
    command = [*MAIN, *shlex.split(line)[1:]]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input="secret\nsecret\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert read_users(folder / file)[name].may == {"add", "remove", "fetch"}
    [token] = [each for each in COMMANDS if each.startswith("footnoted token")]
    done = run(shlex.split(token)[1:], folder, folder / "none")
    assert owner_of(read_users(folder / file), done.stdout.strip()) == name
    [chat] = [each for each in COMMANDS if each.startswith("footnoted chat --auth")]
    done = run([*shlex.split(chat)[1:4], "--port", "99999"], folder, folder / "none")
    assert (done.returncode, "not a port" in done.stderr) == (2, True)


def block(first: str) -> list[str]:
    """Return the lines of the README's block of code that begins with a line."""
    lines = README.splitlines()
    at = lines.index(f"    {first}")
    return [line.strip() for line in takewhile(lambda line: line[:4] == "    ", lines[at:])]


@pytest.mark.weights
def test_the_lines_in_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv(PREFIX + "LLM", "none")
    names: dict[str, Any] = {}
    exec("\n".join(block("from index import load")), names)  # noqa: S102  the README's own lines
    footnote = names["footnote"]
    assert "14" in names["answer"].text
    assert footnote.document.text[footnote.start : footnote.end] == footnote.text


@pytest.mark.parametrize("front", ["index", "rag", "eval"])
def test_what_programs_may_rely_on_is_stated_and_there(front: str) -> None:
    module = importlib.import_module(front)
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.browser
@pytest.mark.weights
def test_the_lines_for_programs(window_address: str) -> None:
    lines = block("import gradio_client")
    assert len(lines) == 7
    names: dict[str, Any] = {}
    # The README's own lines.
    exec("\n".join(lines).replace("http://127.0.0.1:7860/", window_address), names)  # noqa: S102
    assert names["answer"]["schema"] == 1
    assert names["place"]["quote"] == names["first"]["quote"]
    assert names["checked"]["schema"] == 1


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("make")])
def test_make_knows_the_target(command: str) -> None:
    done = subprocess.run(
        [*shlex.split(command), "--dry-run"], cwd=PROJECT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_setting_is_in_the_table() -> None:
    listed = set(re.findall(rf"`{PREFIX}([A-Z_]+)` \|", README))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_the_picture_is_there() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (PROJECT / path).is_file(), path


def test_the_pages_are_built_and_their_links_lead_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {each.stem for each in PAGES[1:]} <= {each.stem for each in tmp_path.glob("*.html")}


def anchors(path: Path) -> set[str]:
    """Return the anchors that a Markdown page has for its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_links_of_a_text_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s:]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target
