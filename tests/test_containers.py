"""Dockerfile, compose.yaml and .dockerignore, held to the program that they run: without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml
from pathspec import GitIgnoreSpec

from index.library import Library
from index.weights.catalogue import CATALOGUE, DEFAULTS
from rag.config import PREFIX, Settings
from tests.browser import window
from tests.test_architecture import project_files
from ui.commands.cli import app
from ui.entry.users import add_user

PROJECT = Path(__file__).parents[1]
DOCKERFILE = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
STEPS = [line.split(maxsplit=1) for line in re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines() if line]
COMPOSE_TEXT = (PROJECT / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [each for each in SERVICES.values() if each["image"] == "footnoted"]
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}
LLM = Settings.model_fields["llm"].default


def told(instruction: str) -> list[str]:
    """Return what the Dockerfile gives an instruction, each time."""
    return [given for name, given in STEPS if name == instruction]


[USER], [PORT], [VOLUMES], [COMMAND] = map(told, ("USER", "EXPOSE", "VOLUME", "CMD"))


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, **more)


def parsed(arguments: list[str]) -> dict[str, Any]:
    """Return what `footnoted` makes of these arguments; it fails for what it does not know."""
    command, name = typer.main.get_command(app), ""
    while isinstance(command, typer.core.TyperGroup):
        name, *arguments = arguments
        command = command.commands[name]
    return {"command": name, **command.make_context(name, arguments).params}


def default(text: str) -> str:
    """Return a value of compose.yaml where nothing is set: each variable has a default."""
    while (inner := re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", text)) != text:
        text = inner
    return text.replace("$$", "$")


def is_sent(path: str) -> bool:
    """Whether .dockerignore, whose patterns begin at the top, lets a file to the builder."""
    lines = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [re.sub(r"^(!?)(?!\*\*/|#|!)", r"\1/", line) for line in lines]
    return not GitIgnoreSpec.from_lines(patterns).match_file(path)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = run(Path(sys.executable).with_name("hadolint"), "--no-color", "Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_user_of_the_image_is_not_root_and_owns_its_volumes() -> None:
    user, group = map(int, USER.split(":"))
    assert min(user, group) > 0
    [made] = [step for step in told("RUN") if "useradd" in step]
    assert f"useradd --uid {user} --gid {group}" in made
    owned = " ".join(json.loads(VOLUMES))
    assert f"--owner {user} --group {group} --mode 700 {owned}" in made


def test_the_builder_is_sent_what_it_copies_and_no_secrets() -> None:
    files = [path.relative_to(PROJECT).as_posix() for path in project_files()]
    copied: set[str] = set()
    for step in told("COPY"):
        for source in [] if step.startswith("--from=") else step.split()[:-1]:
            of = {each for each in files if each == source or each.startswith(f"{source}/")}
            assert of, f"there is no {source}"
            copied |= of
    assert {each for each in files if is_sent(each)} == copied
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [project["project"]["readme"], *project["project"]["license-files"]]
    assert all(is_sent(each) for each in [*needed, *wheel["packages"], *wheel["force-include"]])
    secrets = [each["file"] for each in COMPOSE["secrets"].values()]
    assert run("git", "check-ignore", ".env", *secrets).stdout.split() == [".env", *secrets]
    others = [".env", ".git/config", "users.txt", ".footnoted/library.db", "tests/conftest.py"]
    assert not any(is_sent(each) for each in [*secrets, *others, "rag/__pycache__/config.pyc"])


def test_the_image_is_set_to_what_is_in_it() -> None:
    [given] = told("ENV")
    environment = dict(each.split("=", 1) for each in given.split())
    assert {name for name in environment if name.startswith(PREFIX)} <= SETTINGS
    for name in ("HOME", "FOOTNOTED_LIBRARY"):
        assert environment[name].split("/")[1] in [each[1:] for each in json.loads(VOLUMES)]
    assert f"--from=weights /opt/models {environment['FOOTNOTED_MODELS']}" in told("COPY")
    assert f"LLM={LLM}" in told("ARG")
    assert SERVICES["window"]["build"]["args"].keys() <= set(told("ARG"))
    [fetched] = re.findall(r"set -- ([\w .-]+?) +&&", " ".join(told("RUN")))
    assert {*fetched.split(), LLM} == {each for each in DEFAULTS if CATALOGUE[each].home is None}


def test_all_commands_are_commands() -> None:
    assert told("ENTRYPOINT") == ['["footnoted"]']
    image = parsed(json.loads(COMMAND))
    assert (image["command"], image["host"], str(image["port"])) == ("chat", "0.0.0.0", PORT)  # noqa: S104
    assert image["auth"].parent.as_posix() in json.loads(VOLUMES)
    chat = list(map(default, SERVICES["window"]["command"]))
    assert parsed(chat) == {**image, "name": ["localhost", "window"]}
    for name in ("compose.yaml", "Dockerfile", "docs/start.md"):
        text = (PROJECT / name).read_text("utf-8")
        commands = re.findall(r"docker (?:compose )?run .*? footnoted (.*)$", text, re.MULTILINE)
        assert commands
        for command in commands:
            assert parsed(shlex.split(command)).get("auth", image["auth"]) == image["auth"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_and_bounded(name: str) -> None:
    service = SERVICES[name]
    ours = service["image"] == "footnoted"
    assert ours or re.fullmatch(r"[\w/-]+:(?!latest)[\w.]+", service["image"])
    user = service.get("user") or (USER if ours else "root")
    assert user.split(":")[0] not in ("root", "0")
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {each.split(":")[0] for each in service.get("volumes", ())} <= COMPOSE["volumes"].keys()
    for other, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[other]
    environment = service.get("environment", {})
    assert not ours or environment.keys() <= SETTINGS
    for each in [each for each in environment if re.search("PASSWORD|KEY|TOKEN|SECRET", each)]:
        assert environment[each].removeprefix("/run/secrets/") in service["secrets"]
    for port in map(default, service.get("ports", ())):
        host, _, inside = port.rsplit(":", 2)
        assert ip_address(host).is_loopback
        assert inside == (PORT if ours else "9090")


def test_the_services_find_each_other() -> None:
    assert "$" not in default(re.sub(r"#.*|\$\$", "", COMPOSE_TEXT)), "`up` needs nothing set"
    assert {default(each["environment"]["FOOTNOTED_LLM"]) for each in OURS} == {LLM}
    chat, postgres, llama = (SERVICES[each] for each in ("window", "postgres", "llama"))
    user, database = (postgres["environment"][f"POSTGRES_{each}"] for each in ("USER", "DB"))
    assert chat["environment"]["FOOTNOTED_LIBRARY"] == f"postgresql://{user}@postgres/{database}"
    assert COMPOSE["networks"]["library"] == COMPOSE["networks"]["llm"] == {"internal": True}
    assert postgres["networks"] == ["library"], "only the window and the commands reach it"
    [address] = re.findall(r"^# +FOOTNOTED_LLM_URL=(\S+)$", COMPOSE_TEXT, re.MULTILINE)
    url = urlsplit(address)
    assert (url.hostname, str(url.port), url.path) == ("llama", llama["command"][-1], "/v1")
    served = run(sys.executable, *llama["entrypoint"][1:], *llama["command"], "--help")
    assert served.returncode == 0, served.stderr
    [job] = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"window:{PORT}"]}]
    token = job["authorization"]["credentials_file"].removeprefix("/run/secrets/")
    assert SERVICES["prometheus"]["secrets"] == [token]
    for other in (postgres, llama, SERVICES["prometheus"]):
        assert set(other["networks"]) < set(chat["networks"])


def test_the_password_comes_by_its_file_and_the_command_as_it_was_given(tmp_path: Path) -> None:
    stand_in = tmp_path / "footnoted"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$PGPASSWORD" "$@"\n')
    stand_in.chmod(0o755)
    (tmp_path / "postgres_password").write_text("p'ss w\"rd $x\n")
    shell = SERVICES["window"]["entrypoint"]
    assert SERVICES["footnoted"]["entrypoint"] == shell

    def said(secrets: Path) -> list[str]:
        there = [default(each).replace("/run/secrets", str(secrets)) for each in shell]
        found = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        return run(*there, "ask", "Who, and why?", env=found).stdout.splitlines()

    assert said(tmp_path) == ["p'ss w\"rd $x", "ask", "Who, and why?"]
    assert said(tmp_path / "none") == [], "nothing is run without it"


@pytest.mark.browser
@pytest.mark.weights
def test_the_health_check_finds_a_window_well_with_a_login_and_without(
    window_address: str, window_library: Library, tmp_path: Path
) -> None:
    python, *arguments, code = json.loads(told("HEALTHCHECK")[0].split(" CMD ")[1])
    assert (python, code.count(PORT)) == ("python", 1)

    def is_well(address: str) -> bool:
        there = code.replace(PORT, str(urlsplit(address).port))
        return run(sys.executable, *arguments, there).returncode == 0

    assert is_well(window_address)
    add_user(tmp_path / "users", "ada", "x")
    with_login = ("--auth", str(tmp_path / "users"))
    with window(window_library, *with_login, FOOTNOTED_LLM="none") as address:
        assert is_well(address)
    assert not is_well(address), "nobody answers there any more"
