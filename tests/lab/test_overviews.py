"""The overviews' bench: what it measures on, what it takes for a fault, what it compares with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.lab.bench.overviews.data import LISTED, summarised
from eval.lab.bench.overviews.form import faults
from eval.lab.bench.overviews.rivals import lead, lexrank, sentences_of
from index.documents import Document, Heading

TEXT = "Costs\n\nThe ship Tolm cost 40 crowns. It was sold."
DOCUMENT = Document.of(TEXT, title="Ships", source="ships.txt", headings=(Heading(0, 5, 1),))


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Figure 3: The ship Tolm left the port in May.", "caption"),
        ("Costs", "heading"),
        ("which the ship Tolm left in May.", "fragment"),
        ("The ship Tolm and its dogs", "fragment"),
        ("R> coef(fm1)[[2]] <- x$y + (1|z).", "code"),
        ("Lindgren A (2011). “On Ships.” Sea, 12(3), 4–9.", "reference"),
        ("This was known to the captain of the ship.", "points back"),
        ("However, the captain of the ship had known.", "points back"),
    ],
)
def test_a_fault_is_told(sentence: str, fault: str) -> None:
    assert faults([sentence], DOCUMENT)[fault]


def test_what_is_well_said_has_no_fault() -> None:
    said = ["The ship Tolm left the port in May.", "This paper describes what 40 dogs have cost."]
    assert not any(faults(said, DOCUMENT).values())
    assert faults([*said, "The ship Tolm left port in the May."], DOCUMENT)["said twice"]


def test_the_summary_is_cut_out_and_the_rest_stays_in_place(tmp_path: Path) -> None:
    found, missing = summarised(tmp_path, None)
    listed = [json.loads(line) for line in LISTED.read_text("utf-8").splitlines()]
    shipped = [each for each in listed if "shipped" in each]
    assert len(found) == len(shipped) == 3
    assert len(missing) == len(listed) - len(shipped)
    assert len({each["kind"] for each in listed}) == 4
    paper = next(each for each in found if each.kind == "paper").document
    abstract = next(each for each in found if each.kind == "paper").summary
    assert "Air-source heat pumps are replacing gas boilers" in abstract
    assert abstract not in paper.text
    heads = [paper.text[each.start : each.end] for each in paper.headings]
    assert heads[1:3] == ["Abstract", "1 Introduction"]
    assert len(paper.pages) > 1


def test_what_it_is_compared_with() -> None:
    sentences = sentences_of(DOCUMENT)
    assert lead(sentences, 1) == ["The ship Tolm cost 40 crowns."]
    said = ["A dog sleeps.", "Ships leave ports.", "Ships and ports burn in towns.", "Towns burn."]
    assert lexrank(said, 1) == [said[2]]
