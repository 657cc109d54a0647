"""Drafts are proposed from a document, checked by rule, and marked until they are accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cases.cases import Case, load_set, read_set, write_set
from eval.cases.evidence import resolve
from eval.cases.propose import _alike, _near_misses, draft, numbered
from index.documents import Document
from index.library import Library
from rag.answerability.reader import Reader
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM, _said
from ui.commands.evaluate import app

TEXT = " ".join(
    f"The ship {name} was built in {year} at the yard of {place} for the northern line."
    for name, year, place in (
        ("Aurora", 1901, "Tolm"),
        ("Borea", 1902, "Esker"),
        ("Cora", 1903, "Sund"),
        ("Dora", 1904, "Norland"),
    )
)
TEXT += " The lighthouse of Kestrel stands on a cliff above the bay."
SHIPS = Document.of(TEXT, title="Ships", source="ships.txt")


class Drafting(ScriptedLLM):
    """Asks for the year of the ship in the sentence, or says what it is told to."""

    said: str = ""

    def chat(self, messages: Any, **given: Any) -> Any:
        last = str(messages[-1].content)
        if not last.startswith("Sentence: "):
            return super().chat(messages, **given)
        match = re.search(r"ship (\w+) was built in (\d+)", last)
        if not match:
            return _said("There is nothing to ask.", "")
        said = self.said or f"Question: When was the ship {match[1]} built?\nWords: {match[2]}"
        return _said(said, said)


def test_questions_with_their_evidence_and_near_misses(reader: Reader) -> None:
    cases = draft(SHIPS, Writer(Drafting(), "scripted"), reader, 4)
    answerable = [each for each in cases if not each.unanswerable]
    assert len(answerable) == 3
    assert {each.id for each in cases} == {f"draft-{n:03}" for n in range(1, len(cases) + 1)}
    assert all(each.draft for each in cases)
    for case in answerable:
        [evidence] = case.evidence
        assert TEXT[evidence.start : evidence.end] == evidence.quote == case.answers[0]
    [near_miss] = [each for each in cases if each.unanswerable]
    assert near_miss.tags == ("drafted", "near-miss")
    assert near_miss.question == "When was the ship Kestrel built?"
    assert cases == draft(SHIPS, Writer(Drafting(), "scripted"), reader, 4)


@pytest.mark.parametrize(
    "said",
    [
        "When was it built?",
        "Question: When was it built?\nWords: 1901",
        "Question: Was the ship Aurora of 1901 built in 1901?\nWords: 1901",
        "Question: When was the ship Aurora built?\nWords: 1999",
        "Question: When?\nWords: 1901",
        "Question: Who built the ship Aurora?\nWords: the",
    ],
)
def test_what_is_no_good_question_is_left_out(said: str, reader: Reader) -> None:
    assert draft(SHIPS, Writer(Drafting(said=said), "scripted"), reader, 4) == []


def test_a_question_of_nothing_but_a_name_has_no_near_miss() -> None:
    about = [Case("draft", "Who is Aurora?", ("a ship",)), Case("draft", "Who were they?", ("it",))]
    assert list(_near_misses(SHIPS, about)) == []
    assert not _alike("Who were they?", "Who built the Aurora?")
    assert _alike("Who were they?", "who were they")


def test_the_reader_must_find_the_answer_too(reader: Reader) -> None:
    said = "Question: When was the ship of Tolm built?\nWords: for the northern line"
    assert draft(SHIPS, Writer(Drafting(said=said), "scripted"), reader, 4) == []


def test_drafts_are_accepted_one_by_one(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "drafts.jsonl"
    write_set(path, draft(SHIPS, Writer(Drafting(), "scripted"), reader, 4))
    runner = CliRunner()
    looked = runner.invoke(app, ["accept", str(path)], input="a\nr\nl\ne\n")
    assert looked.exit_code == 0, looked.output
    assert "1 accepted, 1 rejected, 2 drafts left." in looked.stderr
    assert "evidence: ships.txt: “19" in looked.stdout
    assert [each.id for each in load_set(path).cases] == ["draft-001"]
    assert len(read_set(path)[0].cases) == 3
    unknown = runner.invoke(app, ["accept", str(path), "draft-099"])
    assert "has no draft draft-099" in str(unknown.exception)
    named = runner.invoke(app, ["accept", str(path), "draft-003"])
    assert named.exit_code == 0, named.output
    rest = runner.invoke(app, ["accept", str(path), "--all"])
    assert rest.exit_code == 0, rest.output
    assert load_set(path).drafts == 0
    none = runner.invoke(app, ["accept", str(path), "--all"])
    assert "has no drafts" in str(none.exception)


def test_drafts_count_on_in_a_set_that_has_some() -> None:
    made = [Case("x", "Who?"), Case("y", "When?")]
    found = numbered(made, {"draft-001", "draft-003"})
    assert [(each.id, each.question, each.draft) for each in found] == [
        ("draft-002", "Who?", True),
        ("draft-004", "When?", True),
    ]


@pytest.mark.llm
def test_drafts_of_the_language_model(briefing_library: Library, tmp_path: Path) -> None:
    path = tmp_path / "drafts.jsonl"
    command = ["draft", "briefing.md", str(path), "-n", "3"]
    done = CliRunner().invoke(app, [*command, "--library", str(briefing_library.folder)])
    assert done.exit_code == 0, done.output
    case_set, problems = read_set(path)
    assert problems == []
    assert 2 <= len(case_set.cases) <= 3
    assert all(each.draft for each in case_set.cases)
    facts, _ = resolve(case_set, briefing_library)
    assert any(facts.values())
