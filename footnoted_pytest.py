"""pytest's door to regression sets; see `eval/pytest_plugin.py`.

pytest loads this into every run of an environment that has Footnoted, so its name is one that no
other project has, and what it opens is imported only when a set is named on the command line.
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
