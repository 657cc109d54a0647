"""Regression sets as tests: with `pytest SET.jsonl`, each case is a test.

    pytest eval/sets/briefing.jsonl --footnoted-library DIR [-k WORDS] [-m TAG] [--lf] [-n 2]

A case's tags are its markers. A case that could not be asked is an error, not a failure. Only sets
that are named on the command line are collected (`footnoted_pytest.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.printable import visible

if TYPE_CHECKING:
    from eval.cases.cases import Case, EvidenceSpans
    from eval.running.record import Result
    from eval.running.runner import Asking

RESERVED = {"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"}
"""Markers that have a meaning to pytest."""


class SetFile(pytest.File):
    """A regression set."""

    def collect(self) -> Iterator[pytest.Item]:
        """Find the evidence in the library, then yield a test for each case."""
        from eval.cases.cases import load_set
        from eval.cases.evidence import resolve
        from index.errors import UserError

        try:
            case_set = load_set(self.path)
            asking = _asking(self.config)
            facts, _ = resolve(case_set, asking.library)
        except UserError as error:
            raise self.CollectError(str(error)) from error
        for case, line in zip(case_set.cases, case_set.lines, strict=True):
            item = {"case": case, "facts": facts[case.id], "line": line}
            yield CaseItem.from_parent(self, name=case.id, before=case_set.before(case), **item)


class CaseItem(pytest.Item):
    """A case: asked in its set-up, judged as its test."""

    result: Result

    def __init__(
        self, *, case: Case, before: list[Case], facts: EvidenceSpans, line: int, **given: Any
    ) -> None:
        """Take the case, those before it in its conversation, and its tags as markers."""
        super().__init__(**given)
        self.case = case
        self.before = before
        self.facts = facts
        self.line = line
        for tag in map(_marker, case.tags):
            self.config.addinivalue_line("markers", f"{tag}: a tag of a regression set")
            self.add_marker(tag)

    def setup(self) -> None:
        """Ask the question. If it could not be asked, the test is an error, not a failure."""
        self.result = _asking(self.config).result(self.case, self.facts, self.before)
        if self.result.error is not None:
            raise NotAsked(self.result.error)

    def runtest(self) -> None:
        """Fail when the answer is not what the case expects."""
        from eval.comparing.explain import explain

        self.user_properties.append(("stage", self.result.stage or "passed"))
        if not self.result.passed:
            raise NotPassed(explain(self.result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], **_: Any) -> str:  # type: ignore[override]
        """Return the failed case in words. Any other exception is a bug and keeps its traceback."""
        if isinstance(excinfo.value, NotPassed | NotAsked):
            return "\n".join(map(visible, str(excinfo.value).split("\n")))
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the case's line in its set."""
        return self.path, self.line - 1, self.name


def _marker(tag: str) -> str:
    """Return a tag as a marker's name, with a prefix if pytest would act on that name."""
    return f"tag-{tag}" if tag in RESERVED or not tag[:1].isalnum() else tag


class NotPassed(Exception):
    """The answer is not what the case expects."""


class NotAsked(Exception):
    """A case could not be asked."""


_KEY = pytest.StashKey["Asking"]()


def _asking(config: pytest.Config) -> Asking:
    """Return the `Asking` of the whole session, so that the models are loaded once."""
    if _KEY not in config.stash:
        from eval.running.runner import Asking
        from rag.assistant import Assistant
        from rag.config import load_settings
        from rag.trace import start

        settings = load_settings(library=config.getoption("--footnoted-library"))
        start(settings)
        assistant = Assistant(settings)
        use_llm = not config.getoption("--footnoted-no-llm")
        config.stash[_KEY] = Asking(assistant, use_llm=use_llm)
    return config.stash[_KEY]
