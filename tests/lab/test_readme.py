"""The commands of `eval/lab/README.md` are there, with the options that they are given."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from eval.lab import bench

LAB = Path(bench.__file__).parents[1]
ROOT = LAB.parents[1]
README = (LAB / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^ {4}(python -m eval\.lab\..*)$", README, re.MULTILINE)


def source(module: str) -> str:
    """Return the texts of a module, or of a package and all below it, that is run by `-m`."""
    place = ROOT / module.replace(".", "/")
    if (file := place.with_suffix(".py")).is_file():
        return file.read_text("utf-8")
    assert (place / "__main__.py").is_file(), module
    return "\n".join(each.read_text("utf-8") for each in place.rglob("*.py"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_lab_is_there_with_its_options(command: str) -> None:
    _, _, module, *arguments = shlex.split(command)
    text = source(module)
    options = [each for each in arguments if each.startswith("--")]
    # Those of files are named without their dashes (`arguments`).
    assert [each for each in options if f'{each[2:]}"' not in text] == []


def test_every_command_of_the_lab_is_in_its_page() -> None:
    """What ends with `run_command` is a command."""
    found = set()
    for path in LAB.rglob("*.py"):
        if "run_command(main)" in path.read_text("utf-8"):
            place = path.parent if path.stem == "__main__" else path.with_suffix("")
            found.add(".".join(place.relative_to(ROOT).parts))
    assert {shlex.split(each)[2] for each in COMMANDS} == found


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)`", README))))
def test_make_knows_the_target(target: str) -> None:
    done = subprocess.run(["make", target, "--dry-run"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
