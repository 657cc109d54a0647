"""What Dockerfile, compose.yaml and .dockerignore promise, read from them: no Docker is needed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml
from packaging.specifiers import SpecifierSet

from index.library import Library
from index.weights.catalogue import CATALOGUE, DEFAULTS
from rag.config import PREFIX, Settings
from tests.browser import window
from tests.test_architecture import project_files
from ui.commands.cli import app
from ui.entry.users import add_user

PROJECT = Path(__file__).parents[1]
COMPOSE_TEXT = (PROJECT / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PYTHONS = {"trixie": "3.13"}
"""The Python of each Debian that the image may stand on."""


@dataclass(frozen=True)
class Stage:
    """A stage of the Dockerfile: what it stands on, its name, and its instructions in order."""

    base: str
    name: str
    steps: list[tuple[str, str]]

    def last(self, instruction: str) -> str:
        return [told for name, told in self.steps if name == instruction][-1]


def read_stages(text: str) -> list[Stage]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stages: list[Stage] = []
    for line in joined.splitlines():
        instruction, told = line.split(maxsplit=1)
        if instruction == "FROM":
            base, _, name = told.partition(" AS ")
            stages.append(Stage(base, name, []))
        elif stages:
            stages[-1].steps.append((instruction, told))
    return stages


STAGES = read_stages((PROJECT / "Dockerfile").read_text("utf-8"))
IMAGE = STAGES[-1]
PUBLISHED = "7860"
SCRAPES = "9090"
"""Where Prometheus is seen."""


def parsed(arguments: list[str]) -> dict[str, Any]:
    """Return what `footnoted` makes of these arguments; it fails for what it does not know."""
    command, path = typer.main.get_command(app), ["footnoted"]
    while isinstance(command, typer.core.TyperGroup):
        name, *arguments = arguments
        command = command.commands[name]
        path.append(name)
    return {"command": " ".join(path), **command.make_context(path[-1], arguments).params}


def default(text: str) -> str:
    """Return a value of compose.yaml where nothing is set: each variable has a default."""
    while (inner := re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", text)) != text:
        text = inner
    return text.replace("$$", "$")


def host_of(image: str) -> str:
    """Return the registry that an image's name names, if it does."""
    first = image.split("/")[0]
    return first if "/" in image and re.search(r"[.:]|^localhost$", first) else ""


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a file to the builder: the last pattern that fits decides.

    A pattern that fits a folder fits all that is in it, and ** any number of folders.
    """
    sent = True
    for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        parents = [path, *map(str, Path(path).parents)][:-1]
        if any(_fits(each, pattern) for each in parents):
            sent = line.startswith("!")
    return sent


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(Path(path).name, pattern[3:])
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


# --- the image


def test_nobody_is_root_in_the_image() -> None:
    user, group = IMAGE.last("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    [made] = [told for name, told in IMAGE.steps if name == "RUN" and "useradd" in told]
    assert f"--uid {user}" in made
    assert f"--gid {group}" in made
    after = IMAGE.steps[[name for name, _ in IMAGE.steps].index("USER") :]
    made_after = [told for name, told in after if name in ("RUN", "COPY", "ADD", "USER")]
    assert made_after == [f"{user}:{group}", "footnoted doctor"], "nothing is the user's own"
    owned = re.search(r"--owner (\d+) --group (\d+) --mode 700 (.*)", made)
    assert owned
    assert owned.groups()[:2] == (user, group)
    assert set(owned[3].split()) == set(json.loads(IMAGE.last("VOLUME")))


def test_every_stage_stands_on_the_same_debian_whose_python_fits() -> None:
    bases = {stage.base for stage in STAGES} - {stage.name for stage in STAGES}
    [base] = bases
    found = re.fullmatch(r"debian:(\w+)-slim", base)
    assert found
    version = PYTHONS[found[1]]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert SpecifierSet(project["requires-python"]).contains(f"{version}.0")
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_image_holds_no_compilers_and_no_lists_of_packages() -> None:
    final = [IMAGE, next(stage for stage in STAGES if stage.name == IMAGE.base)]
    runs = [told for stage in final for name, told in stage.steps if name == "RUN"]
    for told in runs:
        for installed in re.findall(r"apt-get install (.*?) +&&", told):
            assert set(installed.split()) == {
                "--yes",
                "--no-install-recommends",
                "ca-certificates",
                "libgomp1",
                "python3",
            }
            assert "rm -rf /var/lib/apt/lists/*" in told
    assert sum("apt-get install" in told for told in runs) == 1


def test_everything_copied_is_there_and_is_sent() -> None:
    files = [path.relative_to(PROJECT).as_posix() for path in project_files()]
    names = {stage.name for stage in STAGES}
    copied: set[str] = set()
    for stage in STAGES:
        for told in (told for name, told in stage.steps if name == "COPY"):
            *sources, _ = told.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in names
                continue
            for source in sources:
                of = [each for each in files if each == source or each.startswith(f"{source}/")]
                assert of, f"there is no {source}"
                assert [each for each in of if not is_sent(each)] == []
                copied.update(of)
        for origin in re.findall(r"--mount=type=bind,from=(\w+)", str(stage.steps)):
            assert origin in names
    assert {each for each in files if is_sent(each)} == copied, "what is sent is what is needed"


def test_all_that_the_wheel_is_made_of_is_copied() -> None:
    whole = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    wheel = whole["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], *whole["project"]["license-files"]}
    needed |= {whole["project"]["readme"], "pyproject.toml", "constraints.txt"}
    assert [each for each in needed if not is_sent(each)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".env",
        ".footnoted/briefing/library.db",
        "secrets/postgres_password",
        "users.txt",
        "tests/conftest.py",
        "rag/__pycache__/config.cpython-313.pyc",
        "ui/window/__pycache__/window.cpython-313.pyc",
        "dist/footnoted-0.1.0-py3-none-any.whl",
    ],
)
def test_what_is_none_of_the_builders_business_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_what_runs_is_a_command_and_the_ports_are_the_same() -> None:
    assert json.loads(IMAGE.last("ENTRYPOINT")) == ["footnoted"]
    told = parsed(json.loads(IMAGE.last("CMD")))
    assert told["command"] == "footnoted chat"
    assert (told["host"], str(told["port"])) == ("0.0.0.0", PUBLISHED)  # noqa: S104
    assert told["auth"].parent.as_posix() in json.loads(IMAGE.last("VOLUME"))
    assert IMAGE.last("EXPOSE") == PUBLISHED


def test_the_settings_of_the_image_are_settings() -> None:
    environment = dict(each.split("=", 1) for each in IMAGE.last("ENV").split())
    given = {name for name in environment if name.startswith(PREFIX)}
    assert given <= {PREFIX + name.upper() for name in Settings.model_fields}
    volumes = json.loads(IMAGE.last("VOLUME"))
    for name in ("HOME", "FOOTNOTED_LIBRARY"):
        assert any(Path(environment[name]).is_relative_to(volume) for volume in volumes)
    [weights] = [told for name, told in IMAGE.steps if name == "COPY" and "=weights" in told]
    assert weights.endswith(f" {environment['FOOTNOTED_MODELS']}")


def test_the_weights_in_the_image_are_those_that_are_asked_for_unless_others_are_named() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    llm = re.search(r"^ARG LLM=(.*)$", dockerfile, re.MULTILINE)
    assert llm
    assert llm[1] == Settings.model_fields["llm"].default
    [pull] = [told for stage in STAGES for name, told in stage.steps if "models pull" in told]
    found = re.search(r"set -- ([\w .-]+?) +&&", pull)
    assert found
    fetched = {*found[1].split(), llm[1]}
    assert fetched == {name for name in DEFAULTS if CATALOGUE[name].home is None}


def health_check(port: int) -> list[str]:
    """Return how the image asks its window whether it is well, at another port."""
    _, command = IMAGE.last("HEALTHCHECK").split(" CMD ", 1)
    python, *arguments = json.loads(command)
    assert python == "python"
    assert arguments[-1].count(PUBLISHED) == 1
    return [sys.executable, *arguments[:-1], arguments[-1].replace(PUBLISHED, str(port))]


def is_well(address: str) -> bool:
    port = urlsplit(address).port
    assert port
    return subprocess.run(health_check(port), capture_output=True, check=False).returncode == 0


@pytest.mark.weights
def test_the_health_check_finds_a_window_well_with_a_login_and_without(
    window_library: Library, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    add_user(users, "ada", "x")
    for arguments in ([], ["--auth", str(users)]):
        with window(window_library, *arguments, FOOTNOTED_LLM="none") as address:
            assert is_well(address)
    assert not is_well(address), "nobody answers there any more"


# --- what runs together

KNOWN = {
    "build", "cap_drop", "command", "configs", "depends_on", "entrypoint", "environment",
    "healthcheck", "image", "init", "networks", "ports", "profiles", "pull_policy",
    "read_only", "restart", "secrets", "security_opt", "shm_size", "stop_grace_period",
    "tmpfs", "user", "volumes",
}  # fmt: skip
"""Keys of the Compose specification: another one is a slip, or is looked at first."""

LASTING = {name: each for name, each in SERVICES.items() if name != "footnoted"}
OWN = {name: each for name, each in SERVICES.items() if each["image"] == "footnoted"}


def test_there_is_what_is_promised() -> None:
    assert set(SERVICES) == {"window", "footnoted", "postgres", "llama", "prometheus"}
    assert SERVICES["footnoted"]["profiles"] == ["commands"], "`up` does not start it"
    assert {name for name, each in SERVICES.items() if "profiles" not in each} == {
        "window",
        "postgres",
    }


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service.keys() <= KNOWN
    user = service.get("user") or (IMAGE.last("USER") if name in OWN else "root")
    assert user.split(":")[0] not in ("root", "0", "")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"], "what is fleeting has a place"
    assert host_of(service["image"]) == "", "no registry is named"
    for mounted in service.get("volumes", ()):
        source, target, *_ = mounted.split(":")
        assert source in COMPOSE["volumes"], "nothing of the machine itself is given"
        assert target.startswith("/")


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_started_again_and_says_how_it_is(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    own = service.get("healthcheck", {}).get("test")
    assert own or (name in OWN and IMAGE.last("HEALTHCHECK"))
    if name in OWN and own is None:
        assert "entrypoint" in service
        assert service["command"][0] == "chat", "the image's check asks the window"


def test_ports_are_published_on_loopback_unless_another_address_is_named() -> None:
    published = [port for each in SERVICES.values() for port in each.get("ports", ())]
    assert published
    for port in published:
        host, _, inside = default(port).rsplit(":", 2)
        assert ip_address(host).is_loopback
        assert inside in (PUBLISHED, SCRAPES)


def test_whoever_is_waited_for_says_when_it_is_there() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert SERVICES[name]["healthcheck"]["test"]
            assert "profiles" not in SERVICES[name]
    assert "postgres" in SERVICES["window"]["depends_on"]


def test_volumes_networks_and_secrets_are_there_and_used() -> None:
    for kind, of in (("networks", "networks"), ("secrets", "secrets")):
        used = {name for each in SERVICES.values() for name in each.get(of, ())}
        assert used == set(COMPOSE[kind])
    mounted = {each.split(":")[0] for s in SERVICES.values() for each in s.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
    assert COMPOSE["networks"]["library"] == {"internal": True}
    assert COMPOSE["networks"]["llm"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["library"], "only the window reaches it"
    assert SERVICES["window"]["volumes"] == ["data:/data", "users:/users:ro"]


def test_no_secret_stands_in_the_file() -> None:
    ignored = (PROJECT / ".gitignore").read_text("utf-8").splitlines()
    for secret in COMPOSE["secrets"].values():
        assert set(secret) == {"file"}
        assert f"{secret['file'].split('/')[0]}/" in ignored
        assert not is_sent(secret["file"])
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|KEY|TOKEN|SECRET", name):
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert ".env" in ignored


def test_all_has_a_default() -> None:
    """`docker compose up` needs nothing set."""
    code = re.sub(r"^\s*#.*$", "", COMPOSE_TEXT, flags=re.MULTILINE)
    assert re.findall(r"\$\{.*", default(code)) == []
    llm = SERVICES["window"]["environment"]["FOOTNOTED_LLM"]
    assert default(llm) == Settings.model_fields["llm"].default
    assert "${LLM:-" in llm, "an image without it is told so"
    assert {SERVICES[name]["environment"]["FOOTNOTED_LLM"] for name in OWN} == {llm}


def test_the_settings_of_the_services_are_settings_and_lead_to_each_other() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    arguments = SERVICES["window"]["build"]["args"]
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    assert all(re.search(rf"^ARG {name}\b", dockerfile, re.MULTILINE) for name in arguments)
    for service in OWN.values():
        assert set(service["environment"]) <= known
    for name in ("window", "footnoted"):
        library = urlsplit(SERVICES[name]["environment"]["FOOTNOTED_LIBRARY"])
        assert library.scheme == "postgresql"
        assert "['optional-dependencies']['postgresql']" in dockerfile, "it has what that needs"
        assert library.password is None
        there = SERVICES[str(library.hostname)]["environment"]
        assert (library.username, library.path) == (
            there["POSTGRES_USER"],
            f"/{there['POSTGRES_DB']}",
        )


def test_the_address_of_the_language_model_is_that_of_its_server() -> None:
    told = re.search(r"^# +FOOTNOTED_LLM_URL=(\S+)$", COMPOSE_TEXT, re.MULTILINE)
    assert told
    address = urlsplit(told[1])
    service = SERVICES[str(address.hostname)]
    assert f"COMPOSE_PROFILES={service['profiles'][0]}" in COMPOSE_TEXT
    assert address.path == "/v1"
    assert str(address.port) == service["command"][-1]
    assert f":{address.port}/health" in service["healthcheck"]["test"][-1]
    assert set(service["networks"]) < set(SERVICES["window"]["networks"])
    module = service["entrypoint"][-1]
    done = subprocess.run(
        [sys.executable, "-m", module, *service["command"], "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_window_is_the_images_with_a_name() -> None:
    command = [default(each) for each in SERVICES["window"]["command"]]
    told = parsed(command)
    assert told["command"] == "footnoted chat"
    assert told["name"] == ["localhost", "window"]
    assert command[: len(command) - 4] == json.loads(IMAGE.last("CMD"))


def test_the_window_is_scraped_by_the_name_that_it_answers_to() -> None:
    told = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    [job] = told["scrape_configs"]
    [given] = job["static_configs"]
    assert given["targets"] == [f"window:{PUBLISHED}"]
    assert set(SERVICES["prometheus"]["networks"]) <= set(SERVICES["window"]["networks"])
    [secret] = SERVICES["prometheus"]["secrets"]
    assert job["authorization"] == {"credentials_file": f"/run/secrets/{secret}"}


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield what `footnoted` is given in each `docker … run` of a text."""
    for line in re.findall(r"docker (?:compose )?run (.*)$", text, re.MULTILINE):
        if " footnoted " in line:
            yield shlex.split(line.split(" footnoted ", 1)[1])


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "docs/start.md"])
def test_the_commands_that_are_told_are_commands(name: str) -> None:
    commands = list(commands_in((PROJECT / name).read_text("utf-8")))
    assert commands
    users = parsed(json.loads(IMAGE.last("CMD")))["auth"]
    for command in commands:
        told = parsed(command)
        assert told.get("auth", users) == users


def test_the_password_comes_by_its_file_and_the_command_as_it_was_given(tmp_path: Path) -> None:
    secret, stand_in = tmp_path / "password", tmp_path / "footnoted"
    secret.write_text("p'ss w\"rd $x\n")
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$PGPASSWORD" "$@"\n')
    stand_in.chmod(0o755)
    shell = [default(each) for each in SERVICES["window"]["entrypoint"]]
    assert shell == [default(each) for each in SERVICES["footnoted"]["entrypoint"]]
    assert "/run/secrets/postgres_password" in shell[2]

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [each.replace("/run/secrets/postgres_password", str(path)) for each in shell]
        return subprocess.run(
            [*command, "ask", "Who sailed, and why?"],
            env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    said = run(secret).stdout.splitlines()
    assert said == ["p'ss w\"rd $x", "ask", "Who sailed, and why?"]
    without = run(tmp_path / "none")
    assert without.returncode != 0
    assert without.stdout == "", "nothing is run without it"
