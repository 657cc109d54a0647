"""What people are told when something is wrong: whole sentences, in their words; all are read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from index.errors import UserError, reason

ROOT = Path(__file__).parents[1]
ROOMS = ("index", "rag", "eval/cases", "eval/comparing", "eval/formats", "eval/running", "ui")
PARTS = ("index/storage/chroma.py", "index/upkeep/proof.py", "eval/cases/evidence.py")
"""What is raised there is put into a sentence by what catches it."""


def parsed() -> Iterator[tuple[Path, ast.Module]]:
    """Yield the files of the rooms."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


@cache
def errors() -> set[str]:
    """Return the names of UserError and of all classes below it."""
    found = {"UserError"}
    classes = [node for _, tree in parsed() for node in ast.walk(tree)]
    bases = {
        each.name: {base.id for base in each.bases if isinstance(base, ast.Name)}
        for each in classes
        if isinstance(each, ast.ClassDef)
    }
    while more := {name for name, own in bases.items() if own & found} - found:
        found |= more
    return found


GAP = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for what is put in."""


def words_of(node: ast.expr) -> str | None:
    """Return the words that are written in the program, with a gap for each thing put in."""
    match node:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=values):
            return "".join(words_of(each) or GAP for each in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (words_of(left) or GAP) + (words_of(right) or GAP)
        case ast.Call(func=ast.Name(id="_" | "noted"), args=[ast.Constant(value=str(words)), *_]):
            return re.sub(r"%\(\w+\)s", GAP, words)  # Of the window, in its visitor's language.
    return None


def told() -> Iterator[tuple[str, str]]:
    """Yield what is told by an error, a notice or an outcome, with its place."""
    telling = errors() | {"notice", "Outcome"}
    for path, tree in parsed():
        for node in ast.walk(tree):
            name = node.func if isinstance(node, ast.Call) else None
            called = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
            given = isinstance(node, ast.Call) and called in telling and node.args
            if given and (words := words_of(given[0])):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", words


@pytest.fixture(scope="module")
def messages() -> list[tuple[str, str]]:
    return list(told())


def test_there_are_messages_to_read(messages: list[tuple[str, str]]) -> None:
    assert len(messages) > 150


def test_the_errors_are_all_in_the_tree_of_their_docstring() -> None:
    public = {name for name in errors() if not name.startswith("_")} - {"UserError"}
    assert set(re.findall(r"[├└]── (\w+)", UserError.__doc__ or "")) == public


def test_each_is_a_sentence(messages: list[tuple[str, str]]) -> None:
    wrong = []
    for place, words in messages:
        is_outcome = re.match(rf"{GAP}: ", words)  # A file's name, and what became of it.
        begins = re.match(rf"pip|[A-Z“`{GAP}{{\d]", words)
        ends = re.search(rf"[.!?:…{GAP}`]\s*$", words)
        if not place.startswith(PARTS) and not (begins and (ends or is_outcome)):
            wrong.append((place, words))
    assert wrong == []


def test_none_has_the_words_of_a_program(messages: list[tuple[str, str]]) -> None:
    program = re.compile(
        r"Errno|Traceback|Exception\b|\b(?:None|True|False)\b|\b(?!FOOTNOTED_)\w+_\w+"
    )
    assert [each for each in messages if program.search(re.sub(r"`[^`]*`", "", each[1]))] == []
    panels = [each for each in messages if each[0].startswith(("ui/panels", "ui/drawing"))]
    assert [each for each in panels if "FOOTNOTED_" in each[1]] == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(2, "No such file or directory", "a.txt"), "No such file or directory: 'a.txt'"),
        (ValueError("[Errno -2] Name or service not known"), "Name or service not known"),
        (ValueError("too  long."), "too long"),
        (ValueError(), "ValueError"),
    ],
)
def test_the_number_of_an_error_is_not_told(error: Exception, words: str) -> None:
    assert reason(error) == words
