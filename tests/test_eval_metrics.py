"""The measures measure: hand-made answers of known quality, and figures known from elsewhere."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases.answers import contains_answer, normalise
from eval.cases.cases import Case, Evidence
from eval.measuring.metrics import answer_text, score, unsupported, verbatim
from eval.measuring.spans import quote_hit
from eval.measuring.statistics import Metric, percentile
from eval.running.record import Result
from eval.running.summary import summarise
from index.documents import Document, Span
from rag.answer import Answer, AnswerSentence, Reason
from rag.quote import Quote

TEXT = (
    "The pact was signed in Rome on Oct. 14. It cost 1,700 euros. "
    "Russia's envoy Anton Ivanov praised it. Nobody else came."
)
DOCUMENT = Document.of(TEXT, title="The pact", source="/pact.txt")
SENTENCES = [
    (match.start(), match.end()) for match in re.finditer(r"[A-Z].*?\w\.(?= [A-Z]|$)", TEXT)
]
SIGNED, COST, PRAISED, NOBODY = (Quote(DOCUMENT, *at, score=1.0) for at in SENTENCES)


def spot(words: str) -> Span:
    at = TEXT.index(words)
    return Span(DOCUMENT.id, at, at + len(words))


def answer(
    *sentences: tuple[str, list[Quote]],
    quotes: tuple[Quote, ...] = (NOBODY, PRAISED, COST, SIGNED),
    reason: Reason | None = None,
    question: str = "When was it?",
    unsupported_sentence: str = "",
) -> dict[str, Any]:
    cited = list(dict.fromkeys(quote for _, quotes in sentences for quote in quotes))
    made = [
        AnswerSentence(text, tuple(cited.index(quote) + 1 for quote in quotes), True)
        for text, quotes in sentences
    ]
    if unsupported_sentence:
        made.append(AnswerSentence(unsupported_sentence, (), False))
    timings = {"retrieve_s": 0.1, "first_quote_s": 0.2, "first_token_s": None, "total_s": 1.0}
    return Answer(
        question, question, tuple(made), tuple(cited), quotes, reason, {"llm": None}, timings
    ).as_json()


def scored(case: Case, facts: tuple[tuple[Span, ...], ...], json: dict[str, Any]) -> dict[str, Any]:
    return score(case, facts, json, {DOCUMENT.id: TEXT}.__getitem__)


CASE = Case("one", "When was it?", ("October 14", "Oct. 14"), "date", (Evidence("x", quote="y"),))
FACTS = ((spot("Oct. 14"),),)


def test_sentences_are_cut_as_meant() -> None:
    assert [each.text for each in (SIGNED, COST)] == [TEXT[:39], "It cost 1,700 euros."]
    assert NOBODY.text == "Nobody else came."


def test_a_right_answer_passes() -> None:
    scores = scored(CASE, FACTS, answer(("It was signed on October 14.", [SIGNED, COST])))
    assert scores == {
        "hit@1": False,
        "hit@3": False,
        "hit@5": True,
        "recall@5": 1.0,
        "mrr": 0.25,
        "ndcg@5": pytest.approx(1 / math.log2(5)),
        "answer_right": True,
        "exact_match": False,
        "token_f1": pytest.approx(2 * 2 / (6 + 2)),
        "citation_precision": 0.5,
        "citation_recall": 1.0,
        "citation_f1": pytest.approx(2 / 3),
        "cited_evidence": True,
        "joint": True,
        "char_precision": pytest.approx(7 / (39 + 20)),
        "char_recall": 1.0,
        "char_iou": pytest.approx(7 / (39 + 20)),
        "verbatim": 1.0,
        "refused": False,
        "refusal_right": True,
        "unsupported": [],  # "October" for the quote's "Oct." is the same month
        "passed": True,
        "crag": 1,
    }


@pytest.mark.parametrize(
    "json",
    [
        answer(("It was signed on October 15.", [SIGNED])),
        answer(("It was signed on October 14.", [COST])),
        answer(("It was signed on October 14.", [])),
        answer(reason="not_in_sources"),
        answer(("It was signed on October 14.", [SIGNED]), reason="not_in_sources"),
        answer(("It was signed.", [SIGNED]), unsupported_sentence="On October 14."),
    ],
    ids=[
        "wrong",
        "wrongly cited",
        "not cited",
        "refused",
        "refused all the same",
        "only in what is not supported",
    ],
)
def test_another_answer_does_not(json: dict[str, Any]) -> None:
    scores = scored(CASE, FACTS, json)
    assert scores["passed"] is False
    assert not (scores["refused"] and scores["answer_right"])


def test_footnote_numbers_are_no_digits_of_the_answer() -> None:
    json = answer(("It was on October 1", [SIGNED]))
    assert json["answer"].endswith("October 1[1]")
    assert answer_text(json) == "It was on October 1"
    assert not scored(CASE, FACTS, json)["answer_right"]


def test_only_a_refusal_passes_what_is_unanswerable() -> None:
    case = Case("two", "Who paid?", unanswerable=True)
    refused = scored(case, (), answer(reason="not_in_sources"))
    assert (refused["passed"], refused["refusal_right"], refused["verbatim"]) == (True, True, 1.0)
    for name in ("hit@1", "answer_right", "citation_precision", "citation_recall"):
        assert refused[name] is None
    guessed = scored(case, (), answer(("Anton Ivanov paid.", [PRAISED])))
    assert (guessed["passed"], guessed["refusal_right"]) == (False, False)


def test_what_a_case_does_not_state_cannot_fail_it() -> None:
    scores = scored(Case("three", "And?"), (), answer(("So it was.", [COST])))
    assert scores["passed"] is True
    assert scores["answer_right"] is None
    assert scores["cited_evidence"] is None


@pytest.mark.parametrize(
    ("way", "answered_by", "passes"),
    [
        ("", None, True),
        ("", "evidence", True),
        ("", "unclear", False),
        ("unclear", "unclear", True),
        ("unclear", "evidence", False),
        ("conversation", "conversation", True),
        ("conversation", None, False),
    ],
)
def test_an_answer_is_given_in_the_way_that_the_case_names(
    way: str, answered_by: str | None, passes: bool
) -> None:
    told = answer(("So it was.", [COST]))
    told["route"] = answered_by and {"answered_by": answered_by}
    assert scored(Case("three", "And?", way=way), (), told)["passed"] is passes


def test_one_of_two_facts_is_half_the_recall_and_passes() -> None:
    case = Case("four", "When and for how much?", ("1,700",))
    facts = ((spot("Oct. 14"), spot("Rome")), (spot("1,700 euros"),))
    scores = scored(case, facts, answer(("It cost 1700 euros.", [COST])))
    assert (scores["citation_recall"], scores["citation_precision"]) == (0.5, 1.0)
    assert scores["passed"]


def test_a_footnote_inside_long_evidence_is_right_but_does_not_cover_it() -> None:
    whole = ((Span(DOCUMENT.id, 0, len(TEXT)),),)
    scores = scored(CASE, whole, answer(("October 14.", [SIGNED])))
    assert (scores["citation_precision"], scores["citation_recall"]) == (1.0, 0.0)


def test_a_hit_covers_the_whole_place_in_the_same_document() -> None:
    place = Span("d", 10, 20)
    assert quote_hit([Span("d", 10, 20)], ((place,),), 1)
    assert not quote_hit([Span("d", 11, 30)], ((place,),), 1)
    assert not quote_hit([Span("e", 0, 99)], ((place,),), 1)
    assert not quote_hit([Span("d", 0, 5), Span("d", 0, 99)], ((place,),), 1)
    assert quote_hit([Span("d", 0, 5), Span("d", 0, 99)], ((Span("d", 50, 999),), (place,)), 3)


@pytest.mark.parametrize("where", ["citations", "quotes"])
def test_a_quote_that_is_not_the_text_is_seen(where: str) -> None:
    json = answer(("October 14.", [SIGNED]), quotes=(COST,))
    assert verbatim(json, lambda _: TEXT) == 1.0
    json[where][0]["start"] += 1
    assert verbatim(json, lambda _: TEXT) == 0.5


# --- answers as words


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  U.S.-led “Quad”, a  group!", "us led quad group"),
        ("$1,700 and 12,000–15,000", "1700 and 12000 15000"),
        ("1.5 hours, Dec. 15.", "1.5 hours dec 15"),
        ("Dec. 16, 2030", "dec 16 2030"),
        ("theatre of an Andean", "theatre of andean"),
        ("Solvang¹, Berrocal² and 20 km²", "solvang berrocal and 20 km²"),
        ("", ""),
    ],
)
def test_normal_forms(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("text", "answers", "kind", "right"),
    [
        ("It was 15,000 km.", ["15000"], "number", True),
        ("It was 150 km.", ["15"], "number", False),
        ("It took 1.5 hours.", ["15 hours"], "number", False),
        ("A go-it-alone style", ["go it alone"], "text", True),
        ("Antonov and Qin Gang", ["Qin;Antonov"], "list", True),
        ("Antonov only", ["Qin;Antonov"], "list", False),
        ("Antonov only", ["Qin;Antonov", "Antonov"], "list", True),
        ("Qin;Antonov", ["Qin;Antonov"], "text", True),
        ("Yes, there is no limit.", ["no"], "yesno", False),
        ("No, it is part of it.", ["yes", "part of it"], "yesno", False),
        ("It is part of it.", ["yes", "part of it"], "yesno", True),
        ("No word was said.", ["not a word", "no word"], "yesno", True),
        ("anything", ["the", "…"], "text", False),
        ("", ["the"], "text", False),
        ("anything", [], "text", False),
    ],
)
def test_answers_are_found_in_whole_words(
    text: str, answers: list[str], kind: str, right: bool
) -> None:
    assert contains_answer(text, answers, kind) is right


@given(st.text())
def test_a_normal_form_is_its_own(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


WORDS = st.lists(st.from_regex(r"[b-s]{1,5}|[1-9]{1,3}", fullmatch=True), min_size=1, max_size=4)


@given(WORDS, WORDS, WORDS)
def test_words_are_found_between_others(
    before: list[str], wanted: list[str], after: list[str]
) -> None:
    text = f"{' '.join(before)}, “{' '.join(wanted).upper()}”… {' '.join(after)}."
    assert contains_answer(text, [" ".join(wanted)])


@given(WORDS, st.sampled_from("xyz789"))
def test_part_of_a_word_is_not_a_word(wanted: list[str], more: str) -> None:
    answer_text = " ".join(wanted)
    assert not contains_answer(f"{more}{answer_text}", [answer_text])
    assert not contains_answer(f"{answer_text}{more}", [answer_text])


# --- what the quotes do not say


@pytest.mark.parametrize(
    ("sentence", "cited", "found"),
    [
        ("It cost 1700 euros.", [COST], []),
        ("It cost 1,700 euros.", [SIGNED], ["1700"]),
        ("It cost 17 euros.", [COST], ["17"]),
        ("The Russian envoy Anton Ivanov praised it.", [PRAISED], []),
        ("Their envoy was Ivanova of Rome’s own.", [PRAISED], ["Rome"]),
        ("The envoy was Boris Ivanov.", [PRAISED], ["Boris"]),
        ("The envoy was Anto.", [PRAISED], ["Anto"]),
        ("Ivanov's praise came from RUSSIA.", [PRAISED], []),
        ("The pact was signed on October 14.", [SIGNED], []),
        ("The pact was signed on November 14.", [SIGNED], ["November"]),
    ],
)
def test_literal_check(sentence: str, cited: list[Quote], found: list[str]) -> None:
    assert unsupported(answer((sentence, cited))) == found


def test_question_and_heading_count_but_other_sentences_quotes_do_not() -> None:
    json = answer(("It was 1949 in Paris.", [COST]), question="Was it in Paris in 1949?")
    assert unsupported(json) == []
    headed = Quote(DOCUMENT, COST.start, COST.end, 1.0, heading="The treaty of Paris")
    assert unsupported(answer(("They met in Paris.", [headed]))) == []
    two = answer(("It cost 1,700 euros.", [COST]), ("It was in Rome.", [PRAISED]), ("X.", [SIGNED]))
    assert unsupported(two) == ["Rome"]


def test_what_is_not_part_of_the_answer_is_not_checked() -> None:
    json = answer(("It cost.", [COST]), unsupported_sentence="It was Boris in 1950.")
    assert unsupported(json) == []


# --- rates


def test_percentiles() -> None:
    assert percentile([None, 1.0, 2.0, 3.0, None, 4.0, 5.0], 50) == Metric(3.0, 5)
    assert percentile([1.0, 2.0], 95).value == pytest.approx(1.95)
    assert percentile([None], 95) == Metric(None, 0)


def test_rates_over_a_set() -> None:
    unanswerable = Case("u", "Who paid?", unanswerable=True)
    right = answer(("It was signed on Oct. 14.", [SIGNED]))
    invented = answer(("It was Oct. 15.", [SIGNED]))
    refused = answer(reason="not_in_sources")
    answers = [right, right, right, invented, refused, refused, refused, invented]
    cases = [CASE] * 5 + [unanswerable] * 3
    facts = [FACTS] * 5 + [()] * 3
    scores = [scored(*each) for each in zip(cases, facts, answers, strict=True)]
    results = [
        Result(str(n), *each, evidence=fact)
        for n, (*each, fact) in enumerate(zip(scores, answers, facts, strict=True))
    ]
    results.append(Result("error", {}, None, error="It broke."))
    metrics = summarise(results)
    values = {name: (metric.value, metric.n) for name, metric in metrics.items()}
    assert values["passed"] == (0.625, 8)
    assert values["hit@1"] == (0.0, 5)
    assert values["hit@5"] == (1.0, 5)
    assert values["answer_right"] == (0.6, 5)
    assert values["cited_evidence"] == (0.8, 5)
    assert values["citation_precision"] == (1.0, 4)
    assert values["refusal_precision"] == (round(2 / 3, 4), 3)
    assert values["refusal_recall"] == (round(2 / 3, 4), 3)
    assert values["refusal_f1"] == (round(2 / 3, 4), 4)
    assert values["false_refusals"] == (0.2, 5)
    assert values["unsupported"] == (0.4, 5)
    assert values["joint"] == (0.6, 5)
    assert values["crag"] == (0.375, 8)
    assert values["errors"] == (round(1 / 9, 4), 9)
    assert values["flaky"] == (None, 0)
    assert values["verbatim"] == (1.0, 8)
    assert values["total_s_p50"] == (1.0, 8)
    assert values["first_token_s_p95"] == (None, 0)
