"""What several tests share: settings, the models, the briefing, and what lies beside the project.

The models come from where the settings say: `FOOTNOTED_MODELS`, or the user's cache. Nothing else
that a developer has set reaches the tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import typer.testing
from playwright.sync_api import Browser, Page, expect, sync_playwright

from index.documents import Document
from index.library import Library
from index.loading.load import load, load_bytes
from index.storage.database import Place
from index.weights.catalogue import MULTILINGUAL
from index.weights.embedding import PromptedEmbedding, load_embedding
from rag.answerability.reader import Reader
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.finding.rerank import Reranker
from rag.writing.llm import Writer
from rag.writing.loading import load_writer
from tests.asking import AssistantOf, Knowing
from tests.browser import HOSTILE, HOSTILE_NAME, OpenPage, pages, window
from tests.chromium import CHROMIUM, chromium
from tests.commands import Footnoted, here
from tests.faults import Faults, figures, minutes, table
from tests.networks import open_once
from tests.postgres import Server, running

pytest.register_assert_rewrite("tests.breaking")

# Before anything imports the hub's client, which reads it then. Nobody listens there.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"

MEMORY = Path("/dev/shm")  # noqa: S108  folders of the user's own are made there
ROOM = 4_000_000_000
if (
    MEMORY.is_dir()
    and shutil.disk_usage(MEMORY).free >= ROOM
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
):
    # A library with one document waits for a disk fifty times, and nothing is proven by that. What
    # is about disks (test_index_durability.py) has its folders on one.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

BRIEFING = Path(__file__).parents[1] / "eval" / "sets" / "briefing.md"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share", type=float, default=0.05, help="how many of the faults are tried; 1 is all"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in terminalreporter.stats.values()
        for report in outcome
        if isinstance(report, pytest.TestReport)
    ]
    ended = [report for report in reports if report.when == "teardown"]
    for line in [*table(ended), *figures(ended)]:
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)  # Of the tests that are chosen.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let what takes minutes begin first where all faults are tried: none is left for the end."""
    if config.getoption("--share") >= 1:
        items.sort(key=minutes, reverse=True)
        long = sum(1 for item in items if minutes(item))
        # Workers are given two tests at first: behind a long one comes a short one.
        pairs = zip_longest(items[:long], items[long:])
        items[:] = [item for pair in pairs for item in pair if item]


@pytest.fixture
def faults(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[Faults]:
    """What a test breaks is counted (tests/faults.py); the test fails where it did harm."""
    made = Faults(request.node.nodeid, request.config.getoption("--share"), record_property)
    yield made
    if made.harm:
        pytest.fail("\n".join(made.harm), pytrace=False)


OpenLibrary = Callable[[Place], Library]
LibraryOf = Callable[..., Library]


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep only the place of the models; read an empty settings file, and write to no home."""
    empty = tmp_path_factory.mktemp("settings") / "footnoted.toml"
    empty.touch()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOOTNOTED_")]:
            if name != "FOOTNOTED_MODELS":
                patch.delenv(name)
        patch.setenv("FOOTNOTED_CONFIG", str(empty))
        patch.setenv("LC_ALL", "C.UTF-8")  # Commands speak English, whatever the machine speaks.
        # The tree of commands is built once, and not for each one that is invoked.
        patch.setattr("typer.testing._get_command", cache(typer.testing._get_command))
        patch.setenv("XDG_DATA_HOME", str(empty.parent / "data"))
        open_once(patch)
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(library=tmp_path_factory.mktemp("library"), llm="none")


@pytest.fixture(scope="session")
def embedding(settings: Settings) -> PromptedEmbedding:
    return load_embedding(settings.embedding, settings.models)


@pytest.fixture(scope="session")
def reranker(settings: Settings) -> Reranker:
    loaded = Reranker(settings.reranker, settings.models)
    loaded.load()
    return loaded


@pytest.fixture(scope="session")
def reader(settings: Settings) -> Reader:
    loaded = Reader(settings.models)
    loaded.load()
    return loaded


@pytest.fixture(scope="session")
def open_library(settings: Settings, embedding: PromptedEmbedding) -> OpenLibrary:
    """Open the library at a place as the command line would, with the one loaded embedding."""

    def opened(place: Place) -> Library:
        return Library(place, embedding_name=settings.embedding, embedding=lambda: embedding)

    return opened


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let vectors that cannot be searched be asked for once more, without a second's wait."""
    monkeypatch.setattr("index.library.PAUSES", (0.01,))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, which goes on running; each test has places of its own in it."""
    with running() as server:
        yield server


@pytest.fixture(params=["folder", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a test's library is: in a folder, and again in a database."""
    if request.param == "folder":
        return tmp_path / "library"
    server: Server = request.getfixturevalue("postgres")
    return server.place()


IN_A_FOLDER = pytest.mark.parametrize("place", ["folder"], indirect=True)
"""For tests of what SQLite's and Chroma's files are."""


@pytest.fixture(scope="session")
def briefing() -> Document:
    return load(BRIEFING)


@pytest.fixture(scope="session")
def briefing_library(
    briefing: Document, open_library: OpenLibrary, tmp_path_factory: pytest.TempPathFactory
) -> Library:
    """A library that holds the briefing; tests read it and do not change it."""
    library = open_library(tmp_path_factory.mktemp("briefing") / "library")
    library.add(briefing)
    return library


@pytest.fixture(scope="session")
def small_library(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Library:
    """A library that is asked in a moment, for tests to which it is no matter what it answers."""
    made = open_library(tmp_path_factory.mktemp("small") / "library")
    made.add(load_bytes(b"Putin and Xi held their video summit on Dec. 15, 2021.", "summit.txt"))
    return made


@pytest.fixture
def own_library(tmp_path: Path, briefing_library: Library) -> Path:
    """A library of the test's own that holds the briefing."""
    return Path(shutil.copytree(briefing_library.folder, tmp_path / "library"))


@pytest.fixture
def footnoted(capsys: pytest.CaptureFixture[str]) -> Footnoted:
    """Run `footnoted` in this process, with settings by their variables' names."""
    return partial(here, capsys)


@pytest.fixture(scope="session")
def assistant_of(settings: Settings, reranker: Reranker, reader: Reader) -> AssistantOf:
    """Make an assistant of a library; all of them have the same weights, loaded once."""
    first = Assistant(settings)
    first.reranker, first.reader = reranker, reader

    def made(library: Library) -> Assistant:
        own = first.with_settings(settings.model_copy(update={"library": library.folder}))
        own.library = library
        return own

    return made


@pytest.fixture(scope="session")
def briefed(assistant_of: AssistantOf, briefing_library: Library) -> Assistant:
    """An assistant of the briefing."""
    return assistant_of(briefing_library)


@pytest.fixture(scope="module")
def writer() -> Writer:
    made = load_writer(load_settings())
    assert made is not None
    return made


@pytest.fixture
def library_of(tmp_path: Path, open_library: OpenLibrary) -> LibraryOf:
    """Make a library that holds documents."""

    def made(*documents: Document) -> Library:
        library = open_library(Path(tempfile.mkdtemp(dir=tmp_path)) / "library")
        for document in documents:
            library.add(document)
        return library

    return made


@pytest.fixture(scope="session")
def read_only_library_of(
    tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary
) -> LibraryOf:
    """Make a library that holds documents, once for all tests that read it; none changes it."""

    @cache
    def made(*documents: Document) -> Library:
        library = open_library(tmp_path_factory.mktemp("read_only") / "library")
        for document in documents:
            library.add(document)
        return library

    return made


def documents(first: Document | str | bytes, *more: Any) -> tuple[Document, ...]:
    """Return documents as they are given, or the one of a text and the name of its file."""
    if isinstance(first, Document):
        return first, *more
    return (load_bytes(first if isinstance(first, bytes) else first.encode(), *more),)


@pytest.fixture(scope="session")
def knowing(read_only_library_of: LibraryOf, assistant_of: AssistantOf) -> Knowing:
    """Make an assistant of documents, or of one text, for tests that do not change its library."""
    return lambda *told: assistant_of(read_only_library_of(*documents(*told)))


@pytest.fixture(scope="session")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Knowing:
    """The same with documents in any language."""

    @cache
    def made(*told: Any) -> Assistant:
        place = tmp_path_factory.mktemp("multilingual") / "library"
        assistant = Assistant(load_settings(library=place, embedding=MULTILINGUAL, llm="none"))
        for document in documents(*told):
            assistant.library.add(document)
        return assistant

    return made


@pytest.fixture
def beside(request: pytest.FixtureRequest) -> Path:
    """The folder of what lies beside the project, for the tests that are marked so.

    `make test` leaves those out: whoever has the project alone runs it.
    """
    assert request.node.get_closest_marker("beside"), "what reads beside the project is so marked"
    return Path(__file__).parents[2] / "shared"


# --- the window in a browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # Long enough for a machine with other work to do.
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)


@pytest.fixture(scope="session")
def window_library(
    tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary, briefing: Document
) -> Library:
    made = open_library(tmp_path_factory.mktemp("window") / "library")
    made.add(briefing)
    made.add(load_bytes(HOSTILE.encode(), HOSTILE_NAME))
    return made


@pytest.fixture(scope="session")
def window_address(window_library: Library) -> Iterator[str]:
    """A window for all tests; its log lies beside its library's folder."""
    log = str(window_library.folder.parent / "log")
    given = {"FOOTNOTED_LLM": "none", "FOOTNOTED_PRIVATE_ADDRESSES": "true", "FOOTNOTED_LOG": log}
    with window(window_library, **given) as found:
        yield found


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    with pages(browser) as opened:
        yield opened


@pytest.fixture
def page(open_page: OpenPage, window_address: str) -> Page:
    return open_page(window_address)
