"""The pytest entry point for regression sets; see `eval/pytest_plugin.py`.

pytest loads this module in every run in an environment that has Footnoted. That is why no other
project has a module of this name, and why the plugin itself is imported only if a set is named on
the command line.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SUFFIXES = (".jsonl", ".yaml", ".yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("footnoted", "regression sets of Footnoted")
    group.addoption(
        "--footnoted-library", metavar="DIR", help="The library: a folder or postgresql://…"
    )
    group.addoption(
        "--footnoted-no-llm", action="store_true", help="Answer with quotes, without the model."
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect a set, if it is named on the command line."""
    if file_path.suffix.lower() not in SUFFIXES:
        return None
    start = parent.config.invocation_params.dir
    named = {(start / each.partition("::")[0]).resolve() for each in parent.config.args}
    if file_path.resolve() not in named:
        return None
    from eval.pytest_plugin import SetFile

    return SetFile.from_parent(parent, path=file_path)
