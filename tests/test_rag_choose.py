"""Which sentences answer together: as many as are asked for, in the order that they are read in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.documents import Document
from index.library import Library
from index.loading.load import load_bytes
from rag.answer import Answer, AnswerSentence
from rag.finding.choose import MOST, choose
from rag.finding.quotes import find_quotes
from rag.finding.rerank import Reranker
from rag.quote import Quote
from rag.verifying.compose import quoted
from tests.conftest import LibraryOf

pytestmark = pytest.mark.weights

BRIDGES = (
    "The Alder Bridge was closed in 1960. Cracks had been found in two of its piers, because the "
    "river had washed the gravel away. Far more lorries drove over it than its builders had "
    "reckoned with, which made the cracks longer. A ferry ran until the new bridge was opened. "
    "The Alder Bridge is 410 metres long. Its engineer was Tore Vik. It was painted green."
)
KITES = (
    "Kites are flown on the cape each autumn. The harbour office sells string. Dogs are welcome."
)


@pytest.fixture
def library(read_only_library_of: LibraryOf) -> Library:
    return read_only_library_of(
        Document.of(BRIDGES, title="The Alder Bridge", source="/bridges.txt"),
        Document.of(f"{KITES} {BRIDGES[:36]}", title="The cape", source="/kites.txt"),
    )


def made_of(told: Sequence[Quote]) -> tuple[tuple[AnswerSentence, ...], tuple[Quote, ...]]:
    composition = quoted(told, sure=False)
    return tuple(composition.sentences), tuple(composition.citations)


def chosen(library: Library, reranker: Reranker, question: str) -> list[str]:
    found = find_quotes(library, reranker, question, 5)
    told = choose(question, found.passages, found.quotes[0], reranker)
    assert set(told.chosen) <= set(told.read)
    return [each.text for each in told.chosen]


def test_a_look_up_gets_one_sentence(library: Library, reranker: Reranker) -> None:
    told = chosen(library, reranker, "How long is the Alder Bridge?")
    assert told == ["The Alder Bridge is 410 metres long."]


def test_a_reason_gets_all_sentences_that_tell_it_as_they_stand(
    library: Library, reranker: Reranker
) -> None:
    told = chosen(library, reranker, "Why was the Alder Bridge closed?")
    assert 2 <= len(told) <= MOST
    assert "river had washed the gravel away" in " ".join(told)
    assert "closed in 1960" in " ".join(told)
    assert [BRIDGES.index(each) for each in told] == sorted(BRIDGES.index(each) for each in told)


def test_what_two_documents_say_alike_is_chosen_once(library: Library, reranker: Reranker) -> None:
    told = chosen(library, reranker, "When was the Alder Bridge closed?")
    assert " ".join(told).count("closed in 1960") == 1


def test_a_sentence_that_opens_with_a_pronoun_brings_the_one_before(
    library: Library, reranker: Reranker
) -> None:
    told = chosen(library, reranker, "Who was the engineer of the Alder Bridge?")
    assert "The Alder Bridge is 410 metres long. Its engineer was Tore Vik." in " ".join(told)


def test_selected_sentences_are_chosen_and_no_others(library: Library, reranker: Reranker) -> None:
    question = "Why was the Alder Bridge closed?"
    found = find_quotes(library, reranker, question, 5)
    near = choose(question, found.passages, found.quotes[0], reranker)
    lorries = next(each for each in near.read if each.text.startswith("Far more lorries"))
    green = next(each for each in near.read if each.text == "It was painted green.")
    told = choose(question, found.passages, found.quotes[0], reranker, [green, lorries])
    assert [each.text.split(". ")[-1] for each in told.chosen] == [lorries.text, green.text]
    elsewhere = replace(green, start=green.start + 3)
    told = choose(question, found.passages, found.quotes[0], reranker, [elsewhere])
    assert told.chosen == near.chosen


def test_a_heading_is_not_chosen(read_only_library_of: LibraryOf, reranker: Reranker) -> None:
    text = "After a flood\n\nOpen all windows and let the walls dry before you paint them.\n"
    library = read_only_library_of(Document.of(text, title="Houses", source="/houses.txt"))
    [told] = chosen(library, reranker, "What do I do after a flood?")
    assert told.startswith("Open all windows")


PASSES = """<title>Boat licences</title><h1>Boat licences</h1>
<p>Rowing boats need no licence.</p>
<p>You can renew a licence from eight weeks before it ends:</p>
<ol><li>Fill in form 7.</li><li>Have the stove checked by a surveyor. He writes a report.</li>
<li>Pay 80 crowns at the office.</li></ol>
<p>The new plate is fixed where it can be read from the quay.</p>"""


def test_steps_are_told_whole_each_with_its_number(
    read_only_library_of: LibraryOf, reranker: Reranker
) -> None:
    library = read_only_library_of(load_bytes(PASSES.encode(), "passes.html"))
    question = "How do I renew a licence?"
    found = find_quotes(library, reranker, question, 5)
    answering = next(each for each in found.quotes if "renew" in each.text)
    told = choose(question, found.passages, answering, reranker).chosen
    made = Answer(
        question, question, *made_of(told), tuple(told), None, models={}, timings={}
    ).text.splitlines()
    assert made[-3:] == [
        "1. “Fill in form 7.”[2]",
        "2. “Have the stove checked by a surveyor. He writes a report.”[3]",
        "3. “Pay 80 crowns at the office.”[4]",
    ]
    assert "“You can renew a licence from eight weeks before it ends:”[1]" in made[0]


def test_a_language_without_blanks_between_words_has_sentences(
    read_only_library_of: LibraryOf, reranker: Reranker
) -> None:
    text = "旧桥\n\n旧桥于1960年关闭。洪水冲走了桥墩下的砾石，桥墩出现裂缝。新桥是绿色的。\n"
    library = read_only_library_of(Document.of(text, title="桥", source="/bridge.txt"))
    told = chosen(library, reranker, "旧桥是哪一年关闭的？")
    assert "旧桥于1960年关闭。" in told
    assert "旧桥" not in told
