"""The log of ratings."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import LibraryError
from rag.log import Log

ANSWER = {"question": "Who?", "answer": "Ada.[1]", "citations": []}


def test_a_rating_is_kept_replaced_and_taken_back(tmp_path: Path) -> None:
    log = Log(tmp_path / "library")
    assert log.ratings() == []
    log.rate("one", ANSWER, "up")
    log.rate("two", ANSWER, "up")
    log.rate("one", ANSWER, "down")
    assert sorted(each["rating"] for each in log.ratings()) == ["down", "up"]
    assert all(each["answer"] == ANSWER and each["at"] for each in log.ratings())
    log.rate("one", ANSWER, None)
    assert [each["rating"] for each in log.ratings()] == ["up"]


def test_a_log_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"This is no database, and long enough to be seen." * 20)
    with pytest.raises(LibraryError, match="cannot be used"):
        Log(tmp_path).ratings()
