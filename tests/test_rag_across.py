"""Statements that are checked against documents in another language."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.config import load_settings
from rag.languages.across import lacking_figures
from tests.asking import Knowing

ENGLISH = (
    "The bridge was opened on 3 March 1911. It cost 1.2 million crowns, and 5,500 people came."
)


@pytest.mark.parametrize(
    ("language", "same", "other", "lacking"),
    [
        (
            "de",
            "Am 3. März 1911 kamen 5.500 Menschen zur Brücke, die 1,2 Millionen gekostet hatte.",
            "Am 4. März 1911 kamen 5.600 Menschen zur Brücke, die 1,2 Millionen gekostet hatte.",
            ["3-4", "5600"],
        ),
        (
            "zh",
            "1911年3月3日，5500人来到这座耗资120万的桥。",
            "1912年3月3日，5500人来到这座耗资130万的桥。",
            ["1300000", "1912"],
        ),
        (
            "ru",
            "3 марта 1911 года к мосту за 1,2 миллиона пришли 5500 человек.",
            "3 мая 1911 года к мосту за 1,2 миллиона пришли 5500 человек.",
            ["5-3"],
        ),
    ],
)
def test_figures_are_compared_in_one_form(
    language: str, same: str, other: str, lacking: list[str]
) -> None:
    assert lacking_figures(same, language, ENGLISH, "en") == []
    assert lacking_figures(ENGLISH, "en", same, language) == []
    assert lacking_figures(other, language, ENGLISH, "en") == lacking


TEXT = """# The old bridge

The bridge over the Tolm was opened on 3 March 1911. Its arches are built of granite from the quarry
at Holm. Cars may not cross it in winter, because its road is not cleared of snow.

The ferry beside it carried 5,500 people in its last summer. It was sold to a museum in 1950.
"""


@pytest.fixture
def assistant(multilingual: Knowing) -> Assistant:
    return multilingual(TEXT, "bridge.md")


@pytest.mark.weights
@pytest.mark.parametrize(
    ("statement", "verdicts"),
    [
        ("Die Brücke wurde am 3. März 1911 eröffnet.", {"supported", "unsure"}),
        ("大桥于1911年3月3日通车。", {"supported", "unsure"}),
        # Another day never passes, whatever the head makes of it.
        (
            "Die Brücke wurde am 4. März 1911 eröffnet.",
            {"contradicted", "unsure", "not_in_sources"},
        ),
        ("大桥于1912年3月3日通车。", {"contradicted", "unsure", "not_in_sources"}),
        ("Die Brücke gehört einer Versicherung aus Dresden.", {"not_in_sources", "unsure"}),
        # What is known of Swedish figures is nothing.
        ("Bron öppnades den 3 mars 1911 och den är byggd av granit.", {"not_checkable"}),
    ],
)
def test_statements_in_other_languages_are_judged(
    assistant: Assistant, statement: str, verdicts: set[str]
) -> None:
    [checked] = assistant.check(statement)
    assert checked.verdict in verdicts
    assert checked.quotes


@pytest.mark.weights
def test_a_library_for_english_says_that_it_cannot_check_another_language(tmp_path: Path) -> None:
    with Assistant(load_settings(library=tmp_path / "library", llm="none")) as english:
        english.library.add(load_bytes(TEXT.encode(), "bridge.md"))
        [checked] = english.check("Die Brücke wurde am 3. März 1911 eröffnet, und sie ist lang.")
    assert checked.verdict == "not_checkable"
