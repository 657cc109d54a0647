"""Which questions need what was said before, and what is made of them."""

from __future__ import annotations

import pytest

from eval.bench import measured_set
from rag.asking.condense import points_back, sound, standalone
from rag.asking.query import Query
from rag.writing.llm import Writer
from tests.fake_llm import ScriptedLLM

HISTORY = (("user", "When did the fleets pass the Alder Strait?"), ("assistant", "On Oct. 18.[1]"))
TOLD = [text for _, text in HISTORY]
SIGNED = "Who signed the treaty of Tolm?"
FOLLOW_UPS = measured_set("followups").cases


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
        "What did Holm say about it?",
        "When did Holm meet him?",
        "What does Holm know about her?",
        "What was his reaction to the Treaty of Tolm?",
        "How long did it take?",
        "Who lives there?",
        "How many ships were there?",
        "When did the third one take place?",
        "What else did Holm promise?",
    ],
)
def test_follow_ups_point_back(question: str) -> None:
    assert points_back(question)


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
        "Why was the pact a challenge for Norland?",
        "Which former president lifted restrictions on Esker?",
        "Which other bloc did Holm name beside the Tolm Pact?",
        "What are glide missiles?",
        "Who painted Guernica?",
        "How long should sourdough bread rise?",
    ],
)
def test_unrelated_questions_do_not(question: str) -> None:
    assert not points_back(question)
    assert standalone(question, HISTORY, None) == question


def test_the_set_of_follow_ups_is_told_from_unrelated_questions() -> None:
    seen = {case.question: points_back(case.question) for case in FOLLOW_UPS}
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
    alarms = [question for question in asked if points_back(question)]
    print(f"{name}: {len(alarms)} false alarms in {len(asked)}")  # noqa: T201
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
        "When did the fleets pass the Alder Strait? And how deep?"
    )


@pytest.mark.parametrize(
    ("answered", "question", "expected"),
    [
        ("It was Ida Holm.[1]", "When did she retire?", "When did Ida Holm retire?"),
        ("It was Ida Holm.[1]", "What was her office?", "What was Ida Holm’s office?"),
        ("It was Ida Holm.[1]", "Who succeeded her?", "Who succeeded Ida Holm?"),
        # No pronoun, more than one name, more than one pronoun, no name.
        ("It was Ida Holm.[1]", "And when?", "And when?"),
        ("Ida Holm and Nye.", "Where did he sign?", "Where did he sign?"),
        ("It was Ida Holm.", "Did she say it?", "Did she say it?"),
        ("It was the king.", "When did he retire?", "When did he retire?"),
    ],
)
def test_the_name_in_an_answer_is_put_in_the_place_of_a_pronoun(
    answered: str, question: str, expected: str
) -> None:
    made = standalone(question, [("user", SIGNED), ("assistant", answered)], None)
    assert made == f"{SIGNED} {expected}"


@pytest.mark.parametrize(
    ("asked", "question", "expected"),
    [
        ("What is the Tolm Pact?", "Who signed it?", "What is the Tolm Pact? Who signed it?"),
        ("Who was Ida Holm?", "And Nye?", "Who was Nye?"),
        ("Who was defeated?", "Why was he?", "Who was defeated? Why was he?"),
    ],
)
def test_what_was_asked_for_stands_in_the_question(
    asked: str, question: str, expected: str
) -> None:
    assert standalone(question, [("user", asked), ("assistant", "A pact.")], None) == expected


def test_names_that_the_user_said_are_not_taken_for_an_answer() -> None:
    history = [("user", "When did Ida Holm retire?"), ("user", "And Nye?")]
    assert standalone("Why did he?", history, None) == "When did Ida Holm retire? Why did he?"


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


def test_the_question_before_ends_also_where_it_was_typed_without_an_end() -> None:
    history = [("user", "how do i renew my licence"), ("assistant", "By form 7.")]
    made = Query.of(standalone("who is the clerk", history, None), "who is the clerk")
    assert made.text == "how do i renew my licence? who is the clerk"
    assert made.last == "who is the clerk"
