"""An overview: sentences of every part, in the text's own words, and for nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import pptx
import pytest

from index.documents import Document
from index.library import Library
from index.loading.load import load_bytes
from index.split import split
from rag.answer import Answer
from rag.answering.overview import (
    carrying,
    centrality,
    in_parts,
    shared_out,
    stands_alone,
    states,
)
from rag.asking.rewrite import Turn
from rag.assistant import Assistant
from rag.quote import Quote
from tests.asking import Knowing, answered, length, quoted


def test_what_is_shared_out_gives_each_its_own() -> None:
    assert shared_out(10, [50, 30, 0]) == [6, 3, 1]
    assert shared_out(3, [1, 1, 1]) == [1, 1, 1]
    assert shared_out(4, [9]) == [4]


def test_what_comes_first_and_is_taken_up_later_weighs_most() -> None:
    first, other = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    like_first = np.array([0.8, 0.0, 0.6])
    weights = centrality(np.stack([other, first, like_first, like_first]))
    assert int(np.argmax(weights)) == 1
    assert centrality(first[None]).tolist() == [0.0]


def test_a_sentence_that_needs_another_does_not_stand_alone() -> None:
    assert stands_alone("The ship Tolm left the port of Aurora in the May of 1911.")
    assert not stands_alone("It left the port of Aurora in the May of that year.")
    assert not stands_alone("In the May of that year he left the port of Aurora for good.")
    assert not stands_alone("The ship, however, left the port of Aurora in the May of 1911.")
    assert not stands_alone("But the ship Tolm left the port of Aurora in the May of 1911.")
    assert not stands_alone("Why did the ship Tolm leave the port of Aurora in May of 1911?")
    assert not stands_alone("The ship left.")
    assert not stands_alone("That is how the ship Tolm left the port of Aurora in May.")


def test_a_document_that_speaks_of_itself_points_at_nothing() -> None:
    assert stands_alone("This paper describes how the ship Tolm left the port of Aurora.")
    assert not stands_alone("This voyage is how the ship Tolm left the port of Aurora.")


@pytest.mark.parametrize(
    "text",
    [
        "Keywords: ship, port, a voyage in the north, and the dogs of the crew.",
        "where Tolm is the ship that left the port of Aurora in May.",
        "“The Voyage of the Ship Tolm from the Port of Aurora to the North.”",
        "IN NO EVENT SHALL THE CREW OF THE SHIP BE LIABLE FOR ANY DAMAGES.",
        "L(θ, β, σ2) = log fY (yobs) + x[[2]] - y[1] of it.",
        "Mar 31 10:09:00 tolm sshd[430]: Received SIGHUP; restarting.",
    ],
)
def test_what_is_no_sentence_states_nothing(text: str) -> None:
    assert not states(text)
    assert not stands_alone(text)


def chapters(count: int) -> list[Quote]:
    text = "# Ships\n\n" + "\n\n".join(
        f"## Chapter {number}\n\nThe ship Aurora {number} left the port of Tolm in 19{number:02}. "
        f"Forty dogs were on board the ship Aurora {number} at that time."
        for number in range(count)
    )
    document = load_bytes(text.encode(), "ships.md")
    return [
        Quote.of(document, passage, place)
        for passage in split(document)
        for place in passage.sentences
    ]


def test_the_parts_of_a_document_are_its_sections_where_there_are_not_too_many() -> None:
    sentences = chapters(4)
    parts, called = in_parts(sentences, 10)
    assert called == "section"
    assert sorted(set(parts)) == [0, 1, 2, 3]
    many, called = in_parts(chapters(40), 5)
    assert called == ""
    assert sorted(set(many)) == [0, 1, 2, 3, 4]
    assert many == sorted(many)


# --- answers

Listed = Callable[..., Answer | None]


@pytest.fixture
def listed(briefed: Assistant) -> Listed:
    return partial(answered, briefed)


@pytest.mark.weights
def test_every_section_is_represented_and_nothing_is_said_twice(
    listed: Listed, briefing_library: Library, briefing: Document
) -> None:
    answer = listed("What is this article about?", "overview/all")
    assert answer is not None
    assert answer.message == "10 sentences from all 7 sections."
    sections = {each.heading for each in briefing_library.passages(briefing.id)}
    assert {quote.heading for quote in answer.citations} == sections
    opening, *items = answer.sentences
    assert length(answer) == 10
    assert opening.text.startswith("“Moscow and Beijing both began 2021")
    assert opening.text.endswith("ends with a chronology.”")
    assert all(each.is_item for each in items)
    assert items[2].text.startswith("• Exercises on Land and at Sea: “")
    starts = [quote.start for quote in answer.citations]
    assert starts == sorted(starts)
    vectors = briefing_library.embed(tuple(quoted(answer)))
    alike = vectors @ vectors.T - np.eye(len(vectors))
    assert alike.max() < 0.88
    assert sum(quote.dates is not None for quote in answer.citations) == 1


@pytest.mark.weights
def test_a_section_or_a_topic_alone(listed: Listed) -> None:
    section = listed("Summarize Taiwan Returns to the Agenda in 3 sentences", "overview/topic")
    assert section is not None
    assert {quote.heading for quote in section.citations} == {"Taiwan Returns to the Agenda"}
    assert len(section.citations) == 3
    assert (section.message or "").startswith("3 of the section’s")
    topic = listed("Tell me about hypersonic weapons.", "overview/topic")
    assert topic is not None
    assert all("ypersonic" in text for text in quoted(topic))
    assert listed("Tell me about sourdough bread.", "overview/topic") is None
    assert listed("What is sourdough bread about?", "overview/topic") is None


@pytest.mark.weights
@pytest.mark.parametrize(
    ("wanted", "count"), [("", 10), (" in three sentences", 3), (" in 8 sentences", 8)]
)
def test_it_is_as_long_as_is_asked(listed: Listed, wanted: str, count: int) -> None:
    answer = listed(f"Summarize the article{wanted}.", "overview/all")
    assert length(answer) == count


@pytest.mark.weights
@pytest.mark.parametrize(
    ("beginning", "is_opening"),
    [
        ("The Tolm ferry carries people over the strait. It was built for the guild.", True),
        ("Forty dogs ate the ropes. They were never seen again.", False),
    ],
)
def test_the_first_paragraph_opens_it_if_it_tells_of_the_text(
    knowing: Knowing, beginning: str, is_opening: bool
) -> None:
    _, *rest = REPORT.split("## History")
    text = f"# The Tolm Ferry\n\n{beginning}\n\n## History{''.join(rest)}"
    [first, *_] = quoted(answered(knowing(text, "ferry.md"), "What is this about?", "overview/all"))
    assert (first == beginning) is is_opening


@pytest.mark.weights
def test_several_documents_and_one_by_its_name(knowing: Knowing, briefing: Document) -> None:
    text = "The comet Halme was seen in Turku in the year 1911. Nobody saw it in Oslo at all."
    other = load_bytes(text.encode(), "comet.txt")
    listed = partial(answered, knowing(briefing, other))
    both = listed("Summarize the documents.", "overview/all")
    assert both is not None
    assert {quote.document.id for quote in both.citations} == {briefing.id, other.id}
    assert "1 sentence from the whole text of “comet”." in (both.message or "")
    named = listed("What is comet.txt about?", "overview/all")
    assert named is not None
    assert {quote.document.id for quote in named.citations} == {other.id}
    left = listed("Summarize the documents.", "overview/all", exclude=[briefing.id])
    assert left is not None
    assert {quote.document.id for quote in left.citations} == {other.id}
    few = listed("Summarize the documents.", "overview/all", limit=1)
    assert few is not None
    assert len(few.citations) == 1
    assert "1 more document was left out: you can ask about it by name." in (few.message or "")


@pytest.mark.weights
def test_it_is_asked_like_any_question(briefed: Assistant) -> None:
    history: list[Turn] = [("user", "What is AUKUS?"), ("assistant", "A pact of three countries.")]
    for said in ((), history):
        answer = briefed.ask("Summarize the article.", said)
        assert (answer.refused, answer.way) == (False, "overview")
        assert answer.standalone_question == "Summarize the article."
        assert answer.message == "10 sentences from all 7 sections."
        assert len(answer.citations) == len(answer.sentences) == 7
        assert all(sentence.supported and sentence.citations for sentence in answer.sentences)
    assert briefed.ask("Summarize what is said about sourdough bread.").refused


@pytest.mark.weights
def test_it_is_no_longer_than_an_answer_is_set_to_be(briefed: Assistant) -> None:
    short = briefed.with_settings(briefed.settings.model_copy(update={"sentences": 2}))
    answer = short.ask("Summarize the article in 5 sentences.")
    assert len(answer.citations) == len(answer.sentences) == 2
    assert (answer.message or "").startswith("2 sentences from")


@pytest.mark.weights
def test_a_part_of_one_sentence(knowing: Knowing) -> None:
    library = knowing("Halme.", "text.txt").library
    document = library.document(library.entries()[0].id)
    [passage] = library.passages(document.id)
    sentence = Quote.of(document, passage, passage.sentences[0])
    assert carrying([sentence], [0], library, 10) == [sentence]


# --- of a section

NOTES = """# Notes

Some words before the first section, which are of no section below.

## The “Long” Voyage

The ship left the port of Tolm in May. It had forty dogs.

The captain of the ship had lost nobody on the way to the north. It came back in June.

## Costs

The guild paid for the ropes.
"""


@pytest.fixture
def notes(knowing: Knowing) -> Assistant:
    return knowing(NOTES, "notes.md")


@pytest.mark.weights
@pytest.mark.parametrize(
    "question",
    [
        "What does the section “The “Long” Voyage” say?",
        "what is said in the section 'The Long voyage'?",
        "What does “The long voyage” tell",
        "Summarize the long voyage.",
    ],
)
def test_what_carries_a_section_is_quoted(notes: Assistant, question: str) -> None:
    for name in ("overview/topic", "overview/all"):
        answer = answered(notes, question, name)
        assert answer is not None
        assert {quote.heading for quote in answer.citations} == {"The “Long” Voyage"}
        starts = [quote.start for quote in answer.citations[1:]]
        assert starts == sorted(starts)
        assert answer.message == "2 of the section’s 4 sentences."


@pytest.mark.weights
@pytest.mark.parametrize(
    "question",
    [
        "What did the voyage cost?",
        "Summarize what the guild paid.",
        "What does the section “Ropes” say?",
        "Who paid for the north?",
        "What does the section “” say?",
    ],
)
def test_what_names_no_section_is_not_of_one(notes: Assistant, question: str) -> None:
    answer = answered(notes, question, "overview/topic")
    assert answer is None or "section’s" not in (answer.message or "")


@pytest.mark.weights
def test_a_section_is_no_longer_than_is_asked_and_of_no_document_that_is_left_aside(
    notes: Assistant,
) -> None:
    [document] = notes.library.entries()
    question = "What does the section “The Long Voyage” say?"
    short = answered(notes, question, "overview/all", limit=1)
    assert short is not None
    assert len(short.citations) == 1
    assert short.message == "1 of the section’s 4 sentences."
    assert answered(notes, question, "overview/all", exclude=[document.id]) is None


# --- what is asked of a document in general words

REPORT = """# The Tolm Ferry

## Summary

The Tolm ferry carries 40,000 people a year and loses money. The engine of the
ferry is to be replaced by 2031.

## History

The Tolm ferry was built in Aurora in the year 1911. Forty dogs were on board at that time.

The captain of the Tolm ferry lost nobody on the way to the north in all of these years.

## 4 Recommendations

The council should buy an electric engine for the Tolm ferry. The fares should stay as they are.

## Costs

The guild of Tolm paid for the ropes of the ferry. The ropes cost forty crowns a year.
"""


@pytest.fixture
def report(knowing: Knowing) -> Assistant:
    return knowing(REPORT, "ferry.md")


@pytest.mark.weights
def test_what_a_heading_means_is_answered_from_there(report: Assistant) -> None:
    answer = report.ask("What does the report recommend?")
    assert answer.way == "overview"
    assert {quote.heading for quote in answer.citations} == {"4 Recommendations"}
    assert answer.message == (
        "Under the heading “Recommendations”: 2 of the section’s 2 sentences."
    )
    general = answered(report, "Summarize it for my boss.", "overview/all")
    assert general is not None
    assert len({quote.heading for quote in general.citations}) > 1


@pytest.mark.weights
def test_a_texts_own_summary_opens_its_overview(report: Assistant) -> None:
    for question in ("What is this about?", "Summarize it in two sentences."):
        answer = answered(report, question, "overview/all")
        assert quoted(answer)[0].startswith("The Tolm ferry carries 40,000 people")
    assert answer is not None
    assert {quote.heading for quote in answer.citations} == {"Summary"}


ITEMS = """# Rules of the harbour of Tolm

## Duties

- The captain of each ship must report to the harbour office of Tolm before noon. Late ones pay.
- The crew of each ship must keep the decks of the ship free of ice and snow at all times.
- The owner of each ship must pay the fees of the harbour of Tolm to the guild in spring.

## Fish

- Fish may be sold on the quay of the harbour of Tolm by each ship that has paid its fees.
- Herring may be sold in the hall of the harbour of Tolm by each ship of the guild of Aurora.
- Salmon may be sold by nobody in the harbour of Tolm but by the guild of the town itself.
"""


@pytest.mark.weights
def test_items_of_a_list_are_quoted_apart_and_without_their_signs(knowing: Knowing) -> None:
    for question in ("Summarize it in 6 sentences.", "What is this about?"):
        answer = answered(knowing(ITEMS, "rules.md"), question, "overview/all")
        assert length(answer) == len(quoted(answer)) > 1
        assert not any("- " in text or "\n" in text for text in quoted(answer))


@pytest.mark.weights
def test_what_stands_under_another_heading_is_headed_again(listed: Listed) -> None:
    answer = listed("Summarize what is said about Taiwan.", "overview/topic")
    assert answer is not None
    headings = [quote.heading for quote in answer.citations]
    assert len(set(headings)) > 1
    changed = next(at for at, each in enumerate(headings) if each != headings[0])
    assert all(each.is_item for each in answer.sentences[changed:])
    assert not any(each.is_item for each in answer.sentences[:changed])


@pytest.mark.weights
def test_points_of_slides_are_taken_for_sentences(knowing: Knowing) -> None:
    deck, stream = pptx.Presentation(), io.BytesIO()
    for title in ("The ferry", "Its costs"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        said = [f"{title} in 19{year} was a matter of the guild of Tolm" for year in range(11, 15)]
        slide.placeholders[1].text = "\n".join(["Thanks", *said])
    deck.save(stream)
    assistant = knowing(stream.getvalue(), "ferry.pptx")
    said = quoted(answered(assistant, "What is this about?", "overview/all"))
    assert len(said) > 1
    assert all("a matter of the guild" in each for each in said)
