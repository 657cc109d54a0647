"""Which questions need what was said before, and what is made of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from eval.bench import measured_set
from eval.cases.cases import Case
from rag.asking.condense import may_stand_alone, points_back, sound, standalone, with_name
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

HISTORY = (("user", "When did the fleets pass the Alder Strait?"), ("assistant", "On Oct. 18.[1]"))
TOLD = [text for _, text in HISTORY]
FOLLOW_UPS = measured_set("followups").cases


def before(case: Case) -> str:
    return " ".join(text for _, text in case.turns)


@pytest.mark.parametrize(
    "question",
    [
        "And when was that?",
        "Who commanded it?",
        "Why?",
        "What about the Rowan Strait?",
        "The Rowan Strait?",
        "In 2019?",
        "Which countries?",
        "What did Minister Holm say about it?",
        "What did Minister Holm say about its depth?",
        "When did Holm meet him?",
        "What was his reaction to the Treaty of Tolm?",
        "How long did it take?",
        "Did Norland do that too?",
        "Who lives there?",
        "How many ships were there?",
        "When did the third one take place?",
        "What else did Holm promise?",
        "What did the other four members do?",
        "What did the fleets do near the coast of Esker?",
        "Did Norland change its policy after that?",
    ],
)
def test_follow_ups_point_back(question: str) -> None:
    assert points_back(question, " ".join(TOLD))


@pytest.mark.parametrize(
    "question",
    [
        "Which countries signed the fishing treaty of Tolm?",
        "How long is the Alder Bridge between Norrby and Esker?",
        "When did Norland test its glide missile, and what did it hit?",
        "Which bridge did the pilgrims cross, and how long is it?",
        "When did Holm take office and what did he promise?",
        "What did Holm tell the rally in Tolm about his plans?",
        "Did Holm say that the treaty was renewed?",
        "Which countries that border Norland joined the pact?",
        "What did those who attended the summit in Tolm discuss?",
        "How many delegates were there at the Tolm conference?",
        "Is it true that Norland hosted the summit?",
        "How long did it take Norland to build the Alder Bridge?",
        "Why did Holm approve the sale to Esker this year?",
        "Why was the pact a challenge for Norland?",
        "Which former president lifted restrictions on Esker?",
        "Which other bloc did Holm name beside the Tolm Pact?",
        "What are glide missiles?",
        "Who painted Guernica?",
        "How long should sourdough bread rise?",
    ],
)
def test_unrelated_questions_do_not(question: str) -> None:
    assert not points_back(question, " ".join(TOLD))
    assert standalone(question, HISTORY, None) == question


def test_the_set_of_follow_ups_is_told_from_unrelated_questions() -> None:
    seen = {case.question: points_back(case.question, before(case)) for case in FOLLOW_UPS}
    unrelated = [case.question for case in FOLLOW_UPS if "unrelated" in case.tags]
    follow_ups = [case.question for case in FOLLOW_UPS if "follow-up" in case.tags]
    assert not [question for question in unrelated if seen[question]]
    found = sum(seen[question] for question in follow_ups)
    right = found / sum(seen.values())
    print(f"follow-ups seen: {found}/{len(follow_ups)}; of those seen right: {right:.1%}")  # noqa: T201
    assert found >= 0.95 * len(follow_ups)


@pytest.mark.parametrize("name", ["article", "briefing"])
def test_questions_of_other_sets_hardly_ever_point_back(name: str) -> None:
    asked = [case.question for case in measured_set(name).cases]
    alarms = [question for last, question in pairwise(asked) if points_back(question, last)]
    print(f"{name}: {len(alarms)} false alarms in {len(asked) - 1}")  # noqa: T201
    assert len(alarms) <= 0.02 * len(asked), alarms


def test_a_first_question_stays_as_it_is() -> None:
    assert standalone("Why?", (), None) == "Why?"


def test_without_a_language_model_the_last_question_goes_before() -> None:
    assert standalone("How wide is it?", HISTORY, None) == (
        "When did the fleets pass the Alder Strait? How wide is it?"
    )


def test_a_follow_up_of_a_follow_up_goes_back_to_what_stands_alone() -> None:
    history = (*HISTORY, ("user", "How wide is it?"), ("assistant", "It is 9 km wide.[1]"))
    assert standalone("And how deep?", history, None) == (
        "When did the fleets pass the Alder Strait? How wide is it? And how deep?"
    )


@pytest.mark.parametrize(
    ("asked", "answered", "question", "expected"),
    [
        (
            "Which strait did the fleets pass?",
            "They went through the Alder Strait.",
            "And how wide is it?",
            "How wide is the Alder Strait?",
        ),
        (
            "Who signed the pact?",
            "It was Ida Holm.",
            "What was her office?",
            "What was Ida Holm’s office?",
        ),
        ("What is the Tolm Pact?", "A pact.", "Who signed it?", "Who signed the Tolm Pact?"),
        # Several names, none, another thing of the answer, more than one pronoun, more than one
        # thing, what happened: these are not as simple.
        ("Which fleets met?", "Those of Norland and Sund did.", "When did it sail?", None),
        ("When did they meet?", "On Oct. 18 in Tolm.", "How long did it last?", None),
        ("Which war did Sund lose?", "Its war with Norland.", "When did it end?", None),
        ("Whom did Holm call?", "He called Nye.", "Why did he call him?", None),
        ("Whom did Holm meet?", "He met Nye.", "Where did they meet?", None),
        ("Who disclosed it?", "Holm did.", "When did she do so?", None),
        ("How many ships is Sund to get?", "Eight.", "What does it cost?", None),
    ],
)
def test_a_name_is_put_in_the_place_of_a_pronoun_where_it_is_plain(
    asked: str, answered: str, question: str, expected: str | None
) -> None:
    assert with_name(question, asked, answered) == expected


@pytest.mark.parametrize(
    ("asked", "question", "alone"),
    [
        (
            "How wide is the Alder Strait?",
            "And how wide is the Rowan Strait?",
            "How wide is the Rowan Strait?",
        ),
        ("How wide is the Alder Bay?", "And the Rowan Bay?", "How wide is the Rowan Bay?"),
        ("What range has the QX-4?", "What about the QX-9?", "What range has the QX-9?"),
        (
            "What is the range of Norland's QX-4?",
            "And of the QX-9?",
            "What is the range of Norland's QX-9?",
        ),
        ("What is the stack?", "And the heap?", "What is the heap?"),
        ("How many ships has Norland?", "And Esker?", "How many ships has Esker?"),
        ("How many ships has Norland?", "And the Isles?", "How many ships has the Isles?"),
        ("What happened in April 2019?", "And in June?", "What happened in June 2019?"),
        (
            "Who is the Norse minister?",
            "And who was the Danish one?",
            "Who is the Danish minister?",
        ),
    ],
)
def test_what_another_name_leaves_out_is_put_in(asked: str, question: str, alone: str) -> None:
    assert standalone(question, [("user", asked), ("assistant", "20.")], None) == alone


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("Why did Norland object to the Tolm Pact?", "And Esker?"),  # Of which of the two?
        ("Where is Esker?", "And in June?"),
        ("When did Holm resign?", "And why?"),
        ("When did Holm resign?", "And why did he do so in Tolm?"),
        ("How long was it?", "And the Rowan Bridge?"),
        ("What was the cause of the war?", "And the result?"),
        ("Who is the Norse minister of the Danish king?", "And the Swedish one?"),
    ],
)
def test_what_is_not_plain_is_not_put_in(asked: str, question: str) -> None:
    made = standalone(question, [("user", asked), ("assistant", "In Tolm.")], None)
    assert made == f"{asked} {question}"


@pytest.mark.parametrize(
    ("question", "may"),
    [
        ("When is a value dropped?", True),
        ("How are bridges painted?", True),
        ("In which city?", False),
        ("Why?", False),
        ("When was it painted?", False),
        ("When was the strait mapped?", False),  # The strait was spoken of.
        ("When did Norland map the Rowan Strait?", False),  # It stands alone in any case.
    ],
)
def test_a_short_question_may_be_the_next_one(question: str, may: bool) -> None:
    assert may_stand_alone(question, HISTORY) == may


def test_a_list_stands_alone() -> None:
    assert standalone("List the straits.", HISTORY, None) == "List the straits."


@pytest.mark.parametrize(
    ("rewritten", "good"),
    [
        ("How wide is the Alder Strait?", True),
        ("How wide is it?", False),
        ("When did the fleets pass the Alder Strait?", False),
        ("How wide is the Rowan Strait?", False),
        ("The Alder Strait is wide.", False),
        ("How wide is the Alder Strait? On Oct. 18?", False),
        ("What is wide in the Alder Strait?", False),
        ("", False),
    ],
)
def test_a_rewriting_must_ask_what_the_follow_up_asks(rewritten: str, good: bool) -> None:
    assert sound(rewritten, "How wide is it?", TOLD) is good


def test_a_rewriting_that_is_not_sound_is_replaced() -> None:
    def rewritten(words: str) -> str:
        writer = Writer(ScriptedLLM(copied=words), "scripted")
        return standalone("How wide is it?", HISTORY, writer.condense)

    assert rewritten("How wide is the Alder Strait?") == "How wide is the Alder Strait?"
    fallback = "When did the fleets pass the Alder Strait? How wide is it?"
    assert rewritten("It is 9 km wide.") == rewritten("How wide is Sund?") == fallback
