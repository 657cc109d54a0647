"""The checks of `footnoted doctor`: is everything here that Footnoted needs, and does it fit?

Each check is a function that yields its findings. A check that raises becomes a finding as well,
and the others go on. Nothing is changed, and only servers that the settings name are contacted.
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
from ui.words.elsewhere import said
from ui.words.languages import choose
from ui.words.words import _, ngettext, noted

if TYPE_CHECKING:
    import httpx

    from index.library import Library
    from rag.config import Settings

State = Literal["ok", "note", "wrong"]
STATES = (noted("ok"), noted("note"), noted("wrong"))
"""A “note” is worth knowing, but keeps nothing from working."""

Found = Iterator[tuple[State, str]]

LEAST_FREE = 200_000_000
"""Bytes that the library's disk should have free: a long document with its vectors takes some ten
million, and SQLite and Chroma write their data twice."""

SECONDS = 5
"""How long a server may take to answer."""

NATIVE = (
    *("onnxruntime", "tokenizers", "xllamacpp", "numpy", "lxml.etree", "pypdfium2", "pydantic"),
    *("rapidfuzz", "sentencex", "llama_index.core", "chromadb", "gradio"),
)
"""Modules that may be installed and yet fail to run here: those with code for one kind of
processor, and those that depend on them."""

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
    """What a check found, in a sentence that also says what to do if something is wrong."""

    check: str
    state: State
    said: str


def findings(library: str | Path | None, *, weights: bool = False) -> Iterator[Finding]:
    """Yield the findings, check by check; `weights` also verifies the hashes of the weights."""
    settings, told = _settings(library)
    checks: dict[str, Callable[[], Found]] = {
        "python": _python,
        "packages": _packages,
        "machine": _machine,
        "sqlite": _sqlite,
        "settings": lambda: iter([told]),
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
            yield Finding(name, "wrong", " ".join(said(str(error)).split()))
        except BaseException as error:  # noqa: BLE001  Chroma's panics are not even Exceptions
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield Finding(name, "wrong", _("This could not be checked: %(why)s", why=why))


def _settings(library: str | Path | None) -> tuple[Settings, tuple[State, str]]:
    """Return the settings, or the defaults if they cannot be read, and the finding about them."""
    from rag.config import PREFIX, Settings, load_settings, settings_file

    try:
        settings = load_settings(library=library)
    except UserError as error:
        given = _given(library)
        words = said(str(error)) + " " + _("The rest is checked with the defaults.")
        return Settings.model_construct(**given), ("wrong", words)
    choose(settings.language)
    path = settings_file()
    where = (
        _("read from %(path)s", path=path)
        if path.exists()
        else _("the defaults (there is no %(path)s)", path=path)
    )
    if named := sorted(name for name in os.environ if name.startswith(PREFIX)):
        where = _("%(where)s, with %(names)s", where=where, names=", ".join(named))
    return settings, ("ok", where)


def _given(library: str | Path | None) -> dict[str, Any]:
    """Return the given library as a setting; {} if none is given or it cannot be parsed."""
    from index.storage.database import database, is_database

    if library is None:
        return {}
    if not is_database(str(library)):
        return {"library": Path(library)}
    try:
        return {"library": database(str(library))}
    except UserError:  # The finding about the settings says so.
        return {}


# --- the machine and what is installed


def _python() -> Found:
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    wanted = metadata.metadata("footnoted")["Requires-Python"]
    if wanted and not SpecifierSet(wanted).contains(version):
        words = _("Python %(version)s runs Footnoted, which needs %(needed)s: install it there.")
        yield "wrong", words % {"version": version, "needed": wanted}
    else:
        yield "ok", f"Python {version}, {sys.executable}"


def _packages() -> Found:
    from packaging.requirements import Requirement

    wanted = [Requirement(each) for each in metadata.requires("footnoted") or ()]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    problems = list(filter(None, map(_misfit, wanted)))
    for problem in problems:
        mend = _("Reinstall Footnoted, in an environment of its own.")
        yield "wrong", f"{problem} {mend}"
    if not problems:
        yield "ok", _("%(number)s packages have versions that fit", number=len(wanted))
    done = subprocess.run(
        [sys.executable, "-P", "-c", _IMPORT, *NATIVE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, **_SILENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    [*_done, last] = [each for each in done.stdout.split() if each in (*NATIVE, "all")] or [
        "Python"
    ]
    if last != "all":
        lines = done.stderr.strip().splitlines() or [
            _("it ended with %(code)s", code=done.returncode)
        ]
        words = _(
            "%(name)s does not run here: %(why)s. Reinstall it; a processor that is too old for it "
            "needs a build of its own."
        )
        yield "wrong", words % {"name": last, "why": shortened(lines[-1], 200)}
    else:
        names = f"{', '.join(NATIVE[:3])}, …"
        yield "ok", _("packages built for this kind of machine run (%(names)s)", names=names)


def _misfit(wanted: Any) -> str | None:
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return _("The package %(name)s is missing.", name=wanted.name)
    if wanted.specifier.contains(version, prereleases=True):
        return None
    words = _("%(name)s %(version)s is installed, and %(needed)s is needed.")
    return words % {"name": wanted.name, "version": version, "needed": wanted.specifier}


def _machine() -> Found:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    limited = f", OMP_NUM_THREADS={threads}" if threads else ""
    words = _("%(system)s on %(machine)s, %(cores)s cores")
    gaps = {"system": platform.system(), "machine": platform.machine(), "cores": cores}
    yield "ok", words % gaps + limited


def _sqlite() -> Found:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(
                "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'porter unicode61')"
            )
        except sqlite3.OperationalError as error:
            words = _(
                "SQLite %(version)s has no full-text search (%(why)s), which libraries need: use a "
                "Python whose sqlite3 has FTS5."
            )
            yield "wrong", words % {"version": sqlite3.sqlite_version, "why": error}
        else:
            yield "ok", _("SQLite %(version)s, with FTS5", version=sqlite3.sqlite_version)


# --- weights and folders


def _weights(settings: Settings, *, thorough: bool) -> Found:
    for role, name in _models(settings).items():
        model = CATALOGUE.get(name)
        if model is None:
            yield _own_model(name, role)
        elif model.role != role:
            words = _("%(name)s is for “%(role)s”, and the settings name it for “%(other)s”.")
            yield "wrong", words % {"name": name, "role": model.role, "other": role}
        elif problem := _problem(model, settings.models, thorough=thorough):
            again = _("Run `%(command)s`.", command=pull_command([name], settings.models))
            again = _("Reinstall Footnoted.") if model.home else again
            yield "wrong", f"{problem} {again}"
        else:
            right = _("every byte is right") if thorough else _("all files have their sizes")
            yield "ok", f"{name}: {right}"
    if not settings.writes:
        yield "note", _("FOOTNOTED_LLM is none: answers are the words found and their quotes")


def _models(settings: Settings) -> dict[str, str]:
    """Return the name of the model that is used for each role."""
    models = {"embedding": settings.embedding, "rerank": settings.cross_encoder}
    models |= {CATALOGUE[name].role: name for name in DEFAULTS if CATALOGUE[name].home}
    if settings.writes and not settings.llm_url:
        models["answer"] = settings.llm
    return models


def _missing(settings: Settings) -> list[Model]:
    """Return the catalogue's models that are used, and are missing or incomplete."""
    named = [CATALOGUE[name] for name in _models(settings).values() if name in CATALOGUE]
    return [model for model in named if _problem(model, settings.models, thorough=False)]


def _problem(model: Model, models: Path, *, thorough: bool) -> str | None:
    """Say what is wrong with a model's files, if anything is."""
    try:
        model_folder(model.name, models)
    except ModelMissing as error:
        return said(str(error).split("\n")[0])
    problems = verify(model.name, models) if thorough else []
    return f"{'; '.join(problems)}." if problems else None


def _own_model(name: str, role: str) -> tuple[State, str]:
    """Return the finding about a model that is not in the catalogue."""
    if is_factory(name):
        words = _("%(name)s is code of your own: it is run when it is first needed")
        return "note", words % {"name": name}
    if role != "answer":
        words = _("%(name)s is not in the catalogue: it is loaded when it is first needed")
        return "note", words % {"name": name}
    path = Path(name).expanduser()
    if not path.is_file():
        words = _("There is no language model %(name)s. Set FOOTNOTED_LLM to one that exists.")
        return "wrong", words % {"name": name}
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            words = _("%(name)s is not a GGUF file. Set FOOTNOTED_LLM to one, or to “none”.")
            return "wrong", words % {"name": name}
    size = _size(path.stat().st_size)
    return "ok", _("%(name)s: a GGUF file of %(size)s", name=name, size=size)


def _disk(settings: Settings) -> Found:
    wanted = {
        "library": (folder_of(settings.library), LEAST_FREE),
        "weights": (settings.models, sum(model.size for model in _missing(settings))),
    }
    for what, (folder, least) in wanted.items():
        free = shutil.disk_usage(_existing(folder)).free
        gaps = {"free": _size(free), "what": _(what), "folder": folder}
        if free < least:
            words = _(
                "%(free)s are free for the %(what)s in %(folder)s, and %(least)s are needed: make "
                "room, or choose another folder."
            )
            yield "wrong", words % {**gaps, "least": _size(least)}
        else:
            yield "ok", _("%(free)s are free for the %(what)s in %(folder)s", **gaps)


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
            gaps = {"what": _(what), "path": path, "why": error.strerror or str(error)}
            if what == "weights" and not _missing(settings):
                words = _("%(path)s cannot be written (%(why)s): no weights can be fetched there")
                yield "note", words % gaps
            else:
                words = _(
                    "The %(what)s in %(path)s cannot be written: %(why)s. Change its rights, or "
                    "choose another place with FOOTNOTED_%(setting)s."
                )
                yield "wrong", words % {**gaps, "setting": _SETTING[what]}
        else:
            yield "ok", _("the %(what)s can be written in %(path)s", what=_(what), path=path)


_SETTING = {noted("library"): "LIBRARY", noted("weights"): "MODELS", noted("log"): "LOG"}


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
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
        words = _("%(library)s is empty: `footnoted add FILE` puts a document in")
        yield "ok", words % {"library": settings.library}
        return
    documents = ngettext("%(num)s document", "%(num)s documents", count)
    words = _("%(library)s: %(documents)s; `footnoted library check` proves every record")
    yield "ok", words % {"library": settings.library, "documents": documents}
    if outdated := library.outdated():
        words = _("%(number)s were read by an older version: `footnoted reindex` reads them again")
        yield "note", words % {"number": outdated}
    if library.has_older_words():
        yield "note", _(OLDER_WORDS)
    if not library.knows_languages():
        yield "note", _(UNTOLD)
    if unfinished := library.unfinished():
        words = _(
            "an interrupted command left traces of %(number)s documents, which no search finds: "
            "the next command that changes the library removes them"
        )
        yield "note", words % {"number": unfinished}
    yield from _search(library, settings)


def _search(library: Library, settings: Settings) -> Found:
    model = CATALOGUE.get(settings.embedding)
    if model and _problem(model, settings.models, thorough=False):
        return  # The check of the weights says so.
    if settings.chroma_url and isinstance(_asked(_heartbeat(settings.chroma_url)), str):
        return
    started = time.perf_counter()
    library.search("What is it about?", 1)
    seconds = f"{time.perf_counter() - started:.1f}"
    yield "ok", _("its words and vectors were searched in %(seconds)s s", seconds=seconds)


# --- servers and ports


def _llm(settings: Settings) -> Found:
    if not settings.llm_url:
        return
    key = settings.llm_key.get_secret_value() if settings.llm_key else ""
    shown = without_password(settings.llm_url)
    answer = _asked(f"{settings.llm_url.rstrip('/')}/models", key)
    if isinstance(answer, str):
        yield "wrong", _silent(shown, answer, "FOOTNOTED_LLM_URL")
    elif answer.status_code in (401, 403):
        words = _("%(address)s does not accept the key: set FOOTNOTED_LLM_KEY to the right one.")
        yield "wrong", words % {"address": shown}
    elif answer.is_server_error:
        words = _("%(address)s answers with an error (%(status)s): look into its log.")
        yield "wrong", words % {"address": shown, "status": answer.status_code}
    elif not answer.is_success:
        words = _(
            "%(address)s answers, and lists no models (%(status)s): most addresses end in /v1"
        )
        yield "note", words % {"address": shown, "status": answer.status_code}
    elif (names := _models_of(answer)) and settings.llm not in names:
        words = _(
            "%(address)s answers, and does not list the model %(name)s. FOOTNOTED_LLM names one of "
            "these: %(names)s"
        )
        listed = shortened(", ".join(names), 200)
        yield "note", words % {"address": shown, "name": settings.llm, "names": listed}
    elif settings.llm_reads_passages:
        words = _(
            "%(address)s answers, and writes longer answers from whole passages, up to eight "
            "sentences (FOOTNOTED_LLM_READS)"
        )
        yield "ok", words % {"address": shown}
    else:
        words = _(
            "%(address)s answers, and writes longer answers from chosen sentences "
            "(FOOTNOTED_LLM_READS)"
        )
        yield "ok", words % {"address": shown}


def _silent(address: str, why: str, setting: str) -> str:
    words = _("%(address)s does not answer: %(why)s. Start it, or change %(setting)s.")
    return words % {"address": address, "why": why, "setting": setting}


def _models_of(answer: httpx.Response) -> list[str]:
    """Return the names of the models that a server lists; [] if it sends anything else."""
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
        yield "wrong", _silent(shown, answer, "FOOTNOTED_CHROMA_URL")
    elif answer.status_code in (401, 403):
        words = _(
            "%(address)s does not accept the token: set FOOTNOTED_CHROMA_TOKEN to the right one."
        )
        yield "wrong", words % {"address": shown}
    elif not answer.is_success:
        words = _("%(address)s is not a current Chroma server: it answers %(status)s.")
        yield "wrong", words % {"address": shown, "status": answer.status_code}
    else:
        yield "ok", _("%(address)s answers", address=shown)


def _heartbeat(address: str) -> str:
    import httpx

    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 8000)  # As Chroma's client does.
    host = parts.hostname or "localhost"
    return str(httpx.URL(scheme=parts.scheme, host=host, port=port, path="/api/v2/heartbeat"))


def _asked(address: str, key: str = "") -> httpx.Response | str:
    """Return a server's response, or why there is none."""
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
        yield "ok", _("%(port)s is free for the window", port=free)
    else:
        words = _("%(port)s is in use: the window would take %(free)s, or what --port says")
        yield "note", words % {"port": FIRST_PORT, "free": free}


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
