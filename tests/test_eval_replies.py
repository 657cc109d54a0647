"""The language model's replies are kept by the request and the weights, and marked as kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from eval.cases.cases import Case, CaseSet
from eval.running.record import Run
from eval.running.replies import Replies
from eval.running.runner import run
from index.errors import UserError
from index.library import Library
from rag.assistant import Assistant
from rag.config import Settings
from rag.lazy import Lazy
from rag.writing.adapters import selection
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

pytestmark = pytest.mark.weights

CASES = CaseSet(
    "set",
    Path("set.jsonl"),
    "0" * 64,
    (
        Case("summit", "When did Putin and Xi hold their video summit in December 2021?"),
        Case("strait", "Which strait did the warships pass?"),
    ),
    (1, 2),
)


class Told(ScriptedLLM):
    """Also has what requests are told apart by."""

    temperature: float = 0.0
    additional_kwargs: dict[str, Any] = Field(default_factory=lambda: {"seed": 0})


@pytest.fixture(autouse=True)
def _always_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the language model is asked to copy as well as to write."""
    for bounds in ("DOUBT", "REREAD_DOUBT"):
        monkeypatch.setattr(f"rag.answering.evidence.{bounds}", (0.0, 1.0))


@pytest.fixture
def replies(tmp_path: Path) -> Replies:
    return Replies(tmp_path / "deep" / "replies.db")


def asked(
    settings: Settings,
    library: Library,
    replies: Replies | None,
    llm: ScriptedLLM,
    **given: Any,
) -> Run:
    named = settings.model_copy(update={"library": library.folder, "llm": "scripted", **given})
    assistant = Assistant(named)
    assistant._writer = Lazy(lambda: Writer(llm, "scripted"))
    return run(CASES, assistant, replies=replies, repeats=2 if given.get("sentences") else 1)


def test_what_was_said_is_not_asked_again(
    settings: Settings, briefing_library: Library, replies: Replies
) -> None:
    llm = Told(copied="Dec. 15", written="They held it on Dec. 15.")
    first = asked(settings, briefing_library, replies, llm)
    times = len(llm.asked)
    assert times > 0
    assert [each.cached for each in first.results] == [False, False]
    assert first.metrics["total_s_p50"].n == 2
    second = asked(settings, briefing_library, Replies(replies.path), llm)
    assert len(llm.asked) == times
    assert [each.cached for each in second.results] == [True, True]
    assert second.metrics["total_s_p50"].n == 0  # times of kept words are no times
    for one, other in zip(first.results, second.results, strict=True):
        assert one.answer
        assert other.answer
        assert one.answer | {"timings": {}} == other.answer | {"timings": {}}
        assert one.decision == other.decision
    bare = asked(settings, briefing_library, None, llm)
    assert len(llm.asked) == 2 * times
    assert bare.results[0].answer
    assert bare.results[0].answer["answer"] == first.results[0].answer["answer"]  # type: ignore[index]


def test_other_weights_or_another_address_ask_anew(
    settings: Settings, briefing_library: Library, replies: Replies
) -> None:
    llm = Told(copied="Dec. 15", written="They held it on Dec. 15.")
    asked(settings, briefing_library, replies, llm)
    times = len(llm.asked)
    asked(settings, briefing_library, replies, llm, llm_url="http://127.0.0.1:9/v1")
    assert len(llm.asked) == 2 * times


def test_what_was_read_again_is_kept_for_the_same_weights(
    settings: Settings, briefing_library: Library, replies: Replies
) -> None:
    llm = Told(copied="Dec. 15", written="They held it on Dec. 15.")
    llm.adapters = {selection.FILE: "1"}
    first = asked(settings, briefing_library, replies, llm)
    times, prompts = len(llm.asked), [each for each in llm.asked if each.startswith("Document:")]
    assert prompts
    second = asked(settings, briefing_library, Replies(replies.path), llm)
    assert len(llm.asked) == times
    assert [each.decision for each in second.results] == [each.decision for each in first.results]
    llm.adapters = {selection.FILE: "2"}
    asked(settings, briefing_library, Replies(replies.path), llm)
    assert len(llm.asked) == times + len(prompts)


def test_repeats_are_asked_anew_once(
    settings: Settings, briefing_library: Library, replies: Replies
) -> None:
    llm = Told(copied="Dec. 15", written="They held it on Dec. 15.")
    done = asked(settings, briefing_library, replies, llm, sentences=9)
    assert [len(each.repeats) for each in done.results] == [1, 1]
    times = len(llm.asked)
    asked(settings, briefing_library, replies, llm, sentences=9)
    assert len(llm.asked) == times


def test_what_was_broken_off_is_not_kept(
    settings: Settings, briefing_library: Library, replies: Replies
) -> None:
    broken = Told(copied="Dec. 15", written="They held it", fail_at="write")
    done = asked(settings, briefing_library, replies, broken)
    assert done.results[0].stage == "error"
    assert "does not answer" in (done.results[0].error or "")
    whole = Told(copied="Dec. 15", written="They held it on Dec. 15.")
    again = asked(settings, briefing_library, replies, whole)
    assert again.results[0].error is None
    assert whole.asked  # the writing; the copying was kept
    assert len(whole.asked) < len(broken.asked)


def test_a_file_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database at all, and long enough to be looked at")
    for path in (tmp_path / "file" / "replies.db", tmp_path / "file"):
        with pytest.raises(UserError, match="Replies cannot be kept"):
            Replies(path)
