"""What `footnoted doctor` looks at: is all here that Footnoted needs, and does it fit?

Each check is a function that yields what it finds. One that fails is a finding as well, and the
others go on. Nothing is changed, and nobody is called but the servers that the settings name.
"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from index.errors import ModelMissing, UserError, reason
from index.printable import shortened, without_password
from index.storage.database import folder_of
from index.weights.catalogue import CATALOGUE, DEFAULTS, Model
from index.weights.download import model_folder, pull_command, verify
from index.weights.factory import is_factory
from ui.commands.library import UNTOLD
from ui.commands.terminal import OLDER_WORDS

if TYPE_CHECKING:
    import httpx

    from index.library import Library
    from rag.config import Settings

State = Literal["ok", "note", "wrong"]
"""“note” is something to know that keeps nothing from working."""

Found = Iterator[tuple[State, str]]

LEAST_FREE = 200_000_000
"""Bytes that the library's disk should have free: a long document with its vectors takes some ten
millions, and SQLite and Chroma write things twice."""

SECONDS = 5
"""How long a server may take to answer."""

NATIVE = (
    *("onnxruntime", "tokenizers", "xllamacpp", "numpy", "lxml.etree", "pypdfium2", "pydantic"),
    *("rapidfuzz", "sentencex", "llama_index.core", "chromadb", "gradio"),
)
"""What may be installed and not run here: modules with code for one kind of processor, and those
that stand on them."""

_IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    print(name, flush=True)
    importlib.import_module(name)
print("all", flush=True)
"""

_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "ORT_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found, in a sentence that says what to do where something is wrong."""

    check: str
    state: State
    said: str


def findings(library: str | Path | None, *, weights: bool = False) -> Iterator[Finding]:
    """Yield what is found, check by check; with `weights`, their hashes are checked as well."""
    settings, said = _settings(library)
    checks: dict[str, Callable[[], Found]] = {
        "python": _python,
        "packages": _packages,
        "machine": _machine,
        "sqlite": _sqlite,
        "settings": lambda: iter([said]),
        "weights": lambda: _weights(settings, thorough=weights),
        "disk": lambda: _disk(settings),
        "folders": lambda: _folders(settings),
        "llm": lambda: _llm(settings),
        "chroma": lambda: _chroma(settings),
        "library": lambda: _library(settings),
        "port": _port,
    }
    for name, check in checks.items():
        try:
            for state, sentence in check():
                yield Finding(name, state, " ".join(sentence.split()))
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except UserError as error:
            yield Finding(name, "wrong", " ".join(str(error).split()))
        except BaseException as error:  # noqa: BLE001  Chroma's panics are not even Exceptions
            reason = " ".join(str(error).split())
            yield Finding(name, "wrong", f"This could not be checked: {_kind(error)}: {reason}")


def _settings(library: str | Path | None) -> tuple[Settings, tuple[State, str]]:
    """Return the settings, or the defaults where they cannot be read, and what to say of them."""
    from rag.config import PREFIX, Settings, load_settings, settings_file

    try:
        settings = load_settings(library=library)
    except UserError as error:
        given = _given(library)
        defaults = " What follows goes by the defaults."
        return Settings.model_construct(**given), ("wrong", str(error) + defaults)
    path = settings_file()
    where = f"read from {path}" if path.exists() else f"the defaults (there is no {path})"
    named = sorted(name for name in os.environ if name.startswith(PREFIX))
    return settings, ("ok", f"{where}{', with ' if named else ''}{', '.join(named)}")


def _given(library: str | Path | None) -> dict[str, Any]:
    """Return a library that was given as a setting, as far as it can be read."""
    from index.storage.database import database, is_database

    if library is None:
        return {}
    if not is_database(str(library)):
        return {"library": Path(library)}
    try:
        return {"library": database(str(library))}
    except UserError:  # That is what the settings say.
        return {}


# --- the machine and what is installed


def _python() -> Found:
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    wanted = metadata.metadata("footnoted")["Requires-Python"]
    if wanted and not SpecifierSet(wanted).contains(version):
        yield "wrong", f"Python {version} runs Footnoted, which needs {wanted}: install it there."
    else:
        yield "ok", f"Python {version}, {sys.executable}"


def _packages() -> Found:
    from packaging.requirements import Requirement

    wanted = [Requirement(each) for each in metadata.requires("footnoted") or ()]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    problems = list(filter(None, map(_misfit, wanted)))
    for problem in problems:
        yield "wrong", f"{problem} Reinstall Footnoted, in an environment of its own."
    if not problems:
        yield "ok", f"{len(wanted)} packages have versions that fit"
    done = subprocess.run(
        [sys.executable, "-P", "-c", _IMPORT, *NATIVE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, **_SILENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    [*_, last] = [each for each in done.stdout.split() if each in (*NATIVE, "all")] or ["Python"]
    if last != "all":
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        yield (
            "wrong",
            f"{last} does not run here: {shortened(said[-1], 200)}. Reinstall it; a processor "
            "that is too old for it needs a build of its own.",
        )
    else:
        yield "ok", f"what is made for this kind of machine runs ({', '.join(NATIVE[:3])}, …)"


def _misfit(wanted: Any) -> str | None:
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"The package {wanted.name} is missing."
    if wanted.specifier.contains(version, prereleases=True):
        return None
    return f"{wanted.name} {version} is installed, and {wanted.specifier} is needed."


def _machine() -> Found:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    limited = f", OMP_NUM_THREADS={threads}" if threads else ""
    yield "ok", f"{platform.system()} on {platform.machine()}, {cores} cores{limited}"


def _sqlite() -> Found:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(
                "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'porter unicode61')"
            )
        except sqlite3.OperationalError as error:
            yield (
                "wrong",
                f"SQLite {sqlite3.sqlite_version} has no full-text search ({error}), which "
                "libraries need: use a Python whose sqlite3 has FTS5.",
            )
        else:
            yield "ok", f"SQLite {sqlite3.sqlite_version}, with FTS5"


# --- weights and folders


def _weights(settings: Settings, *, thorough: bool) -> Found:
    for role, name in _models(settings).items():
        model = CATALOGUE.get(name)
        if model is None:
            yield _own_model(name, role)
        elif model.role != role:
            yield "wrong", f"{name} is for “{model.role}”, and the settings name it for “{role}”."
        elif problem := _problem(model, settings.models, thorough=thorough):
            again = f"Run `{pull_command([name], settings.models)}`."
            yield "wrong", f"{problem} {'Reinstall Footnoted.' if model.home else again}"
        else:
            right = "every byte is right" if thorough else "all files have their sizes"
            yield "ok", f"{name}: {right}"
    if settings.llm == "none" and not settings.llm_url:
        yield "note", "FOOTNOTED_LLM is none: answers are words with their quotes"


def _models(settings: Settings) -> dict[str, str]:
    """Return what models are for, and which of them the settings name for it."""
    models = {"embedding": settings.embedding, "rerank": settings.cross_encoder}
    models |= {CATALOGUE[name].role: name for name in DEFAULTS if CATALOGUE[name].home}
    if settings.llm != "none" and not settings.llm_url:
        models["answer"] = settings.llm
    return models


def _missing(settings: Settings) -> list[Model]:
    """Return the models of the catalogue that are named, and are not here or not whole."""
    named = [CATALOGUE[name] for name in _models(settings).values() if name in CATALOGUE]
    return [model for model in named if _problem(model, settings.models, thorough=False)]


def _problem(model: Model, models: Path, *, thorough: bool) -> str | None:
    """Say what is wrong with a model's files, if anything is."""
    try:
        model_folder(model.name, models)
    except ModelMissing as error:
        return str(error).split("\n")[0]
    problems = verify(model.name, models) if thorough else []
    return f"{'; '.join(problems)}." if problems else None


def _own_model(name: str, role: str) -> tuple[State, str]:
    """Say what can be said of a model that is not of the catalogue."""
    if is_factory(name):
        return "note", f"{name} is code of your own: it is run when it is first needed"
    if role != "answer":
        return "note", f"{name} is not of the catalogue: it is loaded when it is first needed"
    path = Path(name).expanduser()
    if not path.is_file():
        return "wrong", f"There is no language model {name}. Set FOOTNOTED_LLM to one there is."
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            return "wrong", f"{name} is no GGUF file. Set FOOTNOTED_LLM to one, or to “none”."
    return "ok", f"{name}: a GGUF file of {_size(path.stat().st_size)}"


def _disk(settings: Settings) -> Found:
    wanted = {
        "library": (folder_of(settings.library), LEAST_FREE),
        "weights": (settings.models, sum(model.size for model in _missing(settings))),
    }
    for what, (folder, least) in wanted.items():
        free = shutil.disk_usage(_existing(folder)).free
        if free < least:
            yield (
                "wrong",
                f"{_size(free)} are free for the {what} in {folder}, and {_size(least)} are "
                "needed: make room, or choose another folder.",
            )
        else:
            yield "ok", f"{_size(free)} are free for the {what} in {folder}"


def _folders(settings: Settings) -> Found:
    folders = {"library": folder_of(settings.library), "weights": settings.models}
    if settings.log:
        folders["log"] = settings.log if settings.log.exists() else settings.log.absolute().parent
    for what, path in folders.items():
        try:
            if path.is_file():
                path.open("ab").close()
            else:
                tempfile.TemporaryFile(dir=_existing(path)).close()
        except OSError as error:
            reason = error.strerror or str(error)
            if what == "weights" and not _missing(settings):
                yield (
                    "note",
                    f"{path} cannot be written ({reason}): no weights can be fetched there",
                )
            else:
                yield (
                    "wrong",
                    f"The {what} in {path} cannot be written: {reason}. Change its rights, or "
                    f"choose another place with FOOTNOTED_{_SETTING[what]}.",
                )
        else:
            yield "ok", f"the {what} can be written in {path}"


_SETTING = {"library": "LIBRARY", "weights": "MODELS", "log": "LOG"}


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that there is."""
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


# --- the library


def _library(settings: Settings) -> Found:
    from index.storage.postgres import PostgresStore
    from rag.opening import open_library

    library = open_library(settings)
    if isinstance(library.store, PostgresStore):
        yield from library.store.diagnosis()
    count = len(library.entries())
    if not count:
        yield "ok", f"{settings.library} is empty: `footnoted add FILE` puts a document in"
        return
    documents = "1 document" if count == 1 else f"{count:,} documents"
    yield "ok", f"{settings.library}: {documents}; `footnoted library check` proves every record"
    if outdated := library.outdated():
        yield (
            "note",
            f"{outdated} were read by an older version: `footnoted reindex` reads them again",
        )
    if library.has_older_words():
        yield "note", OLDER_WORDS
    if not library.knows_languages():
        yield "note", UNTOLD
    if unfinished := library.unfinished():
        yield (
            "note",
            f"an interrupted command has left something of {unfinished} documents, which no search "
            "finds: the next command that changes the library sweeps it away",
        )
    yield from _search(library, settings)


def _search(library: Library, settings: Settings) -> Found:
    model = CATALOGUE.get(settings.embedding)
    if model and _problem(model, settings.models, thorough=False):
        return  # That is told above.
    if settings.chroma_url and isinstance(_asked(_heartbeat(settings.chroma_url)), str):
        return
    started = time.perf_counter()
    library.search("What is it about?", 1)
    yield "ok", f"its words and vectors were searched in {time.perf_counter() - started:.1f} s"


# --- servers and ports


def _llm(settings: Settings) -> Found:
    if not settings.llm_url:
        return
    key = settings.llm_key.get_secret_value() if settings.llm_key else ""
    shown = without_password(settings.llm_url)
    answer = _asked(f"{settings.llm_url.rstrip('/')}/models", key)
    if isinstance(answer, str):
        yield "wrong", f"{shown} does not answer: {answer}. Start it, or change FOOTNOTED_LLM_URL."
    elif answer.status_code in (401, 403):
        yield "wrong", f"{shown} does not accept the key: set FOOTNOTED_LLM_KEY to the right one."
    elif answer.is_server_error:
        yield "wrong", f"{shown} answers with an error ({answer.status_code}): look into its log."
    elif not answer.is_success:
        yield (
            "note",
            f"{shown} answers, and lists no models ({answer.status_code}): most addresses end in "
            "/v1",
        )
    elif (names := _models_of(answer)) and settings.llm not in names:
        listed = shortened(", ".join(names), 200)
        yield (
            "note",
            f"{shown} answers, and does not list the model {settings.llm}. FOOTNOTED_LLM names one "
            f"of these: {listed}",
        )
    else:
        whole = settings.llm_reads_passages
        reads = "whole passages, up to eight sentences" if whole else "chosen sentences"
        yield "ok", f"{shown} answers, and writes longer answers from {reads} (FOOTNOTED_LLM_READS)"


def _models_of(answer: httpx.Response) -> list[str]:
    """Return the names that a server lists, or none where it says something else."""
    try:
        return [str(each["id"]) for each in answer.json()["data"]]
    except (ValueError, LookupError, TypeError):
        return []


def _chroma(settings: Settings) -> Found:
    if not settings.chroma_url:
        return
    shown = without_password(settings.chroma_url)
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
    answer = _asked(_heartbeat(settings.chroma_url), token)
    if isinstance(answer, str):
        yield (
            "wrong",
            f"{shown} does not answer: {answer}. Start it, or change FOOTNOTED_CHROMA_URL.",
        )
    elif answer.status_code in (401, 403):
        yield (
            "wrong",
            f"{shown} does not accept the token: set FOOTNOTED_CHROMA_TOKEN to the right one.",
        )
    elif not answer.is_success:
        yield "wrong", f"{shown} is no Chroma server of today: it answers {answer.status_code}."
    else:
        yield "ok", f"{shown} answers"


def _heartbeat(address: str) -> str:
    import httpx

    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 8000)  # As Chroma's client takes it.
    host = parts.hostname or "localhost"
    return str(httpx.URL(scheme=parts.scheme, host=host, port=port, path="/api/v2/heartbeat"))


def _asked(address: str, key: str = "") -> httpx.Response | str:
    """Return what a server answers, or why it does not."""
    import httpx

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        return httpx.get(address, headers=headers, timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return reason(error)


def _port() -> Found:
    from ui.entry.ports import FIRST_PORT, free_port

    free = free_port("127.0.0.1", None)
    if free == FIRST_PORT:
        yield "ok", f"{free} is free for the window"
    else:
        yield "note", f"{FIRST_PORT} is in use: the window would take {free}, or what --port says"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def _kind(error: BaseException) -> str:
    return type(error).__name__
