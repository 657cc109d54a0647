"""Which way imports point, what is imported when, and what no file of the project may hold."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("index", "rag", "eval", "ui")
"""From the lowest: a folder may import from itself and from those before it."""

SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each module that a file imports, anywhere in it, and whether by `import x`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, True) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            assert node.module
            yield node.module, False


def users_of(package: str) -> set[str]:
    return {
        path.relative_to(ROOT).parts[0]
        for path in SOURCES
        if any(name.split(".")[0] == package for name, _ in imported(path))
    }


def test_there_is_something_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(LAYERS)


def rooms() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return the table of CONTRIBUTING.md: each row's paths, and the rows that it may import.

    A row goes by its first path. Rows before it that "all of them" stands for are those of its own
    folder.
    """
    found: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for line in (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and (paths := re.findall(r"`(\w+/[\w./]*)`", cells[0])):
            layer = paths[0].split("/")[0]
            before = [room for room in found if room.split("/")[0] == layer]
            named = re.findall(r"`([\w./]+)`", cells[2])
            allowed = before if cells[2] == "all of them" else named
            assert set(allowed) <= set(before), f"{paths[0]} imports from rooms below it"
            found[paths[0]] = frozenset(paths), frozenset(allowed)
    return found


def room_of(path: str) -> str:
    """Return the row of the table that a module stands in."""
    found = [
        room
        for room, (paths, _) in rooms().items()
        if any(path == each or (each.endswith("/") and path.startswith(each)) for each in paths)
    ]
    assert len(found) == 1, (
        f"{path} stands in {len(found)} rows of CONTRIBUTING.md's table of rooms"
    )
    return found[0]


MODULES = [path for path in SOURCES if len(path.relative_to(ROOT).parts) > 2 or path.stem[0] != "_"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_what_its_row_names(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    room = room_of(path.relative_to(ROOT).as_posix())
    allowed = {room, *rooms()[room][1]}
    for name, _ in imported(path):
        own = name.split(".")[0]
        if own == layer:
            place = name.replace(".", "/")
            ending = "/" if (ROOT / place).is_dir() else ".py"
            assert room_of(place + ending) in allowed, f"{room} imports {name}"
        elif own in LAYERS:
            assert LAYERS.index(own) < LAYERS.index(layer), f"{room} imports {name}"
        assert own != "tests"


def test_a_room_holds_about_ten_modules_and_says_what_lives_there() -> None:
    for folder in {path.parent for path in SOURCES}:
        modules = [path for path in folder.glob("*.py") if path.stem[0] != "_"]
        assert len(modules) <= 11, f"{folder} has {len(modules)} modules"
        said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert said, f"{folder} does not say what lives there"


def test_chroma_and_postgresql_stay_in_index_and_gradio_in_ui() -> None:
    assert users_of("chromadb") == {"index"}
    assert users_of("psycopg") == users_of("pgvector") == {"index"}
    assert users_of("gradio") == {"ui"}


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_shadows_the_builtin_eval(path: Path) -> None:
    assert not [
        name for name, plain in imported(path) if name == "eval" or (plain and name[:5] == "eval.")
    ]


@pytest.mark.parametrize(
    "module", ["ui.commands.cli", "rag.assistant", "rag.config", "index.library"]
)
def test_nothing_heavy_is_imported_before_it_is_used(module: str) -> None:
    code = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"torch", "sentence_transformers", "llama_index", "chromadb", "gradio", "scipy"}
    loaded = set(json.loads(done.stdout))
    assert module in loaded
    assert not loaded & {*heavy, "transformers", "onnxruntime", "xllamacpp", "openai", "psycopg"}
    if module == "ui.commands.cli":  # `--help` shows plain text, at once.
        assert not loaded & {"rich", "pydantic", "sqlite3", "index.weights.catalogue"}


def project_files() -> Iterator[Path]:
    """Yield the files that are the project, not what tools have left beside them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    yield from (ROOT / name for name in listed.stdout.split("\0") if name)


REGISTRIES = [
    ".".join(parts)  # Put together here, so that this file does not hold them itself.
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
    )
]


def test_no_test_reads_beside_the_project_but_by_the_fixture_that_is_for_it() -> None:
    """`make test` passes in a clone with nothing beside it; `.ci/run` tries that."""
    outside = re.compile(r"__file__\)[^\n]*parents\[[2-9]\]|[\"'/]shared[\"'/]")
    found = {
        path.name
        for path in TESTS
        if path != Path(__file__) and outside.search(path.read_text("utf-8"))
    }
    assert found == {"conftest.py"}


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    paths = r"(?<![\w./-])/(?:work|tmp/w)(?![\w-])"
    pattern = re.compile("|".join([*map(re.escape, REGISTRIES), paths]))
    assert pattern.search("see https://" + REGISTRIES[0])
    assert pattern.search("cd " + "/" + "work/main")
    binary = {".onnx", ".png"}
    files = [path for path in project_files() if path.is_file() and path.suffix not in binary]
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files
        for match in pattern.finditer(path.read_text("utf-8", errors="ignore"))
    ]
    assert not found
