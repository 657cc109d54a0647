"""Which way imports point, what is imported when, and what no file of the project may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for each in ("index", "rag", "eval", "ui") for path in (ROOT / each).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_imports_keep_the_contracts_of_pyproject() -> None:
    code = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_room_holds_about_ten_modules_and_says_what_lives_there() -> None:
    for folder in {path.parent for path in SOURCES}:
        modules = [path for path in folder.glob("*.py") if path.stem[0] != "_"]
        assert len(modules) <= 11, f"{folder} has {len(modules)} modules"
        said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert said, f"{folder} does not say what lives there"


def test_nobody_shadows_the_builtin_eval() -> None:
    for path in [*SOURCES, *TESTS]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert all(each.name.split(".")[0] != "eval" for each in node.names), path
            elif isinstance(node, ast.ImportFrom):
                assert node.module != "eval", path


@pytest.mark.parametrize(
    ("module", "others", "more"),
    [
        # `--help` shows plain text, at once.
        ("ui.commands.cli", "", "rich pydantic sqlite3 index.weights.catalogue"),
        ("rag.assistant", "rag.config index.library", ""),
        ("index.loading.load", "", "httpx trafilatura lxml pypdfium2 docx ebooklib markdown_it"),
        ("index.weights.download", "", "numpy rich typer filelock platformdirs httpx asyncio"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(module: str, others: str, more: str) -> None:
    """Nor by what a module imports at once, its `others`."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = "torch sentence_transformers llama_index chromadb gradio scipy"
    heavy += " transformers onnxruntime xllamacpp openai psycopg"
    loaded = set(done.stdout.split())
    assert {module, *others.split()} <= loaded
    assert not loaded & {*heavy.split(), *more.split()}


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

    def reads_beside(path: Path) -> bool:
        text, own = path.read_text("utf-8"), len(path.relative_to(ROOT).parts) - 1
        up = (int(each) for each in re.findall(r"__file__\)[^\n]*parents\[(\d)\]", text))
        return max(up, default=0) > own or re.search(r"/\s*[\"']?shared\b", text) is not None

    assert {path.name for path in TESTS if reads_beside(path)} == {"conftest.py"}


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
